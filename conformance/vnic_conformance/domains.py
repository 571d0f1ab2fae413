"""What an argument may be, and the classes that its values fall into: each value here stands for one.

A *domain* is a list of values, right and wrong ones, at which implementations go astray: the smallest and the largest that are
right, their neighbours, 0, 1 and all ones, the values at which a narrower integer wraps, the same with a right low half, signs,
alignments, and the end of memory. Which of them are right says the specification; a domain only lists them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeVar

from vnic_conformance.stimulus import MAPPED
from vnic_spec.wire import ELEMENT_BYTES, PAGE_BYTES, SUB_ELEMENT_BYTES, OutputDescriptor

_T = TypeVar("_T")

ALL_ONES = (1 << 64) - 1
#: What a narrower integer, or a signed one, takes for 0.
WRAPS = tuple(1 << bits for bits in (8, 16, 31, 32, 48, 63))


def wrapped(value: int, wraps: Sequence[int] = WRAPS) -> tuple[int, ...]:
    """Values that a narrower integer takes for this one."""
    return tuple(wrap + value for wrap in wraps)


#: Address of a queue in bytes: pages, what is no page, the end of memory, and beyond.
ADDRESS = (
    *(0, PAGE_BYTES, MAPPED - PAGE_BYTES, MAPPED - 2 * PAGE_BYTES),
    *(
        1,
        2,
        8,
        ELEMENT_BYTES,
        SUB_ELEMENT_BYTES,
        256,
        512,
        1024,
        2048,
        PAGE_BYTES - 1,
        PAGE_BYTES + 1,
        PAGE_BYTES + 2048,
    ),
    *(MAPPED - PAGE_BYTES + ELEMENT_BYTES, MAPPED - 1, MAPPED, MAPPED + PAGE_BYTES, 1 << 30),
    *wrapped(0, WRAPS[2:]),
    *wrapped(PAGE_BYTES, WRAPS[2:]),
    *(ALL_ONES, ALL_ONES - PAGE_BYTES + 1, ALL_ONES - 2 * PAGE_BYTES + 1),
)
#: Length of a queue in bytes.
LENGTH = (
    *(PAGE_BYTES, 2 * PAGE_BYTES, 3 * PAGE_BYTES, 16 * PAGE_BYTES, 17 * PAGE_BYTES, MAPPED - PAGE_BYTES, MAPPED),
    *(0, 1, ELEMENT_BYTES, SUB_ELEMENT_BYTES, 256, 512, 1024, 2048, PAGE_BYTES - ELEMENT_BYTES, PAGE_BYTES - 1),
    *(
        PAGE_BYTES + 1,
        PAGE_BYTES + ELEMENT_BYTES,
        PAGE_BYTES + SUB_ELEMENT_BYTES,
        PAGE_BYTES + 2048,
        2 * PAGE_BYTES - 1,
    ),
    *(MAPPED - 1, MAPPED + 1, MAPPED + PAGE_BYTES, 1 << 30),
    *wrapped(0, WRAPS[2:]),
    *wrapped(PAGE_BYTES, WRAPS[2:]),
    *(ALL_ONES, ALL_ONES - PAGE_BYTES + 1),
)
#: Status of a report: 1 to 3 are right (MON-1).
STATUS = (1, 2, 3, 0, 4, 5, 6, 7, 8, 127, 128, 255, *(w + s for w in WRAPS for s in (0, 1)), ALL_ONES)
#: Interval of a report in milliseconds: any but 0.
INTERVAL = (
    *(1, 2, 1000, 0, 255, 65_535, (1 << 31) - 1, (1 << 32) - 1, (1 << 63) - 1),
    *(w + ms for w in WRAPS for ms in (0, 1)),
    *(ALL_ONES - 1, ALL_ONES),
)
#: A parameter that is not used: only 0 is right.
UNUSED = (0, 1, 2, *WRAPS, ALL_ONES)
#: Mode of H_VIO_SIGNAL.
MODE = (0, 1, 2, 3, *(w + m for w in WRAPS for m in (0, 1)), ALL_ONES)
#: Priority: 1 to 100 are right (SEL-4).
PRIORITY = (
    *(1, 2, 9, 10, 11, 49, 50, 51, 99, 100, 0, 101, 127, 128, 200, 255, 1000, -1, -50, -100, -128),
    *(w + p for w in (1 << 8, 1 << 16, 1 << 31, 1 << 32, 1 << 48) for p in (0, 1, 50, 100)),
    *(-(1 << 8) + 50, -(1 << 16) + 50, -(1 << 31), -(1 << 32) + 50),
)
#: What is changed in a number that an implementation gave out (handle, token, interrupt): each class is its difference, by XOR.
ALIENATED = (1, 1 << 7, *(1 << bits for bits in (8, 15, 16, 24, 31, 32, 33, 40, 48, 56, 62, 63)), ALL_ONES)
#: Descriptors of the buffer of H_VIOCTL 0x1B.
CONTROLS = (0, 1, 2, 0x40, 0x80, 0xFF)
BUFFER_LENGTHS = (32, 0, 1, 7, 8, 9, 15, 16, 23, 24, 25, 31, 33, 255, 256, 4096, 65_536, (1 << 24) - 1)
BUFFER_ADDRESSES = (
    *(
        4 * PAGE_BYTES,
        4 * PAGE_BYTES + 1,
        4 * PAGE_BYTES + 7,
        5 * PAGE_BYTES - 8,
        5 * PAGE_BYTES - 1,
        65_536,
        65_536 + 4096,
    ),
    *(MAPPED - 32, MAPPED - 33, 1 << 31, (1 << 32) - PAGE_BYTES, (1 << 32) - 32, (1 << 32) - 1),
)
DESCRIPTOR = tuple(
    OutputDescriptor(control, length, address).pack()
    for control, length, address in (
        *((c, 32, 4 * PAGE_BYTES) for c in CONTROLS),
        *((0, n, 4 * PAGE_BYTES) for n in BUFFER_LENGTHS),
        *((0, n, a) for a in BUFFER_ADDRESSES for n in (32, 16)),
    )
)
#: Byte 0 of an element, and the classes of byte 1.
HEADERS = tuple(range(256))
FORMATS = (0x00, 0x01, 0x02, 0x04, 0x08, 0x12, 0x7F, 0x80, 0x81, 0x84, 0xFE, 0xFF)
#: Bytes of a payload, as often as there is room: the same everywhere, rising, falling, every single bit.
FILLINGS = (
    *(bytes((b,)) * 31 for b in (0x00, 0x01, 0x7F, 0x80, 0xFF, 0xAA, 0x55)),
    *(bytes(range(1, 32)), bytes(range(255, 224, -1)), bytes.fromhex("c0") * 31),
    *(bytes(31 - k - 1) + b"\x80" + bytes(k) for k in range(31)),
)


def pairs(*domains: Sequence[_T]) -> Iterator[tuple[_T, ...]]:
    """A covering array: rows in which every two values of two domains stand together at least once.

    The two largest domains are combined in full, and every other one runs through its values in step; what pairs that leaves out
    are appended. So the array has hardly more rows than it must.
    """
    order = sorted(range(len(domains)), key=lambda d: -len(domains[d]))
    rows: list[list[int]] = []
    if len(domains) == 1:
        yield from ((value,) for value in domains[0])
        return
    first, second, *rest = order
    for a, b in product(range(len(domains[first])), range(len(domains[second]))):
        row = [0] * len(domains)
        row[first], row[second] = a, b
        for step, d in enumerate(rest, 1):
            row[d] = (a + step * b) % len(domains[d])
        rows.append(row)
    met = {(i, row[i], j, row[j]) for row in rows for i in range(len(row)) for j in range(i)}
    for i, j in product(range(len(domains)), repeat=2):
        for a, b in product(range(len(domains[i])), range(len(domains[j]))) if j < i else ():
            if (i, a, j, b) not in met:
                row = [0] * len(domains)
                row[i], row[j] = a, b
                rows.append(row)
    yield from (tuple(domains[d][k] for d, k in enumerate(row)) for row in rows)


def singles(*domains: Sequence[_T]) -> Iterator[tuple[_T, ...]]:
    """Each value of each domain once, beside the first one of the others, which is a right one."""
    seen: dict[tuple[_T, ...], None] = {}
    usual = [domain[0] for domain in domains]
    for place, domain in enumerate(domains):
        for value in domain:
            seen.setdefault((*usual[:place], value, *usual[place + 1 :]))
    yield from seen
