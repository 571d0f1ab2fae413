"""Descriptors on sub-CRQs: 32 bytes, header 0x80 (protocol.md 3.6; the driver's layouts).

Client to server: a frame to send (:class:`TxDescriptor`, with :class:`TxSegments` behind it for further pieces), a
buffer to fill (:class:`RxAdd`). Server to client: frames done with (:class:`TxCompletion`), a frame received
(:class:`RxCompletion`). Every ``unpack`` takes any 32 bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from vnic_spec.wire import SUB_ELEMENT_BYTES, Header, SubType

_TX = struct.Struct(">6B6xIHHIQ")  # the two bytes of the MSS at 6 are not read
_SEGMENTS = struct.Struct(">BBHIQxxHIQ")
_RX_ADD = struct.Struct(">B7xQIB3s8x")
_RX_COMPLETION = struct.Struct(">BBHIQHH12x")

HEADER_WANTED: Final = 0x80  #: in a byte of capability 33: headers must be sent as descriptors
TX_COMPLETION_WANTED: Final = 0x80  #: flags1 of a transmit descriptor
TX_OFFLOADS: Final = 0x60  #: flags1: checksum or large send
TX_INSERT_VLAN: Final = 0x80  #: flags2
RX_END_OF_FRAME: Final = 0x20
RX_EXACT_MULTICAST: Final = 0x10
MAX_COMPLETIONS: Final = 5  #: in one tx completion
MAX_RX_BUFFER: Final = (1 << 24) - 1


class TxDescriptor(NamedTuple):
    """One frame to send, or its first piece.

    ``elements`` descriptors make up the frame, this one included, ``segments`` pieces of memory; ``correlator`` comes
    back in the completion; ``ioba`` lies in the buffer mapped as ``map_id``.
    """

    correlator: int
    map_id: int
    length: int
    ioba: int
    kind: int = SubType.TX
    elements: int = 1
    segments: int = 1
    flags1: int = TX_COMPLETION_WANTED
    flags2: int = 0
    vlan: int = 0

    def pack(self) -> bytes:
        """The 32 bytes."""
        return _TX.pack(
            Header.COMMAND,
            self.kind,
            self.elements,
            self.segments,
            self.flags1,
            self.flags2,
            self.correlator,
            self.vlan,
            self.map_id,
            self.length,
            self.ioba,
        )

    @classmethod
    def unpack(cls, data: bytes) -> TxDescriptor:
        """Read any 32 bytes."""
        _, kind, elements, segments, flags1, flags2, correlator, vlan, map_id, length, ioba = _TX.unpack(data)
        return cls(correlator, map_id, length, ioba, kind, elements, segments, flags1, flags2, vlan)


class Segment(NamedTuple):
    """A further piece of a frame."""

    map_id: int
    length: int
    ioba: int


class TxSegments(NamedTuple):
    """A descriptor with up to two further pieces of a frame; a piece of length 0 is none."""

    first: Segment
    second: Segment = Segment(0, 0, 0)

    def pack(self) -> bytes:
        """The 32 bytes."""
        return _SEGMENTS.pack(Header.COMMAND, SubType.TX_SG, *self.first, *self.second)

    @classmethod
    def unpack(cls, data: bytes) -> TxSegments:
        """Read any 32 bytes."""
        fields = _SEGMENTS.unpack(data)
        return cls(Segment(*fields[2:5]), Segment(*fields[5:8]))


@dataclass(frozen=True, slots=True)
class TxHeader:
    """The first bytes of a frame's headers, with the lengths of its layer 2, 3 and 4 headers."""

    ROOM: ClassVar = 24

    data: bytes
    l2: int
    l3: int
    l4: int
    flag: int

    def pack(self) -> bytes:
        """The 32 bytes; at most :attr:`ROOM` bytes of data fit."""
        head = (Header.COMMAND, SubType.TX_HEADER, len(self.data), self.l2, self.l3, self.l4, self.flag)
        return struct.pack(">4BHBB24s", *head, self.data)


@dataclass(frozen=True, slots=True)
class TxHeaderMore:
    """Further bytes of a frame's headers."""

    ROOM: ClassVar = 29

    data: bytes

    def pack(self) -> bytes:
        """The 32 bytes; at most :attr:`ROOM` bytes of data fit."""
        return struct.pack(">3B29s", Header.COMMAND, SubType.TX_HEADER_EXT, len(self.data), self.data)


class TxCompletion(NamedTuple):
    """Up to five frames that the server is done with, each with its return code and correlator."""

    entries: tuple[tuple[int, int], ...]

    def pack(self) -> bytes:
        """The 32 bytes."""
        codes = b"".join(rc.to_bytes(2, "big") for rc, _ in self.entries).ljust(2 * MAX_COMPLETIONS, b"\0")
        correlators = b"".join(number.to_bytes(4, "big") for _, number in self.entries)
        head = bytes((Header.COMMAND, len(self.entries)))
        return (head + codes + correlators).ljust(SUB_ELEMENT_BYTES, b"\0")

    @classmethod
    def unpack(cls, data: bytes) -> TxCompletion:
        """Read any 32 bytes; a count beyond five reads as none (CLI-9)."""
        count = data[1] if data[1] <= MAX_COMPLETIONS else 0
        codes, correlators = struct.unpack_from(">5H", data, 2), struct.unpack_from(">5I", data, 12)
        return cls(tuple(zip(codes[:count], correlators[:count], strict=True)))


class RxAdd(NamedTuple):
    """A buffer for one received frame; the server returns ``correlator`` (64 bits) unchanged."""

    correlator: int
    map_id: int
    ioba: int
    length: int

    def pack(self) -> bytes:
        """The 32 bytes."""
        return _RX_ADD.pack(Header.COMMAND, self.correlator, self.ioba, self.map_id, self.length.to_bytes(3, "big"))

    @classmethod
    def unpack(cls, data: bytes) -> RxAdd:
        """Read any 32 bytes."""
        _, correlator, ioba, map_id, length = _RX_ADD.unpack(data)
        return cls(correlator, map_id, ioba, int.from_bytes(length, "big"))


class RxCompletion(NamedTuple):
    """A received frame, or a buffer given back without one (``rc`` other than 0)."""

    correlator: int
    length: int
    rc: int = 0
    offset: int = 0
    flags: int = RX_END_OF_FRAME
    vlan: int = 0

    def pack(self) -> bytes:
        """The 32 bytes."""
        head = (Header.COMMAND, self.flags, self.offset, self.length)
        return _RX_COMPLETION.pack(*head, self.correlator, self.vlan, self.rc)

    @classmethod
    def unpack(cls, data: bytes) -> RxCompletion:
        """Read any 32 bytes."""
        _, flags, offset, length, correlator, vlan, rc = _RX_COMPLETION.unpack(data)
        return cls(correlator, length, rc, offset, flags, vlan)
