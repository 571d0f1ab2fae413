"""The traced reading: every action run once per combination of its parameters, on expression nodes.

What comes out is data: guard, one expression per scalar that changes, answer. Code, lints and tables are made from that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from typing import Any, cast

from vnic_model.direct import domain
from vnic_model.expression import Builder, Node
from vnic_model.instance import Instance
from vnic_model.layout import INTERVENTIONS, Layout, code
from vnic_spec.action import Action, carry_out
from vnic_spec.algebra import Element, Truth
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import Profile
from vnic_spec.rule import AS_WRITTEN, Replacements
from vnic_spec.sorts import Added, Choice, Each, Elements, Flag, Level, Server, Sort
from vnic_spec.state import VARIABLES, State


class TracedQueue:
    """A FIFO as a length and slots; slots beyond the length are zero."""

    def __init__(self, o: TracedOps, length: Node, slots: tuple[Element, ...]) -> None:
        self.o = o
        self.length = length
        self.slots = slots

    def _holds(self, k: int) -> Node:
        """Slot ``k`` is valid."""
        return self.o.builder.lt(self.o.number(k), self.length)

    def _is(self, length: int) -> Node:
        return self.o.builder.eq(self.length, self.o.number(length))

    def _with(self, length: Node, slots: Sequence[Element]) -> TracedQueue:
        return TracedQueue(self.o, length, tuple(slots))

    def push(self, element: Element) -> tuple[Node, TracedQueue]:
        depth = len(self.slots)
        slots = [self.o.ite(self._is(k), element, slot) for k, slot in enumerate(self.slots)]
        longer = self.length
        for k in range(depth):
            longer = self.o.ite(self._is(k), self.o.number(k + 1), longer)
        return self.o.true if self.o.roomy else self.o.builder.no(self._is(depth)), self._with(longer, slots)

    def pop(self) -> tuple[Element, Node, TracedQueue]:
        shorter = self.length
        for k in range(1, len(self.slots) + 1):
            shorter = self.o.ite(self._is(k), self.o.number(k - 1), shorter)
        slots = (*self.slots[1:], self.o.blank)
        return self.slots[0], self._holds(0), self._with(shorter, slots)

    def newest(self) -> tuple[Element, Node]:
        last = self.slots[0]
        for k in range(1, len(self.slots)):
            last = self.o.ite(self._is(k + 1), self.slots[k], last)
        return last, self._holds(0)

    def overlay(self, element: Element) -> TracedQueue:
        slots = [self.o.ite(self._is(k + 1), element, slot) for k, slot in enumerate(self.slots)]
        return self._with(self.length, slots)

    def clear(self) -> TracedQueue:
        return self._with(self.o.number(0), [self.o.blank] * len(self.slots))

    def stale(self) -> TracedQueue:
        return self._with(self.length, [Element(e.kind, e.sender, self.o.false) for e in self.slots])

    def empty(self) -> Node:
        return self._is(0)

    def begins_with(self, older: Any, except_last: Truth) -> Node:
        o = self.o
        kept = []
        for k, (mine, its) in enumerate(zip(self.slots, older.slots, strict=True)):
            same = o.all_of(o.eq(mine.kind, its.kind), o.eq(mine.sender, its.sender))
            excused = o.all_of(except_last, older._is(k + 1))
            kept.append(o.implies(older._holds(k), o.all_of(self._holds(k), o.any_of(same, excused))))
        return o.all_of(*kept)

    def every(self, law: Callable[[Element], Truth]) -> Node:
        return self.o.all_of(*(self.o.implies(self._holds(k), law(e)) for k, e in enumerate(self.slots)))

    def first(self, law: Callable[[Element], Truth]) -> Node:
        return self.o.implies(self._holds(0), law(self.slots[0]))

    def last(self, law: Callable[[Element], Truth]) -> Node:
        return self.o.all_of(*(self.o.implies(self._is(k + 1), law(e)) for k, e in enumerate(self.slots)))

    def pairs(self, law: Callable[[Element, Element], Truth]) -> Node:
        return self.o.all_of(
            *(
                self.o.implies(self._holds(k + 1), law(self.slots[k], self.slots[k + 1]))
                for k in range(len(self.slots) - 1)
            )
        )

    def in_order(self, law: Callable[[Element, Element], Truth]) -> Node:
        places = combinations(range(len(self.slots)), 2)
        return self.o.all_of(*(self.o.implies(self._holds(k), law(self.slots[j], self.slots[k])) for j, k in places))


class TracedMap:
    """A map from servers as one value each; the value of nobody is ``default``."""

    def __init__(self, o: TracedOps, values: tuple[Any, ...], default: Any) -> None:
        self.o = o
        self.values = values
        self.default = default

    def __call__(self, server: object, /) -> Any:
        result = self.default
        for j in reversed(range(len(self.values))):
            result = self.o.ite(self.o.eq(server, self.o.number(j)), self.values[j], result)
        return result

    def set(self, server: object, value: Any) -> TracedMap:
        return self.update(server, lambda _: value)

    def update(self, server: object, change: Callable[[Any], Any]) -> TracedMap:
        def one(j: object, old: Any) -> Any:
            here = self.o.eq(server, j)
            return old if here is self.o.false else self.o.ite(here, change(old), old)

        return self.each(one)

    def each(self, change: Callable[[object, Any], Any]) -> TracedMap:
        values = tuple(change(self.o.number(j), v) for j, v in enumerate(self.values))
        return TracedMap(self.o, values, self.default)


class TracedOrder:
    """A strict total order as one Boolean for each pair (i, j) with i < j: i is before j."""

    def __init__(self, o: TracedOps, before: dict[tuple[int, int], Node]) -> None:
        self.o = o
        self.before = before

    def __call__(self, earlier: object, later: object, /) -> Node:
        o = self.o
        cases = []
        for (i, j), before in self.before.items():
            a, b = o.number(i), o.number(j)
            cases.append(o.all_of(o.eq(earlier, a), o.eq(later, b), before))
            cases.append(o.all_of(o.eq(earlier, b), o.eq(later, a), o.no(before)))
        return o.any_of(*cases)

    def to_back(self, server: object) -> TracedOrder:
        o = self.o
        result = {}
        for (i, j), before in self.before.items():
            one, other = o.eq(server, o.number(i)), o.eq(server, o.number(j))
            result[i, j] = o.all_of(o.no(one), o.any_of(other, before))
        return TracedOrder(o, result)


class TracedChoices:
    """The profile's choices as constants: what a profile excludes folds away."""

    def __init__(self, o: TracedOps, profile: Profile) -> None:
        self.event_full = o.const(profile.event_full)
        self.crossing = o.const(profile.crossing)
        self.tie_break = o.const(profile.tie_break)
        self.reopen = o.const(profile.reopen)
        self.complaint_order = o.const(profile.complaint_order)
        self.client_init = o.const(profile.client_init)
        self.damped = o.builder.truth(profile.preempt_delay_ms > 0)


