"""Scripts of registering, freeing and enabling, and of interrupts: CRQ-2, CRQ-4, CRQ-8, CRQ-9, CRQ-11, CRQ-13, CRQ-14."""

from __future__ import annotations

from vnic_conformance.cases.script import NOTHING, Steps, call, do, script
from vnic_conformance.cases.words import (
    LONG,
    S0,
    S1,
    UNMAPPED,
    activate,
    best,
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
    queue_pages,
    rank,
    ready,
    record,
    register,
    rejoin,
    report,
    send,
    token,
)
from vnic_conformance.stimulus import CLIENT, advance
from vnic_spec.profile import Crossing, Profile
from vnic_spec.wire import ELEMENT_BYTES, PAGE_BYTES, Event, Rc

#: Arguments of which each is wrong alone.
_WRONG: tuple[dict[str, int | str], ...] = (
    {"length": 0},
    {"length": PAGE_BYTES - ELEMENT_BYTES},
    {"length": PAGE_BYTES + 1},
    {"address": 1},
    {"address": ELEMENT_BYTES},
    {"address": UNMAPPED},
    {"length": UNMAPPED},
)
#: The same in pairs.
_PAIRS: tuple[dict[str, int | str], ...] = (
    {"address": ELEMENT_BYTES, "length": PAGE_BYTES + 1},
    {"address": UNMAPPED, "length": 0},
    {"address": UNMAPPED + 1, "length": PAGE_BYTES},
)


@script("CRQ-2/arguments-alone")
def _(p: Profile) -> Steps:
    """With one wrong argument nothing is registered, on either side; with the same arguments in order it is."""
    for who in (CLIENT, S0):
        for wrong in _WRONG:
            yield do(register(who, **wrong), "CRQ-2", rc=Rc.H_PARAMETER)
        yield do(register(who, address=PAGE_BYTES, length=queue_pages(2)), "CRQ-2", rc=Rc.H_CLOSED)


@script("CRQ-2/arguments-in-pairs")
def _(p: Profile) -> Steps:
    """Two wrong arguments are answered like one; a wrong argument comes before a queue that is registered already."""
    for who in (CLIENT, S0):
        for wrong in _PAIRS:
            yield do(register(who, **wrong), "CRQ-2", rc=Rc.H_PARAMETER)
        yield from plain(register(who))
        yield do(register(who), "CRQ-2", rc=Rc.H_RESOURCE)
        for wrong in (*_WRONG, *_PAIRS):
            yield do(register(who, **wrong), "CRQ-2", rc=Rc.H_PARAMETER)


@script("CRQ-2/wrong-unit")
def _(p: Profile) -> Steps:
    """A unit that is not the caller's comes before everything else that is wrong."""
    for who in (CLIENT, S0):
        yield do(register(who, unit="wrong"), "CRQ-2", rc=Rc.H_PARAMETER)
        for wrong in _WRONG:
            yield do(register(who, unit="wrong", **wrong), "CRQ-2", rc=Rc.H_PARAMETER)
        yield from plain(register(who))
        yield do(register(who, unit="wrong"), "CRQ-2", rc=Rc.H_PARAMETER)


@script("CRQ-2/no-authorised-connection", unpaired=(S1,))
def _(p: Profile) -> Steps:
    """A unit without an authorised connection cannot register, and a wrong argument comes before that."""
    yield do(register(S1), "CRQ-2", rc=Rc.H_NOT_FOUND)
    for wrong in _WRONG:
        yield do(register(S1, **wrong), "CRQ-2", rc=Rc.H_PARAMETER)
    yield do(register(S1), "CRQ-2", rc=Rc.H_NOT_FOUND)
    yield do(report(S1), "MON-1", rc=Rc.H_STATE)
    yield from connected(S0)


