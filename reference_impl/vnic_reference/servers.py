"""What the failover mechanism keeps about each server."""

from __future__ import annotations

from dataclasses import dataclass

from vnic_spec.vocabulary import Status

DEFAULT_PRIORITY = 50
MIN_PRIORITY, MAX_PRIORITY = 1, 100


@dataclass(slots=True, eq=False)
class Server:
    """One server, on the list or not.

    Attributes:
        index: Number of the server in the machine, from 0.
        listed: Whether the administrator has put it on the vNIC's list.
        priority: 1 to 100, a lower number wins (SEL-4).
        age: Order of being added; the smallest was added first (SEL-5).
        port: Adapter and physical port (ADM-1).
        status: Last status reported, or set by the hypervisor; never NETWORK_ERROR (MON-4).
        complaint: The client has complained about it (SES-2).
        interval_ms: Announced time to the next report.
        reported_at: Virtual time of the last report in ms, None while none is awaited (MON-2).
        overdue: It has left the end of its last session unread for too long (CRQ-13).
        session_ended_at: Virtual time in ms at which its last session ended, None if its queue is newer than that.
    """

    index: int
    listed: bool = False
    priority: int = DEFAULT_PRIORITY
    age: int = 0
    port: tuple[int, int] = (0, 0)
    status: Status = Status.POWERED_OFF
    complaint: bool = False
    interval_ms: int = 0
    reported_at: int | None = None
    overdue: bool = False
    session_ended_at: int | None = None

    def shown_status(self) -> Status:
        """Status as listings and GET_VNIC_SERVER_INFO show it (MON-4, CRQ-13)."""
        if self.overdue:
            return Status.UNRESPONSIVE
        if self.complaint and self.status is Status.OPERATIONAL:
            return Status.NETWORK_ERROR
        return self.status

    def await_first_report(self) -> None:
        """POWERED_OFF until a report says otherwise (MON-3, MON-6)."""
        self.status = Status.POWERED_OFF
        self.reported_at = None
        self.interval_ms = 0
        self.overdue = False
