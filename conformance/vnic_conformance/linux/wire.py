"""The wire between a guest and us: ``glue/vnickit.h`` is its other side. Little-endian words, no padding."""

from __future__ import annotations

import struct
from enum import IntEnum, unique
from typing import Final

#: First word of a connection; it changes with anything here.
MAGIC: Final = 0x32304B4349434E56

#: Magic, channel, bytes of memory, first byte of it that the memory file has.
HELLO: Final = struct.Struct("<4Q")
#: Opcode and nine arguments.
CALL: Final = struct.Struct("<10Q")
#: Return code and nine values.
ANSWER: Final = struct.Struct("<q9Q")
#: Return code of an answer that is none: make a twin, in the directory that the values are as text; then ask again.
SPLIT: Final = 0x54494C50534B4956
#: Kind, bytes that follow, tag. The acknowledgement is the tag.
ORDER: Final = struct.Struct("<IIQ")
ACKNOWLEDGEMENT: Final = struct.Struct("<Q")
#: Data of an ADD: unit address, interrupt source, MAC.
DEVICE: Final = struct.Struct("<II6s2x")
#: Data of a REMOVE: unit address.
UNIT: Final = struct.Struct("<I")
#: Tag of what has ended that is no command's: its output is a frame that was heard.
HEARD: Final = 0
#: Most bytes that may follow an order: a frame of 1,518 bytes in hexadecimal fits, and the guest reads a line of 4,095.
ORDER_BYTES: Final = 4000


@unique
class Channel(IntEnum):
    """The connections of a guest, in the order in which it opens them."""

    CALLS = 0
    ORDERS = 1


@unique
class Private(IntEnum):
    """Opcodes that are the glue's, not the hypervisor's; they are answered with 0."""

    READY = 0xF0000  #: user space has started and the driver is loaded
    ENDED = 0xF0001  #: tag, status, address and length of the output
    NETDEV = 0xF0002  #: event, index, flags, carrier, MTU, transmit queues, receive queues, name in two words
    COUNTS = 0xF0003  #: index, then packets, bytes, dropped, errors, each received and sent
    MAP = 0xF0004  #: unit, address, length, direction; any other answer than 0 refuses the mapping
    UNMAP = 0xF0005  #: unit, address, length, direction


@unique
class Order(IntEnum):
    """What we can ask of a guest."""

    INTERRUPT = 1
    ADD = 2
    REMOVE = 3
    RUN = 4
    LOOK = 5


@unique
class NetdevEvent(IntEnum):
    """What can have happened to a network device."""

    REGISTERED = 1
    UNREGISTERED = 2
    UP = 3
    DOWN = 4
    CHANGED = 5
    MTU = 6
    ADDRESS = 7
    RENAMED = 8
    PEERS_NOTIFIED = 9
    SEEN = 10  #: nothing; this is how it is now


def signed(word: int) -> int:
    """A word of 64 bits, read as a signed number."""
    return word - (1 << 64) if word >> 63 else word
