"""Ctrl-C while several processes work: no traceback, the documented exit code, nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vnic_conformance.exit_codes import ExitCode

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at in /proc")

PROGRAM = """
import signal, sys, time
from vnic_model.workers import Workers
if __name__ == "__main__":
    with Workers(2) as pool:
        for _ in pool.map(time.sleep, [0.0, 60.0, 60.0, 60.0]):
            print("works", flush=True)
"""


def of_group(group: int) -> list[str]:
    """What runs in a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, number = (entry / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()[:3]
                if int(number) == group and state not in "ZX":
                    found.append((entry / "cmdline").read_text(encoding="latin-1"))
            except OSError:
                continue
    return found


def ended(words: list[str], when: str, number: signal.Signals, *, everybody: bool) -> tuple[int, str]:
    """Start a command, send a signal once it has printed something; its exit code and standard error when nothing runs."""
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads here
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    first = (process.stdout if when == "stdout" else process.stderr).readline()
    (os.killpg if everybody else os.kill)(process.pid, number)
    stdout, stderr = process.communicate(timeout=60)
    deadline = time.monotonic() + 10
    while of_group(process.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not of_group(process.pid)
    return process.returncode, first + stdout + stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_their_parent(number: signal.Signals, tmp_path: Path) -> None:
    file = tmp_path / "works.py"
    file.write_text(PROGRAM)
    _, said = ended([sys.executable, str(file)], "stdout", number, everybody=number is signal.SIGINT)
    assert "works" in said
    assert said.count("Traceback") <= (number is signal.SIGINT), "that of the program itself"
    assert "Process Spawn" not in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["prove", "--no-cache", "--progress"],
        ["explore", "--instance", "core", "--servers", "3", "--engine", "python", "--progress"],
        ["explore", "--mutants", "--progress"],
        ["score", "--jobs", "2", "--progress"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_verb_that_is_interrupted_is_quiet(words: list[str]) -> None:
    command = [sys.executable, "-m", "vnic_conformance", *words]
    code, said = ended(command, "stderr", signal.SIGINT, everybody=True)
    assert code == ExitCode.INCONCLUSIVE, said
    assert "Traceback" not in said
    assert "vnickit: stopped; there is no verdict" in said


@pytest.mark.slow
def test_a_proof_that_is_ended_says_what_it_has_decided() -> None:
    command = [sys.executable, "-m", "vnic_conformance", "prove", "--no-cache", "--progress"]
    code, said = ended(command, "stderr", signal.SIGTERM, everybody=False)
    assert code == ExitCode.INCONCLUSIVE, said
    assert "obligations are decided." in said
    assert "not decided" in said
    assert "Traceback" not in said
