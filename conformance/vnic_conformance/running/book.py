"""What can be played under a profile: the cases and the tours. It plays nothing, and needs neither oracle nor target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS, Script
from vnic_conformance.defaults import LONG, PHASES
from vnic_conformance.running.plan import Case, Phase, requirements_of_role, watched_cases
from vnic_conformance.running.tours import Tours, toured, tours
from vnic_spec.profile import Profile

#: What there is where nobody tours.
NO_TOURS = Tours((), {})


@dataclass(frozen=True)
class Book:
    """Everything that can be played under one profile.

    Attributes:
        cases: every case, in the order of the requirements.
        tours: the tours; empty where that phase is not wanted.
        phases: the phases that are wanted.
    """

    cases: tuple[Case, ...]
    tours: Tours = NO_TOURS
    phases: tuple[str, ...] = ()


def book(profile: Profile, phases: Sequence[str] = PHASES, tell: Callable[[str], None] = lambda _: None) -> Book:
    """Gather what can be played.

    Args:
        profile: what the implementation claims.
        phases: those that are wanted.
        tell: told when that takes a while.
    """
    known = tours(profile, tell) if "tour" in phases else NO_TOURS
    return Book(_in_order(known.cases(), phases), known, tuple(phases))


def listed(
    profile: Profile, phases: Sequence[str] = PHASES, tell: Callable[[str], None] = lambda _: None
) -> tuple[Case, ...]:
    """The cases of :func:`book`, without the tours that go through them."""
    return _in_order(toured(profile, tell) if "tour" in phases else [], phases)


def _in_order(of_tours: list[Case], phases: Sequence[str]) -> tuple[Case, ...]:
    """Every case, in the order of the requirements."""
    found = [*watched_cases(), *(scripted_cases() if "scripted" in phases else ()), *of_tours]
    found += long_cases() if LONG in phases else []
    order = {entry.id: number for number, entry in enumerate(requirements_of_role())}
    return tuple(sorted(found, key=lambda case: order.get(case.requirement, len(order))))


def scripted_cases() -> list[Case]:
    """The words written by hand."""
    return [_case(s) for s in SCRIPTS.values()]


def long_cases() -> list[Case]:
    """Those of them that take long."""
    return [_case(s) for s in LONG_SCRIPTS.values()]


def _case(s: Script) -> Case:
    return Case(s.id, Phase.SCRIPT, s.purpose, s.requirements, s.features)
