"""A story as a sequence diagram in SVG: lanes at the left, words beside them, one group of shapes a step."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from vnic_conformance.foreign import in_xml
from vnic_conformance.pictures.canvas import canvas
from vnic_conformance.pictures.story import Step, Story
from vnic_conformance.pictures.traffic import passage_words

_LANE, _ROW, _LEFT, _HEAD, _CHARACTER = 90, 22, 50, 40, 7.3
#: Longest words that are drawn; the rest is in the title of the group, which browsers show.
_MOST = 110
_LOST = ("LOST", "REFUSED", "DROPPED")
STYLE = """
text { font: 12px ui-monospace, monospace; fill: #222; }
line, path { stroke: #667; } .lane { stroke: #bbc; } circle { fill: #246; }
.fault text { fill: #8a4b00; } .fault circle { fill: #8a4b00; }
.wrong rect { fill: #f8d0d0; } .plain rect, .fault rect { fill: none; } .lost line { stroke-dasharray: 4 3; }
[data-step] { cursor: pointer; } rect { pointer-events: all; } .here > rect { fill: #dde8ff; stroke: #246; }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd; } .lane { stroke: #445; } circle { fill: #8bf; } .wrong rect { fill: #5a2020; }
  .fault text { fill: #f0b060; } .fault circle { fill: #f0b060; } line, path { stroke: #99a; }
  .here > rect { fill: #223355; stroke: #8bf; }
}
"""


def svg(story: Story, part: slice = slice(None), lanes_of_all: Sequence[str] = ()) -> str:
    """The drawing, a document of its own that can also stand inside HTML.

    Args:
        story: what happened.
        part: of the steps. Every part has the same lanes; one that is not the first has no style of its own, and titles
            only where words are cut, because many of them stand in one page.
        lanes_of_all: the lanes of the story, from one who has asked for them already.
    """
    alone = part.start is None
    steps = story.steps[part]
    lanes = {name: _LEFT + _LANE * number + _LANE // 2 for number, name in enumerate(lanes_of_all or story.lanes)}
    right = _LEFT + _LANE * len(lanes) + 10
    width, tall = right + int(_MOST * _CHARACTER), height(steps)
    root = canvas(f"{story.title} ({story.requirement})", width, tall, "" if part.start else STYLE)
    for name, x in lanes.items():
        _text(root, x, 20, name, anchor="middle")
        _line(root, x, _HEAD - 12, x, tall - 6, kind="lane")
    y = _HEAD + _ROW // 2
    for step in steps:
        group = _step(root, step, lanes, right, y, width)
        if alone or len(step.line) > _MOST:
            title = ET.Element("title")
            title.text = in_xml(step.line)
            group.insert(0, title)  # where SVG wants it
        y += _ROW * (1 + len(step.elements))
    return ET.tostring(root, encoding="unicode") + "\n"


def height(steps: Sequence[Step]) -> int:
    """Of a drawing of some steps, in pixels."""
    return _HEAD + _ROW * sum(1 + len(step.elements) for step in steps) + 10


def _step(root: ET.Element, step: Step, lanes: dict[str, int], right: int, y: int, width: int) -> ET.Element:
    kind = "wrong" if step.wrong else "fault" if step.fault else "plain"
    group = ET.SubElement(root, "g", {"class": kind, "data-step": str(step.number)})
    tall = _ROW * (1 + len(step.elements))
    ET.SubElement(group, "rect", x="0", y=str(y - _ROW // 2), width=str(width), height=str(tall))
    ET.SubElement(group, "circle", cx=str(lanes[step.lane]), cy=str(y), r="4")
    _text(group, right, y + 4, step.line)
    for number, passage in enumerate(step.elements, 1):
        at = y + number * _ROW
        arrow = ET.SubElement(group, "g", {"class": "lost" if passage.deed in _LOST else "sent"})
        start, end = lanes[passage.sender], lanes[passage.receiver]
        if start == end:
            ET.SubElement(arrow, "circle", {"cx": str(end), "cy": str(at), "r": "3"})
        else:
            _line(arrow, start, at, end, at)
            back = -7 if end > start else 7
            ET.SubElement(arrow, "path", d=f"M {end + back} {at - 4} L {end} {at} L {end + back} {at + 4}", fill="none")
        _text(arrow, right + 20, at + 4, passage_words(passage))
    return group


def _line(parent: ET.Element, x1: int, y1: int, x2: int, y2: int, *, kind: str = "arrow") -> None:
    ET.SubElement(parent, "line", {"class": kind, "x1": str(x1), "y1": str(y1), "x2": str(x2), "y2": str(y2)})


def _text(parent: ET.Element, x: int, y: int, words: str, *, anchor: str = "start") -> None:
    shown = words if len(words) <= _MOST else f"{words[: _MOST - 1]}…"
    ET.SubElement(parent, "text", {"x": str(x), "y": str(y), "text-anchor": anchor}).text = in_xml(shown)
