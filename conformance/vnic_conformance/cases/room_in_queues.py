"""Scripts of room in queues: what just fits, which events wait for room, and what ends their wait (CRQ-7, CRQ-9, CRQ-12)."""

from __future__ import annotations

from vnic_conformance.cases.script import Steps, do, script
from vnic_conformance.cases.sub_queues import indirect, sub_register
from vnic_conformance.cases.words import (
    S0,
    S1,
    activate,
    best,
    connected,
    consume,
    fill,
    free,
    migrate,
    plain,
    power,
    register,
    send,
    sub_element,
)
from vnic_conformance.stimulus import CLIENT
from vnic_spec.profile import EventFull, Profile
from vnic_spec.wire import PAGE_BYTES, SUB_ELEMENTS_PER_PAGE, Rc

_FREE_ADDRESS = 4 * PAGE_BYTES  #: memory of the client that no queue lies in


@script("CRQ-12/indirect-fills")
def _(p: Profile) -> Steps:
    """An indirect send of as many elements as an empty sub-CRQ has room for is stored; after that nothing more is."""
    yield from connected(S0)
    yield do(sub_register(CLIENT, address=_FREE_ADDRESS, length=PAGE_BYTES), remember={"c": "handle"})
    every = [sub_element(n) for n in range(SUB_ELEMENTS_PER_PAGE)]
    for at in range(0, len(every), p.indirect_limit):
        some = every[at : at + p.indirect_limit]
        stored = {"client_sub_$c": " ".join(every[: at + len(some)])}
        yield do(indirect(S0, "$c", *some), "CRQ-12", rc=Rc.H_SUCCESS, fields=stored)
    yield do(indirect(S0, "$c", sub_element()), "CRQ-12", rc=Rc.H_DROPPED)


def _deferring(p: Profile) -> bool:
    return p.event_full is EventFull.DEFER


def _owed() -> Steps:
    """The client's queue is full, and a failover waits for room in it."""
    yield from best(S0, S1)
    yield from fill(S0)
    yield do(activate(S1), "CRQ-7", selected=S1)


@script("CRQ-7/owed-goes-with-the-queue", when=_deferring)
def _(p: Profile) -> Steps:
    """An event that waits for room is gone when the client frees its queue: the next registration starts empty, connected."""
    yield from _owed()
    yield do(free(CLIENT), "CRQ-4", client_queue="")
    yield do(register(CLIENT), "CRQ-9", client_queue="")
    yield from plain(send(S1), consume(CLIENT), consume(CLIENT))


@script("CRQ-7/owed-goes-with-the-partition", when=_deferring)
def _(p: Profile) -> Steps:
    """An event that waits for room is gone when the client's partition is: it starts with an empty queue."""
    yield from _owed()
    yield do(power("crash", CLIENT), "SEL-7", selected="")
    yield from plain(power("power_on", CLIENT))
    yield do(register(CLIENT), "CRQ-9", client_queue="")
    yield from plain(consume(CLIENT))


@script("CRQ-7/owed-migration-goes-with-the-queue", when=_deferring)
def _(p: Profile) -> Steps:
    """The event of a migration that waits for room is gone with the queue, too; who registers again need not be told to."""
    yield from best(S0, S1)
    yield from fill(S0)
    yield from plain(migrate(), free(CLIENT))
    yield do(register(CLIENT), "CRQ-9", client_queue="", client_crq="OPEN")
    yield from plain(consume(CLIENT))
