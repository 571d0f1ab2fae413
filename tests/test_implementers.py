"""The pages for implementers, executed verbatim: their files are saved, their commands are run, their output is compared.

``...`` alone on a line stands for any number of lines; every other line has to be there exactly. Everything happens in one
fresh directory, from the first block to the last.
"""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "implementers.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
SAVE = re.compile(r"Save this as `([\w.-]+)`:\n\n\Z")


@dataclass(frozen=True)
class Step:
    """A file to be saved, or a command with what it prints."""

    file: str = ""
    text: str = ""
    command: str = ""


def steps(page: str) -> list[Step]:
    found: list[Step] = []
    for block in BLOCK.finditer(page):
        if block[1] == "python":
            name = SAVE.search(page[: block.start()])
            assert name is not None, f"where is this to be saved?\n{block[2]}"
            found.append(Step(file=name[1], text=block[2]))
        elif block[1] == "console":
            for part in re.split(r"^\$ ", block[2], flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                found.append(Step(command=command, text=output))
    return found


def pattern_of(output: str) -> str:
    lines = output.splitlines()
    return "".join("(?:.*\n)*?" if line == "..." else re.escape(line.rstrip()) + "\n" for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["implementers.md", "worked-example.md", "bug-report.md"])
def test_the_page_is_true(name: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {
        "PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}",
        "COLUMNS": "100",
        "KIT": str(DOCS.parent),
    }
    played = 0
    for step in steps((DOCS / name).read_text(encoding="utf-8")):
        if step.file:
            (tmp_path / step.file).write_text(step.text, encoding="utf-8")
            continue
        done = subprocess.run(
            ["bash", "-c", step.command],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        printed = "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())
        assert re.fullmatch(pattern_of(step.text), printed), f"$ {step.command}\n{printed}"
        played += 1
    assert played >= 3


def test_the_story_begins_without_an_adapter_and_ends_with_a_sane_one() -> None:
    smokes = [step.text for step in steps(PAGE.read_text(encoding="utf-8")) if step.command.startswith("vnickit smoke")]
    assert smokes[0].endswith("exit 4\n")
    assert any(output.endswith("exit 0\n") for output in smokes)


def test_a_line_that_differs_is_noticed() -> None:
    assert re.fullmatch(pattern_of("a\n...\nb\n"), "a\nb\n")
    assert re.fullmatch(pattern_of("a\n...\nb\n"), "a\nx\ny\nb\n")
    assert not re.fullmatch(pattern_of("a\n...\nb\n"), "a\nx\n")
    assert not re.fullmatch(pattern_of("a (1)\n"), "a 1\n")
