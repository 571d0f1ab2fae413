"""The hypervisor: one entry for all calls, by token number and registers.

A call answers with a tuple, return code first, then R4, R5 … as far as the call returns anything. Any register values
are allowed; registers count 64 bits, missing ones are zero, more than the call takes are ignored. This hypervisor never
answers busy, which it could (CRQ-14).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vnic_reference.interrupts import Interrupt
from vnic_reference.partition import Partition, Unit
from vnic_reference.parts import Parts
from vnic_reference.policy import Policy
from vnic_spec.wire import Hcall, Rc

_MASK = (1 << 64) - 1
_FIRST_CRQ_SOURCE = 0x1000
_FIRST_SUB_SOURCE = 0x2000

#: A call's answer: return code, then R4, R5 …
Answer = tuple[int, ...]
_Handler = Callable[[Partition, Sequence[int]], Answer]
_UnitHandler = Callable[[Unit, Sequence[int]], Answer]

_H_PARAMETER: Answer = (Rc.H_PARAMETER,)


def crq_source(position: int) -> int:
    """Interrupt source number of the CRQ of the unit that is ``position``-th in the machine."""
    return _FIRST_CRQ_SOURCE + position


class Hypervisor:
    """Calls of the partitions of one vNIC.

    Args:
        policy: The choices of this implementation.
        client: The client's unit.
        servers: The servers' units, by index.
        parts: The classes to make it of.
    """

    def __init__(self, policy: Policy, client: Unit, servers: list[Unit], parts: Parts) -> None:
        self.transport = parts.transport(client, servers)
        self.mechanism = parts.mechanism(policy, self.transport, len(servers))
        self.transport.listener = self.mechanism
        self.monitor = parts.monitor(self.mechanism)
        self.complaints = parts.complaints(self.mechanism)
        self.sub_crqs = parts.sub_crqs(self.transport, policy.indirect_limit, _FIRST_SUB_SOURCE)
        self.dma = parts.dma(self.transport)
        self._vioctl = parts.control(self.mechanism, self.monitor, self.complaints)
        #: Calls on a unit, with the number of registers after the unit.
        self._on_unit: dict[int, tuple[_UnitHandler, int]] = {
            Hcall.H_REG_CRQ: (lambda unit, r: (self.transport.reg_crq(unit, r[0], r[1]),), 2),
            Hcall.H_FREE_CRQ: (lambda unit, r: (self.transport.free_crq(unit),), 0),
            Hcall.H_VIO_SIGNAL: (lambda unit, r: (_vio_signal(unit, r[0]),), 1),
            Hcall.H_SEND_CRQ: (lambda unit, r: (self.transport.send_crq(unit, r[0], r[1]),), 2),
            Hcall.H_ENABLE_CRQ: (lambda unit, r: (self.transport.enable_crq(unit),), 0),
            Hcall.H_REG_SUB_CRQ: (self._reg_sub_crq, 2),
            Hcall.H_FREE_SUB_CRQ: (lambda unit, r: (self.sub_crqs.free(unit, r[0]),), 1),
            Hcall.H_SEND_SUB_CRQ: (lambda unit, r: (self.sub_crqs.send(unit, r[0], r[1], r[2], r[3], r[4]),), 5),
            Hcall.H_SEND_SUB_CRQ_INDIRECT: (
                lambda unit, r: (self.sub_crqs.send_indirect(unit, r[0], r[1], r[2]),),
                3,
            ),
        }
        #: Calls that name no unit or check something else before it, with their number of registers.
        self._on_partition: dict[int, tuple[_Handler, int]] = {
            Hcall.H_VIOCTL: (self._h_vioctl, 5),
            Hcall.H_PUT_TCE: (lambda who, r: (self.dma.put_tce(who.units, r[0], r[1], r[2]),), 3),
            Hcall.H_PUT_RTCE: (lambda who, r: (self.dma.put_rtce(who.units, r[0], r[1], r[2], r[3], r[4]),), 5),
            Hcall.H_COPY_RDMA: (lambda who, r: (self.dma.copy(who.units, r[0], r[1], r[2], r[3], r[4]),), 5),
            Hcall.H_XIRR: (_xirr, 0),
            Hcall.H_EOI: (_eoi, 1),
        }

    def hcall(self, partition: Partition, token: int, *registers: int) -> Answer:
        """Carry out one call of a partition.

        Unknown token → H_FUNCTION; a partition that is not running makes no calls → H_PRIVILEGE, no effect.
        """
        if not partition.powered:
            return (Rc.H_PRIVILEGE,)
        if self.mechanism.watching:
            self.mechanism.notice()
        entry = self._on_unit.get(token)
        if entry is not None:
            unit = partition.units.get(registers[0] & _MASK) if registers else None
            if unit is None:
                return _H_PARAMETER
            on_unit, count = entry
            return on_unit(unit, _fill(registers[1 : count + 1], count))
        other = self._on_partition.get(token)
        if other is None:
            return (Rc.H_FUNCTION,)
        handler, count = other
        return handler(partition, _fill(registers[:count], count))

    def _reg_sub_crq(self, unit: Unit, r: Sequence[int]) -> Answer:
        rc, handle, source = self.sub_crqs.register(unit, r[0], r[1])
        return (rc, handle, source) if handle else (rc,)

    def _h_vioctl(self, partition: Partition, r: Sequence[int]) -> Answer:
        return self._vioctl.call(partition.units.get(r[0]), r[1], (r[2], r[3], r[4]))


def _fill(registers: Sequence[int], count: int) -> Sequence[int]:
    """Registers cut to 64 bits, zeros for missing ones."""
    filled = [register & _MASK for register in registers]
    while len(filled) < count:
        filled.append(0)
    return filled


def _vio_signal(unit: Unit, mode: int) -> Rc:
    """H_VIO_SIGNAL: least significant bit of ``mode`` enables the CRQ's interrupt; no other bit may be set (CRQ-11)."""
    if mode > 1:
        return Rc.H_PARAMETER
    unit.interrupt.enabled = bool(mode)
    return Rc.H_SUCCESS


def _sources(partition: Partition) -> list[Interrupt]:
    return [interrupt for unit in partition.units.values() for interrupt in unit.interrupts()]


def _xirr(partition: Partition, r: Sequence[int]) -> Answer:
    """H_XIRR: the source of an outstanding pulse in R4, 0 if there is none that was not presented before."""
    for interrupt in _sources(partition):
        if interrupt.outstanding and not interrupt.presented:
            interrupt.presented = True
            return (Rc.H_SUCCESS, interrupt.source)
    return (Rc.H_SUCCESS, 0)


def _eoi(partition: Partition, r: Sequence[int]) -> Answer:
    """H_EOI: end the pulse of this source; the owner must then scan its queue once more (CRQ-11)."""
    for interrupt in _sources(partition):
        if interrupt.source == r[0]:
            interrupt.end()
            return (Rc.H_SUCCESS,)
    return _H_PARAMETER
