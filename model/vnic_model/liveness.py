"""LIV-1, LIV-2 decided on the explored graph: is there an endless run that is calm, fair and reaches no goal?

The reachable states are explored first. Of them those are kept in which a refuting loop could run, with the steps that may
happen in it (:mod:`vnic_spec.liveness`), and cut into strongly connected components. Every endless run stays in one component in
the end, so

- LIV-2 fails if a switch leads from a component into itself;
- LIV-1 fails if a component of states without login is fair: each step that is owed is impossible in one of its states or
  leads from one to another. (Weak fairness: if a component is not fair, no part of it is.) A state in which nothing is owed is
  a component of its own: there client and server wait for each other for ever.

LIV-1 is decided for each server that may be the one that stays eligible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from vnic_model.codegen import predicate
from vnic_model.components import components
from vnic_model.explorer import path_to
from vnic_model.instance import Instance
from vnic_model.machine import Group, Machine, Move
from vnic_model.search import Visitor, breadth_first
from vnic_spec.action import Actor
from vnic_spec.algebra import Ops, Truth
from vnic_spec.liveness import FAIR, GOALS, PATIENT, STEADY, TIMED, Goal, is_owed
from vnic_spec.property import Step
from vnic_spec.state import State
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Rc

#: Parameters by which a queue happens to be full.
_FULL = ("full", "client_full", "server_full")
#: Without these nobody ever logs in.
DIALOGUE = frozenset({"client_sends_login", "client_reads_login_rsp"})
_CALM, _REPEATS = 0, 1  #: marks of a step: it is not calm; it is what must not repeat


class LivenessError(ValueError):
    """A question that has no answer: the goal means nothing in this instance, or does not assume what is to be dropped."""


class TooManyStatesError(LivenessError):
    """There are more states than the bound."""


@dataclass
class Verdict:
    """What has been decided.

    Attributes:
        machine: the machine that was explored.
        goal: what had to come about.
        without: names of assumptions that were not made.
        states: how many are reachable.
        candidates: how many of them a refuting loop could pass through.
        components: how many strongly connected components these make, trivial ones included.
        refuting: how many of the components refute the goal.
        stem: the steps into the loop, if the goal is refuted.
        loop: the steps that repeat for ever; none: nothing happens any more.
    """

    machine: Machine
    goal: Goal
    without: frozenset[str] = frozenset()
    states: int = 0
    candidates: int = 0
    components: int = 0
    refuting: int = 0
    stem: list[Move] = field(default_factory=list)
    loop: list[Move] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Nothing refutes the goal."""
        return not self.refuting


@dataclass(frozen=True)
class _Kind:
    """One combination of an action's parameters, as far as progress is concerned."""

    unit: int  #: bit of the step that is owed; 0: none
    timed: bool  #: it comes after a wait
    client: bool  #: a step of the client
    server: int | None  #: the server that takes it


class Edge(NamedTuple):
    """One step that may happen in the loop."""

    after: int  #: packed state
    unit: int  #: bit of the step that is owed; 0: none
    repeats: bool  #: it is what must not repeat
    group: Group
    number: int  #: which combination of parameters


