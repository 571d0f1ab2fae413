"""Role ``system``: the reference conforms, faulty systems do not, and what is said of them helps."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vnic_conformance.cli import main
from vnic_conformance.episode import Setting
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.protocol import rules
from vnic_conformance.running.judging import judge_log
from vnic_conformance.running.recorded import RunLogError, load
from vnic_conformance.session import Conversation, Session
from vnic_conformance.system_role.cases import stories, watched
from vnic_conformance.system_role.frames import FrameLaws, echo_of
from vnic_conformance.system_role.oracle import SystemOracle, Times
from vnic_conformance.system_role.role import ROLE, every_case
from vnic_conformance.system_role.words import CALLS, parse, stimulus, written
from vnic_conformance.targets import open_target
from vnic_reference.network.sriov import LogicalPort
from vnic_reference.system.adapter import SystemAdapter
from vnic_reference.system.faults import SYSTEM_FAULTS
from vnic_reference.system.standard import standard_parts
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
    assert "62 cases: 62 pass" in result.output


@pytest.mark.slow
def test_the_reference_is_not_wronged() -> None:
    result = checked(REFERENCE, "--steps", "8000", "--seed", "2", "--phase", "hypothesis")
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
@pytest.mark.parametrize("name", list(SYSTEM_FAULTS)[::16])
def test_a_fault_is_found_among_all_stories(name: str) -> None:
    # That each is found by the story that the score names, in test_agreement.py: here some, with all stories before it.
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
    named = ("DAT-1/all-sizes", "FOV-1/software-restarts", "DLG-10/*", "SES-2/dead-port", "CRQ-8/other-devices")
    stories_ = [word for name in named for word in ("-k", name)]
    result = checked("python:tests.conformance.test_system_role:Without", "--steps", "0", *stories_)
    assert "the adapter does not claim frame_sizes" in result.output
    assert "the adapter does not claim restart" in result.output
    assert result.output.count("the adapter does not claim server_limits") >= 3
    assert "the adapter does not claim dead_ports" in result.output
    assert "the adapter does not claim other_devices" in result.output


# -- servers that differ, dead ports, other devices ---------------------------------------------------------------------


def begun(limits: Mapping[str, int | str], adapter: SystemAdapter | None = None) -> tuple[SystemOracle, SystemAdapter]:
    adapter = adapter or SystemAdapter()
    oracle = SystemOracle(2, Profile(), TIMES, limits)
    reset = {"op": "reset", "servers": 2, "observe": 1, **limits}
    rules.check_request({"seq": 1, **reset})
    assert oracle.begin(adapter({"seq": 1, **reset})) == []
    return oracle, adapter


def test_frames_are_demanded_up_to_the_mtu_of_the_selected_server() -> None:
    small: dict[str, int | str] = {"server0_mtu": 1000}
    warm = "ping; send; advance 50"
    assert seen(*begun(small), f"{warm}; ping 1014; send 1014; advance 50; ping 1015; send 1514; advance 50") == []
    # An implementation that has less than it was asked for, and one that has it only once.
    oracle, _ = begun({"server0_mtu": 1001})
    _, adapter = begun(small)
    assert seen(oracle, adapter, f"{warm}; ping 1014; advance 50; ping 1015; advance 50") == ["DAT-1/delivered"]
    oracle, adapter = begun(small)
    assert seen(oracle, adapter, f"activate server1; advance 100000; {warm}; ping 1514; send 1514; advance 50") == []
    assert oracle.counts["DAT-1/delivered"] == oracle.counts["DAT-3/follows"] == 2


@pytest.mark.parametrize(("mtu", "queues"), [(576, 16), (1000, 1), (1499, 2), (1501, 3), (9000, 16)])
def test_the_reference_serves_within_any_limits(mtu: int, queues: int) -> None:
    limits: dict[str, int | str] = {"server1_mtu": mtu, "server1_queues": queues, "server1_entries": 1 + queues}
    word = f"activate server1; advance 100000; ping; send; advance 50; send {min(mtu, 1500) + 14}; advance 50"
    oracle, adapter = begun(limits)
    assert seen(oracle, adapter, word) == []
    assert oracle.link


class _Refuses(LogicalPort):
    """Legal: a dead port takes nothing at all."""

    def transmit(self, frame: bytes) -> bool:
        return not self.physical.dead and super().transmit(frame)


@pytest.mark.parametrize("port", [LogicalPort, _Refuses])
def test_nothing_is_demanded_of_a_dead_port_but_the_rules(port: type[LogicalPort]) -> None:
    adapter = SystemAdapter(replace(standard_parts(), port=port))
    word = (
        "port_dead server0; ping; send; advance 50; advance 100000; ping; complain; advance 300; ping; send; advance 50; "
        "advance 100000; ping; send; advance 50; port_live server0; ping; send; advance 50; activate server0; advance 300; "
        "ping; send; advance 50; advance 100000; ping; send; advance 50"
    )
    oracle, _ = begun({}, adapter)
    assert seen(oracle, adapter, word) == []
    assert oracle.counts["DAT-1/delivered"] == oracle.counts["DAT-3/follows"] == 4


def test_a_port_that_is_alive_again_has_to_forward() -> None:
    oracle, adapter = begun({})
    assert seen(oracle, adapter, "port_dead server0; ping; advance 50") == []
    alive, later, ping, passes = parse("port_live server0; advance 100000; ping; advance 50")
    # The kit says that it is alive, and the implementation leaves it dead.
    assert oracle.step(alive, adapter({"seq": 1, "op": "observe"}) | {"outcome": "done"}) == []
    for each in (later, ping):
        assert oracle.step(each, adapter({"seq": 1, **each.request()})) == []
    assert [f.case for f in oracle.step(passes, adapter({"seq": 1, **passes.request()}))] == ["DAT-1/delivered"]


@pytest.mark.parametrize("listed", ["server0", "server1", "server1 server0", "server2", "server0 server2 server3"])
def test_a_client_moves_to_any_devices(listed: str) -> None:
    adapter, oracle = SystemAdapter(), SystemOracle(4, Profile(), TIMES)
    assert oracle.begin(adapter({"seq": 1, "op": "reset", "servers": 4, "observe": 1})) == []
    assert seen(oracle, adapter, f"remove server3; migrate {listed}; advance 100000; ping; advance 50; complain") == []
    assert set(str(oracle.came["listed"]).split()) == set(listed.split())


def test_a_full_list_is_exchanged_for_another_full_one() -> None:
    adapter = SystemAdapter()
    oracle = SystemOracle(4, Profile(max_servers=2), TIMES)
    reset = {"seq": 1, "op": "reset", "servers": 4, "observe": 1, "profile_max_servers": 2}
    assert oracle.begin(adapter(reset)) == []
    assert seen(oracle, adapter, "migrate server2 server3; advance 100000; ping; advance 50") == []
    assert adapter({"seq": 1, **stimulus("migrate server0 server1 server2").request()})["outcome"] == "error"


class CannotDiffer(SystemAdapter):
    """Claims servers that differ, and has none with another MTU."""

    def _reset(self, fields: dict[str, object]) -> dict[str, object]:
        if any(name.endswith("_mtu") for name in fields):
            return {"outcome": "unsupported", "reason": "all ports have the same MTU"}
        return super()._reset(fields)


def test_ports_that_cannot_be_built_leave_the_case_open() -> None:
    result = checked(
        "python:tests.conformance.test_system_role:CannotDiffer", "--steps", "0", "-k", "DLG-10/smaller-mtu", "--json"
    )
    assert result.exit_code == ExitCode.INCONCLUSIVE, result.output
    assert "is answered unsupported" in result.output


@pytest.mark.slow
@pytest.mark.parametrize("claims", [{"max_servers": 8}, {"max_servers": 10}, {"preempt_delay_ms": 5000}], ids=str)
def test_the_reference_conforms_with_other_claims(claims: dict[str, str | int]) -> None:
    adapter = SystemAdapter(claims=claims)
    profile = Profile.from_mapping(claims)
    oracle = SystemOracle(9, profile, TIMES)
    assert oracle.begin(adapter({"seq": 1, "op": "reset", "servers": 9, "observe": 1})) == []
    assert (
        seen(oracle, adapter, "priority server7 10; advance 100000; crash server7; advance 100000; add server8") == []
    )
    assert len(str(oracle.came["listed"]).split()) == min(9, profile.max_servers)


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
            judge = ROLE.judge(setting := Setting(story.servers, Profile(), role="system"), None)
            session = Session(Conversation(target), setting, judge)
            assert session.play(story.word) is None
            for name in counts:
                counts[name] += sum(judgement.exercised.count(name) for judgement in session.judgements)
            if all(counts.values()):
                return
    assert [name for name, count in counts.items() if not count] == []


# -- what is kept of a run ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a check that has found something."""
    file = tmp_path_factory.mktemp("system") / "run.jsonl"
    result = checked(faulty("no_fencing"), "--steps", "0", "-k", "FOV-10/*", "-k", "FOV-1/crash", "--log", str(file))
    assert result.exit_code == ExitCode.VIOLATION, result.output
    return file


