"""The owner's side of a unit: calls with their arguments packed, and its queues read, consumed and counted.

A driver is part of the partition, not of the hypervisor. It keeps the dequeue position that the architecture leaves to
the owner, and touches nothing but its own memory and the calls. Reading an element is not consuming it: consuming is
clearing its header byte (LoPAR, "CRQ Entry Processing").
"""

from __future__ import annotations

from vnic_reference.hypervisor import Answer, Hypervisor
from vnic_reference.memory import write_pages
from vnic_reference.partition import Unit
from vnic_spec.wire import (
    ELEMENT_BYTES,
    PAGE_BYTES,
    SERVER_INFO_BYTES,
    SUB_ELEMENT_BYTES,
    Hcall,
    OutputDescriptor,
    Rc,
    ServerInfo,
    Vioctl,
    words,
)

_MASK = (1 << 64) - 1
_REGISTRATIONS = frozenset({Hcall.H_REG_CRQ, Hcall.H_REG_SUB_CRQ})
_REGISTERED = (Rc.H_SUCCESS, Rc.H_CLOSED)


class OwnerView:
    """The owner's view of one of its queues.

    Args:
        pages: The pages that the owner registered, in order; at least one.
        element_bytes: Size of an element.
    """

    __slots__ = ("_capacity", "_element_bytes", "_pages", "_per_page", "_position")

    def __init__(self, pages: list[bytearray], element_bytes: int) -> None:
        self._pages = pages
        self._element_bytes = element_bytes
        self._per_page = PAGE_BYTES // element_bytes
        self._capacity = self._per_page * len(pages)
        self._position = 0

    def consume(self) -> bytes | None:
        """Take the next element and clear its header byte, or None if there is none."""
        page, inside = divmod(self._position, self._per_page)
        memory, at = self._pages[page], inside * self._element_bytes
        if not memory[at]:
            return None
        taken = bytes(memory[at : at + self._element_bytes])
        memory[at] = 0
        self._position = (self._position + 1) % self._capacity
        return taken

    def contents(self) -> list[bytes]:
        """All elements that the owner has not consumed, in order, without consuming them."""
        found: list[bytes] = []
        while len(found) < self._capacity:
            page, inside = divmod((self._position + len(found)) % self._capacity, self._per_page)
            memory, at = self._pages[page], inside * self._element_bytes
            if not memory[at]:
                break
            found.append(bytes(memory[at : at + self._element_bytes]))
        return found


