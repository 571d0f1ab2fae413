"""Fixtures of the tests of the kit."""

from __future__ import annotations

import os
import re
import signal
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vnic_conformance.cli import main
from vnic_conformance.running import corpus, narrowing
from vnic_conformance.running.tours import tours
from vnic_model.cache import CACHE_VARIABLE
from vnic_spec.profile import Profile


@pytest.fixture(scope="session")
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache directory of all these tests: the tours are worked out once, and not for each. The user's is left alone."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    home.mkdir(exist_ok=True)
    (home / corpus.DIRECTORY).touch()  # no directory, so that no test begins with what another one has found
    return home


@pytest.fixture(autouse=True)
def _cached(cache_of_tests: Path) -> Iterator[None]:
    """The kit finds it, in this process and in children. What a test changes itself is undone before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(cache_of_tests))
        yield


@pytest.fixture
def vnickit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """``vnickit(words ...)`` in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words], prog_name="vnickit")


@pytest.fixture(scope="session")
def tours_at_hand() -> None:
    """The tours of the default profile, from the cache that all workers share; a test's own cache begins empty."""
    tours(Profile())


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, SIGHUP ends: workers of pytest-xdist, background jobs and nohup ignore one of them; children too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler), signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGHUP, before[1])


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are not made as short as they can be: for tests of what is said of them, not of how short they are."""
    monkeypatch.setattr(narrowing, "SEARCHING", 100)
    monkeypatch.setattr(narrowing, "SHRINKING", 1_000)


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], str]:
    """``plant(factory)``: what ``--adapter`` takes to check the adapter that ``factory`` makes, in this process.

    Faults are planted to see what is said of them, not how short the words for them can be made, so that search is cut short.
    """
    monkeypatch.setattr(narrowing, "SEARCHING", 400)

    def planted(factory: Callable[[], object]) -> str:
        module = types.ModuleType("planted")
        module.adapter = factory  # type: ignore[attr-defined]  # a module of this test
        monkeypatch.setitem(sys.modules, "planted", module)
        return "python:planted:adapter"

    return planted


@pytest.fixture(scope="session")
def found_by() -> dict[str, dict[str, tuple[str, str]]]:
    """What ``docs/score.md`` says: roster → fault → the requirement that it was blamed on and the case that found it."""
    page = Path(__file__).parents[2] / "docs" / "score.md"
    row = re.compile(r"^\| `(\w+)` \| .* \| [\w-]* \| ([\w, -]+) \| ([^|]+) \| [\d,]+ \|$", re.MULTILINE)
    parts = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        part.partition("\n")[0]: {name: (requirement, case) for name, requirement, case in row.findall(part)}
        for part in parts
    }
