"""The engine: puts an implementation to the test, step by step, and tells listeners what happens.

It knows no format, prints nothing, and is the same for every role (:mod:`vnic_conformance.running.role`). Every step goes
through a session, that is, through the oracle in lockstep; what was put to the test is counted at every step. A violation ends
its session, is narrowed down and repeated; a broken adapter ends the run. Whatever ends a run, a violation that was seen is in
its outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from vnic_conformance.defaults import LONGEST_WAIT_MS
from vnic_conformance.episode import Episode, Setting
from vnic_conformance.oracle import Judgement
from vnic_conformance.protocol.messages import Outcome as Said
from vnic_conformance.running.episode import again, session_of
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
)
from vnic_conformance.running.plan import Case, case_of, counted_against
from vnic_conformance.running.play import UNDECIDED, Listener, Narrowed, Outcome, Play, last_word
from vnic_conformance.running.repeating import reruns
from vnic_conformance.running.role import converse, role_named
from vnic_conformance.running.verdicts import CaseResult, Rerun, Verdict, exit_code
from vnic_conformance.session import Session, Skipped
from vnic_conformance.stopping import Uninterrupted
from vnic_conformance.targets import AdapterBroken, Target
from vnic_spec.profile import Profile

#: A phase that meets only failing sessions is left after so many of them.
ENOUGH_FAILURES = 4
#: Longest step of a real clock in the random phases, in milliseconds: the shortest intervals run out within it.
RANDOM_WAIT_MS = 400
#: So many different failures are made as short as can be; for further ones stimuli are left out within a smaller budget.
NARROWED = 3


#: Makes a failing episode short, and repeats it; of what only a script knows, the play comes with it.
Narrow = Callable[["Engine", Episode, Judgement, Play | None], Narrowed]


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
        narrow: makes failures short; None: as the role does.
        counting: count what each step puts to the test; without it only played cases say what they exercise.
        afresh: starts the implementation once more, to see whether a failure needs what was played before it; None: it cannot be.
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
        narrow: Narrow | None = None,
        counting: bool = True,
        afresh: Callable[[], Target] | None = None,
    ) -> None:
        self.hello = target.hello
        self.role = role_named(target.hello.role)
        self.requests = converse(self.role, target, profile)
        self.outcome = Outcome()
        self.counts: Counter[str] = Counter()  #: how often each case was put to the test
        self.unreached: dict[str, str] = {}  #: why nothing can exercise a case
        self._profile = profile
        self._times = self.role.times(target.hello)
        self._cases = {case.id: case for case in cases}
        self._chosen = list(chosen)
        self._chosen_ids = {case.id for case in chosen}
        self._header = header
        self._listeners = listeners
        self._fail_fast = fail_fast
        self._longest_wait_ms = longest_wait_ms
        self._narrow = narrow or Engine.narrowed
        self._counting = counting
        self._afresh = afresh
        self._played: dict[str, CaseResult] = {}
        self._failed: dict[str, Failure] = {}
        self._session: Session[Any] | None = None
        self._playing: Play | None = None
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
        self._began = monotonic()
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
        if self._session is not None and self._playing is not None and self._session.failure is not None:
            self.end(self._session, self._playing, stopped=True)
        self._tell(Stopped(why))

    @property
    def over(self) -> bool:
        """Nothing more is to be played."""
        return self.outcome.broken is not None or (self._fail_fast and bool(self._failed))

    def tired_of(self, phase: str) -> bool:
        """A phase has met so many failing sessions that more of them would tell nothing new."""
        return self._failing.get(phase, 0) >= ENOUGH_FAILURES

    def setting(self, servers: int, **more: Any) -> Setting:
        """What a session with so many servers is judged by here."""
        return Setting(servers, self._profile, role=self.role.name, times=self._times, **more)

    def play(self, play: Play) -> Session[Any] | None:
        """Play one session; answer it, or None where the implementation does not support the case."""
        case = play.case
        missing = () if case is None else sorted(case.features - self.hello.features)
        if case is not None and missing:
            self._played[case.id] = CaseResult(case.id, Verdict.UNSUPPORTED, 0, _unclaimed(missing))
            return None
        needed, most = play.setting.servers, self.hello.servers
        if case is not None and needed > most:
            reason = f"it needs {needed} servers, the adapter has at most {most}"
            self._played[case.id] = CaseResult(case.id, Verdict.UNSUPPORTED, 0, reason)
            return None
        session = self.session(play)
        skipped: Skipped | None = None
        if not session.begin().inconclusive:
            for _ in session.steps(play.turns(session)):
                skipped = session.skipped or skipped
                if skipped is not None and case is not None:
                    break
            skipped = skipped or session.skipped
        self.end(session, play, skipped)
        return session

    def session(self, play: Play) -> Session[Any]:
        """A session whose every step is counted and told."""
        judge = self.role.judge(play.setting, self.counts if self._counting else None)
        longest = None
        if self.requests.real:
            longest = min(self._longest_wait_ms, RANDOM_WAIT_MS) if play.seed is not None else self._longest_wait_ms
        session = Session(self.requests, play.setting, judge, self._did, play.absent, longest)
        self._session, self._playing = session, play
        return session

    def _did(self, judgement: Judgement) -> None:
        """The session has begun, or one step of it was applied and judged: count it, and tell."""
        session, play = self._session, self._playing
        assert session is not None
        assert play is not None
        for exercised in judgement.exercised:
            self.counts[exercised] += 1
        number = len(session.judgements) - 1
        if number == 0:
            self._begins(play, judgement)
            return
        self.outcome.steps += 1
        outcome = judgement.came.reply.get("outcome")
        if outcome == Said.UNSUPPORTED and judgement.inconclusive:
            self._unclear(judgement)
        self._unknown += outcome == Said.UNKNOWN
        self._tell(StepDone(self.outcome.sessions, number, session.word[-1], judgement))

    def _begins(self, play: Play, judgement: Judgement) -> None:
        self.outcome.sessions += 1
        case = None if play.case is None else play.case.id
        covers = tuple(case.id for case in play.covers)
        self._tell(SessionBegan(self.outcome.sessions, play.phase, case, play.setting, play.seed, judgement, covers))

    def end(self, session: Session[Any], play: Play, skipped: Skipped | None = None, *, stopped: bool = False) -> None:
        """A session is over: give its case a verdict, and take its violation in; where the run was stopped, as it is."""
        with Uninterrupted() as signals:  # between the log's line on a session and its failure nothing may be lost
            self._end(session, play, skipped, signals, stopped=stopped)

    def _end(
        self,
        session: Session[Any],
        play: Play,
        skipped: Skipped | None,
        signals: Uninterrupted,
        *,
        stopped: bool,
    ) -> None:
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
                verdict_of_it = Verdict.NOT_EXERCISED if skipped.claimed else Verdict.UNSUPPORTED
                result = CaseResult(play.case.id, verdict_of_it, 0, skipped.reason)
            elif inconclusive:
                result = CaseResult(play.case.id, Verdict.INCONCLUSIVE, done, inconclusive)
            else:
                result = CaseResult(play.case.id, Verdict.PASS, done)
                self.counts.update(self.role.also(play.case.id))
            for case in {play.case, *play.covers}:
                if self._played.get(case.id, result).verdict <= result.verdict:
                    self._played[case.id] = replace(result, case=case.id)
        if failure is not None:
            self._take(failure, session, play, signals, stopped=stopped)
        else:
            self._failing[play.phase] = 0

    def _unclear(self, judgement: Judgement) -> None:
        """A step of which nothing can be said, because a claim is not kept."""
        what = f"{judgement.stimulus.who} {judgement.stimulus.call}"
        if what not in self._unkept:
            self._unkept.add(what)
            needed = self.role.feature_of(judgement.stimulus)
            self.note(f"{what} is answered unsupported, though the adapter claims {needed}")

    # -- failures -----------------------------------------------------------------------------------------------------

    def _take(
        self, failure: Judgement, session: Session[Any], play: Play, signals: Uninterrupted, *, stopped: bool
    ) -> None:
        self._failing[play.phase] = self._failing.get(play.phase, 0) + 1
        if self._failing[play.phase] == ENOUGH_FAILURES:
            self.note(f"phase {play.phase} was left after {ENOUGH_FAILURES} failing sessions in a row")
        blamed = case_of(failure.requirement, self._cases)
        counted = counted_against(
            failure.requirement,
            play.case,
            self._chosen_ids,
            self._cases,
            selected=bool(self._header.select),
            also=self.role.also,
        )
        if not counted:
            self.outcome.beside[blamed] = self.outcome.beside.get(blamed, 0) + 1
            return
        self._admit(counted)
        new = counted - self._failed.keys()
        if not new:
            return
        alone = play if failure.scripted else None
        if blamed in self._failed and alone is None:
            # One trace for one property is enough: the others would mostly show the same fault.
            self._failed |= {case: replace(self._failed[blamed], case=case) for case in new}
            return
        ends: BaseException | None = None
        try:
            if stopped:
                raise KeyboardInterrupt
            with signals.allowed():
                found = self._narrow(self, session.episode, failure, alone)
        except BaseException as trouble:
            found = Narrowed(session.episode, failure, Rerun(0, 0), f"{_steps(session.episode)}, not shortened")
            ends = None if stopped else trouble
        played = "" if play.case is None else play.case.id
        shown = Failure(
            case=blamed if blamed in new else min(new),
            requirement=found.judgement.requirement,
            sentence=found.judgement.sentence,
            phase=play.phase,
            episode=found.episode,
            allowed=found.judgement.alternatives,
            script=played if failure.scripted else "",
            found_after=self.outcome.steps,
            rerun=found.rerun,
            length_note=found.note,
            shown=found.judgement.shown,
            played=played,
        )
        self._failed |= {case: replace(shown, case=case) for case in new}
        self.outcome.failures.append(shown)
        self._tell(shown)
        if ends is not None:
            raise ends

    def _admit(self, counted: Iterable[str]) -> None:
        """Cases that are in no plan, and that a violation counts against."""
        for case in sorted(set(counted) - self._chosen_ids):
            made = self.role.case(case)
            self._cases[made.id] = made
            self._chosen.append(made)
            self._chosen_ids.add(made.id)

    def narrowed(self, episode: Episode, failure: Judgement, alone: Play | None) -> Narrowed:
        """A failing episode made short, and repeated; what only a script knows to be wrong stays as it is."""
        if alone is not None:
            return Narrowed(
                episode, failure, self._repeated(alone, episode, failure), f"{_steps(episode)}, as scripted"
            )
        self._tell(Narrowing(failure.requirement, len(episode.moments)))
        found = self.role.narrow(self.requests, episode, failure, len(self.outcome.failures) < NARROWED)
        if self._afresh is None or self.requests.real or not found.rerun.failed:
            return found
        if self._fails_afresh(found.episode, failure):
            return found
        if self._fails_afresh(episode, failure):
            why = "shorter ones fail only after the sessions that came before them"
            return Narrowed(episode, failure, Rerun(1, 1), f"{_steps(episode)}, not shortened: {why}")
        why = "it comes only in a process that has played the sessions before it: reset leaves something of them"
        return replace(found, rerun=Rerun(0, 2), note=f"{found.note}; {why}")

    def _fails_afresh(self, episode: Episode, failure: Judgement) -> bool:
        """An episode fails in a process that has done nothing before; also where none can be started, for then nobody knows."""
        assert self._afresh is not None
        try:
            with self._afresh() as target:
                found = again(converse(self.role, target, self._profile), episode).failure
        except AdapterBroken:
            found = failure
        return found is not None and found.requirement == failure.requirement

    def _repeated(self, play: Play, episode: Episode, failure: Judgement) -> Rerun:
        failed, times = 0, reruns(episode)
        for _ in range(times):
            session = session_of(self.requests, play.setting)
            found = session.play(play.turns(session))
            failed += found is not None and found.requirement == failure.requirement
        return Rerun(failed, times)

    def _breaks(self, trouble: AdapterBroken) -> None:
        session = self._session
        episode, asked = (None, None) if session is None else (session.episode, session.open)
        event = AdapterFailed(self.outcome.sessions, trouble.as_fields(), str(trouble), asked, episode)
        self.outcome.broken = event
        case = None if self._playing is None else self._playing.case
        if case is not None:
            self._played[case.id] = CaseResult(case.id, Verdict.BROKEN, 0, trouble.title)
        self._tell(event)

    # -- the end ------------------------------------------------------------------------------------------------------

    def _judge(self) -> Outcome:
        outcome = self.outcome
        for case in self._chosen:
            result = self._result(case)
            outcome.results.append(result)
            self._tell(CaseDone(result))
        for blamed, times in outcome.beside.items():
            self.note(f"{blamed} was violated in {times} session{'s' if times > 1 else ''}; it was not selected")
        if self._unknown:
            self.note(
                f"{self._unknown} calls were answered unknown; where no case depends on one, both ways were followed"
            )
        outcome.seconds = monotonic() - self._began
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
        count = self.counts[case.id]
        if failure is not None:
            return CaseResult(case.id, Verdict.FAIL, max(count, 1), failure.sentence, failure.rerun)
        if case.id in self._played:
            return self._played[case.id]
        if case.watched and count:
            return CaseResult(case.id, Verdict.PASS, count)
        missing = sorted(case.features - self.hello.features)
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

    def note(self, text: str) -> None:
        """Say something that is no verdict."""
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
        **role_named(hello.role).times(hello),
    }
