"""Every format of a failure tells the same steps, and programs that know the format read it."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import dpkt
import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.pictures.itf import VARIABLES
from vnic_conformance.pictures.mermaid import escaped
from vnic_conformance.pictures.page import run_page, stories_page
from vnic_conformance.pictures.pcapng import steps_of
from vnic_conformance.pictures.story import Shown, Step, Story, story_of_failure
from vnic_conformance.pictures.traffic import passage_words
from vnic_conformance.reports.naming import field_name
from vnic_conformance.running.play import Outcome
from vnic_conformance.running.recorded import load
from vnic_spec.properties import PROPERTIES

Kit = Callable[..., Result]
GOLDEN = Path(__file__).parents[1] / "golden"
TRACE = GOLDEN / "trace_no_hold.jsonl"
#: Failures that were recorded of faulty references, three of each role at least.
LOGS = [
    log
    for name in ("failures_[hs]*.jsonl", "run_version_1.jsonl", "failures_client_*.jsonl")
    for log in sorted(GOLDEN.glob(name))
]
_MARKUP = re.compile(r"[\s│●├─▶◀┤○╳×!~]+")


def bare(text: str) -> str:
    """Text without blanks and without what lanes are drawn with."""
    return _MARKUP.sub("", text)


class Words(HTMLParser):
    """The text of every step of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._inside is False and tag == "span" and ("class", "words") in attrs:
            self._inside = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "span":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1] += data


def in_mermaid(text: str) -> list[str]:
    notes = (line.strip() for line in text.splitlines() if line.strip().startswith("Note over"))
    return [note.partition(": ")[2] for note in notes if re.match(r"Note over p\d+: \d+\. ", note)]


def arrows(text: str) -> list[str]:
    return [line.partition(": ")[2] for line in text.splitlines() if re.match(r" +p\d+(->>|-x)p\d+: ", line)]


def in_itf(text: str) -> list[str]:
    states = json.loads(text)["states"][1:]
    steps = (Step(int(s["step"]["#bigint"]), 0, s["lane"], s["words"], s["fault"], s["wrong"]) for s in states)
    return [step.line for step in steps]


def test_there_are_three_failures_of_each_role() -> None:
    roles = [failure.episode.setting.role for log in LOGS for failure in load(log).failures]
    assert roles.count("hypervisor") >= 3
    assert roles.count("system") >= 3
    assert roles.count("client") >= 3


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_every_format_tells_the_same_steps(log: Path, vnickit: Kit, tmp_path: Path) -> None:
    for failure in load(log).failures:
        story = story_of_failure(failure)
        steps = [step.line for step in story.steps]
        assert len(steps) == len(failure.episode.moments)
        assert [step.wrong for step in story.steps] == [False] * (len(steps) - 1) + [True]

        def made(form: str, case: str = failure.case) -> bytes:
            file = tmp_path / "picture"
            assert vnickit("show", log, "--case", case, "--as", form, "--out", file).exit_code == ExitCode.CONFORMS
            return file.read_bytes()

        text = bare(vnickit("show", log, "--case", failure.case).stdout)
        at = 0
        for step in story.steps:
            at = text.find(bare(step.words), at)
            assert at >= 0, step.line
        page = Words()
        page.feed(made("html").decode())
        assert page.found == steps
        passages = [passage for step in story.steps for passage in step.elements]
        diagram, trace = made("mermaid").decode(), made("itf").decode()
        assert in_mermaid(diagram) == [escaped(line) for line in steps]
        assert arrows(diagram) == [escaped(passage_words(passage)) for passage in passages]
        assert in_itf(trace) == steps
        assert [e["bytes"] for state in json.loads(trace)["states"] for e in state["elements"]] == [
            p.bytes for p in passages
        ]
        assert list(steps_of(made("pcapng"))) == steps
        drawing = ET.fromstring(made("svg"))
        titles = drawing.iterfind(".//{*}g[@data-step]/{*}title")
        assert [title.text for title in titles] == steps


def test_another_reader_opens_the_capture_and_finds_the_comments(vnickit: Kit) -> None:
    (failure, *_) = load(LOGS[0]).failures
    assert vnickit("show", LOGS[0], "--case", failure.case, "--as", "pcapng", "--out", "a.pcapng").exit_code == 0
    capture = Path("a.pcapng").read_bytes()
    packets = [data for _, data in dpkt.pcapng.Reader(io.BytesIO(capture))]
    story = story_of_failure(failure)
    told = [step.line.encode() for step in story.steps]
    assert [data for data in packets if data in told] == told
    sent = [bytes.fromhex(e.bytes) for step in story.steps for e in step.elements if e.deed != "TAKEN"]
    assert [data for data in packets if data not in told][: len(sent)] == sent
    assert f"violated: {failure.requirement}".encode() in capture


def test_a_requirement_that_was_hurt_has_failed_even_if_no_case_of_it_was_selected() -> None:
    log = load(GOLDEN / "failures_client_1.jsonl")
    text = run_page(log.header, (), Outcome(failures=log.failures))
    row = text.partition('<table class="row">')[2].partition("</table>")[0]
    assert "none was selected" in row
    assert '<td class="fail">fail</td>' in row
    assert "<td>DLG-1</td>" in text
    assert "<td>CRQ-1</td>" in text


def test_a_trace_of_the_model_can_be_drawn_as_well(vnickit: Kit) -> None:
    lines = in_mermaid(vnickit("show", TRACE, "--as", "mermaid").stdout)
    assert in_itf(vnickit("show", TRACE, "--as", "itf").stdout) == lines
    assert len(lines) == len(TRACE.read_text(encoding="utf-8").splitlines()) - 2


