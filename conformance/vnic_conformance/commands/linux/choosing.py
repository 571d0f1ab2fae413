"""Which kernel a verb is about: its options, and the kernel itself."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from vnic_conformance.linux.errors import LinuxError
from vnic_conformance.options import Whole
from vnic_conformance.terminal import say

if TYPE_CHECKING:
    from vnic_conformance.linux.kernel import Kernel

#: The most processes that play side by side.
_MOST_JOBS = 64
#: The option ``jobs``.
jobs_option = click.option(
    "--jobs",
    "-j",
    type=Whole(1, _MOST_JOBS),
    metavar="N",
    help="Processes that play. [default: one for each processor]",
)
#: The option ``xics``.
xics_option = click.option(
    "--xics", is_flag=True, help="An interrupt controller whose end-of-interrupt the driver has to issue."
)

_OPTIONS = (
    click.option(
        "--driver",
        metavar="WHAT",
        help="Which driver: a kernel tree, a directory with ibmvnic.c, that file, or a version of Debian's linux-source "
        "packages such as 6.1. Without it: the kernel's own.",
    ),
    click.option("--kasan", is_flag=True, help="With KASAN, lockdep, DMA debugging, UBSAN, kmemleak."),
    click.option("--bug", metavar="NAME", help="Put a known bug back into the driver (vnickit linux bugs lists them)."),
)


def chosen_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options ``driver``, ``kasan`` and ``bug``."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def words_of(driver: str | None, bug: str | None, *, kasan: bool, xics: bool) -> list[str]:
    """The options that name this kernel and its interrupt controller, as they are typed."""
    named = [f"--driver={driver}"] * (driver is not None) + [f"--bug={bug}"] * (bug is not None)
    return [*named, *["--kasan"] * kasan, *["--xics"] * xics]


@contextlib.contextmanager
def trouble_told() -> Iterator[None]:
    """What goes wrong with a kernel or a guest is told, without a traceback."""
    try:
        yield
    except LinuxError as error:
        raise click.ClickException(str(error)) from None


def progress(text: str) -> None:
    """Tell on standard error what is going on; on a terminal, in one line that changes."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r{text[:width]:<{width}}", nl=False, err=True)
    else:
        say(text, err=True)


def built(driver: str | None, bug: str | None, *, kasan: bool, tell: Callable[[str], None] = progress) -> Kernel:
    """The kernel that the options name, built if need be.

    Raises:
        click.ClickException: it cannot be built; the message says what to do.
    """
    from vnic_conformance.linux.build import build  # here, because a help text needs no build

    with trouble_told():
        return build(driver, sanitized=kasan, progress=tell, bug=bug)
