"""``vnickit show``: a log or a trace as text or as data."""

from __future__ import annotations

import json
from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.reports.failure import failure_lines, plain_failure
from vnic_conformance.reports.lanes import legend, lines_of_steps, shown_steps
from vnic_conformance.reports.plain import plain_report
from vnic_conformance.reports.summary import outcome_of
from vnic_conformance.reports.text import report_lines
from vnic_conformance.running.episode import retrace
from vnic_conformance.running.plan import known_cases
from vnic_conformance.running.recorded import RecordedRun, RunLogError, is_run, load
from vnic_conformance.running.runlog import excerpt
from vnic_conformance.terminal import refusal, show
from vnic_model.replay import replay
from vnic_model.trace import Trace, TraceError
from vnic_model.trace_text import Line, lines_of


@click.command(epilog="Exit codes: 0 shown; 2 the file cannot be read, or has nothing of that case; 3 it is truncated.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--case", "case", metavar="ID", help="Only this failure, or the session of this scripted case.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "json", "log"]),
    default="text",
    show_default=True,
    help="Text; one JSON object; or a log with the failures alone, to be attached to a report.",
)
def command(file: Path, case: str | None, form: str) -> ExitCode:
    """Show a log of vnickit check, or a trace of vnickit explore.

    \b
    Examples:
      vnickit show run.jsonl
      vnickit show run.jsonl --case FOV-2 --as log > one-failure.jsonl
    """  # noqa: D301 - click wants the character, not its name
    text = text_of(file)
    if not is_run(text):
        return _trace(file, text, form)
    run = loaded(file, text)
    if form == "log":
        failures = [f for f in run.failures if case in (None, f.case)]
        if not failures:
            raise _unknown(run, case)
        click.echo(excerpt(run.header, failures), nl=False)
    elif case is None:
        _run(file, run, form)
    else:
        _one(file, run, case, form)
    if run.truncated:
        why = f" ({run.stopped})" if run.stopped else ""
        click.echo(f"vnickit: {file} is truncated{why}: the run did not come to its end", err=True)
        return ExitCode.INCONCLUSIVE
    return ExitCode.CONFORMS


def text_of(file: Path) -> str:
    """The text of a file that the command line names."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is no text") from None


def loaded(file: Path, text: str) -> RecordedRun:
    """A log that the command line names."""
    try:
        return load(text)
    except RunLogError as error:
        raise click.ClickException(f"{file}: {error}") from None


def _trace(file: Path, text: str, form: str) -> ExitCode:
    try:
        trace = replay(Trace.load(text))
    except TraceError as error:
        raise click.ClickException(f"{file}: {error}") from None
    if form == "text":
        show(lines_of(trace))
    else:
        click.echo(json.dumps([json.loads(line) for line in trace.dump().splitlines()], indent=2, ensure_ascii=False))
    return ExitCode.CONFORMS


def _run(file: Path, run: RecordedRun, form: str) -> None:
    outcome = outcome_of(run)
    cases = known_cases(dict.fromkeys([*run.header.cases, *(result.case for result in outcome.results)]))
    if form == "json":
        click.echo(json.dumps(plain_report(run.header, cases, outcome), indent=2, ensure_ascii=False))
    else:
        show(report_lines(run.header, cases, outcome, file=str(file)))


def _one(file: Path, run: RecordedRun, case: str, form: str) -> None:
    for failure in run.failures:
        if failure.case == case:
            if form == "json":
                click.echo(json.dumps(plain_failure(failure), indent=2, ensure_ascii=False))
            else:
                show(failure_lines(failure, adapter=run.header.adapter, file=str(file)))
            return
    for session in run.sessions:
        if session.case == case and form == "text":
            steps = shown_steps(retrace(session.episode))
            lines, lanes = lines_of_steps(steps)
            show([Line(f"{case}: {session.verdict}", "verdict"), Line(""), *lines, Line(""), *legend(steps, lanes)])
            return
    raise _unknown(run, case)


def _unknown(run: RecordedRun, case: str | None) -> click.ClickException:
    known = [*(f.case for f in run.failures), *(s.case for s in run.sessions if s.case)]
    if not known or case is None:
        return click.ClickException("there is no failure in it")
    return refusal("failure or session of a case", case, dict.fromkeys(known))
