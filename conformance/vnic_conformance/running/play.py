"""What is played in a run, and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judgement
from vnic_conformance.protocol.messages import Outcome as Said
from vnic_conformance.running.events import AdapterFailed, Event, Failure
from vnic_conformance.running.plan import Case
from vnic_conformance.running.verdicts import CaseResult
from vnic_conformance.session import Session
from vnic_conformance.stimulus import CLOCK, Stimulus


@dataclass(frozen=True, slots=True)
class Play:
    """One session to be played.

    Attributes:
        phase: what it belongs to, in one word.
        servers: server partitions.
        stimuli: what to do; it is asked for the next stimulus when the one before has been judged.
        case: the case that is played, if it is one.
        covers: further cases that it goes through.
        unpaired: server partitions without an authorised connection.
        seed: of what is random in it.
        absent: features that it asks for though they are not claimed.
    """

    phase: str
    servers: int
    stimuli: Callable[[Session], Iterable[Stimulus]]
    case: Case | None = None
    covers: tuple[Case, ...] = ()
    unpaired: tuple[str, ...] = ()
    seed: int | None = None
    absent: frozenset[str] = frozenset()


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
