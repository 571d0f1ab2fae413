"""Priorities, ties, preemption, pins, and edits of the list at run time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine, Refusal
from vnic_spec.vocabulary import Status
from vnic_spec.wire import INIT, Event, Rc, event_element

Build = Callable[..., Machine]
FAILOVER = event_element(Event.DEVICE_FAILOVER)
DEREGISTERED = event_element(Event.PARTNER_DEREGISTERED)


def selected(machine: Machine) -> int | None:
    return machine.console.listing().selected


def pinned(machine: Machine) -> bool:
    return machine.console.listing().pinned


def fail(machine: Machine, index: int) -> None:
    machine.servers[index].report(Status.LINK_DOWN.value)
    machine.servers[index].drain()


def recover(machine: Machine, index: int) -> None:
    machine.servers[index].report()


class TestPreemption:
    """FOV-1, FOV-7, SEL-5."""

    def test_a_recovered_better_server_takes_over_with_auto_on(self, connected: Build) -> None:
        machine = connected(10, 50)
        fail(machine, 0)
        assert machine.client.drain() == [FAILOVER]
        recover(machine, 0)
        assert selected(machine) == 0
        assert machine.client.drain() == [FAILOVER]
        assert machine.servers[1].drain() == [DEREGISTERED]

    @pytest.mark.requirement("FOV-1", "FOV-7")
    def test_and_not_with_auto_off(self, connected: Build) -> None:
        machine = connected(10, 50)
        machine.console.set_auto(False)
        fail(machine, 0)
        recover(machine, 0)
        assert selected(machine) == 1
        machine.console.set_auto(True)
        assert selected(machine) == 0
        assert machine.client.drain() == [FAILOVER, FAILOVER]

    @pytest.mark.requirement("SEL-5", "FOV-7")
    def test_an_equal_server_does_not_preempt(self, connected: Build) -> None:
        machine = connected(50, 50)
        fail(machine, 0)
        recover(machine, 0)
        assert selected(machine) == 1

    @pytest.mark.requirement("SEL-4")
    def test_priorities_are_numbers(self, connected: Build) -> None:
        assert selected(connected(100, 9)) == 1

    @pytest.mark.requirement("ADM-4")
    def test_priority_change_selects_at_once_and_only_with_auto(self, connected: Build) -> None:
        """ADM-4."""
        machine = connected(10, 50)
        machine.console.set_auto(False)
        assert machine.console.set_priority(1, 1).ok
        assert selected(machine) == 0
        machine.console.set_auto(True)
        assert selected(machine) == 1
        machine.console.set_priority(1, 100)
        assert selected(machine) == 0
        assert machine.client.drain() == [FAILOVER] * 2

    def test_delay(self, connected: Build) -> None:
        """MON-5's damping: from the moment a better server exists; restarts if it ceases to."""
        machine = connected(10, 50, preempt_delay_ms=500)
        fail(machine, 0)
        recover(machine, 0)
        machine.advance(499)
        assert selected(machine) == 1
        fail(machine, 0)
        recover(machine, 0)
        machine.advance(499)
        assert selected(machine) == 1
        machine.advance(1)
        assert selected(machine) == 0

    @pytest.mark.requirement("MON-5")
    def test_delay_never_keeps_the_client_without_a_server(self, connected: Build) -> None:
        machine = connected(10, 50, preempt_delay_ms=500)
        fail(machine, 0)
        recover(machine, 0)
        fail(machine, 1)
        assert selected(machine) == 0

    def test_delay_does_not_hold_back_the_administrator(self, connected: Build) -> None:
        machine = connected(10, 50, preempt_delay_ms=500)
        machine.console.set_priority(1, 5)
        assert selected(machine) == 1


class TestTies:
    """SEL-5. Servers 0 to 2 are added in this order on ports 2, 1, 0."""

    @pytest.mark.requirement("SEL-5", "FOV-5")
    @pytest.mark.parametrize(
        ("tie_break", "winner"), [("oldest", {1}), ("newest", {2}), ("port", {2}), ("any", {1, 2})]
    )
    def test_successor(self, tie_break: str, winner: set[int], start: Build) -> None:
        machine = start(10, 50, 50, tie_break=tie_break)
        machine.console.remove(1)
        machine.console.remove(2)
        machine.console.add("sriov//101/0/9/2.0/50")
        machine.console.add("sriov//102/0/8/2.0/50")
        recover(machine, 1)
        recover(machine, 2)
        machine.client.reg_crq()
        fail(machine, 0)
        assert selected(machine) in winner

    def test_a_server_added_again_is_the_newest(self, start: Build) -> None:
        machine = start(10, 50, 50)
        machine.console.remove(1)
        machine.console.add("sriov//101/0/1/2.0/50")
        recover(machine, 1)
        machine.client.reg_crq()
        fail(machine, 0)
        assert selected(machine) == 2

    def test_any_moves_on(self, connected: Build) -> None:
        machine = connected(50, 50, 50, tie_break="any")
        chosen = set()
        for _ in range(12):
            now = selected(machine)
            assert now is not None
            chosen.add(now)
            fail(machine, now)
            recover(machine, now)
        assert chosen == {0, 1, 2}


