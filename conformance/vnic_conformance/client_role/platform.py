"""The hypervisor's part of the partner: queues, calls, events, which server is selected and connected.

It carries out the client's half of CRQ, SEL and SES as the requirements say, deciding at once and in full; what a hypervisor
may do otherwise is put over it by the partner (:mod:`.deviations`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from vnic_conformance.client_role.memory import Queue, Windows
from vnic_conformance.client_role.port import ClientPort
from vnic_conformance.client_role.server import Server
from vnic_spec.wire import (
    ELEMENT_BYTES,
    HEADER_VALID_BIT,
    MAX_INDIRECT,
    PAGE_BYTES,
    SUB_ELEMENT_BYTES,
    Event,
    Hcall,
    Header,
    Rc,
    Vioctl,
    from_words,
)

#: Handles have 64 bits: none of them is the same number in 32.
_FIRST_HANDLE: Final = 0x1_0001_0000
_FIRST_SOURCE: Final = 0x200
MAX_SUB_CRQS: Final = 64
_MASK: Final = (1 << 64) - 1


class SubCrq:
    """A sub-CRQ of the client's: its queue, its interrupt source, and whether that is enabled."""

    def __init__(self, queue: Queue, source: int) -> None:
        self.queue = queue
        self.source = source
        self.enabled = False


class Outside(Protocol):
    """What the platform needs of the partner."""

    def element_sent(self, server: Server, element: bytes) -> None:
        """The client sent an element to the connected server."""

    def descriptors_sent(self, server: Server, handle: int, descriptors: list[bytes]) -> None:
        """The client sent descriptors to a queue of the connected server's."""

    def full(self, server: Server, handle: int) -> bool:
        """Whether a queue of the connected server's has no room for descriptors now."""

    def connected(self, server: Server) -> None:
        """A server has just been connected; it does not know yet whether the client's INIT will come."""

    def raised(self, source: str) -> None:
        """An interrupt has been raised."""

    def stored(self, handle: int | None, data: bytes, buffer: bytes) -> None:
        """An element has been stored in a queue of the client's."""


