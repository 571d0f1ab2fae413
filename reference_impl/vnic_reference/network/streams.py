"""Measuring: sequenced UDP streams and pings, and what was lost, doubled or overtaken (DAT-1, DAT-2).

A datagram of a stream carries 4 bytes stream number, 4 bytes sequence number from 0, 8 bytes virtual time of sending in
ms, and filling. The receiving side knows from these alone how often each one came, and in which order.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_HEAD = struct.Struct("!IIQ")
#: UDP port of the streams.
STREAM_PORT = 5001
#: Payload of a datagram in bytes, head included.
STREAM_BYTES = 200
PING_TIMEOUT_MS = 1000
PING_PAYLOAD = bytes(range(56))


def filling(size: int) -> bytes:
    """So many bytes, each its own number modulo 251, so that a byte that is lost or doubled shows."""
    return bytes(at % 251 for at in range(size))


@dataclass(slots=True)
class StreamSource:
    """The sending end of a stream.

    Attributes:
        number: of the stream.
        peer: IPv4 address of the receiver, 4 bytes.
        period_ms: one datagram in so many ms.
        begin: virtual time of the first one.
        end: nothing is sent at or after this time; None: never ends.
        sent: datagrams handed to the interface, which took them.
        refused: datagrams that the interface did not take; their sequence numbers are used up.
    """

    number: int
    peer: bytes
    period_ms: int
    begin: int = 0
    end: int | None = None
    sent: int = 0
    refused: int = 0

    @property
    def next_sequence(self) -> int:
        """Sequence number of the next datagram."""
        return self.sent + self.refused

    def due(self) -> int | None:
        """When the next datagram is to be sent; None: no more."""
        at = self.begin + self.next_sequence * self.period_ms
        return at if self.end is None or at < self.end else None

    def datagram(self, now: int, size: int = STREAM_BYTES) -> bytes:
        """Payload of the next datagram, of so many bytes, at least 16."""
        return _HEAD.pack(self.number, self.next_sequence, now).ljust(size, b"\x5a")


@dataclass(slots=True)
class StreamSink:
    """The receiving end of a stream.

    Attributes:
        number: of the stream.
        received: different datagrams that came.
        duplicated: datagrams that came once more.
        reordered: datagrams that came after one that was sent later.
        gaps: for each gap in the sequence: (time of the last one before, time of the first one after, how many missing)
            as they were when the first one after came.
        highest: highest sequence number that came, -1 before.
        last_at: virtual time at which that came.
    """

    number: int
    received: int = 0
    duplicated: int = 0
    reordered: int = 0
    gaps: list[tuple[int, int, int]] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)
    highest: int = -1
    last_at: int = 0

    def take(self, sequence: int, now: int) -> None:
        """A datagram of this stream has come."""
        if sequence in self._seen:
            self.duplicated += 1
            return
        self._seen.add(sequence)
        self.received += 1
        if sequence < self.highest:
            self.reordered += 1
            return
        if sequence > self.highest + 1:
            self.gaps.append((self.last_at, now, sequence - self.highest - 1))
        self.highest = sequence
        self.last_at = now

    def has(self, sequence: int) -> bool:
        """Whether this datagram has come."""
        return sequence in self._seen


def stream_fields(payload: bytes) -> tuple[int, int, int] | None:
    """Stream number, sequence number and time of sending in a datagram's payload; None if it is none of a stream."""
    return _HEAD.unpack_from(payload) if len(payload) >= _HEAD.size else None


@dataclass(slots=True)
class Ping:
    """One echo request and what became of it. ``reply_at`` is None until a reply comes, or for ever."""

    sequence: int
    sent_at: int
    taken: bool
    reply_at: int | None = None
    duplicates: int = 0

    def lost(self, now: int) -> bool:
        """Whether it has to be given up: not taken by the interface, or without a reply for a second."""
        return self.reply_at is None and (not self.taken or now >= self.sent_at + PING_TIMEOUT_MS)


@dataclass(slots=True)
class Pinger:
    """Regular echo requests to one peer (``ping -i``).

    Attributes:
        peer: IPv4 address, 4 bytes.
        period_ms: one request in so many ms.
        identifier: of the requests, 16 bits.
        begin: virtual time of the first.
        end: none at or after this time; None: never ends.
        pings: all of them, by sequence number.
    """

    peer: bytes
    period_ms: int
    identifier: int = 1
    begin: int = 0
    end: int | None = None
    pings: list[Ping] = field(default_factory=list)

    def due(self) -> int | None:
        """When the next request is to be sent; None: no more."""
        at = self.begin + len(self.pings) * self.period_ms
        return at if self.end is None or at < self.end else None

    def answered(self, sequence: int, now: int) -> None:
        """A reply with this sequence number (16 bits) has come."""
        # The latest request whose number looks so: numbers on the wire start again after 65,535.
        newest = len(self.pings) - 1
        index = newest - (newest - sequence) % 0x1_0000
        if index < 0:
            return
        ping = self.pings[index]
        if ping.reply_at is None:
            ping.reply_at = now
        else:
            ping.duplicates += 1

    def lost(self, now: int) -> int:
        """How many are lost by now."""
        return sum(ping.lost(now) for ping in self.pings)
