"""A check in role ``system``: stories first, then Hypothesis; every step judged by every law."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.protocol.hello import claims_of
from vnic_conformance.running.plan import Case, select
from vnic_conformance.running.verdicts import CaseResult, Verdict, exit_code
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.system_role.cases import Story, stories, watched
from vnic_conformance.system_role.oracle import Finding, Outage, Times
from vnic_conformance.system_role.session import SystemSession
from vnic_conformance.targets import Target
from vnic_conformance.targets.failures import AdapterBroken
from vnic_spec.profile import Profile, Reopen

#: Runs in which a failing word is made shorter.
NARROWING_RUNS = 40


_NO_LIMITS: Mapping[str, str | int] = MappingProxyType({})


class CannotJudgeError(ValueError):
    """The implementation claims something that this role cannot be judged under; the text says what."""


@dataclass(frozen=True)
class SystemFailure:
    """A violation with the word that leads to it.

    Attributes:
        finding: what is wrong.
        servers: server partitions.
        word: what was done, the last of which showed it.
        phase: where it was found.
        again: whether the same word finds it again.
        limits: fields of the reset that say what a server's port has.
    """

    finding: Finding
    servers: int
    word: tuple[Stimulus, ...]
    phase: str
    again: bool
    limits: Mapping[str, str | int] = field(default_factory=dict, hash=False)


@dataclass
class SystemOutcome:
    """What a check found; ``longest`` is the longest outage that was seen, whether it broke a law or not."""

    results: list[CaseResult] = field(default_factory=list)
    failures: list[SystemFailure] = field(default_factory=list)
    broken: AdapterBroken | None = None
    sessions: int = 0
    steps: int = 0
    seconds: float = 0.0
    code: ExitCode = ExitCode.INCONCLUSIVE
    calls: Counter[str] = field(default_factory=Counter)
    longest: Outage = field(default_factory=lambda: Outage(0, 0, ""))


@dataclass(frozen=True)
class SystemChecked:
    """A check in role ``system`` that is over.

    Attributes:
        adapter: the words that named the implementation.
        label: name and version that it gave itself.
        seed: of everything random.
        outcome: what came out.
    """

    adapter: str
    label: str
    seed: int
    outcome: SystemOutcome


def every_case() -> list[Case]:
    """All cases of the role, the watched ones first."""
    return [*watched(), *(story.case for story in stories())]


class SystemCheck:
    """One check.

    Args:
        target: the implementation; it has greeted, in role ``system``.
        profile: what it is judged by.
        choice: globs of case IDs; none: every case.
        steps: budget of the Hypothesis phase.
        seed: of everything random.
        fail_fast: stop at the first violation.
        phases: ``scripted`` and ``hypothesis``.

    Raises:
        NothingSelectedError: a glob matches no case.
        CannotJudgeError: the profile is not one that this role can be judged under.
    """

    def __init__(
        self,
        target: Target,
        profile: Profile,
        *,
        choice: Sequence[str] = (),
        steps: int,
        seed: int,
        fail_fast: bool = False,
        phases: Sequence[str] = ("scripted", "hypothesis"),
    ) -> None:
        hello = target.hello
        if profile.reopen is not Reopen.KEEP or not hello.virtual:
            raise CannotJudgeError(
                "role system is judged on a virtual clock, with reopen = keep; "
                f"this adapter has a {hello.clock} clock and reopen = {profile.reopen}"
            )
        self._target = target
        self._profile = profile
        self._claims = claims_of(profile, hello.profile) if "profiles" in hello.features else {}
        self._times = Times(hello.report_interval_ms, hello.recovery_ms, hello.transit_ms)
        self.chosen = select(every_case(), choice)
        self._ids = {case.id for case in self.chosen}
        self._steps, self._seed, self._fail_fast, self._phases = steps, seed, fail_fast, phases
        self._counts: Counter[str] = Counter()
        self._played: dict[str, CaseResult] = {}
        self._failed: dict[str, SystemFailure] = {}
        self.outcome = SystemOutcome()

    def run(self) -> SystemOutcome:
        """Play everything, and judge.

        Raises:
            KeyboardInterrupt: somebody stopped the run before anything was violated.
        """
        began = time.monotonic()
        outcome = self.outcome
        try:
            if "scripted" in self._phases:
                self._play_stories()
            if "hypothesis" in self._phases and not (self._fail_fast and self._failed):
                self._search()
        except AdapterBroken as trouble:
            outcome.broken = trouble
        except KeyboardInterrupt:
            if not self._failed:
                raise
        outcome.results = [self._result(case) for case in self.chosen]
        outcome.failures = [*dict.fromkeys(self._failed.values())]
        outcome.seconds = time.monotonic() - began
        outcome.code = exit_code(outcome.results, broken=outcome.broken is not None)
        return outcome

    def session(self, servers: int, limits: Mapping[str, str | int] = _NO_LIMITS) -> SystemSession:
        """A session that has not begun; ``limits`` are the fields of its reset that say what a server's port has."""
        return SystemSession(self._target, servers, self._profile, self._times, self._claims, limits)

    # -- phases --------------------------------------------------------------------------------------------------

    def _play_stories(self) -> None:
        laws_wanted = any(case.watched for case in self.chosen)
        for story in stories():
            if story.case.id not in self._ids and not laws_wanted:
                continue
            missing = sorted(story.case.features - self._target.hello.features)
            if missing:
                reason = f"the adapter does not claim {', '.join(missing)}"
                self._played[story.case.id] = CaseResult(story.case.id, Verdict.UNSUPPORTED, 0, reason)
                continue
            if story.servers > self._target.hello.servers:
                reason = f"it needs {story.servers} servers, the adapter has at most {self._target.hello.servers}"
                self._played[story.case.id] = CaseResult(story.case.id, Verdict.UNSUPPORTED, 0, reason)
                continue
            self._play(story)
            if self._fail_fast and self._failed:
                return

    def _play(self, story: Story) -> None:
        session = self.session(story.servers, story.limits)
        session.play(story.word)
        self._count(session)
        if session.unsupported is not None:
            reason = f"{session.unsupported} is answered unsupported"
            self._played[story.case.id] = CaseResult(story.case.id, Verdict.INCONCLUSIVE, 0, reason)
        elif session.findings:
            self._take(session, story.case.id)
        else:
            self._played[story.case.id] = CaseResult(story.case.id, Verdict.PASS, 1)

    def _search(self) -> None:
        budget = self._steps
        # Here, because importing Hypothesis takes as long as a short check.
        from vnic_conformance.system_role.stateful import SystemSearch, hunt

        search = SystemSearch(self._make, budget, self._target.hello.features, self._count)
        if budget:
            hunt(search, seed=self._seed)
        self.outcome.calls.update(search.calls)
        if search.failing is not None:
            self._take(search.failing, "hypothesis")

    def _make(self, servers: int) -> SystemSession:
        return self.session(min(servers, self._target.hello.servers))

    # -- what comes out ------------------------------------------------------------------------------------------

    def _count(self, session: SystemSession) -> None:
        self._counts.update(session.oracle.counts)
        self.outcome.longest = max(self.outcome.longest, session.oracle.longest)
        self.outcome.sessions += 1
        self.outcome.steps += len(session.word)

    def _take(self, session: SystemSession, phase: str) -> None:
        finding = session.findings[0]
        cases = {finding.case, phase} & self._ids
        new = cases - self._failed.keys()
        if not new:
            return
        if finding.case in self._failed:
            failure = self._failed[finding.case]
        else:
            # What was seen is kept first: the adapter may break, or somebody stop the run, while it is narrowed down.
            found = SystemFailure(finding, session.servers, tuple(session.word), phase, False, session.limits)
            self._failed |= dict.fromkeys(new, found)
            failure = self._narrowed(session, finding, phase)
        self._failed |= dict.fromkeys(new, failure)

    def _narrowed(self, session: SystemSession, finding: Finding, phase: str) -> SystemFailure:
        """Leave out what is not needed, as long as the same law is broken."""
        word, runs = list(session.word), 0
        again = self._finds(session, word, finding.case)
        at = len(word) - 2
        while again is not None and at >= 0 and runs < NARROWING_RUNS:
            shorter = [*word[:at], *word[at + 1 :]]
            runs += 1
            found = self._finds(session, shorter, finding.case)
            if found is not None:
                word, finding = shorter[: len(found.word)], found.findings[0]
            at = min(at - 1, len(word) - 2)
        return SystemFailure(finding, session.servers, tuple(word), phase, again is not None, session.limits)

    def _finds(self, like: SystemSession, word: list[Stimulus], case: str) -> SystemSession | None:
        session = self.session(like.servers, like.limits)
        session.play(word)
        if session.findings and session.findings[0].case == case:
            return session
        return None

    def _result(self, case: Case) -> CaseResult:
        failure = self._failed.get(case.id)
        count = self._counts[case.id]
        if failure is not None:
            return CaseResult(case.id, Verdict.FAIL, max(count, 1), failure.finding.sentence)
        if case.id in self._played:
            return self._played[case.id]
        if case.watched and count:
            return CaseResult(case.id, Verdict.PASS, count)
        broken = self.outcome.broken is not None
        reason = "the adapter broke before" if broken else f"not reached in this run: {case.exercised_by}"
        return CaseResult(case.id, Verdict.NOT_EXERCISED, 0, reason)
