"""How long the application was without the network, and why: what a run is measured by (LIV-1, FOV-9).

An outage begins when the client loses its server or its link and ends when both are back and, if something pings, the
first ping since then is answered. What made it is the last happening of the scenario before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vnic_reference.network.streams import Ping
from vnic_reference.system.observer import Observer

if TYPE_CHECKING:
    from vnic_reference.system.system import System


@dataclass(slots=True)
class Outage:
    """One time without service; times are virtual, in ms.

    Attributes:
        begin: when the client lost its server or link.
        cause: what the scenario did last before it, "" if nothing.
        caused_at: when that was.
        left: server that the client was with.
        switches: events 08 in it.
        taken: server at the end.
        link_at: when the client was logged in again, for the last time in this outage; None: not any more.
        answered_at: when the first ping sent since then was answered; None: none was.
        lost: pings lost from the cause to the end.
    """

    begin: int
    cause: str
    caused_at: int
    left: int | None
    switches: int = 0
    taken: int | None = None
    link_at: int | None = None
    answered_at: int | None = None
    lost: int = 0

    @property
    def recovery_ms(self) -> int | None:
        """From the cause to the first answered ping, or to the link if nothing pings; None: it has not ended."""
        end = self.answered_at if self.answered_at is not None else self.link_at
        return None if end is None else end - self.caused_at


@dataclass(slots=True)
class _Now:
    """What is the case now."""

    server: int | None = None
    link: bool = False
    cause: tuple[int, str] = (0, "")
    served: bool = False
    open: Outage | None = None
    outages: list[Outage] = field(default_factory=list)


class Outages(Observer):
    """Watches one run."""

    def __init__(self) -> None:
        self._now = _Now()
        self._system: System | None = None

    def watch(self, system: System) -> Outages:
        """Begin to watch; answers itself."""
        self._system = system
        system.observers.append(self)
        self._now.server = system.connected_server()
        return self

    def action(self, now: int, do: str, text: str) -> None:
        """What is to blame from now on."""
        self._now.cause = (now, text)

    def connected(self, now: int, server: int) -> None:
        """The client has a server."""
        self._now.server = server

    def severed(self, now: int, server: int) -> None:
        """The client has lost its server."""
        self._lost(now, server)
        self._now.server = None

    def switched(self, now: int) -> None:
        """An event 08."""
        self._lost(now, self._now.server)
        if self._now.open is not None:
            self._now.open.switches += 1

    def link(self, now: int, up: bool) -> None:
        """The application's link."""
        state = self._now
        state.link = up
        if not up:
            self._lost(now, state.server)
        elif state.open is not None:
            state.open.link_at, state.open.taken = now, state.server
        state.served = state.served or up

    def _lost(self, now: int, server: int | None) -> None:
        state = self._now
        if not state.served:
            return
        state.served = False
        if state.open is None or state.open.link_at is not None:
            state.open = Outage(now, state.cause[1], state.cause[0], server)
            state.outages.append(state.open)

    def done(self) -> list[Outage]:
        """All outages, with the pings that they cost."""
        pings = self._pings()
        outages = self._now.outages
        for number, outage in enumerate(outages):
            if outage.link_at is not None:
                later = [
                    ping.reply_at for ping in pings if ping.sent_at >= outage.link_at and ping.reply_at is not None
                ]
                outage.answered_at = min(later, default=None)
            begin, end = outage.caused_at - _ON_THE_WAY_MS, outage.answered_at
            if number + 1 < len(outages):
                after = outages[number + 1].caused_at - _ON_THE_WAY_MS
                end = after if end is None else min(end, after)
            outage.lost = sum(
                ping.reply_at is None and begin <= ping.sent_at and (end is None or ping.sent_at < end)
                for ping in pings
            )
        return outages

    def _pings(self) -> list[Ping]:
        """Pings whose fate is known at the end of the run."""
        if self._system is None:
            return []
        now = self._system.now
        pingers = self._system.application.endpoint.pingers
        return [ping for pinger in pingers for ping in pinger.pings if ping.reply_at is not None or ping.lost(now)]


#: A ping can have been on the way when its path broke.
_ON_THE_WAY_MS = 10


def table(outages: list[Outage], system: System) -> list[str]:
    """The outages as lines of at most 100 columns."""
    lines = [
        f"{'at':>9}  {'cause':28} {'from':10} {'to':10} {'switches':>8} {'pings lost':>10} {'recovered after':>15}"
    ]
    for outage in outages:
        left = "nobody" if outage.left is None else system.name(outage.left)
        taken = "nobody" if outage.taken is None else system.name(outage.taken)
        after = "not" if outage.recovery_ms is None else f"{outage.recovery_ms:,} ms"
        lines.append(
            f"{outage.caused_at / 1000:8.3f}s  {outage.cause[:28]:28} {left[:10]:10} {taken[:10]:10} "
            f"{outage.switches:8} {outage.lost:10} {after:>15}"
        )
    return lines
