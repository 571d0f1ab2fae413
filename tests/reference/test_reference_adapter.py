"""The adapter: requests and replies of the protocol, and lines that are no requests."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest

from vnic_reference.__main__ import serve
from vnic_reference.adapter import MAX_SERVERS, Adapter
from vnic_reference.requests import MAX_LINE
from vnic_spec.wire import INIT, Rc

RECORD = (
    bytes(7) + b"\1" + bytes(7) + b"\1" + bytes(7) + b"\1" + b"\x32" + bytes(7)
)  # version, active, status, priority


def ask(adapter: Adapter, **fields: Any) -> dict[str, Any]:
    reply = json.loads(adapter.answer(json.dumps({"seq": 1} | fields)))
    assert isinstance(reply, dict)
    assert reply.pop("seq") == 1
    return reply


def apply(adapter: Adapter, who: str, call: str, **fields: Any) -> dict[str, Any]:
    return ask(adapter, op="apply", who=who, call=call, **fields)


def connected(**settings: Any) -> Adapter:
    """Two servers that have registered and reported, and the client connected with the first."""
    adapter = Adapter()
    assert ask(adapter, op="reset", servers=2, **settings) == {"outcome": "done"}
    for server in ("server0", "server1"):
        assert apply(adapter, server, "reg_crq", address="0x1000", length=4096)["rc"] == Rc.H_CLOSED
        assert apply(adapter, server, "vioctl", sub=0x18, p1=1, p2=100)["rc"] == 0
    assert apply(adapter, "client", "reg_crq") == {"outcome": "done", "rc": 0}
    return adapter


def test_hello() -> None:
    reply = ask(Adapter(), op="hello", protocol_major=1, protocol_minor=0, kit="1")
    assert (reply["outcome"], reply["role"], reply["protocol_major"]) == ("done", "hypervisor", 1)
    assert ask(Adapter(), op="hello", protocol_major=2, protocol_minor=0, kit="9")["outcome"] == "error"


def test_a_failover_over_the_protocol() -> None:
    adapter = connected(profile_grace=2, profile_event_full="defer")
    assert apply(adapter, "server0", "send_crq", hex=INIT.hex())["rc"] == 0
    apply(adapter, "server1", "vioctl", sub=0x18, p1=1, p2=1000)
    seen = ask(adapter, op="advance", ms=201, observe=1)
    assert seen["now"] == 201
    assert seen["client_queue"] == f"{INIT.hex()} {'ff08' + '00' * 14}"
    assert (seen["server0_status"], seen["selected"], seen["pinned"]) == ("UNRESPONSIVE", "server1", "")
    assert apply(adapter, "client", "consume")["element"] == INIT.hex()
    assert ask(adapter, op="observe")["client_queue"] == "ff08" + "00" * 14
    assert ask(adapter, op="bye") == {"outcome": "done"}
    assert adapter.closed


def test_a_reset_erases_everything_and_lists_every_server() -> None:
    adapter = connected()
    apply(adapter, "console", "priority", server="server1", value=7)
    ask(adapter, op="advance", ms=5)
    seen = ask(adapter, op="reset", servers=3, observe=1)
    assert seen == ask(Adapter(), op="reset", servers=3, observe=1)
    assert (seen["now"], seen["client_crq"], seen["auto"]) == (0, "CLOSED", 1)
    assert (seen["selected"], seen["pinned"], seen["listed"]) == ("", "", "server0 server1 server2")
    assert [seen[f"server{i}_priority"] for i in range(3)] == [50, 50, 50]
    assert len({seen[f"server{i}_port"] for i in range(3)}) == 3


def test_a_reset_lists_no_more_servers_than_the_profile_allows() -> None:
    adapter = Adapter()
    seen = ask(adapter, op="reset", servers=3, profile_max_servers=2, observe=1)
    assert seen["listed"] == "server0 server1"
    assert "server2_queue" in seen
    assert apply(adapter, "console", "add", server="server2")["outcome"] == "refused"
    assert len(ask(adapter, op="reset", servers=MAX_SERVERS, observe=1)["listed"].split()) == 6


def test_the_profile_of_a_reset_holds_until_the_next() -> None:
    adapter = Adapter()
    assert ask(adapter, op="reset", servers=1, profile_hold_limit_ms="none", profile_client_init="answer") == {
        "outcome": "done"
    }
    refused = ask(adapter, op="reset", servers=1, profile_reopen="sometimes")
    assert refused["outcome"] == "unsupported"
    assert "keep, reselect" in refused["reason"]
    assert ask(adapter, op="reset", servers=1, profile_colour="red")["outcome"] == "unsupported"


def test_calls_of_the_console() -> None:
    adapter = connected()
    refused = apply(adapter, "console", "priority", server="server0", value=0)
    assert refused["outcome"] == "refused"
    assert refused["reason"].startswith("PRIORITY_RANGE")
    assert apply(adapter, "console", "priority", server="server0", value=60, observe=1)["selected"] == "server1"
    assert apply(adapter, "console", "auto", value=0, observe=1)["auto"] == 0
    assert apply(adapter, "console", "activate", server="server0", observe=1)["pinned"] == "server0"
    assert apply(adapter, "console", "remove", server="server1", observe=1)["listed"] == "server0"
    assert apply(adapter, "console", "remove", server="server0")["outcome"] == "refused"
    assert apply(adapter, "console", "add", server="server1", port=0)["reason"].startswith("PORT_IN_USE")
    added = apply(adapter, "console", "add", server="server1", port=9, priority=3, observe=1)
    assert (added["server1_port"], added["server1_priority"], added["server1_status"]) == (9, 3, "POWERED_OFF")


def test_calls_of_the_platform() -> None:
    adapter = connected()
    assert apply(adapter, "platform", "migrate", observe=1)["client_crq"] == "DISABLED"
    assert apply(adapter, "client", "enable_crq", observe=1)["client_crq"] == "OPEN"
    for call, outcome in (("crash", "done"), ("power_off", "refused"), ("power_on", "done"), ("power_on", "refused")):
        assert apply(adapter, "platform", call, target="server0")["outcome"] == outcome
    assert apply(adapter, "platform", "power_off", target="client")["outcome"] == "done"
    assert apply(adapter, "platform", "migrate")["outcome"] == "refused"
    assert apply(adapter, "client", "reg_crq")["outcome"] == "refused"


def test_a_unit_that_is_not_the_callers_and_one_without_a_connection() -> None:
    adapter = connected()
    for call, fields in (
        ("reg_crq", {}),
        ("free_crq", {}),
        ("send_crq", {"hex": INIT.hex()}),
        ("enable_crq", {}),
        ("vio_signal", {"mode": 1}),
        ("vioctl", {"sub": 0x19}),
        ("reg_sub_crq", {}),
        ("free_sub_crq", {"handle": 1}),
        ("send_sub_crq", {"handle": 1, "hex": "80" * 32}),
        ("send_sub_crq_indirect", {"handle": 1, "hex": "80" * 32}),
    ):
        assert apply(adapter, "client", call, unit="wrong", **fields) == {"outcome": "done", "rc": Rc.H_PARAMETER}
    assert ask(adapter, op="reset", servers=2, unpaired="server1")["outcome"] == "done"
    assert apply(adapter, "server1", "reg_crq")["rc"] == Rc.H_NOT_FOUND


def test_tokens_and_records() -> None:
    adapter = connected()
    token = apply(adapter, "client", "vioctl", sub=0x19)["r4"]
    assert isinstance(token, str)  # it needs more than 53 bits, so it travels as a string
    assert apply(adapter, "server0", "vioctl", sub=0x1B)["info"] == RECORD.hex()
    assert apply(adapter, "server0", "vioctl", sub=0x1B, p1=0x20_0000_2000)["info"] == RECORD.hex()
    assert apply(adapter, "server0", "vioctl", sub=0x1B, p2=1)["rc"] == Rc.H_PARAMETER
    assert apply(adapter, "client", "vioctl", sub=0x1A, p1=token, observe=1)["selected"] == "server1"


def test_interrupts() -> None:
    adapter = connected()
    assert apply(adapter, "client", "vio_signal", mode=1)["rc"] == 0
    handle = apply(adapter, "client", "reg_sub_crq")["handle"]
    assert apply(adapter, "server0", "send_crq", hex=INIT.hex(), observe=1)["client_interrupts"] == "crq"
    assert apply(adapter, "client", "eoi", observe=1)["client_interrupts"] == ""
    source = apply(adapter, "client", "reg_sub_crq")["source"]
    assert apply(adapter, "client", "vioctl", sub=0x0C, p1=source)["rc"] == 0
    sent = apply(adapter, "server0", "send_sub_crq", handle=handle + 1, hex="80" * 32, observe=1)
    assert sent["client_interrupts"] == str(handle + 1)
    assert apply(adapter, "client", "eoi", handle=handle + 1, observe=1)["client_interrupts"] == ""
    assert apply(adapter, "client", "eoi", handle=99)["rc"] == Rc.H_PARAMETER


def test_sub_crqs() -> None:
    adapter = connected()
    first, second = (apply(adapter, "client", "reg_sub_crq")["handle"] for _ in range(2))
    assert apply(adapter, "server0", "send_sub_crq", handle=first, hex="80" * 32)["rc"] == 0
    sent = apply(adapter, "server0", "send_sub_crq_indirect", handle=second, hex="81" * 32 + "80" * 32)
    assert sent["rc"] == Rc.H_PARAMETER
    assert apply(adapter, "server0", "send_sub_crq_indirect", handle=second, hex="80" * 64)["rc"] == 0
    seen = ask(adapter, op="observe")
    assert [len(seen[f"client_sub_{handle}"].split()) for handle in (first, second)] == [1, 2]
    assert apply(adapter, "client", "consume", handle=first)["element"] == "80" * 32
    assert apply(adapter, "client", "consume", handle=first)["element"] == ""
    assert (
        apply(adapter, "server0", "send_sub_crq_indirect", handle=second, hex="80" * 32 * 129)["rc"] == Rc.H_PARAMETER
    )
    assert f"client_sub_{first}" not in apply(adapter, "client", "free_sub_crq", handle=first, observe=1)
    for _ in range(200):  # default addresses start again
        handle = apply(adapter, "client", "reg_sub_crq")["handle"]
        assert apply(adapter, "client", "free_sub_crq", handle=handle)["rc"] == 0


def test_dma_reaches_the_client_while_connected_and_not_through_old_maps() -> None:
    adapter = connected()
    assert apply(adapter, "server0", "dma_write", address=0x9FFE, hex="8081", map=0)["rc"] == Rc.H_PERMISSION
    assert apply(adapter, "server0", "dma_write", address=0x9FFE, hex="80818283")["rc"] == 0
    assert apply(adapter, "client", "peek", address=0x9FFE, length=4)["hex"] == "80818283"
    assert apply(adapter, "client", "poke", address=0x9FFF, hex="ff") == {"outcome": "done"}
    assert apply(adapter, "server0", "dma_read", address=0x9FFE, length=4, map=0)["hex"] == "80ff8283"
    assert apply(adapter, "server1", "dma_write", address=0x9FFE, hex="00")["rc"] == Rc.H_PERMISSION
    assert "hex" not in apply(adapter, "server1", "dma_read", address=0x9FFE, length=4)
    for server in ("server1", "server0"):
        apply(adapter, "console", "activate", server=server)
        apply(adapter, "server1", "consume")
        apply(adapter, "server0", "consume")
    assert ask(adapter, op="settle", observe=1)["selected"] == "server0"
    assert apply(adapter, "server0", "dma_write", address=0x9FFE, hex="00", map=0)["rc"] == Rc.H_PERMISSION
    assert apply(adapter, "client", "peek", address=0x9FFE, length=1)["hex"] == "80"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        "[]",
        "3",
        "{}",
        "[" * 100_000,
        '{"op": 7}',
        '{"op": "apply"}',
        '{"op": "apply", "who": "server9", "call": "reg_crq"}',
        '{"op": "apply", "who": "client", "call": "no such"}',
        '{"op": "apply", "who": "client", "call": "reg_crq", "unit": "third"}',
        '{"op": "apply", "who": "client", "call": "send_crq", "hex": "80"}',
        '{"op": "apply", "who": "client", "call": "send_crq", "hex": "zz"}',
        '{"op": "apply", "who": "client", "call": "vio_signal", "mode": true}',
        '{"op": "apply", "who": "client", "call": "vio_signal", "mode": 1.0}',
        '{"op": "apply", "who": "client", "call": "vio_signal", "mode": "x"}',
        '{"op": "apply", "who": "client", "call": "peek", "address": 0, "length": 99999999}',
        '{"op": "apply", "who": "client", "call": "poke", "address": 524287, "hex": "0000"}',
        '{"op": "apply", "who": "server0", "call": "dma_read", "address": -1, "length": 1}',
        '{"op": "apply", "who": "server0", "call": "send_sub_crq_indirect", "handle": 1, "hex": "80"}',
        '{"op": "apply", "who": "console", "call": "no such"}',
        '{"op": "apply", "who": "console", "call": "auto", "value": 2}',
        '{"op": "apply", "who": "console", "call": "activate", "server": "server7"}',
        '{"op": "apply", "who": "platform", "call": "no such", "target": "client"}',
        '{"op": "apply", "who": "platform", "call": "crash", "target": "console"}',
        '{"op": "advance", "ms": -1}',
        '{"op": "advance", "ms": 1e9}',
        '{"op": "settle", "observe": 2}',
        '{"op": "reset", "servers": 0}',
        '{"op": "reset", "servers": 11}',
        '{"op": "reset", "servers": 1, "unpaired": "server3"}',
        '{"op": "hello", "seq": ' + "9" * 5000 + "}",
        '"' + "x" * MAX_LINE + '"',
    ],
)
def test_bad_lines_get_an_error_and_have_no_effect(line: str) -> None:
    adapter = Adapter()
    before = adapter.answer('{"op": "observe"}')
    reply = json.loads(adapter.answer(line))
    assert reply["outcome"] == "error"
    assert reply["error"]
    assert adapter.answer('{"op": "observe"}') == before


def test_bytes_that_are_no_text_do_not_stop_the_program() -> None:
    replies = io.BytesIO()
    serve(io.BytesIO(b'\xff\xfe\n{"op":"hello","seq":5}\n{"op":"bye"}\n{"op":"hello"}\n'), replies)
    lines = [json.loads(line) for line in replies.getvalue().splitlines()]
    assert [line["outcome"] for line in lines] == ["error", "done", "done"]


def test_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vnic_reference"],
        input=b'{"op":"hello","seq":1}\nnonsense\n',
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["done", "error"]
    assert done.stderr == b""
