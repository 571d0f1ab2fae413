"""Where output cannot be written, or not all of it: the exit code is that of the verdict, and 1 is a violation only."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, cast

import pytest
from _pytest.mark import ParameterSet
from click.testing import CliRunner

from vnic_conformance.cli import VERBS, main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.runlog import RunLog
from vnic_conformance.streams import Outlet
from vnic_conformance.targets import Target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_reference.adapter import Adapter

REFERENCE: Final = "python:vnic_reference.adapter:Adapter"
FAULTY: Final = "python:vnic_reference.faults:fenced_send_accepted"

#: What is done to the streams, in the words of a shell.
BROKEN: Final = {
    "stdout full": '"$@" >/dev/full',
    "stderr full": '"$@" 2>/dev/full',
    "both full": '"$@" >/dev/full 2>&1',
    "stdout closed": '"$@" >&-',
    "stderr closed": '"$@" 2>&-',
    "all closed": '"$@" <&- >&- 2>&-',
    "reader gone": '"$@" | true; exit ${PIPESTATUS[0]}',
    "reader of both gone": '"$@" 2>&1 | true; exit ${PIPESTATUS[0]}',
}
#: Where standard output arrives, though not every character of it.
ENCODINGS: Final = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252, strict": {"PYTHONIOENCODING": "cp1252:strict"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


def some(table: Mapping[str, object], *fast: str) -> list[ParameterSet]:
    """The rows of a table; each starts Python, so that all but a few are slow tests."""
    return [
        pytest.param(value, id=name, marks=() if name in fast else (pytest.mark.slow,)) for name, value in table.items()
    ]


@pytest.fixture(scope="session")
def a_violation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a run with a violation."""
    file = tmp_path_factory.mktemp("logs") / "run.jsonl"
    log = RunLog(file.open("w", encoding="utf-8"))
    assert check(Request(FAULTY, ("FOV-10",), fail_fast=True, phases=("scripted",)), [log]).outcome.failures
    log.close()
    return file


def shell(script: str, words: list[str], directory: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    """A command in a shell; ``"$@"`` in the script is the command."""
    command = ["bash", "-c", script, "bash", sys.executable, "-m", "vnic_conformance", *words]
    return subprocess.run(command, cwd=directory, capture_output=True, check=False, env={**os.environ, **more})


@pytest.mark.parametrize("script", some(BROKEN, "stdout full", "all closed", "reader gone"))
def test_a_violation_is_one_whatever_can_be_written(script: str, a_violation: Path, tmp_path: Path) -> None:
    done = shell(script, ["judge", str(a_violation)], tmp_path)
    assert done.returncode == ExitCode.VIOLATION, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("more", some(ENCODINGS, "cp1252", "C"))
def test_an_encoding_takes_what_it_can(more: dict[str, str], a_violation: Path, tmp_path: Path) -> None:
    done = shell('"$@"', ["show", str(a_violation)], tmp_path, **more)
    assert b"VIOLATION: FOV-10" in done.stdout
    assert b"?" in done.stdout  # what stands for lines and arrows
    assert done.stderr == b""
    assert shell('"$@"', ["judge", str(a_violation)], tmp_path, **more).returncode == ExitCode.VIOLATION


#: Quick words for each verb but judge, which has a test above, and what it then says to a script; {} is a log with a violation.
WORDS: Final[dict[str, tuple[list[str], ExitCode]]] = {
    "demo": (["--help"], ExitCode.CONFORMS),
    "check": (["--adapter", FAULTY, "--phase", "scripted", "-k", "FOV-10", "-x"], ExitCode.VIOLATION),
    "prove": (["INV-1", "--mutate", "no_such_misreading"], ExitCode.USAGE),
    "explore": (["--mutate", "no_fence"], ExitCode.VIOLATION),
    "explain": (["CRQ-11"], ExitCode.CONFORMS),
    "show": (["{}", "--as", "log"], ExitCode.CONFORMS),
    "replay": (["{}", "--adapter", FAULTY], ExitCode.VIOLATION),
    "monitor": (["{}"], ExitCode.USAGE),
    "matrix": (["-k", "NO-1"], ExitCode.USAGE),
    "score": (["--adapter", "false"], ExitCode.USAGE),
    "specification": ([], ExitCode.CONFORMS),
    "export": (["--to", "smv", "--instance", "gap", "--servers", "1"], ExitCode.CONFORMS),
    "list": (["--phase", "scripted"], ExitCode.CONFORMS),
    "new-adapter": (["--lang", "c", "."], ExitCode.CONFORMS),
    "smoke": (["--adapter", "false"], ExitCode.ADAPTER_BROKEN),
    "linux": (["list", "--help"], ExitCode.CONFORMS),
}
#: The verbs that give a verdict meet every broken stream, the others one of each kind.
JUDGING: Final = ("check", "replay")
SOME_BROKEN: Final = ("both full", "all closed", "reader gone")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "how"),
    [
        (verb.name, how)
        for verb in VERBS
        if verb.name != "judge"
        for how in (BROKEN if verb.name in JUDGING else SOME_BROKEN)
    ],
)
def test_no_verb_takes_a_broken_stream_for_a_verdict(verb: str, how: str, a_violation: Path, tmp_path: Path) -> None:
    words, code = WORDS[verb]
    done = shell(BROKEN[how], [verb, *(word.format(a_violation) for word in words)], tmp_path)
    # All is well, and nobody has read it.
    unread = code is ExitCode.CONFORMS and not how.startswith("stderr")
    allowed = {ExitCode.INCONCLUSIVE} | ({code} if "gone" in how else set()) if unread else {code}
    assert done.returncode in allowed, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


