"""Scripts of calls that are refused where others succeed, and do nothing then: CRQ-8, CRQ-12, SES-2."""

from __future__ import annotations

from vnic_conformance.cases.script import NOTHING, Steps, do, script
from vnic_conformance.cases.sub_queues import sub_register
from vnic_conformance.cases.words import (
    S0,
    S1,
    activate,
    best,
    complain,
    connected,
    consume,
    migrate,
    plain,
    power,
    register,
    token,
)
from vnic_conformance.stimulus import CLIENT, TOKEN_LATEST
from vnic_spec.profile import ComplaintOrder, Profile
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


@script("CRQ-8/nobody-to-migrate")
def _(p: Profile) -> Steps:
    """A client's partition that is off does not migrate, and a server that was activated meanwhile stays selected."""
    yield from best(S0, S1)
    yield from plain(power("power_off", CLIENT), consume(S0))
    yield do(activate(S1), "ADM-6", outcome="done", selected=S1)
    yield do(migrate(), "CRQ-8", outcome="refused", selected=S1, pinned=S1)
    yield from plain(power("power_on", CLIENT))
    yield do(register(CLIENT), "SEL-7", rc=Rc.H_SUCCESS)
