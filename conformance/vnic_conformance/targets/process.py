"""A child process as a target: its pipes, its standard error, and the end of everything that it started."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from vnic_conformance.protocol.messages import Fields
from vnic_conformance.targets.failures import BadEnd, CannotStart, Died, LeftBehind, SpecError
from vnic_conformance.targets.lines import LineChannel, seconds
from vnic_conformance.targets.tail import Tail

#: How long something that was told to end by force may take, in seconds. It cannot refuse.
_FORCE_S: Final = 5.0


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

    The child leads a process group of its own, and the group is ended with it.

    Args:
        words: the program and its arguments.

    Raises:
        CannotStart: there is no such program, or it may not be executed.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        try:
            self._process = subprocess.Popen(
                self.words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CannotStart(f"{shlex.join(self.words)}: {why}") from None
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._tail = StderrTail(process.stderr)
        self._channel = LineChannel(process.stdout.fileno(), process.stdin.fileno())
        # Whoever forgets to close a target still leaves no process behind.
        self._finalizer = weakref.finalize(self, _end_by_force, process)

    @property
    def pid(self) -> int:
        """Process ID of the child, which is also the ID of its group."""
        return self._process.pid

    @property
    def stderr_tail(self) -> str:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        return self._tail.text

    def exchange(self, request: Fields, wait_s: float) -> Mapping[str, object]:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        try:
            return self._channel.exchange(request, wait_s)
        except Died as trouble:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(min(wait_s, 1.0))
            died = Died(f"{trouble.came}; {_status(self._process)}", expected=trouble.expected)
            raise died from None

    def end(self, wait_s: float) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        deadline = time.monotonic() + wait_s
        with contextlib.suppress(OSError):
            self._stdin.close()
        ended = self._channel.drain(wait_s)
        try:
            status = self._process.wait(max(deadline - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            raise BadEnd(f"it still runs {seconds(wait_s)} after bye") from None
        if _group_lives(self._process.pid):
            raise LeftBehind(f"it ended ({_status(self._process)}), but processes of its group still run")
        if not ended:
            raise LeftBehind("it ended, but somebody else still has its output open")
        if status != 0:
            raise BadEnd(_status(self._process))

    def close(self) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        self._finalizer()
        self._tail.join(1.0)


def _status(process: subprocess.Popen[bytes]) -> str:
    """How a process ended, in words."""
    code = process.poll()
    if code is None:
        return "the process still runs"
    if code >= 0:
        return f"exit status {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def _group_lives(group: int) -> bool:
    """Whether a process of this group runs; the leader has been waited for.

    Processes that have ended and wait to be collected by their new parent still belong to the group; where ``/proc`` tells
    them apart they do not count.
    """
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs as somebody else
        return True
    states = []
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, IndexError):
                    words = Path("/proc", name, "stat").read_text(encoding="latin-1").rpartition(")")[2].split()
                    states += [words[0]] if int(words[2]) == group else []
    return not states or any(state not in "ZX" for state in states)


def _end_by_force(process: subprocess.Popen[bytes]) -> None:
    """End the process and its whole group, and close our ends of its pipes.

    The group's number stays taken while the leader has not been waited for, or a process of the group runs; this is called at
    once after either of them may have changed.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_FORCE_S)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
