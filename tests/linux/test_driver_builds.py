"""Other drivers than the kernel's own: an edit, an edit that does not compile, an older version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vnic_conformance.linux import cache, packages
from vnic_conformance.linux.build import build
from vnic_conformance.linux.driver import IN_TREE, SOURCE
from vnic_conformance.linux.errors import BuildError
from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.kernel import Kernel

if TYPE_CHECKING:
    from tests.linux.conftest import Boot

pytestmark = pytest.mark.slow


def quiet(text: str) -> None:
    """Progress that nobody reads."""


def own_source(kernel: Kernel) -> str:
    return (cache.directory() / "sources" / kernel.version / IN_TREE / SOURCE).read_text()


def test_an_edit_is_in_the_guest_and_the_kernel_is_the_same(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / SOURCE).write_text(own_source(kernel) + '\nMODULE_INFO(edited, "by another hand");\n')
    edited = build(str(tmp_path), sanitized=False, progress=quiet)
    assert edited.binary == kernel.binary
    assert edited.initramfs != kernel.initramfs
    with Guest(edited) as guest:
        found = guest.command("grep -c 'edited=by another hand' /ibmvnic.ko; lsmod")
        guest.run(guest.now + 1_000_000_000)
        assert found.output.startswith("1\n")
        assert "ibmvnic" in found.output


def test_an_edit_that_does_not_compile_is_shown_and_leaves_nothing_behind(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / SOURCE).write_text(own_source(kernel) + "\nint broken(void) { return undeclared; }\n")
    with pytest.raises(
        BuildError, match=r"does not compile in this kernel:\n.*ibmvnic\.c:\d+:\d+: error: .*undeclared"
    ):
        build(str(tmp_path / SOURCE), sanitized=False, progress=quiet)
    assert build(None, sanitized=False, progress=quiet) == kernel


def test_the_driver_of_an_older_kernel_takes_part_in_a_failover(boot: Boot, kernel: Kernel) -> None:
    if packages.cached("linux-source-6.1", cache.directory() / "packages") is None:
        pytest.skip("linux-source-6.1 was not fetched (vnickit linux build --driver 6.1)")
    older = build("6.1", sanitized=False, progress=quiet)
    assert older.driver.startswith("ibmvnic of 6.1.")
    with boot(older) as linux:
        linux.system.advance(3_000)
        assert "5 packets received" in linux.ping()
        linux.system.act("link_down", "server-1")
        linux.system.advance(3_000)
        assert "5 packets received" in linux.ping()
        assert linux.guest.observe().health == ()
