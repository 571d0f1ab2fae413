"""Two states compared, variable by variable: what a law says that lets a call change nothing."""

from __future__ import annotations

from typing import Any

from vnic_spec.algebra import Ops, Truth
from vnic_spec.sorts import Added, Each, Elements, Flag, Sort
from vnic_spec.state import VARIABLES, State


def same_queue(o: Ops, one: Any, other: Any) -> Truth:
    """Two queues hold the same elements in the same order; whether they are fresh is history."""
    return o.all_of(one.begins_with(other, o.false), other.begins_with(one, o.false))


def unchanged(o: Ops, s: State, t: State) -> Truth:
    """Every variable of ``t`` has the value that it has in ``s``, but for those that exist only for the proof."""
    real = (v for v in VARIABLES if not v.ghost)
    return o.all_of(*(_same(o, getattr(s, v.name), getattr(t, v.name), v.sort) for v in real))


def _same(o: Ops, one: Any, other: Any, sort: Sort) -> Truth:
    if isinstance(sort, Each):
        each = sort.sort
        return o.every(lambda i: _same(o, one(i), other(i), each))
    if isinstance(sort, Added):
        return o.every(lambda i: o.every(lambda j: o.iff(one(i, j), other(i, j))))
    if isinstance(sort, Elements):
        return same_queue(o, one, other)
    return o.iff(one, other) if isinstance(sort, Flag) else o.eq(one, other)
