"""``vnickit judge``: an old run, judged by the specification of today."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import say, show_json
from vnic_conformance.writing import verdict_stands
from vnic_model.lines import WIDTH

if TYPE_CHECKING:  # a help text needs no machine
    from vnic_conformance.running.judging import Rejudged, Rejudgement
    from vnic_conformance.running.recorded import RecordedRun

#: Sessions that are described; the rest is counted, and all are in the JSON.
_DESCRIBED = 20


@click.command(
    epilog="Exit codes: 0 all that was recorded is allowed today; 1 some of it is not; 2 no log of a run; "
    "3 the log is truncated, something in it cannot be judged, or it holds no step; 4 the adapter broke in that run."
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(file: Path, as_json: bool) -> ExitCode:
    """Judge the log of an old run again, by the specification and the scripts of today.

    Nothing is run: what was recorded is put before the oracle as if an implementation said it now. Use it when the kit has
    changed, or to hear a second time what somebody else's run is worth.

    \b
    Examples:
      vnickit judge run.jsonl
      vnickit judge run.jsonl --json
    """  # noqa: D301 - click wants the character, not its name
    from vnic_conformance.running.judging import judge_log
    from vnic_conformance.running.recorded import RunLogError

    try:
        run, found = judge_log(file)
    except RunLogError as error:
        raise click.ClickException(f"{file}: {error}") from None
    with verdict_stands(found.code):
        _tell(file, run, found, as_json=as_json)
    return found.code


def _tell(file: Path, run: RecordedRun, found: Rejudgement, *, as_json: bool) -> None:
    if as_json:
        plain = {
            "log": str(file),
            "adapter": run.header.adapter,
            "kit": run.header.kit,
            "truncated": found.truncated,
            "broken": found.broken,
            "exit": int(found.code),
            "otherwise": len(found.otherwise),
            "not_selected": len(found.beside),
            "sessions": [asdict(session) for session in found.sessions],
        }
        show_json(plain)
    else:
        say(f"log of {run.header.adapter}, written by kit {run.header.kit}")
        _report(found)
        if found.broken:
            say("the adapter broke in that run: what came after is not known")
    if found.truncated:
        why = f" ({run.stopped})" if run.stopped else ""
        say(f"vnickit: {file} is truncated{why}: the run did not come to its end", err=True)


def _report(found: Rejudgement) -> None:
    steps = sum(session.steps for session in found.sessions)
    say(f"{len(found.sessions):,} sessions, {steps:,} steps judged again")
    for words, chosen in (("ok", "ok"), ("failed", "fail"), ("not decided", "inconclusive")):
        was, now = (sum(getattr(s, when) == chosen for s in found.sessions) for when in ("was", "now"))
        say(f"  {words:<12}{now:>8,} now{was:>10,} then")
    shown = found.otherwise or [s for s in found.sessions if s.now == "fail"]
    if shown:
        say()
        say("otherwise than then:" if found.otherwise else "failed, now as then:")
    beside = len(found.beside)
    for session in shown[:_DESCRIBED]:
        say(_described(session))
    if len(shown) > _DESCRIBED:
        say(f"  and {len(shown) - _DESCRIBED:,} more; --json has them all")
    if beside:
        say(f"violated, but not selected in that run: {beside:,} of these sessions")


def _described(session: Rejudged) -> str:
    place = f"session {session.session}" if session.session else "failure"
    step = f" step {session.step}" if session.step else ""
    done = f" ({session.done})" if session.done else ""
    why = f": {session.requirement} {session.sentence}".rstrip() if session.requirement or session.sentence else ""
    text = f"{place}, {session.what},{step}{done}: {session.was} then, {session.now} now{why}"
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
