"""Episodes: what was done to an implementation from one ``reset`` on, and what it showed.

An episode is all that has to be kept of a session. The oracle judges it again from that alone (:func:`retrace`), and an
implementation can be put through it again (:func:`again`). Values that an implementation makes up differ from run to run:
session tokens stand in an episode by name, and a handle is replaced by the one of the new run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vnic_conformance.answer import Answer, Requests, ask, look

# Also for those who take it from here.
from vnic_conformance.features import feature_of as feature_of
from vnic_conformance.oracle import Judgement, Oracle, Possibility
from vnic_conformance.protocol.hello import claims_of
from vnic_conformance.protocol.messages import describe
from vnic_conformance.session import Session
from vnic_conformance.stimulus import CLOCK, Stimulus, with_tokens
from vnic_conformance.targets.base import Target
from vnic_conformance.targets.failures import Declined
from vnic_conformance.targets.pacing import LONGEST_WAIT_MS, Paced, paced
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


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of an episode: what was done and what came back."""

    stimulus: Stimulus
    came: Answer


@dataclass(frozen=True, slots=True)
class Episode:
    """Everything from one ``reset`` on.

    Attributes:
        servers: server partitions asked for.
        profile: what it was judged by.
        start: what the implementation showed after ``reset``.
        moments: the steps.
        unpaired: server partitions without an authorised connection.
    """

    servers: int
    profile: Profile
    start: Answer
    moments: tuple[Moment, ...] = ()
    unpaired: tuple[str, ...] = ()

    @property
    def word(self) -> tuple[Stimulus, ...]:
        """What was done."""
        return tuple(moment.stimulus for moment in self.moments)


def stimulus_of(request: Mapping[str, object]) -> Stimulus:
    """The stimulus that a request of a call carries, as far as features go."""
    unit = (("unit", str(request["unit"])),) if "unit" in request else ()
    return Stimulus(str(request["who"]), str(request["call"]), unit)


def too_long(stimulus: Stimulus, longest_ms: int = LONGEST_WAIT_MS) -> str:
    """Why a step of a real clock is not waited for; empty if it is, or is no step of the clock."""
    if stimulus.who != CLOCK or int(stimulus.given["ms"]) <= longest_ms:
        return ""
    return f"it waits {int(stimulus.given['ms']) / 1000:,g} s, and the clock is real (--longest-wait {longest_ms / 1000:g})"


class Recording(Session):
    """A session that remembers what came, and what the state may have been before its last step.

    Args:
        target: the implementation; where it is none already, a :class:`Strict` one is made of it.
        servers: server partitions.
        profile: what it is judged by.
        claims: fields that select the profile in ``reset``.
        unpaired: server partitions without an authorised connection.
    """

    def __init__(
        self,
        target: Requests,
        servers: int,
        profile: Profile,
        claims: Mapping[str, str | int] | None = None,
        unpaired: tuple[str, ...] = (),
    ) -> None:
        strict = target if isinstance(target, Strict) else Strict(target, claims or {})
        super().__init__(strict, servers, profile, unpaired)
        self.before: frozenset[Possibility] = frozenset()

    def apply(self, stimulus: Stimulus) -> Judgement:
        """Apply one stimulus and judge the answer; ``before`` then holds what the state may have been."""
        self.before = self.oracle.possibilities
        return super().apply(stimulus)

    @property
    def episode(self) -> Episode:
        """Everything so far; tokens by name, as they were given."""
        if not self.judgements:
            return Episode(self.servers, self.profile, Answer(), (), self.unpaired)
        came = [judgement.came for judgement in self.judgements]
        moments = tuple(Moment(given, what) for given, what in zip(self.word, came[1:], strict=False))
        return Episode(self.servers, self.profile, came[0], moments, self.unpaired)


