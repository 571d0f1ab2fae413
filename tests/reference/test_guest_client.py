"""A guest joined to the machine: its calls are the unit's, its mappings the unit's window, its interrupts the unit's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from vnic_reference.machine import CLIENT_UNIT, Machine
from vnic_reference.memory import Memory
from vnic_reference.system.guest_client import NS_PER_MS, GuestClient, MappedWindow
from vnic_spec.wire import Hcall, Rc, TceAccess

PAGE = 4096
MAC = bytes.fromhex("020000000001")


class StubGuest:
    """Does what a test has put into its list: makes one call per step."""

    def __init__(self) -> None:
        self.now = 7 * NS_PER_MS
        self.memory = bytearray(16 * PAGE)
        self.to_call: list[tuple[int, ...]] = []
        self.answers: list[tuple[int, ...]] = []
        self.interrupts: list[int] = []
        self.commands: list[str] = []
        self.devices: list[tuple[int, int, bytes]] = []
        self.goes_on: int | None = None
        self.dies = ""
        self.up = False
        self.listener: Callable[[bool, int, int, int, int], None]

    def serve(self, until: int, answer: Callable[[int, Sequence[int]], Sequence[int]]) -> int | None:
        self.now = until
        if self.dies:
            raise RuntimeError(self.dies)
        while self.to_call:
            opcode, *registers = self.to_call.pop(0)
            self.answers.append(tuple(answer(opcode, registers)))
        return self.goes_on

    def interrupt(self, source: int) -> None:
        self.interrupts.append(source)

    def add_device(self, unit: int, source: int, mac: bytes) -> None:
        self.devices.append((unit, source, mac))

    def command(self, text: str) -> None:
        self.commands.append(text)

    def page(self, number: int) -> memoryview:
        return memoryview(self.memory)[number * PAGE : (number + 1) * PAGE]

    def link_up(self, name: str) -> bool:
        return self.up

    def watch_mappings(self, listener: Callable[[bool, int, int, int, int], None]) -> None:
        self.listener = listener


@pytest.fixture
def guest() -> StubGuest:
    return StubGuest()


@pytest.fixture
def machine() -> Machine:
    return Machine(servers=1)


def test_it_finds_its_device(guest: StubGuest, machine: Machine) -> None:
    GuestClient(machine.client, MAC, guest)
    assert guest.devices == [(CLIENT_UNIT, machine.client.unit.interrupt.source, MAC)]


def test_a_queue_has_to_be_mapped_and_elements_come_into_the_guests_memory(guest: StubGuest, machine: Machine) -> None:
    client = GuestClient(machine.client, MAC, guest)
    register = (Hcall.H_REG_CRQ, CLIENT_UNIT, 2 * PAGE, PAGE)
    guest.to_call = [register]
    assert client.step(0)
    guest.listener(True, CLIENT_UNIT, 2 * PAGE, PAGE, 0)
    guest.to_call = [register, (Hcall.H_VIO_SIGNAL, CLIENT_UNIT, 1)]
    assert client.step(1)
    assert guest.answers == [(Rc.H_PARAMETER,), (Rc.H_CLOSED,), (Rc.H_SUCCESS,)]
    assert client.calls == 3

    machine.console.add("sriov//100/0/0/2.0/10")
    server = machine.servers[0]
    server.reg_crq()
    server.report(interval_ms=1000)
    assert server.send(bytes([0xC0, 1]) + bytes(14)) == Rc.H_SUCCESS
    assert guest.memory[2 * PAGE : 2 * PAGE + 2] == b"\xc0\x01"
    assert client.step(2)
    assert guest.interrupts == [machine.client.unit.interrupt.source]
    # The platform has ended the interrupt, so that the next element is told as well.
    assert machine.client.pending_interrupts() == []


def test_an_interrupt_is_ended_with_its_priority(guest: StubGuest, machine: Machine) -> None:
    client = GuestClient(machine.client, MAC, guest)
    source = machine.client.unit.interrupt.source
    guest.to_call = [(Hcall.H_EOI, 0xFF00_0000 | source), (Hcall.H_EOI, 0xFF00_0000 | source + 100)]
    client.step(0)
    assert guest.answers == [(Rc.H_SUCCESS,), (Rc.H_PARAMETER,)]


def test_its_clock_is_the_systems(guest: StubGuest, machine: Machine) -> None:
    client = GuestClient(machine.client, MAC, guest)
    guest.goes_on = 7 * NS_PER_MS + 10 * NS_PER_MS + 1
    assert not client.step(5)
    assert guest.now == 12 * NS_PER_MS
    assert client.next_deadline() == 11
    guest.goes_on = None
    client.step(6)
    assert client.next_deadline() is None


def test_a_guest_that_has_ended_does_nothing_more(guest: StubGuest, machine: Machine) -> None:
    client = GuestClient(machine.client, MAC, guest)
    guest.dies, guest.up = "the kernel died", True
    assert client.step(0)
    assert (client.ended, client.link_up, client.next_deadline()) == ("the kernel died", False, None)
    assert not client.step(1)


def test_the_users_wishes_become_commands_once(guest: StubGuest, machine: Machine) -> None:
    client = GuestClient(machine.client, MAC, guest)
    client.close()
    client.open()
    client.open()
    client.close()
    client.open()
    assert client.complain()
    first, *others = guest.commands
    assert first.endswith("ip addr add 10.0.0.1/24 dev eth0; ip link set eth0 up")
    assert others == ["ip link set eth0 down", "ip link set eth0 up", "echo 1 > /sys/class/net/eth0/device/failover"]


def test_mappings_may_share_a_page() -> None:
    window = MappedWindow(1, Memory(16 * PAGE))
    window.change(True, PAGE, 100, 1)
    entry = window.entry(1)
    assert entry is not None
    assert entry.access == TceAccess.READ
    window.change(True, PAGE + 200, 100, 1)
    assert window.entry(1) is entry
    window.change(True, PAGE + 300, PAGE, 2)
    both, next_page = window.entry(1), window.entry(2)
    assert both is not None
    assert next_page is not None
    assert (both.access, next_page.access) == (TceAccess.BOTH, TceAccess.WRITE)
    for at, length, direction in ((PAGE, 100, 1), (PAGE + 300, PAGE, 2), (PAGE + 200, 100, 1)):
        window.change(False, at, length, direction)
    assert window.entry(1) is None
    assert window.entry(2) is None
    window.change(False, PAGE, 100, 1)
    assert window.entry(1) is None
