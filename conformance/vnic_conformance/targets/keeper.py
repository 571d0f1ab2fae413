"""A program that starts an adapter, and knows of every process that comes of it; see :mod:`vnic_conformance.targets.child`.

It makes itself the one to whom Linux gives orphans (``PR_SET_CHILD_SUBREAPER``, which needs no privilege). So whatever the
adapter starts becomes a child of this process at the latest when its own parent has ended, in whichever session, process group
or environment it runs, and whatever it has closed. What is a child of this process when the adapter has ended was left behind.

It is started as ``python -I -S keeper.py DESCRIPTOR WORD...``, imports nothing of the kit, and says one line for each thing that
happens on a socket:

* ``started PID``, or ``failed ERRNO``; or ``powerless``: orphans do not come here, and nothing was started;
* ``ended STATUS``: the adapter has, with an exit status, or minus the number of the signal that ended it;
* ``alone``: there is no process left; this one ends;
* ``left PID NAME, ...``: what is left, in answer to whatever is sent to it.

When the other end of the socket is closed, or whoever held it has died, it ends by force all that is left.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
#: How long it tries to end what is left, in seconds.
_FORCE_S = 5.0
#: How many processes are named.
_NAMED = 5


class Keeper:
    """Starts a program, and watches over what comes of it.

    Args:
        control: descriptor of the socket.
    """

    def __init__(self, control: int) -> None:
        self._control = control
        self._adapter = 0
        self._ended = False

    def keep(self, words: list[str]) -> None:
        """Start the program and stay until nothing of it is left.

        Args:
            words: the program and its arguments.
        """
        os.set_inheritable(self._control, False)
        if not adopting(True):
            self._say("powerless")
            return
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        try:
            # Python ignores these two, and programs do not expect that.
            defaults = (signal.SIGPIPE, signal.SIGXFSZ)
            self._adapter = os.posix_spawnp(words[0], words, os.environ, setsid=True, setsigdef=defaults)
        except OSError as error:
            self._say(f"failed {error.errno}")
            return
        # After the adapter was started, which would inherit that. It may be the adapter that sends one: this is its parent.
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
            with contextlib.suppress(OSError):
                signal.signal(number, signal.SIG_IGN)
        # From now on the pipes are the adapter's alone: their end is its end.
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        self._say(f"started {self._adapter}")
        while self._reap():
            ready, _, _ = select.select([self._control, woken], [], [])
            if woken in ready:
                os.read(woken, 1 << 12)
            if self._control in ready:
                if not self._asked():
                    self._end_all()
                    return
                self._say(f"left {', '.join(self._names())}")
        self._say("alone")

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # whoever listened is gone; that is read, too
            os.write(self._control, f"{line}\n".encode())

    def _asked(self) -> bool:
        try:
            return bool(os.read(self._control, 1 << 8))
        except OSError:
            return False

    def _reap(self) -> bool:
        """Collect whatever has ended; whether anything is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._adapter and not self._ended:
                self._ended = True
                self._say(f"ended {os.waitstatus_to_exitcode(status)}")

    def _names(self) -> list[str]:
        """What is left, in words that have no comma and no line feed in them."""
        return [f"{pid} {named(pid)}" for pid in sorted(below(os.getpid()))[:_NAMED]]

    def _end_all(self) -> None:
        """End what is left by force; what it starts meanwhile, too."""
        deadline = time.monotonic() + _FORCE_S
        # By its group first: at once, and even where there is no /proc. The number is taken as long as it has not been collected.
        if not self._ended:
            with contextlib.suppress(OSError):
                os.killpg(self._adapter, signal.SIGKILL)
        while self._reap() and time.monotonic() < deadline:
            for pid in below(os.getpid()):
                with contextlib.suppress(OSError):  # ended meanwhile, or runs as somebody else
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.002)


def adopting(wanted: bool) -> bool:
    """Make this process the one to whom orphans among its descendants are given, or no longer; whether that is possible."""
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0) == 0)
    return False


def below(root: int) -> set[int]:
    """All processes that descend from this one, without those that have ended and were not collected."""
    parents = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
                state, parent = file.read().rpartition(b")")[2].split()[:2]
                if state not in (b"Z", b"X"):
                    parents[int(name)] = int(parent)
    found: set[int] = set()
    level = {root}
    while level := {pid for pid, parent in parents.items() if parent in level} - found:
        found |= level
    return found


def named(pid: int) -> str:
    """The name of a process: letters, digits and a few signs."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", "rb") as file:
        return "".join(
            chr(c) if chr(c).isascii() and (chr(c).isalnum() or c in b"-_.+") else "?" for c in file.read(64).strip()
        )
    return "?"


if __name__ == "__main__":
    Keeper(int(sys.argv[1])).keep(sys.argv[2:])
