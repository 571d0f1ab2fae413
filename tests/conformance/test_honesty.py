"""Adapters in the kit's own process that lie, cheat or break: none of them ever gets exit code 0.

Each lie is a function or a class whose docstring says in one line why it must not pass. All of them stand around the reference
hypervisor, or around nothing. Those that need a process of their own are in ``test_honesty_processes.py``.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.targets import base
from vnic_reference.adapter import Adapter

Kit = Callable[..., Result]
Plant = Callable[[Callable[[], object]], str]
Reply = dict[str, Any]
Lie = Callable[[Adapter, Reply, Reply], object]

VIOLATION, INCONCLUSIVE, BROKEN = ExitCode.VIOLATION, ExitCode.INCONCLUSIVE, ExitCode.ADAPTER_BROKEN


def nothing(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    """Does nothing and says that everything was done."""
    if request["op"] == "hello":
        return reply
    if not hasattr(adapter, "fresh") or request["op"] == "reset":
        servers = request.get("servers", 2)
        adapter.fresh = Adapter()({"seq": 1, "op": "reset", "servers": servers, "observe": 1})  # type: ignore[attr-defined]
    done = {"outcome": "done", "rc": 0, "element": "", "r4": 1, "info": "00" * 32, "handle": 1, "hex": ""}
    seen: Reply = adapter.fresh  # type: ignore[attr-defined]
    return seen | done | {"seq": request["seq"]}


def tells(**more: object) -> Lie:
    """A lie that does nothing, and says more."""

    def lie(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
        return nothing(adapter, request, reply) | more

    return lie


def claims(**more: object) -> Lie:
    """A lie in the greeting, for an implementation that does what it must."""

    def lie(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
        return reply | more if request["op"] == "hello" else reply

    return lie


def on_calls(answer: Callable[[Reply, Reply], object]) -> Lie:
    """A lie about calls only, made of request and true reply."""
    return lambda adapter, request, reply: answer(request, reply) if request["op"] == "apply" else reply


def raising(error: Callable[[], BaseException]) -> Lie:
    """Raises, at the third call."""

    def lie(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
        if request["seq"] > 4:
            raise error()
        return reply

    return lie


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise SystemExit(0)

    __repr__ = __str__


class LyingMapping(dict[str, Any]):
    """Its items are others than its members."""

    def items(self) -> Any:
        raise SystemExit(0)


class Evil(str):
    """Equal to everything, and of any length."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("done")

    def __len__(self) -> int:
        return 0

    def isprintable(self) -> bool:
        return True


