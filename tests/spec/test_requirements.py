"""The requirements as data are complete, consistent, and what they name exists."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
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
    + [f"DLG-{n}" for n in range(1, 12)]
    + [f"SRV-{n}" for n in range(1, 7)]
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


# --- named tests ---------------------------------------------------------------------------------------------------


def collected() -> frozenset[str]:
    """Node IDs of every test that pytest collects, slow ones included, and the same without their parameters."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-m",
        "slow or not slow",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    nodes = {line for line in done.stdout.splitlines() if "::" in line}
    return frozenset(nodes | {node.partition("[")[0] for node in nodes})


def uncollected(entries: Iterable[Requirement], nodes: Set[str]) -> list[str]:
    """Tests that requirements name and pytest does not collect."""
    return [f"{entry.id}: {test}" for entry in entries for test in entry.tests if test not in nodes]


@pytest.mark.slow
def test_every_named_test_is_collected() -> None:
    nodes = collected()
    assert uncollected(ALL, nodes) == []
    # The check can fail, and it knows parametrised tests by their plain name.
    here = "tests/spec/test_requirements.py"
    good = replace(ALL[0], tests=(f"{here}::test_links_are_collected", f"{here}::test_text_and_source_are_sentences"))
    bad = replace(ALL[0], tests=(f"{here}::test_that_nobody_wrote",))
    assert uncollected([good, bad], nodes) == [f"CRQ-1: {here}::test_that_nobody_wrote"]


def test_a_requirement_prints_as_its_id() -> None:
    assert str(Requirement("CRQ-1", "text", "source", elsewhere=Elsewhere("why", "where"))) == "CRQ-1"
