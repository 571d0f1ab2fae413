"""From C text to a program: which compiler there is, and programs kept so that each is compiled once.

A program is kept in the user's cache directory (``VNICKIT_CACHE``; empty: nowhere) under a digest of its text, the compiler's
words and its version, so nothing stale is ever run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Names the compiler, perhaps with options, as it does for make.
COMPILER_VARIABLE = "CC"
#: Where programs are kept instead of the user's cache directory; the empty string: nowhere.
CACHE_VARIABLE = "VNICKIT_CACHE"
#: Beyond so many characters, optimising takes longer than what it saves on all but the largest state spaces.
LARGE = 1_500_000


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
        said = subprocess.run([*words, "--version"], capture_output=True, text=True, check=False, errors="replace")
    except OSError:
        return None
    lines = said.stdout.splitlines()
    return Compiler(words, lines[0].strip() if said.returncode == 0 and lines else words[0])


@contextmanager
def program(text: str, by: Compiler) -> Iterator[Path]:
    """The compiled program, for as long as it is needed.

    Raises:
        NativeError: it does not compile.
    """
    digest = hashlib.sha256("\0".join((*by.words, by.version, *options(text), text)).encode()).hexdigest()[:24]
    where = os.environ.get(CACHE_VARIABLE)
    if where != "":
        kept = (Path(where) if where else _cache_home() / "vnic-failover-kit") / f"explorer-{digest}"
        if not kept.is_file():
            with contextlib.suppress(OSError):
                kept.parent.mkdir(parents=True, exist_ok=True)
        if kept.is_file() or os.access(kept.parent, os.W_OK):
            if not kept.is_file():
                _compile(text, by, kept)
            yield kept
            return
    with tempfile.TemporaryDirectory(prefix="vnickit-") as directory:
        made = Path(directory, "explorer")
        _compile(text, by, made)
        yield made


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _compile(text: str, by: Compiler, target: Path) -> None:
    """Compile beside the target and move it there, so that nobody ever runs half a program."""
    with tempfile.TemporaryDirectory(prefix="vnickit-", dir=target.parent) as directory:
        file, made = Path(directory, "explorer.c"), Path(directory, "explorer")
        file.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [*by.words, *options(text), "-o", str(made), str(file)],
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
        )
        if done.returncode != 0 or not made.is_file():
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            why = next((line for line in lines if "error" in line), f"exit code {done.returncode}, and no program")
            raise NativeError(f"{shlex.join(by.words)} does not compile the explorer: {why}")
        made.replace(target)
