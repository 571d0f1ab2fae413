"""Scripts of numbers that are larger than usual: a clock that has gone far, many sessions, high ports, long transfers."""

from __future__ import annotations

from vnic_conformance.cases.script import Steps, call, do, script
from vnic_conformance.cases.sub_queues import indirect, sub_free, sub_register
from vnic_conformance.cases.words import (
    S0,
    S1,
    S2,
    add,
    another_session,
    best,
    complain,
    connected,
    free,
    plain,
    rank,
    ready,
    register,
    remove,
    report,
    send,
    sub_element,
    token,
)
from vnic_conformance.stimulus import CLIENT, TOKEN_LATEST, advance, server
from vnic_spec.profile import Crossing, Profile, TieBreak
from vnic_spec.wire import PAGE_BYTES, SUB_ELEMENTS_PER_PAGE, Rc

#: Behind it a time in ms no longer fits into 32 bits.
_FAR = (1 << 32) + 5
#: More than a byte counts.
_MANY = 260
S6 = server(6)


@script("CRQ-13/hold-far-in-time", when=lambda p: p.crossing is Crossing.HOLD and p.hold_limit_ms is None)
def _(p: Profile) -> Steps:
    """When the clock has gone far the limit of a hold counts from the hold on: it does not end at once."""
    yield from plain(advance(_FAR))
    yield from best(S0, S1, interval_ms=1_000)
    yield from plain(free(CLIENT), register(CLIENT))
    yield do(advance(1), "CRQ-13", server0_status="OPERATIONAL", selected=S0)
    yield from plain(report(S1))
    # Server 0 reports within each interval: who does not may be silent already.
    left = 1_000 * p.grace - 1
    while left > 900:
        yield from plain(advance(900), report(S0, interval_ms=1_000))
        left -= 900
    yield do(advance(left), "CRQ-13", server0_status="OPERATIONAL", selected=S0)
    yield do(advance(1), "CRQ-13", selected=S1)


@script("CRQ-13/limit-beyond-32-bits", when=lambda p: p.crossing is Crossing.HOLD and p.hold_limit_ms is None)
def _(p: Profile) -> Steps:
    """The limit of a hold is interval times grace, also where that needs more than 32 bits."""
    interval = (1 << 32) // p.grace + 5
    yield from best(S0, S1, interval_ms=interval)
    yield from plain(free(CLIENT), register(CLIENT))
    for ms in (1, 100, 1 << 30, 1 << 30, 1 << 30):
        step = min(ms, interval - 1)
        yield do(advance(step), "CRQ-13", server0_status="OPERATIONAL", selected=S0)
        yield from plain(report(S0, interval_ms=interval))


@script("CRQ-13/gap-far-in-time", when=lambda p: p.crossing is Crossing.GAP and p.gap_ms > 1)
def _(p: Profile) -> Steps:
    """When the clock has gone far a gap is as long as before."""
    yield from plain(advance(_FAR))
    yield from connected(S0)
    yield from plain(free(CLIENT))
    yield do(register(CLIENT), "CRQ-13", rc=Rc.H_CLOSED)
    yield from plain(advance(1))
    yield do(send(CLIENT), "CRQ-13", rc=Rc.H_CLOSED)
    yield from plain(advance(p.gap_ms))
    yield do(send(CLIENT), "CRQ-13", rc=Rc.H_SUCCESS)


@script("MON-5/delay-far-in-time", when=lambda p: p.preempt_delay_ms > 1)
def _(p: Profile) -> Steps:
    """When the clock has gone far a preemption is put off as long as before."""
    yield from plain(advance(_FAR), rank(S0, 20), rank(S1, 10))
    yield from connected(S0)
    yield from ready(S1)
    yield do(advance(1), "MON-5", selected=S0)
    yield do(advance(p.preempt_delay_ms), "MON-5", selected=S1)


@script("SEL-5/high-ports", servers=3, when=lambda p: p.tie_break is TieBreak.PORT)
def _(p: Profile) -> Steps:
    """Of equals the one with the lowest port wins, also among ports beyond 127."""
    yield from plain(remove(S2), add(S2, port=200), remove(S1), add(S1, port=100))
    yield from ready(S0, S1, S2)
    yield from plain(register(CLIENT))
    yield do(report(S0, status=2), "SEL-5", selected=S1)
    yield do(report(S1, status=2), "SEL-5", selected=S2)


@script("SEL-5/added-many-times", servers=3)
def _(p: Profile) -> Steps:
    """A server that has been removed and added more often than a byte counts is the last on the list, as the first time."""
    for _ in range(_MANY):
        yield from plain(remove(S1))
        yield do(add(S1), "SEL-5", listed=f"{S0} {S2} {S1}")


