"""The mutation tool in bench: its mutants are valid, the kit kills one and not one that does nothing, its page is current."""

from __future__ import annotations

import ast
import importlib
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench"
PAGE = ROOT / "docs" / "mutants.md"


@pytest.fixture(scope="module")
def tool() -> Iterator[dict[str, ModuleType]]:
    """The tool's modules by name. It is run by hand and installed nowhere."""
    sys.path.insert(0, str(BENCH))
    names = ("c_mutants", "c_values", "executed", "mutant", "python_mutants", "report")
    yield {name: importlib.import_module(f"mutation.{name}") for name in names}
    sys.path.remove(str(BENCH))


def changes(tool: dict[str, ModuleType], name: str, source: str) -> list[tuple[str, str]]:
    """Operator and changed line of every mutant of a source."""
    return [(m.operator, m.becomes) for m in tool[name].of_source("x", source)]


# --- mutants of Python -----------------------------------------------------------------------------------------------


def test_there_are_enough_of_python_each_in_a_place_of_its_own(tool: dict[str, ModuleType]) -> None:
    found = list(tool["python_mutants"].every())
    assert len(found) >= 800
    assert len({m.name for m in found}) == len(found)
    assert {m.file for m in found} == set(tool["python_mutants"].FILES)
    assert {m.operator for m in found} >= {"compare", "logical", "negate", "drop", "constant", "member", "arithmetic"}


def test_mutants_of_python_parse_and_differ(tool: dict[str, ModuleType]) -> None:
    sources = tool["python_mutants"].source_of
    for mutant in random.Random(1).sample(list(tool["python_mutants"].every()), 30):
        source = sources(mutant.file)
        changed = mutant.applied(source)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source)), mutant.name
        assert mutant.was != mutant.becomes
        lines = [(a, b) for a, b in zip(source.splitlines(), changed.splitlines(), strict=False) if a != b]
        assert lines[0][0] == source.splitlines()[mutant.line - 1], mutant.name


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "f(a < 1)",
            {("compare", "f(a <= 1)"), ("constant+1", "f(a < 2)"), ("constant-1", "f(a < 0)"), ("drop", "pass")},
        ),
        ("x = a is not b", {("compare", "x = a is b")}),
        ("x = a and not b", {("logical", "x = a or not b"), ("negate", "x = a and b")}),
        ("x = Rc.H_SUCCESS", {("member", "x = Rc.H_BUSY")}),
        ("a.b = True", {("constant", "a.b = False"), ("drop", "pass")}),
        ("a += b", {("arithmetic", "a -= b"), ("drop", "pass")}),
        ("x = min(y)", {("function", "x = max(y)")}),
        ("def f() -> bool:\n    return a", {("negate", "return not (a)")}),
        ("def f():\n    if a:\n        return", {("negate", "if not (a):"), ("drop", "if False:")}),
    ],
)
def test_what_is_changed(tool: dict[str, ModuleType], source: str, expected: set[tuple[str, str]]) -> None:
    assert set(changes(tool, "python_mutants", source)) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""Words, 1 < 2."""',
        "def f(x: int | None) -> list[int]: ...",
        'raise ValueError(f"{a + 1}")',
        "assert isinstance(a, int)",
        "class A(Protocol):\n    def f(self): return 1 + 1",
        "def __repr__(self): return a + 1",
        "self.counters.registration_events += 1",
        "__slots__ = ('a', 1)",
    ],
)
def test_what_cannot_be_seen_is_left_alone(tool: dict[str, ModuleType], source: str) -> None:
    assert changes(tool, "python_mutants", source) == []


# --- mutants of C ----------------------------------------------------------------------------------------------------


def test_there_are_enough_of_c(tool: dict[str, ModuleType]) -> None:
    found = list(tool["c_mutants"].every())
    assert len(found) >= 500
    assert len({m.name for m in found}) == len(found)
    assert {m.file for m in found} == set(tool["c_mutants"].FILES)
    for mutant in random.Random(1).sample(found, 60):
        source = tool["c_mutants"].source_of(mutant.file)
        assert mutant.applied(source) != source
        assert "fault(" not in source[mutant.start : mutant.end] or mutant.operator == "drop"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a < b;", {("compare", "return a <= b;")}),
        ("if (!a) return;", {("negate", "if (a) return;"), ("drop", "if (0) return;")}),
        ("if (a) f();", {("negate", "if (!(a)) f();"), ("drop", "if (a) ;")}),
        ("x = CRQ_OPEN;", {("member", "x = CRQ_DISABLED;"), ("drop", ";")}),
        ("struct queue *q = &a->b; int n = a & b;", {("arithmetic", "struct queue *q = &a->b; int n = a | b;")}),
        ("for (int i = a; i < b; f(i)) ;", {("compare", "for (int i = a; i <= b; f(i)) ;")}),
    ],
)
def test_what_is_changed_in_c(tool: dict[str, ModuleType], body: str, expected: set[tuple[str, str]]) -> None:
    found = changes(tool, "c_mutants", f"void f(void)\n{{\n{body}\n}}\n")
    assert set(found) == expected


def test_there_are_enough_on_values_and_histories(tool: dict[str, ModuleType]) -> None:
    found = list(tool["c_values"].every())
    assert len(found) >= 300
    assert len({m.name for m in found}) == len(found)
    assert {m.file for m in found} == set(tool["c_mutants"].FILES)
    assert {m.operator for m in found} >= {"cut8", "cut16", "cut32", "signed", "above", "below", "unchecked"}
    assert {m.operator for m in found} >= {"first", "one", "once", "worn", "wrap8", "wrap16"}


@pytest.mark.parametrize(
    ("body", "operator", "expected"),
    [
        ("return q->interval + 1;", "cut16", "return ((uint16_t)(q->interval)) + 1;"),
        ("f(p->sub[n].handle);", "signed", "f(((uint64_t)(int32_t)(p->sub[n].handle)));"),
        ("return a <= b - c;", "above", "return a <= b - c + 1;"),
        ("if (a || b == c) return;", "unchecked", "if (a || 0) return;"),
        ("if (a && f(b)) return;", "unchecked", "if (1 && f(b)) return;"),
        ("g = s[i];", "first", "g = s[0];"),
        ("for (int i = 0; i < n; i++) f(i);", "one", "for (int i = 0; (i < n) && i < 1; i++) f(i);"),
        ("p->live = false;", "once", "{ static int times; if (times++ < 1) p->live = false; }"),
        ("return ++v.next_handle;", "wrap8", "return (v.next_handle = (v.next_handle + 1) & 0xFF);"),
        ("v.sessions++;", "wrap16", "(v.sessions = (v.sessions + 1) & 0xFFFF);"),
    ],
)
def test_what_is_changed_of_values_in_c(tool: dict[str, ModuleType], body: str, operator: str, expected: str) -> None:
    assert (operator, expected) in changes(tool, "c_values", f"void f(void)\n{{\n{body}\n}}\n")


@pytest.mark.parametrize(
    "body",
    [
        "if (fault(X)) x = 1 + 2;",
        "if (fault(X) && a < b) { x = 1; y = 2; }",
        "return fault(X) ? 1 : a;",
        "return a || (fault(X) && b == c);",
        "/* a < b */ return a && !fault(X);",
    ],
)
def test_planted_faults_are_left_alone(tool: dict[str, ModuleType], body: str) -> None:
    for name in ("c_mutants", "c_values"):
        assert changes(tool, name, f"int f(void)\n{{\n{body}\n}}\n") == []


@pytest.mark.slow
def test_mutants_of_c_compile(tool: dict[str, ModuleType], tmp_path: Path) -> None:
    """Most do without a warning; the others are no mutants."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler (cc) on this machine")
    few = [m for m in tool["c_mutants"].every() if m.file in ("timers.c", "monitor.c")][::12]
    good = 0
    for mutant in few:
        file = tmp_path / mutant.file
        file.write_text(mutant.applied(tool["c_mutants"].source_of(mutant.file)))
        words = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{tool['mutant'].C}", str(file)]
        good += subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert good > len(few) / 2


