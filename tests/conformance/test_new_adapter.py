"""``vnickit new-adapter``: what it writes is sane, is found out at once, and its next steps can be followed as printed."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode

Vnickit = Callable[..., Result]
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]


def started(vnickit: Vnickit, lang: str, *more: str) -> str:
    """A new adapter as ``--adapter`` takes it; the next steps are followed as they are printed."""
    result = vnickit("new-adapter", "--lang", lang, *more, "mine")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    first, *steps = [line.strip() for line in result.stdout.splitlines()]
    assert first == f"mine/adapter.{'c' if lang == 'c' else 'py'} is written. Next:"
    if lang == "c":
        if shutil.which("cc") is None:
            pytest.skip("there is no C compiler (cc) on this machine")
        done = subprocess.run([*steps.pop(0).split(), *STRICT], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    smoke, check = steps
    adapter = smoke.partition('"')[2].rstrip('"')
    assert smoke == f'vnickit smoke --adapter "{adapter}"'
    assert check == f'vnickit check --adapter "{adapter}"'
    return adapter.replace("python ", f"{sysconfig.get_path('scripts')}/python ")


@pytest.mark.parametrize("lang", ["c", "python"])
def test_it_passes_smoke_and_fails_clearly_beyond(lang: str, vnickit: Vnickit) -> None:
    adapter = started(vnickit, lang)
    result = vnickit("smoke", "--adapter", adapter)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert [line for line in result.stdout.splitlines() if line.startswith("not tried")] == [
        "not tried console     the feature console is not claimed"
    ]
    words = ("--phase", "scripted", "-k", "CRQ-2", "-x", "--steps", "0", "--log", "run.jsonl")
    result = vnickit("check", "--adapter", adapter, *words)
    assert result.exit_code == ExitCode.VIOLATION, result.output
    assert "came           step 1: client registers its CRQ (length 0) (H_REG_CRQ) → H_SUCCESS" in result.stdout
    assert "allowed        answer: H_PARAMETER; client's CRQ: CLOSED, by CRQ-2" in result.stdout
    assert result.stdout.rstrip().splitlines()[-1].startswith("VIOLATION: CRQ-2")


def test_one_of_a_client_passes_smoke_and_fails_clearly_beyond(vnickit: Vnickit) -> None:
    adapter = started(vnickit, "python", "--role", "client")
    result = vnickit("smoke", "--adapter", adapter)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert all(line.startswith(("ok ", " ")) for line in result.stdout.partition("\n\n")[0].splitlines())
    result = vnickit("check", "--adapter", adapter, "-k", "CLI-10/procedure-open", "--steps", "0")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    assert "not logged in at" in result.stdout
    assert result.stdout.rstrip().endswith("VIOLATION: CLI-10/procedure-open.")


@pytest.mark.parametrize("lang", ["c", "python"])
def test_what_is_there_is_left_alone(lang: str, vnickit: Vnickit) -> None:
    file = Path("mine") / ("adapter.c" if lang == "c" else "adapter.py")
    file.parent.mkdir()
    file.write_text("mine")
    result = vnickit("new-adapter", "--lang", lang, "mine")
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr == f"Error: {file} is there already, and is left alone\n"
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--lang", "cobol", "mine"], "'cobol' is not one of 'c', 'python'"),
        (["mine"], "Missing option '--lang'"),
        (["--lang", "c", "--role", "client", "mine"], "--lang c: an adapter of role client is there in python only"),
        (["--lang", "c", "file"], "file"),
        (["--lang", "c", "file/below"], "file/below"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], complaint: str, vnickit: Vnickit) -> None:
    Path("file").write_text("no directory")
    result = vnickit("new-adapter", *words)
    assert result.exit_code == ExitCode.USAGE
    assert complaint in result.stderr


def test_help_teaches_with_examples(vnickit: Vnickit, golden: Callable[[str, str], None]) -> None:
    golden("new_adapter_help.txt", vnickit("new-adapter", "--help").output)
