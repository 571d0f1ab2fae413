"""``vnickit prove --servers N`` as a user meets it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode


def prove(*words: str) -> Result:
    return CliRunner().invoke(main, ["prove", *words], prog_name="vnickit")


def test_a_property_for_two_servers() -> None:
    result = prove("INV-1", "--servers", "2", "--jobs", "1")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    lines = result.stdout.splitlines()
    assert lines[1].split()[:3] == ["INV-1", "proved", "63"]
    said = " ".join(result.stdout.split())
    assert (
        "PROVED for 2 servers, queues of 2 and 3, under every profile: 1 property with 1 lemma, 126 obligations" in said
    )
    assert max(map(len, lines)) <= 100


def test_the_document_says_how_it_was_proved() -> None:
    document = json.loads(prove("CRQ-13/limit", "--servers", "1", "--json", "--jobs", "1").stdout)
    assert {entry["method"] for entry in document["properties"]} == {"1 server, queues of 2 and 3"}
    assert {entry["verdict"] for entry in document["properties"]} == {"proved"}
    assert document["counterexample"] is None


def test_a_misreading_is_shown_as_a_step_and_as_the_shortest_run() -> None:
    result = prove("--mutate", "no_fence", "--servers", "2")
    assert result.exit_code == ExitCode.VIOLATION
    assert "INV-1. That is for 2 servers, queues of 2 and 3." in " ".join(result.stdout.split())
    assert "refuted     property INV-1: No two servers are connected at the same time." in result.stdout
    assert "The shortest run from the beginning:" in result.stdout


def test_a_misreading_that_needs_more_servers_is_not_refuted_by_one() -> None:
    result = prove("--mutate", "last_resort_single", "--servers", "1")
    assert result.exit_code == ExitCode.CONFORMS
    assert "NOT REFUTED" in result.stdout
    assert "That is for 1 server, queues of 2 and 3." in " ".join(result.stdout.split())


@pytest.mark.parametrize("option", [("--certify", "proofs"), ("--find-lemmas",)])
def test_what_is_for_any_number_only_is_refused_with_a_number(option: tuple[str, ...]) -> None:
    result = prove("INV-1", "--servers", "2", *option)
    assert result.exit_code == ExitCode.USAGE
    assert "--servers N goes with none of --certify, --recheck, --find-lemmas and --no-cache" in result.output
