"""``vnickit demo --linux``: what is said of a run, and when it is as it should be; the run itself is test_claim1's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from vnic_conformance.cli import main
from vnic_conformance.commands.demo import linux
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.linux.claim import Shown, show_claim
from vnic_conformance.linux.errors import LinuxError
from vnic_conformance.linux.kernel import Kernel

KERNEL = Kernel(Path("linux"), Path("initramfs"), "ibmvnic of 1", "1")
GOOD = Shown(("   0.000s  client  link up",), 300, 225, 1_090, True, 3_128, ())


@pytest.mark.parametrize(
    ("shown", "code", "said"),
    [
        (GOOD, ExitCode.CONFORMS, "300 sent, 225 answered, 75 lost in the outages"),
        (GOOD, ExitCode.CONFORMS, "1,090 bytes received: every byte once, in order"),
        (replace(GOOD, whole=False), ExitCode.KIT_ERROR, "not what was sent"),
        (replace(GOOD, answered=0), ExitCode.KIT_ERROR, "0 answered"),
        (replace(GOOD, health=("oops: it",)), ExitCode.KIT_ERROR, "kernel       oops: it"),
    ],
)
def test_what_is_said_of_a_run(monkeypatch: pytest.MonkeyPatch, shown: Shown, code: ExitCode, said: str) -> None:
    monkeypatch.setattr(linux, "built", lambda *names, kasan: KERNEL)
    monkeypatch.setattr(linux, "show_claim", lambda kernel: shown)
    result = CliRunner().invoke(main, ["demo", "--linux"], prog_name="vnickit")
    assert result.exit_code == code
    assert said in result.output
    assert "Claim 1, with ibmvnic of 1 in Linux 1" in result.output


@pytest.mark.parametrize("around", ["nothing.here:Claim", "vnic_conformance.linux.claim:Claim", "nothing"])
def test_a_scenario_that_is_not_there_is_explained(around: str) -> None:
    with pytest.raises(LinuxError, match="the scenario needs the reference implementation"):
        show_claim(KERNEL, around)
