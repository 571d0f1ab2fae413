"""A child process, and what it leaves behind: with a keeper where Linux makes that possible, by its process group elsewhere.

What is noticed, and ended by force:

* On Linux every process that descends from the child, whatever its session, group, environment and open files; the child
  runs below a small process, the keeper (:mod:`~vnic_conformance.targets.keeper`). It also ends them all should the kit itself
  be killed.
* Elsewhere, and where no keeper can be had, the processes of the child's group, and those that still have its standard output
  open (which are noticed, and not ended).

What is not: a process that somebody else has started for it (a service manager, ``at``, a container's daemon, another machine).
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, Protocol

#: How long something that was told to end by force may take, in seconds. It cannot refuse.
FORCE_S: Final = 5.0
#: How long the keeper may take to start on a busy machine, in seconds.
_START_S: Final = 60.0
#: How long what the child has ended, and not waited for, may take to be gone, in seconds.
GRACE_S: Final = 0.25
_KEEPER: Final = Path(__file__).with_name("keeper.py")

#: Its three pipes.
Pipes = tuple[IO[bytes], IO[bytes], IO[bytes]]


class NoKeeperError(Exception):
    """No keeper could be started, or the system gives it no orphans."""


class Child(Protocol):
    """A child process that leads a process group of its own."""

    @property
    def pid(self) -> int:
        """Its process ID, which is also the ID of its group."""

    @property
    def pipes(self) -> Pipes:
        """Our ends of its standard input, output and error."""

    @property
    def status(self) -> int | None:
        """Its exit status, or minus the number of the signal that ended it; None while it runs, or if nobody knows."""

    def wait(self, wait_s: float) -> bool:
        """Wait at most ``wait_s`` seconds for its end; whether that came."""

    def left(self) -> str:
        """What still runs of it after its end, in words; empty if nothing does."""

    def end(self) -> None:
        """End it and all that is known to be left of it by force, and close our ends of its input and output."""


def start(words: Sequence[str]) -> Child:
    """Start a program with pipes for its standard streams.

    Args:
        words: the program and its arguments.

    Raises:
        OSError: there is no such program, or it may not be executed.
        ValueError: the words cannot be those of a program.
    """
    if sys.platform == "linux" and sys.executable and _KEEPER.is_file():
        with contextlib.suppress(NoKeeperError):
            return KeptChild(words)
    return GroupChild(words)


def _opened(words: Sequence[str], inherited: Sequence[int] = ()) -> tuple[subprocess.Popen[bytes], Pipes]:
    process = subprocess.Popen(
        list(words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
        pass_fds=inherited,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    return process, (process.stdin, process.stdout, process.stderr)


def _close(pipes: Pipes) -> None:
    for stream in pipes[:2]:  # whoever reads standard error closes it
        with contextlib.suppress(OSError):
            stream.close()


class KeptChild:
    """A child below a keeper; see :class:`Child`.

    Args:
        words: the program and its arguments.

    Raises:
        NoKeeperError: there is no keeper.
        OSError: there is no such program, or it may not be executed.
        ValueError: the words cannot be those of a program.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            try:
                keeper = [sys.executable, "-I", "-S", str(_KEEPER), str(number), *words]
                self._keeper, self._pipes = _opened(keeper, [number])
            except OSError as error:
                self._control.close()
                raise NoKeeperError from error
            except BaseException:
                self._control.close()
                raise
        self._heard = b""
        self._gone = False  #: the keeper is, or says nothing more
        self._alone = False
        self._left = ""
        self._pid = 0
        self._failed = 0
        self._status: int | None = None
        deadline = time.monotonic() + _START_S
        while not (self._pid or self._failed) and self._hear(deadline):
            pass
        if not self._pid:
            self.end()
            self._pipes[2].close()
            if self._failed:
                raise OSError(self._failed, os.strerror(self._failed))
            raise NoKeeperError

    @property
    def pid(self) -> int:
        """See :class:`Child`."""
        return self._pid

    @property
    def pipes(self) -> Pipes:
        """See :class:`Child`."""
        return self._pipes

    @property
    def status(self) -> int | None:
        """See :class:`Child`."""
        return self._status

    def wait(self, wait_s: float) -> bool:
        """See :class:`Child`."""
        deadline = time.monotonic() + wait_s
        while self._status is None and self._hear(deadline):
            pass
        return self._status is not None

    def left(self) -> str:
        """See :class:`Child`."""
        deadline = time.monotonic() + GRACE_S
        while not self._alone and self._hear(deadline):
            pass
        if self._alone:
            return ""
        with contextlib.suppress(OSError):
            self._control.sendall(b"?")
        deadline = time.monotonic() + FORCE_S
        while not (self._alone or self._left) and self._hear(deadline):
            pass
        return "" if self._alone else self._left or "something that cannot be named"

    def end(self) -> None:
        """See :class:`Child`."""
        with contextlib.suppress(OSError):  # also where a copy of the socket was inherited by somebody
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        self._gone = True
        try:
            self._keeper.wait(FORCE_S + 1)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid or self._keeper.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._keeper.wait(FORCE_S)
        _close(self._pipes)

    def _hear(self, deadline: float) -> bool:
        """Take in one line of the keeper's; false if none came until then, or none will come."""
        while b"\n" not in self._heard:
            left = deadline - time.monotonic()
            if self._gone or left <= 0:
                return False
            self._control.settimeout(left)
            try:
                data = self._control.recv(1 << 12)
            except TimeoutError:
                return False
            except OSError:
                data = b""
            self._gone = not data
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\n")
        word, _, rest = line.decode("ascii").partition(" ")
        match word:
            case "started":
                self._pid = int(rest)
            case "failed":
                self._failed = int(rest)
            case "ended":
                self._status = int(rest)
            case "alone":
                self._alone = True
            case "left":
                self._left = ", ".join(map(_named, rest.split(", "))) if rest else ""
        return True


def _named(process: str) -> str:
    pid, _, name = process.partition(" ")
    return f"{name} (process {pid})"


class GroupChild:
    """A child that is known by its process group; see :class:`Child`.

    Args:
        words: the program and its arguments.

    Raises:
        OSError: there is no such program, or it may not be executed.
        ValueError: the words cannot be those of a program.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._process, self._pipes = _opened(words)

    @property
    def pid(self) -> int:
        """See :class:`Child`."""
        return self._process.pid

    @property
    def pipes(self) -> Pipes:
        """See :class:`Child`."""
        return self._pipes

    @property
    def status(self) -> int | None:
        """See :class:`Child`."""
        return self._process.poll()

    def wait(self, wait_s: float) -> bool:
        """See :class:`Child`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(wait_s)
        return self._process.poll() is not None

    def left(self) -> str:
        """See :class:`Child`."""
        deadline = time.monotonic() + GRACE_S
        while _group_lives(self._process.pid):
            if time.monotonic() > deadline:
                return "processes of its group"
            time.sleep(0.01)
        return ""

    def end(self) -> None:
        """See :class:`Child`.

        The group's number stays taken while its leader has not been waited for, or a process of the group runs; this is called
        at once after either of them may have changed.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(FORCE_S)
        _close(self._pipes)


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
