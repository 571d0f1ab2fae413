"""One User-Mode Linux process: started with nothing of our surroundings in it, and gone when we are."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vnic_conformance.linux.errors import GuestError

#: Names in the guest's directory. It runs there, and is told them as they are: its command line is the same everywhere.
KERNEL: Final = "linux"
INITRAMFS: Final = "initramfs"
CALLS: Final = "calls"
CLOCK: Final = "clock"
CONSOLE: Final = "console"

#: Environment of every guest, and nothing of ours: what lies on its first stack is the same everywhere.
#: rseq of new C libraries on new hosts kills User-Mode Linux's first process.
_ENVIRONMENT: Final = {"GLIBC_TUNABLES": "glibc.pthread.rseq=0", "HOME": "/", "PATH": "/usr/bin:/bin"}
#: Memory files belong where no disk writes them.
_MEMORY_DIRECTORY: Final = "/dev/shm"
_GRACE_S: Final = 10
_PREFIX: Final = "vnickit-guest-"


class GuestProcess:
    """A process and its directory.

    Args:
        kernel: the User-Mode Linux binary.
        initramfs: its first file system.
        arguments: of the kernel's command line.
        memory_mib: how much memory it asks for.

    Raises:
        GuestError: it cannot be started.

    Attributes:
        calls, clock: sockets that listen.
    """

    def __init__(self, kernel: Path, initramfs: Path, arguments: Sequence[str], memory_mib: int) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            (self.directory / KERNEL).symlink_to(kernel.resolve())
            (self.directory / INITRAMFS).symlink_to(initramfs.resolve())
            self.calls, self.clock = listening(self.directory / CALLS), listening(self.directory / CLOCK)
            self._process = self._start(arguments, memory_mib)
        except BaseException:
            self.close()
            raise

    def _start(self, arguments: Sequence[str], memory_mib: int) -> subprocess.Popen[bytes]:
        for tool in ("setpriv", "setarch"):
            if shutil.which(tool) is None:
                raise GuestError(f"{tool} is not installed; it is part of Debian's package util-linux")
        memory = _MEMORY_DIRECTORY if holds_memory(_MEMORY_DIRECTORY, memory_mib) else str(self.directory)
        # Killed when we die, however; and no random addresses, on which the guest's own would depend.
        words = ["setpriv", "--pdeathsig", "KILL", "setarch", "x86_64", "-R", f"./{KERNEL}", *arguments]
        with (self.directory / CONSOLE).open("wb") as console:
            try:
                return subprocess.Popen(
                    words,
                    cwd=self.directory,
                    env={**_ENVIRONMENT, "TMPDIR": memory},
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    start_new_session=True,
                )
            except OSError as error:
                raise GuestError(f"cannot start a guest: {words[0]}: {error.strerror}") from None

    @property
    def number(self) -> int:
        """Number of the process, which leads a group of its own."""
        assert self._process is not None
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is gone; it is not reaped yet, so that its number stays its own until :meth:`kill`."""
        process = self._process
        if process is None or process.returncode is not None:
            return True
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def console(self) -> str:
        """Everything that was printed so far."""
        return console_in(self.directory)

    def kill(self) -> None:
        """End the process and everything that it has started; wait until they are gone."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)

    def close(self) -> None:
        """Kill it, and remove its directory."""
        self.kill()
        for name in ("calls", "clock"):
            listens = getattr(self, name, None)
            if listens is not None:
                listens.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class TwinProcess:
    """The process of a twin, which another guest has made, and its directory; see :class:`GuestProcess`.

    Args:
        directory: of the guest that makes it; the twin's is beside it.
        console: what that guest has printed so far.

    Attributes:
        calls, clock: sockets that listen.
        number: of the process, once it is known.
    """

    def __init__(self, directory: Path, console: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=directory.parent))
        self.calls, self.clock = listening(self.directory / CALLS), listening(self.directory / CLOCK)
        (self.directory / CONSOLE).write_text(console, encoding="utf-8")
        self.number = 0
        self._handle = -1

    @property
    def place(self) -> bytes:
        """Its directory, as the guest finds it that makes it."""
        return os.fsencode(Path("..", self.directory.name))

    def found(self, number: int) -> None:
        """The process is there, and this is its number."""
        self.number = number
        self._handle = os.pidfd_open(number)

    @property
    def ended(self) -> bool:
        """Whether the process is gone. It is the child of who has started the first guest, who reaps it."""
        return self._handle >= 0 and bool(select.select([self._handle], [], [], 0)[0])

    def console(self) -> str:
        """Everything that was printed so far, before there was a twin, too."""
        return console_in(self.directory)

    def kill(self) -> None:
        """End the process and everything that it has started; wait until they are gone."""
        if self._handle < 0:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.number, signal.SIGKILL)
        select.select([self._handle], [], [], _GRACE_S)
        os.close(self._handle)
        self._handle = -1

    def close(self) -> None:
        """Kill it, and remove its directory."""
        self.kill()
        self.calls.close()
        self.clock.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def listening(path: Path) -> socket.socket:
    """A socket that listens there."""
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    made.listen(2)
    return made


def console_in(directory: Path) -> str:
    """What a guest in this directory has printed."""
    try:
        return (directory / CONSOLE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def holds_memory(directory: str, memory_mib: int) -> bool:
    """Whether a guest's memory can be a file there: there is room, and code may run in it, which containers often forbid."""
    try:
        there = os.statvfs(directory)
    except OSError:
        return False
    room = there.f_bavail * there.f_frsize >= memory_mib << 20
    return room and not there.f_flag & os.ST_NOEXEC and os.access(directory, os.W_OK)
