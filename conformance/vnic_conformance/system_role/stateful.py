"""Hypothesis drives a system: one rule for each thing that can be done to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from vnic_conformance.generation.hypothesis_run import run_programs
from vnic_conformance.session import Session
from vnic_conformance.stimulus import CLIENT, Stimulus, server
from vnic_conformance.system_role.judge import SystemJudge
from vnic_conformance.system_role.words import CALLS, NEEDS, stimulus

#: Stimuli of one program.
PROGRAM_STEPS = 30
MOST_SERVERS = 4
#: Rules that take anything, beside one for each call.
GUIDED = 40
#: Steps of the clock that are tried, in ms.
ADVANCES = (1, 20, 50, 120, 300, 1_000, 1_700, 4_000, 100_000)
#: Most partitions that hang at once: in which order they fall silent is not seen.
MOST_HUNG = 2


class _FoundError(AssertionError):
    """How a program tells Hypothesis that it has found something."""


class _EnoughError(Exception):
    """The steps allowed are used up."""


@dataclass
class SystemSearch:
    """A bounded search.

    Attributes:
        make: makes a session for so many servers.
        budget: how many stimuli may be applied.
        features: what the implementation claims.
        steps: stimuli applied.
        trouble: what the target raised, if it broke; Hypothesis must not take that for a finding.
    """

    make: Callable[[int], Session[SystemJudge]]
    budget: int
    features: frozenset[str]
    steps: int = 0
    trouble: BaseException | None = None


class _Programs(RuleBasedStateMachine):
    """One program: a system from reset on."""

    search: SystemSearch

    def __init__(self) -> None:
        super().__init__()
        self.session: Session[SystemJudge] | None = None

    @initialize(servers=st.integers(1, MOST_SERVERS))
    def reset(self, servers: int) -> None:
        """A fresh system."""
        self.session = self.search.make(servers)
        self._guarded(self.session.begin)

    @property
    def running(self) -> bool:
        """Something can be done."""
        return self.session is not None and not self.session.over

    def do(self, each: Stimulus) -> None:
        """One stimulus."""
        search, session = self.search, self.session
        assert session is not None
        if search.steps >= search.budget:
            raise _EnoughError
        search.steps += 1
        self._guarded(lambda: session.apply(each))

    def _guarded(self, act: Callable[[], object]) -> None:
        search = self.search
        if search.trouble is not None:
            raise search.trouble
        try:
            act()
        except Exception as trouble:
            search.trouble = trouble
            raise
        if self.session is not None and self.session.failure is not None:
            raise _FoundError


def _possible(self: _Programs, call: str) -> bool:
    if not self.running or self.session is None:
        return False
    needed = NEEDS.get(call)
    if needed is not None and needed not in self.search.features:
        return False
    facts = self.session.oracle.facts
    if call == "complain":
        return facts.acts(None)
    if call == "hang":
        return len(facts.hung) < MOST_HUNG and any(facts.acts(who) for who in facts.running)
    if call == "rmdev":
        return any(facts.acts(i) for i in range(self.session.servers))
    if call == "mkdev":
        return bool(facts.stopped)
    return call != "resume" or bool(facts.hung)


def _targets(call: str, session: Session[SystemJudge]) -> list[str]:
    """Whom a call can be about; what hangs already, or does not run, cannot hang, and only what hangs can resume."""
    facts = session.oracle.facts
    everybody: list[int | None] = [*range(session.servers), *([None] if CALLS[call][1] == "target" else [])]
    if call == "hang":
        everybody = [who for who in everybody if facts.acts(who)]
    elif call == "resume":
        everybody = [who for who in everybody if who in facts.hung]
    elif call in ("rmdev", "mkdev"):
        servers = range(session.servers)
        everybody = [i for i in servers if (i in facts.stopped if call == "mkdev" else facts.acts(i))]
    return [CLIENT if who is None else server(who) for who in everybody]


def _words(session: Session[SystemJudge], call: str, choose: Callable[[Sequence[str]], str]) -> str:
    """A call with somebody whom it can be about and a value, chosen one after the other."""
    words = [call]
    if CALLS[call][1]:
        words.append(choose(_targets(call, session)))
    if CALLS[call][2]:
        words.append(choose(("0", "1") if call == "auto" else ("1", "10", "50", "51", "100")))
    return " ".join(words)


def _rule(call: str) -> Any:
    """A rule for one call; what it is done to, and with which value, Hypothesis draws."""

    def does(self: _Programs, data: st.DataObject) -> None:
        assert self.session is not None
        self.do(stimulus(_words(self.session, call, lambda options: data.draw(st.sampled_from(list(options))))))

    does.__name__ = call
    does.__doc__ = f"{call.replace('_', ' ')}."
    return precondition(lambda self: _possible(self, call))(rule(data=st.data())(does))


def _advance() -> Any:
    def advance(self: _Programs, ms: int) -> None:
        """Time passes."""
        self.do(stimulus(f"advance {ms}"))

    return precondition(lambda self: self.running)(rule(ms=st.sampled_from(ADVANCES))(advance))


#: Frames, and time for them. What is sent to a client that has said nothing yet finds it only if the network was told (DAT-3).
TRAFFIC = (("ping", "send", "advance 50"), ("advance 200", "send", "advance 50"))


def _anything() -> Any:
    def anything(self: _Programs, seed: int) -> None:
        """Anything that is possible, time and traffic more often than the rest."""
        assert self.session is not None
        # With the step in it, because Hypothesis likes the same small seed again and again.
        chance = random.Random(f"{seed} {len(self.session.word)}")
        kind = chance.random()
        if kind < 0.3:
            self.do(stimulus(f"advance {chance.choice(ADVANCES)}"))
        elif kind < 0.5:
            for words in chance.choice(TRAFFIC):
                if self.running:
                    self.do(stimulus(words))
        else:
            calls = [call for call in CALLS if _possible(self, call)]
            self.do(stimulus(_words(self.session, chance.choice(calls), chance.choice)))

    return precondition(lambda self: self.running)(rule(seed=st.integers(0, 1 << 32))(anything))


def machine(search: SystemSearch) -> type[RuleBasedStateMachine]:
    """The state machine of a search.

    Hypothesis prefers what comes first and what is small, which is good for shrinking and bad for getting anywhere; so most
    rules take anything, by a generator whose seed Hypothesis chooses.
    """
    rules: dict[str, Any] = {"search": search}
    for copy in range(GUIDED):
        rules[f"anything_{copy:02}"] = _anything()
    rules["time"] = _advance()
    for call in CALLS:
        rules[f"do_{call}"] = _rule(call)
    return type("SystemPrograms", (_Programs,), rules)


def hunt(search: SystemSearch, *, seed: int) -> None:
    """Search, within the budget. The same seed makes the same programs for the same answers.

    Raises:
        Exception: what the target raised when the adapter broke.
    """
    run_programs(
        machine(search),
        seed=seed,
        programs=search.budget,  # more than there can be: the budget ends them
        steps=PROGRAM_STEPS,
        shrink=False,
        ends=(_FoundError, _EnoughError),
    )
    if search.trouble is not None:
        raise search.trouble
