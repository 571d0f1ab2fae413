"""``python -m vnic_reference --scenario``: what it prints, writes, refuses, and with which exit code."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dpkt
import pytest

from vnic_reference.system import program
from vnic_reference.system.faults import SYSTEM_FAULTS
from vnic_reference.system.timeline import WIDTH

SMALL = """
title = "small"
duration_ms = 1_500
[[server]]
name = "a"
adapter = 0
port = 0
priority = 10
[[server]]
name = "b"
adapter = 0
port = 1
[[ping]]
period_ms = 50
[[stream]]
period_ms = 50
[[at]]
ms = 700
do = "crash"
target = "a"
"""


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return str(path)


def started(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vnic_reference", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_claim_1_as_it_is_printed(golden: Callable[[str, str], None]) -> None:
    done = started("--scenario", "claim1", "--brief")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    golden("system_claim1.txt", done.stdout)


def test_every_element_is_there_unless_brief(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.run(small) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= WIDTH
    assert "elements: VERSION_EXCHANGE … LOGICAL_LINK_STATE" in printed
    assert "b        event 02: the partner has deregistered" in printed
    assert "H_REG_CRQ → H_CLOSED" in printed


def test_timeline_and_capture(small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    timeline, capture = tmp_path / "t.jsonl", tmp_path / "c.pcapng"
    assert program.run(small, str(capture), str(timeline), brief=True) == 0
    entries = [json.loads(line) for line in timeline.read_text(encoding="utf-8").splitlines()]
    assert [entry["ms"] for entry in entries] == sorted(entry["ms"] for entry in entries)
    kinds = {entry["kind"] for entry in entries}
    assert kinds == {"action", "state", "event", "call", "element", "frame", "link"}
    logins = [entry["ms"] for entry in entries if entry["kind"] == "element" and entry["hex"].startswith("8004")]
    assert logins == [0, 850]
    frames = list(dpkt.pcapng.Reader(io.BytesIO(capture.read_bytes())))
    assert len(frames) == sum(entry["kind"] == "frame" for entry in entries) > 100
    read = [dpkt.ethernet.Ethernet(frame) for _, frame in frames]
    assert {packet.type for packet in read} == {dpkt.ethernet.ETH_TYPE_ARP, dpkt.ethernet.ETH_TYPE_IP}
    announced = [p for p in read if p.type == dpkt.ethernet.ETH_TYPE_ARP and p.arp.spa == p.arp.tpa]
    assert len(announced) == 6  # when it is started and after the switch: at the interface, one port, and the other


def test_a_faulty_system_is_found(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.run(small, brief=True, parts=SYSTEM_FAULTS["server_transmits_twice"].parts) == 1
    assert "leaves through a more often than it was sent" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"title = 5", "duration_ms is missing"),
        (b"\xff\xfe", "it is no text in UTF-8"),
        (b"#" * (1 << 20) + b"##", "it is longer than 1,048,576 bytes"),
    ],
)
def test_a_bad_file_is_refused(
    content: bytes, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    assert program.run(str(path)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert complaint in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("name", ["nowhere.toml", "/", "a\0b", "", "../claim1"])
def test_no_such_scenario(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.run(name) == 2
    assert "called so; there is claim1" in capsys.readouterr().err


def test_a_file_that_cannot_be_written(small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.run(small, str(tmp_path / "no" / "c.pcapng")) == 2
    assert "cannot write" in capsys.readouterr().err
