"""``vnickit export``: the text says how it was made and how to run it, and bad words get one line."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode

Kit = Callable[..., Result]


def test_help_teaches_with_examples(vnickit: Kit, golden: Callable[[str, str], None]) -> None:
    golden("export_help.txt", vnickit("export", "--help").output)


@pytest.mark.parametrize("language", ["promela", "smv"])
def test_the_text_names_the_command_that_makes_it_again(vnickit: Kit, language: str, tmp_path: Path) -> None:
    words = ["--to", language, "--instance", "gap", "--servers", "1", "--mutate", "failover_disables", "--properties"]
    printed = vnickit("export", *words)
    assert printed.exit_code == ExitCode.CONFORMS
    said = next(line for line in printed.output.splitlines() if "Made by:" in line)
    again = shlex.split(said.partition("vnickit ")[2])
    assert vnickit(*again, "--out", "a.txt").output == ""
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == printed.output.replace("FILE", "a.txt")


def test_the_head_says_how_to_run_it(vnickit: Kit) -> None:
    head = vnickit("export", "--to", "promela", "--instance", "gap", "--servers", "1", "--out", "gap.pml")
    assert head.exit_code == ExitCode.CONFORMS
    text = Path("gap.pml").read_text(encoding="utf-8")
    assert "spin -o2 -a gap.pml\n" in text
    assert "assert(" not in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "tla"], "'tla' is not one of 'promela', 'smv'"),
        ([], "Missing option '--to'"),
        (["--to", "smv", "--instance", "cor"], "no instance 'cor'; did you mean core?"),
        (["--to", "smv", "--servers", "7"], "servers is 7; a vNIC has 1 to 6 (ADM-1)"),
        (["--to", "smv", "--mutate", "no_fnce"], "no mutation 'no_fnce'; did you mean no_fence?"),
        (["--to", "smv", "--instance", "gap", "--servers", "1", "--out", "nowhere/x.smv"], "nowhere/x.smv"),
    ],
)
def test_bad_words_get_one_line(vnickit: Kit, words: list[str], said: str) -> None:
    result = vnickit("export", *words)
    assert result.exit_code == ExitCode.USAGE
    assert said in result.output.replace("\n", " ")
    assert "Traceback" not in result.output
