"""``vnickit monitor``: what others have recorded, told and judged."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import show, show_json
from vnic_conformance.writing import verdict_stands


@click.command(
    epilog="Exit codes: 0 something could be told and nothing is contradicted; 1 a requirement is contradicted; "
    "2 the file cannot be read, or is none of these; 3 nothing can be decided from it."
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--untouched",
    is_flag=True,
    help="Of listings: no server was activated at the console, before or meanwhile. Else a pin may explain which one is active.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(file: Path, untouched: bool, as_json: bool) -> ExitCode:
    """Tell what was going on in a record that somebody else has made, and hold it against the requirements.

    \b
    FILE is one of these; which one, is seen from what stands in it:
      a kernel log with lines of the Linux driver ibmvnic: of dmesg, a journal, syslog or a
        mail, with or without times. Dynamic debugging lets far more be told:
        echo 'module ibmvnic +pt' > /sys/kernel/debug/dynamic_debug/control
      a capture in pcapng with elements of CRQs, as vnickit show --as pcapng writes it
      listings of a console: a line with the time, what lshwres printed, the next time ...

    A record shows a part of what happened. So each requirement is contradicted, or was put to the test and is not, or cannot be
    decided from this record, and then the report says what it would take.

    \b
    Examples:
      vnickit monitor dmesg.txt
      journalctl -k -o short-monotonic > journal.txt; vnickit monitor journal.txt --json
      while date '+# %F %T'; do
        ssh hmc lshwres -r virtualio --rsubtype vnic --level lpar -m SYSTEM; sleep 5
      done > vnics.txt
      vnickit monitor vnics.txt --untouched
    """  # noqa: D301 - click wants the character, not its name
    from vnic_conformance.monitoring.judging import judge
    from vnic_conformance.monitoring.plain import plain
    from vnic_conformance.monitoring.report import lines
    from vnic_model.intake import IntakeError

    try:
        judged = judge(file, untouched=untouched)
    except IntakeError as error:
        raise click.ClickException(f"{file}: {error}") from None
    violated = [outcome.rule.requirements[0] for outcome in judged.contradicted]
    with verdict_stands(judged.code, violated):
        if as_json:
            show_json(plain(judged, str(file)))
        else:
            show(lines(judged, str(file)))
    return judged.code
