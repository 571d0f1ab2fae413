"""Pieces of Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from vnic_model.pseudocode import RULES_IN_WORDS, label, parameters_of

WIDTH = 128
#: Columns of what stands in a block of code.
CODE = 96


def paragraph(words: str) -> list[str]:
    """Wrapped text and a blank line."""
    return [*textwrap.wrap(words, WIDTH, break_long_words=False, break_on_hyphens=False), ""]


def item(words: str) -> list[str]:
    """One item of a list."""
    return textwrap.wrap(
        words, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def code(lines: Iterable[str], language: str = "text") -> list[str]:
    """A block of code and a blank line; nothing for nothing."""
    found = list(lines)
    return [f"```{language}", *found, "```", ""] if found else []


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table and a blank line."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def link(requirement: str) -> str:
    """A reference to a requirement."""
    return f"[{requirement}](#{requirement.lower()})"


def links(requirements: Iterable[str]) -> str:
    """References to several."""
    return ", ".join(link(requirement) for requirement in requirements)


def plain(doc: str) -> str:
    """A docstring as running text: rules by their names, and without what it says about Python values."""
    text = re.sub(r" \(see :\w+:`[^`]+`\)", "", " ".join(doc.split()))
    text = re.sub(r":\w+:`~?([^`]+)`", lambda m: _name(m.group(1).rpartition(".")[2]), text)
    text = text.replace("``", "`")
    return re.sub(r" ?Answers \([^)]*\)[^.;]*[.;] ?(\w?)", lambda m: f" {m.group(1).upper()}", text).strip()


def _name(function: str) -> str:
    rule = RULES_IN_WORDS.get(function)
    return f"`{function}`" if rule is None else label(rule) or rule.words.format(*parameters_of(rule))
