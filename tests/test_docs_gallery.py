"""``docs/gallery`` is what ``bench/gallery.py`` makes today: ten failures, each with trace, picture, capture and log."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from vnic_conformance.defaults import ROLES

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "docs" / "gallery"
PAGE = GALLERY / "gallery.md"
ANEW = "make it anew: python bench/gallery.py"


@pytest.fixture(scope="module")
def bench(by_path: Callable[[str], ModuleType]) -> ModuleType:
    return by_path("bench/gallery.py")


def test_every_file_is_there_and_named_on_the_page_and_all_are_small(bench: ModuleType) -> None:
    assert len(bench.EXHIBITS) == len({exhibit.fault for exhibit in bench.EXHIBITS}) == 10
    assert {exhibit.role for exhibit in bench.EXHIBITS} == set(ROLES)
    files = {file.name for file in GALLERY.iterdir()}
    made = {f"{exhibit.fault}.{kind}" for exhibit in bench.EXHIBITS for kind in ("jsonl", "svg", "pcapng")}
    assert files == {PAGE.name, *made}
    assert set(re.findall(r"\]\(([^)]+)\)", PAGE.read_text(encoding="utf-8"))) == made
    assert sum(file.stat().st_size for file in GALLERY.iterdir()) < 300_000


def test_page_pictures_and_captures_are_made_from_the_logs(bench: ModuleType) -> None:
    assert PAGE.read_text(encoding="utf-8") == bench.document(), ANEW
    for exhibit in bench.EXHIBITS:
        log = GALLERY / f"{exhibit.fault}.jsonl"
        assert log.with_suffix(".svg").read_text(encoding="utf-8") == bench.picture(log), ANEW
        assert log.with_suffix(".pcapng").read_bytes() == bench.capture(log), ANEW


def test_what_is_said_of_a_failure_names_the_requirement_that_is_hurt_and_its_trace_is_short(bench: ModuleType) -> None:
    for exhibit in bench.EXHIBITS:
        log = GALLERY / f"{exhibit.fault}.jsonl"
        run = bench.recorded(log)
        assert run.header.adapter == exhibit.adapter
        assert run.failures[0].played == exhibit.case
        assert run.failures[0].requirement.partition("/")[0] in exhibit.text, exhibit.fault
        assert len(re.findall(r"\.(?: |$)", exhibit.text)) == 2, "two sentences"
        assert 0 < len(bench.trace(log)) <= bench.MOST


@pytest.mark.parametrize("fault", ["payload_changed", "hasty"])
def test_played_anew_a_fault_leaves_the_same_log(bench: ModuleType, fault: str) -> None:
    exhibit = next(exhibit for exhibit in bench.EXHIBITS if exhibit.fault == fault)
    assert bench.played(exhibit) == (GALLERY / f"{fault}.jsonl").read_text(encoding="utf-8"), ANEW


def test_a_case_that_does_not_find_its_fault_is_refused(bench: ModuleType) -> None:
    exhibit = bench.EXHIBITS[0]._replace(case="CRQ-10/every-bit")
    with pytest.raises(RuntimeError, match="CRQ-10/every-bit does not find no_failover_event: name another case"):
        bench.played(exhibit)


def test_a_trace_that_is_too_long_loses_the_middle_of_its_longest_steps(bench: ModuleType) -> None:
    steps = [
        "step",
        "   1  short",
        *(f"   {n}  long" if i == 0 else f"      {n}.{i}" for n in (2, 3) for i in range(9)),
    ]
    fitting = bench._fitting(steps, 12)
    assert len(fitting) == 12
    assert [line for line in fitting if line[:4].strip()] == ["step", "   1  short", "   2  long", "   3  long"]
    assert fitting[-1] == "      3.8"
    assert bench._fitting(steps, len(steps)) == steps
