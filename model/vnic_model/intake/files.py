"""Files: opened without waiting, read line by line or up to a bound, decoded.

Only plain files are read. A named pipe would make the kit wait for whoever writes, and a device may never end.
"""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

#: The longest line that is read, in bytes.
MOST_LINE = 1 << 25
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class IntakeError(ValueError):
    """Something foreign is not what it should be. The text says where, what was expected and what came."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A plain file, open for reading.

    Raises:
        IntakeError: it is not there, may not be read, or is no plain file; or reading it fails meanwhile.
    """
    try:
        # A pipe without a writer would let the kit wait for ever, hence O_NONBLOCK.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise IntakeError(error.strerror or type(error).__name__) from None
    except ValueError:
        raise IntakeError("a file name has no NUL in it") from None
    mode = os.fstat(number).st_mode
    if not stat.S_ISREG(mode):
        os.close(number)
        kind = next((words for test, words in _KINDS if test(mode)), "something else")
        raise IntakeError(f"it is {kind}; a plain file was expected")
    with open(number, "rb") as file:
        try:
            yield file
        except OSError as error:
            raise IntakeError(f"it cannot be read: {error.strerror or type(error).__name__}") from None


def bytes_of(path: Path, most: int) -> bytes:
    """A file of at most so many bytes.

    Raises:
        IntakeError: as :func:`opened`; or it is longer.
    """
    with opened(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise IntakeError(f"it is longer than {most:,} bytes")
    return data


def text_of(path: Path, most: int) -> str:
    """A text in UTF-8 of at most so many bytes; a mark of the byte order at its beginning is left out.

    Raises:
        IntakeError: as :func:`bytes_of`; or it is not UTF-8.
    """
    return _decoded(bytes_of(path, most).removeprefix(codecs.BOM_UTF8), "")


def lines_of(source: Path | str, most: int = MOST_LINE) -> Iterator[tuple[int, str, bool]]:
    """The lines of a file or of a text: number, content, and whether it is complete, that is, ends with a line feed.

    Only a line feed ends a line, as JSON lines have it. One line at a time is in memory.

    Raises:
        IntakeError: as :func:`opened`; or a line is longer than ``most`` bytes or not UTF-8.
    """
    if isinstance(source, str):
        pieces = source.split("\n")
        yield from ((n, piece, n < len(pieces)) for n, piece in enumerate(pieces, 1) if piece or n < len(pieces))
        return
    with opened(source) as file:
        yield from _lines(iter(lambda: file.readline(most + 1), b""), most)


def _lines(pieces: Iterable[bytes], most: int) -> Iterator[tuple[int, str, bool]]:
    for number, piece in enumerate(pieces, 1):
        if number == 1:
            piece = piece.removeprefix(codecs.BOM_UTF8)
        complete = piece.endswith(b"\n")
        if len(piece) > most and not complete:
            raise IntakeError(f"line {number} is longer than {most:,} bytes")
        yield number, _decoded(piece.removesuffix(b"\n"), f"line {number}: ", complete=complete), complete


def _decoded(data: bytes, where: str, *, complete: bool = True) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if not complete and error.end == len(data):  # cut off within a character, as a last line may be
            return data[: error.start].decode("utf-8")
        raise IntakeError(
            f"{where}it is no text in UTF-8 (byte {error.start + 1} is 0x{data[error.start]:02x})"
        ) from None
