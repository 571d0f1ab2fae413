"""Claim 1 with a real client partition: real pings and a TCP stream across every fault of the scenario."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import pytest

from vnic_conformance.linux.claim import LINES, PINGS, STREAM
from vnic_conformance.linux.console import Complaint
from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.kernel import Kernel
from vnic_reference.network.tcp import TcpSink
from vnic_reference.system.guest_claim import PORT
from vnic_reference.system.guest_system import around
from vnic_reference.system.loading import load, shipped

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Run:
    """What came of a run."""

    sent: int
    answered: int
    stream: TcpSink
    timeline: str
    console: str
    health: tuple[Complaint, ...]


def run(kernel: Kernel) -> Run:
    with Guest(kernel) as guest:
        system = around(guest, load(shipped("claim1")))
        sink = system.hosts[0].endpoint.listeners[PORT] = TcpSink(PORT)
        system.advance(500)
        pinging, streaming = guest.command(PINGS), guest.command(STREAM)
        system.advance(40_000)
        assert (pinging.status, streaming.status) == (0, 0), guest.console()[-2000:]
        counted = re.search(r"(\d+) packets transmitted, (\d+) packets received", pinging.output)
        assert counted
        timeline = system.timeline.json_lines()
        return Run(int(counted[1]), int(counted[2]), sink, timeline, guest.console(), tuple(guest.health))


def test_pings_and_a_stream_go_on_across_every_fault_and_the_run_is_the_same_again(kernel: Kernel) -> None:
    first = run(kernel)
    assert first.sent == 300
    assert first.answered > 200
    assert first.health == ()
    sent = "".join(f"{line}\n" for line in range(LINES)).encode()
    assert (first.stream.received, first.stream.closed) == (len(sent), 1)
    assert first.stream.digest == hashlib.sha256(sent).hexdigest()
    assert first.timeline.count("device failover") >= 7

    second = run(kernel)
    assert (second.timeline, second.console, second.stream.digest) == (
        first.timeline,
        first.console,
        first.stream.digest,
    )
