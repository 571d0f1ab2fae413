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


#: The reference implementation with the call of CONTRIBUTING, and one that answers and does nothing.
CLEARING = """
from vnic_reference.adapter import Adapter


class Clearing(Adapter):
    def _apply(self, fields):
        if fields.get("call") != "clear":
            return super()._apply(fields)
        return super()._apply(fields | {"call": "poke", "hex": "00" * self.cleared(fields["length"])})

    def cleared(self, length):
        return length


class Idle(Clearing):
    def cleared(self, length):
        return 0
"""
#: Before which line of a file an addition of CONTRIBUTING stands, in the order in which it has them.
PLACES = (
    ("interface.py", '    Operation(\n        *(CONSOLE, "add", '),
    ("protocol/adapter-1.0.schema.json", '    "partition_peek": '),
    ("oracle/beside_calls.py", "    # -- H_VIOCTL 0x1B "),
    ("oracle/beside_calls.py", '    "peek": '),
)


def cases() -> dict[str, str]:
    """The scripted cases that it shows, by their IDs."""
    found = re.findall(r"^```python\n(@script.*?)^```$", TEXT, re.M | re.S)
    return {re.findall(r'"(.*?)"', case)[0]: case for case in found}


def check(kit: Path, adapter: str, name: str) -> subprocess.CompletedProcess[str]:
    """Play one case by the kit in a directory."""
    environment = os.environ | {"PYTHONPATH": str(kit.parent)}
    words = ["check", "--adapter", adapter, "-k", name, "--phase", "scripted", "--steps", "0"]
    command = [sys.executable, "-m", "vnic_conformance", *words]
    return subprocess.run(command, cwd=kit.parent, env=environment, capture_output=True, text=True, check=False)


def copied(kit: Path) -> Path:
    """A copy of the kit that may be changed."""
    return shutil.copytree(KIT, kit / KIT.name, ignore=shutil.ignore_patterns("__pycache__"))


def assert_judged(done: subprocess.CompletedProcess[str], name: str, code: int) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.endswith(
        "CONFORMS: everything that was exercised is as it must be.\n" if code == 0 else f"{name}.\n"
    )
    assert "1 case: 1 " in done.stdout


@pytest.mark.slow  # two checks in processes of their own
@pytest.mark.parametrize(("adapter", "code"), [("python:vnic_reference.adapter:Adapter", 0), (FAULTY, 1)])
def test_a_scripted_case_is_one_function_in_one_file(adapter: str, code: int, tmp_path: Path) -> None:
    name = "CRQ-2/length-of-no-whole-page"
    kit = copied(tmp_path)
    with (kit / "cases" / "registering.py").open("a", encoding="utf-8") as file:
        file.write("\n\n" + cases()[name])
    assert_judged(check(kit, adapter, name), name, code)


@pytest.mark.slow  # two checks in processes of their own
def test_a_call_is_three_files_and_a_fourth_if_it_is_one_of_the_hypervisor(tmp_path: Path) -> None:
    added = re.findall(r"^```\w+ add=(\S+)\n(.*?)^```$", TEXT, re.M | re.S)
    assert [name for name, _ in added] == [name for name, _ in PLACES]
    name = "CRQ-12/cleared"
    kit = copied(tmp_path)
    for (file, addition), (_, place) in zip(added, PLACES, strict=True):
        before, found, after = (kit / file).read_text(encoding="utf-8").partition(place)
        assert found, f"{file} has no {place!r}"
        (kit / file).write_text(f"{before}{addition}{found}{after}", encoding="utf-8")
    with (kit / "cases" / "using_memory.py").open("a", encoding="utf-8") as script:
        script.write("\n\n" + cases()[name])
    (tmp_path / "clearing.py").write_text(CLEARING, encoding="utf-8")
    for adapter, code in (("Clearing", 0), ("Idle", 1)):
        assert_judged(check(kit, f"python:clearing:{adapter}", name), name, code)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no repository")
def test_nothing_that_is_to_be_ignored_is_tracked() -> None:
    """Such as the failures that a run keeps in the directory where it is started."""
    words = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    assert subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout == ""


def test_a_choice_of_the_profile_is_in_six_files() -> None:
    """Counted for one. Cases and properties say what follows from a choice; that it is one they do not say."""
    place = re.compile(r"\bcomplaint_order\b(?! = )")
    found = {
        file.relative_to(ROOT).as_posix()
        for room in ("spec", "model", "conformance")
        for file in (ROOT / room).rglob("*.py")
        if not {"cases", "properties"} & set(file.parts) and place.search(file.read_text(encoding="utf-8"))
    }
    assert found == {
        "spec/vnic_spec/profile.py",
        "spec/vnic_spec/requirements/session.py",
        "spec/vnic_spec/algebra.py",
        "spec/vnic_spec/session.py",
        "model/vnic_model/direct.py",
        "model/vnic_model/traced.py",
    }


def test_the_places_that_it_names_are_there() -> None:
    named = [name for name in re.findall(r"`([\w./-]+\.(?:py|toml|md|yml|json))`", TEXT) if "/" in name]
    roots = (ROOT, KIT, KIT / "oracle", KIT / "reports")
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []
    assert len(named) > 8
