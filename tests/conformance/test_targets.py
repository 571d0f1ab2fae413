"""Targets: each way to reach an implementation gives the same answers, and wrong names are told from broken adapters."""

from __future__ import annotations

import math
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from vnic_conformance.targets import SpecError, Target, open_target
from vnic_conformance.targets import failures as f
from vnic_conformance.targets.in_process import InProcessLink
from vnic_conformance.targets.process import words_of
from vnic_conformance.targets.sockets import loopback_of
from vnic_reference.adapter import Adapter
from vnic_spec.profile import Profile

PYTHON = "python:vnic_reference.adapter:Adapter"
COMMAND = f"{sys.executable} -m vnic_reference"


def answer_on(connection: socket.socket, ends: Callable[[Adapter, bytes], bool]) -> None:
    """The reference hypervisor's adapter on a connection, until ``ends`` says so."""
    adapter = Adapter()
    with connection, connection.makefile("rb") as requests:
        for line in requests:
            connection.sendall(adapter.answer(line.decode()).encode() + b"\n")
            if ends(adapter, line):
                return


def serve_once(listener: socket.socket) -> threading.Thread:
    """The reference hypervisor's adapter behind a socket, for one connection."""

    def run() -> None:
        connection, _ = listener.accept()
        answer_on(connection, lambda adapter, line: adapter.closed)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def tcp() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = serve_once(listener)
        yield f"tcp:127.0.0.1:{listener.getsockname()[1]}"
        thread.join(30)


@pytest.fixture
def unix(tmp_path: Path) -> Iterator[str]:
    with socket.socket(socket.AF_UNIX) as listener:
        path = tmp_path / "socket"
        listener.bind(str(path))
        listener.listen()
        thread = serve_once(listener)
        yield f"unix:{path}"
        thread.join(30)


CONVERSATION: tuple[Mapping[str, object], ...] = (
    {"op": "reset", "servers": 2, "observe": 1},
    {"op": "apply", "who": "server0", "call": "reg_crq"},
    {"op": "apply", "who": "server0", "call": "vioctl", "sub": 0x18, "p1": 1, "p2": 1000},
    {"op": "apply", "who": "client", "call": "reg_crq", "observe": 1},
    {"op": "apply", "who": "client", "call": "vioctl", "sub": 0x19},
    {"op": "apply", "who": "client", "call": "vioctl", "sub": 0x1A, "p1": 0xFFFF_FFFF_FFFF_FFFF},
    {"op": "apply", "who": "client", "call": "reg_sub_crq"},
    {"op": "apply", "who": "server0", "call": "send_sub_crq", "handle": 1, "hex": "80" * 32},
    {"op": "apply", "who": "console", "call": "remove", "server": "server0"},
    {"op": "advance", "ms": 5000, "observe": 1},
    {"op": "settle"},
    {"op": "observe"},
)


def talk(spec: str) -> list[dict[str, object]]:
    with open_target(spec) as target:
        replies = [target.request(request) for request in CONVERSATION]
        target.finish()
    return replies


def test_every_link_gives_the_same_answers(tcp: str, unix: str) -> None:
    expected = talk(PYTHON)
    token = expected[4]["r4"]
    assert isinstance(token, int)
    assert token > 1 << 53
    assert [talk(COMMAND), talk(tcp), talk(unix)] == [expected] * 3


def test_the_greeting() -> None:
    with open_target(PYTHON) as target:
        assert target.hello.label.startswith("vnic_reference ")
        assert target.hello.profile == Profile()
        assert (target.servers, target.requests) == (0, 1)
        target.request({"op": "reset", "servers": 3})
        assert target.servers == 3


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("", "the adapter's command is empty"),
        ("   ", "the adapter's command is empty"),
        ('adapter "a', "cannot be split into words: No closing quotation"),
        ("tcp:", "not of the form tcp:host:port"),
        ("tcp:localhost", "not of the form tcp:host:port"),
        ("tcp:localhost:x", "not of the form tcp:host:port"),
        ("tcp:localhost:0", "not of the form tcp:host:port"),
        ("tcp:192.0.2.1:7000", "names another machine"),
        ("tcp:example.org:7000", "names another machine"),
        ("tcp:0.0.0.0:7000", "names another machine"),
        ("tcp:127.0.0.1.example.org:7000", "names another machine"),
        ("unix:", "needs the path of a socket"),
        ("python:", "not of the form python:module:factory"),
        ("python:module", "not of the form python:module:factory"),
    ],
)
def test_wrong_names_are_faults_of_the_command_line(spec: str, complaint: str) -> None:
    with pytest.raises(SpecError, match=re.escape(complaint)):
        open_target(spec)


