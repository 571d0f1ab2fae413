"""Stories as one page of HTML: self-contained, printable, readable without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vnic_conformance.pictures.decoding import decoded
from vnic_conformance.pictures.story import Story, passage_words, requirement_text
from vnic_conformance.pictures.svg import svg
from vnic_conformance.reports.page import page


@dataclass(frozen=True, slots=True)
class Drawn:
    """A story with its drawing, and what stands in front of the number in the address of its steps."""

    story: Story
    drawing: str
    prefix: str
    text: str


def stories_page(title: str, stories: Sequence[Story]) -> str:
    """The page. Steps of the first story are at ``#step-7``, of the third at ``#failure-3-step-7``.

    Args:
        title: what was run.
        stories: the failures, or the one trace.
    """
    from markupsafe import Markup  # it comes with jinja2, which takes long to import

    ordered = sorted(stories, key=lambda story: (story.requirement, story.title))
    drawn = [
        Drawn(
            story,
            Markup(svg(story)),
            "" if number == 1 else f"failure-{number}-",
            requirement_text(story),
        )
        for number, story in enumerate(ordered, 1)
    ]
    return page("story.html.j2", title=title, drawn=drawn, decoded=decoded, passage_words=passage_words)
