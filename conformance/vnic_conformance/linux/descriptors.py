"""What a driver puts into its partner's sub-CRQs, read; and what a partner puts into the driver's, made.

Layouts are those of Linux's driver. Addresses are I/O bus addresses: :class:`~vnic_conformance.linux.memory.DmaMap` says
whether they can be reached, and reads and writes there.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from vnic_conformance.linux.memory import DmaMap
from vnic_spec.wire import SUB_ELEMENT_BYTES, Header, SubType

_TX: Final = struct.Struct(">6BH4xIHHIQ")
_RX_ADD: Final = struct.Struct(">B7xQIB3s8x")
_RX_DONE: Final = struct.Struct(">BBHIQHH12x")
_LOGIN: Final = struct.Struct(">10I")
_COMPLETION_WANTED: Final = 0x80
_END_OF_FRAME: Final = 0x20
#: Correlators that one completion of transmissions can carry.
MOST_COMPLETED: Final = 5


class Submitted(NamedTuple):
    """A frame to send.

    Attributes:
        correlator: comes back in the completion.
        map_id: of the buffer that the frame lies in.
        address, length: where the frame is; in bytes.
        elements: descriptors that it takes, this one included.
        completed: whether a completion is wanted.
        offloads: flags: 0x40 checksum, 0x20 large send, 0x10 TCP, 0x08 UDP, 0x04 IPv4, 0x02 IPv6.
        mss: segment size of a large send.
    """

    correlator: int
    map_id: int
    address: int
    length: int
    elements: int
    completed: bool
    offloads: int
    mss: int


class Lent(NamedTuple):
    """A buffer for a frame to be received.

    Attributes:
        correlator: comes back in the completion, unchanged.
        map_id: of the buffer that it is a part of.
        address, length: where it is; in bytes.
    """

    correlator: int
    map_id: int
    address: int
    length: int


class Login(NamedTuple):
    """What a login buffer says.

    Attributes:
        tx, rx: handles of the driver's queues for completions.
        response, response_length: where the answer is to be written, and how much room there is.
    """

    tx: tuple[int, ...]
    rx: tuple[int, ...]
    response: int
    response_length: int


def elements(block: bytes) -> list[bytes]:
    """The elements of one send."""
    return [block[at : at + SUB_ELEMENT_BYTES] for at in range(0, len(block), SUB_ELEMENT_BYTES)]


def submitted(block: bytes) -> list[Submitted]:
    """The frames of one send to a transmit queue; descriptors of headers and further pieces are passed over."""
    found = []
    for element in elements(block):
        if element[1] == SubType.TX:
            _, _, count, _, flags, _, mss, correlator, _, map_id, length, address = _TX.unpack(element)
            offloads = flags & ~_COMPLETION_WANTED
            found.append(
                Submitted(correlator, map_id, address, length, count, bool(flags & _COMPLETION_WANTED), offloads, mss)
            )
    return found


def lent(block: bytes) -> list[Lent]:
    """The buffers of one send to an rx-add queue."""
    found = []
    for element in elements(block):
        _, correlator, address, map_id, length = _RX_ADD.unpack(element)
        found.append(Lent(correlator, map_id, address, int.from_bytes(length, "big")))
    return found


def login(memory: DmaMap, unit: int, address: int, length: int) -> Login:
    """A login buffer of the driver's.

    Raises:
        Unmapped: it cannot be read as far as it says.
    """
    head = _LOGIN.unpack(memory.read(unit, address, _LOGIN.size))
    _, _, tx_count, tx_at, rx_count, rx_at, response, response_length, *_ = head

    def handles(count: int, at: int) -> tuple[int, ...]:
        return struct.unpack(f">{count}Q", memory.read(unit, address + at, 8 * count))

    return Login(handles(tx_count, tx_at), handles(rx_count, rx_at), response, response_length)


def tx_done(correlators: Sequence[int], codes: Sequence[int] = ()) -> bytes:
    """A completion of up to five frames, with their return codes; those left out are 0."""
    count = len(correlators)
    assert 1 <= count <= MOST_COMPLETED
    filled = [*codes, *[0] * (MOST_COMPLETED - len(codes))]
    numbers = [*correlators, *[0] * (MOST_COMPLETED - count)]
    return struct.pack(">BB5H5I", Header.COMMAND, count, *filled, *numbers)


def rx_done(correlator: int, length: int, offset: int = 0, code: int = 0, flags: int = _END_OF_FRAME) -> bytes:
    """A completion of a received frame: so many bytes, from so far into the buffer on."""
    return _RX_DONE.pack(Header.COMMAND, flags, offset, length, correlator, 0, code)
