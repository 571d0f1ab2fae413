"""Findings that are known: a page knows all that its survey found, and never hides what is new."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.linux.findings_page import Surveyed, lines_of, page_of
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.known_findings import Known, PageError, read, told_apart
from vnic_conformance.linux.playing import Found, Played, key_of
from vnic_conformance.linux.survey import Survey, findings

KERNEL = Kernel(Path("linux"), Path("initramfs"), "ibmvnic of 1", "1")
PAGE = Path(__file__).parents[2] / "docs" / "linux-findings.md"


def found(rule: str, came: str, length: int, requirement: str = "CLI-16") -> Found:
    return Found(rule, requirement, came, "nothing", 1_000, ("    1,000  client: calls",), length)


def surveyed(*sessions: Played) -> Survey:
    return Survey(sessions, tuple(findings(sessions)))


CRASH, LATER = found("is_healthy", "health: panic at 1.5 s: at 0x8", 10), found("is_healthy", "health: DMA: a|b", 30)
DOWN = found("recovers", "the link is down at 9 ms", 20, "CLI-21")
SURVEY = surveyed(
    Played("CLI-1/a", (CRASH, DOWN), 5, frozenset(), (), (LATER,)), Played("CLI-1/b", (DOWN,), 5, frozenset())
)


@pytest.fixture
def known(tmp_path: Path) -> Known:
    page = tmp_path / "page.md"
    page.write_text(page_of([Surveyed(KERNEL, SURVEY)]), encoding="utf-8")
    return read(page)


def test_a_page_knows_all_that_its_survey_found(known: Known) -> None:
    assert known.keys == {CRASH.key, LATER.key, DOWN.key}
    told = told_apart(SURVEY, known)
    assert told.survey.findings == ()
    assert told.came == known.keys
    (last,) = lines_of(told.survey, told)
    assert last == (
        f"3 known, 0 new, in 2 sessions: 0 have something new, 2 something that --known {known.where} deselects; "
        "0 of its 3 did not come"
    )


def test_a_page_of_two_drivers_knows_what_the_first_one_shows(tmp_path: Path) -> None:
    repaired = found("recovers", "the link is down since long", 20, "CLI-21")
    older = Surveyed(KERNEL, surveyed(Played("CLI-1/a", (CRASH, repaired), 5, frozenset())), ["--driver=0"])
    page = tmp_path / "page.md"
    page.write_text(page_of([Surveyed(KERNEL, SURVEY), older]), encoding="utf-8")
    assert repaired.came in page.read_text(encoding="utf-8")
    assert read(page).keys == {CRASH.key, LATER.key, DOWN.key}


@pytest.mark.parametrize("behind", [5, 25, 99])
def test_what_is_new_is_new_wherever_it_stands(known: Known, behind: int) -> None:
    """Before, between and behind known ones of its own rule, and of others."""
    new = found("is_healthy", "health: KASAN at 1 s: use after free", behind)
    first, later = sorted((CRASH, new), key=lambda one: one.length)
    told = told_apart(surveyed(Played("CLI-1/a", (first, DOWN), 5, frozenset(), (), (later, LATER))), known)
    assert [finding.first for finding in told.survey.findings] == [new]
    lines = list(lines_of(told.survey, told))
    assert lines[-1].startswith("3 known, 1 new, in 1 session: ")
    assert any("health: KASAN" in line for line in lines)
    assert any("after    a known one" in line for line in lines) == (behind > 5)


def test_of_what_is_new_each_rule_s_first_counts(known: Known) -> None:
    new = [found("is_healthy", f"health: {what}", at) for what, at in (("oops", 40), ("hung task", 50))]
    told = told_apart(surveyed(Played("CLI-1/a", (CRASH,), 5, frozenset(), (), tuple(new))), known)
    assert [finding.first for finding in told.survey.findings] == new[:1]


def test_the_page_of_the_kit_can_be_read() -> None:
    known = read(PAGE)
    assert len(known.keys) >= 40
    assert key_of("announces_itself", "no frame of the client's by 77 ms, and the link is up since 5 ms") in known.keys


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it has no findings"),
        ("# Findings\n", "it has no findings"),
        ("## 1. crash: Nobody has such a rule.\n", r"line 1: this kit has no rule 'Nobody has such a rule\.'"),
        ("\n- `no_rule` (CLI-1), later: it\n", "line 2: this kit has no rule 'no_rule'"),
    ],
)
def test_what_is_no_page_of_findings_is_refused(tmp_path: Path, text: str, why: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(PageError, match=why):
        read(page)
    refused = CliRunner().invoke(main, ["linux", "survey", "--known", str(page)], prog_name="vnickit")
    assert refused.exit_code == ExitCode.USAGE
    assert "--known: " in refused.output


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(b"\xff\xfe")
    with pytest.raises(PageError, match="it is no text"):
        read(page)


@pytest.mark.parametrize(
    ("words", "named"),
    [(("-x",), "-x"), (("--json",), "--json"), (("--steps", "5", "--phase", "hypothesis"), "--steps"),
     (("--phase", "hypothesis"), "--phase hypothesis"), (("--log", "run.jsonl"), "--log")],
)  # fmt: skip
def test_a_check_with_what_is_known_says_what_it_cannot_do(words: tuple[str, ...], named: str) -> None:
    refused = CliRunner().invoke(main, ["linux", "check", "--known", str(PAGE), *words], prog_name="vnickit")
    assert refused.exit_code == ExitCode.USAGE
    assert f"{named}: with --known sessions are played to their ends" in refused.output
