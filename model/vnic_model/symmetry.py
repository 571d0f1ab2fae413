"""Symmetry over servers: states that differ only in what the servers are called are explored once.

An action cannot tell one server from another but by what the state says of it: the algebra that actions and properties are
written in (:mod:`vnic_spec.algebra`) compares servers and looks into maps, and has no other use for them, with one exception,
the port under ``tie_break = port``. So if a step leads from s to t, the renamed step leads from renamed s to renamed t, and a
property holds of the one step if it holds of the other. It is enough, then, to keep one state of each class, whatever the
initial state is like: a path among representatives is a path of the machine after renaming, of the same length.

What the state says of a server is everything that can be said of it alone: its part of each map, whether it is the selected
one, the pinned one, the sender of the k-th element, and its place in the order of the list. So sorting the servers by that
puts any two states of one class into the same form; no permutation has to be tried. Where the tie rule does not look at the
order of the list, the order is no part of the class: nothing but itself depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from vnic_model.explorer import Exploration, Progress
from vnic_model.expression import Node
from vnic_model.instance import Instance
from vnic_model.layout import Layout, Scalar
from vnic_model.machine import Machine, Move
from vnic_model.next_state import AFTER, afterwards
from vnic_model.traced import TracedOps, Tracer
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import TieBreak
from vnic_spec.property import Property, Step
from vnic_spec.sorts import Added, Each, Elements, Server
from vnic_spec.state import VARIABLES

_PORT = "port"


class SymmetryError(Exception):
    """The servers of an instance are told apart, or nothing would be gained; the message says by what."""


@dataclass(frozen=True)
class Reference:
    """A scalar that holds a server; where it belongs to the k-th element of a queue, only if there is one."""

    scalar: str
    length: str | None = None  #: the scalar that holds the length of the queue
    place: int = 0  #: k, counted from 0


class Places:
    """Which scalars speak of servers, by the sorts of the state's variables."""

    def __init__(self, layout: Layout) -> None:
        servers = range(layout.instance.servers)
        self.own: tuple[tuple[str, ...], ...] = tuple(
            tuple(
                name
                for v in VARIABLES
                if isinstance(v.sort, Each)
                for name in layout.scalars
                if name == f"{v.name}[{i}]" or name.startswith((f"{v.name}[{i}].", f"{v.name}[{i}]["))
            )
            for i in servers
        )  #: by server; the same scalars in the same order for each
        references = [Reference(v.name) for v in VARIABLES if isinstance(v.sort, Server)]
        for v in VARIABLES:
            if isinstance(v.sort, Elements) and v.sort.senders:
                depth = layout.instance.client_depth
                references += [Reference(f"{v.name}[{k}].sender", f"{v.name}.length", k) for k in range(depth)]
        self.references = tuple(references)
        self.order = {
            (i, j): f"{v.name}[{i},{j}]"
            for v in VARIABLES
            if isinstance(v.sort, Added)
            for i, j in combinations(servers, 2)
        }  #: the first of them is before the second


class _WatchedOps(TracedOps):
    """The algebra, in which a look at the ports leaves a trace."""

    def lower_port(self, one: object, other: object) -> Node:
        return self.builder.var(_PORT, True)


def _reads(tracer: Tracer, properties: Sequence[Property]) -> frozenset[str]:
    """The scalars that guards, answers, properties, and all updates but those of the list's order depend on.

    Properties are looked at once per action, with any state after it and any parameters: perhaps more than they read.
    """
    judge, before = tracer.ops.of_the_specification(), tracer.state
    after = afterwards(judge.builder, before)
    order = set(Places(tracer.layout).order.values())
    if all(order.isdisjoint(t.updates) for name in tracer.instance.actions for t in tracer.trace(name)):
        after = after.but(added=before.added)  # what says that the order is kept does not tell servers apart by it
    read: set[str] = set()
    for p in properties:
        if p.of_state is not None:
            read |= judge.node(p.of_state(judge, before)).reads
    for name in tracer.instance.actions:
        for t in tracer.trace(name):
            nodes = [t.guard, *(node for scalar, node in t.updates.items() if scalar not in order)]
            read = read.union(*(node.reads for node in nodes), *([] if t.answer is None else [t.answer.reads]))
        action = ACTIONS[name]
        given: dict[str, object] = {n: judge.builder.var(f"parameter {n}", False) for n in action.parameters}
        for p in properties:
            if p.of_step is not None and p.speaks_of(action):
                law = p.of_step(judge, before, after, Step(name, given, judge.builder.var("answer", False)))
                read |= judge.node(law).reads
    return frozenset(name.removeprefix(AFTER) for name in read)


