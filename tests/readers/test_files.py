"""Files as they should not be: each reader says what is wrong, in one line, and waits for nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from vnic_conformance.cli import main
from vnic_conformance.running import records
from vnic_conformance.running.recorded import RunLogError, begun, load
from vnic_model.intake import IntakeError, bytes_of, json_of, lines_of, text_of
from vnic_model.trace import Trace, TraceError
from vnic_reference.system import program
from vnic_reference.system.scenario import ScenarioError

GOLDEN = Path(__file__).parents[1] / "golden"
LOG = (GOLDEN / "run_version_1.jsonl").read_bytes()
HEADER = LOG.partition(b"\n")[0]
DEEP = b"[" * 100_000
ENDLESS = b"\x00" * (1 << 20)


def loop(place: Path) -> None:
    place.symlink_to(place)


def secret(place: Path) -> None:
    place.write_bytes(LOG)
    place.chmod(0)
    if os.access(place, os.R_OK):
        pytest.skip("whoever runs this may read everything")


def written(data: bytes) -> Callable[[Path], object]:
    return lambda place: place.write_bytes(data)


#: What a file may be instead of a log, a trace, a roster, proofs, a manifest or a scenario.
ODD: dict[str, Callable[[Path], object]] = {
    "nothing there": lambda place: None,
    "a directory": lambda place: place.mkdir(),
    "a pipe that nobody writes": os.mkfifo,
    "a loop": loop,
    "a link to nothing": lambda place: place.symlink_to("/nowhere/at/all"),
    "a device that never ends": lambda place: place.symlink_to("/dev/zero"),
    "no permission": secret,
    "empty": written(b""),
    "blank lines": written(b"\n\n\n"),
    "zeros": written(ENDLESS),
    "binary": written(bytes(range(256)) * 10),
    "UTF-16": written(HEADER.decode().encode("utf-16")),
    "nested": written(DEEP),
    "nested objects": written(b'{"a":' * 50_000),
    "a long line": written(b'"' + b"x" * (1 << 25)),
    "a number without end": written(b"9" * 5_000),
    "NaN": written(b"NaN\n"),
    "a list": written(b"[]\n"),
    "an object": written(b"{}\n"),
    "the same name twice": written(b'{"run":"vnic-run","run":"vnic-run"}\n'),
}


@pytest.mark.parametrize("odd", ODD)
def test_every_reader_refuses_what_is_none_of_its_files(odd: str, tmp_path: Path) -> None:
    place = tmp_path / "x.json"
    ODD[odd](place)
    for words in (
        ("judge", place),
        ("show", place),
        ("monitor", place),
        ("replay", place, "--adapter", "python:vnic_reference.adapter:Adapter"),
        ("matrix", "--run", place),
        ("matrix", "--proofs", place),
        ("score", "--roster", place),
    ):
        result = CliRunner().invoke(main, [str(word) for word in words], prog_name="vnickit")
        assert result.exit_code == 2, (words, result.output)
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert str(place) in result.stderr
        assert len(result.stderr) < 700
    with pytest.raises(ScenarioError):
        program.read(str(place))


@pytest.mark.parametrize("odd", ODD)
def test_a_manifest_that_is_none_is_wrong_usage(odd: str, tmp_path: Path) -> None:
    pytest.importorskip("z3")
    pytest.importorskip("cvc5")
    ODD[odd](tmp_path / "manifest.json")
    result = CliRunner().invoke(main, ["prove", "CLI-3", "--recheck", str(tmp_path)], prog_name="vnickit")
    assert result.exit_code == 2, result.output
    assert "manifest.json" in result.stderr


# --- lines -----------------------------------------------------------------------------------------------------------


def test_a_log_from_another_editor_is_the_same_log(tmp_path: Path) -> None:
    place = tmp_path / "run.jsonl"
    place.write_bytes(b"\xef\xbb\xbf" + LOG.replace(b"\n", b"\r\n"))
    assert load(place) == load(LOG.decode())


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    lines = LOG.decode().splitlines()
    said = {"note": "one\u2028two\u0085three\x1d"}
    place = tmp_path / "run.jsonl"
    place.write_text("\n".join([*lines[:-1], json.dumps(said, ensure_ascii=False), lines[-1], ""]), encoding="utf-8")
    assert load(place).notes[-1] == said["note"]


@pytest.mark.parametrize("cut", range(2, 400, 7))
def test_a_log_may_be_cut_anywhere_in_its_last_line(cut: int, tmp_path: Path) -> None:
    place = tmp_path / "run.jsonl"
    place.write_bytes(LOG[:-cut])
    assert load(place).truncated


def test_a_character_that_was_cut_in_two_counts_as_missing() -> None:
    assert list(lines_of("a\nb")) == [(1, "a", True), (2, "b", False)]


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    place = tmp_path / "x"
    place.write_bytes(b"12345")
    assert bytes_of(place, 5) == b"12345"
    with pytest.raises(IntakeError, match="longer than 4 bytes"):
        text_of(place, 4)
    with pytest.raises(IntakeError, match="no NUL"):
        bytes_of(Path("a\0b"), 5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1e999", "beyond every number"),
        ("-Infinity", "no JSON: -Infinity is no number"),
        ("18446744073709551616", "does not fit into 64 bits"),
        ("[" * 33 + "]" * 33, "nested too deeply"),
        (r'"\udc80"', "half a character"),
        ('{"a": 1, "b": 2, "a": 3}', 'field "a" is there 2 times'),
        ("{'a': 1}", "no JSON"),
        (f"[{'0,' * 2_000_001}0]", "more than 2,000,000 values"),
    ],
)
def test_json_is_read_more_strictly_than_python_does(text: str, says: str) -> None:
    with pytest.raises(IntakeError, match=says):
        json_of(text)


def test_json_that_the_kit_writes_is_read() -> None:
    assert json_of(r'{"a": [18446744073709551615, -9223372036854775808, "\ud83d\ude00", "[[{{"]}') == {
        "a": [2**64 - 1, -(2**63), "😀", "[[{{"]
    }


# --- fields ----------------------------------------------------------------------------------------------------------


def changed(number: int, change: Callable[[dict[str, object]], object]) -> str:
    """The log with one line changed."""
    lines = LOG.decode().splitlines()
    record = json.loads(lines[number - 1])
    change(record)
    return "\n".join([*lines[: number - 1], json.dumps(record), *lines[number:]]) + "\n"


@pytest.mark.parametrize(
    ("number", "change", "says"),
    [
        (1, lambda r: r.pop("kit"), "line 1: field kit is missing"),
        (1, lambda r: r.update(seed="x"), 'line 1: field seed must be a whole number .*, not "x"'),
        (1, lambda r: r["profile"].update(grace=[]), r"line 1: field profile.grace must be .*, not \[\]"),
        (1, lambda r: r["profile"].update(nothing=1), "line 1: no profile parameter 'nothing'"),
        (2, lambda r: r.update(servers=10**18), "line 2: field servers must be a whole number from 1 to 64"),
        (2, lambda r: r.update(servers=True), "line 2: field servers must be"),
        (2, lambda r: r.update(verdict="fine"), "line 2: field verdict must be one of ok, fail, inconclusive"),
        (2, lambda r: r.update(unpaired=["x"]), "line 2: .*unpaired"),
        (2, lambda r: r["came"].update(auto=3), "line 2: what came is not what the protocol has: .*auto"),
        (2, lambda r: r["came"].pop("listed"), "line 2: .*field 'listed' is missing"),
        (3, lambda r: r.update(call="dance"), "line 3: there is no such request"),
        (3, lambda r: r.update({"with": {"address": "much"}}), 'line 3: field "address" must be'),
        (3, lambda r: r["came"].pop("rc"), 'line 3: .*"rc" must be its return code'),
        (3, lambda r: r["came"].update(rc={}), "line 3: field came.rc must be a text or a whole number"),
        (
            3,
            lambda r: r["came"].update(client_queue={"taken": 9, "added": ""}),
            "line 3: field client_queue.taken must be",
        ),
    ],
)
def test_a_damaged_line_is_named_with_its_field(
    number: int, change: Callable[[dict[str, object]], object], says: str
) -> None:
    with pytest.raises(RunLogError, match=says):
        load(changed(number, change))


def test_queues_that_grow_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 1 << 20
    monkeypatch.setattr(records, "MOST_HELD", most)
    lines = LOG.decode().splitlines()
    step = json.loads(lines[2])
    much = " ".join(["00" * 16] * 3_000)
    steps = []
    for number in range(most // len(much) + 2):
        step["step"] = number + 1
        step["came"]["server0_queue"] = {"taken": 0, "added": "" if number else much}
        steps.append(json.dumps(step))
    with pytest.raises(RunLogError, match="hold more than"):
        load("\n".join([*lines[:2], *steps]) + "\n")


@pytest.mark.parametrize("servers", [0, 7, 10**30])
def test_a_trace_of_servers_that_no_vnic_has(servers: int, tmp_path: Path) -> None:
    lines = (GOLDEN / "trace_reselect_at_open.jsonl").read_text(encoding="utf-8").splitlines()
    place = tmp_path / "t.jsonl"
    place.write_text("\n".join([json.dumps({**json.loads(lines[0]), "servers": servers}), *lines[1:], ""]))
    with pytest.raises(TraceError, match=r"line 1|header: servers"):
        Trace.load(place).header.machine()


# --- memory ----------------------------------------------------------------------------------------------------------

#: Reads a log, session by session, in so much more address space as is given; tells how many there were, and in what time.
READER = """
import resource, sys, time
from pathlib import Path
from vnic_conformance.running.recorded import begun
here = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (here + int(sys.argv[2]),) * 2)
began = time.process_time()
run, sessions = begun(Path(sys.argv[1]))
print(sum(1 for _ in sessions), run.truncated, time.process_time() - began)
"""


def repeated(place: Path, least: int) -> int:
    """A log with the same sessions again and again; how many there are."""
    head, *lines = LOG.splitlines(keepends=True)
    sessions = [line for line in lines if line.startswith((b'{"session"', b'{"step"'))]
    block, count, steps = b"".join(sessions), 0, 0
    with place.open("wb") as file:
        file.write(head)
        while file.tell() < least:
            file.write(block)
            count += sum(line.startswith(b'{"session"') for line in sessions)
            steps += sum(line.startswith(b'{"step"') for line in sessions)
        file.write(json.dumps(json.loads(lines[-1]) | {"sessions": count, "steps": steps}).encode() + b"\n")
    return count


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells the address space in use")
def test_a_long_log_is_read_in_little_memory_and_in_time_that_grows_with_it(tmp_path: Path) -> None:
    place, memory = tmp_path / "run.jsonl", 10 << 20
    took: list[float] = []
    for least in (3 << 20, 12 << 20):  # the longer one does not fit
        count = repeated(place, least)
        words = [sys.executable, "-c", READER, str(place), str(memory)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        said = done.stdout.split()
        assert said[:2] == [str(count), "False"], done.stderr
        took.append(float(said[2]))
    assert took[1] < 2 * 4 * took[0]  # of the processor's time; twice, for it is shared


@pytest.mark.parametrize("hurts", ["CRQ-14]", "CRQ-140", "", "answers/CRQ-14"])
def test_a_failure_is_shown_whatever_it_hurts(tmp_path: Path, hurts: str) -> None:
    place = tmp_path / "run.jsonl"
    place.write_bytes(LOG.replace(b'"hurts":"CRQ-14"', b'"hurts":' + json.dumps(hurts).encode()))
    assert place.read_bytes() != LOG
    result = CliRunner().invoke(main, ["show", str(place)])
    assert result.exit_code == 0
    assert f"FAIL           {hurts.partition('/')[0]}  A call that answers busy" in result.output


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_sessions(tmp_path: Path) -> None:
    most = []
    for least in (1 << 17, 1 << 19):
        place = tmp_path / str(least)
        repeated(place, least)
        tracemalloc.start()
        for _ in begun(place)[1]:
            pass
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < 1.5 * most[0]


@pytest.mark.slow
def test_a_trace_is_refused_when_it_gets_too_long(tmp_path: Path) -> None:
    lines = (GOLDEN / "trace_reselect_at_open.jsonl").read_bytes().splitlines(keepends=True)
    most = []
    for steps in (20_000, 80_000):
        place = tmp_path / "t.jsonl"
        place.write_bytes(lines[0] + lines[1] * steps)
        tracemalloc.start()
        with pytest.raises(TraceError, match="at most 10,000 steps"):
            Trace.load(place)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < 1.1 * most[0]
