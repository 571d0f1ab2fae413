"""Stories as one page of HTML: self-contained, printable, readable without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from vnic_conformance.pictures.decoding import decoded
from vnic_conformance.pictures.formats import Link, value_words
from vnic_conformance.pictures.story import Story, passage_words, story_of_failure
from vnic_conformance.pictures.svg import svg
from vnic_conformance.reports.failure import broken_lines, requirement_text
from vnic_conformance.reports.page import page
from vnic_conformance.reports.summary import Row, label, role_of, rows
from vnic_conformance.reports.text import head_lines, last_lines
from vnic_conformance.reports.traceability import EMPTY, Traced, rows_of
from vnic_conformance.running.events import RunBegan
from vnic_conformance.running.plan import Case
from vnic_conformance.running.play import Outcome
from vnic_model.lines import Line

#: Before so many steps at the end of a story only what changes is shown, so that long ones load fast.
_WHOLE = 200
#: Steps in one part of a drawing: a browser leaves out what is not on the screen, part by part.
_PART = 100


@dataclass(frozen=True, slots=True)
class Drawn:
    """A story with its number on the page, the parts of its drawing, and how the addresses of its steps begin."""

    number: int
    story: Story
    parts: Sequence[str]
    prefix: str


@dataclass(frozen=True, slots=True)
class Hurt:
    """One kind of failure: a requirement that is hurt, what it says, what stands for it, and every story about it."""

    requirement: str
    text: str
    row: Traced | None
    drawn: Sequence[Drawn]


@dataclass(frozen=True, slots=True)
class Run:
    """What there is to say of a whole run, in lines, and the verdict on each requirement."""

    head: Sequence[str] = ()
    last: Sequence[str] = ()
    broken: Sequence[str] = ()
    rows: Sequence[Row] = field(default_factory=list)


def run_page(header: RunBegan, cases: Sequence[Case], outcome: Outcome) -> str:
    """The page of a run: what was checked, the verdicts, every failure.

    Args:
        header: what was to be done.
        cases: the cases that counted.
        outcome: what came out.
    """
    role, selected = role_of(header), bool(header.select)
    stories = [story_of_failure(failure) for failure in outcome.failures]
    found = rows(cases, outcome.results, selected, role) if outcome.results else []
    last = _joined(last_lines(cases, outcome, selected=selected, role=role))
    broken = [] if outcome.broken is None else [line.text for line in broken_lines(outcome.broken)]
    run = Run(_joined(head_lines(header)), last, broken, found)
    hurt = rows_of(dict.fromkeys(_hurt(story) for story in stories), cases, outcome.results, role)
    return _page(label(header) or header.adapter, stories, hurt, run)


def stories_page(title: str, stories: Sequence[Story]) -> str:
    """The page of stories alone. Steps of the first story are at ``#step-7``, of the third at ``#failure-3-step-7``.

    Args:
        title: what was run.
        stories: the failures, or the one trace.
    """
    return _page(title, stories, (), Run())


def _page(title: str, stories: Sequence[Story], known: Sequence[Traced], run: Run) -> str:
    ordered = sorted(stories, key=lambda story: (_hurt(story), story.title))
    drawn = [
        Drawn(number, story, _parts(story), "" if number == 1 else f"failure-{number}-")
        for number, story in enumerate(ordered, 1)
    ]
    by_id = {row.entry.id: row for row in known}
    hurt = [
        Hurt(
            requirement,
            requirement_text(group[0].story.requirement, group[0].story.sentence),
            by_id.get(requirement),
            group,
        )
        for requirement, group in ((r, list(g)) for r, g in groupby(drawn, key=lambda one: _hurt(one.story)))
    ]
    return page(
        "story.html.j2",
        title=title,
        run=run,
        hurt=hurt,
        decoded=decoded,
        passage_words=passage_words,
        value_words=lambda name, value: value_words(Link.CRQ, name, value),
        nothing=EMPTY,
        whole=_WHOLE,
    )


def _parts(story: Story) -> list[str]:
    starts = range(0, max(len(story.steps), 1), _PART)
    return [svg(story, slice(start, start + _PART)) for start in starts]


def _joined(lines: Iterable[Line]) -> list[str]:
    """Paragraphs that were wrapped for a terminal, each in one piece again."""
    found: list[str] = []
    for line in lines:
        if line.text.startswith("  ") and found:
            found[-1] += line.text[1:]
        elif line.text:
            found.append(line.text)
    return found


def _hurt(story: Story) -> str:
    return story.requirement.partition("/")[0]
