"""Adapter protocol 1.1, role client: the messages, the page that describes them, and the reference client behind it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from vnic_conformance.client_role.memory import Queue, Windows
from vnic_conformance.client_role.monitor import Monitor
from vnic_conformance.client_role.partner import Partner
from vnic_conformance.client_role.port import TargetPort
from vnic_conformance.protocol.client_rules import Turn, check_client_reply, check_client_request, turn_of
from vnic_conformance.protocol.client_words import CLIENT_FEATURES, CLIENT_OPS, CLIENT_SCHEMA, NET_EVENTS, USER_ACTIONS
from vnic_conformance.protocol.schema import document
from vnic_conformance.targets import Target, open_target
from vnic_conformance.targets.failures import BadClaim, BadReply
from vnic_reference.aside import Aside
from vnic_reference.client_adapter import FEATURES, ClientAdapter
from vnic_spec.client_profile import CLIENT_PARAMETERS
from vnic_spec.wire import Hcall

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "adapter-protocol-client.md"
CHILD = f"{sys.executable} -m vnic_reference --role client"
IN_PROCESS = "python:vnic_reference.client_adapter:ClientAdapter"


# --- the page --------------------------------------------------------------------------------------------------------


def example() -> Iterator[tuple[Mapping[str, object], Mapping[str, object]]]:
    """Requests and replies of the page's example."""
    text = PAGE.read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]
    messages = [json.loads(line) for line in text.splitlines()]
    return zip(messages[::2], messages[1::2], strict=True)


def test_the_example_is_what_the_protocol_allows() -> None:
    for request, reply in example():
        assert request["seq"] == reply["seq"]
        if request["op"] != "hello":
            check_client_request(request)
            assert check_client_reply(request, reply) is None


def test_the_page_names_everything() -> None:
    text = PAGE.read_text(encoding="utf-8")
    words = set(re.findall(r"[a-z][a-z0-9_]*", text))
    named = [
        *CLIENT_OPS,
        *CLIENT_FEATURES,
        *USER_ACTIONS,
        *NET_EVENTS,
        *(f"profile_{name}" for name in CLIENT_PARAMETERS),
    ]
    assert [name for name in named if name not in words] == []
    properties = {
        name
        for definition, entry in document(CLIENT_SCHEMA)["$defs"].items()
        if definition.startswith(("request_", "reply_"))
        for name in entry.get("properties", {})
    }
    assert sorted(properties - words) == []


def test_the_schema_has_what_the_words_have() -> None:
    defined = document(CLIENT_SCHEMA)["$defs"]
    assert set(defined["request"]["properties"]["op"]["enum"]) == set(CLIENT_OPS)
    assert set(defined["request_user"]["properties"]["action"]["enum"]) == set(USER_ACTIONS)
    assert {feature for feature, _ in USER_ACTIONS.values() if feature} <= set(CLIENT_FEATURES)


# --- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        {"op": "run", "now": -1},
        {"op": "user", "action": "mtu"},
        {"op": "user", "action": "sing"},
        {"op": "read", "address": 0, "length": 0},
        {"op": "apply", "who": "client"},
    ],
)
def test_a_request_that_the_role_does_not_have_is_the_kit_s_fault(request_: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="the kit made a request"):
        check_client_request(request_)


RUN = {"op": "run", "now": 5}


@pytest.mark.parametrize(
    ("request_", "reply", "complaint"),
    [
        (RUN, {"outcome": "done"}, "field 'state' is missing"),
        (RUN, {"outcome": "done", "state": "call"}, '"opcode" must say which'),
        (RUN, {"outcome": "done", "state": "busy"}, "state"),
        (RUN, {"outcome": "done", "state": "ended"}, '"health" must say'),
        (RUN, {"outcome": "done", "state": "idle", "until": 5}, "it is 5 already"),
        (RUN, {"outcome": "done", "state": "idle", "events": "exploded"}, "'exploded'"),
        (RUN, {"outcome": "done", "state": "idle", "finished": "1"}, "finished"),
        (RUN, {"outcome": "done", "state": "idle", "mapped": "0:1000"}, "mapped"),
        (RUN, {"outcome": "refused", "reason": "no"}, "run cannot be refused"),
        (RUN, {"outcome": "unsupported"}, "every adapter of role client has run"),
        (RUN, {"outcome": "error"}, '"error" must say what is wrong'),
        ({"op": "read", "address": 0, "length": 4}, {"outcome": "done", "hex": "00"}, "read of 4 bytes"),
        ({"op": "read", "address": 0, "length": 4}, {"outcome": "refused"}, "must say why"),
        ({"op": "user", "action": "open"}, {"outcome": "done"}, "'order' is missing"),
        ({"op": "observe"}, {"outcome": "done", "health": ""}, "'link' is missing"),
    ],
)
def test_a_wrong_reply_is_the_adapter_s_fault(
    request_: dict[str, object], reply: dict[str, object], complaint: str
) -> None:
    problem = check_client_reply(request_, reply)
    assert problem is not None
    assert complaint in problem


