"""The verdicts of a run by requirement: what every report counts in the same way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vnic_conformance.episode import HYPERVISOR
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.coverage import ENOUGH
from vnic_conformance.running.events import RunBegan
from vnic_conformance.running.plan import Case
from vnic_conformance.running.play import Outcome
from vnic_conformance.running.recorded import RecordedRun
from vnic_conformance.running.role import role_named
from vnic_conformance.running.verdicts import CaseResult, Verdict
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Scope
from vnic_spec.requirements import Requirement


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement in a run.

    Attributes:
        requirement: which.
        verdict: the worst of its own cases; where none of them says anything, that of the properties that formalise it
            under another name.
        results: of its own cases.
        through: IDs of the cases of other requirements that the verdict comes from.
        reason: why it is not exercised, or what is not supported.
    """

    requirement: Requirement
    verdict: Verdict
    results: tuple[CaseResult, ...]
    through: tuple[str, ...] = ()
    reason: str = ""

    @property
    def exercised(self) -> int:
        """How many of its cases were put to the test."""
        return sum(result.verdict > Verdict.NOT_EXERCISED for result in self.results)


def rows(
    cases: Iterable[Case], results: Sequence[CaseResult], selected: bool = False, role: str = HYPERVISOR
) -> list[Row]:
    """The requirements of the role with their verdicts.

    Args:
        cases: every case that counted.
        results: their verdicts.
        selected: only some cases were to be checked; requirements without any are left out.
        role: what was checked.
    """
    verdicts = {result.case: result for result in results}
    known = list(cases)
    found = [_row(entry, known, verdicts) for entry in role_named(role).requirements()]
    return [row for row in found if not selected or row.results]


def _row(entry: Requirement, cases: Sequence[Case], verdicts: Mapping[str, CaseResult]) -> Row:
    own = tuple(verdicts[case.id] for case in cases if case.requirement == entry.id and case.id in verdicts)
    worst = max((result.verdict for result in own), default=Verdict.NOT_EXERCISED)
    if worst > Verdict.NOT_EXERCISED:
        return Row(entry, worst, own)
    through = tuple(
        case.id
        for case in cases
        if entry.id in case.requirements
        and case.requirement != entry.id
        and case.id in verdicts
        and verdicts[case.id].verdict is Verdict.PASS
    )
    if through:
        return Row(entry, Verdict.PASS, own, through)
    return Row(entry, worst, own, (), _reason(entry, own, cases))


def _reason(entry: Requirement, own: Sequence[CaseResult], cases: Sequence[Case]) -> str:
    for result in own:
        if result.reason:
            return result.reason
    named = [claim for claim in PROPERTIES.values() if entry.id in claim.requirements]
    if named and all(claim.scope is Scope.DRIVERS for claim in named):
        return "speaks of clients and servers that keep to the dialogue, not of the hypervisor alone"
    if entry.elsewhere is not None:
        where = entry.elsewhere.where
        here = where.removeprefix("conformance, role hypervisor: ")
        if here == where:
            return f"tested elsewhere: {where}"
        if not any(entry.id in case.requirements for case in cases):
            return f"not selected (--phase): {here}"
    return "not reached in this run"


def count(number: int) -> str:
    """How often a case was put to the test; beyond a limit nobody counts."""
    return f"{ENOUGH}+" if number >= ENOUGH else str(number)


def many(number: int, what: str) -> str:
    """So many of something."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def tally(verdicts: Iterable[Verdict]) -> str:
    """How many of each verdict, the worst first: ``1 fail, 40 pass, 3 not exercised``."""
    found = list(verdicts)
    order = sorted(set(found), reverse=True)
    return ", ".join(f"{found.count(verdict)} {verdict.words}" for verdict in order) or "none"


def sentence(outcome: Outcome) -> str:
    """The outcome in one sentence, as the last line of the report says it; with what was violated and had not been selected."""
    said = _sentence(outcome)
    if outcome.stopped:
        said += f" The run was stopped before its end ({outcome.stopped})."
    if outcome.beside:
        beside = ", ".join(f"{case} in {many(times, 'session')}" for case, times in outcome.beside.items())
        said += f" Violated, but not selected: {beside}."
    return said


def _sentence(outcome: Outcome) -> str:
    failed = [result.case for result in outcome.results if result.verdict is Verdict.FAIL]
    if outcome.code is ExitCode.ADAPTER_BROKEN:
        what = "the adapter broke" if outcome.broken is None else str(outcome.broken.trouble.get("title"))
        return f"ADAPTER BROKEN: {what}. That is no verdict on the implementation behind it."
    if outcome.code is ExitCode.VIOLATION:
        broken = "" if outcome.broken is None else "; then the adapter broke"
        return f"VIOLATION: {', '.join(failed)}{broken}."
    if outcome.code is ExitCode.CONFORMS:
        return "CONFORMS: everything that was exercised is as it must be."
    if not outcome.complete:
        return "INCONCLUSIVE: the run did not come to its end. That is no verdict."
    unclear = [result.case for result in outcome.results if result.verdict is Verdict.INCONCLUSIVE]
    if unclear:
        return f"INCONCLUSIVE: {', '.join(unclear)}."
    if outcome.unclear:
        return f"INCONCLUSIVE: {many(outcome.unclear, 'session')} could not be judged to the end; the notes say why."
    return "INCONCLUSIVE: nothing was exercised. That is no verdict."


def outcome_of(run: RecordedRun) -> Outcome:
    """The outcome that a log tells of; of a truncated one, what there is."""
    outcome = Outcome(results=run.results, failures=run.failures, broken=run.broken, notes=run.notes)
    if run.end is not None:
        outcome.sessions, outcome.steps, outcome.seconds = run.end.sessions, run.end.steps, run.end.seconds
        outcome.code = ExitCode(run.end.code)
        outcome.beside, outcome.unclear = dict(run.end.beside), run.end.unclear
    else:
        outcome.sessions = run.sessions_read
        outcome.complete, outcome.stopped = False, run.stopped
        outcome.steps = run.steps_read
        outcome.code = ExitCode.ADAPTER_BROKEN if run.broken is not None else ExitCode.INCONCLUSIVE
        if run.failures:
            outcome.code = ExitCode.VIOLATION
            known = {result.case for result in outcome.results}
            outcome.results = outcome.results + [
                CaseResult(f.case, Verdict.FAIL, 1, f.sentence, f.rerun) for f in run.failures if f.case not in known
            ]
    return outcome


def role_of(header: RunBegan) -> str:
    """The role that was checked; an implementation that did not greet has none, and is taken for a hypervisor."""
    return str(header.hello.get("role", HYPERVISOR))


def label(header: RunBegan) -> str:
    """The implementation by its name and version; empty if it has not greeted."""
    return f"{header.hello.get('implementation', '')} {header.hello.get('version', '')}".strip()
