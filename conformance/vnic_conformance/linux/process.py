"""One User-Mode Linux process: started with nothing of our surroundings in it, and gone when we are."""

from __future__ import annotations

import contextlib
import os
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
        self.directory = Path(tempfile.mkdtemp(prefix="vnickit-guest-"))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            (self.directory / KERNEL).symlink_to(kernel.resolve())
            (self.directory / INITRAMFS).symlink_to(initramfs.resolve())
            self.calls, self.clock = self._listen(CALLS), self._listen(CLOCK)
            self._process = self._start(arguments, memory_mib)
        except BaseException:
            self.close()
            raise

    def _listen(self, name: str) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(self.directory / name))
        listening.listen(2)
        return listening

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
        try:
            return (self.directory / CONSOLE).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

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
            listening = getattr(self, name, None)
            if listening is not None:
                listening.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def holds_memory(directory: str, memory_mib: int) -> bool:
    """Whether a guest's memory can be a file there: there is room, and code may run in it, which containers often forbid."""
    try:
        there = os.statvfs(directory)
    except OSError:
        return False
    room = there.f_bavail * there.f_frsize >= memory_mib << 20
    return room and not there.f_flag & os.ST_NOEXEC and os.access(directory, os.W_OK)
