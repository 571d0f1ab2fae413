"""Tokens of sessions that have ended: a set that only grows, of which every earlier state stays what it was.

A session of the kit keeps every state that it went through. With a set of its own for each of them ten thousand sessions would
take gigabytes; here they share one table, of which each knows how much is its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import islice


class Spent(Set[int]):
    """A set of tokens; :meth:`adding` makes the next one, in the same table if nobody else has gone on from here."""

    __slots__ = ("_count", "_places")

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._count = 0

    def adding(self, token: int) -> Spent:
        """This set with one more token."""
        if token in self:
            return self
        made = Spent()
        others = len(self._places) > self._count and self._places.get(token) != self._count
        made._places = dict(islice(self._places.items(), self._count)) if others else self._places
        made._places.setdefault(token, self._count)
        made._count = self._count + 1
        return made

    def __contains__(self, token: object) -> bool:
        return isinstance(token, int) and self._places.get(token, self._count) < self._count

    def __iter__(self) -> Iterator[int]:
        return islice(self._places, self._count)

    def __len__(self) -> int:
        return self._count
