"""Migration of the client's partition (CRQ-8)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine
from vnic_reference.machine import CLIENT_PARTITION
from vnic_spec.vocabulary import Crq
from vnic_spec.wire import INIT, Event, Rc, Vioctl, event_element

Build = Callable[..., Machine]
FAILOVER = event_element(Event.DEVICE_FAILOVER)
MIGRATED = event_element(Event.MIGRATED)
DEREGISTERED = event_element(Event.PARTNER_DEREGISTERED)


def selected(machine: Machine) -> int | None:
    return machine.console.listing().selected


@pytest.mark.requirement("CRQ-8")
def test_migration(connected: Build) -> None:
    machine = connected(10, 50)
    machine.servers[0].send(INIT)
    _, token = machine.client.vioctl(Vioctl.GET_SESSION_TOKEN)
    assert machine.migrate()
    listing = machine.console.listing()
    assert (listing.client_crq, listing.selected) == (Crq.DISABLED, None)
    assert machine.servers[0].drain() == [DEREGISTERED]
    assert machine.client.send(INIT) == Rc.H_CLOSED
    assert machine.servers[0].send(INIT) == Rc.H_CLOSED
    assert machine.client.enable_crq() == Rc.H_SUCCESS
    # Contents and position are kept.
    assert machine.client.drain() == [INIT, MIGRATED]
    assert machine.client.send(INIT) == Rc.H_SUCCESS
    assert machine.servers[0].drain() == [INIT]
    assert machine.client.vioctl(Vioctl.SESSION_ERROR_DETECTED, token) == (Rc.H_STATE,)


@pytest.mark.requirement("CRQ-8")
def test_enabling_selects_afresh(connected: Build) -> None:
    machine = connected(10, 50)
    machine.console.activate(1)
    machine.client.drain()
    machine.servers[0].drain()
    machine.migrate()
    assert not machine.console.listing().pinned
    machine.client.enable_crq()
    assert selected(machine) == 0
    assert machine.client.drain() == [MIGRATED]


def test_migration_during_a_failover_without_successor(connected: Build) -> None:
    machine = connected(10, 50)
    machine.crash(100, 101)
    machine.migrate()
    machine.power_on(101)
    machine.servers[1].reg_crq()
    machine.servers[1].report()
    assert selected(machine) is None  # no selection stands until the CRQ is enabled
    assert machine.client.enable_crq() == Rc.H_SUCCESS
    assert selected(machine) == 1
    assert machine.client.drain() == [FAILOVER, MIGRATED]
    assert machine.client.send(INIT) == Rc.H_SUCCESS


def test_migration_between_the_event_and_the_new_servers_init(connected: Build) -> None:
    machine = connected(10, 50)
    machine.console.activate(1)
    machine.migrate()
    assert machine.servers[1].drain() == [DEREGISTERED]
    assert machine.client.drain() == [FAILOVER, MIGRATED]
    machine.servers[0].drain()
    machine.client.enable_crq()
    assert machine.client.send(INIT) == Rc.H_SUCCESS


def test_failures_while_disabled_are_silent_unless_a_manual_choice_stands(connected: Build) -> None:
    machine = connected(10, 50)
    machine.migrate()
    machine.crash(100)
    assert machine.client.drain() == [MIGRATED]
    machine.console.activate(1)
    assert machine.client.elements() == []
    machine.crash(101)
    assert machine.client.drain() == [FAILOVER]


def test_a_manual_choice_does_not_connect_a_disabled_crq(connected: Build) -> None:
    machine = connected(10, 50)
    machine.migrate()
    assert machine.console.activate(1).ok
    assert machine.client.send(INIT) == Rc.H_CLOSED
    assert machine.servers[1].send(INIT) == Rc.H_CLOSED
    machine.client.enable_crq()
    assert selected(machine) == 1
    assert machine.console.listing().pinned
    assert machine.servers[1].send(INIT) == Rc.H_SUCCESS


def test_freeing_a_disabled_crq_is_a_normal_close(connected: Build) -> None:
    machine = connected(10)
    machine.migrate()
    machine.servers[0].drain()
    assert machine.client.free_crq() == Rc.H_SUCCESS
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    assert machine.client.elements() == []


def test_migration_with_a_closed_crq_ends_the_selection(connected: Build) -> None:
    machine = connected(10, 50)
    machine.console.activate(1)
    machine.client.free_crq()
    machine.servers[0].drain()
    machine.migrate()
    assert machine.console.listing().client_crq is Crq.CLOSED
    assert selected(machine) is None
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    assert selected(machine) == 0


def test_a_partition_that_is_off_does_not_migrate(connected: Build) -> None:
    machine = connected(10)
    machine.power_off(CLIENT_PARTITION)
    assert not machine.migrate()


def test_a_held_server_is_not_told_again_by_migration(connected: Build) -> None:
    machine = connected(10)
    machine.client.free_crq()
    machine.client.reg_crq()
    machine.migrate()
    assert machine.servers[0].drain() == [DEREGISTERED]
