"""Is there a shorter word with the same wrong answer? A breadth-first search over words, in lockstep with the target.

An implementation cannot be put into a state, so every word is run from reset. Words that lead the *specification* into the same
states are taken for one, and only the first is continued; of that search the result says whether it was completed. The
alphabet is everything that partners, administrators and time can do, with one plain choice of arguments each, and whatever else
the known failing word has in it, a fill being one letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vnic_conformance.generation.failure import Failure, Runs
from vnic_conformance.generation.menu import FILLER, report, vioctl
from vnic_conformance.generation.shrink import units
from vnic_conformance.oracle import Oracle, Possibility
from vnic_conformance.oracle.spent import Spent
from vnic_conformance.session import Implementation
from vnic_conformance.stimulus import (
    CLIENT,
    CONSOLE,
    PLATFORM,
    TOKEN_BEFORE,
    TOKEN_LATEST,
    Stimulus,
    advance,
    server,
)
from vnic_spec.profile import Profile
from vnic_spec.wire import Vioctl

#: How many stimuli the search may cost.
BUDGET = 60_000
_INTERVAL_MS = 1_000

#: What is done at one blow: a stimulus, or a fill.
Letter = tuple[Stimulus, ...]


@dataclass(frozen=True)
class Shortest:
    """What the search found.

    Attributes:
        failure: the shortest failing word known.
        complete_to: every word of so many letters was looked at, words that the specification does not tell apart taken for one.
        letters: length of the failing word in letters; a fill is one.
        steps: what the search cost.
    """

    failure: Failure
    complete_to: int
    letters: int
    steps: int

    @property
    def known(self) -> bool:
        """It is known that there is no shorter word."""
        return self.complete_to >= self.letters - 1

    def __str__(self) -> str:
        if self.known:
            return f"shortest: no word of fewer than {self.letters} steps shows it"
        return f"{self.letters} steps; there is none of up to {self.complete_to}, longer ones were not all tried"


def shortest(target: Implementation, failure: Failure, *, budget: int = BUDGET) -> Shortest:
    """Look for a shorter word with the same wrong answer.

    First over the letters of the word itself, then over all; ``budget`` bounds the stimuli applied.
    """
    runs = Runs.of(target, failure, budget)
    own = list(dict.fromkeys(units(failure.word)))
    best = failure
    found, _ = _search(runs, best, own, budget // 4)
    best = found or best
    letters = list(dict.fromkeys([*own, *alphabet(best.servers, best.profile)]))
    found, complete_to = _search(runs, best, letters, budget)
    best = found or best
    return Shortest(best, complete_to, len(units(best.word)), runs.steps)


def alphabet(servers: int, profile: Profile) -> list[Letter]:
    """Everything that can be done, with plain arguments."""
    send = {"hex": FILLER + 28 * "0"}
    found = [
        *(Stimulus.of(CLIENT, call) for call in ("reg_crq", "free_crq", "consume", "enable_crq")),
        Stimulus.of(CLIENT, "send_crq", **send),
        vioctl(CLIENT, Vioctl.GET_SESSION_TOKEN),
        *(vioctl(CLIENT, Vioctl.SESSION_ERROR_DETECTED, token) for token in (TOKEN_LATEST, TOKEN_BEFORE)),
        *(Stimulus.of(CONSOLE, "auto", value=value) for value in (0, 1)),
        *(Stimulus.of(PLATFORM, call, target=CLIENT) for call in ("crash", "power_on")),
        Stimulus.of(PLATFORM, "migrate"),
        advance(profile.grace * _INTERVAL_MS + 1),
    ]
    for i in range(servers):
        who = server(i)
        found += [Stimulus.of(who, call) for call in ("reg_crq", "free_crq", "consume")]
        found += [report(who, status, _INTERVAL_MS) for status in (1, 2)]
        found += [Stimulus.of(who, "send_crq", **send), vioctl(who, Vioctl.GET_VNIC_SERVER_INFO)]
        found += [Stimulus.of(CONSOLE, "activate", server=who), Stimulus.of(CONSOLE, "remove", server=who)]
        found += [Stimulus.of(CONSOLE, "priority", server=who, value=value) for value in (9, 100)]
        found.append(Stimulus.of(CONSOLE, "add", server=who, port=i, priority=50))
        found += [Stimulus.of(PLATFORM, call, target=who) for call in ("crash", "power_on")]
    return [(stimulus,) for stimulus in found]


def _search(runs: Runs, best: Failure, letters: Sequence[Letter], budget: int) -> tuple[Failure | None, int]:
    """A failing word of fewer letters than the known one, and up to how many letters all were tried."""
    limit = len(units(best.word))
    seen = {situation(Oracle(best.servers, best.profile))}
    frontier: list[tuple[Letter, ...]] = [()]
    for length in range(1, limit):
        following: list[tuple[Letter, ...]] = []
        for prefix in frontier:
            for letter in letters:
                if runs.steps >= min(budget, runs.budget):
                    return None, length - 1
                word = (*prefix, letter)
                stimuli = [s for part in word for s in part]
                session = runs.session(stimuli, best.servers)
                failed = Failure.of(session)
                if failed is not None:
                    if failed.signature == best.signature:
                        return failed, length - 1
                    continue
                reached = situation(session.oracle)
                if len(session.word) == len(stimuli) and reached not in seen:
                    seen.add(reached)
                    following.append(word)
        frontier = following
    return None, limit - 1


def situation(oracle: Oracle) -> frozenset[Possibility]:
    """The states that the specification may be in, whenever it got there and whatever the tokens are."""
    return frozenset(_timeless(p, oracle.now) for p in oracle.possibilities)


def _timeless(p: Possibility, now: int) -> Possibility:
    timers = tuple(replace(t, earliest=t.earliest - now, latest=t.latest - now) for t in p.timers)
    spent = Spent().adding(0) if p.spent else Spent()
    return replace(p, timers=timers, token=None if p.token is None else 0, spent=spent)
