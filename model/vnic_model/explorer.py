"""Breadth-first exploration: every reachable state, every step, the shortest way to what goes wrong.

Counting convention: a *transition* is every possible (state, action, parameters), self-loops included; *depth* is the length of
the longest shortest path from the initial state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from vnic_model.instance import Instance
from vnic_model.machine import Machine, Move
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
    result = Exploration(machine)
    groups = [(g, g.mask, g.known, g.call, g.action.name) for g in machine.groups]
    counts = dict.fromkeys((g.action.name for g in machine.groups), 0)
    laws = [(c.mask, known, c.call, p) for (p, c), known in zip(machine._state_laws, machine._known, strict=True)]
    seen: dict[int, int] = {machine.initial: -1}
    frontier = [machine.initial]
    at_once = machine.violated(machine.initial)
    if at_once:
        result.violation = at_once[0]
        return _finish(result, seen, counts)
    while frontier:
        following: list[int] = []
        if progress:
            progress(result.depth, len(seen), sum(counts.values()))
        for s in frontier:
            if at_most is not None and len(seen) > at_most:
                return _finish(result, seen, counts)
            for group, mask, known, call, name in groups:
                key = s & mask
                steps = known.get(key)
                if steps is None:
                    steps = known[key] = call(key)
                    for step in steps:
                        if step[4]:
                            _mark(result, machine, seen, s, group.action.name, step)
                            return _finish(result, seen, counts)
                counts[name] += len(steps)
                for _, keep, add, _, _ in steps:
                    t = s & keep | add
                    if t not in seen:
                        seen[t] = s
                        following.append(t)
                        for law_mask, law_known, law_call, p in laws:
                            law_key = t & law_mask
                            bad = law_known.get(law_key)
                            if bad is None:
                                bad = law_known[law_key] = bool(law_call(law_key))
                            if bad:
                                result.violation = p
                                result.path = path_to(machine, seen, t)
                                return _finish(result, seen, counts)
        frontier = following
        result.depth += bool(following)
    result.complete = True
    return _finish(result, seen, counts)


def _finish(result: Exploration, seen: dict[int, int], counts: dict[str, int]) -> Exploration:
    machine = result.machine
    result.states = len(seen)
    result.transitions = sum(counts.values())
    result.fired = counts
    for group in machine.groups:
        found = Counter(step[3] for steps in group.known.values() for step in steps)
        for answer, times in found.items():
            result.answers[group.action.name, "" if answer is None else str(Rc(answer))] = times
    return result


def _mark(
    result: Exploration, machine: Machine, seen: dict[int, int], state: int, action: str, step: tuple[object, ...]
) -> None:
    """Record the step that broke a step law; it is the first that breaks one, so its path is a shortest one."""
    marks = step[4]
    assert isinstance(marks, tuple)
    first = marks[0]
    if first < len(machine.step_properties):
        result.violation = machine.step_properties[first]
    else:
        result.found = first - len(machine.step_properties)
    last = next(m for m in machine.moves(state) if m.action.name == action and first in m.marks)
    result.path = [*path_to(machine, seen, state), last]


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


def witness(instance: Instance, p: Property, *, at_most: int | None = None) -> Exploration:
    """A shortest path whose last step exercises property ``p``; ``found`` is None where there is none."""

    def unlike(o: Ops, s: State, t: State, step: StepContext) -> Truth:
        speaks = not p.actions or step.action in p.actions
        return o.no(p.witness(o, s, t, step)) if speaks else o.true

    return explore(instance, watched=[unlike], at_most=at_most)
