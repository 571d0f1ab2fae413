"""The client complains about its server (SES, MON-4, MON-5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine, Refusal
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Event, Rc, Vioctl, event_element

Build = Callable[..., Machine]
FAILOVER = event_element(Event.DEVICE_FAILOVER)


def token(machine: Machine) -> int:
    rc, value = machine.client.vioctl(Vioctl.GET_SESSION_TOKEN)
    assert rc == Rc.H_SUCCESS
    return value


def complain(machine: Machine, value: int, p2: int = 0, p3: int = 0) -> int:
    return machine.client.vioctl(Vioctl.SESSION_ERROR_DETECTED, value, p2, p3)[0]


def selected(machine: Machine) -> int | None:
    return machine.console.listing().selected


def statuses(machine: Machine) -> list[Status]:
    return [row.status for row in machine.console.listing().servers]


@pytest.mark.requirement("SES-3")
def test_a_valid_complaint_is_a_failover_that_preemption_does_not_undo(connected: Build) -> None:
    machine = connected(10, 50)
    assert complain(machine, token(machine)) == Rc.H_SUCCESS
    assert selected(machine) == 1
    assert statuses(machine) == [Status.NETWORK_ERROR, Status.OPERATIONAL]
    assert machine.client.drain() == [FAILOVER]
    machine.servers[0].report()  # OPERATIONAL over OPERATIONAL is no change (MON-4)
    assert selected(machine) == 1


@pytest.mark.requirement("SES-1")
def test_the_token_is_the_same_throughout_a_session_and_good_for_it_alone(connected: Build) -> None:
    machine = connected(10, 50)
    first = token(machine)
    machine.advance(100)
    assert token(machine) == first
    machine.client.free_crq()
    machine.servers[0].drain()
    machine.client.reg_crq()
    assert token(machine) != first
    assert complain(machine, first) == Rc.H_STATE
    assert selected(machine) == 0
    assert machine.client.elements() == []


@pytest.mark.requirement("SES-2")
def test_a_complaint_repeated_after_the_failover_is_stale(connected: Build) -> None:
    machine = connected(10, 20, 50)
    value = token(machine)
    assert complain(machine, value) == Rc.H_SUCCESS
    assert complain(machine, value) == Rc.H_STATE
    assert selected(machine) == 1
    assert machine.client.drain() == [FAILOVER]


@pytest.mark.requirement("SES-1")
def test_no_session_no_token(start: Build) -> None:
    machine = start(10)
    assert machine.client.vioctl(Vioctl.GET_SESSION_TOKEN) == (Rc.H_STATE,)
    assert complain(machine, 0) == Rc.H_STATE


@pytest.mark.requirement("SES-2")
def test_unused_parameters_come_first(connected: Build) -> None:
    machine = connected(10, 50)
    assert complain(machine, 12345, p2=1) == Rc.H_PARAMETER
    assert complain(machine, token(machine), p3=1) == Rc.H_PARAMETER
    assert machine.client.vioctl(Vioctl.GET_SESSION_TOKEN, 1) == (Rc.H_PARAMETER,)
    assert complain(machine, 12345) == Rc.H_STATE


@pytest.mark.requirement("SES-2")
@pytest.mark.parametrize("order", ["check_first", "lopar"])
def test_with_one_server_it_is_refused_and_changes_nothing(connected: Build, order: str) -> None:
    machine = connected(10, complaint_order=order)
    value = token(machine)
    assert complain(machine, value) == Rc.H_CONSTRAINED
    assert statuses(machine) == [Status.OPERATIONAL]
    assert token(machine) == value
    assert machine.client.elements() == []


@pytest.mark.requirement("SES-2")
def test_two_complaints_with_two_servers_check_first(connected: Build) -> None:
    machine = connected(10, 50)
    assert complain(machine, token(machine)) == Rc.H_SUCCESS
    machine.servers[0].drain()
    assert complain(machine, token(machine)) == Rc.H_CONSTRAINED
    assert statuses(machine) == [Status.NETWORK_ERROR, Status.OPERATIONAL]
    assert selected(machine) == 1
    assert machine.client.drain() == [FAILOVER]


@pytest.mark.requirement("SES-2")
def test_two_complaints_with_two_servers_lopar(connected: Build) -> None:
    """Setting the flag first leaves nobody eligible, so MON-5 clears both and priority decides again."""
    machine = connected(10, 50, complaint_order="lopar")
    assert complain(machine, token(machine)) == Rc.H_SUCCESS
    machine.servers[0].drain()
    assert complain(machine, token(machine)) == Rc.H_CONSTRAINED
    assert statuses(machine) == [Status.OPERATIONAL, Status.OPERATIONAL]
    assert selected(machine) == 0
    assert machine.client.drain() == [FAILOVER, FAILOVER]


@pytest.mark.requirement("MON-5")
def test_last_resort(connected: Build) -> None:
    """MON-5: the server complained about serves again when the other one fails."""
    machine = connected(10, 50)
    complain(machine, token(machine))
    machine.servers[0].drain()
    machine.crash(101)
    assert selected(machine) == 0
    assert statuses(machine) == [Status.OPERATIONAL, Status.POWERED_OFF]
    assert machine.client.drain() == [FAILOVER, FAILOVER]


def clear_by_report(machine: Machine) -> None:
    machine.servers[0].report(Status.LINK_DOWN.value)
    machine.servers[0].report()


def clear_by_registration(machine: Machine) -> None:
    machine.servers[0].free_crq()
    machine.servers[0].reg_crq()
    machine.servers[0].report()


def clear_by_activation(machine: Machine) -> None:
    assert machine.console.activate(0).ok


@pytest.mark.requirement("MON-4")
@pytest.mark.parametrize("clear", [clear_by_report, clear_by_registration, clear_by_activation])
def test_what_clears_a_complaint(connected: Build, clear: Callable[[Machine], None]) -> None:
    machine = connected(10, 50)
    complain(machine, token(machine))
    clear(machine)
    assert statuses(machine)[0] is Status.OPERATIONAL
    assert selected(machine) == 0


def test_a_complaint_beside_another_fault_does_not_make_a_target(connected: Build) -> None:
    machine = connected(10, 50)
    complain(machine, token(machine))
    machine.servers[0].report(Status.LINK_DOWN.value)
    assert statuses(machine)[0] is Status.LINK_DOWN
    assert machine.console.activate(0).refusal is Refusal.NOT_ELIGIBLE


def test_a_complaint_about_a_pinned_server_ends_the_pin(connected: Build) -> None:
    machine = connected(10, 50)
    machine.console.activate(1)
    machine.servers[0].drain()
    assert complain(machine, token(machine)) == Rc.H_SUCCESS
    assert selected(machine) == 0
    assert not machine.console.listing().pinned