@pytest.mark.parametrize(
    ("spec", "came"),
    [
        ("/no/such/program -x", "/no/such/program -x: No such file or directory"),
        ("/etc/passwd", "/etc/passwd: Permission denied"),
        ("tcp:127.0.0.1:1", "tcp:127.0.0.1:1: Connection refused"),
        ("unix:/no/such/socket", "unix:/no/such/socket: No such file or directory"),
        ("unix:/" + "x" * 200, "AF_UNIX path too long"),
        ("python:no_such_module:x", "ModuleNotFoundError"),
        ("python:vnic_reference.adapter:Adaptor", "AttributeError"),
        ("python:vnic_reference.adapter:FEATURES", "what it makes cannot be called"),
        ("python:builtins:dict", "what it makes cannot be called"),
        ("python:builtins:next", "TypeError"),
    ],
)
def test_what_is_not_there_cannot_be_started(spec: str, came: str) -> None:
    with pytest.raises(f.CannotStart) as caught:
        open_target(spec)
    assert came in caught.value.came


@pytest.mark.parametrize("scale", [0, -1, math.inf, math.nan])
def test_a_time_scale_that_is_none(scale: float) -> None:
    with pytest.raises(ValueError, match="the time scale must be above 0"):
        open_target(PYTHON, time_scale=scale)


def test_words_are_split_as_a_shell_would_and_nothing_is_expanded() -> None:
    assert words_of("""ssh host './adapter  --x' "$HOME" *""") == ["ssh", "host", "./adapter  --x", "$HOME", "*"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:7000", ("127.0.0.1", 7000)),
        ("127.9.9.9:1", ("127.9.9.9", 1)),
        ("localhost:65535", ("localhost", 65535)),
        ("[::1]:7", ("::1", 7)),
    ],
)
def test_this_machine(text: str, address: tuple[str, int]) -> None:
    assert loopback_of(text) == address


def test_a_wrong_request_is_a_fault_of_the_kit_and_is_not_sent() -> None:
    with open_target(PYTHON) as target:
        with pytest.raises(ValueError, match="the kit made a request that the protocol does not have"):
            target.request({"op": "apply", "who": "client", "call": "no_such_call"})
        assert target.requests == 1
        target.request({"op": "observe"})
        target.request({"op": "reset", "servers": 1})


def test_a_probe_is_sent_as_it_is() -> None:
    with open_target(PYTHON) as target:
        reply = target.probe({"op": "apply", "who": "client", "call": "no_such_call"})
        assert reply["outcome"] == "error"


@pytest.mark.requirement("FOV-9")
def test_waits_grow_with_the_quiet_time_and_the_scale() -> None:
    def answer(request: dict[str, object]) -> dict[str, object]:
        return Adapter()(request) | {"quiet_ms": 2000, "clock": "real"}

    with Target(InProcessLink(answer), time_scale=3.0) as target:
        assert target.wait_s("apply") == (10 + 2) * 3
        assert target.wait_s("reset") == (30 + 2) * 3


def test_the_log_is_told_of_a_request_before_the_adapter_is() -> None:
    order: list[str] = []
    adapter = Adapter()

    def answer(request: dict[str, object]) -> dict[str, object]:
        order.append("answered")
        return adapter(request)

    with Target(InProcessLink(answer), log=lambda kind, message: order.append(kind)):
        assert order == ["request", "answered", "reply"]


def test_an_object_in_this_process_is_closed_once_and_cannot_change_what_it_was_given() -> None:
    closed: list[int] = []

    class Closing:
        def __init__(self) -> None:
            self.adapter = Adapter()

        def __call__(self, request: dict[str, object]) -> dict[str, object]:
            reply = self.adapter(request)
            request.clear()
            return reply

        def close(self) -> None:
            closed.append(1)
            raise RuntimeError("nobody wants to know")

    target = Target(InProcessLink(Closing()))
    assert target.request({"op": "reset", "servers": 2})["outcome"] == "done"
    target.close()
    target.close()
    assert closed == [1]
    with pytest.raises(RuntimeError, match="the target is closed"):
        target.request({"op": "observe"})


def test_a_socket_that_closes_is_a_death() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(
            target=lambda: answer_on(listener.accept()[0], lambda adapter, line: b"settle" in line)
        )
        thread.start()
        target = open_target(f"tcp:127.0.0.1:{listener.getsockname()[1]}")
        target.request({"op": "settle"})
        with pytest.raises(f.Died, match="the end of its output"):
            target.request({"op": "settle"})
        thread.join(30)


def test_a_socket_that_stays_open_after_bye_is_a_bad_end() -> None:
    enough = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(
            target=lambda: answer_on(listener.accept()[0], lambda adapter, line: adapter.closed and enough.wait(30))
        )
        thread.start()
        target = open_target(f"tcp:127.0.0.1:{listener.getsockname()[1]}", time_scale=0.05)
        with pytest.raises(f.BadEnd, match=r"still open 0\.5 s after bye"):
            target.finish()
        enough.set()
        thread.join(30)
