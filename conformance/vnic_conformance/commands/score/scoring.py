"""How ``vnickit score`` gathers what is to be tried, tries it, and reports."""

from __future__ import annotations

import difflib
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.checking import RequestError
from vnic_conformance.scoring.default import default_rosters
from vnic_conformance.scoring.report import page, plain, text
from vnic_conformance.scoring.roster import Roster, RosterError, asked, read
from vnic_conformance.scoring.score import Plan, Row, Told, keep_score
from vnic_conformance.stopping import stoppable
from vnic_conformance.targets import SpecError
from vnic_conformance.terminal import say, show, show_json
from vnic_conformance.writing import verdict_stands, with_file


def scored(
    plan: Plan,
    programs: tuple[str, ...],
    files: tuple[Path, ...],
    globs: tuple[str, ...],
    *,
    variants: bool,
    out: Path | None,
    as_json: bool,
    report: bool,
) -> ExitCode:
    """Keep the score and report.

    Args:
        plan: how to score.
        programs: command lines that list their faults.
        files: rosters; without these and programs the usual ones are taken.
        globs: only what has such a name.
        variants: try the legal variants, too.
        out: where a page of Markdown goes.
        as_json: report as JSON.
        report: tell progress even where standard error is no terminal.

    Raises:
        click.ClickException: a roster cannot be read, or there is nothing to try.
    """
    with tempfile.TemporaryDirectory() as build, stoppable():
        rosters = _rosters(programs, files, Path(build))
        chosen = [roster.only(globs) for roster in rosters]
        if not variants:
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
    return with_file(score.code, out, lambda: page(score, _words(plan, programs, files, variants=variants)))


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
