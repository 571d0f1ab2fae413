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
    some = ("crash", "link", "adapter-error", "silence", "preemption")
    chosen = [word for name in some for word in ("-k", f"FOV-1/{name}")]
    result = checked(REFERENCE, "--steps", "100", *chosen, "-k", "CLI-1/t*")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert "6 cases: 6 pass" in result.output
    assert max(map(len, result.output.splitlines())) <= 100


@pytest.mark.slow
def test_the_reference_conforms_in_all_of_them() -> None:
    result = checked(REFERENCE, "--steps", "1200")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert "54 cases: 54 pass" in result.output


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
    "port_blocked_after_link_up": ("FOV-1/busy-after-link", "DAT-1/delivered"),
    "port_loses_long_frames": ("DAT-1/all-sizes", "DAT-1/delivered"),
    "port_loses_one_length": ("DAT-1/all-sizes", "DAT-1/delivered"),
    "free_of_server_unnoticed": ("FOV-1/software-restarts", "SRV-6/health"),
    "restarted_equal_preempts": ("SEL-5/standby-reboots", "FOV-5/successor"),
    "delay_goes_on": ("MON-5/delay-begins-anew", "FOV-5/successor"),
    "remembers_queues": ("DLG-10/fewer-queues", "LIV-1/served"),
    "never_grows_again": ("DLG-10/smaller-mtu", "DAT-1/delivered"),
    "never_sends_headers": ("DLG-10/other-offloads", "DAT-1/delivered"),
    "mac_needs_a_filter": ("DLG-10/no-filters-left", "DAT-1/delivered"),
    "dead_port_sends_later": ("SES-2/dead-port", "DAT-1/selected"),
    "old_devices_stay": ("CRQ-8/fewer-devices", "FOV-5/successor"),
    "nobody_new_comes": ("CRQ-8/other-devices", "FOV-5/successor"),
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
    assert (suite.get("tests"), suite.get("failures")) == ("8", "3")


# -- a preemption that waits, sizes, outages, steps ---------------------------------------------------------------------


def seen(oracle: SystemOracle, adapter: SystemAdapter, word: str) -> list[str]:
    found: list[str] = []
    for each in parse(word):
        found += [finding.case for finding in oracle.step(each, adapter({"seq": 1, **each.request()}))]
    return found


def delayed(claimed: int, real: int) -> tuple[SystemOracle, SystemAdapter]:
    """An implementation that claims one delay and has another, with a worse server selected."""
    adapter = SystemAdapter(claims={"preempt_delay_ms": real})
    oracle = SystemOracle(2, Profile(preempt_delay_ms=claimed), TIMES)
    assert oracle.begin(adapter({"seq": 1, "op": "reset", "servers": 2, "observe": 1})) == []
    assert seen(oracle, adapter, "priority server0 10; crash server0; advance 100000; power_on server0") == []
    return oracle, adapter


def test_a_delay_is_exact() -> None:
    for claimed, real, ms in ((5000, 5000, 5000), (5000, 5000, 4999), (0, 0, 1)):
        assert seen(*delayed(claimed, real), f"advance {ms}; advance 1; advance 10") == []
    for real in (4999, 5001):
        assert seen(*delayed(5000, real), "advance 4999; advance 1")[0] == "FOV-5/successor"


def test_a_delay_begins_anew_and_ends_at_once_by_the_administrator() -> None:
    assert (
        seen(*delayed(5000, 5000), "advance 3000; link_down server0; advance 1000; link_up server0; advance 4999") == []
    )
    assert seen(*delayed(5000, 5000), "advance 3000; auto 1; advance 10") == []
    assert seen(*delayed(5000, 5000), "advance 3000; auto 0; advance 10000; auto 1; advance 1") == []
    assert seen(*delayed(5000, 5000), "advance 3000; activate server1; advance 10000") == []
    assert seen(*delayed(5000, 5000), "advance 3000; link_down server1; advance 1; link_up server1; advance 9000") == []


def test_a_frame_has_the_length_that_was_asked_for() -> None:
    adapter = SystemAdapter()
    for each in parse("ping; advance 50; send; advance 50"):  # addresses are known then
        adapter({"seq": 1, **each.request()})
    for length in (64, 513, 1514):
        sent = adapter({"seq": 1, **stimulus(f"ping {length}").request()})
        assert [len(frame) // 2 for frame in str(sent["client_sent"]).split()] == [length]
        sent = adapter({"seq": 1, **stimulus(f"send {length}").request()})
        assert [len(frame) // 2 for frame in str(sent["host_sent"]).split()] == [length]
        adapter({"seq": 1, "op": "advance", "ms": 50, "observe": 1})
    assert adapter({"seq": 1, **stimulus("ping 1515").request()})["outcome"] == "error"


def test_who_sends_shorter_frames_than_asked_is_found() -> None:
    adapter, oracle = SystemAdapter(), SystemOracle(2, Profile(), TIMES)
    assert oracle.begin(adapter({"seq": 1, "op": "reset", "servers": 2, "observe": 1})) == []
    long, short, passes = parse("ping 1400; ping; advance 20")
    assert oracle.step(long, adapter({"seq": 1, **short.request()})) == []
    assert [f.case for f in oracle.step(passes, adapter({"seq": 1, **passes.request()}))] == ["DAT-1/delivered"]


def test_the_longest_outage_is_told() -> None:
    adapter, oracle = SystemAdapter(), SystemOracle(2, Profile(), TIMES)
    assert oracle.begin(adapter({"seq": 1, "op": "reset", "servers": 2, "observe": 1})) == []
    traffic = "; ".join(["ping; send; advance 10"] * 60)
    assert seen(oracle, adapter, f"ping; advance 50; crash server0; {traffic}") == []
    assert oracle.longest.cause == "crash server0"
    assert 100 <= oracle.longest.least_ms <= oracle.longest.most_ms <= oracle.longest.least_ms + 30
    before = oracle.longest
    assert seen(oracle, adapter, "close; advance 50; open; advance 100000") == []  # by the user's wish
    assert oracle.longest == before


def test_steps_are_steps() -> None:
    result = checked(REFERENCE, "--steps", "150", "--phase", "hypothesis", "--json")
    assert json.loads(result.output)["steps"] == 150


class Without(SystemAdapter):
    """The reference, without the features of this role."""

    def _introduction(self) -> dict[str, object]:
        return super()._introduction() | {"features": "console power migration profiles"}


def test_what_is_not_claimed_is_not_asked() -> None:
    stories_ = ("-k", "DAT-1/all-sizes", "-k", "FOV-1/software-restarts")
    result = checked("python:tests.conformance.test_system_role:Without", "--steps", "0", *stories_)
    assert "the adapter does not claim frame_sizes" in result.output
    assert "the adapter does not claim restart" in result.output


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
