"""What a check says: listing, help, text, JUnit and JSON; one golden file for each shape."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.foreign import in_markdown
from vnic_conformance.reports import naming
from vnic_conformance.reports.job_summary import badge, job_summary
from vnic_conformance.reports.junit import junit
from vnic_conformance.reports.summary import rows
from vnic_conformance.running.events import AdapterFailed, RunBegan
from vnic_conformance.running.plan import Case, Phase, case_of, select, watched_cases
from vnic_conformance.running.play import Outcome
from vnic_conformance.running.verdicts import CaseResult, Rerun, Verdict, exit_code
from vnic_conformance.stimulus import Stimulus, advance
from vnic_reference.adapter import Adapter
from vnic_spec.profile import Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Scope
from vnic_spec.requirements import REQUIREMENTS

REFERENCE = "python:vnic_reference.adapter:Adapter"
Kit = Callable[..., Result]
Plant = Callable[[Callable[[], object]], str]
Golden = Callable[[str, str], None]


class SaysThatEverybodyIsActive(Adapter):
    """Shows an active flag to every server that asks."""

    def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
        reply = super().__call__(request)
        if "info" in reply:
            info = str(reply["info"])
            reply["info"] = f"{info[:16]}{1:016x}{info[32:]}"
        return reply


# --- golden ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["check", "list", "show", "replay"])
def test_help(verb: str, vnickit: Kit, golden: Golden) -> None:
    golden(f"{verb}_help.txt", vnickit(verb, "--help").output)


def test_the_list_of_what_is_watched(vnickit: Kit, golden: Golden) -> None:
    listed = vnickit("list", "--phase", "walk").stdout
    golden("list_watched.txt", listed)
    assert max(map(len, listed.splitlines())) <= 100


def test_the_list_cuts_nothing_and_runs_into_nothing(vnickit: Kit) -> None:
    cases = json.loads(vnickit("list", "--phase", "scripted", "--json").stdout)["cases"]
    listed = vnickit("list", "--phase", "scripted").stdout
    running = " ".join(listed.split())
    for case in cases:
        assert f"{case['case']} {case['phase']} {' '.join(case['purpose'].split())}" in running


def test_the_report_on_one_requirement(vnickit: Kit, golden: Golden) -> None:
    words = ("check", "--adapter", REFERENCE, "--phase", "walk", "--steps", "300", "-k", "MON-7")
    golden("check_one_requirement.txt", vnickit(*words).stdout)


# --- lists -------------------------------------------------------------------------------------------------------------


def test_every_property_of_the_hypervisor_is_a_case_under_its_name() -> None:
    ids = {case.id for case in watched_cases()}
    assert {p.name for p in PROPERTIES.values() if p.scope is Scope.ANYBODY} <= ids
    assert all(i.partition("/")[0] in REQUIREMENTS for i in ids)


def test_ids_are_unique() -> None:
    ids = [case.id for case in watched_cases()]
    assert len(set(ids)) == len(ids)


def test_a_glob_is_of_ids_and_of_requirements_in_any_case_of_letters() -> None:
    cases = watched_cases()
    assert {case.id for case in select(cases, ["fov-10"])} == {
        "FOV-10",
        "FOV-10/memory",
        "FOV-10/hung",
        "FOV-10/answers",
    }
    assert {case.id for case in select(cases, ["CRQ-4/*", "ADM-7"])} == {
        "CRQ-4/client",
        "CRQ-4/server",
        "CRQ-4/half",
        "CRQ-4/off",
        "CRQ-4/answers",
        "ADM-7/answers",
    }
    assert select(cases, []) == cases


def test_a_violation_counts_against_the_property_or_else_against_the_answers() -> None:
    cases = {case.id: case for case in watched_cases()}
    assert case_of("CRQ-4/client", cases) == "CRQ-4/client"
    assert case_of("MON-7", cases) == "MON-7/answers"


@pytest.mark.slow
@pytest.mark.usefixtures("tours_at_hand")
def test_tours_are_listed_with_a_purpose(vnickit: Kit) -> None:
    cases = json.loads(vnickit("list", "--json").stdout)["cases"]
    toured = [case for case in cases if case["phase"] == "tour"]
    assert len(toured) > 100
    assert all(case["purpose"] for case in cases)
    again = vnickit("list", "--json")
    assert json.loads(again.stdout)["cases"] == cases


# --- verdicts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "broken", "code"),
    [
        ([], False, 3),
        ([Verdict.NOT_EXERCISED, Verdict.UNSUPPORTED], False, 3),
        ([Verdict.NOT_EXERCISED, Verdict.PASS, Verdict.UNSUPPORTED], False, 0),
        ([Verdict.PASS, Verdict.INCONCLUSIVE], False, 3),
        ([Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL], False, 1),
        ([Verdict.PASS, Verdict.FAIL], True, 1),
        ([Verdict.PASS], True, 4),
        ([Verdict.FAIL, Verdict.BROKEN], True, 1),
        ([Verdict.BROKEN], False, 4),
    ],
)
def test_the_worst_verdict_decides(verdicts: list[Verdict], broken: bool, code: int) -> None:
    results = [CaseResult(f"CRQ-{number}", verdict) for number, verdict in enumerate(verdicts)]
    assert exit_code(results, broken=broken) == code


def test_verdicts_in_words() -> None:
    assert [Verdict.of(verdict.words) for verdict in Verdict] == list(Verdict)
    assert CaseResult("A", Verdict.FAIL, 1, "", Rerun(2, 5)).words == "fail, nondeterministic 2/5"
    assert CaseResult("A", Verdict.FAIL, 1, "", Rerun(5, 5)).words == "fail"
    with pytest.raises(ValueError, match="no verdict 'fine'"):
        Verdict.of("fine")


def test_a_requirement_without_a_case_of_its_own_is_judged_by_the_properties_that_formalise_it() -> None:
    cases = watched_cases()
    passed = [CaseResult("INV-1", Verdict.PASS, 1)]
    row = next(row for row in rows(cases, passed) if row.requirement.id == "SEL-1")
    assert (row.verdict, row.through) == (Verdict.PASS, ("INV-1",))
    assert all(row.reason for row in rows(cases, []))


# --- JUnit and JSON ------------------------------------------------------------------------------------------------------


def test_junit_is_well_formed_and_says_the_same(vnickit: Kit, plant: Plant, tmp_path: Path) -> None:
    adapter = plant(SaysThatEverybodyIsActive)
    result = vnickit(
        "check", "--adapter", adapter, "--phase", "walk", "--steps", "300", "-x", "--junit", "j.xml", "--json"
    )
    report = json.loads(result.stdout)
    root = ET.fromstring((tmp_path / "j.xml").read_text(encoding="utf-8"))
    found = {e.get("name"): e for e in root.iter("testcase")}
    verdicts = {case["case"]: case["verdict"] for case in report["cases"]}
    for case, verdict in verdicts.items():
        tags = {child.tag for child in found[case]} - {"system-out", "properties"}
        assert tags == {"pass": set(), "fail": {"failure"}}.get(verdict, {"skipped"}), case
    failures = [element for element in found.values() if element.find("failure") is not None]
    assert [element.get("name") for element in failures] == ["MON-7/answers"]
    failure = failures[0].find("failure")
    assert failure is not None
    assert "vnickit replay" in str(failure.text)
    assert root.get("failures") == "1"
    assert int(root.get("tests") or 0) == len(found)
    assert set(found) > {"CRQ-1", "INV-8"}, "what no case speaks of is visible too"
    named = {
        name: [p.get("value") for p in e.iterfind("properties/property[@name='requirement']")]
        for name, e in found.items()
    }
    assert named == {name: [str(name).partition("/")[0]] for name in found}
    assert str(failure.text).count("MON-7") > 1
    assert "s0" in str(failure.text), "the trace has its lanes"


def test_junit_holds_any_text() -> None:
    header = RunBegan("0", "\x00 <&\ud800", {}, Profile(), 1, 1, (), ("CRQ-2",))
    case = Case("CRQ-2", Phase.STEPS, "\x1b[31m", ("CRQ-2",))
    outcome = Outcome(results=[CaseResult("CRQ-2", Verdict.FAIL, 1, "]]> \x07")])
    root = ET.fromstring(junit(header, [case], outcome, file=None).encode("utf-8"))
    assert root.get("failures") == "1"


# --- a summary and a badge for code hosts ----------------------------------------------------------------------------


def test_a_summary_and_a_badge_say_the_same(vnickit: Kit) -> None:
    faulty = (
        "--adapter",
        "python:vnic_reference.faults:priority_range_unchecked",
        "--phase",
        "scripted",
        "-k",
        "SEL-4/range",
    )
    result = vnickit("check", *faulty, "--log", "run.jsonl", "--summary", "job.md", "--badge", "badge.json")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    summary = Path("job.md").read_text(encoding="utf-8")
    assert f"| SEL-4 | fail | {in_markdown(REQUIREMENTS['SEL-4'].text)} |" in summary
    assert "**VIOLATION: SEL-4/range.**" in summary
    trace = summary.partition("```text\n")[2].partition("\n```\n")[0]
    assert trace == vnickit("show", "run.jsonl", "--case", "SEL-4/range").stdout.rstrip("\n")
    badge = json.loads(Path("badge.json").read_text(encoding="utf-8"))
    assert badge == {
        "schemaVersion": 1, "label": "VNIC hypervisor", "message": "violation", "color": "red", "isError": True,
    }  # fmt: skip


def test_a_badge_of_what_conforms_counts_the_requirements() -> None:
    header = RunBegan("0", "a", {}, Profile(), 1, 1, ("CRQ-2",), ("CRQ-2",))
    cases = [Case("CRQ-2", Phase.STEPS, "x", ("CRQ-2",))]
    outcome = Outcome(results=[CaseResult("CRQ-2", Verdict.PASS, 1)], code=ExitCode.CONFORMS)
    made = json.loads(badge(header, cases, outcome))
    assert (made["message"], made["color"], "isError" in made) == (
        "conforms, 1 of 1 requirements",
        "brightgreen",
        False,
    )
    for code in set(ExitCode) - {ExitCode.CONFORMS}:
        other = json.loads(badge(header, cases, replace(outcome, code=code)))
        assert other["isError"]
        assert "conforms" not in other["message"]


def test_a_summary_holds_any_text() -> None:
    """Neither an adapter's name nor what it says begins markup, a cell or a line, or ends a block of code."""
    nasty = "`````\n# x <script>| [a](b) \x1b[1m"
    header = RunBegan("0", nasty, {"implementation": nasty}, Profile(), 1, 1, (), ("CRQ-2",))
    trouble = AdapterFailed(0, {"title": nasty, "broken": nasty}, nasty, None, None)
    text = job_summary(header, [], Outcome(broken=trouble, code=ExitCode.ADAPTER_BROKEN, notes=[nasty]), file=None)
    assert "\x1b" not in text
    inside, fence = False, ""
    for line in text.splitlines():
        if not inside and line.endswith("text") and line.startswith("```"):
            inside, fence = True, line.removesuffix("text")
        elif inside and line == fence:
            inside = False
        elif not inside:
            assert "<script>" not in line
            assert not line.startswith("# ")
    assert not inside


