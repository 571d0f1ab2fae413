"""Lassos: whether a run that ends where its loop began refutes a goal when the loop is repeated for ever.

A *lasso* is such a run: the stem, and the loop. Whoever found it, this is checked step by step before it is believed: that the
loop closes, that every step of it may happen there (calm), that one server stays eligible throughout (steady), that no step that
is owed is put off for ever (fair), and that the goal is missed. An empty loop is a state in which nothing is owed: nothing
happens any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from vnic_model.instance import Instance
from vnic_model.liveness import Calm, Edge, LivenessError
from vnic_model.trace import Header, TraceError
from vnic_spec.liveness import GOALS, STEADY
from vnic_spec.state import State


def check_lasso(
    header: Header, made: Instance, states: Sequence[State], run: Sequence[tuple[str, tuple[object, ...]]]
) -> None:
    """Check that a run shows what its header says.

    Args:
        header: of a lasso; ``loop`` is the number of the step that begins the loop.
        made: the instance.
        states: the initial one and that after each step.
        run: actions and their parameters.

    Raises:
        TraceError: it does not; the message says why.
    """
    goal = GOALS[header.property]
    first = header.loop
    if not isinstance(first, int) or isinstance(first, bool) or not 1 <= first <= len(run) + 1:
        raise TraceError(f"header: loop is {first!r}, not the number of a step, 1 to {len(run) + 1}")
    if not isinstance(header.without, list) or not all(isinstance(name, str) for name in header.without):
        raise TraceError(f"header: without is {header.without!r}, not a list of assumptions")
    try:
        calm = Calm(made, goal, frozenset(header.without))
    except LivenessError as error:
        raise TraceError(f"header: {error}") from None
    packed = [calm.machine.layout.encode(state) for state in states[first - 1 :]]
    if packed[0] != packed[-1]:
        raise TraceError(f"the loop does not close: the state after step {len(run)} is not the one before step {first}")
    edges = [calm.edges(state) for state in packed]
    taken = [_taken(found, *run[number - 1], number) for number, found in enumerate(edges[:-1], first)]
    _check_states(calm, packed, first)
    if goal.repeats is not None and not any(edge.repeats for edge in taken):
        raise TraceError(f"{goal.name} is not refuted: {goal.refuted} is not so, for no step of the loop does that")
    put_off = -1
    for found in edges:
        put_off &= calm.owed(found)
    for edge in taken:
        put_off &= ~edge.unit
    if put_off:
        owed = [name for number, name in enumerate(calm.units) if put_off >> number & 1]
        raise TraceError(f"the loop is not fair: always possible in it, and never taken: {', '.join(owed)}")


def _taken(found: Sequence[Edge], action: str, parameters: tuple[object, ...], number: int) -> Edge:
    for edge in found:
        if edge.group.action.name == action and edge.group.traced[edge.number].parameters == parameters:
            return edge
    raise TraceError(f"step {number}: {action} may happen, but not in the loop: what is assumed excludes it there")


def _check_states(calm: Calm, packed: Sequence[int], first: int) -> None:
    goal = calm.goal
    if goal.avoids is not None:
        reached = calm.holds(goal.avoids)
        for number, state in enumerate(packed, first - 1):
            if reached(state):
                raise TraceError(f"{goal.name} is not refuted: it is reached after step {number}, in the loop")
    if goal.steady is not None and STEADY.name in calm.assumed:
        servers = range(calm.machine.instance.servers)
        if not any(all(map(calm.holds(goal.steady, i), packed)) for i in servers):
            raise TraceError(f"{goal.name} is not refuted: no server stays as it assumes. {STEADY.sentence}")
