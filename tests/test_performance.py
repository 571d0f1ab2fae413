"""``docs/performance.md``: what it counts is what the other tests pin, and the script that writes it notices a difference."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "performance.md"


ByPath = Callable[[str], ModuleType]


@cache
def figures() -> tuple[tuple[str, int, str, int, int | None, float], ...]:
    """Instance, servers, tool, states, transitions and seconds of every line of the first table."""
    rows = re.findall(r"^\| (\w+) \| (\d) \| ([^|]+) \| ([\d,]+) \| ([\d,]+|–) \| ([\d.,]+) \|", text(), re.M)
    return tuple(
        (
            name,
            int(servers),
            by,
            number(states),
            None if steps == "–" else number(steps),
            float(seconds.replace(",", "")),
        )
        for name, servers, by, states, steps, seconds in rows
    )


def number(word: str) -> int:
    return int(word.replace(",", ""))


def text() -> str:
    return FILE.read_text(encoding="utf-8")


def test_the_counts_are_those_that_are_pinned(by_path: ByPath) -> None:
    pinned = by_path("tests/model/test_model_counts.py").COUNTS
    assert len(figures()) > 10
    for name, servers, by, states, transitions, _ in figures():
        if (name, servers) in pinned:
            expected = pinned[name, servers]
            assert (states, transitions) in [expected[:2], (expected[0], None)], (name, servers, by)
        else:
            # Nobody pins what only the document has; then at least two agree on it.
            assert len({(s, t) for n, k, _, s, t, _ in figures() if (n, k) == (name, servers)}) == 1
            assert len([1 for n, k, *_ in figures() if (n, k) == (name, servers)]) > 1


def test_spin_agrees_on_three_instances_and_on_a_model_written_by_hand() -> None:
    by_spin = {(name, servers) for name, servers, by, *_ in figures() if by == "Spin"}
    assert len({name for name, _ in by_spin}) >= 3
    assert {("selection", 3), ("selection", 6)} <= {(n, k) for n, k, by, *_ in figures() if by == "Spin, by hand"}
    for key in by_spin:
        assert "C" in {by for name, servers, by, *_ in figures() if (name, servers) == key}


def test_the_document_says_on_what_and_with_what_it_was_measured() -> None:
    for fact in ("Processor", "Cores", "Memory", "System", "Python", "C compiler", "Spin"):
        assert re.search(rf"^- {fact}: .*\w", text(), re.M), fact
    assert re.search(r"^\| core \| 2 \| exported \| [\d.]+ \| [\d.]+ \| \d+ \| [\d.]+ \|$", text(), re.M)


def test_it_is_the_document_that_the_script_writes_today(by_path: ByPath) -> None:
    # All but what is measured: the words, the headings, the shape of the tables.
    bench = by_path("bench/independent.py")
    found = [bench.Figure(*row[:6], 1.0, 1.0) for row in figures()]
    facts = dict(re.findall(r"^- ([A-Z][\w ]+): (.+)$", text(), re.M))
    today = bench.document(found, facts)
    words = re.sub(r"^\| .*$", "", text(), flags=re.M)
    assert re.sub(r"^\| .*$", "", today, flags=re.M) == words, "write it anew: python bench/independent.py --write"


def test_the_charts_are_drawn_from_the_table_and_have_its_numbers_beside_the_bars(by_path: ByPath) -> None:
    made = by_path("bench/charts.py").charts(text())
    kept = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "performance").iterdir()}
    assert kept == made, "draw them anew: python bench/charts.py"
    assert set(re.findall(r"^!\[.*\]\(performance/(.*)\)$", text(), re.M)) == set(made)
    words = {
        name: {str(word.text) for word in ET.fromstring(chart).iterfind("{*}text")} for name, chart in made.items()
    }
    rows = [line.strip("| ").split(" | ") for line in text().splitlines() if line.count("|") == 10]
    assert len(rows) == len(figures()) + 2
    for name, at in (("search.svg", 5), ("rate.svg", 6), ("memory.svg", 7)):
        assert {row[at] for row in rows[2:]} - {"–"} <= words[name], name


def test_a_bar_is_as_long_as_its_number_says(by_path: ByPath) -> None:
    charts = by_path("bench/charts.py")
    made = charts.chart("", [charts.Bar("core", "1", by, number) for by, number in (("C", "2"), ("Spin", "2,000"))])
    short, long = (float(bar.get("width", "")) for bar in ET.fromstring(made).iterfind("{*}rect"))
    decade = (long - short) / 3
    assert short == pytest.approx(0.30103 * decade, abs=0.1)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"states": 31}, "gap, 1 servers: 31 states by Spin, 30 by C"), ({"transitions": 123}, "123 transitions by Spin")],
)
def test_a_difference_is_told(by_path: ByPath, change: dict[str, int], said: str) -> None:
    bench = by_path("bench/independent.py")
    ours = bench.Figure("gap", 1, "C", 30, 122, 0.1, 1.0, 0.1)
    other = bench.Figure("core", 1, "C", 2058, 12660, 0.1, 1.0, 0.1)
    agreed = [ours, other, replace(ours, by="Spin"), replace(ours, by="NuSMV", transitions=None)]
    assert bench.differences(agreed) == []
    wrong = bench.differences([*agreed, replace(ours, by="Spin", **change)])
    assert len(wrong) == 1
    assert said in wrong[0]


@pytest.mark.parametrize(
    ("said", "expected", "count"),
    [
        ("    12661 transitions", 12661, 12661),
        ("    12660 transitions", 12661, 12660),
        ("5.9958622e+08 transitions", 599_586_225, 599_586_225),
        ("5.9958621e+08 transitions", 599_586_225, 599_586_210),
    ],
)
def test_spin_prints_eight_digits_of_a_number(by_path: ByPath, said: str, expected: int, count: int) -> None:
    bench = by_path("bench/independent.py")
    output = f"State-vector 28 byte\n{said} (= stored+matched)\n 0 atomic steps\n"
    assert bench.spins_count(output, "transitions", expected) == count


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("spin") is None or shutil.which("gcc") is None, reason="Spin or gcc is not installed")
def test_the_script_compares() -> None:
    words = [sys.executable, str(ROOT / "bench" / "independent.py"), "--only", "gap", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for by in ("C", "Python", "Spin"):
        assert re.search(rf"^\| gap \| 1 \| {by} \| 30 \| 122 \|", done.stdout, re.M), by