@script("CRQ-2/client-not-authorised", unpaired=(CLIENT,))
def _(p: Profile) -> Steps:
    """A client without an authorised connection cannot register, so nobody is selected, and servers get no partner."""
    yield from ready(S0)
    yield do(register(CLIENT), "CRQ-2", rc=Rc.H_NOT_FOUND, client_crq="CLOSED", selected="")
    yield do(register(CLIENT, length=100), "CRQ-2", rc=Rc.H_PARAMETER)
    yield do(send(S0), "CRQ-3", rc=Rc.H_CLOSED, client_queue="")
    yield do(send(CLIENT), "CRQ-3", rc=Rc.H_CLOSED, server0_queue="")
    yield do(free(CLIENT), "CRQ-4", rc=Rc.H_SUCCESS)


@script("CRQ-2/two-pages")
def _(p: Profile) -> Steps:
    """A queue of two pages holds 512 elements, and not one more."""
    yield from ready(S0)
    yield from plain(register(CLIENT, length=queue_pages(2)))
    yield from fill(S0, pages=2)
    yield do(send(S0), "CRQ-3", rc=Rc.H_DROPPED)


@script("CRQ-2/closed-is-registered")
def _(p: Profile) -> Steps:
    """H_CLOSED is no failure: the queue is registered, and is used as soon as there is a partner."""
    yield do(register(CLIENT), "CRQ-2", rc=Rc.H_CLOSED, client_crq="OPEN")
    yield from ready(S0)
    yield do(send(S0), "CRQ-3", rc=Rc.H_SUCCESS, client_queue=(data(),))


@script("CRQ-14/partner-after-selection")
def _(p: Profile) -> Steps:
    """A registration that selects a server is answered as being connected with it."""
    yield from ready(S0, S1)
    yield do(register(CLIENT), "CRQ-14", rc=Rc.H_SUCCESS)


@script("CRQ-14/free-again")
def _(p: Profile) -> Steps:
    """However often a free is repeated because of busy answers, and once more, it has its effect once."""
    yield from connected(S0)
    once = (event(Event.PARTNER_DEREGISTERED),)
    yield do(free(CLIENT), "CRQ-14", rc=Rc.H_SUCCESS, client_crq="CLOSED", server0_queue=once)
    yield do(free(CLIENT), "CRQ-14", rc=Rc.H_SUCCESS, client_crq="CLOSED", server0_queue=once)
    yield from plain(register(CLIENT))
    yield from rejoin(p, S0)
    yield do(free(S0), "CRQ-14", rc=Rc.H_SUCCESS, client_queue=(event(Event.DEVICE_FAILOVER),))
    yield do(free(S0), "CRQ-14", rc=Rc.H_SUCCESS, client_queue=(event(Event.DEVICE_FAILOVER),))


@script("CRQ-14/enable-again")
def _(p: Profile) -> Steps:
    """However often enabling is repeated because of busy answers, and once more, it selects once and tells nobody."""
    yield from best(S0, S1)
    yield from plain(migrate())
    told = (event(Event.MIGRATED),)
    yield do(enable(), "CRQ-14", rc=Rc.H_SUCCESS, client_crq="OPEN", selected=S0, client_queue=told)
    yield do(enable(), "CRQ-14", rc=Rc.H_SUCCESS, client_crq="OPEN", selected=S0, client_queue=told)


@script("CRQ-14/sub-queue-again")
def _(p: Profile) -> Steps:
    """A sub-CRQ is free when the free has succeeded, and not a live queue any more after that."""
    yield from connected(S0)
    yield do(call(CLIENT, "reg_sub_crq"), remember={"c": "handle"})
    freed = call(CLIENT, "free_sub_crq", handle="$c")
    yield do(freed, "CRQ-14", rc=Rc.H_SUCCESS, fields={"client_sub_$c": NOTHING})
    yield do(freed, "CRQ-12", rc=Rc.H_PARAMETER)