class Calm:
    """The steps that may happen in a refuting loop, on packed states.

    Args:
        instance: the machine.
        goal: what has to come about.
        without: names of assumptions that are not made; for showing that they are needed.

    Raises:
        LivenessError: an assumption that the goal does not make.
    """

    def __init__(self, instance: Instance, goal: Goal, without: frozenset[str] = frozenset()) -> None:
        made = {a.name for a in goal.assumptions}
        if without - made:
            odd = ", ".join(sorted(without - made))
            raise LivenessError(f"{goal.name} does not assume {odd}; it assumes {', '.join(sorted(made))}")
        self.assumed = made - without
        repeats = goal.repeats

        def once(o: Ops, s: State, t: State, step: Step) -> Truth:
            return o.true if repeats is None else o.no(repeats(o, s, t, step))

        self.machine = Machine(instance, watched=[goal.calm, once])
        self.goal = goal
        self.fair = FAIR.name in self.assumed
        self.patient = PATIENT.name in self.assumed
        self.disturbed = goal.assumptions[0].name not in self.assumed
        self.units: list[str] = []
        self._kinds = [(g, [self._kind(g, t.parameters) for t in g.traced]) for g in self.machine.groups]
        selected = self.machine.layout.scalars["selected"]
        self._selected = (selected.shift, (1 << selected.width) - 1)

    def _kind(self, group: Group, parameters: tuple[object, ...]) -> _Kind:
        named = dict(zip(group.action.parameters, parameters, strict=True))
        server = named.get("i")
        owed = (
            self.fair
            and is_owed(group.action)
            and not any(named.get(name) is True for name in _FULL)
            and named.get("status", Status.OPERATIONAL) is Status.OPERATIONAL
        )
        unit = 0
        if owed:
            label = group.action.name if server is None else f"{group.action.name}({server})"
            if label not in self.units:
                self.units.append(label)
            unit = 1 << self.units.index(label)
        return _Kind(
            unit,
            self.patient and group.action.name in TIMED,
            group.action.actor is Actor.CLIENT,
            server if isinstance(server, int) else None,
        )

    def edges(self, state: int) -> list[Edge]:
        """The steps that may happen in the loop, in this state."""
        shift, mask = self._selected
        selected = state >> shift & mask
        found: list[Edge] = []
        waits: list[Edge] = []
        busy = False
        for group, kinds in self._kinds:
            for number, keep, add, _, marks in group.steps(state):
                if _CALM in marks and not self.disturbed:
                    continue
                kind = kinds[number]
                after = state & keep | add
                edge = Edge(after, kind.unit, _REPEATS in marks, group, number)
                if kind.timed:
                    waits.append(edge)
                    continue
                found.append(edge)
                busy = busy or bool(kind.unit and after != state and (kind.client or kind.server == selected))
        return found if busy else found + waits

    def owed(self, edges: list[Edge]) -> int:
        """The steps that are owed in a state, as bits."""
        bits = 0
        for edge in edges:
            bits |= edge.unit
        return bits

    def move(self, state: int, edge: Edge) -> Move:
        """An edge as a move of the machine."""
        group = edge.group
        answer, marks = next((a, m) for n, _, _, a, m in group.steps(state) if n == edge.number)
        parameters = group.traced[edge.number].parameters
        return Move(group.action, parameters, None if answer is None else Rc(answer), edge.after, marks)

    def holds(self, law: Callable[..., object], *terms: object) -> Callable[[int], bool]:
        """A statement about a state, compiled; remembered by projection."""
        judge = self.machine.tracer.ops.of_the_specification()
        compiled = predicate(
            self.machine.layout, "statement", [judge.node(law(judge, self.machine.tracer.state, *terms))]
        )
        known: dict[int, bool] = {}

        def answer(state: int) -> bool:
            key = state & compiled.mask
            found = known.get(key)
            if found is None:
                found = known[key] = not compiled.call(key)
            return found

        return answer


def decide(
    instance: Instance, goal: str, *, without: frozenset[str] = frozenset(), at_most: int | None = None
) -> Verdict:
    """Decide a goal of an instance, completely.

    Args:
        instance: the machine.
        goal: ``LIV-1`` or ``LIV-2``.
        without: names of assumptions that are not made.
        at_most: bound on the number of reachable states.

    Raises:
        TooManyStatesError: more states than ``at_most``.
        LivenessError: the goal means nothing there, or it makes no such assumption.
    """
    wanted = GOALS[goal]
    if not wanted.bare and not instance.actions & DIALOGUE:
        raise LivenessError(
            f"instance {instance.name} has no dialogue: the client never logs in, so {goal} means nothing there"
        )
    if instance.interventions is not None:
        raise LivenessError(
            f"instance {instance.name} has at most {instance.interventions} interventions in a run, so every endless run is calm "
            f"in the end whatever is assumed, and {goal} says little there; ask without --interventions"
        )
    calm = Calm(instance, wanted, without)
    reached = breadth_first(calm.machine.groups, [calm.machine.initial], Visitor(), at_most=at_most)
    order = list(reached.came_from)
    if at_most is not None and len(order) > at_most:
        raise TooManyStatesError(
            f"more than {at_most:,} states are reachable; progress is decided on all of them or not at all"
        )
    result = Verdict(calm.machine, wanted, without, states=len(order))
    worst: tuple[int, list[int]] | None = None
    number = {state: k for k, state in enumerate(order)}
    for candidates in _candidates(calm, order):
        inside = frozenset(candidates)
        result.candidates += len(inside)

        def after(state: int, inside: frozenset[int] = inside) -> list[int]:
            return [e.after for e in calm.edges(state) if e.after in inside]

        for component in components(candidates, after):
            result.components += 1
            if _refutes(calm, component):
                result.refuting += 1
                first = min(number[s] for s in component)
                if worst is None or first < worst[0]:
                    worst = (first, component)
    if worst is not None:
        start, result.loop = _loop(calm, worst[1], number)
        result.stem = path_to(calm.machine, reached.came_from, start)
    return result


