"""The bytes of an element field by field, as the layouts have it (:mod:`vnic_spec.layouts`)."""

from __future__ import annotations

from typing import NamedTuple

from vnic_spec.layouts import Layout, command_layout
from vnic_spec.wire import Header


class Decoded(NamedTuple):
    """One field: its name, offset in bytes, size in bytes, and value in hexadecimal."""

    name: str
    offset: int
    size: int
    value: str


def decoded(hexadecimal: str) -> list[Decoded]:
    """The fields of a CRQ element; of one that has no layout header, code and the rest. Empty: it is no element."""
    try:
        data = bytes.fromhex(hexadecimal)
    except ValueError:
        return []
    layout = _layout(data)
    if layout is not None:
        return [Decoded(f.name, f.offset, f.size, layout.raw(data, f.name).hex()) for f in layout.fields]
    parts = (("header", 0, 1), ("code", 1, 1), ("reserved", 2, len(data) - 2))
    return [Decoded(name, at, size, data[at : at + size].hex()) for name, at, size in parts if size > 0]


def _layout(data: bytes) -> Layout | None:
    return command_layout(data) if len(data) > 1 and data[0] == Header.COMMAND else None
