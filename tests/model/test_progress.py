"""LIV-3: client and servers never wait for each other for ever."""

from __future__ import annotations

import pytest

from vnic_model.instances import instance
from vnic_model.progress import dead_ends
from vnic_spec.mutations import MUTATIONS


@pytest.mark.parametrize("name", ["core", "migration", "holding", "answer", "deferred"])
def test_from_every_state_the_client_gets_logged_in_again_by_the_systems_own_steps(name: str) -> None:
    one = dead_ends(instance(name, 1))
    assert one.dead == 0
    assert one.logged_in > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["core", "migration", "holding", "answer", "deferred"])
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
        dead_ends(instance("selection", 1))
