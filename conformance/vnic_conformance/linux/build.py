"""From packages and a driver to a kernel that boots; everything that can be kept is kept.

A kernel is built once per package version, configuration and glue; the driver is a module of it, so that another driver
takes seconds. Both are found again by a hash of what they were made from.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vnic_conformance.linux import cache, initramfs, packages, tree
from vnic_conformance.linux.bugs import Bug, put_back
from vnic_conformance.linux.cache import Progress, digest
from vnic_conformance.linux.driver import HEADER, IN_TREE, SOURCE, Driver, resolve
from vnic_conformance.linux.errors import BuildError
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.known_bugs import named
from vnic_conformance.linux.make import BINARY, MODULE, ObjectTree

#: The kernel that the kit knows.
SERIES: Final = "6.12"
SOURCE_PACKAGE: Final = f"linux-source-{SERIES}"
BUSYBOX: Final = "busybox-static"

_DIRECTORIES: Final = ("bin", "dev", "proc", "sys", "tmp")
_INITRAMFS: Final = "initramfs"
_DESCRIPTION: Final = "guest.json"
#: Packages, tree and objects; what is free is looked at before the first.
_SPACE_MB: Final = 2_500


@dataclass(frozen=True, slots=True)
class _Places:
    """Directories below ours."""

    root: Path

    @property
    def packages(self) -> Path:
        return self.root / "packages"

    @property
    def trees(self) -> Path:
        return self.root / "sources"

    @property
    def drivers(self) -> Path:
        return self.root / "drivers"

    @property
    def kernels(self) -> Path:
        return self.root / "kernels"

    @property
    def guests(self) -> Path:
        return self.root / "guests"

    def objects(self, version: str, *, sanitized: bool) -> Path:
        return self.root / "objects" / f"{version}-{'sanitized' if sanitized else 'plain'}"


def build(
    wanted: str | None,
    *,
    sanitized: bool,
    progress: Progress,
    driver: Driver | None = None,
    bug: str | None = None,
) -> Kernel:
    """A kernel with a driver: from the cache, or else built.

    Args:
        wanted: which driver, as :func:`~vnic_conformance.linux.driver.resolve` takes it; None: the kernel's own.
        sanitized: with KASAN and the other sanitizers.
        progress: told what is going on.
        driver: the driver itself, instead of ``wanted``.
        bug: name of a known bug that is put back into the driver (:mod:`~vnic_conformance.linux.bugs`).

    Raises:
        BuildError: it cannot be built here; the message says what to do.
    """
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise BuildError(
            f"User-Mode Linux needs Linux on x86-64, and this is {sys.platform} on {platform.machine()}: "
            "use such a machine, or a container on it"
        )
    places = _Places(cache.directory())
    known = None if bug is None else named(bug)
    there = _find(places, wanted, driver, progress, known, sanitized=sanitized)
    if there is not None:
        return there
    with cache.building(places.root, progress):
        if packages.cached(SOURCE_PACKAGE, places.packages) is None:
            cache.require_space(places.root, _SPACE_MB)
            packages.require_tools(progress)
        source = packages.fetch(SOURCE_PACKAGE, places.packages, progress)
        busybox = packages.fetch(BUSYBOX, places.packages, progress)
        where = tree.unpack(source, places.trees, progress)
        # Somebody else may have built it while we waited.
        there = _find(places, wanted, driver, progress, known, sanitized=sanitized)
        if there is not None:
            return there
        packages.require_tools(progress)
        driver = driver or _driver(places, where, wanted, source.version, progress)
        driver = driver if known is None else put_back(driver, known)
        tree.put_glue(where, driver)
        options = tree.configuration(sanitized=sanitized)
        objects = ObjectTree(places.objects(source.version, sanitized=sanitized), where, options, progress)
        kernel = kernel_key(source.version, sanitized=sanitized)
        objects.make(kernel)
        kept = places.guests / guest_key(kernel, driver, busybox.version)
        _keep(places, objects.objects, kernel, kept, busybox, driver, source.version, sanitized=sanitized)
        return _described(places, kept)


def _find(
    places: _Places,
    wanted: str | None,
    driver: Driver | None,
    progress: Progress,
    bug: Bug | None,
    *,
    sanitized: bool,
) -> Kernel | None:
    """What has been built before from the same; looked for without a lock, so that it is there while others build."""
    source = packages.cached(SOURCE_PACKAGE, places.packages)
    busybox = packages.cached(BUSYBOX, places.packages)
    if source is None or busybox is None or not (places.trees / source.version).is_dir():
        return None
    driver = driver or _driver(places, places.trees / source.version, wanted, source.version, progress)
    driver = driver if bug is None else put_back(driver, bug)
    kept = places.guests / guest_key(kernel_key(source.version, sanitized=sanitized), driver, busybox.version)
    return _described(places, kept) if kept.is_dir() else None


def _driver(places: _Places, where: Path, wanted: str | None, version: str, progress: Progress) -> Driver:
    if wanted is not None:
        return resolve(wanted, where, places.packages, places.drivers, progress)
    text = [(where / IN_TREE / name).read_bytes() for name in (SOURCE, HEADER)]
    return Driver(f"ibmvnic of {version}", *text)


def guests() -> list[Kernel]:
    """Every kernel that has been built, the last built first."""
    places = _Places(cache.directory())
    found = [file.parent for file in places.guests.glob(f"*/{_DESCRIPTION}")] if places.guests.is_dir() else []
    return [_described(places, kept) for kept in sorted(found, key=lambda kept: -kept.stat().st_mtime)]


def kernel_key(version: str, *, sanitized: bool) -> str:
    """A name for everything that a kernel is made from: package, configuration, glue, compiler."""
    compiler = (
        subprocess.run(["gcc", "--version"], capture_output=True, check=False).stdout if shutil.which("gcc") else b""
    )
    files = tree.glue_files(guest=False)
    parts = [part for name in sorted(files) for part in (name, files[name])]
    return digest(version, tree.configuration(sanitized=sanitized), compiler, *parts)


def guest_key(kernel: str, driver: Driver, busybox: str) -> str:
    """A name for everything that a guest is made from: kernel, driver, and what is in its first file system."""
    files = tree.glue_files(guest=True)
    parts = [part for name in sorted(files) for part in (name, files[name])]
    return digest(kernel, driver.source, driver.header, busybox, *parts)


def _keep(
    places: _Places,
    objects: Path,
    kernel: str,
    kept: Path,
    busybox: packages.Package,
    driver: Driver,
    version: str,
    *,
    sanitized: bool,
) -> None:
    """Put what was built where it is found again."""
    if not (places.kernels / kernel).is_dir():
        with cache.whole(places.kernels / kernel) as made:
            shutil.copy(objects / BINARY, made / BINARY)
    program = packages.member(busybox, "bin/busybox")
    files = {"ibmvnic.ko": (objects / MODULE).read_bytes(), "bin/busybox": program, "bin/vnictool": _vnictool()}
    links = {"init": "bin/vnictool", **{f"bin/{name}": "busybox" for name in _applets(program)}}
    with cache.whole(kept) as made:
        (made / _INITRAMFS).write_bytes(initramfs.archive(files, _DIRECTORIES, links))
        described = {"kernel": kernel, "driver": driver.label, "version": version, "sanitized": sanitized}
        (made / _DESCRIPTION).write_text(json.dumps(described, indent=2) + "\n")


def _described(places: _Places, kept: Path) -> Kernel:
    said = json.loads((kept / _DESCRIPTION).read_text())
    binary = places.kernels / said["kernel"] / BINARY
    return Kernel(binary, kept / _INITRAMFS, said["driver"], said["version"], said["sanitized"])


def _applets(busybox: bytes) -> list[str]:
    """The tools that a busybox is, which it says itself."""
    with tempfile.TemporaryDirectory(prefix="vnickit-") as directory:
        program = Path(directory, "busybox")
        program.write_bytes(busybox)
        program.chmod(0o700)
        said = subprocess.run([program, "--list"], capture_output=True, text=True, check=False)
        names = [name for name in said.stdout.split() if name != "busybox"]
        if said.returncode != 0 or "sh" not in names:
            raise BuildError(f"busybox does not say which tools it has: {said.stderr.strip() or said.returncode}")
        return names


def _vnictool() -> bytes:
    """The tool of the guest's user space, compiled for any kernel."""
    with tempfile.TemporaryDirectory(prefix="vnickit-") as directory:
        made, text = Path(directory, "vnictool"), Path(directory, "vnictool.c")
        text.write_bytes(tree.glue_files(guest=True)["guest/vnictool.c"])
        done = subprocess.run(
            ["gcc", "-O2", "-static", "-s", "-o", str(made), str(text)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise BuildError(f"vnictool does not compile: {done.stderr.strip()}")
        return made.read_bytes()
