"""A Python object in this process as a target: no text, no pipe, the same rules.

``python:module:factory`` names it. ``factory()`` returns a callable that takes a request and returns its reply, both as
flat dictionaries; if it has a method ``close``, that is called at the end. The module is looked for in the current directory
first.

A call that hangs is interrupted by a signal where Python allows it (in the main thread); elsewhere it is made in a
thread of its own, which is abandoned. Nothing can interrupt a call that hangs inside an extension module: use a child
process for those. What such code may do to the process is undone (:mod:`~vnic_conformance.targets.guard`).
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, cast

from vnic_conformance.foreign import cut, name_of, printable
from vnic_conformance.protocol.messages import MAX_LINE_BYTES, Fields
from vnic_conformance.targets.child import GRACE_S
from vnic_conformance.targets.failures import (
    BadEnd,
    CannotStart,
    Died,
    Garbage,
    Hung,
    LeftBehind,
    LineTooLong,
    SpecError,
)
from vnic_conformance.targets.guard import EscapedError, Guard, OverdueError
from vnic_conformance.targets.lines import seconds

Answer = Callable[[Fields], object]

#: How long ``close`` may take where nobody wants to know how it ends, in seconds.
_CLOSE_S: Final = 2.0
#: How many processes that it leaves are named.
_NAMED: Final = 5
#: What a field of a reply takes on a line besides its name and its value: quotes, colon and comma.
_PER_FIELD: Final = 6

_EXPECTED: Final = "a module that can be imported, with a factory that can be called without arguments"
_ADVICE: Final = "the same in Python: {}; the traceback says where it fails"


class _Foreign:
    """What stands for a part of a reply that is neither text nor number; of it only its type is told."""

    def __init__(self, value: object) -> None:
        self._name = name_of(type(value))

    def __repr__(self) -> str:
        return f"<{self._name}>"


class _NoReplyError(Exception):
    """What was returned is no reply; the text is the name of its type."""


class _TooLongError(Exception):
    """A reply is longer than a line may be."""


def _value(value: object) -> object:
    """A part of a reply as one of Python's own objects, which does not change and has no methods of the adapter's."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    return _Foreign(value)


def _reply(returned: object) -> dict[object, object]:
    """A reply as a dictionary of its own, with what it holds now; to be called within the adapter's time."""
    if not isinstance(returned, Mapping):
        raise _NoReplyError(name_of(type(returned)))
    fields: dict[object, object] = {}
    size = 0
    for name, value in returned.items():
        name, value = _value(name), _value(value)
        fields[name] = value
        size += _PER_FIELD + sum(len(part) if isinstance(part, str) else 1 for part in (name, value))
        if size > MAX_LINE_BYTES:
            raise _TooLongError
    return fields


class Loaded:
    """What ``module:factory`` has made, and what guards its calls."""

    def __init__(self, answer: Answer, guard: Guard) -> None:
        self.answer = answer
        self.guard = guard


def load(text: str, wait_s: float = 30.0) -> Loaded:
    """The callable that ``module:factory`` makes.

    Args:
        text: ``module:factory``.
        wait_s: how long importing and making may take, in seconds.

    Raises:
        SpecError: it has another form.
        CannotStart: there is no such module or factory, or it fails.
    """
    name, colon, attribute = text.partition(":")
    if not (colon and name and attribute):
        raise SpecError(f"python:{text} is not of the form python:module:factory")
    if not all(part.isidentifier() for part in [*name.split("."), *attribute.split(".")]):
        raise SpecError(
            f"python:{text} is not of the form python:module:factory: names with dots between, as in an import; "
            "a file mine.py in this directory is the module mine"
        )
    guard = Guard()
    statement = f"python -c 'import {name}; {name}.{attribute}()'"

    def make() -> tuple[bool, object]:
        factory: object = importlib.import_module(name)
        for part in attribute.split("."):
            if not hasattr(factory, part):
                raise AttributeError(_no_such(factory, part))
            factory = getattr(factory, part)
        made = factory() if callable(factory) else None
        return callable(made), made

    try:
        with _directory_first():
            usable, answer = cast("tuple[bool, object]", guard.run(make, wait_s))
    except OverdueError:
        raise _cannot_start(text, f"nothing within {seconds(wait_s)}", statement, guard) from None
    except EscapedError as error:
        if error.missing and error.missing == name[: len(error.missing)]:
            why = f"ModuleNotFoundError: there is no {error.missing} in {printable(_here())}, nor where Python looks (sys.path)"
            advice = f"start vnickit in the directory that holds {error.missing}, or name it in PYTHONPATH"
            raise CannotStart(f"python:{text}: {why}", expected=_EXPECTED, advice=advice) from None
        raise _cannot_start(text, error.text, statement, guard, error.trace) from None
    if not usable:
        raise CannotStart(
            f"python:{text}: what it makes cannot be called",
            expected="a callable: request to reply",
            advice=f"let {attribute}() return a function, or an object with __call__",
        )
    return Loaded(cast("Answer", answer), guard)


