"""Judging the log of an old run again, by the specification and the scripts of today. No implementation is needed.

What came is put before the oracle as if an implementation said it now. So a log outlives the kit that wrote it: a decision
that has changed, a property that is new or a defect of the oracle that is mended shows in what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS, Script
from vnic_conformance.cases.runner import stimuli
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judgement
from vnic_conformance.running.episode import Episode, Moment
from vnic_conformance.running.recorded import RecordedRun, RecordedSession
from vnic_conformance.session import Session
from vnic_conformance.stimulus import Stimulus

OK, FAIL, UNDECIDED = "ok", "fail", "inconclusive"


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What is said of one session now.

    Attributes:
        session: its number in the log; 0: a failure that was kept without its session.
        what: the case or the phase that it belongs to.
        was: what was said of its last step then: ok, fail or inconclusive.
        now: the same now.
        step: number of the step that decides, from 1; 0 is the reset.
        done: that step in words, or empty.
        requirement: that is hurt now, or empty.
        sentence: what should have been, or why nothing can be said.
        steps: how many were judged.
    """

    session: int
    what: str
    was: str
    now: str
    step: int
    done: str
    requirement: str
    sentence: str
    steps: int


@dataclass
class Rejudgement:
    """What is said of a whole log now.

    Attributes:
        sessions: in the order of the log.
        truncated: the log has no end.
        broken: the adapter broke in that run.
    """

    sessions: list[Rejudged] = field(default_factory=list)
    truncated: bool = False
    broken: bool = False

    @property
    def otherwise(self) -> list[Rejudged]:
        """Sessions of which something else is said now."""
        return [s for s in self.sessions if s.now != s.was]

    @property
    def code(self) -> ExitCode:
        """What the log is worth to a script that has to decide."""
        said = {s.now for s in self.sessions}
        if FAIL in said:
            return ExitCode.VIOLATION
        if self.broken:
            return ExitCode.ADAPTER_BROKEN
        if self.truncated or UNDECIDED in said or not any(s.steps for s in self.sessions):
            return ExitCode.INCONCLUSIVE
        return ExitCode.CONFORMS


def judge_again(run: RecordedRun) -> Rejudgement:
    """Judge every session of a log again; where only failures were kept, those."""
    found = Rejudgement(truncated=run.truncated, broken=run.broken is not None)
    for session in run.sessions:
        found.sessions.append(_session(session))
    if not run.sessions:
        for failure in run.failures:
            found.sessions.append(_judged(0, failure.case, FAIL, failure.episode, failure.script))
    return found


def _session(recorded: RecordedSession) -> Rejudged:
    script = recorded.case if recorded.phase == "scripted" and recorded.case is not None else ""
    return _judged(recorded.number, recorded.case or recorded.phase, recorded.verdict, recorded.episode, script)


class _Recalled:
    """A target that says what was recorded; it knows nothing else."""

    def __init__(self, episode: Episode) -> None:
        self._came: Iterator[Mapping[str, object]] = iter([episode.start, *(m.came for m in episode.moments)])

    def request(self, fields: Mapping[str, object]) -> dict[str, object]:
        return dict(next(self._came))


def _judged(number: int, what: str, was: str, episode: Episode, name: str) -> Rejudged:
    session = Session(_Recalled(episode), episode.servers, episode.profile, episode.unpaired)
    changed = ""
    if session.begin().ok:
        script = (SCRIPTS | LONG_SCRIPTS).get(name)
        if script is None and name:
            changed = f"this kit has no script {name}; the oracle alone has judged"
        changed = changed or _play(session, episode.moments, script)
    last = session.judgements[-1]
    steps = len(session.judgements) - 1
    done = str(session.word[-1]) if steps and not last.ok else ""
    if session.failure is not None:
        return Rejudged(number, what, was, FAIL, steps, done, last.requirement, last.sentence, steps)
    if changed:
        return Rejudged(number, what, was, UNDECIDED, steps, done, "", changed, steps)
    return Rejudged(number, what, was, _said(last), steps, done, "", last.inconclusive, steps)


def _said(judgement: Judgement) -> str:
    return UNDECIDED if judgement.inconclusive else OK


def _play(session: Session, moments: Sequence[Moment], script: Script | None) -> str:
    """Judge the steps up to the first violation; why the script cannot judge them, or nothing."""
    if script is None:
        for moment in moments:
            if session.failure is not None:
                break
            session.apply(moment.stimulus)
        return ""
    asked: Iterator[Stimulus] = stimuli(script, session)
    for number, moment in enumerate(moments, 1):
        wanted = next(asked, None)
        if session.failure is not None or (wanted is None and session.judgements[-1].inconclusive):
            return ""
        if wanted != moment.stimulus:
            return f"the script is another one today: step {number} was {moment.stimulus}, and is {wanted or 'none'}"
        session.apply(moment.stimulus)
    next(asked, None)  # the script looks at what came to its last step
    return ""
