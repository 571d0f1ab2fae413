"""The cache directory: results kept between runs, and what is checked before one is used.

A file is believed if nobody but this user can have written it, and if it holds the hash of its own content; its name or content
says what it was made from. Everything else is made anew, without a word: what is kept saves time and decides nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from vnic_model.intake import Fields, IntakeError, opened, record_of

#: Where things are kept instead of the user's cache directory; the empty string: nowhere.
CACHE_VARIABLE = "VNICKIT_CACHE"
#: The largest file that is believed, in bytes; ours have a tenth of it at most.
MOST = 1 << 26


def home() -> Path | None:
    """The directory: ``VNICKIT_CACHE``, or one in the user's cache directory; None: nowhere."""
    named = os.environ.get(CACHE_VARIABLE)
    if named is not None:
        return Path(named) if named else None
    try:
        found = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # nobody knows where home is
        return None
    return found / "vnic-failover-kit"


def found(file: Path) -> bytes | None:
    """What is kept in a file, without its hash; None: nothing that is believed."""
    try:
        with opened(file) as kept:
            status = os.fstat(kept.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            data = kept.read(MOST)
    except IntakeError:
        return None
    end = len(data) - len(_trailer(b""))
    return data[:end] if end >= 0 and data[end:] == _trailer(data[:end]) else None


def keep(file: Path, data: bytes, mode: int = 0o600) -> bool:
    """Keep something, at once and whole, so that nobody ever finds half of it; whether that was possible."""
    half = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix="vnickit-", delete=False) as half:
            half.write(data + _trailer(data))
        Path(half.name).chmod(mode)
        Path(half.name).replace(file)
    except OSError:
        if half is not None:
            with contextlib.suppress(OSError):
                Path(half.name).unlink()
        return False
    return True


def record(data: bytes, key: str, what: str, *parts: str) -> Fields:
    """What was kept as JSON, if it has these parts and says that it was made from this key.

    Args:
        data: what was kept.
        key: everything that it depends on, as a digest; the part ``key`` has it.
        what: names it in messages.
        parts: the other parts.

    Raises:
        IntakeError: it is no such thing, or was made from something else.
    """
    try:
        plain = Fields(record_of(data.decode()), what)
    except UnicodeDecodeError:
        raise IntakeError("no text in UTF-8") from None
    plain.exactly("key", *parts)
    if plain.text("key") != key:
        raise IntakeError(f"{what}: made from something else")
    return plain


def digest_of(files: Iterable[Path]) -> bytes:
    """The names and the content of files, as one digest.

    Raises:
        OSError: one cannot be read.
    """
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()


def _trailer(data: bytes) -> bytes:
    """What is put behind the content; whoever loads a program does not look there."""
    return f"\n# sha256 {hashlib.sha256(data).hexdigest()}\n".encode()
