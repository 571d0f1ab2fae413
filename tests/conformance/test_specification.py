"""``docs/specification.md`` is what the specification says today, and reads as one document."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from string import ascii_uppercase

import pytest
from click.testing import CliRunner

from vnic_conformance.call_reference import DESCRIBED
from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle.possibility import OracleOps
from vnic_conformance.oracle.time import Clock, Instant
from vnic_conformance.running.role import role_named
from vnic_conformance.specification import COMMAND, document
from vnic_conformance.specification.clauses import bound, declared
from vnic_conformance.specification.contents import ANNEXES, CHAPTERS, heading
from vnic_conformance.specification.prose import CLAUSES
from vnic_conformance.specification.security import THREATS, proved
from vnic_conformance.specification.versions import CHANGES
from vnic_model.example_runs import RUNS, trace_of_run
from vnic_spec.action import Actor
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import PARAMETERS, Crossing, Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import ALL_PARAMETERS, REQUIREMENTS, Level, Party, check_ids
from vnic_spec.state import VARIABLES
from vnic_spec.times import TIMES, Boundary

FILE = Path(__file__).parents[2] / "docs" / "specification.md"


@cache
def text() -> str:
    return document()


def anchors() -> set[str]:
    """The anchors of all headings, as they are made from their text."""
    headings = re.findall(r"^#+ (.+)$", text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_document_is_current() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        FILE.write_text(text(), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text(), f"docs/specification.md is out of date; write it anew: {COMMAND}"


def test_everything_has_its_place() -> None:
    headings = re.findall(r"^#### (.+)$", text(), re.M)
    assert set(REQUIREMENTS) <= set(headings)
    assert set(ACTIONS) <= set(headings)
    assert {heading.partition(": ")[0] for heading in headings if ": " in heading} >= set(PROPERTIES)
    assert all(f"| `{name}` |" in text() for name in PARAMETERS)
    assert all(re.search(rf"^\| `{v.name}(\(i\))?` \|", text(), re.M) for v in VARIABLES)


def test_every_reference_leads_somewhere() -> None:
    found = set(re.findall(r"\]\(#([^)]+)\)", text()))
    assert found
    assert found <= anchors()


def test_every_file_that_it_refers_to_is_there() -> None:
    for name in re.findall(r"\]\((?!#)([^)]+)\)", text()):
        assert (FILE.parent / name).exists(), name


def test_no_names_of_the_inside() -> None:
    assert not re.search(r":\w+:`|``(?!`)|\bvnic_\w+|\bo\.\w+|<function|lambda", text().replace("```", ""))


def test_it_can_be_printed_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Made once for all tests: it takes a while.
    monkeypatch.setattr("vnic_conformance.specification.document", text)

    def run(*words: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, ["specification", *words], prog_name="vnickit")
        return result.exit_code, result.stdout, result.stderr

    assert run() == (ExitCode.CONFORMS, text(), "")
    assert run("--out", str(tmp_path / "s.md")) == (ExitCode.CONFORMS, "", "")
    assert (tmp_path / "s.md").read_text(encoding="utf-8") == text()
    code, _, error = run("--out", str(tmp_path / "no" / "s.md"))
    assert code == ExitCode.USAGE
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "chapter", ["Scope", "Terms and notation", "Requirements", "State", "Rules", "Actions", "Properties"]
)
def test_it_reads_from_top_to_bottom(chapter: str) -> None:
    numbered = re.findall(r"^## (\d+)\. (.+)$", text(), re.M)
    assert [int(number) for number, _ in numbered] == list(range(1, len(numbered) + 1))
    lettered = re.findall(r"^## Annex ([A-Z])\. (.+)$", text(), re.M)
    assert [letter for letter, _ in lettered] == list(ascii_uppercase[: len(lettered)])
    assert re.findall(r"^## (.+)$", text(), re.M) == [heading(title) for title in (*CHAPTERS, *ANNEXES)]
    assert chapter in [title for _, title in (*numbered, *lettered)]


def test_the_main_part_is_short() -> None:
    """Who reads the standard reads the chapters; the annexes are looked up."""
    main = text().partition("\n## Annex ")[0]
    assert len(main.splitlines()) < 2000


def test_where_text_refers_to_a_place_it_is_there() -> None:
    """Chapters are referred to by number, annexes by letter; of both only those that there are."""
    assert {int(n) for n in re.findall(r"\bchapters? (\d+)\b", text())} <= set(range(1, len(CHAPTERS) + 1))
    assert set(re.findall(r"\bannex(?:es)? ([A-Z])\b", text())) <= set(ascii_uppercase[: len(ANNEXES)])


def section(title: str) -> str:
    """What stands under a heading of any level, down to the next one of that level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}$", text(), re.M)
    assert found, title
    rest = text()[found.end() :]
    end = re.search(rf"^#{{1,{len(found.group(1))}}} ", rest, re.M)
    return rest[: end.start()] if end else rest


# --- conformance -----------------------------------------------------------------------------------------------------


def test_every_requirement_binds_exactly_one_role() -> None:
    listed = Counter(
        name
        for heading, *_ in CLAUSES.values()
        for name in re.findall(r"\[([A-Z]+-\d+)\]", section(f"Conformance of a {heading.lower()}"))
    )
    assert listed == Counter(dict.fromkeys(REQUIREMENTS, 1))


def test_every_parameter_is_declared_by_exactly_one_role() -> None:
    assert sorted(name for party in Party for name in declared(party)) == sorted(ALL_PARAMETERS)


