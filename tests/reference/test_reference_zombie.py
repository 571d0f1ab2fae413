"""A server that hung, was fenced, and comes back believing to be active can do no harm (FOV-10, INV-7, CRQ-12)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine
from vnic_spec.wire import INIT, PAGE_BYTES, Event, Rc, event_element

Build = Callable[..., Machine]
FAILOVER = event_element(Event.DEVICE_FAILOVER)
FRAME = b"\x80" + bytes(range(31))
BUFFER, MAPPED, QUEUE = 0x10000, 0x40000, 0x2000


@pytest.fixture
def session(connected: Build) -> Callable[[], tuple[Machine, int, int]]:
    """A session in full swing; returns the machine, the client's handle and the server's handle."""

    def build() -> tuple[Machine, int, int]:
        machine = connected(10, 50)
        client, server = machine.client, machine.servers[0]
        rc, of_client, _ = client.reg_sub_crq(QUEUE)
        assert rc == Rc.H_SUCCESS
        rc, of_server, _ = server.reg_sub_crq(QUEUE)
        assert rc == Rc.H_SUCCESS
        client.poke(BUFFER, b"secret of the client")
        assert server.map_remote(BUFFER, MAPPED) == Rc.H_SUCCESS
        assert server.send_sub(of_client, FRAME) == Rc.H_SUCCESS
        assert client.send_sub(of_server, FRAME) == Rc.H_SUCCESS
        assert server.copy_from_client(BUFFER, 0x9000, 20) == Rc.H_SUCCESS
        assert server.peek(0x9000, 20) == b"secret of the client"
        return machine, of_client, of_server

    return build


def assert_harmless(machine: Machine, of_client: int) -> None:
    zombie, client = machine.servers[0], machine.client
    before = client.elements(), client.peek(BUFFER, PAGE_BYTES)
    zombie.poke(0x9000, b"harm")
    dma = machine.hypervisor.dma
    assert zombie.send(INIT) == Rc.H_CLOSED
    assert zombie.send_sub(of_client, FRAME) == Rc.H_PARAMETER
    zombie.poke(0x8000, FRAME * 2)
    assert zombie.send_sub_indirect(of_client, 0x8000, 2) == Rc.H_PARAMETER
    assert zombie.copy_to_client(0x9000, BUFFER, 4) == Rc.H_PERMISSION
    assert zombie.copy_from_client(BUFFER, 0xA000, 4) == Rc.H_PERMISSION
    assert zombie.map_remote(BUFFER, MAPPED) == Rc.H_PERMISSION
    assert not dma.adapter_write(zombie.unit, MAPPED, b"harm")
    assert dma.adapter_read(zombie.unit, MAPPED, 4) is None
    assert (client.elements(), client.peek(BUFFER, PAGE_BYTES)) == before
    info = zombie.server_info(0xB000)
    assert isinstance(info, int) or info.active == 0


def hang(machine: Machine) -> None:
    machine.advance(1)
    machine.servers[1].report()
    machine.advance(3000)


def activate(machine: Machine) -> None:
    machine.console.activate(1)


def remove(machine: Machine) -> None:
    machine.console.remove(0)


def leave(machine: Machine) -> None:
    machine.client.free_crq()


def migrate(machine: Machine) -> None:
    machine.migrate()


@pytest.mark.requirement("FOV-10")
@pytest.mark.parametrize("fence", [hang, activate, remove, leave, migrate])
def test_after_the_switch(session: Callable[[], tuple[Machine, int, int]], fence: Callable[[Machine], None]) -> None:
    machine, of_client, _ = session()
    fence(machine)
    assert_harmless(machine, of_client)


@pytest.mark.requirement("FOV-10")
def test_adapter_dma_reaches_the_client_only_while_granted(session: Callable[[], tuple[Machine, int, int]]) -> None:
    machine, _, _ = session()
    dma, unit = machine.hypervisor.dma, machine.servers[0].unit
    assert dma.adapter_write(unit, MAPPED, b"frame")
    assert machine.client.peek(BUFFER, 5) == b"frame"
    assert dma.adapter_read(unit, MAPPED, 5) == b"frame"
    activate(machine)
    assert not dma.adapter_write(unit, MAPPED, b"late!")


@pytest.mark.requirement("CRQ-12")
def test_old_handles_after_being_selected_again(session: Callable[[], tuple[Machine, int, int]]) -> None:
    machine, of_client, of_server = session()
    server, client = machine.servers[0], machine.client
    activate(machine)
    server.drain()
    machine.console.activate(0)
    assert server.send(INIT) == Rc.H_SUCCESS  # connected again, in a new session
    assert server.send_sub(of_client, FRAME) == Rc.H_PARAMETER
    assert client.send_sub(of_server, FRAME) == Rc.H_PARAMETER
    assert server.copy_to_client(0x9000, BUFFER, 4) == Rc.H_PERMISSION
    assert not machine.hypervisor.dma.adapter_write(server.unit, MAPPED, b"harm")
    assert server.free_sub_crq(of_server) == Rc.H_PARAMETER
    _, fresh, _ = client.reg_sub_crq(QUEUE)
    assert fresh not in (of_client, of_server)
    assert server.send_sub(fresh, FRAME) == Rc.H_SUCCESS
    assert server.map_remote(BUFFER, MAPPED) == Rc.H_SUCCESS
    assert server.copy_to_client(0x9000, BUFFER, 4) == Rc.H_SUCCESS


def test_a_zombie_that_reports_comes_back_only_by_selection(session: Callable[[], tuple[Machine, int, int]]) -> None:
    machine, of_client, _ = session()
    machine.console.set_auto(False)
    hang(machine)
    machine.servers[0].report()
    assert machine.console.listing().selected == 1
    assert_harmless(machine, of_client)
    assert machine.client.elements() == [FAILOVER]