def order_is_read(machine: Machine) -> bool:
    """Does anything but the order of the list itself depend on the order of the list?

    Raises:
        SymmetryError: something depends on the ports.
    """
    instance = machine.instance
    properties = (*machine.state_properties, *machine.step_properties)
    looks = instance.profile.tie_break is TieBreak.PORT
    if not looks and (instance.rules or instance.effects):
        watched = Tracer(instance, _WatchedOps(instance.servers, instance.profile, instance.rules))
        looks = _PORT in _reads(watched, properties)
    if looks:
        raise SymmetryError(
            "servers are told apart by their ports, which no step changes (tie_break = port, or a misreading); "
            "symmetry wants tie_break = any, oldest or newest"
        )
    return not _reads(machine.tracer, properties).isdisjoint(Places(machine.layout).order.values())


class Symmetry:
    """The renamings of servers of a machine, and the form that all states of a class have in common.

    Raises:
        SymmetryError: something tells servers apart, or nothing is gained since each server keeps what distinguishes it.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.places = Places(machine.layout)
        self.servers = machine.instance.servers
        self._check_parameters()
        self.ordered = order_is_read(machine)
        self._check_gain()
        scalars = machine.layout.scalars
        self._own = [[_place(scalars[name]) for name in names] for names in self.places.own]
        self._references = [
            (*_place(scalars[r.scalar]), None if r.length is None else _place(scalars[r.length]), r.place)
            for r in self.places.references
        ]
        self._order = {pair: scalars[name].shift for pair, name in self.places.order.items()}
        kept = (1 << machine.layout.width) - 1
        for names in self.places.own:
            kept &= ~machine.layout.mask(set(names))
        kept &= ~machine.layout.mask({r.scalar for r in self.places.references})
        self._kept = kept & ~machine.layout.mask(set(self.places.order.values()))

    def _check_parameters(self) -> None:
        everybody = set(range(self.servers))
        for key, values in self.machine.instance.parameters.items():
            named = {v for v in values if isinstance(v, int) and not isinstance(v, bool)}
            if key.rpartition(".")[2] in ("i", "j", "b") and named not in (set(), everybody):
                raise SymmetryError(f"the instance lets {key} be only some of the servers, which tells them apart")

    def _check_gain(self) -> None:
        """Refuse where each server differs from every other by something that no step changes."""
        machine = self.machine
        changed: set[str] = set()
        for name in machine.instance.actions:
            changed = changed.union(*(t.updates for t in machine.tracer.trace(name)))
        initial = machine.layout.unpack(machine.initial)
        if self.ordered and not changed & set(self.places.order.values()):
            rule = machine.instance.profile.tie_break.name.lower()
            raise SymmetryError(
                f"tie_break = {rule} tells servers apart by their order on the list, which nothing changes in "
                f"{machine.instance.name}: no two of them can be exchanged and nothing would be gained; "
                "add --profile tie_break=any"
            )
        for i, j in combinations(range(self.servers), 2):
            mine, its = self.places.own[i], self.places.own[j]
            if all(initial[a] == initial[b] for a, b in zip(mine, its, strict=True) if {a, b}.isdisjoint(changed)):
                return
        raise SymmetryError(
            f"the servers of {machine.instance.name} differ by what nothing changes there, such as their priorities: no two of "
            "them can be exchanged and nothing would be gained"
        )

    def said_of(self, packed: int, server: int) -> tuple[int, ...]:
        """Everything that a state says of one server."""
        refers = [
            (packed >> shift & mask) == server and (length is None or (packed >> length[0] & length[1]) > place)
            for shift, mask, length, place in self._references
        ]
        before = self._before(packed, server) if self.ordered else 0
        return (before, *(packed >> shift & mask for shift, mask in self._own[server]), *refers)

    def _before(self, packed: int, server: int) -> int:
        """How many are before a server in the order of the list."""
        count = 0
        for (i, j), shift in self._order.items():
            count += (server == j and packed >> shift & 1) or (server == i and not packed >> shift & 1)
        return count

    def renamed(self, packed: int, order: Sequence[int]) -> int:
        """The state in which the server that was called ``order[p]`` is called ``p``."""
        called = [0] * self.servers
        for p, old in enumerate(order):
            called[old] = p
        result = packed & self._kept
        for p, old in enumerate(order):
            for (to, _), (shift, mask) in zip(self._own[p], self._own[old], strict=True):
                result |= (packed >> shift & mask) << to
        for shift, mask, length, place in self._references:
            held = packed >> shift & mask
            somebody = held < self.servers and (length is None or (packed >> length[0] & length[1]) > place)
            result |= (called[held] if somebody else held) << shift
        for (p, q), shift in self._order.items():
            i, j = order[p], order[q]
            before = packed >> self._order[i, j] & 1 if i < j else 1 - (packed >> self._order[j, i] & 1)
            result |= before << shift
        return result

    def canonical(self, packed: int) -> int:
        """The form that all states of a class have in common, itself a state of the class (but for an order nobody reads)."""
        said = [self.said_of(packed, i) for i in range(self.servers)]
        order = sorted(range(self.servers), key=said.__getitem__)
        result = self.renamed(packed, order)
        for shift in self._order.values():
            result |= 1 << shift  # sorted by the order, or of no consequence
        return result

    def lifted(self, classes: Sequence[int]) -> list[Move]:
        """A path of the machine from its initial state through these classes, each given by any of its states.

        Raises:
            ValueError: there is none; then the classes are not those of a path.
        """
        state, path = self.machine.initial, []
        for one in classes:
            wanted = self.canonical(one)
            move = next((m for m in self.machine.moves(state) if self.canonical(m.after) == wanted), None)
            if move is None:
                raise ValueError("no step leads into the next class")
            path.append(move)
            state = move.after
        return path


def _place(scalar: Scalar) -> tuple[int, int]:
    """Shift, and mask after it."""
    return scalar.shift, (1 << scalar.width) - 1


def explore_reduced(
    instance: Instance,
    properties: Sequence[Property] = (),
    *,
    at_most: int | None = None,
    progress: Progress | None = None,
) -> Exploration:
    """Explore one state of each class, breadth-first, in Python.

    What is violated, and after how many steps at least, is as in the whole graph; the path is one of the machine. States and
    transitions are those of the reduced graph: a transition is a (representative, action, parameters).

    Raises:
        SymmetryError: the servers are told apart, or nothing would be gained.
    """
    machine = Machine(instance, properties)
    symmetry = Symmetry(machine)
    result = Exploration(machine, fired={g.action.name: 0 for g in machine.groups})
    first = symmetry.canonical(machine.initial)
    seen = {first: -1}
    frontier = [first]
    found: tuple[int, bool] | None = (first, False) if machine.violated(first) else None
    while frontier and found is None:
        following: list[int] = []
        if progress:
            progress(result.depth, len(seen), sum(result.fired.values()))
        for s in frontier:
            if at_most is not None and len(seen) > at_most:
                break
            found = _look(machine, symmetry, result, seen, s, following)
            if found is not None:
                break
        else:
            frontier = following
            result.depth += bool(following)
            continue
        break
    result.complete = not frontier
    result.states, result.transitions = len(seen), sum(result.fired.values())
    if found is not None:
        blame(result, symmetry, way(seen, found[0]), of_step=found[1])
    return result


def _look(
    machine: Machine, symmetry: Symmetry, result: Exploration, seen: dict[int, int], s: int, following: list[int]
) -> tuple[int, bool] | None:
    """Take every step out of one state; a state in which something is wrong, and whether it is a step out of it that is."""
    for group in machine.groups:
        steps = group.steps(s)
        if any(marks for *_, marks in steps):
            return s, True
        result.fired[group.action.name] += len(steps)
        for _, keep, add, _, _ in steps:
            t = symmetry.canonical(s & keep | add)
            if t not in seen:
                seen[t] = s
                following.append(t)
                if machine.violated(t):
                    return t, False
    return None


def way(seen: dict[int, int], state: int) -> list[int]:
    """The states from the first one, along the recorded predecessors."""
    states = [state]
    while seen[states[-1]] != -1:
        states.append(seen[states[-1]])
    return states[::-1]


def blame(result: Exploration, symmetry: Symmetry, classes: Sequence[int], *, of_step: bool) -> None:
    """Fill in the violation at the end of a way through classes, and a path of the machine that leads to it."""
    machine = result.machine
    result.path = symmetry.lifted(classes[1:])
    last = result.path[-1].after if result.path else machine.initial
    if of_step:
        move = next(m for m in machine.moves(last) if m.marks)
        result.violation = machine.step_properties[move.marks[0]]
        result.path.append(move)
    else:
        result.violation = machine.violated(last)[0]
