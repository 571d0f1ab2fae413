"""A session: one implementation and the oracle of its role, from a ``reset`` on.

Everything that tests an implementation goes through :meth:`Session.apply`: tours, random walks, Hypothesis, scripted cases,
shrinking, replay and judging differ only in where the stimuli come from. One step is: ask (:class:`Conversation`), take the
reply, judge it, ask the script whether it expects more, record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from vnic_conformance.answer import Answer, Requests, ask, look
from vnic_conformance.episode import Episode, Moment, Setting
from vnic_conformance.features import feature_of
from vnic_conformance.oracle import Judge, Judgement, Oracle
from vnic_conformance.protocol.hello import claims_of
from vnic_conformance.protocol.messages import Outcome, describe
from vnic_conformance.stimulus import CLOCK, Stimulus, with_tokens
from vnic_conformance.targets.base import Target
from vnic_conformance.targets.failures import Declined
from vnic_conformance.targets.pacing import Paced, paced
from vnic_spec.profile import Profile

#: The requirement that a feature is about, which its absence has to keep.
ABOUT: Mapping[str, str] = {
    "console": "ADM-7",
    "power": "MON-3",
    "migration": "CRQ-8",
    "interrupts": "CRQ-11",
    "sub_crq": "CRQ-12",
    "dma": "FOV-10",
    "wrong_unit": "CRQ-2",
}


@dataclass
class Conversation:
    """Requests to an adapter that may not answer ``error``, nor refuse a ``reset``; a reset asks for a profile.

    Attributes:
        target: the implementation.
        claims: fields that select the profile in ``reset``.
        features: what the adapter claims; None: everything.
        feature_of: the feature that a stimulus needs, in the role that the adapter plays.
    """

    target: Requests
    claims: Mapping[str, str | int] = field(default_factory=dict)
    features: frozenset[str] | None = None
    feature_of: Callable[[Stimulus], str | None] = feature_of

    @property
    def real(self) -> bool:
        """Time passes by itself: each step takes time, and two runs never go quite alike."""
        return isinstance(self.target, Paced) and self.target.real

    def unclaimed(self, stimulus: Stimulus) -> str:
        """The feature that a stimulus needs, where the adapter does not claim it; or empty."""
        needed = None if self.features is None else self.feature_of(stimulus)
        return "" if needed is None or self.features is None or needed in self.features else needed

    def reset(self, fields: Mapping[str, object], *, may_be_unsupported: bool = False) -> Answer:
        """Reset the implementation.

        Raises:
            Declined: the adapter declines.
        """
        asked = {**fields, **self.claims}
        reply = ask(self.target, asked)
        outcome = reply.get("outcome")
        if outcome == Outcome.DONE or (may_be_unsupported and outcome == Outcome.UNSUPPORTED):
            return reply
        raise self._declined(fields, reply)

    def do(self, stimulus: Stimulus, absent: str = "") -> Answer:
        """Do something; with a feature that is not claimed (``absent``) the answer may be an error, and the facts say so.

        Raises:
            Declined: the adapter declines.
        """
        request = stimulus.request()
        reply = ask(self.target, request)
        if absent:
            reply = look(self.target, reply) if reply.seen is None else reply
            return reply.noting(absent=ABOUT[absent])
        if reply.reply.get("outcome") == Outcome.ERROR:
            raise self._declined(request, reply)
        return reply

    def _declined(self, request: Mapping[str, object], reply: Answer) -> Declined:
        why = reply.get("error") or reply.get("reason") or "no reason given"
        trouble = Declined(f'outcome "{reply.get("outcome")}": {why}')
        trouble.request = describe(request)
        seq = reply.get("seq")
        trouble.seq = seq if isinstance(seq, int) else 0
        trouble.stderr_tail = getattr(self.target, "stderr_tail", "")
        return trouble


#: What a session is made with: an adapter, with what is known of its claims or without.
Implementation = Requests | Conversation


#: What a script expects beyond the oracle: the judgement of a step that was as it must be, and what it says of it.
Expect = Callable[[Judgement], Judgement]
#: Told of each step, and of the reset, when it was judged; the session has it already.
Watch = Callable[[Judgement], None]
J = TypeVar("J", bound=Judge)


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be done next, and what is expected beyond what the oracle judges."""

    stimulus: Stimulus
    expect: Expect | None = None


