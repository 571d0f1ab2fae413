"""The requirements as data are complete, consistent, and what they name exists."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from vnic_spec.profile import PARAMETERS
from vnic_spec.requirements import (
    CLAIM_MAP,
    GROUPS,
    REQUIREMENTS,
    Elsewhere,
    Level,
    Requirement,
    check_ids,
    links,
    requirement,
    unlinked,
)

ROOT = Path(__file__).parents[2]

#: The closed list, in the order in which the requirements are written. An ID is never dropped and never changes its
#: meaning; a new one is added at the end of its group.
EXPECTED = (
    [f"CRQ-{n}" for n in (*range(1, 12), 13, 14, 12)]
    + [f"SEL-{n}" for n in range(1, 9)]
    + [f"MON-{n}" for n in range(1, 8)]
    + [f"FOV-{n}" for n in range(1, 11)]
    + [f"ADM-{n}" for n in range(1, 8)]
    + [f"SES-{n}" for n in range(1, 4)]
    + [f"CLI-{n}" for n in range(1, 22)]
    + [f"SRV-{n}" for n in range(1, 7)]
    + [f"DLG-{n}" for n in range(1, 12)]
    + [f"DAT-{n}" for n in range(1, 4)]
    + [f"INV-{n}" for n in range(1, 10)]
    + [f"LIV-{n}" for n in range(1, 4)]
)

ALL = list(REQUIREMENTS.values())
each = pytest.mark.parametrize("entry", ALL, ids=str)


@dataclass(frozen=True)
class Thing:
    """Stands for an action or a property."""

    requirements: tuple[str, ...]


def test_every_id_is_there_in_order_and_once() -> None:
    assert list(REQUIREMENTS) == EXPECTED
    assert len(set(EXPECTED)) == len(EXPECTED) == 102


def test_the_groups_are_those_of_the_ids() -> None:
    assert list(GROUPS) == list(dict.fromkeys(entry.group for entry in ALL))


@each
def test_text_and_source_are_sentences(entry: Requirement) -> None:
    for sentence in (entry.text, entry.source):
        assert sentence == sentence.strip()
        assert len(sentence) > 15
        assert sentence.endswith((".", ".)"))
        assert "  " not in sentence
        assert "**" not in sentence


@each
def test_what_the_text_marks_as_a_decision_has_one(entry: Requirement) -> None:
    if "[decision" in entry.text:
        assert entry.decision.endswith(".")
    elif entry.decision:
        assert "profile" in entry.text, "a decision is marked in the text, or is a profile parameter"


@each
def test_what_the_text_calls_a_profile_has_a_parameter(entry: Requirement) -> None:
    assert ("profile" not in entry.text) or entry.profile


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_belongs_to_a_requirement_that_speaks_of_it(name: str) -> None:
    names = PARAMETERS[name].requirements
    check_ids(f"parameter {name}", names)
    assert "profile" in REQUIREMENTS[names[0]].text


@each
def test_a_requirement_names_only_requirements_that_exist(entry: Requirement) -> None:
    named = re.findall(rf"\b(?:{'|'.join(GROUPS)})-\d+", entry.text + entry.source + entry.decision)
    check_ids(entry.id, named)


@each
def test_what_is_tested_elsewhere_says_why_and_where(entry: Requirement) -> None:
    if entry.elsewhere is not None:
        assert entry.elsewhere.reason.endswith(".")
        assert re.match(r"(conformance, role \w+|reference_impl|model): ", entry.elsewhere.where)


def test_only_defaults_are_less_than_binding() -> None:
    assert {entry.id: entry.level for entry in ALL if entry.level is not Level.MUST} == {
        "CRQ-14": Level.MAY,
        "SEL-5": Level.SHOULD,
        "SEL-7": Level.SHOULD,
        "CLI-2": Level.SHOULD,
        "CLI-19": Level.SHOULD,
    }
    assert all(entry.profile and entry.decision for entry in ALL if entry.level is Level.SHOULD)


def test_the_defining_parameter_comes_first() -> None:
    assert REQUIREMENTS["CRQ-13"].profile == ("crossing", "hold_limit_ms", "gap_ms", "grace")
    assert REQUIREMENTS["MON-2"].profile[0] == "grace"
    assert REQUIREMENTS["SEL-1"].profile == ()


def test_the_claim_map_names_requirements_that_exist() -> None:
    for element in CLAIM_MAP:
        assert element.requirements
        check_ids(element.element, element.requirements)


# --- looking up ------------------------------------------------------------------------------------------------------


def test_an_id_is_found_in_any_case() -> None:
    assert requirement("crq-7") is REQUIREMENTS["CRQ-7"]


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ("CRQ-99", "CRQ (transport) has CRQ-1 to CRQ-14"),
        ("CRG-7", "did you mean CRQ-7"),
        ("?", "the groups are CRQ, SEL, MON"),
    ],
)
def test_an_unknown_id_is_refused_with_advice(wrong: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"no requirement '{wrong}'; ") + ".*" + re.escape(advice)):
        requirement(wrong)


# --- links are collected from those that name a requirement --------------------------------------------------------

ACTIONS = {"client_registers": Thing(("CRQ-2", "SEL-2")), "fail": Thing(("FOV-1",))}
PROPERTIES = {"one_connected": Thing(("INV-1", "SEL-2"))}


def test_links_are_collected() -> None:
    found = links("SEL-2", ACTIONS, PROPERTIES)
    assert (found.actions, found.properties) == (("client_registers",), ("one_connected",))
    assert links("SEL-1", ACTIONS, PROPERTIES).actions == ()


def test_a_requirement_that_nothing_belongs_to_is_noticed() -> None:
    missing = unlinked(ACTIONS, PROPERTIES)
    assert "SEL-1" in missing
    assert not {"SEL-2", "FOV-1", "INV-1"} & set(missing)
    assert not {entry.id for entry in ALL if entry.elsewhere and entry.elsewhere.whole} & set(missing)


def test_naming_an_unknown_requirement_is_refused() -> None:
    with pytest.raises(ValueError, match=r"action fail names the requirement 'FOV-11', .* FOV-1 to FOV-10"):
        check_ids("action fail", ["FOV-1", "FOV-11"])


# --- what tests say that they show -----------------------------------------------------------------------------------

#: What no test of ours shows by name, with the reason.
UNSHOWN: dict[str, str] = {}


def shown(source: str, file: str) -> dict[str, list[str]]:
    """The requirements that tests of a file show by ``@pytest.mark.requirement``, with the names of the tests."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.requirement":
                for argument in mark.args:
                    found.setdefault(str(ast.literal_eval(argument)), []).append(f"{file}::{node.name}")
    return found


def shown_by_all() -> dict[str, list[str]]:
    """The same of every test of the checkout."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for requirement_id, tests in shown(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))).items():
            found.setdefault(requirement_id, []).extend(tests)
    return found


def test_every_requirement_is_shown_by_a_test() -> None:
    found = shown_by_all()
    check_ids("a test", found)
    assert set(REQUIREMENTS) - set(found) == set(UNSHOWN)


def test_what_a_test_shows_is_read_from_its_mark() -> None:
    source = """
@pytest.mark.slow
@pytest.mark.requirement("CRQ-2", "SEL-2")
def test_one() -> None: ...

@pytest.mark.requirement("CRQ-2")
class TestOther:
    def test_two(self) -> None: ...

def test_three() -> None: ...
"""
    assert shown(source, "f.py") == {"CRQ-2": ["f.py::test_one", "f.py::TestOther"], "SEL-2": ["f.py::test_one"]}


def test_a_requirement_prints_as_its_id() -> None:
    assert str(Requirement("CRQ-1", "text", "source", elsewhere=Elsewhere("why", "where"))) == "CRQ-1"
