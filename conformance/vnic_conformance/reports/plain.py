"""The report of a run as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence

from vnic_conformance.reports.failure import plain_failure
from vnic_conformance.reports.summary import role_of, rows, sentence
from vnic_conformance.running.events import RunBegan
from vnic_conformance.running.plan import Case
from vnic_conformance.running.play import Outcome


def plain_report(header: RunBegan, cases: Sequence[Case], outcome: Outcome) -> dict[str, object]:
    """Everything that the text says, as data."""
    broken = outcome.broken
    return {
        "verdict": outcome.code.name,
        "exit": int(outcome.code),
        "sentence": sentence(outcome),
        "kit": header.kit,
        "adapter": header.adapter,
        "hello": dict(header.hello),
        "profile": header.profile.as_mapping(),
        "seed": header.seed,
        "select": list(header.select),
        "sessions": outcome.sessions,
        "steps": outcome.steps,
        "seconds": round(outcome.seconds, 3),
        "requirements": [
            {
                "requirement": row.requirement.id,
                "verdict": row.verdict.words,
                "cases": [result.case for result in row.results],
                "through": list(row.through),
                "reason": row.reason,
            }
            for row in rows(cases, outcome.results, bool(header.select), role_of(header))
        ],
        "cases": [
            {
                "case": result.case,
                "verdict": result.verdict.words,
                "exercised": result.exercised,
                "reason": result.reason,
                "failed_again": None if result.rerun is None else [result.rerun.failed, result.rerun.runs],
            }
            for result in outcome.results
        ],
        "failures": [plain_failure(failure) for failure in outcome.failures],
        "broken": None if broken is None else dict(broken.trouble),
        "stopped": outcome.stopped,
        "not_selected": dict(outcome.beside),
        "notes": list(outcome.notes),
    }
