"""A learning, VLAN-aware switch, and the cables that lead to it (IEEE 802.1Q; DAT-3).

A frame takes :attr:`Cable.latency_ms` from end to end. A cable that is taken down loses what is on it, and the switch
forgets at once what it has learned behind it; when a server partition dies its cable stays up, and the switch goes on
forwarding to the old port until it sees the client's MAC elsewhere. That is what a gratuitous ARP is for.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Protocol

from vnic_reference.network.frames import ETHER_HEADER, ETHERTYPE_VLAN, is_multicast

#: A learned address is forgotten when it has not been seen for this long (802.1Q, "Ageing Time").
AGEING_MS = 300_000
DEFAULT_VLAN = 1


class Station(Protocol):
    """What a cable connects to the switch: a physical port of an adapter, or a host."""

    def deliver(self, frame: bytes, now: int) -> None:
        """Take a frame from the cable; never raises."""
        ...


@dataclass(slots=True)
class Cable:
    """A cable between a jack of the switch and a station.

    Attributes:
        name: of the station, for timelines.
        station: what is at the far end; set when it is plugged in.
        latency_ms: how long a frame takes, at least 1.
        vlan: VLAN of frames without a tag, 1 to 4094 (the jack's PVID).
        tagged: VLANs that pass with a tag; None: all.
        up: whether there is a link.
        carried: frames that reached the other end, either way.
        lost: frames that did not, because the cable went down under them.
    """

    name: str
    station: Station
    latency_ms: int = 1
    vlan: int = DEFAULT_VLAN
    tagged: frozenset[int] | None = None
    up: bool = True
    carried: int = 0
    lost: int = 0
    #: Frames sent before the cable last went down do not arrive, even if it is up again by then.
    generation: int = 0


@dataclass(order=True, slots=True)
class _Transit:
    """A frame on a cable."""

    due: int
    order: int
    cable: Cable = field(compare=False)
    generation: int = field(compare=False)
    to_switch: bool = field(compare=False)
    frame: bytes = field(compare=False)


class Switch:
    """One switch with any number of cables; a component of the system."""

    #: Virtual time in ms; whoever owns the clock sets it before anything is sent at that time.
    now: int = 0

    def __init__(self) -> None:
        self.cables: list[Cable] = []
        self._learned: dict[tuple[int, bytes], tuple[Cable, int]] = {}
        self._transit: list[_Transit] = []
        self._order = 0

    def plug(self, cable: Cable) -> Cable:
        """Connect a cable; answers it."""
        self.cables.append(cable)
        return cable

    def set_link(self, cable: Cable, up: bool) -> None:
        """Take a cable down or up (a pulled plug, a dead transceiver)."""
        if cable.up == up:
            return
        cable.up = up
        if not up:
            cable.generation += 1
            self._learned = {key: entry for key, entry in self._learned.items() if entry[0] is not cable}

    def send(self, cable: Cable, frame: bytes) -> bool:
        """A station sends a frame up its cable; False if that has no link."""
        return self._put(cable, frame, True, self.now)

    def forwarding(self, mac: bytes, vlan: int = DEFAULT_VLAN) -> Cable | None:
        """The cable behind which the switch has seen this MAC, or None (DAT-3)."""
        entry = self._learned.get((vlan, mac))
        return None if entry is None or entry[1] + AGEING_MS < self.now else entry[0]

    # -- component -----------------------------------------------------------------------------------------------

    def step(self, now: int) -> bool:
        """Deliver what has arrived by now; True if anything has."""
        self.now = now
        moved = False
        while self._transit and self._transit[0].due <= now:
            transit = heapq.heappop(self._transit)
            cable = transit.cable
            if transit.generation != cable.generation:
                cable.lost += 1
                continue
            moved = True
            cable.carried += 1
            if transit.to_switch:
                self._forward(cable, transit.frame, now)
            else:
                cable.station.deliver(transit.frame, now)
        return moved

    def next_deadline(self) -> int | None:
        """When the next frame arrives."""
        return self._transit[0].due if self._transit else None

    # -- inside --------------------------------------------------------------------------------------------------

    def _put(self, cable: Cable, frame: bytes, to_switch: bool, now: int) -> bool:
        if not cable.up:
            return False
        self._order += 1
        due = now + cable.latency_ms
        heapq.heappush(self._transit, _Transit(due, self._order, cable, cable.generation, to_switch, frame))
        return True

    def _forward(self, source: Cable, frame: bytes, now: int) -> None:
        tagged, vlan, inner = split_tag(frame)
        if len(inner) < ETHER_HEADER:
            return
        # Priority-tagged frames (VLAN 0) belong to the jack's own VLAN (802.1Q).
        if not tagged or vlan == 0:
            vlan = source.vlan
        elif vlan == 0xFFF or not _passes(source, vlan):
            return
        sender = inner[6:12]
        if not is_multicast(sender):
            self._learned[vlan, sender] = (source, now)
        target = None if is_multicast(inner) else self.forwarding(inner[:6], vlan)
        for cable in self.cables if target is None else [target]:
            if cable is not source and _passes(cable, vlan):
                out = inner if vlan == cable.vlan else insert_tag(inner, vlan)
                self._put(cable, out, False, now)


def _passes(cable: Cable, vlan: int) -> bool:
    return vlan == cable.vlan or cable.tagged is None or vlan in cable.tagged


def split_tag(frame: bytes) -> tuple[bool, int, bytes]:
    """Whether a frame is tagged, the VLAN ID of its tag or 0, and the frame without it."""
    if len(frame) < ETHER_HEADER + 4 or frame[12] << 8 | frame[13] != ETHERTYPE_VLAN:
        return False, 0, frame
    return True, (frame[14] << 8 | frame[15]) & 0xFFF, frame[:12] + frame[16:]


def insert_tag(frame: bytes, vlan: int) -> bytes:
    """The frame with a tag of this VLAN ID, priority 0."""
    return frame[:12] + ETHERTYPE_VLAN.to_bytes(2, "big") + vlan.to_bytes(2, "big") + frame[12:]
