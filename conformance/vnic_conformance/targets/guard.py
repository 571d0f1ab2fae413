"""An adapter's code in the kit's own process: bounded in time, and unable to leave anything behind that bends a verdict.

Whatever such code raises comes out as :class:`EscapedError` with a text that is printable and short. What it says on standard
output or standard error is kept as the last lines of its standard error. Signal handlers, working directory, limits of the
interpreter and filters of warnings are afterwards as they were. An attempt to end the process raises instead.

This protects against mistakes, not against malice: code in this process can do everything that the kit can. An adapter that is
not trusted belongs into a child process.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.foreign import cut, name_of, printable, told
from vnic_conformance.stopping import stop_noted
from vnic_conformance.streams import distrust, leave
from vnic_conformance.targets.captured import Captured
from vnic_conformance.targets.offspring import Offspring
from vnic_conformance.targets.tail import TAIL_LINES, Tail, stream_into

#: After a call is overdue it is interrupted again so often, in seconds, should it have caught the first interruption.
_AGAIN_S: Final = 1.0
#: After so many interruptions that it has caught nothing but the end of the process helps.
_LAST: Final = 10
#: Longest line of a traceback that is shown.
_LINE: Final = 500

#: What ends the process without a word, or puts another program in its place.
_ENDS: Final = ("_exit", "abort", "execv", "execve")

Call = Callable[[], object]


class OverdueError(BaseException):
    """A call takes too long; no ordinary exception, so that adapters do not catch it."""


class EndsProcessError(BaseException):
    """An adapter's code tried to end the kit's process."""


class EscapedError(Exception):
    """What an adapter's code has raised.

    Args:
        text: type and text of the exception, printable.
        trace: the last lines of its traceback.
        missing: the module that could not be found, if that is what went wrong.
    """

    def __init__(self, text: str, trace: str = "", missing: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.trace = trace
        self.missing = missing


def _traced(error: BaseException) -> str:
    text = io.StringIO()
    try:
        traceback.print_exception(error, file=text, limit=-TAIL_LINES)
    except Exception:
        return ""
    lines = text.getvalue().splitlines()[-TAIL_LINES:]
    return "\n".join(printable(cut(line, _LINE)) for line in lines)


@dataclass
class Guard:
    """Runs an adapter's code.

    Attributes:
        tail: what it wrote on standard output and standard error.
        threads: those that it started and that keep a program from ending.
        offspring: the processes that it started.
    """

    tail: Tail = field(default_factory=Tail)
    threads: set[threading.Thread] = field(default_factory=set)
    offspring: Offspring = field(default_factory=Offspring)

    def __post_init__(self) -> None:
        self._captured = Captured(self.tail)
        self._stream = stream_into(self.tail)
        self._ends = {name: _refusal(name, getattr(os, name)) for name in _ENDS}

    def run(self, call: Call, wait_s: float) -> object:
        """The result of a call, which gets ``wait_s`` seconds.

        Raises:
            EscapedError: it raised something.
            OverdueError: it takes too long.
            KeyboardInterrupt: somebody interrupted the kit meanwhile.
        """
        distrust()
        alone = threading.current_thread() is not threading.main_thread()
        before = set(threading.enumerate())
        kit = os.getpid()
        # Threads at the same time would give each other's descriptors back.
        descriptors = contextlib.nullcontext() if alone else self._captured
        with stop_noted() as stopped, self.offspring.of_a_call(), descriptors, self._as_before():
            try:
                if alone:
                    result = _bounded_by_thread(lambda: _outcome(call), wait_s)
                else:
                    result = _bounded_by_signal(lambda: _outcome(call), wait_s, self._captured.give_back)
            finally:
                if os.getpid() != kit:  # it forked, and this is the child, which is no kit
                    leave(ExitCode.ADAPTER_BROKEN)
        self.threads |= {t for t in threading.enumerate() if t not in before and not t.daemon}
        if stopped:
            raise KeyboardInterrupt
        if isinstance(result, EscapedError):
            raise result
        return result

    @contextlib.contextmanager
    def _as_before(self) -> Iterator[None]:
        """Afterwards the process is as it was before."""
        streams = sys.stdin, sys.stdout, sys.stderr
        recursion, digits = sys.getrecursionlimit(), sys.get_int_max_str_digits()
        filters = list(warnings.filters)
        try:
            directory = os.getcwd()
        except OSError:  # it has been deleted
            directory = ""
        ends = {name: getattr(os, name) for name in _ENDS}
        if self._stream.closed:
            self._stream = stream_into(self.tail)
        sys.stdin, sys.stdout, sys.stderr = io.StringIO(), self._stream, self._stream
        for name, refusal in self._ends.items():
            setattr(os, name, refusal)
        try:
            yield
        finally:
            for name, function in ends.items():
                setattr(os, name, function)
            sys.stdin, sys.stdout, sys.stderr = streams
            sys.setrecursionlimit(recursion)
            sys.set_int_max_str_digits(digits)
            if warnings.filters != filters:
                warnings.resetwarnings()
                warnings.filters[:] = filters  # type: ignore[index]  # a list; the stub promises less
            if directory:
                with contextlib.suppress(OSError):
                    if os.getcwd() != directory:
                        os.chdir(directory)


def _outcome(call: Call) -> object:
    """What a call returns, or an :class:`EscapedError`; its text and traceback are had here, within the time of the call."""
    try:
        return call()
    except OverdueError:
        raise
    except BaseException as error:
        return _escaped(error)


def _escaped(error: BaseException) -> EscapedError:
    try:
        missing = str(error.name) if isinstance(error, ModuleNotFoundError) else ""
        return EscapedError(told(error), _traced(error), missing)
    except OverdueError:
        raise
    except BaseException:  # raised by the exception's own methods
        return EscapedError(f"{name_of(type(error))} (its text cannot be had)")


# --- what is as it was -----------------------------------------------------------------------------------------------


def _refusal(name: str, real: Callable[..., object]) -> Callable[..., object]:
    """What stands for a function that ends the process; in a child process of the adapter's it is the function itself."""
    kit = os.getpid()

    def refuse(*arguments: object) -> object:
        if os.getpid() != kit:
            return real(*arguments)
        shown = ", ".join(str(a) for a in arguments if type(a) is int)
        raise EndsProcessError(f"it called os.{name}({shown})")

    return refuse


