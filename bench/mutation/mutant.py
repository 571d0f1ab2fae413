"""A mutant: one small mechanical change of one place in a source file."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Where the sources of both implementations are.
PYTHON = ROOT / "reference_impl" / "vnic_reference"
C = ROOT / "reference_impl" / "c"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change.

    Attributes:
        file: name of the source file.
        line: 1 is the first line of the file.
        column: of the place that is changed, from 1.
        operator: what kind of change it is.
        function: the function or class that it is in; empty outside of all.
        was: the changed line, or lines, as they were, in one line.
        becomes: the same as they are after the change.
        lines: first and last line of the statement or the condition that is changed.
        start: where the change begins, in characters from the beginning of the file.
        end: where it ends.
        text: what stands there instead.
    """

    file: str
    line: int
    column: int
    operator: str
    function: str
    was: str
    becomes: str
    lines: tuple[int, int]
    start: int
    end: int
    text: str

    @property
    def name(self) -> str:
        """``FILE:LINE:COLUMN:OPERATOR``: one mutant of one state of the source."""
        return f"{self.file}:{self.line}:{self.column}:{self.operator}"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is, wherever in its file its function stands: file, function, line before, line after."""
        return (self.file, self.function, self.was, self.becomes)

    def applied(self, source: str) -> str:
        """The source with the change."""
        return source[: self.start] + self.text + source[self.end :]


def made(
    file: str, source: str, place: tuple[int, int], text: str, *, operator: str, function: str, lines: tuple[int, int]
) -> Mutant:
    """A mutant that puts ``text`` between two offsets of a source."""
    start, end = place
    line = source.count("\n", 0, start) + 1
    begins = source.rfind("\n", 0, start) + 1
    ends = source.find("\n", end)
    ends = len(source) if ends < 0 else ends
    was = " ".join(source[begins:ends].split())
    becomes = " ".join((source[begins:start] + text + source[end:ends]).split())
    return Mutant(file, line, start - begins + 1, operator, function, was, becomes, lines, start, end, text)


def sample(mutants: Sequence[Mutant], count: int | None, seed: int) -> list[Mutant]:
    """So many of them, at random but the same ones each time, in their order; None: all of them."""
    if count is None or count >= len(mutants):
        return list(mutants)
    chosen = set(random.Random(seed).sample([mutant.name for mutant in mutants], count))
    return [mutant for mutant in mutants if mutant.name in chosen]


def unique(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Each change of a file once, and no two of the same name."""
    seen: dict[tuple[str, int, int, str], Mutant] = {}
    names: dict[str, int] = defaultdict(int)
    found = []
    for mutant in mutants:
        what = (mutant.file, mutant.start, mutant.end, mutant.text)
        if what in seen:
            continue
        seen[what] = mutant
        names[mutant.name] += 1
        if names[mutant.name] > 1:
            raise ValueError(f"two mutants are called {mutant.name}")
        found.append(mutant)
    return found