def test_json_has_the_trace(vnickit: Kit, plant: Plant) -> None:
    adapter = plant(SaysThatEverybodyIsActive)
    words = ("check", "--adapter", adapter, "--phase", "walk", "--steps", "300", "-x", "--json")
    (failure,) = json.loads(vnickit(*words).stdout)["failures"]
    assert failure["case"] == "MON-7/answers"
    assert failure["failed_again"] == {"failed": 5, "runs": 5}
    assert failure["allowed"][0]["by"] == ["MON-7"]
    assert [step["verdict"] for step in failure["steps"]] == ["fail"]
    assert failure["steps"][0]["lane"] == "server 0"


# --- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stimulus", "words"),
    [
        (advance(5), "5 ms pass"),
        (Stimulus.of("client", "reg_crq", length=100), "client registers its CRQ (length 0x64) (H_REG_CRQ)"),
        (Stimulus.of("server1", "send_crq", hex="c001" + 28 * "0"), "server 1 sends INIT (H_SEND_CRQ)"),
        (Stimulus.of("console", "add", server="server2", port=2), "administrator adds server 2 on port 2"),
        (Stimulus.of("console", "auto", value=0), "administrator writes auto_priority_failover = off"),
        (Stimulus.of("platform", "crash", target="server0"), "the partition of server 0 crashes"),
        (Stimulus.of("platform", "power_on", target="client"), "the partition of the client comes up"),
        (Stimulus.of("platform", "migrate"), "the client's partition migrates"),
        (Stimulus.of("server0", "vioctl", sub=0x99, p1=1), "server 0 calls H_VIOCTL 0x99 (1, 0, 0)"),
    ],
    ids=str,
)  # fmt: skip
def test_stimuli_in_words(stimulus: Stimulus, words: str) -> None:
    assert naming.phrase(stimulus) == words


@pytest.mark.parametrize(
    ("element", "name"),
    [
        ("ff08" + 28 * "0", "EVENT 08 FAILOVER"),
        ("ff0b" + 28 * "0", "EVENT 0B"),
        ("c002" + 28 * "0", "INIT_COMPLETE"),
        ("8084" + 28 * "0", "LOGIN_RSP"),
        ("807f" + 28 * "0", "COMMAND 7F"),
        ("9000" + 28 * "0", "ELEMENT 90 00"),
        ("", "ELEMENT"),
        ("zz", "ELEMENT"),
    ],
)
def test_elements_in_words(element: str, name: str) -> None:
    assert naming.element_name(element) == name
