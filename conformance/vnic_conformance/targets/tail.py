"""The last lines of what an adapter writes beside its replies: kept, bounded, printable."""

from __future__ import annotations

import io
from collections import deque
from typing import Final

from vnic_conformance.foreign import printable

#: How many lines are kept, and how much of each.
TAIL_LINES: Final = 32
_LINE_BYTES: Final = 500


class Tail:
    """Takes bytes, keeps the last lines of them."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=TAIL_LINES)
        self._partial = b""

    def feed(self, data: bytes) -> None:
        """Take what was written."""
        *whole, rest = (self._partial + data).split(b"\n")
        self._lines.extend(line[:_LINE_BYTES] for line in whole[-TAIL_LINES:])
        self._partial = rest[:_LINE_BYTES]

    @property
    def text(self) -> str:
        """The last lines, printable."""
        lines = [*self._lines, *([self._partial] if self._partial else [])]
        return "\n".join(printable(line.decode("utf-8", errors="backslashreplace")) for line in lines[-TAIL_LINES:])


class _Sink(io.RawIOBase):
    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self._tail = tail

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        taken = bytes(data)  # type: ignore[call-overload]  # whatever can be written
        self._tail.feed(taken)
        return len(taken)


def stream_into(tail: Tail) -> io.TextIOWrapper:
    """A stream that stands for standard output and keeps only its last lines."""
    return io.TextIOWrapper(
        _Sink(tail),  # type: ignore[arg-type]  # nothing is buffered, so that nothing is lost
        encoding="utf-8",
        errors="backslashreplace",
        write_through=True,
    )
