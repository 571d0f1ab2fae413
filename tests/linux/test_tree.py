"""The two places of a kernel that are changed are found, or the build stops; files that are right are not touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnic_conformance.linux import tree
from vnic_conformance.linux.errors import BuildError

KCONFIG = 'menu "Device Drivers"\n\nsource "drivers/net/Kconfig"\n\nendmenu\n'
MAKEFILE = "obj-y\t\t\t+= base/\nobj-y\t\t\t\t+= net/\n"


def test_the_glue_is_included_at_the_end_of_the_menu() -> None:
    assert tree.with_glue_in_kconfig(KCONFIG) == KCONFIG.removesuffix("endmenu\n") + (
        'source "drivers/vnickit/Kconfig"\nendmenu\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        KCONFIG + 'source "drivers/late/Kconfig"\n',
        KCONFIG + KCONFIG,
        KCONFIG.replace("endmenu\n", ""),
        KCONFIG.replace("menu ", "config "),
    ],
)
def test_another_kconfig_stops_the_build(text: str) -> None:
    with pytest.raises(BuildError, match="laid out in a way we do not know"):
        tree.with_glue_in_kconfig(text)


def test_the_makefile_descends_into_the_glue() -> None:
    assert tree.with_glue_in_makefile(MAKEFILE) == MAKEFILE + "obj-$(CONFIG_VNICKIT) += vnickit/\n"


@pytest.mark.parametrize("text", ["", "obj-y += internet/\n", "obj-$(CONFIG_NET) += net/\n"])
def test_another_makefile_stops_the_build(text: str) -> None:
    with pytest.raises(BuildError, match="does not list the network drivers"):
        tree.with_glue_in_makefile(text)


def test_a_tree_is_changed_once() -> None:
    with pytest.raises(BuildError, match="not a kernel as it was packaged"):
        tree.with_glue_in_kconfig(tree.with_glue_in_kconfig(KCONFIG))
    with pytest.raises(BuildError, match="not a kernel as it was packaged"):
        tree.with_glue_in_makefile(tree.with_glue_in_makefile(MAKEFILE))


def test_a_directory_holds_these_files_and_no_others(tmp_path: Path) -> None:
    tree.synchronise(tmp_path / "d", {"same": b"1", "sub/changed": b"2", "gone": b"3"})
    before = (tmp_path / "d" / "same").stat().st_mtime_ns
    tree.synchronise(tmp_path / "d", {"same": b"1", "sub/changed": b"4", "sub/new": b"5"})
    found = {
        str(file.relative_to(tmp_path / "d")): file.read_bytes()
        for file in (tmp_path / "d").rglob("*")
        if file.is_file()
    }
    assert found == {"same": b"1", "sub/changed": b"4", "sub/new": b"5"}
    assert (tmp_path / "d" / "same").stat().st_mtime_ns == before


def test_what_goes_into_the_kernel_and_what_into_the_guest() -> None:
    kernel, guest = tree.glue_files(guest=False), tree.glue_files(guest=True)
    assert {"Kconfig", "Makefile", "vnickit.h", "hcall.c", "include/asm/xive.h"} <= set(kernel)
    assert set(guest) == {"guest/vnictool.c"}
    assert not any(name.startswith(("guest/", "config/", "README", "LICENSE")) for name in kernel)


def test_every_file_of_the_glue_says_its_licence() -> None:
    for name, data in {**tree.glue_files(guest=False), **tree.glue_files(guest=True)}.items():
        assert b"SPDX-License-Identifier: GPL-2.0-only" in data, name


def test_everything_that_is_compiled_is_named_in_the_makefile() -> None:
    files = tree.glue_files(guest=False)
    objects = files["Makefile"].decode().split()
    assert {name.removesuffix(".c") + ".o" for name in files if name.endswith(".c")} <= set(objects)


def test_sanitizers_come_on_top() -> None:
    plain, sanitized = tree.configuration(sanitized=False), tree.configuration(sanitized=True)
    assert sanitized.startswith(plain)
    assert "CONFIG_KASAN=y" in sanitized
    assert "CONFIG_KASAN" not in plain
