"""Stories as one page of HTML: self-contained, printable, readable without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import accumulate, groupby

from vnic_conformance.pictures.decoding import decoded, source_of
from vnic_conformance.pictures.formats import Link, value_words
from vnic_conformance.pictures.story import Step, Story, story_of_failure
from vnic_conformance.pictures.svg import height, svg
from vnic_conformance.pictures.traffic import passage_words
from vnic_conformance.reports.failure import broken_lines, requirement_text
from vnic_conformance.reports.page import page
from vnic_conformance.reports.summary import Row, label, role_of, rows
from vnic_conformance.reports.text import head_lines, last_lines
from vnic_conformance.reports.traceability import EMPTY, Traced, rows_of
from vnic_conformance.running.events import RunBegan
from vnic_conformance.running.plan import Case
from vnic_conformance.running.play import Outcome
from vnic_conformance.running.verdicts import Verdict
from vnic_model.lines import Line
from vnic_spec.requirements import REQUIREMENTS

#: Before so many steps at the end of a story only what changes is shown, so that long ones load fast.
_WHOLE = 200
#: Steps in one block of a list, and in one part of a drawing.
_BLOCK = 100
#: Blocks that begin after so many steps of a page are kept back: the page's script puts them in when they are wanted.
_AT_ONCE = 300


@dataclass(frozen=True, slots=True)
class Block:
    """Some steps of a story, one after the other, and the part of its drawing that shows them.

    Attributes:
        steps: in order.
        left: how many steps follow the first one, and itself.
        drawing: in SVG.
        height: of the drawing, in pixels.
        kept_back: a browser with scripts reads it as text until it is wanted, which takes a hundredth of the time. One without
            scripts reads it at once.
    """

    steps: Sequence[Step]
    left: int
    drawing: str
    height: int
    kept_back: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """A story with its number on the page, its blocks, and how the addresses of its steps begin."""

    number: int
    story: Story
    blocks: Sequence[Block]
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
    """What there is to say of a whole run, in lines, and the verdict on each requirement.

    Attributes:
        head: what was to be done.
        last: what came out, the verdict at the end.
        columns: lines that stand as they are, because columns matter.
        rows: the verdicts.
    """

    head: Sequence[str] = ()
    last: Sequence[str] = ()
    columns: Sequence[str] = ()
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
    run = Run(_joined(head_lines(header)), last, columns=broken, rows=found)
    hurt = [_failed(row) for row in rows_of(dict.fromkeys(map(_hurt, stories)), cases, outcome.results, role)]
    return _page(label(header) or header.adapter, stories, hurt, run)


def stories_page(title: str, stories: Sequence[Story]) -> str:
    """The page of stories alone. Steps of the first story are at ``#step-7``, of the third at ``#failure-3-step-7``.

    Args:
        title: what was run.
        stories: the failures, or the one trace.
    """
    return _page(title, stories, (), Run())


def report_page(title: str, report: str, stories: Sequence[Story]) -> str:
    """The page of a command that reports in text: that text, and every run that it speaks of.

    Args:
        title: what was done.
        report: the text.
        stories: the runs.
    """
    return _page(title, stories, (), Run(columns=report.splitlines()))


def _page(title: str, stories: Sequence[Story], known: Sequence[Traced], run: Run) -> str:
    ordered = sorted(stories, key=lambda story: (_hurt(story), story.title))
    before = accumulate((len(story.steps) for story in ordered), initial=0)
    drawn = [
        Drawn(number, story, _blocks(story, so_far), "" if number == 1 else f"failure-{number}-")
        for number, (story, so_far) in enumerate(zip(ordered, before, strict=False), 1)
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
        lanes=sorted({step.lane for story in stories for step in story.steps}),
        decoded=cache(decoded),
        source_of=source_of,
        sources=[REQUIREMENTS[name] for name in ("CRQ-1", "DLG-1")],
        passage_words=passage_words,
        value_words=lambda name, value: value_words(Link.CRQ, name, value),
        nothing=EMPTY,
        whole=_WHOLE,
    )


def _blocks(story: Story, before: int) -> list[Block]:
    """The blocks of a story that comes after so many steps of others."""
    found, lanes = [], story.lanes
    for start in range(0, max(len(story.steps), 1), _BLOCK):
        part = slice(start, start + _BLOCK)
        steps = story.steps[part]
        kept_back = before + start >= _AT_ONCE
        found.append(Block(steps, len(story.steps) - start, svg(story, part, lanes), height(steps), kept_back))
    return found


def _failed(row: Traced) -> Traced:
    """The row of a requirement that was hurt: it has failed, whether or not a case of it was selected."""
    return replace(row, verdict=max(row.verdict or Verdict.FAIL, Verdict.FAIL))


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