def _candidates(calm: Calm, order: list[int]) -> Iterator[list[int]]:
    """The sets of states that a refuting loop keeps to: one for each server that may stay eligible."""
    goal = calm.goal
    if goal.avoids is None:
        yield order
        return
    avoided = calm.holds(goal.avoids)
    short = [s for s in order if not avoided(s)]
    if goal.steady is None or STEADY.name not in calm.assumed:
        yield short
        return
    for i in range(calm.machine.instance.servers):
        holds = calm.holds(goal.steady, i)
        yield [s for s in short if holds(s)]


def _refutes(calm: Calm, component: list[int]) -> bool:
    """Some endless run that stays in this component refutes the goal."""
    inside = frozenset(component)
    if calm.goal.repeats is not None:
        return any(e.repeats and e.after in inside for s in component for e in calm.edges(s))
    always, taken = -1, 0
    for state in component:
        edges = calm.edges(state)
        always &= calm.owed(edges)
        for edge in edges:
            if edge.after in inside:
                taken |= edge.unit
    return not always & ~taken


def _loop(calm: Calm, component: list[int], number: dict[int, int]) -> tuple[int, list[Move]]:
    """A short loop in a refuting component, and the state where it begins; the one that is reached first."""
    inside = frozenset(component)
    within = {s: [e for e in calm.edges(s) if e.after in inside] for s in component}
    if calm.goal.repeats is not None:
        start, edge = min(((s, e) for s in component for e in within[s] if e.repeats), key=lambda pair: number[pair[0]])
        back = _way(within, edge.after, lambda s, e: s == start) or []
        return start, [calm.move(start, edge), *(calm.move(s, e) for s, e in back)]
    start = min(component, key=number.__getitem__)
    owed = {s: calm.owed(calm.edges(s)) for s in component}
    here = start
    walk: list[tuple[int, Edge]] = []
    pending = owed[start]  # not yet taken in the loop, and possible in all of its states
    while pending:

        def discharges(s: int, e: Edge | None, pending: int = pending) -> bool:
            return bool(pending & ~owed[s] or (e is not None and pending & e.unit))

        way = _way(within, here, discharges)
        assert way is not None, "a fair component discharges everything"
        for before, edge in way:
            pending &= owed[before] & ~edge.unit
        walk += way
        here = walk[-1][1].after if walk else here
        pending &= owed[here]
    walk += _way(within, here, lambda s, e: s == start) or []
    return start, [calm.move(s, e) for s, e in walk]


def _way(
    within: dict[int, list[Edge]], start: int, wanted: Callable[[int, Edge | None], bool]
) -> list[tuple[int, Edge]] | None:
    """A shortest way to a state, or ending with an edge, that is wanted."""
    if wanted(start, None):
        return []
    parents: dict[int, tuple[int, Edge] | None] = {start: None}
    queue = [start]

    def back(state: int) -> list[tuple[int, Edge]]:
        steps = []
        at = parents[state]
        while at is not None:
            steps.append(at)
            at = parents[at[0]]
        return steps[::-1]

    for state in queue:
        for edge in within[state]:
            if wanted(state, edge):
                return [*back(state), (state, edge)]
            if edge.after not in parents:
                parents[edge.after] = (state, edge)
                if wanted(edge.after, None):
                    return back(edge.after)
                queue.append(edge.after)
    return None
