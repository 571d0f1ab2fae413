"""``vnickit show``: a log or a trace as text or as data."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import out_option
from vnic_conformance.pictures import PAGE, PICTURES
from vnic_conformance.writing import refuse_what_is_read


@click.command(epilog="Exit codes: 0 shown; 2 the file cannot be read, or has nothing of that case; 3 it is truncated.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--case", "case", metavar="ID", help="Only this failure, or the session of this scripted case.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "json", "log", PAGE, *PICTURES]),
    default="text",
    show_default=True,
    help="Text; one JSON object; a log with the failures alone, to be attached to a report; a page; or one failure as "
    "a sequence diagram (mermaid, svg), a trace for model checkers (itf), or a capture for Wireshark (pcapng).",
)
@out_option("Write page or picture there; a capture needs it.  [default: standard output]")
def command(file: Path, case: str | None, form: str, out: Path | None) -> ExitCode:
    """Show a log of vnickit check, or a trace of vnickit explore.

    \b
    Examples:
      vnickit show run.jsonl
      vnickit show run.jsonl --case FOV-2 --as log > one-failure.jsonl
      vnickit show run.jsonl --as html --out run.html
      vnickit show run.jsonl --case FOV-2 --as pcapng --out one-failure.pcapng
    """  # noqa: D301 - click wants the character, not its name
    from vnic_conformance.showing import shown  # here, because a help text needs no machine

    refuse_what_is_read("--out", out, file)
    return shown(file, case, form, out)
