"""What a check writes: nothing is destroyed by a run that does not begin, and nothing that is lost takes a verdict away."""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import pytest
from click.testing import Result

from vnic_conformance.cli import report_kit_error
from vnic_conformance.commands import judge as judge_command
from vnic_conformance.commands.check import playing as check_command
from vnic_conformance.commands.log_file import LogFile
from vnic_conformance.commands.replay import playing as replay_command
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.recorded import read
from vnic_conformance.running.replaying import MISSED, missed, runs_wanted
from vnic_conformance.running.verdicts import Rerun
from vnic_conformance.writing import with_file, write_whole
from vnic_reference.adapter import Adapter

pytestmark = pytest.mark.usefixtures("hurried")

Kit = Callable[..., Result]
Plant = Callable[[Callable[[], object]], str]
REFERENCE = "python:vnic_reference.adapter:Adapter"
FAULTY = "python:vnic_reference.faults:priority_range_unchecked"
SYSTEM = "python:vnic_reference.system.adapter:SystemAdapter"
FOUND = ("--phase", "scripted", "-k", "SEL-4/range")
FINE = ("--phase", "scripted", "-k", "CRQ-2/wrong-unit")
BEFORE = "of an earlier run\n"


@pytest.fixture
def earlier(tmp_path: Path) -> tuple[Path, Path]:
    """A log and a report of an earlier run."""
    files = tmp_path / "run.jsonl", tmp_path / "j.xml"
    for file in files:
        file.write_text(BEFORE)
    return files


@pytest.mark.parametrize(
    "words",
    [
        ("--adapter", REFERENCE, "-k", "NO-SUCH", "--phase", "walk"),
        ("--adapter", "python:no_such_module:x", "--phase", "walk"),
        ("--adapter", REFERENCE, "--profile", "grace=many", "--phase", "walk"),
        ("--adapter", REFERENCE, "--servers", "11", "--phase", "walk"),
        ("--adapter", SYSTEM, "--phase", "walk"),
        ("--adapter", "no-such-program"),
    ],
    ids=["glob", "target", "profile", "servers", "role", "program"],
)
def test_a_run_that_does_not_begin_destroys_no_log(
    words: tuple[str, ...], vnickit: Kit, earlier: tuple[Path, Path]
) -> None:
    log, xml = earlier
    result = vnickit("check", *words, "--log", log, "--junit", xml)
    assert result.exit_code in (ExitCode.USAGE, ExitCode.ADAPTER_BROKEN), result.output
    assert log.read_text() == BEFORE
    if result.exit_code == ExitCode.USAGE:
        assert xml.read_text() == BEFORE
        assert not list(log.parent.glob("*.part"))
    else:
        assert "is left as it was" in result.stderr


def test_a_run_that_ends_replaces_the_log(vnickit: Kit, earlier: tuple[Path, Path]) -> None:
    log, xml = earlier
    result = vnickit("check", "--adapter", REFERENCE, *FINE, "--log", log, "--junit", xml)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert not read(log).truncated
    assert "<testsuites" in xml.read_text()
    assert not list(log.parent.glob("*.part"))


@pytest.mark.parametrize("option", ["--log", "--junit", "--html"])
@pytest.mark.parametrize(
    ("adapter", "words", "code"), [(REFERENCE, FINE, ExitCode.KIT_ERROR), (FAULTY, FOUND, ExitCode.VIOLATION)]
)
def test_what_cannot_be_written_is_told_after_the_report(
    option: str, adapter: str, words: tuple[str, ...], code: ExitCode, vnickit: Kit
) -> None:
    result = vnickit("check", "--adapter", adapter, *words, option, "/dev/full")
    assert result.exit_code == code, result.output
    verdict = "VIOLATION" if code is ExitCode.VIOLATION else "CONFORMS"
    assert verdict in result.stdout
    assert "vnickit: /dev/full could not be written: No space left on device" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_may_not_be_written_to_is_refused_at_once(vnickit: Kit, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    result = vnickit("check", "--adapter", REFERENCE, "--log", "locked/run.jsonl")
    assert result.exit_code == ExitCode.USAGE


def test_one_file_for_two_things_is_refused(vnickit: Kit) -> None:
    result = vnickit("check", "--adapter", REFERENCE, *FINE, "--log", "x", "--junit", "./x")
    assert result.exit_code == ExitCode.USAGE
    assert "name the same file" in result.stderr


def test_a_disk_that_fills_up_in_the_middle_of_a_run_keeps_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Filling(io.StringIO):
        def write(self, text: str) -> int:
            if self.tell() > 5_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(text)

    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda p, *a, **k: Filling() if p.suffix == ".part" else opened(p, *a, **k))
    log = LogFile(tmp_path / "run.jsonl")
    checked = check(Request(REFERENCE, ("CRQ-2/*",), phases=("scripted",)), [log])
    assert checked.outcome.code is ExitCode.CONFORMS
    assert "No space left on device; what was written until then is in" in log.lost


