"""What a case is. It needs neither the specification nor the cases themselves, so that who only prints a list starts quickly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class Phase(StrEnum):
    """Where a case is put to the test."""

    STEPS = "every step"  #: watched, whatever is played
    SCRIPT = "scripted"  #: a word written by hand
    TOUR = "tour"  #: a word through the explored graph


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to be checked.

    Attributes:
        id: stable; ``REQ-ID`` or ``REQ-ID/slug``.
        phase: where it is put to the test.
        purpose: one sentence.
        requirements: every requirement that it is about, its own first.
        features: what the implementation has to claim for it.
        exercised_by: when it counts as exercised, in words.
    """

    id: str
    phase: Phase
    purpose: str
    requirements: tuple[str, ...]
    features: frozenset[str] = frozenset()
    exercised_by: str = "its script ran to the end"

    @property
    def requirement(self) -> str:
        """The requirement that it is named after."""
        return self.id.partition("/")[0]

    @property
    def watched(self) -> bool:
        """It is judged at every step."""
        return self.phase is Phase.STEPS

    def matches(self, glob: str) -> bool:
        """Whether a glob matches the whole ID or that of the requirement, in any case of letters."""
        return matches(self.id, glob)


def matches(case: str, glob: str) -> bool:
    """Whether a glob matches the ID of a case or that of its requirement, in any case of letters."""
    pattern, name = glob.upper(), case.upper()
    return fnmatchcase(name, pattern) or fnmatchcase(name.partition("/")[0], pattern)
