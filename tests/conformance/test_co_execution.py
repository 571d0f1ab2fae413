"""Every transition of a small instance, carried out by the hypervisor in C (``bench/co_execution``)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "bench" / "co_execution"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TOOL, *words], capture_output=True, text=True, timeout=500, check=False)


@pytest.mark.parametrize(
    ("instance", "figures"),
    [
        ("selection:2", "178 | 1,302 | 1,302 | 0"),
        ("admin:1", "104 | 1,004 | 1,004 | 0"),
        ("damped:1", "52 | 314 | 314 | 0"),
    ],
)
def test_the_hypervisor_in_c_does_in_every_state_what_the_machine_does(instance: str, figures: str) -> None:
    """INV-1, SEL-1 to SEL-8, ADM-1 to ADM-7: states, transitions, those that were played, those that differ."""
    done = run("--instance", instance)
    assert done.returncode == 0, done.stderr
    assert f"| {instance.replace(':', ' | ')} | {figures} |" in done.stdout
    assert done.stderr == ""


def test_a_fault_shows() -> None:
    done = run("--instance", "selection:2", "--fault", "priority_as_text")
    assert done.returncode == 1
    assert "different: h_reg_crq(None)" in done.stderr
    assert "INV-4" in done.stderr