def _no_such(place: object, part: str) -> str:
    near = difflib.get_close_matches(part, dir(place), n=2)
    where = getattr(place, "__name__", type(place).__name__)
    return f"{where} has no {part}{f'; did you mean {chr(32).join(near)}?' if near else ''}"


def _cannot_start(text: str, why: str, statement: str, guard: Guard, trace: str = "") -> CannotStart:
    trouble = CannotStart(f"python:{text}: {why}", expected=_EXPECTED, advice=_ADVICE.format(statement))
    trouble.stderr_tail = "\n".join(filter(None, (guard.tail.text, trace)))
    return trouble


def _here() -> str:
    with contextlib.suppress(OSError):
        return os.getcwd()
    return "the current directory"


@contextlib.contextmanager
def _directory_first() -> Iterator[None]:
    """While a module is loaded the current directory is where Python looks first; afterwards, last.

    Last, so that no module of a user's can take the place of one that the kit imports later.
    """
    here = str(Path(_here()))
    sys.path.insert(0, here)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(here)
        if not {here, ""} & set(sys.path):
            sys.path.append(here)


class InProcessLink:
    """A link to a callable; see :class:`~vnic_conformance.targets.base.Link`.

    Args:
        answer: takes a request and returns its reply.
        guard: what guards its calls.
    """

    def __init__(self, answer: Answer, guard: Guard | None = None) -> None:
        self._answer = answer
        self._guard = guard or Guard()
        self._trace = ""
        self._closed = False

    @classmethod
    def to(cls, text: str, wait_s: float) -> InProcessLink:
        """A link to what ``module:factory`` makes; see :func:`load`."""
        loaded = load(text, wait_s)
        return cls(loaded.answer, loaded.guard)

    @property
    def stderr_tail(self) -> str:
        """What it printed, and the traceback of the exception that ended it, if one did."""
        return "\n".join(filter(None, (self._guard.tail.text, self._trace)))

    def exchange(self, request: Fields, wait_s: float) -> Mapping[str, object]:
        """See :class:`~vnic_conformance.targets.base.Link`."""

        def call() -> object:
            returned = self._answer(dict(request))
            try:
                return _reply(returned)
            except (_NoReplyError, _TooLongError) as error:
                return error

        try:
            reply = self._guard.run(call, wait_s)
        except OverdueError:
            raise Hung(f"nothing within {seconds(wait_s)}") from None
        except EscapedError as error:
            self._trace = error.trace
            raise Died(error.text, expected="a reply, not an exception") from None
        if isinstance(reply, _NoReplyError):
            raise Garbage(f"an object of type {reply}", expected="a dictionary")
        if isinstance(reply, _TooLongError):
            raise LineTooLong("more", expected=f"a reply of at most {MAX_LINE_BYTES} bytes as a line")
        return cast("dict[str, object]", reply)

    def end(self, wait_s: float) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`: ``close`` returns, and no thread and no process is left."""
        try:
            self._close(wait_s)
        except OverdueError:
            raise BadEnd(
                f"close() has not returned within {seconds(wait_s)}", expected="that close() returns"
            ) from None
        except EscapedError as error:
            self._trace = error.trace
            raise BadEnd(f"close() raised {error.text}", expected="that close() returns") from None
        for thread in self._guard.threads:
            thread.join(min(wait_s, 1.0))
            if thread.is_alive():
                raise LeftBehind(
                    f"the thread {printable(cut(str(thread.name), 80))!r} still runs",
                    expected="that every thread it started has ended when close() returns",
                )
        if left := self._guard.offspring.left(GRACE_S):
            self._guard.offspring.end()
            raise LeftBehind(
                f"this still runs: {', '.join(left[:_NAMED])}",
                expected="that every process it started has ended when close() returns",
            )

    def close(self) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        with contextlib.suppress(OverdueError, EscapedError):
            self._close(_CLOSE_S)
        self._guard.offspring.end()

    def _close(self, wait_s: float) -> None:
        if self._closed:
            return
        self._closed = True

        def call() -> None:
            close = getattr(self._answer, "close", None)
            if callable(close):
                close()

        self._guard.run(call, wait_s)
