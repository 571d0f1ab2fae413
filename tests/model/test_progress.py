"""LIV-3: client and servers never wait for each other for ever."""

from __future__ import annotations

import pytest

from vnic_model.direct import DirectMachine, initial_state
from vnic_model.instance import Instance
from vnic_model.instances import instance
from vnic_model.progress import dead_ends
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.profile import Crossing, Profile
from vnic_spec.vocabulary import Belief, ClientPhase, Status


@pytest.mark.requirement("LIV-3")
@pytest.mark.parametrize("name", ["core", "migration", "holding", "answer", "deferred", "data", "wish"])
def test_from_every_state_the_client_gets_logged_in_again_by_the_systems_own_steps(name: str) -> None:
    one = dead_ends(instance(name, 1))
    assert one.dead == 0
    assert one.logged_in > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["core", "migration", "holding", "answer", "deferred", "data", "wish"])
def test_the_same_with_two_servers(name: str) -> None:
    assert dead_ends(instance(name, 2)).dead == 0


@pytest.mark.parametrize(
    ("mutation", "where", "servers"),
    [
        ("server_waits_after_02", "core", 1),
        ("client_always_waits_after_08", "answer", 2),
        ("failover_overlays_migrated", "migration", 1),
    ],
)
def test_a_misreading_leads_into_a_dead_end(mutation: str, where: str, servers: int) -> None:
    found = dead_ends(instance(where, servers, mutation=MUTATIONS[mutation]))
    assert found.dead > 0
    assert found.path
    assert all(move.action.name in found.machine.instance.actions for move in found.path)


def test_an_instance_without_logins_is_refused_rather_than_called_all_dead() -> None:
    with pytest.raises(ValueError, match="never logs in"):
        dead_ends(instance("ranking", 1))


def test_under_gap_client_and_server_may_wait_for_each_other() -> None:
    """The run of R12 in ``docs/decisions.md``, found by exploration; the reason why LIV-3/speaker is claimed of hold only."""
    profile = Profile(crossing=Crossing.GAP)
    machine = DirectMachine(Instance("gap", 2, frozenset(ACTIONS), profile=profile, start={"priority": (0, 1)}))
    state = initial_state(machine.instance)
    for name, parameters in (
        ("server_registers", (0, None, False)),
        ("server_registers", (1, None, False)),
        ("server_reports", (1, Status.OPERATIONAL, None, False, False)),
        ("client_registers", (1,)),
        ("client_sends_init", (False,)),
        ("client_times_out", ()),
        ("client_frees", (False,)),
        ("gap_ends", (1,)),
        ("client_registers", (1,)),
        ("server_reads_init", (1, False)),
        ("server_reports", (0, Status.OPERATIONAL, 0, False, False)),
        ("client_sends_init", (False,)),
        ("client_reads_init_complete", ()),
        ("client_reads_failover", ()),
        ("server_reads_init", (0, False)),
        ("client_reads_init_complete", ()),
    ):
        effect = machine.effect(state, ACTIONS[name], parameters)
        assert effect.guard, name
        state = effect.state
    assert (state.phase, state.to_client.empty()) == (ClientPhase.WAITING, True)
    assert (state.selected, state.connected(0), state.belief(0)) == (0, True, Belief.OPEN)
    assert state.to_server(0).empty()
