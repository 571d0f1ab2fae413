"""Happenings as text and back: what a log keeps of a step, so that the monitor can judge it again without a client.

The text is a compressed JSON list. What the monitor has read of the client's memory while it stood in a call goes with the
call; other memory is not recorded and reads as not mapped. Reading believes nothing: see :func:`happenings_of`.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from vnic_conformance.client_role.happenings import KINDS, Called, Happening, Memory

#: The longest record of one step in bytes.
MOST: Final = 1 << 26
#: What was read inside a call, by address and length.
Reads = dict[tuple[int, int], bytes | None]


class RecordError(ValueError):
    """A text is no record of happenings; the message says why."""


def remembered(happening: Happening, reads: Reads) -> Happening:
    """A call whose memory notes in ``reads`` what is read of it; any other happening as it is."""
    if not isinstance(happening, Called):
        return happening
    memory = happening.memory

    def read(address: int, length: int) -> bytes | None:
        found = reads[address, length] = memory(address, length)
        return found

    return Called(happening.now, happening.number, happening.opcode, happening.arguments, read)


#: The last texts that were written here, with what they record: what is judged at once need not be read again.
_WRITTEN: Final[OrderedDict[str, list[Happening]]] = OrderedDict()
_KEPT: Final = 4


def text_of(kept: Sequence[tuple[Happening, Reads]]) -> str:
    """The text of happenings, each with what was read inside it."""
    text = _packed(kept)
    _WRITTEN[text] = [_as_recorded(happening, reads) for happening, reads in kept]
    if len(_WRITTEN) > _KEPT:
        _WRITTEN.popitem(last=False)
    return text


def _as_recorded(happening: Happening, reads: Reads) -> Happening:
    if not isinstance(happening, Called):
        return happening
    return Called(happening.now, happening.number, happening.opcode, happening.arguments, _remembering(reads))


def _remembering(reads: Reads) -> Memory:
    return lambda address, length: reads.get((address, length))


def _packed(kept: Sequence[tuple[Happening, Reads]]) -> str:
    rows = []
    for happening, reads in kept:
        row: list[object] = [type(happening).__name__]
        row += [_plain(getattr(happening, name)) for name, _ in _FIELDS[type(happening).__name__]]
        if isinstance(happening, Called):
            row.append([[at, length, _plain(data)] for (at, length), data in reads.items()])
        rows.append(row)
    return base64.b64encode(zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 1)).decode()


def happenings_of(text: str) -> list[Happening]:
    """The happenings that a text records.

    Raises:
        RecordError: it records none.
    """
    written = _WRITTEN.get(text)
    if written is not None:
        return list(written)
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(base64.b64decode(text, validate=True), MOST)
        if not unpacker.eof:
            raise RecordError(f"a record of a step has at most {MOST:,} bytes, and is whole")
        rows = json.loads(plain)
    except (binascii.Error, zlib.error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise RecordError(f"no record of happenings: {error}") from None
    if not isinstance(rows, list):
        raise RecordError("a record is a list of happenings")
    return [_happening(row) for row in rows]


def _happening(row: object) -> Happening:
    if not isinstance(row, list) or not row or not isinstance(row[0], str) or row[0] not in KINDS:
        raise RecordError(f"a happening is a list whose first item is one of {', '.join(KINDS)}")
    kind, described = row[0], _FIELDS[row[0]]
    many = 1 + len(described) + (kind == Called.__name__)
    if len(row) != many:
        raise RecordError(f"{kind} has {many - 1} values, not {len(row) - 1}")
    try:
        values = {name: _READERS[form](value) for (name, form), value in zip(described, row[1:], strict=False)}
        if kind == Called.__name__:
            values["memory"] = _memory(row[-1])
        return KINDS[kind](**values)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise RecordError(f"{kind}: {error}") from None


def _memory(rows: object) -> Memory:
    known = {(_whole(at), _whole(length)): _maybe(_bytes)(data) for at, length, data in _list(rows)}
    return _remembering(known)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list was expected")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number was expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text was expected")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false was expected")
    return value


def _bytes(value: object) -> bytes:
    return bytes.fromhex(_text(value))


def _maybe(reader: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else reader(value)


def _several(reader: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: tuple(map(reader, _list(value)))


def _arguments(value: object) -> Mapping[str, str | int]:
    if not isinstance(value, dict):
        raise ValueError("an object was expected")
    return {name: item if isinstance(item, str) else _whole(item) for name, item in value.items()}


#: How a field is read, by its annotation in :mod:`.happenings`.
_READERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "int": _whole,
    "str": _text,
    "bool": _flag,
    "bytes": _bytes,
    "int | None": _maybe(_whole),
    "bool | None": _maybe(_flag),
    "tuple[int, ...]": _several(_whole),
    "tuple[bytes, ...]": _several(_bytes),
    "Mapping[str, str | int]": _arguments,
}
#: Names and annotations of what is recorded of each kind.
_FIELDS: Final = {
    name: tuple((one.name, str(one.type)) for one in fields(kind) if one.init and one.name != "memory")
    for name, kind in KINDS.items()
}
