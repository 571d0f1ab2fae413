"""The adapter of the guest: every request has a reply that the protocol allows, and nonsense has one, too; without a kernel."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

import pytest

from vnic_conformance.client_role.port import Seen, Turn
from vnic_conformance.linux.adapter import LinuxAdapter, serve
from vnic_conformance.linux.client import LinuxClient, colons, command_of, result_of
from vnic_conformance.linux.console import Complaint, Kind
from vnic_conformance.linux.errors import GuestError
from vnic_conformance.linux.health import told
from vnic_conformance.linux.outcomes import Command
from vnic_conformance.protocol.client_rules import check_client_reply, turn_of

TURN = Turn(0x108, (1 << 63, 2), finished=((1, 0),), events=("up",), mapped=((True, 0x1000, 0x40),))


class Canned:
    """A client that answers what it is told to."""

    greeting: Mapping[str, object] = MappingProxyType({"outcome": "done", "implementation": "canned"})

    def __init__(self) -> None:
        self.turn = TURN
        self.asked: list[object] = []
        self.closed = False

    def reset(self, mac: bytes) -> None:
        self.asked.append(mac)

    def run(self, now: int) -> Turn:
        if now > 100:
            raise GuestError("it does not come up")
        return self.turn

    def answer(self, rc: int, *values: int) -> Turn:
        self.asked.append((rc, values))
        return self.turn

    def interrupt(self, source: str) -> None:
        self.asked.append(source)

    def read(self, address: int, length: int) -> bytes | None:
        return bytes(length) if address == 0x1000 else None

    def write(self, address: int, data: bytes) -> bool:
        return address == 0x1000

    def user(self, action: str, **arguments: str | int) -> int | None:
        self.asked.append((action, arguments))
        return None if action == "add" else 3

    def observe(self) -> Seen:
        return Seen(True, True, (b"a" * 14,), "")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def canned() -> Canned:
    return Canned()


@pytest.fixture
def adapter(canned: Canned) -> LinuxAdapter:
    return LinuxAdapter(cast(LinuxClient, canned))


REQUESTS = (
    {"op": "reset", "mac": "0200c0ffee01"},
    {"op": "run", "now": 0},
    {"op": "answer", "rc": -4, "r4": "0xffffffffffffffff", "r5": 1},
    {"op": "interrupt", "source": "crq"},
    {"op": "read", "address": 0x1000, "length": 4},
    {"op": "read", "address": "0xffffffffffff0000", "length": 4},
    {"op": "write", "address": 0x1000, "hex": "00"},
    {"op": "write", "address": 0, "hex": "00"},
    {"op": "user", "action": "open"},
    {"op": "user", "action": "add"},
    {"op": "observe"},
)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: "-".join(map(str, request.values())))
def test_every_reply_is_one_that_the_protocol_allows(adapter: LinuxAdapter, request_: dict[str, object]) -> None:
    reply = adapter({"seq": 1, **request_})
    assert reply.pop("seq") == 1
    assert check_client_reply(request_, json.loads(json.dumps(reply))) is None
    assert reply["outcome"] != "error"


@pytest.mark.parametrize(
    "turn",
    [TURN, Turn(until=7), Turn(), Turn(ended=True, health="it died"), Turn(events=("up", "carrier_on"))],
)
def test_a_turn_is_told_as_it_is(adapter: LinuxAdapter, canned: Canned, turn: Turn) -> None:
    canned.turn = turn
    assert turn_of(adapter({"seq": 1, "op": "run", "now": 0})) == turn


@pytest.mark.parametrize(
    "request_",
    [
        {"op": "x"}, {}, {"op": "run"}, {"op": "run", "now": "soon"}, {"op": "run", "now": 101}, {"op": "hello"},
        {"op": "reset", "mac": "ff00c0ffee01"}, {"op": "user", "action": "mtu"}, {"op": "write", "address": 0, "hex": "x"},
    ],
)  # fmt: skip
def test_nonsense_is_an_error_that_says_what_is_wrong(adapter: LinuxAdapter, request_: dict[str, object]) -> None:
    reply = adapter({"seq": 4, **request_})
    assert (reply["seq"], reply["outcome"]) == (4, "error")
    assert reply["error"]


def test_an_unknown_action_is_unsupported(adapter: LinuxAdapter) -> None:
    assert adapter({"seq": 1, "op": "user", "action": "dance"})["outcome"] == "unsupported"


def test_numbers_come_as_numbers(adapter: LinuxAdapter, canned: Canned) -> None:
    adapter({"seq": 1, "op": "answer", "rc": 0, "r4": "0x8000000000000000"})
    adapter({"seq": 2, "op": "user", "action": "mtu", "value": 9000})
    assert canned.asked == [(0, (1 << 63,)), ("mtu", {"value": 9000})]


def test_lines_are_answered_until_bye_and_the_client_is_closed(adapter: LinuxAdapter, canned: Canned) -> None:
    replies = io.BytesIO()
    serve(adapter, io.BytesIO(b'no line\n{"seq":2,"op":"bye"}\n{"seq":3,"op":"observe"}\n'), replies)
    said = [json.loads(line) for line in replies.getvalue().splitlines()]
    assert [(reply["seq"], reply["outcome"]) for reply in said] == [(0, "error"), (2, "done")]
    assert canned.closed


def test_the_client_is_closed_where_the_input_ends(adapter: LinuxAdapter, canned: Canned) -> None:
    serve(adapter, io.BytesIO(b""), io.BytesIO())
    assert canned.closed


# -- the user -----------------------------------------------------------------------------------------------------------


def test_actions_are_real_commands() -> None:
    assert command_of("close", {}) == "vnictool down eth0"
    assert command_of("open", {}) == "vnictool up eth0 10.0.0.1/24"
    assert command_of("mac", {"mac": "0200c0ffee42"}) == "ip link set eth0 address 02:00:c0:ff:ee:42"
    assert command_of("send", {"hex": "00ff"}) == "vnictool send eth0 00ff"
    assert colons("01005e000001") == "01:00:5e:00:00:01"


@pytest.mark.parametrize(
    ("status", "output", "result"),
    [(0, "whatever", 0), (1, "RTNETLINK answers: Device or resource busy\n", 16), (-19, "", 19), (100, "", 100)],
)
def test_the_user_gets_the_error_number(status: int, output: str, result: int) -> None:
    assert result_of(Command("x", 0, 1, status, output)) == result


def test_a_complaint_names_the_driver_s_function() -> None:
    lines = ("BUG: it", " [<600>] ? ibmvnic_poll+0x28f/0x9f0 [ibmvnic]")
    assert told(Complaint(Kind.BUG, "BUG: it", 3.02, lines)) == "BUG at 3.020000 s: BUG: it (in ibmvnic_poll+0x28f)"
    assert told(Complaint(Kind.BUG, "BUG: it", None, ("BUG: it",))) == "BUG: BUG: it"
