"""Surveys: what is the same finding, what follows from what, and the pages; without a kernel."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from vnic_conformance.cli import main
from vnic_conformance.client_role.happenings import Idled, Looked
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.linux import playing
from vnic_conformance.linux import survey as surveys
from vnic_conformance.linux.bugs import Bug
from vnic_conformance.linux.findings_page import Surveyed, hunt_page, line_of_hunt, lines_of, page_of
from vnic_conformance.linux.hunt import Hunted, _compared
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.kinds import kind_of, notes_of
from vnic_conformance.linux.playing import Found, Played
from vnic_conformance.linux.survey import Finding, Survey, findings, wanted

KERNEL = Kernel(Path("linux"), Path("initramfs"), "ibmvnic of 1", "1")


def found(rule: str, came: str, length: int = 10, requirement: str = "CLI-16") -> Found:
    return Found(rule, requirement, came, "nothing", 1_000, ("    1,000  client: calls",), length)


def played(name: str, *all_found: Found, calls: int = 7) -> Played:
    return Played(name, all_found, calls, frozenset())


def test_numbers_and_the_kernel_s_time_do_not_make_another_finding() -> None:
    one, other = (
        found("is_healthy", "health: panic at 3.020000 s: fault at addr 0x8, ip 0x688360e0"),
        found("is_healthy", "health: panic at 9.1 s: fault at addr 0xffff, ip 0x1"),
    )
    assert one.key == other.key
    assert one.key != found("is_healthy", "health: oops at 3.02 s: fault at addr 0x8, ip 0x1").key
    assert one.key != found("recovers", one.came).key


def test_the_shortest_session_shows_a_finding_and_the_others_are_named() -> None:
    made = findings(
        [played("long", found("recovers", "at 5 ms", 90)), played("short", found("recovers", "at 9 ms", 4))]
    )
    assert [(finding.name, finding.others) for finding in made] == [("short", ("long",))]


def test_what_always_comes_after_something_else_says_so() -> None:
    first, second = found("is_healthy", "crash"), found("recovers", "down", requirement="CLI-2")
    follows = {finding.first.rule: finding.after for finding in findings([played("a", first, second)])}
    assert follows == {"is_healthy": frozenset(), "recovers": {first.key}}
    alone = {
        finding.first.rule: finding.after for finding in findings([played("a", first, second), played("b", second)])
    }
    assert alone == {"is_healthy": frozenset(), "recovers": frozenset()}


def test_findings_are_in_the_order_of_requirements() -> None:
    made = findings([played("a", *(found("x", "x", requirement=each) for each in ("DLG-1", "CLI-16", "CLI-2")))])
    assert [finding.first.requirement for finding in made] == ["DLG-1"]
    different = [found(f"rule_{each}", "x", requirement=each) for each in ("DLG-1", "CLI-16", "CLI-2")]
    assert [each.first.requirement for each in findings([played("a", *different)])] == ["CLI-2", "CLI-16", "DLG-1"]


@pytest.mark.parametrize(
    ("select", "is_wanted"),
    [((), True), (("CLI-21/*",), True), (("CLI-21/a-inside-b",), True), (("CLI-21/a-inside-b@4",), True),
     (("CLI-21/a-inside-b@5",), False), (("CLI-1/*",), False)],
)  # fmt: skip
def test_a_case_takes_in_its_injections_and_a_call_takes_in_one(select: tuple[str, ...], is_wanted: bool) -> None:
    assert wanted("CLI-21/a-inside-b@4", select) is is_wanted


@pytest.mark.parametrize(
    ("rule", "came", "kind"),
    [
        ("is_healthy", "health: panic at 1.0 s: Kernel panic", "crash"),
        ("is_healthy", "health: KASAN at 1.0 s: BUG: KASAN: use-after-free", "crash"),
        ("is_healthy", "health: the guest hangs: no sign of life for 8 s", "stall"),
        ("is_healthy", "health: DMA: device 1: the driver unmaps 0x1+0x2 both, which is not mapped so", "DMA"),
        ("is_healthy", "health: WARNING at 1.0 s: WARNING: CPU: 0", "warning"),
        ("announces_itself", "no frame", "lost announcement"),
        ("asks_one_at_a_time", "LOGIN", "protocol slip"),
    ],
)
def test_the_kind_of_a_finding(rule: str, came: str, kind: str) -> None:
    assert kind_of(Finding(found(rule, came), "case", ())) == kind


def test_a_note_about_wrong_servers_needs_that_no_right_one_shows_it() -> None:
    crash = found("is_healthy", "health: panic at 1.0 s: Kernel panic - not syncing: Kernel mode signal 8")
    by_wrong = notes_of(Finding(crash, "DLG-6/wrong-sizes", ()))
    by_both = notes_of(Finding(crash, "DLG-6/wrong-sizes", ("DLG-10/legal-few",)))
    assert len(by_wrong) == 2
    assert by_both == by_wrong[:1]


def test_the_pages_say_how_to_see_it_again() -> None:
    survey = Survey((played("CLI-1/a b", found("is_healthy", "health: a|b")),), ())
    survey = Survey(survey.sessions, tuple(findings(survey.sessions)))
    text = "\n".join(lines_of(survey))
    assert "CLI-16: The client does not crash" in text
    assert text.endswith("1 finding in 1 of 1 session")
    page = page_of([Surveyed(KERNEL, survey, ["--driver=6.1"])])
    assert "again: `vnickit linux survey --driver=6.1 -k 'CLI-1/a b'`" in page
    assert "| 1 | CLI-16 | health | health: a\\|b | 1 |" in page


def surveyed(*sessions: Played) -> Survey:
    return Survey(sessions, tuple(findings(sessions)))


def test_a_page_of_two_drivers_has_each_finding_once_and_says_who_shows_it() -> None:
    both, own, others = found("is_healthy", "both"), found("recovers", "own"), found("recovers", "others")
    older = Surveyed(
        Kernel(Path("linux"), Path("initramfs"), "ibmvnic of 0", "1"),
        surveyed(played("a", both), played("b", both, others)),
        ["--driver=0"],
    )
    page = page_of([Surveyed(KERNEL, surveyed(played("a", both, own))), older])
    assert page.startswith("# Findings: ibmvnic of 1 in Linux 1 and ibmvnic of 0 in Linux 1\n")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert rows[0] == "| | requirement | kind | what came | 1 | 0 |"
    assert [row.split(" | ", 3)[3] for row in rows[1:]] == ["both | 1 | 2 |", "others | – | 1 |", "own | 1 | – |"]
    assert "- 1: 1 session, 7 hypervisor calls, 2 findings.\n- 0: 2 sessions, 14 hypervisor calls, 2 findings." in page
    chapter = page[page.index("\n## 2.") : page.index("\n## 3.")]
    assert "- only in: 0\n- came, at 1,000 ms: others\n" in chapter
    assert "- again: `vnickit linux survey --driver=0 -k b`" in chapter
    assert page.count("- only in:") == 1


def test_a_trace_is_the_last_lines_and_whatever_broke_a_rule() -> None:
    seen = [(Looked(now, True, True, (), ""), False) for now in range(30)] + [(Idled(30, None, 0), False)] * 3
    lines = playing._last_lines([*seen, (Idled(31, None, 0), True)])
    assert len(lines) == playing.TRACE_LINES
    assert lines[-2:] == ("       29  user: sees the link up", "       31  client: is idle")


def test_a_bug_is_found_where_a_session_breaks_a_rule_that_it_did_not_break_before() -> None:
    bug = Bug("bug", 1, "It.", (), ())
    known, new = found("is_healthy", "known"), found("recovers", "new")
    usual = {"a": played("a", known), "b": played("b")}
    result = _compared(bug, [played("a", known), played("b", known)], usual)
    assert (result.case, result.found, result.sessions, result.calls) == ("b", known, 2, 14)
    assert _compared(bug, [played("a", known, new)], usual).found == new
    behind = Played("a", (known,), 7, frozenset(), (), (found("is_healthy", "KASAN", 20),))
    assert _compared(bug, [behind], usual).case == "a"
    assert _compared(bug, [played("a", behind.later[0])], {"a": behind}).case == ""
    missed = _compared(bug, [played("a", known), played("c", new)], usual)
    assert (missed.case, missed.found, missed.sessions) == ("", None, 2)
    assert "not found in 2 sessions" in line_of_hunt(missed)
    page = hunt_page([result, missed])
    assert "| 1 | It. | `--bug bug` | `b` | CLI-16 | 2 | 14 |" in page
    assert "| 1 | It. | `--bug bug` | not found |  | 2 | 14 |" in page
    assert "| `--bug back-off-at-once` | a pause of a minute is within the time" in page


def test_a_survey_of_nothing_finds_nothing() -> None:
    assert surveys.findings([]) == []
    assert Hunted(Bug("bug", 1, "It.", (), ()), "", None, 0, 0).found is None


def test_the_known_bugs_are_listed_and_a_wrong_name_is_usage() -> None:
    listed = CliRunner().invoke(main, ["linux", "bugs", "no-*"], prog_name="vnickit")
    assert listed.exit_code == ExitCode.CONFORMS
    assert listed.output.splitlines()[0].startswith("no-resets-while-probing      #5")
    hidden = CliRunner().invoke(main, ["linux", "bugs", "back-off-at-once"], prog_name="vnickit")
    assert hidden.output.endswith(
        "Hidden: a pause of a minute is within the time that the driver claims for its recovery.\n"
    )
    wrong = CliRunner().invoke(main, ["linux", "bugs", "nothing"], prog_name="vnickit")
    assert wrong.exit_code == ExitCode.USAGE
    assert "vnickit linux bugs lists them" in wrong.output
