"""Hypothesis drives: a state machine with one rule for each family of the menu, enabled by what the oracle knows.

Hypothesis chooses among the rules that are enabled and draws what is free in a stimulus, 1 to 6 servers among it. Words are kept
as our own data while they run, so nothing depends on how Hypothesis prints a program; by default it keeps no example database and
does not shrink, because :mod:`vnic_conformance.generation.shrink` knows what a stimulus means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis import target as _target
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from vnic_conformance.generation.failure import Failure
from vnic_conformance.generation.hypothesis_run import run_programs
from vnic_conformance.generation.menu import FAMILIES, Draw, Offer, menu
from vnic_conformance.generation.walk import RandomDraw, empty, fill
from vnic_conformance.oracle import Oracle
from vnic_conformance.session import Implementation, Session, hypervisor_session
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile

_T = TypeVar("_T")
#: Stimuli of one program, fills counting as one.
PROGRAM_STEPS = 200
#: Hypothesis chooses evenly among the rules that are enabled. A family has a rule of its own, enabled while the menu gives it
#: this weight or more; the others share one.
RARE = 1.0
#: Beside them there are so many rules that take anything from the menu by its weight, drawn by a generator whose seed Hypothesis
#: chooses. Hypothesis prefers what comes first and what is small, which is good for shrinking and bad for getting anywhere; so
#: these rules come first, and most steps move the system.
GUIDED = 40


class ViolationError(AssertionError):
    """How a program tells Hypothesis that it has found something."""


class EnoughError(Exception):
    """The steps allowed are used up."""


MakeSession = Callable[[Implementation, int, Profile], Session[Oracle]]


@dataclass
class Search:
    """A bounded search with Hypothesis.

    Attributes:
        target: the implementation.
        profile: what it claims.
        most_servers: programs begin with 1 to so many servers.
        budget: how many stimuli may be applied.
        steps: how many were.
        failure: the shortest failing word so far.
        first: how many stimuli it took to the first failure; 0 without one.
        trouble: what the target raised, if it broke; Hypothesis must not take that for a finding.
    """

    target: Implementation
    profile: Profile
    most_servers: int
    budget: int
    steps: int = 0
    failure: Failure | None = None
    first: int = 0
    trouble: BaseException | None = None
    words: list[tuple[int, tuple[Stimulus, ...]]] | None = None  #: every program, where they are asked for
    rules: dict[str, int] = field(default_factory=dict)  #: how often each family was chosen
    session: MakeSession = hypervisor_session  #: makes the session of each program
    rarity: Callable[[], int] | None = None  #: how much the program that is going on has met that is rare

    def judge(self, session: Session[Oracle]) -> None:
        """Keep a failure; tell Hypothesis."""
        failure = Failure.of(session)
        if failure is None:
            return
        self.first = self.first or self.steps
        if self.failure is None or len(failure.word) < len(self.failure.word):
            self.failure = failure
        raise ViolationError(failure.signature.requirement)


class DataDraw:
    """Choices by Hypothesis."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def choice(self, options: Sequence[_T]) -> _T:
        """One of the options, the first being the simplest."""
        return options[self._data.draw(st.integers(0, len(options) - 1))]

    def bytes(self, count: int) -> bytes:
        """Bytes that differ from their neighbours and between draws; of one number, because programs have to be small."""
        first = self._data.draw(st.integers(0, 255))
        return bytes((first + 7 * k) % 256 for k in range(count))