@script("CRQ-4/sub-queues-go")
def _(p: Profile) -> Steps:
    """With its CRQ a unit's sub-CRQs are freed."""
    yield from connected(S0)
    yield do(call(CLIENT, "reg_sub_crq"), remember={"mine": "handle"})
    yield do(call(S0, "reg_sub_crq"), remember={"theirs": "handle"})
    yield do(free(CLIENT), "CRQ-4", fields={"client_sub_$mine": NOTHING}, rc=Rc.H_SUCCESS)
    yield from plain(consume(S0), register(CLIENT))
    yield do(call(S0, "reg_sub_crq"), remember={"later": "handle"})
    yield do(free(S0), "CRQ-4", fields={"server0_sub_$later": NOTHING}, rc=Rc.H_SUCCESS)


@script("CRQ-4/unregistered")
def _(p: Profile) -> Steps:
    """Freeing a queue that is not registered succeeds without effect."""
    yield from plain(free(CLIENT), free(S0), register(S0), free(S0), free(S0), free(CLIENT))


@script("CRQ-4/who-is-told", servers=3)
def _(p: Profile) -> Steps:
    """The client's leaving is told to its server, its crash in other words; a standby's leaving to nobody."""
    yield from best("server0", "server1", "server2")
    yield from plain(free("server2"))
    yield do(free(CLIENT), "CRQ-4", server0_queue=(event(Event.PARTNER_DEREGISTERED),), server1_queue="")
    yield from rejoin(p, S0)
    yield from plain(register(CLIENT))
    yield do(power("crash", CLIENT), "CRQ-4", server0_queue=(event(Event.PARTNER_FAILED),), server1_queue="")
    yield from rejoin(p, S0)
    yield from plain(power("power_on", CLIENT), register(CLIENT))
    yield do(free(S0), "CRQ-4", client_queue=(event(Event.DEVICE_FAILOVER),), server1_queue="")


@script("CRQ-4/wrong-unit")
def _(p: Profile) -> Steps:
    """A unit that is not the caller's is not freed."""
    yield from connected(S0)
    yield do(free(CLIENT, unit="wrong"), "CRQ-4", rc=Rc.H_PARAMETER, client_crq="OPEN")
    yield do(free(S0, unit="wrong"), "CRQ-4", rc=Rc.H_PARAMETER, selected=S0)


@script("CRQ-8/migration")
def _(p: Profile) -> Steps:
    """A migration is told to both sides and disables the queue; its contents and position are kept."""
    yield from connected(S0)
    yield from plain(send(S0, data(1)), send(S0, data(2)), consume(CLIENT))
    yield do(migrate(), "CRQ-8", client_crq="DISABLED", client_queue=(data(2), event(Event.MIGRATED)))
    yield do(send(CLIENT), "CRQ-8", rc=Rc.H_CLOSED)
    yield do(send(S0), "CRQ-8", rc=Rc.H_CLOSED)
    yield from rejoin(p, S0)
    yield do(enable(), "CRQ-8", rc=Rc.H_SUCCESS, client_queue=(data(2), event(Event.MIGRATED)))
    yield do(send(S0, data(3)), "CRQ-8", client_queue=(data(2), event(Event.MIGRATED), data(3)))


@script("CRQ-8/enable-selects-afresh")
def _(p: Profile) -> Steps:
    """Enabling after a migration selects the best server, whoever was selected before."""
    yield from best(S0, S1)
    yield from plain(activate(S1), consume(CLIENT), consume(S0), migrate())
    yield do(enable(), "CRQ-8", selected=S0, pinned="")


@script("CRQ-8/enable-keeps-activated")
def _(p: Profile) -> Steps:
    """A server that was activated while the queue was disabled is kept by enabling."""
    yield from best(S0, S1)
    yield from plain(migrate(), activate(S1))
    yield do(enable(), "CRQ-8", selected=S1, pinned=S1)


