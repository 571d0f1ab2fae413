"""What a field must be where that is not one value: anything but some, bytes of which some are unknown, not there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

#: A byte that nobody knows, in the text of a :class:`Bytes`.
UNKNOWN = "??"


class Pattern(
    ABC
):  # no Protocol: the oracle asks isinstance of it several times a step, and of a Protocol that is slow
    """Accepts some values of a field; ``str`` of it says which, in words."""

    __slots__ = ()

    @abstractmethod
    def accepts(self, came: object) -> bool:
        """Whether a value is one of them; ``None`` stands for a field that is not there."""


@dataclass(frozen=True, slots=True)
class AnyBut(Pattern):
    """Any number but these."""

    values: tuple[int, ...]

    def accepts(self, came: object) -> bool:
        """Whether a value is one of them."""
        return isinstance(came, int) and came not in self.values

    def __str__(self) -> str:
        return f"not {' or '.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class Absent(Pattern):
    """The field is not there."""

    def accepts(self, came: object) -> bool:
        """Whether it is not."""
        return came is None

    def __str__(self) -> str:
        return "nothing"


@dataclass(frozen=True, slots=True)
class Bytes(Pattern):
    """Bytes in hexadecimal, ``??`` for each that nobody knows."""

    text: str

    def accepts(self, came: object) -> bool:
        """Whether they are these, as far as they are known."""
        if not isinstance(came, str) or len(came) != len(self.text):
            return False
        if UNKNOWN not in self.text:
            return came == self.text
        pairs = range(0, len(came), 2)
        return all(self.text[k : k + 2] in (UNKNOWN, came[k : k + 2]) for k in pairs)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Words(Pattern):
    """Words with blanks between, in any order, each once."""

    words: frozenset[str]

    def accepts(self, came: object) -> bool:
        """Whether they are these."""
        if not isinstance(came, str):
            return False
        found = came.split()
        return len(found) == len(self.words) and set(found) == self.words

    def __str__(self) -> str:
        return " ".join(sorted(self.words))
