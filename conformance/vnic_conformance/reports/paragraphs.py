"""Paragraphs beside labels, and headings: the form of an explanation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from vnic_model.lines import WIDTH, Line

#: Columns of a label.
LABEL = 12


def para(words: str, indent: int = 0, label: str = "") -> Iterator[Line]:
    """Wrapped words, beside a label."""
    if label and len(label) >= indent:
        yield Line(label)
        label = ""
    first = f"{label:<{indent}}" if label else " " * indent
    for line in textwrap.wrap(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    ):
        yield Line(line)


def heading(words: str) -> Iterator[Line]:
    """The heading of a part."""
    yield Line("")
    yield Line(words, "verdict")
