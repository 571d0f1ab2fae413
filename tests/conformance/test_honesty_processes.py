"""Adapters as child processes that lie, cheat or break: none of them ever gets exit code 0, and each is found soon.

One program plays all of them. Beside its one wrong thing it shows a fresh system and does nothing, so it never conforms either;
what is asked here is that the wrong thing is what it is called to account for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.targets import AdapterBroken, base, open_target

Kit = Callable[..., Result]

PROGRAM = r"""
import json, os, signal, subprocess, sys, time

when, mischief = sys.argv[1:3]
HELLO = {"protocol_major": 1, "protocol_minor": 0, "implementation": "villain", "role": "hypervisor", "servers": 7,
         "clock": "virtual", "quiet_ms": 0, "features": ""}
out = sys.stdout.buffer
servers = 1

def seen():
    names = [f"server{i}" for i in range(servers)]
    fields = {"now": 0, "client_crq": "CLOSED", "auto": 1, "selected": "", "pinned": "", "listed": " ".join(names),
              "client_queue": ""}
    for i, name in enumerate(names):
        fields |= {name + "_status": "POWERED_OFF", name + "_priority": 50, name + "_port": i, name + "_queue": ""}
    return fields

def raw(data):
    out.write(data)
    out.flush()

def text(reply):
    return json.dumps(reply).encode()

def say(reply):
    raw(text(reply) + b"\n")

def with_pair(reply, pair):
    raw(text(reply)[:-1] + b"," + pair + b"}\n")

def exit_0(reply):
    os._exit(0)

def answer_then_exit_0(reply):
    say(reply)
    os._exit(0)

def twice_a_key(reply):
    with_pair(reply, b'"outcome":"done"')

def nan(reply):
    with_pair(reply, b'"x":NaN')

def infinity(reply):
    with_pair(reply, b'"x":1e999')

def fraction(reply):
    with_pair(reply, b'"x":0.5')

def digits(reply):
    with_pair(reply, b'"x":' + b"9" * 5000)

def bom(reply):
    raw(b"\xef\xbb\xbf" + text(reply) + b"\n")

def utf_16(reply):
    raw(text(reply).decode().encode("utf-16") + b"\n")

def latin_1(reply):
    with_pair(reply, b'"x":"\xe9"')

def long_line(reply):
    with_pair(reply, b'"x":"' + b"x" * int(os.environ.get("LONG", 2 << 20)) + b'"')

def nested(reply):
    with_pair(reply, b'"x":' + b"[" * 100_000 + b"]" * 100_000)