def evil(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return {k: Evil(v) if isinstance(v, str) else v for k, v in nothing(adapter, request, reply).items()}


def late(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    """Changes what it had returned when it is asked again."""
    old: Reply = getattr(adapter, "old", {})
    old.update(reply)
    adapter.old = nothing(adapter, request, reply)  # type: ignore[attr-defined]
    return adapter.old  # type: ignore[attr-defined, no-any-return]


def rude(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    """Turns the process upside down, and does nothing besides."""
    sys.stdout.write("CONFORMS: everything that was exercised is as it must be.\n")
    sys.stdout = sys.stderr = io.StringIO()
    os.chdir("/")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.setrecursionlimit(500)
    sys.set_int_max_str_digits(640)
    warnings.simplefilter("error")
    random.seed(0)
    return nothing(adapter, request, reply)


def shadow(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    """Shows what a right implementation would show, beside each answer, and truly does nothing."""
    if request["op"] == "hello":
        return reply | {"quiet_ms": 1}
    if request["op"] == "apply":
        shown = adapter({"seq": request["seq"], "op": "observe"})
        return shown | reply
    return nothing(adapter, request, reply)


def second_time(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    """Right in the first session, and nothing from the second on."""
    adapter.resets = getattr(adapter, "resets", 0) + (request["op"] == "reset")  # type: ignore[attr-defined]
    return reply if adapter.resets < 2 else nothing(adapter, request, reply)  # type: ignore[attr-defined]


def from_a_record(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    """Gives the answers of another run, numbers adapted."""
    record = getattr(adapter, "record", None)
    if record is None:
        other = Adapter()
        words: list[Reply] = [{"op": "hello", "protocol_major": 1, "protocol_minor": 0, "kit": ""}]
        words += [{"op": "reset", "servers": 2, "observe": 1}]
        calls = [("client", "reg_crq"), ("server0", "reg_crq"), ("server1", "reg_crq")] * 400
        words += [{"op": "apply", "who": who, "call": call, "observe": 1} for who, call in calls]
        record = adapter.record = iter([other({"seq": 0} | word) for word in words])  # type: ignore[attr-defined]
    return next(record, reply) | {"seq": request["seq"]}


def dies_when_found(adapter: Adapter, request: Reply, reply: Reply) -> object:
    """Ends whenever a call would have shown that it does nothing."""
    if request["op"] == "apply":
        os._exit(0)
    return nothing(adapter, request, reply)


def idle(outcome: str, **hello: object) -> Lie:
    """Answers every call so, and does nothing indeed."""

    def lie(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
        if request["op"] == "hello":
            return reply | hello
        if request["op"] == "apply":
            return {"seq": request["seq"], "outcome": outcome}
        if not hasattr(adapter, "other"):
            adapter.other = Adapter()  # type: ignore[attr-defined]
        return adapter.other(dict(request))  # type: ignore[attr-defined, no-any-return]

    return lie


def clock(change: Callable[[int], int]) -> Lie:
    return lambda adapter, request, reply: reply | ({"now": change(reply["now"])} if "now" in reply else {})


def catches_all(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    """Hangs, and catches the interruption."""
    if request["op"] == "apply":
        try:
            time.sleep(600)
        except BaseException:
            return nothing(adapter, request, reply)
    return reply


ENOUGH = threading.Event()  #: ends the threads that are left


def leaves_a_thread(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    """Leaves a thread that keeps a program from ending."""
    if request["op"] == "hello":
        threading.Thread(target=ENOUGH.wait, args=(60,), name="left\x1b[31m").start()
    return reply


def recursion(adapter: Adapter, request: Reply, reply: Reply) -> object:
    return recursion(adapter, request, reply) if request["op"] == "apply" else reply


NOTES = {"absent": "CRQ-11", "measured": "0 0 0 0 0", "gone": "CRQ-1", "repeated": 1, "inconclusive": "x", "ok": 1}
HUGE = 10**5000
HOSTILE = "evil\x1b[2J\u2028\u0085\ud800|<script>alert(1)</script>"

#: Each lie with what it is played by, what must come, and why in one line.
LIES: list[tuple[str, Lie, ExitCode, str]] = [
    ("does nothing", nothing, VIOLATION, "a registered CRQ is not seen"),
    ("forges the kit's notes", tells(**NOTES), VIOLATION, "what the protocol does not know is ignored"),
    ("forges observe", tells(observe=1, op="observe", who="client"), VIOLATION, "fields of requests are no replies"),
    ("says a number of 5,000 digits", tells(size=HUGE), VIOLATION, "an unknown field is ignored, whatever it is"),
    ("returns evil strings", evil, VIOLATION, "text is taken as it is, methods are not"),
    ("changes its replies later", late, VIOLATION, "a reply is what it was when it was returned"),
    ("turns the process upside down", rude, VIOLATION, "the process is as it was after each call"),
    ("shows without having been asked", shadow, VIOLATION, "an observation that was not asked for is ignored"),
    ("does nothing the second time", second_time, VIOLATION, "each session is judged"),
    ("replays another run", from_a_record, VIOLATION, "the answers belong to other requests"),
    ("has a hostile name", tells(), VIOLATION, "a name is text, and cleaned"),
    ("always H_SUCCESS", on_calls(lambda q, r: r | {"rc": 0} if "rc" in r else r), VIOLATION, "errors are required"),
    ("never H_SUCCESS", on_calls(lambda q, r: r | {"rc": -1} if "rc" in r else r), VIOLATION, "success is required"),
    ("hides the client's queue", lambda a, q, r: r | ({"client_queue": ""} if "client_queue" in r else {}), VIOLATION,
     "an element that was sent is seen"),
    ("hands out zeros", on_calls(lambda q, r: r | {"element": "00" * 16} if r.get("element") else r), VIOLATION,
     "an element is what was sent"),
    ("shows a selection that is none", lambda a, q, r: r | ({"selected": "server0"} if "selected" in r else {}), VIOLATION,
     "nobody is selected after a reset"),
    ("refuses everything", on_calls(lambda q, r: {"seq": q["seq"], "outcome": "refused", "reason": "no"} | a_look(r)),
     VIOLATION, "a partition that is on is not refused"),
    ("does it, and says unsupported", on_calls(lambda q, r: {"seq": q["seq"], "outcome": "unsupported"}), VIOLATION,
     "what is unsupported has not happened"),
    ("unsupported, whatever it is", idle("unsupported"), INCONCLUSIVE, "nothing was exercised"),
    ("claims nothing and does nothing", idle("unsupported", features=""), INCONCLUSIVE, "nothing was exercised"),
    ("clock stands still", clock(lambda now: 0), VIOLATION, "time passes as it is told"),
    ("clock jumps", clock(lambda now: now * 2), VIOLATION, "time passes as it is told"),
    ("clock goes back", clock(lambda now: -now), BROKEN, "a time is never negative"),
    ("is never quiet", claims(quiet_ms=10**10, clock="real"), BROKEN, "quiet_ms is bounded"),
    ("is quiet after a day", claims(quiet_ms=86_400_000), BROKEN, "quiet_ms is bounded"),
    ("has 10^30 servers", claims(servers=10**30), BROKEN, "servers are bounded"),
    ("waits 10^29 ms", claims(profile_gap_ms=10**29), BROKEN, "profile numbers are bounded"),
    ("has a grace of 10^5000", claims(profile_grace=HUGE), BROKEN, "profile numbers are bounded"),
    ("has no name", claims(implementation="  "), BROKEN, "a name is demanded"),
    ("speaks version 0", claims(protocol_major=0), BROKEN, "another version is not understood"),
    ("plays a reserved role", claims(role="client"), ExitCode.USAGE, "there is no judge for it"),
    ("answers another request", lambda a, q, r: r | {"seq": q["seq"] - 1}, BROKEN, "seq is that of the request"),
    ("counts in fractions", lambda a, q, r: r | {"seq": float(q["seq"])}, BROKEN, "seq is a whole number"),
    ("counts in truths", lambda a, q, r: r | {"seq": True}, BROKEN, "seq is a number"),
    ("echoes", lambda a, q, r: q, BROKEN, "an echo has no outcome"),
    ("returns nothing", lambda a, q, r: None, BROKEN, "a reply is a dictionary"),
    ("returns a list", lambda a, q, r: [r], BROKEN, "a reply is a dictionary"),
    ("returns text", lambda a, q, r: json.dumps(r), BROKEN, "a reply is a dictionary"),
    ("nests", lambda a, q, r: r | {"more": {"a": [1]}}, BROKEN, "a reply is flat"),
    ("says too much", lambda a, q, r: r | {"more": "x" * (2 << 20)}, BROKEN, "a reply fits on a line"),
    ("has no end of fields", lambda a, q, r: r | {str(i): i for i in range(300_000)}, BROKEN, "a reply fits on a line"),
    ("lies about its items", lambda a, q, r: LyingMapping(r), BROKEN, "a mapping that raises is broken"),
    ("an rc of 5,000 digits", on_calls(lambda q, r: r | {"rc": HUGE}), BROKEN, "a return code has 64 bits"),
    ("an outcome of its own", on_calls(lambda q, r: r | {"outcome": "conforms"}), BROKEN, "there are five outcomes"),
    ("a refusal without reason", on_calls(lambda q, r: {"seq": q["seq"], "outcome": "refused"}), BROKEN, "it says why"),
    ("declines to reset", lambda a, q, r: r if q["op"] != "reset" else {"seq": q["seq"], "outcome": "unsupported"}, BROKEN,
     "every adapter resets"),
    ("declines to look", lambda a, q, r: {"seq": q["seq"], "outcome": "unsupported"} if q["op"] == "observe" else shadow(a, q, r),
     BROKEN, "looking is always possible"),
    ("raises", raising(lambda: KeyError("oh")), BROKEN, "an exception is no reply"),
    ("raises KeyboardInterrupt", raising(KeyboardInterrupt), BROKEN, "that is not the user's"),
    ("raises GeneratorExit", raising(GeneratorExit), BROKEN, "an exception is no reply"),
    ("raises what cannot be told", raising(UnprintableError), BROKEN, "its text is not needed"),
    ("raises 10 MB", raising(lambda: ValueError("x" * 10_000_000)), BROKEN, "its text is cut"),
    ("raises half a character", raising(lambda: ValueError(HOSTILE)), BROKEN, "its text is cleaned"),
    ("warns", raising(lambda: DeprecationWarning("soon")), BROKEN, "a warning that is raised is an exception"),
    ("calls itself", recursion, BROKEN, "an exception is no reply"),
    ("exits", raising(lambda: SystemExit(0)), BROKEN, "only the kit says how a run ends"),
    ("ends when it would be found out", dies_when_found, BROKEN, "only the kit says how a run ends"),
    ("hangs and hides it", catches_all, BROKEN, "every wait ends"),
    ("leaves a thread", leaves_a_thread, BROKEN, "it leaves nothing behind"),
]  # fmt: skip


def a_look(reply: Reply) -> Reply:
    """The observation in a reply."""
    return {name: value for name, value in reply.items() if name not in ("seq", "outcome", "rc", "reason", "error")}


def liar(lie: Lie) -> Callable[[], Callable[[Reply], object]]:
    """A factory of adapters that lie so, around the reference."""

    def factory() -> Callable[[Reply], object]:
        adapter = Adapter()
        return lambda request: lie(adapter, request, adapter(dict(request)))

    return factory


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "WAIT_S", dict.fromkeys(base.WAIT_S, 5.0) | {"apply": 1.0})


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What a lie leaves in the process would be seen by the tests after it."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    state = (sys.stdout, sys.stderr, os.getcwd(), sys.getrecursionlimit(), sys.get_int_max_str_digits(), os._exit)
    ENOUGH.clear()
    yield
    ENOUGH.set()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)] == handlers
    assert state == (
        sys.stdout, sys.stderr, os.getcwd(), sys.getrecursionlimit(), sys.get_int_max_str_digits(), os._exit
    )  # fmt: skip


@pytest.mark.parametrize(("lie", "code", "why"), [lie[1:] for lie in LIES], ids=[lie[0] for lie in LIES])
def test_no_lie_conforms(lie: Lie, code: ExitCode, why: str, vnickit: Kit, plant: Plant) -> None:
    result = vnickit("check", "--adapter", plant(liar(lie)), "--phase", "walk", "--steps", "500", "-x")
    assert result.exit_code == code, f"{why}\n{result.output}"
    assert len(result.output) < 50_000
    assert all(line.isprintable() for line in result.output.splitlines())


def test_unknown_whatever_is_asked_is_no_success(vnickit: Kit, plant: Plant) -> None:
    lie = on_calls(lambda request, reply: {"seq": request["seq"], "outcome": "unknown"})
    result = vnickit("check", "--adapter", plant(liar(lie)), "--phase", "scripted", "-k", "CRQ-2", "-x")
    assert result.exit_code in (VIOLATION, INCONCLUSIVE), result.output


def test_there_are_enough_of_them() -> None:
    assert len(LIES) >= 40
    assert len({lie[0] for lie in LIES}) == len(LIES)
    assert all(lie[3] for lie in LIES)


def test_a_hostile_name_is_cleaned_wherever_it_is_shown(vnickit: Kit, plant: Plant) -> None:
    def lie(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
        return nothing(adapter, request, reply) | ({"implementation": HOSTILE} if request["op"] == "hello" else {})

    words = ("check", "--adapter", plant(liar(lie)), "--phase", "walk", "--steps", "50", "-x", "--junit", "j.xml")
    result = vnickit(*words, "--log", "run.jsonl")
    assert result.exit_code == VIOLATION, result.output
    assert r"evil\x1b[2J\u2028\x85\ud800|<script>" in result.output
    for file in ("j.xml", "run.jsonl"):
        text = Path(file).read_text(encoding="utf-8")
        assert "<script>" not in text or file == "run.jsonl"
        assert not {"\x1b", "\u2028", "\x85", "\ud800"} & set(text)
    assert vnickit("judge", "run.jsonl").exit_code == VIOLATION
    assert vnickit("show", "run.jsonl").exit_code in (ExitCode.CONFORMS, INCONCLUSIVE)


# --- exits at every point, in every verb ----------------------------------------------------------------------------

#: An adapter in a file of its own; the words say where it ends the process, and how.
ENDS = """
import os, sys
from vnic_reference.adapter import Adapter

def end():
    {end}

{at_import}

class Made(Adapter):
    def __init__(self):
        super().__init__()
        {at_making}
    def __call__(self, request):
        if request["op"] == "reset":
            {at_reset}
        return super().__call__(request)
    def close(self):
        {at_closing}
"""
POINTS = ("at_import", "at_making", "at_reset", "at_closing")


@pytest.fixture
def ends_at(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str, str], str]]:
    """``ends_at(point, statement)``: the name of an adapter that ends the process there."""
    made: list[str] = []

    def make(point: str, end: str) -> str:
        name = f"ends_{abs(hash(request.node.name))}"
        made.append(name)
        parts = {p: "end()" if p == point else "pass" for p in POINTS}
        (tmp_path / f"{name}.py").write_text(ENDS.format(end=end, **parts), encoding="utf-8")
        return f"python:{name}:Made"

    path = list(sys.path)
    yield make
    sys.path[:] = path
    for name in made:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("verb", ["check", "smoke", "score", "replay"])
@pytest.mark.parametrize("point", POINTS)
def test_an_adapter_that_exits_is_broken_in_every_verb(
    verb: str, point: str, vnickit: Kit, ends_at: Callable[[str, str], str], tmp_path: Path, a_failure: Path
) -> None:
    spec = ends_at(point, "sys.exit(0)")
    words: Mapping[str, tuple[object, ...]] = {
        "check": ("--adapter", spec, "--phase", "walk", "--steps", "50"),
        "smoke": ("--adapter", spec),
        "score": ("--roster", "r.json", "--phase", "walk", "--steps", "50"),
        "replay": (a_failure, "--adapter", spec),
    }
    (tmp_path / "r.json").write_text(json.dumps({"variants": [{"name": "it", "adapter": spec}]}), encoding="utf-8")
    result = vnickit(verb, *words[verb])
    assert result.exit_code == BROKEN, result.output


@pytest.mark.parametrize("end", ["os._exit(0)", "os.execv('/bin/true', ['true'])", "raise KeyboardInterrupt"])
@pytest.mark.parametrize("point", POINTS)
def test_however_it_ends_the_process(end: str, point: str, vnickit: Kit, ends_at: Callable[[str, str], str]) -> None:
    result = vnickit("check", "--adapter", ends_at(point, end), "--phase", "walk", "--steps", "50")
    assert result.exit_code == BROKEN, result.output


@pytest.fixture(scope="module")
def a_failure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with a failure that the reference does not have."""
    from vnic_conformance.running.checking import Request, check
    from vnic_conformance.running.runlog import RunLog

    file = tmp_path_factory.mktemp("logs") / "run.jsonl"
    log = RunLog(file.open("w", encoding="utf-8"))
    request = Request(
        "python:vnic_reference.faults:fenced_send_accepted", ("FOV-10",), fail_fast=True, phases=("scripted",)
    )
    assert check(request, [log]).outcome.code is VIOLATION
    log.close()
    return file
