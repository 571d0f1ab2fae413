"""Scripts of calls that are refused where others succeed, and do nothing then: ADM-4, CRQ-4, CRQ-8, CRQ-12, SES-2."""

from __future__ import annotations

from vnic_conformance.cases.script import NOTHING, Not, Steps, call, do, script
from vnic_conformance.cases.sub_queues import sub_register
from vnic_conformance.cases.words import (
    S0,
    S1,
    activate,
    add,
    best,
    complain,
    connected,
    consume,
    migrate,
    plain,
    power,
    rank,
    register,
    remove,
    send,
    token,
)
from vnic_conformance.stimulus import CLIENT, TOKEN_LATEST
from vnic_spec.calls import DEFAULT_PRIORITY
from vnic_spec.profile import ComplaintOrder, Profile, Reopen
from vnic_spec.wire import PAGE_BYTES, Rc


@script("CRQ-12/no-authorised-connection", unpaired=(S1,))
def _(p: Profile) -> Steps:
    """A unit without an authorised connection gets no sub-CRQ either, and a wrong argument comes before that."""
    yield from connected(S0)
    yield do(register(S1), "CRQ-2", rc=Rc.H_NOT_FOUND)
    yield do(sub_register(S1), "CRQ-12", rc=Rc.H_NOT_FOUND, handle=NOTHING)
    yield do(sub_register(S1, length=PAGE_BYTES + 1), "CRQ-12", rc=Rc.H_PARAMETER, handle=NOTHING)
    yield do(sub_register(S0), "CRQ-12", rc=Rc.H_SUCCESS)


@script("SES-2/constrained-clears-nobody", when=lambda p: p.complaint_order is ComplaintOrder.CHECK_FIRST)
def _(p: Profile) -> Steps:
    """A complaint that is refused, because nobody else could take over, does not forgive those complained about before."""
    yield from best(S0, S1)
    yield from plain(token(), complain(TOKEN_LATEST), consume(S0), token())
    for _ in range(2):
        refused = complain(TOKEN_LATEST)
        yield do(refused, "SES-2", rc=Rc.H_CONSTRAINED, selected=S1, server0_status="NETWORK_ERROR")


@script("CRQ-8/nobody-to-migrate", when=lambda p: p.reopen is Reopen.KEEP)
def _(p: Profile) -> Steps:
    """A client's partition that is off does not migrate, and a server that was activated meanwhile stays selected."""
    yield from best(S0, S1)
    yield from plain(power("power_off", CLIENT), consume(S0))
    yield do(activate(S1), "ADM-6", outcome="done", selected=S1)
    yield do(migrate(), "CRQ-8", outcome="refused", selected=S1, pinned=S1)
    yield from plain(power("power_on", CLIENT))
    yield do(register(CLIENT), "SEL-7", rc=Rc.H_SUCCESS)


@script("CRQ-4/power-twice")
def _(p: Profile) -> Steps:
    """A partition that runs is not powered on, nor one that is off powered off; whoever is connected goes on."""
    yield from connected(S0)
    for target in (CLIENT, S0, S1):
        yield do(power("power_on", target), "CRQ-4", outcome="refused", client_crq="OPEN", selected=S0)
    yield do(send(S0), "CRQ-3", rc=Rc.H_SUCCESS)
    yield from plain(power("power_off", S1))
    for what in ("power_off", "crash"):
        yield do(power(what, S1), "CRQ-4", outcome="refused", selected=S0)


@script("ADM-4/not-listed")
def _(p: Profile) -> Steps:
    """A server that is not on the list has no priority to be changed; added again, it has the default one."""
    yield from best(S0, S1)
    yield from plain(remove(S1))
    yield do(rank(S1, 1), "ADM-4", outcome="refused", listed=S0)
    yield do(add(S1), "ADM-1", outcome="done", server1_priority=DEFAULT_PRIORITY)


@script("CRQ-12/grants-end-at-their-page")
def _(p: Profile) -> Steps:
    """Reaching the last bytes of a page of the client's gives a server that page, and neither the one before nor the next."""
    page = 5 * PAGE_BYTES
    yield from connected(S0)
    yield do(call(S0, "dma_write", address=page + PAGE_BYTES - 8, hex="a1" * 8), "CRQ-12", rc=Rc.H_SUCCESS)
    yield do(call(S0, "dma_read", address=page, length=8, map=0), "CRQ-12", rc=Rc.H_SUCCESS)
    for address in (page + PAGE_BYTES, page - 8, page + PAGE_BYTES - 4):
        yield do(call(S0, "dma_read", address=address, length=8, map=0), "CRQ-12", rc=Not(Rc.H_SUCCESS))
