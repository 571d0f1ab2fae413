"""Is the *adapter* sane? Checks that need no knowledge of the protocol under test.

They ask whether an adapter tells the truth: does it start from scratch when told to, does it decline what it does not
know, does what it shows agree with what it hands out. Whether the implementation behind it conforms is not asked here;
with an adapter that fails here, that question has no answer.

A check returns one line of detail, raises :class:`FailedError` or :class:`NotTriedError`, or lets an
:class:`~vnic_conformance.targets.AdapterBroken` through, after which no other check can run.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import Final

from vnic_conformance.protocol.client_words import CLIENT_FEATURES
from vnic_conformance.protocol.messages import FEATURES, Fields, Outcome
from vnic_conformance.protocol.rules import observation_of
from vnic_conformance.protocol.schema import shown
from vnic_conformance.targets import AdapterBroken, Log, Target, open_target
from vnic_spec.wire import INIT, Rc, Vioctl

#: A report interval that no check outlives.
_LONG_MS: Final = 600_000
_ADVANCE_MS: Final = 250
_MARKER_PRIORITY: Final = 7
_REGISTERED: Final = (Rc.H_SUCCESS, Rc.H_CLOSED)


class Verdict(StrEnum):
    """What became of a check."""

    OK = "ok"
    FAILED = "FAILED"
    NOT_TRIED = "not tried"  #: it could not be, or the adapter does not claim what it needs; the detail says which
    NOT_RUN = "not run"  #: an earlier failure made it pointless


class FailedError(Exception):
    """The adapter failed the check; the text says what was expected and what came."""


class NotTriedError(Exception):
    """The check says nothing about this adapter; the text says why."""


@dataclass(frozen=True)
class Result:
    """The outcome of one check. ``needed`` = without it, nothing can be said about the adapter."""

    name: str
    question: str
    verdict: Verdict
    detail: str = ""
    needed: bool = True


@dataclass
class Examination:
    """The checks of one adapter, and what they share."""

    results: list[Result] = field(default_factory=list)
    target: Target | None = None
    broken: AdapterBroken | None = None
    fresh: Fields = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the adapter is broken."""
        return any(result.verdict is Verdict.FAILED for result in self.results)

    @property
    def inconclusive(self) -> bool:
        """Whether something that is needed could not be tried."""
        return any(result.verdict is Verdict.NOT_TRIED and result.needed for result in self.results)

    # -- shorthands ------------------------------------------------------------------------------------------------

    def opened(self) -> Target:
        """The target; only called once there is one."""
        assert self.target is not None
        return self.target

    def observe(self) -> Fields:
        """An observation, without the time if that passes by itself."""
        return self.seen(self.opened().request({"op": "observe"}))

    def seen(self, reply: Mapping[str, object]) -> Fields:
        """The observation in a reply, without the time if that passes by itself."""
        observation = observation_of(reply)
        if not self.opened().hello.virtual:
            observation.pop("now", None)
        return observation

    def apply(self, who: str, call: str, **fields: object) -> Fields:
        """The reply to one call, observation included."""
        return self.opened().request({"op": "apply", "who": who, "call": call, **fields, "observe": 1})

    def reset(self) -> Fields:
        """Reset to as many servers as these checks use, and return what is seen then."""
        servers = min(2, self.opened().hello.servers)
        reply = self.opened().request({"op": "reset", "servers": servers, "observe": 1})
        if reply["outcome"] != Outcome.DONE:
            raise FailedError(f'reset to {servers} servers: {_answer(reply)}; it must be "done"')
        return self.seen(reply)


Check = Callable[[Examination], str]


def _answer(reply: Mapping[str, object]) -> str:
    why = reply.get("error") or reply.get("reason") or ""
    return f'outcome "{reply["outcome"]}"{f" ({why})" if why else ""}'


def _expect(seen: Mapping[str, object], expected: Mapping[str, object], when: str) -> None:
    for name, value in expected.items():
        if seen.get(name) != value:
            raise FailedError(f"{when}, {name} must be {shown(value)}, not {shown(seen.get(name))}")


def _same(before: Mapping[str, object], after: Mapping[str, object], why: str) -> None:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            raise FailedError(f"{name} was {shown(before.get(name))} and is {shown(after.get(name))}; {why}")


# --- the checks ------------------------------------------------------------------------------------------------------


