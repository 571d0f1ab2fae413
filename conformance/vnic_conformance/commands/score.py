"""``vnickit score``: measures the kit. Known faults have to be found, legal variants have to pass."""

from __future__ import annotations

import difflib
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from vnic_conformance.commands.writing import after_losing, check_places, complain, verdict_stands, write_whole
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import MOST_STEPS, Whole, refuse
from vnic_conformance.running.book import LONG, PHASES
from vnic_conformance.running.checking import RequestError
from vnic_conformance.scoring.default import default_rosters
from vnic_conformance.scoring.report import page, plain, text
from vnic_conformance.scoring.roster import Roster, RosterError, asked, read
from vnic_conformance.scoring.score import STEPS, Plan, Row, Told, keep_score
from vnic_conformance.stopping import stoppable
from vnic_conformance.targets import SpecError
from vnic_conformance.terminal import say, show, show_json

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
    "--steps", type=Whole(0, MOST_STEPS), default=STEPS, show_default=True, help="Steps of the random phases."
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
    check_places((("--out", out),))
    plan = Plan(seeds=seeds, steps=steps, first=first, phases=phases or (*PHASES, LONG), jobs=jobs, own_first=own_first)
    with tempfile.TemporaryDirectory() as build, stoppable():
        rosters = _rosters(programs, files, Path(build))
        chosen = [roster.only(globs) for roster in rosters]
        if no_variants:
            chosen = [Roster(roster.name, roster.faults) for roster in chosen]
        if not any(roster.faults or roster.variants for roster in chosen):
            raise _nothing(rosters, globs)
        try:
            score = replace(keep_score(chosen, plan, _progress(report)), chosen=bool(globs))
        except (RequestError, SpecError) as error:
            raise click.UsageError(str(error)) from None
    with verdict_stands(score.code):
        if as_json:
            show_json(plain(score))
        else:
            show(text(score))
    lost = "" if out is None else write_whole(out, page(score, _words(plan, programs, files, variants=not no_variants)))
    if lost:
        complain(lost)
    return after_losing(score.code, [lost])


def _nothing(rosters: Sequence[Roster], globs: tuple[str, ...]) -> click.ClickException:
    """Wrong usage: there is nothing to try, and what is near to what was asked for."""
    if not globs:
        return click.UsageError("no faults")
    names = [entry.name for roster in rosters for entry in (*roster.faults, *roster.variants)]
    near = difflib.get_close_matches(globs[0].lower(), dict.fromkeys(names), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return click.UsageError(f"nothing on the rosters is called {' or '.join(globs)}{hint}")


def _rosters(programs: tuple[str, ...], files: tuple[Path, ...], build: Path) -> list[Roster]:
    try:
        if not programs and not files:
            return default_rosters(build, lambda words: say(f"vnickit: {words}", err=True))
        return [*(asked(program) for program in programs), *(read(file) for file in files)]
    except RosterError as error:
        raise click.ClickException(str(error)) from None


def _words(plan: Plan, programs: tuple[str, ...], files: tuple[Path, ...], *, variants: bool) -> str:
    """The command line that writes the same page again."""
    usual, words = Plan(), ["vnickit score"]
    words += [f"--seeds {plan.seeds}"] if plan.seeds != usual.seeds else []
    words += [f"--steps {plan.steps}"] if plan.steps != usual.steps else []
    words += [] if plan.first else ["--all"]
    words += [] if plan.own_first else ["--check-order"]
    words += [f"--phase {phase}" for phase in plan.phases] if plan.phases != usual.phases else []
    words += [] if variants else ["--no-variants"]
    words += [f"--adapter '{program}'" for program in programs] + [f"--roster {file}" for file in files]
    return " ".join(words)


def _progress(report: bool) -> Told:
    """A line for everything that has been tried, on a terminal always the same one."""
    terminal = sys.stderr.isatty()

    def tell(done: int, of: int, row: Row) -> None:
        line = f"{done}/{of} {row.entry.name}: {'found' if row.killed else 'not found'}, {row.seconds:.1f} s"
        click.echo(f"\r{line:<78}" if terminal else line, err=True, nl=not terminal)
        if terminal and done == of:
            click.echo(f"\r{'':<78}\r", err=True, nl=False)

    nothing: Callable[[int, int, Row], None] = lambda done, of, row: None  # noqa: E731
    return tell if report or terminal else nothing
