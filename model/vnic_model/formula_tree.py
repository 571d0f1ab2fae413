"""A formula that is to be printed, as a tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Formula:
    """One formula: an atom with its negation, or an operator with its parts."""

    op: str
    parts: tuple[Formula, ...] = ()
    text: str = ""  #: of an atom; of a quantifier, what it ranges over
    negated: str = ""  #: an atom's negation
