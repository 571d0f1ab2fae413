"""What is seen of the system without touching it: CRQ calls, events, elements, connections.

:func:`watched` makes of any transport class one that tells a :class:`Watcher` what passes, and changes nothing.
"""

from __future__ import annotations

from typing import Protocol

from vnic_reference.partition import Unit
from vnic_reference.transport import Transport
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    RESPONSE_BIT,
    RETURN_CODE_AT,
    UNSOLICITED,
    Command,
    CommandRc,
    Event,
    Header,
    Rc,
    from_words,
)


class Watcher(Protocol):
    """Who is told. ``server`` is a server's index, None the client."""

    def called(self, server: int | None, call: str, rc: Rc) -> None:
        """A queue was registered, freed or enabled."""

    def sent(self, server: int | None, element: bytes, rc: Rc) -> None:
        """An element was sent."""

    def told(self, server: int | None, event: Event, merged: bool) -> None:
        """The hypervisor has put an event into a queue, or merged it with the one there."""

    def connected(self, server: int) -> None:
        """Elements can flow between the client and this server."""

    def severed(self, server: int) -> None:
        """They cannot any more."""


def watched(transport: type[Transport], watcher: Watcher) -> type[Transport]:
    """A class like this one, whose instances tell the watcher."""

    class Watched(transport):  # type: ignore[valid-type, misc]  # the base is a value: faulty variants are watched too
        def reg_crq(self, unit: Unit, ioba: int, length: int) -> Rc:
            rc: Rc = super().reg_crq(unit, ioba, length)
            watcher.called(unit.server, "H_REG_CRQ", rc)
            return rc

        def free_crq(self, unit: Unit) -> Rc:
            watcher.called(unit.server, "H_FREE_CRQ", Rc.H_SUCCESS)
            rc: Rc = super().free_crq(unit)
            return rc

        def enable_crq(self, unit: Unit) -> Rc:
            rc: Rc = super().enable_crq(unit)
            watcher.called(unit.server, "H_ENABLE_CRQ", rc)
            return rc

        def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
            rc: Rc = super().send_crq(unit, high, low)
            watcher.sent(unit.server, from_words(high, low), rc)
            return rc

        def connect(self, server: int) -> None:
            super().connect(server)
            watcher.connected(server)

        def sever(self) -> None:
            partner = self.partner
            super().sever()
            if partner is not None and partner.server is not None:
                watcher.severed(partner.server)

        def put_client_event(self, event: Event) -> bool:
            done: bool = super().put_client_event(event)
            if done:
                watcher.told(None, event, False)
            return done

        def overlay_client_event(self, event: Event) -> bool:
            merged: bool = super().overlay_client_event(event)
            watcher.told(None, event, merged)
            return merged

        def tell_server(self, server: int, event: Event) -> None:
            super().tell_server(server, event)
            if self.server_registered(server):
                watcher.told(server, event, False)

    return Watched


#: Events in words.
EVENT_TEXT = {
    Event.PARTNER_FAILED: "event 01: the partner failed",
    Event.PARTNER_DEREGISTERED: "event 02: the partner has deregistered",
    Event.MIGRATED: "event 06: migrated",
    Event.DEVICE_FAILOVER: "event 08: device failover",
}


def element_text(element: bytes) -> str:
    """An element in words: ``INIT``, ``LOGIN``, ``LOGIN response PARAMETER``, or its first bytes in hex."""
    if element == INIT:
        return "INIT"
    if element == INIT_COMPLETE:
        return "INIT_COMPLETE"
    if element[0] != Header.COMMAND:
        return element[:2].hex(" ")
    try:
        command = Command(element[1] & ~RESPONSE_BIT)
    except ValueError:
        return f"command {element[1]:#04x}"
    if not element[1] & RESPONSE_BIT:
        return command.name if command not in UNSOLICITED else f"{command.name} {element[2:6].hex()}"
    code = element[RETURN_CODE_AT]
    if not code:
        return f"{command.name} response"
    name = CommandRc(code).name if code in set(CommandRc) else str(code)
    return f"{command.name} response {name}"
