"""``vnickit explore --graph``: the state graph of an instance, whole or seen through some attributes, as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.writing import put
from vnic_model.graph import AT_MOST, GraphError, StateGraph, TooManyStatesError, check_attributes, dot, graphml
from vnic_model.instance import Instance


def _picture(written: object) -> str:
    from vnic_conformance.pictures.state_picture import picture_of_states  # here: most explorations draw nothing

    return picture_of_states(written)


WRITERS: dict[str, Callable[[object], str]] = {".graphml": graphml, ".dot": dot, ".svg": _picture}


def export(machine: Instance, file: Path, quotient: str | None, at_most: int | None) -> ExitCode:
    """Explore an instance wholly and write its graph; no property is checked.

    Args:
        machine: the instance.
        file: where to; its suffix says what: .graphml, .dot, or .svg for a picture of a small one.
        quotient: attributes to see it through, with commas between them; None: the whole graph.
        at_most: bound on the states; None: what fits into some hundred megabytes.

    Raises:
        click.ClickException: another suffix, an attribute that does not exist, or a file that cannot be written.
    """
    writer = WRITERS.get(file.suffix)
    if writer is None:
        raise click.ClickException(f"--graph {file}: the name has to end in .graphml or .dot, or in .svg for a picture")
    names = [] if quotient is None else [name.strip() for name in quotient.split(",")]
    try:
        check_attributes(machine, names)
        found = StateGraph(machine, at_most=at_most or AT_MOST)
    except TooManyStatesError as error:
        click.echo(f"NOT WRITTEN: {error}")
        return ExitCode.INCONCLUSIVE
    except GraphError as error:
        raise click.ClickException(str(error)) from None
    written = found.written(names)
    try:
        text = writer(written)
    except ValueError as error:
        raise click.ClickException(f"--graph {file}: {error}") from None
    put(file, text)
    through = f", seen through {', '.join(names)}: {len(written):,} nodes and" if names else " and"
    click.echo(f"{file}: {len(found.graph):,} states{through} {written.number_of_edges():,} edges")
    return ExitCode.CONFORMS
