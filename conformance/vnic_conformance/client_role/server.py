"""A server's side of the dialogue, derived from the tables of :mod:`vnic_spec.layouts`: it answers rightly, at once (SRV-3).

What it does otherwise is put over it by the partner (:mod:`.deviations`), so that this stays the plain reading.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from vnic_conformance.client_role.server_settings import ServerSettings
from vnic_spec.layouts import (
    COMMANDS,
    LOGIN_REQUEST,
    LOGIN_REQUEST_TABLES,
    LOGIN_RESPONSE,
    LOGIN_VERSION,
    OFFLOAD_ANSWER,
    REQUESTS,
    RX_ADD,
    STATISTICS_BYTES,
    TX_DESCRIPTOR,
    Layout,
    command_element,
)
from vnic_spec.wire import RESPONSE_BIT, RETURN_CODE_AT, Capability, Command, CommandRc, Header, SubType

#: Reads and writes the client's memory; None and False where it is not mapped.
Read = Callable[[int, int], bytes | None]
Write = Callable[[int, bytes], bool]

VPD: Final = b"RM\x03KIT"
LINK_UP: Final = 1
#: Descriptor types that a server understands, best first (LoPAR numbering, as the driver's servers send it).
_TX_TYPES: Final = bytes((2,))
_HANDLE: Final = 8


@dataclass(slots=True)
class Session:
    """What has been negotiated in one session; it dies with it (SRV-4).

    Attributes:
        sent: correlators to complete, by queue.
        taken: how many frames were taken, by queue.
    """

    granted: dict[int, int] = field(default_factory=dict)
    logged_in: bool = False
    tx_completions: list[int] = field(default_factory=list)
    rx_completions: list[int] = field(default_factory=list)
    tx_submissions: list[int] = field(default_factory=list)
    rx_adds: list[int] = field(default_factory=list)
    maps: dict[int, tuple[int, int]] = field(default_factory=dict)
    multicast: set[bytes] = field(default_factory=set)
    mac: bytes = b""
    link: bool = False
    buffers: dict[int, list[bytes]] = field(default_factory=dict)
    sent: dict[int, list[int]] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)


class Server:
    """One server.

    Args:
        index: which one.
        settings: what it can.
        read: reads the client's memory.
        write: writes it.
        handle: gives out a handle that was never used before (CRQ-12).

    Attributes:
        session: the one that runs; a new one after every :meth:`drop`.
        open: INIT has been exchanged.
        greeted: it has sent INIT itself.
        login_response: the response that was written last, as it was meant.
    """

    def __init__(
        self, index: int, settings: ServerSettings, read: Read, write: Write, handle: Callable[[], int]
    ) -> None:
        self.index = index
        self.settings = settings
        self._read = read
        self._write = write
        self._handle = handle
        self.session = Session()
        self.open = False
        self.greeted = False
        self.login_response: tuple[int, bytes] | None = None

    def drop(self) -> None:
        """The client's CRQ went away, or this server was left: nothing of the session stays (SRV-4)."""
        self.session = Session()
        self.open = self.greeted = False
        self.login_response = None

    def answer(self, asked: bytes) -> tuple[bytes, list[bytes]]:
        """The right answer to a command, and what the server sends after it by itself."""
        entry = COMMANDS.get(asked[1])
        if entry is None or entry.by_server or entry.response is None or asked[1] & RESPONSE_BIT:
            unknown = bytearray(asked[:RETURN_CODE_AT] + bytes(4))
            unknown[1] |= RESPONSE_BIT
            unknown[RETURN_CODE_AT] = CommandRc.UNKNOWN_COMMAND
            return bytes(unknown), []
        echoed = {
            one.name: entry.request.raw(asked, one.name)
            for one in entry.response.fields
            if one in entry.request.fields and one.offset > 1
        }
        told, after = self._tell(asked, entry.request)
        fields: dict[str, int | bytes] = {**echoed, **told}
        head = {"header": Header.COMMAND, "command": asked[1] | RESPONSE_BIT}
        return entry.response.pack(**head, **fields), after

    def _tell(self, asked: bytes, layout: Layout) -> tuple[dict[str, int | bytes], list[bytes]]:
        """Fields of the answer beyond what is echoed, and what follows it."""
        values = layout.unpack(asked)
        session, command = self.session, asked[1]
        if command == Command.VERSION_EXCHANGE:
            return {"version": 1}, []
        if command == Command.QUERY_CAPABILITY:
            number = self.settings.capabilities.get(values["capability"])
            return ({"rc": CommandRc.UNSUPPORTED_OPTION, "number": 0} if number is None else {"number": number}), []
        if command == Command.REQUEST_CAPABILITY:
            return self._grant(values["capability"], values["number"]), []
        if command == Command.LOGIN:
            return {"rc": self._login(values["ioba"], values["length"])}, []
        if command == Command.QUERY_IP_OFFLOAD:
            offered = OFFLOAD_ANSWER.pack(
                length=OFFLOAD_ANSWER.size, version=1, **dict.fromkeys(sorted(self.settings.offloads), 1)
            )
            return self._fill(values["ioba"], offered[: values["length"]]), []
        if command == Command.GET_VPD_SIZE:
            return {"length": len(VPD)}, []
        if command == Command.GET_VPD:
            return self._fill(values["ioba"], VPD[: values["length"]]), []
        if command == Command.REQUEST_STATISTICS:
            return self._fill(values["ioba"], bytes(min(STATISTICS_BYTES, values["length"]))), []
        if command == Command.CHANGE_MAC_ADDR:
            session.mac = layout.raw(asked, "mac")
        elif command == Command.MULTICAST_CTRL:
            self._multicast(layout.raw(asked, "mac"), values["flags"])
        elif command == Command.REQUEST_MAP:
            if not session.logged_in or values["map_id"] in session.maps:
                return {"rc": CommandRc.PARAMETER}, []
            session.maps[values["map_id"]] = (values["ioba"], values["length"])
        elif command == Command.REQUEST_UNMAP:
            gone = session.maps.pop(values["map_id"], None)
            return {"rc": CommandRc.SUCCESS if gone else CommandRc.PARAMETER}, []
        elif command == Command.LOGICAL_LINK_STATE and session.logged_in:
            session.link = values["state"] == LINK_UP
            return {}, [self.indication(1, int(session.link))]
        return {}, []

    @staticmethod
    def indication(physical: int, logical: int) -> bytes:
        """LINK_STATE_INDICATION."""
        return command_element(Command.LINK_STATE_INDICATION, physical=physical, logical=logical)

    def _fill(self, ioba: int, data: bytes) -> dict[str, int | bytes]:
        return {} if self._write(ioba, data) else {"rc": CommandRc.INVALID_IOBA}

    def _multicast(self, mac: bytes, flags: int) -> None:
        known = self.session.multicast
        if flags & 0x80:
            known.add(mac)
        elif flags & 0x40:
            known.discard(mac)

    def _grant(self, capability: int, number: int) -> dict[str, int | bytes]:
        """What is requested, as far as the server can (DLG-4)."""
        entry = REQUESTS.get(capability)
        if entry is None:
            return {"rc": CommandRc.UNSUPPORTED_OPTION}
        told = self.settings.capabilities
        low = entry.floor if entry.least is None else told.get(entry.least, 0)
        high = 1 if entry.most is None else told.get(entry.most, 0)
        granted = min(max(number, low), high)
        self.session.granted[capability] = granted
        return {"number": granted, "rc": CommandRc.SUCCESS if granted == number else CommandRc.PARTIAL_SUCCESS}

    # -- login ---------------------------------------------------------------------------------------------------

    def _login(self, ioba: int, length: int) -> int:
        """Log the client in: read its request, write the response (DLG-5)."""
        request = self._read(ioba, min(length, 0x10000)) if length else None
        if self.session.logged_in:
            return CommandRc.INVALID_STATE
        if request is None or length < LOGIN_REQUEST.size:
            return CommandRc.INVALID_IOBA
        asked = LOGIN_REQUEST.unpack(request)
        tx, rx = (
            [
                int.from_bytes(request[asked[table.offset] + at * _HANDLE :][:_HANDLE], "big")
                for at in range(min(asked[table.number], 64))
            ]
            for table in LOGIN_REQUEST_TABLES[:2]
        )
        granted = self.session.granted
        if len(tx) != granted.get(Capability.REQ_TX_QUEUES) or len(rx) != granted.get(Capability.REQ_RX_QUEUES):
            return CommandRc.PARAMETER
        session = self.session
        session.tx_completions, session.rx_completions = tx, rx
        session.tx_submissions = [self._handle() for _ in tx]
        session.rx_adds = [self._handle() for _ in rx]
        session.buffers = {handle: [] for handle in session.rx_adds}
        session.logged_in = True
        self.login_response = (asked["response_ioba"], self.right_response())
        return CommandRc.SUCCESS

    def right_response(self) -> bytes:
        """The login response of this session: the types come last, so that every offset lies inside."""
        session = self.session
        tx, rx = len(session.tx_submissions), len(session.rx_adds)
        tx_at = LOGIN_RESPONSE.size
        rx_at = tx_at + _HANDLE * tx
        sizes_at = rx_at + _HANDLE * rx
        types_at = sizes_at + _HANDLE * rx
        size = session.granted.get(Capability.REQ_MTU, 1514) + self.settings.rx_buffer
        numbers = (*session.tx_submissions, *session.rx_adds, *[size] * rx)
        head = LOGIN_RESPONSE.pack(
            length=types_at + len(_TX_TYPES),
            version=LOGIN_VERSION,
            tx_submissions=tx,
            tx_submissions_at=tx_at,
            rx_adds=rx,
            rx_adds_at=rx_at,
            rx_sizes_at=sizes_at,
            tx_types=len(_TX_TYPES),
            tx_types_at=types_at,
        )
        return head + b"".join(number.to_bytes(_HANDLE, "big") for number in numbers) + _TX_TYPES

    # -- frames --------------------------------------------------------------------------------------------------

    def owns(self, handle: int) -> bool:
        """Whether it is a queue of this server's in this session."""
        return handle in self.session.tx_submissions or handle in self.session.rx_adds

    def take(self, handle: int, descriptors: list[bytes]) -> list[tuple[int, int, bytes | None]]:
        """Descriptors of the client: completion queue, correlator and frame (None: not readable) of each frame sent."""
        session = self.session
        if handle in session.rx_adds:
            session.buffers[handle] += descriptors
            return []
        completion = session.tx_completions[session.tx_submissions.index(handle)]
        frames: list[tuple[int, int, bytes | None]] = []
        for data in descriptors:
            if data[1] == SubType.TX:
                values = TX_DESCRIPTOR.unpack(data)
                frame = self._read(values["ioba"], values["length"]) if values["length"] else b""
                frames.append((completion, values["correlator"], frame))
        return frames

    def receive(self, frame: bytes) -> tuple[int, int, int] | None:
        """Put a frame into a buffer: the client's completion queue, correlator and bytes of the buffer; None: no buffer fits."""
        session, begins = self.session, self.settings.rx_offset
        for at, handle in enumerate(session.rx_adds):
            while session.buffers.get(handle):
                values = RX_ADD.unpack(session.buffers[handle].pop(0))
                fits = values["length"] >= begins + len(frame)
                if fits and self._write(values["ioba"] + begins, frame):
                    return session.rx_completions[at], values["correlator"], values["length"]
        return None
