"""The client's memory from the kit's side: what it has mapped, and the queues that the kit writes there."""

from __future__ import annotations

from collections import deque
from typing import Final

from vnic_conformance.client_role.port import ClientPort
from vnic_spec.wire import PAGE_BYTES, Event, Header, event_element, event_of

_MOVES: Final = (Event.MIGRATED, Event.DEVICE_FAILOVER)


class Windows:
    """The pages that the client has mapped for DMA.

    Args:
        told: whether the client tells what it maps; otherwise everything counts as mapped.
    """

    def __init__(self, *, told: bool) -> None:
        self._told = told
        self._pages: set[int] = set()

    def change(self, new: bool, address: int, length: int) -> None:
        """Pages are mapped, or not any more."""
        pages = range(address // PAGE_BYTES, -(-(address + length) // PAGE_BYTES))
        if new:
            self._pages.update(pages)
        else:
            self._pages.difference_update(pages)

    def covers(self, address: int, length: int) -> bool:
        """Whether all these bytes are mapped."""
        if not self._told:
            return True
        if length > len(self._pages) * PAGE_BYTES:
            return False
        pages = range(address // PAGE_BYTES, -(-(address + length) // PAGE_BYTES))
        return all(page in self._pages for page in pages)


class Queue:
    """A queue in the client's memory, as the platform writes it.

    Args:
        port: reaches the memory.
        address: I/O address of the queue.
        length: bytes of it.
        size: bytes of an element.

    Attributes:
        unread: the elements whose headers the client has not cleared, the oldest first.
    """

    def __init__(self, port: ClientPort, address: int, length: int, size: int) -> None:
        self._port = port
        self._address = address
        self._size = size
        self._capacity = max(1, length // size)
        self._position = 0
        self.unread: deque[tuple[int, bytes]] = deque()

    def put(self, data: bytes) -> bool:
        """Store an element; False if there is no room."""
        if len(self.unread) == self._capacity:
            return False
        self._write(self._position, data)
        self.unread.append((self._position, data))
        self._position = (self._position + 1) % self._capacity
        return True

    def put_event(self, event: int) -> None:
        """Store an event; in a full queue it overlays the last element (CRQ-7)."""
        if self.put(event_element(event)):
            return
        at, before = self.unread[-1]
        if event_of(before) in _MOVES and event in _MOVES:
            event = max(_MOVES, key=lambda move: move == Event.MIGRATED and move in (event, event_of(before)))
        data = event_element(event)
        self._write(at, data)
        self.unread[-1] = (at, data)

    def _write(self, position: int, data: bytes) -> None:
        self._port.write(self._address + position * self._size, data)

    def consumed(self) -> list[tuple[bytes, bool]]:
        """Elements whose headers have been cleared since the last look, and whether an earlier one was skipped."""
        taken: list[tuple[bytes, bool]] = []
        while self.unread and self._cleared(self.unread[0][0]):
            taken.append((self.unread.popleft()[1], False))
        for entry in list(self.unread)[1:]:
            if self._cleared(entry[0]):
                self.unread.remove(entry)
                taken.append((entry[1], True))
        return taken

    def _cleared(self, position: int) -> bool:
        header = self._port.read(self._address + position * self._size, 1)
        return header is not None and header[0] == Header.FREE
