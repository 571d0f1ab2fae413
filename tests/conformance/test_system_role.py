"""Role ``system``: the reference conforms, faulty systems do not, and what is said of them helps."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.protocol import rules
from vnic_conformance.system_role.cases import stories, watched
from vnic_conformance.system_role.checking import every_case
from vnic_conformance.system_role.frames import FrameLaws, echo_of
from vnic_conformance.system_role.oracle import SystemOracle, Times
from vnic_conformance.system_role.session import SystemSession
from vnic_conformance.system_role.words import CALLS, parse, stimulus, written
from vnic_conformance.targets import open_target
from vnic_reference.system.adapter import SystemAdapter
from vnic_reference.system.faults import SYSTEM_FAULTS
from vnic_spec.profile import Profile
from vnic_spec.requirements import REQUIREMENTS

REFERENCE = "python:vnic_reference.system.adapter:SystemAdapter"
TIMES = Times(1_000, 100_000, 20)


def checked(adapter: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["check", "--adapter", adapter, *options], prog_name="vnickit")


def faulty(name: str) -> str:
    return f"python:vnic_reference.system.faults:{name}"


# -- the reference ---------------------------------------------------------------------------------------------------


def test_the_reference_conforms_in_some_stories() -> None:
    result = checked(REFERENCE, "--steps", "400", "-k", "FOV-1/*", "-k", "CLI-1/t*")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert "6 cases: 6 pass" in result.output
    assert max(map(len, result.output.splitlines())) <= 100


@pytest.mark.slow
def test_the_reference_conforms_in_all_of_them() -> None:
    result = checked(REFERENCE, "--steps", "1200")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert "48 cases: 48 pass" in result.output


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 4))
def test_the_reference_is_not_wronged(seed: int) -> None:
    result = checked(REFERENCE, "--steps", "8000", "--seed", str(seed), "--phase", "hypothesis")
    assert result.exit_code == ExitCode.CONFORMS, result.output


@pytest.mark.slow
def test_the_reference_conforms_as_a_program() -> None:
    result = checked(f"{sys.executable} -m vnic_reference --role system", "--steps", "0")
    assert result.exit_code == ExitCode.CONFORMS, result.output


# -- faults ----------------------------------------------------------------------------------------------------------

QUICK = {
    "no_fencing": ("FOV-10/zombie", "DAT-1/selected"),
    "no_gratuitous_arp": ("DAT-3/quiet-client", "DAT-3/follows"),
    "server_delivers_twice": ("FOV-1/crash", "DAT-2/once"),
    "server_hides_link_down": ("FOV-1/link", "SRV-6/health"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if at > 1 else name for at, name in enumerate(QUICK)]
)
def test_a_fault_is_found_by_its_story(name: str) -> None:
    story, law = QUICK[name]
    result = checked(faulty(name), "--steps", "0", "-k", story, "--json")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    report = json.loads(result.output)
    (failure,) = report["failures"]
    assert failure["case"] == law
    assert failure["again"]
    assert [case["verdict"] for case in report["cases"]] == ["fail"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEM_FAULTS)
def test_every_fault_is_found(name: str) -> None:
    assert len(SYSTEM_FAULTS) >= 30
    result = checked(faulty(name), "--steps", "0", "-x")
    assert result.exit_code == ExitCode.VIOLATION, result.output


@pytest.mark.slow
@pytest.mark.parametrize("name", ["port_delivers_twice", "server_no_link_indication"])
def test_hypothesis_finds_faults_too(name: str) -> None:
    result = checked(faulty(name), "--steps", "8000", "--phase", "hypothesis", "--json")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    (failure,) = json.loads(result.output)["failures"]
    assert failure["phase"] == "hypothesis"
    assert len(failure["steps"]) <= 8


def test_a_failure_says_what_came_and_what_was_allowed() -> None:
    result = checked(faulty("no_fencing"), "--steps", "0", "-k", "FOV-10/*")
    assert result.exit_code == ExitCode.VIOLATION
    for words in (
        "FAIL           DAT-1, FOV-10: No frame that a server accepts after it was fenced leaves at all.",
        "left through server0",
        "allowed        frames through server1, which was selected in this step",
        "found          phase FOV-10/zombie",
        "platform    hang server0",
        "VIOLATION: FOV-10/zombie.",
    ):
        assert words in result.output


@pytest.mark.slow
def test_junit(tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    result = checked(faulty("server_hides_link_down"), "--steps", "0", "-k", "FOV-1/*", "--junit", str(file))
    assert result.exit_code == ExitCode.VIOLATION
    suite = ET.parse(file).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("5", "2")


# -- the command line ------------------------------------------------------------------------------------------------


def test_what_the_role_cannot_do_is_wrong_usage() -> None:
    assert checked(REFERENCE, "--phase", "tour").exit_code == ExitCode.USAGE
    assert checked(REFERENCE, "-k", "CRQ-1").exit_code == ExitCode.USAGE
    result = checked(REFERENCE, "--profile", "reopen=reselect")
    assert result.exit_code == ExitCode.USAGE
    assert "reopen = keep" in result.output


def test_smoke_says_that_it_is_not_for_this_role() -> None:
    result = CliRunner().invoke(main, ["smoke", "--adapter", REFERENCE], prog_name="vnickit")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "role system has no sanity checks of its own" in " ".join(result.output.split())


def test_a_broken_adapter_is_no_verdict() -> None:
    result = checked("python:tests.conformance.test_system_role:dies", "--steps", "0")
    assert result.exit_code == ExitCode.ADAPTER_BROKEN, result.output


def dies() -> Callable[[Mapping[str, object]], dict[str, object]]:
    adapter = SystemAdapter()

    def answer(request: Mapping[str, object]) -> dict[str, object]:
        reply = adapter(request)
        return {"seq": request["seq"], "outcome": "error", "error": "no"} if request["op"] == "advance" else reply

    return answer


def test_an_adapter_that_shows_no_frames_is_broken() -> None:
    result = checked("python:tests.conformance.test_system_role:blind", "--steps", "0")
    assert result.exit_code == ExitCode.ADAPTER_BROKEN, result.output
    assert "client_sent" in result.output


def blind() -> Callable[[Mapping[str, object]], dict[str, object]]:
    adapter = SystemAdapter()
    return lambda request: {name: value for name, value in adapter(request).items() if name != "client_sent"}


# -- cases and words -------------------------------------------------------------------------------------------------


def test_cases_are_named_after_requirements_and_named_once() -> None:
    ids = [case.id for case in every_case()]
    assert len(set(ids)) == len(ids)
    assert {case.requirement for case in every_case()} <= set(REQUIREMENTS)
    assert {name for case in every_case() for name in case.requirements} <= set(REQUIREMENTS)


def test_every_call_is_in_a_story() -> None:
    played = {each.call for story in stories() for each in story.word}
    assert played >= set(CALLS) - {"power_off"}


def test_every_word_is_a_request_of_the_protocol_and_reads_back() -> None:
    for story in stories():
        for each in story.word:
            rules.check_request({"seq": 1, **each.request()})
            assert stimulus(written(each)) == each
    with pytest.raises(ValueError, match="nothing that is done"):
        parse("explode server0")


@pytest.mark.slow
def test_stories_put_every_law_to_the_test() -> None:
    counts = {case.id: 0 for case in watched()}
    with open_target(REFERENCE) as target:
        for story in stories():
            session = SystemSession(target, story.servers, Profile(), TIMES)
            session.play(story.word)
            assert session.findings == []
            for name in counts:
                counts[name] += session.oracle.counts[name]
            if all(counts.values()):
                return
    assert [name for name, count in counts.items() if not count] == []


# -- the oracle, told things that are not so --------------------------------------------------------------------------

Change = Callable[[dict[str, object]], None]


def tampered(word: str, change: Change) -> list[str]:
    """Cases that are hurt when the last observation of a word is not what it was."""
    adapter, oracle = SystemAdapter(), SystemOracle(3, Profile(), TIMES)
    assert oracle.begin(adapter({"seq": 1, "op": "reset", "servers": 3, "observe": 1})) == []
    *before, last = parse(word)
    for each in before:
        assert oracle.step(each, adapter({"seq": 1, **each.request()})) == []
    came = adapter({"seq": 1, **last.request()})
    change(came)
    return [finding.case for finding in oracle.step(last, came)]


@pytest.mark.parametrize(
    ("word", "change", "case"),
    [
        ("advance 10", {"selected": "server1"}, "FOV-7/stability"),
        ("advance 10", {"auto": 0}, "FOV-7/stability"),
        ("crash server0", {"selected": "server2"}, "FOV-5/successor"),
        ("crash server0", {"selected": ""}, "FOV-5/successor"),
        ("crash server0", {"server0_status": "OPERATIONAL"}, "MON-3/off"),
        ("link_down server0", {"server0_status": "OPERATIONAL", "selected": "server0"}, "SRV-6/health"),
        ("advance 10", {"server1_status": "UNRESPONSIVE"}, "MON-2/silence"),
        ("hang server1; advance 3001", {"server1_status": "OPERATIONAL"}, "MON-2/silence"),
        ("activate server1", {"pinned": ""}, "FOV-5/successor"),
        ("activate server1", {"outcome": "refused"}, "ADM-1/answers"),
        ("crash server1; activate server1", {"outcome": "done"}, "ADM-1/answers"),
        ("crash server1; crash server2; complain", {"outcome": "done"}, "SES-2/answers"),
        ("close", {"client_link": 1}, "CLI-1/link"),
        ("crash client", {"client_link": 1}, "CLI-1/link"),
        ("advance 100000", {"client_link": 0}, "LIV-1/served"),
        ("ping; advance 20", {"client_received": ""}, "DAT-1/delivered"),
        ("send; advance 20", {"client_received": ""}, "DAT-3/follows"),
    ],
)
def test_what_must_not_be_is_found(word: str, change: dict[str, object], case: str) -> None:
    assert tampered(word, lambda came: None) == []
    assert case in tampered(word, lambda came: came.update(change))


def test_frames_that_must_not_be_are_found() -> None:
    def twice(name: str) -> Change:
        return lambda came: came.update({name: f"{came[name]} {str(came[name]).split()[-1]}"})

    assert "DAT-1/once" in tampered("ping; advance 20", twice("host_received"))
    assert "DAT-1/once" in tampered("ping; advance 20; ping", twice("server0_sent"))
    assert "DAT-2/once" in tampered("ping; advance 20; ping; advance 20", twice("client_received"))

    def elsewhere(came: dict[str, object]) -> None:
        came["server1_sent"], came["server0_sent"] = came["server0_sent"], ""

    assert "DAT-1/selected" in tampered("ping; advance 20; ping", elsewhere)

    def other_port(came: dict[str, object]) -> None:
        came["server1_received"], came["server0_received"] = came["server0_received"], ""

    assert "DAT-2/selected" in tampered("ping; advance 20; ping; advance 20", other_port)


def test_a_broadcast_that_comes_back_is_no_duplicate() -> None:
    laws = FrameLaws(2)
    frame = (b"\xff" * 6 + bytes((2, 0, 0, 0, 0, 1)) + b"\x08\x06" + bytes(46)).hex()
    sent = {"client_sent": frame, "server0_sent": frame}
    assert list(laws.step(sent, frozenset({0}))) == []
    back = {"client_received": frame, "server1_received": frame}
    assert list(laws.step(back, frozenset({0, 1}))) == []
    assert [finding.case for finding in laws.step(back, frozenset({1}))] == ["DAT-2/once"]


@pytest.mark.parametrize("frame", [b"", bytes(13), bytes(60), bytes(12) + b"\x08\x00\x4f" + bytes(8) + b"\x00\x01"])
def test_any_frame_can_be_looked_at(frame: bytes) -> None:
    assert echo_of(frame) is None
