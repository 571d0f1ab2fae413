"""``vnickit check`` on adapters that break: exit code 4 in bounded time, and what was recorded is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.judging import judge_again
from vnic_conformance.running.recorded import read
from vnic_reference.adapter import Adapter

Kit = Callable[..., Result]
Plant = Callable[[Callable[[], object]], str]

pytestmark = pytest.mark.usefixtures("hurried")

#: An adapter that ends, as a child process, after so many requests.
DIES = """
import sys
from vnic_reference.adapter import Adapter

adapter = Adapter()
for number, line in enumerate(sys.stdin):
    if number == 30:
        sys.exit("out of memory")
    print(adapter.answer(line), flush=True)
"""


class Declines(Adapter):
    """Greets, and declines the second reset."""

    resets = 0

    def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
        self.resets += request["op"] == "reset"
        if self.resets == 2:
            return {"seq": request["seq"], "outcome": "error", "error": "no machine is free"}
        return super().__call__(request)


@pytest.mark.parametrize("adapter", ["sleep 1000", "yes", "true", "no-such-program", "echo hello"])
def test_no_adapter_at_all(adapter: str, vnickit: Kit, tmp_path: Path) -> None:
    start = time.monotonic()
    result = vnickit("check", "--adapter", adapter, "--time-scale", "0.02", "--log", "run.jsonl", "--junit", "j.xml")
    assert time.monotonic() - start < 10
    assert result.exit_code == ExitCode.ADAPTER_BROKEN, result.output
    assert "ADAPTER BROKEN: " in result.stdout
    assert "fault of  " in result.stdout
    log = read(tmp_path / "run.jsonl")
    assert log.broken is not None
    assert log.end is not None
    assert log.end.code == ExitCode.ADAPTER_BROKEN
    assert "<error " in (tmp_path / "j.xml").read_text(encoding="utf-8")


def test_an_adapter_that_dies_leaves_its_steps_and_its_last_words(vnickit: Kit, tmp_path: Path) -> None:
    (tmp_path / "dies.py").write_text(DIES)
    result = vnickit(
        "check", "--adapter", f"{sys.executable} dies.py", "--phase", "walk", "--servers", "2", "--log", "run.jsonl"
    )
    assert result.exit_code == ExitCode.ADAPTER_BROKEN, result.output
    assert "    | out of memory" in result.stdout
    assert "; no answer" in result.stdout
    log = read(tmp_path / "run.jsonl")
    assert log.broken is not None
    assert log.broken.stimulus is not None
    assert log.broken.trouble["broken"] == "Died"
    assert len(log.sessions[-1].episode.moments) == 28
    shown = vnickit("show", "run.jsonl")
    assert shown.exit_code == ExitCode.CONFORMS
    assert "    | out of memory" in shown.stdout


def test_an_adapter_that_declines_to_reset_is_broken(vnickit: Kit, plant: Plant) -> None:
    words = ("check", "--adapter", plant(Declines), "--phase", "walk", "--steps", "500", "--json")
    report = json.loads(vnickit(*words).stdout)
    assert report["exit"] == ExitCode.ADAPTER_BROKEN
    assert report["broken"]["came"] == 'outcome "error": no machine is free'
    assert report["steps"] == 400


class BreaksAfterAViolation(Adapter):
    """Registers nobody, and cannot be reset a second time."""

    resets = 0

    def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
        self.resets += request["op"] == "reset"
        if self.resets == 2:
            return {"seq": request["seq"], "outcome": "error", "error": "no machine is free"}
        reply = super().__call__(request)
        return {**reply, "rc": -16} if request.get("call") == "reg_crq" else reply


def test_a_violation_outweighs_an_adapter_that_breaks_later(vnickit: Kit, plant: Plant) -> None:
    """It breaks where the failure is repeated: the failure is shown as it was found."""
    result = vnickit("check", "--adapter", plant(BreaksAfterAViolation), "--phase", "walk", "--steps", "500", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == ExitCode.VIOLATION
    (failure,) = report["failures"]
    assert failure["requirement"] == "CRQ-2"
    assert report["broken"]["came"] == 'outcome "error": no machine is free'
    assert report["sentence"] == "VIOLATION: CRQ-2; then the adapter broke."


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "told to end"])
def test_a_run_that_is_stopped_after_a_violation_reports_it(number: signal.Signals, tmp_path: Path) -> None:
    part = tmp_path / "run.jsonl.part"
    adapter = "python:vnic_reference.faults:stale_elements_kept"
    words = ["check", "--adapter", adapter, "--phase", "walk", "--phase", "scripted", "-k", "CRQ-9*", "-k", "SES-*"]
    words += ["-k", "MON-*", "--steps", "1000000", "--log", "run.jsonl", "--junit", "j.xml"]
    command = [sys.executable, "-m", "vnic_conformance", *words]
    kit = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (part.exists() and '"failure":' in part.read_text(encoding="utf-8")):
        time.sleep(0.05)
    os.kill(kit.pid, number)
    stdout, stderr = kit.communicate(timeout=60)
    assert kit.returncode == ExitCode.VIOLATION, stderr
    assert "\nFAIL  " in stdout
    last = stdout.splitlines()[-3:]
    assert "The run was stopped before its end (interrupted)." in " ".join(" ".join(last).split())
    assert "<failure " in (tmp_path / "j.xml").read_text(encoding="utf-8")
    run = read(tmp_path / "run.jsonl")
    assert run.stopped == "interrupted"
    assert run.failures
    assert judge_again(run).code is ExitCode.VIOLATION


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "told to end"])
def test_a_run_that_is_stopped_keeps_its_log(number: signal.Signals, tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    words = ["check", "--adapter", "python:vnic_reference.adapter:Adapter", "--phase", "walk", "--steps", "1000000"]
    command = [sys.executable, "-m", "vnic_conformance", *words, "--log", str(log)]
    kit = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    part = tmp_path / "run.jsonl.part"
    while time.monotonic() < deadline and not (part.exists() and part.stat().st_size > 100_000):
        time.sleep(0.05)
    os.kill(kit.pid, number)
    _, stderr = kit.communicate(timeout=20)
    assert kit.returncode == ExitCode.INCONCLUSIVE, stderr
    assert "vnickit: stopped; there is no verdict" in stderr
    run = read(log)
    assert run.truncated
    assert run.stopped == "interrupted"
    assert len(run.sessions[0].episode.moments) > 50


def test_a_kit_that_is_killed_leaves_every_step_that_it_had_recorded(tmp_path: Path) -> None:
    log, part = tmp_path / "run.jsonl", tmp_path / "run.jsonl.part"
    log.write_text("of an earlier run")
    words = ["check", "--adapter", "python:vnic_reference.adapter:Adapter", "--phase", "walk", "--steps", "1000000"]
    command = [sys.executable, "-m", "vnic_conformance", *words, "--log", str(log)]
    kit = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (part.exists() and part.stat().st_size > 100_000):
        time.sleep(0.05)
    kit.kill()
    kit.wait(timeout=20)
    assert log.read_text() == "of an earlier run"
    run = read(part)
    assert run.truncated
    assert run.stopped == ""
    assert len(run.sessions[0].episode.moments) > 50