# --- bounded in time -------------------------------------------------------------------------------------------------


def _bounded_by_signal(call: Call, wait_s: float, give_back: Callable[[], None]) -> object:
    """Call, interrupted after ``wait_s`` seconds. Whoever else uses the alarm finds it as it was.

    Args:
        call: returns, or raises :class:`OverdueError`.
        wait_s: the time that it has.
        give_back: makes descriptor 2 standard error again.
    """
    rang = 0
    over = False

    def overdue(number: int, frame: FrameType | None) -> None:
        nonlocal rang
        rang += 1
        if rang > _LAST:
            give_back()
            os.write(
                2, b"vnickit: the adapter hangs, and catches every attempt to interrupt it; the kit ends with it\n"
            )
            leave(ExitCode.ADAPTER_BROKEN)
        if not over:
            raise OverdueError

    before = signal.signal(signal.SIGALRM, overdue)
    left, interval = signal.setitimer(signal.ITIMER_REAL, wait_s, _AGAIN_S)
    try:
        result = call()
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, before)
    if rang:  # it has caught the interruption
        raise OverdueError
    return result


def _bounded_by_thread(call: Call, wait_s: float) -> object:
    """Call in another thread, abandoned after ``wait_s`` seconds."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(call()), name="adapter", daemon=True)
    thread.start()
    thread.join(wait_s)
    if not results:
        raise OverdueError
    return results[0]
