"""What is played in a run, and what comes out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from vnic_conformance.episode import Episode, Setting
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judgement
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.protocol.messages import Outcome as Said
from vnic_conformance.running.events import AdapterFailed, Event, Failure
from vnic_conformance.running.plan import Case
from vnic_conformance.running.verdicts import CaseResult, Rerun
from vnic_conformance.session import Conversation, Session, Turns
from vnic_conformance.stimulus import CLOCK, Stimulus


@dataclass(frozen=True, slots=True)
class Play:
    """One session to be played.

    Attributes:
        phase: what it belongs to, in one word.
        setting: what it is judged by.
        turns: what to do, for a session that has begun; its oracle is the role's.
        case: the case that is played, if it is one.
        covers: further cases that it goes through.
        seed: of what is random in it.
        absent: features that it asks for though they are not claimed.
    """

    phase: str
    setting: Setting
    turns: Callable[[Session[Any]], Turns] = lambda _: ()
    case: Case | None = None
    covers: tuple[Case, ...] = ()
    seed: int | None = None
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of what is random is played.

    Attributes:
        steps: stimuli of the random phases.
        seed: of everything random.
        servers: how many servers; None: several numbers in turn.
        words: what to begin with, each with its number of servers.
        rarity: how much the session that is going on has met that is rare; None: nobody knows, and Hypothesis is not told.
    """

    steps: int
    seed: int
    servers: int | None = None
    words: tuple[tuple[int, tuple[Stimulus, ...]], ...] = ()
    rarity: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A failing word and what is known of it."""

    episode: Episode
    judgement: Judgement
    rerun: Rerun
    note: str


@dataclass
class Outcome:
    """What a run found."""

    results: list[CaseResult] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    broken: AdapterFailed | None = None
    notes: list[str] = field(default_factory=list)
    sessions: int = 0
    steps: int = 0
    seconds: float = 0.0
    code: ExitCode = ExitCode.INCONCLUSIVE
    complete: bool = True  #: false for what a truncated log tells, and for a run that was stopped
    stopped: str = ""  #: who stopped the run, or empty
    beside: dict[str, int] = field(default_factory=dict)  #: violated and not selected: from case to sessions
    unclear: int = 0  #: sessions in which an answer said nothing
    fault: Exception | None = None  #: of the kit itself, which ended the run after violations had been found


class Run(Protocol):
    """What those who choose what is played may look at, and ask for, in a run."""

    counts: Counter[str]  #: how often each case was put to the test
    unreached: dict[str, str]  #: why nothing can exercise a case

    @property
    def hello(self) -> Hello:
        """What the adapter says of itself."""

    @property
    def requests(self) -> Conversation:
        """The implementation."""

    @property
    def over(self) -> bool:
        """Nothing more is to be played."""

    def tired_of(self, phase: str) -> bool:
        """A phase has met so many failing sessions that more of them would tell nothing new."""

    def setting(self, servers: int, **more: Any) -> Setting:
        """What a session with so many servers is judged by here; ``more`` are further fields of it."""

    def session(self, play: Play) -> Session[Any]:
        """A session that is counted and told, for those who drive it themselves."""

    def end(self, session: Session[Any], play: Play) -> None:
        """Such a session is over."""

    def note(self, text: str) -> None:
        """Say something that is no verdict."""


Listener = Callable[[Event], None]

OK, FAIL, UNDECIDED = "ok", "fail", "inconclusive"


def last_word(judgements: Sequence[Judgement], failure: Judgement | None, *, played: bool) -> tuple[str, str]:
    """What is said of a session that is over: the verdict, and why nothing can be said.

    Args:
        judgements: of its steps.
        failure: the violation, if there was one.
        played: it was a case, whose steps depend on each other: an answer of outcome ``unknown`` leaves it undecided. Elsewhere
            the oracle follows both ways, and only where every call is answered so there is nothing to be said.
    """
    if failure is not None:
        return FAIL, ""
    for judgement in judgements:
        if judgement.inconclusive:
            return UNDECIDED, judgement.inconclusive
        if played and judgement.came.get("outcome") == Said.UNKNOWN:
            return UNDECIDED, f"{judgement.stimulus.who} {judgement.stimulus.call} is answered unknown"
    calls = [judgement for judgement in judgements[1:] if judgement.stimulus.who != CLOCK]
    if calls and all(judgement.came.get("outcome") == Said.UNKNOWN for judgement in calls):
        return UNDECIDED, "every call is answered unknown"
    return OK, ""


@contextmanager
def driven(run: Run, phase: str, seed: int) -> Iterator[Callable[[Setting], Session[Any]]]:
    """Makes sessions for who drives them; one ends when the next is made, or when the driver has ended.

    Where the driver is ended from outside, the run ends the session that it knows to be open.
    """
    opened: list[tuple[Session[Any], Play]] = []

    def begun(setting: Setting) -> Session[Any]:
        while opened:
            run.end(*opened.pop())
        play = Play(phase, setting, seed=seed)
        session = run.session(play)
        opened.append((session, play))
        return session

    yield begun
    while opened:
        run.end(*opened.pop())
