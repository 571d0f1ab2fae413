"""The client's memory from the kit's side: what it has mapped, and the queues that the kit writes there."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from typing import Final

from vnic_conformance.client_role.port import ClientPort
from vnic_spec.wire import Event, Header, event_element, event_of

_MOVES: Final = (Event.MIGRATED, Event.DEVICE_FAILOVER)


class Windows:
    """What the client has mapped for DMA, to the byte: what is mapped twice stays mapped until it is unmapped twice.

    Args:
        told: whether the client tells what it maps; otherwise everything counts as mapped.
    """

    def __init__(self, *, told: bool) -> None:
        self._told = told
        self._mapped: Counter[tuple[int, int]] = Counter()
        self._merged: list[tuple[int, int]] | None = []

    def change(self, new: bool, address: int, length: int) -> None:
        """Bytes are mapped, or not any more."""
        piece = (address, address + length)
        self._merged = None
        if new:
            self._mapped[piece] += 1
        elif self._mapped[piece] > 0:
            self._mapped[piece] -= 1
        else:
            self._cut(*piece)

    def _cut(self, start: int, end: int) -> None:
        """A part of what was mapped as a whole is unmapped."""
        for piece in [one for one, times in self._mapped.items() if times > 0 and one[0] < end and start < one[1]]:
            times = self._mapped.pop(piece)
            for left in ((piece[0], min(piece[1], start)), (max(piece[0], end), piece[1])):
                if left[0] < left[1]:
                    self._mapped[left] += times

    def _pieces(self) -> list[tuple[int, int]]:
        if self._merged is None:
            self._merged = []
            for start, end in sorted(piece for piece, times in self._mapped.items() if times > 0):
                if self._merged and start <= self._merged[-1][1]:
                    self._merged[-1] = (self._merged[-1][0], max(end, self._merged[-1][1]))
                else:
                    self._merged.append((start, end))
        return self._merged

    def covers(self, address: int, length: int) -> bool:
        """Whether all these bytes are mapped."""
        if not self._told:
            return True
        pieces = self._pieces()
        at = bisect_right(pieces, (address, 1 << 65)) - 1
        return at >= 0 and address + length <= pieces[at][1]


class Queue:
    """A queue in the client's memory, as the platform writes it.

    Args:
        port: reaches the memory.
        address: I/O address of the queue.
        length: bytes of it.
        size: bytes of an element.

    Attributes:
        capacity: elements that it holds.
        unread: the elements whose headers the client has not cleared, the oldest first.
    """

    def __init__(self, port: ClientPort, address: int, length: int, size: int) -> None:
        self._port = port
        self._address = address
        self._size = size
        self.capacity = max(1, length // size)
        self._position = 0
        self.unread: deque[tuple[int, bytes]] = deque()

    @property
    def position(self) -> int:
        """Where the next element goes, in elements from the start."""
        return self._position

    def put(self, data: bytes) -> bool:
        """Store an element; False if there is no room."""
        if len(self.unread) == self.capacity:
            return False
        self._write(self._position, data)
        self.unread.append((self._position, data))
        self._position = (self._position + 1) % self.capacity
        return True

    def put_event(self, event: int) -> None:
        """Store an event; in a full queue it overlays the last element (CRQ-7)."""
        if self.put(event_element(event)):
            return
        at, before = self.unread[-1]
        if event_of(before) in _MOVES and event in _MOVES:
            event = Event.MIGRATED if Event.MIGRATED in (event, event_of(before)) else event
        data = event_element(event)
        self._write(at, data)
        self.unread[-1] = (at, data)

    def _write(self, position: int, data: bytes) -> None:
        self._port.write(self._address + position * self._size, data)

    def consumed(self) -> list[tuple[bytes, bool]]:
        """Elements whose headers have been cleared since the last look, and whether an earlier one was skipped."""
        if not self.unread:
            return []
        # Read at once, for each read is a request to the adapter. Whatever wraps around is read whole.
        first, last = self.unread[0][0], self.unread[-1][0]
        if first > last:
            first, last = 0, self.capacity - 1
        block = self._port.read(self._address + first * self._size, (last - first) * self._size + 1)
        if block is None:
            return []

        def cleared(position: int) -> bool:
            return block[(position - first) * self._size] == Header.FREE

        taken: list[tuple[bytes, bool]] = []
        while self.unread and cleared(self.unread[0][0]):
            taken.append((self.unread.popleft()[1], False))
        for entry in list(self.unread)[1:]:
            if cleared(entry[0]):
                self.unread.remove(entry)
                taken.append((entry[1], True))
        return taken
