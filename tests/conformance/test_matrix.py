"""``vnickit matrix``: what stands for each requirement, and that nothing is made up where nothing stands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.reports import traceability
from vnic_conformance.reports.traceability import COLUMNS
from vnic_conformance.running.book import book
from vnic_conformance.running.plan import HYPERVISOR
from vnic_model.trace_text import WIDTH
from vnic_spec.mutations import EVERY_MUTATION
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import REQUIREMENTS

pytestmark = pytest.mark.usefixtures("hurried")

Vnickit = Callable[..., Result]

REFERENCE = "python:vnic_reference.adapter:Adapter"
PROOFS = {
    "properties": [
        {"id": "SEL-8", "verdict": "proved", "method": "any N", "obligations": 12, "seconds": 1.5, "lemmas": ["added"]},
        {"id": "INV-5", "verdict": "refuted", "method": "any N", "obligations": 3, "seconds": 0.5},
        {
            "id": "INV-8",
            "verdict": "unknown",
            "method": "k-induction, N = 1…6",
            "obligations": ["a", "b"],
            "lemmas": [],
        },
    ]
}


@pytest.fixture
def log(vnickit: Vnickit) -> Path:
    """The log of a run of a few cases; in the directory that ``vnickit`` runs in."""
    words = ("-k", "SEL-6*", "-k", "SEL-8*", "--phase", "scripted", "--steps", "0", "--log", "run.jsonl")
    assert vnickit("check", "--adapter", REFERENCE, *words).exit_code == ExitCode.CONFORMS
    return Path("run.jsonl")


@pytest.fixture(autouse=True)
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a proof is what a file says, and a case is a watched or a scripted one; tours take a while."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr(traceability, "planned", dict)
        monkeypatch.setattr(traceability, "book", partial(book, phases=("scripted",)))


def rows(result: Result) -> dict[str, Any]:
    assert result.exit_code == ExitCode.CONFORMS, result.output
    return {row["requirement"]: row for row in json.loads(result.stdout)["requirements"]}


def test_a_run_and_proofs_fill_the_row(vnickit: Vnickit, log: Path, golden: Callable[[str, str], None]) -> None:
    Path("proofs.json").write_text(json.dumps(PROOFS))
    chosen = [word for glob in ("SEL-[68]", "INV-8", "DAT-1", "CLI-6", "CRQ-10") for word in ("-k", glob)]
    result = vnickit("matrix", "--run", log, "--proofs", "proofs.json", *chosen)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    golden("matrix.txt", result.stdout)


def test_help_teaches_with_examples(vnickit: Vnickit, golden: Callable[[str, str], None]) -> None:
    golden("matrix_help.txt", vnickit("matrix", "--help").output)


def test_every_requirement_has_its_row_and_every_property_and_mutation_its_place(vnickit: Vnickit) -> None:
    found = rows(vnickit("matrix", "--json"))
    assert list(found) == list(REQUIREMENTS)
    assert {p["property"] for row in found.values() for p in row["properties"]} == set(PROPERTIES)
    assert {name for row in found.values() for name in row["mutations"]} == set(EVERY_MUTATION)


def test_nothing_is_made_up(vnickit: Vnickit) -> None:
    found = rows(vnickit("matrix", "--json"))
    for row in found.values():
        assert row["exercised"] is None
        assert row["verdict"] is None
        assert {"proof", "exercised", "verdict"} <= set(row["empty"])
    assert found["CRQ-10"]["empty"] == [column for column in COLUMNS if column != "cases"]
    assert found["DAT-1"]["elsewhere"]["whole"] is True


def test_the_empty_cells_are_counted(vnickit: Vnickit, log: Path) -> None:
    document = json.loads(vnickit("matrix", "--run", log, "--json").stdout)
    for column in COLUMNS:
        assert document["empty"][column] == sum(column in row["empty"] for row in document["requirements"])
    assert document["empty"]["proof"] == len(REQUIREMENTS)
    assert 0 < document["empty"]["property"] < document["empty"]["verdict"] < len(REQUIREMENTS)


def test_a_violation_is_the_verdict_of_its_row(vnickit: Vnickit) -> None:
    faulty = "python:vnic_reference.faults:priority_range_unchecked"
    words = ("-k", "SEL-4/range", "--phase", "scripted", "--log", "faulty.jsonl")
    assert vnickit("check", "--adapter", faulty, *words).exit_code == ExitCode.VIOLATION
    found = rows(vnickit("matrix", "--run", "faulty.jsonl", "--json"))
    failed = {name for name, row in found.items() if row["verdict"] == "fail"}
    assert "SEL-4" in failed
    # The lines on cases may say what they like.
    log = Path("faulty.jsonl")
    text = log.read_text()
    log.write_text(text.replace('"verdict":"fail","exercised"', '"verdict":"pass","exercised"'))
    assert log.read_text() != text, "the log has no failing case; its format has changed"
    forged = vnickit("matrix", "--run", "faulty.jsonl", "--json")
    assert {name for name, row in rows(forged).items() if row["verdict"] == "fail"} == failed
    assert "was pass then, and is fail now" in forged.stderr


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [line for line in lines if '"step":' not in line],
        lambda lines: [line for line in lines if not any(f'"{word}":' in line for word in ("step", "phase", "over"))],
        lambda lines: [
            re.sub(r'"phase":"scripted"(.*)"covers":\[\]', r'"phase":"tour"\1"covers":["SEL-6","SEL-8","INV-1"]', line)
            for line in lines
        ],
    ],
    ids=["no steps", "no sessions", "another phase, which covers everything"],
)
def test_who_only_says_that_a_case_passed_is_not_believed(
    change: Callable[[list[str]], list[str]], vnickit: Vnickit, log: Path
) -> None:
    before = rows(vnickit("matrix", "--run", log, "--json"))
    lines = change(log.read_text().splitlines())
    forged = [line.replace('"verdict":"not exercised"', '"verdict":"pass"') for line in lines]
    footer = json.loads(forged[-1])
    footer |= {
        "steps": sum('"step":' in line for line in forged),
        "sessions": sum('"phase":' in line for line in forged),
    }
    log.write_text("\n".join([*forged[:-1], json.dumps(footer)]) + "\n")
    after = vnickit("matrix", "--run", log, "--json")
    assert "something else than the log itself" in after.stderr
    for name, row in rows(after).items():
        assert row["verdict"] != "pass" or before[name]["verdict"] == "pass", name
        assert (row["exercised"] or 0) <= (before[name]["exercised"] or 0), name


def test_no_line_is_longer_than_the_page(vnickit: Vnickit, log: Path) -> None:
    result = vnickit("matrix", "--run", log)
    assert max(len(line) for line in result.stdout.splitlines()) <= WIDTH


def test_the_page_needs_nothing_else(vnickit: Vnickit, log: Path) -> None:
    assert vnickit("matrix", "--run", log, "--html", "m.html").exit_code == ExitCode.CONFORMS
    page = Path("m.html").read_text()
    assert page.startswith("<!doctype html>")
    assert all(f'id="{requirement}"' in page for requirement in REQUIREMENTS)
    assert "<script" not in page
    assert "http" not in page
    assert 'class="empty">–<' in page


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--run", "absent.jsonl"], "absent.jsonl"),
        (["--run", "garbage"], "garbage: line 1 is no JSON"),
        (["--proofs", "absent.json"], "absent.json"),
        (["--proofs", "garbage"], "garbage: no JSON"),
        (["--html", "no/such/directory/m.html"], "m.html"),
        (["-k", "INV-X"], "did you mean"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(vnickit: Vnickit, words: list[str], complaint: str) -> None:
    Path("garbage").write_text("not json at all\n{}\n")
    result = vnickit("matrix", *words)
    assert result.exit_code == ExitCode.USAGE
    assert len(result.stderr.splitlines()) == 1
    assert complaint in result.stderr


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], 'no member "properties"'),
        ({"properties": {}}, 'no member "properties"'),
        ({"properties": [1]}, 'entry 1 has no "id"'),
        ({"properties": [{"id": "INV-1", "verdict": "true"}]}, "entry 1 (INV-1): the verdict is 'true'"),
        ({"properties": [{"id": "INV-1", "verdict": "proved"}]}, 'no "method"'),
        ({"properties": [{"id": "I", "verdict": "proved", "method": "m", "obligations": "x"}]}, "obligations"),
        ({"properties": [{"id": "I", "verdict": "proved", "method": "m", "seconds": "x"}]}, "seconds"),
        ({"properties": [{"id": "I", "verdict": "proved", "method": "m", "lemmas": [1]}]}, "lemmas"),
    ],
)
def test_proofs_that_are_none_are_refused(vnickit: Vnickit, document: object, complaint: str) -> None:
    Path("proofs.json").write_text(json.dumps(document))
    result = vnickit("matrix", "--proofs", "proofs.json")
    assert result.exit_code == ExitCode.USAGE
    assert complaint in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_truncated_log_is_said_to_be_so(vnickit: Vnickit, log: Path) -> None:
    log.write_text("\n".join(log.read_text().splitlines()[:-1]) + "\n")
    result = vnickit("matrix", "--run", log)
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "is truncated" in result.stderr
    assert "empty cells of" in result.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("tours_at_hand")
def test_with_the_tours_every_requirement_of_the_hypervisor_has_a_case(vnickit: Vnickit) -> None:
    found = rows(vnickit("matrix", "--json"))
    without = [name for name, row in found.items() if not row["cases"] and name.partition("-")[0] in HYPERVISOR]
    assert without == ["INV-8"], "INV-8 speaks of the dialogue"
    assert "CRQ-2/h-reg-crq-closed" in found["CRQ-2"]["cases"]


def test_no_solver_is_loaded() -> None:
    program = "import sys, vnic_conformance.reports.traceability as t; t.planned(); sys.exit('z3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
