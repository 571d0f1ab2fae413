"""The direct reading: plain Python values. Slow and obvious; the generated code is checked against it.

Servers are 0 … N-1, nobody is ``None``; vocabulary members stand for themselves; a queue is a tuple; nothing is clever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations
from typing import Any, Generic, TypeVar

from vnic_model.instance import Instance
from vnic_model.written_out import WrittenOut
from vnic_spec.action import Action, Effect, carry_out
from vnic_spec.algebra import Element, Truth
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import Profile
from vnic_spec.rule import AS_WRITTEN, Replacements
from vnic_spec.sorts import Added, Choice, Each, Elements, Flag, Level, Server
from vnic_spec.state import VARIABLES, State

_T = TypeVar("_T")
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class DirectQueue:
    """A FIFO as a tuple, the first element first."""

    items: tuple[Element, ...]
    depth: int

    def push(self, element: Element) -> tuple[bool, DirectQueue]:
        if len(self.items) >= self.depth:
            return False, self
        return True, DirectQueue((*self.items, element), self.depth)

    def pop(self) -> tuple[Element, bool, DirectQueue]:
        first = self.items[0] if self.items else Element(None, None, False)
        return first, bool(self.items), DirectQueue(self.items[1:], self.depth)

    def newest(self) -> tuple[Element, bool]:
        return (self.items[-1] if self.items else Element(None, None, False)), bool(self.items)

    def overlay(self, element: Element) -> DirectQueue:
        return DirectQueue((*self.items[:-1], element), self.depth) if self.items else self

    def clear(self) -> DirectQueue:
        return DirectQueue((), self.depth) if self.items else self

    def stale(self) -> DirectQueue:
        if not any(e.fresh for e in self.items):
            return self
        return DirectQueue(tuple(replace(e, fresh=False) for e in self.items), self.depth)

    def empty(self) -> bool:
        return not self.items

    def begins_with(self, older: Any, except_last: Truth) -> bool:
        def same(a: Element, b: Element) -> bool:
            return a.kind == b.kind and a.sender == b.sender

        kept = older.items[:-1] if except_last else older.items
        return len(self.items) >= len(older.items) and all(map(same, self.items, kept))

    def every(self, law: Callable[[Element], Truth]) -> bool:
        return all(law(e) for e in self.items)

    def first(self, law: Callable[[Element], Truth]) -> bool:
        return not self.items or bool(law(self.items[0]))

    def last(self, law: Callable[[Element], Truth]) -> bool:
        return not self.items or bool(law(self.items[-1]))

    def pairs(self, law: Callable[[Element, Element], Truth]) -> bool:
        return all(law(a, b) for a, b in zip(self.items, self.items[1:], strict=False))

    def in_order(self, law: Callable[[Element, Element], Truth]) -> bool:
        return all(law(a, b) for a, b in combinations(self.items, 2))


@dataclass(frozen=True)
class DirectMap(Generic[_T]):
    """A map from servers as a tuple; nobody's value is ``default`` and cannot be set."""

    values: tuple[_T, ...]
    default: _T

    def __call__(self, server: Any, /) -> _T:
        return self.default if server is None else self.values[server]

    def set(self, server: Any, value: _T) -> DirectMap[_T]:
        return self.update(server, lambda _: value)

    def update(self, server: Any, change: Callable[[_T], _T]) -> DirectMap[_T]:
        if server is None:
            return self
        was = self.values[server]
        value = change(was)
        if value is was:
            return self
        return DirectMap((*self.values[:server], value, *self.values[server + 1 :]), self.default)

    def each(self, change: Callable[[Any, _T], _T]) -> DirectMap[_T]:
        return DirectMap(tuple([change(j, v) for j, v in enumerate(self.values)]), self.default)


@dataclass(frozen=True)
class DirectOrder:
    """A strict total order as the set of its pairs."""

    before: frozenset[tuple[int, int]]

    def __call__(self, earlier: Any, later: Any, /) -> bool:
        return (earlier, later) in self.before

    def to_back(self, server: Any) -> DirectOrder:
        return DirectOrder(frozenset((b, a) if a == server else (a, b) for a, b in self.before))


class DirectChoices:
    """The profile's choices as they are."""

    def __init__(self, profile: Profile) -> None:
        self.event_full = profile.event_full
        self.crossing = profile.crossing
        self.tie_break = profile.tie_break
        self.reopen = profile.reopen
        self.complaint_order = profile.complaint_order
        self.client_init = profile.client_init
        self.damped = profile.preempt_delay_ms > 0