def vnickit(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="vnickit")


def test_a_log_is_judged_again(log: Path) -> None:
    run, found = judge_log(log)
    assert run.header.hello["role"] == "system"
    assert found.code is ExitCode.VIOLATION
    assert found.otherwise == []
    assert {(session.requirement, session.was) for session in found.sessions if session.now == "fail"} >= {
        ("DAT-1/selected", "fail")
    }
    assert sum(session.steps for session in found.sessions) == run.steps_read > 20


def test_a_failure_is_replayed(log: Path) -> None:
    still = vnickit("replay", log, "--case", "FOV-10/zombie", "--adapter", faulty("no_fencing"))
    assert still.exit_code == ExitCode.VIOLATION, still.output
    assert still.output.startswith("STILL FAILS  FOV-10/zombie")
    assert "hang server0" in still.output
    fixed = vnickit("replay", log, "--case", "FOV-10/zombie", "--adapter", REFERENCE)
    assert fixed.exit_code == ExitCode.CONFORMS, fixed.output
    other = vnickit("replay", log, "--adapter", "python:vnic_reference.adapter:Adapter")
    assert other.exit_code == ExitCode.INCONCLUSIVE
    assert "recorded in role system; the adapter plays the role hypervisor" in " ".join(other.output.split())


def test_a_log_is_shown_and_fills_the_matrix(log: Path) -> None:
    shown = vnickit("show", log)
    assert shown.exit_code == ExitCode.CONFORMS
    assert "FAIL           DAT-1, FOV-10: No frame that a server accepts" in shown.output
    session = vnickit("show", log, "--case", "FOV-1/crash")
    assert "crash server0" in session.output
    row = vnickit("matrix", "--run", log, "-k", "FOV-10")
    assert row.exit_code == ExitCode.CONFORMS
    assert "fail" in row.output


def test_what_a_log_says_of_a_role_is_checked(log: Path) -> None:
    header, rest = log.read_text(encoding="utf-8").split("\n", 1)
    for was, said in (('"role":"system"', '"role":"server"'), ('"transit_ms":20', '"transit_ms":-1')):
        assert was in header
        with pytest.raises(RunLogError, match="line 1"):
            load(header.replace(was, said) + "\n" + rest)
    for limits in ('{"op":"bye"}', '{"server0_mtu":-1}', '{"server0_speed":1}'):
        with pytest.raises(RunLogError, match="line 2"):
            load(header + "\n" + rest.replace('"unpaired":[]', f'"unpaired":[],"limits":{limits}', 1))


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
