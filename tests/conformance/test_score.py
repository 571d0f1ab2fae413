"""``vnickit score``: rosters are read strictly, kills and survivors counted truly, and docs/score.md is what a run says."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.defaults import LONG
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.plan import requirements_of_role
from vnic_conformance.scoring import Roster, RosterError, asked
from vnic_conformance.scoring.default import PROGRAMS, compiled, default_rosters
from vnic_conformance.scoring.roster import Entry, read, roster_of
from vnic_conformance.scoring.score import Plan, Score, keep_score
from vnic_conformance.scoring.trial import Job, Trial, attempt
from vnic_reference.client_variants import CLIENT_VARIANTS
from vnic_reference.faults import FAULTS, VARIANTS
from vnic_reference.system.faults import SYSTEM_FAULTS

Vnickit = Callable[..., Result]
#: The roster of role client.
CLIENTS = "reference, role client"
PAGE = Path(__file__).parents[2] / "docs" / "score.md"
#: One fault that shows soon, by the words that start it in this process.
SOON = Entry("higher_number_wins", "python:vnic_reference.faults:higher_number_wins", "SEL-4")
#: What does nothing wrong.
LEGAL = Entry("reference", "python:vnic_reference.adapter:Adapter")


def roster(tmp_path: Path, **content: object) -> Path:
    file = tmp_path / "roster.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def entries(*which: Entry) -> list[dict[str, object]]:
    return [{"name": e.name, "adapter": e.adapter} for e in which]


# --- rosters ---------------------------------------------------------------------------------------------------------


def test_a_program_lists_what_it_has() -> None:
    made = [asked(f"{sys.executable} {words}") for words in PROGRAMS]
    assert [entry.name for entry in made[0].faults] == list(FAULTS)
    assert [entry.name for entry in made[0].variants] == list(VARIANTS)
    assert [entry.name for entry in made[1].faults] == list(SYSTEM_FAULTS)
    assert [entry.name for entry in made[2].faults] == list(CLIENT_VARIANTS)
    assert {entry.requirement for entry in made[0].faults} == {fault.requirement for fault in FAULTS.values()}


def test_what_a_program_lists_without_an_adapter_is_started_by_convention() -> None:
    made = roster_of({"faults": [{"name": "x"}], "variants": [{"name": "y"}]}, "here", words=["./mine", "-v"])
    assert made.faults[0].adapter == "./mine -v --fault x"
    assert made.variants[0].adapter == "./mine -v --variant y"


def test_a_roster_is_toml(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[faults]]\nname = "a"\nadapter = "./a"\nrequirement = "SEL-5"\nprofile = { crossing = "gap", grace = 2 }\n'
    )
    made = read(file)
    assert made == Roster("mine", (Entry("a", "./a", "SEL-5", "", {"crossing": "gap", "grace": 2}),))
    assert made.only(["b*"]).faults == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "one object"),
        ({}, "neither faults nor variants"),
        ({"name": 1, "faults": []}, "name must be a text"),
        ({"faults": {}}, "must be a list"),
        ({"faults": ["a"]}, "an object with a name"),
        ({"faults": [{"adapter": "./a"}]}, "it has no name"),
        ({"faults": [{"name": "a"}]}, "it has no adapter"),
        ({"faults": [{"name": "a\n", "adapter": "./a"}]}, "a text of one line"),
        ({"faults": [{"name": "a", "adapter": ["./a"]}]}, "a text of one line"),
        ({"faults": [{"name": "a", "adapter": "./a", "color": "red"}]}, "color means nothing here"),
        ({"faults": [{"name": "a", "adapter": "./a", "requirement": "SEL-99"}]}, "no requirement 'SEL-99'"),
        ({"faults": [{"name": "a", "adapter": "./a", "profile": {"grace": None}}]}, "profile must be"),
        ({"variants": [{"name": "a", "adapter": "./a"}] * 2}, "two are called a"),
    ],
)
def test_a_roster_is_refused_with_the_place_and_the_reason(content: object, said: str) -> None:
    with pytest.raises(RosterError, match=said):
        roster_of(content, "here")


def test_a_file_that_is_no_roster_is_wrong_usage(tmp_path: Path, vnickit: Vnickit) -> None:
    file = tmp_path / "x.toml"
    file.write_text("= 1")
    for words in (("--roster", file), ("--roster", tmp_path / "none.json"), ("--adapter", "/nowhere/mine")):
        result = vnickit("score", *words)
        assert result.exit_code == ExitCode.USAGE
        assert result.stderr.startswith("Error: ")


@pytest.mark.parametrize(
    "program", ["", "'", sys.executable, f"{sys.executable} -c 1", f"{sys.executable} -m vnic_reference --clock real x"]
)
def test_a_program_that_lists_nothing_is_refused(program: str) -> None:
    with pytest.raises(RosterError):
        asked(program)


# --- what is counted -------------------------------------------------------------------------------------------------


def test_a_kill_names_case_and_requirement_and_what_else_is_broken() -> None:
    trial = attempt(Job(SOON, 1, 100))
    assert trial.killed
    assert (trial.code, trial.requirement, trial.case, trial.phase) == (
        ExitCode.VIOLATION,
        "SEL-2",
        "CRQ-1/events",
        "scripted",
    )
    assert 0 < trial.steps < 50
    assert {"SEL-2", "CRQ-1/events"} <= set(trial.cases)


def test_a_later_stage_finds_what_scripts_alone_do_not() -> None:
    entry = Entry("never_expires", "python:vnic_reference.faults:never_expires")
    trial = attempt(Job(entry, 1, 2_000, ("walk",)))
    assert trial.killed
    assert trial.phase == "walk"


def test_all_faults_found_and_no_false_alarm(tmp_path: Path, vnickit: Vnickit) -> None:
    file = roster(tmp_path, name="mine", faults=entries(SOON))
    result = vnickit("score", "--roster", file, "--phase", "scripted", "--json", "--out", "score.md")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    said = json.loads(result.stdout)
    assert said["sentence"] == "1 of 1 fault found."
    assert said["requirements"]["SEL-2"] == {"fault": "higher_number_wins", "case": "SEL-2"}
    assert said["requirements"]["SES-1"] is None
    assert set(said["requirements"]) >= {entry.id for entry in requirements_of_role()}
    assert re.search(r"`higher_number_wins` .* \| SEL-2 \| CRQ-1/events \|", (tmp_path / "score.md").read_text())


def test_a_legal_variant_passes(tmp_path: Path, vnickit: Vnickit) -> None:
    file = roster(tmp_path, variants=entries(LEGAL))
    result = vnickit("score", "--roster", file, "--phase", "walk", "--steps", "100")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert result.stdout.splitlines()[-1].endswith("No false alarms on 1 variant.")


def test_a_survivor_and_a_false_alarm_are_violations(tmp_path: Path, vnickit: Vnickit) -> None:
    """The rosters the wrong way round: the legal one as a fault, the faulty one as a variant."""
    file = roster(tmp_path, faults=entries(LEGAL), variants=entries(SOON))
    result = vnickit("score", "--roster", file, "--phase", "walk", "--steps", "300", "--seeds", "2")
    assert result.exit_code == ExitCode.VIOLATION
    assert "SURVIVES with 2 of 2 seeds" in result.stdout
    assert "FALSE ALARM: " in result.stdout
    assert "0 of 1 fault found; 1 false alarm on 1 variant." in result.stdout


def test_what_nobody_chose_is_not_said_to_be_ineffective(tmp_path: Path, vnickit: Vnickit) -> None:
    tried = {"name": SOON.name, "adapter": SOON.adapter, "requirement": SOON.requirement}
    file = roster(tmp_path, faults=[tried, {"name": "other", "adapter": "/nowhere/mine", "requirement": "CRQ-1"}])
    result = vnickit("score", "--roster", file, "--phase", "scripted", "--only", SOON.name)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    said = " ".join(result.stdout.split())
    assert "Only what was chosen was tried: 1 fault that hurts SEL-4." in said
    assert "None did for" not in said, "of what nobody tried"


def test_what_cannot_be_asked_is_no_kill(tmp_path: Path, vnickit: Vnickit) -> None:
    file = roster(tmp_path, faults=[{"name": "gone", "adapter": "/nowhere/mine"}])
    result = vnickit("score", "--roster", file)
    assert result.exit_code == ExitCode.ADAPTER_BROKEN
    assert "could not be asked: gone" in result.stdout


def test_an_adapter_that_breaks_in_a_session_is_found_but_credits_no_requirement() -> None:
    trial = Trial(1, ExitCode.ADAPTER_BROKEN, case="CRQ-1/events")
    assert trial.killed
    assert not Trial(1, ExitCode.ADAPTER_BROKEN, reached=False).killed
    assert not Trial(1, ExitCode.INCONCLUSIVE).killed


def test_nothing_to_score_is_wrong_usage(tmp_path: Path, vnickit: Vnickit) -> None:
    file = roster(tmp_path, faults=entries(SOON))
    assert vnickit("score", "--roster", file, "--only", "no_such").exit_code == ExitCode.USAGE
    assert Score((), ()).code is ExitCode.INCONCLUSIVE


@pytest.mark.slow
def test_two_processes_say_the_same(tmp_path: Path) -> None:
    rosters = [Roster("mine", (SOON, Entry("b", "python:vnic_reference.faults:no_failover_event")))]
    one, two = (
        keep_score(rosters, Plan(steps=0, phases=("scripted",), jobs=jobs, requirements=False)) for jobs in (1, 2)
    )
    assert [(r.entry, r.shown.case, r.steps) for r in one.faults] == [
        (r.entry, r.shown.case, r.steps) for r in two.faults
    ]


# --- the page --------------------------------------------------------------------------------------------------------


FoundBy = dict[str, dict[str, tuple[str, str]]]


def test_the_page_has_every_fault(tmp_path: Path, found_by: FoundBy) -> None:
    assert list(found_by["reference"]) == list(FAULTS)
    assert list(found_by["reference, role system"]) == list(SYSTEM_FAULTS)
    assert set(found_by[CLIENTS]) == set(CLIENT_VARIANTS)
    try:
        program = compiled(tmp_path)
    except RosterError as error:
        pytest.skip(str(error))
    assert list(found_by["c-hypervisor"]) == [entry.name for entry in asked(program).faults]


@pytest.mark.slow
def test_the_page_is_what_a_run_says(tmp_path: Path, found_by: FoundBy) -> None:
    """Each fault is found again by the case that the page names; but for those that only ten thousand sessions show.

    Faulty clients have a test each, in test_client_score.py.
    """
    said = {(title, name): row for title, part in found_by.items() for name, row in part.items()}
    now = {}
    for made in (each for each in default_rosters(tmp_path, lambda words: None) if each.name != CLIENTS):
        for entry in made.faults:
            _, case = said[made.name, entry.name]
            if not case.partition("/")[2].startswith("ten-thousand"):
                trial = attempt(Job(entry, 1, 0, ("scripted", LONG), select=(case,)))
                now[made.name, entry.name] = (trial.requirement, trial.case)
    assert {key: said[key] for key in now} == now
    assert len(now) > 100
