"""Captures in pcapng, which Wireshark opens: one interface per port, timestamps in nanoseconds of virtual time.

Source: "PCAP Now Generic (pcapng) Capture File Format" (IETF draft-ietf-opsawg-pcapng): section header, interface
description and enhanced packet blocks, big-endian.
"""

from __future__ import annotations

import struct

_SECTION = 0x0A0D0D0A
_INTERFACE = 1
_PACKET = 6
_MAGIC = 0x1A2B3C4D
_ETHERNET = 1  # link type
_OPT_END = b"\0\0\0\0"
_SHB_USERAPPL = 4
_IF_NAME = 2
_IF_TSRESOL = 9
_EPB_FLAGS = 2
_NANOSECONDS = b"\x09"
_NS_PER_MS = 1_000_000
_UNKNOWN_LENGTH = b"\xff" * 8


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, data: bytes) -> bytes:
    return struct.pack("!HH", code, len(data)) + _padded(data)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("!I", len(body) + 12)
    return struct.pack("!I", kind) + length + body + length


class Capture:
    """A capture in memory; interfaces are named when their first frame comes."""

    def __init__(self) -> None:
        self._interfaces: dict[str, int] = {}
        options = _option(_SHB_USERAPPL, b"vnic_reference") + _OPT_END
        self._blocks = [_block(_SECTION, struct.pack("!IHH", _MAGIC, 1, 0) + _UNKNOWN_LENGTH + options)]
        self.frames = 0

    def add(self, now: int, interface: str, frame: bytes, *, inbound: bool) -> None:
        """A frame seen at an interface.

        Args:
            now: virtual time in ms.
            interface: its name.
            frame: from the destination MAC on, without frame check sequence.
            inbound: whether it came in there or left.
        """
        index = self._interfaces.get(interface)
        if index is None:
            index = self._interfaces[interface] = len(self._interfaces)
            options = _option(_IF_NAME, interface.encode()) + _option(_IF_TSRESOL, _NANOSECONDS) + _OPT_END
            self._blocks.append(_block(_INTERFACE, struct.pack("!HHI", _ETHERNET, 0, 0) + options))
        stamp = now * _NS_PER_MS
        head = struct.pack("!IIIII", index, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
        flags = _option(_EPB_FLAGS, struct.pack("!I", 1 if inbound else 2)) + _OPT_END
        self._blocks.append(_block(_PACKET, head + _padded(frame) + flags))
        self.frames += 1

    def getvalue(self) -> bytes:
        """The whole file."""
        return b"".join(self._blocks)
