"""Where kernels and what they are built from are kept, and who may build.

Below the kit's cache directory, ``linux``: packages, a source tree per package version, an object tree per configuration
(so that the next build takes seconds), and what was built, by a hash of everything that it was built from.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from vnic_conformance.linux.errors import BuildError

#: Names another directory than the user's cache directory.
CACHE_VARIABLE: Final = "VNICKIT_CACHE"

#: Told what is going on, in a few words.
Progress = Callable[[str], None]


def directory() -> Path:
    """The directory for everything about Linux; it need not exist.

    Raises:
        BuildError: the user wants nothing to be kept.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named == "":
        raise BuildError(
            f"kernels have to be kept somewhere, and {CACHE_VARIABLE} is empty: unset it, or name a directory"
        )
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(named) if named else home / "vnic-failover-kit") / "linux"


def digest(*parts: str | bytes) -> str:
    """A name for what these parts make, in 24 hexadecimal digits; no part runs into the next."""
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        hashed.update(f"{len(data)}:".encode() + data)
    return hashed.hexdigest()[:24]


@contextlib.contextmanager
def building(where: Path, progress: Progress) -> Iterator[None]:
    """Be the only one who builds below a directory; wait while somebody else does.

    The lock goes with the process that holds it, however that ends.
    """
    with (_made(where) / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another build is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A directory to fill, which becomes ``target`` when it is filled, and vanishes when that fails.

    A ``target`` that is there already is replaced.
    """
    _made(target.parent)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=target.parent) as made:
        filled = Path(made) / "filled"
        filled.mkdir()
        yield filled
        if target.exists():
            target.rename(Path(made) / "old")
        filled.rename(target)


def require_space(where: Path, megabytes: int) -> None:
    """Complain early where there is too little room.

    Raises:
        BuildError: there is.
    """
    free = shutil.disk_usage(_made(where)).free // 1_000_000
    if free < megabytes:
        raise BuildError(
            f"a build needs {megabytes:,} MB below {where}, and {free:,} MB are free: "
            f"make room, or name another directory by {CACHE_VARIABLE}"
        )


def _made(where: Path) -> Path:
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BuildError(f"cannot write to the cache directory: {error.filename}: {error.strerror}") from None
    return where
