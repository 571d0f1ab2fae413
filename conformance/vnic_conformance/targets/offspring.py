"""Processes that an adapter's code in the kit's own process starts, and may leave behind.

Python tells of each attempt to start one. From there to the end of the call what becomes a descendant of this process is the
adapter's; orphans come here meanwhile. So a process that was started outside the adapter's calls, by the kit or by somebody
else's code in a test run, is never taken for the adapter's. Not noticed are those that a thread of the adapter's or C code
starts by itself, an orphan that loses its parent after the call, and anything where the system is not Linux.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from vnic_conformance.targets.keeper import adopting, below, named

#: Of Python's audit events those that come before a process is started.
_STARTS: Final = {"os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen"}
#: How long what is ended by force may take, in seconds.
_FORCE_S: Final = 5.0

_hooked: list[bool] = []
_watching: list[Offspring] = []


def _heard(event: str, arguments: object) -> None:
    if _watching and event in _STARTS:
        _watching[-1].starts()


@dataclass
class Offspring:
    """What the code of one adapter has started.

    Attributes:
        found: process IDs of what was alive at the end of the call that started it.
    """

    found: set[int] = field(default_factory=set)
    _before: set[int] | None = None

    def starts(self) -> None:
        """Something is about to be started."""
        if self._before is None and sys.platform == "linux":
            self._before = below(os.getpid())
            adopting(True)

    @contextlib.contextmanager
    def of_a_call(self) -> Iterator[None]:
        """Watch over a call."""
        if not _hooked:
            _hooked.append(True)
            sys.addaudithook(_heard)
        _watching.append(self)
        try:
            yield
        finally:
            _watching.remove(self)
            if self._before is not None:
                self.found |= below(os.getpid()) - self._before - _of_python()
                self._before = None
                adopting(False)

    def left(self, wait_s: float) -> list[str]:
        """What still runs after ``wait_s`` seconds, in words."""
        deadline = time.monotonic() + wait_s
        while (left := self._alive()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return [f"{named(pid)} (process {pid})" for pid in sorted(left)]

    def end(self) -> None:
        """End all that is left by force."""
        deadline = time.monotonic() + _FORCE_S
        while (left := self._alive()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.002)
        for pid in self.found:  # orphans, which nobody else waits for
            with contextlib.suppress(OSError):
                os.waitpid(pid, os.WNOHANG)
        self.found.clear()

    def _alive(self) -> set[int]:
        # What descends no longer from this process has ended, and its number may be somebody else's.
        return self.found & below(os.getpid()) if self.found else set()


def _of_python() -> set[int]:
    """Processes that Python itself keeps until this one ends, for whoever uses multiprocessing."""
    found = set()
    for module, name, member in (
        ("multiprocessing.resource_tracker", "_resource_tracker", "_pid"),
        ("multiprocessing.forkserver", "_forkserver", "_forkserver_pid"),
    ):
        service = getattr(sys.modules.get(module), name, None)
        pid = getattr(service, member, None)
        if isinstance(pid, int):
            found |= {pid} | below(pid)
    return found