#: What is offered to be done in a session: asked for the next one when the one before has been judged.
Turns = Iterable[Stimulus | Turn]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why something was not done: a feature that is not claimed, or a wait that is too long."""

    reason: str
    claimed: bool = True


class Asked(Protocol):
    """What is asked: an implementation (:class:`Conversation`), or what was recorded of one."""

    def unclaimed(self, stimulus: Stimulus) -> str:
        """The feature that a stimulus needs, where it is not claimed; or empty."""

    def reset(self, fields: Mapping[str, object], *, may_be_unsupported: bool = False) -> Answer:
        """Reset the implementation."""

    def do(self, stimulus: Stimulus, absent: str = "") -> Answer:
        """Do something; ``absent`` is a feature that it needs and that is not claimed."""


@dataclass
class Session(Generic[J]):
    """One run from ``reset``.

    Attributes:
        target: the implementation.
        setting: what it is judged by.
        oracle: what judges it.
        watch: who is told.
        absent: features that may be asked for though they are not claimed; None: any.
        longest_ms: longest step of a real clock; None: any.
        judgements: one for the reset, and one for each stimulus applied.
        failure: the first that is a violation, after which nothing more is applied.
        skipped: why the last thing that was offered was not done, or None.
        word: the stimuli as they were given, tokens by name, so that it can be run again.
    """

    target: Asked
    setting: Setting
    oracle: J
    watch: Watch | None = None
    absent: frozenset[str] | None = None
    longest_ms: int | None = None
    judgements: list[Judgement] = field(default_factory=list)
    failure: Judgement | None = None
    skipped: Skipped | None = None
    word: list[Stimulus] = field(default_factory=list)
    _tokens: list[int] = field(default_factory=list)  #: given out in this run

    @property
    def servers(self) -> int:
        """Server partitions."""
        return self.setting.servers

    @property
    def profile(self) -> Profile:
        """What it is judged by."""
        return self.setting.profile

    @property
    def over(self) -> bool:
        """A violation was found, or nothing can be said of the last step."""
        return self.failure is not None or bool(self.judgements and self.judgements[-1].inconclusive)

    @property
    def open(self) -> Stimulus | None:
        """What was asked for and is not answered yet."""
        return self.word[-1] if len(self.word) >= max(1, len(self.judgements)) else None

    @property
    def episode(self) -> Episode:
        """Everything so far."""
        if not self.judgements:
            return Episode(self.setting)
        start, *came = (judgement.came for judgement in self.judgements)
        moments = tuple(Moment(given, what) for given, what in zip(self.word, came, strict=False))
        return Episode(self.setting, start, moments)

    def begin(self) -> Judgement:
        """Reset the implementation and judge what it then shows."""
        limits = self.setting.limits
        came = self.target.reset(self.setting.reset(), may_be_unsupported=bool(limits))
        if came.get("outcome") == Outcome.UNSUPPORTED:
            reset = Stimulus.of("kit", "reset", servers=self.servers, **limits)
            return self._keep(Judgement(reset, ok=True, inconclusive=f"{reset} is answered unsupported", came=came))
        return self._keep(self.oracle.begin(came))

    def apply(self, stimulus: Stimulus, expect: Expect | None = None) -> Judgement:
        """Apply one stimulus and judge the answer; a busy call is repeated.

        What the implementation does not claim, or what its clock would take too long for, is not done (:attr:`skipped`).
        """
        absent = self.target.unclaimed(stimulus)
        self.skipped = self._not_to_be_done(stimulus, absent)
        if self.skipped is not None:
            return Judgement(stimulus, ok=True, inconclusive=self.skipped.reason)
        self.word.append(stimulus)
        stimulus = with_tokens(stimulus, self._tokens)
        judgement = self.oracle.step(stimulus, self.target.do(stimulus, absent))
        repeated = 0
        while judgement.busy:
            repeated += 1
            judgement = self.oracle.step(stimulus, self.target.do(stimulus, absent).noting(repeated=repeated))
        token = judgement.came.reply.get("r4")
        if isinstance(token, int) and token not in self._tokens[-1:]:
            self._tokens.append(token)
        if expect is not None and judgement.ok and not judgement.inconclusive:
            judgement = expect(judgement)
        return self._keep(judgement)

    def play(self, turns: Turns) -> Judgement | None:
        """Begin and apply what is offered until there is a violation; answer that one's judgement, or None."""
        if self.begin().ok:
            for _ in self.steps(turns):
                pass
        return self.failure

    def steps(self, turns: Turns) -> Iterator[Judgement]:
        """Apply what is offered, one after the other, up to the first violation."""
        for turn in turns:
            if self.failure is not None:
                return
            stimulus, expect = (turn.stimulus, turn.expect) if isinstance(turn, Turn) else (turn, None)
            yield self.apply(stimulus, expect)

    def undecided(self, why: str) -> None:
        """Nothing more can be said, because of what came last."""
        self.judgements[-1] = replace(self.judgements[-1], inconclusive=why)

    def not_exercised(self, why: str) -> None:
        """What was played has put nothing to the test, although all of it was done."""
        self.skipped = Skipped(why)

    def _not_to_be_done(self, stimulus: Stimulus, absent: str) -> Skipped | None:
        if absent and self.absent is not None and absent not in self.absent:
            return Skipped(f"the adapter does not claim {absent}", claimed=False)
        if self.longest_ms is not None and (why := too_long(stimulus, self.longest_ms)):
            return Skipped(why)
        return None

    def _keep(self, judgement: Judgement) -> Judgement:
        self.judgements.append(judgement)
        if not judgement.ok and self.failure is None:
            self.failure = judgement
        if self.watch is not None:
            self.watch(judgement)
        return judgement


