"""``vnickit list``: every case that ``vnickit check`` knows."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

import click

from vnic_conformance.defaults import HYPERVISOR, LONG, PHASES, ROLES
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.kept import kept
from vnic_conformance.running.case import Case, Phase
from vnic_conformance.terminal import say, show_json
from vnic_model.intake import Fields
from vnic_model.lines import WIDTH

#: Columns of ID and phase, and the fewest for what a case is about.
_ID, _PHASE, _NARROWEST = 36, 12, 30


@click.command(epilog="Exit codes: 0 listed; 2 no case matches.")
@click.option("-k", "globs", multiple=True, metavar="ID-GLOB", help="Only these cases, e.g. 'CRQ-*' (repeatable).")
@click.option(
    "--role", type=click.Choice(list(ROLES)), default=HYPERVISOR, show_default=True, help="The cases of this role."
)
@click.option(
    "--phase", "phases", multiple=True, type=click.Choice(PHASES), help="Only this phase (repeatable). [default: all]"
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(globs: tuple[str, ...], role: str, phases: tuple[str, ...], as_json: bool) -> ExitCode:
    """List the cases: ID, where each is put to the test, and what it is about.

    The tours are those of the default profile.

    An ID is REQ-ID/slug, and never changes its meaning; check -k takes it, or a glob.

    \b
    Examples:
      vnickit list
      vnickit list -k 'FOV-*'
      vnickit list --role client -k 'CLI-21/*-inside-failover'
    """  # noqa: D301 - click wants the character, not its name
    cases = _chosen(kept(f"cases {role} {phases}", _read, lambda: _written(_cases(role, phases))), globs)
    if as_json:
        plain = [
            {
                "case": case.id,
                "requirement": case.requirement,
                "requirements": list(case.requirements),
                "phase": case.phase.value,
                "purpose": case.purpose,
                "exercised_by": case.exercised_by,
                "features": sorted(case.features),
            }
            for case in cases
        ]
        show_json({"cases": plain})
        return ExitCode.CONFORMS
    for line in _rows(cases, _columns()):
        say(line)
    return ExitCode.CONFORMS


def _chosen(cases: Sequence[Case], globs: Sequence[str]) -> Sequence[Case]:
    """The cases that one of the globs matches; all of them without globs."""
    if all(any(case.matches(glob) for case in cases) for glob in globs):
        return [case for case in cases if not globs or any(map(case.matches, globs))]
    # Here, because only who names the nearest cases needs the requirements.
    from vnic_conformance.running.plan import NothingSelectedError, select

    try:
        return select(cases, globs)
    except NothingSelectedError as error:
        raise click.UsageError(str(error)) from None


def _written(cases: Iterable[Case]) -> dict[str, object]:
    """Cases as they are kept."""
    return {
        "cases": [
            {
                "id": case.id,
                "phase": case.phase.value,
                "purpose": case.purpose,
                "requirements": case.requirements,
                "features": sorted(case.features),
                "exercised_by": case.exercised_by,
            }
            for case in cases
        ]
    }


def _read(answer: Fields) -> list[Case]:
    """Cases that were kept."""
    return [
        Case(
            one.text("id"),
            Phase(one.text("phase", [phase.value for phase in Phase])),
            one.text("purpose"),
            one.texts("requirements"),
            frozenset(one.texts("features")),
            one.text("exercised_by"),
        )
        for one in answer.inners("cases")
    ]


def _cases(role: str, phases: tuple[str, ...]) -> Sequence[Case]:
    """Every case of a role in these phases; without any, in all."""
    # Here, because what is kept is printed without them.
    from vnic_conformance.running.book import listed
    from vnic_spec.profile import Profile

    if role == HYPERVISOR:
        return listed(Profile(), phases or (*PHASES, LONG), lambda words: say(words, err=True))
    from vnic_conformance.running.role import role_named  # here, because the cases of a hypervisor need no engine

    chosen = role_named(role)
    wanted = phases or (*chosen.phases, *chosen.on_request)
    return chosen.book(Profile(), wanted, lambda words: say(words, err=True)).cases


def _columns() -> int:
    """Columns to fill: those of the terminal, if it is one and is not too narrow for a table."""
    if not sys.stdout.isatty():
        return WIDTH
    return max(shutil.get_terminal_size().columns, _ID + _PHASE + _NARROWEST)


def _rows(cases: Iterable[Case], columns: int) -> Iterator[str]:
    """ID, phase and purpose, the purpose wrapped beside them; an ID that is too long has a line of its own."""
    for case in cases:
        label = case.id
        if len(label) >= _ID:
            yield label
            label = ""
        first = f"{label:<{_ID}}{case.phase.value:<{_PHASE}}"
        for line in textwrap.wrap(
            case.purpose, columns - _ID - _PHASE, break_long_words=False, break_on_hyphens=False
        ) or [""]:
            yield f"{first}{line}".rstrip()
            first = " " * (_ID + _PHASE)
