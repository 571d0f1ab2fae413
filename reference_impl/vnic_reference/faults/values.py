"""Faults of values and sizes: numbers that are cut, pages that are not used, an index that is left out."""

from __future__ import annotations

from vnic_reference.faults.registry import fault
from vnic_reference.monitoring import Monitor
from vnic_reference.partition import Unit
from vnic_reference.servers import Server
from vnic_reference.subordinate import SubordinateQueues
from vnic_reference.transport import Transport, close_sub_crqs
from vnic_spec.wire import PAGE_BYTES, Rc

_LOW_HALF = (1 << 32) - 1


@fault("CRQ-2")
class LengthIsCut(Transport):
    """Looks at the low 32 bits of a queue's length only."""

    def reg_crq(self, unit: Unit, ioba: int, length: int) -> Rc:
        return super().reg_crq(unit, ioba, length & _LOW_HALF)


@fault("MON-2")
class IntervalIsCut(Monitor):
    """Keeps the low 32 bits of the interval that a report announces."""

    def report(self, server: Server, registered: bool, status: int, interval_ms: int) -> Rc:
        cut = interval_ms & _LOW_HALF
        return super().report(server, registered, status, cut if cut or not interval_ms else 1)


@fault("CRQ-12")
class OnlyTheFirstPageIsUsed(SubordinateQueues):
    """Uses the first page of a sub-CRQ of several."""

    def register(self, unit: Unit, ioba: int, length: int) -> tuple[Rc, int, int]:
        whole = length > 0 and length % PAGE_BYTES == 0 and unit.window.own_pages(ioba, length) is not None
        return super().register(unit, ioba, PAGE_BYTES if whole else length)


@fault("CRQ-12")
class StandbysLoseSubQueues(Transport):
    """Frees the sub-CRQs of all servers when a session ends."""

    def sever(self) -> None:
        if self.partner is not None:
            for unit in self.servers:
                close_sub_crqs(unit)
        super().sever()
