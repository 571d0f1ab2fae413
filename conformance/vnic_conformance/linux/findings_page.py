"""Findings of a survey, for people: as lines of a terminal, and as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vnic_conformance.client_role.rule import RULES
from vnic_conformance.linux.hunt import Hunted
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.known_bugs import NOT_SHOWN
from vnic_conformance.linux.survey import Finding, Survey

#: So many other cases are named.
_NAMED = 3


def lines_of(survey: Survey) -> Iterator[str]:
    """Each finding with its trace, and then what was played."""
    for number, finding in enumerate(survey.findings, 1):
        first = finding.first
        yield f"{number}. {', '.join(RULES[first.rule].requirements)}: {RULES[first.rule].sentence}"
        yield f"   came     at {first.at:,} ms: {first.came}"
        yield f"   allowed  {first.allowed}"
        yield f"   in       {finding.name}{_others(finding)}"
        yield from (f"   {line}" for line in first.trace)
        yield ""
    shown = sum(bool(session.found) for session in survey.sessions)
    yield f"{len(survey.findings)} findings in {shown} of {len(survey.sessions)} sessions"


def _others(finding: Finding) -> str:
    others = finding.others
    if not others:
        return ""
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return f"; also in {', '.join(others[:_NAMED])}{more}"


def page_of(kernel: Kernel, survey: Survey) -> str:
    """The page."""
    return "\n".join([f"# {kernel.label}", "", *lines_of(survey), ""])


def line_of_hunt(result: Hunted) -> str:
    """Whether a known bug was found, in a line."""
    if result.found is None:
        return f"{result.bug.name:<28} #{result.bug.number:<3} not found in {result.sessions} sessions"
    return (
        f"{result.bug.name:<28} #{result.bug.number:<3} found by {result.case}: "
        f"{result.found.requirement} at {result.found.at:,} ms: {result.found.came[:120]}"
    )


def hunt_page(results: Sequence[Hunted]) -> str:
    """The table of known bugs, and of those that cannot be shown."""
    rows = ["| # | bug | put back | found by | requirement | sessions | calls |", "|---|---|---|---|---|---|---|"]
    for result in results:
        bug, found = result.bug, result.found
        how = f"`{result.case}` | {found.requirement}" if found is not None else "not found | "
        rows.append(
            f"| {bug.number} | {bug.sentence} | `--bug {bug.name}` | {how} | {result.sessions} | {result.calls:,} |"
        )
    rows += ["", "| # | not put back, because |", "|---|---|"]
    rows += [f"| {number} | {why} |" for number, why in NOT_SHOWN.items()]
    return "\n".join([*rows, ""])