class TracedOps:
    """The algebra over expression nodes."""

    def __init__(self, servers: int, profile: Profile, rules: Replacements) -> None:
        self.builder = Builder()
        self.servers = servers
        self.true = self.builder.true
        self.false = self.builder.false
        self.nobody = self.number(servers)
        self.blank = Element(self.number(0), self.number(0), self.false)
        self.rules = rules
        self.roomy = False  #: there is room in every queue, however deep it is in this instance
        self.profile = TracedChoices(self, profile)

    def of_the_specification(self) -> TracedOps:
        """The same reading with the specification's own rules: what properties are judged by in a mutated machine."""
        pristine = copy(self)
        pristine.rules = AS_WRITTEN
        return pristine

    def number(self, value: int) -> Node:
        """A known number."""
        return self.builder.const(value)

    def node(self, value: object) -> Node:
        """A value of the reading as a node; vocabulary members are lifted."""
        if isinstance(value, Node):
            return value
        if isinstance(value, bool):
            return self.builder.truth(value)
        return self.number(code(value, self.servers))

    def all_of(self, *truths: Truth) -> Node:
        return self.builder.all_of(cast("tuple[Node, ...]", truths))

    def any_of(self, *truths: Truth) -> Node:
        return self.builder.any_of(cast("tuple[Node, ...]", truths))

    def no(self, truth: Truth) -> Node:
        return self.builder.no(cast("Node", truth))

    def implies(self, condition: Truth, consequence: Truth) -> Node:
        return self.any_of(self.no(condition), consequence)

    def eq(self, one: object, other: object) -> Node:
        return self.builder.eq(self.node(one), self.node(other))

    def ne(self, one: object, other: object) -> Node:
        return self.no(self.eq(one, other))

    def one_of(self, one: object, *others: object) -> Node:
        return self.any_of(*(self.eq(one, other) for other in others))

    def iff(self, one: Truth, other: Truth) -> Node:
        return self.builder.eq(self.node(one), self.node(other))

    def const(self, value: Enum) -> Node:
        return self.node(value)

    def ite(self, condition: Truth, then: Any, otherwise: Any) -> Any:
        if then is otherwise:
            return then
        c = cast("Node", condition)
        if c is self.true:
            return then
        if c is self.false:
            return otherwise
        if isinstance(then, Element):
            return Element(
                self.ite(c, then.kind, otherwise.kind),
                self.ite(c, then.sender, otherwise.sender),
                self.ite(c, then.fresh, otherwise.fresh),
            )
        if isinstance(then, TracedQueue):
            slots = [self.ite(c, a, b) for a, b in zip(then.slots, otherwise.slots, strict=True)]
            return TracedQueue(self, self.ite(c, then.length, otherwise.length), tuple(slots))
        if isinstance(then, TracedMap):
            values = (self.ite(c, a, b) for a, b in zip(then.values, otherwise.values, strict=True))
            return TracedMap(self, tuple(values), then.default)
        if isinstance(then, TracedOrder):
            return TracedOrder(self, {k: self.ite(c, v, otherwise.before[k]) for k, v in then.before.items()})
        return self.builder.ite(c, self.node(then), self.node(otherwise))

    def every(self, law: Callable[[object], Truth]) -> Node:
        return self.all_of(*(law(self.number(j)) for j in range(self.servers)))

    def some(self, law: Callable[[object], Truth]) -> Node:
        return self.any_of(*(law(self.number(j)) for j in range(self.servers)))

    def outranks(self, one: object, other: object) -> Node:
        return self.builder.lt(self.node(one), self.node(other))

    def lower_port(self, one: object, other: object) -> Node:
        """Ports run against the order of the list, so that no tie rule agrees with another by accident."""
        a, b = self.node(one), self.node(other)
        somebody = self.all_of(self.no(self.eq(a, self.nobody)), self.no(self.eq(b, self.nobody)))
        return self.all_of(somebody, self.builder.lt(b, a))


