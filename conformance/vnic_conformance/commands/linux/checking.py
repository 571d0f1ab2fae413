"""``vnickit linux check``, ``bugs`` and ``adapter``: the driver, judged as a client."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from vnic_conformance.commands.check import EPILOG, time_scale_option
from vnic_conformance.commands.linux.choosing import built, chosen_kernel, words_of, xics_option
from vnic_conformance.commands.linux.whole import known_option, played_whole
from vnic_conformance.defaults import LONG, SEED
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import MOST_SEED, MOST_STEPS, Whole, refuse
from vnic_conformance.terminal import say

#: Those that say much in little time; pairs of injections (``hypothesis``) find more, and take as long as they are let.
PHASES = ("scripted", "tour")
#: Every so many calls an event is injected, unless into every one.
STRIDE = 15
#: Steps of the random phase where that is asked for.
_STEPS = 10_000


@click.command("check", epilog=EPILOG)
@chosen_kernel
@xics_option
@click.option("-k", "select", multiple=True, metavar="ID-GLOB", help="Only these cases, e.g. 'CLI-*' (repeatable).")
@click.option(
    "--phase",
    "phases",
    multiple=True,
    type=click.Choice((*PHASES, "hypothesis")),
    help=f"Only this phase (repeatable). [default: {', '.join(PHASES)}]",
)
@click.option("--long", "long", is_flag=True, help="Injections into every call, not into some of them.")
@known_option
@click.option("-x", "fail_fast", is_flag=True, help="Stop at the first violation.")
@click.option(
    "--steps", type=Whole(0, MOST_STEPS), default=_STEPS, show_default=True, help="Steps of the phase hypothesis."
)
@click.option(
    "--seed", type=Whole(-MOST_SEED, MOST_SEED), default=SEED, show_default=True, help="Of everything random."
)
@time_scale_option
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="Write the log of the run here.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit report here.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page of HTML here.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--progress", "report", is_flag=True, help="Report progress even if standard error is no terminal.")
@click.pass_context
def check_command(
    ctx: click.Context,
    driver: str | None,
    bug: str | None,
    select: tuple[str, ...],
    phases: tuple[str, ...],
    known: Path | None,
    steps: int,
    seed: int,
    time_scale: float,
    log: Path | None,
    junit: Path | None,
    html: Path | None,
    *,
    kasan: bool,
    xics: bool,
    long: bool,
    fail_fast: bool,
    as_json: bool,
    report: bool,
) -> ExitCode:
    r"""Check that the driver does what a client must: build it if need be, then vnickit check in role client.

    Every case begins with a kernel that has just been booted. Time is virtual; two runs say the same. A session ends at its
    first violation; with --known PAGE it goes on, as in vnickit linux survey, and the exit code is 0 where nothing is new.

    \b
    Examples:
      vnickit linux check
      vnickit linux check --driver ../linux/drivers/net/ethernet/ibm --known docs/linux-findings.md
      vnickit linux check --driver ../linux/drivers/net/ethernet/ibm -k 'CLI-*' -x
      vnickit linux check --kasan --html report.html
    """
    if "hypothesis" not in phases:
        refuse(ctx, ("steps", "seed"), "only the phase hypothesis is random; add --phase hypothesis")
    if known is not None:
        why = "with --known sessions are played to their ends and put together; vnickit linux survey --help has what goes with it"
        refuse(ctx, ("fail_fast", "steps", "seed", "time_scale", "log", "junit", "html", "as_json", "report"), why)
        if "hypothesis" in phases:
            raise click.UsageError(f"--phase hypothesis: {why}")
        stride = 1 if long else STRIDE
        return played_whole(driver, bug, select, phases or PHASES, stride, None, kasan=kasan, xics=xics, known=known)
    built(driver, bug, kasan=kasan)
    # Here, because a help text needs no machine.
    from vnic_conformance.commands.check.playing import Files, played
    from vnic_conformance.running.checking import Request

    request = Request(
        adapter=adapter_words(driver, bug, kasan=kasan, xics=xics),
        select=select,
        fail_fast=fail_fast,
        steps=steps,
        seed=seed,
        time_scale=time_scale,
        phases=(*(phases or PHASES), *([LONG] if long else [])),
    )
    return played(request, Files(log, junit, html), as_json=as_json, report=report)


def adapter_words(driver: str | None, bug: str | None, *, kasan: bool, xics: bool) -> str:
    """The command line of the adapter, as a log tells it; the ``vnickit`` that it finds is the one that runs."""
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return shlex.join(["vnickit", "linux", "adapter", *words_of(driver, bug, kasan=kasan, xics=xics)])


@click.command("adapter")
@chosen_kernel
@xics_option
def adapter_command(driver: str | None, bug: str | None, *, kasan: bool, xics: bool) -> ExitCode:
    r"""The driver behind adapter protocol 1.1, role client, on standard input and output: for every verb with --adapter.

    \b
    Examples:
      vnickit replay vnickit-failures.jsonl --case ID --adapter 'vnickit linux adapter'
      vnickit smoke --adapter 'vnickit linux adapter --driver=6.1'
    """
    kernel = built(driver, bug, kasan=kasan, tell=lambda text: say(text, err=True))
    from vnic_conformance.linux.adapter import LinuxAdapter, serve
    from vnic_conformance.linux.client import LinuxClient

    with open(0, "rb", closefd=False) as requests, open(sys.stdout.fileno(), "wb", closefd=False) as replies:
        serve(LinuxAdapter(LinuxClient(kernel, xics=xics)), requests, replies)
    return ExitCode.CONFORMS
