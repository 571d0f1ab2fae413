"""The verdict on the kernel's own driver, in short: what is found is what was found, and two runs say the same."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.linux.client import LinuxClient
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.playing import Played, play
from vnic_conformance.linux.survey import survey, told_stories

pytestmark = pytest.mark.slow

#: What each session breaks, by the requirement that comes first. docs/linux-findings.md tells what it is.
PINNED = {
    "CLI-10/procedure-open": set[str](),
    "CLI-17/procedure-removal": set[str](),
    "CLI-1/procedure-failover": {"DLG-11"},
    "CLI-19/procedure-complaint": {"DLG-11"},
    "DLG-10/procedure-mtu": {"DLG-7"},
    "DLG-10/promiscuous-is-told-again": {"DLG-10", "DLG-11"},
    "CLI-7/legal-lost-get-vpd": {"CLI-16", "DLG-11"},
    "CLI-15/wrong-doubled-login": {"DLG-11"},
    # It writes far beyond a buffer. What lies there decides whether it comes as far as the send that breaks DLG-8.
    "DLG-8/legal-header-descriptors": {"CLI-16", "DLG-11"},
    "DLG-9/wrong-rx-length-beyond": {"CLI-16"},
}


@pytest.fixture(scope="module")
def sessions(kernel: Kernel) -> dict[str, Played]:
    return {session.name: session for session in survey(kernel, tuple(PINNED)).sessions}


@pytest.mark.parametrize("name", PINNED)
def test_what_is_found_is_what_was_found(sessions: dict[str, Played], name: str) -> None:
    assert {found.requirement for found in sessions[name].found} == PINNED[name]


def test_a_guest_that_dies_ends_its_session_and_no_more(sessions: dict[str, Played]) -> None:
    crashed = [found.came for found in sessions["DLG-9/wrong-rx-length-beyond"].found if found.rule == "is_healthy"]
    assert "skb_panic" in crashed[0]
    assert "ibmvnic_poll" in crashed[0]


@pytest.fixture
def client(kernel: Kernel) -> Iterator[LinuxClient]:
    client = LinuxClient(kernel)
    yield client
    client.close()


def test_two_sessions_are_the_same_to_the_last_line(client: LinuxClient, sessions: dict[str, Played]) -> None:
    name = "DLG-10/procedure-mtu"
    ((_, word),) = told_stories(client, (name,))
    assert play(client, name, word) == sessions[name]


def test_check_says_what_is_wrong_and_how_to_see_it_again(kernel: Kernel, tmp_path: Path) -> None:
    vnickit = Path(sys.executable).with_name("vnickit")
    if not vnickit.exists():
        vnickit = Path(shutil.which("vnickit") or pytest.skip("vnickit is not installed"))
    words = [str(vnickit), "linux", "check", "-k", "CLI-1/procedure-failover"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.VIOLATION, done.stdout + done.stderr
    assert "DLG-11" in done.stdout
    assert "--adapter 'vnickit linux adapter'" in " ".join(done.stdout.split())
    assert "failed in 1 of 1 re-run" in done.stdout
