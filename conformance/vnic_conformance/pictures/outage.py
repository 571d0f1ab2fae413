"""The outages of a run as a chart in SVG: every ping over time, answered or lost, and what happened when."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import NamedTuple

from vnic_conformance.foreign import in_xml
from vnic_conformance.pictures.canvas import canvas, drawn

_LEFT, _RIGHT, _TOP, _ROW, _SECOND, _CHARACTER = 70, 20, 20, 14, 32, 6.7
#: Where the pings stand under the marks, and how tall the whole chart is without these.
_PINGS, _BELOW = 60, 130
STYLE = """
svg { background: #fff; } text { font: 11px ui-monospace, monospace; fill: #222; } .axis { stroke: #667; }
.answered { stroke: #2a7f3f; } .lost { stroke: #c02020; stroke-width: 2; } .outage { fill: #f8d0d0; }
.mark { stroke: #246; stroke-dasharray: 3 3; } .switch { stroke: #8a4b00; stroke-width: 2; }
.end { text-anchor: end; } .middle { text-anchor: middle; }
@media (prefers-color-scheme: dark) {
  svg { background: #131416; } text { fill: #ddd; } .axis { stroke: #99a; } .answered { stroke: #5fd080; }
  .lost { stroke: #ff7070; } .outage { fill: #5a2020; } .mark { stroke: #8bf; } .switch { stroke: #f0b060; }
}
"""


class Sent(NamedTuple):
    """A ping: when it was sent, and whether it was answered; times in ms."""

    at: int
    answered: bool


class Mark(NamedTuple):
    """Something that happened, at a time in ms."""

    at: int
    words: str


class Span(NamedTuple):
    """A time without service, from what caused it to the first ping that is answered again, in ms."""

    begin: int
    end: int


def chart(
    title: str,
    length: int,
    pings: Sequence[Sent],
    marks: Sequence[Mark],
    switches: Sequence[int],
    outages: Sequence[Span],
) -> str:
    """The chart.

    Args:
        title: what a screen reader says.
        length: of the run, in ms.
        pings: each is a line, longer where it was lost.
        marks: what was done, each in a row of its own that is free there.
        switches: when the client was moved, in ms.
        outages: shaded, with their length.
    """
    rows = _rows(marks)
    top = _TOP + _ROW * (max(rows, default=0) + 1)
    base = top + _PINGS
    width, height = _LEFT + _x(length) + _RIGHT, top + _BELOW
    root = canvas(title, width, height, STYLE)
    for span in outages:
        place = {"x": f"{_LEFT + _x(span.begin):.1f}", "y": str(top), "width": f"{_x(span.end - span.begin):.1f}"}
        ET.SubElement(root, "rect", {"class": "outage", "height": str(_PINGS), **place})
        _text(root, _LEFT + _x((span.begin + span.end) // 2), base + 30, f"{span.end - span.begin:,} ms", "middle")
    for mark, row in zip(marks, rows, strict=True):
        x, y = _LEFT + _x(mark.at), _TOP + _ROW * row
        _line(root, x, y, x, base, "mark")
        _text(root, x + 3, y + 4, mark.words)
    for ping in pings:
        x, long = _LEFT + _x(ping.at), 10 if ping.answered else 30
        _line(root, x, base - long, x, base, "answered" if ping.answered else "lost")
    for at in switches:
        _line(root, _LEFT + _x(at), base, _LEFT + _x(at), base + 14, "switch")
    _line(root, _LEFT, base, _LEFT + _x(length), base, "axis")
    _text(root, _LEFT - 8, base - 2, "pings", "end")
    _text(root, _LEFT - 8, base + 13, "switches", "end")
    _text(root, _LEFT - 8, base + 30, "outages", "end")
    _text(root, _LEFT - 8, base + 52, "seconds", "end")
    for second in range(0, length // 1000 + 1, 2):
        _text(root, _LEFT + _x(second * 1000), base + 52, str(second), "middle")
    return drawn(root)


def _rows(marks: Sequence[Mark]) -> list[int]:
    """For each mark the first row in which its words have room."""
    ends: list[float] = []
    found = []
    for mark in marks:
        row = next((n for n, end in enumerate(ends) if end <= _x(mark.at)), len(ends))
        ends[row : row + 1] = [_x(mark.at) + len(mark.words) * _CHARACTER + 12]
        found.append(row)
    return found


def _x(ms: int) -> float:
    return ms * _SECOND / 1000


def _line(parent: ET.Element, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
    ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    ET.SubElement(parent, "line", {"class": kind, **ends})


def _text(parent: ET.Element, x: float, y: float, words: str, kind: str = "") -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}"}
    ET.SubElement(parent, "text", {"class": kind, **place} if kind else place).text = in_xml(words)
