"""``vnickit matrix``: every requirement with what stands for it, from the property to the verdict of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import refusal, say, show, show_json
from vnic_conformance.writing import check_places, refuse_what_is_read, write_whole
from vnic_model.intake import IntakeError, text_of
from vnic_spec.requirements import GROUPS, REQUIREMENTS

if TYPE_CHECKING:  # a help text needs no machine
    from vnic_conformance.running.judging import Rejudgement
    from vnic_conformance.running.recorded import RecordedRun

#: The longest output of vnickit prove --json that is read, in bytes; ours is a tenth of that.
MOST_PROOFS = 1 << 24


@click.command(
    epilog="Exit codes: 0 shown; 2 a file cannot be read or written, or no requirement matches; 3 the log is truncated."
)
@click.option("--run", "log", type=click.Path(path_type=Path), metavar="LOG", help="A log of vnickit check.")
@click.option(
    "--proofs", type=click.Path(path_type=Path), metavar="FILE", help="What vnickit prove --json has printed."
)
@click.option("-k", "globs", multiple=True, metavar="GLOB", help="Only these requirements, e.g. 'CRQ-*' (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Also as a page of HTML, all in one file."
)
def command(
    log: Path | None, proofs: Path | None, globs: tuple[str, ...], as_json: bool, html: Path | None
) -> ExitCode:
    """Show what stands for each requirement, and where nothing does.

    A row leads from the requirement to its formal properties, how each is proved, the instance where a run exercises it (its
    witness), the misreadings that violate it (mutations), the cases of this kit, how many of them a run has put to the test,
    and the verdict: what vnickit judge makes of the steps in its log. An empty cell is a dash; what is tested elsewhere says
    where and why.

    \b
    Examples:
      vnickit matrix
      vnickit matrix --run run.jsonl -k 'FOV-*'
      vnickit matrix --run run.jsonl --proofs proofs.json --html matrix.html
    """  # noqa: D301 - click wants the character, not its name
    from vnic_conformance.reports.matrix import matrix_html, matrix_lines
    from vnic_conformance.reports.traceability import ProofsError, matrix, plain_matrix, read_proofs
    from vnic_conformance.running.judging import Rejudgement, judge_log
    from vnic_conformance.running.recorded import RunLogError

    run, judged = None, Rejudgement()
    if log is not None:
        try:
            run, judged = judge_log(log)
        except RunLogError as error:
            raise click.ClickException(f"{log}: {error}") from None
    said = None
    if proofs is not None:
        try:
            said = read_proofs(text_of(proofs, MOST_PROOFS))
        except (ProofsError, IntakeError) as error:
            raise click.ClickException(f"{proofs}: {error}") from None
    try:
        made = matrix(globs, run, judged.results, said, lambda words: say(words, err=True))
    except LookupError as error:
        glob = str(error.args[0])
        raise refusal(
            "requirement matches", glob.upper(), [*REQUIREMENTS, *(f"{group}-*" for group in GROUPS)]
        ) from None
    if html is not None:
        refuse_what_is_read("--html", html, *(read for read in (log, proofs) if read is not None))
        check_places((("--html", html),))
    if as_json:
        show_json(plain_matrix(made))
    else:
        show(matrix_lines(made))
    if html is not None and (lost := write_whole(html, matrix_html(made))):
        raise click.ClickException(lost)
    if run is not None and (otherwise := _otherwise(run, judged)):
        many = f"{len(otherwise)} cases" if otherwise[1:] else "a case"
        say(f"vnickit: of {many} the steps of {log} say something else than the log itself: {otherwise[0]}", err=True)
    if run is not None and run.truncated:
        say(f"vnickit: {log} is truncated: the run did not come to its end", err=True)
        return ExitCode.INCONCLUSIVE
    return ExitCode.CONFORMS


def _otherwise(run: RecordedRun, judged: Rejudgement) -> list[str]:
    """Where the log's own verdict on a case is not what its steps come to."""
    now = {result.case: result.verdict for result in judged.results}
    return [
        f"{said.case} was {said.verdict.words} then, and is {now[said.case].words} now"
        for said in run.results
        if said.case in now and now[said.case] is not said.verdict
    ]
