"""The command line of certificates: exit codes, what it prints, and that a missing solver is one clear line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("z3")
pytest.importorskip("cvc5")

from vnic_conformance.cli import main


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["prove", *words], standalone_mode=True)
    return result.exit_code, result.output


@pytest.mark.slow
def test_written_verified_changed_and_found_out(tmp_path: Path) -> None:
    directory = tmp_path / "proofs"
    code, output = run("CLI-3", "--certify", str(directory))
    assert code == 0
    assert "CERTIFIED" in output
    code, output = run("CLI-3", "--recheck", str(directory))
    assert code == 0
    assert "VERIFIED" in output
    (covered,) = [line for line in output.splitlines() if line.startswith("covered ")]
    assert "CLI-3" in covered.replace(",", "").split()
    assert "no independent proof checker was used" in output
    code, output = run("cli-3", "--recheck", str(directory), "--json")
    plain = json.loads(output)
    assert (code, plain["verified"], "CLI-3" in plain["covered"]) == (0, True, True)
    code, output = run("--recheck", str(directory))
    assert code == 3
    assert "missing        " in output
    assert "that were asked for are not covered" in output
    file = min(directory.rglob("*.smt2"))
    file.write_text(file.read_text().replace("check-sat", "exit"))
    code, output = run("CLI-3", "--recheck", str(directory))
    assert code == 1
    assert "NOT VERIFIED" in output
    assert file.name in output


def test_a_misreading_has_no_certificate(tmp_path: Path) -> None:
    code, output = run("--mutate", "no_fence", "--certify", str(tmp_path / "new"))
    assert code == 2
    assert "CERTIFIED" not in output
    assert not (tmp_path / "new").exists()


def test_a_directory_in_use_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    code, output = run("CLI-3", "--certify", str(tmp_path))
    assert code == 2
    assert "is not empty" in output


def test_what_is_no_certificate_is_refused(tmp_path: Path) -> None:
    code, output = run("--recheck", str(tmp_path))
    assert code == 2
    assert "manifest.json" in output


@pytest.mark.parametrize("words", [["CLI-3", "--certify", "new"], ["--recheck", "."]])
def test_without_cvc5_one_line_says_what_to_type(words: list[str], tmp_path: Path) -> None:
    program = (
        f"import sys; sys.modules['cvc5'] = None; from vnic_conformance.cli import main; main({['prove', *words]!r})"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'vnic-failover-kit[certify]'" in done.stderr
    assert "Traceback" not in done.stderr
