"""Findings of a survey, for people: as lines of a terminal, and as a page of Markdown."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vnic_conformance.client_role.rule import RULES
from vnic_conformance.linux.hunt import Hunted
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.kinds import kind_of, notes_of
from vnic_conformance.linux.known_bugs import BUGS, NOT_SHOWN
from vnic_conformance.linux.known_findings import Sorted, followed_by_known
from vnic_conformance.linux.playing import Found, Key
from vnic_conformance.linux.survey import Finding, Survey, in_order
from vnic_conformance.reports.summary import many

#: So many other cases are named on a terminal, and on a page.
_NAMED, _NAMED_ON_A_PAGE = 3, 12
#: So many lines of a trace are on a page.
_SHOWN = 10
_INTRODUCTION = """\
What `vnickit linux survey` finds: the driver, unmodified, as a client in User-Mode Linux ([how](linux.md)), with hypervisor,
servers and user played by the kit. Each session begins with a kernel that has just been booted and is played to its end;
violations of the same rule that say the same are one finding. This page is made by that command and not edited.

How to read it:

- A finding is *by this driver in User-Mode Linux*, to be confirmed on POWER. One CPU, no preemption: no races of two CPUs.
- `vnickit explain CLI-1` says what a requirement asks for, and where it comes from. The public sources leave room; a note says
  so where the requirement, and not the driver, may be in doubt.
- Whether one of them is known elsewhere was not looked for; none is called new.
- Times are virtual, in ms since the driver was loaded. Two runs of one kernel say the same; addresses change from build to
  build.
- The last lines before the violation are shown; the command under *again* plays the whole session and shows more.
"""

_ABOUT_BUGS = """\
# Known bugs of the Linux driver, put back

What `vnickit linux bugs --hunt` finds. Each row is one fix of the driver's history, undone by a small edit of the driver of
today before it is built. It counts as found where a session breaks a rule in a way in which it does not without the edit.
*Sessions* and *calls* are how many it took up to that one, in the cases that each bug names for itself.
"""


_ABOUT_SEVERAL = """\
Drivers of several versions were played the same, in the same kernel. The numbers are of sessions; a dash: it does not show. A
finding is told as the first driver shows it that shows it at all, and says so where that is not the first one: `--known` with
this page knows what the first driver shows.
"""
_LATER = """\
## What else breaks a rule in a session that has broken it before

It mostly follows from the first, and is no finding of its own. It is here so that `--known` with this page knows it.
"""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A driver, and what was found in it.

    Attributes:
        kernel: with the driver.
        survey: what came out.
        options: those of ``vnickit linux survey`` that named the driver.
    """

    kernel: Kernel
    survey: Survey
    options: Sequence[str] = ()

    @property
    def version(self) -> str:
        """Which driver it is, as short as can be."""
        return self.kernel.driver.removeprefix("ibmvnic of ")


def lines_of(survey: Survey, known: Sorted | None = None) -> Iterator[str]:
    """Each finding with its trace, and then what was played.

    Args:
        survey: what came out, without what is known.
        known: what is known, where that was told apart.
    """
    for number, finding in enumerate(survey.findings, 1):
        first = finding.first
        yield f"{number}. {', '.join(RULES[first.rule].requirements)}: {RULES[first.rule].sentence}"
        yield f"   came     at {first.at:,} ms: {first.came}"
        yield f"   allowed  {first.allowed}"
        yield f"   in       {finding.name}{_others(finding, _NAMED)}"
        if followed := _followed(finding, _numbers(survey.findings)):
            yield f"   after    {followed}"
        if known is not None and followed_by_known(finding, known.known):
            yield "   after    a known one, from which it may follow"
        yield from (f"   {line}" for line in first.trace)
        yield ""
    yield _sum_of(survey) if known is None else _sum_apart(known)


def _sum_of(survey: Survey) -> str:
    shown = sum(bool(session.found) for session in survey.sessions)
    return f"{many(len(survey.findings), 'finding')} in {shown} of {many(len(survey.sessions), 'session')}"


def _sum_apart(known: Sorted) -> str:
    """What is new, and what was deselected by whom."""
    sessions, keys = known.survey.sessions, known.known.keys
    news = sum(any(found.key not in keys for found in session.found) for session in sessions)
    return (
        f"{len(known.came)} known, {len(known.survey.findings)} new, in {many(len(sessions), 'session')}: {news} have something "
        f"new, {known.sessions} something that --known {known.known.where} deselects; "
        f"{len(keys) - len(known.came)} of its {len(keys)} did not come"
    )


def _others(finding: Finding, most: int) -> str:
    others = finding.others
    if not others:
        return ""
    more = f" and {len(others) - most} more" if len(others) > most else ""
    return f"; also in {', '.join(others[:most])}{more}"


def _numbers(shown: Sequence[Finding]) -> dict[Key, int]:
    """The number under which each finding is shown."""
    return {finding.first.key: number for number, finding in enumerate(shown, 1)}


def _followed(finding: Finding, numbers: Mapping[Key, int]) -> str:
    """The findings that it always comes after."""
    return ", ".join(str(number) for number in sorted(numbers[key] for key in finding.after if key in numbers))


