"""Induction: the obligations of a goal, and deciding them with z3 in the any-N reading.

An obligation is one goal and one action: if the goal and what its plan names hold before a step of the action, the goal holds
after it. Another is that the goal holds in every initial state. Each is one query, refuted by a model or proved by z3's
answer that there is none; no answer is a verdict of its own and never taken for a proof.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from vnic_model.goals import GOALS, PLANS, Goal, actions_of
from vnic_model.prover.reading import AnyOps
from vnic_model.prover.sorts import Formula
from vnic_spec.action import Action, Effect, carry_out
from vnic_spec.catalogue import ACTIONS
from vnic_spec.property import Step
from vnic_spec.rule import AS_WRITTEN, Replacements
from vnic_spec.state import State

PROVED, REFUTED, UNKNOWN = "proved", "refuted", "unknown"
#: z3 may take so long for one query, in ms; the slowest takes a few seconds.
PATIENCE = 60_000
#: Before that it is asked with these seeds, and may do so much each time, in its own units: no clock, so that it is the same
#: everywhere. How long a proof takes is luck: a query takes 30 ms with one seed and seconds with another, and nobody knows which.
#: So it is better to begin again than to go on. 300,000 units are about a tenth of a second; nine queries of ten need less.
ATTEMPTS = ((0, 300_000), (1, 300_000), (2, 600_000), (3, 300_000), (4, 300_000), (5, 600_000), (6, 1_200_000))


@dataclass(frozen=True)
class Obligation:
    """One thing to be proved: of the initial states, or of one action."""

    goal: str
    action: str  #: empty: the initial states

    def __str__(self) -> str:
        return f"{self.goal} / {self.action or 'initially'}"


@dataclass(frozen=True)
class Verdict:
    """What became of an obligation."""

    obligation: Obligation
    verdict: str  #: proved, refuted or unknown
    seconds: float  #: CPU time
    why: str = ""  #: what z3 says of an unknown
    idle: bool = False  #: the claim was true as it stood, or word for word an assumption: z3 was not asked
    kept: bool = False  #: word for word the same was proved before: z3 was not asked


@dataclass(frozen=True)
class Query:
    """Assumptions and a claim; z3 is asked for a state of affairs in which the claim fails."""

    assumed: Sequence[Formula]
    claim: Formula
    trivial: bool = False  #: the claim is one of the assumptions, word for word

    def solver(self, seed: int = 0, effort: int = 0) -> z3.Solver:
        """A solver that looks for a refutation; ``effort``: how much it may do, in its own units, if that is bounded."""
        found = z3.Solver()
        found.set("timeout", PATIENCE)
        found.set("random_seed", seed)
        if effort:
            found.set("rlimit", effort)
        found.add(*self.assumed, z3.Not(self.claim))
        return found


@dataclass(frozen=True)
class Taken:
    """One action, taken once from an arbitrary state with arbitrary parameters."""

    action: Action
    parameters: dict[str, Formula]
    effect: Effect
    possible: list[Formula]  #: its guard, and the domains of its parameters
    facts: dict[int, list[Formula]]


class Induction:
    """The any-N machine and its obligations.

    Args:
        rules: the specification's decisions, or those of a mutation.
        effects: actions that a mutation replaces, by name.
        pen: what writes the formulas; see :class:`AnyOps`.
    """

    def __init__(
        self,
        rules: Replacements = AS_WRITTEN,
        effects: Mapping[str, Callable[..., Effect]] | None = None,
        pen: Any = z3,
    ) -> None:
        self.o = AnyOps(rules, pen)
        self.judge = self.o.of_the_specification()
        self.effects = effects or {}
        self.before = self.o.state()
        self.base = [*self.o.axioms(), *self.o.well_formed(self.before)]
        self._assumed: dict[str, tuple[Formula, dict[int, list[Formula]]]] = {}
        self._taken: dict[str, Taken] = {}

    def assumption(self, name: str) -> tuple[Formula, dict[int, list[Formula]]]:
        """A goal of the state before a step, with the definitions it needs."""
        if name not in self._assumed:
            law = GOALS[name].of_state
            assert law is not None, f"{name} speaks of steps, so nothing can be proved from it"
            with self.o.collecting() as facts:
                formula = self.o.lift(law(self.judge, self.before))
            self._assumed[name] = (formula, facts)
        return self._assumed[name]

    def taken(self, name: str) -> Taken:
        """An action taken from :attr:`before`."""
        if name not in self._taken:
            action = ACTIONS[name]
            with self.o.collecting() as facts:
                parameters, within = self.o.parameters(action)
                effect = carry_out(self.effects.get(name, action.effect), self.o, self.before, *parameters.values())
            possible = [self.o.lift(effect.guard), *within]
            self._taken[name] = Taken(action, parameters, effect, possible, facts)
        return self._taken[name]

    @cached_property
    def start(self) -> State:
        """An arbitrary initial state."""
        return self.o.initial_state()

    def query(self, obligation: Obligation, using: Sequence[str] | None = None) -> Query:
        """The query of an obligation; ``using`` replaces the plan's."""
        goal = GOALS[obligation.goal]
        if not obligation.action:
            return self._initially(goal)
        names = PLANS[goal.name].using if using is None else using
        taken = self.taken(obligation.action)
        with self.o.collecting() as own:
            claim = self.o.lift(self._claim(goal, taken))
        facts = dict(own)
        assumed = [*self.base, *taken.possible]
        trivial = self.o.pen.is_true(claim)
        for name in (*names, *([goal.name] if goal.of_state else [])):
            formula, more = self.assumption(name)
            assumed.append(formula)
            facts.update(more)
            trivial = trivial or formula.eq(claim)
        facts.update(taken.facts)
        return Query([*assumed, *(f for fs in facts.values() for f in fs)], claim, trivial)

    def _claim(self, goal: Goal, taken: Taken) -> object:
        after = taken.effect.state
        if goal.of_state is not None:
            return goal.of_state(self.judge, after)
        assert goal.of_step is not None
        step = Step(taken.action.name, dict(taken.parameters), taken.effect.answer)
        return goal.of_step(self.judge, self.before, after, step)

    def _initially(self, goal: Goal) -> Query:
        assert goal.of_state is not None
        with self.o.collecting() as facts:
            claim = self.o.lift(goal.of_state(self.judge, self.start))
        base = [*self.o.axioms(), *self.o.well_formed(self.start)]
        return Query([*base, *(f for fs in facts.values() for f in fs)], claim, self.o.pen.is_true(claim))

    def decide(self, obligation: Obligation, using: Sequence[str] | None = None) -> Verdict:
        """Ask z3."""
        start = time.process_time()
        query = self.query(obligation, using)
        if query.trivial:
            return Verdict(obligation, PROVED, time.process_time() - start, idle=True)
        return answered(obligation, query, start)


def answered(obligation: Obligation, query: Query, start: float) -> Verdict:
    """What z3 says of a query that is not trivial; ``start``: the CPU time when it began to be written."""
    for seed, effort in (*ATTEMPTS, (0, 0)):
        solver = query.solver(seed, effort)
        answer = solver.check()
        if answer != z3.unknown:
            break
    taken = time.process_time() - start
    if answer == z3.unknown:
        return Verdict(obligation, UNKNOWN, taken, solver.reason_unknown())
    return Verdict(obligation, PROVED if answer == z3.unsat else REFUTED, taken)


def obligations(name: str) -> tuple[Obligation, ...]:
    """What has to be proved of a goal."""
    goal = GOALS[name]
    first = [Obligation(name, "")] if goal.of_state is not None else []
    return (*first, *(Obligation(name, action.name) for action in actions_of(goal)))
