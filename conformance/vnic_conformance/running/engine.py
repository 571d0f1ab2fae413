"""The engine: puts an implementation to the test, step by step, and tells listeners what happens.

It knows no format and prints nothing. What is played comes from :mod:`vnic_conformance.running.phases`; every step goes
through a session, that is, through the oracle in lockstep; what was put to the test is counted at every step. A violation ends
its session, is narrowed down and repeated; a broken adapter ends the run. Whatever ends a run, a violation that was seen is in
its outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from vnic_conformance.oracle import Judgement
from vnic_conformance.protocol.messages import Outcome as Said
from vnic_conformance.running.coverage import Coverage
from vnic_conformance.running.episode import Episode, Recording, conversation, feature_of, retrace, too_long
from vnic_conformance.running.events import (
    AdapterFailed,
    CaseDone,
    Event,
    Failure,
    Narrowing,
    Noted,
    RunBegan,
    RunEnded,
    SessionBegan,
    SessionEnded,
    StepDone,
    Stopped,
    alternatives,
)
from vnic_conformance.running.narrowing import Narrowed, narrow, reruns
from vnic_conformance.running.plan import (
    Case,
    answers_case,
    case_of,
    counted_against,
    exercised_by_script,
)
from vnic_conformance.running.play import UNDECIDED, Listener, Outcome, Play, last_word
from vnic_conformance.running.verdicts import CaseResult, Rerun, Verdict, exit_code
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.targets import AdapterBroken, Target
from vnic_conformance.targets.pacing import LONGEST_WAIT_MS
from vnic_spec.profile import Profile

#: A phase that meets only failing sessions is left after so many of them.
ENOUGH_FAILURES = 4
#: Longest step of a real clock in the random phases, in milliseconds: the shortest intervals run out within it.
RANDOM_WAIT_MS = 400
#: So many different failures are made as short as can be; for further ones stimuli are left out within a smaller budget.
NARROWED = 3


class Watched(Recording):
    """A session of a run: every step of it is counted and told.

    Args:
        engine: the run.
        play: what the session is played for.
    """

    def __init__(self, engine: Engine, play: Play) -> None:
        super().__init__(engine.requests, play.servers, engine.profile, unpaired=play.unpaired)
        self.engine = engine
        self.play_of = play

    def begin(self) -> Judgement:
        """Reset; see :class:`~vnic_conformance.session.Session`."""
        self.engine.does(self, None)
        judgement = super().begin()
        self.engine.began(self, judgement)
        return judgement

    def apply(self, stimulus: Stimulus) -> Judgement:
        """One stimulus, unless the implementation does not claim what it needs, or its clock would take too long.

        See :class:`~vnic_conformance.session.Session`.
        """
        why = self.engine.not_to_be_done(stimulus, self.play_of)
        if why is not None:
            return Judgement(stimulus, ok=True, inconclusive=why.reason)
        self.engine.does(self, stimulus)
        judgement = super().apply(stimulus)
        self.engine.did(self, judgement)
        return judgement


class Engine:
    """Runs a check.

    Args:
        target: the implementation; it has greeted.
        profile: what it is judged by.
        cases: every case there is.
        chosen: those that count.
        header: the first event.
        listeners: told of every event.
        fail_fast: stop at the first violation of a chosen case.
        longest_wait_ms: steps of a real clock that are longer are not played.
    """

    def __init__(
        self,
        target: Target,
        profile: Profile,
        cases: Sequence[Case],
        chosen: Sequence[Case],
        header: RunBegan,
        listeners: Sequence[Listener] = (),
        *,
        fail_fast: bool = False,
        longest_wait_ms: int = LONGEST_WAIT_MS,
    ) -> None:
        self.target = target
        self.profile = profile
        self.requests = conversation(target, profile)
        self.outcome = Outcome()
        self.coverage = Coverage()
        self.unreached: dict[str, str] = {}  #: why nothing can exercise a case
        self._cases = {case.id: case for case in cases}
        self._chosen = list(chosen)
        self._chosen_ids = {case.id for case in chosen}
        self._header = header
        self._listeners = listeners
        self._fail_fast = fail_fast
        self._longest_wait_ms = longest_wait_ms
        self._played: dict[str, CaseResult] = {}
        self._failed: dict[str, Failure] = {}
        self._session: Watched | None = None
        self._open: Stimulus | None = None
        self._playing: Case | None = None
        self._failing: dict[str, int] = {}
        self._unknown = 0  #: answers of which nobody knows whether the call was carried out
        self._unkept: set[str] = set()  #: what is claimed and answered unsupported
        self._began = 0.0

    # -- the run ------------------------------------------------------------------------------------------------------

    def run(self, plays: Callable[[Engine], Iterator[Play]]) -> Outcome:
        """Play what is offered, and judge.

        Args:
            plays: offers what to play next; it may look at the engine to decide.

        Raises:
            KeyboardInterrupt: somebody stopped the run before anything was violated; the listeners know, and there is no end.
            Exception: a fault of the kit, before anything was violated.
        """
        self._began = time.monotonic()
        self._tell(self._header)
        try:
            for play in plays(self):
                self.play(play)
                if self.over:
                    break
        except AdapterBroken as trouble:
            self._breaks(trouble)
        except KeyboardInterrupt:
            self._stops("interrupted")
            if not self._failed:
                raise
        except Exception as fault:
            self._stops(f"a fault of the kit: {type(fault).__name__}")
            if not self._failed:
                raise
            self.outcome.fault = fault
        return self._judge()

    @property
    def chosen(self) -> tuple[Case, ...]:
        """The cases that count: those that were chosen, and those that a violation had to be counted against."""
        return tuple(self._chosen)

    def _stops(self, why: str) -> None:
        """The run ends before its time; a session that was violated and is not over yet is taken in."""
        self.outcome.stopped, self.outcome.complete = why, False
        session = self._session
        if session is not None and session.failure is not None:
            self.end(session, session.play_of, stopped=True)
        self._tell(Stopped(why))

    @property
    def over(self) -> bool:
        """Nothing more is to be played."""
        return self.outcome.broken is not None or (self._fail_fast and bool(self._failed))

    def tired_of(self, phase: str) -> bool:
        """A phase has met so many failing sessions that more of them would tell nothing new."""
        return self._failing.get(phase, 0) >= ENOUGH_FAILURES

    def play(self, play: Play) -> Watched | None:
        """Play one session; answer it, or None where the implementation does not support the case."""
        case = play.case
        missing = () if case is None else sorted(case.features - self.target.hello.features)
        if case is not None and missing:
            self._played[case.id] = CaseResult(case.id, Verdict.UNSUPPORTED, 0, _unclaimed(missing))
            return None
        session = self.session(play)
        session.begin()
        skipped: CaseResult | None = None
        for stimulus in play.stimuli(session):
            if session.failure is not None:
                break
            why = self.not_to_be_done(stimulus, play)
            if why is not None:
                skipped = why
                if case is not None:
                    break
                continue
            session.apply(stimulus)
        self.end(session, play, skipped)
        return session

    def not_to_be_done(self, stimulus: Stimulus, play: Play) -> CaseResult | None:
        """The verdict on a case that needs this stimulus, where the implementation cannot be asked for it."""
        feature = feature_of(stimulus)
        if feature is not None and feature not in self.target.hello.features | play.absent:
            return CaseResult("", Verdict.UNSUPPORTED, 0, _unclaimed([feature]))
        if not self.requests.real:
            return None
        longest = self._longest_wait_ms
        why = too_long(stimulus, min(longest, RANDOM_WAIT_MS) if play.seed is not None else longest)
        return CaseResult("", Verdict.NOT_EXERCISED, 0, why) if why else None

    def session(self, play: Play) -> Watched:
        """A session whose every step is counted and told."""
        return Watched(self, play)

    def began(self, session: Watched, judgement: Judgement) -> None:
        """The implementation has been reset for a session."""
        play = session.play_of
        self._open = None
        self.outcome.sessions += 1
        case = None if play.case is None else play.case.id
        covers = tuple(case.id for case in play.covers)
        self._tell(
            SessionBegan(
                self.outcome.sessions, play.phase, case, play.servers, play.seed, judgement, play.unpaired, covers
            )
        )

    def does(self, session: Watched, stimulus: Stimulus | None) -> None:
        """Something is about to be done in a session; None: the implementation is reset."""
        self._session, self._playing = session, session.play_of.case
        self._open = stimulus

    def did(self, session: Watched, judgement: Judgement) -> None:
        """One step was applied and judged: count it, and tell."""
        self._open = None
        self.outcome.steps += 1
        self.coverage.note(session.oracle.ops, session.before, judgement)
        if judgement.inconclusive:
            self._unclear(judgement)
        self._unknown += judgement.came.get("outcome") == Said.UNKNOWN
        number = len(session.judgements) - 1
        self._tell(StepDone(self.outcome.sessions, number, session.word[-1], judgement))

    def end(self, session: Watched, play: Play, skipped: CaseResult | None = None, *, stopped: bool = False) -> None:
        """A session is over: give its case a verdict, and take its violation in; where the run was stopped, as it is."""
        failure = session.failure
        verdict, inconclusive = last_word(session.judgements, failure, played=play.case is not None)
        self._session = self._playing = None
        if verdict == UNDECIDED:
            self.outcome.unclear += 1
        why = inconclusive or ("" if skipped is None else skipped.reason)
        hurts, why = ("", why) if failure is None else (failure.requirement, failure.sentence)
        self._tell(SessionEnded(self.outcome.sessions, verdict, hurts, why))
        if play.case is not None and failure is None:
            done = len(session.judgements) - 1
            if skipped is not None:
                result = replace(skipped, case=play.case.id)
            elif inconclusive:
                result = CaseResult(play.case.id, Verdict.INCONCLUSIVE, done, inconclusive)
            else:
                result = CaseResult(play.case.id, Verdict.PASS, done)
            if result.verdict is Verdict.PASS:
                self.coverage.counts.update(exercised_by_script(play.case.id))
            for case in {play.case, *play.covers}:
                if self._played.get(case.id, result).verdict <= result.verdict:
                    self._played[case.id] = replace(result, case=case.id)
        if failure is not None:
            self._take(failure, session, play, stopped=stopped)
        else:
            self._failing[play.phase] = 0

    def _unclear(self, judgement: Judgement) -> None:
        """A step of which nothing can be said, because a claim is not kept."""
        what = f"{judgement.stimulus.who} {judgement.stimulus.call}"
        if what not in self._unkept:
            self._unkept.add(what)
            self._note(f"{what} is answered unsupported, though the adapter claims {feature_of(judgement.stimulus)}")

    # -- failures -----------------------------------------------------------------------------------------------------

    def _take(self, failure: Judgement, session: Watched, play: Play, *, stopped: bool) -> None:
        self._failing[play.phase] = self._failing.get(play.phase, 0) + 1
        if self._failing[play.phase] == ENOUGH_FAILURES:
            self._note(f"phase {play.phase} was left after {ENOUGH_FAILURES} failing sessions in a row")
        blamed = case_of(failure.requirement, self._cases)
        selected = bool(self._header.select)
        counted = counted_against(failure.requirement, play.case, self._chosen_ids, self._cases, selected=selected)
        if not counted:
            self.outcome.beside[blamed] = self.outcome.beside.get(blamed, 0) + 1
            return
        self._admit(counted)
        new = counted - self._failed.keys()
        if not new:
            return
        alone = play.case is not None and retrace(session.episode)[-1].judgement.ok
        if blamed in self._failed and not alone:
            # One trace for one property is enough: the others would mostly show the same fault.
            self._failed |= {case: replace(self._failed[blamed], case=case) for case in new}
            return
        ends: BaseException | None = None
        try:
            if stopped:
                raise KeyboardInterrupt
            found = self._narrowed(session.episode, failure, play, alone)
        except BaseException as trouble:
            found = Narrowed(session.episode, failure, Rerun(0, 0), f"{_steps(session.episode)}, not shortened")
            ends = None if stopped else trouble
        shown = Failure(
            case=blamed if blamed in new else min(new),
            requirement=found.judgement.requirement,
            sentence=found.judgement.sentence,
            phase=play.phase,
            episode=found.episode,
            allowed=alternatives(found.judgement),
            script=play.case.id if alone and play.case is not None else "",
            found_after=self.outcome.steps,
            rerun=found.rerun,
            length_note=found.note,
        )
        self._failed |= {case: replace(shown, case=case) for case in new}
        self.outcome.failures.append(shown)
        self._tell(shown)
        if ends is not None:
            raise ends

    def _admit(self, counted: Iterable[str]) -> None:
        """Cases that are in no plan, and that a violation counts against."""
        for case in sorted(set(counted) - self._chosen_ids):
            made = answers_case(case.partition("/")[0])
            self._cases[made.id] = made
            self._chosen.append(made)
            self._chosen_ids.add(made.id)

    def _narrowed(self, episode: Episode, failure: Judgement, play: Play, alone: bool) -> Narrowed:
        if alone:
            # What is wrong only the script knows, so its word is what it is.
            again = self._repeated(play, episode, failure)
            return Narrowed(episode, failure, again, f"{_steps(episode)}, as scripted")
        self._tell(Narrowing(failure.requirement, len(episode.moments)))
        return narrow(self.requests, episode, failure, thorough=len(self.outcome.failures) < NARROWED)

    def _repeated(self, play: Play, episode: Episode, failure: Judgement) -> Rerun:
        failed, times = 0, reruns(episode)
        for _ in range(times):
            session = Recording(self.requests, play.servers, self.profile, unpaired=play.unpaired)
            session.begin()
            for stimulus in play.stimuli(session):
                session.apply(stimulus)
                if session.failure is not None:
                    break
            failed += session.failure is not None and session.failure.requirement == failure.requirement
        return Rerun(failed, times)

    def _breaks(self, trouble: AdapterBroken) -> None:
        session = self._session
        episode = None if session is None else session.episode
        number = self.outcome.sessions
        event = AdapterFailed(number, trouble.as_fields(), str(trouble), self._open, episode)
        self.outcome.broken = event
        if self._playing is not None:
            self._played[self._playing.id] = CaseResult(self._playing.id, Verdict.BROKEN, 0, trouble.title)
        self._tell(event)

    # -- the end ------------------------------------------------------------------------------------------------------

    def _judge(self) -> Outcome:
        outcome = self.outcome
        for case in self._chosen:
            result = self._result(case)
            outcome.results.append(result)
            self._tell(CaseDone(result))
        for blamed, times in outcome.beside.items():
            self._note(f"{blamed} was violated in {times} session{'s' if times > 1 else ''}; it was not selected")
        if self._unknown:
            self._note(
                f"{self._unknown} calls were answered unknown; where no case depends on one, both ways were followed"
            )
        outcome.seconds = time.monotonic() - self._began
        outcome.code = exit_code(outcome.results, broken=outcome.broken is not None, unclear=outcome.unclear > 0)
        if outcome.complete:
            self._tell(
                RunEnded(
                    outcome.sessions,
                    outcome.steps,
                    outcome.seconds,
                    int(outcome.code),
                    dict(outcome.beside),
                    outcome.unclear,
                )
            )
        return outcome

    def _result(self, case: Case) -> CaseResult:
        failure = self._failed.get(case.id)
        count = self.coverage.counts[case.id]
        if failure is not None:
            return CaseResult(case.id, Verdict.FAIL, max(count, 1), failure.sentence, failure.rerun)
        if case.id in self._played:
            return self._played[case.id]
        if case.watched and count:
            return CaseResult(case.id, Verdict.PASS, count)
        missing = sorted(case.features - self.target.hello.features)
        if missing:
            return CaseResult(case.id, Verdict.UNSUPPORTED, 0, _unclaimed(missing))
        return CaseResult(case.id, Verdict.NOT_EXERCISED, 0, self._why_not(case))

    def _why_not(self, case: Case) -> str:
        if self.outcome.broken is not None:
            return "the adapter broke before"
        if self.outcome.stopped:
            return f"the run was stopped before ({self.outcome.stopped})"
        if self._failed and self.over:
            return "the run was stopped at the first violation"
        if case.id in self.unreached:
            return self.unreached[case.id]
        if not case.watched:
            return "nothing that was played went there to the end"
        return f"not reached in this run: {case.exercised_by}"

    def _note(self, text: str) -> None:
        self.outcome.notes.append(text)
        self._tell(Noted(text))

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)


def _steps(episode: Episode) -> str:
    many = len(episode.moments)
    return f"{many} step{'' if many == 1 else 's'}"


def _unclaimed(features: Iterable[str]) -> str:
    return f"the adapter does not claim {', '.join(features)}"


def hello_as_plain(target: Target) -> dict[str, object]:
    """What an adapter says of itself, as the log has it."""
    hello = target.hello
    return {
        "implementation": hello.implementation,
        "version": hello.version,
        "protocol": f"{hello.protocol[0]}.{hello.protocol[1]}",
        "role": hello.role,
        "servers": hello.servers,
        "clock": hello.clock,
        "quiet_ms": hello.quiet_ms,
        "features": " ".join(sorted(hello.features)),
    }