@dataclass(frozen=True)
class Traced:
    """One action with one combination of parameters, as expressions."""

    action: Action
    parameters: tuple[object, ...]
    guard: Node
    updates: dict[str, Node]  #: scalar → its new value, for those that can change
    answer: Node | None
    after: State  #: the state after, over expressions


class Tracer:
    """Traces the actions of an instance, each when it is first asked for; ``ops`` in the place of its own reading."""

    def __init__(self, instance: Instance, ops: TracedOps | None = None) -> None:
        self.instance = instance
        self.layout = Layout(instance)
        self.ops = ops or TracedOps(instance.servers, instance.profile, instance.rules)
        self.state = self._symbolic()
        self._before = self.scalars(self.state)
        self._traced: dict[str, list[Traced]] = {}

    def _symbolic(self) -> State:
        o = self.ops

        def scalar(name: str) -> Node:
            return o.builder.var(name, self.layout.scalars[name].truth)

        def symbol(name: str, sort: Sort, depth: int) -> object:
            if isinstance(sort, Elements):
                slots = tuple(
                    Element(
                        scalar(f"{name}[{k}].kind"),
                        scalar(f"{name}[{k}].sender") if sort.senders else o.nobody,
                        scalar(f"{name}[{k}].fresh"),
                    )
                    for k in range(depth)
                )
                return TracedQueue(o, scalar(f"{name}.length"), slots)
            return scalar(name)

        n = self.instance.servers
        values: dict[str, object] = {}
        for variable in VARIABLES:
            sort = variable.sort
            if isinstance(sort, Each):
                depth = self.instance.server_depth
                each = tuple(symbol(f"{variable.name}[{i}]", sort.sort, depth) for i in range(n))
                default: object = o.false if isinstance(sort.sort, Flag) else o.number(0)
                if isinstance(sort.sort, Elements):
                    default = TracedQueue(o, o.number(0), (o.blank,) * depth)
                values[variable.name] = TracedMap(o, each, default)
            elif isinstance(sort, Added):
                pairs = {(i, j): scalar(f"{variable.name}[{i},{j}]") for i in range(n) for j in range(i + 1, n)}
                values[variable.name] = TracedOrder(o, pairs)
            else:
                assert isinstance(sort, Flag | Choice | Server | Level | Elements)
                values[variable.name] = symbol(variable.name, sort, self.instance.client_depth)
        return State(**values)  # type: ignore[arg-type]  # every variable of State, of its sort

    def scalars(self, state: State) -> dict[str, Node]:
        """A symbolic state taken apart into its scalars."""
        result: dict[str, Node] = {}

        def take(name: str, value: Any) -> None:
            if isinstance(value, TracedQueue):
                result[f"{name}.length"] = value.length
                for k, element in enumerate(value.slots):
                    result[f"{name}[{k}].kind"] = self.ops.node(element.kind)
                    if f"{name}[{k}].sender" in self.layout.scalars:
                        result[f"{name}[{k}].sender"] = self.ops.node(element.sender)
                    result[f"{name}[{k}].fresh"] = self.ops.node(element.fresh)
            elif isinstance(value, TracedMap):
                for i, one in enumerate(value.values):
                    take(f"{name}[{i}]", one)
            elif isinstance(value, TracedOrder):
                for (i, j), before in value.before.items():
                    result[f"{name}[{i},{j}]"] = before
            else:
                result[name] = self.ops.node(value)

        for variable in VARIABLES:
            take(variable.name, getattr(state, variable.name))
        return result

    def trace(self, name: str) -> list[Traced]:
        """Every combination of parameters of an action that its guard does not exclude outright."""
        if name not in self._traced:
            action = ACTIONS[name]
            combinations: list[tuple[object, ...]] = [()]
            for parameter in action.parameters:
                values = domain(self.instance, action, parameter)
                combinations = [(*c, v) for c in combinations for v in values]
            found = (self.taken(action, c) for c in combinations)
            self._traced[name] = [t for t in found if t.guard is not self.ops.false]
        return self._traced[name]

    def taken(self, action: Action, parameters: tuple[object, ...]) -> Traced:
        """An action with one combination of parameters, be it possible or not."""
        effect = carry_out(
            self.instance.effect_of(action), self.ops, self.state, *(self.ops.node(p) for p in parameters)
        )
        guard = self.ops.node(effect.guard)
        after = self.scalars(effect.state)
        updates = {name: node for name, node in after.items() if node is not self._before[name]}
        answer = None if effect.answer is None else self.ops.node(effect.answer)
        if action.environment and self.instance.interventions is not None:
            guard, updates[INTERVENTIONS] = self._intervene(guard, self.instance.interventions)
        return Traced(action, parameters, guard, updates, answer, effect.state)

    def _intervene(self, guard: Node, bound: int) -> tuple[Node, Node]:
        """The guard of one more intervention, and how many there are then."""
        o = self.ops
        so_far = o.builder.var(INTERVENTIONS, truth=False)
        more = o.number(bound)
        for n in reversed(range(bound - 1)):
            more = o.ite(o.eq(so_far, o.number(n)), o.number(n + 1), more)
        return o.all_of(guard, o.builder.lt(so_far, o.number(bound))), more