class TestPin:
    """ADM-5, ADM-6."""

    @pytest.mark.requirement("ADM-6")
    def test_activation_holds_against_priority(self, connected: Build) -> None:
        machine = connected(10, 50)
        assert machine.console.activate(1).ok
        assert (selected(machine), pinned(machine)) == (1, True)
        assert machine.client.drain() == [FAILOVER]
        for _ in range(100):
            machine.advance(1000)
            recover(machine, 0)
            recover(machine, 1)
        machine.console.set_priority(0, 1)
        assert selected(machine) == 1

    @pytest.mark.requirement("ADM-6")
    def test_activating_the_selected_server_pins_and_changes_nothing_else(self, connected: Build) -> None:
        machine = connected(50, 60)
        assert machine.console.activate(0).ok
        assert machine.client.elements() == []
        machine.console.set_priority(1, 1)
        assert selected(machine) == 0

    @pytest.mark.requirement("ADM-5")
    @pytest.mark.parametrize(("value", "then"), [(True, 0), (False, 1)])
    def test_writing_auto_ends_it(self, connected: Build, value: bool, then: int) -> None:
        machine = connected(10, 50)
        machine.console.activate(1)
        assert machine.console.set_auto(value).ok
        assert (selected(machine), pinned(machine)) == (then, False)

    @pytest.mark.requirement("ADM-6")
    def test_failure_of_the_pinned_server_ends_it(self, connected: Build) -> None:
        machine = connected(10, 50)
        machine.console.activate(1)
        machine.servers[0].drain()
        fail(machine, 1)
        assert (selected(machine), pinned(machine)) == (0, False)
        recover(machine, 1)
        assert selected(machine) == 0

    def test_removal_of_the_pinned_server_ends_it(self, connected: Build) -> None:
        machine = connected(10, 50)
        machine.console.activate(1)
        machine.console.remove(1)
        assert (selected(machine), pinned(machine)) == (0, False)

    def test_it_survives_free_and_register(self, connected: Build) -> None:
        machine = connected(10, 50)
        machine.console.activate(1)
        machine.client.free_crq()
        machine.servers[1].drain()
        assert machine.client.reg_crq() == Rc.H_SUCCESS
        assert (selected(machine), pinned(machine)) == (1, True)

    @pytest.mark.requirement("ADM-6")
    def test_ineligible_targets_are_refused_without_effect(self, connected: Build) -> None:
        machine = connected(10, 50)
        fail(machine, 1)
        assert machine.console.activate(1).refusal is Refusal.NOT_ELIGIBLE
        assert (selected(machine), pinned(machine)) == (0, False)
        assert machine.client.elements() == []

    def test_activation_before_the_client_ever_opened(self, start: Build) -> None:
        machine = start(10, 50)
        assert machine.console.activate(1).ok
        assert selected(machine) == 1
        assert machine.client.reg_crq() == Rc.H_SUCCESS
        assert (selected(machine), pinned(machine)) == (1, True)
        assert machine.client.elements() == []

    def test_activation_fills_an_empty_selection_without_event(self, connected: Build) -> None:
        machine = connected(10, 50)
        fail(machine, 0)
        fail(machine, 1)
        machine.client.drain()
        assert selected(machine) is None
        recover(machine, 1)
        assert selected(machine) == 1
        assert machine.client.elements() == []


class TestListEdits:
    """ADM-2, ADM-3."""

    @pytest.mark.requirement("ADM-2")
    def test_adding_disturbs_nobody_and_preempts_when_it_reports(self, start: Build) -> None:
        machine = start(20, 50, 10)
        machine.console.remove(2)
        machine.client.reg_crq()
        assert selected(machine) == 0
        assert machine.console.add("sriov//102/0/2/2.0/10").ok
        assert selected(machine) == 0
        assert machine.console.listing().servers[2].status is Status.POWERED_OFF
        recover(machine, 2)
        assert selected(machine) == 2
        assert machine.client.drain() == [FAILOVER]

    @pytest.mark.requirement("ADM-3")
    def test_removing_a_standby_disturbs_nobody(self, connected: Build) -> None:
        machine = connected(10, 50)
        assert machine.console.remove(1).ok
        assert machine.client.elements() == machine.servers[0].elements() == machine.servers[1].elements() == []

    @pytest.mark.requirement("ADM-3")
    def test_removing_the_selected_server_is_a_failover(self, connected: Build) -> None:
        machine = connected(10, 50)
        assert machine.console.remove(0).ok
        assert selected(machine) == 1
        assert machine.client.drain() == [FAILOVER]
        assert machine.servers[0].drain() == [DEREGISTERED]  # its queue is its partition's and stays registered
        assert machine.servers[0].send(INIT) == Rc.H_CLOSED
        assert machine.servers[0].report() == Rc.H_STATE

    @pytest.mark.requirement("ADM-3")
    def test_removing_the_last_server_is_refused(self, connected: Build) -> None:
        machine = connected(10, 50)
        machine.console.remove(1)
        assert machine.console.remove(0).refusal is Refusal.LAST_SERVER
        assert selected(machine) == 0
        assert machine.client.elements() == []

    def test_removing_the_selected_server_with_nobody_else_fit(self, connected: Build) -> None:
        machine = connected(10, 50)
        fail(machine, 1)
        assert machine.console.remove(0).ok
        assert selected(machine) is None
        assert machine.client.drain() == [FAILOVER]
