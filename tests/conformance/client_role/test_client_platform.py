"""The partner's hypervisor answers the client's calls as CRQ, SEL and SES say."""

from __future__ import annotations

from typing import Any

import pytest

from vnic_conformance.client_role.memory import Windows
from vnic_conformance.client_role.platform import Platform
from vnic_conformance.client_role.server import Server
from vnic_conformance.client_role.server_settings import USUAL, ServerSettings
from vnic_spec.layouts import COMMANDS, REQUESTED, answer_key, command_element
from vnic_spec.wire import (
    INIT,
    RESPONSE_BIT,
    Capability,
    Command,
    CommandRc,
    Event,
    Hcall,
    Rc,
    Vioctl,
    command_rc,
    event_element,
    words,
)

UNIT = 9


class World:
    """A platform with two servers over plain memory; what it tells is kept."""

    def __init__(self, servers: int = 2) -> None:
        self.memory = bytearray(0x10000)
        self.elements: list[tuple[int, bytes]] = []
        self.descriptors: list[tuple[int, list[bytes]]] = []
        self.raised_: list[str] = []
        self.full_: set[int] = set()
        windows = Windows(told=True)
        windows.change(True, 0, len(self.memory))
        self.platform = Platform(self, UNIT, windows, self, 16)  # type: ignore[arg-type]  # memory is all it uses
        self.platform.servers = [
            Server(index, ServerSettings(), self.read, self.write, self.platform.new_handle) for index in range(servers)
        ]
        self.platform.eligible = list(range(servers))

    def read(self, address: int, length: int) -> bytes | None:
        return bytes(self.memory[address : address + length])

    def write(self, address: int, data: bytes) -> bool:
        self.memory[address : address + len(data)] = data
        return True

    def element_sent(self, server: Server, element: bytes) -> None:
        self.elements.append((server.index, element))

    def descriptors_sent(self, server: Server, handle: int, descriptors: list[bytes]) -> None:
        self.descriptors.append((handle, descriptors))

    def full(self, server: Server, handle: int) -> bool:
        return handle in self.full_

    def connected(self, server: Server) -> None:
        pass

    def raised(self, source: str) -> None:
        self.raised_.append(source)

    def stored(self, handle: int | None, data: bytes, buffer: bytes) -> None:
        pass

    def call(self, opcode: int, *registers: int) -> tuple[int, ...]:
        return self.platform.hcall(opcode, (UNIT, *registers))

    def send(self, element: bytes) -> int:
        return self.call(Hcall.H_SEND_CRQ, *words(element))[0]

    def register(self) -> World:
        assert self.call(Hcall.H_REG_CRQ, 0, 4096) == (Rc.H_SUCCESS,)
        return self

    def queue(self) -> list[bytes]:
        assert self.platform.crq is not None
        return [data for _, data in self.platform.crq.unread]


def test_registering() -> None:
    """CRQ-2, CRQ-4."""
    world = World()
    assert world.platform.hcall(Hcall.H_REG_CRQ, (UNIT + 1, 0, 4096)) == (Rc.H_PARAMETER,)
    for ioba, length in ((8, 4096), (0, 100), (0, 0), (0x10000, 4096), (0xF000, 8192)):
        assert world.call(Hcall.H_REG_CRQ, ioba, length) == (Rc.H_PARAMETER,)
    world.register()
    assert world.platform.selected == 0
    assert world.call(Hcall.H_REG_CRQ, 0, 4096) == (Rc.H_RESOURCE,)
    assert world.call(Hcall.H_FREE_CRQ) == world.call(Hcall.H_FREE_CRQ) == (Rc.H_SUCCESS,)
    world.platform.eligible.clear()
    world.platform.selected = None
    assert world.call(Hcall.H_REG_CRQ, 0, 4096) == (Rc.H_CLOSED,)
    assert world.call(0x999) == (Rc.H_FUNCTION,)
    assert world.call(Hcall.H_REG_CRQ) == (Rc.H_PARAMETER,)


