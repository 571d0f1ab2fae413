"""Adapters that hang, crash, babble and leave things behind: each meets its own exception, soon, and nothing is left.

One villain plays all of them: a sane adapter that does one wrong thing when one message comes.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from vnic_conformance.targets import AdapterBroken, Target, base, open_target
from vnic_conformance.targets import failures as f
from vnic_conformance.targets.in_process import InProcessLink

VILLAIN = """
import json, os, signal, subprocess, sys, time

when, mischief = sys.argv[1:3]

HELLO = {"protocol_major": 1, "protocol_minor": 0, "implementation": "villain", "role": "hypervisor", "servers": 1,
         "clock": "virtual", "quiet_ms": 0, "features": ""}
SEEN = {"now": 0, "client_crq": "CLOSED", "auto": 1, "selected": "", "pinned": "", "listed": "server0",
        "server0_status": "POWERED_OFF", "server0_priority": 50, "server0_port": 0, "client_queue": "",
        "server0_queue": ""}

def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()

def say(reply):
    write(json.dumps(reply) + "\\n")

def hang(reply):
    time.sleep(600)

def crash(reply):
    sys.stderr.write("it hurts\\n")
    sys.stderr.flush()
    os._exit(3)

def fault(reply):
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(600)

def mute(reply):
    os.close(1)
    time.sleep(600)

def babble(reply):
    write("ready.\\n")

def array(reply):
    write("[1, 2]\\n")

def nul(reply):
    sys.stdout.buffer.write(b"\\x00\\xff\\n")
    sys.stdout.flush()

def other_seq(reply):
    say(reply | {"seq": reply["seq"] - 1})

def text_seq(reply):
    say(reply | {"seq": str(reply["seq"])})

def no_seq(reply):
    del reply["seq"]
    say(reply)

def no_outcome(reply):
    del reply["outcome"]
    say(reply)

def nested(reply):
    say(reply | {"more": {"a": 1}})

def endless(reply):
    while True:
        write("x" * 65536)

def huge(reply):
    write('"' + "x" * (2 << 20) + '"\\n')

def half(reply):
    write('{"seq":')
    time.sleep(600)

def half_then_end(reply):
    write('{"seq":')
    os._exit(0)

def twice(reply):
    write((json.dumps(reply) + "\\n") * 2)

def again_later(reply):
    say(reply)
    sys.stdin.readline()
    say(reply)

def drip(reply):
    for letter in json.dumps(reply):
        write(letter)
        time.sleep(0.5)

def flood(reply):
    sys.stderr.write(("noise " * 20 + "\\n") * 40_000 + "the last line")
    sys.stderr.flush()
    say(reply)

def child(reply):
    process = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    sys.stderr.write(f"child {process.pid}\\n")
    sys.stderr.flush()
    say(reply)

def child_that_hangs_too(reply):
    child(reply)
    time.sleep(600)

def runaway(reply):
    process = subprocess.Popen(["sleep", "3"], stdin=subprocess.DEVNULL, start_new_session=True)
    say(reply)

def stay(reply):
    say(reply)
    time.sleep(600)

def bad_status(reply):
    say(reply)
    sys.exit(7)

def no_thanks(reply):
    say({"seq": reply["seq"], "outcome": "error", "error": "not today"})

def version_2(reply):
    say(reply | {"protocol_major": 2})

def wrong_claim(reply):
    say(reply | {"profile_grace": "much"})

def stubborn(reply):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    time.sleep(600)

for line in sys.stdin:
    request = json.loads(line)
    reply = {"seq": request["seq"], "outcome": "done"}
    if request["op"] == "hello":
        reply |= HELLO
    if request["op"] == "apply":
        reply["rc"] = 0
    if request["op"] == "observe" or request.get("observe"):
        reply |= SEEN
    (globals()[mischief] if request["op"] == when else say)(reply)
    if request["op"] == "bye":
        break
