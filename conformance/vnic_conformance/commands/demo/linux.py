"""``vnickit demo --linux``: the system with the unmodified Linux driver as its client."""

from __future__ import annotations

import textwrap

import click

from vnic_conformance.commands.linux.choosing import built, trouble_told
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.linux.claim import Shown, show_claim
from vnic_model.trace_text import WIDTH

WORDS = (
    "The client partition is a real Linux kernel, as a process of its own (User-Mode Linux), with the unmodified driver ibmvnic. "
    "Its hypervisor calls, interrupts, DMA windows and clock are ours; hypervisor, servers, adapter, switch and the host outside "
    "are the reference's. In it a user runs ping ten times a second, and sends a stream over TCP, while servers die and come "
    "back, links drop, an administrator activates and edits, and the adapter fails. Times are virtual:"
)


def shown() -> ExitCode:
    """Show it.

    Raises:
        click.ClickException: no kernel can be built here, or the guest does not come up.
    """
    kernel = built(None, None, kasan=False)
    click.echo(f"Claim 1, with {kernel.label}\n")
    click.echo(textwrap.fill(WORDS, WIDTH, break_on_hyphens=False) + "\n")
    with trouble_told():
        result = show_claim(kernel)
    for line in (*result.timeline, "", *_sums(result)):
        click.echo(line)
    return ExitCode.CONFORMS if result.good else ExitCode.KIT_ERROR


def _sums(result: Shown) -> list[str]:
    lost = result.sent - result.answered
    whole = "every byte once, in order" if result.whole else "not what was sent"
    return [
        f"pings        {result.sent} sent, {result.answered} answered, {lost} lost in the outages",
        f"TCP stream   {result.received:,} bytes received: {whole}; longest silence {result.silence_ms:,} ms",
        f"kernel       {'; '.join(result.health) or 'nothing to complain of'}",
    ]
