"""``vnickit check``: whether an implementation conforms, and the shortest way to where it does not."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.defaults import FORMS, LONG, LONGEST_WAIT_MS, PHASES, SEED, STEPS
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import (
    LONGEST_S,
    MOST_SEED,
    MOST_SERVERS,
    MOST_STEPS,
    TIME_SCALE,
    Real,
    Whole,
    decisions,
    given,
    html_option,
    refuse,
)

EPILOG = (
    "Exit codes: 0 conforms, and something was exercised; 1 violation; 2 wrong usage; 3 inconclusive, or nothing was "
    "exercised; 4 the adapter is broken; 5 a fault of the kit, or it conforms and a file could not be written. A violation is 1, "
    "whatever comes after it."
)


def adapter_option(function: click.decorators.FC) -> click.decorators.FC:
    """The option that names the implementation."""
    return click.option("--adapter", required=True, metavar="SPEC", help=f"The implementation: {FORMS}.")(function)


def time_scale_option(function: click.decorators.FC) -> click.decorators.FC:
    """The option that stretches every wait."""
    return click.option(
        "--time-scale",
        type=Real(*TIME_SCALE),
        default=1.0,
        show_default=True,
        metavar="F",
        help="Factor on every wait for the adapter, and on its quiet time.",
    )(function)


@click.command(epilog=EPILOG)
@adapter_option
@click.option("-k", "select", multiple=True, metavar="ID-GLOB", help="Only these cases, e.g. 'CRQ-*' (repeatable).")
@click.option(
    "--phase", "phases", multiple=True, type=click.Choice(PHASES), help="Only this phase (repeatable). [default: all]"
)
@click.option(
    "--long",
    "--thorough",
    "long",
    is_flag=True,
    help="Also cases that take long: all pairs of values, large queues, ten thousand sessions each (minutes).",
)
@click.option("-x", "fail_fast", is_flag=True, help="Stop at the first violation.")
@click.option(
    "--steps", type=Whole(0, MOST_STEPS), default=STEPS, show_default=True, help="Steps of the random phases."
)
@click.option(
    "--seed", type=Whole(-MOST_SEED, MOST_SEED), default=SEED, show_default=True, help="Of everything random."
)
@click.option(
    "--no-corpus", "no_corpus", is_flag=True, help="Forget what earlier runs have found, and keep nothing of this one."
)
@click.option(
    "--servers", type=Whole(1, MOST_SERVERS), metavar="N", help="Servers in the random phases. [default: several]"
)
@click.option("--profile", multiple=True, metavar="NAME=VALUE", help="A decision other than the adapter claims.")
@time_scale_option
@click.option(
    "--longest-wait",
    type=Real(0, LONGEST_S),
    default=LONGEST_WAIT_MS / 1000,
    show_default=True,
    metavar="S",
    help="On a real clock: longest step of it, in seconds; cases that need more are not exercised.",
)
@click.option(
    "--log",
    "log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the log of the run here.  Until it is over: FILE.part, or FILE.2.part and so on.",
)
@click.option("--junit", "xml", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit report here.")
@html_option("Write a page of HTML here: verdicts, and every failure as a sequence diagram.")
@click.option(
    "--summary",
    "summary",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a summary here, in Markdown, as code hosts show it beside a job.",
)
@click.option(
    "--badge",
    "badge",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a badge here, as JSON for a service that draws badges.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--progress", "report", is_flag=True, help="Report progress even if standard error is no terminal.")
@click.pass_context
def command(
    ctx: click.Context,
    adapter: str,
    select: tuple[str, ...],
    phases: tuple[str, ...],
    long: bool,
    fail_fast: bool,
    steps: int,
    seed: int,
    no_corpus: bool,
    servers: int | None,
    profile: tuple[str, ...],
    time_scale: float,
    longest_wait: float,
    log: Path | None,
    xml: Path | None,
    html: Path | None,
    summary: Path | None,
    badge: Path | None,
    as_json: bool,
    report: bool,
) -> ExitCode:
    """Check that an implementation does what it must.

    The specification runs in lockstep with the implementation; each answer must be one that it allows. Played are
    scripted cases, tours through every action of the specification, and random walks. A violation is shown with the
    requirement that it hurts, everything that was allowed, and the steps that lead there.

    Without --log, failures are kept in vnickit-failures.jsonl, for vnickit show and vnickit replay.

    \b
    Examples:
      vnickit check --adapter ./my-adapter
      vnickit check --adapter 'ssh lpar7 ./my-adapter' -k 'FOV-*' -x --log run.jsonl
      vnickit check --adapter python:vnic_reference.adapter:Adapter
    """  # noqa: D301 - click wants the character, not its name
    if phases and not {"hypothesis", "walk"} & set(phases):
        random = (*(("steps",) if steps else ()), "seed", "servers")
        refuse(ctx, random, "only the phases hypothesis and walk are random; add one of them with --phase")
    # Here, because a help text needs no machine.
    from vnic_conformance.commands.check.playing import Files, played
    from vnic_conformance.running.checking import Request

    request = Request(
        adapter=adapter,
        select=select,
        fail_fast=fail_fast,
        steps=steps,
        seed=seed,
        servers=servers,
        profile=dict(decisions(profile)),
        time_scale=time_scale,
        phases=(*(phases or PHASES), *([LONG] if long else [])),
        longest_wait_s=longest_wait,
        given=frozenset(given(ctx, "servers", "longest_wait")),
        learn=not no_corpus,
    )
    return played(request, Files(log, xml, html, summary, badge), as_json=as_json, report=report)
