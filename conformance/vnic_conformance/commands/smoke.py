"""``vnickit smoke``: whether an adapter is sane, before the implementation behind it is tested."""

from __future__ import annotations

import shlex
import sys
import textwrap

import click

from vnic_conformance.defaults import FORMS
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import TIME_SCALE, Real
from vnic_conformance.sanity import Examination, Result, Verdict, examine, not_run
from vnic_conformance.stopping import stoppable
from vnic_conformance.targets import SpecError
from vnic_conformance.terminal import coloured, say, show_json
from vnic_model.lines import WIDTH

_COLOURS = {Verdict.OK: "green", Verdict.FAILED: "red", Verdict.NOT_TRIED: "yellow", Verdict.NOT_RUN: "yellow"}
_INDENT = " " * 22


@click.command(
    epilog="Exit codes: 0 the adapter is sane; 2 wrong usage; 3 something that a verdict needs could not be tried; "
    "4 the adapter is broken. Never 1: this says nothing about the implementation."
)
@click.option("--adapter", "spec", required=True, metavar="SPEC", help=f"What to start or to connect to: {FORMS}.")
@click.option(
    "--time-scale",
    type=Real(*TIME_SCALE),
    default=1.0,
    show_default=True,
    metavar="X",
    help="Factor on every wait.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(spec: str, time_scale: float, as_json: bool) -> ExitCode:
    """Check that an ADAPTER does what the adapter protocol says.

    Does it start from scratch when it is told to, decline what it does not know, show the truth, and end? Whether the
    implementation behind it conforms is not asked here: that is for vnickit check.

    \b
    Examples:
      vnickit smoke --adapter "python my_adapter.py"
      vnickit smoke --adapter tcp:127.0.0.1:7000
      vnickit smoke --adapter python:vnic_reference.adapter:Adapter
    """  # noqa: D301 - click wants the character, not its name
    try:
        with stoppable():
            exam = examine(spec, time_scale=time_scale, report=None if as_json else _show)
    except SpecError as error:
        raise click.ClickException(str(error)) from None
    code = _code(exam)
    if as_json:
        show_json(_plain(spec, exam, code))
    else:
        _conclude(spec, exam, code)
    return code


def _code(exam: Examination) -> ExitCode:
    if exam.failed:
        return ExitCode.ADAPTER_BROKEN
    return ExitCode.INCONCLUSIVE if exam.inconclusive else ExitCode.CONFORMS


def _show(result: Result) -> None:
    if result.verdict is Verdict.NOT_RUN:  # one line for all of them, at the end
        return
    word = f"{result.verdict:<10}"
    if coloured(sys.stdout):
        word = click.style(word, fg=_COLOURS[result.verdict])
    lines = textwrap.wrap(result.detail, WIDTH - len(_INDENT), break_on_hyphens=False) or [""]
    say(f"{word}{result.name:<12}{lines[0]}".rstrip())
    for line in lines[1:]:
        say(_INDENT + line)


def _conclude(spec: str, exam: Examination, code: ExitCode) -> None:
    idle = not_run(exam.results)
    if idle:
        say(f"{Verdict.NOT_RUN:<10}{'the rest':<12}{idle} checks")
    say()
    if exam.broken is not None:
        say(str(exam.broken))
        say()
    if code is ExitCode.ADAPTER_BROKEN:
        say("The adapter is broken. This says nothing about the implementation behind it.")
    elif code is ExitCode.INCONCLUSIVE:
        say("Nothing is wrong so far, but something that a verdict needs could not be tried.")
    else:
        say("The adapter is sane. Whether the implementation conforms:")
        say(f"  vnickit check --adapter {shlex.quote(spec)}")


def _plain(spec: str, exam: Examination, code: ExitCode) -> dict[str, object]:
    hello = exam.target.hello if exam.target is not None else None
    return {
        "adapter": spec,
        "verdict": {0: "sane", 3: "inconclusive", 4: "broken"}[code.value],
        "implementation": hello.label if hello else None,
        "protocol": f"{hello.protocol[0]}.{hello.protocol[1]}" if hello else None,
        "role": hello.role if hello else None,
        "features": sorted(hello.features) if hello else None,
        "profile": hello.profile.differences() if hello else None,
        "checks": [
            {
                "name": result.name,
                "question": result.question,
                "verdict": str(result.verdict),
                "needed": result.needed,
                "detail": result.detail,
            }
            for result in exam.results
        ],
        "broken": exam.broken.as_fields() if exam.broken else None,
    }
