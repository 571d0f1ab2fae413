"""The command works beside a user's own modules that bear the names of our directories.

The packages are named ``vnic_*`` so that they cannot collide with a user's ``model`` or ``spec``. Here both lie in the
current directory and raise as soon as anybody imports them.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

SCRIPT = Path(sysconfig.get_path("scripts")) / "vnickit"
COMMANDS = {
    "module": [sys.executable, "-m", "vnic_conformance"],  # puts the current directory first on the path
    "script": [str(SCRIPT)],
}


@pytest.fixture
def users_directory(tmp_path: Path) -> Path:
    """A directory holding a package and modules with the names of our rooms."""
    trap = 'raise RuntimeError("a module of the user was imported: " + __name__)\n'
    for name in ("model", "conformance"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(trap)
    for name in ("spec.py", "reference_impl.py", "tests.py"):
        (tmp_path / name).write_text(trap)
    return tmp_path


def run(command: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("how", COMMANDS)
def test_vnickit_runs_there(how: str, users_directory: Path) -> None:
    done = run([*COMMANDS[how], "--help"], users_directory)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: vnickit [OPTIONS] COMMAND")
    assert done.stderr == ""


@pytest.mark.parametrize("module", ["vnic_spec", "vnic_model", "vnic_conformance", "vnic_reference"])
def test_the_packages_can_be_imported_there(module: str, users_directory: Path) -> None:
    done = run([sys.executable, "-c", f"import {module}"], users_directory)
    assert done.returncode == 0, done.stderr


def test_the_trap_works(users_directory: Path) -> None:
    assert (
        "a module of the user was imported: model"
        in run([sys.executable, "-c", "import model"], users_directory).stderr
    )


REFERENCE = "python:vnic_reference.adapter:Adapter"
ROSTER = """{"name": "one", "faults": [], "variants": [{"name": "itself", "adapter": "python:vnic_reference.adapter:Adapter"}]}"""
#: What plays with Hypothesis, or might.
PLAYS = {
    "check": [*COMMANDS["module"], "check", "--adapter", REFERENCE, "--phase", "hypothesis", "--steps", "40"],
    "smoke": [*COMMANDS["module"], "smoke", "--adapter", REFERENCE],
    "score": [*COMMANDS["module"], "score", "--roster", "one.json", "--phase", "hypothesis", "--steps", "40"],
    "pytest": [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--vnic-adapter={REFERENCE}"),
        *("--vnic-phase=hypothesis", "--vnic-steps=40"),
    ],
}


@pytest.mark.parametrize("what", PLAYS)
def test_nothing_of_hypothesis_is_left_in_the_users_directory(what: str, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(ROSTER)
    done = run(PLAYS[what], tmp_path)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["one.json"]
