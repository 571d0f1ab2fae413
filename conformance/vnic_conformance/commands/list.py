"""``vnickit list``: every case that ``vnickit check`` knows."""

from __future__ import annotations

import json
import textwrap

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.book import LONG, PHASES, book
from vnic_conformance.running.plan import NothingSelectedError, select
from vnic_model.lines import WIDTH
from vnic_spec.profile import Profile

_ID, _PHASE = 36, 12


@click.command(epilog="Exit codes: 0 listed; 2 no case matches.")
@click.option("-k", "globs", multiple=True, metavar="ID-GLOB", help="Only these cases, e.g. 'CRQ-*' (repeatable).")
@click.option(
    "--phase", "phases", multiple=True, type=click.Choice(PHASES), help="Only this phase (repeatable). [default: all]"
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(globs: tuple[str, ...], phases: tuple[str, ...], as_json: bool) -> ExitCode:
    """List the cases: ID, where each is put to the test, and what it is about.

    The tours are those of the default profile.

    An ID is REQ-ID/slug, and never changes its meaning; check -k takes it, or a glob.

    \b
    Examples:
      vnickit list
      vnickit list -k 'FOV-*'
    """  # noqa: D301 - click wants the character, not its name
    try:
        cases = select(
            book(Profile(), phases or (*PHASES, LONG), lambda words: click.echo(words, err=True)).cases, globs
        )
    except NothingSelectedError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        plain = [
            {
                "case": case.id,
                "requirement": case.requirement,
                "requirements": list(case.requirements),
                "phase": case.phase.value,
                "purpose": case.purpose,
                "exercised_by": case.exercised_by,
                "features": sorted(case.features),
            }
            for case in cases
        ]
        click.echo(json.dumps({"cases": plain}, indent=2, ensure_ascii=False))
        return ExitCode.CONFORMS
    for case in cases:
        first = f"{case.id:<{_ID}}{case.phase.value:<{_PHASE}}"
        words = textwrap.wrap(case.purpose, WIDTH - _ID - _PHASE)
        purpose = (
            words[0] if len(words) == 1 else textwrap.shorten(case.purpose, WIDTH - _ID - _PHASE, placeholder=" …")
        )
        click.echo(first + purpose)
    return ExitCode.CONFORMS
