"""Claim 1 around a guest: the scenario's faults, and a peer that counts what a stream of the guest's brings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vnic_reference.network.tcp import TcpSink
from vnic_reference.system.guest_client import Guest
from vnic_reference.system.guest_system import around
from vnic_reference.system.loading import load, shipped

#: Where the peer takes TCP connections.
PORT: Final = 5001


class GuestClaim:
    """The scenario claim1 with a guest as its client.

    Args:
        guest: idle, and without a VNIC.

    Attributes:
        duration_ms: how long the scenario lasts.
    """

    def __init__(self, guest: Guest) -> None:
        scenario = load(shipped("claim1"))
        self.duration_ms = scenario.duration_ms
        self._system = around(guest, scenario)
        self._sink = self._system.hosts[0].endpoint.listeners[PORT] = TcpSink(PORT)

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self._system.advance(ms)

    def timeline(self) -> Iterator[str]:
        """What has happened, in lines."""
        return self._system.timeline.text(brief=True)

    @property
    def received(self) -> int:
        """Bytes that the peer has received over TCP."""
        return self._sink.received

    @property
    def digest(self) -> str:
        """SHA-256 of them, in the order in which they were sent."""
        return self._sink.digest

    @property
    def longest_silence_ms(self) -> int:
        """Longest time between data and data."""
        return self._sink.longest_silence_ms
