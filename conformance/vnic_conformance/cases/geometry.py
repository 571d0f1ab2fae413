"""Generated cases of sizes and places: queues of many lengths, rotated and filled, indirect sends and DMA around every border.

Elements say by their bytes where they belong. The oracle knows what has to be where (CRQ-2, CRQ-5, CRQ-7, CRQ-12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vnic_conformance.cases.journeys import family
from vnic_conformance.cases.script import Steps, call, do
from vnic_conformance.cases.words import (
    S0,
    S1,
    activate,
    connected,
    consume,
    data,
    free,
    migrate,
    plain,
    queue_pages,
    rank,
    ready,
    register,
    rejoin,
    send,
    sub_element,
)
from vnic_conformance.stimulus import CLIENT, MAPPED
from vnic_spec.profile import Profile
from vnic_spec.wire import ELEMENTS_PER_PAGE, PAGE_BYTES, SUB_ELEMENTS_PER_PAGE

_SIDES = (("client", CLIENT, S0), ("server", S0, CLIENT))
_LAST_PAGE = MAPPED // PAGE_BYTES - 1


def _open(pages: int, who: str, page: int = 0) -> Steps:
    """A session in which the queue of one side has so many pages."""
    at = {who: {"address": page * PAGE_BYTES, "length": queue_pages(pages)}}
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from plain(register(S0, **at.get(S0, {})), call(S0, "vioctl", sub=0x18, p1=1, p2=100_000_000))
    yield from plain(register(CLIENT, **at.get(CLIENT, {})))


def _rotated(who: str, partner: str, count: int, first: int = 0) -> Steps:
    """So many elements go through a queue, one at a time."""
    for number in range(first, first + count):
        yield from plain(send(partner, data(number)), consume(who))


def _turned(pages: int, who: str, partner: str) -> Callable[[Profile], Steps]:
    """All of a queue is gone through, and a bit more, with two elements in it at the borders of pages."""

    def write(p: Profile) -> Steps:
        yield from _open(pages, who)
        total = pages * ELEMENTS_PER_PAGE
        for number in range(total + 3):
            yield from plain(send(partner, data(number)))
            if number:
                yield from plain(consume(who))
        yield from plain(consume(who), consume(who))

    return write


def _filled(pages: int, who: str, partner: str, rotation: int) -> Callable[[Profile], Steps]:
    """A rotated queue is filled, met by an event, emptied by a few, and filled again."""

    def write(p: Profile) -> Steps:
        yield from _open(pages, who)
        yield from _rotated(who, partner, rotation)
        for number in range(pages * ELEMENTS_PER_PAGE + 1):
            yield from plain(send(partner, data(number)))
        for number in range(3):
            yield from plain(consume(who), send(partner, data(900 + number)))
        yield from plain(send(partner, data(999)), consume(who))
        if who == CLIENT:
            yield from ready(S1)
            yield from plain(send(partner, data(998)), activate(S1), send(S1, data(1)), consume(who), send(S1, data(2)))
            yield from plain(migrate(), consume(who), consume(who))
        else:
            yield from plain(send(partner, data(998)), free(CLIENT), consume(who), register(CLIENT))

    return write


#: Always played: places in such a queue need more than 12 bits.
_BEYOND_12_BITS = (17, CLIENT)

for _name, _who, _partner in _SIDES:
    for _pages in (2, 3, 4, 16, 17, 64, 128):
        family(
            f"CRQ-5/turned-{_pages}-pages-{_name}",
            f"Elements in order through all of a {_name}'s queue of {_pages} pages, and on.",
            _turned(_pages, _who, _partner),
            "console",
            long=_pages > 2 and (_pages, _who) != _BEYOND_12_BITS,
        )
    for _pages, _rotation in ((1, 100), (2, 300)):
        family(
            f"CRQ-7/filled-{_pages}-pages-{_name}",
            f"A {_name}'s queue of {_pages} pages, rotated by {_rotation}, filled and met by events.",
            _filled(_pages, _who, _partner, _rotation),
            "console migration" if _who == CLIENT else "console",
            long=_pages > 1,
        )


def _last_pages(p: Profile) -> Steps:
    """Queues that end where memory ends."""
    for pages in (1, 2, 3, 17, 127):
        first = MAPPED - queue_pages(pages)
        for address, length in ((first, pages), (first, pages + 1), (first + PAGE_BYTES, pages)):
            for who in (CLIENT, S0):
                yield from plain(register(who, address=address, length=queue_pages(length)), free(who))


family("CRQ-2/to-the-end-of-memory", "Queues that end exactly where memory ends, or beyond.", _last_pages, "")

# --- sub-CRQs --------------------------------------------------------------------------------------------------------


def _block(first: int, count: int) -> str:
    return "".join(sub_element(number) for number in range(first, first + count))


def _with_sub_queue(who: str, pages: int) -> Steps:
    """A session in which one side has a sub-CRQ of so many pages; its handle is remembered as ``q``."""
    yield from connected(S0)
    yield do(call(who, "reg_sub_crq", address=8 * PAGE_BYTES, length=queue_pages(pages)), remember={"q": "handle"})


def _counts(p: Profile) -> Iterator[int]:
    yield from (n for n in (*range(1, 5), 7, 8, 9, 15, 16, 17, 31, 32, 63, 64, 127, 128) if n <= p.indirect_limit)


def _indirect(who: str, partner: str) -> Callable[[Profile], Steps]:
    """Blocks of every length end before, at and behind the end of a page and of the queue."""

    def write(p: Profile) -> Steps:
        yield from _with_sub_queue(who, 1)
        number = 0
        for count in _counts(p):
            yield do(call(partner, "send_sub_crq_indirect", handle="$q", hex=_block(number, count)))
            number += count
            for _ in range(count):
                yield do(call(who, "consume", handle="$q"))
        yield do(call(who, "consume", handle="$q"))
        for count in (0, p.indirect_limit + 1, 129, 255, 256, 257):
            yield do(call(partner, "send_sub_crq_indirect", handle="$q", hex=_block(0, count)))

    return write


def _sub_filled(pages: int, who: str, partner: str) -> Callable[[Profile], Steps]:
    """A sub-CRQ is filled by blocks to the last element, which is one too few, just enough and one too many."""

    def write(p: Profile) -> Steps:
        yield from _with_sub_queue(who, pages)
        block = min(p.indirect_limit, 128)
        total, sent = pages * SUB_ELEMENTS_PER_PAGE, 0
        while total - sent > block:
            yield do(call(partner, "send_sub_crq_indirect", handle="$q", hex=_block(sent, block)))
            sent += block
        left = total - sent
        for count in (left + 1, left - 1, 2, 1, 1):
            yield do(call(partner, "send_sub_crq_indirect", handle="$q", hex=_block(sent, count)))
        yield do(call(partner, "send_sub_crq", handle="$q", hex=sub_element(1)))
        for _ in range(5):
            yield do(call(who, "consume", handle="$q"))
        for count in (6, 3, 2, 1):
            yield do(call(partner, "send_sub_crq_indirect", handle="$q", hex=_block(5000, count)))
        for _ in range(SUB_ELEMENTS_PER_PAGE + 2 if pages > 1 else 8):
            yield do(call(who, "consume", handle="$q"))

    return write


def _sub_turned(pages: int, who: str, partner: str) -> Callable[[Profile], Steps]:
    """Elements one at a time through all of a sub-CRQ, and on."""

    def write(p: Profile) -> Steps:
        yield from _with_sub_queue(who, pages)
        for number in range(pages * SUB_ELEMENTS_PER_PAGE + 2):
            yield do(call(partner, "send_sub_crq", handle="$q", hex=sub_element(number)))
            if number:
                yield do(call(who, "consume", handle="$q"))

    return write


for _name, _who, _partner in _SIDES:
    family(
        f"CRQ-12/indirect-counts-{_name}",
        f"Indirect sends of every length to a {_name}, around the end of its queue.",
        _indirect(_who, _partner),
        "sub_crq",
    )
    for _pages in (1, 2, 3, 4, 16, 17, 64):
        family(
            f"CRQ-12/filled-{_pages}-pages-{_name}",
            f"A {_name}'s sub-CRQ of {_pages} pages, filled to the last element by blocks.",
            _sub_filled(_pages, _who, _partner),
            "sub_crq",
            long=_pages > 4,
        )
    for _pages in (2, 17, 64):
        family(
            f"CRQ-12/turned-{_pages}-pages-{_name}",
            f"Elements one at a time through all of a {_name}'s sub-CRQ of {_pages} pages, and on.",
            _sub_turned(_pages, _who, _partner),
            "sub_crq",
            long=_pages > 2,
        )

# --- DMA -------------------------------------------------------------------------------------------------------------

#: Three pages of the client and their neighbours.
_FIRST = 20 * PAGE_BYTES
_LENGTHS = (1, 2, 7, 8, 9, 255, 256, 4095, 4096, 4097, 8192, 8193, 12_288)
_OFFSETS = (0, 1, 8, 2048, 4088, 4095)


def _hex(length: int, salt: int) -> str:
    return bytes((k * 7 + k // 256 + salt) & 0xFF for k in range(length)).hex()


def _around(address: int, length: int) -> tuple[tuple[int, int], ...]:
    """What is looked at: the bytes written and their neighbours."""
    return ((address - 16, min(length + 32, MAPPED - address + 16)),)


def _dma(p: Profile) -> Steps:
    """Bytes of every length are written and read around the borders of pages."""
    yield from connected(S0)
    yield do(call(CLIENT, "poke", address=_FIRST - PAGE_BYTES, hex=_hex(6 * PAGE_BYTES, 1)))
    for salt, offset in enumerate(_OFFSETS):
        for length in _LENGTHS:
            address = _FIRST + offset
            yield do(call(S0, "dma_write", address=address, hex=_hex(length, 3 * salt + length)))
            for at, size in _around(address, length):
                yield do(call(CLIENT, "peek", address=at, length=size))
            yield do(call(S0, "dma_read", address=address, length=length))
    for length in (1, 16, PAGE_BYTES, PAGE_BYTES + 1):
        for beyond in (0, 1 << 31, 1 << 32, 1 << 40, 1 << 63):
            yield do(call(S0, "dma_read", address=MAPPED - length + beyond, length=length))
    for address in ((1 << 64) - 16, (1 << 64) - PAGE_BYTES):
        yield do(call(S0, "dma_write", address=address, hex="bd" * 32))
    yield do(call(CLIENT, "peek", address=0, length=64))


def _partly_mapped(p: Profile) -> Steps:
    """Of three pages some are mapped: what reaches another one is refused whole, and no byte of it is read or written."""
    for mapped in ((), (0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)):
        yield from connected(S0)
        yield do(call(CLIENT, "poke", address=_FIRST, hex="5e" * (3 * PAGE_BYTES)))
        for page in mapped:
            yield do(call(S0, "dma_read", address=_FIRST + page * PAGE_BYTES + 17, length=5))
        for first, last in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2)):
            address = _FIRST + (first + 1) * PAGE_BYTES - 8
            length = 8 + (last - first) * PAGE_BYTES - (PAGE_BYTES - 8 if last > first else 0)
            yield do(call(S0, "dma_write", address=address, hex="c3" * length, map=0))
            yield do(call(CLIENT, "peek", address=_FIRST, length=3 * PAGE_BYTES))
            yield do(call(S0, "dma_read", address=address, length=length, map=0))
        yield from plain(free(CLIENT), free(S0), consume(S0))


def _maps_of_each(p: Profile) -> Steps:
    """A page is mapped for one server and one session; the first, the last and every eighth page."""
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from connected(S0)
    yield from ready(S1)
    pages = (0, *range(8, _LAST_PAGE, 8), _LAST_PAGE)
    for who, other in ((S0, S1), (S1, S0), (S0, S1)):
        yield from plain(activate(who))
        yield from rejoin(p, other)
        for maps in (0, 1, 0):
            for page in pages:
                yield do(call(who, "dma_write", address=page * PAGE_BYTES + 4000, hex="77" * 8, map=maps))
                yield do(call(other, "dma_write", address=page * PAGE_BYTES + 4000, hex="88" * 8, map=maps))
        yield from rejoin(p, who)


family("CRQ-12/dma-lengths", "DMA of every length around the borders of pages, read and written.", _dma, "dma")
family("CRQ-12/dma-partly-mapped", "DMA over three pages of which some are mapped.", _partly_mapped, "dma")
family(
    "CRQ-12/dma-of-each-server",
    "Pages mapped by one server in one session, tried by both.",
    _maps_of_each,
    "console dma",
)
