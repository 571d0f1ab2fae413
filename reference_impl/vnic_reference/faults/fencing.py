"""Faults in sessions: tokens, crossing of sessions, and what a fenced server can still do."""

from __future__ import annotations

from dataclasses import replace

from vnic_reference.complaint import ComplaintDesk
from vnic_reference.failover import FailoverMechanism
from vnic_reference.faults.registry import fault
from vnic_reference.partition import Unit
from vnic_reference.queues import Queue
from vnic_reference.redirected import RemoteDma
from vnic_reference.servers import Server
from vnic_reference.subordinate import SubordinateQueues
from vnic_reference.transport import Transport, close_sub_crqs
from vnic_spec.wire import SUB_ELEMENT_BYTES, Rc, TceAccess


@fault("SES-1")
class TokenReused(FailoverMechanism):
    """Gives out the same token in every session with a server."""

    def _connect(self) -> None:
        super()._connect()
        if self.session is not None:
            self.session = replace(self.session, number=1 + self.session.server.index)


@fault("SES-1")
class TokenChangesInSession(FailoverMechanism):
    """Gives out another token whenever something happens in a session."""

    def _connect(self) -> None:
        super()._connect()
        if self.session is not None:
            self.counters.sessions += 1
            self.session = replace(self.session, number=self.counters.sessions)


@fault("SES-2")
class OldTokenAccepted(ComplaintDesk):
    """Takes a complaint with the token of any session."""

    def complain(self, token: int) -> Rc:
        current = self.token()
        return super().complain(token if current is None else current)


@fault("SES-2")
class ComplaintAlwaysSucceeds(ComplaintDesk):
    """Answers success to a complaint when there is nobody else."""

    def complain(self, token: int) -> Rc:
        rc = super().complain(token)
        return Rc.H_SUCCESS if rc is Rc.H_CONSTRAINED else rc


@fault("SES-3")
class ComplaintNotRemembered(ComplaintDesk):
    """Forgets a complaint as soon as it has acted on it, so that preemption undoes it."""

    def complain(self, token: int) -> Rc:
        before = self._mechanism.selected
        rc = super().complain(token)
        if rc is Rc.H_SUCCESS and before is not None:
            before.complaint = False
            self._mechanism.settle()
        return rc


@fault("CRQ-13")
class NoHold(FailoverMechanism):
    """Connects a server that has not read of the end of its last session."""

    def held(self, server: Server) -> bool:
        return False


@fault("CRQ-13", crossing="gap")
class GapTooShort(FailoverMechanism):
    """Connects a server before the gap after its last session has passed."""

    def held(self, server: Server) -> bool:
        ended = server.session_ended_at
        return ended is not None and self.now < ended + self.policy.gap_ms // 2


@fault("FOV-10")
class FencedSendAccepted(Transport):
    """Stores what any registered server sends."""

    def send_crq(self, unit: Unit, high: int, low: int) -> Rc:
        rc = super().send_crq(unit, high, low)
        if rc is Rc.H_CLOSED and unit.server is not None and unit.crq is not None and self.client.crq is not None:
            return Rc.H_SUCCESS if self.client.crq.put(high, low) else Rc.H_DROPPED
        return rc


@fault("FOV-10")
class FencedSubCrqAccepted(SubordinateQueues):
    """Stores what any server sends to a live sub-CRQ of the client."""

    def _target(self, unit: Unit, handle: int) -> Queue | None:
        own = super()._target(unit, handle)
        return own if unit.server is None else self._transport.client.sub_crqs.get(handle)


@fault("FOV-10")
class FencedDmaAccepted(RemoteDma):
    """Lets any server reach what the client has mapped, connected or not."""

    def _may(self, unit: Unit, liobn: int, ioba: int, length: int, access: int) -> bool:
        if liobn == unit.remote_liobn and access == TceAccess.WRITE:
            return self._transport.client.window.accessible(ioba, length, access)
        return super()._may(unit, liobn, ioba, length, access)


@fault("CRQ-12")
class GrantsOutliveSession(Transport):
    """Keeps the redirected pages of a server when its session ends, so that it has them when it is connected again."""

    def sever(self) -> None:
        if self.partner is not None:
            close_sub_crqs(self.partner)
            close_sub_crqs(self.client)
            self.partner = None


@fault("CRQ-12")
class HandlesOutliveSession(Transport):
    """Keeps the sub-CRQs of both sides when a session ends."""

    def sever(self) -> None:
        if self.partner is not None:
            self.partner.window.drop_redirected()
            self.partner = None


@fault("CRQ-12")
class HandlesReused(SubordinateQueues):
    """Gives out the handles of an earlier session again."""

    def register(self, unit: Unit, ioba: int, length: int) -> tuple[Rc, int, int]:
        self._next_handle = 1 + max(unit.sub_crqs, default=0)
        return super().register(unit, ioba, length)


@fault("CRQ-12")
class IndirectSendsInPart(SubordinateQueues):
    """Stores the elements of an indirect send one by one, and stops at the first that it cannot store."""

    def send_indirect(self, unit: Unit, handle: int, ioba: int, count: int) -> Rc:
        if not 1 <= count <= self._indirect_limit:
            return super().send_indirect(unit, handle, ioba, count)
        for place in range(count):
            rc = super().send_indirect(unit, handle, ioba + place * SUB_ELEMENT_BYTES, 1)
            if rc is not Rc.H_SUCCESS:
                return rc
        return Rc.H_SUCCESS


@fault("CRQ-12")
class IndirectOneTooMany(SubordinateQueues):
    """Takes one element more in an indirect send than the limit allows."""

    def send_indirect(self, unit: Unit, handle: int, ioba: int, count: int) -> Rc:
        limit = self._indirect_limit
        self._indirect_limit = limit + 1
        rc = super().send_indirect(unit, handle, ioba, count)
        self._indirect_limit = limit
        return rc


@fault("CRQ-12")
class SubHeaderUnchecked(SubordinateQueues):
    """Stores an element on a sub-CRQ whatever its header says."""

    def send(self, unit: Unit, handle: int, *element: int) -> Rc:
        queue = self._target(unit, handle)
        if queue is None:
            return Rc.H_PARAMETER
        return Rc.H_SUCCESS if queue.put(*element) else Rc.H_DROPPED