@script("CRQ-8/enable-idle")
def _(p: Profile) -> Steps:
    """Enabling a queue that is not disabled succeeds without effect, with and without features."""
    yield do(enable(), "CRQ-8", rc=Rc.H_SUCCESS, client_crq="CLOSED")
    yield from connected(S0)
    yield do(enable(), "CRQ-8", rc=Rc.H_SUCCESS, client_crq="OPEN")
    yield do(call(S0, "enable_crq"), "CRQ-8", rc=Rc.H_SUCCESS)


@script("CRQ-8/migrations-in-a-row")
def _(p: Profile) -> Steps:
    """A second migration before the queue is enabled is told as well; one while it is closed ends the selection."""
    yield from best(S0, S1)
    yield from plain(migrate(), migrate(), enable(), consume(S0), consume(CLIENT), consume(CLIENT), free(CLIENT))
    yield from plain(activate(S1), migrate(), register(CLIENT))


@script("CRQ-9/starts-empty")
def _(p: Profile) -> Steps:
    """What was left in a queue is not seen after it has been registered again, on either side."""
    yield from connected(S0)
    yield from plain(send(S0, data(1)), send(S0, data(2)), send(CLIENT, data(3)), send(CLIENT, data(4)))
    yield from plain(free(CLIENT))
    yield do(register(CLIENT), "CRQ-9", client_queue="")
    yield from plain(free(S0))
    yield do(register(S0), "CRQ-9", server0_queue="")
    yield from plain(report(S0), send(S0, data(5)))


@script("CRQ-11/registering-disables")
def _(p: Profile) -> Steps:
    """Registering leaves the interrupt disabled: an element raises none, and is found when the owner looks."""
    yield from connected(S0)
    yield do(send(S0), "CRQ-11", client_interrupts="", client_queue=(data(),))
    yield do(call(CLIENT, "vio_signal", mode=1), "CRQ-11", rc=Rc.H_SUCCESS)
    yield do(consume(CLIENT), "CRQ-11", element=data())
    yield do(send(CLIENT), "CRQ-11", server0_interrupts="")


@script("CRQ-11/enabled-raises")
def _(p: Profile) -> Steps:
    """An element raises an interrupt while it is enabled; one that is pending stays one until it is ended."""
    yield from connected(S0)
    yield do(call(CLIENT, "vio_signal", mode=1), "CRQ-11", rc=Rc.H_SUCCESS, client_interrupts="")
    yield do(send(S0, data(1)), "CRQ-11", client_interrupts="crq")
    yield do(send(S0, data(2)), "CRQ-11", client_interrupts="crq")
    yield do(call(CLIENT, "eoi"), "CRQ-11", rc=Rc.H_SUCCESS, client_interrupts="", client_queue=(data(1), data(2)))
    yield do(send(S0, data(3)), "CRQ-11", client_interrupts="crq")
    yield from plain(call(CLIENT, "eoi"), call(CLIENT, "vio_signal", mode=0))
    yield do(send(S0, data(4)), "CRQ-11", client_interrupts="")


@script("CRQ-11/again-after-free")
def _(p: Profile) -> Steps:
    """A queue that is registered again has its interrupt disabled and none pending, on either side."""
    yield from connected(S0)
    yield from plain(call(CLIENT, "vio_signal", mode=1), call(S0, "vio_signal", mode=1), send(S0), send(CLIENT))
    yield do(free(CLIENT), "CRQ-11", client_interrupts="")
    yield do(register(CLIENT), "CRQ-11", client_interrupts="")
    yield from plain(call(S0, "eoi"), consume(S0))
    yield from rejoin(p, S0)
    yield do(send(S0), "CRQ-11", rc=Rc.H_SUCCESS, client_interrupts="")
    yield from plain(free(S0), register(S0), report(S0))
    yield do(send(CLIENT), "CRQ-11", rc=Rc.H_SUCCESS, server0_interrupts="")


@script("CRQ-11/events-raise", servers=2)
def _(p: Profile) -> Steps:
    """Events raise interrupts like other elements, on both sides."""
    yield from best(S0, S1)
    yield from plain(call(CLIENT, "vio_signal", mode=1), call(S0, "vio_signal", mode=1))
    yield do(activate(S1), "CRQ-11", client_interrupts="crq", server0_interrupts="crq")


