"""A request as it arrives: a line read as a flat object, and its fields read as what they should be.

Whatever is wrong with it becomes a :class:`RequestError`, and nothing has happened then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

#: Longest request in bytes.
MAX_LINE: Final = 1 << 20
#: Most bytes in one hexadecimal field.
MAX_BYTES: Final = 0x20000
#: Numbers beyond this travel as strings, because some JSON libraries would round them.
_MAX_PLAIN: Final = 1 << 53
_U64: Final = (1 << 64) - 1

Fields = dict[str, object]


class RequestError(Exception):
    """The request cannot be understood; its text is the reply's ``error``."""


def parse(line: str) -> Fields:
    """Read a line as a flat object of strings and integers."""
    if len(line) > MAX_LINE:
        raise RequestError(f"a request may have {MAX_LINE} bytes")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise RequestError("not JSON") from None
    if not isinstance(fields, dict):
        raise RequestError("not a JSON object")
    return fields


def reply_line(reply: Mapping[str, object]) -> str:
    """A reply as a line, without its line feed; wide numbers as strings."""
    return json.dumps({name: _wide(value) for name, value in reply.items()}, separators=(",", ":"))


def _wide(value: object) -> object:
    return hex(value) if isinstance(value, int) and value > _MAX_PLAIN else value


def number(fields: Mapping[str, object], name: str, default: int | None = None) -> int:
    """A whole number of at most 64 bits, as an integer or as a string such as ``"0x1000"``."""
    value = fields.get(name, default)
    if isinstance(value, str):
        try:
            value = int(value, 0)
        except ValueError:
            value = None
    if isinstance(value, int) and not isinstance(value, bool) and -_U64 <= value <= _U64:
        return value
    raise RequestError(f"{name} must be a whole number of at most 64 bits")


def flag(fields: Mapping[str, object], name: str, default: int | None = None) -> bool:
    """0 or 1."""
    value = number(fields, name, default)
    if value not in (0, 1):
        raise RequestError(f"{name} must be 0 or 1")
    return value == 1


def word(fields: Mapping[str, object], name: str, default: str | None, allowed: tuple[str, ...] = ()) -> str:
    """A string, one of those allowed if any are named."""
    value = fields.get(name, default)
    if not isinstance(value, str) or (allowed and value not in allowed):
        raise RequestError(f"{name} must be {' or '.join(allowed) or 'a string'}")
    return value


def hexadecimal(fields: Mapping[str, object], name: str, length: int | None = None) -> bytes:
    """Bytes in hexadecimal, exactly ``length`` of them if that is given."""
    value = fields.get(name)
    try:
        data = bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        data = None
    if data is None or len(data) > MAX_BYTES or (length is not None and len(data) != length):
        raise RequestError(f"{name} must be {length or 'some'} bytes in hexadecimal")
    return data
