"""``vnickit score``: measures the kit. Known faults have to be found, legal variants have to pass."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.defaults import LONG, PHASES, SCORE_STEPS
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import MOST_STEPS, Whole, refuse
from vnic_conformance.writing import check_places, refuse_what_is_read

#: Most processes at a time.
JOBS = 2

EPILOG = (
    "Exit codes: 0 every fault was found and no variant called faulty; 1 a fault survived, or a false alarm; 2 wrong usage, "
    "or a roster cannot be read; 3 there was nothing to score, or no verdict on a variant; 4 an adapter could not be asked; "
    "5 a fault of the kit."
)


@click.command(epilog=EPILOG)
@click.option(
    "--adapter",
    "programs",
    multiple=True,
    metavar="CMD",
    help="A program that lists its faults with --faults --json and plants one with --fault NAME (repeatable).",
)
@click.option(
    "--roster",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A list of faulty and legal implementations, in TOML or JSON (repeatable).",
)
@click.option("--only", "globs", multiple=True, metavar="GLOB", help="Only what has such a name (repeatable).")
@click.option("--no-variants", is_flag=True, help="Only the faults.")
@click.option("--seeds", type=Whole(1, 1_000), default=1, show_default=True, metavar="K", help="Try each K times.")
@click.option(
    "--steps", type=Whole(0, MOST_STEPS), default=SCORE_STEPS, show_default=True, help="Steps of the random phases."
)
@click.option(
    "--phase", "phases", multiple=True, type=click.Choice((*PHASES, LONG)), help="Only this phase (repeatable)."
)
@click.option("--first/--all", default=True, show_default=True, help="Stop at the first failing case, or at the last.")
@click.option(
    "--own-first/--check-order",
    default=True,
    show_default=True,
    help="Begin with the cases of the requirement that a fault hurts, or keep the order of vnickit check.",
)
@click.option("--jobs", type=click.IntRange(1, JOBS), default=1, show_default=True, help="Processes at a time.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a page of Markdown."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--progress", "report", is_flag=True, help="Report progress even if standard error is no terminal.")
@click.pass_context
def command(
    ctx: click.Context,
    programs: tuple[str, ...],
    files: tuple[Path, ...],
    globs: tuple[str, ...],
    no_variants: bool,
    seeds: int,
    steps: int,
    phases: tuple[str, ...],
    first: bool,
    own_first: bool,
    jobs: int,
    out: Path | None,
    as_json: bool,
    report: bool,
) -> ExitCode:
    """Score the kit: which known faults does it find, with which case, and what does it wrongly call a fault?

    Without --adapter and --roster these are the faulty and legal variants of the reference in its roles and of the hypervisor
    in C, where a C compiler is there. A roster is TOML or JSON:

    \b
      [[faults]]
      name = "tie_preempts"
      adapter = "./mine --fault tie_preempts"
      requirement = "SEL-5"                    # optional, like description and profile
      [[variants]]
      name = "busy_at_first"
      adapter = "./mine --variant busy_at_first"

    A requirement counts as effectively tested if a case about it found a fault.

    \b
    Examples:
      vnickit score
      vnickit score --adapter ./my-hypervisor --jobs 2
      vnickit score --roster mine.toml --only '*token*' --json
      vnickit score --seeds 3 --out docs/score.md
    """  # noqa: D301 - click wants the character, not its name
    if phases and not {"hypothesis", "walk"} & set(phases):
        refuse(ctx, ("seeds", *(("steps",) if steps else ())), "only the phases hypothesis and walk are random")
    refuse_what_is_read("--out", out, *files)
    check_places((("--out", out),))
    # Here, because a help text needs no machine.
    from vnic_conformance.commands.score.scoring import scored
    from vnic_conformance.scoring.score import Plan

    plan = Plan(seeds=seeds, steps=steps, first=first, phases=phases or (*PHASES, LONG), jobs=jobs, own_first=own_first)
    return scored(plan, programs, files, globs, variants=not no_variants, out=out, as_json=as_json, report=report)
