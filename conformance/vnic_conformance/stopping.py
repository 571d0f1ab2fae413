"""Signals that stop a run: which they are, and what a run makes of them.

Python runs handlers in the main thread only, so in another thread nothing here changes anything.

* :func:`stoppable`: whatever signal would end the process is the same as Ctrl-C.
* :class:`Uninterrupted`: what was seen is taken down first, then the run stops.
* :func:`stop_noted`: whether it was the kit that was told to stop, while an adapter's code runs in this process.

An adapter that counts on nobody but its parent may send any of them to the kit. So it is not only the three that people use: a
run that meets any other ends with a verdict on what it has seen, too. Handlers, not ``SIG_IGN``: what is ignored stays so in
the programs that are started.
"""

from __future__ import annotations

# What signal wraps. The wrappers look for a handler among the members of an enumeration, and raise and catch an exception where
# it is none: 26 times a request to an adapter in this process, more than the request takes.
import _signal  # type: ignore[import-not-found]  # typeshed has no stub for it
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: What people end a run with: Ctrl-C, ``kill``, a terminal that closes; and what else ends a process that does not expect it.
#: Some systems do not have all of them.
ENDING = tuple(
    getattr(signal, f"SIG{name}")
    for name in ("INT", "TERM", "HUP", "QUIT", "ALRM", "USR1", "USR2", "VTALRM", "PROF", "IO", "PWR", "STKFLT", "XCPU")
    if hasattr(signal, f"SIG{name}")
)


def _hears() -> bool:
    """Whether signals are handled in this thread."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def stoppable() -> Iterator[None]:
    """Make every signal that would end the process the same as Ctrl-C: the log is complete, children are ended.

    What is ignored (SIGHUP under ``nohup``) or handled by somebody else stays so.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    usual = {n: signal.getsignal(n) for n in ENDING if n != signal.SIGINT} if _hears() else {}
    before = {n: handler for n, handler in usual.items() if handler is signal.SIG_DFL}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stop_noted() -> Iterator[list[int]]:
    """Note that the kit is told to stop, so that this is told from a ``KeyboardInterrupt`` of an adapter's own.

    Handlers are afterwards as they were.
    """
    stopped: list[int] = []
    before: dict[int, Any] = {number: _signal.getsignal(number) for number in ENDING} if _hears() else {}

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)
        handler = before[number]
        if callable(handler):
            handler(number, frame)

    for number, handler in before.items():
        if callable(handler):
            _signal.signal(number, stop)
    try:
        yield stopped
    except KeyboardInterrupt:
        if not stopped:
            raise
    finally:
        for number, handler in before.items():
            if handler is not None and _signal.getsignal(number) is not handler:
                _signal.signal(number, handler)


class Uninterrupted:
    """A ``with`` block in which signals wait; the first is delivered at its end, or where :meth:`allowed` is entered."""

    def __init__(self) -> None:
        self._usual: dict[int, Any] = {}
        self._came: Callable[[], object] | None = None

    def __enter__(self) -> Uninterrupted:
        self._hold()
        return self

    def __exit__(self, *raised: object) -> None:
        self._release()

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Inside, signals interrupt as usual."""
        self._release()
        try:
            yield
        finally:
            self._hold()

    def _hold(self) -> None:
        if _hears():
            for number in ENDING:
                usual = signal.getsignal(number)
                if callable(usual):  # what is ignored, or ends the process at once, stays so
                    self._usual[number] = usual
                    signal.signal(number, self._note)

    def _release(self) -> None:
        for number, usual in self._usual.items():
            signal.signal(number, usual)
        self._usual.clear()
        came, self._came = self._came, None
        if came is not None:
            came()

    def _note(self, number: int, frame: FrameType | None) -> None:
        usual = self._usual[number]
        self._came = self._came or (lambda: usual(number, frame))
