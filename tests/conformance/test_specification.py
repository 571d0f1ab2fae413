"""``docs/specification.md`` is what the specification says today, and reads as one document."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.specification import COMMAND, document
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import PARAMETERS
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import REQUIREMENTS
from vnic_spec.state import VARIABLES

FILE = Path(__file__).parents[2] / "docs" / "specification.md"


@cache
def text() -> str:
    return document()


def anchors() -> set[str]:
    """The anchors of all headings, as they are made from their text."""
    headings = re.findall(r"^#+ (.+)$", text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_document_is_current() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        FILE.write_text(text(), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text(), f"docs/specification.md is out of date; write it anew: {COMMAND}"


def test_everything_has_its_place() -> None:
    headings = re.findall(r"^#### (.+)$", text(), re.M)
    assert set(REQUIREMENTS) <= set(headings)
    assert set(ACTIONS) <= set(headings)
    assert {heading.partition(": ")[0] for heading in headings if ": " in heading} >= set(PROPERTIES)
    assert all(f"| `{name}` |" in text() for name in PARAMETERS)
    assert all(re.search(rf"^\| `{v.name}(\(i\))?` \|", text(), re.M) for v in VARIABLES)


def test_every_reference_leads_somewhere() -> None:
    found = set(re.findall(r"\]\(#([^)]+)\)", text()))
    assert found
    assert found <= anchors()


def test_every_file_that_it_refers_to_is_there() -> None:
    for name in re.findall(r"\]\((?!#)([^)]+)\)", text()):
        assert (FILE.parent / name).exists(), name


def test_no_names_of_the_inside() -> None:
    assert not re.search(r":\w+:`|``(?!`)|\bvnic_\w+|\bo\.\w+|<function|lambda", text().replace("```", ""))


def test_it_can_be_printed_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Made once for all tests: it takes a while.
    monkeypatch.setattr("vnic_conformance.specification.document", text)

    def run(*words: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, ["specification", *words], prog_name="vnickit")
        return result.exit_code, result.stdout, result.stderr

    assert run() == (ExitCode.CONFORMS, text(), "")
    assert run("--out", str(tmp_path / "s.md")) == (ExitCode.CONFORMS, "", "")
    assert (tmp_path / "s.md").read_text(encoding="utf-8") == text()
    code, _, error = run("--out", str(tmp_path / "no" / "s.md"))
    assert code == ExitCode.USAGE
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "chapter", ["Scope", "Terms and notation", "Requirements", "State", "Rules", "Actions", "Properties"]
)
def test_it_reads_from_top_to_bottom(chapter: str) -> None:
    numbered = re.findall(r"^## (\d+)\. (.+)$", text(), re.M)
    assert [int(number) for number, _ in numbered] == list(range(1, len(numbered) + 1))
    assert chapter in [title for _, title in numbered]
