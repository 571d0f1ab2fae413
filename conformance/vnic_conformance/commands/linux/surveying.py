"""``vnickit linux survey``: everything that is wrong with the driver, put together."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.commands.linux.checking import PHASES
from vnic_conformance.commands.linux.choosing import chosen_kernel, jobs_option, xics_option
from vnic_conformance.commands.linux.whole import known_option, played_whole
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import Whole, out_option, refuse

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
@click.option(
    "--also",
    multiple=True,
    metavar="WHAT",
    help="Another driver, named as for --driver: the same is played with it, and --out has both on one page (repeatable).",
)
@jobs_option
@known_option
@out_option("Write a page of Markdown here.")
@click.pass_context
def survey_command(
    ctx: click.Context,
    driver: str | None,
    bug: str | None,
    select: tuple[str, ...],
    phases: tuple[str, ...],
    stride: int,
    also: tuple[str, ...],
    jobs: int | None,
    known: Path | None,
    out: Path | None,
    *,
    kasan: bool,
    xics: bool,
) -> ExitCode:
    r"""Play every session to its end, and put together what is wrong: each distinct violation once, with its shortest trace.

    vnickit linux check ends a session at its first violation; here what comes after it counts, too. What is found does not
    depend on the number of processes. With --known only what is new counts, and the exit code is 0 where there is nothing new.

    \b
    Examples:
      vnickit linux survey
      vnickit linux survey --driver ../linux/drivers/net/ethernet/ibm --known docs/linux-findings.md
      vnickit linux survey --also 6.1 --stride 25 --out docs/linux-findings.md
      vnickit linux survey -k 'CLI-21/*-inside-failover' --stride 1
    """
    if phases and "tour" not in phases:
        refuse(ctx, ("stride",), "events are injected in the phase tour; add it with --phase")
    if also and known is not None:
        refuse(ctx, ("also",), "--known tells apart what one driver does; play the other by itself")
    return played_whole(
        driver, bug, select, phases or PHASES, stride, jobs, kasan=kasan, xics=xics, out=out, known=known, also=also
    )
