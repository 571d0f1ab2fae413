"""Changes of what a listing shows (ADM-7)."""

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
        self._known: dict[str, dict[str, str]] = {}
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
        system, seen = self._system, self._listing()
        for who, facts in seen.items():
            known = self._known.get(who, {})
            changed = {what: value for what, value in facts.items() if known.get(what) != value}
            if changed:
                text = ", ".join(f"{what} {value}" for what, value in changed.items())
                system.timeline.add(system.now, "state", who, text, **changed)
        for who in self._known:
            if who not in seen:
                system.timeline.add(system.now, "state", who, "not on the list")
        self._known = seen

    def _listing(self) -> dict[str, dict[str, str]]:
        system = self._system
        listing = system.machine.console.listing()
        seen = {
            system.name(row.server): {"status": STATUS_TEXT[row.status], "priority": str(row.device.priority)}
            for row in listing.servers
        }
        selected, connected = listing.selected, system.connected_server()
        seen[CONSOLE] = {
            "selected": "nobody" if selected is None else system.name(selected),
            "connected": "nobody" if connected is None else system.name(connected),
            "auto": "on" if listing.auto else "off",
            "pinned": "yes" if listing.pinned else "no",
        }
        return seen
