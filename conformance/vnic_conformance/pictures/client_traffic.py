"""What moved in the steps of role client, read from what is recorded of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.view import SUB_SENDS, View
from vnic_conformance.pictures.decoding import fields_of
from vnic_conformance.pictures.formats import FORMATS, Link
from vnic_conformance.pictures.traffic import Packet, element
from vnic_conformance.reports.naming import element_name
from vnic_model.recording import Deed
from vnic_model.trace import Passage
from vnic_spec.layouts import COMMANDS, LOGIN_REQUEST_TABLES, LOGIN_RESPONSE_TABLES
from vnic_spec.wire import Command, Hcall, Header, Rc, from_words

CLIENT, HYPERVISOR, SERVERS = "client", "hypervisor", "servers"
#: What the handles in the tables of a login are of.
_QUEUES = {
    LOGIN_REQUEST_TABLES[0].name: Link.TRANSMIT_COMPLETION,
    LOGIN_REQUEST_TABLES[1].name: Link.RX_COMPLETION,
    LOGIN_RESPONSE_TABLES[0].name: Link.TRANSMIT,
    LOGIN_RESPONSE_TABLES[1].name: Link.RX_ADD,
}
#: Which buffer a command names, where its owner has filled it.
_BUFFERS = {Command.LOGIN: Link.LOGIN_REQUEST, Command.CONTROL_IP_OFFLOAD: Link.OFFLOAD_CONTROL}


class ClientTraffic:
    """Follows one client from its reset on: what kind of queue a handle is of shows when the client logs in.

    Attributes:
        passages: the elements of its CRQ in the step that was taken in last.
        packets: everything that moved in it, in order.
    """

    def __init__(self) -> None:
        self.passages: list[Passage] = []
        self.packets: list[Packet] = []
        self._kinds: dict[int, Link] = {}

    def take(self, happened: Sequence[h.Happening]) -> None:
        """Take in what happened in a step."""
        self.passages, self.packets = [], []
        for number, each in enumerate(happened):
            if isinstance(each, h.Called):
                self._called(each, _code(happened[number + 1 :]))
            elif isinstance(each, h.Put):
                self._put(each)
            elif isinstance(each, h.Sent):
                self._frame(each, f"{CLIENT} to network: left by server {each.server}")
            elif isinstance(each, h.Arrived):
                self._frame(each, f"network to {CLIENT}: by server {each.server}")

    def _called(self, call: h.Called, rc: int | None) -> None:
        if call.element is not None:
            for buffer in self._filled(call):
                self.packets.append(buffer)
                self._learn(buffer)
            deed = Deed.STORED if rc == Rc.H_SUCCESS else Deed.REFUSED
            self._element(call.now, deed, CLIENT, SERVERS, call.element)
        elif call.opcode in SUB_SENDS and len(call.arguments) > 1:
            handle = call.arguments[1]
            answer = "" if rc == Rc.H_SUCCESS else f", answered {_rc_words(rc)}"
            for descriptor in View.descriptors_of(call) or ():
                words = f"{CLIENT} to {SERVERS}, handle {handle:#x}{answer}"
                self.packets.append(Packet(self._kind(handle), descriptor.hex(), words, call.now))
        elif call.opcode == Hcall.H_VIOCTL:
            registers = from_words(*call.arguments[1:5]).hex()
            self.packets.append(Packet(Link.VIOCTL, registers, f"{CLIENT}: {_rc_words(rc)}", call.now))

    @staticmethod
    def _filled(call: h.Called) -> Iterator[Packet]:
        """The buffer that a command names, if it was read when the command came."""
        assert call.element is not None
        code = call.element[1]
        if call.element[0] != Header.COMMAND or code not in _BUFFERS:
            return
        where = COMMANDS[code].request.unpack(call.element)
        data = call.memory(where["ioba"], where["length"])
        if data:
            yield Packet(_BUFFERS[Command(code)], data.hex(), f"{CLIENT} to {SERVERS}", call.now)

    def _put(self, put: h.Put) -> None:
        if put.handle is not None:
            words = f"{SERVERS} to {CLIENT}, handle {put.handle:#x}"
            self.packets.append(Packet(self._kind(put.handle), put.data.hex(), words, put.now))
            return
        if put.buffer:
            response = Packet(Link.LOGIN_RESPONSE, put.buffer.hex(), f"{SERVERS} to {CLIENT}", put.now)
            self.packets.append(response)
            self._learn(response)
        sender = HYPERVISOR if put.data[:1] == bytes((Header.EVENT,)) else SERVERS
        self._element(put.now, Deed.STORED, sender, CLIENT, put.data)

    def _element(self, now: int, deed: Deed, sender: str, receiver: str, data: bytes) -> None:
        passage = Passage(deed.name, sender, receiver, element_name(data.hex()), data.hex())
        self.passages.append(passage)
        self.packets.append(element(passage, now))

    def _frame(self, frame: h.Sent | h.Arrived, words: str) -> None:
        self.packets.append(Packet(Link.FRAME, frame.frame.hex(), words, frame.now))

    def _kind(self, handle: int) -> Link:
        return self._kinds.get(handle, Link.SUB_CRQ)

    def _learn(self, buffer: Packet) -> None:
        """Which queues a login names."""
        if buffer.link not in (Link.LOGIN_REQUEST, Link.LOGIN_RESPONSE):
            return
        for field in fields_of(FORMATS[buffer.link], bytes.fromhex(buffer.hexadecimal)):
            if field.name in _QUEUES:
                self._kinds[int(field.value, 16)] = _QUEUES[field.name]


def _code(after: Sequence[h.Happening]) -> int | None:
    """The answer to a call, from what happened after it; None: none was seen."""
    return next((each.rc for each in after if isinstance(each, h.Answered)), None)


def _rc_words(rc: int | None) -> str:
    return "no answer" if rc is None else Rc(rc).name if rc in set(Rc) else f"return code {rc}"
