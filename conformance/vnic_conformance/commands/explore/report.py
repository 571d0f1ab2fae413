"""The reports of ``vnickit explore``: text and JSON."""

from __future__ import annotations

import json
import textwrap
from math import factorial

import click

from vnic_conformance.commands.explore.request import Request
from vnic_conformance.commands.explore.running import Result
from vnic_conformance.terminal import show
from vnic_model.explorer import Exploration
from vnic_model.instance import Instance
from vnic_model.instances import SCENARIOS
from vnic_model.limits import MEBIBYTES
from vnic_model.native import NativeExploration
from vnic_model.trace import Trace
from vnic_model.trace_text import WIDTH, lines_of
from vnic_spec.catalogue import ACTIONS

# --- text ----------------------------------------------------------------------------------------------------------


def _wrapped(words: str, indent: str = "") -> None:
    click.echo(textwrap.fill(words, WIDTH, subsequent_indent=indent, break_on_hyphens=False))


def _figures(result: Result) -> str:
    speed = round(result.found.states / max(result.seconds, 0.001))
    steps = f"{result.found.states:,} states and {result.found.transitions:,} steps"
    return f"{steps} in {result.seconds:.1f} s ({speed:,} states/s)"


def setting(machine: Instance) -> str:
    """An instance in one line."""
    profile = ", ".join(f"{k} = {v}" for k, v in machine.profile.differences().items())
    bound = "" if machine.interventions is None else f"; at most {machine.interventions} interventions"
    return (
        f"{machine.name}, {machine.servers} server{'s' if machine.servers > 1 else ''}; queues of {machine.client_depth} "
        f"(client) and {machine.server_depth} (server) elements; {f'profile: {profile}' if profile else 'default profile'}{bound}"
    )


def introduce(request: Request) -> None:
    """Say what is explored."""
    click.echo(setting(request.machine))
    _wrapped(f"what may happen: {SCENARIOS[request.machine.name].sentence}", "  ")
    if request.mutation:
        _wrapped(f"misreading {request.mutation.name}: {request.mutation.sentence}", "  ")
    click.echo()


def show_result(result: Result, trace: Trace | None) -> None:
    """The trace of a violation, or the figures of an exploration that found none."""
    if trace is None:
        _figures_and_verdict(result)
        return
    show(lines_of(trace))
    click.echo()
    click.echo(f"found after {_figures(result)}, by {result.explored_by}")


def _figures_and_verdict(result: Result) -> None:
    request, found = result.request, result.found
    introduce(request)
    speed = round(found.states / max(result.seconds, 0.001))
    for label, figure in (("states", found.states), ("transitions", found.transitions), ("depth", found.depth)):
        click.echo(f"{label:<16}{figure:>12,}")
    click.echo(f"{'time':<16}{result.seconds:>10.1f} s, {speed:,} states/s")
    click.echo(f"{'explored by':<16}{result.explored_by}{_memory(found)}")
    if result.symmetric:
        most = factorial(request.machine.servers)
        click.echo(f"{'symmetry':<16}one state stands for up to {most}, which differ in the servers' names only")
    click.echo()
    click.echo(f"{'action':<28}{'fired':>12}")
    for action in ACTIONS:
        if action in request.machine.actions:
            fired = found.fired.get(action, 0)
            click.echo(f"{action:<28}{fired:>12,}{'' if fired else '   never'}")
    click.echo()
    checked, idle = spoken_of(request)
    _wrapped(f"{len(checked)} properties checked: {', '.join(checked)}", "  ")
    if idle:
        _wrapped(f"{len(idle)} not exercised, for want of the actions they speak of: {', '.join(idle)}", "  ")
    click.echo()
    _wrapped(_sentence(result))


def _memory(found: Exploration) -> str:
    if not isinstance(found, NativeExploration):
        return ""
    return f"; {found.bytes_used / 2**20:,.0f} MiB, {found.bytes_used / found.states:.1f} bytes per state"


def spoken_of(request: Request) -> tuple[list[str], list[str]]:
    """Properties of what may happen here, and those of actions that the instance does not have."""
    checked: list[str] = []
    idle: list[str] = []
    for p in request.properties:
        (idle if p.actions and not request.machine.actions.intersection(p.actions) else checked).append(p.name)
    return checked, idle


def _sentence(result: Result) -> str:
    found = result.found
    if isinstance(found, NativeExploration) and found.out_of_memory:
        return (
            f"NOT EXHAUSTED: no violation up to depth {found.depth}, but {found.states:,} states fill the memory that was "
            f"allowed; allow more with --memory (MiB; usually {MEBIBYTES}), or explore less. That is no verdict."
        )
    if result.verdict == "incomplete":
        return (
            f"NOT EXHAUSTED: no violation up to depth {found.depth}, but there is more beyond {found.states:,} states. "
            "That is no verdict."
        )
    if result.verdict == "silent":
        return (
            f"SILENT: no violation, but {', '.join(found.silent)} never fired under this instance and profile; "
            "what is claimed of it was not exercised. That is no verdict."
        )
    if result.request.mutation:
        return (
            f"HOLDS, even under the misreading {result.request.mutation.name}: every reachable state and every step was "
            "checked, and nothing here refutes it. Try more servers, deeper queues or another instance."
        )
    return "HOLDS: every reachable state and every step was checked; nothing is violated and every action fired."


# --- JSON ----------------------------------------------------------------------------------------------------------


def plain_setting(request: Request) -> dict[str, object]:
    """What is explored, for JSON."""
    machine = request.machine
    return {
        "instance": machine.name,
        "servers": machine.servers,
        "client_depth": machine.client_depth,
        "server_depth": machine.server_depth,
        "interventions": machine.interventions,
        "profile": machine.profile.differences(),
        "mutation": request.mutation.name if request.mutation else None,
    }


def plain(result: Result, trace: Trace | None) -> dict[str, object]:
    """What was found, for JSON."""
    machine, found = result.request.machine, result.found
    return {
        **plain_setting(result.request),
        "verdict": result.verdict,
        "violated": found.violation.name if found.violation else None,
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "complete": found.complete,
        "seconds": round(result.seconds, 3),
        "engine": result.engine.value,
        "symmetry": result.symmetric,
        "fired": {action: found.fired.get(action, 0) for action in ACTIONS if action in machine.actions},
        "silent": found.silent,
        "properties": spoken_of(result.request)[0],
        "not_exercised": spoken_of(result.request)[1],
        "trace": [json.loads(line) for line in trace.dump().splitlines()] if trace else None,
    }
