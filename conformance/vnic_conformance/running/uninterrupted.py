"""A stretch of code that no signal interrupts: what was seen is taken down first, then the run stops."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: What ends a run: Ctrl-C, ``kill``, a terminal that closes. Windows has no SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Uninterrupted:
    """A ``with`` block in which signals wait; the first that came is delivered at its end, or where :meth:`allowed` is entered.

    Python runs handlers in the main thread only, so in another thread there is nothing to hold back.
    """

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
        if threading.current_thread() is threading.main_thread():
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
