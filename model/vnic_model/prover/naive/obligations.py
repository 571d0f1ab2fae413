"""The obligations of the any-N proof as scripts: what is assumed of a step, and that its claim fails.

What has to be proved of whom, and what may be assumed, is the plan of the proof (:data:`vnic_model.goals.PLANS`), by names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.naive.ops import NaiveOps
from vnic_model.prover.naive.script import Said, Script
from vnic_model.prover.naive.states import arbitrary, declare_depths, few, is_initial, parameters, well_formed
from vnic_model.prover.naive.values import both, negated
from vnic_spec.action import Effect, carry_out
from vnic_spec.catalogue import ACTIONS
from vnic_spec.property import Step
from vnic_spec.rule import AS_WRITTEN, Replacements
from vnic_spec.state import State

#: The name under which it is proved that every step leaves a state that looks like one.
WELL_FORMED = "well-formed"


@dataclass(frozen=True)
class _Taken:
    parameters: dict[str, Said]
    effect: Effect
    possible: Said


class NaiveStep:
    """One action, or the beginning (no action), and the scripts of what is to be proved of it.

    Args:
        action: its name; empty: the initial states.
        rules: the specification's decisions, or those of a misreading.
        effects: actions that a misreading replaces, by name.
    """

    def __init__(
        self, action: str, rules: Replacements = AS_WRITTEN, effects: Mapping[str, Callable[..., Effect]] | None = None
    ) -> None:
        self.action = action
        self.script = Script()
        self.o = NaiveOps.begun(self.script, rules)
        self.judge: Any = self.o.as_written()  # the algebra of laws, where truths are texts
        declare_depths(self.o)
        self.before = arbitrary(self.o)
        self.script.demand(well_formed(self.judge, self.before))
        self.taken = self._take((effects or {}).get(action)) if action else None

    def _take(self, replaced: Callable[..., Effect] | None) -> _Taken:
        action = ACTIONS[self.action]
        values, within = parameters(self.o, action)
        effect: Effect = carry_out(replaced or action.effect, self.o, self.before, *values.values())  # type: ignore[arg-type]
        return _Taken(values, effect, both(effect.guard, *within))  # type: ignore[arg-type]

    def obligation(self, goal: str) -> str:
        """The script that has no model if the goal holds at the beginning, or is kept by the action."""
        mark = self.script.mark()
        try:
            assumed = self._assumed(goal)
            return self.script.text(*assumed, negated(self._claim(goal)))
        finally:
            self.script.back(mark)

    def obligation_of_few(self, goal: str, servers: int, depth: int) -> str:
        """The same of so many servers and such queues, of which a solver finds a model more easily."""
        mark = self.script.mark()
        try:
            assumed = [*self._assumed(goal), *few(self.judge, servers, depth)]
            return self.script.text(*assumed, negated(self._claim(goal)))
        finally:
            self.script.back(mark)

    def possible(self, goal: str, servers: int, depth: int) -> str:
        """The script that has a model if what is assumed for a goal can be met by so many servers and such queues."""
        mark = self.script.mark()
        try:
            return self.script.text(*self._assumed(goal), *few(self.judge, servers, depth))
        finally:
            self.script.back(mark)

    def _assumed(self, goal: str) -> list[Said]:
        if self.taken is None:
            return [is_initial(self.judge, self.before)]
        names = (*PLANS[goal].using, goal) if goal != WELL_FORMED else ()
        laws = [law for name in names if (law := GOALS[name].of_state) is not None]
        return [self.taken.possible, *(_said(law(self.judge, self.before)) for law in laws)]

    def _claim(self, goal: str) -> Said:
        after: State = self.before if self.taken is None else self.taken.effect.state
        if goal == WELL_FORMED:
            return well_formed(self.judge, after)
        found = GOALS[goal]
        if found.of_state is not None:
            return _said(found.of_state(self.judge, after))
        assert found.of_step is not None
        assert self.taken is not None, f"{goal} speaks of steps"
        answer: Any = self.taken.effect.answer
        return _said(
            found.of_step(self.judge, self.before, after, Step(self.action, dict(self.taken.parameters), answer))
        )


def _said(value: Any) -> Said:
    assert isinstance(value, Said)
    return value
