"""Traces for the monitor, written as a client would make them, and the reference client under the partner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.monitor import Monitor
from vnic_conformance.client_role.partner import MAC, PEER, Partner
from vnic_conformance.client_role.port import DirectPort
from vnic_conformance.client_role.server import Server
from vnic_conformance.client_role.server_settings import USUAL, ServerSettings
from vnic_reference.client import ClientSettings, VnicClient
from vnic_reference.client_adapter import ClientAdapter, MakeClient
from vnic_spec.client_profile import ClientProfile
from vnic_spec.layouts import (
    LOGIN_REQUEST,
    NEEDED_REQUESTS,
    QUERIES,
    REQUESTS,
    RX_ADD,
    RX_COMPLETION,
    TX_COMPLETION,
    TX_DESCRIPTOR,
    TX_HEADER,
    command_element,
)
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    PAGE_BYTES,
    Capability,
    Command,
    Hcall,
    Header,
    SubType,
    Vioctl,
    event_element,
    words,
)

UNIT = 0x3000_0003
OWN_TX, OWN_RX = 0x501, 0x502
REQUEST_AT, RESPONSE_AT, LIST_AT, POOL_AT = 0x2000, 0x3000, 0x4000, 0x10000
POOL_BYTES = 0x40000
RIGHT = {
    Capability.REQ_TX_QUEUES: 1,
    Capability.REQ_RX_QUEUES: 1,
    Capability.REQ_RX_ADD_QUEUES: 1,
    Capability.REQ_TX_ENTRIES: 32,
    Capability.REQ_RX_ADD_ENTRIES: 32,
    Capability.REQ_MTU: 1514,
    Capability.PROMISC_REQUESTED: 0,
}


class Trace:
    """One client that does what the test says, and the monitor that watches it."""

    def __init__(self, profile: ClientProfile | None = None, **capabilities: int) -> None:
        self.monitor = Monitor(profile)
        self.now = 0
        self.calls = 0
        self.memory = bytearray(POOL_AT + POOL_BYTES)
        settings = ServerSettings({**USUAL, **{Capability[name]: value for name, value in capabilities.items()}})
        self._next = 0x900
        self.server = Server(0, settings, self.read, self._write, self._handle)

    @property
    def broken(self) -> list[str]:
        """Names of the rules that were broken, each once, the first one first."""
        return list(dict.fromkeys(violation.rule.name for violation in self.monitor.violations))

    def _handle(self) -> int:
        self._next += 1
        return self._next

    def read(self, address: int, length: int) -> bytes | None:
        return bytes(self.memory[address : address + length]) if address + length <= len(self.memory) else None

    def _write(self, address: int, data: bytes) -> bool:
        self.memory[address : address + len(data)] = data
        return True

    # -- what happens --------------------------------------------------------------------------------------------

    def at(self, now: int) -> Trace:
        self.now = now
        return self

    def call(self, opcode: int, *registers: int, rc: int = 0, values: tuple[int, ...] = ()) -> Trace:
        """A call and its answer; ``registers`` without the unit."""
        arguments = (UNIT, *registers)
        self.calls += 1
        self.monitor(h.Called(self.now, self.calls, int(opcode), arguments, self.read))
        self.monitor(h.Answered(self.now, int(opcode), arguments, int(rc), values))
        return self

    def send(self, element: bytes, rc: int = 0) -> Trace:
        return self.call(Hcall.H_SEND_CRQ, *words(element), rc=rc)

    def put(self, element: bytes, buffer: bytes = b"", handle: int | None = None) -> Trace:
        self.monitor(h.Put(self.now, handle, element, buffer))
        return self

    def consume(self, element: bytes, *, skipped: bool = False) -> Trace:
        self.monitor(h.Consumed(self.now, None, element, skipped))
        return self

    def say(self, element: bytes, buffer: bytes = b"") -> Trace:
        """The server's element is put, and read."""
        return self.put(element, buffer).consume(element)

    def event(self, code: int) -> Trace:
        return self.say(event_element(code))

    def idle(self, until: int | None = None, unread: int = 0) -> Trace:
        self.monitor(h.Idled(self.now, until, unread))
        return self

    def look(self, link: bool, *received: bytes, opened: bool | None = None, health: str = "") -> Trace:
        self.monitor(h.Looked(self.now, link, opened, received, health))
        return self

    def user(self, order: int, action: str, **arguments: str | int) -> Trace:
        self.monitor(h.Asked(self.now, order, action, arguments))
        return self

    def returns(self, order: int, result: int = 0) -> Trace:
        self.monitor(h.Returned(self.now, order, result))
        return self

    def tell(self, happening: h.Happening) -> Trace:
        self.monitor(happening)
        return self

    # -- what a right client does --------------------------------------------------------------------------------

    def free(self, rc: int = 0) -> Trace:
        self.server.drop()
        return self.call(Hcall.H_FREE_CRQ, rc=rc)

    def reg(self, rc: int = 0, ioba: int = 0, length: int = PAGE_BYTES) -> Trace:
        return self.call(Hcall.H_REG_CRQ, ioba, length, rc=rc)

    def register(self) -> Trace:
        return self.free().reg().call(Hcall.H_VIO_SIGNAL, 1)

    def greet(self) -> Trace:
        return self.send(INIT).say(INIT_COMPLETE)

    def opened(self) -> Trace:
        """Registered, and INIT exchanged."""
        return self.register().greet()

    def ask(self, command: Command, **fields: int | bytes) -> Trace:
        """A command, answered rightly and at once."""
        element = command_element(command, **fields)
        self.send(element)
        return self.answer(element)

    def answer(self, element: bytes) -> Trace:
        right, after = self.server.answer(element)
        buffer = b""
        if self.server.login_response is not None:
            address, buffer = self.server.login_response
            self._write(address, buffer)
            self.server.login_response = None
        self.say(right, buffer)
        for more in after:
            self.say(more)
        return self

    def versioned(self) -> Trace:
        return self.opened().ask(Command.VERSION_EXCHANGE, version=1)

    def queried(self) -> Trace:
        self.versioned()
        for number in QUERIES:
            self.ask(Command.QUERY_CAPABILITY, capability=number)
        return self

    def requested(self, **others: int) -> Trace:
        self.queried()
        for number, value in RIGHT.items():
            self.ask(Command.REQUEST_CAPABILITY, capability=number, number=others.get(number.name, value))
        return self

    def negotiated(self) -> Trace:
        self.requested()
        self.ask(Command.QUERY_IP_OFFLOAD, length=256, ioba=LIST_AT)
        self.ask(Command.CONTROL_IP_OFFLOAD, length=136, ioba=LIST_AT)
        for handle in (OWN_TX, OWN_RX):
            self.call(Hcall.H_REG_SUB_CRQ, 0x1000, PAGE_BYTES, values=(handle, handle + 0x100))
        return self

    def write_request(self, **others: int) -> Trace:
        """The login request in memory, with other values of its header where they are given."""
        fields = {
            "length": 56, "version": 1, "tx_completions": 1, "tx_completions_at": 40, "rx_completions": 1,
            "rx_completions_at": 48, "response_ioba": RESPONSE_AT, "response_length": 100, "client_data_at": 56,
        }  # fmt: skip
        handles = others.pop("tx", OWN_TX).to_bytes(8, "big") + OWN_RX.to_bytes(8, "big")
        self._write(REQUEST_AT, LOGIN_REQUEST.pack(**{**fields, **others}) + handles)
        return self

    def login_element(self) -> bytes:
        return command_element(Command.LOGIN, ioba=REQUEST_AT, length=56)

    def logged_in(self) -> Trace:
        self.negotiated().write_request()
        return self.ask(Command.LOGIN, ioba=REQUEST_AT, length=56)

    def mapped(self) -> Trace:
        self.logged_in()
        return self.ask(Command.REQUEST_MAP, map_id=1, ioba=POOL_AT, length=POOL_BYTES)

    def up(self) -> Trace:
        """Logged in, mapped, link up, as the user wants."""
        self.user(900, "add").returns(900).user(901, "open").returns(901)
        self.mapped()
        return self.ask(Command.LOGICAL_LINK_STATE, state=1)

    def link(self, physical: int = 1, logical: int = 1) -> Trace:
        return self.say(Server.indication(physical, logical))

    def multicast(self, *groups: str, flags: int = 0x80) -> Trace:
        """MULTICAST_CTRL for each address, or once for none."""
        for group in groups or ("00" * 6,):
            self.ask(Command.MULTICAST_CTRL, mac=bytes.fromhex(group), flags=flags)
        return self

    # -- descriptors ---------------------------------------------------------------------------------------------

    @property
    def tx_queue(self) -> int:
        return self.server.session.tx_submissions[0]

    @property
    def rx_queue(self) -> int:
        return self.server.session.rx_adds[0]

    def frame(self, **others: int) -> bytes:
        fields = {
            "header": 0x80, "type": SubType.TX, "elements": 1, "segments": 1, "flags1": 0x80, "correlator": 1,
            "map_id": 1, "length": 60, "ioba": POOL_AT,
        }  # fmt: skip
        return TX_DESCRIPTOR.pack(**{**fields, **others})

    def header(self, data: bytes) -> bytes:
        """A header descriptor with these bytes, 24 at most."""
        fields = {"header": 0x80, "type": SubType.TX_HEADER, "length": len(data), "l2": 14}
        return TX_HEADER.pack(**fields, data=data.ljust(24, b"\0"))

    def buffer(self, **others: int) -> bytes:
        fields = {"header": 0x80, "correlator": 7, "ioba": POOL_AT, "map_id": 1, "length": 2048}
        return RX_ADD.pack(**{**fields, **others})

    def sub(self, handle: int, descriptor: bytes, rc: int = 0) -> Trace:
        return self.call(Hcall.H_SEND_SUB_CRQ, handle, *words(descriptor), rc=rc)

    def indirect(self, handle: int, *descriptors: bytes, rc: int = 0) -> Trace:
        self._write(LIST_AT, b"".join(descriptors))
        return self.call(Hcall.H_SEND_SUB_CRQ_INDIRECT, handle, LIST_AT, len(descriptors), rc=rc)

    def transmitted(self, correlator: int) -> Trace:
        return self.put(TX_COMPLETION.pack(header=Header.COMMAND, count=1, correlator_0=correlator), handle=OWN_TX)

    def received(self, correlator: int) -> Trace:
        return self.put(RX_COMPLETION.pack(header=Header.COMMAND, correlator=correlator, length=60), handle=OWN_RX)

    def complain(self, token: int = 5, told: int = 5, rc: int = 0) -> Trace:
        self.call(Hcall.H_VIOCTL, Vioctl.GET_SESSION_TOKEN, 0, 0, 0, values=(told,))
        return self.call(Hcall.H_VIOCTL, Vioctl.SESSION_ERROR_DETECTED, token, 0, 0, rc=rc)


