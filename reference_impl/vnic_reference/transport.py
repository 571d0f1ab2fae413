"""The CRQ facility: registration, sending, freeing and enabling, and the connection between the two halves.

The transport knows nothing of lists, priorities or health. It reports to the failover mechanism when a half opens or
closes, asks nothing else of it, and offers it the few operations of :class:`Switchboard`.
"""

from __future__ import annotations

from typing import Protocol

from vnic_reference.partition import Unit
from vnic_reference.queues import Queue
from vnic_spec.vocabulary import Crq
from vnic_spec.wire import ELEMENT_BYTES, PAGE_BYTES, Event, Header, Rc

_HEADER_SHIFT = 56
_VALID_BIT = 1 << 63


class Switchboard(Protocol):
    """What the failover mechanism may do with, and ask of, the transport. ``server`` is a server's index."""

    def client_crq(self) -> Crq:
        """State of the client's half."""

    def server_registered(self, server: int) -> bool:
        """Whether the server's partition runs and its own half is registered (SEL-3)."""

    def server_event_unread(self, server: int) -> bool:
        """Whether the server has yet to consume the last event in its queue (CRQ-13)."""

    def connect(self, server: int) -> None:
        """Let elements flow between the client and this server."""

    def sever(self) -> None:
        """Fence the connected server: no element, handle or grant of the session is good any more (FOV-10)."""

    def put_client_event(self, event: Event) -> bool:
        """Store an event in the client's queue; False if it is full."""

    def overlay_client_event(self, event: Event) -> bool:
        """Write an event over the last element of the client's full queue; True if it merged with one there."""

    def tell_server(self, server: int, event: Event) -> None:
        """Store an event in a server's queue, over its last element if it is full; nothing if it is not registered."""


class Listener(Protocol):
    """What the transport reports."""

    def client_opened(self) -> None:
        """The client's half was registered."""

    def client_closed(self, event: Event) -> None:
        """The client's half went away; ``event`` is what the server that was connected is to be told."""

    def client_enabled(self) -> None:
        """The client has enabled its CRQ again after a migration."""

    def server_opened(self, server: int) -> None:
        """A server's half was registered."""

    def server_closed(self, server: int) -> None:
        """A server's half went away."""


