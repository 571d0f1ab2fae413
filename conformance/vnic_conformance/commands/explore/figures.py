"""Rulings counted in columns, as text and as Markdown: what the reports on mutants and on errors of design have in common."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from vnic_model.lines import WIDTH

T = TypeVar("T")
#: A heading and how many are counted in each column.
Row = tuple[str, list[int]]


@dataclass(frozen=True, slots=True)
class Columns(Generic[T]):
    """The columns of a table.

    Attributes:
        counted: heading, and what is counted under it.
        meanings: what an outcome means, by heading.
    """

    counted: Mapping[str, Callable[[T], bool]]
    meanings: Mapping[str, str]

    def counts(self, found: Iterable[T]) -> list[int]:
        """How many are counted in each column."""
        known = list(found)
        return [sum(map(counted, known)) for counted in self.counted.values()]

    def by_name(self, found: Iterable[T]) -> dict[str, int]:
        """The same by heading."""
        return dict(zip(self.counted, self.counts(found), strict=True))

    def as_text(self, what: str, width: int, rows: Iterable[Row]) -> Iterator[str]:
        """The table, its first column so wide, and what its headings mean."""
        yield f"{what:<{width}}" + "".join(f"{c:>10}" for c in self.counted)
        for name, row in rows:
            yield f"{name:<{width}}" + "".join(f"{n or '':>10}" for n in row)
        yield ""
        for column, meaning in self.meanings.items():
            yield from wrapped(f"{column}: {meaning}")

    def outcomes(self) -> Iterator[str]:
        """What the headings mean, in Markdown."""
        return table("outcome", "meaning", self.meanings.items())

    def as_markdown(self, what: str, rows: Iterable[Row]) -> Iterator[str]:
        """The table in Markdown, under its heading."""
        yield f"## By {what}"
        yield ""
        yield f"| {what} | {' | '.join(self.counted)} |"
        yield f"|---|{'---:|' * len(self.counted)}"
        for name, row in rows:
            yield f"| {name} | {' | '.join(str(n or '') for n in row)} |"


def wrapped(words: str, indent: str = "  ") -> list[str]:
    """A paragraph; all of its lines but the first are indented."""
    return textwrap.wrap(words, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def judged_on(grounds: Iterable[tuple[str, int]]) -> list[str]:
    """The instances and how many states they have, as text."""
    return wrapped(f"judged on: {', '.join(f'{label} ({states:,} states)' for label, states in grounds)}")


def ranked(found: Counter[str]) -> list[tuple[str, int]]:
    """Who killed, the one that killed most first."""
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def killed_by(killers: Sequence[tuple[str, int]]) -> list[str]:
    """The same as text."""
    return wrapped(f"killed first by: {', '.join(f'{name} {n}' for name, n in killers)}")


def table(one: str, other: str, rows: Iterable[tuple[str, str | int]], *, numbers: bool = False) -> Iterator[str]:
    """Two columns in Markdown, the second one perhaps of numbers."""
    yield f"| {one} | {other} |"
    yield f"|---|---{':' if numbers else ''}|"
    for name, value in rows:
        yield f"| {name} | {value} |"


def places(grounds: Iterable[tuple[str, int]]) -> Iterator[str]:
    """The instances and how many states they have, in Markdown."""
    return table("instance, servers", "states", ((label, f"{states:,}") for label, states in grounds), numbers=True)
