"""``vnickit specification``: the specification as one document."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.writing import put_or_say


@click.command(epilog="Exit codes: 0 written; 2 the file cannot be written.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it there. [default: standard output]"
)
def command(out: Path | None) -> ExitCode:
    """Write the specification as one document in Markdown, from scope to claim.

    Everything in it comes from the specification's data and from its machine: requirements, profile, state, diagrams, rules and
    actions step by step, properties as formulas.

    \b
    Examples:
      vnickit specification | less
      vnickit specification --out docs/specification.md
    """  # noqa: D301 - click wants the character, not its name
    # Here, because a help text needs no machine.
    from vnic_conformance.specification import document

    text = document()
    put_or_say(text, out)
    return ExitCode.CONFORMS