def _claims(exam: Examination) -> str:
    hello = exam.opened().hello
    for word in hello.unknown_features:
        known = CLIENT_FEATURES if hello.role == "client" else FEATURES
        near = difflib.get_close_matches(word, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        raise FailedError(f"there is no feature {word!r}; {hint}")
    if hello.role == "system":
        raise NotTriedError(
            "role system has no sanity checks of its own; vnickit check says what is wrong with its replies"
        )
    if hello.role not in ("hypervisor", "client"):
        raise NotTriedError(f"role {hello.role} is reserved; this kit tests hypervisors, clients and whole systems")
    features = " ".join(sorted(hello.features)) or "none"
    profile = ", ".join(f"{name} {value}" for name, value in hello.profile.differences().items())
    return f"features: {features}; profile: {profile or 'defaults'}"


def _resets(exam: Examination) -> str:
    seen = exam.fresh = exam.reset()
    names = [f"server{index}" for index in range(exam.opened().servers)]
    when = "after a reset"
    expected: dict[str, object] = {"client_crq": "CLOSED", "auto": 1, "selected": "", "pinned": ""}
    expected |= {"listed": " ".join(names), "client_queue": ""}
    for name in names:
        expected |= {f"{name}_priority": 50, f"{name}_status": "POWERED_OFF", f"{name}_queue": ""}
    if exam.opened().hello.virtual:
        expected["now"] = 0
    _expect(seen, expected, when)
    ports = [seen[f"{name}_port"] for name in names]
    if len(set(ports)) != len(ports):
        raise FailedError(f"{when}, the servers' ports must differ in pairs, not {shown(ports)}")
    return f"{len(names)} servers listed, nothing registered"


def _echoes(exam: Examination) -> str:
    exam.opened().skip_numbers(1_000_003)
    exam.observe()
    return "numbers may have gaps"


_NONSENSE: Final[tuple[tuple[str, Fields], ...]] = (
    ("an unknown request", {"op": "x_no_such_request"}),
    ("an unknown call", {"op": "apply", "who": "client", "call": "x_no_such_call"}),
    ("an unknown caller", {"op": "apply", "who": "x_nobody", "call": "free_crq"}),
    ("a call without its argument", {"op": "apply", "who": "client", "call": "send_crq"}),
)


def _declines(exam: Examination) -> str:
    before = exam.observe()
    for what, request in _NONSENSE:
        reply = exam.opened().probe(request)
        if reply["outcome"] not in (Outcome.ERROR, Outcome.UNSUPPORTED):
            raise FailedError(f'{what} must be answered by outcome "error", not by {_answer(reply)}')
    _same(before, exam.observe(), "declined requests must have no effect")
    return f"{len(_NONSENSE)} kinds of nonsense"


def _ignores(exam: Examination) -> str:
    exam.opened().request({"op": "observe", "x_note": "nobody knows this field"})
    return "x_note"


def _looks(exam: Examination) -> str:
    answer = exam.apply("client", "reg_crq")
    if answer["outcome"] != Outcome.DONE or answer.get("rc") not in _REGISTERED:
        raise NotTriedError(f"the client's reg_crq was not carried out: {_answer(answer)}, rc {answer.get('rc')}")
    _expect(exam.seen(answer), {"client_crq": "OPEN"}, "after the client's reg_crq")
    first = exam.observe()
    _same(first, exam.observe(), "looking must change nothing")
    _same(exam.seen(answer), first, 'what "observe":1 shows and what observe shows must agree')
    return "the client's reg_crq is seen, the same twice"


def _hands_out(exam: Examination) -> str:
    exam.reset()
    steps: tuple[tuple[str, str, Fields], ...] = (
        ("server0", "reg_crq", {}),
        ("server0", "vioctl", {"sub": Vioctl.VNIC_SERVER_STATUS.value, "p1": 1, "p2": _LONG_MS}),
        ("client", "reg_crq", {}),
        ("server0", "send_crq", {"hex": INIT.hex()}),
    )
    for who, call, fields in steps:
        answer = exam.apply(who, call, **fields)
        allowed = _REGISTERED if call == "reg_crq" else (Rc.H_SUCCESS,)
        if answer["outcome"] != Outcome.DONE or answer.get("rc") not in allowed:
            raise NotTriedError(f"no element could be queued: {who} {call}: {_answer(answer)}, rc {answer.get('rc')}")
    _expect(exam.observe(), {"client_queue": INIT.hex()}, "after server0 has sent INIT with rc 0")
    answer = exam.apply("client", "consume")
    _expect(answer, {"element": INIT.hex()}, "when the client consumes")
    _expect(exam.seen(answer), {"client_queue": ""}, "after the client has consumed")
    _expect(exam.apply("client", "consume"), {"element": ""}, "when there is nothing to consume")
    return "an element is seen, handed out once, and gone"


def _console(exam: Examination) -> str:
    if "console" not in exam.opened().hello.features:
        raise NotTriedError("the feature console is not claimed")
    answer = exam.apply("console", "priority", server="server0", value=_MARKER_PRIORITY)
    if answer["outcome"] != Outcome.DONE:
        raise FailedError(f"setting a priority of {_MARKER_PRIORITY} must be possible: {_answer(answer)}")
    _expect(exam.seen(answer), {"server0_priority": _MARKER_PRIORITY}, f"after priority {_MARKER_PRIORITY} was set")
    return "a priority that was set is seen"


def _time(exam: Examination) -> str:
    target = exam.opened()
    if not target.hello.virtual:
        raise NotTriedError("the clock is real")
    before = exam.observe()["now"]
    assert isinstance(before, int)
    reply = target.request({"op": "advance", "ms": _ADVANCE_MS, "observe": 1})
    if reply["outcome"] != Outcome.DONE:
        raise FailedError(f"the clock is virtual, so advance must be possible: {_answer(reply)}")
    _expect(reply, {"now": before + _ADVANCE_MS}, f"after an advance by {_ADVANCE_MS} ms from {before}")
    return f"{_ADVANCE_MS} ms"


def _settles(exam: Examination) -> str:
    reply = exam.opened().request({"op": "settle", "observe": 1})
    if reply["outcome"] != Outcome.DONE:
        raise FailedError(f"settle must be possible: {_answer(reply)}")
    _same(exam.seen(reply), exam.observe(), "after settle nothing more may happen by itself")
    return "nothing happens by itself after it"


def _erases(exam: Examination) -> str:
    marked = exam.observe()
    if marked["client_crq"] == exam.fresh["client_crq"]:
        raise NotTriedError("no marker could be left")
    _same(exam.fresh, exam.reset(), "a reset must erase everything")
    return "markers are gone"


def _ends(exam: Examination) -> str:
    exam.opened().finish()
    return "bye was answered, and nothing is left behind"


#: Every check after the greeting: name, question, what it does, and whether a verdict needs it.
CHECKS: Final[tuple[tuple[str, str, Check, bool], ...]] = (
    ("claims", "are role, features and profile words that there are?", _claims, True),
    ("resets", "is a reset system as fresh as the protocol says?", _resets, True),
    ("echoes", "does each reply carry its request's number?", _echoes, True),
    ("declines", "is nonsense declined, and without effect?", _declines, True),
    ("ignores", "is an unknown field ignored?", _ignores, True),
    ("looks", "does looking change nothing?", _looks, True),
    ("hands out", "do queues as seen agree with what consume returns?", _hands_out, True),
    ("console", "does the console's work show?", _console, False),
    ("advances", "does virtual time pass as it is told?", _time, False),
    ("settles", "is all quiet after settle?", _settles, True),
    ("erases", "does a reset erase what was there?", _erases, True),
    ("ends", "does it end after bye, with everything it started?", _ends, True),
)


#: The modules with the checks of other roles; loaded when an adapter plays one, because they need this module.
_ELSEWHERE: Final = {"client": "vnic_conformance.client_role.sanity"}


def _of_role(exam: Examination) -> tuple[tuple[str, str, Check, bool], ...]:
    """The checks after the claims."""
    module = None if exam.target is None else _ELSEWHERE.get(exam.target.hello.role)
    if module is not None:
        checks: tuple[tuple[str, str, Check, bool], ...] = import_module(module).CHECKS
        return checks
    return CHECKS[1:]


def examine(
    spec: str, *, time_scale: float = 1.0, log: Log | None = None, report: Callable[[Result], None] | None = None
) -> Examination:
    """Run every check against the adapter that ``spec`` names.

    Args:
        spec: as :func:`~vnic_conformance.targets.open_target` takes it.
        time_scale: factor on every wait.
        log: told of every message.
        report: told of each result as it comes.

    Raises:
        SpecError: the form of ``spec`` is wrong.
    """
    exam = Examination()

    def note(result: Result) -> None:
        exam.results.append(result)
        if report is not None:
            report(result)

    def greets(exam: Examination) -> str:
        exam.target = open_target(spec, time_scale=time_scale, log=log)
        hello = exam.target.hello
        plural = "" if hello.servers == 1 else "s"
        return (
            f"{hello.label}: protocol {hello.protocol[0]}.{hello.protocol[1]}, {hello.role}, {hello.servers} "
            f"server{plural}, {hello.clock} clock, quiet after {hello.quiet_ms} ms"
        )

    try:
        checks = deque([("greets", "does it start, and say what it is?", greets, True), CHECKS[0]])
        pointless = False
        while checks:
            name, question, check, needed = checks.popleft()
            if name == "claims":
                checks.extend(_of_role(exam))
            if pointless:
                note(Result(name, question, Verdict.NOT_RUN, needed=needed))
                continue
            result = _try(exam, name, question, check, needed)
            note(result)
            wrong_role = name == "claims" and result.verdict is Verdict.NOT_TRIED
            no_reset = name == "resets" and result.verdict is Verdict.FAILED
            pointless = exam.broken is not None or wrong_role or no_reset
    finally:
        if exam.target is not None:
            exam.target.close()
    return exam


def _try(exam: Examination, name: str, question: str, check: Check, needed: bool) -> Result:
    try:
        return Result(name, question, Verdict.OK, check(exam), needed)
    except FailedError as error:
        return Result(name, question, Verdict.FAILED, str(error), needed)
    except NotTriedError as error:
        return Result(name, question, Verdict.NOT_TRIED, str(error), needed)
    except AdapterBroken as error:
        exam.broken = error
        return Result(name, question, Verdict.FAILED, error.title, needed)


def not_run(results: Iterable[Result]) -> int:
    """How many checks an earlier failure made pointless."""
    return sum(result.verdict is Verdict.NOT_RUN for result in results)