def page_of(surveyed: Sequence[Surveyed]) -> str:
    """Everything that was found in a driver, as a page; and in others, which were played the same.

    Args:
        surveyed: at least one driver. What only later ones show is on the page, and is not known by it.
    """
    several = len(surveyed) > 1
    shown = _shown_by(surveyed)
    numbers = _numbers([finding for finding, _ in shown])
    came = [{finding.first.key: 1 + len(finding.others) for finding in each.survey.findings} for each in surveyed]
    heads = [each.version if several else "sessions" for each in surveyed]
    lines = [
        f"# Findings: {' and '.join(each.kernel.label for each in surveyed)}",
        "",
        _INTRODUCTION,
        *([_ABOUT_SEVERAL] if several else []),
        *(_played(each, named=several) for each in surveyed),
        "",
        f"| | requirement | kind | what came | {' | '.join(heads)} |",
        f"|---|---|---|---|{'---|' * len(surveyed)}",
    ]
    for number, (finding, _) in enumerate(shown, 1):
        text = finding.first.came[:140].replace("|", "\\|")
        sessions = " | ".join(str(each.get(finding.first.key, "–")) for each in came)
        lines.append(f"| {number} | {finding.first.requirement} | {kind_of(finding)} | {text} | {sessions} |")
    for number, (finding, where) in enumerate(shown, 1):
        showing = [each.version for each, keys in zip(surveyed, came, strict=True) if finding.first.key in keys]
        only = f"- only in: {', '.join(showing)}" if where is not surveyed[0] else ""
        lines += ["", *_chapter(number, finding, numbers, where.options, only)]
    if later := _later(surveyed[0].survey):
        lines += ["", _LATER, *(f"- `{found.rule}` ({found.requirement}), later: {found.came}" for found in later)]
    return "\n".join([*lines, ""])


def _shown_by(surveyed: Sequence[Surveyed]) -> list[tuple[Finding, Surveyed]]:
    """Each distinct finding once, in order, with the first driver that shows it."""
    first: dict[Key, tuple[Finding, Surveyed]] = {}
    for each in surveyed:
        for finding in each.survey.findings:
            first.setdefault(finding.first.key, (finding, each))
    return sorted(first.values(), key=lambda one: in_order(one[0]))


def _played(surveyed: Surveyed, *, named: bool) -> str:
    sessions, found = many(len(surveyed.survey.sessions), "session"), many(len(surveyed.survey.findings), "finding")
    sums = f"{sessions}, {surveyed.survey.calls:,} hypervisor calls, {found}."
    return f"- {surveyed.version}: {sums}" if named else sums


def _later(survey: Survey) -> list[Found]:
    """What breaks a rule again, and is no finding anywhere; each distinct thing once, in order."""
    told: set[Key] = {finding.first.key for finding in survey.findings}
    apart: dict[Key, Found] = {}
    for session in survey.sessions:
        for found in session.later:
            if found.key not in told:
                apart.setdefault(found.key, found)
    return [apart[key] for key in sorted(apart)]


def _chapter(
    number: int, finding: Finding, numbers: Mapping[Key, int], options: Sequence[str], only: str
) -> Iterator[str]:
    first = finding.first
    yield f"## {number}. {kind_of(finding)}: {RULES[first.rule].sentence}"
    yield ""
    yield f"- requirements: {', '.join(RULES[first.rule].requirements)}"
    if only:
        yield only
    yield f"- came, at {first.at:,} ms: {first.came}"
    yield f"- allowed: {first.allowed}"
    yield f"- shortest in: `{finding.name}`{_others(finding, _NAMED_ON_A_PAGE)}"
    if followed := _followed(finding, numbers):
        yield f"- only seen after, and perhaps because of: {followed}"
    yield f"- again: `{shlex.join(['vnickit', 'linux', 'survey', *options, '-k', finding.name])}`"
    yield from (f"- {note}" for note in notes_of(finding))
    yield ""
    yield "```text"
    yield from first.trace[-_SHOWN:]
    yield "```"


def line_of_hunt(result: Hunted) -> str:
    """Whether a known bug was found, in a line."""
    named = f"{result.bug.name:<28} #{result.bug.number:<3}"
    if result.found is None:
        return f"{named} not found in {many(result.sessions, 'session')}"
    found = result.found
    return f"{named} found by {result.case}: {found.requirement} at {found.at:,} ms: {found.came[:120]}"


def hunt_page(results: Sequence[Hunted]) -> str:
    """The table of known bugs, and of those that cannot be shown."""
    rows = [
        _ABOUT_BUGS,
        "| # | bug | put back by | found by | requirement | sessions | calls |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        bug, found = result.bug, result.found
        how = f"`{result.case}` | {found.requirement}" if found is not None else "not found | "
        rows.append(
            f"| {bug.number} | {bug.sentence} | `--bug {bug.name}` | {how} | {result.sessions} | {result.calls:,} |"
        )
    hidden = [bug for bug in BUGS.values() if bug.hidden and bug not in [result.bug for result in results]]
    rows += ["", "| # | bug | can be put back by | no case shows it, because |", "|---|---|---|---|"]
    rows += [f"| {bug.number} | {bug.sentence} | `--bug {bug.name}` | {bug.hidden} |" for bug in hidden]
    rows += ["", "| # | not put back, because |", "|---|---|"]
    rows += [f"| {number} | {why} |" for number, why in NOT_SHOWN.items()]
    return "\n".join([*rows, ""])
