"""Monitoring: reports of the servers, silence, and everything else that happens because time passes (MON)."""

from __future__ import annotations

from vnic_reference.failover import FailoverMechanism
from vnic_reference.servers import Server
from vnic_spec.vocabulary import Status
from vnic_spec.wire import SERVER_INFO_VERSION, Rc, ServerInfo

#: What a server may say of itself (MON-1).
REPORTABLE = {status.value: status for status in (Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR)}


class Monitor:
    """Reports, deadlines and the clock of one vNIC.

    Args:
        mechanism: The failover mechanism whose servers are watched.
    """

    def __init__(self, mechanism: FailoverMechanism) -> None:
        self._mechanism = mechanism

    def report(self, server: Server, registered: bool, status: int, interval_ms: int) -> Rc:
        """VNIC_SERVER_STATUS: status 1 to 3, milliseconds to the next report, at least 1 (MON-1, MON-4).

        ``registered`` says whether the server's own CRQ is registered. The unit and the unused parameter have been
        checked.
        """
        if not server.listed or not registered:
            return Rc.H_STATE
        reported = REPORTABLE.get(status)
        if reported is None or interval_ms < 1:
            return Rc.H_PARAMETER
        if reported is Status.OPERATIONAL and server.status is not Status.OPERATIONAL:
            server.complaint = False
        server.status = reported
        server.interval_ms = interval_ms
        server.reported_at = self._mechanism.now
        self._mechanism.settle()
        return Rc.H_SUCCESS

    def info(self, server: Server) -> ServerInfo | None:
        """GET_VNIC_SERVER_INFO (MON-7); None for a server that is not on the list and so has neither role nor rank."""
        if not server.listed:
            return None
        active = int(self._mechanism.active(server))
        return ServerInfo(SERVER_INFO_VERSION, active, server.shown_status().value, server.priority)

    def advance(self, ms: int) -> None:
        """Let virtual time pass, ``ms`` milliseconds ≥ 0; what falls due on the way happens at its own time (MON-2).

        What falls due at the same time is processed together, and then the selection settles once: servers that fall
        silent together never become each other's successor.
        """
        mechanism = self._mechanism
        mechanism.notice()
        end = mechanism.now + ms
        while (due := self.next_due()) is not None and due <= end:
            mechanism.now = max(due, mechanism.now)
            self._expire()
            mechanism.settle()
        mechanism.now = end

    def _silent_at(self, server: Server) -> int | None:
        """First instant at which a server counts as silent: more than grace × interval after its last report."""
        if server.reported_at is None:
            return None
        return server.reported_at + self._mechanism.policy.grace * server.interval_ms + 1

    def _overdue_at(self, server: Server) -> int | None:
        """First instant at which the selected server has held the client for too long (CRQ-13)."""
        mechanism = self._mechanism
        if mechanism.policy.crossing != "hold" or mechanism.held_since is None or mechanism.selected is not server:
            return None
        if server.overdue:
            return None
        limit = mechanism.policy.hold_limit_ms
        if limit is None:
            limit = mechanism.policy.grace * server.interval_ms
        return mechanism.held_since + limit + 1

    def _expire(self) -> None:
        now = self._mechanism.now
        overdue = [server for server in self._mechanism.servers if _due(self._overdue_at(server), now)]
        for server in self._mechanism.servers:
            if _due(self._silent_at(server), now):
                server.status = Status.UNRESPONSIVE
                server.reported_at = None
        for server in overdue:
            server.overdue = True

    def next_due(self) -> int | None:
        """Earliest time at which something happens by itself."""
        mechanism = self._mechanism
        times = [self._silent_at(server) for server in mechanism.servers]
        selected = mechanism.selected
        if selected is not None:
            times.append(self._overdue_at(selected))
            waits = mechanism.policy.crossing == "gap" and mechanism.held_since is not None
            if waits and selected.session_ended_at is not None:
                times.append(selected.session_ended_at + mechanism.policy.gap_ms)
            if mechanism.better_since is not None:
                times.append(mechanism.better_since + mechanism.policy.preempt_delay_ms)
        return min((time for time in times if time is not None), default=None)


def _due(time: int | None, now: int) -> bool:
    return time is not None and time <= now