def test_a_turn_is_read_as_values() -> None:
    reply = {
        "outcome": "done", "state": "call", "opcode": 264, "r4": 1, "r5": "0xc001000000000000", "r7": 9,
        "finished": "1:0 2:22", "events": "registered up", "mapped": "+0:1000 -ff000:2000",
    }  # fmt: skip
    assert turn_of(reply) == Turn(
        opcode=Hcall.H_SEND_CRQ,
        arguments=(1, 0xC001_0000_0000_0000),
        finished=((1, 0), (2, 22)),
        events=("registered", "up"),
        mapped=((True, 0, 0x1000), (False, 0xFF000, 0x2000)),
    )
    assert turn_of({"outcome": "done", "state": "idle", "until": 7}) == Turn(until=7)


# --- the reference client behind it ----------------------------------------------------------------------------------


def live(target: Target) -> tuple[Monitor, Partner]:
    monitor = Monitor(target.hello.client)
    partner = Partner(TargetPort(target), observers=[monitor])
    partner.user("add")
    partner.user("open")
    assert partner.until(lambda: partner.link, 1_000)
    partner.failover()
    partner.run(1_000)
    assert partner.link
    partner.user("remove")
    partner.run(100)
    return monitor, partner


@pytest.mark.parametrize("spec", [CHILD, IN_PROCESS])
def test_the_reference_client_is_an_adapter(spec: str) -> None:
    """Every message is checked; afterwards it ends by itself and leaves nothing behind."""
    with open_target(spec) as target:
        assert target.hello.features == frozenset(FEATURES.split())
        assert target.hello.unknown_features == ()
        assert target.hello.client.recovery_ms == 100_000
        monitor, partner = live(target)
        assert monitor.violations == []
        assert partner.platform.crq is None
        target.finish()


def test_a_child_process_and_this_one_do_the_same() -> None:
    calls = []
    for spec in (CHILD, IN_PROCESS):
        with open_target(spec) as target:
            monitor, partner = live(target)
            calls.append((partner.calls, monitor.happenings, partner.now))
    assert calls[0] == calls[1]


class Claiming(ClientAdapter):
    """Claims what a profile does not have."""

    def _hello(self, fields: dict[str, object]) -> dict[str, object]:
        return {**super()._hello(fields), "profile_grace": 3}


class Impolite(ClientAdapter):
    """Says at 0 ms that it wants to go on at 0 ms."""

    def _run(self, fields: dict[str, object]) -> dict[str, object]:
        return {"state": "idle", "until": 0}


def test_a_claim_of_another_role_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vnic_reference.client_adapter.ClientAdapter", Claiming)
    with pytest.raises(BadClaim, match="no client parameter 'grace'"):
        open_target(IN_PROCESS)


def test_a_reply_that_the_protocol_does_not_allow_breaks_the_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vnic_reference.client_adapter.ClientAdapter", Impolite)
    with open_target(IN_PROCESS) as target:
        partner = Partner(TargetPort(target))
        with pytest.raises(BadReply, match="what falls due now is to be done now"):
            partner.run(1)


class OnTheWall(ClientAdapter):
    """Has a real clock."""

    def _hello(self, fields: dict[str, object]) -> dict[str, object]:
        return {**super()._hello(fields), "clock": "real"}


