"""Hypervisors that answer busy: one that may, and ones that do it wrong (CRQ-14)."""

from __future__ import annotations

from collections.abc import Callable

from vnic_reference.faults.registry import fault, variant
from vnic_reference.partition import Unit
from vnic_reference.parts import Parts
from vnic_reference.subordinate import SubordinateQueues
from vnic_reference.transport import Transport
from vnic_spec.wire import Event, Rc

#: What is answered before a call is carried out.
_BEFORE = (Rc.H_BUSY, Rc.H_LONG_BUSY_1_MS, Rc.H_LONG_BUSY_10_MS)


class _Hesitation:
    """Answers busy some times before it lets a call be carried out."""

    def __init__(self) -> None:
        self._asked: dict[object, int] = {}

    def before(self, call: object, carry_out: Callable[[], Rc]) -> Rc:
        """The code that stands for not yet, or what the call answers."""
        asked = self._asked.get(call, 0)
        if asked < len(_BEFORE):
            self._asked[call] = asked + 1
            return _BEFORE[asked]
        self._asked[call] = 0
        return carry_out()


class _HesitantTransport(Transport):
    """Answers busy three times before it frees or enables a CRQ."""

    def __init__(self, client: Unit, servers: list[Unit]) -> None:
        super().__init__(client, servers)
        self.hesitation = _Hesitation()

    def free_crq(self, unit: Unit) -> Rc:
        return self.hesitation.before(("free", unit.address), lambda: super(_HesitantTransport, self).free_crq(unit))

    def enable_crq(self, unit: Unit) -> Rc:
        return self.hesitation.before(
            ("enable", unit.address), lambda: super(_HesitantTransport, self).enable_crq(unit)
        )


class _HesitantSubCrqs(SubordinateQueues):
    """Answers busy three times before it frees a sub-CRQ."""

    def __init__(self, transport: Transport, indirect_limit: int, first_source: int) -> None:
        super().__init__(transport, indirect_limit, first_source)
        self.hesitation = _Hesitation()

    def free(self, unit: Unit, handle: int) -> Rc:
        return self.hesitation.before((unit.address, handle), lambda: super(_HesitantSubCrqs, self).free(unit, handle))


variant(
    "busy_at_first",
    "Answers busy, long busy 1 ms and long busy 10 ms before it frees or enables a queue, which it may (CRQ-14).",
    Parts(transport=_HesitantTransport, sub_crqs=_HesitantSubCrqs),
)


@fault("CRQ-14")
class BusyForEver(Transport):
    """Answers busy to every H_FREE_CRQ, however often it is repeated."""

    def free_crq(self, unit: Unit) -> Rc:
        return Rc.H_BUSY


@fault("CRQ-4")
class BusyTellsEachTime(_HesitantTransport):
    """Tells the partner of a free each time that it answers busy, and once more when it is done."""

    def free_crq(self, unit: Unit) -> Rc:
        peer = self.peer(unit)
        rc = super().free_crq(unit)
        if rc is not Rc.H_SUCCESS and peer is not None and peer.server is not None:
            self.tell_server(peer.server, Event.PARTNER_DEREGISTERED)
        return rc


@fault("CRQ-4")
class BusyForgetsToFree(_HesitantTransport):
    """Answers busy, and then success without having freed anything."""

    def free_crq(self, unit: Unit) -> Rc:
        return self.hesitation.before(("free", unit.address), lambda: Rc.H_SUCCESS)


@fault("CRQ-8")
class BusyForgetsToEnable(_HesitantTransport):
    """Answers busy, and then success without having enabled the CRQ."""

    def enable_crq(self, unit: Unit) -> Rc:
        return self.hesitation.before(("enable", unit.address), lambda: Rc.H_SUCCESS)


@fault("CRQ-3")
class BusyInsteadOfDropped(Transport):
    """Answers busy to a send that meets a full queue, where no busy code is allowed."""

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        rc = super().send_crq(unit, high, low)
        return Rc.H_BUSY if rc is Rc.H_DROPPED else rc
