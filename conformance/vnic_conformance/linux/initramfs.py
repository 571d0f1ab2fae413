"""The guest's first file system: an archive in cpio's "newc" format, made here so that it is the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_MAGIC: Final = "070701"
_DIRECTORY: Final = 0o040755
_PROGRAM: Final = 0o100755
_CONSOLE: Final = 0o020600
_LINK: Final = 0o120777
_TRAILER: Final = "TRAILER!!!"


def archive(files: Mapping[str, bytes], directories: tuple[str, ...], links: Mapping[str, str]) -> bytes:
    """An archive with these directories, a console, these files, all of them executable, and these symbolic links.

    Args:
        files: contents by path, without a leading slash.
        directories: each after the one that it lies in.
        links: where each points to, by path.
    """
    entries = [_entry(name, _DIRECTORY) for name in directories]
    # The first process has no standard output without it: /dev is mounted later.
    entries.append(_entry("dev/console", _CONSOLE, device=(5, 1)))
    entries += [_entry(name, _PROGRAM, data) for name, data in sorted(files.items())]
    entries += [_entry(name, _LINK, target.encode()) for name, target in sorted(links.items())]
    return b"".join(entries) + _entry(_TRAILER, 0)


def _entry(name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> bytes:
    inode, owner, group, links, time, check = 0, 0, 0, 1, 0, 0
    fields = (inode, mode, owner, group, links, time, len(data), 0, 0, *device, len(name) + 1, check)
    head = (_MAGIC + "".join(f"{field:08x}" for field in fields) + name).encode() + b"\0"
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
