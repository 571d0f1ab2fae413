"""Scripts of what must be gone when a thing has ended, and of what must not go with it: holds, complaints, grants, sub-CRQs."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from vnic_conformance.cases.script import Not, ScriptStep, Shown, Steps, call, do, script
from vnic_conformance.cases.sub_queue_interrupts import switch
from vnic_conformance.cases.sub_queues import indirect, sub_free, sub_register, sub_send
from vnic_conformance.cases.words import (
    S0,
    S1,
    S2,
    activate,
    add,
    best,
    complain,
    connected,
    consume,
    data,
    enable,
    event,
    fill,
    free,
    migrate,
    plain,
    power,
    record,
    register,
    rejoin,
    remove,
    report,
    send,
    sub_element,
    token,
)
from vnic_conformance.stimulus import CLIENT, TOKEN_LATEST, advance
from vnic_spec.profile import Crossing, EventFull, Profile, TieBreak
from vnic_spec.wire import PAGE_BYTES, SUB_ELEMENTS_PER_PAGE, Event, Header, Rc, Vioctl

_INTERVAL_MS = 100


def _limit_is_the_intervals(p: Profile) -> bool:
    return p.crossing is Crossing.HOLD and p.hold_limit_ms is None and p.preempt_delay_ms == 0


def _overdue(p: Profile) -> Steps:
    """Server 0 reports in time and does not read how its session ended, until it counts as UNRESPONSIVE; server 1 serves."""
    yield from best(S0, S1, interval_ms=_INTERVAL_MS)
    yield from plain(report(S1), free(CLIENT), register(CLIENT))
    step = _INTERVAL_MS * 9 // 10
    for _ in range(_INTERVAL_MS * p.grace // step):
        yield from plain(advance(step), report(S0, interval_ms=_INTERVAL_MS))
    yield do(advance(step), "CRQ-13", server0_status="UNRESPONSIVE", selected=S1)


@script("MON-6/overdue-then-freed", when=_limit_is_the_intervals)
def _(p: Profile) -> Steps:
    """Who was overdue and registers again is POWERED_OFF until it reports: its unread event went with its queue."""
    yield from _overdue(p)
    yield do(free(S0), "MON-3", server0_status="POWERED_OFF")
    yield do(register(S0), "MON-6", server0_status="POWERED_OFF")
    yield do(report(S0), "MON-6", server0_status="OPERATIONAL")


@script("MON-6/overdue-then-added-again", when=_limit_is_the_intervals)
def _(p: Profile) -> Steps:
    """Who was overdue, is removed and added again is POWERED_OFF until it reports."""
    yield from _overdue(p)
    yield from plain(remove(S0))
    yield do(add(S0, priority=10), "MON-6", server0_status="POWERED_OFF")
    yield do(report(S0), "MON-6", server0_status="OPERATIONAL")


@script("CRQ-13/overdue-until-it-has-read", when=_limit_is_the_intervals)
def _(p: Profile) -> Steps:
    """Nothing that the client does ends it: an overdue server is UNRESPONSIVE until it has read, to itself as well."""
    yield from _overdue(p)
    for stimulus in (free(CLIENT), register(CLIENT), record(S0), report(S0)):
        yield do(stimulus, "CRQ-13", server0_status="UNRESPONSIVE")
    yield do(consume(S0), "CRQ-13", server0_status="OPERATIONAL")


@script("CRQ-13/removal-reads-nothing", when=lambda p: p.crossing is Crossing.HOLD)
def _(p: Profile) -> Steps:
    """A server that is removed and added again still has its unread event, and is connected when it has read it."""
    yield from best(S0, S1)
    yield from plain(activate(S1), remove(S0), add(S0, priority=10), report(S0), activate(S0))
    yield do(send(CLIENT), "CRQ-13", rc=Rc.H_CLOSED, selected=S0)
    yield from plain(consume(S0))
    yield do(send(CLIENT), "CRQ-13", rc=Rc.H_SUCCESS, server0_queue=(data(),))


@script("CRQ-13/crashed-client-is-held", when=lambda p: p.crossing is Crossing.HOLD)
def _(p: Profile) -> Steps:
    """Event 01 holds as event 02 does: a client that comes back is not connected before the server has read it."""
    yield from connected(S0)
    yield from plain(power("crash", CLIENT), power("power_on", CLIENT))
    yield do(register(CLIENT), "CRQ-13", rc=Rc.H_CLOSED, server0_queue=(event(Event.PARTNER_FAILED),))
    yield do(send(CLIENT), "CRQ-13", rc=Rc.H_CLOSED)
    yield from plain(consume(S0))
    yield do(send(CLIENT), "CRQ-13", rc=Rc.H_SUCCESS)


@script("FOV-10/held-server-reaches-nothing", when=lambda p: p.crossing is Crossing.HOLD)
def _(p: Profile) -> Steps:
    """A server that is selected and held is not connected: it reaches no memory of the client's, mapped before or now."""
    yield from connected(S0)
    yield do(call(S0, "dma_write", address=4 * PAGE_BYTES, hex="a1" * 8), "CRQ-12", rc=Rc.H_SUCCESS)
    yield from plain(free(CLIENT), register(CLIENT))
    for maps in (0, 1):
        write = call(S0, "dma_write", address=4 * PAGE_BYTES, hex="b2" * 8, map=maps)
        yield do(write, "FOV-10", rc=Not(Rc.H_SUCCESS), selected=S0)
    yield do(call(CLIENT, "peek", address=4 * PAGE_BYTES, length=8), "FOV-10", hex="a1" * 8)


