"""Scripts of elements and events, byte for byte: CRQ-1, CRQ-3, CRQ-5, CRQ-6, CRQ-7, CRQ-10."""

from __future__ import annotations

from vnic_conformance.cases.script import Steps, do, script
from vnic_conformance.cases.words import (
    BAD_HEADERS,
    RESERVED_HEADERS,
    S0,
    S1,
    activate,
    best,
    connected,
    consume,
    data,
    enable,
    event,
    fill,
    free,
    headed,
    migrate,
    plain,
    power,
    ready,
    register,
    rejoin,
    report,
    send,
)
from vnic_conformance.stimulus import CLIENT
from vnic_spec.profile import EventFull, Profile
from vnic_spec.wire import (
    ELEMENT_BYTES,
    ELEMENTS_PER_PAGE,
    INIT,
    INIT_COMPLETE,
    Event,
    Header,
    InitFormat,
    Rc,
    element,
    event_element,
)

_OVERLAY = EventFull.OVERLAY


@script("CRQ-1/initialisation")
def _(p: Profile) -> Steps:
    """INIT and INIT_COMPLETE have the header C0 and the formats 01 and 02, and pass like everything else."""
    yield from connected(S0)
    yield do(send(CLIENT, INIT.hex()), "CRQ-1", server0_queue=(element(Header.INITIALIZATION, InitFormat.INIT).hex(),))
    yield do(send(S0, INIT_COMPLETE.hex()), "CRQ-1", client_queue=(INIT_COMPLETE.hex(),))


@script("CRQ-1/events")
def _(p: Profile) -> Steps:
    """Events 01, 02, 06 and 08 have their codes, 16 bytes each."""
    yield from best(S0, S1)
    yield do(activate(S1), "CRQ-1", client_queue=(event(Event.DEVICE_FAILOVER),))
    yield do(consume(S0), "CRQ-1", element=(event(Event.PARTNER_DEREGISTERED),))
    yield from rejoin(p)
    yield do(migrate(), "CRQ-1", server1_queue=(event(Event.PARTNER_DEREGISTERED),))
    yield from plain(consume(CLIENT))
    yield do(consume(CLIENT), "CRQ-1", element=(event(Event.MIGRATED),))
    yield from rejoin(p, S1)
    yield from plain(enable())
    yield do(power("crash", CLIENT), "CRQ-1", server0_queue=(event(Event.PARTNER_FAILED),))


@script("CRQ-1/reserved-headers-pass")
def _(p: Profile) -> Steps:
    """Of the header only the high bit and the event are looked at: reserved ones pass in both directions."""
    yield from connected(S0)
    for header in RESERVED_HEADERS:
        yield do(send(CLIENT, headed(header)), "CRQ-3", rc=Rc.H_SUCCESS)
        yield do(send(S0, headed(header)), "CRQ-3", rc=Rc.H_SUCCESS)
        yield do(consume(S0), "CRQ-10", element=headed(header))
        yield do(consume(CLIENT), "CRQ-10", element=headed(header))


@script("CRQ-3/header")
def _(p: Profile) -> Steps:
    """A header without the high bit, and that of an event, is refused in both directions, and nothing is stored."""
    yield from connected(S0)
    for header in BAD_HEADERS:
        yield do(send(CLIENT, headed(header)), "CRQ-3", rc=Rc.H_PARAMETER, server0_queue="")
        yield do(send(S0, headed(header)), "CRQ-3", rc=Rc.H_PARAMETER, client_queue="")


@script("CRQ-3/wrong-unit")
def _(p: Profile) -> Steps:
    """A unit that is not the caller's is found first, alone and with everything else that may be wrong."""
    yield do(send(CLIENT, unit="wrong"), "CRQ-3", rc=Rc.H_PARAMETER)
    yield from connected(S0)
    for who in (CLIENT, S0):
        for header in (Header.COMMAND, *BAD_HEADERS):
            yield do(send(who, headed(header), unit="wrong"), "CRQ-3", rc=Rc.H_PARAMETER)


@script("CRQ-3/header-before-closed")
def _(p: Profile) -> Steps:
    """The header is looked at before the connection."""
    for header in BAD_HEADERS:
        yield do(send(CLIENT, headed(header)), "CRQ-3", rc=Rc.H_PARAMETER)
    yield do(send(CLIENT), "CRQ-3", rc=Rc.H_CLOSED)
    yield from connected(S0)
    yield from ready(S1)
    for header in BAD_HEADERS:
        yield do(send(S1, headed(header)), "CRQ-3", rc=Rc.H_PARAMETER)
    yield do(send(S1), "CRQ-3", rc=Rc.H_CLOSED)


@script("CRQ-3/full")
def _(p: Profile) -> Steps:
    """A full queue drops, on either side; a bad header is found before, and room is used as soon as there is some."""
    yield from connected(S0)
    for who, owner in ((S0, CLIENT), (CLIENT, S0)):
        yield from fill(who)
        yield do(send(who), "CRQ-3", rc=Rc.H_DROPPED)
        yield do(send(who, headed(Header.EVENT)), "CRQ-3", rc=Rc.H_PARAMETER)
        yield do(consume(owner), "CRQ-5", element=data(0))
        yield do(send(who, data(ELEMENTS_PER_PAGE)), "CRQ-3", rc=Rc.H_SUCCESS)
        yield do(send(who), "CRQ-3", rc=Rc.H_DROPPED)