@script("MON-2/last-of-the-partitions", servers=8, crowded=True, when=lambda p: p.max_servers == 6)
def _(p: Profile) -> Steps:
    """A server whose number is beyond the length of the list is watched like any other."""
    yield from plain(remove(S0), add(S6), register(S6))
    yield do(report(S6, interval_ms=100), "MON-2", server6_status="OPERATIONAL")
    yield do(advance(100 * p.grace + 1), "MON-2", server6_status="UNRESPONSIVE")


@script("MON-5/last-of-the-partitions", servers=8, crowded=True, when=lambda p: p.max_servers == 6)
def _(p: Profile) -> Steps:
    """A server whose number is beyond the length of the list is the last resort like any other."""
    yield from plain(remove(S0), add(S6, priority=10), rank(S1, 20))
    yield from connected(S6, S1)
    yield from plain(token())
    yield do(complain(TOKEN_LATEST), "SES-2", rc=Rc.H_SUCCESS, server6_status="NETWORK_ERROR", selected=S1)
    yield do(free(S1), "MON-5", server6_status="OPERATIONAL", selected=S6)


@script("CRQ-12/handles-over-many-sessions")
def _(p: Profile) -> Steps:
    """The oracle knows every handle that there was: none comes again, after more sessions than a byte counts."""
    yield from connected(S0)
    for _ in range(_MANY):
        yield do(sub_register(CLIENT), "CRQ-12", rc=Rc.H_SUCCESS)
        yield from another_session(p, S0)
    yield do(sub_register(CLIENT), "CRQ-12", rc=Rc.H_SUCCESS)


@script("CRQ-12/long-transfers")
def _(p: Profile) -> Steps:
    """A server writes and reads many pages of the client's at once, to the last byte."""
    pages = 24
    contents = "".join(f"{number:08x}" for number in range(pages * PAGE_BYTES // 4))
    yield from connected(S0)
    yield do(call(S0, "dma_write", address=8 * PAGE_BYTES, hex=contents), "CRQ-12", rc=Rc.H_SUCCESS)
    for page in (8, 23, 24, 8 + pages - 1):
        at = 2 * (page - 8 + 1) * PAGE_BYTES - 16
        shown = call(CLIENT, "peek", address=(page + 1) * PAGE_BYTES - 8, length=8)
        yield do(shown, "CRQ-12", hex=contents[at : at + 16])
    read = call(S0, "dma_read", address=8 * PAGE_BYTES, length=pages * PAGE_BYTES)
    yield do(read, "CRQ-12", rc=Rc.H_SUCCESS, hex=contents)


@script("CRQ-12/long-sub-queue", when=lambda p: p.indirect_limit >= SUB_ELEMENTS_PER_PAGE)
def _(p: Profile) -> Steps:
    """A sub-CRQ of many pages holds as many elements as fit, and one more is dropped."""
    pages = 16
    elements = [sub_element(number) for number in range(pages * SUB_ELEMENTS_PER_PAGE)]
    yield from connected(S0)
    yield do(sub_register(S0, length=pages * PAGE_BYTES), "CRQ-12", remember={"s": "handle"}, rc=Rc.H_SUCCESS)
    for first in range(0, len(elements), SUB_ELEMENTS_PER_PAGE):
        page = elements[first : first + SUB_ELEMENTS_PER_PAGE]
        yield do(indirect(CLIENT, "$s", *page), "CRQ-12", rc=Rc.H_SUCCESS)
    yield do(indirect(CLIENT, "$s", sub_element()), "CRQ-12", rc=Rc.H_DROPPED)
    yield do(call(S0, "consume", handle="$s"), "CRQ-12", element=elements[0])


@script("SES-1/beyond-two-bytes", long=True)
def _(p: Profile) -> Steps:
    """The token of a session is that of no other one, after more sessions than two bytes count."""
    yield from connected(S0)
    yield from plain(token())
    for _ in range(1 << 16):
        yield from another_session(p, S0)
    yield from plain(token())


@script("CRQ-12/handles-beyond-12-bits", long=True)
def _(p: Profile) -> Steps:
    """No handle comes again within a session, after more sub-CRQs than twelve bits count."""
    yield from connected(S0)
    for _ in range((1 << 12) + 5):
        yield do(sub_register(CLIENT), "CRQ-12", remember={"q": "handle"}, rc=Rc.H_SUCCESS)
        yield do(sub_free(CLIENT, "$q"), "CRQ-12", rc=Rc.H_SUCCESS)