def test_no_failures_file_takes_no_verdict_away(vnickit: Kit, tmp_path: Path) -> None:
    (tmp_path / "vnickit-failures.jsonl.part").mkdir()
    result = vnickit("check", "--adapter", FAULTY, *FOUND)
    assert result.exit_code == ExitCode.VIOLATION
    assert "the failures could not be kept" in result.stderr


def test_runs_with_the_same_log_do_not_mix(tmp_path: Path) -> None:
    """Two at the same time, and one beside what a killed one has left."""
    left = tmp_path / "run.jsonl.part"
    left.write_text(BEFORE)
    logs = [LogFile(tmp_path / "run.jsonl") for _ in range(2)]
    check(Request(REFERENCE, ("CRQ-2/wrong-unit",), phases=("scripted",)), [*logs])
    for log in logs:
        assert (tmp_path / "run.jsonl").exists() == (log is not logs[0])
        log.close()
        assert not log.lost
        assert not read(tmp_path / "run.jsonl").truncated
    assert left.read_text() == BEFORE
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run.jsonl", "run.jsonl.part"]


def test_a_report_that_cannot_be_written_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "j.xml").mkdir()
    assert "could not be written" in write_whole(tmp_path / "j.xml", "x")
    assert write_whole(tmp_path / "half.txt", "\udc80") == ""
    assert sorted(file.name for file in tmp_path.iterdir()) == ["half.txt", "j.xml"]