class Platform:
    """Answers the client's calls.

    Args:
        port: reaches the client's memory.
        unit: the address of the client's unit.
        windows: what it has mapped.
        outside: is told what happens.
        indirect_limit: most elements of an indirect send; a migration may change it.

    Attributes:
        servers: all of them.
        eligible: indexes of the servers that may be selected, best first.
        selected: index of the selected one.
        crq: the client's CRQ; None while it is not registered.
        disabled: by event 06, until H_ENABLE_CRQ.
        hold_ms: how long after H_FREE_CRQ the next session is held (CRQ-13).
    """

    def __init__(self, port: ClientPort, unit: int, windows: Windows, outside: Outside, indirect_limit: int) -> None:
        self._port = port
        self._unit = unit
        self._windows = windows
        self._outside = outside
        self._next_handle = _FIRST_HANDLE
        self._next_source = _FIRST_SOURCE
        self._held_until = 0
        self._token = 0
        self.now = 0
        self.indirect_limit = indirect_limit
        self.servers: list[Server] = []
        self.eligible: list[int] = []
        self.selected: int | None = None
        self.crq: Queue | None = None
        self.signal = False
        self.disabled = False
        self.sub_crqs: dict[int, SubCrq] = {}
        self.hold_ms = 0
        self._calls: dict[int, Callable[..., tuple[int, ...]]] = {
            Hcall.H_REG_CRQ: self._reg_crq,
            Hcall.H_FREE_CRQ: self._free_crq,
            Hcall.H_VIO_SIGNAL: self._vio_signal,
            Hcall.H_SEND_CRQ: self._send_crq,
            Hcall.H_ENABLE_CRQ: self._enable_crq,
            Hcall.H_REG_SUB_CRQ: self._reg_sub_crq,
            Hcall.H_FREE_SUB_CRQ: self._free_sub_crq,
            Hcall.H_SEND_SUB_CRQ: self._send_sub_crq,
            Hcall.H_SEND_SUB_CRQ_INDIRECT: self._send_sub_crq_indirect,
            Hcall.H_VIOCTL: self._vioctl,
        }

    # -- who is connected ----------------------------------------------------------------------------------------

    @property
    def connected(self) -> Server | None:
        """The server that elements reach."""
        if self.crq is None or self.disabled or self.selected is None or self.now < self._held_until:
            return None
        return self.servers[self.selected]

    def new_handle(self) -> int:
        """A handle that was never used before."""
        self._next_handle += 1
        return self._next_handle

    def select(self, index: int | None) -> None:
        """Select a server, or nobody: a switch if the CRQ is registered (FOV-2, FOV-6), else nothing is told."""
        before, self.selected = self.selected, index
        if before is not None:
            self._end_session(before)
        if self.crq is not None and before is not None and not self.disabled:
            self.event(Event.DEVICE_FAILOVER)
        self._connect()

    def fail(self, index: int) -> None:
        """A server is not eligible any more."""
        if index in self.eligible:
            self.eligible.remove(index)
        if self.selected == index:
            self.select(self.eligible[0] if self.eligible else None)

    def heal(self, index: int) -> None:
        """A server is eligible (again), as the last of its peers; it is selected if nobody is (SEL-6)."""
        if index not in self.eligible:
            self.eligible.append(index)
        if self.selected is None:
            self.select(index)

    def migrate(self) -> bool:
        """CRQ-8: event 06, the CRQ disabled, the session over; whether there was a CRQ."""
        if self.crq is None:
            return False
        if self.selected is not None:
            self._end_session(self.selected)
        self.event(Event.MIGRATED)
        self.disabled = True
        return True

    def partner_gone(self, event: int) -> bool:
        """The connected server's half is gone, and the client is told by this event; it comes back at once.

        Whether there was a CRQ, and a server.
        """
        if self.crq is None or self.selected is None:
            return False
        self._end_session(self.selected)
        self.event(event)
        return True

    def _end_session(self, index: int) -> None:
        self.servers[index].drop()
        self.sub_crqs.clear()
        self._token += 1

    def _connect(self) -> None:
        server = self.connected
        if server is not None:
            self._outside.connected(server)

    # -- what is written into the client's queues ------------------------------------------------------------------

    def event(self, event: int) -> None:
        """Write a transport event (CRQ-6, CRQ-7)."""
        if self.crq is not None:
            self.crq.put_event(event)
            self._outside.stored(None, bytes((Header.EVENT, event)) + bytes(ELEMENT_BYTES - 2), b"")
            self._raise()

    def element(self, data: bytes, buffer: bytes = b"") -> bool:
        """A server's element for the client's CRQ; False if there is no room or no CRQ."""
        if self.crq is None or self.disabled or not self.crq.put(data):
            return False
        self._outside.stored(None, data, buffer)
        self._raise()
        return True

    def completion(self, handle: int, data: bytes) -> bool:
        """A server's element for one of the client's sub-CRQs; False if that is not registered, or full."""
        queue = self.sub_crqs.get(handle)
        if queue is None or not queue.queue.put(data):
            return False
        self._outside.stored(handle, data, b"")
        if queue.enabled:
            self._outside.raised(str(queue.source))
        return True

    def _raise(self) -> None:
        if self.signal:
            self._outside.raised("crq")

    # -- calls ---------------------------------------------------------------------------------------------------

    def hcall(self, opcode: int, arguments: tuple[int, ...]) -> tuple[int, ...]:
        """Carry out a call: return code, and values."""
        if opcode == Hcall.H_EOI:
            return (Rc.H_SUCCESS,)
        call = self._calls.get(opcode)
        if call is None:
            return (Rc.H_FUNCTION,)
        if not arguments or arguments[0] != self._unit:
            return (Rc.H_PARAMETER,)
        try:
            return call(*arguments[1:])
        except TypeError:  # fewer or more registers than the call has
            return (Rc.H_PARAMETER,)

    def _good(self, ioba: int, length: int) -> bool:
        whole = length > 0 and not ioba % PAGE_BYTES and not length % PAGE_BYTES
        return whole and self._windows.covers(ioba, length)

    def _reg_crq(self, ioba: int, length: int) -> tuple[int, ...]:
        if not self._good(ioba, length):
            return (Rc.H_PARAMETER,)
        if self.crq is not None:
            return (Rc.H_RESOURCE,)
        self.crq = Queue(self._port, ioba, length, ELEMENT_BYTES)
        self.signal = self.disabled = False
        if self.selected is None and self.eligible:
            self.selected = self.eligible[0]
        self._token += 1
        self._connect()
        return (Rc.H_SUCCESS if self.connected is not None else Rc.H_CLOSED,)

    def _free_crq(self) -> tuple[int, ...]:
        if self.crq is not None:
            self._held_until = self.now + self.hold_ms
        self.crq = None
        self.signal = self.disabled = False
        if self.selected is not None:
            self._end_session(self.selected)
        self.sub_crqs.clear()
        return (Rc.H_SUCCESS,)

    def _vio_signal(self, mode: int) -> tuple[int, ...]:
        self.signal = mode & 1 == 1 and self.crq is not None
        return (Rc.H_SUCCESS,)

    def _enable_crq(self) -> tuple[int, ...]:
        if self.crq is None:
            return (Rc.H_HARDWARE,)
        if self.disabled:
            self.disabled = False
            if self.eligible and self.selected is None:
                self.selected = self.eligible[0]
            self._connect()
        return (Rc.H_SUCCESS,)

    def _send_crq(self, high: int, low: int) -> tuple[int, ...]:
        element = from_words(high, low)
        if not element[0] & HEADER_VALID_BIT or element[0] == Header.EVENT:
            return (Rc.H_PARAMETER,)
        server = self.connected
        if server is None:
            return (Rc.H_CLOSED,)
        self._outside.element_sent(server, element)
        return (Rc.H_SUCCESS,)

    def _reg_sub_crq(self, ioba: int, length: int) -> tuple[int, ...]:
        if not self._good(ioba, length):
            return (Rc.H_PARAMETER,)
        if len(self.sub_crqs) >= MAX_SUB_CRQS:
            return (Rc.H_RESOURCE,)
        self._port.write(ioba, bytes(length))
        handle, self._next_source = self.new_handle(), self._next_source + 1
        self.sub_crqs[handle] = SubCrq(Queue(self._port, ioba, length, SUB_ELEMENT_BYTES), self._next_source)
        return (Rc.H_SUCCESS if self.connected is not None else Rc.H_CLOSED, handle, self._next_source)

    def _free_sub_crq(self, handle: int) -> tuple[int, ...]:
        return (Rc.H_SUCCESS if self.sub_crqs.pop(handle, None) else Rc.H_PARAMETER,)

    def _send_sub_crq(self, handle: int, *data: int) -> tuple[int, ...]:
        return self._send_sub(handle, [from_words(*data).ljust(SUB_ELEMENT_BYTES, b"\0")])

    def _send_sub_crq_indirect(self, handle: int, ioba: int, count: int) -> tuple[int, ...]:
        if not 1 <= count <= min(self.indirect_limit, MAX_INDIRECT):
            return (Rc.H_PARAMETER,)
        length = count * SUB_ELEMENT_BYTES
        block = self._port.read(ioba, length) if self._windows.covers(ioba, length) else None
        if block is None:
            return (Rc.H_PARAMETER,)
        return self._send_sub(
            handle, [block[at : at + SUB_ELEMENT_BYTES] for at in range(0, length, SUB_ELEMENT_BYTES)]
        )

    def _send_sub(self, handle: int, descriptors: list[bytes]) -> tuple[int, ...]:
        server = self.connected
        if server is None or not server.owns(handle) or any(data[0] != Header.COMMAND for data in descriptors):
            return (Rc.H_PARAMETER,)
        if self._outside.full(server, handle):
            return (Rc.H_DROPPED,)
        self._outside.descriptors_sent(server, handle, descriptors)
        return (Rc.H_SUCCESS,)

    def _vioctl(self, sub: int, p1: int = 0, p2: int = 0, p3: int = 0) -> tuple[int, ...]:
        if sub in (Vioctl.DISABLE_VIO_INTERRUPT, Vioctl.ENABLE_VIO_INTERRUPT):
            for queue in self.sub_crqs.values():
                if queue.source == p1:
                    queue.enabled = sub == Vioctl.ENABLE_VIO_INTERRUPT
                    return (Rc.H_SUCCESS,)
            return (Rc.H_PARAMETER,)
        if sub == Vioctl.DISABLE_ALL_VIO_INTERRUPTS:
            for queue in self.sub_crqs.values():
                queue.enabled = False
            return (Rc.H_SUCCESS,)
        if sub == Vioctl.GET_SESSION_TOKEN:
            return (Rc.H_SUCCESS, self._session_token()) if self.connected is not None else (Rc.H_STATE,)
        if sub == Vioctl.SESSION_ERROR_DETECTED:
            return self._complaint(p1, p2, p3)
        return (Rc.H_NOT_FOUND,)

    def _session_token(self) -> int:
        """Opaque, and unlike the one of any other session (SES-1)."""
        return (self._token * 0x9E37_79B9_7F4A_7C15 + 1) & _MASK

    def _complaint(self, token: int, p2: int, p3: int) -> tuple[int, ...]:
        if p2 or p3:
            return (Rc.H_PARAMETER,)
        if self.connected is None or token != self._session_token():
            return (Rc.H_STATE,)
        others = [index for index in self.eligible if index != self.selected]
        if not others:
            return (Rc.H_CONSTRAINED,)
        complained = self.selected
        self.select(others[0])
        if complained is not None:
            self.eligible.remove(complained)
            self.eligible.append(complained)
        return (Rc.H_SUCCESS,)
