"""Standard output and standard error of the command: the one place that prints, whatever they are.

What a terminal, a file or a pipe cannot take must not become a verdict. So a character that the encoding does not have is
replaced; standard error that cannot be written is written no more; and where standard output cannot be written, the run goes on
to its verdict, and :attr:`Outlet.lost` says that nobody has read it.

In a process of its own (not where somebody calls the command from Python) standard output is moved away from descriptor 1,
which then is standard error: what an adapter in this process, or a program that it starts, prints there is not taken for the
kit's own output, which may be JSON.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO, cast

#: Ends this process at once; taken before any adapter's code could put something else in its place.
leave: Final = os._exit
_strangers: list[bool] = []


def distrust() -> None:
    """Note that code which is not the kit's runs in this process: what it leaves there must have no say in how it ends."""
    if not _strangers:
        _strangers.append(True)


def distrusted() -> bool:
    """Whether code which is not the kit's has run in this process."""
    return bool(_strangers)


_STANDARD: Final = (0, 1, 2)


class Outlet(io.TextIOBase):
    """A text stream that never raises when it is written.

    Args:
        stream: where the text goes; None: nowhere, because that is closed.

    Attributes:
        lost: why something that was written has not arrived; None if all has.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self.lost: Exception | None = None if stream is not None else OSError("it is closed")

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read only here
        """That of the stream, or UTF-8."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write; what the encoding does not have is replaced."""
        if not isinstance(text, str):
            raise TypeError("only text can be written here")
        if self.lost is None and self._stream is not None:
            try:
                try:
                    self._stream.write(text)
                except UnicodeEncodeError:
                    self._stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
            except (OSError, ValueError) as error:
                self.lost = error
        return len(text)

    def flush(self) -> None:
        """Write what is kept back."""
        if self.lost is None and self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self.lost = error

    def end(self) -> None:
        """Close the stream behind it."""
        if self._stream is not None and self._stream is not sys.__stdout__:
            with contextlib.suppress(OSError, ValueError):
                self._stream.close()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        with contextlib.suppress(OSError, ValueError):
            return self._stream is not None and self._stream.isatty()
        return False

    def fileno(self) -> int:
        """The descriptor of the stream."""
        if self._stream is None:
            raise io.UnsupportedOperation("it is closed")
        return self._stream.fileno()

    def writable(self) -> bool:
        """It always is."""
        return True


@dataclass(frozen=True)
class Outlets:
    """What is printed through.

    Attributes:
        out: standard output.
        err: standard error.
        own: this process is the command's own, and ends with it.
    """

    out: Outlet
    err: Outlet
    own: bool


@contextlib.contextmanager
def outlets() -> Iterator[Outlets]:
    """Put the outlets in the place of ``sys.stdout`` and ``sys.stderr``, and take them away again."""
    before = sys.stdout, sys.stderr
    own = (
        threading.current_thread() is threading.main_thread()
        and sys.stdout is sys.__stdout__
        and sys.stderr is sys.__stderr__
    )
    if own:
        for descriptor in _STANDARD:
            with contextlib.suppress(OSError):
                _taken(descriptor)
    made = Outlets(Outlet(_moved() if own else cast("TextIO | None", sys.stdout)), Outlet(sys.stderr), own)
    sys.stdout, sys.stderr = cast("TextIO", made.out), cast("TextIO", made.err)
    try:
        yield made
    finally:
        made.out.flush()
        made.err.flush()
        sys.stdout, sys.stderr = before
        if own:
            for outlet in (made.out, made.err):
                _silence(outlet)
            made.out.end()


def _taken(descriptor: int) -> None:
    """See that a standard descriptor is open, so that no file that is opened later gets its number."""
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)


def _moved() -> TextIO | None:
    """Standard output on a descriptor of its own; descriptor 1 is standard error from now on."""
    stdout = sys.stdout
    if stdout is None:
        return None
    try:
        stdout.flush()
        number = os.dup(stdout.fileno())
    except (OSError, ValueError):
        return stdout
    # Line by line only where somebody watches, as Python does.
    moved = open(  # noqa: SIM115 - open until the process ends
        number, "w", encoding=stdout.encoding, errors="replace", newline=None, buffering=1 if os.isatty(number) else -1
    )
    os.dup2(2, stdout.fileno())
    return moved


def _silence(outlet: Outlet) -> None:
    """See that what could not be written is not tried again when the process ends, which would change its exit code."""
    if outlet.lost is None:
        return
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, outlet.fileno())
        os.close(nowhere)
        outlet._stream.flush()  # type: ignore[union-attr]  # it has a descriptor
