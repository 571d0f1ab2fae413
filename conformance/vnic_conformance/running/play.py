"""What is played in a run, and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.events import AdapterFailed, Event, Failure
from vnic_conformance.running.plan import Case
from vnic_conformance.running.verdicts import CaseResult
from vnic_conformance.session import Session
from vnic_conformance.stimulus import Stimulus


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
    complete: bool = True  #: false for what a truncated log tells


Listener = Callable[[Event], None]
