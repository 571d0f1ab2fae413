"""Faults at the bounds of arguments: interrupt numbers, the end of memory, descriptors."""

from __future__ import annotations

from vnic_reference.faults.registry import fault
from vnic_reference.partition import MEMORY_BYTES, Unit
from vnic_reference.redirected import RemoteDma
from vnic_reference.transport import Transport
from vnic_reference.vioctl import VioControl
from vnic_spec.wire import OutputDescriptor, Rc, Vioctl

#: Memory of a partition for its own use; the adapter keeps its buffers behind it.
_MAPPED = 0x80000


@fault("CRQ-11")
class SubInterruptNotDisabled(VioControl):
    """Says that the interrupt of a sub-CRQ is disabled, and leaves it enabled."""

    def call(self, unit: Unit | None, subfunction: int, parameters: tuple[int, int, int]) -> tuple[int, ...]:
        chosen = [] if unit is None or subfunction != Vioctl.DISABLE_VIO_INTERRUPT else unit.interrupts()
        before = [(interrupt, interrupt.enabled) for interrupt in chosen]
        answer = super().call(unit, subfunction, parameters)
        for interrupt, enabled in before:
            interrupt.enabled = enabled
        return answer


@fault("CRQ-11")
class DisableAllSparesTheLast(VioControl):
    """Disables all interrupts but the one that was registered last."""

    def call(self, unit: Unit | None, subfunction: int, parameters: tuple[int, int, int]) -> tuple[int, ...]:
        last = None
        if unit is not None and subfunction == Vioctl.DISABLE_ALL_VIO_INTERRUPTS:
            last = max(unit.interrupts(), key=lambda interrupt: interrupt.source)
            enabled = last.enabled
        answer = super().call(unit, subfunction, parameters)
        if last is not None:
            last.enabled = enabled
        return answer


@fault("CRQ-11")
class InterruptNumberUnchecked(VioControl):
    """Answers success when a number of no interrupt is enabled or disabled."""

    def call(self, unit: Unit | None, subfunction: int, parameters: tuple[int, int, int]) -> tuple[int, ...]:
        answer = super().call(unit, subfunction, parameters)
        switched = subfunction in (Vioctl.DISABLE_VIO_INTERRUPT, Vioctl.ENABLE_VIO_INTERRUPT)
        unknown = unit is not None and all(i.source != parameters[0] for i in unit.interrupts())
        return (Rc.H_SUCCESS,) if switched and unknown and not any(parameters[1:]) else answer


@fault("MON-7")
class DescriptorControlIgnored(VioControl):
    """Does not look at the control byte of a descriptor."""

    def call(self, unit: Unit | None, subfunction: int, parameters: tuple[int, int, int]) -> tuple[int, ...]:
        if subfunction == Vioctl.GET_VNIC_SERVER_INFO:
            where = OutputDescriptor.unpack(parameters[0])
            parameters = (OutputDescriptor(0, where.length, where.ioba).pack(), *parameters[1:])
        return super().call(unit, subfunction, parameters)


@fault("CRQ-2")
class LargestQueueRefused(Transport):
    """Refuses a queue that is exactly all the memory which the partition has mapped for its queues."""

    def reg_crq(self, unit: Unit, ioba: int, length: int) -> Rc:
        return Rc.H_PARAMETER if ioba + length == _MAPPED and ioba == 0 else super().reg_crq(unit, ioba, length)


@fault("CRQ-12")
class DmaWrapsAround(RemoteDma):
    """Takes an address of the client beyond its window modulo the size of the window."""

    def copy(self, units: dict[int, Unit], length: int, s_liobn: int, s_ioba: int, d_liobn: int, d_ioba: int) -> Rc:
        return super().copy(units, length, s_liobn, s_ioba % MEMORY_BYTES, d_liobn, d_ioba % MEMORY_BYTES)
