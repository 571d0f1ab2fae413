"""A printed formula as a tree of operators and statements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Formula:
    """One formula: an atom with its negation, or an operator with its parts."""

    op: str
    parts: tuple[Formula, ...] = ()
    text: str = ""  #: of an atom; of a quantifier, what it ranges over
    negated: str = ""  #: an atom's negation


TRUE = Formula("true")
FALSE = Formula("false")


def atom(text: str, negated: str = "") -> Formula:
    """A statement without operators."""
    return Formula("atom", text=text, negated=negated or f"¬{text}")
