"""``vnickit prove --find-lemmas``: lemmas for INV-2 found by machine."""

from __future__ import annotations

import sys
import time

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import show_json
from vnic_model.prover import houdini
from vnic_model.prover.run import z3_version

GOAL = "INV-2"


def find(*, as_json: bool, report: bool) -> ExitCode:
    """Find lemmas for INV-2 and print them; INCONCLUSIVE if what was found is not enough."""
    start = time.monotonic()

    def say(line: str) -> None:
        if report or sys.stderr.isatty():
            click.echo(f"{time.monotonic() - start:6.1f} s  {line}", err=True)

    found = houdini.find(GOAL, report=say)
    seconds = time.monotonic() - start
    if as_json:
        plain = {
            "goal": found.goal,
            "z3": z3_version(),
            "states": found.states,
            "stages": found.stages,
            "queries": found.queries,
            "seconds": round(seconds, 1),
            "sufficient": found.sufficient,
            "lemmas": found.texts,
        }
        show_json(plain)
        return ExitCode.CONFORMS if found.sufficient else ExitCode.INCONCLUSIVE
    click.echo(f"{found.states:>8,} states of two servers explored")
    for name, number in found.stages.items():
        click.echo(f"{number:>8,} {name}")
    click.echo()
    for text in found.texts:
        click.echo(f"  {text}")
    click.echo()
    what = f"{found.queries} questions to z3 {z3_version()}, {seconds:.0f} s"
    if found.sufficient:
        click.echo(f"{GOAL} is PROVED for any number of servers from these lemmas, found by machine; {what}.")
        return ExitCode.CONFORMS
    click.echo(f"NOT ENOUGH was found for {GOAL}; {what}.")
    return ExitCode.INCONCLUSIVE
