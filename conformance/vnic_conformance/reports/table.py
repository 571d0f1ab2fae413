"""Tables of text: columns as wide as their cells, and one that takes the rest of the line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vnic_model.lines import WIDTH, Line

#: Between two columns.
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        heading: what stands above it.
        least: how wide it is at least.
        right: its cells are figures, which end below each other.
        rest: it is as wide as the others leave; what is longer is shortened. One column of a table at most.
    """

    heading: str
    least: int = 0
    right: bool = False
    rest: bool = False


def table(columns: Sequence[Column], rows: Sequence[tuple[Sequence[str], str]]) -> Iterator[Line]:
    """A heading and the rows.

    Args:
        columns: from left to right.
        rows: the cells of each row, and the role of its line.
    """
    lines: list[tuple[Sequence[str], str]] = [([column.heading for column in columns], "head"), *rows]
    widths = [
        0 if column.rest else max(column.least, *(len(cells[number]) for cells, _ in lines))
        for number, column in enumerate(columns)
    ]
    left = WIDTH - sum(widths) - len(_GAP) * (len(columns) - 1)
    for cells, role in lines:
        shown = []
        for column, cell, wide in zip(columns, cells, widths, strict=True):
            width = left if column.rest else wide
            text = textwrap.shorten(cell, width, placeholder="…") if column.rest else cell
            shown.append(f"{text:>{width}}" if column.right else f"{text:<{width}}")
        yield Line(_GAP.join(shown).rstrip(), role)