"""

#: What every message is in these tests. The last one is sent by ``finish``.
MESSAGES: tuple[Mapping[str, object], ...] = (
    {"op": "reset", "servers": 1, "observe": 1},
    {"op": "apply", "who": "client", "call": "reg_crq"},
    {"op": "advance", "ms": 1},
    {"op": "settle"},
    {"op": "observe"},
)
OPS = ("hello", "reset", "apply", "advance", "settle", "observe", "bye")
SHORT_S = 0.4
#: Starting Python takes its time on a busy machine; only whoever tests a silent start waits less for it.
PATIENT_S = 60.0


@pytest.fixture
def villain(tmp_path: Path) -> str:
    file = tmp_path / "villain.py"
    file.write_text(VILLAIN, encoding="utf-8")
    return f"{sys.executable} {file}"


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = dict.fromkeys(base.WAIT_S, SHORT_S) | {"hello": PATIENT_S}
    monkeypatch.setattr(base, "WAIT_S", waits)
    monkeypatch.setattr("vnic_conformance.targets.WAIT_S", waits)


def runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def gone(pid: int) -> bool:
    for _ in range(100):
        if not runs(pid):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def pids(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The process IDs of all adapters that the test starts; at its end none of them may run."""
    found: list[int] = []
    real = base.Target.__init__

    def noting(self: Target, link: Any, **more: Any) -> None:
        found.append(link.pid)
        real(self, link, **more)

    monkeypatch.setattr(base.Target, "__init__", noting)
    yield found
    assert found
    for pid in found:
        assert gone(pid)


def talk(spec: str, log: base.Log | None = None) -> Target:
    """Send every message; the target, if it survives that."""
    target = open_target(spec, log=log)
    for message in MESSAGES:
        target.request(message)
    target.finish()
    return target


def breaks(spec: str, expected: type[AdapterBroken], log: base.Log | None = None) -> AdapterBroken:
    """The exception that talking to it ends with, which has to come soon."""
    start = time.monotonic()
    with pytest.raises(AdapterBroken) as caught:
        talk(spec, log)
    assert type(caught.value) is expected, caught.value
    assert time.monotonic() - start < PATIENT_S
    return caught.value


def test_the_villain_can_behave(villain: str, pids: list[int]) -> None:
    assert talk(f"{villain} never nothing").requests == len(OPS)


