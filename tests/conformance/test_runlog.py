"""The log of a run: what was written is read back, and what is damaged is said to be so."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.answer import Answer, Facts
from vnic_conformance.episode import Setting
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judgement
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.episode import retrace
from vnic_conformance.running.events import Event, RunBegan, SessionBegan, StepDone
from vnic_conformance.running.judging import judge_again
from vnic_conformance.running.recorded import RunLogError, is_run, load
from vnic_conformance.running.runlog import RunLog, excerpt
from vnic_conformance.stimulus import Stimulus
from vnic_reference.adapter import Adapter
from vnic_spec.profile import Profile

pytestmark = pytest.mark.usefixtures("hurried")

REFERENCE = "python:vnic_reference.adapter:Adapter"
Kit = Callable[..., Result]
Plant = Callable[[Callable[[], object]], str]


class LosesTheFirstElement(Adapter):
    """Shows queues of the client without the first of several elements."""

    def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
        reply = super().__call__(request)
        elements = str(reply.get("client_queue", "")).split()
        if len(elements) > 1:
            reply["client_queue"] = " ".join(elements[1:])
        return reply


@cache
def logged(adapter: str, steps: int = 900) -> tuple[str, list[Event]]:
    """The log of a short check, and the events that it was told. One adapter is planted here, so its name stands for it."""
    file = io.StringIO()
    events: list[Event] = []
    check(Request(adapter, steps=steps, phases=("walk",)), [RunLog(file), events.append])
    return file.getvalue(), events


def test_a_log_says_what_came_in_full() -> None:
    text, events = logged(REFERENCE)
    run = load(text)
    steps = [event for event in events if isinstance(event, StepDone)]
    moments = [moment for session in run.sessions for moment in session.episode.moments]
    assert [m.stimulus for m in moments] == [event.given for event in steps]
    for moment, event in zip(moments, steps, strict=True):
        assert moment.came == {k: v for k, v in event.judgement.came.items() if k != "seq"}
    begun = [event for event in events if isinstance(event, SessionBegan)]
    assert [s.episode.start for s in run.sessions] == [
        {k: v for k, v in event.judgement.came.items() if k != "seq"} for event in begun
    ]
    assert not run.truncated
    assert run.end is not None
    assert (run.end.sessions, run.end.steps, run.end.code) == (len(run.sessions), len(moments), 0)
    assert [result.case for result in run.results] == list(run.header.cases)


def test_a_recorded_session_is_judged_again_as_it_was() -> None:
    run = load(logged(REFERENCE)[0])
    for session in run.sessions:
        retraced = retrace(session.episode)
        assert len(retraced) == len(session.episode.moments) + 1
        assert all(r.judgement.ok for r in retraced)


def test_each_step_names_what_allows_it() -> None:
    text, _ = logged(REFERENCE, 200)
    steps = [record for line in text.splitlines() if "step" in (record := json.loads(line))]
    assert all(step["verdict"] == "ok" for step in steps)
    assert all("by" in agreed for step in steps for agreed in step["agreed"])


def test_a_failure_can_be_taken_out_of_its_log(plant: Plant) -> None:
    text, _ = logged(plant(LosesTheFirstElement))
    run = load(text)
    small = excerpt(run.header, run.failures[:1])
    assert len(small) < 20_000
    alone = load(small)
    assert alone.failures == run.failures[:1]
    assert alone.end is not None
    assert alone.end.code == ExitCode.VIOLATION
    assert retrace(alone.failures[0].episode)[-1].judgement.requirement == alone.failures[0].requirement


def test_a_violation_is_recorded_with_everything_that_was_allowed(plant: Plant) -> None:
    text, _ = logged(plant(LosesTheFirstElement))
    failing = [
        record
        for line in text.splitlines()
        if (record := json.loads(line)).get("verdict") == "fail" and "step" in record
    ]
    assert failing
    for step in failing:
        assert step["hurts"]
        assert all(allowed["by"] and allowed["instead"] for allowed in step["allowed"])


@pytest.mark.parametrize("lines", [1, 2, 50])
def test_a_log_without_its_footer_is_truncated(lines: int) -> None:
    text = logged(REFERENCE, 100)[0]
    cut = "".join(text.splitlines(keepends=True)[:lines])
    run = load(cut)
    assert run.truncated
    assert sum(len(s.episode.moments) for s in run.sessions) == max(0, lines - 2)


def test_half_a_last_line_counts_as_missing() -> None:
    text = logged(REFERENCE, 100)[0]
    lines = text.splitlines(keepends=True)
    run = load("".join(lines[:10]) + lines[10][:20])
    assert run.truncated
    assert sum(len(s.episode.moments) for s in run.sessions) == 8


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [], "no header"),
        (lambda lines: ["{}\n"], "no header"),
        (
            lambda lines: [lines[0].replace('"version":2', '"version":9'), *lines[1:]],
            "version 9; this kit reads versions 1 and 2",
        ),
        (lambda lines: [lines[0].replace('"grace":3', '"grace":"x"'), *lines[1:]], "line 1: "),
        (lambda lines: [*lines[:3], "{\n", *lines[3:]], "line 4 is no JSON"),
        (lambda lines: [*lines[:3], "[]\n", *lines[3:]], "line 4 is no JSON object"),
        (lambda lines: [*lines[:3], '{"odd":1}\n', *lines[3:]], "line 4: unknown record with the members odd"),
    ],
    ids=["empty", "other", "version", "profile", "no JSON", "no object", "odd"],
)
def test_a_damaged_log_is_refused(change: Callable[[list[str]], list[str]], says: str) -> None:
    text = logged(REFERENCE, 20)[0]
    with pytest.raises(RunLogError, match=says):
        load("".join(change(text.splitlines(keepends=True))))


def test_a_log_whose_header_leaves_out_what_it_plays_is_refused() -> None:
    """Else the verdict on that case would be taken away by who shortens one line."""
    file = io.StringIO()
    check(Request(REFERENCE, phases=("scripted",), select=("SEL-4/range", "CRQ-2/wrong-unit")), [RunLog(file)])
    text = file.getvalue()
    assert {session.case for session in load(text).sessions} == {"SEL-4/range", "CRQ-2/wrong-unit"}
    first, rest = text.split("\n", 1)
    header = json.loads(first)
    header["cases"].remove("SEL-4/range")
    with pytest.raises(RunLogError, match=r'plays "SEL-4/range", and the header does not have it'):
        load(json.dumps(header) + "\n" + rest)
    header["select"] = ["CRQ-2"]  # where a rule is watched other roles also play what was not selected
    assert len(load(json.dumps(header) + "\n" + rest).sessions) == 2


def test_a_clock_that_an_adapter_broke_gets_into_no_footer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: float("nan"))
    file = io.StringIO()
    check(Request(REFERENCE, phases=("scripted",), select=("SEL-4/range",)), [RunLog(file)])
    monkeypatch.undo()
    end = load(file.getvalue()).end
    assert end is not None
    assert 0 <= end.seconds < 600


def test_what_is_no_log_is_told_from_one() -> None:
    assert is_run(logged(REFERENCE, 5)[0])
    assert not any(map(is_run, ("", "{}", "[]", "x", '{"trace":"vnic-trace"}')))


GOLDEN = Path(__file__).parents[1] / "golden"


def test_the_parts_of_what_came_stand_apart() -> None:
    """An adapter's own fields are in ``reply``, whatever their names; the kit's facts have a place that no adapter reaches."""
    file = io.StringIO()
    log = RunLog(file)
    log(RunBegan("0", "mine", {}, Profile(), 1, 1, (), ()))
    shown = {
        "now": 0,
        "client_crq": "CLOSED",
        "auto": 1,
        "selected": "",
        "pinned": "",
        "listed": "",
        "client_queue": "",
    }
    shown |= {"server0_queue": "", "server0_interrupts": ""}
    came = Answer({"outcome": "done", "absent": "CRQ-11", "seen": "x"}, shown, Facts(repeated=2))
    log(
        SessionBegan(
            1, "walk", None, Setting(1, Profile()), None, Judgement(Stimulus.of("kit", "reset"), ok=True, came=came)
        )
    )
    later = {name: value for name, value in shown.items() if name != "server0_interrupts"} | {"now": 5}
    gone = Answer({"outcome": "done", "rc": 0}, later, Facts(measured=(1, 2, 3, 4, 5)))
    unlooked = Answer({"outcome": "unsupported", "gone": "now", "client_queue_": 1})
    for number, each in enumerate((gone, unlooked), 1):
        done = Stimulus.of("client", "free_crq")
        log(StepDone(1, number, done, Judgement(done, ok=True, came=each)))
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert lines[1]["reply"] == {"outcome": "done", "absent": "CRQ-11", "seen": "x"}
    assert lines[1]["facts"] == {"repeated": 2}
    assert lines[2]["seen"] == {"now": 5, "server0_interrupts": None}
    assert "seen" not in lines[3]
    assert "facts" not in lines[3]
    episode = load(file.getvalue()).sessions[0].episode
    assert [episode.start, *(moment.came for moment in episode.moments)] == [came, gone, unlooked]


@pytest.mark.parametrize(
    ("name", "code", "facts"),
    [
        ("run_version_1", ExitCode.VIOLATION, lambda facts: facts.repeated == 20),
        ("run_version_1_real", ExitCode.CONFORMS, lambda facts: facts.measured is not None and facts.absent),
    ],
)
def test_a_log_of_version_1_is_still_read(name: str, code: ExitCode, facts: Callable[[Facts], bool]) -> None:
    run = load((GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8"))
    moments = [moment for session in run.sessions for moment in session.episode.moments]
    assert any(facts(moment.came.facts) for moment in moments)
    assert not any({"absent", "measured", "repeated", "gone"} & set(moment.came) for moment in moments)
    assert all(moment.came.seen for moment in moments)
    assert judge_again(run).code is code
    for failure in run.failures:
        assert retrace(failure.episode)[-1].judgement.requirement == failure.requirement


# --- show --------------------------------------------------------------------------------------------------------------


def test_show_says_what_check_said(vnickit: Kit, plant: Plant) -> None:
    words = ("--phase", "walk", "--steps", "300", "-x", "--log", "run.jsonl")
    said = vnickit("check", "--adapter", plant(LosesTheFirstElement), *words)
    shown = vnickit("show", "run.jsonl")
    assert shown.exit_code == ExitCode.CONFORMS
    assert shown.stdout == said.stdout


def test_show_one_failure(vnickit: Kit, plant: Plant, tmp_path: Path) -> None:
    words = ("--phase", "walk", "--steps", "300", "-x", "--log", "run.jsonl", "--json")
    report = json.loads(vnickit("check", "--adapter", plant(LosesTheFirstElement), *words).stdout)
    case = report["failures"][0]["case"]
    assert vnickit("show", "run.jsonl", "--case", case).stdout.startswith("FAIL           ")
    assert json.loads(vnickit("show", "run.jsonl", "--case", case, "--as", "json").stdout) == report["failures"][0]
    assert json.loads(vnickit("show", "run.jsonl", "--as", "json").stdout) == report
    small = vnickit("show", "run.jsonl", "--case", case, "--as", "log").stdout
    (tmp_path / "one.jsonl").write_text(small, encoding="utf-8")
    assert vnickit("show", "one.jsonl", "--case", case).stdout.startswith("FAIL           ")
    unknown = vnickit("show", "run.jsonl", "--case", "CRQ-99")
    assert unknown.exit_code == ExitCode.USAGE
    assert case in unknown.stderr


def test_show_a_truncated_log(vnickit: Kit, tmp_path: Path) -> None:
    lines = logged(REFERENCE, 100)[0].splitlines(keepends=True)
    (tmp_path / "run.jsonl").write_text("".join(lines[:40]), encoding="utf-8")
    shown = vnickit("show", "run.jsonl")
    assert shown.exit_code == ExitCode.INCONCLUSIVE
    assert "run.jsonl is truncated: the run did not come to its end" in shown.stderr
    assert "INCONCLUSIVE: the run did not come to its end" in shown.stdout


def test_show_a_trace_of_the_model(vnickit: Kit) -> None:
    golden = Path(__file__).parents[1] / "golden"
    shown = vnickit("show", golden / "trace_no_hold.jsonl")
    assert shown.stdout == (golden / "trace_no_hold.txt").read_text(encoding="utf-8")
    plain = json.loads(vnickit("show", golden / "trace_no_hold.jsonl", "--as", "json").stdout)
    assert plain[0]["trace"] == "vnic-trace"


@pytest.mark.parametrize("text", ["", "{}", "x\n", '{"run":"vnic-run"}\n'])
def test_show_refuses_what_it_cannot_read(text: str, vnickit: Kit, tmp_path: Path) -> None:
    (tmp_path / "odd").write_text(text)
    result = vnickit("show", "odd")
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr.startswith("Error: odd: ")
    assert vnickit("show", "nothing").exit_code == ExitCode.USAGE
