"""DMA windows and copies between partitions (LoPAR, "Logical Remote DMA")."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine
from vnic_reference.redirected import MAX_COPY_BYTES, MAX_REDIRECT_PAGES
from vnic_spec.wire import PAGE_BYTES, Hcall, Rc, TceAccess

Build = Callable[..., Machine]


def put_tce(machine: Machine, ioba: int, tce: int) -> int:
    client = machine.client
    return client.hcall(Hcall.H_PUT_TCE, client.unit.window.liobn, ioba, tce)[0]


def test_copy_across_pages_in_both_directions(connected: Build) -> None:
    machine = connected(10)
    client, server = machine.client, machine.servers[0]
    data = bytes(number % 251 for number in range(10_000))
    server.poke(0x20007, data)
    assert server.map_remote(0x30000, 0x80000, 4) == Rc.H_SUCCESS
    assert server.copy_to_client(0x20007, 0x30123, len(data)) == Rc.H_SUCCESS
    assert client.peek(0x30123, len(data)) == data
    assert server.copy_from_client(0x30123, 0x50001, len(data)) == Rc.H_SUCCESS
    assert server.peek(0x50001, len(data)) == data


@pytest.mark.requirement("INV-7")
def test_only_what_was_redirected_in_this_session(connected: Build) -> None:
    machine = connected(10)
    server = machine.servers[0]
    assert server.copy_to_client(0x20000, 0x30000, 1) == Rc.H_PERMISSION
    server.map_remote(0x30000, 0x80000)
    assert server.copy_to_client(0x20000, 0x30000, PAGE_BYTES) == Rc.H_SUCCESS
    assert server.copy_to_client(0x20000, 0x30000, PAGE_BYTES + 1) == Rc.H_PERMISSION


def test_checks_in_order(connected: Build) -> None:
    machine = connected(10)
    server = machine.servers[0]
    own, remote = server.unit.window.liobn, server.unit.remote_liobn or 0
    copy = Hcall.H_COPY_RDMA
    assert server.hcall(copy, MAX_COPY_BYTES + 1, 1, 0, 2, 0) == (Rc.H_PARAMETER,)
    assert server.hcall(copy, 1, 1, 0, 2, 0) == (Rc.H_SOURCE_PARM,)
    assert server.hcall(copy, 1, own, 1 << 40, remote, 0) == (Rc.H_SOURCE_PARM,)
    assert server.hcall(copy, 1, own, 0, 2, 0) == (Rc.H_DEST_PARM,)
    assert server.hcall(copy, 1, own, 0, remote, 1 << 40) == (Rc.H_DEST_PARM,)
    assert server.hcall(copy, 1, own, 0x200000, own, 0) == (Rc.H_PERMISSION,)  # not mapped
    assert server.hcall(copy, 1, own, 0, own, 0x10000) == (Rc.H_SUCCESS,)
    assert machine.client.hcall(copy, 1, own, 0, remote, 0) == (Rc.H_SOURCE_PARM,)  # not the client's to use


def test_the_clients_own_mapping_decides(connected: Build) -> None:
    machine = connected(10)
    server = machine.servers[0]
    assert put_tce(machine, 0x30000, 0x30000 | TceAccess.READ) == Rc.H_SUCCESS
    server.map_remote(0x30000, 0x80000)
    assert server.copy_from_client(0x30000, 0x20000, 8) == Rc.H_SUCCESS
    assert server.copy_to_client(0x20000, 0x30000, 8) == Rc.H_PERMISSION
    assert not machine.hypervisor.dma.adapter_write(server.unit, 0x80000, b"x")
    put_tce(machine, 0x30000, 0x30000 | TceAccess.BOTH)  # changed: the redirection is void
    assert server.copy_from_client(0x30000, 0x20000, 8) == Rc.H_PERMISSION
    assert machine.hypervisor.dma.adapter_read(server.unit, 0x80000, 8) is None
    put_tce(machine, 0x30000, 0)
    assert server.map_remote(0x30000, 0x80000) == Rc.H_PERMISSION
    assert machine.client.peek(0x30000, 1) is None


def test_bad_translation_entries(connected: Build) -> None:
    machine = connected(10)
    assert put_tce(machine, 0x30001, 0x30003) == Rc.H_PARAMETER
    assert put_tce(machine, 1 << 40, 0x30003) == Rc.H_PARAMETER
    assert put_tce(machine, 0x30000, 0x30007) == Rc.H_PARAMETER
    assert put_tce(machine, 0x30000, 1 << 60 | 3) == Rc.H_PARAMETER
    assert machine.client.hcall(Hcall.H_PUT_TCE, 99, 0x30000, 0x30003) == (Rc.H_PARAMETER,)


def test_bad_redirections(connected: Build) -> None:
    machine = connected(10, 50)
    server = machine.servers[0]
    own, remote = server.unit.window.liobn, server.unit.remote_liobn or 0
    put = Hcall.H_PUT_RTCE
    assert server.hcall(put, own, 0x30000, own, 0x80000, 1) == (Rc.H_PARAMETER,)
    assert server.hcall(put, remote, 0x30000, remote, 0x80000, 1) == (Rc.H_PARAMETER,)
    assert server.hcall(put, remote, 0x30001, own, 0x80000, 1) == (Rc.H_PARAMETER,)
    assert server.hcall(put, remote, 0x30000, own, 0x80001, 1) == (Rc.H_PARAMETER,)
    for count in (0, MAX_REDIRECT_PAGES + 1, 1 << 63):
        assert server.hcall(put, remote, 0x30000, own, 0x80000, count) == (Rc.H_PARAMETER,)
    assert server.hcall(put, remote, 0x30000, own, 0x80000, 512) == (Rc.H_PERMISSION,)  # the client has not mapped all
    assert server.unit.window.redirected_pages() == set()
    assert machine.servers[1].map_remote(0x30000, 0x80000) == Rc.H_PERMISSION  # a standby


def test_a_redirected_page_is_no_queue_and_no_buffer(connected: Build) -> None:
    machine = connected(10)
    server = machine.servers[0]
    server.map_remote(0x30000, 0x80000)
    assert server.reg_sub_crq(0x80000) == (Rc.H_PARAMETER,)
    assert server.server_info(0x80000) == Rc.H_PARAMETER
    assert not server.poke(0x80000, b"x")


def test_a_queue_stays_where_it_was_registered(connected: Build) -> None:
    machine = connected(10)
    put_tce(machine, 0, 0)
    machine.servers[0].send(b"\x80" + bytes(15))
    assert machine.client.drain() == [b"\x80" + bytes(15)]


def test_power_cycles_give_fresh_memory(connected: Build) -> None:
    machine = connected(10)
    machine.client.poke(0x30000, b"old")
    machine.crash(3)
    assert machine.client.peek(0x30000, 3) is None
    machine.power_on(3)
    assert machine.client.peek(0x30000, 3) == bytes(3)


def test_power_of_unknown_and_of_running_partitions(start: Build) -> None:
    machine = start(10)
    assert not machine.power_on(3)
    assert not machine.power_on(77)
    assert not machine.power_off(77)
    assert not machine.power_off(100, 100)
    assert machine.power_off(100)
    assert not machine.power_off(100)