@script("CRQ-12/maps-are-of-one-page")
def _(p: Profile) -> Steps:
    """A map is good for its own page: not for one so many pages further on that part of its number is the same."""
    yield from connected(S0)
    yield do(call(S0, "dma_write", address=2 * PAGE_BYTES, hex="a1" * 8), "CRQ-12", rc=Rc.H_SUCCESS)
    for further in (1, 2, 8, 16, 32, 64):
        read = call(S0, "dma_read", address=(2 + further) * PAGE_BYTES, length=8, map=0)
        yield do(read, "CRQ-12", rc=Not(Rc.H_SUCCESS))


@script("CRQ-12/all-sub-queues-end")
def _(p: Profile) -> Steps:
    """When a session ends so do all sub-CRQs of the client's, also behind one that was freed before; each handle is dead."""
    yield from best(S0, S1)
    for name in "abcd":
        yield do(sub_register(CLIENT), "CRQ-12", remember={name: "handle"}, rc=Rc.H_SUCCESS)
    yield from plain(sub_free(CLIENT, "$a"), sub_free(CLIENT, "$c"), activate(S1))
    for name in "abcd":
        yield do(sub_send(S1, f"${name}", sub_element()), "CRQ-12", rc=Not(Rc.H_SUCCESS))
        yield do(sub_free(CLIENT, f"${name}"), "CRQ-12", rc=Not(Rc.H_SUCCESS))


@script("CRQ-4/sub-queues-without-a-partner", servers=1)
def _(p: Profile) -> Steps:
    """A client that frees its CRQ frees its sub-CRQs, also if nobody was connected: their handles name nothing afterwards."""
    yield from plain(register(CLIENT))
    yield do(sub_register(CLIENT), "CRQ-12", remember={"a": "handle"}, rc=Rc.H_CLOSED)
    yield from plain(free(CLIENT), register(CLIENT))
    yield do(sub_free(CLIENT, "$a"), "CRQ-4", rc=Not(Rc.H_SUCCESS))


@script("CRQ-11/sub-queue-in-the-place-of-another", needs=("interrupts",))
def _(p: Profile) -> Steps:
    """The interrupt of a sub-CRQ is disabled when it is registered, whatever it was for the one that was there before."""
    yield from connected(S0)
    for _ in range(2):
        yield do(sub_register(CLIENT), remember={"a": "handle", "ia": "source"})
        yield do(sub_send(S0, "$a", sub_element()), "CRQ-11", rc=Rc.H_SUCCESS, client_interrupts="")
        yield do(switch(Vioctl.ENABLE_VIO_INTERRUPT, "$ia"), "CRQ-11", rc=Rc.H_SUCCESS)
        yield do(sub_send(S0, "$a", sub_element(1)), "CRQ-11", client_interrupts=Shown("$a"))
        yield from plain(sub_free(CLIENT, "$a"))


@script("CRQ-11/overlaying-event-raises", when=lambda p: p.event_full is EventFull.OVERLAY)
def _(p: Profile) -> Steps:
    """An event that overlays the last element of a full queue raises the interrupt like one that is put behind it."""
    yield from best(S0, S1)
    yield from plain(call(CLIENT, "vio_signal", mode=1))
    yield from fill(S0)
    yield do(call(CLIENT, "eoi"), "CRQ-11", client_interrupts="")
    yield do(activate(S1), "CRQ-11", client_interrupts="crq")


