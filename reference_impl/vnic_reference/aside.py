"""Synchronous code in a thread of its own, stopped at each call that is answered from outside.

The client calls its hypervisor and gets an answer, all in one Python call, deep in its code. Where the answer comes from
outside (adapter protocol, role client), the client has to stand still in the middle of that call. It runs in a thread of
its own for that, and for nothing else: exactly one of the two threads runs at any time, and the baton passes through two
locks, so that a run is as deterministic as a function call. The thread ends when :meth:`Aside.close` unwinds the work, and
never keeps a process alive.

Generators all the way down would do without a thread. They would also turn each of the client's some hundred calls, and
every function that leads to one, into a ``yield from``, for the sake of an edge that the other users of the client do not
have. Re-execution from the start would make the n-th call cost n.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Final

#: Longest wait in seconds for the thread to unwind; it has nothing to wait for itself.
_UNWIND_S: Final = 5.0


class _ClosedError(BaseException):
    """Raised in the work to unwind it; no ordinary exception, so that nothing in it takes it for its own."""


class Aside:
    """A function that runs aside.

    Args:
        work: the function; it is given :meth:`ask`, by which it says what it needs and gets an answer.

    Attributes:
        failure: the last lines of the traceback of the exception that ended the work; empty if none did.
        ended: the work is over.
    """

    def __init__(self, work: Callable[[Callable[[object], object]], None]) -> None:
        self._work = work
        self._inside = threading.Lock()
        self._outside = threading.Lock()
        self._inside.acquire()
        self._outside.acquire()
        self._passed: object = None
        self._closing = False
        self._thread: threading.Thread | None = None
        self.failure = ""
        self.ended = False

    def resume(self, answer: object = None) -> object:
        """Let the work go on with an answer; what it needs next, or None if it has ended."""
        if self.ended:
            return None
        self._passed = answer
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="aside", daemon=True)
            self._thread.start()
        else:
            self._inside.release()
        self._outside.acquire()
        return self._passed

    def ask(self, need: object) -> object:
        """To be called by the work: stand still until :meth:`resume` brings the answer."""
        if self._closing:
            raise _ClosedError
        self._passed = need
        self._outside.release()
        self._inside.acquire()
        if self._closing:
            raise _ClosedError
        return self._passed

    def close(self) -> None:
        """Unwind the work where it stands, and wait for its thread. May be called again."""
        if self._thread is not None and not self.ended:
            self._closing = True
            self._inside.release()
            self._thread.join(_UNWIND_S)
        self.ended = True

    def _run(self) -> None:
        try:
            self._work(self.ask)
        except _ClosedError:
            pass
        except Exception:
            self.failure = "\n".join(traceback.format_exc().splitlines()[-8:])
        self.ended = True
        self._passed = None
        self._outside.release()
