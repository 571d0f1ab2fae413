"""Judging the log of an old run again, by the specification and the scripts of today. No implementation is needed.

What came is put before the oracle as if an implementation said it now. So a log outlives the kit that wrote it: a decision
that has changed, a property that is new or a defect of the oracle that is mended shows in what was recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vnic_conformance.answer import Answer
from vnic_conformance.episode import HYPERVISOR, Episode, Moment
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judge, Judgement
from vnic_conformance.running.plan import Case, Phase, case_of, counted_against
from vnic_conformance.running.play import FAIL, OK, UNDECIDED, last_word
from vnic_conformance.running.recorded import RecordedRun, RecordedSession, begun
from vnic_conformance.running.role import role_named
from vnic_conformance.running.verdicts import CaseResult, Verdict
from vnic_conformance.session import Session, Turn, Turns
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
        results: what the steps say of each case that counts.
    """

    sessions: list[Rejudged] = field(default_factory=list)
    truncated: bool = False
    broken: bool = False
    exercised: bool = False
    results: list[CaseResult] = field(default_factory=list)

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
    found.results = judge.results()
    return found


class _NotRecordedError(Exception):
    """More is asked than was recorded: a busy call would be repeated (CRQ-14), and the log has only its last answer."""


class _Recalled:
    """A target that says what was recorded, one answer to a step; told of each step, it counts what that put to the test."""

    def __init__(self, episode: Episode, counts: Counter[str]) -> None:
        self._came: Iterator[Answer] = iter([episode.start, *(m.came for m in episode.moments)])
        self._counts = counts
        self.due = 0

    def __call__(self, judgement: Judgement) -> None:
        """See :data:`~vnic_conformance.session.Watch`."""
        self.due = 1
        self._counts.update(judgement.exercised)

    def unclaimed(self, stimulus: Stimulus) -> str:
        """What was done was done; the facts of the answer say what was not claimed."""
        return ""

    def reset(self, fields: Mapping[str, object], *, may_be_unsupported: bool = False) -> Answer:
        """What the reset showed."""
        return next(self._came)

    def do(self, stimulus: Stimulus, absent: str = "") -> Answer:
        """The next answer."""
        if not self.due:
            raise _NotRecordedError
        self.due -= 1
        return next(self._came)