@pytest.mark.parametrize("op", OPS)
def test_hanging(op: str, villain: str, pids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    if op == "hello":
        monkeypatch.setitem(base.WAIT_S, op, SHORT_S)
    trouble = breaks(f"{villain} {op} hang", f.Hung)
    assert trouble.came == "nothing within 0.4 s"
    assert trouble.request.startswith(op)


@pytest.mark.parametrize("op", OPS)
def test_crashing(op: str, villain: str, pids: list[int]) -> None:
    trouble = breaks(f"{villain} {op} crash", f.Died)
    assert trouble.came == "the end of its output; exit status 3"
    assert trouble.request.startswith(op)
    assert trouble.stderr_tail == "it hurts"
    assert trouble.seq == OPS.index(op) + 1


@pytest.mark.parametrize("op", ["hello", "apply"])
@pytest.mark.parametrize(
    ("mischief", "expected", "came"),
    [
        ("fault", f.Died, "killed by SIGSEGV"),
        ("mute", f.Died, "the end of its output; the process still runs"),
        ("half_then_end", f.Died, "the end of its output after '{\"seq\":'; exit status 0"),
        ("babble", f.Garbage, "'ready.': it is not JSON"),
        ("array", f.Garbage, "JSON, but not an object"),
        ("nul", f.Garbage, "it is not UTF-8"),
        ("huge", f.LineTooLong, "more than 1048576 bytes|2097154 bytes|bytes without a line feed"),
        ("endless", f.LineTooLong, "bytes without a line feed, beginning with 'xxxx"),
        ("other_seq", f.WrongSeq, r'a line with "seq":\d'),
        ("text_seq", f.WrongSeq, r'a line with "seq":"\d"'),
        ("no_seq", f.BadReply, "field 'seq' is missing"),
        ("no_outcome", f.BadReply, "field 'outcome' is missing"),
        ("nested", f.BadReply, 'field "more" must be a string or an integer'),
    ],
)
def test_nonsense(
    op: str, mischief: str, expected: type[AdapterBroken], came: str, villain: str, pids: list[int]
) -> None:
    trouble = breaks(f"{villain} {op} {mischief}", expected)
    assert re.search(came, trouble.came)
    assert trouble.request.startswith(op)


@pytest.mark.parametrize(
    ("op", "mischief", "expected", "came"),
    [
        ("apply", "half", f.HalfLine, "without a line feed, then nothing for 0.4 s"),
        ("apply", "drip", f.HalfLine, "without a line feed, then nothing for 0.4 s"),
        ("apply", "twice", f.Unsolicited, "the line '{"),
        ("apply", "again_later", f.WrongSeq, 'a line with "seq":3, which has been answered before'),
        ("hello", "no_thanks", f.Declined, "not today"),
        ("bye", "no_thanks", f.Declined, 'outcome "error"'),
        ("hello", "version_2", f.WrongVersion, "the adapter speaks protocol 2.0, the kit 1.x"),
        ("hello", "wrong_claim", f.BadClaim, "grace"),
        ("bye", "stay", f.BadEnd, "it still runs 0.4 s after bye"),
        ("bye", "bad_status", f.BadEnd, "exit status 7"),
        ("bye", "runaway", f.LeftBehind, "somebody else still has its output open"),
        ("settle", "stubborn", f.Hung, "nothing within 0.4 s"),
    ],
)
def test_other_mischief(
    op: str, mischief: str, expected: type[AdapterBroken], came: str, villain: str, pids: list[int]
) -> None:
    assert came in breaks(f"{villain} {op} {mischief}", expected).came


def test_a_flood_on_standard_error_is_no_fault_and_its_end_is_kept(villain: str, pids: list[int]) -> None:
    target = talk(f"{villain} apply flood")
    for _ in range(500):  # what was written on standard error may still be on its way
        lines = target.stderr_tail.splitlines()
        if lines[-1:] == ["the last line"]:
            break
        time.sleep(0.01)
    assert lines[-1] == "the last line"
    assert len(lines) == 32


def child_of(target_or_trouble: Target | AdapterBroken) -> int:
    for _ in range(500):  # what was written on standard error may still be on its way
        found = re.search(r"child (\d+)", target_or_trouble.stderr_tail)
        if found is not None:
            return int(found[1])
        time.sleep(0.01)
    raise AssertionError(target_or_trouble.stderr_tail)


def test_a_child_that_is_left_behind_is_told_and_ended(villain: str, pids: list[int]) -> None:
    trouble = breaks(f"{villain} settle child", f.LeftBehind)
    assert gone(child_of(trouble))


def test_a_child_is_ended_together_with_an_adapter_that_hangs(villain: str, pids: list[int]) -> None:
    trouble = breaks(f"{villain} settle child_that_hangs_too", f.Hung)
    assert gone(child_of(trouble))


def test_closing_without_a_word_leaves_nothing_either(villain: str, pids: list[int]) -> None:
    with open_target(f"{villain} reset child") as target:
        target.request(MESSAGES[0])
        child = child_of(target)
        assert runs(child)
    assert gone(child)


def test_a_target_that_is_forgotten_is_ended(villain: str, pids: list[int]) -> None:
    target = open_target(f"{villain} never nothing")
    pid = pids[0]
    assert runs(pid)
    del target
    assert gone(pid)


def test_a_request_that_nobody_reads(villain: str, pids: list[int]) -> None:
    # More than a pipe holds. The villain is busy writing to nobody when it comes.
    target = open_target(f"{villain} reset stay")
    target.request(MESSAGES[0])
    block = {"op": "apply", "who": "client", "call": "send_sub_crq_indirect", "handle": 1, "hex": "80" * 32 * 8000}
    with pytest.raises(f.NotReading, match=r"bytes of the request were not taken within 0\.4 s"):
        target.request(block)


def test_nothing_is_lost_from_the_record(villain: str, pids: list[int]) -> None:
    record: list[tuple[str, Mapping[str, object]]] = []
    breaks(f"{villain} advance crash", f.Died, log=lambda kind, message: record.append((kind, message)))
    assert [kind for kind, _ in record] == ["request", "reply"] * 3 + ["request", "broken"]
    assert record[-2][1] == {"seq": 4, "op": "advance", "ms": 1}
    assert record[-1][1]["broken"] == "Died"
    assert record[-1][1]["stderr_tail"] == "it hurts"


def test_what_is_broken_stays_broken(villain: str, pids: list[int]) -> None:
    target = open_target(f"{villain} reset crash")
    with pytest.raises(f.Died) as first:
        target.request(MESSAGES[0])
    with pytest.raises(f.Died) as second:
        target.request(MESSAGES[1])
    assert first.value is second.value is target.broken
    target.close()


def test_the_message_says_all_that_its_author_needs(villain: str, pids: list[int]) -> None:
    trouble = breaks(f"{villain} apply crash", f.Died)
    assert str(trouble) == (
        "the adapter died at request 3 (apply client reg_crq)\n"
        "  fault of  the adapter\n"
        "  expected  one reply, as one line, to each request\n"
        "  came      the end of its output; exit status 3\n"
        "  next      its standard error may say why; send it the same requests by hand, one line each\n"
        "  the last lines on its standard error:\n"
        "    | it hurts"
    )


def test_every_way_to_be_broken_says_what_to_do() -> None:
    kinds = [kind for kind in vars(f).values() if isinstance(kind, type) and issubclass(kind, AdapterBroken)]
    assert len(kinds) >= 15
    for kind in kinds:
        assert kind.__doc__
        assert kind.title
        assert kind.fault
        assert kind.expects
        assert kind.advice
        assert (kind.title == AdapterBroken.title) == (kind is AdapterBroken)


def test_shells_that_misbehave(pids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(base.WAIT_S, "hello", 1.0)
    babbles = (f.Unsolicited, f.Garbage)  # which one depends on who is first
    for program, expected in (
        ("sleep 1000", f.Hung),
        ("true", f.Died),
        ("cat", f.BadReply),
        ("yes", babbles),
        ("cat /dev/zero", babbles),
        ("sh -c 'exec >&-; sleep 1000'", f.Died),
        ("sh -c 'sleep 1000 & sleep 1000'", f.Hung),
    ):
        with pytest.raises(AdapterBroken) as caught:
            open_target(program)
        assert isinstance(caught.value, expected), program


# --- in this process -------------------------------------------------------------------------------------------------


def hangs_asleep(request: dict[str, object]) -> object:
    time.sleep(600)
    return {}


def hangs_awake(request: dict[str, object]) -> object:
    while True:
        pass


def hangs_and_catches(request: dict[str, object]) -> object:
    with contextlib.suppress(Exception):  # what an adapter might do, and must not be able to do to the kit
        time.sleep(600)
    return {}


def raises(request: dict[str, object]) -> object:
    raise KeyError("oh")


def leaves(request: dict[str, object]) -> object:
    sys.exit(0)


def returns_a_list(request: dict[str, object]) -> object:
    return [1]


def returns_strange_names(request: dict[str, object]) -> object:
    return {"seq": request["seq"], "outcome": "done", 5: 5}


IN_PROCESS: list[tuple[Callable[[dict[str, object]], object], type[AdapterBroken]]] = [
    (hangs_asleep, f.Hung),
    (hangs_awake, f.Hung),
    (hangs_and_catches, f.Hung),
    (raises, f.Died),
    (leaves, f.Died),
    (returns_a_list, f.Garbage),
    (returns_strange_names, f.BadReply),
]


@pytest.mark.parametrize(("answer", "expected"), IN_PROCESS, ids=lambda value: value.__name__)
def test_in_this_process(
    answer: Callable[[dict[str, object]], object], expected: type[AdapterBroken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(base.WAIT_S, "hello", 0.2)
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(expected):
        Target(InProcessLink(answer))
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize("answer", [hangs_asleep, raises, leaves], ids=lambda value: value.__name__)
def test_in_another_thread(answer: Callable[[dict[str, object]], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(base.WAIT_S, "hello", 0.2)
    caught: list[BaseException] = []

    def run() -> None:
        try:
            Target(InProcessLink(answer))
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert isinstance(caught[0], f.Hung if answer is hangs_asleep else f.Died)


def test_an_exception_is_shown_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(f.Died, match="KeyError: 'oh'") as caught:
        Target(InProcessLink(raises))
    assert "in raises" in caught.value.stderr_tail


def test_an_alarm_of_somebody_else_survives() -> None:
    rang: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rang.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(f.BadReply):
            Target(InProcessLink(lambda request: {}))
        time.sleep(0.3)
        assert rang == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_the_kit_has_open_is_closed(villain: str, pids: list[int]) -> None:
    gc.collect()  # what other tests have left
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        breaks(f"{villain} apply crash", f.Died)
    talk(f"{villain} never nothing")
    assert len(os.listdir("/proc/self/fd")) == before