@script("CRQ-13/hold", when=lambda p: p.crossing is Crossing.HOLD)
def _(p: Profile) -> Steps:
    """Until the server has read that the client left, they are not connected again; reading the event connects them."""
    yield from connected(S0)
    yield from plain(send(CLIENT, data(1)), free(CLIENT))
    yield do(register(CLIENT), "CRQ-13", rc=Rc.H_CLOSED, selected=S0)
    yield do(send(CLIENT), "CRQ-13", rc=Rc.H_CLOSED)
    yield do(send(S0), "CRQ-13", rc=Rc.H_CLOSED)
    yield do(token(), "SES-1", rc=Rc.H_STATE)
    yield from plain(record(S0), consume(S0))
    yield do(send(S0), "CRQ-13", rc=Rc.H_CLOSED)
    yield from plain(consume(S0))
    yield do(send(S0, data(2)), "CRQ-13", rc=Rc.H_SUCCESS, client_queue=(data(2),))


@script("CRQ-13/hold-when-selected-again", when=lambda p: p.crossing is Crossing.HOLD)
def _(p: Profile) -> Steps:
    """A server that is selected again is held as well, until it has read that it was left."""
    yield from best(S0, S1)
    yield from plain(activate(S1))
    yield do(activate(S0), "CRQ-13", selected=S0)
    yield do(send(S0), "CRQ-13", rc=Rc.H_CLOSED)
    yield from plain(consume(S0))
    yield do(send(S0), "CRQ-13", rc=Rc.H_SUCCESS)


def _kept_reporting(limit: int, p: Profile) -> Steps:
    """``limit`` ms pass; reports come in time, with the same interval."""
    if p.hold_limit_ms:
        yield do(advance(limit), "CRQ-13", selected=S0)
        return
    for _ in range(p.grace):
        yield do(advance(1000), "CRQ-13", selected=S0)
        yield from plain(report(S0, interval_ms=1000))


@script("CRQ-13/hold-limit", when=lambda p: p.crossing is Crossing.HOLD)
def _(p: Profile) -> Steps:
    """A server that holds the client for longer than it may counts as UNRESPONSIVE until it has read the event."""
    limit = p.hold_limit_ms or 1000 * p.grace
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from connected(S0, S1, interval_ms=LONG)
    # Reports keep MON-2 out of it; without a limit of its own it is the last interval that counts.
    yield from plain(free(CLIENT), register(CLIENT), *(() if p.hold_limit_ms else (report(S0, interval_ms=1000),)))
    if p.hold_limit_ms or p.grace > 1:
        yield from _kept_reporting(limit, p)
        yield do(advance(1), "CRQ-13", selected=S1, server0_status="UNRESPONSIVE")
        yield do(report(S0, interval_ms=LONG), "CRQ-13", selected=S1, server0_status="UNRESPONSIVE")
        back = S1 if p.preempt_delay_ms else S0
        yield do(consume(S0), "CRQ-13", selected=back, server0_status="OPERATIONAL")


@script("CRQ-13/gap", when=lambda p: p.crossing is Crossing.GAP)
def _(p: Profile) -> Steps:
    """For gap_ms after a session they are not connected, and then they are, whether or not the event has been read."""
    yield from connected(S0)
    yield from plain(free(CLIENT))
    yield do(register(CLIENT), "CRQ-13", rc=Rc.H_CLOSED, selected=S0)
    yield from plain(consume(S0))
    yield do(send(S0), "CRQ-13", rc=Rc.H_CLOSED)
    if p.gap_ms > 1:
        yield from plain(advance(p.gap_ms - 1), send(S0))
    yield from plain(advance(1))
    yield do(send(S0), "CRQ-13", rc=Rc.H_SUCCESS)
