"""``vnickit explore --mutants --operators semantic``: the report, its exit code, and the document that is made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vnic_conformance.cli import main
from vnic_conformance.commands.explore import planted
from vnic_conformance.exit_codes import ExitCode
from vnic_model.instances import SCENARIOS
from vnic_model.mutants.obligations import GUARDS, Fate, Ruling
from vnic_model.mutants.operators import Operator
from vnic_model.mutants.planted import planted_in
from vnic_spec.lemmas import LEMMAS
from vnic_spec.properties import PROPERTIES

DOCUMENT = Path(__file__).parents[2] / "docs" / "spec-errors.md"
#: An error that is none, one of the guard and one of the effect: to judge all of them takes most of an hour.
FEW = tuple(
    one
    for one in planted_in("gap_ends")
    if one.sentence.endswith(
        (", s.registered(i))", ", o.ne(i, s.selected))", "becomes s.but(held=s.held.set(i, o.false))")
    )
)


def vnickit(*words: str) -> Result:
    return CliRunner().invoke(main, ["explore", "--mutants", *words], prog_name="vnickit")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planted, "all_planted", lambda sample: FEW)


def test_the_report_counts_every_error_and_names_who_refutes_it(few: None, tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    result = vnickit("--operators", "semantic", "--instance", "gap", "--servers", "1", "--json", "--out", str(file))
    assert result.exit_code == ExitCode.CONFORMS, result.output
    found = json.loads(result.stdout)["semantic"]
    assert [one["name"] for one in found["errors"]] == [one.name for one in FEW]
    assert found["counts"]["errors"] == sum(n for c, n in found["counts"].items() if c != "errors")
    assert {one["outcome"] for one in found["errors"]} == {"property", "guard", "equivalent"}
    assert all((one["by"] is None) == (one["outcome"] in ("equivalent", "same")) for one in found["errors"])
    assert "## By operator" in file.read_text(encoding="utf-8")


def test_where_nothing_is_exhausted_nothing_is_judged(few: None) -> None:
    result = vnickit("--operators", "semantic", "--instance", "gap", "--servers", "1", "--at-most", "3")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "NOTHING JUDGED" in result.stdout


def test_one_survivor_is_enough_to_fail() -> None:
    one = planted_in("gap_ends")[0]
    fine = [Ruling(one, fate, "INV-1" if fate.killed else "") for fate in Fate if fate is not Fate.SURVIVOR]
    grounds = (("gap 1", 30),)
    assert planted.Ruled(grounds, tuple(fine)).code is ExitCode.CONFORMS
    worse = planted.Ruled(grounds, (*fine, Ruling(one, Fate.SURVIVOR, differs=("gap_ends in gap 1",))))
    assert worse.code is ExitCode.VIOLATION
    report = "\n".join(planted.lines(worse))
    assert "SURVIVORS: 7 errors of design: 3 killed, which is 75.0 % of those" in report
    assert "SURVIVES   gap_ends: " in report


def test_operators_need_mutants() -> None:
    result = CliRunner().invoke(main, ["explore", "--operators", "semantic"], prog_name="vnickit")
    assert result.exit_code in (ExitCode.VIOLATION, ExitCode.USAGE)  # click's own, made ours by the program
    assert "add --mutants" in result.output


# --- docs/spec-errors.md -------------------------------------------------------------------------------------------


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_the_figures_of_the_document_add_up_and_reach_the_target() -> None:
    rows = {row[0]: [int(cell or 0) for cell in row[1:]] for row in table("By operator")}
    total = rows.pop("all")
    assert list(rows) == [operator.value for operator in Operator]
    assert [sum(column) for column in zip(*rows.values(), strict=True)] == total
    assert all(row[0] == sum(row[1:]) for row in (*rows.values(), total))
    killed, survivors = sum(total[1:4]), total[-1]
    assert killed >= 0.97 * (killed + survivors)


def test_the_document_names_what_exists() -> None:
    assert {row[0].rpartition(" ")[0] for row in table("Where errors were looked for")} <= set(SCENARIOS)
    known = {*PROPERTIES, *(f"lemma {name}" for name in LEMMAS), GUARDS}
    assert {row[0] for row in table("Who refutes errors of design")} <= known
