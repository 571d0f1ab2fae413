"""Descriptors 1 and 2 while an adapter's code runs in the kit's own process: what is written there goes to a file of ours.

``os.write``, C code and programs that are started write to descriptors and not to ``sys.stdout``. In a terminal that would be
seen raw, escape sequences included; in a pipe it would stand amid the kit's JSON.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from typing import Final

from vnic_conformance.targets.tail import Tail

#: How much of the end of what was written is read.
_READ: Final = 1 << 15
_STANDARD: Final = (1, 2)


class Captured:
    """Takes the two descriptors for the time of a call, and gives them back.

    Args:
        tail: is fed with the last of what was written.
    """

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._file = -1
        self._saved: list[tuple[int, int]] = []

    def __enter__(self) -> None:
        _flush()
        if self._file < 0:
            self._file = _file()
        for number in _STANDARD:
            try:
                self._saved.append((number, os.dup(number)))
            except OSError:  # closed; it stays so
                continue
            os.dup2(self._file, number)

    def __exit__(self, *_: object) -> None:
        _flush()
        self.give_back()
        self.read()

    def give_back(self) -> None:
        """Make the descriptors what they were."""
        while self._saved:
            number, before = self._saved.pop()
            with contextlib.suppress(OSError):
                os.dup2(before, number)
                os.close(before)

    def read(self) -> None:
        """Take in what was written since the last time; by a process that was started and still runs, too."""
        if self._file < 0 or not (size := os.fstat(self._file).st_size):
            return
        data = os.pread(self._file, _READ, max(size - _READ, 0))
        # All copies of the descriptor share one place in the file.
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        self._tail.feed(data)

    def __del__(self) -> None:
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.close(self._file)


def _file() -> int:
    """A file without a name."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return os.memfd_create("what an adapter writes")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _flush() -> None:
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