@script("MON-2/asking-is-no-report")
def _(p: Profile) -> Steps:
    """A server that asks what it is, sends or reads has not reported: it falls silent all the same."""
    yield from best(S0, S1)
    yield from plain(report(S0, interval_ms=_INTERVAL_MS))
    for _ in range(p.grace):
        yield from plain(advance(_INTERVAL_MS * 9 // 10), record(S0), send(S0), send(CLIENT), consume(S0))
    yield do(advance(_INTERVAL_MS), "MON-2", server0_status="UNRESPONSIVE", selected=S1)


@script("MON-4/recovery-clears-a-complaint")
def _(p: Profile) -> Steps:
    """A complaint is cleared by the report that ends a silence, as by one that ends a link failure."""
    yield from best(S0, S1)
    yield from plain(report(S0, interval_ms=_INTERVAL_MS), token())
    yield do(complain(TOKEN_LATEST), "SES-2", rc=Rc.H_SUCCESS, server0_status="NETWORK_ERROR", selected=S1)
    yield do(advance(_INTERVAL_MS * p.grace + 1), "MON-2", server0_status="UNRESPONSIVE")
    yield do(report(S0), "MON-4", server0_status="OPERATIONAL")


@script("MON-4/two-complaints", servers=3)
def _(p: Profile) -> Steps:
    """A complaint about one server leaves the one about another as it is."""
    yield from best(S0, S1, S2)
    yield from plain(token(), complain(TOKEN_LATEST), token())
    complained = {"server0_status": "NETWORK_ERROR", "server1_status": "NETWORK_ERROR"}
    yield do(complain(TOKEN_LATEST), "MON-4", rc=Rc.H_SUCCESS, selected=S2, fields=complained)


@script("CRQ-7/owed-failover-becomes-a-migration", when=lambda p: p.event_full is EventFull.DEFER)
def _(p: Profile) -> Steps:
    """Of an event 08 that is still owed and an event 06 one is stored when there is room: the 06."""
    yield from best(S0, S1)
    yield from fill(S0)
    yield from plain(activate(S1), migrate())
    yield do(consume(CLIENT), "CRQ-7", client_queue=Not(""))
    for _ in range(255):
        yield from plain(consume(CLIENT))
    yield do(consume(CLIENT), "CRQ-7", element=(event(Event.MIGRATED),), client_queue="")


@script("CRQ-8/only-the-client-enables")
def _(p: Profile) -> Steps:
    """A server's H_ENABLE_CRQ is about its own half: the client's stays disabled until the client enables it."""
    yield from connected(S0)
    yield from plain(migrate())
    for who in (S0, S1):
        yield do(call(who, "enable_crq"), "CRQ-8", client_crq="DISABLED")
    yield from rejoin(p, S0)
    yield do(enable(), "CRQ-8", rc=Rc.H_SUCCESS, client_crq="OPEN")


@script("CRQ-12/arguments-before-room")
def _(p: Profile) -> Steps:
    """A send to a sub-CRQ that is full has its headers and its count checked first, in both directions, one element or many."""
    yield from connected(S0)
    for who, partner in ((CLIENT, S0), (S0, CLIENT)):
        yield do(sub_register(who, address=8 * PAGE_BYTES, length=PAGE_BYTES), remember={"q": "handle"})
        block = min(p.indirect_limit, SUB_ELEMENTS_PER_PAGE)
        for at in range(0, SUB_ELEMENTS_PER_PAGE, block):
            elements = (sub_element(n) for n in range(at, at + block))
            yield do(indirect(partner, "$q", *elements), "CRQ-12", rc=Rc.H_SUCCESS)
        wrong = sub_element(header=Header.EVENT)
        yield do(sub_send(partner, "$q", sub_element()), "CRQ-12", rc=Rc.H_DROPPED)
        yield do(sub_send(partner, "$q", wrong), "CRQ-12", rc=Rc.H_PARAMETER)
        yield do(indirect(partner, "$q", wrong), "CRQ-12", rc=Rc.H_PARAMETER)
        yield do(indirect(partner, "$q", sub_element(), wrong), "CRQ-12", rc=Rc.H_PARAMETER)
        yield do(indirect(partner, "$q"), "CRQ-12", rc=Rc.H_PARAMETER)
        many = (sub_element(n) for n in range(p.indirect_limit + 1))
        yield do(indirect(partner, "$q", *many), "CRQ-12", rc=Rc.H_PARAMETER)
        yield do(call(who, "consume", handle="$q"), "CRQ-12", element=sub_element(0))
        yield do(indirect(partner, "$q", sub_element(7), sub_element(8)), "CRQ-12", rc=Rc.H_DROPPED)
        yield do(sub_send(partner, "$q", sub_element(7)), "CRQ-12", rc=Rc.H_SUCCESS)


@script("SEL-5/added-one-after-the-other", servers=3, when=lambda p: p.tie_break is TieBreak.OLDEST)
def _(p: Profile) -> Steps:
    """Of equals the one added first is selected, also if nobody came between the two and its number is the higher one."""
    yield from plain(register(S0), register(S1))
    for who in (S1, S0):
        yield from plain(remove(who), add(who))
    yield from plain(report(S0), report(S1))
    yield do(register(CLIENT), "SEL-5", selected=S1)


@script("CRQ-12/every-sub-queue-works")
def _(p: Profile) -> Generator[ScriptStep, Mapping[str, object] | None]:
    """Of as many sub-CRQs as an implementation gives to a unit, at most 70, each one works, also the last."""
    yield from connected(S0)
    for who, partner in ((CLIENT, S0), (S0, CLIENT)):
        handles: list[str] = []
        for number in range(70):
            at = (8 + number) * PAGE_BYTES
            register_one = sub_register(who, address=at, length=PAGE_BYTES)
            came = yield do(register_one, remember={f"q{number}": "handle"})
            if came is not None and came.get("rc") != Rc.H_SUCCESS:
                break
            handles.append(f"$q{number}")
        for number, handle in enumerate(handles):
            yield do(sub_send(partner, handle, sub_element(number)), "CRQ-12", rc=Rc.H_SUCCESS)
        for number, handle in enumerate(handles):
            yield do(call(who, "consume", handle=handle), "CRQ-12", element=sub_element(number))
            yield do(sub_free(who, handle), "CRQ-12", rc=Rc.H_SUCCESS)
