"""What a proof needs: of each step that is proved, whether the guard, the invariant or a lemma had to be assumed.

A claim that holds of a step whatever the state before it and whether or not the step may be taken says something about the
text of an effect, not about the machine. So those are counted apart, and a property that consists of nothing else has to say
why it is there. Each hypothesis is left out in turn and the step proved again; what z3 proves without it is not needed. z3 may
give up: then the hypothesis counts as needed, so the number of claims that hold without any is a lower bound.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import z3

from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.induction import Induction, Obligation, Query, obligations
from vnic_model.prover.run import action_by_action, machine

GUARD, INVARIANT, LEMMA = "guard", "invariant", "lemma"
#: The hypotheses in the order in which they are left out: what is left is what is nearest to the action itself.
HYPOTHESES = (LEMMA, INVARIANT, GUARD)
#: How much work z3 may spend on one attempt, in its own units: no clock, so that the counts are the same everywhere.
EFFORT = 400_000


@dataclass(frozen=True)
class Needed:
    """What had to be assumed to prove one step.

    Attributes:
        obligation: of an action; an initial state has no hypothesis that could be left out.
        hypotheses: the needed ones of :data:`HYPOTHESES`; none: the claim holds without any.
    """

    obligation: Obligation
    hypotheses: frozenset[str]


def needed(induction: Induction, obligation: Obligation) -> Needed:
    """Leave out each hypothesis of a step that is proved, in turn."""
    query = induction.query(obligation)
    place = _places(induction, obligation)
    if query.trivial:
        # True as it stands, or word for word what is assumed.
        where = place.get(query.claim.get_id())
        return Needed(obligation, frozenset() if z3.is_true(query.claim) or where is None else frozenset({where}))
    there = frozenset(place.values())
    if _proved(query, place, there):
        return Needed(obligation, frozenset())
    left: frozenset[str] = frozenset()
    for hypothesis in HYPOTHESES:
        if hypothesis in there and _proved(query, place, left | {hypothesis}):
            left |= {hypothesis}
    return Needed(obligation, there - left)


def _places(induction: Induction, obligation: Obligation) -> dict[int, str]:
    """Which assumption of the query is which hypothesis, by z3's number of the formula."""
    goal = GOALS[obligation.goal]
    found = {induction.assumption(name)[0].get_id(): LEMMA for name in PLANS[goal.name].using}
    if goal.of_state is not None:
        found[induction.assumption(goal.name)[0].get_id()] = INVARIANT
    guard = induction.taken(obligation.action).possible[0]
    if not z3.is_true(guard):
        found[guard.get_id()] = GUARD
    return found


def _proved(query: Query, place: Mapping[int, str], without: Collection[str]) -> bool:
    solver = z3.Solver()
    solver.set("rlimit", EFFORT)
    solver.set("random_seed", 0)
    solver.add(*(f for f in query.assumed if place.get(f.get_id()) not in without), z3.Not(query.claim))
    return bool(solver.check() == z3.unsat)


def holds_of_itself(induction: Induction, name: str) -> bool:
    """No step of a goal needs a hypothesis. Cheaper than :func:`needs_of`: the first step that does decides."""
    return all(_bare(induction, x) for x in obligations(name) if x.action)


def _bare(induction: Induction, obligation: Obligation) -> bool:
    query = induction.query(obligation)
    if z3.is_true(query.claim):
        return True
    place = _places(induction, obligation)
    return not query.trivial and _proved(query, place, frozenset(place.values()))


def counted(steps: Sequence[Needed]) -> dict[str, int]:
    """How many steps need each hypothesis, and how many need none."""
    found = {hypothesis: sum(hypothesis in x.hypotheses for x in steps) for hypothesis in HYPOTHESES}
    return found | {"none": sum(not x.hypotheses for x in steps)}


def needs_of(goals: tuple[str, ...], *, jobs: int = 2) -> dict[str, tuple[Needed, ...]]:
    """What each step of some goals needs; the goals have to be proved already.

    Args:
        goals: names of goals with a proof for any number of servers.
        jobs: how many processes work at the same time.
    """
    found: dict[str, list[Needed]] = {name: [] for name in goals}
    for several in action_by_action(goals, jobs, partial(_of_action, goals)):
        for one in several:
            found[one.obligation.goal].append(one)
    return {name: tuple(several) for name, several in found.items()}


def _of_action(goals: tuple[str, ...], action: str) -> list[Needed]:
    induction = machine()
    return [needed(induction, x) for name in goals for x in obligations(name) if action and x.action == action]
