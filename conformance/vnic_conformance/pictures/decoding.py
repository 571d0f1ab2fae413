"""Bytes field by field, as the layouts have them (:mod:`vnic_conformance.pictures.formats`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from vnic_conformance.pictures.formats import FORMATS, TABLES, Format, Link, layout_of
from vnic_spec.wire import Header


class Decoded(NamedTuple):
    """One field: its name, offset in bytes, size in bytes, and value in hexadecimal."""

    name: str
    offset: int
    size: int
    value: str


def decoded(hexadecimal: str) -> list[Decoded]:
    """The fields of a CRQ element; of one that has no layout header and code. Empty: it is no hexadecimal."""
    try:
        data = bytes.fromhex(hexadecimal)
    except ValueError:
        return []
    return fields_of(FORMATS[Link.CRQ], data)


def source_of(hexadecimal: str, name: str) -> str:
    """The requirement that says where the layout of a field of a CRQ element is from: of any element's, or of the dialogue's."""
    return "DLG-1" if hexadecimal.startswith(f"{Header.COMMAND:02x}") and name != "header" else "CRQ-1"


def fields_of(form: Format, data: bytes) -> list[Decoded]:
    """The fields that bytes of a format have, then reserved bytes that are not 0, then the entries of tables.

    What is not there is left out.
    """
    layout = layout_of(form, data)
    found = [_field(f.name, f.offset, f.size, data) for f in layout.fields if f.offset + f.size <= len(data)]
    for at, size in runs(layout.reserved()):
        if any(data[at : at + size]):
            found.append(_field("reserved", at, min(size, len(data) - at), data))
    for table in TABLES.get(layout.name, ()):
        number, at = layout.number(data, table.number), layout.number(data, table.offset)
        if at + number * table.entry <= len(data):
            found += [_field(table.name, at + n * table.entry, table.entry, data) for n in range(number)]
    return found


def _field(name: str, at: int, size: int, data: bytes) -> Decoded:
    return Decoded(name, at, size, data[at : at + size].hex())


def runs(offsets: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Offsets that follow each other, as the first one and how many there are."""
    for _, group in groupby(enumerate(offsets), key=lambda pair: pair[1] - pair[0]):
        found = [at for _, at in group]
        yield found[0], len(found)
