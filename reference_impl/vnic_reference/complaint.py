"""The client's complaint about the server that serves it (SES)."""

from __future__ import annotations

from vnic_reference.failover import FailoverMechanism
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Rc


class ComplaintDesk:
    """GET_SESSION_TOKEN and SESSION_ERROR_DETECTED of one vNIC.

    Args:
        mechanism: The failover mechanism that acts on an accepted complaint.
    """

    def __init__(self, mechanism: FailoverMechanism) -> None:
        self._mechanism = mechanism

    def token(self) -> int | None:
        """Token of the session that is running, the same throughout; None without a session (SES-1)."""
        session = self._mechanism.session
        return None if session is None else session.token

    def complain(self, token: int) -> Rc:
        """SESSION_ERROR_DETECTED; the unused parameters have been checked (SES-2, SES-3)."""
        mechanism = self._mechanism
        session = mechanism.session
        if session is None or token != session.token:
            return Rc.H_STATE
        server = session.server
        if server.shown_status() is not Status.OPERATIONAL:
            return Rc.H_CONSTRAINED
        alternative = any(other is not server for other in mechanism.candidates())
        if not alternative and mechanism.policy.complaint_order == "check_first":
            return Rc.H_CONSTRAINED
        server.complaint = True
        # Without an alternative (complaint_order=lopar) the last resort clears the complaint again at once (MON-5).
        mechanism.settle()
        return Rc.H_SUCCESS if alternative else Rc.H_CONSTRAINED
