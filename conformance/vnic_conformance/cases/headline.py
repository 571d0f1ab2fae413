"""Scripts of what the headline says, seen by the client and by its servers over several switches: SEL-1, INV-1, INV-2, INV-9."""

from __future__ import annotations

from vnic_conformance.cases.script import Steps, do, script
from vnic_conformance.cases.words import (
    S0,
    S1,
    S2,
    activate,
    best,
    consume,
    data,
    event,
    free,
    plain,
    record,
    register,
    rejoin,
    report,
    send,
)
from vnic_conformance.stimulus import CLIENT
from vnic_spec.profile import Profile
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Event, Rc, ServerInfo

_FAILOVER = event(Event.DEVICE_FAILOVER)
_ALL = (S0, S1, S2)


def _only(who: str) -> Steps:
    """This server, and no other, can send to the client."""
    for other in _ALL:
        yield do(send(other), "INV-1", rc=Rc.H_SUCCESS if other == who else Rc.H_CLOSED)


@script("SEL-1/one-is-active", servers=3)
def _(p: Profile) -> Steps:
    """After every switch one server is selected, and it alone is told that it is the active one."""
    yield from best(*_ALL)
    for before, who in ((S0, S1), (S1, S2), (S2, S0)):
        yield do(activate(who), "SEL-1", selected=who)
        yield from rejoin(p, before)
        for place, other in enumerate(_ALL, 1):
            shown = ServerInfo(1, int(other == who), Status.OPERATIONAL.value, 10 * place)
            yield do(record(other), "SEL-1", rc=Rc.H_SUCCESS, info=shown.pack().hex())


@script("INV-1/one-is-connected", servers=3)
def _(p: Profile) -> Steps:
    """Before and after every switch one server can send to the client: the one before was left by hand, failed, or went."""
    yield from best(*_ALL)
    yield from _only(S0)
    for stimulus, before, who in ((activate(S1), S0, S1), (report(S1, status=3), S1, S0)):
        yield from plain(stimulus)
        yield from _only(who)
        yield from rejoin(p, before)
        yield from _only(who)
    yield from plain(free(S0))
    yield from _only(S2)


@script("INV-2/one-between-events", servers=3)
def _(p: Profile) -> Steps:
    """Between two events the client finds elements of one server only, however often those that were left send."""
    yield from best(*_ALL)
    yield from plain(send(S0, data(1)), activate(S1))
    late = (send(S0, data(2)), send(S1, data(3)), send(S0, data(4)))
    yield from plain(*late)
    yield from rejoin(p, S0)
    yield from plain(report(S1, status=3), send(S1, data(5)), send(S0, data(6)))
    seen = (data(1), _FAILOVER, data(3), _FAILOVER, data(6))
    yield do(send(S2, data(7)), "INV-2", rc=Rc.H_CLOSED, client_queue=seen)
    for element in seen:
        yield do(consume(CLIENT), "INV-2", element=(element,) if element == _FAILOVER else element)


@script("INV-2/one-registration", servers=2)
def _(p: Profile) -> Steps:
    """What a server sends to an earlier registration of the client is not found in the next one, read or not."""
    yield from best(S0, S1)
    yield from plain(send(S0, data(1)), free(CLIENT), send(S0, data(2)))
    yield do(register(CLIENT), "INV-2", client_queue="")
    yield do(send(S1, data(3)), "INV-2", rc=Rc.H_CLOSED, client_queue="")


@script("INV-9/as-many-events-as-switches", servers=3)
def _(p: Profile) -> Steps:
    """Switches while the client reads nothing, and while it reads each event at once: as many events as switches."""
    yield from best(*_ALL)
    for count, (before, who) in enumerate(((S0, S1), (S1, S2), (S2, S0)), 1):
        yield do(activate(who), "INV-9", client_queue=(_FAILOVER,) * count)
        yield from rejoin(p, before)
    for _ in range(3):
        yield do(consume(CLIENT), "INV-9", element=(_FAILOVER,))
    for before, who in ((S0, S2), (S2, S1)):
        yield do(activate(who), "INV-9", client_queue=(_FAILOVER,))
        yield do(consume(CLIENT), "INV-9", element=(_FAILOVER,))
        yield from rejoin(p, before)
    yield do(record(S1), "INV-9", client_queue="")
