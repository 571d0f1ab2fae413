"""How a server reaches the client's memory: redirected pages and copies, while it is connected (CRQ-12, FOV-10).

Nothing here is trusted to succeed: the client may have lent nothing at an address, or the session may be over.
"""

from __future__ import annotations

from typing import NamedTuple

from vnic_reference.dialogue.arena import Space
from vnic_reference.driver import Driver
from vnic_reference.redirected import MAX_COPY_BYTES, MAX_REDIRECT_PAGES
from vnic_spec.wire import PAGE_BYTES, Hcall, Rc, TceAccess

#: I/O space of a server's own window that is used for redirected pages: first for copies, the rest for mapped buffers.
COPY_AT = 0x0100_0000
MAPS_AT = 0x0200_0000
MAPS_END = 0x1000_0000
TOTAL_MAP_PAGES = (MAPS_END - MAPS_AT) // PAGE_BYTES


class Mapped(NamedTuple):
    """A buffer of the client, redirected: its address and length there, and its address in the server's window."""

    client: int
    length: int
    own: int

    def translate(self, ioba: int, length: int) -> int | None:
        """Address in the server's window of bytes of the buffer; None if they do not all lie in it."""
        if length < 1 or not self.client <= ioba or ioba + length > self.client + self.length:
            return None
        return self.own + ioba - self.client


def _span(ioba: int, length: int) -> tuple[int, int]:
    """First address and number of the pages that hold these bytes."""
    first = ioba - ioba % PAGE_BYTES
    return first, -(-(ioba + length - first) // PAGE_BYTES)


class RemoteMemory:
    """The client's memory in a server's hands.

    Args:
        driver: the server's unit.
        scratch: address of :data:`~vnic_reference.redirected.MAX_COPY_BYTES` bytes of the server's own memory.
    """

    def __init__(self, driver: Driver, scratch: int) -> None:
        self._driver = driver
        self._scratch = scratch
        self._space = Space(MAPS_AT, MAPS_END)

    @property
    def free_pages(self) -> int:
        """Pages that can still be mapped."""
        return self._space.free() // PAGE_BYTES

    def room(self, ioba: int, length: int) -> bool:
        """Whether a buffer at this address of the client's could be mapped, if it is lent."""
        return _span(ioba, length)[1] <= self.free_pages

    def read(self, ioba: int, length: int) -> bytes | None:
        """Copy bytes of the client's; None if they cannot be reached. ``length``: 1 to 128 KiB."""
        first, pages = _span(ioba, length)
        if length < 1 or length > MAX_COPY_BYTES or not self._redirect(first, COPY_AT, pages):
            return None
        rc = self._driver.copy_from_client(ioba, self._scratch, length)
        self._release(COPY_AT, pages)
        return self._driver.peek(self._scratch, length) if rc == Rc.H_SUCCESS else None

    def write(self, ioba: int, data: bytes) -> bool:
        """Copy bytes into the client's memory; False if that is refused, and nothing is written."""
        if not data:
            return True
        first, pages = _span(ioba, len(data))
        if len(data) > MAX_COPY_BYTES or not self._redirect(first, COPY_AT, pages):
            return False
        self._driver.poke(self._scratch, data)
        rc = self._driver.copy_to_client(self._scratch, ioba, len(data))
        self._release(COPY_AT, pages)
        return rc == Rc.H_SUCCESS

    def map(self, ioba: int, length: int) -> Mapped | None:
        """Redirect a buffer for as long as the session lasts; None if it is not lent or there is no room."""
        first, pages = _span(ioba, length)
        at = self._space.take(pages * PAGE_BYTES)
        if at is None:
            return None
        if not self._redirect(first, at, pages):
            self._space.give_back(at, pages * PAGE_BYTES)
            return None
        return Mapped(ioba, length, at + ioba - first)

    def unmap(self, mapped: Mapped) -> None:
        """Give a buffer up."""
        first, pages = _span(mapped.own, mapped.length)
        self._release(first, pages)
        self._space.give_back(first, pages * PAGE_BYTES)

    def _redirect(self, client: int, own: int, pages: int) -> bool:
        for done in range(0, pages, MAX_REDIRECT_PAGES):
            step, at = min(pages - done, MAX_REDIRECT_PAGES), done * PAGE_BYTES
            if self._driver.map_remote(client + at, own + at, step) != Rc.H_SUCCESS:
                self._release(own, done)
                return False
        return True

    def _release(self, own: int, pages: int) -> None:
        liobn = self._driver.unit.window.liobn
        for page in range(pages):
            self._driver.hcall(Hcall.H_PUT_TCE, liobn, own + page * PAGE_BYTES, int(TceAccess.NONE))
