"""``vnickit linux``: kernels with the Linux VNIC client driver, built and tried."""

from __future__ import annotations

import shutil
import sys
import time

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.linux.errors import LinuxError

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
        click.echo(text, err=True)


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
        click.echo(err=True)
    click.echo(f"{kernel.label}: ready in {time.monotonic() - begun:.0f} s")
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
        click.echo(f"{kernel.initramfs.parent.name}  {kernel.label}")
    if not built:
        click.echo("none; vnickit linux build makes one")
    return ExitCode.CONFORMS
