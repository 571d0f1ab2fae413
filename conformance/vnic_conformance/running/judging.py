"""Judging the log of an old run again, by the specification and the scripts of today. No implementation is needed.

What came is put before the oracle as if an implementation said it now. So a log outlives the kit that wrote it: a decision
that has changed, a property that is new or a defect of the oracle that is mended shows in what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vnic_conformance.answer import Answer
from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS, Script
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judgement
from vnic_conformance.running.coverage import Coverage
from vnic_conformance.running.episode import Episode, Moment
from vnic_conformance.running.plan import (
    Case,
    Phase,
    case_of,
    counted_against,
    exercised_by_script,
    known_cases,
    watched_cases,
)
from vnic_conformance.running.play import FAIL, OK, UNDECIDED, last_word
from vnic_conformance.running.recorded import RecordedRun, RecordedSession, begun
from vnic_conformance.running.scripts import stimuli
from vnic_conformance.session import Session
from vnic_conformance.stimulus import Stimulus


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What is said of one session now.

    Attributes:
        session: its number in the log; 0: a failure that was kept without its session.
        what: the case or the phase that it belongs to.
        was: what was said of it then: ok, fail or inconclusive.
        now: the same now.
        counts: a violation counts: its case was selected in that run.
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
    counts: bool = True


@dataclass
class Rejudgement:
    """What is said of a whole log now.

    Attributes:
        sessions: in the order of the log.
        truncated: the log has no end.
        broken: the adapter broke in that run.
        exercised: a case that counts was put to the test.
    """

    sessions: list[Rejudged] = field(default_factory=list)
    truncated: bool = False
    broken: bool = False
    exercised: bool = False

    @property
    def otherwise(self) -> list[Rejudged]:
        """Sessions of which something else is said now."""
        return [s for s in self.sessions if s.now != s.was]

    @property
    def beside(self) -> list[Rejudged]:
        """Sessions with a violation of what had not been selected."""
        return [s for s in self.sessions if s.now == FAIL and not s.counts]

    @property
    def code(self) -> ExitCode:
        """What the log is worth to a script that has to decide: what a check says of the same run."""
        if any(s.now == FAIL and s.counts for s in self.sessions):
            return ExitCode.VIOLATION
        if self.broken:
            return ExitCode.ADAPTER_BROKEN
        if self.truncated or not self.exercised or any(s.now == UNDECIDED for s in self.sessions):
            return ExitCode.INCONCLUSIVE
        return ExitCode.CONFORMS


def judge_again(run: RecordedRun) -> Rejudgement:
    """Judge every session of a log again; where only failures were kept, those."""
    return _judge(run, run.sessions)


def judge_log(source: Path | str) -> tuple[RecordedRun, Rejudgement]:
    """Judge a log session by session while it is read, so that it may be longer than memory.

    Raises:
        RunLogError: it is none.
    """
    run, sessions = begun(source)
    return run, _judge(run, sessions)


def _judge(run: RecordedRun, sessions: Iterable[RecordedSession]) -> Rejudgement:
    judge = _Judge(run)
    judged = [judge.session(session) for session in sessions]
    found = Rejudgement(judged, truncated=run.truncated, broken=run.broken is not None)
    if not any(session.now == FAIL for session in judged):
        # What was kept of a violation counts, also where the session that it was found in is another one now.
        for failure in run.failures:
            found.sessions.append(judge.judged(0, failure.case, FAIL, failure.episode, failure.script))
    found.exercised = judge.exercised
    return found


class _NotRecordedError(Exception):
    """More is asked than was recorded: a busy call would be repeated (CRQ-14), and the log has only its last answer."""


class _Recalled:
    """A target that says what was recorded, one answer to a step; it knows nothing else."""

    def __init__(self, episode: Episode) -> None:
        self._came: Iterator[Answer] = iter([episode.start, *(m.came for m in episode.moments)])
        self.due = 1

    def request(self, fields: Mapping[str, object]) -> Answer:
        if not self.due:
            raise _NotRecordedError
        self.due -= 1
        return next(self._came)


class _Judged(Session):
    """A session of a log whose steps are counted as those of a check are."""

    coverage: Coverage | None = None

    def apply(self, stimulus: Stimulus) -> Judgement:
        before = self.oracle.possibilities
        assert isinstance(self.target, _Recalled)
        self.target.due = 1
        judgement = super().apply(stimulus)
        if self.coverage is not None:
            self.coverage.note(self.oracle.ops, before, judgement)
        return judgement


class _Judge:
    """Judges the sessions of one run, and knows which cases count in it."""

    def __init__(self, run: RecordedRun) -> None:
        self._cases = {case.id: case for case in (*watched_cases(), *known_cases(run.header.cases))}
        self._chosen = frozenset(run.header.cases)
        self._selected = bool(run.header.select)
        self._coverage = Coverage()
        self._passed: set[str] = set()

    @property
    def exercised(self) -> bool:
        """A case that counts was put to the test."""
        return bool(self._chosen & (self._passed | {case for case, count in self._coverage.counts.items() if count}))

    def session(self, recorded: RecordedSession) -> Rejudged:
        """One session."""
        scripted = recorded.phase == "scripted" and recorded.case is not None
        name = str(recorded.case) if scripted else ""
        played = None
        if recorded.case is not None:
            played = Case(recorded.case, Phase.SCRIPT if scripted else Phase.TOUR, "", ())
        found = self.judged(
            recorded.number, recorded.case or recorded.phase, recorded.verdict, recorded.episode, name, played
        )
        if played is not None and found.now == OK and not recorded.reason:
            self._passed |= {played.id, *recorded.covers} | exercised_by_script(played.id)
        return found

    def judged(
        self, number: int, what: str, was: str, episode: Episode, name: str, played: Case | None = None
    ) -> Rejudged:
        """One episode, by the script of that name if it has one."""
        session = _Judged(_Recalled(episode), episode.servers, episode.profile, episode.unpaired)
        session.coverage = self._coverage
        changed = ""
        if session.begin().ok:
            script = (SCRIPTS | LONG_SCRIPTS).get(name)
            if script is None and name:
                changed = f"this kit has no script {name}; the oracle alone has judged"
            try:
                changed = changed or _play(session, episode.moments, script)
            except _NotRecordedError:
                changed = f"step {len(session.word)}: the log does not say what came when the busy call was repeated"
        last, failure = session.judgements[-1], session.failure
        steps = len(session.judgements) - 1
        if failure is not None:
            done = str(session.word[-1]) if steps else ""
            counts = self._counts(failure.requirement, played) if number else True
            return Rejudged(number, what, was, FAIL, steps, done, last.requirement, last.sentence, steps, counts)
        said, why = last_word(session.judgements, None, played=played is not None)
        if changed:
            said, why = UNDECIDED, changed
        return Rejudged(number, what, was, said, steps, "", "", why, steps)

    def _counts(self, blamed: str, played: Case | None) -> bool:
        chosen = self._chosen | (set() if self._selected else {case_of(blamed, self._cases)})
        return bool(counted_against(blamed, played, chosen, self._cases, selected=self._selected))


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
