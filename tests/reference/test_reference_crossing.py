"""No crossing of sessions: hold, its limit, and the gap (CRQ-13)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine, Refusal
from vnic_reference.interrupts import Interrupt
from vnic_reference.queues import Queue
from vnic_spec.vocabulary import Status
from vnic_spec.wire import (
    ELEMENT_BYTES,
    ELEMENTS_PER_PAGE,
    INIT,
    INIT_COMPLETE,
    PAGE_BYTES,
    Event,
    Hcall,
    Rc,
    Vioctl,
    event_element,
)

Build = Callable[..., Machine]
FAILOVER = event_element(Event.DEVICE_FAILOVER)
DEREGISTERED = event_element(Event.PARTNER_DEREGISTERED)


def selected(machine: Machine) -> int | None:
    return machine.console.listing().selected


def status(machine: Machine, index: int) -> Status:
    return machine.console.listing().servers[index].status


def reopen(machine: Machine) -> int:
    machine.client.free_crq()
    return machine.client.reg_crq()


@pytest.mark.requirement("CRQ-13")
def test_an_answer_to_the_old_init_cannot_reach_the_new_registration(connected: Build) -> None:
    machine = connected(10)
    machine.client.send(INIT)
    assert reopen(machine) == Rc.H_CLOSED
    assert machine.servers[0].consume() == INIT
    assert machine.servers[0].send(INIT_COMPLETE) == Rc.H_CLOSED
    assert machine.client.send(INIT) == Rc.H_CLOSED
    assert machine.client.vioctl(Vioctl.GET_SESSION_TOKEN) == (Rc.H_STATE,)
    assert machine.servers[0].consume() == DEREGISTERED
    assert machine.client.send(INIT) == Rc.H_SUCCESS
    assert machine.servers[0].send(INIT_COMPLETE) == Rc.H_SUCCESS
    assert machine.client.drain() == [INIT_COMPLETE]


@pytest.mark.requirement("CRQ-13")
def test_the_hold_applies_when_a_server_is_selected_again(connected: Build) -> None:
    machine = connected(10, 50)
    machine.console.activate(1)
    machine.console.activate(0)
    assert selected(machine) == 0
    assert machine.servers[0].send(INIT) == Rc.H_CLOSED
    assert machine.servers[0].drain() == [DEREGISTERED]
    assert machine.servers[0].send(INIT) == Rc.H_SUCCESS
    assert machine.client.drain() == [FAILOVER, FAILOVER, INIT]


def test_re_registration_of_the_server_ends_the_hold(connected: Build) -> None:
    machine = connected(10)
    reopen(machine)
    machine.servers[0].free_crq()
    machine.servers[0].reg_crq()
    machine.servers[0].report()
    assert machine.servers[0].send(INIT) == Rc.H_SUCCESS


def test_a_held_server_that_is_left_is_not_told_again(connected: Build) -> None:
    machine = connected(10, 50)
    reopen(machine)
    machine.console.activate(1)
    assert machine.servers[0].drain() == [DEREGISTERED]
    assert machine.client.drain() == [FAILOVER]


@pytest.mark.requirement("CRQ-13")
def test_a_server_that_holds_the_client_too_long_is_unresponsive_until_it_has_read(connected: Build) -> None:
    machine = connected(10, 50, hold_limit_ms=100)
    reopen(machine)
    machine.advance(100)
    assert selected(machine) == 0
    machine.advance(1)
    assert selected(machine) == 1
    assert status(machine, 0) is Status.UNRESPONSIVE
    machine.servers[0].report()
    assert status(machine, 0) is Status.UNRESPONSIVE
    assert machine.console.activate(0).refusal is Refusal.NOT_ELIGIBLE
    assert machine.client.drain() == [FAILOVER]
    machine.servers[0].drain()
    assert status(machine, 0) is Status.OPERATIONAL
    assert selected(machine) == 0  # auto is on


def test_the_default_limit_is_the_report_interval_times_grace(connected: Build) -> None:
    machine = connected(10, 50, grace=2)
    reopen(machine)
    for _ in range(4):
        machine.advance(500)
        machine.servers[0].report()
        machine.servers[1].report()
    assert selected(machine) == 0
    machine.advance(1)
    assert selected(machine) == 1


def test_the_limit_does_not_run_while_the_crq_is_closed(connected: Build) -> None:
    machine = connected(10, 50, hold_limit_ms=100)
    machine.client.free_crq()
    machine.advance(1000)
    assert selected(machine) == 0
    machine.client.reg_crq()
    machine.advance(100)
    assert selected(machine) == 0
    machine.advance(1)
    assert selected(machine) == 1


def test_the_hypervisor_looks_at_every_call(connected: Build) -> None:
    """The owner may clear a header in any way, here by a copy within its own memory."""
    machine = connected(10)
    reopen(machine)
    server = machine.servers[0]
    own = server.unit.window.liobn
    assert server.elements() == [DEREGISTERED]
    assert server.hcall(Hcall.H_COPY_RDMA, 1, own, 0x20000, own, 0) == (Rc.H_SUCCESS,)
    assert machine.client.send(INIT) == Rc.H_SUCCESS


def test_an_overdue_server_that_is_removed_and_added_again_starts_as_powered_off(connected: Build) -> None:
    machine = connected(10, 50, hold_limit_ms=100)
    reopen(machine)
    machine.advance(101)
    assert status(machine, 0) is Status.UNRESPONSIVE
    machine.console.remove(0)
    machine.console.add("sriov//100/0/0/2.0/10")
    assert machine.console.listing().servers[1].status is Status.POWERED_OFF


def test_the_limit_starts_anew_with_another_held_server(connected: Build) -> None:
    machine = connected(10, 50, hold_limit_ms=100)
    machine.console.activate(1)
    machine.console.activate(0)  # held: it has not read that it was fenced; the same holds for server 1 from here on
    machine.advance(60)
    machine.console.activate(1)
    machine.advance(100)
    assert selected(machine) == 1
    machine.advance(1)
    assert selected(machine) == 0


def test_an_event_that_was_read_does_not_count_when_its_slot_is_used_again() -> None:
    view = bytearray(PAGE_BYTES)
    queue = Queue([view], ELEMENT_BYTES, Interrupt(1))
    queue.put_event(Event.PARTNER_DEREGISTERED)
    view[0] = 0
    for _ in range(ELEMENTS_PER_PAGE):
        assert queue.put(0x80 << 56, 0)
    assert not queue.put(0x80 << 56, 0)
    assert not queue.event_unread()


def test_an_overdue_only_server_comes_back_when_it_has_read(connected: Build) -> None:
    machine = connected(10, hold_limit_ms=100)
    reopen(machine)
    machine.advance(101)
    assert selected(machine) is None
    assert machine.client.drain() == [FAILOVER]
    machine.servers[0].drain()
    assert selected(machine) == 0
    assert machine.client.send(INIT) == Rc.H_SUCCESS


@pytest.mark.requirement("CRQ-13")
def test_gap(connected: Build) -> None:
    machine = connected(10, crossing="gap", gap_ms=50)
    assert reopen(machine) == Rc.H_CLOSED
    machine.advance(49)
    assert machine.client.send(INIT) == Rc.H_CLOSED
    machine.servers[0].drain()  # reading does not shorten a gap
    assert machine.client.send(INIT) == Rc.H_CLOSED
    machine.advance(1)
    assert machine.client.send(INIT) == Rc.H_SUCCESS


def test_a_gap_ends_although_the_event_is_unread(connected: Build) -> None:
    machine = connected(10, crossing="gap", gap_ms=50)
    reopen(machine)
    machine.advance(50)
    assert machine.client.send(INIT) == Rc.H_SUCCESS
    assert machine.servers[0].drain() == [DEREGISTERED, INIT]


def test_re_registration_of_the_server_ends_the_gap(connected: Build) -> None:
    machine = connected(10, crossing="gap", gap_ms=50)
    reopen(machine)
    machine.servers[0].free_crq()
    machine.servers[0].reg_crq()
    machine.servers[0].report()
    assert machine.client.send(INIT) == Rc.H_SUCCESS


def test_a_gap_of_nothing(connected: Build) -> None:
    machine = connected(10, crossing="gap")
    assert reopen(machine) == Rc.H_SUCCESS
