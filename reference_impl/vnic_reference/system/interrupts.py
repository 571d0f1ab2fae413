"""When a server has to be stepped: what would interrupt a real one.

A server that had nothing to do has nothing to do until its deadline, unless an element comes into one of its queues, a
frame to its port, or its port or its active flag changes. Standbys are most of a system, and idle most of the time.
"""

from __future__ import annotations

from vnic_reference.network.component import Component
from vnic_reference.network.sriov import LogicalPort
from vnic_reference.partition import Unit


class Idle:
    """Remembers that a server had nothing to do.

    Args:
        unit: the server's.
        port: the server's.
    """

    __slots__ = ("_deadline", "_port", "_server", "_signs", "_unit")

    def __init__(self, unit: Unit, port: LogicalPort) -> None:
        self._unit = unit
        self._port = port
        self._server: Component | None = None
        self._deadline: int | None = None
        self._signs: object = None

    def step(self, server: Component, now: int, *, active: bool) -> bool:
        """Step the server if there may be something to do; whether it did anything."""
        if (
            server is self._server
            and (self._deadline is None or now < self._deadline)
            and self._signs == self._look(active)
        ):
            return False
        if server.step(now):
            self._server = None
            return True
        self._server, self._deadline, self._signs = server, server.next_deadline(), self._look(active)
        return False

    def _look(self, active: bool) -> tuple[object, ...]:
        unit, port = self._unit, self._port
        queues = [queue.position for queue in unit.sub_crqs.values()]
        crq = None if unit.crq is None else unit.crq.position
        return (active, crq, queues, port.waiting, port.link_up, port.frozen, port.resets)
