"""Which driver: the kernel's own, another package's, or the user's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vnic_conformance.foreign import cut
from vnic_conformance.linux.cache import Progress, whole
from vnic_conformance.linux.errors import BuildError
from vnic_conformance.linux.packages import Package, fetch, unpack_source

SOURCE: Final = "ibmvnic.c"
HEADER: Final = "ibmvnic.h"
#: Where a kernel tree has them.
IN_TREE: Final = Path("drivers/net/ethernet/ibm")

_VERSION = re.compile(r"(\d+\.\d+)(?:\.\S+)?")


@dataclass(frozen=True, slots=True)
class Driver:
    """The text of a driver.

    Attributes:
        label: where it is from, in words.
        source: ibmvnic.c.
        header: ibmvnic.h.
    """

    label: str
    source: bytes
    header: bytes


def of_package(package: Package, kept: Path, progress: Progress) -> Driver:
    """The driver of a linux-source package.

    Args:
        package: the package.
        kept: directory in which drivers of packages are kept.
        progress: told what is going on.

    Raises:
        BuildError: the package has none.
    """
    target = kept / f"{package.name}_{package.version}"
    if not target.is_dir():
        progress(f"taking the driver out of {package.name} {package.version}")
        with whole(target) as made:
            unpack_source(package, made, ["--wildcards", *(f"*/{IN_TREE}/{name}" for name in (SOURCE, HEADER))])
            for name in (SOURCE, HEADER):
                (made / IN_TREE / name).rename(made / name)
    return Driver(f"ibmvnic of {package.version}", _read(target / SOURCE), _read(target / HEADER))


def resolve(wanted: str, tree: Path, packages: Path, kept: Path, progress: Progress) -> Driver:
    """The driver that the user names.

    Args:
        wanted: a kernel tree; a directory with ibmvnic.c, and ibmvnic.h unless the kernel's own will do; one of these
            files; or a version of Debian's linux-source packages, as "6.1" or "6.1.192-3".
        tree: the source tree of the kernel.
        packages: directory in which packages are kept.
        kept: directory in which drivers of packages are kept.
        progress: told what is going on.

    Raises:
        BuildError: there is none.
    """
    path = Path(wanted)
    version = _VERSION.fullmatch(wanted)
    try:
        there = path.exists()
    except (OSError, ValueError) as error:  # too long, a loop of links, or no name at all
        why = getattr(error, "strerror", None) or error
        raise BuildError(f"--driver {cut(wanted, 200)}: {why}") from None
    if not there and version is not None:
        exact = wanted if "-" in wanted else ""
        return of_package(fetch(f"linux-source-{version[1]}", packages, progress, exact), kept, progress)
    if not there:
        raise BuildError(
            f"--driver {cut(wanted, 200)}: no such file or directory, nor a version of linux-source: name a kernel tree, "
            f"a directory with {SOURCE}, that file, or a version such as 6.1"
        )
    return _of_path(path, tree)


def _of_path(path: Path, tree: Path) -> Driver:
    places = [path / IN_TREE, path] if path.is_dir() else [path.parent]
    where = next((place for place in places if (place / SOURCE).is_file()), None)
    if where is None or (path.is_file() and path.name not in (SOURCE, HEADER)):
        raise BuildError(f"--driver {path}: there is no {SOURCE}, neither there nor in {IN_TREE} below it")
    header = where / HEADER
    if not header.is_file():
        header = tree / IN_TREE / HEADER
    return Driver(f"ibmvnic of {where}", _read(where / SOURCE), _read(header))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BuildError(f"cannot read {error.filename}: {error.strerror}") from None
