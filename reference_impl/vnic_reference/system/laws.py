"""The laws of the data path, asked of every frame of a run (DAT-1, DAT-2, DAT-3, INV-1).

An observer that counts frames by their bytes: whatever comes out somewhere must have gone in, not more often, and by the
right port. It knows of the system only what is seen from outside: frames at interfaces, who is connected, the switch's
forwarding. Streams and pings carry sequence numbers, so that their frames are all different.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vnic_reference.network.describe import frame_text
from vnic_reference.system.observer import Observer

if TYPE_CHECKING:
    from vnic_reference.system.system import System

#: Within so many ms after the client is logged in with another server the network must forward to the new port (DAT-3):
#: the gratuitous ARP is sent in the same instant, and takes one cable to the switch.
FOLLOW_MS = 5
#: Violations that are kept; a broken system makes one per frame.
MAX_KEPT = 50


@dataclass(slots=True)
class Violation:
    """One breach of a law."""

    ms: int
    requirement: str
    text: str

    def __str__(self) -> str:
        return f"{self.ms} ms, {self.requirement}: {self.text}"


@dataclass(slots=True)
class Session:
    """One connection of the client with a server; ``end`` None: it lasts."""

    server: int
    begin: int
    end: int | None = None


@dataclass(slots=True)
class Counts:
    """Frames that passed, for whoever wants to know that something passed at all."""

    sent: int = 0  #: by the application
    left: int = 0  #: by a logical port
    arrived: int = 0  #: at the logical ports, with the application's MAC as destination
    received: int = 0  #: by the application
    by_port: Counter[int] = field(default_factory=Counter)  #: frames that left, by server


class FrameLaws(Observer):
    """Watches one run.

    Args:
        follow_ms: how long the network's forwarding may take to follow a switch.

    Attributes:
        violations: the first of them, in order of time.
        counts: what passed.
        sessions: connections so far.
        actions: what the scenario did: when, and its name.
    """

    def __init__(self, follow_ms: int = FOLLOW_MS) -> None:
        self.violations: list[Violation] = []
        self.counts = Counts()
        self.sessions: list[Session] = []
        self.actions: list[tuple[int, str]] = []
        self._follow_ms = follow_ms
        self._system: System | None = None
        self._sent: Counter[bytes] = Counter()
        self._left: Counter[bytes] = Counter()
        self._came_out: Counter[tuple[int, bytes]] = Counter()
        self._host_sent: Counter[bytes] = Counter()
        self._received: Counter[bytes] = Counter()
        self._arrived: dict[bytes, list[tuple[int, int]]] = {}
        self._to_follow: tuple[int, int] | None = None

    def watch(self, system: System) -> FrameLaws:
        """Begin to watch; answers itself."""
        self._system = system
        system.observers.append(self)
        if (server := system.connected_server()) is not None:
            self.sessions.append(Session(server, system.now))
        return self

    def _broken(self, now: int, requirement: str, text: str) -> None:
        if len(self.violations) < MAX_KEPT:
            self.violations.append(Violation(now, requirement, text))

    def _name(self, server: int) -> str:
        return str(server) if self._system is None else self._system.name(server)

    def action(self, now: int, do: str, text: str) -> None:
        """What an interruption may come from."""
        self.actions.append((now, do))

    # -- out: the application, one port, the wire ----------------------------------------------------------------

    def application_sent(self, now: int, frame: bytes) -> None:
        """The interface has taken a frame: it may leave once."""
        self.counts.sent += 1
        self._sent[frame] += 1

    def port_sent(self, now: int, server: int, frame: bytes) -> None:
        """A frame leaves (DAT-1)."""
        self.counts.left += 1
        self.counts.by_port[server] += 1
        self._left[frame] += 1
        if self._left[frame] > self._sent[frame]:
            times = "more often than it was sent" if self._sent[frame] else "but was never sent"
            self._broken(now, "DAT-1", f"{frame_text(frame)} leaves through {self._name(server)} {times}")
        current = self.sessions[-1] if self.sessions else None
        if current is None or current.end is not None or current.server != server:
            self._broken(
                now, "DAT-1", f"{frame_text(frame)} leaves through {self._name(server)}, which is not connected"
            )

    def host_received(self, now: int, host: int, frame: bytes) -> None:
        """A frame has come out of the network (DAT-1)."""
        self._came_out[host, frame] += 1
        ours = self._system is not None and frame[6:12] == self._system.mac
        if ours and self._came_out[host, frame] > self._sent[frame]:
            self._broken(now, "DAT-1", f"{frame_text(frame)} is on the wire more often than it was sent")

    # -- in: a host, a port, the application ---------------------------------------------------------------------

    def host_sent(self, now: int, host: int, frame: bytes) -> None:
        """A frame is on its way in: it may be received once."""
        self._host_sent[frame] += 1

    def port_received(self, now: int, server: int, frame: bytes) -> None:
        """A frame has come as far as a logical port."""
        self.counts.arrived += 1
        self._arrived.setdefault(frame, []).append((server, now))

    def application_received(self, now: int, frame: bytes) -> None:
        """A frame is received (DAT-2)."""
        self.counts.received += 1
        self._received[frame] += 1
        # The network floods a broadcast to every port: one sent before a switch may come back through the new one.
        sent = self._host_sent[frame] + (self._sent[frame] if frame[0] & 1 else 0)
        if self._received[frame] > sent:
            times = "more often than it was sent" if sent else "but was never sent"
            self._broken(now, "DAT-2", f"{frame_text(frame)} is received {times}")
        elif not any(self._selected_since(server, at) for server, at in self._arrived.get(frame, ())):
            self._broken(now, "DAT-2", f"{frame_text(frame)} is received, but came to no port that was connected since")

    def _selected_since(self, server: int, at: int) -> bool:
        """Whether this server was connected at some time from ``at`` to now."""
        for session in reversed(self.sessions):
            if session.end is not None and session.end < at:
                return False
            if session.server == server:
                return True
        return False

    # -- who is connected, and where the network forwards ---------------------------------------------------------

    def connected(self, now: int, server: int) -> None:
        """A session begins (INV-1)."""
        if self.sessions and self.sessions[-1].end is None:
            self._broken(now, "INV-1", f"{self._name(server)} is connected while another server is")
        self.sessions.append(Session(server, now))

    def severed(self, now: int, server: int) -> None:
        """A session ends."""
        if self.sessions:
            self.sessions[-1].end = now
        self._to_follow = None

    def link(self, now: int, up: bool) -> None:
        """From here on the network has to follow, if the client is now with another server than before."""
        self._to_follow = None
        if not up or not self.sessions or self.sessions[-1].end is not None:
            return
        server = self.sessions[-1].server
        if any(session.server != server for session in self.sessions):
            self._to_follow = (now + self._follow_ms, server)

    def quiet(self, now: int) -> None:
        """Look whether the network has followed (DAT-3)."""
        if self._to_follow is None or self._system is None:
            return
        due, server = self._to_follow
        system = self._system
        port = system.ports[server]
        # A port that is dead sends nothing, and there is nothing for the network to follow.
        lost = port.frozen or port.physical.dead or not port.link_up
        if lost or system.switch.forwarding(system.mac) is port.physical.cable:
            self._to_follow = None
        elif now >= due:
            self._to_follow = None
            self._broken(
                now,
                "DAT-3",
                f"{now - due + self._follow_ms} ms after the login the network does not forward to {self._name(server)}",
            )
