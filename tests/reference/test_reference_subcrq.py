"""Sub-CRQ calls (CRQ-12)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine
from vnic_reference.subordinate import MAX_SUB_CRQS
from vnic_spec.wire import MAX_INDIRECT, PAGE_BYTES, Rc

Build = Callable[..., Machine]


def element(number: int, header: int = 0x80) -> bytes:
    return bytes([header]) + number.to_bytes(4, "big") + bytes(27)


def test_registration_connected_and_not(start: Build) -> None:
    machine = start(10)
    machine.client.reg_crq()
    rc, handle, source = machine.client.reg_sub_crq(0x2000)
    assert rc == Rc.H_SUCCESS
    assert handle
    assert source
    machine.servers[0].free_crq()
    rc, later, _ = machine.client.reg_sub_crq(0x3000)
    assert rc == Rc.H_CLOSED
    machine.servers[0].reg_crq()
    machine.servers[0].report()
    assert machine.servers[0].send_sub(handle, element(1)) == Rc.H_PARAMETER  # died with its session
    assert machine.servers[0].send_sub(later, element(1)) == Rc.H_SUCCESS  # registered for the next one
    assert machine.client.drain(later) == [element(1)]


def test_bad_registrations(start: Build) -> None:
    machine = Machine(servers=1, unpaired=[0])
    assert machine.servers[0].reg_sub_crq(8) == (Rc.H_PARAMETER,)
    assert machine.servers[0].reg_sub_crq(0, 0) == (Rc.H_PARAMETER,)
    assert machine.servers[0].reg_sub_crq(0) == (Rc.H_NOT_FOUND,)
    other = start(10)
    other.client.reg_crq()
    for number in range(MAX_SUB_CRQS):
        assert other.client.reg_sub_crq(0x2000 + number * PAGE_BYTES)[0] == Rc.H_SUCCESS
    assert other.client.reg_sub_crq(0x1000) == (Rc.H_RESOURCE,)


@pytest.mark.requirement("CRQ-12")
def test_checks_of_a_direct_send(connected: Build) -> None:
    machine = connected(10, 50)
    _, handle, _ = machine.client.reg_sub_crq(0x2000)
    assert machine.servers[0].send_sub(handle + 99, element(1)) == Rc.H_PARAMETER
    assert machine.servers[0].send_sub(handle, element(1, header=0xC0)) == Rc.H_PARAMETER
    assert machine.servers[1].send_sub(handle, element(1)) == Rc.H_PARAMETER  # a standby
    assert machine.client.send_sub(handle, element(1)) == Rc.H_PARAMETER  # its own, not the partner's
    for number in range(128):
        assert machine.servers[0].send_sub(handle, element(number)) == Rc.H_SUCCESS
    assert machine.servers[0].send_sub(handle, element(0)) == Rc.H_DROPPED
    assert machine.client.drain(handle) == [element(number) for number in range(128)]


@pytest.mark.requirement("CRQ-12")
def test_indirect_sends_are_all_or_nothing(connected: Build) -> None:
    machine = connected(10)
    server, client = machine.servers[0], machine.client
    _, handle, _ = client.reg_sub_crq(0x2000)
    block = b"".join(element(number) for number in range(100))
    server.poke(0x10010, block)  # a buffer across two pages
    assert server.send_sub_indirect(handle, 0x10010, 100) == Rc.H_SUCCESS
    assert server.send_sub_indirect(handle, 0x10010, 29) == Rc.H_DROPPED
    assert len(client.elements(handle)) == 100
    assert server.send_sub_indirect(handle, 0x10010, 28) == Rc.H_SUCCESS
    assert client.drain(handle) == [element(number) for number in (*range(100), *range(28))]
    server.poke(0x10010 + 99 * 32, element(99, header=0x81))
    assert server.send_sub_indirect(handle, 0x10010, 100) == Rc.H_PARAMETER
    assert client.elements(handle) == []


@pytest.mark.requirement("CRQ-12")
@pytest.mark.parametrize("limit", [1, 16, MAX_INDIRECT])
def test_indirect_limit(connected: Build, limit: int) -> None:
    machine = connected(10, indirect_limit=limit)
    _, handle, _ = machine.client.reg_sub_crq(0x4000, 2 * PAGE_BYTES)
    machine.servers[0].poke(0x10000, element(1) * 128)
    for count in (0, limit + 1, 1 << 63):
        assert machine.servers[0].send_sub_indirect(handle, 0x10000, count) == Rc.H_PARAMETER
    assert machine.servers[0].send_sub_indirect(handle, 0x10000, limit) == Rc.H_SUCCESS
    assert machine.servers[0].send_sub_indirect(handle, 1 << 40, 1) == Rc.H_PARAMETER


def test_freeing(connected: Build) -> None:
    machine = connected(10)
    _, handle, _ = machine.client.reg_sub_crq(0x2000)
    assert machine.servers[0].free_sub_crq(handle) == Rc.H_PARAMETER  # not its own
    assert machine.client.free_sub_crq(handle) == Rc.H_SUCCESS
    assert machine.client.free_sub_crq(handle) == Rc.H_PARAMETER
    assert machine.servers[0].send_sub(handle, element(1)) == Rc.H_PARAMETER
    assert machine.servers[0].elements() == []  # the partner is not told
    _, again, _ = machine.client.reg_sub_crq(0x2000)
    assert again != handle


def test_freeing_the_crq_frees_the_sub_crqs(connected: Build) -> None:
    """CRQ-4."""
    machine = connected(10)
    _, handle, _ = machine.client.reg_sub_crq(0x2000)
    machine.client.free_crq()
    machine.servers[0].drain()
    machine.client.reg_crq()
    assert machine.servers[0].send_sub(handle, element(1)) == Rc.H_PARAMETER
    assert machine.client.free_sub_crq(handle) == Rc.H_PARAMETER
