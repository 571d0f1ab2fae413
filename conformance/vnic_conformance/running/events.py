"""What happens in a run, as a stream of events: the one source of the run log, of progress and of every report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vnic_conformance.episode import Episode, Setting
from vnic_conformance.oracle import Alternative, Judgement
from vnic_conformance.running.verdicts import CaseResult, Rerun
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile


@dataclass(frozen=True, slots=True)
class RunBegan:
    """The adapter has greeted, and what is to be checked is settled."""

    kit: str
    adapter: str
    hello: Mapping[str, object]  #: as plain data
    profile: Profile
    seed: int
    steps: int  #: budget of the random phases
    select: tuple[str, ...]  #: the globs; none: everything
    cases: tuple[str, ...]  #: IDs of the cases that are to be checked


@dataclass(frozen=True, slots=True)
class SessionBegan:
    """The implementation has been reset."""

    session: int
    phase: str
    case: str | None
    setting: Setting
    seed: int | None
    judgement: Judgement
    covers: tuple[str, ...] = ()  #: IDs of further cases that it goes through


@dataclass(frozen=True, slots=True)
class StepDone:
    """One stimulus was answered and judged."""

    session: int
    number: int
    given: Stimulus  #: session tokens by name
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session is over: the last word on it, which a script may have only when every step had been judged.

    Attributes:
        session: its number.
        verdict: ``ok``, ``fail`` or ``inconclusive``.
        requirement: that is hurt, or empty.
        reason: what should have been, or why nothing can be said; or empty.
    """

    session: int
    verdict: str
    requirement: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A violation was found; shorter words are looked for. Steps of that are no part of the run."""

    requirement: str
    steps: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A violation with the word that leads to it.

    Attributes:
        case: what it counts against.
        requirement: the property or requirement that is hurt.
        sentence: what should have been.
        phase: where it was found.
        episode: from ``reset`` to the violation.
        allowed: everything that was allowed instead.
        script: the scripted case that alone knows what is wrong, the specification being silent on it; or empty.
        found_after: steps of the run before it was found.
        rerun: how often it came again.
        length_note: what is known of shorter words.
        shown: what came, in words, where no fields are compared.
        played: the case that was played when it was found, or empty.
    """

    case: str
    requirement: str
    sentence: str
    phase: str
    episode: Episode
    allowed: tuple[Alternative, ...] = ()
    script: str = ""
    found_after: int = 0
    rerun: Rerun | None = None
    length_note: str = ""
    shown: str = ""
    played: str = ""


@dataclass(frozen=True, slots=True)
class AdapterFailed:
    """The adapter is broken; nothing more can be asked of it."""

    session: int
    trouble: Mapping[str, object]  #: as the exception describes itself
    text: str
    stimulus: Stimulus | None  #: what was open
    episode: Episode | None  #: what had been done since the last reset


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that a reader should know and that is no verdict."""

    text: str


@dataclass(frozen=True, slots=True)
class CaseDone:
    """The verdict on one case."""

    result: CaseResult


@dataclass(frozen=True, slots=True)
class Stopped:
    """The run was stopped before its end; what was found until then stands."""

    why: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run is complete."""

    sessions: int
    steps: int
    seconds: float
    code: int
    beside: Mapping[str, int] = field(default_factory=dict)  #: violated and not selected: from case to sessions
    unclear: int = 0  #: sessions in which an answer said nothing


Event = (
    RunBegan
    | SessionBegan
    | StepDone
    | SessionEnded
    | Narrowing
    | Failure
    | AdapterFailed
    | Noted
    | CaseDone
    | Stopped
    | RunEnded
)
