"""``vnickit replay``: a recorded failure played again, fixed or not."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.commands.check import adapter_option, time_scale_option
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import html_option
from vnic_conformance.writing import refuse_what_is_read


@click.command(
    epilog="Exit codes: 0 FIXED; 1 STILL FAILS; 2 wrong usage; 3 CANNOT REPLAY; 4 the adapter is broken. Of several "
    "failures the worst counts."
)
@click.argument("file", type=click.Path(path_type=Path))
@adapter_option
@click.option("--case", "case", metavar="ID", help="Only the failure of this case.")
@time_scale_option
@html_option("Write a page of HTML here: what was done this time, as sequence diagrams.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(
    file: Path, adapter: str, case: str | None, time_scale: float, html: Path | None, as_json: bool
) -> ExitCode:
    """Do again what led to the failures in a log of vnickit check, and judge it.

    FIXED: every step is now as it must be, in every run. STILL FAILS: a requirement is violated. CANNOT REPLAY: the
    implementation does not take the steps any more, or an answer says nothing. Steps that went otherwise than recorded
    are marked with ~.

    A failure that did not come every time is played so often, at most 500 times, that one that is still there is missed
    with a probability below 1 %.

    \b
    Example:
      vnickit replay vnickit-failures.jsonl --adapter ./my-adapter
    """  # noqa: D301 - click wants the character, not its name
    from vnic_conformance.commands.replay.playing import replayed  # here, because a help text needs no machine

    refuse_what_is_read("--html", html, file)
    return replayed(file, adapter, case, time_scale, html=html, as_json=as_json)
