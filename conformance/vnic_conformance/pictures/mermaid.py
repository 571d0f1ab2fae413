"""A story as a sequence diagram of Mermaid, which code hosts draw inside Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from vnic_conformance.foreign import printable
from vnic_conformance.pictures.story import Story
from vnic_conformance.pictures.traffic import passage_words

#: Characters that end a statement or begin markup, as Mermaid's entities; the number sign first, because they begin with it.
_ENTITIES = {"#": "#35;", ";": "#59;", "<": "#lt;", ">": "#gt;", "%": "#37;", '"': "#quot;", "{": "#123;", "}": "#125;"}


def mermaid(story: Story) -> str:
    """The diagram; its steps are the notes."""
    return "\n".join(_lines(story)) + "\n"


def _lines(story: Story) -> Iterator[str]:
    names = {lane: f"p{number}" for number, lane in enumerate(story.lanes)}
    yield "sequenceDiagram"
    yield f"  accTitle: {escaped(f'{story.title} ({story.requirement})')}"
    for lane, name in names.items():
        yield f"  participant {name} as {escaped(lane)}"
    for step in story.steps:
        if step.wrong:
            yield "  rect rgba(224, 64, 64, 0.25)"
        yield f"  Note over {names[step.lane]}: {escaped(step.line)}"
        for passage in step.elements:
            arrow = "-x" if passage.deed in ("LOST", "REFUSED", "DROPPED") else "->>"
            yield f"  {names[passage.sender]}{arrow}{names[passage.receiver]}: {escaped(passage_words(passage))}"
        if step.wrong:
            yield f"  Note over {names[step.lane]}: {escaped(f'violated: {story.requirement}')}"
            yield "  end"


def escaped(text: str) -> str:
    """Text that cannot end a statement."""
    return "".join(_ENTITIES.get(character, character) for character in printable(text))