@dataclass
class Strict:
    """A target whose adapter may not answer ``error``, nor refuse a ``reset``; it asks for a profile.

    Attributes:
        target: the implementation.
        claims: fields that select the profile in ``reset``.
        features: what the adapter claims; of a call that needs something else the facts say so
            (:class:`~vnic_conformance.answer.Facts`). None: everything.
    """

    target: Requests
    claims: Mapping[str, str | int] = field(default_factory=dict)
    features: frozenset[str] | None = None

    @property
    def real(self) -> bool:
        """Time passes by itself: each step takes time, and two runs never go quite alike."""
        return isinstance(self.target, Paced) and self.target.real

    def request(self, fields: Mapping[str, object]) -> Answer:
        """Send a request; see :class:`~vnic_conformance.answer.Requests`.

        Raises:
            Declined: the adapter declines.
        """
        if self.features is not None and fields.get("op") == "apply":
            feature = feature_of(stimulus_of(fields))
            if feature is not None and feature not in self.features:
                return self._unclaimed(fields, feature)
        reset = fields.get("op") == "reset"
        reply = ask(self.target, {**fields, **self.claims} if reset else fields)
        outcome = reply.get("outcome")
        if outcome == "error" or (reset and outcome != "done"):
            why = reply.get("error") or reply.get("reason") or "no reason given"
            trouble = Declined(f'outcome "{outcome}": {why}')
            trouble.request = describe(fields)
            seq = reply.get("seq")
            trouble.seq = seq if isinstance(seq, int) else 0
            trouble.stderr_tail = getattr(self.target, "stderr_tail", "")
            raise trouble
        return reply

    def _unclaimed(self, fields: Mapping[str, object], feature: str) -> Answer:
        """The answer to what the implementation does not claim, with what can be seen then; it may be an error."""
        answer = ask(self.target, fields)
        if answer.seen is None:
            answer = look(self.target, answer)
        return answer.noting(absent=ABOUT[feature])


def conversation(target: Target, profile: Profile) -> Strict:
    """Requests to an implementation that is to be judged by a profile: it keeps its claims, and time is kept with it."""
    hello = target.hello
    claims = claims_to_send(profile, hello.profile, hello.features)
    return Strict(paced(target, time_scale=target.time_scale), claims, hello.features)


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


# --- judging again ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retraced:
    """One step of an episode, judged again.

    Attributes:
        number: 0 is the reset.
        now: virtual time before the step, in milliseconds.
        before: what the implementation's state may have been.
        judgement: what the oracle says of it.
        shown: what could be seen before the step.
    """

    number: int
    now: int
    before: frozenset[Possibility]
    judgement: Judgement
    shown: Mapping[str, object]


def retrace(episode: Episode) -> list[Retraced]:
    """Judge an episode again, up to the first violation."""
    oracle = Oracle(episode.servers, episode.profile, frozenset(episode.unpaired))
    first = Retraced(0, 0, oracle.possibilities, oracle.begin(episode.start), {})
    found = [first]
    shown: Mapping[str, object] = episode.start
    tokens: list[int] = []
    for number, moment in enumerate(episode.moments, 1):
        if not found[-1].judgement.ok:
            break
        before, now = oracle.possibilities, oracle.now
        judgement = oracle.step(with_tokens(moment.stimulus, tokens), moment.came)
        found.append(Retraced(number, now, before, judgement, shown))
        shown = {**_lasting(shown, moment.came), **moment.came}
        token = moment.came.get("r4")
        if isinstance(token, int) and token not in tokens[-1:]:
            tokens.append(token)
    return found


def _lasting(shown: Mapping[str, object], came: Mapping[str, object]) -> Mapping[str, object]:
    """What is still to be seen after a step: a look that does not show a sub-CRQ any more says that it is gone."""
    if "client_queue" not in came:
        return shown
    return {name: value for name, value in shown.items() if "_sub_" not in name}


# --- doing it again --------------------------------------------------------------------------------------------------


class Handles:
    """Handles that the implementation gave out in one run, and those that it gave out in another."""

    def __init__(self) -> None:
        self._new: dict[int | str, int] = {}

    def learn(self, old: Mapping[str, object], new: Mapping[str, object]) -> None:
        """Take in the two replies to one stimulus."""
        was, now = old.get("handle"), new.get("handle")
        if isinstance(was, int) and isinstance(now, int):
            self._new[was] = now

    def stimulus(self, stimulus: Stimulus) -> Stimulus:
        """The stimulus with the handle of the new run."""
        if "handle" not in stimulus.given:
            return stimulus
        arguments = tuple((k, self._new.get(v, v) if k == "handle" else v) for k, v in stimulus.arguments)
        return replace(stimulus, arguments=arguments)


def again(target: Requests, episode: Episode) -> Recording:
    """Put an implementation through an episode again, up to the first violation."""
    session = Recording(target, episode.servers, episode.profile, unpaired=episode.unpaired)
    session.begin()
    handles = Handles()
    for moment in episode.moments:
        if session.failure is not None:
            break
        judgement = session.apply(handles.stimulus(moment.stimulus))
        handles.learn(moment.came, judgement.came)
    return session