def test_itf_is_read_by_the_library_for_it(vnickit: Kit) -> None:
    itf_py = pytest.importorskip("itf_py", reason="itf-py is not installed (extra dev)")
    trace = itf_py.trace_from_json(json.loads(vnickit("show", TRACE, "--as", "itf").stdout))
    assert trace.vars == list(VARIABLES)
    assert [state.values["step"] for state in trace.states] == list(range(len(trace.states)))


FAULTY = (
    "--adapter",
    "python:vnic_reference.faults:priority_range_unchecked",
    "--phase",
    "scripted",
    "-k",
    "SEL-4/range",
)


@pytest.mark.usefixtures("hurried")
def test_check_writes_the_page_that_show_makes_of_its_log(vnickit: Kit) -> None:
    result = vnickit("check", *FAULTY, "--log", "run.jsonl", "--html", "a.html")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    page = Path("a.html").read_text(encoding="utf-8")
    assert not list(Path().glob("*.part"))
    assert vnickit("show", "run.jsonl", "--as", "html").stdout.rstrip() == page.rstrip()
    (failure,) = load(Path("run.jsonl")).failures
    told = Words()
    told.feed(page)
    assert told.found == [step.line for step in story_of_failure(failure).steps]
    assert '<section class="kind" data-requirement="SEL-4">' in page
    row = page.partition('<table class="row">')[2].partition("</table>")[0]
    for claim in PROPERTIES.values():
        assert (f"<code>{claim.name}</code>" in row) == ("SEL-4" in claim.requirements)
    assert "<code>SEL-4/range</code> fail" in row
    assert '<td class="fail">fail</td>' in row


def test_every_kind_of_failure_has_its_row_and_its_failures() -> None:
    both = [load(LOGS[0]).failures[0], load(LOGS[1]).failures[0]]
    header, again = load(LOGS[0]).header, replace(both[0], case=f"{both[0].case}/again")
    page = run_page(header, (), Outcome(failures=[*both, again]))
    sections = page.split('<section class="kind" ')[1:]
    hurt = sorted({failure.requirement.partition("/")[0] for failure in both})
    assert [section.partition('"')[2].partition('"')[0] for section in sections] == hurt
    for section, requirement in zip(sections, hurt, strict=True):
        assert section.count("<article>") == 1 + (requirement == again.requirement.partition("/")[0])
        assert section.count('<table class="row">') == 1
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_what_is_shown_is_said_before_and_after_and_changes_are_marked(log: Path) -> None:
    for failure in load(log).failures:
        story = story_of_failure(failure)
        moments = [failure.episode.start, *(moment.came for moment in failure.episode.moments)]
        for step, before, after in zip(story.steps, moments[:-1], moments[1:], strict=True):
            changed = {one.name for one in step.state if one.changed}
            assert changed == {field_name(n) for n, v in (after.seen or {}).items() if v != before.get(n, "")}
        page = stories_page("t", [story])
        assert page.count("<mark>") == sum(one.changed for step in story.steps for one in step.state)


def test_a_change_that_words_do_not_show_is_marked_as_well() -> None:
    step = Step(
        1, 0, "client", "x", False, True, state=(Shown("queue", "INIT", "INIT", True), Shown("auto", "on", "on", False))
    )
    page = stories_page("t", [Story("c", "CRQ-1", "s", "", (), (step,))])
    assert page.count("<mark>") == 1
    assert "<mark>queue: INIT → INIT, other bytes</mark>" in page


def test_a_long_drawing_comes_in_parts_with_the_same_lanes() -> None:
    story = story_of_failure(load(LOGS[0]).failures[0])
    steps = tuple(replace(story.steps[n % len(story.steps)], number=n) for n in range(1, 251))
    page = stories_page("t", [replace(story, steps=steps)])
    parts = [ET.fromstring(text) for text in re.findall(r"<svg .*?</svg>", page, re.S)]
    assert len(parts) > 1
    numbers = [step.get("data-step") for part in parts for step in part.iterfind(".//{*}g[@data-step]")]
    assert numbers == [str(step.number) for step in steps]
    heads = [[text.text for text in part.iterfind("{*}text")] for part in parts]
    assert heads == [list(story.lanes)] * len(parts)


def test_a_run_that_broke_says_so_on_its_page(vnickit: Kit) -> None:
    result = vnickit("check", "--adapter", "python:vnic_reference.faults:nobody", "--html", "a.html")
    assert result.exit_code == ExitCode.ADAPTER_BROKEN
    assert "ADAPTER BROKEN: the adapter cannot be started" in Path("a.html").read_text(encoding="utf-8")


def test_foreign_text_is_escaped_everywhere() -> None:
    from vnic_conformance.pictures.mermaid import mermaid
    from vnic_conformance.pictures.svg import svg

    nasty = "<script>x</script>;end #35; \x1b[1m\nNote over p0: 9. no"
    story = Story("c", "CRQ-1", nasty, nasty, (nasty,), (Step(1, 0, "client", nasty, False, True),))
    assert "<script>x" not in stories_page(nasty, [story])
    assert "<script>x" not in svg(story)
    assert len(in_mermaid(mermaid(story))) == 1
    assert "#gt;#59;end #35;35#59;" in mermaid(story)
    for text in (stories_page(nasty, [story]), svg(story), mermaid(story)):
        assert "\x1b" not in text


def test_what_cannot_be_drawn_is_said_in_one_line(vnickit: Kit) -> None:
    for words, said in (
        (("--as", "pcapng"), "--out FILE"),
        (("--out", "x", "--as", "text"), "for pages and pictures"),
        (("--as", "svg", "--case", "CRQ-99"), "CRQ-99"),
    ):
        result = vnickit("show", LOGS[0], *words)
        assert result.exit_code == ExitCode.USAGE
        assert said in result.stderr
