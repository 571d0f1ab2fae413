"""What an examination from outside found: verdicts that a late signal, a damaged log or an empty failure took away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode

Kit = Callable[..., Result]
Record = dict[str, Any]
ONE_CASE = ("-k", "CRQ-2/closed-is-registered", "--phase", "scripted")
FAULTY = "python:examined:always_refuses"

#: The reference hypervisor, which refuses every registration; as a child it says goodbye slowly, or tells of its progress.
PROGRAM = """
import json, sys, time
from vnic_reference.adapter import Adapter


def always_refuses():
    adapter = Adapter()

    def answer(request):
        reply = dict(adapter(request))
        if request.get("call") == "reg_crq":
            reply["rc"] = -4
        return reply

    return answer


if __name__ == "__main__":
    waits_at, mark = sys.argv[1:]
    answer = always_refuses()
    seen = False
    for line in sys.stdin:
        request = json.loads(line)
        reply = {"seq": request["seq"], **answer(request)}
        if request["op"] == waits_at or (seen and waits_at == "later"):
            open(mark, "w").close()
            time.sleep(8)
        seen = seen or request.get("call") == "reg_crq"
        print(json.dumps(reply), flush=True)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the adapter, in which the kit is run."""
    (tmp_path / "examined.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture
def log(place: Path, vnickit: Kit) -> list[Record]:
    """The log of a run with a violation, as records."""
    assert vnickit("check", "--adapter", FAULTY, *ONE_CASE, "--log", "run.jsonl").exit_code == ExitCode.VIOLATION
    return [json.loads(line) for line in (place / "run.jsonl").read_text().splitlines()]


def written(place: Path, records: list[Record]) -> str:
    file = place / "edited.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(file)


# --- damaged logs --------------------------------------------------------------------------------------------------------


def test_a_log_from_which_the_steps_were_taken_is_not_whole(log: list[Record], place: Path, vnickit: Kit) -> None:
    result = vnickit("judge", written(place, [record for record in log if "step" not in record]))
    assert result.exit_code == ExitCode.USAGE
    assert "the footer counts" in result.stderr


@pytest.mark.parametrize("what", ["sessions", "steps"])
def test_the_footer_counts_what_there_is(log: list[Record], place: Path, vnickit: Kit, what: str) -> None:
    log[-1][what] += 1
    result = vnickit("judge", written(place, log))
    assert result.exit_code == ExitCode.USAGE
    assert f"line {len(log)}: the footer counts {log[-1][what]} {what}" in result.stderr


def test_steps_follow_one_another(log: list[Record], place: Path, vnickit: Kit) -> None:
    next(record for record in log if "step" in record)["step"] = 2
    result = vnickit("judge", written(place, log))
    assert result.exit_code == ExitCode.USAGE
    assert "step 1 was expected" in result.stderr


def test_a_violation_that_was_kept_counts_without_its_session(log: list[Record], place: Path, vnickit: Kit) -> None:
    """The failing session is replaced by one of a right implementation; what was kept of the violation is still there."""
    right = ("--adapter", "python:vnic_reference.adapter:Adapter", *ONE_CASE, "--log", "right.jsonl")
    assert vnickit("check", *right).exit_code == ExitCode.CONFORMS
    good = [json.loads(line) for line in (place / "right.jsonl").read_text().splitlines()]
    sessions = [record for record in good if {"phase", "step", "over"} & set(record)]
    kept = [record for record in log if "failure" in record or ("case" in record and "phase" not in record)]
    end = {**log[-1], "sessions": good[-1]["sessions"], "steps": good[-1]["steps"]}
    result = vnickit("judge", written(place, [log[0], *sessions, *kept, end]))
    assert result.exit_code == ExitCode.VIOLATION, result.output


# --- failures that show nothing -----------------------------------------------------------------------------------------


def test_a_failure_without_steps_is_not_fixed(log: list[Record], place: Path, vnickit: Kit) -> None:
    failure = next(record for record in log if "failure" in record)
    failure["episode"]["steps"], failure["script"] = [], ""
    result = vnickit("replay", written(place, log), "--adapter", FAULTY)
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "the 0 recorded steps violate nothing" in " ".join(result.output.split())


@pytest.mark.parametrize("rerun", [[9, 5], [6, 5]])
def test_more_failures_than_runs_are_no_count(log: list[Record], place: Path, vnickit: Kit, rerun: list[int]) -> None:
    next(record for record in log if "failure" in record)["rerun"] = rerun
    result = vnickit("replay", written(place, log), "--adapter", FAULTY)
    assert result.exit_code == ExitCode.USAGE
    assert "no more failures than runs" in result.stderr


# --- files ---------------------------------------------------------------------------------------------------------------


def test_a_report_does_not_take_the_place_of_the_failures(place: Path, vnickit: Kit) -> None:
    result = vnickit("check", "--adapter", FAULTY, *ONE_CASE, "--junit", "vnickit-failures.jsonl")
    assert result.exit_code == ExitCode.USAGE
    assert "name the same file" in result.stderr


# --- signals that come late ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("waits_at", ["bye", "later"])
@pytest.mark.usefixtures("interruptible")
def test_a_violation_stays_when_the_run_is_told_to_end(place: Path, number: signal.Signals, waits_at: str) -> None:
    """While the adapter takes its time to say goodbye, or over a later call."""
    adapter = f"{sys.executable} -u examined.py {waits_at} mark"
    kit = [sys.executable, "-m", "vnic_conformance", "check", "--adapter", adapter, *ONE_CASE]
    running = subprocess.Popen(kit, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    deadline = time.monotonic() + 90
    while not (place / "mark").exists():
        assert time.monotonic() < deadline
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == ExitCode.VIOLATION, err
    assert "FAIL" in out
    assert (place / "vnickit-failures.jsonl").exists()