NOISY = """
import os, sys
from vnic_reference.adapter import Adapter

class Noisy(Adapter):
    def __call__(self, request):
        print("print"); os.write(1, b"write\\x1b[2J\\n"); os.system("echo echo"); sys.__stdout__.write("under\\n")
        os.write(2, b"\\x1b[31mred\\n"); sys.__stderr__.write("beneath\\n")
        if request["op"] == "bye" and "BREAKS" in os.environ:
            raise ValueError
        return super().__call__(request)
"""


def test_what_an_adapter_prints_is_not_in_the_report(tmp_path: Path) -> None:
    (tmp_path / "noisy.py").write_text(NOISY)
    words = ["check", "--adapter", "python:noisy:Noisy", "--phase", "walk", "--steps", "50", "--json"]
    done = shell('"$@"', words, tmp_path)
    assert json.loads(done.stdout)["exit"] == done.returncode == ExitCode.CONFORMS
    for word in (b"print", b"write", b"echo", b"under", b"red", b"beneath", b"\x1b"):
        assert word not in done.stderr


def test_it_is_the_end_of_its_standard_error(tmp_path: Path) -> None:
    (tmp_path / "noisy.py").write_text(NOISY)
    words = ["check", "--adapter", "python:noisy:Noisy", "--phase", "walk", "--steps", "5"]
    done = shell('"$@"', words, tmp_path, BREAKS="1")
    assert done.returncode == ExitCode.ADAPTER_BROKEN
    for word in (b"| print", b"| write\\x1b[2J", b"| echo", b"| under", b"| \\x1b[31mred", b"| beneath"):
        assert word in done.stdout + done.stderr, word
    assert b"\x1b" not in done.stdout + done.stderr


def test_descriptors_of_a_process_that_is_not_the_command_s_are_guarded_too(capfd: pytest.CaptureFixture[str]) -> None:
    class Noisy(Adapter):
        def __call__(self, request: object) -> dict[str, object]:
            os.write(1, b"x" * 100_000 + b"\nlast")
            return super().__call__(request)  # type: ignore[arg-type]

    os.write(1, b"before ")
    with Target(InProcessLink(Noisy())) as target:
        os.write(1, b"between ")
        target.request({"op": "reset", "servers": 1})
        assert target.stderr_tail.endswith("last")
    os.write(2, b"behind")
    assert capfd.readouterr() == ("before between ", "behind")


def test_without_docstrings_the_kit_refuses(tmp_path: Path) -> None:
    done = shell('PYTHONOPTIMIZE=2 "$@"', ["list"], tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert b"-OO" in done.stderr


class _Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_an_outlet_never_raises() -> None:
    for stream in (None, _Full(), cast("io.StringIO", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))):
        outlet = Outlet(stream)
        assert outlet.write("│ a → b") == 7
        outlet.flush()
        assert not outlet.isatty()
        assert (outlet.lost is None) == (stream is not None and not isinstance(stream, _Full))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_no_help_shows_marks_of_the_formatter(verb: object, helps: Callable[[str], str]) -> None:
    text = helps(getattr(verb, "name"))  # noqa: B009 - a row of VERBS
    assert "\\b" not in text
    assert "\b" not in text
    assert not any(line.isspace() for line in text.splitlines())


@pytest.fixture
def helps() -> Callable[[str], str]:
    """The help text of a verb."""
    return lambda name: CliRunner().invoke(main, [name, "--help"]).output
