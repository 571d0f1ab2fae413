"""``vnickit explore --below``: every interleaving of calls on two CPUs, a level below the machine."""

from __future__ import annotations

import textwrap
import time

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import refusal, show_json
from vnic_model.below.exploring import FineExploration, explore_below
from vnic_model.below.instance import Below, below
from vnic_model.below.text import CLAIMS, claim_sentence, run_lines
from vnic_model.lines import WIDTH
from vnic_spec.below.laws import LAWS
from vnic_spec.below.programs import MISORDERINGS
from vnic_spec.below.steps import STEPS

#: Calls that may move the selection in one run, by the number of servers, unless the command line says otherwise.
DEFAULT_SETTLING = {1: None, 2: 2}
FEWEST_SETTLING = 1


def explored_below(
    *,
    servers: int | None,
    mutate: str | None,
    everything: bool,
    interventions: int | None,
    at_most: int | None,
    as_json: bool,
) -> ExitCode:
    """Explore a level below and report.

    Args:
        servers: how many; None: 2.
        mutate: name of a misreading of the order of steps.
        everything: check all that is claimed, also of a misreading.
        interventions: how many calls that may move the selection a run has at most; None: what takes a minute or so.
        at_most: bound on the states.
        as_json: report as JSON.

    Raises:
        click.ClickException: there is no such misreading, or no such number of servers.
    """
    if mutate is not None and mutate not in MISORDERINGS:
        raise refusal("misread order", mutate, MISORDERINGS)
    misordering = None if mutate is None else MISORDERINGS[mutate]
    count = 2 if servers is None else servers
    settling = DEFAULT_SETTLING.get(count, FEWEST_SETTLING) if interventions is None else interventions
    if misordering is not None and interventions is None:
        settling = None  # the first violation ends the search
    try:
        system = below(count, misordering=misordering, settling=settling)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    begun = time.perf_counter()
    target = "" if misordering is None or everything else misordering.refutes
    found = explore_below(system, at_most=at_most, target=target)
    silent = [] if misordering else silent_parts(found)
    code = _code(found, silent)
    if as_json:
        show_json(_plain(system, found, silent))
    else:
        _show(system, found, silent, time.perf_counter() - begun)
    return code


def silent_parts(found: FineExploration) -> list[str]:
    """Steps that never fired and laws that nothing exercised, as far as the system has any occasion for them."""
    system = found.machine.system
    steps = sorted({name for program in system.programs.values() for name in program})
    laws = [law.name for law in LAWS] if system.machine.servers > 1 else ["FOV-2/fence", "FOV-2/old"]
    missing = [name for name in steps if not found.fired[name]] + [name for name in laws if not found.exercised[name]]
    return missing if found.interrupted else [*missing, "a send interrupted by a fence"]


def _code(found: FineExploration, silent: list[str]) -> ExitCode:
    if found.violation:
        return ExitCode.VIOLATION
    return ExitCode.CONFORMS if found.complete and not silent else ExitCode.INCONCLUSIVE


def _plain(system: Below, found: FineExploration, silent: list[str]) -> dict[str, object]:
    return {
        "instance": "below",
        "servers": system.machine.servers,
        "mutation": None if system.misordering is None else system.misordering.name,
        "settling": system.settling,
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "complete": found.complete,
        "machine_states": len(found.seen),
        "fired": dict(sorted(found.fired.items())),
        "exercised": dict(sorted(found.exercised.items())),
        "interrupted": found.interrupted,
        "silent": silent,
        "violation": found.violation or None,
        "run": list(run_lines(found)) if found.violation else [],
    }


def _wrapped(words: str) -> None:
    click.echo(textwrap.fill(words, WIDTH, subsequent_indent="  ", break_on_hyphens=False))


def _show(system: Below, found: FineExploration, silent: list[str], seconds: float) -> None:
    machine = system.machine
    bound = (
        ""
        if system.settling is None
        else f"; at most {system.settling} call{'s' if system.settling != 1 else ''} that may move the selection"
    )
    _wrapped(
        f"below, {machine.servers} server{'s' if machine.servers > 1 else ''}, calls in steps on two CPUs; queues of "
        f"{machine.client_depth} (client) and {machine.server_depth} (server) elements{bound}"
    )
    if system.misordering is not None:
        _wrapped(f"misreading {system.misordering.name}: {system.misordering.sentence}")
    click.echo()
    if found.violation:
        for line in run_lines(found):
            click.echo(line)
        click.echo()
        _wrapped(f"VIOLATED by the last step: {found.violation}. {claim_sentence(found.violation)}")
        return
    click.echo(f"{found.states:,} states and {found.transitions:,} steps in {seconds:.1f} s; depth {found.depth}")
    if not found.complete:
        click.echo("NOT EXHAUSTED: nothing is violated so far.")
        return
    click.echo(f"They stand for {len(found.seen):,} states of the machine.")
    click.echo()
    for name in [*(n for n in STEPS if n in found.fired), "begin", "take"]:
        sentence = {"begin": "A call arrives.", "take": "The client reads its first element."}.get(name, "")
        click.echo(f"  {name:<10}{found.fired[name]:>10,}   {sentence or STEPS[name].sentence}")
    click.echo()
    laws = {law.name for law in LAWS}
    for name, sentence in CLAIMS.items():
        verdict = "no occasion" if name in laws and not found.exercised[name] else "holds"
        often = f" ({found.exercised[name]:,} steps)" if found.exercised[name] else ""
        _wrapped(f"{verdict}: {name}{often}: {sentence}")
    _wrapped(f"A server was fenced {found.interrupted:,} times in the middle of a send from it or to it.")
    if silent:
        _wrapped(f"SILENT: no violation, but there was no occasion for {', '.join(silent)}.")
