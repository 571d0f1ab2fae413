"""``vnickit export``: an instance as text for an independent model checker."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import say

#: What is written: for Spin, for NuSMV.
LANGUAGES = ("promela", "smv")


@click.command(epilog="Exit codes: 0 written; 2 wrong usage, or the file cannot be written.")
@click.option("--to", "language", type=click.Choice(LANGUAGES), required=True, help="For Spin, or for NuSMV.")
@click.option("--instance", "name", metavar="NAME", help="What may happen; see explore --list.  [default: core]")
@click.option("--servers", type=int, metavar="N", help="How many servers, 1 to 6.  [default: 2]")
@click.option("--properties", is_flag=True, help="Export what is claimed, too; with --mutate only its target.")
@click.option("--mutate", metavar="NAME", help="Put a misreading in the place of a rule; see explore --list.")
@click.option("--profile", multiple=True, metavar="NAME=VALUE", help="Decide otherwise, e.g. event_full=defer.")
@click.option("--client-depth", type=click.IntRange(1, 64), metavar="D", help="Elements the client's queue holds.")
@click.option("--server-depth", type=click.IntRange(1, 64), metavar="D", help="Elements a server's queue holds.")
@click.option(
    "--out",
    "--output",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there. [default: standard output]",
)
def command(
    language: str,
    name: str | None,
    servers: int | None,
    properties: bool,
    mutate: str | None,
    profile: tuple[str, ...],
    client_depth: int | None,
    server_depth: int | None,
    out: Path | None,
) -> ExitCode:
    """Write an instance for another model checker, so that it can be explored without any code of this kit.

    Each action with each combination of its parameters becomes one step of the text, so the other tool must find the same
    number of states as explore. How to run it is said at the head of the text.

    \b
    Examples:
      vnickit export --to promela --servers 1 --out core.pml
      vnickit export --to promela --mutate no_fence --properties --out no_fence.pml
      vnickit export --to smv --instance gap --properties --out gap.smv
    """  # noqa: D301 - click wants the character, not its name
    # Here, because a help text needs no machine.
    from vnic_conformance.commands.explore.request import request_of
    from vnic_conformance.commands.export.exporting import exported

    request = request_of(
        name=name,
        servers=servers,
        mutate=mutate,
        profile=profile,
        client_depth=client_depth,
        server_depth=server_depth,
    )
    text = exported(request, language, properties=properties, file="FILE" if out is None else out.name)
    if out is None:
        say(text, nl=False)
        return ExitCode.CONFORMS
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(out), error.strerror) from None
    return ExitCode.CONFORMS
