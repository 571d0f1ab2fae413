"""``vnickit show``: a log or a trace as text or as data."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode


@click.command(epilog="Exit codes: 0 shown; 2 the file cannot be read, or has nothing of that case; 3 it is truncated.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--case", "case", metavar="ID", help="Only this failure, or the session of this scripted case.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "json", "log"]),
    default="text",
    show_default=True,
    help="Text; one JSON object; or a log with the failures alone, to be attached to a report.",
)
def command(file: Path, case: str | None, form: str) -> ExitCode:
    """Show a log of vnickit check, or a trace of vnickit explore.

    \b
    Examples:
      vnickit show run.jsonl
      vnickit show run.jsonl --case FOV-2 --as log > one-failure.jsonl
    """  # noqa: D301 - click wants the character, not its name
    from vnic_conformance.showing import shown  # here, because a help text needs no machine

    return shown(file, case, form)