class _Judge:
    """Judges the sessions of one run, and knows which cases count in it."""

    def __init__(self, run: RecordedRun) -> None:
        self._run = run
        self._role = role_named(str(run.header.hello.get("role", HYPERVISOR)))
        self._cases = {case.id: case for case in (*map(self._role.case, run.header.cases), *self._role.watched())}
        self._chosen = frozenset(run.header.cases)
        self._selected = bool(run.header.select)
        self._counts: Counter[str] = Counter()
        self._passed: dict[str, int] = {}
        self._undecided: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        #: Of the session that was judged last: what its case needs has not come about, whatever the log says.
        self._skipped = False

    @property
    def exercised(self) -> bool:
        """A case that counts was put to the test."""
        return bool(self._chosen & (self._passed.keys() | {case for case, count in self._counts.items() if count}))

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
        if played is not None and found.now != FAIL and not (found.now == OK and (recorded.reason or self._skipped)):
            # What the line says that was played counts only where the steps can show it: a script where they are its own.
            named = (played.id,) if scripted else (played.id, *recorded.covers)
            gone = {case for case in named if scripted or self._role.turns(case) is None}
            gone = {case for case in gone if case not in self._cases or not self._cases[case].watched}
            if found.now == UNDECIDED:
                self._undecided |= dict.fromkeys(gone, found.sentence)
            else:
                counted = self._role.also(played.id) if scripted else frozenset()
                self._passed |= dict.fromkeys(gone | counted, max(found.steps, 1))
        return found

    def results(self) -> list[CaseResult]:
        """The verdicts on the cases that count, when all sessions have been judged."""
        said = {result.case: result for result in self._run.results}
        return [self._result(case, said.get(case)) for case in dict.fromkeys((*self._run.header.cases, *self._failed))]

    def _result(self, case: str, said: CaseResult | None) -> CaseResult:
        """The verdict on one case. What the log says itself is believed where it claims nothing."""
        count = self._counts[case] or self._passed.get(case, 0)
        was = None if said is None else said.verdict
        if case in self._failed:
            return CaseResult(
                case, Verdict.FAIL, max(count, 1), self._failed[case], None if said is None else said.rerun
            )
        if said is not None and was is Verdict.BROKEN and self._run.broken is not None:
            return said
        if case in self._undecided:
            return CaseResult(case, Verdict.INCONCLUSIVE, count, self._undecided[case])
        if count and (case in self._passed or self._cases[case].watched):
            return CaseResult(case, Verdict.PASS, count)
        if said is not None and was in (Verdict.NOT_EXERCISED, Verdict.UNSUPPORTED):
            return said
        return CaseResult(case, Verdict.NOT_EXERCISED, 0, "no step of the log puts it to the test")

    def judged(
        self, number: int, what: str, was: str, episode: Episode, name: str, played: Case | None = None
    ) -> Rejudged:
        """One episode, by the script of that name if it has one."""
        recalled = _Recalled(episode, self._counts)
        judge = self._role.judge(episode.setting, self._counts)
        session = Session(recalled, episode.setting, judge, recalled)
        changed = ""
        self._skipped = False
        if not session.begin().inconclusive and session.failure is None:
            turns = self._role.turns(name) if name else None
            if turns is None and played is not None:
                turns = self._role.retold(played.id, [moment.stimulus for moment in episode.moments])
            if turns is None and name:
                changed = f"this kit has no script {name}; the oracle alone has judged"
            try:
                changed = changed or _play(session, episode.moments, turns)
            except _NotRecordedError:
                changed = f"step {len(session.word)}: the log does not say what came when the busy call was repeated"
        self._skipped = session.skipped is not None
        last, failure = session.judgements[-1], session.failure
        steps = len(session.judgements) - 1
        if failure is not None:
            done = str(session.word[-1]) if steps else ""
            counted = self._counted(failure.requirement, played)
            if not number:
                counted |= {name or case_of(failure.requirement, self._cases)}
            self._failed = dict.fromkeys(counted, failure.sentence) | self._failed
            counts = bool(counted)
            return Rejudged(number, what, was, FAIL, steps, done, last.requirement, last.sentence, steps, counts)
        said, why = last_word(session.judgements, None, played=played is not None)
        if changed:
            said, why = UNDECIDED, changed
        return Rejudged(number, what, was, said, steps, "", "", why, steps)

    def _counted(self, blamed: str, played: Case | None) -> frozenset[str]:
        chosen = self._chosen | (set() if self._selected else {case_of(blamed, self._cases)})
        return counted_against(blamed, played, chosen, self._cases, selected=self._selected, also=self._role.also)


def _play(session: Session[Judge], moments: Sequence[Moment], turns: Callable[[Session[Judge]], Turns] | None) -> str:
    """Judge the steps up to the first violation; why the script cannot judge them, or nothing."""
    if turns is None:
        for _ in session.steps(moment.stimulus for moment in moments):
            pass
        return ""
    asked = iter(turns(session))
    for number, moment in enumerate(moments, 1):
        turn = next(asked, None)
        if session.failure is not None or (turn is None and session.over):
            return ""
        turn = turn if turn is None or isinstance(turn, Turn) else Turn(turn)
        if turn is None or turn.stimulus != moment.stimulus:
            wanted = "none" if turn is None else turn.stimulus
            return f"the script is another one today: step {number} was {moment.stimulus}, and is {wanted}"
        session.apply(turn.stimulus, turn.expect)
    if session.failure is None and next(asked, None) is not None and not session.over:
        return f"the log ends after step {len(moments)}, and the script does not"
    return ""
