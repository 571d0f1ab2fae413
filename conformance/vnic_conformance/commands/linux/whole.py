"""Sessions that are played to their ends, with what is known told apart: for ``survey``, and for ``check --known``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnic_conformance.commands.linux.choosing import built, trouble_told, words_of
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.stopping import stoppable
from vnic_conformance.terminal import say
from vnic_conformance.writing import check_places, with_file

if TYPE_CHECKING:
    from vnic_conformance.linux.known_findings import Known, Sorted
    from vnic_conformance.linux.survey import Survey

#: The option ``known``.
known_option = click.option(
    "--known",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="PAGE",
    help="Findings of a page that survey --out has made are known: counted apart, and no violation. Sessions are played to "
    "their ends.",
)


def played_whole(
    driver: str | None,
    bug: str | None,
    select: Sequence[str],
    phases: Sequence[str],
    stride: int,
    jobs: int | None,
    *,
    kasan: bool,
    xics: bool,
    out: Path | None = None,
    known: Path | None = None,
    also: Sequence[str] = (),
) -> ExitCode:
    """Play every session to its end, and report each distinct violation once.

    Args:
        driver: which, as :func:`~vnic_conformance.linux.build.build` takes it.
        bug: name of a known bug that is put back.
        select: globs of cases.
        phases: scripted cases, events inside calls.
        stride: every so many calls an event is injected.
        jobs: how many processes play; None: one for each processor.
        kasan: with sanitizers.
        xics: which interrupt controller.
        out: where a page of Markdown goes.
        known: a page of findings that are known.
        also: other drivers that are played the same, for the page.

    Raises:
        click.ClickException: it makes no sense, or a kernel cannot be built.
    """
    check_places((("--out", out),))
    apart = None if known is None else _read(known)
    from vnic_conformance.linux.findings_page import Surveyed, lines_of, page_of
    from vnic_conformance.linux.survey import survey

    # Whatever does not build is told before anything is played.
    kernels = [built(each, bug, kasan=kasan) for each in (driver, *also)]
    surveyed = []
    for each, kernel in zip((driver, *also), kernels, strict=True):
        begun = time.monotonic()
        with stoppable(), trouble_told():
            played = survey(
                kernel,
                select,
                phases=phases,
                stride=stride,
                jobs=jobs or os.cpu_count() or 1,
                xics=xics,
                tell=_tell if sys.stderr.isatty() else lambda done, total: None,
            )
        if not played.sessions:
            raise click.UsageError("no case is selected; vnickit list --role client has their names")
        surveyed.append(Surveyed(kernel, played, words_of(each, bug, kasan=kasan, xics=xics)))
        say(f"{f'{kernel.driver}: ' if also else ''}{_sums(played)}; {time.monotonic() - begun:.0f} s", err=True)
    # The page has all of it: what is known on one page is not lost on the next.
    first, *others = surveyed
    made = first.survey
    told: Sorted | None = None
    if apart is not None:
        from vnic_conformance.linux.known_findings import told_apart

        told = told_apart(made, apart)
        made = told.survey
    for line in lines_of(made, told):
        say(line)
    for other in others:
        say(f"\n{other.kernel.label}:\n")
        for line in lines_of(other.survey):
            say(line)
    broken = made.findings or any(other.survey.findings for other in others)
    code = ExitCode.VIOLATION if broken else ExitCode.CONFORMS
    return with_file(code, out, lambda: page_of(surveyed))


def _read(page: Path) -> Known:
    from vnic_conformance.linux.known_findings import PageError, read

    try:
        return read(page)
    except PageError as error:
        raise click.UsageError(f"--known: {error}") from None


def _sums(made: Survey) -> str:
    return f"{len(made.sessions):,} sessions, {made.calls:,} calls, {len(made.findings)} findings"


def _tell(done: int, total: int) -> None:
    click.echo(f"\r{done:,} of {total:,} sessions", nl=done == total, err=True)