assert set(NEEDED_REQUESTS) <= set(RIGHT) <= set(REQUESTS)


class Bench:
    """The reference client in this process, the partner around it, and the monitor."""

    peer, mac = PEER, MAC

    def __init__(self, make: MakeClient = VnicClient, **settings: Any) -> None:
        self.adapter = ClientAdapter(make, ClientSettings(open_at_boot=False, **settings))
        self.port = DirectPort(self.adapter)
        self.frames = 0
        self.fresh()

    def fresh(self) -> Partner:
        """Another client partition, seen by another monitor."""
        self.monitor = Monitor(self.port.hello.client)
        self.partner = Partner(self.port, observers=[self.monitor])
        return self.partner

    @property
    def said(self) -> list[str]:
        """What the monitor says."""
        return [str(violation) for violation in self.monitor.violations]

    @property
    def broken(self) -> set[str]:
        """IDs of the requirements that were broken."""
        return {name for violation in self.monitor.violations for name in violation.rule.requirements}

    def up(self) -> Partner:
        """The device there, open, and its link up."""
        self.partner.user("add")
        self.partner.run(10)
        self.partner.user("open")
        assert self.partner.until(lambda: self.partner.link, 3_000), self.said
        return self.partner

    def send(self, count: int = 1) -> None:
        """Frames to the peer, which sends them back; no two alike."""
        for _ in range(count):
            self.frames += 1
            self.partner.user("send", hex=(PEER + MAC + b"\x88\xb5" + self.frames.to_bytes(50, "big")).hex())
            self.partner.run(10)

    def close(self) -> None:
        self.adapter.close()


@pytest.fixture
def trace() -> Callable[..., Trace]:
    return Trace


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    """Makes benches, and ends their clients."""
    made: list[Bench] = []

    def make(client: MakeClient = VnicClient, **settings: Any) -> Bench:
        made.append(Bench(client, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()