class Driver:
    """One unit in its owner's hands.

    Args:
        hypervisor: Answers the calls.
        unit: The unit driven.
    """

    def __init__(self, hypervisor: Hypervisor, unit: Unit) -> None:
        self._hypervisor = hypervisor
        self.unit = unit
        self._crq: OwnerView | None = None
        self._sub_crqs: dict[int, OwnerView] = {}

    # -- calls ---------------------------------------------------------------------------------------------------

    def hcall(self, token: int, *registers: int) -> Answer:
        """Any call of the partition, registers as given; a queue registered by it is read from its start."""
        answer = self._hypervisor.hcall(self.unit.partition, token, *registers)
        if token in _REGISTRATIONS and answer[0] in _REGISTERED:
            pages = self.unit.window.own_pages(registers[1] & _MASK, registers[2] & _MASK) or []
            if token == Hcall.H_REG_CRQ:
                self._crq = OwnerView(pages, ELEMENT_BYTES)
            else:
                self._sub_crqs[answer[1]] = OwnerView(pages, SUB_ELEMENT_BYTES)
        return answer

    def reg_crq(self, ioba: int = 0, length: int = PAGE_BYTES) -> int:
        """H_REG_CRQ of this unit."""
        return self.hcall(Hcall.H_REG_CRQ, self.unit.address, ioba, length)[0]

    def free_crq(self) -> int:
        """H_FREE_CRQ of this unit."""
        return self.hcall(Hcall.H_FREE_CRQ, self.unit.address)[0]

    def send(self, element: bytes) -> int:
        """H_SEND_CRQ of 16 bytes."""
        return self.hcall(Hcall.H_SEND_CRQ, self.unit.address, *words(element))[0]

    def enable_crq(self) -> int:
        """H_ENABLE_CRQ of this unit."""
        return self.hcall(Hcall.H_ENABLE_CRQ, self.unit.address)[0]

    def vio_signal(self, mode: int) -> int:
        """H_VIO_SIGNAL of this unit: 1 enables the CRQ's interrupt, 0 disables it."""
        return self.hcall(Hcall.H_VIO_SIGNAL, self.unit.address, mode)[0]

    def vioctl(self, subfunction: int, p1: int = 0, p2: int = 0, p3: int = 0) -> Answer:
        """H_VIOCTL of this unit."""
        return self.hcall(Hcall.H_VIOCTL, self.unit.address, subfunction, p1, p2, p3)

    def enable_interrupt(self, source: int) -> int:
        """ENABLE_VIO_INTERRUPT of one of this unit's sub-CRQs, by the source that its registration gave."""
        return self.vioctl(Vioctl.ENABLE_VIO_INTERRUPT, source)[0]

    def report(self, status: int = 1, interval_ms: int = 1000) -> int:
        """VNIC_SERVER_STATUS of a server: status 1 to 3, ms until the next report."""
        return self.vioctl(Vioctl.VNIC_SERVER_STATUS, status, interval_ms)[0]

    def server_info(self, ioba: int) -> ServerInfo | int:
        """GET_VNIC_SERVER_INFO into the caller's memory at ``ioba``; the record, or the code of a refusal."""
        descriptor = OutputDescriptor(0, SERVER_INFO_BYTES, ioba).pack()
        rc = self.vioctl(Vioctl.GET_VNIC_SERVER_INFO, descriptor)[0]
        return rc if rc != Rc.H_SUCCESS else ServerInfo.unpack(self.unit.window.read(ioba, SERVER_INFO_BYTES))

    def reg_sub_crq(self, ioba: int, length: int = PAGE_BYTES) -> Answer:
        """H_REG_SUB_CRQ: code, then handle and interrupt source."""
        return self.hcall(Hcall.H_REG_SUB_CRQ, self.unit.address, ioba, length)

    def free_sub_crq(self, handle: int) -> int:
        """H_FREE_SUB_CRQ of one of this unit's own queues."""
        return self.hcall(Hcall.H_FREE_SUB_CRQ, self.unit.address, handle)[0]

    def send_sub(self, handle: int, element: bytes) -> int:
        """H_SEND_SUB_CRQ of 32 bytes to a queue of the partner."""
        return self.hcall(Hcall.H_SEND_SUB_CRQ, self.unit.address, handle, *words(element))[0]

    def send_sub_indirect(self, handle: int, ioba: int, count: int) -> int:
        """H_SEND_SUB_CRQ_INDIRECT of ``count`` elements at ``ioba``."""
        return self.hcall(Hcall.H_SEND_SUB_CRQ_INDIRECT, self.unit.address, handle, ioba, count)[0]

    def map_remote(self, client_ioba: int, ioba: int, pages: int = 1) -> int:
        """H_PUT_RTCE of a server: redirect pages of the client into this unit's window."""
        remote = self.unit.remote_liobn or 0
        return self.hcall(Hcall.H_PUT_RTCE, remote, client_ioba, self.unit.window.liobn, ioba, pages)[0]

    def copy_to_client(self, ioba: int, client_ioba: int, length: int) -> int:
        """H_COPY_RDMA of a server, from its own memory into the client's."""
        remote = self.unit.remote_liobn or 0
        return self.hcall(Hcall.H_COPY_RDMA, length, self.unit.window.liobn, ioba, remote, client_ioba)[0]

    def copy_from_client(self, client_ioba: int, ioba: int, length: int) -> int:
        """H_COPY_RDMA of a server, from the client's memory into its own."""
        remote = self.unit.remote_liobn or 0
        return self.hcall(Hcall.H_COPY_RDMA, length, remote, client_ioba, self.unit.window.liobn, ioba)[0]

    # -- the logical port's DMA ----------------------------------------------------------------------------------

    def adapter_read(self, ioba: int, length: int) -> bytes | None:
        """What the server's own adapter reads by DMA through this unit's window; None if it is refused (FOV-10)."""
        return self._hypervisor.dma.adapter_read(self.unit, ioba, length)

    def adapter_write(self, ioba: int, data: bytes) -> bool:
        """What the server's own adapter writes by DMA through this unit's window; False if it is refused (FOV-10)."""
        return self._hypervisor.dma.adapter_write(self.unit, ioba, data)

    # -- own memory ----------------------------------------------------------------------------------------------

    def poke(self, ioba: int, data: bytes) -> bool:
        """Write the partition's own memory at an address of its window; False if that is not mapped."""
        pages = self.unit.window.own_pages(ioba, len(data))
        if pages is None:
            return False
        if data:
            write_pages(pages, ioba % PAGE_BYTES, data)
            self._hypervisor.mechanism.notice()
        return True

    def peek(self, ioba: int, length: int) -> bytes | None:
        """Read the partition's own memory at an address of its window; None if that is not mapped."""
        pages = self.unit.window.own_pages(ioba, length)
        return None if pages is None else b"".join(pages)[ioba % PAGE_BYTES :][:length]

    def _owned(self, handle: int | None) -> OwnerView | None:
        """View of a queue that is still registered; a power cycle or the end of a session may have closed it."""
        if handle is None:
            return self._crq if self.unit.crq is not None else None
        return self._sub_crqs.get(handle) if handle in self.unit.sub_crqs else None

    def elements(self, handle: int | None = None) -> list[bytes]:
        """Elements not yet consumed, in order: of the CRQ, or of the sub-CRQ with this handle."""
        view = self._owned(handle)
        return [] if view is None else view.contents()

    def consume(self, handle: int | None = None) -> bytes | None:
        """Consume one element of the CRQ, or of a sub-CRQ; None if it is empty or not registered."""
        view = self._owned(handle)
        taken = None if view is None else view.consume()
        # The hypervisor sees a cleared header when it next looks; this is the moment when it looks (CRQ-7, CRQ-13).
        if self._hypervisor.mechanism.watching:
            self._hypervisor.mechanism.notice()
        return taken

    def drain(self, handle: int | None = None) -> list[bytes]:
        """Consume everything there is."""
        taken = []
        while (element := self.consume(handle)) is not None:
            taken.append(element)
        return taken

    def pending_interrupts(self) -> list[int]:
        """Sources of this unit whose pulse is outstanding, the CRQ's first."""
        return [interrupt.source for interrupt in self.unit.interrupts() if interrupt.outstanding]
