"""Faults that show only after hundreds or thousands of sessions: counters that wrap, tables that fill up, what is forgotten."""

from __future__ import annotations

from dataclasses import replace

from vnic_reference.failover import FailoverMechanism
from vnic_reference.faults.registry import fault
from vnic_reference.partition import Unit
from vnic_reference.subordinate import SubordinateQueues
from vnic_spec.wire import Event, Rc


class _ShortToken(FailoverMechanism):
    #: So many different tokens there are.
    tokens: int

    def _connect(self) -> None:
        before = self.session
        super()._connect()
        if self.session is not None and self.session is not before:
            self.session = replace(self.session, number=1 + (self.session.number - 1) % self.tokens)


@fault("SES-1")
class TokenIsOneByte(_ShortToken):
    """Counts sessions in one byte, so that a token comes again after 256 of them."""

    tokens = 256


@fault("SES-1")
class TokenWrapsAtTenThousand(_ShortToken):
    """Begins again with the first token after 10,000 sessions."""

    tokens = 10_000


class _Forgetful(FailoverMechanism):
    #: The switch of which the client is not told.
    forgotten: int

    def _tell_client(self, event: Event) -> None:
        if event is not Event.DEVICE_FAILOVER or self.counters.switches != self.forgotten:
            super()._tell_client(event)


@fault("FOV-3")
class Switch300Untold(_Forgetful):
    """Does not tell the client of the 300th switch."""

    forgotten = 300


@fault("FOV-3")
class Switch10000Untold(_Forgetful):
    """Does not tell the client of the 10,000th switch."""

    forgotten = 10_000


class _Leaking(SubordinateQueues):
    #: Registrations that there is room for.
    room: int

    def register(self, unit: Unit, ioba: int, length: int) -> tuple[Rc, int, int]:
        return (Rc.H_RESOURCE, 0, 0) if self._next_handle > self.room else super().register(unit, ioba, length)


@fault("CRQ-12")
class HandleTableLeaks(_Leaking):
    """Never gives the place of a sub-CRQ in a table of 300 back, so that registering fails in the end."""

    room = 300


@fault("CRQ-12")
class HandleTableLeaksSlowly(_Leaking):
    """The same with a table of 10,000."""

    room = 10_000
