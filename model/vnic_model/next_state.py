"""The state after a step as variables of their own, so that a step property can be written once for many steps.

What is left of a property once a step is known is small, but there are hundreds of steps. As a function of the states before
and after it is larger, and there is one for all of them.
"""

from __future__ import annotations

from typing import Any

from vnic_model.expression import Builder, Node
from vnic_model.traced import TracedMap, TracedOrder, TracedQueue
from vnic_spec.algebra import Element
from vnic_spec.state import VARIABLES, State

#: Before the name of a scalar: its value after the step.
AFTER = "after "


def afterwards(builder: Builder, before: State) -> State:
    """The symbolic state ``before`` with every scalar replaced by the one after the step."""
    return State(**{v.name: _renamed(builder, getattr(before, v.name)) for v in VARIABLES})


def _renamed(builder: Builder, value: Any) -> Any:
    if isinstance(value, Node):
        return builder.var(AFTER + str(value.value), value.truth) if value.op == "var" else value
    if isinstance(value, Element):
        return Element(*(_renamed(builder, part) for part in (value.kind, value.sender, value.fresh)))
    if isinstance(value, TracedQueue):
        slots = tuple(_renamed(builder, slot) for slot in value.slots)
        return TracedQueue(value.o, _renamed(builder, value.length), slots)
    if isinstance(value, TracedMap):
        return TracedMap(value.o, tuple(_renamed(builder, one) for one in value.values), value.default)
    assert isinstance(value, TracedOrder)
    return TracedOrder(value.o, {pair: _renamed(builder, one) for pair, one in value.before.items()})
