"""A level below: every interleaving of calls in steps is one of the machine's runs, and each misread order is refuted."""

from __future__ import annotations

from functools import cache

import pytest

from vnic_model.below.exploring import FineExploration, explore_below
from vnic_model.below.instance import below
from vnic_model.below.machine import FineMachine
from vnic_model.below.text import CLAIMS, run_lines
from vnic_model.explorer import explore
from vnic_spec.below.laws import LAWS, OF_MEMORY, REFINEMENT
from vnic_spec.below.programs import MISORDERINGS, PROGRAMS
from vnic_spec.below.steps import STEPS

#: (servers, calls that may move the selection) → states, transitions, depth, states of the machine that they stand for.
FIGURES = {
    (1, None): (27_451, 80_820, 75, 61),
    (2, 1): (33_870, 101_340, 60, 72),
}
LONG_FIGURES = {
    (2, 2): (134_206, 406_310, 73, 204),
    (2, None): (644_858, 1_970_458, 103, 362),
    (3, 1): (48_268, 146_380, 60, 84),
}
#: Misreading → steps of the shortest run that refutes it, and what else it violates.
SHORTEST = {
    "connect_before_event": (11, {"FOV-2/connect", REFINEMENT}),
    "connect_before_fence": (6, {"FOV-2/connect"}),
    "event_before_fence": (8, {"FOV-2/fence", "INV-2"}),
    "fence_without_drain": (9, {"FOV-2/fence", REFINEMENT}),
    "drain_before_fence": (10, {"FOV-2/fence"}),
    "chosen_before_lock": (15, set()),
    "unlocked_before_connect": (12, set()),
    "refused_during_switch": (7, set()),
}


@cache
def found(servers: int, settling: int | None) -> FineExploration:
    return explore_below(below(servers, settling=settling))


def figures(result: FineExploration) -> tuple[int, int, int, int]:
    return result.states, result.transitions, result.depth, len(result.seen)


@pytest.mark.parametrize("system", FIGURES)
def test_every_interleaving_is_a_run_of_the_machine(system: tuple[int, int | None]) -> None:
    result = found(*system)
    assert (result.violation, result.complete) == ("", True)
    assert figures(result) == FIGURES[system]


@pytest.mark.slow
@pytest.mark.parametrize("system", LONG_FIGURES)
def test_every_interleaving_of_larger_systems_is_one_too(system: tuple[int, int | None]) -> None:
    result = found(*system)
    assert (result.violation, result.complete) == ("", True)
    assert figures(result) == LONG_FIGURES[system]
    if system[1] is None:
        assert set(result.effects) == below(system[0]).machine.actions
        assert len(result.seen) == explore(below(system[0]).machine).states


def test_nothing_holds_for_want_of_occasion() -> None:
    one, two = found(1, None), found(2, 1)
    for result in (one, two):
        steps = {name for program in PROGRAMS.values() for name in program}
        assert all(result.fired[name] for name in (*steps, "begin", "take"))
        assert result.interrupted, "no server is fenced in the middle of a send"
    assert all(two.exercised[law.name] for law in LAWS)
    assert set(one.effects) == below(1).machine.actions
    assert set(two.effects) == below(2).machine.actions - {"server_reports"}  # nobody is silent twice


def test_every_state_of_the_machine_is_stood_for() -> None:
    assert len(found(1, None).seen) == explore(below(1).machine).states


def test_the_figures_of_the_misreadings_are_complete() -> None:
    assert set(SHORTEST) == set(MISORDERINGS)
    refuted = {m.refutes for m in MISORDERINGS.values()} | {name for _, more in SHORTEST.values() for name in more}
    assert refuted == {*OF_MEMORY, *(law.name for law in LAWS), REFINEMENT} == set(CLAIMS)


@pytest.mark.parametrize("name", MISORDERINGS)
def test_a_misread_order_is_refuted_by_a_shortest_interleaving(name: str) -> None:
    misordering = MISORDERINGS[name]
    length, more = SHORTEST[name]
    result = explore_below(below(2, misordering=misordering), target=misordering.refutes)
    assert (result.violation, len(result.path)) == (misordering.refutes, length)
    for other in sorted(more):
        assert explore_below(below(2, misordering=misordering), target=other).violation == other


def test_a_run_can_be_taken_again_and_has_a_line_for_each_step() -> None:
    misordering = MISORDERINGS["fence_without_drain"]
    result = explore_below(below(2, misordering=misordering), target=misordering.refutes)
    machine = FineMachine(below(2, misordering=misordering))
    at = machine.initial
    for step in result.path:
        (at,) = {m.after for m in machine.moves(at) if m[:3] == step[:3] and m.effect == step.effect}
    assert at.memory == result.path[-1].after.memory
    text = list(run_lines(result))
    assert [line.split()[0] for line in text if line[:5].strip().isdigit()] == [str(n) for n in range(10)]
    assert text[-1].strip() == "client's queue: [EVENT 08 FAILOVER, DATA of server 0]"


def test_the_order_of_a_switch_is_the_one_required() -> None:
    """FOV-2: fence, event to the client, event to the old server, connection."""
    switch = PROGRAMS["settle"]
    order = [switch.index(name) for name in ("lock", "cut", "drain", "announce", "notify", "join", "unlock")]
    assert order == sorted(order)
    used = {
        name
        for programs in (PROGRAMS, *(m.programs for m in MISORDERINGS.values()))
        for p in programs.values()
        for name in p
    }
    assert used == set(STEPS)


def test_a_bound_leaves_it_open() -> None:
    result = explore_below(below(2), at_most=500)
    assert (result.complete, result.violation) == (False, "")
