"""Edits of documents, drawn by a number: what may become of a valid file on its way to somebody else, or by their hand."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

_VALUES: tuple[object, ...] = (
    *(None, True, False, -1, 0, 1, 7, 2**31, 2**63, 2**64 - 1, 2**64, 10**30, 0.5, 1e308, float("nan"), float("inf")),
    *("", "x", "x" * 3_000, "\u2028", "\x1b[31m", "\ud800", "0x1", "server0", "server999999", "none", "nobody"),
    *([], [None], [[]], ["x"] * 40, {}, {"x": 1}, {"taken": 10**9, "added": ""}),
    *(json.loads("[" * depth + "]" * depth) for depth in (5, 33, 500)),
)
#: Values that stand where another one is expected; as JSON, for each edit has its own, which the next one may change.
NASTY = tuple(map(json.dumps, _VALUES))
#: Bytes that do not belong into a text.
GARBAGE = (
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\n",
    b"{",
    b"]",
    b'"',
    b"\xed\xa0\x80",
    b"e999",
    bytes(range(256)),
)


def edited(document: bytes, number: int) -> bytes:
    """The document with the edit of this number."""
    draw = random.Random(number)
    if not document or draw.random() < 0.3:
        return draw.choice(_BYTES)(document, draw)
    lines = document.split(b"\n")
    edit = draw.choice(_LINES)
    return b"\n".join(edit(lines, draw))


def _flip(document: bytes, draw: random.Random) -> bytes:
    if not document:
        return b"\xff"
    place = draw.randrange(len(document))
    return document[:place] + bytes([document[place] ^ 1 << draw.randrange(8)]) + document[place + 1 :]


def _cut(document: bytes, draw: random.Random) -> bytes:
    return document[: draw.randrange(len(document) + 1)]


def _inserted(document: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(document) + 1)
    return document[:place] + draw.choice(GARBAGE) * draw.choice((1, 1, 1, 50)) + document[place:]


def _encoded(document: bytes, draw: random.Random) -> bytes:
    text = document.decode("utf-8", errors="replace")
    return text.encode(draw.choice(("utf-16", "utf-8-sig", "utf-32-le", "latin-1")), errors="replace")


def _without(lines: list[bytes], draw: random.Random) -> list[bytes]:
    place = draw.randrange(len(lines))
    return lines[:place] + lines[place + 1 :]


def _twice(lines: list[bytes], draw: random.Random) -> list[bytes]:
    place = draw.randrange(len(lines))
    return lines[:place] + [lines[place]] * draw.choice((2, 2, 30)) + lines[place + 1 :]


def _swapped(lines: list[bytes], draw: random.Random) -> list[bytes]:
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines = list(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def _inside(lines: list[bytes], draw: random.Random) -> list[bytes]:
    """One to three changes within the JSON of one line."""
    place = draw.randrange(len(lines))
    try:
        made: Any = json.loads(lines[place])
    except ValueError:
        return [*lines[:place], b"", *lines[place:]]
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        made = _changed(made, draw)
    return [*lines[:place], json.dumps(made).encode(), *lines[place + 1 :]]


def _changed(made: Any, draw: random.Random) -> Any:
    spots = list(_spots(made))
    if not spots:
        return _nasty(draw)
    within, key = draw.choice(spots)
    action = draw.randrange(5)
    if action == 0:
        del within[key]
    elif action == 1 and isinstance(within, dict):
        within[str(_nasty(draw))[:200]] = within[key]
    elif action == 1:
        within.insert(key, within[key])
    elif action == 2:
        other, there = draw.choice(spots)
        if not _contains(within[key], other) and not _contains(other[there], within):
            within[key], other[there] = other[there], within[key]
    else:
        within[key] = _nasty(draw)
    return made


def _nasty(draw: random.Random) -> Any:
    return json.loads(draw.choice(NASTY))


def _spots(made: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    todo = [made]
    while todo:
        one = todo.pop()
        if isinstance(one, dict | list):
            keys = list(one) if isinstance(one, dict) else list(range(len(one)))
            found += [(one, key) for key in keys]
            todo += [one[key] for key in keys]
    return found


def _contains(whole: Any, part: Any) -> bool:
    """Swapping these two would make a value that contains itself."""
    todo = [whole]
    while todo:
        one = todo.pop()
        if one is part:
            return True
        if isinstance(one, dict | list):
            todo += one.values() if isinstance(one, dict) else one
    return False


_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _flip, _cut, _inserted, _encoded)
_LINES: tuple[Callable[[list[bytes], random.Random], list[bytes]], ...] = (
    *(_without, _twice, _swapped),
    *(_inside,) * 8,
)


@pytest.fixture(scope="session", name="edited")
def edited_fixture() -> Callable[[bytes, int], bytes]:
    """:func:`edited`: tests cannot import one another."""
    return edited
