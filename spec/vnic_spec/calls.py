"""The byte level of the calls: what the arguments themselves decide, before the machine is asked.

Each function looks at the arguments of one call in the order that the requirement gives, and answers the return code that
they alone demand, or None when they are in order and the machine (:mod:`vnic_spec.catalogue`) decides. Where a check of the
state comes before a check of an argument the function takes what it has to know of the state.
"""

from __future__ import annotations

from collections.abc import Sequence

from vnic_spec.vocabulary import Kind
from vnic_spec.wire import ELEMENT_BYTES, PAGE_BYTES, Header, Rc

#: Priorities of servers, the lowest number being the best, and the one of a server added without any (SEL-4).
PRIORITIES = range(1, 101)
DEFAULT_PRIORITY = 50
#: Statuses that a server may report (MON-1).
REPORTABLE = (1, 2, 3)
_EVENT = 0xFF


def reg_crq(address: int, length: int, mapped: int) -> Rc | None:
    """CRQ-2: the queue is whole 4 KiB pages, aligned, and inside the ``mapped`` bytes that start at address 0."""
    pages = length > 0 and length % PAGE_BYTES == 0 and address % PAGE_BYTES == 0
    return None if pages and address >= 0 and address + length <= mapped else Rc.H_PARAMETER


def send_crq(element: bytes) -> Rc | None:
    """CRQ-3, CRQ-6: the header has its high bit and is not that of an event. ``element``: 16 bytes."""
    assert len(element) == ELEMENT_BYTES
    return None if element[0] & 0x80 and element[0] != _EVENT else Rc.H_PARAMETER


def report(status: int, interval_ms: int, unused: int, known: bool) -> Rc | None:
    """MON-1: unused parameter, then whether the server is listed and registered (``known``), then the values."""
    if unused != 0:
        return Rc.H_PARAMETER
    if not known:
        return Rc.H_STATE
    return None if status in REPORTABLE and interval_ms >= 1 else Rc.H_PARAMETER


def no_parameters(*unused: int) -> Rc | None:
    """LoPAR, H_VIOCTL: parameters that a subfunction does not use are 0 (SES-2, MON-7)."""
    return None if not any(unused) else Rc.H_PARAMETER


def kind_of(element: bytes) -> Kind:
    """CRQ-1: what the machine takes an element for. ``element``: 16 bytes whose header :func:`send_crq` accepts."""
    known = {
        (0xC0, 0x01): Kind.INIT,
        (0xC0, 0x02): Kind.INIT_COMPLETE,
        (0x80, 0x04): Kind.LOGIN,
        (0x80, 0x84): Kind.LOGIN_RSP,
    }
    return known.get((element[0], element[1]), Kind.DATA)


def event_bytes(kind: Kind) -> bytes:
    """CRQ-1: header and code of an event, its first two bytes; the others are unspecified."""
    code = {Kind.FAILED: 0x01, Kind.DEREGISTERED: 0x02, Kind.MIGRATED: 0x06, Kind.FAILOVER: 0x08}[kind]
    return bytes((_EVENT, code))


def send_sub_crq(elements: Sequence[bytes], most: int) -> Rc | None:
    """CRQ-12: one to ``most`` elements at once, each with the header 0x80. ``elements``: 32 bytes each."""
    if not 1 <= len(elements) <= most:
        return Rc.H_PARAMETER
    return None if all(element[0] == Header.COMMAND for element in elements) else Rc.H_PARAMETER
