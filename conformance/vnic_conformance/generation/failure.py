"""A failing word: what was done from reset on, what came, and how one failure is told from another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vnic_conformance.generation.menu import can_act
from vnic_conformance.oracle import Judgement, Oracle
from vnic_conformance.session import Implementation, Session, hypervisor_session
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile

_WHICH_SERVER = re.compile(r"^server\d+_")


class Signature(NamedTuple):
    """What a wrong answer is wrong about: two words with the same one show the same fault, as far as can be seen."""

    requirement: str
    fields: frozenset[str]  #: what differs from the nearest answer that was allowed, whichever server it is of


def signature(judgement: Judgement) -> Signature:
    """The signature of a violation."""
    nearest = judgement.mismatches[0].fields if judgement.mismatches else ()
    return Signature(judgement.requirement, frozenset(_WHICH_SERVER.sub("server_", name) for name in nearest))


@dataclass(frozen=True)
class Failure:
    """A violation and the word that led to it.

    Attributes:
        servers: how many servers were reset to.
        profile: what the implementation claims.
        word: the stimuli, tokens by name, the last of which got the wrong answer; empty if ``reset`` did.
        judgement: the violation.
    """

    servers: int
    profile: Profile
    word: tuple[Stimulus, ...]
    judgement: Judgement

    @property
    def signature(self) -> Signature:
        """What is wrong."""
        return signature(self.judgement)

    @classmethod
    def of(cls, session: Session[Oracle]) -> Failure | None:
        """The failure of a session, if it has one."""
        if session.failure is None:
            return None
        return cls(session.servers, session.profile, tuple(session.word), session.failure)


class Runs:
    """Runs words from reset against one target, and counts what that costs.

    Args:
        target: the implementation.
        profile: what it claims.
        budget: how many stimuli may be applied altogether.
        powerless: go on behind a call by a partition that is off.
    """

    def __init__(self, target: Implementation, profile: Profile, budget: int, *, powerless: bool = False) -> None:
        self.target = target
        self.profile = profile
        self.budget = budget
        self.powerless = powerless
        self.steps = 0

    @classmethod
    def of(cls, target: Implementation, failure: Failure, budget: int) -> Runs:
        """For words that are made of a failing one.

        A call by a partition that is off is refused and changes nothing, so a word that has one is not looked at; but where
        the failing word fails only behind such a call, or by one, that is what has to be played.
        """
        runs = cls(target, failure.profile, budget)
        runs.powerless = runs.session(failure.word, failure.servers).failure is None
        runs.steps = 0
        return runs

    @property
    def exhausted(self) -> bool:
        """Nothing more may be run."""
        return self.steps >= self.budget

    def session(self, word: Iterable[Stimulus], servers: int) -> Session[Oracle]:
        """The session of a word, up to its first violation; or to a call by a partition that is off, if not told otherwise."""
        session = hypervisor_session(self.target, servers, self.profile)
        if session.begin().ok:
            for stimulus in word:
                if not self.powerless and not can_act(session.oracle.one(), stimulus):
                    break
                if not session.apply(stimulus).ok:
                    break
        self.steps += len(session.word) + 1
        return session

    def fails(self, word: Iterable[Stimulus], servers: int, wanted: Signature) -> Failure | None:
        """The failure with this signature to which a word leads."""
        found = Failure.of(self.session(word, servers))
        return found if found is not None and found.signature == wanted else None


@dataclass(frozen=True)
class Reruns:
    """How often a failing word fails when it is run again from reset.

    Attributes:
        failed: how often it failed, at any step.
        runs: out of how many.
        first_difference: number of the first step (0 = reset) at which a run did not answer as the first one did; None if all
            answered alike.
    """

    failed: int
    runs: int
    first_difference: int | None

    @property
    def reproducible(self) -> bool:
        """It fails every time, and always in the same way."""
        return self.failed == self.runs and self.first_difference is None

    def __str__(self) -> str:
        return f"{self.failed} of {self.runs}"


#: Fields that may differ from run to run: what the adapter numbers, and session tokens.
_FREE = frozenset({"seq", "now", "r4", "handle", "source"})


def rerun(target: Implementation, failure: Failure, times: int) -> Reruns:
    """Run a failing word again and again from reset."""
    runs = Runs(target, failure.profile, budget=0, powerless=True)
    answers: list[list[dict[str, object]]] = []
    failed = 0
    for _ in range(times):
        session = runs.session(failure.word, failure.servers)
        failed += session.failure is not None
        answers.append([_comparable(j) for j in session.judgements])
    return Reruns(failed, times, _first_difference(answers))


def _comparable(judgement: Judgement) -> dict[str, object]:
    return {name: value for name, value in judgement.came.items() if name not in _FREE}


def _first_difference(answers: Sequence[Sequence[dict[str, object]]]) -> int | None:
    longest = max(map(len, answers), default=0)
    for k in range(longest):
        if any(k >= len(run) or run[k] != answers[0][k] for run in answers if k < len(answers[0])) or k >= len(
            answers[0]
        ):
            return k
    return None
