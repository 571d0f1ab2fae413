"""``vnickit check``: one exit code for each kind of outcome, and never 0 for nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS
from vnic_conformance.cases.journeys import GENERATED
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running import engine
from vnic_conformance.running.checking import Request, check, other_profiles
from vnic_conformance.running.plan import EXERCISED_BY
from vnic_reference.adapter import FEATURES, Adapter
from vnic_reference.faults import FAULTS
from vnic_spec.profile import Profile

REFERENCE = "python:vnic_reference.adapter:Adapter"
Kit = Callable[..., Result]
Plant = Callable[[Callable[[], object]], str]
Reply = dict[str, object]
SHORT = ("--phase", "walk", "--steps", "400")


class ForgetsToTellTheOldServer(Adapter):
    """Shows no event 02 in any queue of a server."""

    def __call__(self, request: Mapping[str, object]) -> Reply:
        reply = super().__call__(request)
        for name, value in reply.items():
            if name.startswith("server") and name.endswith("_queue"):
                reply[name] = " ".join(e for e in str(value).split() if not e.startswith("ff02"))
        return reply


class FailsNowAndThen(Adapter):
    """Answers wrongly in every second run from reset, from the third on."""

    resets = 0

    def __call__(self, request: Mapping[str, object]) -> Reply:
        reply = super().__call__(request)
        self.resets += request["op"] == "reset"
        if request.get("call") == "reg_crq" and self.resets % 2 == 1 and reply.get("rc") == 2:
            reply["rc"] = 0
        return reply


class AlwaysBusy(Adapter):
    """Answers busy to every H_FREE_CRQ."""

    def __call__(self, request: Mapping[str, object]) -> Reply:
        if request.get("call") == "free_crq":
            return {**super().__call__({"op": "observe", "seq": request["seq"]}), "rc": 1}
        return super().__call__(request)


class HasNoConsole(Adapter):
    """Claims a console, and has none."""

    def __call__(self, request: Mapping[str, object]) -> Reply:
        if request.get("who") == "console":
            return {"seq": request["seq"], "outcome": "unsupported"}
        return super().__call__(request)


class Bare(Adapter):
    """Has no feature."""

    def __init__(self) -> None:
        super().__init__(without=FEATURES.split())


# --- 0 -----------------------------------------------------------------------------------------------------------------


def test_the_reference_conforms(vnickit: Kit, tmp_path: Path) -> None:
    result = vnickit("check", "--adapter", REFERENCE, "--phase", "walk", "--steps", "1500")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert result.stdout.splitlines()[-1] == "CONFORMS: everything that was exercised is as it must be."
    assert not list(tmp_path.iterdir()), "a check that finds nothing leaves nothing behind"


def test_the_same_seed_makes_the_same_run(vnickit: Kit) -> None:
    words = ("check", "--adapter", REFERENCE, *SHORT, "--json")
    first, second, other = vnickit(*words), vnickit(*words), vnickit(*words, "--seed", "2")
    counts = [json.loads(result.stdout)["cases"] for result in (first, second, other)]
    assert counts[0] == counts[1] != counts[2]


def test_what_is_not_claimed_is_unsupported_and_not_asked_for(vnickit: Kit, plant: Plant) -> None:
    report = json.loads(vnickit("check", "--adapter", plant(Bare), *SHORT, "--json").stdout)
    assert report["exit"] == ExitCode.CONFORMS
    cases = {case["case"]: case for case in report["cases"]}
    assert cases["ADM-5"]["verdict"] == "unsupported"
    assert cases["ADM-5"]["reason"] == "the adapter does not claim console"
    assert cases["CRQ-8/session"]["reason"] == "the adapter does not claim migration"
    assert cases["CRQ-2"]["verdict"] == "pass"


@pytest.mark.slow
@pytest.mark.usefixtures("tours_at_hand")
def test_the_whole_check_of_the_reference(vnickit: Kit) -> None:
    result = vnickit("check", "--adapter", REFERENCE, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == ExitCode.CONFORMS, report["sentence"]
    for row in (*report["requirements"], *report["cases"]):
        assert row["verdict"] == "pass" or row["reason"], row
    assert [row["requirement"] for row in report["requirements"] if row["verdict"] != "pass"] == ["INV-8"]
    verdicts = {case["case"]: case["verdict"] for case in report["cases"]}
    generated = {name: verdicts[name] for name in SCRIPTS if name in GENERATED}
    assert len(generated) > 100
    assert set(generated.values()) == {"pass"}, generated
    assert other_profiles(Profile()) in report["notes"]
    (left_out,) = [note for note in report["notes"] if "were not played" in note]
    assert left_out == f"{len(LONG_SCRIPTS)} cases that take long were not played; --thorough plays them"


@pytest.mark.slow
@pytest.mark.usefixtures("tours_at_hand")
def test_the_reference_as_a_child_conforms(vnickit: Kit) -> None:
    """In the phases that test_real_clock.py does not play with a child; test_c_adapter.py plays all of them with another one."""
    words = ("--phase", "tour", "--phase", "hypothesis", "--steps", "1000")
    result = vnickit("check", "--adapter", f"{sys.executable} -m vnic_reference", *words, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == ExitCode.CONFORMS, report["sentence"]
    for row in report["requirements"]:
        assert row["verdict"] == "pass" or row["reason"], row


# --- 1 -----------------------------------------------------------------------------------------------------------------


def test_a_violation_is_shown_with_its_trace(vnickit: Kit, plant: Plant, golden: Callable[[str, str], None]) -> None:
    adapter = plant(FAULTS["fenced_send_accepted"].adapter)
    result = vnickit("check", "--adapter", adapter, *SHORT, "-x", "-k", "FOV-10")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    golden("check_violation.txt", result.stdout)
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert "\x1b" not in result.stdout


def test_the_first_violation_stops_a_run_that_is_told_so(vnickit: Kit, plant: Plant) -> None:
    words = ("check", "--adapter", plant(ForgetsToTellTheOldServer), "--phase", "walk", "--json")
    short, long = (json.loads(vnickit(*words, *more).stdout) for more in (("-x",), ("--steps", "1600")))
    assert len(short["failures"]) == 1 < len(long["failures"])
    assert short["steps"] < long["steps"]
    assert {f["case"] for f in long["failures"]} == {c["case"] for c in long["cases"] if c["verdict"] == "fail"}


def test_what_does_not_come_again_is_called_nondeterministic(vnickit: Kit, plant: Plant) -> None:
    result = vnickit("check", "--adapter", plant(FailsNowAndThen), *SHORT, "-x", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == ExitCode.VIOLATION
    again = report["failures"][0]["failed_again"]
    assert 0 < again["failed"] < again["runs"]
    assert "not shortened" in report["failures"][0]["length"]


def test_a_violation_of_what_was_not_selected_is_told_and_does_not_count(vnickit: Kit, plant: Plant) -> None:
    adapter = plant(ForgetsToTellTheOldServer)
    result = vnickit("check", "--adapter", adapter, "--phase", "walk", "--steps", "2000", "-k", "MON-1")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert "it was not selected" in result.stdout


# --- 2 -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-k", "FOV-33"), "no case matches 'FOV-33'; did you mean FOV-3"),
        (("-k", "NO-SUCH-ID"), "no case matches 'NO-SUCH-ID'"),
        (("-k", "FOV-2", "-k", "CLI-1"), "CLI-1 binds no hypervisor but another role"),
        (("-k", "CRQ-1"), "nothing checks CRQ-1 here"),
        (("--profile", "grace"), "--profile takes NAME=VALUE"),
        (("--profile", "grace=many"), "must be integer 1..1000, not 'many'"),
        (("--profile", "grave=3"), "did you mean grace"),
        (("--servers", "11"), "at most 10 server partitions"),
        (("--time-scale", "0"), "--time-scale"),
        (("--log", "nowhere/run.jsonl"), "there is no directory nowhere"),
        (("--phase", "waltz"), "'waltz' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage(words: tuple[str, ...], says: str, vnickit: Kit) -> None:
    phase = () if "--phase" in words else ("--phase", "walk")
    result = vnickit("check", "--adapter", REFERENCE, *phase, *words)
    assert result.exit_code == ExitCode.USAGE, result.output
    assert says in " ".join(result.stderr.split())


@pytest.mark.parametrize("adapter", ["", "python:nothing", "tcp:192.0.2.1:9999"])
def test_an_adapter_that_cannot_be_meant_is_wrong_usage(adapter: str, vnickit: Kit) -> None:
    assert vnickit("check", "--adapter", adapter).exit_code == ExitCode.USAGE


# --- 3 -----------------------------------------------------------------------------------------------------------------


def test_nothing_exercised_is_no_success(vnickit: Kit) -> None:
    result = vnickit("check", "--adapter", REFERENCE, "--phase", "walk", "--steps", "0")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert result.stdout.splitlines()[-1] == "INCONCLUSIVE: nothing was exercised. That is no verdict."


def test_a_selected_case_that_is_not_reached_is_no_success(vnickit: Kit) -> None:
    result = vnickit("check", "--adapter", REFERENCE, "--phase", "walk", "--steps", "20", "-k", "INV-7")
    assert result.exit_code == ExitCode.INCONCLUSIVE


def test_an_implementation_that_is_busy_for_ever_is_at_fault(vnickit: Kit, plant: Plant) -> None:
    report = json.loads(vnickit("check", "--adapter", plant(AlwaysBusy), *SHORT, "--json").stdout)
    cases = {case["case"]: case for case in report["cases"]}
    assert report["exit"] == ExitCode.VIOLATION
    assert cases["CRQ-14/answers"]["verdict"] == "fail"
    assert "busy after 20 repetitions" in cases["CRQ-14/answers"]["reason"]


def test_a_claim_that_is_not_kept_is_noted(vnickit: Kit, plant: Plant) -> None:
    report = json.loads(vnickit("check", "--adapter", plant(HasNoConsole), *SHORT, "--json").stdout)
    assert "console activate is answered unsupported, though the adapter claims console" in report["notes"]


@pytest.mark.usefixtures("hurried")
def test_what_the_oracle_cannot_see_passes_and_fails_with_its_scripts(vnickit: Kit) -> None:
    """INV-7 speaks of grants, which only an attempt shows: a server that keeps them breaks it, as nobody's observation does."""
    good = json.loads(vnickit("check", "--adapter", REFERENCE, "-k", "INV-7", "--phase", "scripted", "--json").stdout)
    (case,) = good["cases"]
    assert (case["verdict"], case["exercised"]) == ("pass", len(EXERCISED_BY["INV-7"]))
    for fault in (
        "fenced_dma_accepted",
        "grants_outlive_session",
        "fenced_sub_crq_accepted",
        "handles_outlive_session",
    ):
        words = ("check", "--adapter", f"python:vnic_reference.faults:{fault}", "-k", "INV-7", "--phase", "scripted")
        assert vnickit(*words).exit_code == ExitCode.VIOLATION, fault


# --- what it loads -----------------------------------------------------------------------------------------------------


def test_a_check_loads_no_solver() -> None:
    program = (
        "import sys\n"
        "from vnic_conformance.running.checking import Request, check\n"
        "import vnic_conformance.commands.check.playing, vnic_conformance.commands.replay.playing, vnic_conformance.showing\n"
        f"check(Request({REFERENCE!r}, steps=50, phases=('walk',)))\n"
        "sys.exit('z3' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.usefixtures("hurried")
def test_every_failure_that_is_shown_is_made_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those after the first few, here after the first: with less effort, but never as they were met."""
    monkeypatch.setattr(engine, "NARROWED", 1)
    fault = "python:vnic_reference.faults:no_failover_event"
    outcome = check(Request(fault, ("FOV-*",), phases=("scripted",))).outcome
    met = [failure for failure in outcome.failures if not failure.script]
    assert len(met) > 1
    assert [failure.case for failure in met if "not shortened" in failure.length_note] == []
    assert max(len(failure.episode.moments) for failure in met) < 20
