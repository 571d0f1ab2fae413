"""Files that a command writes: beside their place first, and put there when they are whole.

Nothing that exists is touched before a run has begun, and what could not be made or written never stands in the way of a
verdict: it is told after the report, and the exit code is that of the verdict unless that would be 0.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import TextIO

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.foreign import told
from vnic_conformance.terminal import say

#: What the name of a file ends in while it is being written.
PART = ".part"
#: What becomes of half a character, which no encoding has; as it happens, JSON reads it back.
_ERRORS = "backslashreplace"


def check_places(places: Iterable[tuple[str, Path | None]]) -> None:
    """Refuse, before anything is done, what cannot be written anyway.

    Args:
        places: option and file.

    Raises:
        click.ClickException: there is no such directory, it may not be written to, or two options name one file.
    """
    named: dict[Path, str] = {}
    for option, path in places:
        if path is None:
            continue
        if not path.parent.is_dir():
            raise click.ClickException(f"{option} {path}: there is no directory {path.parent}")
        if _unread(path):
            raise click.ClickException(f"{option} {path}: it is a pipe that nobody reads")
        if _replaceable(path) and not os.access(path.parent, os.W_OK):
            raise click.ClickException(f"{option} {path}: the directory {path.parent} may not be written to")
        if _replaceable(path) and path.resolve() in named:
            raise click.ClickException(f"{named[path.resolve()]} and {option} name the same file, {path}")
        named[path.resolve()] = option


def complain(text: str) -> None:
    """Tell on standard error; where nobody listens there, nothing."""
    with contextlib.suppress(OSError):
        say(f"vnickit: {text}", err=True)


def after_losing(code: ExitCode, lost: Iterable[str]) -> ExitCode:
    """The exit code of a run of which something could not be written: that of its verdict, but no 0."""
    return ExitCode.KIT_ERROR if code is ExitCode.CONFORMS and any(lost) else code


def with_file(code: ExitCode, path: Path | None, text: Callable[[], str]) -> ExitCode:
    """Write the file that a command makes besides its report, if one is asked for; the exit code of the command.

    As with the report (:func:`verdict_stands`), who interrupts it takes no violation back.

    Args:
        code: of the verdict, which has been reported.
        path: the file.
        text: makes what is to be in it.
    """
    lost = ""
    with verdict_stands(code):
        lost = "" if path is None else write_whole(path, text)
        if lost:
            complain(lost)
    return after_losing(code, [lost])


def write_whole(path: Path, text: str | Callable[[], str]) -> str:
    """Write a file, whole or not at all; why that was not possible, or nothing.

    Args:
        path: the file.
        text: what is to be in it, or what makes that; what making it raises is a fault of the kit, and is only told.
    """
    try:
        text = text if isinstance(text, str) else text()
    except Exception as error:
        return not_made(path, error)
    try:
        beside, file = open_beside(path)
    except OSError as error:
        return not_written(path, error.strerror)
    try:
        with file:
            file.write(text)
        if beside != path:
            beside.replace(path)
    except OSError as error:
        if beside != path:
            with contextlib.suppress(OSError):
                beside.unlink()
        return not_written(path, error.strerror)
    return ""


def not_written(path: Path, why: str | None) -> str:
    """What is said of a file that could not be written."""
    return f"{path} could not be written: {why}"


def not_made(what: object, error: Exception) -> str:
    """What is said of a file or report that could not be made."""
    return f"{what} could not be made, which is a fault of the kit: {told(error)}"


def put(path: Path, content: str | bytes) -> None:
    """Write a file that is all that a command makes.

    Raises:
        click.FileError: it cannot be written.
    """
    try:
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", _ERRORS))
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None


def put_or_say(text: str, path: Path | None) -> None:
    """Write a text to a file, or to standard output where none is named; see :func:`put`."""
    if path is None:
        say(text, nl=False)
    else:
        put(path, text)


@contextlib.contextmanager
def verdict_stands(code: ExitCode, violated: Iterable[str] = ()) -> Iterator[None]:
    """Report a verdict. Neither who interrupts the report of a violation (Ctrl-C) takes it back, nor a report that fails.

    Args:
        code: of the verdict.
        violated: names of what is violated, told where the report fails.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if code is not ExitCode.VIOLATION:
            raise
        if isinstance(error, KeyboardInterrupt):
            complain("stopped while it was reported; the verdict stands: violation")
        else:
            complain(not_made("the report", error))
            complain(f"the verdict stands: violation{''.join(f' {name}' for name in violated)}")


def _replaceable(path: Path) -> bool:
    """A file, or nothing yet; no device, no pipe."""
    return path.is_file() or not path.exists()


def _unread(path: Path) -> bool:
    """A named pipe without a reader: who opens it to write waits until there is one, perhaps for ever."""
    if not path.is_fifo():
        return False
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        return error.errno == errno.ENXIO
    return False


def refuse_what_is_read(option: str, out: Path | None, *read: Path) -> None:
    """Refuse to write to a file that the same command reads.

    Args:
        option: that names the file to be written.
        out: the file to be written, if there is one.
        read: those that are read.

    Raises:
        click.UsageError: it is one of them, by whatever name.
    """
    for path in read:
        if out is not None and out.exists() and path.exists() and out.samefile(path):
            raise click.UsageError(f"{option} {out}: this command reads that file; write to another one")


def open_beside(path: Path) -> tuple[Path, TextIO]:
    """Open what a file is written to until it is whole, and say what that is called.

    It is ``FILE.part``. Where there is one already, of a run that was killed or that still goes on, it is ``FILE.2.part`` and so
    on: runs do not mix, and nothing that was left is overwritten. A device or a pipe is written itself.

    Raises:
        OSError: it cannot be opened.
    """
    if _unread(path):
        raise OSError(errno.ENXIO, "it is a pipe that nobody reads")
    if not _replaceable(path):
        return path, path.open("w", encoding="utf-8", errors=_ERRORS)
    for number in count(1):
        beside = path.with_name(f"{path.name}{'' if number == 1 else f'.{number}'}{PART}")
        try:
            return beside, beside.open("x", encoding="utf-8", errors=_ERRORS)
        except FileExistsError:
            if beside.is_dir():
                raise
    raise AssertionError("unreachable")
