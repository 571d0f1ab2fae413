"""The client's unit where there is no hypervisor: its calls are answered outside, its memory and its window are here.

Mapping a page for DMA (H_PUT_TCE) is the partition's own business here and is told as a change of the window; every other
call goes out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, cast

from vnic_reference.driver import Driver, OwnerView
from vnic_reference.hypervisor import Answer, Hypervisor
from vnic_reference.memory import Translation, write_pages
from vnic_reference.partition import BOOT_MAPPED_BYTES, Partition, Unit
from vnic_spec.wire import ELEMENT_BYTES, PAGE_BYTES, SUB_ELEMENT_BYTES, Hcall, Rc, TceAccess

UNIT: Final = 0x3000_0003
#: Interrupt source of the CRQ, as the device tree would say it.
CRQ_SOURCE: Final = 1
_REGISTERED = (Rc.H_SUCCESS, Rc.H_CLOSED)


class Call(NamedTuple):
    """A hypervisor call that waits for its answer."""

    opcode: int
    arguments: tuple[int, ...]


class OutsideDriver(Driver):
    """A unit of a partition of its own, in its owner's hands.

    Args:
        call: makes a call and brings its answer: return code, and values.

    Attributes:
        mapped: changes of the window since they were last taken: mapped or not, address, length in bytes.
        pending: interrupt sources that have been raised and not ended.
    """

    def __init__(self, call: Callable[[Call], Answer]) -> None:
        partition = Partition(1, "client")
        unit = Unit(UNIT, partition, None, True, CRQ_SOURCE)
        partition.units[UNIT] = unit
        partition.boot()
        # Nothing of a driver that this class leaves as it is asks the hypervisor.
        super().__init__(cast("Hypervisor", None), unit)
        self._call = call
        self.mapped: list[tuple[bool, int, int]] = [(True, 0, BOOT_MAPPED_BYTES)]
        self.pending: list[int] = []

    def hcall(self, token: int, *registers: int) -> Answer:
        """See :class:`Driver`; H_PUT_TCE is carried out here, everything else outside."""
        if token == Hcall.H_PUT_TCE:
            return (self._put_tce(*registers),)
        if token == Hcall.H_EOI and registers[0] in self.pending:
            self.pending.remove(registers[0])
        answer = self._call(Call(int(token), tuple(int(register) for register in registers)))
        self._note(token, registers, answer)
        return answer

    def _put_tce(self, liobn: int, ioba: int, tce: int) -> Rc:
        page, access = divmod(ioba, PAGE_BYTES)[0], tce & TceAccess.BOTH
        memory = self.unit.partition.memory
        if liobn != self.unit.window.liobn or not 0 <= page < self.unit.window.pages:
            return Rc.H_PARAMETER
        self.unit.window.put(page, Translation(memory, tce // PAGE_BYTES, access) if access else None)
        last = self.mapped[-1] if self.mapped else (not access, 0, 0)
        if last[0] == bool(access) and last[1] + last[2] == page * PAGE_BYTES:
            self.mapped[-1] = (last[0], last[1], last[2] + PAGE_BYTES)
        else:
            self.mapped.append((bool(access), page * PAGE_BYTES, PAGE_BYTES))
        return Rc.H_SUCCESS

    def _note(self, token: int, registers: tuple[int, ...], answer: Answer) -> None:
        """Which queues there are now."""
        rc, *values = answer
        if token == Hcall.H_REG_CRQ and rc in _REGISTERED:
            self._crq = OwnerView(self._pages(registers), ELEMENT_BYTES)
        elif token == Hcall.H_REG_SUB_CRQ and rc in _REGISTERED and values:
            self._sub_crqs[values[0]] = OwnerView(self._pages(registers), SUB_ELEMENT_BYTES)
        elif token == Hcall.H_FREE_SUB_CRQ and rc == Rc.H_SUCCESS:
            self._sub_crqs.pop(registers[1], None)
        elif token == Hcall.H_FREE_CRQ and rc == Rc.H_SUCCESS:
            self._crq = None
            self._sub_crqs.clear()

    def _pages(self, registers: tuple[int, ...]) -> list[bytearray]:
        return self.unit.window.own_pages(registers[1], registers[2]) or [bytearray(PAGE_BYTES)]

    def _owned(self, handle: int | None) -> OwnerView | None:
        return self._crq if handle is None else self._sub_crqs.get(handle)

    def consume(self, handle: int | None = None) -> bytes | None:
        """See :class:`Driver`."""
        view = self._owned(handle)
        return None if view is None else view.consume()

    def poke(self, ioba: int, data: bytes) -> bool:
        """See :class:`Driver`."""
        pages = self.unit.window.own_pages(ioba, len(data))
        if pages is None:
            return False
        if data:
            write_pages(pages, ioba % PAGE_BYTES, data)
        return True

    def pending_interrupts(self) -> list[int]:
        """See :class:`Driver`."""
        return list(self.pending)
