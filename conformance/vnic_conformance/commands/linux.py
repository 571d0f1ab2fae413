"""``vnickit linux``: kernels with the Linux VNIC client driver, built and tried."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.linux.errors import LinuxError
from vnic_conformance.terminal import say

_DRIVER_HELP = (
    "Which driver: a kernel tree, a directory with ibmvnic.c, that file, or a version of Debian's linux-source "
    "packages such as 6.1. Without it: the kernel's own."
)


@click.group()
def command() -> None:
    """Build kernels with the Linux VNIC client driver for User-Mode Linux, and try them.

    The driver is unmodified and runs in a real kernel, as a process of its own; hypervisor, interrupts, memory and clock
    are the kit's. docs/linux.md tells more.
    """


def _progress(text: str) -> None:
    """Tell on standard error what is going on; on a terminal, in one line that changes."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r{text[:width]:<{width}}", nl=False, err=True)
    else:
        say(text, err=True)


@command.command("build")
@click.option("--driver", metavar="WHAT", help=_DRIVER_HELP)
@click.option("--kasan", is_flag=True, help="With KASAN, lockdep, DMA debugging, UBSAN, kmemleak.")
def build_command(driver: str | None, kasan: bool) -> ExitCode:
    r"""Build a kernel, or find it among those that were built before.

    The first build fetches Debian's package linux-source-6.12 and compiles a small kernel, for some minutes; after a
    change of the driver it takes seconds.

    \b
    Examples:
      vnickit linux build
      vnickit linux build --kasan
      vnickit linux build --driver ../linux/drivers/net/ethernet/ibm
    """
    from vnic_conformance.linux.build import build

    begun = time.monotonic()
    try:
        kernel = build(driver, sanitized=kasan, progress=_progress)
    except LinuxError as error:
        raise click.ClickException(str(error)) from None
    if sys.stderr.isatty():
        say(err=True)
    say(f"{kernel.label}: ready in {time.monotonic() - begun:.0f} s")
    return ExitCode.CONFORMS


@command.command("list")
def list_command() -> ExitCode:
    """Which kernels have been built, the last one first."""
    from vnic_conformance.linux.build import guests

    try:
        built = guests()
    except LinuxError as error:
        raise click.ClickException(str(error)) from None
    for kernel in built:
        say(f"{kernel.initramfs.parent.name}  {kernel.label}")
    if not built:
        say("none; vnickit linux build makes one")
    return ExitCode.CONFORMS


@command.command("shell")
@click.option("--driver", metavar="WHAT", help=_DRIVER_HELP)
@click.option("--kasan", is_flag=True, help="With KASAN and the other sanitizers.")
@click.option("--xics", is_flag=True, help="An interrupt controller whose end-of-interrupt the driver has to issue.")
@click.option("--debug", is_flag=True, help="The driver's debug messages, too.")
@click.option(
    "--around",
    default="vnic_reference.system.guest_system:around",
    show_default=True,
    metavar="MODULE:FUNCTION",
    help="Makes hypervisor, servers and network around a guest.",
)
def shell_command(driver: str | None, kasan: bool, xics: bool, debug: bool, around: str) -> ExitCode:
    r"""A guest with two servers and a peer, a line at a time.

    What is typed runs in the guest; time is virtual and passes only while something is being waited for. Its device is
    eth0, its address 10.0.0.1, the peer's 10.0.0.2.

    \b
    Example:
      printf '%s\n' 'ping -c 3 10.0.0.2' '.do link_down server-1' 'ping -c 3 10.0.0.2' | vnickit linux shell
    """
    from vnic_conformance.linux.build import build
    from vnic_conformance.linux.guest import Guest
    from vnic_conformance.linux.kernel import BootOptions
    from vnic_conformance.linux.shell import HELP, Shell, surroundings

    try:
        kernel = build(driver, sanitized=kasan, progress=_progress)
        with Guest(kernel, BootOptions(xics=xics, debug=debug)) as guest:
            if sys.stdin.isatty():
                say(f"{kernel.label}\n{HELP}")
            Shell(guest, surroundings(around, guest), click.echo).converse(_lines())
            for complaint in guest.health:
                say(str(complaint))
    except LinuxError as error:
        raise click.ClickException(str(error)) from None
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
