"""Faults in the CRQ calls: checks that are missing or in the wrong order, and bytes that are changed."""

from __future__ import annotations

from vnic_reference.faults.registry import fault
from vnic_reference.partition import Unit
from vnic_reference.queues import Queue
from vnic_reference.transport import Transport
from vnic_spec.wire import ELEMENT_BYTES, PAGE_BYTES, Event, Header, Rc

_SHIFT = 56
_VALID = 1 << 63


@fault("CRQ-2")
class RegisteringAlwaysSucceeds(Transport):
    """Answers success to a registration without a partner."""

    def reg_crq(self, unit: Unit, ioba: int, length: int) -> Rc:
        rc = super().reg_crq(unit, ioba, length)
        return Rc.H_SUCCESS if rc is Rc.H_CLOSED else rc


@fault("CRQ-2")
class LengthUnchecked(Transport):
    """Registers a queue whose length is not whole pages, rounded up."""

    def reg_crq(self, unit: Unit, ioba: int, length: int) -> Rc:
        return super().reg_crq(unit, ioba, -(-length // PAGE_BYTES) * PAGE_BYTES)


@fault("CRQ-2")
class ResourceBeforeParameter(Transport):
    """Says that a queue is registered already before it looks at address and length."""

    def reg_crq(self, unit: Unit, ioba: int, length: int) -> Rc:
        return Rc.H_RESOURCE if unit.crq is not None else super().reg_crq(unit, ioba, length)


@fault("CRQ-2")
class PairingUnchecked(Transport):
    """Registers the queue of a unit that has no authorised connection."""

    def reg_crq(self, unit: Unit, ioba: int, length: int) -> Rc:
        unit.paired = True
        return super().reg_crq(unit, ioba, length)


class _NotEmptied(Queue):
    __slots__ = ()

    def __init__(self, pages: list[bytearray], *more: object) -> None:
        before = [bytes(page) for page in pages]
        super().__init__(pages, *more)  # type: ignore[arg-type]  # passed on as they came
        for page, old in zip(pages, before, strict=True):
            page[:] = old


@fault("CRQ-9")
class StaleElementsKept(Transport):
    """Leaves in a queue what an earlier registration left there."""

    queue = _NotEmptied


@fault("CRQ-11")
class RegisteringEnablesInterrupt(Transport):
    """Leaves the interrupt enabled when a queue is registered."""

    def reg_crq(self, unit: Unit, ioba: int, length: int) -> Rc:
        rc = super().reg_crq(unit, ioba, length)
        if rc in (Rc.H_SUCCESS, Rc.H_CLOSED):
            unit.interrupt.enabled = True
        return rc


@fault("CRQ-3")
class HeaderUnchecked(Transport):
    """Stores an element whose header has no high bit, as a command."""

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        return super().send_crq(unit, high if high & _VALID else high | Header.COMMAND << _SHIFT, low)


@fault("CRQ-6")
class PartnerMayWriteEvents(Transport):
    """Stores an event that a partner sends."""

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        peer = self.peer(unit)
        if high >> _SHIFT == Header.EVENT and peer is not None and peer.crq is not None:
            return Rc.H_SUCCESS if peer.crq.put(high, low) else Rc.H_DROPPED
        return super().send_crq(unit, high, low)


@fault("CRQ-3")
class ReservedHeaderRefused(Transport):
    """Refuses elements whose header has the high bit but is reserved."""

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        if high >> _SHIFT not in (Header.COMMAND, Header.INITIALIZATION):
            return Rc.H_PARAMETER
        return super().send_crq(unit, high, low)


@fault("CRQ-3")
class ClosedBeforeHeader(Transport):
    """Says that there is no connection before it looks at the header."""

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        return Rc.H_CLOSED if self.peer(unit) is None else super().send_crq(unit, high, low)


@fault("CRQ-3")
class DroppedBeforeClosed(Transport):
    """Says that a queue is full before it says that there is no connection."""

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        rc = super().send_crq(unit, high, low)
        full = self.client.crq is not None and not self.client.crq.room()
        return Rc.H_DROPPED if rc is Rc.H_CLOSED and unit.server is not None and full else rc


@fault("CRQ-5")
class FullIsNotTold(Transport):
    """Says that an element was stored though the queue is full."""

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        rc = super().send_crq(unit, high, low)
        return Rc.H_SUCCESS if rc is Rc.H_DROPPED else rc


@fault("CRQ-10")
class PayloadChanged(Transport):
    """Clears the last bit of the last byte of an element."""

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        return super().send_crq(unit, high, low & ~1)


@fault("CRQ-4")
class FreeKeepsSubCrqs(Transport):
    """Leaves the sub-CRQs of a unit registered when it frees its CRQ."""

    def close(self, unit: Unit, event: Event) -> None:
        kept = dict(unit.sub_crqs)
        super().close(unit, event)
        unit.sub_crqs.update(kept)


@fault("CRQ-8")
class MigrationDoesNotDisable(Transport):
    """Leaves the client's CRQ enabled when its partition migrates."""

    def disable(self) -> None:
        pass


@fault("CRQ-8")
class EnableEmptiesQueue(Transport):
    """Forgets what is in the client's queue when it is enabled again."""

    def enable_crq(self, unit: Unit) -> Rc:
        if unit.server is None and self.disabled and unit.crq is not None:
            for page in unit.crq._pages:
                page[::ELEMENT_BYTES] = bytes(PAGE_BYTES // ELEMENT_BYTES)
        return super().enable_crq(unit)
