"""A state and its packed number say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnic_model.direct import DirectMap, DirectOrder, DirectQueue, initial_state
from vnic_model.instance import Instance
from vnic_model.instances import SCENARIOS, instance
from vnic_model.layout import Layout
from vnic_model.machine import Machine
from vnic_spec.algebra import Element
from vnic_spec.sorts import Added, Choice, Elements, Flag, Level, Server, Sort
from vnic_spec.state import VARIABLES, State
from vnic_spec.vocabulary import Kind

Reached = Callable[[str, int], tuple[Machine, tuple[int, ...]]]


def values(sort: Sort, made: Instance, depth: int) -> st.SearchStrategy[Any]:
    """Any value of a sort, reachable or not."""
    servers = st.integers(0, made.servers - 1)
    if isinstance(sort, Flag):
        return st.booleans()
    if isinstance(sort, Choice):
        return st.sampled_from(sort.members)
    if isinstance(sort, Level):
        return st.integers(0, made.levels - 1)
    if isinstance(sort, Server):
        return st.none() | servers
    if isinstance(sort, Elements):
        sender = st.none() | servers if sort.senders else st.none()
        element = st.builds(Element, st.sampled_from(sort.kinds), sender, st.booleans())
        return st.lists(element, max_size=depth).map(lambda items: DirectQueue(tuple(items), depth))
    if isinstance(sort, Added):
        return st.permutations(range(made.servers)).map(
            lambda row: DirectOrder(frozenset((a, b) for k, a in enumerate(row) for b in row[k + 1 :]))
        )
    one = values(sort.sort, made, made.server_depth)
    nobodys: object = DirectQueue((), made.server_depth) if isinstance(sort.sort, Elements) else False
    return st.tuples(*[one] * made.servers).map(lambda row: DirectMap(row, nobodys))


@st.composite
def instances_and_states(draw: st.DrawFn) -> tuple[Instance, State]:
    name = draw(st.sampled_from(sorted(SCENARIOS)))
    client_depth, server_depth = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    made = instance(name, draw(st.integers(1, 6)), client_depth=client_depth, server_depth=server_depth)
    return made, State(**{v.name: draw(values(v.sort, made, made.client_depth)) for v in VARIABLES})


@given(instances_and_states())
def test_packing_loses_nothing(made_and_state: tuple[Instance, State]) -> None:
    made, state = made_and_state
    layout = Layout(made)
    packed = layout.encode(state)
    assert layout.decode(packed) == state
    assert 0 <= packed < 1 << layout.width


@given(instances_and_states())
def test_slots_beyond_the_length_are_zero(made_and_state: tuple[Instance, State]) -> None:
    made, state = made_and_state
    raw = Layout(made).unpack(Layout(made).encode(state))
    beyond = [
        number
        for name, number in raw.items()
        if name.endswith((".kind", ".sender", ".fresh"))
        and int(name.rpartition("[")[2].partition("]")[0]) >= raw[name.rpartition("[")[0] + ".length"]
    ]
    assert not any(beyond)
    assert beyond or all(raw[n] for n in raw if n.endswith(".length")), "there were slots to look at"


@pytest.mark.parametrize(
    ("name", "servers"),
    [
        *((n, 1) for n in SCENARIOS if n != "all"),
        *(("damped", 2), ("gap", 2)),
        *(pytest.param(n, 2, marks=pytest.mark.slow) for n in ("interface", "admin")),
    ],
)
def test_generated_code_leaves_equal_states_equal_numbers(name: str, servers: int, reached: Reached) -> None:
    # What the generated code makes of a state is exactly the number that the state it stands for is packed to: above all,
    # nothing is left behind in slots beyond the length of a queue. (A count of interventions is no part of the state it is of.)
    machine, states = reached(name, servers)
    some = states if len(states) < 2500 else states[::4]
    assert [s for s in some if machine.layout.encode(machine.decode(s)) != s] == []


@pytest.mark.parametrize("servers", [1, 2, 3, 6])
def test_every_bit_belongs_to_one_scalar(servers: int) -> None:
    layout = Layout(instance("core", servers))
    masks = [scalar.mask for scalar in layout.scalars.values()]
    assert sum(masks) == (1 << layout.width) - 1
    assert all(mask for mask in masks)
    assert layout.mask({"crq", "wish"}) == layout.scalars["crq"].mask | layout.scalars["wish"].mask


def test_scalars_are_named_as_a_reader_would() -> None:
    names = list(Layout(instance("core", 2)).scalars)
    assert names[:5] == ["crq", "standing", "selected", "connected[0]", "connected[1]"]
    assert {"to_client.length", "to_client[1].sender", "to_server[1][0].kind", "added[0,1]"} <= set(names)
    assert not [n for n in names if n.startswith("to_server") and n.endswith(".sender")]
    assert {n.partition("[")[0].partition(".")[0] for n in names} == {v.name for v in VARIABLES}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("priority", DirectMap((0, 2), False), r"priority\[1\] = 2 does not fit into 1 bits"),
        ("selected", 4, "selected = 4 does not fit into 2 bits"),
        ("selected", -1, "selected = -1 does not fit into 2 bits"),
        (
            "to_client",
            DirectQueue((Element(Kind.INIT, 4, False),), 2),
            r"to_client\[0\].sender = 4 does not fit into 2 bits",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: Any, message: str) -> None:
    made = instance("core", 2)
    layout = Layout(made)
    state = initial_state(made)
    layout.encode(state)
    with pytest.raises(ValueError, match=message):
        layout.encode(replace(state, **{name: value}))
