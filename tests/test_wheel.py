"""What is shipped: the four packages under their own names, typed, and nothing else."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
DIST_INFO = f"vnic_failover_kit-{importlib.metadata.version('vnic-failover-kit')}.dist-info"
ROOMS = {
    "vnic_spec": ROOT / "spec" / "vnic_spec",
    "vnic_model": ROOT / "model" / "vnic_model",
    "vnic_conformance": ROOT / "conformance" / "vnic_conformance",
    "vnic_reference": ROOT / "reference_impl" / "vnic_reference",
}


def build(kind: str, into: Path) -> Path:
    """Build a distribution with the backend that is installed here; nothing is downloaded."""
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(into), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def wheel(built: Path) -> list[PurePosixPath]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(built) as archive:
        return [PurePosixPath(name) for name in archive.namelist()]


def test_its_top_level_names_are_the_four_packages(wheel: list[PurePosixPath]) -> None:
    assert {name.parts[0] for name in wheel} == {*ROOMS, DIST_INFO}


def test_every_package_says_that_it_is_typed(wheel: list[PurePosixPath]) -> None:
    assert {f"{room}/py.typed" for room in ROOMS} <= {str(name) for name in wheel}


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_the_checkout_is_in_it(room: str, wheel: list[PurePosixPath]) -> None:
    modules = {f"{room}/{path.relative_to(ROOMS[room]).as_posix()}" for path in ROOMS[room].rglob("*.py")}
    assert modules
    assert modules <= {str(name) for name in wheel}


def test_the_glue_is_in_it_with_a_licence_of_its_own(wheel: list[PurePosixPath]) -> None:
    glue = "vnic_conformance/linux/glue"
    where = ROOMS["vnic_conformance"] / "linux" / "glue"
    files = {f"{glue}/{path.relative_to(where).as_posix()}" for path in where.rglob("*") if path.is_file()}
    assert {f"{glue}/{name}" for name in ("LICENSE", "README.md", "Kconfig", "hcall.c", "guest/vnictool.c")} <= files
    assert files <= {str(name) for name in wheel}
    assert f"{DIST_INFO}/licenses/conformance/vnic_conformance/linux/glue/LICENSE" in map(str, wheel)


#: Prints the faults that ``vnickit score`` puts to the test where nobody names a roster, and what it leaves out.
FAULTS = """
import json, pathlib, sys, vnic_conformance
from vnic_conformance.scoring.default import default_rosters
left_out = []
rosters = default_rosters(pathlib.Path(sys.argv[1]), left_out.append)
print(json.dumps([vnic_conformance.__file__, left_out, sorted([r.name, f.name] for r in rosters for f in r.faults)]))
"""


@pytest.mark.slow
def test_what_it_scores_is_what_a_checkout_scores(built: Path, tmp_path: Path) -> None:
    """`docs/score.md` counts the faults of the hypervisor in C, too; so its sources are shipped."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler (cc) on this machine")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(tmp_path / "installed")
    found = []
    for path in (str(tmp_path / "installed"), ""):
        environment = os.environ | {"PYTHONPATH": path}
        words = [sys.executable, "-c", FAULTS, str(tmp_path)]
        done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    (here, left_out, installed), (_, _, checkout) = found
    assert Path(here).is_relative_to(tmp_path)
    assert left_out == []
    assert installed == checkout
    assert sum(name == "c-hypervisor" for name, _ in installed) > 40


def test_no_cache_is_shipped(wheel: list[PurePosixPath]) -> None:
    assert [name for name in wheel if "__pycache__" in name.parts or name.suffix == ".pyc"] == []


def test_it_carries_its_licence_and_its_command(wheel: list[PurePosixPath]) -> None:
    metadata = {name.relative_to(name.parts[0]).as_posix() for name in wheel if name.parts[0].endswith(".dist-info")}
    assert {"licenses/LICENSE", "entry_points.txt"} <= metadata


def test_the_source_distribution_can_be_tested(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", ".ci/run", "tests/test_wheel.py"} <= names
    assert {"spec/vnic_spec/profile.py", "conformance/vnic_conformance/cli.py"} <= names
    assert not [name for name in names if name.startswith((".git/", ".venv"))]
