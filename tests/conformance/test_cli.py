"""The command line: help without verbs loaded, and one exit code per kind of outcome."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner, Result

from vnic_conformance.cli import CHAPTERS, VERBS, Verb, VerbGroup, main
from vnic_conformance.exit_codes import ExitCode


def run(callback: Callable[[], object], monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    """Run a group whose only verb, ``try-it``, is the callback."""
    verb = Verb("try-it", "Plumbing", "a verb of this test")
    module = types.ModuleType(verb.module)
    module.command = click.command()(callback)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, verb.module, module)
    return CliRunner().invoke(VerbGroup("vnickit", verbs=[verb]), words or ["try-it"])


@pytest.mark.parametrize("code", list(ExitCode))
def test_what_a_verb_returns_is_the_exit_code(code: ExitCode, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(lambda: code, monkeypatch)
    assert result.exit_code == code.value
    assert result.output == ""


@pytest.mark.parametrize("outcome", [None, True, 6, "CONFORMS"])
def test_success_has_to_be_meant(outcome: object, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(lambda: outcome, monkeypatch)
    assert result.exit_code == ExitCode.KIT_ERROR
    assert f"a verb must return an ExitCode, not {outcome!r}" in result.stderr


def test_an_unexpected_exception_is_a_fault_of_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble() -> None:
        raise KeyError("selected")

    result = run(stumble, monkeypatch)
    assert result.exit_code == ExitCode.KIT_ERROR
    first, second, third = result.stderr.splitlines()
    assert first.startswith("vnickit: kit error: KeyError: 'selected' (in stumble, line ")
    assert first.endswith(" of test_cli.py)")
    assert second == "This is a fault of the kit. It says nothing about the implementation under test."
    assert third == "Set VNICKIT_TRACEBACK=1 and run the same command again for the full report."


def test_the_full_report_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble() -> None:
        raise KeyError("selected")

    monkeypatch.setenv("VNICKIT_TRACEBACK", "1")
    assert "Traceback (most recent call last)" in run(stumble, monkeypatch).stderr


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), click.Abort()], ids=["interrupt", "abort"])
def test_a_stopped_run_has_no_verdict(stop: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def be_stopped() -> None:
        raise stop

    result = run(be_stopped, monkeypatch)
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert result.stderr.strip() == "vnickit: stopped; there is no verdict"


@pytest.mark.parametrize("words", [["try-it", "--unknown"], ["try-that"], ["try-it", "superfluous"]], ids=" ".join)
def test_wrong_usage(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(lambda: ExitCode.CONFORMS, monkeypatch, *words)
    assert result.exit_code == ExitCode.USAGE
    assert "Error: " in result.stderr


def test_without_a_verb_it_is_wrong_usage_that_shows_the_help() -> None:
    result = CliRunner().invoke(main, [])
    assert result.exit_code == ExitCode.USAGE
    assert "Usage: " in result.output


def test_a_file_that_cannot_be_read_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> None:
        raise click.FileError("trace.jsonl", "no such file")

    assert run(read, monkeypatch).exit_code == ExitCode.USAGE


def test_help_names_every_verb_and_every_exit_code() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for verb in VERBS:
        assert f"  {verb.name} " in result.output
    for code in ExitCode:
        assert f"  {code.value}  {code.meaning}" in result.output


def test_help_imports_no_verb() -> None:
    group = VerbGroup("vnickit", verbs=[Verb("absent", "Everyday", "a verb without a module")])
    assert "absent  a verb without a module" in CliRunner().invoke(group, ["--help"]).output


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_explains_itself(verb: Verb) -> None:
    assert verb.chapter in CHAPTERS
    result = CliRunner().invoke(main, [verb.name, "--help"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Usage: ")


def test_the_reader_of_a_pipe_may_leave() -> None:
    program = (
        "import click, sys\n"
        "from vnic_conformance.cli import VerbGroup\n"
        "@click.group(cls=VerbGroup)\n"
        "def main(): pass\n"
        "main.get_command = lambda ctx, name: click.Command('talk', callback=talk)\n"
        "def talk():\n"
        "    for _ in range(100_000): click.echo('x' * 100)\n"
        "main(['talk'], prog_name='vnickit')\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(10)
        child.stdout.close()
        complaint = child.stderr.read()
    assert child.returncode == ExitCode.INCONCLUSIVE
    assert complaint == b""


def test_the_numbers_are_an_interface() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "CONFORMS": 0,
        "VIOLATION": 1,
        "USAGE": 2,
        "INCONCLUSIVE": 3,
        "ADAPTER_BROKEN": 4,
        "KIT_ERROR": 5,
    }
    assert repr(ExitCode.CONFORMS) == str(ExitCode.CONFORMS) == "CONFORMS"


@pytest.mark.parametrize(
    ("instruction", "more", "says"),
    [
        ("bash_source", {}, "complete -o nosort -F _vnickit_completion vnickit"),
        ("zsh_source", {}, "#compdef vnickit"),
        ("fish_source", {}, "complete --no-files --command vnickit"),
        ("bash_complete", {"COMP_WORDS": "vnickit sho", "COMP_CWORD": "1"}, "plain,show"),
    ],
)
def test_a_shell_is_told_how_to_complete_words(
    instruction: str, more: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"_VNICKIT_COMPLETE": instruction, **more}.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(main, [], prog_name="vnickit")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert says in result.stdout


def test_an_unknown_shell_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_VNICKIT_COMPLETE", "tcsh_source")
    assert CliRunner().invoke(main, [], prog_name="vnickit").exit_code == ExitCode.USAGE