@pytest.mark.parametrize("as_json", [True, False])
def test_who_interrupts_the_report_of_a_violation_does_not_take_it_back(
    as_json: bool, vnickit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    more = ("--json",) if as_json else ()
    found = vnickit("check", "--adapter", FAULTY, *FOUND, "--log", "run.jsonl")
    assert found.exit_code == ExitCode.VIOLATION
    for module in (check_command, replay_command, judge_command):
        monkeypatch.setattr(module, "show_json", interrupted)
    monkeypatch.setattr(check_command, "show", interrupted)
    monkeypatch.setattr(replay_command, "show", interrupted)
    monkeypatch.setattr(judge_command, "_report", interrupted)
    for words in (
        ("check", "--adapter", FAULTY, *FOUND),
        ("replay", "run.jsonl", "--adapter", FAULTY),
        ("judge", "run.jsonl"),
    ):
        result = vnickit(*words, *more)
        assert result.exit_code == ExitCode.VIOLATION, (words, result.output)
        assert "the verdict stands: violation" in result.stderr
    fine = vnickit("check", "--adapter", REFERENCE, *FINE, *more)
    assert fine.exit_code == ExitCode.INCONCLUSIVE, fine.output


# --- what cannot be made ---------------------------------------------------------------------------------------------

#: What makes each thing that a run writes, and the words that ask for it.
MAKERS = {
    "page": ("vnic_conformance.pictures.page.run_page", ("--html", "p.html")),
    "JUnit": ("vnic_conformance.commands.check.playing.junit", ("--junit", "j.xml")),
    "summary": ("vnic_conformance.commands.check.playing.job_summary", ("--summary", "s.md")),
    "badge": ("vnic_conformance.commands.check.playing.badge", ("--badge", "b.json")),
    "log": ("vnic_conformance.commands.log_file.RunLog", ("--log", "r.jsonl")),
    "failures": ("vnic_conformance.commands.check.playing.excerpt", ()),
    "JSON": ("vnic_conformance.commands.check.playing.plain_report", ("--json",)),
    "text": ("vnic_conformance.commands.check.playing.report_lines", ()),
}


class UnspeakableError(Exception):
    """A fault of the kit whose text cannot be had, either."""

    def __str__(self) -> str:
        raise ValueError


def cannot(*_: object, **__: object) -> None:
    raise UnspeakableError


@pytest.mark.parametrize("what", MAKERS)
def test_what_cannot_be_made_takes_no_violation_away(what: str, vnickit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    maker, words = MAKERS[what]
    monkeypatch.setattr(maker, cannot)
    result = vnickit("check", "--adapter", FAULTY, *FOUND, *words)
    assert result.exit_code == ExitCode.VIOLATION, result.output
    assert "could not be made, which is a fault of the kit: UnspeakableError" in result.stderr
    if what in ("JSON", "text"):
        assert "the verdict stands: violation SEL-4/range" in result.stderr
    else:
        assert "VIOLATION" in result.stdout


@pytest.mark.parametrize("what", [what for what in MAKERS if what != "failures"])
def test_what_cannot_be_made_is_a_fault_of_the_kit_where_all_conforms(
    what: str, vnickit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker, words = MAKERS[what]
    monkeypatch.setattr(maker, cannot)
    result = vnickit("check", "--adapter", REFERENCE, *FINE, *words)
    assert result.exit_code == ExitCode.KIT_ERROR, result.output
    assert "UnspeakableError" in result.stderr


@pytest.mark.parametrize("maker", ["plain", "show_result", "Trace.dump", "_page"])
def test_a_trace_that_cannot_be_made_takes_no_violation_of_the_model_away(
    maker: str, vnickit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"vnic_conformance.commands.explore.exploring.{maker}", cannot)
    words = ("--json",) if maker == "plain" else ()
    asked = ("--mutate", "no_fence", "--engine", "python", "--trace", "t.jsonl", "--html", "p.html")
    result = vnickit("explore", *asked, *words)
    assert result.exit_code == ExitCode.VIOLATION, result.output
    assert "could not be made, which is a fault of the kit: UnspeakableError" in result.stderr


@pytest.mark.parametrize("module", [replay_command, judge_command])
def test_a_report_that_cannot_be_made_takes_no_old_violation_away(
    module: object, vnickit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vnickit("check", "--adapter", FAULTY, *FOUND, "--log", "run.jsonl").exit_code == ExitCode.VIOLATION
    monkeypatch.setattr(module, "_report", cannot)
    words = ("replay", "run.jsonl", "--adapter", FAULTY) if module is replay_command else ("judge", "run.jsonl")
    result = vnickit(*words)
    assert result.exit_code == ExitCode.VIOLATION, result.output
    assert "the verdict stands: violation" in result.stderr


def test_a_page_that_cannot_be_made_or_written_takes_no_old_violation_away(
    vnickit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vnickit("check", "--adapter", FAULTY, *FOUND, "--log", "run.jsonl").exit_code == ExitCode.VIOLATION
    replay = ("replay", "run.jsonl", "--adapter", FAULTY, "--html")
    full = vnickit(*replay, "/dev/full")
    assert full.exit_code == ExitCode.VIOLATION
    assert "/dev/full could not be written" in full.stderr
    monkeypatch.setattr(replay_command, "_page", cannot)
    result = vnickit(*replay, "p.html")
    assert result.exit_code == ExitCode.VIOLATION
    assert result.stdout == full.stdout
    assert "could not be made, which is a fault of the kit: UnspeakableError" in result.stderr
    assert not Path("p.html").exists()
    for path, said in (
        ("nowhere/p.html", "there is no directory nowhere"),
        ("run.jsonl", "this command reads that file"),
    ):
        refused = vnickit(*replay, path)
        assert refused.exit_code == ExitCode.USAGE
        assert said in refused.stderr


# --- replay --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rerun", "runs"),
    [(Rerun(5, 5), 1), (Rerun(1, 1), 1), (Rerun(1, 5), 21), (Rerun(4, 5), 3), (Rerun(0, 5), 26), (Rerun(1, 1000), 500)],
)
def test_a_replay_plays_as_often_as_the_rate_asks_for(rerun: Rerun, runs: int) -> None:
    assert runs_wanted(rerun) == runs
    if 0 < rerun.failed < rerun.runs and runs < 500:
        rate = rerun.failed / rerun.runs
        assert (1 - rate) ** runs < MISSED <= (1 - rate) ** (runs - 1)
    assert bool(missed(rerun, runs)) == (not rerun.deterministic)


def test_how_often_an_unknown_rate_is_played() -> None:
    assert runs_wanted(None) == runs_wanted(Rerun(0, 0)) > 1
    assert missed(None, 5) == "how often it used to come is not recorded"


class FailsEveryFifthTime(Adapter):
    """Registers a server wrongly in every fifth run from reset."""

    resets = 0

    def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
        reply = super().__call__(request)
        self.resets += request["op"] == "reset"
        if request.get("call") == "reg_crq" and self.resets % 5 == 3 and reply.get("rc") == 2:
            reply["rc"] = 0
        return reply


def test_a_failure_that_comes_now_and_then_is_not_fixed(vnickit: Kit, plant: Plant) -> None:
    adapter = plant(FailsEveryFifthTime)
    assert (
        vnickit("check", "--adapter", adapter, "--phase", "walk", "--steps", "2000", "-x").exit_code
        == ExitCode.VIOLATION
    )
    words = ("replay", "vnickit-failures.jsonl", "--json", "--adapter")
    still = vnickit(*words, adapter)
    assert still.exit_code == ExitCode.VIOLATION, still.output
    (replayed,) = json.loads(still.stdout)["replayed"]
    assert 0 < replayed["failed"] < replayed["runs"] == 21
    fixed = vnickit("replay", "vnickit-failures.jsonl", "--adapter", REFERENCE)
    assert fixed.exit_code == ExitCode.CONFORMS
    said = " ".join(fixed.stdout.split())
    assert "violated in 0 of 21 runs" in said
    assert "it came in 1 of 5 runs; if it still did, these runs would miss it with a probability of 0.9%" in said


@pytest.mark.parametrize(
    ("code", "then"), [(ExitCode.VIOLATION, ExitCode.VIOLATION), (ExitCode.CONFORMS, ExitCode.KIT_ERROR)]
)
def test_a_page_that_cannot_be_written_takes_no_verdict_of_any_verb_away(
    code: ExitCode, then: ExitCode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `score`, `linux survey` and `linux bugs --hunt` end with."""
    assert with_file(code, None, str) is code
    assert with_file(code, tmp_path, lambda: "a page") is then
    assert f"{tmp_path} could not be written" in capsys.readouterr().err


# --- what somebody else does to the files -----------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--log", "--junit", "--html"])
@pytest.mark.parametrize("adapter", [FAULTY, REFERENCE])
def test_a_pipe_that_nobody_reads_is_refused_and_not_waited_for(
    option: str, adapter: str, vnickit: Kit, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "q")
    result = vnickit("check", "--adapter", adapter, *FINE, option, tmp_path / "q")
    assert result.exit_code == ExitCode.USAGE
    assert "it is a pipe that nobody reads" in result.stderr


def test_failures_are_not_kept_in_a_pipe_that_nobody_reads(vnickit: Kit, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "vnickit-failures.jsonl")
    result = vnickit("check", "--adapter", FAULTY, *FOUND)
    assert result.exit_code == ExitCode.VIOLATION
    assert "could not be written: it is a pipe that nobody reads" in result.stderr


class Meddles(Adapter):
    """Does something to the log of the run that checks it."""

    def __init__(self, part: Path, what: Callable[[Path], None]) -> None:
        super().__init__()
        self._part, self._what, self._left = part, what, 5

    def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
        self._left -= 1
        if self._left == 0:
            self._what(self._part)
        return super().__call__(request)


def _cut(part: Path) -> None:
    os.truncate(part, 0)


def _replace(part: Path) -> None:
    part.unlink()
    part.symlink_to(part.with_name("elsewhere"))
    part.with_name("elsewhere").write_text("")


@pytest.mark.parametrize(("what", "said"), [(_cut, "cut it short"), (_replace, "another file was put in its place")])
def test_a_log_that_somebody_else_changed_is_no_log(
    what: Callable[[Path], None], said: str, vnickit: Kit, plant: Plant, tmp_path: Path
) -> None:
    log = tmp_path / "run.jsonl"
    adapter = plant(lambda: Meddles(tmp_path / "run.jsonl.part", what))
    result = vnickit("check", "--adapter", adapter, *FINE, "--log", log)
    assert result.exit_code == ExitCode.KIT_ERROR
    assert f"{log} could not be written: " in result.stderr
    assert said in result.stderr
    assert not log.exists()


def test_a_command_does_not_write_to_what_it_reads(vnickit: Kit, tmp_path: Path) -> None:
    log, link = tmp_path / "run.jsonl", tmp_path / "link"
    assert vnickit("check", "--adapter", REFERENCE, *FINE, "--log", log).exit_code == ExitCode.CONFORMS
    before = log.read_text()
    link.symlink_to(log)
    for words in (("show", log, "--as", "html", "--out"), ("matrix", "--run", log, "--html")):
        for out in (log, link):
            result = vnickit(*words, out)
            assert result.exit_code == ExitCode.USAGE
            assert "this command reads that file" in result.stderr
    assert log.read_text() == before
    roster = tmp_path / "mine.toml"
    roster.write_text(BEFORE)
    result = vnickit("score", "--roster", roster, "--out", roster)
    assert result.exit_code == ExitCode.USAGE
    assert "this command reads that file" in result.stderr
    assert roster.read_text() == BEFORE


def test_a_kit_error_that_cannot_be_told_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As behind an audit hook that lets nobody open a file."""

    def refuses(*words: object, **more: object) -> None:
        raise RuntimeError("nothing works")

    monkeypatch.setattr(click, "echo", refuses)
    report_kit_error(ValueError("the first thing that went wrong"))
