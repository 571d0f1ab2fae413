"""H_VIOCTL: subfunctions on a unit (LoPAR, "H_VIOCTL").

Checks come in the architecture's order: unknown subfunction → H_NOT_FOUND; bad unit → H_PARAMETER; subfunction not for
this kind of unit → H_PARAMETER; an unused parameter that is not zero → H_PARAMETER; then what the subfunction checks.
"""

from __future__ import annotations

from vnic_reference.complaint import ComplaintDesk
from vnic_reference.failover import FailoverMechanism
from vnic_reference.interrupts import Interrupt
from vnic_reference.memory import write_pages
from vnic_reference.monitoring import Monitor
from vnic_reference.partition import Unit
from vnic_spec.wire import PAGE_BYTES, OutputDescriptor, Rc, Vioctl

#: Number of parameters that each subfunction uses; the rest must be zero. Subfunctions not listed here are unknown.
_USED = {
    Vioctl.DISABLE_ALL_VIO_INTERRUPTS: 0,
    Vioctl.DISABLE_VIO_INTERRUPT: 1,
    Vioctl.ENABLE_VIO_INTERRUPT: 1,
    Vioctl.VNIC_SERVER_STATUS: 2,
    Vioctl.GET_SESSION_TOKEN: 0,
    Vioctl.SESSION_ERROR_DETECTED: 1,
    Vioctl.GET_VNIC_SERVER_INFO: 1,
}
_CLIENT_ONLY = frozenset({Vioctl.GET_SESSION_TOKEN, Vioctl.SESSION_ERROR_DETECTED})
_SERVER_ONLY = frozenset({Vioctl.VNIC_SERVER_STATUS, Vioctl.GET_VNIC_SERVER_INFO})


class VioControl:
    """The subfunctions.

    Args:
        mechanism: The failover mechanism of the vNIC.
        monitor: Takes the servers' reports.
        complaints: Takes the client's complaints.
    """

    def __init__(self, mechanism: FailoverMechanism, monitor: Monitor, complaints: ComplaintDesk) -> None:
        self._mechanism = mechanism
        self._monitor = monitor
        self._complaints = complaints

    def call(self, unit: Unit | None, subfunction: int, parameters: tuple[int, int, int]) -> tuple[int, ...]:
        """Answer one call with the return code and, for GET_SESSION_TOKEN, the token in R4."""
        used = _USED.get(subfunction)  # type: ignore[call-overload]  # an integer finds its enumeration member
        if used is None:
            return (Rc.H_NOT_FOUND,)
        if unit is None:
            return (Rc.H_PARAMETER,)
        if subfunction in (_SERVER_ONLY if unit.server is None else _CLIENT_ONLY):
            return (Rc.H_PARAMETER,)
        if any(parameters[used:]):
            return (Rc.H_PARAMETER,)
        if subfunction == Vioctl.GET_SESSION_TOKEN:
            token = self._complaints.token()
            return (Rc.H_STATE,) if token is None else (Rc.H_SUCCESS, token)
        if subfunction == Vioctl.SESSION_ERROR_DETECTED:
            return (self._complaints.complain(parameters[0]),)
        if subfunction == Vioctl.VNIC_SERVER_STATUS:
            return (self._report(unit, parameters[0], parameters[1]),)
        if subfunction == Vioctl.GET_VNIC_SERVER_INFO:
            return (self._server_info(unit, parameters[0]),)
        return (_switch_interrupts(unit, subfunction, parameters[0]),)

    def _report(self, unit: Unit, status: int, interval_ms: int) -> Rc:
        if unit.server is None:
            return Rc.H_PARAMETER
        server = self._mechanism.servers[unit.server]
        return self._monitor.report(server, unit.crq is not None, status, interval_ms)

    def _server_info(self, unit: Unit, register: int) -> Rc:
        """Write the record to the caller's buffer, cut to its length (MON-7)."""
        info = None if unit.server is None else self._monitor.info(self._mechanism.servers[unit.server])
        if info is None:
            return Rc.H_STATE
        target = OutputDescriptor.unpack(register)
        if target.control:
            return Rc.H_PARAMETER
        # The whole buffer must be the caller's, also the part that the record does not fill.
        pages = unit.window.own_pages(target.ioba, target.length)
        if pages is None:
            return Rc.H_PARAMETER
        write_pages(pages, target.ioba % PAGE_BYTES, info.pack()[: target.length])
        return Rc.H_SUCCESS


def _switch_interrupts(unit: Unit, subfunction: int, source: int) -> Rc:
    """Disable all interrupts of the unit, or disable or enable the one with this source number."""
    if subfunction == Vioctl.DISABLE_ALL_VIO_INTERRUPTS:
        chosen: list[Interrupt] = unit.interrupts()
    else:
        chosen = [interrupt for interrupt in unit.interrupts() if interrupt.source == source]
    if not chosen:
        return Rc.H_PARAMETER
    for interrupt in chosen:
        interrupt.enabled = subfunction == Vioctl.ENABLE_VIO_INTERRUPT
    return Rc.H_SUCCESS
