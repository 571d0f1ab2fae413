"""Stimuli and beginnings that many scripts share."""

from __future__ import annotations

from vnic_conformance.cases.script import ScriptStep, Steps, call, do
from vnic_conformance.stimulus import CLIENT, CONSOLE, PLATFORM, Stimulus, advance, server
from vnic_spec.profile import Crossing, Profile
from vnic_spec.wire import (
    ELEMENTS_PER_PAGE,
    HEADER_VALID_BIT,
    PAGE_BYTES,
    SUB_ELEMENT_BYTES,
    Event,
    Header,
    Vioctl,
    element,
)

#: An address that no partition has mapped, far behind everything that an adapter keeps for itself.
UNMAPPED = 1 << 40
#: Headers that a partner may not send (CRQ-3, CRQ-6): without the high bit, and that of events.
BAD_HEADERS = (Header.FREE, 0x01, 0x7F, Header.EVENT)
#: Reserved headers that pass: the architecture looks at the high bit only.
RESERVED_HEADERS = (0x81, 0x90, 0xBF, 0xC1, 0xFE)
#: An interval that no script waits for by accident, in ms.
LONG = 100_000_000

S0, S1, S2 = server(0), server(1), server(2)


def event(code: Event) -> str:
    """An event as a queue shows it: its other bytes are free."""
    return bytes((Header.EVENT, code)).hex() + "*"


def data(number: int = 0) -> str:
    """A command with a payload of its own."""
    return element(Header.COMMAND, 0x12, number.to_bytes(4, "big")).hex()


def send(who: str, hexadecimal: str | None = None, **more: int | str) -> Stimulus:
    """H_SEND_CRQ."""
    return call(who, "send_crq", hex=data() if hexadecimal is None else hexadecimal, **more)


def headed(header: int) -> str:
    """An element with this header."""
    return element(header, 0x12, b"\x55\xaa").hex()


def sub_element(number: int = 0, header: int = HEADER_VALID_BIT) -> str:
    """An element of a sub-CRQ."""
    body = bytes((header, 0x10)) + number.to_bytes(4, "big")
    return (body + bytes(range(SUB_ELEMENT_BYTES - len(body)))).hex()


def vioctl(who: str, sub: Vioctl, p1: int | str = 0, p2: int = 0, p3: int = 0, **more: str) -> Stimulus:
    """H_VIOCTL."""
    return call(who, "vioctl", sub=sub.value, p1=p1, p2=p2, p3=p3, **more)


def report(who: str, status: int = 1, interval_ms: int = LONG, unused: int = 0, **more: str) -> Stimulus:
    """A server's report (MON-1)."""
    return vioctl(who, Vioctl.VNIC_SERVER_STATUS, status, interval_ms, unused, **more)


def record(who: str) -> Stimulus:
    """A server asks what it is (MON-7)."""
    return vioctl(who, Vioctl.GET_VNIC_SERVER_INFO)


def token() -> Stimulus:
    """The client asks for the session token (SES-1)."""
    return vioctl(CLIENT, Vioctl.GET_SESSION_TOKEN)


def complain(named: int | str, p2: int = 0, p3: int = 0, **more: str) -> Stimulus:
    """The client complains with a token (SES-2)."""
    return vioctl(CLIENT, Vioctl.SESSION_ERROR_DETECTED, named, p2, p3, **more)


def activate(who: str) -> Stimulus:
    """The administrator selects a server by hand."""
    return call(CONSOLE, "activate", server=who)


def rank(who: str, value: int) -> Stimulus:
    """The administrator changes a priority."""
    return call(CONSOLE, "priority", server=who, value=value)


def add(who: str, **more: int | str) -> Stimulus:
    """The administrator adds a server."""
    return call(CONSOLE, "add", server=who, **more)


def remove(who: str) -> Stimulus:
    """The administrator removes a server."""
    return call(CONSOLE, "remove", server=who)


def auto(value: int) -> Stimulus:
    """The administrator writes auto_priority_failover."""
    return call(CONSOLE, "auto", value=value)


def power(what: str, target: str) -> Stimulus:
    """The platform switches a partition on or off, or it crashes."""
    return call(PLATFORM, what, target=target)


def migrate() -> Stimulus:
    """The client's partition migrates."""
    return call(PLATFORM, "migrate")


def register(who: str, **more: int | str) -> Stimulus:
    """H_REG_CRQ."""
    return call(who, "reg_crq", **more)


def free(who: str, **more: str) -> Stimulus:
    """H_FREE_CRQ."""
    return call(who, "free_crq", **more)


def consume(who: str) -> Stimulus:
    """The owner clears its first element."""
    return call(who, "consume")


def enable(**more: str) -> Stimulus:
    """H_ENABLE_CRQ of the client."""
    return call(CLIENT, "enable_crq", **more)


def plain(*stimuli: Stimulus) -> Steps:
    """Steps that only the oracle judges."""
    return (ScriptStep(stimulus) for stimulus in stimuli)


def rejoin(p: Profile, *servers: str) -> Steps:
    """Servers read that their last session has ended; then nothing keeps them from the next one (CRQ-13)."""
    yield from plain(*(consume(who) for who in servers))
    if p.crossing is Crossing.GAP:
        yield from plain(advance(p.gap_ms))


def another_session(p: Profile, who: str) -> Steps:
    """The client frees and registers its CRQ, and the server that served it reads in between that the session has ended."""
    yield from plain(free(CLIENT))
    yield from rejoin(p, who)
    yield from plain(register(CLIENT))


def ready(*servers: str, interval_ms: int = LONG) -> Steps:
    """Servers register and report that they are OPERATIONAL."""
    for who in servers:
        yield from plain(register(who), report(who, interval_ms=interval_ms))


def connected(*servers: str, interval_ms: int = LONG) -> Steps:
    """Servers are ready, then the client opens its CRQ: it is connected with the best, the first if they are equal."""
    yield from ready(*servers, interval_ms=interval_ms)
    yield from plain(register(CLIENT))


def best(*servers: str, interval_ms: int = LONG) -> Steps:
    """The same with priorities 10, 20, ... in this order, so that no tie has to be broken."""
    for place, who in enumerate(servers, 1):
        yield do(rank(who, 10 * place))
    yield from connected(*servers, interval_ms=interval_ms)


def fill(who: str, pages: int = 1, already: int = 0) -> Steps:
    """Elements until the partner's queue is full; the queue has so many pages and holds so many elements already."""
    for number in range(ELEMENTS_PER_PAGE * pages - already):
        yield do(send(who, data(number)))


def queue_pages(count: int) -> int:
    """Length of a queue in bytes."""
    return count * PAGE_BYTES
