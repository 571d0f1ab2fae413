"""What an oracle says of one step, in every role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vnic_conformance.answer import Answer
from vnic_conformance.oracle.possibility import Allowed, Mismatch
from vnic_conformance.stimulus import Stimulus


@dataclass(frozen=True, slots=True)
class Alternative:
    """One answer that was allowed instead of what came.

    Attributes:
        instead: the fields of reply and observation that should have been otherwise, with what they should have been.
        by: the requirements that allow it.
        words: what should have been, where that is no field.
    """

    instead: Mapping[str, object]
    by: tuple[str, ...]
    words: str = ""


@dataclass(frozen=True)
class Judgement:
    """What one step showed."""

    stimulus: Stimulus
    ok: bool
    agreed: tuple[Allowed, ...] = ()  #: what came may have been any of these
    mismatches: tuple[Mismatch, ...] = ()  #: of a violation: everything that was allowed, the nearest first
    requirement: str = ""  #: of a violation: the property or requirement that is hurt
    sentence: str = ""  #: of a violation: what should have been
    busy: bool = False
    inconclusive: str = ""  #: why nothing can be said
    came: Answer = field(default_factory=Answer)
    exercised: tuple[str, ...] = ()  #: IDs of the cases that the step has put to the test
    scripted: bool = False  #: a violation of what a script expects; the oracle itself has no objection
    shown: str = ""  #: of a violation: what came, in words, where the oracle compares no fields
    stated: tuple[Alternative, ...] = ()  #: of such a violation: what was allowed

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """Everything that was allowed where this is a violation, each once, the nearest first."""
        found = list(self.stated)
        for mismatch in self.mismatches:
            instead = {name: _plain(mismatch.expected.get(name)) for name in mismatch.fields}
            alternative = Alternative(instead, mismatch.allowed.requirements)
            if alternative not in found:
                found.append(alternative)
        return tuple(found)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, int | str | tuple) else str(value)


class Judge(Protocol):
    """The oracle of a role: it follows one implementation from ``reset`` on."""

    def begin(self, came: Answer) -> Judgement:
        """Judge the answer to ``reset``."""

    def step(self, stimulus: Stimulus, came: Answer) -> Judgement:
        """Judge what came back for a stimulus, and follow it."""
