"""The client in C: it compiles without a warning, its adapter is sane, and it conforms."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode

Vnickit = Callable[..., Result]

SOURCE = Path(__file__).parents[3] / "reference_impl" / "c_client" / "client.c"
STRICT = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The adapter, compiled with every warning being an error."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) on this machine")
    out = tmp_path_factory.mktemp("c_client") / "c-client"
    done = subprocess.run(
        [compiler, *STRICT, "-o", str(out), str(SOURCE)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return str(out)


def test_the_adapter_is_sane(built: str, vnickit: Vnickit) -> None:
    result = vnickit("smoke", "--adapter", built)
    assert result.exit_code == ExitCode.CONFORMS, result.output


def test_frames_leave_and_come_back_across_failovers(built: str, vnickit: Vnickit) -> None:
    cases = ("-k", "DLG-8/frames-across-failovers", "-k", "CLI-1/procedure-failover", "-k", "CLI-17/procedure-removal")
    result = vnickit("check", "--adapter", built, *cases, "--phase", "scripted", "--log", "run.jsonl")
    assert result.exit_code == ExitCode.CONFORMS, result.output


@pytest.mark.slow
def test_it_conforms(built: str, vnickit: Vnickit) -> None:
    """Scripted cases; a check as it is adds injections and takes some minutes."""
    result = vnickit("check", "--adapter", built, "--phase", "scripted", "--log", "run.jsonl")
    assert result.exit_code == ExitCode.CONFORMS, result.output
