"""Faults against the main claims: two servers at the same time, and events that do not balance with switches."""

from __future__ import annotations

from vnic_reference.faults.registry import fault
from vnic_reference.monitoring import Monitor
from vnic_reference.partition import Unit
from vnic_reference.servers import Server
from vnic_reference.transport import Transport
from vnic_spec.wire import Event, Rc, ServerInfo


class _Leaving(Transport):
    """Remembers the server that was left last; what that one sends while another is connected may still be stored."""

    left: Unit | None = None

    def sever(self) -> None:
        self.left = self.partner or self.left
        super().sever()

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        rc = super().send_crq(unit, high, low)
        if rc is Rc.H_CLOSED and unit is self.left and self.partner is not None and self.client.crq is not None:
            return self.store_late(high, low)
        return rc

    def store_late(self, high: int, low: int) -> Rc:
        """Store an element of the server that was left."""
        return Rc.H_SUCCESS if self.client.crq is not None and self.client.crq.put(high, low) else Rc.H_DROPPED


@fault("INV-1")
class OldConnectionStays(_Leaving):
    """Connects the client with another server and leaves the connection with the one before as it is."""


@fault("INV-2")
class OneMoreOfTheOldServer(_Leaving):
    """Stores one element more of a server that has been left, behind the event, once another one is connected."""

    def store_late(self, high: int, low: int) -> Rc:
        self.left = None
        return super().store_late(high, low)


@fault("SEL-1")
class TwoToldActive(Monitor):
    """Tells a server that has been left and can serve still that it is the active one, as it tells its successor."""

    def info(self, server: Server) -> ServerInfo | None:
        found = super().info(server)
        if found is None or server.session_ended_at is None or not self._mechanism.eligible(server):
            return found
        return found._replace(active=1)


@fault("INV-9")
class SwitchesMerged(Transport):
    """Puts one event for several switches if the client has not read the event of the first one, with room for more."""

    def put_client_event(self, event: Event) -> bool:
        queue = self.client.crq
        waiting = event is Event.DEVICE_FAILOVER and queue is not None and queue.event_unread()
        return waiting or super().put_client_event(event)