def test_the_kit_judges_what_the_clauses_say() -> None:
    """A role of the kit judges all that binds it; of the hypervisor alone it looks at some that bind the whole system, too."""
    judged = {name: {entry.id for entry in role_named(name).requirements()} for name in ("hypervisor", "client")}
    bind = {party: {name for level in Level for name in bound(party, level)} for party in Party}
    assert judged["client"] == bind[Party.CLIENT]
    assert judged["hypervisor"] >= bind[Party.HYPERVISOR]
    assert judged["hypervisor"] - bind[Party.HYPERVISOR] == {"INV-8"}
    assert bind[Party.SYSTEM] >= {"DAT-1", "DAT-2", "DAT-3", "LIV-1", "LIV-2", "LIV-3"}


def test_a_requirement_that_may_be_done_otherwise_says_by_which_parameter() -> None:
    for entry in REQUIREMENTS.values():
        assert entry.level is not Level.SHOULD or entry.profile, entry.id


def test_key_words_are_in_capitals_only_where_they_are_defined() -> None:
    levels = sum(f"**{entry.level}**" in section(entry.id) for entry in REQUIREMENTS.values())
    assert levels == len(REQUIREMENTS)
    outside = text().replace(section(heading("Conformance")), "")
    assert not re.findall(r"(?<!\*\*)\b(?:MUST|SHOULD|MAY|SHALL|RECOMMENDED|OPTIONAL)\b", outside)


# --- precedence ------------------------------------------------------------------------------------------------------


def test_every_code_of_every_call_has_its_place_in_the_precedence() -> None:
    rows = dict(re.findall(r"^\| `(H_[^`]+)` \| (.+?) \|", section("Precedence of return codes"), re.M))
    assert list(rows) == [call.title for call in DESCRIBED]
    for call in DESCRIBED:
        told = [
            (number, name)
            for name, numbers in re.findall(r"(H_\w+) \(([\d, ]+)\)", rows[call.title])
            for number in numbers.split(", ")
        ]
        assert told == [(str(n), check.answer.name) for n, check in enumerate(call.checks, 1)], call.title


# --- times -----------------------------------------------------------------------------------------------------------


def test_every_time_of_the_profile_is_in_the_chapter_and_every_step_of_the_clock() -> None:
    timed = {name for name in ALL_PARAMETERS if name.endswith("_ms")} | {"grace"}
    assert {name for time in TIMES for name in time.parameters} == timed
    clocked = {action.name for action in ACTIONS.values() if action.actor is Actor.CLOCK}
    assert {name for time in TIMES for name in time.actions} == clocked
    for time in TIMES:
        check_ids(time.name, time.requirements)
        assert f"| {time.name} |" in section(heading("Timing"))
        for name in time.parameters:
            assert time.requirements[0] in ALL_PARAMETERS[name].requirements, (time.name, name)


def test_the_boundaries_are_those_that_the_oracle_goes_by() -> None:
    profile = Profile(crossing=Crossing.GAP, grace=3)
    timer = Clock(OracleOps(1, profile), 1, profile).report_timer(0, Instant(0, 0), 100)
    first = {"report, may be missed": timer.earliest + 1, "report, is missed": timer.latest + 1}
    length = {"report, may be missed": 100, "report, is missed": 300}
    for time in TIMES:
        if time.name in first:
            assert (first[time.name] > length[time.name]) == (time.boundary is Boundary.AFTER)


# --- runs, security, changes -----------------------------------------------------------------------------------------


def test_example_runs_are_short_and_end_where_they_say() -> None:
    ends = {run.title: trace_of_run(run).steps[-1] for run in RUNS}
    assert all(len(trace_of_run(run).steps) <= 16 for run in RUNS)
    assert ends["Boot"].action == ends["Failover with a successor"].action == "client_reads_login_rsp"
    assert ends["Failover without a successor"].action == "client_reads_init"
    assert (ends["Complaint"].action, ends["Complaint"].changes) == ("server_reports", ())


def test_a_run_that_is_not_possible_is_refused() -> None:
    with pytest.raises(LookupError, match="client_sends_init is possible in 0 ways"):
        trace_of_run(replace(RUNS[0], taken="client_sends_init"))


def test_every_threat_names_requirements_that_there_are_and_most_are_proved_away() -> None:
    for threat in THREATS:
        check_ids(threat.what, threat.by)
    unproved = {threat.by for threat in THREATS if not list(proved(threat))}
    # Frames and bytes are below the machine.
    assert all(name.partition("-")[0] in ("DAT", "CLI", "DLG") for by in unproved for name in by)


def test_the_changes_are_the_repairs_of_the_decision_log() -> None:
    log = (FILE.parent / "decisions.md").read_text(encoding="utf-8")
    for name, rest in re.findall(r"^### (R\d+)\. (.+)$", log, re.M):
        (change,) = (c for c in CHANGES if c.name == name)
        assert tuple(re.findall(r"[A-Z]{3}-\d+", rest)) == change.requirements
    assert [c.name for c in CHANGES] == re.findall(r"^### (R\d+)\.", log, re.M)


def test_chapters_that_other_pages_name_are_there() -> None:
    for page in sorted(FILE.parent.glob("*.md")):
        if page != FILE:
            for named in re.findall(r'chapter\s"([^"]+)"', page.read_text(encoding="utf-8")):
                assert " ".join(named.split()) in CHAPTERS, page.name