# --- what the kit says -----------------------------------------------------------------------------------------------

_LOOK = """
import sys, tempfile
from pathlib import Path
from mutation.implementations import Python
from mutation.looking import Stage
from mutation.run import rows
with tempfile.TemporaryDirectory() as copy:
    implementation = Python(Path(copy))
    implementation.stages = (Stage("few", phases=("scripted",), select=("SEL-*",)),)
    wanted = [m for m in implementation.every() if any(text == f"{m.file} {m.becomes}" for text in sys.argv[1:])]
    for row in rows(implementation, wanted):
        print(row["verdict"], row.get("how", "by nothing"), row["file"])
"""


def test_a_mutant_is_killed_and_one_that_does_nothing_survives(tool: dict[str, ModuleType]) -> None:
    killed = "selection.py return any(server.priority <= selected.priority for server in candidates)"
    equivalent = "failover.py record.complaint = True"  # the first report forgets it (MON-4)
    words = [sys.executable, "-c", _LOOK, killed, equivalent]
    done = subprocess.run(words, cwd=BENCH, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert set(done.stdout.splitlines()) == {"killed violation selection.py", "survived by nothing failover.py"}


# --- its page --------------------------------------------------------------------------------------------------------


def test_the_page_is_what_the_results_and_explanations_make(tool: dict[str, ModuleType]) -> None:
    report: Any = tool["report"]
    results = {name: report.read(report.RESULTS / f"{name}.jsonl") for name in report.FILES}
    assert PAGE.read_text() == report.page(results, report.explanations())
    counted = {name: sum(row["verdict"] in ("killed", "survived") for row in rows) for name, rows in results.items()}
    assert counted["python"] >= 300
    assert counted["c"] >= 100


def test_the_page_lists_the_files_that_are_mutated(tool: dict[str, ModuleType]) -> None:
    listed = re.findall(r"^\| (\w+\.(?:py|c)) \|", PAGE.read_text(), re.M)
    assert listed == [*tool["python_mutants"].FILES, *tool["c_mutants"].FILES, *tool["c_mutants"].FILES]
    for name in listed:
        assert ((tool["mutant"].PYTHON if name.endswith(".py") else tool["mutant"].C) / name).exists()


def test_a_survivor_that_nobody_explains_is_an_error(tool: dict[str, ModuleType]) -> None:
    row = {"mutant": "a:1:1:drop", "file": "a", "function": "f", "operator": "drop", "was": "x()", "becomes": "pass"}
    entry = {"file": "a", "becomes": "pass", "kind": "equivalent", "reason": "It does nothing."}
    explained = tool["report"].explained
    assert explained([row], [entry]) == [(row, entry)]
    with pytest.raises(tool["report"].NotExplainedError, match="not explained: a:1:1"):
        explained([row], [])
    with pytest.raises(tool["report"].NotExplainedError, match="no such survivor"):
        explained([], [entry])
    with pytest.raises(tool["report"].NotExplainedError, match="not explained"):
        explained([row], [{**entry, "was": "y()"}])
