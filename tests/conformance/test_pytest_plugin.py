"""The pytest plugin, as its users run it: a pytest of their own, in a directory of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

REFERENCE = "python:vnic_reference.adapter:Adapter"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def users_pytest(tmp_path: Path) -> Run:
    """``users_pytest(words ...)``: pytest in an empty directory, with the plugin and nothing of ours besides."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ})

    return run


def test_a_test_for_each_case_in_everybodys_junit(users_pytest: Run, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    result = users_pytest(
        f"--vnic-adapter={REFERENCE}",
        "--vnic-case=CRQ-2/[tw]*",
        "--vnic-phase=scripted",
        "--junitxml=j.xml",
        "--vnic-log=run.jsonl",
    )
    assert result.returncode == pytest.ExitCode.OK, result.stdout
    assert "CONFORMS: everything that was exercised is as it must be." in result.stdout
    names = {case.get("name") for case in ET.parse(tmp_path / "j.xml").iter("testcase")}
    assert names > {"test_own", "CRQ-2/wrong-unit"}
    assert '"end":"vnic-run"' in (tmp_path / "run.jsonl").read_text()


def test_a_failure_is_reported_as_check_reports_it(users_pytest: Run) -> None:
    adapter = f"{sys.executable} -m vnic_reference --fault registering_always_succeeds"
    result = users_pytest(f"--vnic-adapter={adapter}", "-k", "CRQ-2", "--vnic-phase=scripted")
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout
    assert "collected " in result.stdout
    assert "-" not in result.stdout.partition("deselected / ")[2].partition(" selected")[0], "counted wrong"
    assert "FAILED vnic::CRQ-2/" in result.stdout
    assert "replay         vnickit" in result.stdout
    assert "Traceback" not in result.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--vnic-adapter=",), "--vnic-adapter is empty"),
        (("--vnic-adapter=  ",), "--vnic-adapter is empty"),
        (("--vnic-case=CRQ-2",), "--vnic-case: without --vnic-adapter"),
        (("vnic::CRQ-2/two-pages",), "without --vnic-adapter"),
        ((f"--vnic-adapter={REFERENCE}", "--vnic-time-scale=nan"), "from 0.001 to 1000.0, not 'nan'"),
        ((f"--vnic-adapter={REFERENCE}", "--vnic-steps=1e9"), "from 0 to 1000000000, not '1e9'"),
        ((f"--vnic-adapter={REFERENCE}", f"--vnic-seed={1 << 70}"), "must be a whole number from -"),
    ],
)
def test_a_run_that_would_check_nothing_is_wrong_usage(users_pytest: Run, words: tuple[str, ...], says: str) -> None:
    result = users_pytest(*words)
    assert result.returncode == pytest.ExitCode.USAGE_ERROR, result.stdout + result.stderr
    assert says in result.stdout + result.stderr


def test_what_is_collected_can_be_passed_back(users_pytest: Run) -> None:
    words = (f"--vnic-adapter={REFERENCE}", "--vnic-case=CRQ-2/[tw]*", "--vnic-phase=scripted")
    listed = users_pytest(*words, "--collect-only", "-q")
    assert listed.returncode == pytest.ExitCode.OK, listed.stdout
    ids = [line for line in listed.stdout.splitlines() if line.startswith("vnic::")]
    scripted = ["vnic::CRQ-2/two-pages", "vnic::CRQ-2/wrong-unit"]
    assert set(scripted) < set(ids)
    played = users_pytest(*words, *scripted)
    assert played.returncode == pytest.ExitCode.OK, played.stdout
    assert "2 passed" in played.stdout
    wrong = users_pytest(*words, "vnic::CRQ-2/no-such-case")
    assert wrong.returncode == pytest.ExitCode.USAGE_ERROR, wrong.stdout


@pytest.mark.slow
@pytest.mark.parametrize("point", ["at_import", "at_making", "at_reset", "at_closing"])
@pytest.mark.parametrize("end", ["sys.exit(0)", "os._exit(0)"])
def test_an_adapter_that_exits_is_no_success(users_pytest: Run, tmp_path: Path, point: str, end: str) -> None:
    parts = {p: end if p == point else "pass" for p in ("at_import", "at_making", "at_reset", "at_closing")}
    (tmp_path / "ends.py").write_text(
        "import os, sys\nfrom vnic_reference.adapter import Adapter\n{at_import}\n"
        "class Made(Adapter):\n"
        "    def __init__(self):\n        super().__init__()\n        {at_making}\n"
        "    def __call__(self, request):\n"
        "        if request['op'] == 'reset':\n            {at_reset}\n"
        "        return super().__call__(request)\n"
        "    def close(self):\n        {at_closing}\n".format(**parts)
    )
    result = users_pytest("--vnic-adapter=python:ends:Made", "--vnic-case=CRQ-2/w*", "--vnic-phase=scripted")
    assert result.returncode in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.USAGE_ERROR), result.stdout


