"""What a listing shows, noticed when it changes (ADM-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vnic_reference.backing_device import STATUS_TEXT
from vnic_reference.system.scenario import CONSOLE

if TYPE_CHECKING:
    from vnic_reference.system.system import System


class StateLog:
    """Writes changes of the listing to the timeline.

    Args:
        system: whose listing; it is looked at after everything that can have changed it.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._known: dict[tuple[str, str], str] = {}
        self._print: object = None

    def notice(self) -> None:
        """Compare with what was there before."""
        mechanism = self._system.machine.hypervisor.mechanism
        # Cheap to compare: the listing is made only if something in it can have changed.
        now = (
            mechanism.selected,
            mechanism.session,
            mechanism.auto,
            mechanism.pinned,
            [(server.listed, server.priority, server.shown_status()) for server in mechanism.servers],
        )
        if now == self._print:
            return
        self._print = now
        seen = self._listing()
        for (who, what), value in seen.items():
            if self._known.get((who, what)) != value:
                self._system.timeline.add(self._system.now, "state", who, f"{what} {value}", **{what: value})
        for who, what in self._known.keys() - seen.keys():
            if what == "status":
                self._system.timeline.add(self._system.now, "state", who, "not on the list")
        self._known = seen

    def _listing(self) -> dict[tuple[str, str], str]:
        system = self._system
        listing = system.machine.console.listing()
        seen = {}
        for row in listing.servers:
            name = system.name(row.server)
            seen[name, "status"] = STATUS_TEXT[row.status]
            seen[name, "priority"] = str(row.device.priority)
        selected, connected = listing.selected, system.connected_server()
        seen[CONSOLE, "selected"] = "nobody" if selected is None else system.name(selected)
        seen[CONSOLE, "connected"] = "nobody" if connected is None else system.name(connected)
        seen[CONSOLE, "auto"] = "on" if listing.auto else "off"
        seen[CONSOLE, "pinned"] = "yes" if listing.pinned else "no"
        return seen
