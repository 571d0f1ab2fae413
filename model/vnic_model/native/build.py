"""From C text to a program: which compiler there is, and programs kept so that each is compiled once.

A program is kept in the user's cache directory (``VNICKIT_CACHE``; empty: nowhere) under a digest of its text, the compiler's
words and its version, so nothing stale is ever run. It ends with a hash of itself, so nothing damaged is run either. Where it
cannot be kept, or may not be run there, it is compiled for this once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vnic_model import cache

#: Names the compiler, perhaps with options, as it does for make.
COMPILER_VARIABLE = "CC"
#: Beyond so many characters, optimising takes longer than what it saves on all but the largest state spaces.
LARGE = 1_500_000
#: How long a compiler may take to say its version, and to compile, in seconds; the largest explorer takes half a minute.
ANSWERING_S, COMPILING_S = 20, 900


def options(text: str) -> tuple[str, ...]:
    """How to compile: -O2 takes twice as long as -O1, and what comes out is no faster."""
    return "-std=c99", "-O1" if len(text) <= LARGE else "-O0"


class NativeError(Exception):
    """Native exploration is not possible here; the message says why and what to do."""


@dataclass(frozen=True)
class Compiler:
    """A C compiler that is present."""

    words: tuple[str, ...]  #: program and options
    version: str  #: the first line it says of itself

    def __str__(self) -> str:
        return self.version or self.words[0]


def compiler() -> Compiler | None:
    """The compiler that ``CC`` names, or else ``cc``; None where there is none that answers."""
    try:
        words = tuple(shlex.split(os.environ.get(COMPILER_VARIABLE, ""))) or ("cc",)
    except ValueError:
        return None
    if shutil.which(words[0]) is None:
        return None
    try:
        said = subprocess.run(
            [*words, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
            timeout=ANSWERING_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = said.stdout.splitlines()
    return Compiler(words, shown_line(lines[0].strip()) if said.returncode == 0 and lines else words[0])


@contextmanager
def programs(text: str, by: Compiler) -> Iterator[Iterator[Path]]:
    """The compiled program, for as long as it is needed: where it may be tried, the first place that is there first.

    What is kept is believed only if it is whole, and nobody but this user can have written it; else it is compiled anew. The
    second place is for those who may not run programs in the first (a file system without that permission).

    Raises:
        NativeError: it does not compile; also on the way from one place to the next.
    """
    with contextlib.ExitStack() as stack:
        yield _places(text, by, stack)


def _places(text: str, by: Compiler, stack: contextlib.ExitStack) -> Iterator[Path]:
    kept = _kept_as(text, by)
    if kept is not None and cache.found(kept) is not None:
        yield kept
    try:
        directory = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="vnickit-", ignore_cleanup_errors=True))
        )
    except OSError as error:
        raise NativeError(f"there is no room to compile the explorer: {error.strerror}") from None
    made = directory / "explorer"
    _compile(text, by, made)
    if kept is not None and cache.keep(kept, made.read_bytes(), mode=0o700):
        yield kept
    yield made


# --- keeping -------------------------------------------------------------------------------------------------------


def _kept_as(text: str, by: Compiler) -> Path | None:
    """Where the program is kept; None: nowhere."""
    home = cache.home()
    if home is None:
        return None
    # The processor, because two machines may share a home, and their compilers call themselves the same.
    words = (*by.words, by.version, *options(text), sys.platform, platform.machine(), text)
    return home / f"explorer-{hashlib.sha256(chr(0).join(words).encode(errors='replace')).hexdigest()[:24]}"


# --- compiling -----------------------------------------------------------------------------------------------------


def _compile(text: str, by: Compiler, target: Path) -> None:
    """Compile into a directory of its own.

    Raises:
        NativeError: it does not compile.
    """
    words = [*by.words, *options(text), "-o", str(target), str(target.with_suffix(".c"))]
    try:
        target.with_suffix(".c").write_text(text, encoding="utf-8")
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
            timeout=COMPILING_S,
        )
    except OSError as error:
        raise NativeError(f"{shlex.join(by.words)} does not compile the explorer: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise NativeError(f"{shlex.join(by.words)} has not compiled the explorer in {COMPILING_S} s") from None
    if done.returncode != 0 or not target.is_file():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        why = next((line for line in lines if "error" in line), f"exit code {done.returncode}, and no program")
        raise NativeError(f"{shlex.join(by.words)} does not compile the explorer: {shown_line(why)}")


def shown_line(text: str) -> str:
    """What a foreign program has said, as part of a message: one line of printable characters."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= 200 else f"{plain[:200]}..."