def test_sending() -> None:
    """CRQ-3: the header first, then the connection."""
    world = World()
    assert world.send(INIT) == Rc.H_CLOSED
    world.register()
    assert [world.send(bytes((header,)) + bytes(15)) for header in (0x00, 0x7F, 0xFF)] == [Rc.H_PARAMETER] * 3
    assert world.send(INIT) == Rc.H_SUCCESS
    assert world.elements == [(0, INIT)]
    world.platform.migrate()
    assert world.send(INIT) == Rc.H_CLOSED
    assert world.call(Hcall.H_ENABLE_CRQ) == (Rc.H_SUCCESS,)
    assert world.send(INIT) == Rc.H_SUCCESS


def test_a_switch() -> None:
    """FOV-2, FOV-4, FOV-6, SEL-6, SEL-8, CRQ-12."""
    world = World().register()
    platform = world.platform
    first = world.call(Hcall.H_REG_SUB_CRQ, 0x1000, 4096)
    assert first[0] == Rc.H_SUCCESS
    platform.servers[0].session.logged_in = True
    platform.fail(0)
    assert world.queue() == [event_element(Event.DEVICE_FAILOVER)]
    assert (platform.selected, platform.sub_crqs, platform.servers[0].session.logged_in) == (1, {}, False)
    platform.fail(1)
    assert world.queue() == [event_element(Event.DEVICE_FAILOVER)] * 2
    assert world.send(INIT) == Rc.H_CLOSED
    platform.heal(0)
    assert (platform.selected, len(world.queue())) == (0, 2)
    second = world.call(Hcall.H_REG_SUB_CRQ, 0x1000, 4096)
    assert second[1] != first[1]
    world.call(Hcall.H_FREE_CRQ)
    platform.heal(1)
    platform.fail(0)
    assert platform.selected == 1
    assert world.register().queue() == []


def test_interrupts() -> None:
    """CRQ-11: nothing is raised before it is enabled, and registering disables it."""
    world = World().register()
    world.platform.element(INIT)
    assert world.raised_ == []
    world.call(Hcall.H_VIO_SIGNAL, 1)
    world.platform.element(INIT)
    assert world.raised_ == ["crq"]
    _, handle, source = world.call(Hcall.H_REG_SUB_CRQ, 0x1000, 4096)
    assert world.platform.completion(handle, bytes((0x80,)) + bytes(31))
    world.call(Hcall.H_VIOCTL, Vioctl.ENABLE_VIO_INTERRUPT, source, 0, 0)
    assert world.platform.completion(handle, bytes((0x80,)) + bytes(31))
    assert world.raised_ == ["crq", str(source)]
    assert not world.platform.completion(handle + 1, bytes(32))
    assert world.call(Hcall.H_VIOCTL, Vioctl.ENABLE_VIO_INTERRUPT, source + 1, 0, 0) == (Rc.H_PARAMETER,)
    assert world.call(Hcall.H_FREE_SUB_CRQ, handle) == (Rc.H_SUCCESS,)
    assert world.call(Hcall.H_FREE_SUB_CRQ, handle) == (Rc.H_PARAMETER,)


def test_complaints() -> None:
    """SES-1, SES-2: unused parameters, then the token, then whether another server can take over."""
    world = World()
    ask = (Hcall.H_VIOCTL, Vioctl.GET_SESSION_TOKEN, 0, 0, 0)
    assert world.call(*ask) == (Rc.H_STATE,)
    world.register()
    rc, token = world.call(*ask)
    assert (rc, world.call(*ask)) == (Rc.H_SUCCESS, (Rc.H_SUCCESS, token))

    def complain(*parameters: int) -> tuple[int, ...]:
        return world.call(Hcall.H_VIOCTL, Vioctl.SESSION_ERROR_DETECTED, *parameters)

    assert complain(token + 1, 1, 0) == (Rc.H_PARAMETER,)
    assert complain(token + 1, 0, 0) == (Rc.H_STATE,)
    assert complain(token, 0, 0) == (Rc.H_SUCCESS,)
    assert (world.platform.selected, len(world.queue())) == (1, 1)
    assert complain(token, 0, 0) == (Rc.H_STATE,)
    world.platform.fail(0)
    assert complain(world.call(*ask)[1], 0, 0) == (Rc.H_CONSTRAINED,)