def nested_objects(reply):
    with_pair(reply, b'"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000)

def endless(reply):
    while True:
        raw(b"x" * 65536)

def half(reply):
    raw(text(reply)[:9])
    time.sleep(60)

def no_line_feed(reply):
    raw(text(reply) + b"\r")
    time.sleep(60)

def two_lines(reply):
    raw((text(reply) + b"\n") * 2)

def over_two_lines(reply):
    raw(json.dumps(reply, indent=0).encode() + b"\n")

def closed(reply):
    os.close(1)
    time.sleep(60)

def stubborn(reply):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(60)

def grandchild(reply):
    subprocess.Popen(["sleep", "3"], start_new_session=True)
    answer_then_exit_0(reply) if when == "bye" else os._exit(0)

def after_bye(reply):
    say(reply)
    say({"seq": reply["seq"] + 1, "outcome": "done"})

def echo(reply):
    raw(line.encode())

def quoted_seq(reply):
    say(reply | {"seq": str(reply["seq"])})

def banner(reply):
    raw(b"\x1b[32mCONFORMS\x1b[0m\n")
    say(reply)

def html(reply):
    raw(b"HTTP/1.1 200 OK\r\n\r\n<script>alert(1)</script>\n")

def killed(reply):
    os.kill(os.getpid(), signal.SIGKILL)

for line in sys.stdin:
    request = json.loads(line)
    reply = {"seq": request["seq"], "outcome": "done"}
    if request["op"] == "reset":
        servers = request["servers"]
    if request["op"] == "hello":
        reply |= HELLO
    if request["op"] == "observe" or request.get("observe"):
        reply |= seen()
    if request["op"] == "apply":
        reply |= {"rc": 0, "element": "", "r4": 0, "info": "00" * 32}
    (globals()[mischief] if request["op"] == when else say)(reply)
    if request["op"] == "bye":
        break
"""

#: What is wrong, and what the report calls it.
CHEATS = {
    "exit_0": "the adapter died",
    "answer_then_exit_0": "the adapter died",
    "twice_a_key": "stands in it twice",
    "nan": "NaN is not JSON",
    "infinity": "must be a string or an integer",
    "fraction": "must be a string or an integer",
    "digits": "it has a number of thousands of digits",
    "bom": "it is not JSON",
    "utf_16": "it is not UTF-8",
    "latin_1": "it is not UTF-8",
    "long_line": "a line that is too long",
    "nested": "nested far too deeply",
    "nested_objects": "nested far too deeply",
    "endless": "a line that is too long",
    "half": "stopped in the middle of a line",
    "no_line_feed": "stopped in the middle of a line",
    "two_lines": "nobody had asked for",
    "over_two_lines": "a line that is no message",
    "closed": "the adapter died",
    "stubborn": "the adapter hangs",
    "grandchild": "",
    "echo": "field 'outcome' is missing",
    "quoted_seq": "answered another request",
    "banner": "a line that is no message",
    "html": "a line that is no message",
    "killed": "killed by SIGKILL",
}


@pytest.fixture
def cheat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """``cheat(when, what)``: the command of an adapter that does something wrong at a request."""
    monkeypatch.setattr(base, "WAIT_S", dict.fromkeys(base.WAIT_S, 1.0) | {"hello": 60.0, "reset": 10.0})
    file = tmp_path / "cheat.py"
    file.write_text(PROGRAM, encoding="utf-8")
    return lambda when, what: f"{sys.executable} -S -E {file} {when} {what}"


def checked(vnickit: Kit, adapter: str) -> Result:
    return vnickit("check", "--adapter", adapter, "--phase", "walk", "--steps", "20", "-x")


@pytest.mark.parametrize("what", CHEATS)
def test_no_cheat_conforms(what: str, vnickit: Kit, cheat: Callable[[str, str], str]) -> None:
    result = checked(vnickit, cheat("reset", what))
    assert result.exit_code == ExitCode.ADAPTER_BROKEN, result.output
    assert CHEATS[what] in " ".join(result.output.split())
    assert len(result.output) < 20_000
    assert all(line.isprintable() for line in result.output.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("when", ["hello", "apply", "observe"])
@pytest.mark.parametrize("what", CHEATS)
def test_nor_at_another_request(when: str, what: str, vnickit: Kit, cheat: Callable[[str, str], str]) -> None:
    if when == "hello" and what in ("half", "no_line_feed", "stubborn", "closed", "grandchild"):
        pytest.skip("that takes as long as a program may take to start")
    verb = ("smoke", "--adapter", cheat(when, what))
    assert vnickit(*verb).exit_code == ExitCode.ADAPTER_BROKEN


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("after_bye", "nobody had asked for"),
        ("exit_0", "the adapter died"),
        ("grandchild", "somebody else still has its output open"),
        ("stubborn", "the adapter hangs"),
        ("two_lines", "nobody had asked for"),
    ],
)
def test_nor_at_the_very_end(what: str, says: str, cheat: Callable[[str, str], str]) -> None:
    target = open_target(cheat("bye", what))
    target.request({"op": "reset", "servers": 1})
    with pytest.raises(AdapterBroken) as caught:
        target.finish()
    assert says in str(caught.value)


@pytest.mark.parametrize("last", ["print('{}', flush=True)", "sys.exit(7)", "time.sleep(60)"])
def test_who_does_all_that_it_must_and_does_not_end_as_it_must(
    last: str, vnickit: Kit, cheat: Callable[[str, str], str], tmp_path: Path
) -> None:
    cheat("", "")  # for its short waits
    program = (
        "import sys, time\nfrom vnic_reference.adapter import Adapter\nadapter = Adapter()\n"
        f"for line in sys.stdin:\n    print(adapter.answer(line), flush=True)\n    if '\"bye\"' in line:\n        {last}\n"
    )
    (tmp_path / "ends.py").write_text(program, encoding="utf-8")
    result = checked(vnickit, f"{sys.executable} ends.py")
    assert result.exit_code == ExitCode.ADAPTER_BROKEN, result.output


@pytest.mark.slow
def test_a_line_of_100_megabytes_is_not_read(
    vnickit: Kit, cheat: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONG", str(100 << 20))
    assert checked(vnickit, cheat("reset", "long_line")).exit_code == ExitCode.ADAPTER_BROKEN


@pytest.mark.parametrize(
    "adapter", ["true", "false", "cat", "yes", "echo {}", 'printf \'{"seq":1,"outcome":"done"}\\n\'']
)
def test_nor_does_a_program_that_is_no_adapter(adapter: str, vnickit: Kit) -> None:
    assert checked(vnickit, adapter).exit_code == ExitCode.ADAPTER_BROKEN
