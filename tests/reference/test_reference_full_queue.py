"""Events that meet a full queue (CRQ-7, INV-9)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine
from vnic_reference.machine import CLIENT_PARTITION
from vnic_spec.wire import INIT, Event, Rc, element, event_element

Build = Callable[..., Machine]
DEPTH = 256
FAILOVER = event_element(Event.DEVICE_FAILOVER)
MIGRATED = event_element(Event.MIGRATED)
DEREGISTERED = event_element(Event.PARTNER_DEREGISTERED)
SENT = [element(0x80, 1, number.to_bytes(2, "big")) for number in range(DEPTH)]


def fill_client(machine: Machine) -> None:
    assert [machine.servers[0].send(data) for data in SENT] == [Rc.H_SUCCESS] * DEPTH
    assert machine.servers[0].send(INIT) == Rc.H_DROPPED


@pytest.mark.requirement("CRQ-7")
def test_overlay(connected: Build) -> None:
    machine = connected(10, 50)
    fill_client(machine)
    machine.crash(100)
    assert machine.servers[1].send(INIT) == Rc.H_DROPPED  # connected, but there is no room
    assert machine.client.consume() == SENT[0]
    assert machine.servers[1].send(INIT) == Rc.H_SUCCESS
    assert machine.client.drain() == [*SENT[1:-1], FAILOVER, INIT]


@pytest.mark.requirement("CRQ-7", "FOV-3")
def test_overlay_merges_failovers(connected: Build) -> None:
    machine = connected(10, 50, 60)
    fill_client(machine)
    machine.crash(100)
    machine.crash(101)
    assert machine.client.drain() == [*SENT[:-1], FAILOVER]


@pytest.mark.requirement("CRQ-7")
@pytest.mark.parametrize("migrate_first", [True, False])
def test_migration_and_failover_in_one_element_become_a_migration(connected: Build, migrate_first: bool) -> None:
    machine = connected(10, 50)
    fill_client(machine)
    if migrate_first:
        machine.migrate()
        machine.console.activate(1)
        machine.crash(101)
    else:
        machine.crash(100)
        machine.migrate()
    assert machine.client.drain() == [*SENT[:-1], MIGRATED]


@pytest.mark.requirement("CRQ-7")
def test_defer(connected: Build) -> None:
    machine = connected(10, 50, event_full="defer")
    fill_client(machine)
    machine.crash(100)
    assert machine.servers[1].send(INIT) == Rc.H_CLOSED  # unconnected until the event is stored
    assert machine.client.send(INIT) == Rc.H_CLOSED
    info = machine.servers[1].server_info(0x8000)
    assert not isinstance(info, int)
    assert info.active == 0
    assert machine.client.consume() == SENT[0]
    assert machine.client.send(INIT) == Rc.H_SUCCESS
    assert machine.client.drain() == [*SENT[1:], FAILOVER]


def test_defer_merges_and_migration_dominates(connected: Build) -> None:
    machine = connected(10, 50, 60, event_full="defer")
    fill_client(machine)
    machine.crash(100)
    machine.crash(101)
    machine.migrate()
    assert machine.client.enable_crq() == Rc.H_SUCCESS
    assert machine.client.send(INIT) == Rc.H_CLOSED
    assert machine.client.drain() == [*SENT, MIGRATED]
    assert machine.client.send(INIT) == Rc.H_SUCCESS


def test_what_is_owed_dies_with_the_registration(connected: Build) -> None:
    machine = connected(10, 50, event_full="defer")
    fill_client(machine)
    machine.crash(100)
    machine.client.free_crq()
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    assert machine.client.elements() == []


@pytest.mark.parametrize("event_full", ["overlay", "defer"])
@pytest.mark.parametrize("how", ["free", "crash"])
def test_events_to_servers_always_overlay(connected: Build, event_full: str, how: str) -> None:
    machine = connected(10, event_full=event_full)
    assert [machine.client.send(data) for data in SENT] == [Rc.H_SUCCESS] * DEPTH
    if how == "free":
        machine.client.free_crq()
        event = DEREGISTERED
    else:
        machine.crash(CLIENT_PARTITION)
        event = event_element(Event.PARTNER_FAILED)
    assert machine.servers[0].drain() == [*SENT[:-1], event]


def test_a_held_server_with_a_full_queue_holds_until_it_has_read_all(connected: Build) -> None:
    machine = connected(10)
    for data in SENT:
        machine.client.send(data)
    machine.client.free_crq()
    assert machine.client.reg_crq() == Rc.H_CLOSED
    for _ in range(DEPTH - 1):
        machine.servers[0].consume()
        assert machine.client.send(INIT) == Rc.H_CLOSED
    assert machine.servers[0].consume() == DEREGISTERED
    assert machine.client.send(INIT) == Rc.H_SUCCESS
    assert machine.servers[0].drain() == [INIT]
