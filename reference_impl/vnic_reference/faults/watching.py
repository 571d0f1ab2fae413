"""Faults in monitoring: reports that are misread, and silence that is noticed too early, too late or not at all."""

from __future__ import annotations

from vnic_reference.failover import FailoverMechanism
from vnic_reference.faults.registry import fault
from vnic_reference.monitoring import REPORTABLE, Monitor
from vnic_reference.servers import Server
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Rc, ServerInfo


@fault("MON-6")
class RegisteringIsOperational(FailoverMechanism):
    """Takes a server for OPERATIONAL as soon as it has registered its CRQ."""

    def server_opened(self, server: int) -> None:
        super().server_opened(server)
        self.servers[server].status = Status.OPERATIONAL
        self.settle()


@fault("MON-3")
class FreedServerKeepsStatus(FailoverMechanism):
    """Shows the last reported status of a server that has freed its CRQ."""

    def server_closed(self, server: int) -> None:
        status = self.servers[server].status
        super().server_closed(server)
        self.servers[server].status = status


@fault("MON-2")
class StandbyHeartbeatsIgnored(Monitor):
    """Does not notice that a standby has fallen silent."""

    def _silent_at(self, server: Server) -> int | None:
        return super()._silent_at(server) if server is self._mechanism.selected else None


@fault("MON-2")
class ExpiresTooEarly(Monitor):
    """Counts a server as silent at the end of its interval instead of after it."""

    def _silent_at(self, server: Server) -> int | None:
        return None if server.reported_at is None else server.reported_at + server.interval_ms


@fault("MON-2")
class ExpiresTooLate(Monitor):
    """Waits one interval longer than it may before it counts a server as silent."""

    def _silent_at(self, server: Server) -> int | None:
        due = super()._silent_at(server)
        return None if due is None else due + server.interval_ms


@fault("MON-2")
class NeverExpires(Monitor):
    """Never counts a server as silent."""

    def _silent_at(self, server: Server) -> int | None:
        return None


@fault("MON-2", grace=1)
class ExpiresOneByOne(Monitor):
    """Processes servers that fall silent at the same time one after the other, selecting in between."""

    def _expire(self) -> None:
        for server in self._mechanism.servers:
            due = self._silent_at(server)
            if due is not None and due <= self._mechanism.now:
                server.status = Status.UNRESPONSIVE
                server.reported_at = None
                self._mechanism.settle()
        super()._expire()


@fault("CRQ-13")
class HoldHasNoLimit(Monitor):
    """Lets a selected server keep the client held for ever."""

    def _overdue_at(self, server: Server) -> int | None:
        return None


@fault("MON-4")
class ReportClearsComplaint(Monitor):
    """Forgets a complaint whenever the server says that it is OPERATIONAL."""

    def report(self, server: Server, registered: bool, status: int, interval_ms: int) -> Rc:
        if server.listed and registered and status == Status.OPERATIONAL.value and interval_ms:
            server.complaint = False
        return super().report(server, registered, status, interval_ms)


@fault("MON-4")
class RecoveryIgnored(Monitor):
    """Does not believe a server that it is OPERATIONAL again after an ADAPTER_ERROR."""

    def report(self, server: Server, registered: bool, status: int, interval_ms: int) -> Rc:
        if server.status is Status.ADAPTER_ERROR and status == Status.OPERATIONAL.value:
            status = Status.ADAPTER_ERROR.value
        return super().report(server, registered, status, interval_ms)


@fault("ADM-6")
class ReportEndsPin(Monitor):
    """Forgets the manual choice when a better server reports."""

    def report(self, server: Server, registered: bool, status: int, interval_ms: int) -> Rc:
        selected = self._mechanism.selected
        if selected is not None and registered and server.listed and server.priority < selected.priority:
            self._mechanism.pinned = False
        return super().report(server, registered, status, interval_ms)


@fault("MON-1")
class ZeroIntervalAccepted(Monitor):
    """Takes a report that announces the next one within 0 ms, as 1 ms."""

    def report(self, server: Server, registered: bool, status: int, interval_ms: int) -> Rc:
        return super().report(server, registered, status, max(1, interval_ms))


@fault("MON-1")
class ValuesBeforeState(Monitor):
    """Looks at the values of a report before it looks whether the server may report at all."""

    def report(self, server: Server, registered: bool, status: int, interval_ms: int) -> Rc:
        if status not in REPORTABLE or interval_ms < 1:
            return Rc.H_PARAMETER
        return super().report(server, registered, status, interval_ms)


@fault("MON-7")
class ActiveWhileSelected(Monitor):
    """Tells a server that it is active as soon as it is selected."""

    def info(self, server: Server) -> ServerInfo | None:
        found = super().info(server)
        return None if found is None else found._replace(active=int(self._mechanism.selected is server))


@fault("MON-7")
class StatusInRecordIsLastReport(Monitor):
    """Hides a complaint from the server in its record."""

    def info(self, server: Server) -> ServerInfo | None:
        found = super().info(server)
        return None if found is None else found._replace(status=server.status.value)
