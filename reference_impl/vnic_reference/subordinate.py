"""Sub-CRQs: the data queues beside a CRQ (CRQ-12; LoPAR, "Subordinate CRQ Transport Option").

A handle is good for the session in which its queue was registered, or, if none was running, for the next one. The end
of the session closes the queue, and the number is never given out again: what a fenced server remembers is worthless,
also after it has been connected again (CRQ-12, FOV-10).
"""

from __future__ import annotations

from vnic_reference.interrupts import Interrupt
from vnic_reference.memory import read_pages
from vnic_reference.partition import Unit
from vnic_reference.queues import Queue
from vnic_reference.transport import Transport, queue_pages
from vnic_spec.wire import PAGE_BYTES, SUB_ELEMENT_BYTES, Header, Rc, words

#: Sub-CRQs that one unit may have at a time; one more is H_RESOURCE.
MAX_SUB_CRQS = 64
_HEADER_SHIFT = 56


class SubordinateQueues:
    """The sub-CRQ calls.

    Args:
        transport: Tells who is connected with whom.
        indirect_limit: Most elements of one indirect send (CRQ-12).
        first_source: First interrupt source number to be given to a sub-CRQ.
    """

    def __init__(self, transport: Transport, indirect_limit: int, first_source: int) -> None:
        self._transport = transport
        self._indirect_limit = indirect_limit
        self._next_source = first_source
        self._next_handle = 1

    def register(self, unit: Unit, ioba: int, length: int) -> tuple[Rc, int, int]:
        """H_REG_SUB_CRQ: queue address and length in bytes; returns code, handle and interrupt source.

        H_CLOSED means registered, but not connected; handle and source are then good as well.
        """
        pages = queue_pages(unit, ioba, length)
        if pages is None:
            return Rc.H_PARAMETER, 0, 0
        if not unit.paired:
            return Rc.H_NOT_FOUND, 0, 0
        if len(unit.sub_crqs) >= MAX_SUB_CRQS:
            return Rc.H_RESOURCE, 0, 0
        handle, source = self._next_handle, self._next_source
        self._next_handle += 1
        self._next_source += 1
        unit.sub_crqs[handle] = Queue(pages, SUB_ELEMENT_BYTES, Interrupt(source))
        return Rc.H_SUCCESS if self._transport.peer(unit) is not None else Rc.H_CLOSED, handle, source

    def free(self, unit: Unit, handle: int) -> Rc:
        """H_FREE_SUB_CRQ: a handle that is not a live queue of this unit is H_PARAMETER. The partner is not told."""
        queue = unit.sub_crqs.pop(handle, None)
        if queue is None:
            return Rc.H_PARAMETER
        queue.interrupt.reset()
        return Rc.H_SUCCESS

    def send(self, unit: Unit, handle: int, *element: int) -> Rc:
        """H_SEND_SUB_CRQ: four doublewords to the queue of the connected partner with this handle.

        Without a connection no handle is a queue of the connected partner, so the answer is H_PARAMETER: the check of
        the handle comes before the one that would say H_CLOSED (CRQ-12, FOV-10).
        """
        queue = self._target(unit, handle)
        if queue is None or element[0] >> _HEADER_SHIFT != Header.COMMAND:
            return Rc.H_PARAMETER
        return Rc.H_SUCCESS if queue.put(*element) else Rc.H_DROPPED

    def send_indirect(self, unit: Unit, handle: int, ioba: int, count: int) -> Rc:
        """H_SEND_SUB_CRQ_INDIRECT: ``count`` elements of 32 bytes at ``ioba`` of the caller; all of them or none."""
        queue = self._target(unit, handle)
        if queue is None:
            return Rc.H_PARAMETER
        # The length is bounded before the range is looked at, so that no count, however large, costs time.
        if not 1 <= count <= self._indirect_limit:
            return Rc.H_PARAMETER
        pages = unit.window.own_pages(ioba, count * SUB_ELEMENT_BYTES)
        if pages is None:
            return Rc.H_PARAMETER
        # A copy, so that what was checked is what is sent.
        block = read_pages(pages, ioba % PAGE_BYTES, count * SUB_ELEMENT_BYTES)
        if any(header != Header.COMMAND for header in block[::SUB_ELEMENT_BYTES]):
            return Rc.H_PARAMETER
        if not queue.room(count):
            return Rc.H_DROPPED
        for at in range(0, len(block), SUB_ELEMENT_BYTES):
            queue.put(*words(block[at : at + SUB_ELEMENT_BYTES]))
        return Rc.H_SUCCESS

    def _target(self, unit: Unit, handle: int) -> Queue | None:
        peer = self._transport.peer(unit)
        return None if peer is None else peer.sub_crqs.get(handle)