class Transport:
    """The CRQ calls over the units of one VNIC.

    Args:
        client: The client's unit.
        servers: The servers' units, by index.

    Attributes:
        partner: The unit connected with the client, or None.
        listener: The failover mechanism; set once, before the first call.
    """

    #: What the queues of the units are made of.
    queue: type[Queue] = Queue

    def __init__(self, client: Unit, servers: list[Unit]) -> None:
        self.client = client
        self.servers = servers
        self.partner: Unit | None = None
        self.disabled = False
        self.listener: Listener

    # -- calls ---------------------------------------------------------------------------------------------------

    def reg_crq(self, unit: Unit, ioba: int, length: int) -> Rc:
        """H_REG_CRQ: queue address and length in bytes, both multiples of 4096 (CRQ-2, CRQ-9, CRQ-11)."""
        pages = queue_pages(unit, ioba, length)
        if pages is None:
            return Rc.H_PARAMETER
        if not unit.paired:
            return Rc.H_NOT_FOUND
        if unit.crq is not None:
            return Rc.H_RESOURCE
        unit.interrupt.reset()
        unit.crq = self.queue(pages, ELEMENT_BYTES, unit.interrupt)
        if unit.server is None:
            self.listener.client_opened()
        else:
            self.listener.server_opened(unit.server)
        # CRQ-14: asked after the selection that the call causes.
        return Rc.H_SUCCESS if self.peer(unit) is not None else Rc.H_CLOSED

    def free_crq(self, unit: Unit) -> Rc:
        """H_FREE_CRQ (CRQ-4); on an unregistered queue H_SUCCESS without effect."""
        self.close(unit, Event.PARTNER_DEREGISTERED)
        return Rc.H_SUCCESS

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        """H_SEND_CRQ: bytes 0 to 7 and 8 to 15 of the element (CRQ-3, CRQ-5, CRQ-10)."""
        # Every header with the high bit but 0xFF passes, reserved ones too: the architecture checks no more (CRQ-10).
        if not high & _VALID_BIT or high >> _HEADER_SHIFT == Header.EVENT:
            return Rc.H_PARAMETER
        peer = self.peer(unit)
        if peer is None or peer.crq is None:
            return Rc.H_CLOSED
        return Rc.H_SUCCESS if peer.crq.put(high, low) else Rc.H_DROPPED

    def enable_crq(self, unit: Unit) -> Rc:
        """H_ENABLE_CRQ (CRQ-8); only the client's CRQ is ever disabled, elsewhere there is no effect."""
        if unit.server is None and self.disabled:
            self.disabled = False
            self.listener.client_enabled()
        return Rc.H_SUCCESS

    # -- connection ----------------------------------------------------------------------------------------------

    def peer(self, unit: Unit) -> Unit | None:
        """The unit to which this one is connected, or None."""
        if self.partner is None:
            return None
        if unit is self.client:
            return self.partner
        return self.client if unit is self.partner else None

    def close(self, unit: Unit, event: Event) -> None:
        """Close one half because its owner freed it, powered off or crashed (CRQ-4); no effect on a closed half.

        ``event`` is what a connected server is told when the client goes.
        """
        if unit.crq is None:
            return
        close_sub_crqs(unit)
        # Severed before the queue goes, so that nothing can be queued for it any more.
        if self.peer(unit) is not None:
            self.sever()
        unit.close_crq()
        if unit.server is None:
            self.disabled = False
            self.listener.client_closed(event)
        else:
            self.listener.server_closed(unit.server)

    def disable(self) -> None:
        """Disable the client's CRQ because its partition migrated (CRQ-8); contents and position are kept."""
        self.disabled = self.client.crq is not None

    # -- Switchboard ---------------------------------------------------------------------------------------------

    def client_crq(self) -> Crq:
        """State of the client's half."""
        if self.client.crq is None:
            return Crq.CLOSED
        return Crq.DISABLED if self.disabled else Crq.OPEN

    def server_registered(self, server: int) -> bool:
        """Whether the server's half is registered; its partition then runs (power-off frees the queue)."""
        return self.servers[server].crq is not None

    def server_event_unread(self, server: int) -> bool:
        """Whether the server's queue still holds the last event written to it (CRQ-13)."""
        queue = self.servers[server].crq
        return queue is not None and queue.event_unread()

    def connect(self, server: int) -> None:
        """Connect the client with this server; both halves are registered."""
        self.partner = self.servers[server]

    def sever(self) -> None:
        """End the session: handles, redirected pages and the connection die together (CRQ-12, FOV-10, INV-7)."""
        if self.partner is None:
            return
        self.partner.window.drop_redirected()
        close_sub_crqs(self.partner)
        close_sub_crqs(self.client)
        self.partner = None

    def put_client_event(self, event: Event) -> bool:
        """Store an event for the client, who has its CRQ registered."""
        return self.client.crq is not None and self.client.crq.put_event(event)

    def overlay_client_event(self, event: Event) -> bool:
        """Overlay the last element of the client's queue (CRQ-7)."""
        return self.client.crq is not None and self.client.crq.overlay_event(event)

    def tell_server(self, server: int, event: Event) -> None:
        """Tell a server that the client is gone or that it is fenced (CRQ-4, CRQ-7, FOV-2)."""
        queue = self.servers[server].crq
        if queue is not None and not queue.put_event(event):
            queue.overlay_event(event)


def queue_pages(unit: Unit, ioba: int, length: int) -> list[bytearray] | None:
    """Pages of a queue to be registered, or None unless it is page-aligned, whole pages, and mapped throughout."""
    if ioba % PAGE_BYTES or length % PAGE_BYTES or length == 0:
        return None
    return unit.window.own_pages(ioba, length)


def close_sub_crqs(unit: Unit) -> None:
    """Close all sub-CRQs of a unit (CRQ-4, CRQ-12)."""
    for queue in unit.sub_crqs.values():
        queue.interrupt.reset()
    unit.sub_crqs.clear()
