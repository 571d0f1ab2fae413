"""``vnickit replay``: FIXED, STILL FAILS, CANNOT REPLAY."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from markupsafe import escape

from vnic_conformance.cases import SCRIPTS
from vnic_conformance.cases.script import Steps, call, do
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.events import Failure, RunBegan
from vnic_conformance.running.recorded import load
from vnic_conformance.running.runlog import excerpt
from vnic_conformance.session import hypervisor_session
from vnic_conformance.stimulus import CLIENT, Stimulus
from vnic_conformance.targets import open_target
from vnic_reference.adapter import Adapter
from vnic_reference.faults import FAULTS
from vnic_spec.profile import Profile
from vnic_spec.wire import Rc

REFERENCE = "python:vnic_reference.adapter:Adapter"
Kit = Callable[..., Result]
Plant = Callable[[Callable[[], object]], str]
Golden = Callable[[str, str], None]
Reply = dict[str, object]
FENCED_SENDS = FAULTS["fenced_send_accepted"].adapter


class RegistersNobody(Adapter):
    """Has another fault, which comes first."""

    def __call__(self, request: Mapping[str, object]) -> Reply:
        reply = super().__call__(request)
        if request.get("call") == "reg_crq":
            reply["rc"] = -16
        return reply


class Featureless(Adapter):
    """Has no console, no migration and no power, and says so."""

    def __call__(self, request: Mapping[str, object]) -> Reply:
        reply = super().__call__(request)
        return {**reply, "features": ""} if request["op"] == "hello" else reply


class OneServer(Adapter):
    """Has one server partition."""

    def __call__(self, request: Mapping[str, object]) -> Reply:
        reply = super().__call__(request)
        return {**reply, "servers": 1} if request["op"] == "hello" else reply


class Decided(Adapter):
    """Another profile, and no way to choose."""

    def __call__(self, request: Mapping[str, object]) -> Reply:
        reply = super().__call__(request)
        if request["op"] == "hello":
            words = [word for word in str(reply["features"]).split() if word != "profiles"]
            reply |= {"features": " ".join(words), "profile_reopen": "reselect"}
        return reply


@pytest.fixture
def failures(vnickit: Kit, plant: Plant) -> Path:
    """The failures of an implementation that lets fenced servers send."""
    adapter = plant(FENCED_SENDS)
    words = ("--phase", "walk", "--steps", "1000", "--servers", "2", "-x")
    assert vnickit("check", "--adapter", adapter, *words).exit_code == ExitCode.VIOLATION
    return Path("vnickit-failures.jsonl")


def test_it_still_fails(failures: Path, vnickit: Kit, plant: Plant, golden: Golden) -> None:
    result = vnickit("replay", failures, "--adapter", plant(FENCED_SENDS), "--html", "p.html")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    assert result.stdout.startswith("STILL FAILS  ")
    page = Path("p.html").read_text(encoding="utf-8")
    assert escape(result.stdout.rstrip()) in page
    assert page.count("here it leaves the specification") == 1
    assert ", as recorded: " in result.stdout
    assert "~" not in result.stdout
    golden("replay_still_fails.txt", result.stdout)


def test_it_is_fixed(failures: Path, vnickit: Kit, golden: Golden) -> None:
    result = vnickit("replay", failures, "--adapter", REFERENCE, "--html", "p.html")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert result.stdout.startswith("FIXED  ")
    page = Path("p.html").read_text(encoding="utf-8")
    assert "here it leaves the specification" not in page
    assert page.count('<li id="step-') == len(load(failures).failures[0].episode.moments)
    golden("replay_fixed.txt", result.stdout)
    marked = [line for line in result.stdout.splitlines() if line[4:5] == "~"]
    assert len(marked) == 1, "the step that goes otherwise now"


def test_another_failure_on_the_way_is_one_too(failures: Path, vnickit: Kit, plant: Plant) -> None:
    result = vnickit("replay", failures, "--adapter", plant(RegistersNobody))
    assert result.exit_code == ExitCode.VIOLATION
    assert ", as recorded: " not in result.stdout


def test_under_another_profile_it_cannot_be_replayed(failures: Path, vnickit: Kit, plant: Plant) -> None:
    result = vnickit("replay", failures, "--adapter", plant(Decided))
    assert result.exit_code == ExitCode.INCONCLUSIVE, result.output
    assert result.stdout.startswith("CANNOT REPLAY  ")
    assert "recorded under another profile (reopen = KEEP)" in " ".join(result.stdout.split())


@pytest.mark.parametrize(("factory", "why"), [(OneServer, "at most 1"), (Featureless, "does not claim console")])
def test_what_an_adapter_does_not_have_cannot_be_replayed(
    factory: Callable[[], object], why: str, vnickit: Kit, plant: Plant, tmp_path: Path
) -> None:
    word = (Stimulus.of("console", "auto", value=0), Stimulus.of("server1", "reg_crq"))
    with open_target(REFERENCE) as target:
        session = hypervisor_session(target, 2, Profile())
        session.play(word)
    failure = Failure("ADM-5", "ADM-5", "as if it had failed", "walk", session.episode)
    header = RunBegan("0", "mine", {}, Profile(), 1, 1, (), ())
    (tmp_path / "made.jsonl").write_text(excerpt(header, [failure]), encoding="utf-8")
    result = vnickit("replay", "made.jsonl", "--adapter", plant(factory))
    assert result.exit_code == ExitCode.INCONCLUSIVE, result.output
    assert why in " ".join(result.stdout.split())


def test_what_only_a_script_knows_is_judged_by_it_again(vnickit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that asks for more than the oracle does: of the same run it says something else when it has changed."""

    def asks(rc: Rc) -> None:
        def steps(p: Profile) -> Steps:
            yield do(call(CLIENT, "reg_crq"), "CRQ-2", rc=rc)

        monkeypatch.setitem(SCRIPTS, "CRQ-2/wrong-unit", replace(SCRIPTS["CRQ-2/wrong-unit"], write=steps))

    asks(Rc.H_PARAMETER)
    found = vnickit("check", "--adapter", REFERENCE, "--phase", "scripted", "-k", "CRQ-2/wrong-unit", "-x")
    assert found.exit_code == ExitCode.VIOLATION, found.output
    assert ", as scripted" in " ".join(found.stdout.split())
    assert vnickit("replay", "vnickit-failures.jsonl", "--adapter", REFERENCE).exit_code == ExitCode.VIOLATION
    asks(Rc.H_CLOSED)
    fixed = vnickit("replay", "vnickit-failures.jsonl", "--adapter", REFERENCE)
    assert fixed.exit_code == ExitCode.CONFORMS, fixed.output


