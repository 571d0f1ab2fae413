"""Memory of a partition, and the windows through which devices and the hypervisor reach it.

A partition's memory is made of 4 KiB pages that come into being when they are first touched. A DMA window (a TCE table)
maps pages of an I/O address space to pages of memory; whatever is not mapped cannot be reached. An entry of a server's
window may be *redirected* to a page of the client (LoPAR, "Redirected RDMA"); such an entry is valid only while the
client's own entry is the one that was redirected and the session that allowed it lasts (CRQ-12, FOV-10).
"""

from __future__ import annotations

from dataclasses import dataclass

from vnic_spec.wire import PAGE_BYTES, TceAccess


class Memory:
    """Memory of one partition: ``size`` bytes of address space, pages created when first touched.

    ``size`` must be a multiple of the page size.
    """

    __slots__ = ("_pages", "page_count")

    def __init__(self, size: int) -> None:
        self.page_count = size // PAGE_BYTES
        self._pages: dict[int, bytearray] = {}

    def page(self, number: int) -> bytearray:
        """The page with this number, all zeros when first touched. The number must be below ``page_count``."""
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = bytearray(PAGE_BYTES)
        return page


@dataclass(frozen=True, slots=True, eq=False)
class Translation:
    """One entry of a TCE table: a page of memory and what DMA may do with it.

    ``origin`` is set on a redirected entry: the client's window and page of its I/O address space.
    """

    memory: Memory
    page: int
    access: int
    origin: tuple[DmaWindow, int, Translation] | None = None

    def live(self) -> bool:
        """False for a redirected entry whose original has been changed or removed."""
        return self.origin is None or self.origin[0].entry(self.origin[1]) is self.origin[2]


class DmaWindow:
    """A TCE table: I/O pages 0 to ``pages`` - 1, each mapped to a page of memory or not at all.

    Args:
        liobn: Logical I/O bus number by which calls name the window.
        pages: Number of 4 KiB pages of the I/O address space.
    """

    __slots__ = ("_entries", "liobn", "pages")

    def __init__(self, liobn: int, pages: int) -> None:
        self.liobn = liobn
        self.pages = pages
        self._entries: dict[int, Translation] = {}

    def entry(self, page: int) -> Translation | None:
        """The translation of an I/O page, or None."""
        return self._entries.get(page)

    def put(self, page: int, entry: Translation | None) -> None:
        """Set or remove the translation of an I/O page."""
        if entry is None:
            self._entries.pop(page, None)
        else:
            self._entries[page] = entry

    def clear(self) -> None:
        """Remove every translation."""
        self._entries.clear()

    def drop_redirected(self) -> None:
        """Remove the translations into another partition's memory (CRQ-12: maps die with the session)."""
        for page in [page for page, entry in self._entries.items() if entry.origin is not None]:
            del self._entries[page]

    def redirected_pages(self) -> set[int]:
        """I/O pages of the client that live entries of this window are redirected to."""
        return {entry.origin[1] for entry in self._entries.values() if entry.origin is not None and entry.live()}

    def in_range(self, ioba: int, length: int) -> bool:
        """Whether the bytes from ``ioba`` on lie inside the window."""
        return ioba >= 0 and length >= 0 and ioba + length <= self.pages * PAGE_BYTES

    def own_pages(self, ioba: int, length: int) -> list[bytearray] | None:
        """Pages that a call may use as a queue or a buffer, or None if one of them is not mapped.

        Only pages of the owner's own memory count, readable and writable: a redirected page belongs to the client,
        and the hypervisor must not be made to write there in a server's name (FOV-10).
        """
        if length < 0 or not self.in_range(ioba, length):
            return None
        pages = []
        for number in range(ioba // PAGE_BYTES, (ioba + length + PAGE_BYTES - 1) // PAGE_BYTES):
            entry = self._entries.get(number)
            if entry is None or entry.origin is not None or entry.access != TceAccess.BOTH:
                return None
            pages.append(entry.memory.page(entry.page))
        return pages

    def accessible(self, ioba: int, length: int, access: int) -> bool:
        """Whether DMA may use all these bytes in this way. The range must lie inside the window."""
        for number in range(ioba // PAGE_BYTES, (ioba + length + PAGE_BYTES - 1) // PAGE_BYTES):
            entry = self._entries.get(number)
            if entry is None or entry.access & access != access or not entry.live():
                return False
        return True

    def read(self, ioba: int, length: int) -> bytes:
        """Read bytes by DMA; the caller has checked that they are accessible."""
        parts = []
        end = ioba + length
        while ioba < end:
            page, offset = divmod(ioba, PAGE_BYTES)
            step = min(end - ioba, PAGE_BYTES - offset)
            entry = self._entries[page]
            parts.append(bytes(entry.memory.page(entry.page)[offset : offset + step]))
            ioba += step
        return b"".join(parts)

    def write(self, ioba: int, data: bytes) -> None:
        """Write bytes by DMA; the caller has checked that they are accessible."""
        at = 0
        while at < len(data):
            page, offset = divmod(ioba + at, PAGE_BYTES)
            step = min(len(data) - at, PAGE_BYTES - offset)
            entry = self._entries[page]
            entry.memory.page(entry.page)[offset : offset + step] = data[at : at + step]
            at += step


def read_pages(pages: list[bytearray], offset: int, length: int) -> bytes:
    """Read bytes from consecutive pages, from ``offset`` in the first one on."""
    return b"".join(pages)[offset : offset + length] if len(pages) > 1 else bytes(pages[0][offset : offset + length])


def write_pages(pages: list[bytearray], offset: int, data: bytes) -> None:
    """Write bytes to consecutive pages, from ``offset`` in the first one on."""
    at = 0
    while at < len(data):
        page, inside = divmod(offset + at, PAGE_BYTES)
        step = min(len(data) - at, PAGE_BYTES - inside)
        pages[page][inside : inside + step] = data[at : at + step]
        at += step
