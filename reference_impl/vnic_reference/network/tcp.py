"""A listener for TCP, as small as can be: what an operating system sends into it comes out whole, in order, and once.

It acknowledges what comes in order and drops the rest, which the sender sends again (RFC 9293: a receiver may). It never
sends data. One connection after another; all state is bounded.
"""

from __future__ import annotations

import hashlib
import struct
from enum import IntFlag
from typing import Final, NamedTuple

from vnic_reference.network.frames import Ipv4, checksum

PROTOCOL_TCP: Final = 6
_HEADER: Final = struct.Struct("!HHIIBBHHH")
_WORD: Final = 4
_MASK: Final = 0xFFFF_FFFF
#: Room for data that is always announced; what comes is taken at once.
_WINDOW: Final = 0xFFFF
#: Option 2: the longest segment that fits an Ethernet frame.
_MSS: Final = struct.pack("!BBH", 2, 4, 1460)
_INITIAL: Final = 1


class Flag(IntFlag):
    """Control bits."""

    FIN = 1
    SYN = 2
    RST = 4
    PSH = 8
    ACK = 16


class Segment(NamedTuple):
    """A TCP segment; options are read over."""

    source: int
    destination: int
    sequence: int
    acknowledgement: int
    flags: int
    payload: bytes = b""
    options: bytes = b""

    def pack(self, source_ip: bytes, destination_ip: bytes) -> bytes:
        """The bytes, with the checksum over the pseudo header of these addresses. Options are whole words."""
        offset = (_HEADER.size + len(self.options)) // _WORD << 4
        numbers = (
            self.source,
            self.destination,
            self.sequence & _MASK,
            self.acknowledgement & _MASK,
            offset,
            self.flags,
        )
        bare = _HEADER.pack(*numbers, _WINDOW, 0, 0) + self.options + self.payload
        total = checksum(_pseudo(source_ip, destination_ip, len(bare)) + bare)
        return bare[:16] + total.to_bytes(2, "big") + bare[18:]

    @classmethod
    def unpack(cls, packet: Ipv4) -> Segment | None:
        """Read the segment in a packet; None if it is not whole or its checksum is wrong."""
        data = packet.payload
        if len(data) < _HEADER.size:
            return None
        source, destination, sequence, acknowledgement, offset, flags, *_ = _HEADER.unpack_from(data)
        header = (offset >> 4) * _WORD
        if not _HEADER.size <= header <= len(data):
            return None
        if checksum(_pseudo(packet.source, packet.destination, len(data)) + data):
            return None
        return cls(source, destination, sequence, acknowledgement, flags & 0x3F, data[header:])


def _pseudo(source: bytes, destination: bytes, length: int) -> bytes:
    return source + destination + struct.pack("!HH", PROTOCOL_TCP, length)


class TcpSink:
    """Takes connections to one port, one after the other.

    Args:
        port: the port.

    Attributes:
        received: bytes of data, of all connections.
        closed: connections that the sender has closed.
        repeated: segments that were dropped because they came out of order, or again.
        last_at: when data came last, in ms.
        longest_silence_ms: longest time between data and data.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.received = 0
        self.closed = 0
        self.repeated = 0
        self.last_at: int | None = None
        self.longest_silence_ms = 0
        self._digest = hashlib.sha256()
        self._peer: tuple[bytes, int] | None = None
        self._next = 0

    @property
    def digest(self) -> str:
        """SHA-256 of all data, in the order in which it was sent."""
        return self._digest.hexdigest()

    def take(self, segment: Segment, peer_ip: bytes, now: int) -> Segment | None:
        """A segment to our port has come; what is answered."""
        peer = (peer_ip, segment.source)
        if segment.flags & Flag.RST:
            if peer == self._peer:
                self._peer = None
            return None
        if segment.flags & Flag.SYN:
            if self._peer not in (None, peer):
                return self._answer(segment, Flag.RST | Flag.ACK, 0, segment.sequence + 1)
            self._peer, self._next = peer, (segment.sequence + 1) & _MASK
            return self._answer(segment, Flag.SYN | Flag.ACK, _INITIAL, self._next, _MSS)
        if peer != self._peer:
            return self._answer(segment, Flag.RST, segment.acknowledgement, 0)
        return self._take_data(segment, now)

    def _take_data(self, segment: Segment, now: int) -> Segment | None:
        ending = bool(segment.flags & Flag.FIN)
        if not segment.payload and not ending:
            return None
        flags = Flag.ACK
        if segment.sequence != self._next:
            self.repeated += 1
        else:
            self._keep(segment.payload, now)
            self._next = (self._next + len(segment.payload) + ending) & _MASK
            if ending:
                # Ours is the other direction, in which nothing was ever sent: it is closed with the same segment.
                flags |= Flag.FIN
                self.closed += 1
                self._peer = None
        return self._answer(segment, flags, _INITIAL + 1, self._next)

    def _keep(self, data: bytes, now: int) -> None:
        if data:
            self.received += len(data)
            self._digest.update(data)
            self.longest_silence_ms = max(
                self.longest_silence_ms, now - (now if self.last_at is None else self.last_at)
            )
            self.last_at = now

    @staticmethod
    def _answer(to: Segment, flags: int, sequence: int, acknowledgement: int, options: bytes = b"") -> Segment:
        return Segment(to.destination, to.source, sequence, acknowledgement, flags, b"", options)
