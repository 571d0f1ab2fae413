"""A bound on the environment: the same machine, seen by runs that leave it alone after so many interventions."""

from __future__ import annotations

from functools import cache

import pytest

from vnic_model.explorer import explore
from vnic_model.instances import SCENARIOS, claims, instance
from vnic_model.layout import INTERVENTIONS
from vnic_model.machine import Machine
from vnic_model.replay import replay, trace_of
from vnic_model.trace import Trace, TraceError
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES


@cache
def unbounded(name: str, servers: int) -> Machine:
    return Machine(instance(name, servers, interventions=None))


def pairs(name: str, servers: int, bound: int) -> tuple[set[tuple[int, int]], int]:
    """(state, interventions so far), and the steps between them, counted on the machine without a bound."""
    machine = unbounded(name, servers)
    found = {(machine.initial, 0)}
    pending = list(found)
    steps = 0
    while pending:
        state, count = pending.pop()
        for move in machine.moves(state):
            after = (move.after, count + move.action.environment)
            if after[1] > bound:
                continue
            steps += 1
            if after not in found:
                found.add(after)
                pending.append(after)
    return found, steps


@pytest.mark.parametrize("bound", [0, 1, 2, 5])
@pytest.mark.parametrize("name", ["gap", "damped", "wish"])
def test_a_bounded_instance_is_the_machine_and_a_count(name: str, bound: int) -> None:
    wanted, steps = pairs(name, 1, bound)
    result = explore(instance(name, 1, interventions=bound), claims(name))
    assert (result.states, result.transitions, result.complete) == (len(wanted), steps, True)
    layout = result.machine.layout
    counting = layout.scalars[INTERVENTIONS]
    assert counting.mask & layout.of_state == 0
    assert {count for _, count in wanted} == set(range(bound + 1)), "every number of interventions happened"


def test_nothing_is_counted_where_nothing_is_bounded() -> None:
    assert INTERVENTIONS not in Machine(instance("core", 1)).layout.scalars
    assert [n for n, s in SCENARIOS.items() if s.interventions is not None] == ["all"]


def test_a_run_with_more_interventions_than_the_instance_has_is_refused() -> None:
    mutation = MUTATIONS["auto_keeps_pin"]
    made = instance("all", 1, mutation=mutation, interventions=3)
    found = explore(made, [PROPERTIES[mutation.refutes]])
    assert found.violation is not None
    trace = trace_of(found, found.violation, mutation=mutation)
    assert sum(move.action.environment for move in found.path) == 2
    assert trace.header.interventions == 3
    assert replay(Trace.load(trace.dump())) == trace
    fewer = trace.dump().replace('"interventions": 3', '"interventions": 1')
    with pytest.raises(TraceError, match="one intervention more than the 1 of this instance"):
        replay(Trace.load(fewer))


@pytest.mark.parametrize("bound", [-1, 65])
def test_a_bound_that_is_none(bound: int) -> None:
    with pytest.raises(ValueError, match=f"interventions is {bound}; 0 to 64 are counted"):
        instance("all", 1, interventions=bound)
