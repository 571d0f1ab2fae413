"""Where every scalar of a state sits in one packed integer, and the way there and back.

A scalar is named as a reader would: ``crq``, ``status[0]``, ``to_client.length``, ``to_client[1].kind``, ``added[0,1]``.
Slots beyond the length of a queue are zero, so equal states are equal numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from vnic_model.direct import DirectMap, DirectOrder, DirectQueue
from vnic_model.instance import Instance
from vnic_spec.algebra import Element
from vnic_spec.sorts import Added, Choice, Each, Elements, Flag, Level, Server
from vnic_spec.state import VARIABLES, State


@dataclass(frozen=True)
class Scalar:
    """One field of the packed integer."""

    name: str
    shift: int  #: bits
    width: int  #: bits
    truth: bool  #: it is a Boolean

    @property
    def mask(self) -> int:
        """Its bits, in place."""
        return ((1 << self.width) - 1) << self.shift


def code(value: object, servers: int) -> int:
    """The number that stands for a Python value: vocabulary member, server, nobody, priority, Boolean."""
    if value is None:
        return servers
    if isinstance(value, Enum):
        return int(value.value)
    return int(value)  # type: ignore[call-overload, no-any-return]  # a Boolean or an int by construction


#: Counts the environment actions of a run, where their number is bounded; no variable of the specification's.
INTERVENTIONS = "interventions"


class Layout:
    """The scalars of an instance, packed in the order of the state's variables.

    Attributes:
        scalars: name → place.
        width: bits of a packed state.
        of_state: the bits that are the specification's state; what is left counts interventions.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.scalars: dict[str, Scalar] = {}
        self.width = 0
        for variable in VARIABLES:
            sort = variable.sort
            if isinstance(sort, Each):
                for i in range(instance.servers):
                    self._add_sort(f"{variable.name}[{i}]", sort.sort, instance.server_depth)
            elif isinstance(sort, Added):
                for i in range(instance.servers):
                    for j in range(i + 1, instance.servers):
                        self._add(f"{variable.name}[{i},{j}]", 1, True)
            else:
                self._add_sort(variable.name, sort, instance.client_depth)
        self.of_state = (1 << self.width) - 1
        if instance.interventions is not None:
            self._add(INTERVENTIONS, max(1, instance.interventions.bit_length()), False)

    def _add(self, name: str, width: int, truth: bool) -> None:
        self.scalars[name] = Scalar(name, self.width, width, truth)
        self.width += width

    def _add_sort(self, name: str, sort: Flag | Choice | Level | Elements | Server | Added | Each, depth: int) -> None:
        servers = self.instance.servers
        if isinstance(sort, Flag):
            self._add(name, 1, True)
        elif isinstance(sort, Choice):
            self._add(name, max(int(m.value) for m in sort.members).bit_length(), False)
        elif isinstance(sort, Server):
            self._add(name, servers.bit_length(), False)
        elif isinstance(sort, Level):
            self._add(name, max(1, (self.instance.levels - 1).bit_length()), False)
        elif isinstance(sort, Elements):
            self._add(f"{name}.length", depth.bit_length(), False)
            for k in range(depth):
                self._add(f"{name}[{k}].kind", max(int(m.value) for m in sort.kinds).bit_length(), False)
                if sort.senders:
                    self._add(f"{name}[{k}].sender", servers.bit_length(), False)
                self._add(f"{name}[{k}].fresh", 1, True)

    def mask(self, names: frozenset[str] | set[str]) -> int:
        """The bits of several scalars."""
        result = 0
        for name in names:
            result |= self.scalars[name].mask
        return result

    # -- between packed numbers and direct states ---------------------------------------------------------------

    def unpack(self, packed: int) -> Mapping[str, int]:
        """Every scalar's value."""
        return {n: (packed >> f.shift) & ((1 << f.width) - 1) for n, f in self.scalars.items()}

    def decode(self, packed: int) -> State:
        """The packed state as a state of the direct reading."""
        raw = self.unpack(packed)
        n = self.instance.servers

        def value(name: str, sort: object, depth: int) -> object:
            if isinstance(sort, Elements):
                length = raw[f"{name}.length"]
                kinds = {int(m.value): m for m in sort.kinds}
                items = []
                for k in range(length):
                    sender = raw[f"{name}[{k}].sender"] if sort.senders else n
                    items.append(
                        Element(
                            kinds[raw[f"{name}[{k}].kind"]],
                            None if sender == n else sender,
                            bool(raw[f"{name}[{k}].fresh"]),
                        )
                    )
                return DirectQueue(tuple(items), depth)
            number = raw[name]
            if isinstance(sort, Flag):
                return bool(number)
            if isinstance(sort, Choice):
                return next(m for m in sort.members if m.value == number)
            if isinstance(sort, Server):
                return None if number == n else number
            return number

        result: dict[str, object] = {}
        for variable in VARIABLES:
            sort = variable.sort
            if isinstance(sort, Each):
                depth = self.instance.server_depth
                values = tuple(value(f"{variable.name}[{i}]", sort.sort, depth) for i in range(n))
                empty = DirectQueue((), depth) if isinstance(sort.sort, Elements) else False
                result[variable.name] = DirectMap(values, empty)
            elif isinstance(sort, Added):
                pairs = {
                    (i, j) if raw[f"{variable.name}[{i},{j}]"] else (j, i) for i in range(n) for j in range(i + 1, n)
                }
                result[variable.name] = DirectOrder(frozenset(pairs))
            else:
                result[variable.name] = value(variable.name, sort, self.instance.client_depth)
        return State(**result)  # type: ignore[arg-type]  # every variable of State, of its sort

    def encode(self, state: State) -> int:
        """A state of the direct reading, packed; no intervention has been counted."""
        n = self.instance.servers
        packed = 0

        def put(name: str, number: int) -> None:
            nonlocal packed
            scalar = self.scalars[name]
            if not 0 <= number < 1 << scalar.width:
                raise ValueError(f"{name} = {number} does not fit into {scalar.width} bits")
            packed |= number << scalar.shift

        def put_value(name: str, value: object) -> None:
            if isinstance(value, DirectQueue):
                put(f"{name}.length", len(value.items))
                for k, element in enumerate(value.items):
                    put(f"{name}[{k}].kind", code(element.kind, n))
                    if f"{name}[{k}].sender" in self.scalars:
                        put(f"{name}[{k}].sender", code(element.sender, n))
                    put(f"{name}[{k}].fresh", code(element.fresh, n))
            else:
                put(name, code(value, n))

        for variable in VARIABLES:
            held = getattr(state, variable.name)
            if isinstance(variable.sort, Each):
                for i in range(n):
                    put_value(f"{variable.name}[{i}]", held(i))
            elif isinstance(variable.sort, Added):
                for i in range(n):
                    for j in range(i + 1, n):
                        put(f"{variable.name}[{i},{j}]", int(held(i, j)))
            else:
                put_value(variable.name, held)
        return packed
