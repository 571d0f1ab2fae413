"""``vnickit demo``: README's first command."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode


def test_help(golden: Callable[[str, str], None]) -> None:
    golden("demo_help.txt", CliRunner().invoke(main, ["demo", "--help"], prog_name="vnickit").output)


@pytest.mark.slow
def test_the_demonstration_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    result = CliRunner().invoke(main, ["demo"], prog_name="vnickit")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    golden("demo.txt", result.stdout)
    assert max(map(len, result.stdout.splitlines())) <= 100
