"""A host outside the machine, at the end of a cable of the switch."""

from __future__ import annotations

from vnic_reference.network.endpoint import Endpoint
from vnic_reference.network.switch import Cable, Switch


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
        self.endpoint = Endpoint(ip, lambda: mac, lambda frame: switch.send(self.cable, frame))

    def deliver(self, frame: bytes, now: int) -> None:
        """A frame from the cable."""
        self.endpoint.take(frame, now)

    def step(self, now: int) -> bool:
        """Send what is due."""
        return self.endpoint.step(now)

    def next_deadline(self) -> int | None:
        """When it wants to send something."""
        return self.endpoint.next_deadline()
