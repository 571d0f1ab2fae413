"""Settings and fixtures shared by every test."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import pkgutil
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

from vnic_spec.profile import Profile

# No deadline: a slow machine is not a fault. Derandomised: the same checkout gives the same verdict; searching with
# fresh randomness is what `vnickit check` is for.
settings.register_profile("kit", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("kit")

#: The packages of this project.
PACKAGES = ("vnic_spec", "vnic_model", "vnic_conformance", "vnic_reference")


def pytest_collection_finish() -> None:
    """Import every module of ours before the first test.

    Hypothesis draws, among others, the constants of all local modules that are imported so far: which those are must
    not depend on which tests a worker happened to run before, or the same checkout gives another verdict.
    """
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


GOLDEN = Path(__file__).parent / "golden"


def masked(text: str) -> str:
    """Text without what differs from run to run, times and speeds, and of a trace's profile only what is not the default.

    A new parameter of the profile is in every trace that is written. So it changes no golden file.
    """
    text = re.sub(r'(?<="profile_full": )\{[^}]*\}', lambda found: json.dumps(_differences(found[0])), text)
    text = re.sub(r"[\d,]+ states/s", "<speed> states/s", text)
    text = re.sub(r"\bz3 \d[\d.]*\d", "z3 <version>", text)
    return re.sub(r" *\b\d+\.\d+ s\b", " <time> s", text)


def _differences(profile: str) -> dict[str, str | int | None]:
    return Profile.from_mapping(json.loads(profile)).differences()


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """``golden(name, text)``: the text is that of ``tests/golden/name``, times masked.

    Output is an interface, so a change of it is seen in a diff. ``UPDATE_GOLDEN=1 pytest`` writes the files anew.
    """

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(masked(text), encoding="utf-8")
        assert file.exists(), f"{file} is missing; UPDATE_GOLDEN=1 writes it"
        assert masked(text) == file.read_text(encoding="utf-8"), "UPDATE_GOLDEN=1 writes the golden files anew"

    return compare


@cache
def _by_path(path: str) -> ModuleType:
    root = Path(__file__).parents[1]
    spec = importlib.util.spec_from_file_location(Path(path).stem + "_by_path", root / path)
    assert spec is not None
    assert spec.loader is not None
    found = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="session")
def by_path() -> Callable[[str], ModuleType]:
    """``by_path("bench/charts.py")``: a file of the checkout that belongs to no package, as a module."""
    return _by_path
