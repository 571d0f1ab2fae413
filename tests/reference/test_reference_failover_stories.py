"""Failover told from outside: what calls answer, what queues hold, what the listing shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine
from vnic_reference.machine import CLIENT_PARTITION
from vnic_spec.vocabulary import Crq, Status
from vnic_spec.wire import INIT, INIT_COMPLETE, Event, Rc, ServerInfo, event_element

Build = Callable[..., Machine]

FAILOVER = event_element(Event.DEVICE_FAILOVER)
DEREGISTERED = event_element(Event.PARTNER_DEREGISTERED)
FAILED = event_element(Event.PARTNER_FAILED)


def selected(machine: Machine) -> int | None:
    return machine.console.listing().selected


def statuses(machine: Machine) -> list[Status]:
    return [row.status for row in machine.console.listing().servers]


def keep_reporting(machine: Machine, *indexes: int) -> None:
    for index in indexes:
        assert machine.servers[index].report(interval_ms=1000) == Rc.H_SUCCESS


# -- opening (SEL-2, SEL-6) ------------------------------------------------------------------------------------------


@pytest.mark.requirement("SEL-2")
def test_first_open_selects_the_best_server(start: Build) -> None:
    machine = start(50, 10, 30)
    assert selected(machine) is None
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    assert selected(machine) == 1
    assert machine.client.send(INIT) == Rc.H_SUCCESS
    assert machine.servers[1].drain() == [INIT]
    assert machine.servers[1].send(INIT_COMPLETE) == Rc.H_SUCCESS
    assert machine.client.drain() == [INIT_COMPLETE]
    assert machine.servers[1].server_info(0x8000) == ServerInfo(1, 1, 1, 10)
    assert machine.servers[0].server_info(0x8000) == ServerInfo(1, 0, 1, 50)


@pytest.mark.requirement("SEL-6")
def test_first_open_without_a_server_and_the_first_one_that_comes(start: Build) -> None:
    machine = start(10, 50, ready=[])
    machine.console.set_auto(False)
    assert machine.client.reg_crq() == Rc.H_CLOSED
    assert machine.client.send(INIT) == Rc.H_CLOSED
    machine.servers[1].reg_crq()
    assert selected(machine) is None  # MON-6: registered, but POWERED_OFF until it reports
    machine.servers[1].report()
    assert selected(machine) == 1
    assert machine.client.elements() == []  # a connect is no switch
    assert machine.servers[1].send(INIT) == Rc.H_SUCCESS


# -- the ways to fail (FOV-1, MON-2, MON-3, MON-4) -------------------------------------------------------------------


def crash(machine: Machine) -> None:
    assert machine.crash(100)


def link_down(machine: Machine) -> None:
    machine.servers[0].report(Status.LINK_DOWN.value)


def adapter_error(machine: Machine) -> None:
    machine.servers[0].report(Status.ADAPTER_ERROR.value)


def deregister(machine: Machine) -> None:
    machine.servers[0].free_crq()


def silence(machine: Machine) -> None:
    machine.advance(2999)
    keep_reporting(machine, 1)
    machine.advance(1)
    assert selected(machine) == 0  # grace × interval has not been exceeded yet
    machine.advance(1)


@pytest.mark.requirement("FOV-2", "FOV-3", "FOV-4")
@pytest.mark.parametrize(
    ("fail", "status", "told"),
    [
        (crash, Status.POWERED_OFF, []),
        (link_down, Status.LINK_DOWN, [DEREGISTERED]),
        (adapter_error, Status.ADAPTER_ERROR, [DEREGISTERED]),
        (deregister, Status.POWERED_OFF, []),
        (silence, Status.UNRESPONSIVE, [DEREGISTERED]),
    ],
)
def test_failover(connected: Build, fail: Callable[[Machine], None], status: Status, told: list[bytes]) -> None:
    """FOV-2, FOV-3, FOV-4, FOV-5: one event, the queue stays, the new server can speak at once."""
    machine = connected(10, 50)
    machine.servers[0].send(INIT)
    fail(machine)
    assert selected(machine) == 1
    assert statuses(machine)[0] is status
    assert machine.servers[0].drain() == told
    assert machine.servers[0].send(INIT) in (Rc.H_CLOSED, Rc.H_PRIVILEGE)
    assert machine.servers[1].server_info(0x8000) == ServerInfo(1, 1, 1, 50)
    assert machine.servers[1].send(INIT) == Rc.H_SUCCESS
    assert machine.client.drain() == [INIT, FAILOVER, INIT]
    assert machine.client.send(INIT_COMPLETE) == Rc.H_SUCCESS
    assert machine.servers[1].drain() == [INIT_COMPLETE]


@pytest.mark.requirement("FOV-1")
def test_a_standby_that_fails_disturbs_nobody(connected: Build) -> None:
    machine = connected(10, 50)
    machine.servers[1].report(Status.LINK_DOWN.value)
    machine.crash(101)
    assert machine.client.elements() == machine.servers[0].elements() == []
    assert selected(machine) == 0


@pytest.mark.requirement("SEL-6", "FOV-6")
def test_nobody_left_and_the_first_one_back(connected: Build) -> None:
    """FOV-6, SEL-6."""
    machine = connected(10, 50)
    machine.console.set_auto(False)
    machine.crash(100)
    machine.crash(101)
    assert machine.client.drain() == [FAILOVER, FAILOVER]
    assert selected(machine) is None
    assert machine.client.send(INIT) == Rc.H_CLOSED
    machine.power_on(101)
    machine.servers[1].reg_crq()
    machine.servers[1].report()
    assert selected(machine) == 1
    assert machine.client.elements() == []
    assert machine.servers[1].send(INIT) == Rc.H_SUCCESS


# -- simultaneous failures (MON-2) -----------------------------------------------------------------------------------


@pytest.mark.requirement("FOV-8")
def test_two_failures_at_one_clock_step_make_one_switch(connected: Build) -> None:
    machine = connected(10, 20, 50)
    keep_reporting(machine, 0, 1)
    machine.advance(1000)
    keep_reporting(machine, 2)
    machine.advance(2001)
    assert statuses(machine) == [Status.UNRESPONSIVE, Status.UNRESPONSIVE, Status.OPERATIONAL]
    assert selected(machine) == 2
    assert machine.client.drain() == [FAILOVER]


@pytest.mark.requirement("MON-3")
def test_two_partitions_off_at_one_instant_make_one_switch(connected: Build) -> None:
    machine = connected(10, 20, 50)
    machine.crash(100, 101)
    assert selected(machine) == 2
    assert machine.client.drain() == [FAILOVER]


@pytest.mark.requirement("MON-2")
def test_failures_at_different_times_within_one_advance_are_processed_in_order(connected: Build) -> None:
    machine = connected(10, 20, 50)
    machine.advance(1)
    keep_reporting(machine, 1)
    machine.advance(1)
    machine.servers[2].report(interval_ms=1_000_000)
    machine.advance(10_000)
    assert selected(machine) == 2
    assert machine.client.drain() == [FAILOVER, FAILOVER]


@pytest.mark.requirement("MON-2")
def test_silence_of_all_at_once(connected: Build) -> None:
    machine = connected(10, 50)
    machine.advance(10_000_000)
    assert statuses(machine) == [Status.UNRESPONSIVE] * 2
    assert machine.client.drain() == [FAILOVER]
    assert selected(machine) is None
    keep_reporting(machine, 1)
    assert selected(machine) == 1
    keep_reporting(machine, 0)
    assert selected(machine) == 0


@pytest.mark.requirement("MON-2")
@pytest.mark.parametrize("grace", [1, 2, 3, 7])
def test_grace(connected: Build, grace: int) -> None:
    machine = connected(10, grace=grace)
    machine.advance(grace * 1000)
    assert statuses(machine) == [Status.OPERATIONAL]
    machine.advance(1)
    assert statuses(machine) == [Status.UNRESPONSIVE]


# -- the client leaves and comes back (SEL-7, SEL-8, CRQ-4) ----------------------------------------------------------


@pytest.mark.requirement("SEL-7")
def test_client_reboot_ends_the_selection(connected: Build) -> None:
    machine = connected(10, 50)
    machine.console.set_auto(False)
    machine.console.activate(1)
    machine.servers[0].drain()
    machine.crash(CLIENT_PARTITION)
    assert machine.servers[1].drain() == [FAILED]
    listing = machine.console.listing()
    assert (listing.selected, listing.pinned, listing.client_crq) == (None, False, Crq.CLOSED)
    machine.power_on(CLIENT_PARTITION)
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    assert selected(machine) == 0
    assert machine.client.elements() == []


def test_nothing_fills_the_selection_while_the_client_is_off(connected: Build) -> None:
    machine = connected(10, 50)
    machine.power_off(CLIENT_PARTITION)
    keep_reporting(machine, 0, 1)
    machine.console.set_auto(True)
    assert selected(machine) is None


@pytest.mark.requirement("SEL-7", "SRV-2")
def test_free_and_register_keep_the_selection_with_auto_off(connected: Build) -> None:
    machine = connected(10, 50)
    machine.console.set_auto(False)
    machine.servers[0].report(Status.LINK_DOWN.value)
    machine.servers[0].drain()
    keep_reporting(machine, 0)
    assert selected(machine) == 1
    machine.client.free_crq()
    machine.servers[1].drain()
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    assert selected(machine) == 1


@pytest.mark.requirement("SEL-7")
def test_reopen_reselect_takes_the_best_again(connected: Build) -> None:
    machine = connected(10, 50, reopen="reselect")
    machine.console.set_auto(False)
    machine.console.activate(1)
    machine.servers[0].drain()
    machine.client.free_crq()
    assert machine.console.listing().pinned
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    assert selected(machine) == 0
    assert not machine.console.listing().pinned
    assert machine.client.elements() == []


def test_free_and_register_during_a_switch(connected: Build) -> None:
    """The registration that the switch asks for does not undo it, nor does a second event come."""
    machine = connected(10, 50)
    machine.console.activate(1)
    assert machine.client.consume() == FAILOVER
    assert machine.servers[1].send(INIT) == Rc.H_SUCCESS
    assert machine.client.consume() == INIT
    machine.client.free_crq()
    assert machine.client.reg_crq() == Rc.H_CLOSED  # CRQ-13: server 1 has not read that the client left
    assert machine.servers[1].drain() == [DEREGISTERED]
    assert machine.client.send(INIT) == Rc.H_SUCCESS
    assert selected(machine) == 1
    assert machine.client.elements() == []


@pytest.mark.requirement("SEL-8")
def test_crash_of_the_selected_server_between_free_and_register(connected: Build) -> None:
    """SEL-8: the selection moves silently while the CRQ is closed."""
    machine = connected(10, 50)
    machine.client.free_crq()
    machine.crash(100)
    assert selected(machine) == 1
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    assert machine.client.elements() == []
    assert machine.servers[1].elements() == []


@pytest.mark.requirement("SEL-8")
def test_selection_empties_and_fills_while_the_crq_is_closed(connected: Build) -> None:
    machine = connected(10, 50)
    machine.client.free_crq()
    machine.crash(100, 101)
    assert selected(machine) is None
    machine.power_on(101)
    machine.servers[1].reg_crq()
    keep_reporting(machine, 1)
    assert selected(machine) == 1
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    assert machine.client.elements() == []


# -- recovery (MON-4, MON-6) -----------------------------------------------------------------------------------------


@pytest.mark.requirement("SEL-3", "MON-6")
def test_re_registration_alone_brings_nothing_back(connected: Build) -> None:
    machine = connected(10)
    machine.servers[0].free_crq()
    machine.servers[0].reg_crq()
    assert statuses(machine) == [Status.POWERED_OFF]
    assert machine.client.send(INIT) == Rc.H_CLOSED
    machine.advance(1 << 40)  # before the first report no report is awaited
    assert statuses(machine) == [Status.POWERED_OFF]
    keep_reporting(machine, 0)
    assert machine.client.send(INIT) == Rc.H_SUCCESS