class _Programs(RuleBasedStateMachine):
    """What all programs share; :func:`machine` adds the rules and the search."""

    search: Search

    def __init__(self) -> None:
        super().__init__()
        self.session: Session[Oracle] | None = None
        self.draw = RandomDraw(0)
        self._menu: list[Offer] | None = None
        self._weights: dict[str, float] = {}

    @initialize(data=st.data())
    def begins(self, data: st.DataObject) -> None:
        """Reset to some number of servers."""
        search = self.search
        self.draw = RandomDraw(data.draw(st.integers(0, 1 << 64)))
        servers = self.draw.choice(range(1, search.most_servers + 1))
        self.session = search.session(search.target, servers, search.profile)
        self._guarded(self.session.begin)

    def menu(self) -> list[Offer]:
        """What may be done now."""
        if self.session is None:
            return []
        if self._menu is None:
            self._menu = menu(self.session.oracle.one(), self.session.servers)
            self._weights = {}
            for offer in self._menu:
                self._weights[offer.family] = self._weights.get(offer.family, 0) + offer.weight
        return self._menu

    def weight(self, family: str) -> float:
        """How often a family should be chosen now, relative to the others; 0 where it is not possible."""
        self.menu()
        return self._weights.get(family, 0)

    def apply(self, stimulus: Stimulus) -> None:
        """One stimulus; raises what tells Hypothesis to stop."""
        search, session = self.search, self.session
        assert session is not None
        if search.steps >= search.budget:
            raise EnoughError
        search.steps += 1
        self._menu = None
        self._guarded(lambda: session.apply(stimulus))

    def take(self, offers: Sequence[Offer], data: st.DataObject) -> None:
        """One of some offers."""
        draw = DataDraw(data)
        self._apply_offer(draw.choice(offers), draw)

    def anything(self) -> None:
        """Anything from the menu, by weight."""
        offers = self.menu()
        (chosen,) = self.draw.random.choices(offers, [offer.weight for offer in offers])
        self._apply_offer(chosen, self.draw)

    def _apply_offer(self, chosen: Offer, draw: Draw) -> None:
        self.search.rules[chosen.family] = self.search.rules.get(chosen.family, 0) + 1
        self.apply(chosen.make(draw))

    def _guarded(self, act: Callable[[], object]) -> None:
        search = self.search
        if search.trouble is not None:
            raise search.trouble
        try:
            act()
        except Exception as trouble:
            search.trouble = trouble
            raise
        assert self.session is not None
        search.judge(self.session)

    @precondition(lambda self: self.session is not None)
    @rule(data=st.data())
    def rarely(self, data: st.DataObject) -> None:
        """Something from the families that are to be chosen rarely."""
        self.take([offer for offer in self.menu() if self.weight(offer.family) < RARE], data)

    @precondition(lambda self: self.session is not None)
    @rule(data=st.data(), to_client=st.booleans(), after=st.integers(0, 3))
    def fills(self, data: st.DataObject, to_client: bool, after: int) -> None:
        """Fill a queue, do something, and empty it again: not often, because it is long."""
        assert self.session is not None
        oracle = self.session.oracle
        draw = _Plain()
        if data.draw(st.integers(0, 7)) != 7:
            return
        for stimulus in fill(oracle, to_client, draw):
            self.apply(stimulus)
        for _ in range(after):
            self.anything()
        for stimulus in empty(oracle, to_client, draw):
            self.apply(stimulus)

    def teardown(self) -> None:
        """Keep the word, and tell Hypothesis how rare it was."""
        if self.search.rarity is not None and self.session is not None:
            _target(float(self.search.rarity()))
        if self.search.words is not None and self.session is not None:
            self.search.words.append((self.session.servers, tuple(self.session.word)))


class _Plain:
    """The first option and empty payloads: a fill has nothing to choose."""

    def choice(self, options: Sequence[_T]) -> _T:
        """The last option."""
        return options[-1]

    def bytes(self, count: int) -> bytes:
        """Zeros."""
        return bytes(count)


def machine(search: Search) -> type[RuleBasedStateMachine]:
    """The state machine of a search: rules for each family of the menu."""
    rules: dict[str, Any] = {"search": search}
    for family in FAMILIES:
        rules[family] = _rule(family)
    for copy in range(GUIDED):
        rules[f"anything_{copy:02}"] = _anything()
    return type("Programs", (_Programs,), rules)


def _rule(family: str) -> Any:
    def takes(self: _Programs, data: st.DataObject) -> None:
        self.take([offer for offer in self.menu() if offer.family == family], data)

    takes.__name__ = family
    takes.__doc__ = f"A stimulus of family {family}."
    enabled = precondition(lambda self: self.weight(family) >= RARE)
    return enabled(rule(data=st.data())(takes))


def _anything() -> Any:
    def anything(self: _Programs) -> None:
        """Anything from the menu."""
        self.anything()

    return precondition(lambda self: self.session is not None)(rule()(anything))


def hunt(
    target: Implementation,
    profile: Profile,
    *,
    seed: int,
    steps: int,
    most_servers: int = 6,
    program_steps: int = PROGRAM_STEPS,
    keep_words: bool = False,
    session: MakeSession = hypervisor_session,
    rarity: Callable[[], int] | None = None,
) -> Search:
    """Search for a violation with Hypothesis, within so many stimuli. The same seed makes the same words for the same answers.

    With ``rarity`` Hypothesis looks for programs that meet more of what is rare.

    Raises:
        Exception: what the target raised when the adapter broke.
    """
    words: list[tuple[int, tuple[Stimulus, ...]]] | None = [] if keep_words else None
    search = Search(target, profile, most_servers, steps, words=words, session=session, rarity=rarity)
    # What was found is in the search, also where the implementation did not do it again.
    run_programs(
        machine(search),
        seed=seed,
        programs=4 * steps // program_steps,
        steps=program_steps,
        shrink=False,
        ends=(ViolationError, EnoughError),
        target=rarity is not None,
    )
    if search.trouble is not None:
        raise search.trouble
    return search
