"""Faults in telling: events that are missing, doubled, late, wrong, or in the wrong place."""

from __future__ import annotations

from vnic_reference.failover import FailoverMechanism
from vnic_reference.faults.registry import fault
from vnic_reference.queues import Queue
from vnic_reference.transport import Transport
from vnic_spec.vocabulary import Crq, Owed
from vnic_spec.wire import Event


@fault("FOV-3")
class NoFailoverEvent(FailoverMechanism):
    """Switches without telling the client."""

    def _tell_client(self, event: Event) -> None:
        if event is not Event.DEVICE_FAILOVER:
            super()._tell_client(event)


@fault("FOV-3")
class FailoverEventTwice(FailoverMechanism):
    """Tells the client of a switch twice."""

    def _tell_client(self, event: Event) -> None:
        super()._tell_client(event)
        if event is Event.DEVICE_FAILOVER:
            super()._tell_client(event)


@fault("FOV-2")
class FailoverEventLate(FailoverMechanism):
    """Tells the client of a switch only when something else happens: the new server may have sent by then."""

    _late = False

    def _tell_client(self, event: Event) -> None:
        if event is Event.DEVICE_FAILOVER:
            self._late = True
        else:
            super()._tell_client(event)

    def settle(self, *, at_once: bool = False) -> None:
        if self._late:
            self._late = False
            super()._tell_client(Event.DEVICE_FAILOVER)
        super().settle(at_once=at_once)


@fault("FOV-6")
class NoEventWithoutSuccessor(FailoverMechanism):
    """Tells the client of a switch only if there is a successor."""

    def _tell_client(self, event: Event) -> None:
        if event is not Event.DEVICE_FAILOVER or self.best() is not None:
            super()._tell_client(event)


@fault("FOV-2")
class FencedServerIsNotTold(FailoverMechanism):
    """Does not tell a server that it has been left."""

    def _end_session(self, event: Event, *, tell_first: Event | None = None) -> None:
        if tell_first is Event.DEVICE_FAILOVER:
            self.session = None
        super()._end_session(event, tell_first=tell_first)


@fault("CRQ-4")
class ServerIsNotToldOfFree(FailoverMechanism):
    """Does not tell the connected server that the client has freed its CRQ."""

    def client_closed(self, event: Event) -> None:
        self.session = None
        super().client_closed(event)


@fault("CRQ-4")
class CrashLooksLikeFree(FailoverMechanism):
    """Tells the server that the client freed its CRQ when its partition has crashed."""

    def client_closed(self, event: Event) -> None:
        super().client_closed(Event.PARTNER_DEREGISTERED)


@fault("CRQ-4")
class StandbyFreeTellsClient(FailoverMechanism):
    """Tells the client that a partner is gone when a standby frees its CRQ."""

    def server_closed(self, server: int) -> None:
        if self.selected is not None and self.selected.index != server:
            self._tell_client(Event.PARTNER_DEREGISTERED)
        super().server_closed(server)


@fault("CRQ-4")
class ServerFreeSendsDeregistered(FailoverMechanism):
    """Tells the client that the partner deregistered, instead of a failover, when the connected server frees its CRQ."""

    _freed = False

    def server_closed(self, server: int) -> None:
        self._freed = True
        super().server_closed(server)
        self._freed = False

    def _tell_client(self, event: Event) -> None:
        super()._tell_client(Event.PARTNER_DEREGISTERED if self._freed else event)


@fault("CRQ-8")
class MigrationTellsNoServer(FailoverMechanism):
    """Does not tell the connected server that the client has migrated."""

    def client_migrated(self) -> None:
        self.session = None
        super().client_migrated()


@fault("CRQ-8")
class MigrationIsASwitch(FailoverMechanism):
    """Tells the client of a failover beside the migration."""

    def client_migrated(self) -> None:
        super().client_migrated()
        if self.client_crq() is Crq.DISABLED:
            self._tell_client(Event.DEVICE_FAILOVER)


@fault("CRQ-7")
class EventDroppedOnFull(Transport):
    """Drops an event that meets a full queue of the client."""

    def overlay_client_event(self, event: Event) -> bool:
        return True


@fault("CRQ-7")
class ServerEventDroppedOnFull(Transport):
    """Drops an event that meets a full queue of a server."""

    def tell_server(self, server: int, event: Event) -> None:
        queue = self.servers[server].crq
        if queue is not None:
            queue.put_event(event)


class _OldestOverlaid(Queue):
    __slots__ = ()

    def overlay_event(self, event: int) -> bool:
        oldest, self._position = self._position, (self._position + 1) % self.capacity
        merged = super().overlay_event(event)
        self._position = oldest
        return merged


@fault("CRQ-7")
class WrongElementOverlaid(Transport):
    """Overlays the first element of a full queue with an event instead of the last one."""

    queue = _OldestOverlaid


class _FailoverOnTop(Queue):
    __slots__ = ()

    def overlay_event(self, event: int) -> bool:
        merged = super().overlay_event(event)
        page, at = self._slot((self._position - 1) % self.capacity)
        page[at + 1] = event
        return merged


@fault("CRQ-7")
class FailoverOverlaysMigrated(Transport):
    """Lets a failover event overlay the event of a migration that the client has not read."""

    queue = _FailoverOnTop


@fault("CRQ-7", event_full="defer")
class DeferredEventForgotten(FailoverMechanism):
    """Forgets an event that waits for room in the client's queue."""

    def _deliver_owed(self) -> None:
        self.owed = Owed.NOTHING


@fault("CRQ-7", event_full="defer")
class DeferralConnectsEarly(FailoverMechanism):
    """Connects the new server while the event of the switch waits for room."""

    def _connect(self) -> None:
        owed, self.owed = self.owed, Owed.NOTHING
        super()._connect()
        self.owed = owed
        self.watching |= owed is not Owed.NOTHING
