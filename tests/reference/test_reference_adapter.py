"""The adapter program: requests and replies, and lines that are no requests."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest

from vnic_reference.__main__ import serve
from vnic_reference.adapter import MAX_LINE, Adapter
from vnic_spec.wire import INIT


def ask(adapter: Adapter, **fields: Any) -> dict[str, Any]:
    reply = json.loads(adapter.answer(json.dumps(fields)))
    assert isinstance(reply, dict)
    return reply


def test_a_failover_over_the_protocol() -> None:
    adapter = Adapter()
    assert ask(adapter, op="hello", seq=1)["role"] == "hypervisor"
    assert ask(adapter, op="reset", seq=2, servers=2, grace=2, event_full="defer") == {"seq": 2, "ok": True}
    for index in (0, 1):
        added = ask(adapter, op="apply", who="console", call="add", device=f"sriov//{100 + index}/0/{index}/2.0")
        assert added["done"]
        server = {"op": "apply", "who": f"server{index}"}
        assert ask(adapter, **server, call="reg_crq", address="0x1000", length=4096)["rc_name"] == "H_CLOSED"
        assert ask(adapter, **server, call="vioctl", sub=0x18, p1=1, p2=100)["rc"] == 0
    assert ask(adapter, op="apply", who="client", call="reg_crq")["rc_name"] == "H_SUCCESS"
    assert ask(adapter, op="apply", who="server0", call="send_crq", hex=INIT.hex())["rc"] == 0
    ask(adapter, op="apply", who="server1", call="vioctl", sub=0x18, p1=1, p2=1000)
    assert ask(adapter, op="advance", ms=201, seq="a") == {"seq": "a", "ok": True, "now": 201}
    seen = ask(adapter, op="observe")
    assert seen["client_queue"] == f"{INIT.hex()} {'ff08' + '00' * 14}"
    assert (seen["server0_status"], seen["server0_selected"], seen["server1_selected"]) == ("UNRESPONSIVE", False, True)
    assert ask(adapter, op="apply", who="client", call="consume")["element"] == INIT.hex()
    assert ask(adapter, op="bye") == {"seq": None, "ok": True}
    assert adapter.closed


def test_every_stimulus_has_an_answer() -> None:
    adapter = Adapter()
    client = {"op": "apply", "who": "client"}
    server = {"op": "apply", "who": "server0"}
    ask(adapter, op="apply", who="console", call="add", device="sriov//100/0/0/2.0")
    ask(adapter, op="apply", who="console", call="add", device="sriov//101/0/1/2.0")
    ask(adapter, **server, call="reg_crq")
    ask(adapter, **server, call="vioctl", sub=0x18, p1=1, p2=100)
    ask(adapter, **client, call="reg_crq")
    sub = ask(adapter, **client, call="reg_sub_crq", address=0x2000)
    assert sub["rc"] == 0
    assert ask(adapter, **server, call="send_sub_crq", handle=sub["handle"], hex="80" * 32)["rc"] == 0
    assert ask(adapter, **server, call="poke", address=0x8000, hex="80" * 64)["done"]
    assert (
        ask(adapter, **server, call="send_sub_crq_indirect", handle=sub["handle"], address=0x8000, count=2)["rc"] == 0
    )
    assert ask(adapter, **client, call="consume", handle=sub["handle"])["element"] == "80" * 32
    assert len(ask(adapter, op="observe")[f"client_sub_{sub['handle']}"].split()) == 2
    assert ask(adapter, **client, call="free_sub_crq", handle=sub["handle"])["rc"] == 0
    assert ask(adapter, **server, call="map_remote", client_address=0x9000, address=0x40000)["rc"] == 0
    assert ask(adapter, **server, call="dma_to_client", address=0x8000, client_address=0x9000, length=4)["rc"] == 0
    assert ask(adapter, **client, call="peek", address=0x9000, length=4)["data"] == "80808080"
    assert ask(adapter, **server, call="dma_from_client", address=0x8000, client_address=0x9000, length=4)["rc"] == 0
    assert ask(adapter, **client, call="vio_signal", mode=1)["rc"] == 0
    assert ask(adapter, **server, call="hcall", token=0x108, registers=f"{0x30008081} {0xC001 << 48} 0")["rc"] == 0
    assert ask(adapter, op="observe")["client_interrupts"] == str(0x1000)
    assert "r4" in ask(adapter, **client, call="vioctl", sub=0x19)
    assert ask(adapter, op="apply", who="console", call="priority", server=0, priority=0)["refused"] == "PRIORITY_RANGE"
    assert ask(adapter, op="apply", who="console", call="auto", value=False)["done"]
    assert ask(adapter, op="apply", who="console", call="activate", server=0)["done"]
    assert ask(adapter, op="apply", who="console", call="remove", server=1)["done"]
    assert ask(adapter, op="apply", who="platform", call="migrate")["done"]
    assert ask(adapter, **client, call="enable_crq")["rc"] == 0
    assert ask(adapter, **client, call="free_crq")["rc"] == 0
    for call, done in (("crash", True), ("power_off", False), ("power_on", True)):
        assert ask(adapter, op="apply", who="platform", call=call, target="server0")["done"] is done
    assert ask(adapter, op="settle")["ok"]


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
        '{"op": "apply", "who": "client", "call": "send_crq", "hex": "80"}',
        '{"op": "apply", "who": "client", "call": "send_crq", "hex": "zz"}',
        '{"op": "apply", "who": "client", "call": "vio_signal", "mode": true}',
        '{"op": "apply", "who": "client", "call": "vio_signal", "mode": 1.0}',
        '{"op": "apply", "who": "client", "call": "hcall", "token": 1, "registers": "x"}',
        '{"op": "apply", "who": "console", "call": "no such"}',
        '{"op": "apply", "who": "platform", "call": "no such", "target": "client"}',
        '{"op": "advance", "ms": -1}',
        '{"op": "advance", "ms": 1e9}',
        '{"op": "reset", "servers": 0}',
        '{"op": "reset", "grace": 0}',
        '{"op": "reset", "colour": "red"}',
        '{"op": "reset", "deep": {"a": 1}}',
        '{"op": "hello", "seq": ' + "9" * 5000 + "}",
        '"' + "x" * MAX_LINE + '"',
    ],
)
def test_bad_lines_get_an_error(line: str) -> None:
    adapter = Adapter()
    before = adapter.answer('{"op": "observe"}')
    reply = json.loads(adapter.answer(line))
    assert reply["ok"] is False
    assert reply["error"]
    assert adapter.answer('{"op": "observe"}') == before


def test_bytes_that_are_no_text_do_not_stop_the_program() -> None:
    replies = io.BytesIO()
    serve(io.BytesIO(b'\xff\xfe\n{"op":"hello","seq":5}\n{"op":"bye"}\n{"op":"hello"}\n'), replies)
    lines = [json.loads(line) for line in replies.getvalue().splitlines()]
    assert [line["ok"] for line in lines] == [False, True, True]


def test_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vnic_reference"],
        input=b'{"op":"hello","seq":1}\nnonsense\n',
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert [json.loads(line)["ok"] for line in done.stdout.splitlines()] == [True, False]
    assert done.stderr == b""
