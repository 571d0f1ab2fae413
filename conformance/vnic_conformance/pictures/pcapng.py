"""A story as a capture in pcapng: a packet of text for each step, then the bytes that moved in it, with comments at faults.

Each kind of bytes has an interface and a link type of its own, of those that are free for users; the dissector that goes with
them is ``vnickit export --to wireshark``. Source of the format: IETF draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from vnic_conformance.pictures.formats import Link
from vnic_conformance.pictures.story import Story
from vnic_conformance.pictures.traffic import Packet

_SECTION, _INTERFACE, _PACKET, _MAGIC = 0x0A0D0D0A, 1, 6, 0x1A2B3C4D
_COMMENT, _APPLICATION, _NAME = 1, 4, 2
_USER0, _ETHERNET = 147, 1  # the first of the link types that are free for users, and that of frames


class Packets:
    """A capture in memory; every link has an interface, in order."""

    def __init__(self) -> None:
        unknown = b"\xff" * 8
        head = struct.pack("!IHH", _MAGIC, 1, 0) + unknown + _options((_APPLICATION, b"vnickit"))
        self._blocks = [_block(_SECTION, head)]
        for link in Link:
            name = _options((_NAME, link.name.lower().encode()))
            linktype = _ETHERNET if link is Link.FRAME else _USER0 + link
            self._blocks.append(_block(_INTERFACE, struct.pack("!HHI", linktype, 0, 0) + name))

    def add(self, now: int, link: Link, data: bytes, comment: str = "") -> None:
        """A packet.

        Args:
            now: virtual time, in milliseconds.
            link: what its bytes are.
            data: the bytes.
            comment: what a reader should see beside it.
        """
        stamp = now * 1000  # an interface that says nothing of it counts microseconds
        head = struct.pack("!IIIII", link, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data))
        options = _options((_COMMENT, comment.encode("utf-8", "backslashreplace"))) if comment else b""
        self._blocks.append(_block(_PACKET, head + _padded(data) + options))

    def getvalue(self) -> bytes:
        """The whole file."""
        return b"".join(self._blocks)


def pcapng(story: Story) -> bytes:
    """The capture. Where time is not known a step takes a millisecond."""
    packets = Packets()
    _add(packets, 0, story.opening)
    for step in story.steps:
        now = step.number if step.now is None else step.now
        comment = f"violated: {story.requirement}: {story.sentence}" if step.wrong else "fault" if step.fault else ""
        packets.add(now, Link.STEP, step.line.encode("utf-8", "backslashreplace"), comment)
        _add(packets, now, step.packets)
    return packets.getvalue()


def _add(packets: Packets, now: int, moved: Iterable[Packet]) -> None:
    for one in moved:
        packets.add(now if one.now is None else one.now, one.link, _bytes(one.hexadecimal), one.words)


def _bytes(text: str) -> bytes:
    """Hexadecimal of others: what is none is kept as its characters, so that the dissector calls it malformed."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return text.encode("utf-8", "backslashreplace")


def steps_of(capture: bytes) -> Iterator[str]:
    """The lines of the steps in a capture of ours, in order."""
    at = 0
    while at + 12 <= len(capture):
        kind, length = struct.unpack_from("!II", capture, at)
        if kind == _PACKET:
            link, _, _, size = struct.unpack_from("!IIII", capture, at + 8)
            if link == Link.STEP:
                yield capture[at + 28 : at + 28 + size].decode("utf-8")
        at += length


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(*options: tuple[int, bytes]) -> bytes:
    longest = 0xFFFF
    cut = ((code, data[:longest]) for code, data in options)
    return b"".join(struct.pack("!HH", code, len(data)) + _padded(data) for code, data in cut) + bytes(4)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("!I", len(body) + 12)
    return struct.pack("!I", kind) + length + body + length
