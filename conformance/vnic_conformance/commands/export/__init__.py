"""``vnickit export``: an instance as text for an independent model checker, or the wire tables as a dissector."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import out_option, refuse
from vnic_conformance.terminal import say
from vnic_conformance.writing import put_or_say

#: What is written: for Spin, for NuSMV.
LANGUAGES = ("promela", "smv")
#: The language of a dissector, which is made from the wire tables and is of no instance.
WIRESHARK = "wireshark"
#: Parameters that say which instance.
_OF_AN_INSTANCE = ("name", "servers", "properties", "mutate", "profile", "client_depth", "server_depth")


@click.command(epilog="Exit codes: 0 written; 2 wrong usage, or the file cannot be written.")
@click.option(
    "--to",
    "language",
    type=click.Choice([*LANGUAGES, WIRESHARK]),
    required=True,
    help="For Spin, for NuSMV, or for Wireshark.",
)
@click.option("--instance", "name", metavar="NAME", help="What may happen; see explore --list.  [default: core]")
@click.option("--servers", type=int, metavar="N", help="How many servers, 1 to 6.  [default: 2]")
@click.option("--properties", is_flag=True, help="Export what is claimed, too; with --mutate only its target.")
@click.option("--mutate", metavar="NAME", help="Put a misreading in the place of a rule; see explore --list.")
@click.option("--profile", multiple=True, metavar="NAME=VALUE", help="Decide otherwise, e.g. event_full=defer.")
@click.option("--client-depth", type=click.IntRange(1, 64), metavar="D", help="Elements the client's queue holds.")
@click.option("--server-depth", type=click.IntRange(1, 64), metavar="D", help="Elements a server's queue holds.")
@out_option("Write it there. [default: standard output]")
@click.pass_context
def command(
    ctx: click.Context,
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

    For Wireshark: the dissector of what show --as pcapng writes. With --out the command that installs it is printed.

    \b
    Examples:
      vnickit export --to promela --servers 1 --out core.pml
      vnickit export --to promela --mutate no_fence --properties --out no_fence.pml
      vnickit export --to smv --instance gap --properties --out gap.smv
      vnickit export --to wireshark --out vnic.lua
    """  # noqa: D301 - click wants the character, not its name
    file = "FILE" if out is None else out.name
    if language == WIRESHARK:
        refuse(ctx, _OF_AN_INSTANCE, "a dissector is of no instance")
        from vnic_conformance.pictures.wireshark import dissector, install_command  # here: a help text needs no tables

        put_or_say(dissector(file if out is None else str(out)), out)
        if out is not None:
            say(install_command(str(out)))
        return ExitCode.CONFORMS
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
    put_or_say(exported(request, language, properties=properties, file=file), out)
    return ExitCode.CONFORMS
