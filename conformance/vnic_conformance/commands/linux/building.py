"""``vnickit linux build``, ``list`` and ``shell``: kernels with the Linux VNIC client driver, built and tried."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import click

from vnic_conformance.commands.linux.choosing import built, chosen_kernel, trouble_told, xics_option
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import say


@click.command("build")
@chosen_kernel
def build_command(driver: str | None, bug: str | None, *, kasan: bool) -> ExitCode:
    r"""Build a kernel, or find it among those that were built before.

    The first build fetches Debian's package linux-source-6.12 and compiles a small kernel, for some minutes; after a
    change of the driver it takes seconds.

    \b
    Examples:
      vnickit linux build
      vnickit linux build --kasan
      vnickit linux build --driver ../linux/drivers/net/ethernet/ibm
    """
    begun = time.monotonic()
    kernel = built(driver, bug, kasan=kasan)
    if sys.stderr.isatty():
        say(err=True)
    say(f"{kernel.label}: ready in {time.monotonic() - begun:.0f} s")
    return ExitCode.CONFORMS


@click.command("list")
def list_command() -> ExitCode:
    """Which kernels have been built, the last one first."""
    from vnic_conformance.linux.build import guests

    with trouble_told():
        built = guests()
    for kernel in built:
        say(f"{kernel.initramfs.parent.name}  {kernel.label}")
    if not built:
        say("none; vnickit linux build makes one")
    return ExitCode.CONFORMS


@click.command("shell")
@chosen_kernel
@xics_option
@click.option("--debug", is_flag=True, help="The driver's debug messages, too.")
@click.option(
    "--around",
    default="vnic_reference.system.guest_system:around",
    show_default=True,
    metavar="MODULE:FUNCTION",
    help="Makes hypervisor, servers and network around a guest.",
)
def shell_command(
    driver: str | None, bug: str | None, around: str, *, kasan: bool, xics: bool, debug: bool
) -> ExitCode:
    r"""A guest with two servers and a peer, a line at a time.

    What is typed runs in the guest; time is virtual and passes only while something is being waited for. Its device is
    eth0, its address 10.0.0.1, the peer's 10.0.0.2.

    \b
    Example:
      printf '%s\n' 'ping -c 3 10.0.0.2' '.do link_down server-1' 'ping -c 3 10.0.0.2' | vnickit linux shell
    """
    from vnic_conformance.linux.guest import Guest
    from vnic_conformance.linux.kernel import BootOptions
    from vnic_conformance.linux.shell import HELP, Shell, surroundings

    kernel = built(driver, bug, kasan=kasan)
    with trouble_told(), Guest(kernel, BootOptions(xics=xics, debug=debug)) as guest:
        if sys.stdin.isatty():
            say(f"{kernel.label}\n{HELP}")
        Shell(guest, surroundings(around, guest), click.echo).converse(_lines())
        for complaint in guest.health:
            say(str(complaint))
    return ExitCode.CONFORMS


def _lines() -> Iterator[str]:
    """What is typed, with a prompt where somebody types."""
    while True:
        if sys.stdin.isatty():
            say("guest# ", nl=False)
        line = sys.stdin.readline()
        if not line:
            return
        yield line
