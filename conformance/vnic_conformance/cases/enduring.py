"""Scripts of many sessions in a row: what shows only when a counter wraps or a table is full: FOV-3, SES-1, CRQ-12."""

from __future__ import annotations

from vnic_conformance.cases.script import Steps, do, script
from vnic_conformance.cases.sub_queues import sub_free, sub_register
from vnic_conformance.cases.words import (
    S0,
    S1,
    activate,
    another_session,
    best,
    connected,
    consume,
    event,
    free,
    plain,
    register,
    rejoin,
    token,
)
from vnic_conformance.stimulus import CLIENT
from vnic_spec.profile import Profile
from vnic_spec.wire import Event, Rc

#: More than a byte counts, and than most tables hold.
MANY = 320
#: More than anybody tries by hand.
TEN_THOUSAND = 10_010


def switches(p: Profile, count: int) -> Steps:
    """Two servers hand the client over to each other."""
    yield from best(S0, S1)
    for number in range(count):
        old, new = (S0, S1) if number % 2 == 0 else (S1, S0)
        yield do(activate(new), "FOV-3", selected=new)
        yield do(consume(CLIENT), "FOV-3", element=(event(Event.DEVICE_FAILOVER),), client_queue="")
        yield from rejoin(p, old)


def sessions(p: Profile, count: int) -> Steps:
    """A client frees and registers its CRQ again; the oracle knows every token that there was, and takes none twice."""
    yield from connected(S0)
    for _ in range(count):
        yield do(free(CLIENT), "CRQ-4", server0_queue=(event(Event.PARTNER_DEREGISTERED),))
        yield from rejoin(p, S0)
        yield from plain(register(CLIENT), token())


def sub_queues(p: Profile, count: int) -> Steps:
    """A client registers sub-CRQs, and loses each with its session or frees it."""
    yield from connected(S0)
    for number in range(count):
        yield do(sub_register(CLIENT), "CRQ-12", remember={"c": "handle"}, rc=Rc.H_SUCCESS)
        if number % 10:
            yield do(sub_free(CLIENT, "$c"), "CRQ-12", rc=Rc.H_SUCCESS)
        else:
            yield from another_session(p, S0)


@script("FOV-3/hundreds-of-switches")
def _(p: Profile) -> Steps:
    """Hundreds of switches in a row are like the first: one event each."""
    yield from switches(p, MANY)


@script("SES-1/hundreds-of-sessions")
def _(p: Profile) -> Steps:
    """Hundreds of sessions in a row each have a token that never was before."""
    yield from sessions(p, MANY)


@script("CRQ-12/hundreds-of-sub-queues")
def _(p: Profile) -> Steps:
    """Hundreds of sub-CRQs in a row are registered like the first."""
    yield from sub_queues(p, MANY)


@script("FOV-3/ten-thousand-switches", long=True)
def _(p: Profile) -> Steps:
    """Ten thousand switches in a row are like the first."""
    yield from switches(p, TEN_THOUSAND)


@script("SES-1/ten-thousand-sessions", long=True)
def _(p: Profile) -> Steps:
    """Ten thousand sessions in a row are like the first."""
    yield from sessions(p, TEN_THOUSAND)


@script("CRQ-12/ten-thousand-sub-queues", long=True)
def _(p: Profile) -> Steps:
    """Ten thousand sub-CRQs in a row are registered like the first."""
    yield from sub_queues(p, TEN_THOUSAND)
