"""The six parts of ``vnickit demo``, and how they are played."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import click

from vnic_conformance.commands.explore.report import spoken_of
from vnic_conformance.commands.explore.request import request_of
from vnic_conformance.commands.explore.running import run
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.reports.failure import failure_lines
from vnic_conformance.reports.progress import progress
from vnic_conformance.reports.text import last_lines
from vnic_conformance.running.checking import Request, check
from vnic_conformance.terminal import show
from vnic_model.examples import mutation_trace
from vnic_model.trace_text import WIDTH, lines_of
from vnic_spec.mutations import MUTATIONS


@dataclass(frozen=True)
class Act:
    """One part of the demonstration."""

    title: str
    words: str
    play: Callable[[], ExitCode]


def _say(words: str) -> None:
    click.echo(textwrap.fill(words, WIDTH, break_on_hyphens=False))


#: What the first act shows, in words.
PROVED = (
    "So, for two servers and these queues, it is not a matter of testing any more: never are two servers connected "
    "(INV-1); the client never handles elements of two servers without an event between them (INV-2); a server that was "
    "left has no path to the client (INV-7); and a client that believes it is logged in is, at that very server (INV-8)."
)


def _exhaustion() -> ExitCode:
    result = run(request_of())
    if result.trace is not None:
        show(lines_of(result.trace))
        return result.code
    found, claimed = result.found, len(spoken_of(result.request)[0])
    click.echo(f"states       {found.states:,}")
    click.echo(f"steps        {found.transitions:,}")
    click.echo(f"depth        {found.depth} (the longest of the shortest ways to a state)")
    click.echo(f"properties   {claimed}, none violated")
    click.echo(f"time         {result.seconds:.1f} s")
    click.echo()
    _say(PROVED)
    return result.code


def _proof() -> ExitCode:
    try:
        # Here, because z3 is optional.
        from vnic_conformance.commands.prove import proving
    except ImportError as error:
        if error.name != "z3":
            raise
        click.echo("(left out: z3 is not installed; pip install 'vnic-failover-kit[proofs]')")
        return ExitCode.CONFORMS
    return proving.prove_all(HEADLINE, jobs=2, as_json=False, report=False)


def _counterexample() -> ExitCode:
    show(lines_of(mutation_trace(MUTATIONS["drop_event_on_full"])))
    return ExitCode.CONFORMS


def _conformance() -> ExitCode:
    checked = check(Request(REFERENCE, steps=DEMO_STEPS, phases=("walk",)), progress(False))
    show(last_lines(checked.chosen, checked.outcome, selected=False))
    return checked.outcome.code


def _fault() -> ExitCode:
    checked = check(Request(FAULTY, steps=DEMO_STEPS, phases=("walk",), fail_fast=True), progress(False))
    if not checked.outcome.failures:
        return ExitCode.KIT_ERROR
    for failure in checked.outcome.failures:
        show(failure_lines(failure, adapter=FAULTY, file=None))
    click.echo()
    _say(FENCED)
    return ExitCode.CONFORMS


def _system() -> ExitCode:
    # A program of its own, as anybody's implementation would be: the kit knows nothing of what is inside.
    command = [sys.executable, "-m", "vnic_reference", "--scenario", "claim1", "--brief"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    click.echo(done.stdout, nl=False)
    click.echo(done.stderr, nl=False, err=True)
    return ExitCode.CONFORMS if done.returncode == 0 else ExitCode.KIT_ERROR


#: What is proved: that the client never sees two active servers.
HEADLINE = ("INV-1", "INV-2")

#: What is checked, and for how long: a full check plays scripted cases and tours too.
REFERENCE = "python:vnic_reference.adapter:Adapter"
FAULTY = "python:vnic_reference.faults:fenced_send_accepted"
DEMO_STEPS = 2_000

#: What the fault shows, in words.
FENCED = (
    "A random walk met the fault on its way; what is shown is the shortest of all ways to it, found by leaving out steps and by "
    "searching the specification breadth-first. The same happens to a server that hung while it was active, was left, "
    "and comes back: what it sends still reaches the client, which believes that it comes from the new server."
)

#: The acts, in order.
ACTS = (
    Act(
        "The protocol, exhausted",
        "A client and two servers that keep to the dialogue, over one CRQ, with queues of two elements. Servers crash, hang, "
        "fall silent and come back believing to be active; the client reboots; events meet full queues; all of it at any "
        "moment and in any order. Every state that can be reached is visited, and every property checked in it:",
        _exhaustion,
    ),
    Act(
        "The same, for any number of servers",
        "That was two servers and short queues. The same definition, read over servers and queues of which nothing is known "
        "but that there are some, is proved by induction: the claim holds at the beginning, and no action of anybody breaks "
        "it. What the induction needs besides the claim is listed as lemmas. The headline, that the client never sees two "
        "active servers:",
        _proof,
    ),
    Act(
        "What goes wrong if a rule is misread",
        "When another server takes over, the hypervisor writes event 08 to the client's queue. If that is full, it is "
        "natural to drop the event, as an element that finds no room is dropped; but of an element the sender is told "
        "(H_DROPPED), and of the event nobody. The client then takes the INIT of the new server for one of the old. CRQ-7 "
        "therefore lets the event overlay the last element; this is the shortest run against dropping it:",
        _counterexample,
    ),
    Act(
        "An implementation, checked",
        "The same specification now runs in lockstep with an implementation: the kit's reference hypervisor, written from the "
        "requirements by a second author. Return codes, the 16 bytes of every element, the listing: each answer must be one "
        "that the specification allows. Random walks, 1 to 4 servers, queues of 256 elements, virtual time:",
        _conformance,
    ),
    Act(
        "A fault, found",
        "The same hypervisor with one small change: it stores whatever a registered server sends to the client, connected or "
        "not. This is what vnickit check says:",
        _fault,
    ),
    Act(
        "The whole, running",
        "Around the reference hypervisor there are VNIC servers, a VNIC client, an emulated SR-IOV adapter, a switch, and an "
        "application that pings a host outside and exchanges streams of UDP with it, in real frames. This is claim 1 of "
        "the patent: while the ping runs, servers die and come back, links drop, an administrator activates and edits, the "
        "client complains, the adapter fails. Then: what each of it cost, and whether any frame came twice or through a "
        "server that was not connected. Times are virtual:",
        _system,
    ),
)


def played() -> ExitCode:
    """Play every part, up to the first that is not as it should be."""
    for number, act in enumerate(ACTS, 1):
        if number > 1:
            click.echo()
        click.echo(f"{number}. {act.title}")
        click.echo()
        _say(act.words)
        click.echo()
        code = act.play()
        if code is not ExitCode.CONFORMS:
            return code
    click.echo()
    click.echo("Next: vnickit explain INV-2, vnickit explore --list, vnickit list, vnickit check --help")
    return ExitCode.CONFORMS
