"""The oracle of role client, as the engine takes it: the monitor over what is recorded of each step."""

from __future__ import annotations

from collections import Counter

from vnic_conformance.answer import Answer
from vnic_conformance.client_role.cases import id_of
from vnic_conformance.client_role.conversation import HAPPENED, LIVELOCK
from vnic_conformance.client_role.evidence import came_about
from vnic_conformance.client_role.happenings import Called
from vnic_conformance.client_role.monitor import Monitor
from vnic_conformance.client_role.record import happenings_of
from vnic_conformance.client_role.rule import RULES
from vnic_conformance.episode import Setting
from vnic_conformance.oracle import Alternative, Judgement
from vnic_conformance.stimulus import Stimulus
from vnic_spec.client_profile import CLIENT_PARAMETERS, ClientProfile, ComplaintFallback
from vnic_spec.profile import ClientInit

_CHOICES = {"client_init": tuple(ClientInit), "complaint_fallback": tuple(ComplaintFallback)}
#: What a client claims, by the names under which a log has it.
CLAIMS = tuple(CLIENT_PARAMETERS)


def claims(profile: ClientProfile) -> dict[str, int]:
    """A client's profile as whole numbers; a choice is the number of what was chosen, from 1."""
    return {
        name: 1 + _CHOICES[name].index(getattr(profile, name)) if name in _CHOICES else getattr(profile, name)
        for name in CLAIMS
    }


def profile_of(numbers: dict[str, int]) -> ClientProfile:
    """The profile that :func:`claims` has written; what is absent has its default.

    Raises:
        ValueError: a number that the profile does not allow.
    """
    values: dict[str, object] = dict(numbers)
    for name, options in _CHOICES.items():
        if name in numbers:
            if not 1 <= numbers[name] <= len(options):
                raise ValueError(f"{name} is a number from 1 to {len(options)}")
            values[name] = options[numbers[name] - 1]
    return ClientProfile(**values)  # type: ignore[arg-type]  # it checks them itself


class ClientJudge:
    """Follows one client from its reset on.

    Args:
        setting: what it is judged by.
        counts: wants to know what is put to the test; None: nobody does.

    Attributes:
        codes: opcodes of the client's calls in the step that was judged last.
        happened: what of the kit's intentions has come about since the reset, by name, as far as the record bears it out.
    """

    def __init__(self, setting: Setting, counts: Counter[str] | None = None) -> None:
        self.monitor = Monitor(profile_of(dict(setting.times)))
        self.codes: list[int] = []
        self.happened: set[str] = set()
        self._counting = counts is not None
        self._said = 0

    def begin(self, came: Answer) -> Judgement:
        """Judge what the reset shows."""
        return self._judged(Stimulus.of("kit", "reset"), came)

    def step(self, stimulus: Stimulus, came: Answer) -> Judgement:
        """Judge what happened after a stimulus. Of several things that are wrong the first is named."""
        return self._judged(stimulus, came)

    def _judged(self, stimulus: Stimulus, came: Answer) -> Judgement:
        happened = happenings_of(str(came[HAPPENED]))
        self.codes = [happening.opcode for happening in happened if isinstance(happening, Called)]
        self.happened |= came_about(happened)
        for happening in happened:
            self.monitor(happening)
        exercised = self._exercised()
        found = self.monitor.violations[self._said : self._said + 1]
        self._said = len(self.monitor.violations)
        if not found and LIVELOCK in came:
            return Judgement(stimulus, ok=True, inconclusive=f"the client never stops: {came[LIVELOCK]}", came=came)
        if not found:
            return Judgement(stimulus, ok=True, came=came, exercised=exercised)
        first = found[0]
        return Judgement(
            stimulus,
            ok=False,
            requirement=id_of(first.rule),
            sentence=first.rule.sentence,
            came=came,
            exercised=exercised,
            shown=f"at {first.now:,} ms: {first.came}",
            stated=(Alternative({}, first.rule.requirements, first.allowed),),
        )

    def _exercised(self) -> tuple[str, ...]:
        """The rules whose conditions have held in this step."""
        held = sorted(self.monitor.held) if self._counting else ()
        self.monitor.held.clear()
        return tuple(id_of(RULES[name]) for name in held)
