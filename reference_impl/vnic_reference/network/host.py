"""A host outside the machine, at the end of a cable of the switch."""

from __future__ import annotations

from collections.abc import Callable

from vnic_reference.network.endpoint import Endpoint
from vnic_reference.network.switch import Cable, Switch

#: Called with ``tx`` or ``rx``, which host, and a frame on its cable.
Tap = Callable[[str, "Host", bytes], None]


class Host:
    """A station with one MAC and one IPv4 address; it answers ARP and pings, and sends and receives streams.

    Args:
        name: for timelines.
        mac: 6 bytes.
        ip: 4 bytes.
        switch: where its cable leads.

    Attributes:
        endpoint: its IPv4 address, with what it measures.
        cable: its cable.
    """

    def __init__(self, name: str, mac: bytes, ip: bytes, switch: Switch) -> None:
        self.name = name
        self.mac = mac
        self._switch = switch
        self.cable = switch.plug(Cable(name, self))
        self.tap: Tap | None = None
        self.endpoint = Endpoint(ip, lambda: mac, self._send)

    def _send(self, frame: bytes) -> bool:
        sent = self._switch.send(self.cable, frame)
        if sent and self.tap is not None:
            self.tap("tx", self, frame)
        return sent

    def deliver(self, frame: bytes, now: int) -> None:
        """A frame from the cable."""
        if self.tap is not None:
            self.tap("rx", self, frame)
        self.endpoint.take(frame, now)

    def step(self, now: int) -> bool:
        """Send what is due."""
        return self.endpoint.step(now)

    def next_deadline(self) -> int | None:
        """When it wants to send something."""
        return self.endpoint.next_deadline()
