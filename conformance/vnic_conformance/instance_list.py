"""``vnickit explore --list``: what may be explored, what may be misread, what may be assumed."""

from __future__ import annotations

import textwrap

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_model.coverage import uncovered
from vnic_model.instances import SCENARIOS
from vnic_model.lines import WIDTH
from vnic_spec.below.programs import MISORDERINGS
from vnic_spec.liveness import ASSUMPTIONS
from vnic_spec.mutations import ENDLESS, MUTATIONS


def list_instances() -> ExitCode:
    """Print the instances, the mutations and the assumptions about endless runs."""
    click.echo("Instances (--instance), and who may act in them:")
    for scenario in SCENARIOS.values():
        partners = "any client and any server" if scenario.bare else "drivers that keep to the dialogue"
        click.echo(f"  {scenario.name:<14}{partners}; {len(scenario.actions)} actions")
        click.echo(textwrap.fill(scenario.sentence, WIDTH, initial_indent=" " * 16, subsequent_indent=" " * 16))
    click.echo("  No instance covers")
    for gap in uncovered():
        click.echo(
            textwrap.fill(gap, WIDTH, initial_indent="    - ", subsequent_indent="      ", break_on_hyphens=False)
        )
    click.echo()
    click.echo("Mutations (--mutate): a requirement misread, and the property that this violates:")
    for mutation in MUTATIONS.values():
        click.echo(f"  {mutation.name:<38}{mutation.requirement:<8} violates {mutation.refutes}")
        click.echo(textwrap.fill(mutation.sentence, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6))
    click.echo()
    click.echo("Mutations that only an endless run refutes (--liveness --mutate):")
    for mutation in ENDLESS.values():
        click.echo(f"  {mutation.name:<38}{mutation.requirement:<8} violates {mutation.refutes}")
        click.echo(textwrap.fill(mutation.sentence, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6))
    click.echo()
    click.echo("Misreadings of the order of steps, a level below (--below --mutate):")
    for below in MISORDERINGS.values():
        click.echo(f"  {below.name:<38}{below.requirement:<8} violates {below.refutes}")
        click.echo(textwrap.fill(below.sentence, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6))
    click.echo()
    click.echo("Assumptions about endless runs (--liveness --without):")
    for assumption in ASSUMPTIONS.values():
        words = f"  {assumption.name:<12}{assumption.sentence}"
        click.echo(textwrap.fill(words, WIDTH, subsequent_indent=" " * 14, break_on_hyphens=False))
    return ExitCode.CONFORMS
