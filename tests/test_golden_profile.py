"""A new parameter of the profile changes no golden file: they hold what differs from the default."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vnic_spec.profile import PARAMETERS

ROOT = Path(__file__).parents[1]

#: What a new choice adds to ``vnic_spec/profile.py``: a description and a field.
PARAMETER = """_LIST = (
    Parameter("brand_new", Crossing.HOLD, ("CRQ-13",), "A choice that was added.", choices=Crossing),
    Parameter("brand_new_ms", 250, ("CRQ-13",), "A number that was added.", minimum=0, maximum=LONGEST_MS),
"""
FIELDS = "    brand_new: Crossing = Crossing.HOLD\n    brand_new_ms: int = 250\n\n    def __post_init__"

#: Run where the copy is found first: what is written from golden traces, and what is printed, is what the golden files hold.
CHILD = """
import importlib.util, os, sys
from pathlib import Path
from click.testing import CliRunner
from vnic_conformance.cli import main
from vnic_conformance.running.recorded import load
from vnic_model.replay import replay
from vnic_model.trace import Trace
from vnic_model.trace_text import text_of
from vnic_spec.profile import Profile

assert Profile().as_mapping()["brand_new"] == "HOLD", "the copy is not what is imported"
golden = Path(sys.argv[1]) / "golden"
spec = importlib.util.spec_from_file_location("settings", golden.parent / "conftest.py")
settings = importlib.util.module_from_spec(spec)
spec.loader.exec_module(settings)
seen = 0
for file in golden.glob("*.jsonl"):
    text = file.read_text(encoding="utf-8")
    if file.name.startswith(("run_", "failures_")):
        assert load(text).header.profile.brand_new_ms == 250, file
    else:
        again = replay(Trace.load(text))
        assert again.header.profile_full["brand_new_ms"] == 250
        assert settings.masked(again.dump()) == text, file
        assert settings.masked(text_of(again)) == file.with_suffix(".txt").read_text(encoding="utf-8"), file
    seen += 1
for file in golden.glob("*_help.txt"):
    verb = file.name.removesuffix("_help.txt").replace("_", "-")
    assert CliRunner().invoke(main, [verb, "--help"], prog_name="vnickit").output == file.read_text(encoding="utf-8"), file
    seen += 1
print(seen)
"""


@pytest.mark.slow
def test_a_new_parameter_changes_no_golden_file(tmp_path: Path) -> None:
    copy = tmp_path / "vnic_spec"
    shutil.copytree(ROOT / "spec" / "vnic_spec", copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / "profile.py").read_text(encoding="utf-8")
    changed = text.replace("_LIST = (\n", PARAMETER, 1).replace("\n    def __post_init__", FIELDS, 1)
    (copy / "profile.py").write_text(changed, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "VNICKIT_CACHE": ""}
    words = [sys.executable, "-c", CHILD, str(ROOT / "tests")]
    done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 15


def test_no_golden_trace_holds_a_default() -> None:
    for file in (ROOT / "tests" / "golden").glob("trace_*.jsonl"):
        header = file.read_text(encoding="utf-8").split("\n", 1)[0]
        assert [name for name in PARAMETERS if f'"{name}"' in header] == [], file.name
