"""The type checker refuses what mixes values of the algebra: spec/mypy.ini, where they are opaque and of different types."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: What is right, and what the type checker has to refuse, line by line.
RIGHT = (
    "o.all_of(s.standing, s.connected(i))",
    "o.eq(s.crq, Crq.OPEN)",
    "o.eq(s.crq, o.const(Crq.OPEN))",
    "o.ne(s.selected, i)",
    "o.one_of(s.phase, ClientPhase.OFF, ClientPhase.READY)",
    "o.outranks(s.priority(i), s.priority(s.selected))",
    "o.ite(s.standing, s.selected, o.nobody)",
    "s.but(crq=o.const(Crq.OPEN), selected=i)",
    "eligible(o, s, i)",
)
WRONG = (
    "o.all_of(s.selected, i)",
    "o.no(s.crq)",
    "o.every(s.priority)",
    "o.eq(s.crq, Kind.INIT)",
    "o.eq(s.crq, s.phase)",
    "o.eq(s.selected, s.standing)",
    "o.ne(s.selected, s.priority(i))",
    "o.eq(s.selected, None)",
    "o.one_of(s.phase, ClientPhase.OFF, Crq.OPEN)",
    "o.outranks(i, s.selected)",
    "s.connected(s.standing)",
    "s.status.set(i, o.const(Crq.OPEN))",
    "s.but(crk=3)",
    "s.but(crq=3)",
    "s.but(crq=Crq.OPEN)",
    "s.but(selected=s.standing)",
    "eligible(o, s)",
    "eligible(o, s, s.priority(i))",
    "Effect(i, s)",
    "Effect(s.standing, s, o.const(Crq.OPEN))",
)

HEAD = """\
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Server
from vnic_spec.selection import eligible
from vnic_spec.state import State
from vnic_spec.vocabulary import ClientPhase, Crq, Kind


def lines(o: Ops, s: State, i: Server) -> None:
"""


@pytest.mark.slow
def test_what_mixes_values_of_the_algebra_is_refused(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(HEAD + "".join(f"    {line}\n" for line in (*RIGHT, *WRONG)))
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "spec" / "mypy.ini")]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), "--no-pretty", str(snippet)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    source = snippet.read_text().splitlines()
    refused = {source[int(n) - 1].strip() for n in re.findall(r"snippet\.py:(\d+): error: ", done.stdout)}
    assert refused == set(WRONG), done.stdout + done.stderr


@pytest.mark.slow
def test_the_specification_itself_passes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--config-file", "spec/mypy.ini", "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
