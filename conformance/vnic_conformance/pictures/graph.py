"""A small directed graph as SVG: columns from left to right, arrows with what leads along them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vnic_conformance.foreign import in_xml
from vnic_conformance.pictures.canvas import canvas, drawn

_LINE, _CHARACTER, _PAD, _EDGE = 15, 7.3, 8, 20
#: The words at arrows.
_SMALL_LINE, _SMALL = 11, 6.1
#: Beside the boxes of a column: room for words at the arrows, or for the arrows alone.
_WORDED, _BARE = 250, 90
#: Between the boxes of a column, with words at the arrows and without.
_ROOM, _BETWEEN = 70, 34
#: Between the tracks of arrows that do not lead to the next column, and between their ways down.
_TRACK, _WAY = 18, 6
#: How often the order in the columns is looked at again: what hangs together is put side by side.
_SWEEPS = 8
STYLE = """
svg { background: #fff; } text { font: 12px ui-monospace, monospace; fill: #222; text-anchor: middle; }
.box rect { fill: #eef3fb; stroke: #246; } .first rect { stroke-width: 3; } .strong rect { fill: #fdf0d0; }
.arrow path { fill: none; stroke: #667; } .arrow text { font-size: 10px; fill: #555; }
.arrow rect { fill: #fff; } marker path { fill: #667; }
@media (prefers-color-scheme: dark) {
  svg { background: #131416; } text { fill: #ddd; } .box rect { fill: #1d2a3d; stroke: #8bf; } .strong rect { fill: #443310; }
  .arrow path { stroke: #99a; } .arrow text { fill: #bbb; } .arrow rect { fill: #131416; } marker path { fill: #99a; }
}
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A box.

    Attributes:
        lines: what is written in it.
        column: from 0 at the left.
        strong: it stands out.
    """

    lines: tuple[str, ...]
    column: int
    strong: bool = False


class Arrow(NamedTuple):
    """From one box to another, with words in lines."""

    start: str
    end: str
    words: tuple[str, ...] = ()


class _Box(NamedTuple):
    """Where a node stands: its middle, and its size."""

    x: float
    y: float
    width: float
    height: float


def drawing(title: str, nodes: Mapping[str, Node], arrows: Sequence[Arrow]) -> str:
    """The drawing. The first node has a thick border; arrows to the right leave above those that come back.

    An arrow with words that leads farther than to the next column, or stays in its own, has a track below all boxes.

    Args:
        title: what a screen reader says.
        nodes: by their names.
        arrows: between them.
    """
    far = [a for a in arrows if a.words and abs(nodes[a.end].column - nodes[a.start].column) != 1]
    margin = _EDGE + _WAY * len(far)
    boxes = _placed(nodes, arrows, margin)
    wide = max(box.x + box.width / 2 for box in boxes.values()) + margin
    bottom = max(box.y + box.height / 2 for box in boxes.values()) + 2 * _TRACK
    deep = bottom + _TRACK * len(far) + _EDGE
    for number, arrow in enumerate(far):
        middle, width = _middle(boxes[arrow.start], boxes[arrow.end], number), len(", ".join(arrow.words)) * _SMALL
        wide = max(wide, max(middle, width / 2) + width / 2 + _PAD)
    root = canvas(title, wide, deep, STYLE)
    marker = ET.SubElement(
        ET.SubElement(root, "defs"),
        "marker",
        {
            "id": "head",
            "viewBox": "0 0 8 8",
            "refX": "8",
            "refY": "4",
            "markerWidth": "8",
            "markerHeight": "8",
            "orient": "auto",
        },
    )
    ET.SubElement(marker, "path", d="M 0 0 L 8 4 L 0 8 z")
    for arrow in arrows:
        if arrow not in far:
            _arrow(root, arrow, boxes[arrow.start], boxes[arrow.end])
    for number, arrow in enumerate(far):
        _tracked(root, arrow, boxes[arrow.start], boxes[arrow.end], number, bottom + _TRACK * number)
    for number, (name, node) in enumerate(nodes.items()):
        kind = "box strong" if node.strong else "box"
        group = ET.SubElement(root, "g", {"class": f"{kind} first" if number == 0 else kind})
        box = boxes[name]
        corner = {"x": f"{box.x - box.width / 2:.1f}", "y": f"{box.y - box.height / 2:.1f}"}
        ET.SubElement(group, "rect", {**corner, "width": f"{box.width:.1f}", "height": f"{box.height:.1f}", "rx": "4"})
        _text(group, box.x, box.y, node.lines)
    return drawn(root)


def _placed(nodes: Mapping[str, Node], arrows: Sequence[Arrow], margin: float) -> dict[str, _Box]:
    columns: dict[int, list[str]] = {}
    for name, node in nodes.items():
        columns.setdefault(node.column, []).append(name)
    _sort(columns, arrows)
    worded = any(arrow.words for arrow in arrows)
    gap, between = (_WORDED, _ROOM) if worded else (_BARE, _BETWEEN)
    sizes = {
        name: (max(map(len, node.lines)) * _CHARACTER + 2 * _PAD, len(node.lines) * _LINE + 2 * _PAD)
        for name, node in nodes.items()
    }
    deepest = max(sum(sizes[name][1] + between for name in column) for column in columns.values())
    boxes: dict[str, _Box] = {}
    left = margin
    for _, column in sorted(columns.items()):
        width = max(sizes[name][0] for name in column)
        y = _EDGE + (deepest - sum(sizes[name][1] + between for name in column)) / 2
        for name in column:
            own, height = sizes[name]
            y += (height + between) / 2
            boxes[name] = _Box(left + width / 2, y, own, height)
            y += (height + between) / 2
        left += width + gap
    return boxes


def _sort(columns: Mapping[int, list[str]], arrows: Sequence[Arrow]) -> None:
    """Put each node at the mean height of those that it has arrows with, column by column, forth and back."""
    beside: dict[str, list[str]] = {}
    for arrow in arrows:
        beside.setdefault(arrow.start, []).append(arrow.end)
        beside.setdefault(arrow.end, []).append(arrow.start)
    place: dict[str, float] = {}
    for column in columns.values():
        place |= _spread(column)
    for sweep in range(_SWEEPS):
        for number in sorted(columns, reverse=bool(sweep % 2)):
            column = columns[number]
            means = {n: [place[m] for m in beside.get(n, ()) if m not in column] or [place[n]] for n in column}
            column.sort(key=lambda name: sum(means[name]) / len(means[name]))
            place |= _spread(column)


def _spread(column: Sequence[str]) -> dict[str, float]:
    """The places in a column, from 0 to 1."""
    return {name: (number + 0.5) / len(column) for number, name in enumerate(column)}


def _arrow(root: ET.Element, arrow: Arrow, start: _Box, end: _Box) -> None:
    forth = end.x > start.x
    aside = -7 if forth else 7  # so that there and back are two lines
    if start.x == end.x:  # in one column: out at the right, and in again
        x1, x2 = start.x + start.width / 2, end.x + end.width / 2
        bend = max(x1, x2) + 30 + abs(end.y - start.y) / 4
        first, second = (bend, start.y), (bend, end.y)
        y1, y2 = start.y, end.y
    else:
        side = 1 if forth else -1
        x1, x2 = start.x + side * start.width / 2, end.x - side * end.width / 2
        y1, y2 = start.y + aside, end.y + aside
        reach = (x2 - x1) / 2
        first, second = (x1 + reach, y1), (x2 - reach, y2)
    group = ET.SubElement(root, "g", {"class": "arrow"})
    curve = f"M {x1:.1f} {y1:.1f} C {first[0]:.1f} {first[1]:.1f} {second[0]:.1f} {second[1]:.1f} {x2:.1f} {y2:.1f}"
    ET.SubElement(group, "path", {"d": curve, "marker-end": "url(#head)"})
    if arrow.words:
        at = 0.45 if forth else 0.25  # where those that leave one box, or come to one, are apart
        x = _bezier(at, x1, first[0], second[0], x2)
        y = _bezier(at, y1, first[1], second[1], y2)
        _words(group, x, y, arrow.words)


def _tracked(root: ET.Element, arrow: Arrow, start: _Box, end: _Box, number: int, track: float) -> None:
    """Out at the right, down, along the track, up, and in at the left."""
    aside = _WAY * (number + 1)
    out, into = start.x + start.width / 2, end.x - end.width / 2
    down, up = out + aside, into - aside
    group = ET.SubElement(root, "g", {"class": "arrow"})
    way = f"M {out:.1f} {start.y:.1f} H {down:.1f} V {track:.1f} H {up:.1f} V {end.y:.1f} H {into:.1f}"
    ET.SubElement(group, "path", {"d": way, "marker-end": "url(#head)"})
    words = ", ".join(arrow.words)
    _words(group, max(_middle(start, end, number), len(words) * _SMALL / 2 + 4), track, (words,))


def _middle(start: _Box, end: _Box, number: int) -> float:
    """Of a track."""
    aside = _WAY * (number + 1)
    return (start.x + start.width / 2 + aside + end.x - end.width / 2 - aside) / 2


def _bezier(at: float, one: float, two: float, three: float, four: float) -> float:
    rest = 1 - at
    return rest**3 * one + 3 * rest**2 * at * two + 3 * rest * at**2 * three + at**3 * four


def _words(group: ET.Element, x: float, y: float, lines: Sequence[str]) -> None:
    """The words at an arrow, on a patch that hides it."""
    width, height = max(map(len, lines)) * _SMALL + 4, len(lines) * _SMALL_LINE
    corner = {"x": f"{x - width / 2:.1f}", "y": f"{y - height / 2:.1f}"}
    ET.SubElement(group, "rect", {**corner, "width": f"{width:.1f}", "height": f"{height}"})
    _text(group, x, y, lines, line=_SMALL_LINE)


def _text(parent: ET.Element, x: float, y: float, lines: Sequence[str], line: int = _LINE) -> None:
    top = y - (len(lines) - 1) * line / 2 + 4
    for number, words in enumerate(lines):
        ET.SubElement(parent, "text", {"x": f"{x:.1f}", "y": f"{top + number * line:.1f}"}).text = in_xml(words)
