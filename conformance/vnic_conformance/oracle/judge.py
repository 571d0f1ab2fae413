"""The judge: keeps the set of states that the implementation may be in, and says when there is none.

One step: every possibility is asked what the stimulus may lead to; what agrees with the reply and the observation stays. An
outcome ``unknown`` keeps both what would have happened and what would not. When nothing agrees the step is a violation: the
judgement holds everything that was allowed, each with the requirements that allow it, and the requirement that is hurt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from vnic_conformance.answer import Answer
from vnic_conformance.oracle.beside import Beside
from vnic_conformance.oracle.beside_calls import learned, wrongly_given
from vnic_conformance.oracle.blame import blame
from vnic_conformance.oracle.calls import Calls, lies_beside
from vnic_conformance.oracle.judgement import Judgement
from vnic_conformance.oracle.possibility import (
    Allowed,
    Mismatch,
    OracleOps,
    Possibility,
    differences,
    expected_view,
)
from vnic_conformance.oracle.time import Clock, Instant, because
from vnic_conformance.stimulus import CLIENT, CLOCK, Stimulus
from vnic_model.direct import DirectMap, DirectOrder, initial_state
from vnic_model.instance import Instance
from vnic_spec.calls import DEFAULT_PRIORITY
from vnic_spec.profile import Profile
from vnic_spec.state import State
from vnic_spec.vocabulary import Token
from vnic_spec.wire import ELEMENTS_PER_PAGE, Rc, Vioctl

#: Return codes that say "not now, ask again" (CRQ-14), and the calls that may answer them.
BUSY = frozenset(
    int(rc) for rc in Rc if rc in (Rc.H_BUSY, Rc.H_IN_PROGRESS) or Rc.H_LONG_BUSY_1_MS <= rc <= Rc.H_LONG_BUSY_100_S
)
MAY_BE_BUSY = ("free_crq", "enable_crq", "free_sub_crq")
#: How often a call that answers busy is repeated (CRQ-14).
MOST_REPEATS = 20
#: There calls may be answered as if they were carried out: who does not claim interrupts may only be unable to show them.
ANY_ANSWER = ("CRQ-11",)
#: What is said where the adapter's clock is wrong; time is the business of MON-2.
_CLOCK = "MON-2"
_CLOCK_SENTENCE = "Virtual time is 0 after a reset and passes in advance only, by as much as that says; now shows it."


def starting_state(servers: int, listed: int) -> State:
    """The state after ``reset``: partitions on, nothing registered, the first ``listed`` servers on the list with priority 50."""
    # Made for one server and widened: an instance has as many servers as a list may have, a system may have more.
    state = initial_state(Instance("oracle", 1, frozenset(), ELEMENTS_PER_PAGE, ELEMENTS_PER_PAGE, levels=101))
    maps = {name: value for name, value in vars(state).items() if isinstance(value, DirectMap)}
    wide: dict[str, Any] = {name: DirectMap(each.values * servers, each.default) for name, each in maps.items()}
    state = state.but(**wide)
    state = state.but(added=DirectOrder(frozenset((i, j) for j in range(servers) for i in range(j))))
    on_list: DirectMap[object] = DirectMap(tuple(i < listed for i in range(servers)), False)
    return state.but(priority=DirectMap((DEFAULT_PRIORITY,) * servers, 0), listed=on_list)


def measured(came: Answer) -> tuple[Instant, Instant] | None:
    """When a call was made and when its effects were looked at, on a real clock; None: the clock is virtual."""
    if came.facts.measured is None:
        return None
    called, answered, looks, seen, lag = came.facts.measured
    return Instant(called, answered, lag), Instant(looks, seen, lag)


#: Says which cases a step has put to the test, from what the state may have been before and the judgement.
Exercised = Callable[[OracleOps, frozenset[Possibility], Judgement], tuple[str, ...]]


class Oracle:
    """The specification in lockstep with one implementation, from ``reset`` on.

    Args:
        servers: how many server partitions ``reset`` made.
        profile: what the implementation claims.
        unpaired: server partitions whose units have no authorised connection (CRQ-2).
        exercised: asked what a step has put to the test; None: nobody wants to know.
    """

    def __init__(
        self,
        servers: int,
        profile: Profile | None = None,
        unpaired: frozenset[str] = frozenset(),
        exercised: Exercised | None = None,
    ) -> None:
        self._exercised = exercised
        self.servers = servers
        self.profile = profile or Profile()
        ops = OracleOps(servers, self.profile)
        self.ops = ops
        self.clock = Clock(ops, servers, self.profile)
        self.calls = Calls(ops, self.clock, servers, self.profile, unpaired)
        self.since = Instant(0, 0)  #: the last look
        self.by_time = False  #: on a real clock: something may have happened by itself, or not
        start = starting_state(servers, min(servers, self.profile.max_servers))
        self.possibilities: frozenset[Possibility] = frozenset({Possibility(start)})

    def one(self) -> Possibility:
        """Any of the possibilities: what the kit goes by when it chooses the next stimulus."""
        return (
            min(self.possibilities, key=lambda p: len(p.timers))
            if len(self.possibilities) > 1
            else next(iter(self.possibilities))
        )

    def begin(self, came: Answer) -> Judgement:
        """Judge the answer to ``reset`` and learn the ports."""
        times = measured(came)
        if times is not None:
            self.since = times[1]
        stimulus = Stimulus.of("kit", "reset", servers=self.servers)
        for i in range(self.servers):
            port = came.get(f"server{i}_port")
            if isinstance(port, int):
                self.ops.ports[i] = port
        allowed = [Allowed(p, "", {}, ("ADM-7",)) for p in self.possibilities]
        return self._judge(stimulus, allowed, came)

    @property
    def now(self) -> int:
        """Time of the last look in milliseconds since the reset; on a real clock it may have been later."""
        return self.since.first

    def allowed(self, stimulus: Stimulus) -> list[Allowed]:
        """Everything that a stimulus may lead to now, on a virtual clock."""
        return self._allowed(stimulus, self.since, self._until(stimulus))

    def step(self, stimulus: Stimulus, came: Answer) -> Judgement:
        """Judge what came back for a stimulus, and follow it. On a real clock the facts say when that was."""
        before = self.possibilities
        judgement = self._step(stimulus, came)
        if self._exercised is None:
            return judgement
        exercised = self._exercised(self.ops, before, judgement)
        return _exercising(judgement, exercised) if exercised else judgement

    def _step(self, stimulus: Stimulus, came: Answer) -> Judgement:
        if came.facts.absent:
            return self._absent(stimulus, came)
        if came.reply.get("outcome") == "unsupported":
            return Judgement(stimulus, ok=True, inconclusive="the implementation does not support this", came=came)
        if came.reply.get("rc") in BUSY and stimulus.call in MAY_BE_BUSY:
            if came.facts.repeated < MOST_REPEATS:
                return Judgement(stimulus, ok=True, busy=True, came=came)
            return self._busy_for_ever(stimulus, came)
        times = measured(came)
        called, looked = (self.since, self._until(stimulus)) if times is None else times
        allowed = self._allowed(stimulus, called, looked)
        if came.reply.get("outcome") == "unknown":
            allowed = [*(replace(a, rc=None, outcome=None, values={}) for a in allowed)]
            before = self.possibilities if times is None else self._waited(self.possibilities, self.since, looked)
            allowed += [Allowed(p, "", {}, ("CRQ-14",)) for p in before]
            if lies_beside(stimulus.call, stimulus.given):
                lost = Beside(lost=True)
                allowed = [replace(a, possibility=replace(a.possibility, beside=lost)) for a in allowed]
        self.since = looked
        return self._judge(stimulus, allowed, came)

    def _absent(self, stimulus: Stimulus, came: Answer) -> Judgement:
        """What is not claimed is not there: nothing happens, and no call answers as if it were carried out."""
        times = measured(came)
        before: Iterable[Possibility] = self.possibilities
        if times is not None:
            before = self._waited(before, self.since, times[1])
            self.since = times[1]
        declined = came.get("outcome") in ("unsupported", "error") or came.get("rc") == int(Rc.H_FUNCTION)
        declined = declined or came.facts.absent in ANY_ANSWER
        values: dict[str, object] = {} if declined else {"outcome": "unsupported"}
        if lies_beside(
            stimulus.call, stimulus.given
        ):  # whether it was carried out, and is shown, only who claims it is asked
            before = [replace(p, beside=Beside(lost=True)) for p in before]
        allowed = [Allowed(p, "", {}, (came.facts.absent,), values=values) for p in before]
        return self._judge(stimulus, allowed, came)

    def _busy_for_ever(self, stimulus: Stimulus, came: Answer) -> Judgement:
        """CRQ-14: the caller repeats, bounded; a call that is still busy then is never carried out."""
        allowed = [(a, _expected(a, self.servers, came)) for a in self.allowed(stimulus)]
        mismatches = tuple(Mismatch(a, ("rc",), {**expected, "rc": int(Rc.H_SUCCESS)}) for a, expected in allowed)
        sentence = (
            f"A call that answers busy is carried out in the end: this one is busy after {MOST_REPEATS} repetitions."
        )
        return Judgement(stimulus, ok=False, mismatches=mismatches, requirement="CRQ-14", sentence=sentence, came=came)

    def _until(self, stimulus: Stimulus) -> Instant:
        """When a virtual clock stands after a stimulus."""
        if stimulus.who != CLOCK:
            return self.since
        end = self.since.last + int(stimulus.given["ms"])
        return Instant(end, end)

    def _allowed(self, stimulus: Stimulus, called: Instant, looked: Instant) -> list[Allowed]:
        """Everything that a stimulus may lead to that is given at one time, and its effects looked at at another.

        On a virtual clock the one is the last look, and only a step of the clock parts it from the other.
        """
        if stimulus.who == CLOCK:
            return [
                Allowed(q, "advance", stimulus.given, because(p, q))
                for p in self.possibilities
                for q in self._waited([p], self.since, looked)
            ]
        stimulus = self._with_facts(stimulus)
        before = self.possibilities if self.since == called else self._waited(self.possibilities, self.since, called)
        found = [a for p in before for a in self.calls.allowed(p, stimulus, called)]
        if looked == called:
            return found
        return [
            a if q is a.possibility else replace(a, possibility=q)
            for a in found
            for q in self._waited([a.possibility], called, looked)
        ]

    def _waited(self, before: Iterable[Possibility], since: Instant, until: Instant) -> Iterable[Possibility]:
        """What each of these possibilities may have become while time passed."""
        after: set[Possibility] = set()
        for p in before:
            found = self.clock.passes(p, since, until)
            if until.lag is not None and found != {p}:
                self.by_time = True
            after |= found
        return after

    def _with_facts(self, stimulus: Stimulus) -> Stimulus:
        """An ``add`` on a port that a listed server has is refused; which ports those are only the kit knows."""
        if stimulus.call != "add":
            return stimulus
        listed = self.one().state.listed
        port = stimulus.given.get("port")
        taken = any(p == port for i, p in self.ops.ports.items() if listed(i))
        return Stimulus(stimulus.who, stimulus.call, (*stimulus.arguments, ("taken", int(taken))))

    def _judge(self, stimulus: Stimulus, allowed: list[Allowed], came: Answer) -> Judgement:
        agreed: list[Allowed] = []
        mismatches: list[Mismatch] = []
        visible, clock = {**came.reply, **(came.seen or {})}, self._clock(came)
        for a in allowed:
            taken: tuple[str, ...] = ()
            if stimulus.call == "reg_sub_crq":
                taken = wrongly_given(a.possibility, stimulus, came)
                a = replace(a, possibility=learned(a.possibility, stimulus, came))
            expected = {**_expected(a, self.servers, visible), **clock}
            wrong = (*self._wrong(a, expected, stimulus, visible), *taken)
            if wrong:
                mismatches.append(Mismatch(a, wrong, expected))
            else:
                agreed.append(self._learned(a, stimulus, visible))
        if not agreed:
            mismatches.sort(key=lambda m: len(m.fields))
            if mismatches and mismatches[0].fields == ("now",):
                mismatches = [replace(m, allowed=replace(m.allowed, requirements=(_CLOCK,))) for m in mismatches]
                requirement, sentence = _CLOCK, _CLOCK_SENTENCE
            else:
                requirement, sentence = blame(self.ops, self.possibilities, stimulus, mismatches, came)
            return Judgement(
                stimulus, ok=False, mismatches=tuple(mismatches), requirement=requirement, sentence=sentence, came=came
            )
        self.possibilities = frozenset(a.possibility for a in agreed)
        self._note_port(stimulus, visible)
        return Judgement(stimulus, ok=True, agreed=tuple(agreed), came=came)

    def _clock(self, came: Answer) -> dict[str, object]:
        """What a virtual clock shows; a real one is the kit's own, and what an adapter shows of it is not looked at."""
        if came.facts.measured is not None or came.seen is None or "now" not in came.seen:
            return {}
        return {"now": self.since.last}

    def _wrong(
        self, a: Allowed, expected: Mapping[str, object], stimulus: Stimulus, came: Mapping[str, object]
    ) -> Iterator[str]:
        yield from differences(expected, came)
        if _is_token_call(stimulus) and came.get("rc") == int(Rc.H_SUCCESS):
            token = came.get("r4")
            known = a.possibility.token
            if not isinstance(token, int) or token in a.possibility.spent or (known is not None and token != known):
                yield "r4"

    def _learned(self, a: Allowed, stimulus: Stimulus, came: Mapping[str, object]) -> Allowed:
        """Take over what only the implementation knows: the value of the token."""
        token = came.get("r4")
        if not (_is_token_call(stimulus) and came.get("rc") == int(Rc.H_SUCCESS) and isinstance(token, int)):
            return a
        held = replace(a.possibility, token=token, state=a.possibility.state.but(token=Token.CURRENT))
        return replace(a, possibility=held)

    def _note_port(self, stimulus: Stimulus, came: Mapping[str, object]) -> None:
        if stimulus.call == "add" and came.get("outcome") == "done":
            server = int(str(stimulus.given["server"]).removeprefix("server"))
            shown = came.get(f"server{server}_port")
            if isinstance(shown, int):
                self.ops.ports[server] = shown


def _is_token_call(stimulus: Stimulus) -> bool:
    return (
        stimulus.who == CLIENT
        and stimulus.call == "vioctl"
        and stimulus.given.get("sub") == int(Vioctl.GET_SESSION_TOKEN)
    )


def _expected(a: Allowed, servers: int, came: Mapping[str, object]) -> dict[str, object]:
    """Every field of reply and observation that an allowed answer determines."""
    found: dict[str, object] = {} if a.rc is None else {"rc": a.rc}
    if a.outcome is not None:
        found["outcome"] = a.outcome
    return {**found, **a.values, **expected_view(a.possibility, servers, came)}


def _exercising(judgement: Judgement, cases: tuple[str, ...]) -> Judgement:
    """The same judgement, with the IDs of the cases that the step has put to the test."""
    # As dataclasses.replace, which would look at every field: this is done at every step.
    after = object.__new__(Judgement)
    after.__dict__.update(judgement.__dict__, exercised=cases)
    return after
