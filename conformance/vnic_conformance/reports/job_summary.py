"""The report of a run for a code host: a summary in Markdown beside the job, and a badge as JSON for services that draw it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.foreign import in_markdown, json_text, printable
from vnic_conformance.reports.failure import broken_lines, failure_lines, requirement_text
from vnic_conformance.reports.summary import Row, label, role_of, rows, sentence, tally
from vnic_conformance.reports.text import head_lines
from vnic_conformance.running.events import Failure, RunBegan
from vnic_conformance.running.plan import Case
from vnic_conformance.running.play import Outcome
from vnic_conformance.running.verdicts import Verdict
from vnic_model.lines import Line

#: Code hosts cut a summary off at a mebibyte: so many failures have their trace in it, so many lines each.
TOLD, LINES = 20, 400
#: Verdict, words and colour of a badge.
_BADGES = {
    ExitCode.CONFORMS: ("conforms", "brightgreen"),
    ExitCode.VIOLATION: ("violation", "red"),
    ExitCode.INCONCLUSIVE: ("inconclusive", "lightgrey"),
    ExitCode.ADAPTER_BROKEN: ("adapter broken", "orange"),
}


def job_summary(header: RunBegan, cases: Sequence[Case], outcome: Outcome, *, file: str | None) -> str:
    """The summary: the verdict, the requirements that are not as they must be, and every failure with its trace.

    Args:
        header: what was to be done.
        cases: the cases that counted.
        outcome: what came out.
        file: the log that holds the failures, for the commands that replay them.
    """
    return "\n".join(_summary(header, cases, outcome, file)) + "\n"


def _summary(header: RunBegan, cases: Sequence[Case], outcome: Outcome, file: str | None) -> Iterator[str]:
    yield f"## vnickit check: {in_markdown(label(header) or header.adapter)}"
    yield from ("", f"**{in_markdown(sentence(outcome))}**", "", in_markdown(_joined(head_lines(header))), "")
    found = _rows(header, cases, outcome)
    if found:
        yield from (f"Requirements: {tally(row.verdict for row in found)}.", "")
    told = [row for row in found if row.verdict > Verdict.PASS]
    if told:
        yield from ("| requirement | verdict | what it says |", "|---|---|---|")
        yield from (f"| {r.requirement.id} | {r.verdict.words} | {in_markdown(r.requirement.text)} |" for r in told)
        yield ""
    for note in outcome.notes:
        yield from (f"- {in_markdown(note)}", "")
    for failure in outcome.failures[:TOLD]:
        yield from _failure(header, failure, file)
    if len(outcome.failures) > TOLD:
        yield from (f"{len(outcome.failures) - TOLD} more failures are in the log.", "")
    if outcome.broken is not None:
        yield from _folded("What the adapter did", broken_lines(outcome.broken))


def _failure(header: RunBegan, failure: Failure, file: str | None) -> Iterator[str]:
    title = f"{failure.case}: {requirement_text(failure.requirement, failure.sentence)}"
    yield from _folded(title, failure_lines(failure, adapter=header.adapter, file=file))


def _folded(title: str, lines: Sequence[Line]) -> Iterator[str]:
    """Lines as they are, behind a title; a fence that is longer than any inside, so that none of them ends it."""
    text = [printable(line.text.rstrip()) for line in lines[:LINES]]
    if len(lines) > LINES:
        text.append(f"… {len(lines) - LINES} more lines")
    longest = max((len(run) for line in text for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (
        f"<details><summary>{escape(printable(title))}</summary>",
        "",
        f"{fence}text",
        *text,
        fence,
        "",
        "</details>",
        "",
    )


def badge(header: RunBegan, cases: Sequence[Case], outcome: Outcome) -> str:
    """The badge, in the form of the endpoint badges of shields: what is labelled, its message and its colour."""
    words, colour = _BADGES.get(outcome.code, ("kit error", "lightgrey"))
    found = _rows(header, cases, outcome)
    passed = sum(row.verdict is Verdict.PASS for row in found)
    message = f"{words}, {passed} of {len(found)} requirements" if outcome.code is ExitCode.CONFORMS else words
    plain: dict[str, object] = {
        "schemaVersion": 1,
        "label": f"VNIC {role_of(header)}",
        "message": message,
        "color": colour,
    }
    # Whoever shows the badge may choose another colour, unless it says that something is wrong.
    return json_text(plain | ({} if outcome.code is ExitCode.CONFORMS else {"isError": True})) + "\n"


def _rows(header: RunBegan, cases: Sequence[Case], outcome: Outcome) -> list[Row]:
    return rows(cases, outcome.results, bool(header.select), role_of(header)) if outcome.results else []


def _joined(lines: Iterator[Line]) -> str:
    return " ".join(line.text.strip() for line in lines)
