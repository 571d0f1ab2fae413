"""A Python object in this process as a target: no text, no pipe, the same rules.

``python:module:factory`` names it. ``factory()`` returns a callable that takes a request and returns its reply, both as
flat dictionaries; if it has a method ``close``, that is called at the end.

A call that hangs is interrupted by a signal where Python allows it (in the main thread); elsewhere it is made in a
thread of its own, which is abandoned. Nothing can interrupt a call that hangs inside an extension module: use a child
process for those.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Final, cast

from vnic_conformance.protocol.messages import Fields
from vnic_conformance.targets.failures import CannotStart, Died, Garbage, Hung, SpecError
from vnic_conformance.targets.lines import seconds

Answer = Callable[[Fields], object]

_TAIL_LINES: Final = 32


class _OverdueError(BaseException):
    """Raised in a call that takes too long; no ordinary exception, so that adapters do not catch it."""


def load(text: str) -> Answer:
    """The callable that ``module:factory`` makes.

    Raises:
        SpecError: it has another form.
        CannotStart: there is no such module or factory, or it fails.
    """
    name, colon, attribute = text.partition(":")
    if not (colon and name and attribute):
        raise SpecError(f"python:{text} is not of the form python:module:factory")
    try:
        factory: object = importlib.import_module(name)
        for part in attribute.split("."):
            factory = getattr(factory, part)
        answer = factory() if callable(factory) else None
    except Exception as error:
        raise CannotStart(
            f"python:{text}: {type(error).__name__}: {error}",
            expected="a module that can be imported, with a factory that can be called without arguments",
        ) from error
    if not callable(answer):
        raise CannotStart(f"python:{text}: what it makes cannot be called", expected="a callable: request to reply")
    return cast("Answer", answer)


class InProcessLink:
    """A link to a callable; see :class:`~vnic_conformance.targets.base.Link`.

    Args:
        answer: takes a request and returns its reply.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._tail = ""
        self._closed = False

    @property
    def stderr_tail(self) -> str:
        """The traceback of the exception that ended it, if one did."""
        return self._tail

    def exchange(self, request: Fields, wait_s: float) -> Mapping[str, object]:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        bounded = _bounded_by_signal if threading.current_thread() is threading.main_thread() else _bounded_by_thread
        try:
            reply = bounded(lambda: self._answer(dict(request)), wait_s)
        except _OverdueError:
            raise Hung(f"nothing within {seconds(wait_s)}") from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            text = io.StringIO()
            traceback.print_exception(error, file=text)
            self._tail = "\n".join(text.getvalue().splitlines()[-_TAIL_LINES:])
            raise Died(f"{type(error).__name__}: {error}", expected="a reply, not an exception") from None
        if not isinstance(reply, Mapping):
            raise Garbage(f"an object of type {type(reply).__name__}", expected="a dictionary")
        return dict(reply)

    def end(self, wait_s: float) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`; a callable has nothing to end."""

    def close(self) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(Exception):
                close = getattr(self._answer, "close", None)
                if callable(close):
                    close()


def _overdue(number: int, frame: FrameType | None) -> None:
    raise _OverdueError


def _bounded_by_signal(call: Callable[[], object], wait_s: float) -> object:
    """Call, interrupted after ``wait_s`` seconds. Whoever else uses the alarm finds it as it was."""
    before = signal.signal(signal.SIGALRM, _overdue)
    left, interval = signal.setitimer(signal.ITIMER_REAL, wait_s)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, before)


def _bounded_by_thread(call: Callable[[], object], wait_s: float) -> object:
    """Call in another thread, abandoned after ``wait_s`` seconds."""
    results: list[object] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="adapter", daemon=True)
    thread.start()
    thread.join(wait_s)
    if errors:
        raise errors[0]
    if not results:
        raise _OverdueError
    return results[0]
