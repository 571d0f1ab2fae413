"""Every reader takes every file: a value, or its own error with the place; never a traceback, a hang, or memory without bound.

Each edit is drawn by a number, so that a failure names one number, and ``edited(document, number)`` is the file. The readers are
called in this process, as the commands call them; a few edits go through the command line, exit codes and all.
"""

from __future__ import annotations

import io
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as HypothesisPhase
from hypothesis import strategies as st

from vnic_conformance.commands.replay.playing import worst
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.reports.failure import failure_lines
from vnic_conformance.reports.summary import outcome_of
from vnic_conformance.reports.text import report_lines
from vnic_conformance.running import tours
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.judging import judge_log
from vnic_conformance.running.plan import known_case
from vnic_conformance.running.recorded import RunLogError, load
from vnic_conformance.running.replaying import replay_failure
from vnic_conformance.running.runlog import RunLog
from vnic_conformance.running.tours import Tour, Tours
from vnic_conformance.scoring.roster import RosterError, read
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.targets import AdapterBroken, open_target
from vnic_model.intake import IntakeError
from vnic_model.replay import replay
from vnic_model.trace import Trace, TraceError

pytestmark = pytest.mark.slow

REFERENCE = "python:vnic_reference.adapter:Adapter"
FAULTY = "python:vnic_reference.faults:registering_enables_interrupt"
GOLDEN = Path(__file__).parents[1] / "golden"
#: Edits of one example, and examples: twenty thousand edits of each kind of file. Judging takes longest, so of the edits of a
#: log one in twenty is judged; the others are read for show and replay, which work with some of them.
EDITS, EXAMPLES = 100, 200
JUDGED, SHOWN, REPLAYED = EXAMPLES // 20, EXAMPLES // 2, EXAMPLES * 9 // 20
#: No edit of a small file keeps a reader busy for longer than this, in seconds of the processor; nor does all of it take more
#: memory, in KiB.
LONGEST_S, MOST_KIB = 10.0, 600 << 10

