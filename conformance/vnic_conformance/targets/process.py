"""A child process as a target: its pipes, its standard error, and the end of everything that it started."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import IO

from vnic_conformance.protocol.messages import Fields
from vnic_conformance.targets.child import start
from vnic_conformance.targets.failures import BadEnd, CannotStart, Died, LeftBehind, SpecError
from vnic_conformance.targets.lines import LineChannel, seconds
from vnic_conformance.targets.tail import Tail


class StderrTail:
    """Reads standard error all the time, so that an adapter which writes a lot of it never blocks; keeps the end.

    Args:
        stream: the pipe; closed by the reader at its end.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._tail = Tail()
        self._thread = threading.Thread(target=self._read, name="adapter's standard error", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed under our hands
            while data := os.read(self._stream.fileno(), 1 << 16):
                self._tail.feed(data)
        with contextlib.suppress(OSError):
            self._stream.close()

    def join(self, wait_s: float) -> None:
        """Wait until everything is read, at most ``wait_s`` seconds."""
        self._thread.join(wait_s)

    @property
    def text(self) -> str:
        """The last lines, printable."""
        return self._tail.text


def words_of(command: str) -> list[str]:
    """The words of a command line, as a shell would split them; no shell is started.

    Raises:
        SpecError: the quotes do not match, or there is no word.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SpecError(f"the command {command!r} cannot be split into words: {error}") from None
    if not words:
        raise SpecError("the adapter's command is empty; write it as for a shell, in one argument")
    return words


class ProcessLink:
    """A link to a child process; see :class:`~vnic_conformance.targets.base.Link`.

    Whatever it leaves behind, as far as :mod:`~vnic_conformance.targets.child` knows of it, is ended with it.

    Args:
        words: the program and its arguments.

    Raises:
        CannotStart: there is no such program, or it may not be executed.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        try:
            self._child = child = start(self.words)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CannotStart(f"{shlex.join(self.words)}: {why}") from None
        self._stdin, stdout, stderr = child.pipes
        self._tail = StderrTail(stderr)
        self._channel = LineChannel(stdout.fileno(), self._stdin.fileno())
        # Whoever forgets to close a target still leaves no process behind.
        self._finalizer = weakref.finalize(self, child.end)

    @property
    def pid(self) -> int:
        """Process ID of the child, which is also the ID of its group."""
        return self._child.pid

    @property
    def stderr_tail(self) -> str:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        return self._tail.text

    def exchange(self, request: Fields, wait_s: float) -> Mapping[str, object]:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        try:
            return self._channel.exchange(request, wait_s)
        except Died as trouble:
            self._child.wait(min(wait_s, 1.0))
            died = Died(f"{trouble.came}; {_status(self._child.status)}", expected=trouble.expected)
            raise died from None

    def end(self, wait_s: float) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        deadline = time.monotonic() + wait_s
        with contextlib.suppress(OSError):
            self._stdin.close()
        ended = self._channel.drain(wait_s)
        if not self._child.wait(max(deadline - time.monotonic(), 0.01)):
            raise BadEnd(f"it still runs {seconds(wait_s)} after bye")
        status = self._child.status
        held = "somebody else still has its output open"
        if left := self._child.left():
            why = "this still runs" if ended else held
            raise LeftBehind(f"it ended ({_status(status)}), but {why}: {left}")
        if not ended:
            raise LeftBehind(f"it ended, but {held}")
        if status != 0:
            raise BadEnd(_status(status))

    def close(self) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        self._finalizer()
        self._tail.join(1.0)


def _status(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "the process still runs"
    if code >= 0:
        return f"exit status {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"