def test_descriptors() -> None:
    """CRQ-12: the partner's live queues only, all or none, at most as many as the platform takes."""
    world = World().register()
    server = world.platform.servers[0]
    server.session.rx_adds = [0x77]
    good = bytes((0x80,)) + bytes(31)
    assert world.call(Hcall.H_SEND_SUB_CRQ, 0x77, *words(good)) == (Rc.H_SUCCESS,)
    assert world.call(Hcall.H_SEND_SUB_CRQ, 0x78, *words(good)) == (Rc.H_PARAMETER,)
    assert world.call(Hcall.H_SEND_SUB_CRQ, 0x77, *words(bytes(32))) == (Rc.H_PARAMETER,)
    world.write(0x2000, good * 17)
    assert world.call(Hcall.H_SEND_SUB_CRQ_INDIRECT, 0x77, 0x2000, 16) == (Rc.H_SUCCESS,)
    assert world.call(Hcall.H_SEND_SUB_CRQ_INDIRECT, 0x77, 0x2000, 17) == (Rc.H_PARAMETER,)
    assert world.call(Hcall.H_SEND_SUB_CRQ_INDIRECT, 0x77, 0xFFE0, 2) == (Rc.H_PARAMETER,)
    world.write(0x2020, b"\0")
    assert world.call(Hcall.H_SEND_SUB_CRQ_INDIRECT, 0x77, 0x2000, 2) == (Rc.H_PARAMETER,)
    assert [len(block) for _, block in world.descriptors] == [1, 16]
    world.full_ = {0x77}
    assert world.call(Hcall.H_SEND_SUB_CRQ, 0x77, *words(good)) == (Rc.H_DROPPED,)
    assert world.call(Hcall.H_SEND_SUB_CRQ_INDIRECT, 0x77, 0x2040, 2) == (Rc.H_DROPPED,)
    assert world.call(Hcall.H_SEND_SUB_CRQ, 0x78, *words(good)) == (Rc.H_PARAMETER,)
    assert len(world.descriptors) == 2


# --- the server's side of the dialogue -----------------------------------------------------------------------------


def server() -> Server:
    return World().platform.servers[0]


@pytest.mark.parametrize("command", [entry.command for entry in COMMANDS.values() if not entry.by_server])
def test_every_command_is_answered_once_with_what_identifies_it(command: Command) -> None:
    """SRV-3."""
    fields: dict[str, Any] = {"capability": 4} if "CAPABILITY" in command.name else {}
    asked = command_element(command, **fields)
    answer, _ = server().answer(asked)
    assert answer[1] == command | RESPONSE_BIT
    assert answer_key(answer) == answer_key(asked)


def test_an_unknown_command_is_answered_with_code_5() -> None:
    """DLG-1."""
    asked = bytes((0x80, 0x7A)) + bytes(range(14))
    answer, after = server().answer(asked)
    assert (answer[1], command_rc(answer), after) == (0xFA, CommandRc.UNKNOWN_COMMAND, [])


@pytest.mark.parametrize("entry", REQUESTED, ids=lambda entry: entry.capability.name)
def test_what_is_granted_lies_within_the_limits(entry: Any) -> None:
    """DLG-4: inside as asked, outside in part."""
    most = 1 if entry.most is None else USUAL[entry.most]
    layout = COMMANDS[Command.REQUEST_CAPABILITY].response
    assert layout is not None
    for number, rc, granted in ((most, 0, most), (most + 1, 1, most)):
        answer, _ = server().answer(
            command_element(Command.REQUEST_CAPABILITY, capability=entry.capability, number=number)
        )
        assert (command_rc(answer), layout.number(answer, "number")) == (rc, granted)


def test_a_query_that_the_server_does_not_know_is_unsupported() -> None:
    answer, _ = server().answer(command_element(Command.QUERY_CAPABILITY, capability=0x1234))
    assert command_rc(answer) == CommandRc.UNSUPPORTED_OPTION
    answer, _ = server().answer(command_element(Command.REQUEST_CAPABILITY, capability=Capability.MAX_MTU, number=1))
    assert command_rc(answer) == CommandRc.UNSUPPORTED_OPTION
