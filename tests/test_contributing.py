"""CONTRIBUTING tells the truth: what it says a change needs is all that the change needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
KIT = ROOT / "conformance" / "vnic_conformance"

#: A hypervisor that does what the case of CONTRIBUTING forbids.
FAULTY = "python:vnic_reference.faults:length_unchecked"


@pytest.mark.slow  # two checks in processes of their own
@pytest.mark.parametrize(("adapter", "code"), [("python:vnic_reference.adapter:Adapter", 0), (FAULTY, 1)])
def test_a_scripted_case_is_one_function_in_one_file(adapter: str, code: int, tmp_path: Path) -> None:
    (case,) = re.findall(r"^```python\n(@script.*?)^```$", TEXT, re.M | re.S)
    name = re.findall(r'"(.*?)"', case)[0]
    shutil.copytree(KIT, tmp_path / KIT.name, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / KIT.name / "cases" / "registering.py").open("a", encoding="utf-8") as file:
        file.write("\n\n" + case)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    words = ["check", "--adapter", adapter, "-k", name, "--phase", "scripted", "--steps", "0"]
    command = [sys.executable, "-m", "vnic_conformance", *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.endswith(
        "CONFORMS: everything that was exercised is as it must be.\n" if code == 0 else f"{name}.\n"
    )
    assert "1 case: 1 " in done.stdout


def test_the_places_that_it_names_are_there() -> None:
    named = [name for name in re.findall(r"`([\w./-]+\.(?:py|toml|md|yml|json))`", TEXT) if "/" in name]
    roots = (ROOT, KIT, KIT / "oracle", KIT / "reports")
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []
    assert len(named) > 8
