"""What ``vnickit check`` plays and reports, and what it writes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from vnic_conformance.commands.log_file import LogFile
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.foreign import told
from vnic_conformance.reports.job_summary import badge, job_summary
from vnic_conformance.reports.junit import junit
from vnic_conformance.reports.plain import plain_report
from vnic_conformance.reports.progress import progress
from vnic_conformance.reports.text import report_lines
from vnic_conformance.running.checking import Checked, Request, RequestError, check
from vnic_conformance.running.plan import NothingSelectedError
from vnic_conformance.running.play import Listener
from vnic_conformance.running.runlog import excerpt
from vnic_conformance.stopping import stoppable
from vnic_conformance.targets import SpecError
from vnic_conformance.terminal import say, show, show_json
from vnic_conformance.writing import after_losing, check_places, complain, verdict_stands, write_whole

#: Where failures are put when nobody asked for a log of the run.
FAILURES = "vnickit-failures.jsonl"


@dataclass(frozen=True, slots=True)
class Files:
    """Where a check writes what was asked for.

    Attributes:
        log: the log of the run; None: only failures are kept, in :data:`FAILURES`.
        xml: a JUnit report.
        html: a page of the run.
        summary: a summary in Markdown.
        badge: a badge in JSON.
    """

    log: Path | None = None
    xml: Path | None = None
    html: Path | None = None
    summary: Path | None = None
    badge: Path | None = None

    def check(self) -> None:
        """Refuse, before anything is done, what cannot be written anyway.

        Raises:
            click.ClickException: see :func:`~vnic_conformance.writing.check_places`.
        """
        beside = self.xml or self.html or self.summary or self.badge
        kept = Path(FAILURES) if self.log is None and beside else None
        check_places(
            (
                ("--log", self.log),
                ("where failures are kept without --log", kept),
                ("--junit", self.xml),
                ("--html", self.html),
                ("--summary", self.summary),
                ("--badge", self.badge),
            )
        )


def played(request: Request, files: Files, *, as_json: bool, report: bool) -> ExitCode:
    """Check an implementation and report.

    Args:
        request: what is to be checked.
        files: where what goes.
        as_json: report as JSON.
        report: tell progress even where standard error is no terminal.

    Raises:
        click.ClickException: it makes no sense, or a file cannot be written where it is to be.
    """
    files.check()
    written = None if files.log is None else LogFile(files.log)
    listeners: list[Listener] = [*progress(report)] if written is None else [written, *progress(report)]
    with stoppable():
        try:
            checked = checked_or_refused(request, listeners)
        finally:
            if written is not None:
                written.close()
        return _report(checked, written, files, as_json=as_json)


def _report(checked: Checked, written: LogFile | None, files: Files, *, as_json: bool) -> ExitCode:
    """Report on a check."""
    header, chosen, outcome = checked.header, checked.chosen, checked.outcome
    lost: list[str] = []
    violated = [failure.case for failure in outcome.failures]
    with verdict_stands(outcome.code, violated), _told_whatever_happens(lost):
        if written is None:
            file, why = _keep(checked)
            lost += why
        else:
            file = str(written.path)
            lost.append(written.lost)
        made: tuple[tuple[Path | None, Callable[[], str]], ...] = (
            (files.xml, lambda: junit(header, chosen, outcome, file=file)),
            (files.html, lambda: _page(checked)),
            (files.summary, lambda: job_summary(header, chosen, outcome, file=file)),
            (files.badge, lambda: badge(header, chosen, outcome)),
        )
        lost += [write_whole(path, text) for path, text in made if path is not None]
        if as_json:
            show_json(plain_report(header, chosen, outcome))
        else:
            show(report_lines(header, chosen, outcome, file=file))
    if outcome.fault is not None:
        complain(f"a fault of the kit ended the run: {told(outcome.fault)}")
    return after_losing(outcome.code, lost)


def _page(checked: Checked) -> str:
    from vnic_conformance.pictures.page import run_page  # here: most runs write no page

    return run_page(checked.header, checked.chosen, checked.outcome)


@contextlib.contextmanager
def _told_whatever_happens(lost: Sequence[str]) -> Iterator[None]:
    """Report first; then say what could not be written."""
    try:
        yield
    finally:
        for complaint in filter(None, lost):
            complain(complaint)


def checked_or_refused(request: Request, listeners: list[Listener]) -> Checked:
    """Check; what makes no sense is wrong usage."""
    try:
        return check(request, listeners, _tell)
    except (NothingSelectedError, RequestError, SpecError) as error:
        raise click.UsageError(str(error)) from None


def _tell(words: str) -> None:
    with contextlib.suppress(OSError):
        say(words, err=True)


def _keep(checked: Checked) -> tuple[str | None, list[str]]:
    """Where the failures can be found again, and why not."""
    if not checked.outcome.failures:
        return None, []
    lost = write_whole(Path(FAILURES), lambda: excerpt(checked.header, checked.outcome.failures))
    return (None, [f"the failures could not be kept: {lost}"]) if lost else (FAILURES, [])
