"""A story as a capture in pcapng: a packet of text for each step, then the bytes that moved in it, with comments at faults.

Each kind of bytes has an interface and a link type of its own, of those that are free for users; the dissector that goes with
them is ``vnickit export --to wireshark``. Numbers of the format: :mod:`.blocks`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from vnic_conformance.pictures.blocks import (
    APPLICATION,
    COMMENT,
    ETHERNET,
    INTERFACE,
    MAGIC,
    NAME,
    PACKET,
    SECTION,
    USER0,
    WRITER,
)
from vnic_conformance.pictures.formats import Link
from vnic_conformance.pictures.story import Story
from vnic_conformance.pictures.traffic import Packet


class Packets:
    """A capture in memory; every link has an interface, in order."""

    def __init__(self) -> None:
        unknown = b"\xff" * 8
        head = struct.pack("!IHH", MAGIC, 1, 0) + unknown + _options((APPLICATION, WRITER.encode()))
        self._blocks = [_block(SECTION, head)]
        for link in Link:
            name = _options((NAME, link.name.lower().encode()))
            linktype = ETHERNET if link is Link.FRAME else USER0 + link
            self._blocks.append(_block(INTERFACE, struct.pack("!HHI", linktype, 0, 0) + name))

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
        options = _options((COMMENT, comment.encode("utf-8", "backslashreplace"))) if comment else b""
        self._blocks.append(_block(PACKET, head + _padded(data) + options))

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
        if kind == PACKET:
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
