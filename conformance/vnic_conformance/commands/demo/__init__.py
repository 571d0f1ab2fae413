"""``vnickit demo``: the kit shown in six parts, in a minute or two."""

from __future__ import annotations

import click

from vnic_conformance.exit_codes import ExitCode


@click.command(epilog="Exit codes: 0 everything shown is as it should be; any other: see vnickit --help.")
@click.option("--linux", "with_linux", is_flag=True, help="Instead: the Linux driver in the system of the last part.")
def command(*, with_linux: bool) -> ExitCode:
    """Show what this is, in a minute.

    First the failover protocol of two servers is exhausted: every state, every property. The headline is then proved for any
    number of servers. Then one plausible misreading of one rule is refuted, by the shortest run in which the client is
    harmed. Then an implementation is checked, and one with a fault, which is found and shown. Last, the whole system runs:
    servers, client, adapter, network, application.

    With --linux: the last part again, with the unmodified Linux driver as the client, its pings and a TCP stream. The first
    time a kernel is built, which takes some minutes.

    \b
    Examples:
      vnickit demo
      vnickit demo --linux
    """  # noqa: D301 - click wants the character, not its name
    # Here, because a help text needs no machine.
    if with_linux:
        from vnic_conformance.commands.demo.linux import shown

        return shown()
    from vnic_conformance.commands.demo.playing import played

    return played()