def test_a_real_clock_is_not_taken_for_a_virtual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vnic_reference.client_adapter.ClientAdapter", OnTheWall)
    with open_target(IN_PROCESS) as target, pytest.raises(ValueError, match="has a real clock"):
        Partner(TargetPort(target))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--faults"], 0, "no_backoff "),
        (["--fault", "sings"], 2, "--fault sings: there are"),
        (["--faults", "--json"], 0, "python:vnic_reference.client_variants:no_backoff"),
        (["--clock", "real"], 2, "are for role hypervisor"),
    ],
)
def test_the_program_s_options(words: list[str], code: int, said: str) -> None:
    command = [sys.executable, "-m", "vnic_reference", "--role", "client", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


def test_a_faulty_client_as_a_child_process() -> None:
    with open_target(f"{CHILD} --fault resets_on_failover") as target:
        monitor, _ = live(target)
        assert {violation.requirement for violation in monitor.violations} == {"CLI-1"}


def test_another_role_is_no_client() -> None:
    with (
        open_target("python:vnic_reference.adapter:Adapter") as target,
        pytest.raises(ValueError, match="plays role hypervisor"),
    ):
        TargetPort(target)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"op": "answer", "rc": 0}, "waits in no call"),
        ({"op": "run"}, "now must be"),
        ({"op": "reset", "mac": "01005e000001"}, "the MAC of a station"),
        ({"op": "dance"}, "op must be one of"),
    ],
)
def test_the_adapter_says_what_is_wrong_with_a_request(request_: dict[str, object], error: str) -> None:
    adapter = ClientAdapter()
    reply = adapter({"seq": 1, **request_})
    assert reply["outcome"] == "error"
    assert error in str(reply["error"])
    adapter.close()


def test_a_run_while_a_call_waits_is_refused() -> None:
    adapter = ClientAdapter()
    adapter({"op": "user", "action": "add"})
    assert adapter({"op": "run", "now": 0})["state"] == "call"
    assert "waits for the answer" in str(adapter({"op": "run", "now": 1})["error"])
    assert adapter({"op": "user", "action": "add"})["outcome"] == "refused"
    assert adapter({"op": "user", "action": "ping", "target": "10.0.0.2"})["outcome"] == "unsupported"
    assert adapter({"op": "read", "address": 1 << 40, "length": 1})["outcome"] == "refused"
    adapter.close()


# --- what it stands on -----------------------------------------------------------------------------------------------


def test_work_aside_stands_still_in_the_middle() -> None:
    seen: list[object] = []

    def work(ask: object) -> None:
        assert callable(ask)
        seen.append(ask("one"))
        seen.append(ask("two"))

    aside = Aside(work)
    assert aside.resume() == "one"
    assert seen == []
    assert aside.resume(1) == "two"
    assert aside.resume(2) is None
    assert (seen, aside.ended, aside.failure) == ([1, 2], True, "")


def test_work_that_is_closed_is_unwound_and_its_thread_ends() -> None:
    ends: list[str] = []

    def work(ask: object) -> None:
        assert callable(ask)
        try:
            while True:
                try:
                    ask("more")
                except Exception:
                    ends.append("caught")
        finally:
            ends.append("unwound")

    aside = Aside(work)
    aside.resume()
    aside.close()
    aside.close()
    assert ends == ["unwound"]
    assert aside._thread is not None
    assert not aside._thread.is_alive()
    assert aside.resume() is None


def test_work_that_fails_says_so() -> None:
    def work(ask: object) -> None:
        raise ZeroDivisionError("by a client")

    aside = Aside(work)
    assert aside.resume() is None
    assert "ZeroDivisionError: by a client" in aside.failure


def test_windows_are_to_the_byte() -> None:
    windows = Windows(told=True)
    windows.change(True, 0x1000, 0x100)
    windows.change(True, 0x1080, 0x100)
    assert windows.covers(0x1000, 0x180)
    assert not windows.covers(0x1000, 0x181)
    assert not windows.covers(0xFFF, 1)
    windows.change(False, 0x1000, 0x100)
    assert windows.covers(0x1080, 0x100)
    assert not windows.covers(0x107F, 1)
    windows.change(False, 0x10C0, 0x10)
    assert windows.covers(0x1080, 0x40)
    assert not windows.covers(0x10CF, 1)
    assert windows.covers(0x10D0, 0xB0)
    assert Windows(told=False).covers(1 << 60, 1 << 20)


def test_an_event_overlays_the_last_element_of_a_full_queue() -> None:
    """CRQ-7; 06 and 08 that meet become one 06."""
    adapter = ClientAdapter()
    port = TargetPort(open_target(IN_PROCESS))
    queue = Queue(port, 0, 64, 16)
    assert [queue.put(bytes((0x80, n)) + bytes(14)) for n in range(5)] == [True] * 4 + [False]
    for event, there in ((8, 8), (6, 6), (8, 6), (2, 2)):
        queue.put_event(event)
        assert (port.read(48, 2), len(queue.unread)) == (bytes((0xFF, there)), 4)
    assert queue.consumed() == []
    port.write(16, b"\0")
    assert queue.consumed() == [(bytes((0x80, 1)) + bytes(14), True)]
    port.write(0, b"\0")
    assert queue.consumed() == [(bytes((0x80, 0)) + bytes(14), False)]
    port._target.close()
    adapter.close()
