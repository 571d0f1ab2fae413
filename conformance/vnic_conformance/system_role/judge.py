"""The oracle of role ``system`` as the engine takes it: findings as judgements, counts as what a step put to the test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from vnic_conformance.answer import Answer
from vnic_conformance.episode import Setting
from vnic_conformance.oracle import Alternative, Judgement
from vnic_conformance.protocol.messages import Outcome
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.system_role.frames import Finding
from vnic_conformance.system_role.oracle import Facts, Outage, SystemOracle, Times


class SystemJudge:
    """The oracle of a session."""

    def __init__(self, setting: Setting, counts: Counter[str] | None = None) -> None:
        self._oracle = SystemOracle(setting.servers, setting.profile, Times(**setting.times), setting.limits)

    @property
    def facts(self) -> Facts:
        """What the kit has made so."""
        return self._oracle.facts

    @property
    def longest(self) -> Outage:
        """The longest outage, by what was seen of it."""
        return self._oracle.longest

    def begin(self, came: Answer) -> Judgement:
        """Judge what ``reset`` shows."""
        return self._judged(Stimulus.of("kit", "reset", servers=self._oracle.servers), came, self._oracle.begin)

    def step(self, stimulus: Stimulus, came: Answer) -> Judgement:
        """Judge what came back for a stimulus, and follow it. Of several things that are wrong the first is named."""
        if came.reply.get("outcome") == Outcome.UNSUPPORTED:
            return Judgement(stimulus, ok=True, inconclusive=f"{stimulus} is answered unsupported", came=came)
        return self._judged(stimulus, came, lambda shown: self._oracle.step(stimulus, shown))

    def _judged(self, stimulus: Stimulus, came: Answer, judge: Callable[[Answer], list[Finding]]) -> Judgement:
        before = Counter(self._oracle.counts)
        findings = judge(came)
        exercised = tuple((self._oracle.counts - before).elements())
        if not findings:
            return Judgement(stimulus, ok=True, came=came, exercised=exercised)
        first = findings[0]
        return Judgement(
            stimulus,
            ok=False,
            requirement=first.case,
            sentence=first.sentence,
            came=came,
            exercised=exercised,
            shown=first.came,
            stated=(Alternative({}, tuple(first.requirement.split(", ")), first.allowed),),
        )
