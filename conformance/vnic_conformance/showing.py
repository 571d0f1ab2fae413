"""What ``vnickit show`` shows: a log or a trace, and how a file that the command line names is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.pictures import PAGE, PICTURES
from vnic_conformance.reports.failure import failure_lines, plain_failure
from vnic_conformance.reports.plain import plain_report
from vnic_conformance.reports.steps import drawn
from vnic_conformance.reports.summary import outcome_of, role_of
from vnic_conformance.reports.text import report_lines
from vnic_conformance.running.episode import retrace
from vnic_conformance.running.events import Failure
from vnic_conformance.running.plan import Case
from vnic_conformance.running.play import Outcome
from vnic_conformance.running.recorded import RecordedRun, RecordedSession, RunLogError, begun, is_run
from vnic_conformance.running.role import role_named
from vnic_conformance.running.runlog import excerpt
from vnic_conformance.terminal import refusal, say, show, show_json
from vnic_conformance.writing import put, put_or_say
from vnic_model.replay import replay
from vnic_model.trace import Trace, TraceError
from vnic_model.trace_text import Line, lines_of

if TYPE_CHECKING:
    from vnic_conformance.pictures.story import Story


def shown(file: Path, case: str | None, form: str, out: Path | None) -> ExitCode:
    """Show a file.

    Args:
        file: a log of a run, or a trace.
        case: only this case of a log.
        form: ``text``, ``json``, ``log``, a page or a picture.
        out: where a page or picture goes; None: to standard output.

    Raises:
        click.ClickException: it cannot be read or written, or has nothing of that case.
    """
    drawing = form == PAGE or form in PICTURES
    if out is not None and not drawing:
        raise click.UsageError(f"--out is for pages and pictures, not for --as {form}")
    if out is None and form == "pcapng":
        raise click.UsageError("a capture is no text: say with --out FILE where it is to go")
    if not is_log(file):
        return _trace(file, case, form, out)
    cases: dict[str, None] = {}
    kept: RecordedSession | None = None
    run, sessions = opened(file)
    for session in gone_through(file, sessions):
        if session.case is not None:
            cases[session.case] = None
            if kept is None and case is not None and of_case(session.case, case):
                kept = session
    if form == "log":
        failures = [f for f in run.failures if of_case(f.case, case)]
        if not failures:
            raise _unknown(run, case, ())
        say(excerpt(run.header, failures), nl=False)
    elif form == PAGE and case is None:
        put_or_say(_page(run), out)
    elif drawing:
        _draw(file, form, _stories(run, case, cases), out)
    elif case is None:
        _run(file, run, form)
    else:
        failure = next((f for f in run.failures if of_case(f.case, case)), None)
        if failure is not None:
            _failure(file, run, failure, form)
        elif kept is not None and form == "text":
            _session(kept)
        else:
            raise _unknown(run, case, cases)
    if run.truncated:
        why = f" ({run.stopped})" if run.stopped else ""
        say(f"vnickit: {file} is truncated{why}: the run did not come to its end", err=True)
        return ExitCode.INCONCLUSIVE
    return ExitCode.CONFORMS


def is_log(file: Path) -> bool:
    """Whether a file that the command line names begins like a log of a run."""
    try:
        return is_run(file)
    except RunLogError as error:
        raise click.ClickException(f"{file}: {error}") from None


def opened(file: Path) -> tuple[RecordedRun, Iterator[RecordedSession]]:
    """A log that the command line names; see :func:`~vnic_conformance.running.recorded.begun`."""
    try:
        return begun(file)
    except RunLogError as error:
        raise click.ClickException(f"{file}: {error}") from None


def gone_through(file: Path, sessions: Iterator[RecordedSession]) -> Iterator[RecordedSession]:
    """The sessions of a log that the command line names, one by one."""
    try:
        yield from sessions
    except RunLogError as error:
        raise click.ClickException(f"{file}: {error}") from None


def loaded(file: Path) -> RecordedRun:
    """A log that the command line names, without its sessions."""
    run, sessions = opened(file)
    for _ in gone_through(file, sessions):
        pass
    return run


def of_case(found: str, case: str | None) -> bool:
    """Whether something is about the case that was asked for, whatever the case of its letters; None: about any."""
    return case is None or found.lower() == case.lower()


def _stories(run: RecordedRun, case: str | None, cases: Iterable[str]) -> list[Story]:
    # Here, as everything of pictures: text, which most people ask for, need not wait for it.
    from vnic_conformance.pictures.story import story_of_failure

    failures = [f for f in run.failures if of_case(f.case, case)]
    if not failures:
        raise _unknown(run, case, cases)
    return [story_of_failure(failure) for failure in failures]


def _draw(file: Path, form: str, stories: Sequence[Story], out: Path | None) -> None:
    if form != PAGE and len(stories) > 1:
        known = ", ".join(dict.fromkeys(story.title for story in stories))
        raise click.UsageError(f"--as {form} draws one failure; say which with --case: {known}")
    made = _drawn(file, form, stories)
    if isinstance(made, bytes):
        assert out is not None  # refused before the file was read
        put(out, made)
    else:
        put_or_say(made, out)


def _page(run: RecordedRun) -> str:
    from vnic_conformance.pictures.page import run_page

    outcome = outcome_of(run)
    return run_page(run.header, _cases(run, outcome), outcome)


def _cases(run: RecordedRun, outcome: Outcome) -> list[Case]:
    ids = dict.fromkeys([*run.header.cases, *(result.case for result in outcome.results)])
    return list(map(role_named(role_of(run.header)).case, ids))


def _drawn(file: Path, form: str, stories: Sequence[Story]) -> str | bytes:
    from vnic_conformance.pictures.itf import itf
    from vnic_conformance.pictures.mermaid import mermaid
    from vnic_conformance.pictures.page import stories_page
    from vnic_conformance.pictures.pcapng import pcapng
    from vnic_conformance.pictures.svg import svg

    if form == PAGE:
        return stories_page(file.name, stories)
    if form == "pcapng":
        return pcapng(stories[0])
    return {"mermaid": mermaid, "svg": svg, "itf": itf}[form](stories[0])


def _trace(file: Path, case: str | None, form: str, out: Path | None) -> ExitCode:
    try:
        trace = replay(Trace.load(file))
    except TraceError as error:
        raise click.ClickException(f"{file}: {error}") from None
    if case is not None or form == "log":
        raise click.UsageError(f"{'--case' if case else '--as log'} is for logs of vnickit check; {file} is a trace")
    if form == "text":
        show(lines_of(trace))
    elif form != "json":
        from vnic_conformance.pictures.story import story_of_trace

        _draw(file, form, [story_of_trace(trace)], out)
    else:
        show_json([json.loads(line) for line in trace.dump().splitlines()])
    return ExitCode.CONFORMS


def _run(file: Path, run: RecordedRun, form: str) -> None:
    outcome = outcome_of(run)
    cases = _cases(run, outcome)
    if form == "json":
        show_json(plain_report(run.header, cases, outcome))
    else:
        show(report_lines(run.header, cases, outcome, file=str(file)))


def _failure(file: Path, run: RecordedRun, failure: Failure, form: str) -> None:
    if form == "json":
        show_json(plain_failure(failure))
    else:
        show(failure_lines(failure, adapter=run.header.adapter, file=str(file)))


def _session(session: RecordedSession) -> None:
    steps = drawn(retrace(session.episode), session.episode.setting)
    show([Line(f"{session.case}: {session.verdict}", "verdict"), Line(""), *steps])


def _unknown(run: RecordedRun, case: str | None, cases: Iterable[str]) -> click.ClickException:
    known = dict.fromkeys([*(f.case for f in run.failures), *cases])
    if not known or case is None:
        return click.ClickException("there is no failure in it")
    return refusal("failure or session of a case", case, known)
