"""A queue in its owner's memory, as the platform writes it.

The platform keeps its own enqueue position and knows of the owner's progress only from the header bytes that the owner
clears. An element is written last half first, so that an owner that sees the header sees all of it (LoPAR,
"CRQ Entry Processing", "H_SEND_CRQ").
"""

from __future__ import annotations

from struct import Struct

from vnic_reference.interrupts import Interrupt
from vnic_spec.wire import PAGE_BYTES, Event, Header, event_element, event_of

_WORD = Struct(">Q").pack_into


class Queue:
    """A CRQ (16-byte elements) or a sub-CRQ (32-byte elements).

    The queue starts empty: all header bytes are cleared, so that no element of an earlier registration is seen (CRQ-9).
    For a CRQ the architecture calls that the owner's duty; doing it here as well costs the owner nothing.

    The pages are taken when the queue is registered and kept until it is freed: what the owner does to its window
    meanwhile does not move the queue.

    Args:
        pages: The pages of the queue, in order.
        element_bytes: Size of an element; it divides the page size.
        interrupt: Pulsed for every element.
    """

    __slots__ = ("_element_bytes", "_pages", "_per_page", "_position", "_unread", "capacity", "interrupt")

    def __init__(self, pages: list[bytearray], element_bytes: int, interrupt: Interrupt) -> None:
        self._pages = pages
        self._element_bytes = element_bytes
        self._per_page = PAGE_BYTES // element_bytes
        self._position = 0
        self._unread: int | None = None
        self.capacity = self._per_page * len(pages)
        self.interrupt = interrupt
        for page in pages:
            page[::element_bytes] = bytes(self._per_page)

    @property
    def position(self) -> int:
        """Where the next element is put: changes with every element but one that overlays another."""
        return self._position

    def _slot(self, position: int) -> tuple[bytearray, int]:
        page, inside = divmod(position, self._per_page)
        return self._pages[page], inside * self._element_bytes

    def room(self, count: int = 1) -> bool:
        """Whether the next ``count`` elements are free."""
        if count > self.capacity:
            return False
        for step in range(count):
            page, offset = self._slot((self._position + step) % self.capacity)
            if page[offset]:
                return False
        return True

    def put(self, *halves: int) -> bool:
        """Store one element, given as doublewords, and pulse the interrupt; False if there is no room.

        The doubleword with the header is written last.
        """
        position = self._position
        page = self._pages[position // self._per_page]
        offset = position % self._per_page * self._element_bytes
        if page[offset]:
            return False
        # The slot is free, so an event that was written here has been read.
        if position == self._unread:
            self._unread = None
        at = offset + self._element_bytes
        for half in reversed(halves):
            at -= 8
            _WORD(page, at, half)
        position += 1
        self._position = 0 if position == self.capacity else position
        self.interrupt.pulse()
        return True

    def put_event(self, event: int) -> bool:
        """Store a transport event; False if there is no room (CRQ-6)."""
        at = self._position
        data = event_element(event)
        if not self.put(int.from_bytes(data[:8], "big"), int.from_bytes(data[8:], "big")):
            return False
        self._unread = at
        return True

    def overlay_event(self, event: int) -> bool:
        """Write a transport event over the last element of a full queue; True if it merged with an event there.

        08 over 08 stays one 08; 06 and 08 become one 06, because registering again also enables (CRQ-7).
        """
        at = (self._position - 1) % self.capacity
        page, offset = self._slot(at)
        before = event_of(bytes(page[offset : offset + 2]))
        moves = (Event.MIGRATED, Event.DEVICE_FAILOVER)
        merged = before in moves and event in moves
        if merged and before == Event.MIGRATED:
            event = Event.MIGRATED
        data = event_element(event)
        # An overlay must not make the slot free in between: the header stays valid throughout.
        page[offset + 1 : offset + self._element_bytes] = data[1:]
        page[offset] = data[0]
        self._unread = at
        self.interrupt.pulse()
        return merged

    def event_unread(self) -> bool:
        """Whether the owner has yet to consume the last transport event (CRQ-13)."""
        if self._unread is None:
            return False
        page, offset = self._slot(self._unread)
        if page[offset] == Header.FREE:
            self._unread = None
            return False
        return True
