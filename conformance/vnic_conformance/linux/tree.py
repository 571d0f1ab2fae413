"""A kernel's source tree with our glue in it: the only places of the kernel that are changed are two lists of directories."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from vnic_conformance.linux.cache import Progress, whole
from vnic_conformance.linux.driver import HEADER, SOURCE, Driver
from vnic_conformance.linux.errors import BuildError
from vnic_conformance.linux.packages import Package, unpack_source

#: Directory of the glue in the tree.
PLACE: Final = Path("drivers/vnickit")
#: Headers of PowerPC that the driver includes; they need nothing of PowerPC.
_BORROWED: Final = {
    "include/asm/hvcall.h": "arch/powerpc/include/asm/hvcall.h",
    "include/asm/vio.h": "arch/powerpc/include/asm/vio.h",
}
#: Most of a kernel is drivers and machines that this one is not: a third of the disk, and half the time, without them.
_LEFT_OUT: Final = (
    "drivers/gpu/*.[ch]",
    "drivers/infiniband/*.[ch]",
    "drivers/media/*.[ch]",
    "drivers/net/ethernet/[!i]*/*.[ch]",
    "drivers/net/wireless/*.[ch]",
    "drivers/scsi/*.[ch]",
    "drivers/staging/*.[ch]",
    "sound/*.[ch]",
    "arch/[!pux]*/*.[chS]",
    "arch/parisc/*.[chS]",
    "arch/*.dts*",
    "Documentation/*/*",
    "tools/testing/*",
)

_INCLUDE: Final = f'source "{PLACE}/Kconfig"\n'
_DESCEND: Final = f"obj-$(CONFIG_VNICKIT) += {PLACE.name}/\n"


def glue() -> Traversable:
    """The directory of the glue."""
    return importlib.resources.files("vnic_conformance.linux") / "glue"


def glue_files(*, guest: bool) -> dict[str, bytes]:
    """The glue by path: what is compiled into the kernel, or what is put into its first file system."""
    skipped = ("guest/", "config/", "README", "LICENSE")
    files = {name: file.read_bytes() for name, file in _walk(glue())}
    if guest:
        return {name: data for name, data in files.items() if name.startswith("guest/")}
    return {name: data for name, data in files.items() if not name.startswith(skipped)}


def configuration(*, sanitized: bool) -> str:
    """The options of a kernel; all others are off."""
    names = ("common", "sanitizers") if sanitized else ("common",)
    return "".join((glue() / "config" / f"{name}.config").read_text() for name in names)


def _walk(directory: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry


def unpack(package: Package, trees: Path, progress: Progress) -> Path:
    """The source tree of a package, unpacked once, with a place for the glue.

    Raises:
        BuildError: it cannot be unpacked, or is not what we know.
    """
    target = trees / package.version
    if not target.is_dir():
        progress(f"unpacking {package.name} {package.version}")
        with whole(target) as made:
            unpack_source(package, made, [f"--exclude=*/{pattern}" for pattern in _LEFT_OUT])
            for name, change in (
                ("drivers/Kconfig", with_glue_in_kconfig),
                ("drivers/Makefile", with_glue_in_makefile),
            ):
                file = made / name
                file.write_text(change(file.read_text()))
    return target


def with_glue_in_kconfig(text: str) -> str:
    """``drivers/Kconfig`` with ours included at the end of its menu.

    Raises:
        BuildError: it is not one menu, or has ours.
    """
    if _INCLUDE in text:
        raise BuildError("drivers/Kconfig includes ours already: this is not a kernel as it was packaged")
    if len(re.findall(r"^menu ", text, re.MULTILINE)) != 1 or not re.search(r"^endmenu\n\Z", text, re.MULTILINE):
        raise BuildError(
            "drivers/Kconfig is not one menu that ends the file: this kernel is laid out in a way we do not know"
        )
    return text.removesuffix("endmenu\n") + _INCLUDE + "endmenu\n"


def with_glue_in_makefile(text: str) -> str:
    """``drivers/Makefile`` with our directory added.

    Raises:
        BuildError: it does not list directories, or has ours.
    """
    if _DESCEND in text:
        raise BuildError("drivers/Makefile has our directory already: this is not a kernel as it was packaged")
    if not re.search(r"^obj-y\s*\+= net/$", text, re.MULTILINE):
        raise BuildError(
            "drivers/Makefile does not list the network drivers: this kernel is laid out in a way we do not know"
        )
    return text.removesuffix("\n") + "\n" + _DESCEND


def put_glue(tree: Path, driver: Driver) -> None:
    """Put glue and driver into a tree; files that are the same are left alone, so that make does not build them again.

    Raises:
        BuildError: the tree lacks a header that the driver needs.
    """
    files = {**glue_files(guest=False), SOURCE: driver.source, HEADER: driver.header}
    for name, borrowed in _BORROWED.items():
        try:
            files[name] = (tree / borrowed).read_bytes()
        except OSError as error:
            raise BuildError(f"this kernel has no {borrowed}: {error.strerror}") from None
    synchronise(tree / PLACE, files)


def synchronise(directory: Path, files: Mapping[str, bytes]) -> None:
    """Make a directory hold these files and no others, touching none that is right."""
    for path in [path for path in directory.rglob("*") if path.is_file()] if directory.is_dir() else []:
        if str(path.relative_to(directory)) not in files:
            path.unlink()
    for name, data in files.items():
        path = directory / name
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
