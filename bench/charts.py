"""The charts of ``docs/performance.md``, drawn from the first table of that page.

    python bench/charts.py             # write docs/performance/*.svg

``bench/independent.py --write`` does it, too, when it has written the page; ``tests/test_performance.py`` compares.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from vnic_conformance.pictures.canvas import canvas, drawn

DOCS = Path(__file__).parents[1] / "docs"
DOCUMENT = DOCS / "performance.md"
CHARTS = DOCS / "performance"
_LEFT, _DECADE, _RIGHT, _TOP, _ROW, _GAP, _BAR = 200, 110, 90, 34, 18, 10, 12
STYLE = """
svg { background: #fff; } text { font: 12px ui-monospace, monospace; fill: #222; } .end { text-anchor: end; }
.middle { text-anchor: middle; } .scale { stroke: #ccd; }
.C { fill: #246; } .Python { fill: #2a7f3f; } .Spin { fill: #8a4b00; } .hand { fill: #c08a40; } .NuSMV { fill: #777; }
@media (prefers-color-scheme: dark) {
  svg { background: #131416; } text { fill: #ddd; } .scale { stroke: #445; }
  .C { fill: #8bf; } .Python { fill: #5fd080; } .Spin { fill: #f0b060; } .hand { fill: #b08a50; } .NuSMV { fill: #999; }
}
"""


class Bar(NamedTuple):
    """One figure of the table."""

    instance: str
    servers: str
    by: str
    figure: str  #: as the table has it

    @property
    def value(self) -> float:
        """The figure as a number."""
        return float(self.figure.replace(",", ""))


class Column(NamedTuple):
    """A column of the table that is drawn."""

    file: str
    title: str
    heading: str


COLUMNS = (
    Column("rate.svg", "Million transitions a second of CPU time", "million transitions/s"),
    Column("search.svg", "CPU time of the search, in seconds", "search, CPU s"),
    Column("memory.svg", "Memory of the search, in MiB", "memory, MiB"),
)


def bars(page: str, heading: str) -> list[Bar]:
    """What a column of the first table says, without what was not measured.

    Raises:
        ValueError: the page has no such column.
    """
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", page, re.M)]
    at = rows[0].index(heading)
    figures = [row for row in rows[2:] if len(row) == len(rows[0])]
    return [Bar(row[0], row[1], row[2], row[at]) for row in figures if row[at] != "–"]


def charts(page: str) -> Mapping[str, str]:
    """Every chart of a page, by the name of its file."""
    return {column.file: chart(column.title, bars(page, column.heading)) for column in COLUMNS}


def chart(title: str, figures: Sequence[Bar]) -> str:
    """Bars on a logarithmic scale, those of one instance together, the figure of the table beside each."""
    lowest = math.floor(math.log10(min(bar.value for bar in figures)))
    # A bar of the smallest figure has to be seen, too.
    lowest -= 10**lowest == min(bar.value for bar in figures)
    highest = math.ceil(math.log10(max(bar.value for bar in figures)))
    groups = [list(group) for _, group in groupby(figures, key=lambda bar: (bar.instance, bar.servers))]
    width = _LEFT + _DECADE * (highest - lowest) + _RIGHT
    height = _TOP + sum(_ROW * len(group) + _GAP for group in groups)
    root = canvas(title, width, height, STYLE)
    for power in range(lowest, highest + 1):
        x = str(_LEFT + _DECADE * (power - lowest))
        ET.SubElement(root, "line", {"class": "scale", "x1": x, "y1": str(_TOP - 10), "x2": x, "y2": str(height)})
        ET.SubElement(root, "text", {"class": "middle", "x": x, "y": "16"}).text = f"{10.0**power:,.12g}"
    y = _TOP
    for group in groups:
        _text(root, 8, y, f"{group[0].instance}, {group[0].servers}")
        for bar in group:
            _bar(root, bar, y, (math.log10(bar.value) - lowest) * _DECADE)
            y += _ROW
        y += _GAP
    return drawn(root)


def _bar(root: ET.Element, bar: Bar, y: int, length: float) -> None:
    kind = "hand" if "hand" in bar.by else bar.by
    place = {"x": str(_LEFT), "y": str(y), "width": f"{length:.1f}", "height": str(_BAR)}
    ET.SubElement(root, "rect", {"class": kind, **place})
    _text(root, _LEFT - 8, y, bar.by, "end")
    _text(root, _LEFT + length + 6, y, bar.figure)


def _text(root: ET.Element, x: float, y: int, words: str, kind: str = "") -> None:
    place = {"x": f"{x:.1f}", "y": str(y + _BAR - 1)}
    ET.SubElement(root, "text", {"class": kind, **place} if kind else place).text = words


def write(made: Iterable[tuple[str, str]]) -> None:
    """Write charts to their place."""
    CHARTS.mkdir(exist_ok=True)
    for name, picture in made:
        (CHARTS / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    write(charts(DOCUMENT.read_text(encoding="utf-8")).items())
