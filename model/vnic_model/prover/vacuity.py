"""Vacuity of proofs: the assumptions can be met, every action can happen, and every lemma is needed."""

from __future__ import annotations

import z3

from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.counterexample import bounded, sizes
from vnic_model.prover.induction import Induction, Obligation
from vnic_model.prover.sorts import CLIENT_SLOT, SERVER_SLOT, Formula
from vnic_spec.action import Action
from vnic_spec.property import Scope


def invariant(machine: Induction, scope: Scope) -> list[Formula]:
    """Everything that is proved of the state before a step of anybody, or of drivers that keep to the dialogue."""
    found: list[Formula] = []
    for name, plan in PLANS.items():
        goal = GOALS[name]
        if plan.any_number and goal.of_state is not None and goal.scope in (scope, Scope.ANYBODY):
            law, facts = machine.assumption(name)
            found += [law, *(f for fs in facts.values() for f in fs)]
    return found


def _met(solver: z3.Solver, machine: Induction, servers: int, slots: int) -> bool:
    bounded(solver, machine, servers, slots)
    for sort in (CLIENT_SLOT, SERVER_SLOT):
        solver.add(z3.Distinct(*(z3.Const(f"{sort}.{k}", sort) for k in range(slots))))
    return bool(solver.check() == z3.sat)


def axioms_can_be_met(machine: Induction, servers: int = 3, slots: int = 3) -> bool:
    """The axioms and the invariant do not contradict each other: there is a state of exactly so many servers and slots."""
    solver = z3.Solver()
    solver.add(*machine.base, *invariant(machine, Scope.DRIVERS))
    return _met(solver, machine, servers, slots)


def can_happen(machine: Induction, action: Action) -> tuple[int, int] | None:
    """How many servers and slots it takes for the action to be possible in a state that satisfies the invariant, or None."""
    taken = machine.taken(action.name)
    facts = [f for fs in taken.facts.values() for f in fs]
    scope = Scope.ANYBODY if action.bare else Scope.DRIVERS
    for servers, slots in sizes():
        solver = z3.Solver()
        solver.add(*machine.base, *invariant(machine, scope), *taken.possible, *facts)
        if _met(solver, machine, servers, slots):
            return servers, slots
    return None


def is_needed(machine: Induction, goal: str, lemma: str, action: str) -> bool:
    """Whether a step of an action is refuted, over few servers and slots, if one thing of the goal's plan is not assumed."""
    rest = tuple(name for name in PLANS[goal].using if name != lemma)
    query = machine.query(Obligation(goal, action), rest)
    for servers, slots in sizes():
        solver = query.solver()
        bounded(solver, machine, servers, slots)
        if solver.check() == z3.sat:
            return True
    return False
