"""``vnickit explain``: what an engineer reads about a requirement, and that everything can be explained."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vnic_conformance import explaining
from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.glossary import entries, found
from vnic_conformance.running.book import book
from vnic_model.trace import Trace
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import PARAMETERS, Profile
from vnic_spec.requirements import REQUIREMENTS
from vnic_spec.vocabulary import Crq, Kind, Status
from vnic_spec.wire import Command, Event, Rc, Vioctl

GOLDEN = Path(__file__).parents[1] / "golden"


def explain(*words: str) -> Result:
    return CliRunner().invoke(main, ["explain", *words], prog_name="vnickit")


@pytest.mark.parametrize("name", ["INV-2", "SEL-7"])
def test_a_requirement_reads_as_it_did(name: str, golden: Callable[[str, str], None]) -> None:
    result = explain(name)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    golden(f"explain_{name}.txt", result.stdout)


def test_help_teaches_with_examples(golden: Callable[[str, str], None]) -> None:
    golden("explain_help.txt", explain("--help").output)


@pytest.mark.parametrize("name", ["client_reads_init", "FOV-10/memory", "inv-7", "no_fence"])
def test_all_kinds_of_names_are_known(name: str) -> None:
    result = explain(name)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert name.lower() in result.stdout.splitlines()[0].lower() or name.lower() in result.stdout.lower()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        *((name, "a profile parameter") for name in PARAMETERS),
        ("profile_grace", "a profile parameter"),
        ("Hold-Limit-Ms", "report interval times grace"),
        ("h_closed", "registered all the same"),
        ("-4", "H_PARAMETER"),
        ("event 08", "DEVICE_FAILOVER"),
        ("0x1b", "GET_VNIC_SERVER_INFO"),
        ("get_session_token", "SES-1"),
        ("reg_sub_crq", "H_NOT_FOUND (-7)"),
        ("unresponsive", "MON-2"),
        ("login", "0x84"),
        ("connected", "a variable of the machine"),
        ("sub_crq", "a feature"),
        ("core", "an instance"),
        ("inconclusive", "an exit code"),
        ("no-init-unless-awaited", "a lemma"),
        ("fov-3/hundreds-of-switches", "a case"),
        ("CRQ-2/answers", "a case"),
        ("DAT-1/once", "A frame sent by the client leaves at most once."),
    ],
)
def test_whatever_a_report_prints_can_be_asked_for(name: str, says: str) -> None:
    result = explain(name)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert says in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert json.loads(explain(name, "--json").stdout)["entries"]


@pytest.mark.parametrize("kind", [Rc, Event, Vioctl, Status, Kind, Crq, Command], ids=lambda kind: kind.__name__)
def test_every_word_of_the_vocabularies_is_known(kind: type[Enum]) -> None:
    known = entries()
    assert not [member.name for member in kind if not found(member.name, known)]


def test_every_case_that_is_listed_is_known() -> None:
    known = {case.id for case in book(Profile(), ("scripted", "long")).cases}
    assert {"CRQ-3/full", "FOV-3/ten-thousand-switches", "CRQ-2/answers"} <= known
    assert explain("crq-3/FULL").stdout.startswith("CRQ-3/full   a case")


def test_what_the_machine_does_not_express_is_said_so() -> None:
    result = explain("SRV-5")
    assert result.exit_code == ExitCode.CONFORMS
    assert "all of it: " in result.stdout
    assert "there is no trace to show" in result.stdout


def test_json_holds_the_same() -> None:
    found = json.loads(explain("SEL-7", "--json").stdout)
    assert found["requirement"] == "SEL-7"
    assert found["level"] == "SHOULD"
    assert [p["name"] for p in found["profile"]] == ["reopen"]
    named = ["SEL-7", "SEL-7/ends", "SEL-7/standing", "CRQ-4/off", "ADM-6/pin"]
    assert [p["property"] for p in found["properties"]] == named
    assert found["properties"][0]["formula"][-1] == "⇒ (selected′ = selected ∧ pin′ = pin)"
    assert json.loads(found["mutation_trace"][0])["mutation"] == "reselect_at_open"
    assert json.loads(found["witness_trace"][0])["kind"] == "witness"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("INV-22", "no requirement 'INV-22'; INV (safety, to be proved) has INV-1, INV-2, "),
        ("client_reads_inti", "did you mean client_reads_init"),
        ("CRG-7", "did you mean CRQ-7"),
        ("drop_event_full", "did you mean drop_event_on_full"),
        ("h_constraind", "did you mean H_CONSTRAINED"),
        ("hold_limt_ms", "did you mean hold_limit_ms"),
        ("crq-3/ful", "did you mean CRQ-3/full"),
        ("?", "requirements such as INV-2"),
    ],
)
def test_an_unknown_name_is_answered_with_advice(name: str, advice: str) -> None:
    result = explain(name)
    assert result.exit_code == ExitCode.USAGE
    # Tours are worked out where none are kept, and that is told.
    assert len([line for line in result.stderr.splitlines() if not line.startswith("working out the tours")]) == 1
    assert advice in result.stderr


@pytest.fixture
def other_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two traces that are at hand, for those that searches would find: tests/model/test_trace.py and test_lasso.py find all."""
    traces = [Trace.load(GOLDEN / f"trace_{name}.jsonl") for name in ("no_hold", "reselect_at_open")]
    monkeypatch.setattr(explaining, "witness_trace", lambda _: traces[0])
    monkeypatch.setattr(explaining, "mutation_trace", lambda _: traces[1])


@pytest.mark.slow
@pytest.mark.usefixtures("other_traces")
@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_explained(name: str) -> None:
    result = explain(name)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    prose = [line for line in result.stdout.splitlines() if not line.startswith("    ")]
    # The name of a test is never broken, so that it can be copied; nothing else makes a line too long.
    assert not [line for line in prose if len(line) > 100 and max(map(len, line.split())) < 60]


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_is_explained(name: str) -> None:
    assert explain(name).exit_code == ExitCode.CONFORMS
