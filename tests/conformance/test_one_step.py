"""One judged answer passes through few files, and a reader who follows it seldom changes from one to another."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

WALK = Path(__file__).parents[2] / "bench" / "one_step.py"


@pytest.mark.slow
def test_a_step_is_straight() -> None:
    told = subprocess.run([sys.executable, str(WALK)], capture_output=True, text=True, check=True).stdout
    files, changes = map(int, re.findall(r"(\d+) files, (\d+) changes", told)[0])
    assert 5 < files <= 12
    assert 10 < changes <= 40
