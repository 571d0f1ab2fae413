"""README's commands do what README says, and those of docs/commands.md: each one is executed and its output compared.

A fenced block marked ``console`` holds commands (after ``$ ``) and, below each, what it prints. They are compared so:

* ``...`` alone on a line stands for any number of lines, none included; every other line has to be there exactly.
* Figures followed by a unit of time are masked: they differ from run to run.
* A command without output below it only has to succeed.

Commands that begin by making a virtual environment are executed in a fresh copy of the checkout, as a stranger would;
these tests are slow. The others are executed where the tests run.

The line that runs the tests needs no guard against recursion: the test that executes it is slow, and the line runs the
fast ones. But running all of them once more, inside one of them, would show nothing that ``.ci/run``, which executes
that line as it stands, does not show. So here it is executed with ``PYTEST_ADDOPTS=--collect-only``: the environment is
made, the packages are installed, every test module is imported, and pytest says how many tests would have run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from vnic_conformance.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
DEMONSTRATION = (ROOT / "docs" / "demonstration.md").read_text(encoding="utf-8")
ELSEWHERE = ("python3 -m venv ",)  #: how a command begins that sets everything up


@dataclass(frozen=True)
class Example:
    """A command and what the document says it prints."""

    command: str
    output: tuple[str, ...]

    def __str__(self) -> str:
        return self.command.rpartition("&& ")[2]

    @property
    def sets_up(self) -> bool:
        return self.command.startswith(ELSEWHERE)

    @property
    def runs_tests(self) -> bool:
        return self.command.endswith("-m pytest -q -n 2")


def examples(text: str) -> list[Example]:
    """The commands of every console block, in order."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.rstrip("\n").split("\n")
            found.append(Example(command, tuple(output)))
    return found


def differs(shown: tuple[str, ...], printed: str) -> str:
    """Empty if what was printed is what README shows; otherwise both, for the failure message."""
    pattern = "".join("(?:.*\n)*" if line == "..." else re.escape(mask(line)) + "\n" for line in shown)
    printed = "".join(mask(line.rstrip()) + "\n" for line in printed.splitlines())
    if re.fullmatch(pattern, printed):
        return ""
    return "the document shows:\n" + "\n".join(shown) + "\n\nprinted was:\n" + printed


def mask(line: str) -> str:
    return re.sub(r"\b\d+(\.\d+)? ?(ms|s|seconds|min)\b", "<time>", line)


def execute(command: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "COLUMNS": "100"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


EXAMPLES = examples(README) + examples(COMMANDS)


@pytest.fixture(scope="module")
def fresh_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone would hold: the files that git knows, or else everything but what builds leave behind."""
    copy = tmp_path_factory.mktemp("clone") / "kit"
    known = execute("git ls-files -z --cached --others --exclude-standard", ROOT)
    if known.returncode == 0:
        for name in known.stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
    else:
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".*_cache", "__pycache__", "build", "dist"))
    assert not (copy / ".venv").exists()
    return copy


#: The line that runs the tests comes last: it is the one that finds an environment that is there.
SETTING_UP = sorted((example for example in EXAMPLES if example.sets_up), key=lambda example: example.runs_tests)


@pytest.mark.slow
def test_the_set_up_lines_work_in_a_fresh_copy(fresh_copy: Path) -> None:
    """One after the other, each from where the one before left off: a stranger repeats the line when .venv is already there.

    That a line does not need what the one before has made: they set up by the same words, and ``.ci/run`` executes the one
    that runs the tests in a copy of its own. What is installed is not compiled, but for what is then imported.
    """
    assert len(SETTING_UP) >= 2
    for example in SETTING_UP:
        environment = {"PIP_NO_COMPILE": "0"}  # as pip reads it, this is --no-compile
        if example.runs_tests:
            environment["PYTEST_ADDOPTS"] = "--collect-only"
        done = execute(example.command, fresh_copy, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        if example.runs_tests:
            assert re.search(r"\b\d+(/\d+)? tests collected", done.stdout)
        else:
            assert not differs(example.output, done.stdout)


def test_all_set_up_lines_set_up_by_the_same_words() -> None:
    assert len({example.command.rpartition(" && ")[0] for example in SETTING_UP}) == 1


@pytest.mark.parametrize("example", [example for example in EXAMPLES if not example.sets_up], ids=str)
def test_a_command_prints_what_is_shown(example: Example) -> None:
    here = sysconfig.get_path("scripts")
    done = execute(example.command.replace(".venv/bin/", f"{here}/"), ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not example.output or not differs(example.output, done.stdout)


def test_readme_has_the_two_lines_it_owes() -> None:
    assert [example.sets_up for example in EXAMPLES if example.command.endswith("vnickit demo")] == [True]
    assert [example.sets_up for example in EXAMPLES if example.runs_tests] == [True]


def test_readme_is_short() -> None:
    (shown,) = [example.output for example in EXAMPLES if example.command.endswith("vnickit demo")]
    assert len(shown) <= 18  # a trace of at most 15 lines, and what is left out
    assert len(README.splitlines()) <= 80


def test_every_file_that_readme_links_is_there() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [name for name in linked if not (ROOT / name).is_file()] == []
    assert len(linked) > 10


@pytest.mark.parametrize("text", [README, DEMONSTRATION], ids=["README", "docs/demonstration.md"])
def test_the_demonstration_is_what_it_prints(text: str) -> None:
    """It is executed by tests/conformance/test_demo.py, which keeps what it prints."""
    (example,) = [example for example in examples(text) if example.command.endswith("vnickit demo")]
    printed = (ROOT / "tests" / "golden" / "demo.txt").read_text(encoding="utf-8")
    shown = tuple(re.sub(r" *\b\d+\.\d+ s\b", " <time> s", line) for line in example.output)
    assert not differs(shown, printed)


def test_every_verb_has_its_line_in_the_page_of_commands() -> None:
    assert set(re.findall(r"^\| `([a-z-]+)` \|", COMMANDS, re.M)) == set(main.list_commands(click.Context(main)))


# --- the comparison itself -------------------------------------------------------------------------------------------

SAMPLE = """\
Text.

```console
$ first --option
one
...
three in 1.5 s
$ second && third
```

```python
$ not a command
```
"""


def test_commands_are_found_with_their_output() -> None:
    assert examples(SAMPLE) == [
        Example("first --option", ("one", "...", "three in 1.5 s")),
        Example("second && third", ()),
    ]


@pytest.mark.parametrize(
    ("printed", "same"),
    [
        ("one\nthree in 1.5 s\n", True),
        ("one\ntwo\nand a half\nthree in 27.0 s\n", True),
        ("one\nthree in 800 ms\n", True),
        ("one\ntwo\nthree\n", False),
        ("zero\none\nthree in 1.5 s\n", False),
        ("one\nthree in 1.5 s\nfour\n", False),
        ("", False),
    ],
)
def test_output_is_compared_line_by_line(printed: str, same: bool) -> None:
    assert (differs(examples(SAMPLE)[0].output, printed) == "") == same
