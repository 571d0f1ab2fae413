"""Claim 1 with the Linux driver as the client: pings and a TCP stream of a real network stack, across every fault."""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol, cast

from vnic_conformance.linux.errors import LinuxError
from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.kernel import Kernel

#: Makes the scenario around a guest.
REFERENCE: Final = "vnic_reference.system.guest_claim:GuestClaim"
#: Lines of the stream, ten a second, a number each.
LINES: Final = 300
_PORT: Final = 5001
_SETTLE_MS: Final = 500
_LEFT_MS: Final = 6_000
STREAM: Final = (
    f"i=0; while [ $i -lt {LINES} ]; do echo $i; i=$((i + 1)); usleep 100000; done | nc -w 60 10.0.0.2 {_PORT}"
)
PINGS: Final = "ping -q -i 0.1 -c 300 -W 1 10.0.0.2"


class Scenario(Protocol):
    """The scenario around a guest; times in ms."""

    duration_ms: int
    received: int
    digest: str
    longest_silence_ms: int

    def advance(self, ms: int) -> None:
        """Let time pass."""
        ...

    def timeline(self) -> Iterator[str]:
        """What has happened, in lines."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What came of it.

    Attributes:
        timeline: what happened, in lines.
        sent, answered: pings.
        received: bytes of the stream at the peer.
        whole: every byte has come, once and in order.
        silence_ms: longest time between data and data of the stream.
        health: complaints of the kernel.
    """

    timeline: tuple[str, ...]
    sent: int
    answered: int
    received: int
    whole: bool
    silence_ms: int
    health: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether it is as it should be."""
        return self.whole and self.answered > 0 and not self.health


def show_claim(kernel: Kernel, around: str = REFERENCE) -> Shown:
    """Play it.

    Args:
        kernel: with the driver.
        around: ``module:name`` of what makes the scenario around a guest.

    Raises:
        LinuxError: there is no such thing, or the guest's user does not come to an end.
    """
    module, _, name = around.partition(":")
    try:
        make = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise LinuxError(f"the scenario needs the reference implementation, {around}: {error}") from None
    with Guest(kernel) as guest:
        scenario = cast(Scenario, make(guest))
        scenario.advance(_SETTLE_MS)
        pinging, streaming = guest.command(PINGS), guest.command(STREAM)
        scenario.advance(scenario.duration_ms + _LEFT_MS)
        counted = re.search(r"(\d+) packets transmitted, (\d+) packets received", pinging.output)
        if counted is None or streaming.ended is None:
            raise LinuxError(
                f"the guest's user has not come to an end. The end of its console:\n{guest.console()[-2000:]}"
            )
        right = hashlib.sha256("".join(f"{line}\n" for line in range(LINES)).encode()).hexdigest()
        return Shown(
            timeline=tuple(scenario.timeline()),
            sent=int(counted[1]),
            answered=int(counted[2]),
            received=scenario.received,
            whole=scenario.digest == right,
            silence_ms=scenario.longest_silence_ms,
            health=tuple(str(complaint) for complaint in guest.health),
        )