@script("CRQ-3/closed-before-full")
def _(p: Profile) -> Steps:
    """A standby is told that there is no connection, and not that the client's queue is full."""
    yield from connected(S0)
    yield from ready(S1)
    yield from fill(S0)
    yield do(send(S1), "CRQ-3", rc=Rc.H_CLOSED)


@script("CRQ-3/disabled-before-full")
def _(p: Profile) -> Steps:
    """While the client's queue is disabled its server is told so, and not that the queue is full."""
    yield from connected(S0)
    yield from fill(S0)
    yield from plain(migrate())
    yield do(send(S0), "CRQ-3", rc=Rc.H_CLOSED)
    yield do(send(CLIENT), "CRQ-3", rc=Rc.H_CLOSED)


@script("CRQ-5/order")
def _(p: Profile) -> Steps:
    """Elements arrive in the order sent, each once, also beyond the end of the queue's memory."""
    yield from connected(S0)
    yield from fill(S0)
    for number in range(ELEMENTS_PER_PAGE):
        yield do(consume(CLIENT), "CRQ-5", element=data(number))
        if number % 16 == 0:
            yield from plain(send(S0, data(1000 + number)))
    for number in range(0, ELEMENTS_PER_PAGE, 16):
        yield do(consume(CLIENT), "CRQ-5", element=data(1000 + number))


@script("CRQ-6/partners-write-no-events")
def _(p: Profile) -> Steps:
    """No event code can be sent by a partner, in either direction."""
    yield from connected(S0)
    for code in (*Event, 0x00, 0xFF):
        yield do(send(CLIENT, event_element(code).hex()), "CRQ-6", rc=Rc.H_PARAMETER, server0_queue="")
        yield do(send(S0, event_element(code).hex()), "CRQ-6", rc=Rc.H_PARAMETER, client_queue="")


@script("CRQ-7/failover-meets-full")
def _(p: Profile) -> Steps:
    """A failover event that meets a full queue takes the place of the last element, or waits for room."""
    yield from best(S0, S1)
    yield from fill(S0)
    yield from plain(activate(S1), send(S1), consume(CLIENT), send(S1), consume(S0), activate(S0), activate(S1))


@script("CRQ-7/failover-meets-failover", servers=3)
def _(p: Profile) -> Steps:
    """Failovers that meet in one element of a full queue are one."""
    yield from best("server0", "server1", "server2")
    yield from fill("server0")
    yield from plain(*(activate(who) for who in ("server1", "server2")), consume(CLIENT))


@script("CRQ-7/failover-meets-migration")
def _(p: Profile) -> Steps:
    """A failover that meets the event of a migration in a full queue leaves it there."""
    yield from best(S0, S1)
    yield from fill(S0)
    yield from plain(migrate(), activate(S1), report(S1, status=2), consume(CLIENT), enable(), consume(S0))


@script("CRQ-7/migration-meets-failover")
def _(p: Profile) -> Steps:
    """The event of a migration that meets a failover in a full queue takes its place."""
    yield from best(S0, S1)
    yield from fill(S0)
    yield from plain(activate(S1), migrate(), consume(CLIENT), enable())


@script("CRQ-7/server-is-told-over-full")
def _(p: Profile) -> Steps:
    """The event for a server whose queue is full takes the place of the last element."""
    yield from connected(S0)
    yield from fill(CLIENT)
    yield from plain(free(CLIENT))
    for number in range(ELEMENTS_PER_PAGE - 1):
        yield do(consume(S0), "CRQ-7", element=data(number))
    yield do(consume(S0), "CRQ-7", element=(event(Event.PARTNER_DEREGISTERED),))
    yield from plain(register(CLIENT), send(CLIENT))


@script("CRQ-7/fenced-is-told-over-full")
def _(p: Profile) -> Steps:
    """A server that is left with a full queue finds the event at its end."""
    yield from best(S0, S1)
    yield from fill(CLIENT)
    yield from plain(activate(S1))
    yield do(activate(S0), "CRQ-13", selected=S0)
    yield from plain(send(S0), consume(S0), send(S0))


@script("CRQ-7/deferred-connects-nobody", when=lambda p: p.event_full is EventFull.DEFER)
def _(p: Profile) -> Steps:
    """While an event waits for room the new server is not connected; when it is stored, it is."""
    yield from best(S0, S1)
    yield from fill(S0)
    yield do(activate(S1), "CRQ-7", selected=S1)
    yield do(send(S1), "CRQ-7", rc=Rc.H_CLOSED)
    yield from plain(consume(CLIENT), consume(CLIENT))
    yield do(send(S1), "CRQ-7", rc=Rc.H_SUCCESS)


@script("CRQ-10/every-bit")
def _(p: Profile) -> Steps:
    """Every single bit of the payload arrives as it was sent, in both directions, set and clear."""
    yield from connected(S0)
    for bit in range(8 * (ELEMENT_BYTES - 1)):
        one = (Header.COMMAND << 120 | 1 << bit).to_bytes(ELEMENT_BYTES, "big").hex()
        rest = (Header.COMMAND << 120 | ((1 << 120) - 1) ^ 1 << bit).to_bytes(ELEMENT_BYTES, "big").hex()
        yield from plain(send(CLIENT, one), send(S0, rest))
        yield do(consume(S0), "CRQ-10", element=one)
        yield do(consume(CLIENT), "CRQ-10", element=rest)
