"""``vnickit explore --mutants``: the report, its exit code, and the document that is made of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vnic_conformance.cli import main
from vnic_conformance.commands.explore import mutants
from vnic_conformance.exit_codes import ExitCode
from vnic_model.instances import SCENARIOS
from vnic_model.mutants.explained import REASONS
from vnic_model.mutants.judged import Outcome, Verdict
from vnic_model.mutants.single import mutants_of
from vnic_spec.catalogue import ACTIONS
from vnic_spec.lemmas import LEMMAS
from vnic_spec.liveness import GOALS
from vnic_spec.properties import PROPERTIES

DOCUMENT = Path(__file__).parents[2] / "docs" / "spec-mutants.md"


def vnickit(*words: str) -> Result:
    return CliRunner().invoke(main, ["explore", *words], prog_name="vnickit")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--mutants", "--instance", "gap,nope"), "no instance 'nope'"),
        (("--mutants", "--servers", "9"), "servers is 9; a vNIC has 1 to 6"),
        (("--mutants", "--liveness"), "--mutants goes with"),
        (("--mutants", "--mutate", "no_fence"), "--mutants goes with"),
        (("--mutants", "--out", "no/such/directory/report.md"), "there is no directory"),
        (("--out", "report.md"), "add --mutants"),
    ],
)
def test_wrong_usage_is_one_line(words: tuple[str, ...], complaint: str) -> None:
    result = vnickit(*words)
    assert result.exit_code in (ExitCode.VIOLATION, ExitCode.USAGE)  # click's own, made ours by the program
    assert complaint in result.output
    assert "Traceback" not in result.output


def test_where_nothing_is_exhausted_nothing_is_judged() -> None:
    result = vnickit("--mutants", "--instance", "gap", "--servers", "1", "--at-most", "3")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "NOTHING JUDGED" in result.stdout
    assert "too large: gap 1" in result.stdout


def judged(*outcomes: Outcome) -> mutants.Judged:
    m = mutants_of("gap_ends")[0]
    killers = {Outcome.VIOLATION: ("INV-1",), Outcome.MISSING: ("witness of INV-1",), Outcome.STUCK: ("LIV-1",)}
    return mutants.Judged((("gap 1", 30),), (), tuple(Verdict(m, o, killers.get(o, ())) for o in outcomes))


def test_one_survivor_is_enough_to_fail() -> None:
    fine = [o for o in Outcome if o not in (Outcome.SURVIVOR, Outcome.EXPLAINED)]
    assert judged(*fine).code is ExitCode.CONFORMS
    assert judged(*fine, Outcome.SURVIVOR).code is ExitCode.VIOLATION
    report = "\n".join(mutants.lines(judged(*fine, Outcome.SURVIVOR)))
    assert "SURVIVORS: 6 mutants: 3 killed, 1 equivalent, 1 that" in report
    assert "SURVIVES   gap_ends" in report


@pytest.mark.slow
def test_the_report_counts_every_mutant_of_an_action_that_occurs(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    result = vnickit("--mutants", "--instance", "gap", "--servers", "1", "--json", "--out", str(file))
    assert result.exit_code == ExitCode.VIOLATION, "one server and one instance do not notice everything"
    found = json.loads(result.stdout)
    assert [g["name"] for g in found["grounds"]] == ["gap 1"]
    wanted = [m.name for a in ACTIONS if a in SCENARIOS["gap"].actions for m in mutants_of(a)]
    assert [m["name"] for m in found["mutants"]] == wanted
    assert found["counts"]["mutants"] == len(wanted) == sum(n for c, n in found["counts"].items() if c != "mutants")
    assert all(m["same_on"] == ["gap 1"] for m in found["mutants"] if m["outcome"] == "equivalent")
    assert all(m["by"] and m["ground"] == "gap 1" for m in found["mutants"] if m["outcome"] in ("violation", "missing"))
    assert "## By action" in file.read_text(encoding="utf-8")


# --- docs/spec-mutants.md ------------------------------------------------------------------------------------------


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def figures() -> dict[str, list[int]]:
    return {row[0]: [int(cell or 0) for cell in row[1:]] for row in table("By action")}


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_the_document_has_every_mutant_that_there_is(every: int) -> None:
    some = list(ACTIONS)[::every]
    assert {name: figures()[name][0] for name in some} == {name: len(mutants_of(name)) for name in some}


def test_the_figures_of_the_document_add_up() -> None:
    rows = figures()
    total = rows.pop("all")
    assert list(rows) == list(ACTIONS)
    assert [sum(column) for column in zip(*rows.values(), strict=True)] == total
    assert all(row[0] == sum(row[1:]) for row in (*rows.values(), total))
    assert total[-1] == 0, "a survivor that nobody has explained"


def test_the_document_names_what_exists() -> None:
    assert {row[0].rpartition(" ")[0] for row in table("Where it was looked")} <= set(SCENARIOS)
    known = {*PROPERTIES, *(f"lemma {name}" for name in LEMMAS), *GOALS, "LIV-3", "what is pinned"}
    assert {row[0] for row in table("Who kills")} <= known


def test_the_document_explains_each_survivor_by_its_reason() -> None:
    rows = table("Explained survivors")
    needed = [reason for reason in REASONS.values() if not reason.beyond]
    assert {row[1] for row in rows} == {reason.text for reason in needed}
    assert len(rows) == len(needed), "a reason that is not needed, or a survivor without one"
    assert re.search(r"## Unexplained survivors\n\nNone\.", DOCUMENT.read_text(encoding="utf-8"))