@pytest.mark.slow
def test_nothing_exercised_is_no_success(users_pytest: Run) -> None:
    adapter = f"{sys.executable} -m vnic_reference --without dma"
    result = users_pytest(f"--vnic-adapter={adapter}", "--vnic-case=MON-7/descriptor", "--vnic-phase=scripted")
    assert "passed" not in result.stdout.splitlines()[-1]
    assert result.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--vnic-adapter=./is-not-there"], "the adapter cannot be started"),
        ([f"--vnic-adapter={REFERENCE}", "--vnic-case=XYZ-1", "--vnic-phase=scripted"], "--vnic-case: "),
        ([f"--vnic-adapter={REFERENCE}", "--vnic-phase=by-hand"], "--vnic-phase by-hand: there are scripted, tour"),
        ([f"--vnic-adapter={REFERENCE}", "-n", "2"], "leave out -n"),
        (["--vnic-adapter=python:vnic_reference.system.adapter:SystemAdapter", "--vnic-phase=tour"], "role system has"),
    ],
)
def test_what_cannot_be_checked_is_refused(users_pytest: Run, words: list[str], advice: str) -> None:
    result = users_pytest(*words)
    assert result.returncode == pytest.ExitCode.USAGE_ERROR, result.stdout + result.stderr
    assert advice in result.stdout + result.stderr


def test_without_the_option_nothing_of_the_kit_is_imported(users_pytest: Run, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "import sys\n\ndef test_own():\n    assert [m for m in sys.modules if m.startswith('vnic_')] == "
        "['vnic_conformance', 'vnic_conformance.pytest_plugin']\n"
    )
    result = users_pytest()
    assert result.returncode == pytest.ExitCode.OK, result.stdout


@pytest.mark.parametrize("blamed", ["CRQ-1", "INV-8"])
def test_a_violation_of_what_has_no_test_fails_the_session(users_pytest: Run, tmp_path: Path, blamed: str) -> None:
    (tmp_path / "conftest.py").write_text(
        "from vnic_conformance.oracle import judge\n"
        "from vnic_conformance.running import narrowing\n"
        "narrowing.SEARCHING = 50\n"
        f"judge.blame = lambda *_: ({blamed!r}, 'as if')\n"
    )
    adapter = "python:vnic_reference.faults:registering_always_succeeds"
    result = users_pytest(f"--vnic-adapter={adapter}", "--vnic-phase=walk", "--vnic-steps=200")
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout
    assert " failed" not in result.stdout.splitlines()[-1], "no test of its own has failed"
    assert f"VIOLATION: {blamed}" in result.stdout
    assert "as if" in result.stdout


def test_a_log_that_is_there_is_replaced_when_the_run_is_over(users_pytest: Run, tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    log.write_text("of an earlier run\n")
    words = (f"--vnic-adapter={REFERENCE}", "--vnic-phase=scripted", f"--vnic-log={log}")
    assert users_pytest(*words, "--vnic-case=NO-SUCH").returncode == pytest.ExitCode.USAGE_ERROR
    assert users_pytest(*words, "--vnic-case=CRQ-2/w*", "-k", "nothing").returncode != pytest.ExitCode.OK
    assert log.read_text() == "of an earlier run\n"
    assert users_pytest(*words, "--vnic-case=CRQ-2/w*").returncode == pytest.ExitCode.OK
    assert '"end":"vnic-run"' in log.read_text()
    assert [file.name for file in tmp_path.iterdir() if "run" in file.name] == ["run.jsonl"]


def test_a_log_that_cannot_be_written_is_no_success(users_pytest: Run) -> None:
    words = (f"--vnic-adapter={REFERENCE}", "--vnic-phase=scripted", "--vnic-case=CRQ-2/w*")
    full = users_pytest(*words, "--vnic-log=/dev/full")
    assert full.returncode == pytest.ExitCode.INTERNAL_ERROR, full.stdout
    assert "/dev/full could not be written: No space left on device" in full.stdout
    nowhere = users_pytest(*words, "--vnic-log=no-such-directory/run.jsonl")
    assert nowhere.returncode == pytest.ExitCode.USAGE_ERROR, nowhere.stdout


@pytest.mark.slow
def test_a_system_is_checked_too(users_pytest: Run) -> None:
    adapter = "python:vnic_reference.system.faults:no_fencing"
    result = users_pytest(
        f"--vnic-adapter={adapter}", "--vnic-case=FOV-10/*", "--vnic-case=FOV-1/crash", "--vnic-steps=0"
    )
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout
    assert "1 failed, 1 passed" in result.stdout
    assert "FAIL           DAT-1, FOV-10: No frame" in result.stdout
