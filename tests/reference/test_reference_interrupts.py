"""Interrupts are pulses; what is queued while none can be raised is found by scanning (CRQ-11)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine
from vnic_spec.wire import INIT, Hcall, Rc, Vioctl

Build = Callable[..., Machine]


@pytest.mark.requirement("CRQ-11")
def test_registering_leaves_the_interrupt_disabled(connected: Build) -> None:
    machine = connected(10)
    machine.servers[0].send(INIT)
    assert machine.client.pending_interrupts() == []
    assert machine.client.vio_signal(1) == Rc.H_SUCCESS
    # Enabling raises nothing for what is queued already: the owner scans.
    assert machine.client.pending_interrupts() == []
    assert machine.client.drain() == [INIT]


def test_what_was_enabled_before_registering_is_disabled_by_it(start: Build) -> None:
    machine = start(10)
    machine.client.vio_signal(1)
    machine.client.reg_crq()
    machine.servers[0].send(INIT)
    assert machine.client.pending_interrupts() == []


@pytest.mark.requirement("CRQ-11")
def test_one_pulse_until_eoi_and_the_element_in_between_is_found_by_scanning(connected: Build) -> None:
    machine = connected(10)
    client = machine.client
    client.vio_signal(1)
    machine.servers[0].send(INIT)
    (source,) = client.pending_interrupts()
    assert client.hcall(Hcall.H_XIRR) == (Rc.H_SUCCESS, source)
    assert client.hcall(Hcall.H_XIRR) == (Rc.H_SUCCESS, 0)
    client.drain()
    machine.servers[0].send(INIT)
    assert client.hcall(Hcall.H_XIRR) == (Rc.H_SUCCESS, 0)
    assert client.hcall(Hcall.H_EOI, source) == (Rc.H_SUCCESS,)
    assert client.pending_interrupts() == []
    assert client.drain() == [INIT]
    machine.servers[0].send(INIT)
    assert client.pending_interrupts() == [source]


def test_disabling_and_bad_modes(connected: Build) -> None:
    machine = connected(10)
    assert machine.client.vio_signal(2) == Rc.H_PARAMETER
    machine.client.vio_signal(1)
    machine.client.vio_signal(0)
    machine.servers[0].send(INIT)
    assert machine.client.pending_interrupts() == []
    assert machine.client.hcall(Hcall.H_EOI, 12345) == (Rc.H_PARAMETER,)


def test_events_pulse_and_registering_again_disables(connected: Build) -> None:
    machine = connected(10)
    machine.client.vio_signal(1)
    machine.servers[0].free_crq()
    assert len(machine.client.pending_interrupts()) == 1
    machine.client.free_crq()
    machine.client.reg_crq()
    assert machine.client.pending_interrupts() == []
    machine.servers[0].reg_crq()
    machine.servers[0].report()
    machine.servers[0].send(INIT)
    assert machine.client.elements() == [INIT]
    assert machine.client.pending_interrupts() == []


def test_each_sub_crq_has_its_own_interrupt(connected: Build) -> None:
    machine = connected(10)
    _, first, first_source = machine.client.reg_sub_crq(0x2000)
    _, second, second_source = machine.client.reg_sub_crq(0x3000)
    element = b"\x80" + bytes(31)
    machine.servers[0].send_sub(first, element)
    assert machine.client.pending_interrupts() == []
    assert machine.client.vioctl(Vioctl.ENABLE_VIO_INTERRUPT, second_source) == (Rc.H_SUCCESS,)
    machine.servers[0].send_sub(first, element)
    machine.servers[0].send_sub(second, element)
    assert machine.client.pending_interrupts() == [second_source]
    machine.client.hcall(Hcall.H_EOI, second_source)
    assert machine.client.vioctl(Vioctl.DISABLE_VIO_INTERRUPT, second_source) == (Rc.H_SUCCESS,)
    machine.servers[0].send_sub(second, element)
    assert machine.client.pending_interrupts() == []
    machine.client.vioctl(Vioctl.ENABLE_VIO_INTERRUPT, first_source)
    machine.client.vio_signal(1)
    assert machine.client.vioctl(Vioctl.DISABLE_ALL_VIO_INTERRUPTS) == (Rc.H_SUCCESS,)
    machine.servers[0].send_sub(first, element)
    machine.servers[0].send(INIT)
    assert machine.client.pending_interrupts() == []
    assert machine.client.vioctl(Vioctl.ENABLE_VIO_INTERRUPT, 999) == (Rc.H_PARAMETER,)
    assert machine.client.vioctl(Vioctl.DISABLE_ALL_VIO_INTERRUPTS, 1) == (Rc.H_PARAMETER,)