def test_as_data(failures: Path, vnickit: Kit) -> None:
    (replayed,) = json.loads(vnickit("replay", failures, "--adapter", REFERENCE, "--json").stdout)["replayed"]
    assert replayed["verdict"] == "FIXED"
    assert len(replayed["changed"]) == 1


def test_wrong_usage(failures: Path, vnickit: Kit, tmp_path: Path) -> None:
    unknown = vnickit("replay", failures, "--adapter", REFERENCE, "--case", "CRQ-99")
    assert unknown.exit_code == ExitCode.USAGE
    assert "no failure 'CRQ-99'" in unknown.stderr
    assert vnickit("replay", "nothing", "--adapter", REFERENCE).exit_code == ExitCode.USAGE
    assert vnickit("replay", failures, "--adapter", "python:x").exit_code == ExitCode.USAGE
    trace = Path(__file__).parents[1] / "golden" / "trace_no_hold.jsonl"
    result = vnickit("replay", trace, "--adapter", REFERENCE)
    assert result.exit_code == ExitCode.USAGE
    assert f"vnickit show {trace}" in result.stderr
    vnickit("check", "--adapter", REFERENCE, "--phase", "walk", "--steps", "5", "--log", "run.jsonl")
    assert "there is no failure in run.jsonl" in vnickit("replay", "run.jsonl", "--adapter", REFERENCE).stderr


def test_an_adapter_that_breaks(failures: Path, vnickit: Kit) -> None:
    result = vnickit("replay", failures, "--adapter", "sleep 1000", "--time-scale", "0.02")
    assert result.exit_code == ExitCode.ADAPTER_BROKEN
    assert result.stdout.startswith("the adapter hangs")


@pytest.mark.slow
def test_a_failure_of_partitions_without_a_connection_is_replayed(vnickit: Kit) -> None:
    """The log says which partitions have none, so the run can be made again; without the feature it cannot."""
    faulty = "python:vnic_reference.faults:pairing_unchecked"
    words = ("-k", "CRQ-2/*authorised*", "--phase", "scripted", "--log", "run.jsonl")
    vnickit("check", "--adapter", faulty, *words)
    assert vnickit("replay", "run.jsonl", "--adapter", faulty).exit_code == ExitCode.VIOLATION
    assert vnickit("replay", "run.jsonl", "--adapter", REFERENCE).exit_code == ExitCode.CONFORMS
    without = vnickit("replay", "run.jsonl", "--adapter", f"{sys.executable} -m vnic_reference --without unpaired")
    assert without.exit_code == ExitCode.INCONCLUSIVE
    assert "does not claim unpaired" in without.output