def too_long(stimulus: Stimulus, longest_ms: int) -> str:
    """Why a step of a real clock is not waited for; empty if it is, or is no step of the clock."""
    if stimulus.who != CLOCK or int(stimulus.given["ms"]) <= longest_ms:
        return ""
    return f"it waits {int(stimulus.given['ms']) / 1000:,g} s, and the clock is real (--longest-wait {longest_ms / 1000:g})"


def hypervisor_session(
    target: Implementation, servers: int, profile: Profile, unpaired: tuple[str, ...] = ()
) -> Session[Oracle]:
    """A session with a hypervisor that nobody else is told of."""
    asked = target if isinstance(target, Conversation) else Conversation(target)
    return Session(asked, Setting(servers, profile, unpaired), Oracle(servers, profile, frozenset(unpaired)))


def conversation(
    target: Target, profile: Profile, needs: Callable[[Stimulus], str | None] = feature_of
) -> Conversation:
    """Requests to an implementation that is to be judged by a profile: it keeps its claims, and time is kept with it."""
    hello = target.hello
    claims = claims_to_send(profile, hello.profile, hello.features)
    return Conversation(paced(target, time_scale=target.time_scale), claims, hello.features, needs)


def claims_to_send(profile: Profile, claimed: Profile, features: frozenset[str]) -> dict[str, str | int]:
    """The fields by which ``reset`` asks for a profile other than the one that an adapter claims by itself."""
    if profile == claimed or "profiles" not in features:
        return {}
    ours, theirs = claims_of(profile), claims_of(claimed)
    defaults = {f"profile_{name}": value for name, value in Profile().as_mapping().items()}
    for name in theirs:
        if name not in ours:
            value = defaults[name]
            ours[name] = "none" if value is None else value.lower() if isinstance(value, str) else value
    return ours