#: Of one example; no two examples have an edit in common. A failure names its edit, so there is nothing to shrink.
numbers = st.integers(0, 1 << 40).map(lambda block: range(block * EDITS, (block + 1) * EDITS))
many = settings(
    max_examples=EXAMPLES, phases=[HypothesisPhase.generate], suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture(autouse=True)
def bounded_memory() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KIB


def small(lines: list[str], sessions: int, steps: int) -> bytes:
    """A log with few short sessions, one failure and the last lines of the other kinds."""
    kept, count, taken, failures, written = [lines[0]], 0, 0, 0, 0
    for line in lines[1:]:
        record = json.loads(line)
        if "phase" in record and "session" in record:
            count, taken = count + 1, 0
        inside = "step" in record or "over" in record or ("phase" in record and "session" in record)
        taken += inside
        failures += "failure" in record
        if (inside and count <= sessions and taken <= steps) or (
            not inside and ("failure" not in record or failures == 1)
        ):
            written += "step" in record and "failure" not in record
            kept.append(line if "end" not in record else json.dumps(record | {"sessions": sessions, "steps": written}))
    return ("\n".join(kept) + "\n").encode()


@pytest.fixture(scope="module")
def logs() -> tuple[bytes, ...]:
    """A log of today and one of version 1."""
    file = io.StringIO()
    check(Request(FAULTY, ("CRQ-11/*",), steps=0, phases=("scripted",)), [RunLog(file)])
    first = (GOLDEN / "run_version_1.jsonl").read_text(encoding="utf-8")
    made = tuple(small(text.splitlines(), 2, 6) for text in (file.getvalue(), first))
    for log in made:
        judge_log(log.decode())
    return made


Edited = Callable[[bytes, int], bytes]
Reader = Callable[[Path], object]
Tried = Callable[..., None]  #: document, number of the edit, reader, and perhaps another file


@pytest.fixture(scope="module")
def tried(edited: Edited, place: Path) -> Tried:
    """``tried(document, number, reader)``: give the reader the edit of this number, and see that it answers in time."""

    def told(document: bytes, number: int, reader: Reader, file: Path = place) -> None:
        file.write_bytes(edited(document, number))
        began = time.process_time()
        try:
            reader(file)
        except Exception as error:
            error.add_note(f"edit {number}")
            raise
        assert time.process_time() - began < LONGEST_S, number

    return told


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A file in memory, if possible: a disk that others use takes milliseconds to replace one, sixty thousand times."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as directory:
        yield Path(directory) / "file"


# --- logs ------------------------------------------------------------------------------------------------------------


@settings(many, max_examples=JUDGED)
@given(numbers)
def test_a_log_for_judge(logs: tuple[bytes, ...], tried: Tried, numbers: range) -> None:
    def reader(file: Path) -> None:
        try:
            _, found = judge_log(file)
        except RunLogError:
            return
        assert found.code in (0, 1, 3, 4)

    for number in numbers:
        tried(logs[number % 2], number, reader)


@settings(many, max_examples=SHOWN)
@given(numbers)
def test_a_log_for_show(logs: tuple[bytes, ...], tried: Tried, numbers: range) -> None:
    def reader(file: Path) -> None:
        try:
            run = load(file)
        except RunLogError:
            return
        if number % 7:  # odd, so that both logs are shown
            return
        assert list(
            report_lines(run.header, list(map(known_case, run.header.cases)), outcome_of(run), file="run.jsonl")
        )
        for failure in run.failures:
            assert list(failure_lines(failure, adapter=run.header.adapter, file="run.jsonl"))

    for number in numbers:
        tried(logs[number % 2], number, reader)


@settings(many, max_examples=REPLAYED)
@given(numbers)
def test_a_log_for_replay(logs: tuple[bytes, ...], tried: Tried, numbers: range) -> None:
    def reader(file: Path) -> None:
        try:
            run = load(file)
        except RunLogError:
            return
        if number % 11:  # odd, so that both logs are replayed
            return
        try:
            with open_target(REFERENCE) as target:
                assert worst([replay_failure(target, failure) for failure in run.failures]) in (0, 1, 3)
        except AdapterBroken:
            return

    for number in numbers:
        tried(logs[number % 2], number, reader)


# --- traces ----------------------------------------------------------------------------------------------------------

TRACES = ("trace_reselect_at_open", "lasso_complaint_not_remembered")


@many
@given(numbers)
def test_a_trace(tried: Tried, numbers: range) -> None:
    documents = [(GOLDEN / f"{name}.jsonl").read_bytes() for name in TRACES]

    def reader(file: Path) -> None:
        try:
            trace = Trace.load(file)
            if number % 30 == 0:  # carrying it out takes longer by far than reading it
                replay(trace)
        except TraceError:
            return

    for number in numbers:
        tried(documents[number % 200 == 0], number, reader)


# --- caches and rosters ----------------------------------------------------------------------------------------------


@many
@given(numbers)
def test_a_cache_of_tours(tried: Tried, numbers: range) -> None:
    word = (Stimulus.of("client", "reg_crq"), Stimulus.of("server0", "vioctl", sub=24, p1=1))
    kept = Tours((Tour("CRQ-1/x", frozenset({"CRQ-1/x", "CRQ-2/y"}), 2, word),), {"INV-1": "nothing reaches it"})
    document = tours.written(kept, "k")

    def reader(file: Path) -> None:
        try:
            found = tours.read(file.read_bytes(), "k")
        except IntakeError:
            return
        assert tours.read(tours.written(found, "k"), "k") == found

    for number in numbers:
        tried(document, number, reader)


ROSTER = {
    "name": "mine",
    "faults": [
        {"name": "a", "adapter": "./a --x", "requirement": "SEL-5", "description": "An.", "profile": {"grace": 2}},
        {"name": "b", "adapter": "./b"},
    ],
    "variants": [{"name": "c", "adapter": "./c"}],
}
TOML = b'name = "m"\n[[faults]]\nname = "a"\nadapter = "./a"\nprofile = { grace = 2 }\n[[variants]]\nname = "b"\nadapter = "b"\n'


@many
@given(numbers)
def test_a_roster(tried: Tried, place: Path, numbers: range) -> None:
    def reader(file: Path) -> None:
        try:
            found = read(file)
        except RosterError:
            return
        assert found.faults or found.variants

    documents = (json.dumps(ROSTER).encode(), TOML)
    for number in numbers:
        tried(documents[number % 2], number, reader, place.with_suffix((".json", ".toml")[number % 2]))


# --- certificates ----------------------------------------------------------------------------------------------------


@many
@given(numbers=numbers)
def test_a_manifest(tried: Tried, place: Path, numbers: range) -> None:
    """The manifest of a certificate; cvc5 has tests of its own, so here it is asked nothing."""
    pytest.importorskip("cvc5")
    from vnic_model.prover import verifying

    directory = place.with_name("certificate")
    document = _manifest(directory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifying, "by_action", lambda *given: [])
        for number in numbers:

            def reader(file: Path) -> None:
                found = verifying.recheck(directory, ["CLI-3"])
                assert not found.verified
                assert found.readable or found.problems

            tried(document, number, reader, directory / "manifest.json")


def _manifest(directory: Path) -> bytes:
    from vnic_model.prover import second
    from vnic_model.prover.certificate import all_of, place_of
    from vnic_model.prover.run import plan_of
    from vnic_model.prover.smtlib import LOGIC

    directory.mkdir(exist_ok=True)
    goals = plan_of(["CLI-3"])
    listed = [
        {
            "goal": x.goal,
            "action": x.action or None,
            "file": place_of(x),
            "sha256": "0",
            "z3": "proved",
            "cvc5": "proved",
            "proof": place_of(x, proof=True),
            "proof_sha256": "0",
        }
        for x in all_of(goals)
    ]
    manifest = {
        "format": 1,
        "logic": LOGIC,
        "z3": "4",
        "cvc5": "1",
        "cvc5_options": second.OPTIONS,
        "platform": "here",
        "asked": ["CLI-3"],
        "goals": list(goals),
        "obligations": listed,
    }
    return json.dumps(manifest, indent=1).replace("\n  ", " ").encode()


# --- through the command line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["judge", "show", "replay", "trace", "score"])
def test_through_the_command_line(verb: str, logs: tuple[bytes, ...], edited: Edited, tmp_path: Path) -> None:
    from vnic_conformance.cli import main

    trace = (GOLDEN / "trace_reselect_at_open.jsonl").read_bytes()
    documents = {"trace": trace, "score": b'{"faults": [{"name": "a", "adapter": "/nowhere/a"}]}'}
    file = tmp_path / "file.json"
    commands = {
        "judge": ["judge", file],
        "show": ["show", file],
        "replay": ["replay", file, "--adapter", REFERENCE],
        "trace": ["show", file],
        "score": ["score", "--roster", file, "--phase", "walk", "--steps", "1"],
    }
    for number in range(25):
        file.write_bytes(edited(documents.get(verb, logs[number % 2]), number))
        result: Result = CliRunner().invoke(main, [str(word) for word in commands[verb]], prog_name="vnickit")
        assert result.exit_code in (0, 1, 2, 3, 4), (number, result.output)
        assert "Traceback" not in result.output
        if result.exit_code == ExitCode.USAGE:
            assert result.stderr.startswith(("Error: ", "Usage: ")), number
