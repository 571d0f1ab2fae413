"""A capture in pcapng, read: elements of CRQs and what goes with them, from ``vnickit show --as pcapng`` or somebody else.

What bytes are says their link type (:class:`~vnic_conformance.pictures.formats.Link`). Which way an element goes says its comment
("server 1 to client: INIT stored"), or its flags (outbound is what the client sends), or the element itself: answers and
indications come from a server, events from the hypervisor, commands from the client. INIT alone may go either way.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from vnic_conformance.foreign import cut, printable
from vnic_conformance.monitoring.elements import answer_rc, code_name, is_answer
from vnic_conformance.monitoring.seen import LONGEST, MOST, Record, Seen, Stamp, What
from vnic_conformance.pictures.blocks import (
    APPLICATION,
    COMMENT,
    FLAGS,
    INTERFACE,
    MAGIC,
    PACKET,
    RESOLUTION,
    SECTION,
    SIMPLE_PACKET,
    USER0,
)
from vnic_conformance.pictures.formats import Link
from vnic_conformance.reports.naming import element_name
from vnic_model.intake import IntakeError
from vnic_model.recording import Deed
from vnic_spec.layouts import COMMANDS
from vnic_spec.wire import ELEMENT_BYTES, Header, Vioctl

#: The longest capture that is read, in bytes.
MOST_BYTES: Final = 1 << 28
#: The first bytes of a capture, and of one in the older format.
BEGINNING: Final = struct.pack("!I", SECTION)
OLDER: Final = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
CLIENT: Final = "client"
HYPERVISOR: Final = "hypervisor"
SERVER: Final = "server"
_MICROSECONDS: Final = 6
_OUTBOUND: Final = 2
_INBOUND: Final = 1
_DEEDS: Final = "|".join(deed.name.lower() for deed in Deed)
_WAY: Final = re.compile(
    rf"(?P<sender>[^:]+?) to (?P<receiver>[^:]+?): .+? (?P<deed>{_DEEDS})(?:, in the place of .+)?"
)
#: Deeds after which an element is in the queue.
ARRIVED: Final = frozenset({Deed.STORED.name, Deed.OVERLAID.name, ""})


def capture(data: bytes) -> Record:
    """Read a capture.

    Raises:
        IntakeError: it is none, or it is damaged; where says the message.
    """
    record = Record("capture", [])
    reader = _Section(record)
    for kind, body, place in _blocks(data, reader):
        reader.block(kind, body, place)
    return record


class _Section:
    """Takes the blocks of a capture in. Orders of bytes and interfaces are those of the section that has begun last."""

    def __init__(self, record: Record) -> None:
        self.order = "!"
        self._record = record
        self._interfaces: list[tuple[int, float]] = []

    def block(self, kind: int, body: bytes, place: int) -> None:
        """One block."""
        if kind == SECTION:
            self._interfaces = []
            for code, value in self._options(body[16:]):
                if code == APPLICATION:
                    self._record.written_by = printable(cut(value.decode("utf-8", "replace"), LONGEST))
        elif kind == INTERFACE:
            if len(body) < 8:
                raise IntakeError(f"byte {place}: an interface of {len(body)} bytes, expected 8 at least")
            (link,) = struct.unpack_from(self.order + "H", body)
            self._interfaces.append((link, self._tick(body[8:])))
        elif kind in (PACKET, SIMPLE_PACKET):
            self._packet(kind, body, place)

    def _tick(self, options: bytes) -> float:
        for code, value in self._options(options):
            if code == RESOLUTION and value:
                exponent = value[0] & 0x7F
                return float(2.0**-exponent if value[0] & 0x80 else 10.0**-exponent)
        return 10.0**-_MICROSECONDS

    def _options(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        while at + 4 <= len(data):
            code, length = struct.unpack_from(self.order + "HH", data, at)
            if code == 0:
                return
            yield code, data[at + 4 : at + 4 + length]
            at += 4 + length + -length % 4

    def _packet(self, kind: int, body: bytes, place: int) -> None:
        self._record.lines += 1
        number = self._record.lines
        if number > MOST:
            raise IntakeError(f"it has more than {MOST:,} packets; give a part of it")
        head = 20 if kind == PACKET else 4
        if len(body) < head:
            raise IntakeError(f"byte {place}: packet {number} has {len(body)} bytes, expected {head} at least")
        interface, stamp, size, options = 0, None, len(body) - head, b""
        if kind == PACKET:
            interface, high, low, size = struct.unpack_from(self.order + "IIII", body)
            options = body[head + size + -size % 4 :]
        if interface >= len(self._interfaces):
            raise IntakeError(f"byte {place}: packet {number} is of interface {interface}, which is not described")
        if size > len(body) - head:
            raise IntakeError(f"byte {place}: packet {number} says that it has {size} bytes, and has fewer")
        link, tick = self._interfaces[interface]
        if kind == PACKET:
            stamp = Stamp((high << 32 | low) * tick, since_boot=False, resolution=tick)
        self._record.end = stamp or self._record.end
        said = {code: value for code, value in self._options(options) if code in (COMMENT, FLAGS)}
        comment = printable(cut(said.get(COMMENT, b"").decode("utf-8", "replace"), LONGEST))
        raw = said.get(FLAGS, b"")
        flags = struct.unpack(self.order + "I", raw)[0] & 3 if len(raw) == 4 else 0
        if link - USER0 in set(Link):
            found = _seen(number, stamp, Link(link - USER0), body[head : head + size], comment, flags)
            self._record.seen.append(found)
        else:
            self._record.others += 1


def _blocks(data: bytes, reader: _Section) -> Iterator[tuple[int, bytes, int]]:
    """Type and body of each block, and where it begins."""
    at = 0
    while at < len(data):
        if len(data) - at < 12:
            raise IntakeError(f"byte {at}: it ends within a block; it has been cut off")
        if data[at : at + 4] == BEGINNING:
            (magic,) = struct.unpack_from("!I", data, at + 8)
            swapped = int.from_bytes(MAGIC.to_bytes(4, "little"), "big")
            if magic not in (MAGIC, swapped):
                raise IntakeError(f"byte {at}: no capture in pcapng: its order of bytes is not said")
            reader.order = "!" if magic == MAGIC else "<"
        elif at == 0:
            raise IntakeError("no capture in pcapng: it does not begin with a section")
        kind, length = struct.unpack_from(reader.order + "II", data, at)
        if length < 12 or length % 4:
            raise IntakeError(f"byte {at}: a block of {length} bytes, which no block has")
        if at + length > len(data):
            raise IntakeError(f"byte {at}: it ends within a block of {length} bytes; it has been cut off")
        yield kind, data[at + 8 : at + length - 4], at
        at += length


def _seen(number: int, time: Stamp | None, link: Link, data: bytes, comment: str, flags: int) -> Seen:
    if link is Link.STEP:
        words = printable(cut(data.decode("utf-8", "replace"), LONGEST))
        return Seen(number, time, "", What.STEP, f"{words} (says its writer: {comment})" if comment else words, words)
    if link is Link.VIOCTL:
        sub = int.from_bytes(data[:8], "big")
        name = str(Vioctl(sub)) if sub in set(Vioctl) else f"subfunction {sub:#x}"
        return Seen(number, time, "", What.VIOCTL, f"H_VIOCTL {name}", comment, data, sub)
    if link is not Link.CRQ:
        return Seen(number, time, "", What.DETAIL, link.name.lower().replace("_", " "), comment, data)
    if len(data) != ELEMENT_BYTES:
        words = f"not understood: an element of {len(data)} bytes, expected {ELEMENT_BYTES}"
        return Seen(number, time, "", What.UNKNOWN, words, comment, data)
    sender, receiver, deed = _way(data, comment, flags)
    rc = answer_rc(data) if is_answer(data) else None
    name = f"{element_name(data.hex())}{f', {code_name(rc)}' if rc else ''}"
    how = f" {deed.lower()}" if deed and deed != Deed.STORED.name else ""
    words = f"{sender or 'somebody'} to {receiver or 'somebody'}: {name}{how}"
    what = What.ELSEWHERE
    if deed not in ARRIVED:
        what = What.NOT_SENT if sender == CLIENT else What.ELSEWHERE
    elif sender == CLIENT:
        what = What.SENT
    elif receiver == CLIENT:
        what = What.READ
    return Seen(number, time, "", what, words, comment, data, rc, sender=sender, receiver=receiver, deed=deed)


def _way(data: bytes, comment: str, flags: int) -> tuple[str, str, str]:
    """Who sends an element, who gets it, and what becomes of it; empty: not known."""
    found = _WAY.fullmatch(comment)
    if found:
        return found["sender"], found["receiver"], found["deed"].upper()
    if data[0] == Header.EVENT:
        return (HYPERVISOR, "" if flags == 0 else CLIENT, "") if flags != _OUTBOUND else (CLIENT, SERVER, "")
    if flags in (_OUTBOUND, _INBOUND):
        return (CLIENT, SERVER, "") if flags == _OUTBOUND else (SERVER, CLIENT, "")
    if data[0] != Header.COMMAND:
        return "", "", ""
    known = COMMANDS.get(data[1])
    by_server = is_answer(data) or (known is not None and known.by_server)
    return (SERVER, CLIENT, "") if by_server else (CLIENT, SERVER, "")
