"""Faults at the console: what the administrator may do, and what it changes."""

from __future__ import annotations

from dataclasses import replace

from vnic_reference.console import Console, Listing, Refusal, Reply
from vnic_reference.faults.registry import fault
from vnic_reference.servers import Server


@fault("SEL-4")
class PriorityRangeUnchecked(Console):
    """Takes a priority that is out of range for the nearest one in it."""

    def set_priority(self, server: object, priority: object) -> Reply:
        return super().set_priority(server, min(100, max(1, priority)) if isinstance(priority, int) else priority)


@fault("ADM-4")
class PriorityChangeWaits(Console):
    """Does not look at the selection when a priority is changed, but when something else happens."""

    def set_priority(self, server: object, priority: object) -> Reply:
        self._mechanism._in_step = True
        reply = super().set_priority(server, priority)
        self._mechanism._in_step = False
        return reply


@fault("ADM-1")
class SamePortTwice(Console):
    """Adds a server on a physical port that another server of the list uses."""

    def add(self, device: object) -> Reply:
        listed = self._mechanism.listed()
        ports = [server.port for server in listed]
        for server in listed:
            server.port = (-1, server.index)
        reply = super().add(device)
        for server, port in zip(listed, ports, strict=True):
            server.port = port
        return reply


@fault("ADM-1")
class ListHasNoEnd(Console):
    """Adds one server more than the list may have."""

    def add(self, device: object) -> Reply:
        policy = self._mechanism.policy
        self._mechanism.policy = replace(policy, max_servers=policy.max_servers + 1)
        reply = super().add(device)
        self._mechanism.policy = policy
        return reply


@fault("MON-6")
class AddedAgainAsItWas(Console):
    """Gives a server that is added again the status that it had when it was removed."""

    def remove(self, server: object) -> Reply:
        target = self._find(server)
        status = target.status if isinstance(target, Server) else None
        reply = super().remove(server)
        if reply.ok and isinstance(target, Server) and status is not None:
            target.status = status
        return reply


@fault("ADM-3")
class RemovalOfActiveIgnored(Console):
    """Says that the selected server is removed, and leaves it where it is."""

    def remove(self, server: object) -> Reply:
        selected = self._mechanism.selected
        return Reply() if selected is not None and self._find(server) is selected else super().remove(server)


@fault("ADM-3")
class LastServerRemoved(Console):
    """Removes the last server of the list."""

    def remove(self, server: object) -> Reply:
        reply = super().remove(server)
        target = self._find(server)
        if reply.refusal is Refusal.LAST_SERVER and isinstance(target, Server):
            target.listed = False
            target.await_first_report()
            del self._devices[target.index]
            self._mechanism.settle()
            return Reply()
        return reply


@fault("ADM-5")
class AutoKeepsPin(Console):
    """Keeps the pin when automatic failover is written."""

    def set_auto(self, value: object) -> Reply:
        self._mechanism._in_step = True
        pinned = self._mechanism.pinned
        reply = super().set_auto(value)
        self._mechanism.pinned = pinned
        self._mechanism._in_step = False
        self._mechanism.settle(at_once=True)
        return reply


@fault("ADM-5")
class AutoOnWaits(Console):
    """Does not select by priority when automatic failover is switched on, but when something else happens."""

    def set_auto(self, value: object) -> Reply:
        self._mechanism._in_step = True
        reply = super().set_auto(value)
        self._mechanism._in_step = False
        return reply


@fault("ADM-6")
class IneligibleActivated(Console):
    """Says that a server is activated which cannot serve, and does nothing."""

    def activate(self, server: object) -> Reply:
        reply = super().activate(server)
        return Reply() if reply.refusal is Refusal.NOT_ELIGIBLE else reply


@fault("ADM-6")
class ActivatingTheSelectedDoesNotPin(Console):
    """Does nothing when the selected server is activated."""

    def activate(self, server: object) -> Reply:
        pinned = self._mechanism.pinned
        already = self._find(server) is self._mechanism.selected
        reply = super().activate(server)
        if already:
            self._mechanism.pinned = pinned
            self._mechanism.settle()
        return reply


@fault("ADM-7")
class ListingShowsFirstPriority(Console):
    """Lists the priority with which a server was added."""

    def set_priority(self, server: object, priority: object) -> Reply:
        target = self._find(server)
        before = self._devices.get(target.index) if isinstance(target, Server) else None
        reply = super().set_priority(server, priority)
        if before is not None and isinstance(target, Server):
            self._devices[target.index] = before
        return reply


@fault("ADM-7")
class ListingHidesPin(Console):
    """Never shows that a manual choice holds."""

    def listing(self) -> Listing:
        return replace(super().listing(), pinned=False)
