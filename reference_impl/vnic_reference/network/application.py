"""The application in the client's partition (the first sentence of claim 1): it talks through the VNIC, and measures."""

from __future__ import annotations

from vnic_reference.network.endpoint import Endpoint
from vnic_reference.network.interface import Interface


class Application:
    """An IPv4 endpoint above the client's interface.

    When the interface says that the network has to be told where its MAC is now, a gratuitous ARP goes out as the first
    frame (CLI-5, DAT-3); what the interface does not take is tried again with the next step. The same when the
    application has just been started (RFC 5227, "Announcing an Address"): the network may remember an earlier life.

    Args:
        interface: the client's interface.
        ip: its IPv4 address, 4 bytes.

    Attributes:
        endpoint: its IPv4 address, with what it measures.
    """

    def __init__(self, interface: Interface, ip: bytes) -> None:
        self._interface = interface
        self._to_announce = True
        self.endpoint = Endpoint(ip, lambda: self._interface.mac, self._send)

    def restart(self) -> None:
        """The partition has been booted."""
        self._to_announce = True

    def _send(self, frame: bytes) -> bool:
        return self._interface.send(frame)

    def step(self, now: int) -> bool:
        """Announce if asked to, take what has come, send what is due."""
        busy = False
        if self._interface.take_notification():
            self._to_announce = busy = True
        if self._to_announce and self._interface.link_up and self.endpoint.announce(now):
            self._to_announce = False
            busy = True
        for frame in self._interface.received():
            busy = True
            self.endpoint.take(frame, now)
        return self.endpoint.step(now) or busy

    def next_deadline(self) -> int | None:
        """When it wants to send something."""
        return self.endpoint.next_deadline()
