"""Exploration: properties checked in every reachable state and of every step, and the shortest way to what goes wrong.

How states and transitions are counted is said in :mod:`vnic_model.search`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from vnic_model.codegen import Step
from vnic_model.instance import Instance
from vnic_model.machine import Group, Machine, Move
from vnic_model.search import Reached, Visitor, breadth_first
from vnic_spec.algebra import Ops, Truth
from vnic_spec.property import Property, StepLaw
from vnic_spec.property import Step as StepContext
from vnic_spec.state import State
from vnic_spec.wire import Rc


@dataclass
class Exploration:
    """What an exploration found."""

    machine: Machine
    states: int = 0
    transitions: int = 0
    depth: int = 0
    complete: bool = False  #: nothing was left unexplored
    fired: dict[str, int] = field(default_factory=dict)  #: action → transitions
    answers: dict[tuple[str, str], int] = field(default_factory=dict)  #: (action, answer) → projections it fired under
    violation: Property | None = None
    path: list[Move] = field(default_factory=list)  #: to the violation or the witness, from the initial state
    found: int | None = None  #: which watched law was met

    @property
    def silent(self) -> list[str]:
        """Actions of the instance that never fired."""
        return [a for a in sorted(self.machine.instance.actions) if not self.fired.get(a)]


Progress = Callable[[int, int, int], None]  #: (depth, states, transitions)


def explore(
    instance: Instance,
    properties: Sequence[Property] = (),
    *,
    watched: Sequence[StepLaw] = (),
    at_most: int | None = None,
    progress: Progress | None = None,
) -> Exploration:
    """Explore breadth-first; stop at the first violation of a property or of a watched law, which is then at the least depth.

    ``at_most`` bounds the number of states; beyond it the result is marked incomplete. Raises nothing on a violation: it is in
    the result, with the shortest path that leads to it.
    """
    machine = Machine(instance, properties, watched)
    judge = _Judge(machine, progress)
    reached = breadth_first(machine.groups, [machine.initial], judge, at_most=at_most)
    result = Exploration(machine, len(reached.came_from), sum(reached.fired.values()), reached.depth, reached.complete)
    result.fired = reached.fired
    for group, steps in reached.steps:
        found = Counter(step[3] for several in steps.values() for step in several)
        for answer, times in found.items():
            result.answers[group.action.name, "" if answer is None else str(Rc(answer))] = times
    judge.conclude(result, reached.came_from)
    return result


class _Judge(Visitor):
    """Checks the properties of a machine, and stops at the first that is violated or at the first watched law that is met."""

    def __init__(self, machine: Machine, progress: Progress | None) -> None:
        self.machine = machine
        self.progress = progress
        self.laws = [
            (c.mask, known, c.call, p) for (p, c), known in zip(machine._state_laws, machine._known, strict=True)
        ]
        self.at: int | None = None  #: where a state property is violated
        self.violated: Property | None = None
        self.marked: tuple[int, str, int] | None = None  #: state, action and number of a law that its step breaks

    def level(self, reached: Reached) -> None:
        """Tell how far it is."""
        if self.progress is not None:
            self.progress(reached.depth, len(reached.came_from), sum(reached.fired.values()))

    def found(self, state: int) -> bool:
        """Check the properties of states; each is remembered by what it looks at."""
        for mask, known, call, p in self.laws:
            key = state & mask
            bad = known.get(key)
            if bad is None:
                bad = known[key] = bool(call(key))
            if bad:
                self.at, self.violated = state, p
                return True
        return False

    def met(self, state: int, group: Group, steps: tuple[Step, ...]) -> bool:
        """Check the properties of steps: what is left of them is in the marks of a step."""
        for step in steps:
            if step[4]:
                self.marked = state, group.action.name, step[4][0]
                return True
        return False

    def conclude(self, result: Exploration, came_from: dict[int, int]) -> None:
        """Say what was found, and by which path. The search is breadth-first, so no path is shorter."""
        machine = self.machine
        if self.at is not None:
            result.violation = self.violated
            result.path = path_to(machine, came_from, self.at)
        if self.marked is None:
            return
        state, action, first = self.marked
        if first < len(machine.step_properties):
            result.violation = machine.step_properties[first]
        else:
            result.found = first - len(machine.step_properties)
        last = next(m for m in machine.moves(state) if m.action.name == action and first in m.marks)
        result.path = [*path_to(machine, came_from, state), last]


def path_to(machine: Machine, seen: dict[int, int], state: int) -> list[Move]:
    """The moves from the initial state to ``state`` along the recorded predecessors."""
    states = [state]
    while seen[states[-1]] != -1:
        states.append(seen[states[-1]])
    states.reverse()
    path = []
    for before, after in pairwise(states):
        path.append(next(m for m in machine.moves(before) if m.after == after))
    return path


def witness_missing(p: Property) -> StepLaw:
    """The law that a step breaks exactly if it exercises a property."""

    def unlike(o: Ops, s: State, t: State, step: StepContext) -> Truth:
        speaks = not p.actions or step.action in p.actions
        return o.no(p.witness(o, s, t, step)) if speaks else o.true

    return unlike


def witness(instance: Instance, p: Property, *, at_most: int | None = None) -> Exploration:
    """A shortest path whose last step exercises property ``p``; ``found`` is None where there is none."""
    return explore(instance, watched=[witness_missing(p)], at_most=at_most)
