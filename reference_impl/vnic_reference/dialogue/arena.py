"""A partition's own memory for queues and buffers: pages handed out in order, mapped where they are not yet.

A page of I/O space is mapped to the page of memory with the same number (H_PUT_TCE); the pages that a partition finds
mapped when it starts are so mapped already.
"""

from __future__ import annotations

from vnic_reference.driver import Driver
from vnic_spec.wire import PAGE_BYTES, Hcall, Rc, TceAccess


class Arena:
    """Hands out page-aligned pieces of I/O space.

    Args:
        driver: the unit in whose window they are mapped.
        start: first address.
        end: address behind the last one.
        mapped_to: addresses below this are mapped already.
    """

    def __init__(self, driver: Driver, start: int, end: int, mapped_to: int) -> None:
        self._driver = driver
        self._next = start
        self._end = end
        self._mapped_to = mapped_to
        #: Pieces given back, by size in bytes.
        self._free: dict[int, list[int]] = {}

    def take(self, length: int) -> int | None:
        """Address of a piece of at least ``length`` bytes, contents undefined; None if there is none left."""
        size = max(1, -(-length // PAGE_BYTES)) * PAGE_BYTES
        again = self._free.get(size)
        if again:
            return again.pop()
        if self._next + size > self._end:
            return None
        at, self._next = self._next, self._next + size
        for page in range(max(at, self._mapped_to), at + size, PAGE_BYTES):
            liobn = self._driver.unit.window.liobn
            if self._driver.hcall(Hcall.H_PUT_TCE, liobn, page, page | TceAccess.BOTH)[0] != Rc.H_SUCCESS:
                return None
        return at

    def give_back(self, at: int, length: int) -> None:
        """A piece is not used any more. It stays mapped: what others may do with it ended with the session (CRQ-12)."""
        size = max(1, -(-length // PAGE_BYTES)) * PAGE_BYTES
        self._free.setdefault(size, []).append(at)
