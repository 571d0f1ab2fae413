"""``vnickit linux survey``: everything that is wrong with the driver, put together."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnic_conformance.commands.linux.checking import PHASES
from vnic_conformance.commands.linux.choosing import (
    built,
    chosen_kernel,
    jobs_option,
    trouble_told,
    words_of,
    xics_option,
)
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import Whole, out_option, refuse
from vnic_conformance.terminal import say
from vnic_conformance.writing import check_places, with_file

if TYPE_CHECKING:
    from vnic_conformance.linux.survey import Survey

_MOST_STRIDE = 1_000


@click.command("survey")
@chosen_kernel
@xics_option
@click.option(
    "-k",
    "select",
    multiple=True,
    metavar="ID-GLOB",
    help="Only these cases; an injection may be named with its call, e.g. 'CLI-21/failover-inside-open@12' (repeatable).",
)
@click.option(
    "--phase", "phases", multiple=True, type=click.Choice(PHASES), help="Only this phase (repeatable). [default: all]"
)
@click.option(
    "--stride", type=Whole(1, _MOST_STRIDE), default=15, show_default=True, help="Inject an event every so many calls."
)
@jobs_option
@out_option("Write a page of Markdown here.")
@click.pass_context
def survey_command(
    ctx: click.Context,
    driver: str | None,
    bug: str | None,
    select: tuple[str, ...],
    phases: tuple[str, ...],
    stride: int,
    jobs: int | None,
    out: Path | None,
    *,
    kasan: bool,
    xics: bool,
) -> ExitCode:
    r"""Play every session to its end, and put together what is wrong: each distinct violation once, with its shortest trace.

    vnickit linux check ends a session at its first violation; here what comes after it counts, too. What is found does not
    depend on the number of processes.

    \b
    Examples:
      vnickit linux survey
      vnickit linux survey --driver 6.1 --out findings.md
      vnickit linux survey -k 'CLI-21/*-inside-failover' --stride 1
    """
    if phases and "tour" not in phases:
        refuse(ctx, ("stride",), "events are injected in the phase tour; add it with --phase")
    check_places((("--out", out),))
    kernel = built(driver, bug, kasan=kasan)
    from vnic_conformance.linux.findings_page import lines_of, page_of
    from vnic_conformance.linux.survey import survey

    begun = time.monotonic()
    with trouble_told():
        made = survey(
            kernel,
            select,
            phases=phases or PHASES,
            stride=stride,
            jobs=jobs or os.cpu_count() or 1,
            xics=xics,
            tell=_tell if sys.stderr.isatty() else lambda done, total: None,
        )
    if not made.sessions:
        raise click.UsageError("no case is selected; vnickit list --role client has their names")
    for line in lines_of(made):
        say(line)
    say(f"{_sums(made)}; {time.monotonic() - begun:.0f} s", err=True)
    options = words_of(driver, bug, kasan=kasan, xics=xics)
    code = ExitCode.VIOLATION if made.findings else ExitCode.CONFORMS
    return with_file(code, out, lambda: page_of(kernel, made, options))


def _sums(made: Survey) -> str:
    return f"{len(made.sessions):,} sessions, {made.calls:,} calls, {len(made.findings)} findings"


def _tell(done: int, total: int) -> None:
    click.echo(f"\r{done:,} of {total:,} sessions", nl=done == total, err=True)
