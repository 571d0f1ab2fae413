"""The report of a run as text: a table by requirement, every failure with its trace, and one last sentence."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from vnic_conformance.episode import HYPERVISOR
from vnic_conformance.reports.failure import broken_lines, failure_lines
from vnic_conformance.reports.summary import Row, count, label, many, role_of, rows, sentence, tally
from vnic_conformance.running.events import RunBegan
from vnic_conformance.running.plan import Case
from vnic_conformance.running.play import Outcome
from vnic_conformance.running.role import role_named
from vnic_conformance.running.verdicts import CaseResult, Verdict
from vnic_model.lines import WIDTH, Line

_COLUMNS = f"{'requirement':<13}{'verdict':<16}{'cases':>7}{'steps':>8}  "

_CASES = f"{'case':<26}{'verdict':<16}{'steps':>8}  "


def report_lines(header: RunBegan, cases: Sequence[Case], outcome: Outcome, *, file: str | None) -> Iterator[Line]:
    """The whole report.

    Args:
        header: what was to be done.
        cases: the cases that counted.
        outcome: what came out.
        file: the log that holds the failures, for the commands that replay them.
    """
    yield from head_lines(header)
    if outcome.results:
        yield Line("")
        if role_named(role_of(header)).by_case:
            yield from case_lines(outcome.results)
        else:
            yield from table_lines(rows(cases, outcome.results, bool(header.select)))
    for failure in outcome.failures:
        yield Line("")
        yield Line("─" * WIDTH, "proof")
        yield from failure_lines(failure, adapter=header.adapter, file=file)
    if outcome.broken is not None:
        yield Line("")
        yield Line("─" * WIDTH, "proof")
        yield from broken_lines(outcome.broken)
    yield Line("")
    yield from last_lines(cases, outcome, selected=bool(header.select), role=role_of(header))


def head_lines(header: RunBegan) -> Iterator[Line]:
    """What was checked, in two lines."""
    name = label(header)
    yield from _wrapped(f"{name or 'implementation that did not greet'} ({header.adapter})", "verdict")
    if name:
        differing = header.profile.differences()
        profile = ", ".join(f"{k} = {v}" for k, v in differing.items()) or "default"
        select = f"; only {' '.join(header.select)}" if header.select else ""
        yield from _wrapped(
            f"role {header.hello.get('role')}, protocol {header.hello.get('protocol')}, {header.hello.get('clock')} "
            f"clock, quiet time {header.hello.get('quiet_ms')} ms; profile: {profile}; seed {header.seed}{select}"
        )


def table_lines(found: Sequence[Row]) -> Iterator[Line]:
    """The requirements, one line each; a reason where there is no verdict."""
    yield Line(_COLUMNS.rstrip(), "head")
    for row in found:
        most = max((result.exercised for result in row.results), default=0)
        first = f"{row.requirement.id:<13}{row.verdict.words:<16}{f'{row.exercised}/{len(row.results)}':>7}"
        first += f"{count(most) if most else '':>8}  "
        words = f"by {', '.join(row.through)}" if row.through else row.reason
        if row.verdict > Verdict.PASS:
            words = "; ".join(f"{r.case}: {r.words}" for r in row.results if r.verdict > Verdict.PASS)
        wrapped = textwrap.wrap(words, WIDTH - len(_COLUMNS)) or [""]
        role = {Verdict.FAIL: "bad", Verdict.BROKEN: "bad", Verdict.PASS: "plain"}.get(row.verdict, "proof")
        for number, line in enumerate(wrapped):
            yield Line(f"{first if number == 0 else ' ' * len(_COLUMNS)}{line}", role)


def case_lines(results: Sequence[CaseResult]) -> Iterator[Line]:
    """The cases, one line each; a reason where there is no pass."""
    yield Line(_CASES.rstrip(), "head")
    for result in results:
        steps = count(result.exercised) if result.exercised else ""
        role = {Verdict.FAIL: "bad", Verdict.BROKEN: "bad", Verdict.PASS: "plain"}.get(result.verdict, "proof")
        reason = textwrap.shorten(result.reason, WIDTH - len(_CASES), placeholder=" …")
        yield Line(f"{result.case:<25} {result.words:<16}{steps:>8}  {reason}".rstrip(), role)


def last_lines(cases: Sequence[Case], outcome: Outcome, *, selected: bool, role: str = HYPERVISOR) -> Iterator[Line]:
    """Figures, notes, and the verdict."""
    if outcome.results:
        found = rows(cases, outcome.results, selected, role)
        yield from _wrapped(f"{many(len(found), 'requirement')}: {tally(row.verdict for row in found)}")
        yield from _wrapped(
            f"{many(len(outcome.results), 'case')}: {tally(result.verdict for result in outcome.results)}"
        )
    yield from _wrapped(
        f"{many(outcome.steps, 'step')} in {many(outcome.sessions, 'session')}, {outcome.seconds:.1f} s"
    )
    for note in outcome.notes:
        yield from _wrapped(f"note: {note}")
    yield Line("")
    yield from _wrapped(sentence(outcome), "verdict")


def _wrapped(words: str, role: str = "plain") -> Iterator[Line]:
    for line in textwrap.wrap(words, WIDTH, subsequent_indent="  ", break_on_hyphens=False):
        yield Line(line, role)
