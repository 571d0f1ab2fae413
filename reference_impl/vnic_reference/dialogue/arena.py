"""Where either side puts its queues and buffers in its I/O space.

A page of I/O space that an :class:`Arena` hands out is mapped to the page of memory with the same number (H_PUT_TCE); the
pages that a partition finds mapped when it starts are so mapped already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vnic_reference.driver import Driver
from vnic_spec.wire import PAGE_BYTES, Hcall, Rc, TceAccess


def whole_pages(length: int) -> int:
    """The length in bytes of as many pages as hold ``length`` bytes, at least one."""
    return max(1, -(-length // PAGE_BYTES)) * PAGE_BYTES


class Space:
    """Hands out page-aligned pieces of a range of addresses, the lowest that fits; neighbours given back grow together.

    Args:
        start: first address, page-aligned.
        end: address behind the last one.
    """

    def __init__(self, start: int, end: int) -> None:
        self._gaps: list[tuple[int, int]] = [(start, end)]

    def take(self, length: int) -> int | None:
        """Address of a piece of at least ``length`` bytes; None if there is no gap that large."""
        size = whole_pages(length)
        for place, (start, end) in enumerate(self._gaps):
            if end - start >= size:
                self._gaps[place : place + 1] = [(start + size, end)] if end - start > size else []
                return start
        return None

    def give_back(self, at: int, length: int) -> None:
        """A piece that was taken with this length is free again."""
        gaps = sorted([*self._gaps, (at, at + whole_pages(length))])
        self._gaps = gaps[:1]
        for start, end in gaps[1:]:
            if start == self._gaps[-1][1]:
                self._gaps[-1] = (self._gaps[-1][0], end)
            else:
                self._gaps.append((start, end))

    def free(self) -> int:
        """Bytes that are free."""
        return sum(end - start for start, end in self._gaps)


class Arena:
    """A partition's own memory for queues and buffers.

    Args:
        driver: the unit in whose window it is mapped.
        start: first address.
        end: address behind the last one.
        mapped_to: addresses below this are mapped already.
    """

    def __init__(self, driver: Driver, start: int, end: int, mapped_to: int) -> None:
        self._driver = driver
        self._space = Space(start, end)
        self._mapped_to = mapped_to

    def take(self, length: int) -> int | None:
        """Address of a piece of at least ``length`` bytes, contents undefined; None if there is none."""
        at = self._space.take(length)
        if at is None:
            return None
        liobn = self._driver.unit.window.liobn
        while self._mapped_to < at + length:
            page = self._mapped_to
            if self._driver.hcall(Hcall.H_PUT_TCE, liobn, page, page | TceAccess.BOTH)[0] != Rc.H_SUCCESS:
                self._space.give_back(at, length)
                return None
            self._mapped_to += PAGE_BYTES
        return at

    def give_back(self, at: int, length: int) -> None:
        """A piece is not used any more. It stays mapped: what others may do with it ended with the session (CRQ-12)."""
        self._space.give_back(at, length)

    @contextmanager
    def borrowed(self, length: int) -> Iterator[int]:
        """A piece for the time of a ``with`` block, which may be a wait that is broken off.

        Raises:
            MemoryError: there is none.
        """
        at = self.take(length)
        if at is None:
            raise MemoryError
        try:
            yield at
        finally:
            self.give_back(at, length)

    def free(self) -> int:
        """Bytes that are free."""
        return self._space.free()