class DirectOps:
    """The algebra over plain Python values.

    Args:
        servers: how many servers there are.
        profile: the parameters.
        rules: functions in the place of rules, by name.
        written_out: definitions that :meth:`carrying` is asked for are written out, not interpreted call by call.
    """

    true = True
    false = False
    nobody = None

    def __init__(self, servers: int, profile: Profile, rules: Replacements, written_out: bool = True) -> None:
        self.servers = range(servers)
        self.profile = DirectChoices(profile)
        self.rules = rules
        self._written = _written_out(type(self), rules) if written_out else None

    def carrying(self, function: _F) -> _F:
        """An action's effect, a rule or a law as this reading carries it out best: the same function, but quicker."""
        return self._written(function) if self._written else function  # type: ignore[return-value]  # the same signature

    def all_of(self, *truths: Truth) -> bool:
        return all(truths)

    def any_of(self, *truths: Truth) -> bool:
        return any(truths)

    def no(self, truth: Truth) -> bool:
        return not truth

    def implies(self, condition: Truth, consequence: Truth) -> bool:
        return not condition or bool(consequence)

    def eq(self, one: object, other: object) -> bool:
        return one == other

    def ne(self, one: object, other: object) -> bool:
        return not self.eq(one, other)

    def one_of(self, one: object, *others: object) -> bool:
        return one in others

    def iff(self, one: Truth, other: Truth) -> bool:
        return bool(one) == bool(other)

    def ite(self, condition: Truth, then: Any, otherwise: Any) -> Any:
        return then if condition else otherwise

    def const(self, value: Enum) -> object:
        return value

    def every(self, law: Callable[[Any], Truth]) -> bool:
        return all(law(j) for j in self.servers)

    def some(self, law: Callable[[Any], Truth]) -> bool:
        return any(law(j) for j in self.servers)

    def outranks(self, one: Any, other: Any) -> bool:
        return bool(one < other)

    def lower_port(self, one: Any, other: Any) -> bool:
        """Ports run against the order of the list, so that no tie rule agrees with another by accident."""
        return one is not None and other is not None and bool(one > other)


#: What is written out already, by reading and rules: all oracles of a run share it.
_WRITTEN: dict[tuple[type, tuple[tuple[str, Callable[..., Any]], ...]], WrittenOut] = {}


def _written_out(reading: type[DirectOps], rules: Replacements) -> WrittenOut:
    key = reading, tuple(rules.items())
    if key not in _WRITTEN:
        own = frozenset(name for name, method in vars(DirectOps).items() if getattr(reading, name) is not method)
        _WRITTEN[key] = WrittenOut(own, rules)
    return _WRITTEN[key]


def domain(instance: Instance, action: Action, parameter: str) -> tuple[object, ...]:
    """What a parameter of an action ranges over in an instance."""
    for key in (f"{action.name}.{parameter}", parameter):
        if key in instance.parameters:
            return instance.parameters[key]
    sort = action.sort(parameter)
    if isinstance(sort, Flag):
        return (False, True)
    if isinstance(sort, Choice):
        return sort.members
    if isinstance(sort, Level):
        return tuple(range(instance.levels))
    servers: tuple[object, ...] = tuple(range(instance.servers))
    return (*servers, None) if sort.or_nobody else servers


def initial_state(instance: Instance) -> State:
    """The initial state of an instance, by the direct reading."""
    n = instance.servers
    values: dict[str, object] = {}
    for variable in VARIABLES:
        sort = variable.sort
        given: Any = instance.start.get(variable.name, variable.initially)
        if isinstance(sort, Each):
            if isinstance(sort.sort, Elements):
                empty = DirectQueue((), instance.server_depth)
                values[variable.name] = DirectMap((empty,) * n, empty)
            else:
                each = given if isinstance(given, tuple) else (given,) * n
                values[variable.name] = DirectMap(tuple(each[:n]), False)
        elif isinstance(sort, Elements):
            values[variable.name] = DirectQueue((), instance.client_depth)
        elif isinstance(sort, Added):
            values[variable.name] = DirectOrder(frozenset((i, j) for i in range(n) for j in range(i + 1, n)))
        else:
            assert isinstance(sort, Flag | Choice | Level | Server)
            values[variable.name] = given
    return State(**values)  # type: ignore[arg-type]  # every variable of State, of its sort


class DirectMachine:
    """The machine of an instance, interpreted action by action."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.ops = DirectOps(instance.servers, instance.profile, instance.rules)
        self.judge = DirectOps(instance.servers, instance.profile, AS_WRITTEN)
        self.actions = [a for a in ACTIONS.values() if a.name in instance.actions]

    def moves(self) -> Iterator[tuple[Action, tuple[object, ...]]]:
        """Every action with every combination of its parameters."""
        for action in self.actions:
            combinations: list[tuple[object, ...]] = [()]
            for parameter in action.parameters:
                values = domain(self.instance, action, parameter)
                combinations = [(*c, v) for c in combinations for v in values]
            for combination in combinations:
                yield action, combination

    def effect(self, state: State, action: Action, parameters: tuple[object, ...]) -> Effect:
        """What the action does in this state."""
        return carry_out(self.ops.carrying(self.instance.effect_of(action)), self.ops, state, *parameters)

    def successors(self, state: State) -> Iterator[tuple[Action, tuple[object, ...], Effect]]:
        """Every possible step."""
        for action, parameters in self.moves():
            effect = self.effect(state, action, parameters)
            if effect.guard:
                yield action, parameters, effect
