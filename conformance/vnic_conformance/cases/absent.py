"""Scripts of what is demanded where a feature is absent: nothing of it is there, and everything else works.

An implementation that does not claim a feature is still asked for it. It answers ``unsupported`` (or H_FUNCTION, where a call
reaches a hypervisor that does not have it), and nothing changes; the oracle judges that, because the kit notes in each reply
whether what was asked for is claimed. A client that has looked at the claims and does without must find the rest whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from vnic_conformance.cases.script import NOTHING, Steps, call, do, script
from vnic_conformance.cases.words import (
    S0,
    S1,
    consume,
    data,
    enable,
    free,
    migrate,
    plain,
    power,
    ready,
    register,
    report,
    send,
    sub_element,
)
from vnic_conformance.stimulus import CLIENT, CONSOLE
from vnic_spec.profile import Profile
from vnic_spec.wire import Rc

#: Features whose absence cannot be seen at the interface, and why.
NOT_VISIBLE: Mapping[str, str] = {
    "wrong_unit": "It is the adapter that cannot name another unit; a field that it does not know it ignores, and so it makes "
    "the call on the right one.",
    "unpaired": "It is the adapter that cannot make such a system; a field that it does not know it ignores.",
    "profiles": "A reset that asks for another profile is not sent to an adapter without it: there is nothing to be refused.",
}
_HANDLE = 1


def _dialogue() -> Steps:
    """A dialogue on the CRQ of two servers and a client, and a switch by a report."""
    yield from plain(send(CLIENT, data(1)), send(S0, data(2)), consume(S0), consume(CLIENT))
    yield do(report(S0, status=2), "FOV-1", selected=S1)


def _two() -> Steps:
    """Two servers, the first selected by its priority if there is a console, else whichever."""
    yield from ready(S0)
    yield from plain(register(CLIENT))
    yield from ready(S1)


@script("CRQ-12/absent", without=("sub_crq",))
def _(p: Profile) -> Steps:
    """Without sub-CRQs their calls do nothing, and none is to be seen; the CRQ works and a switch is made."""
    yield from _two()
    for who in (CLIENT, S0):
        yield do(call(who, "reg_sub_crq"), "CRQ-12", handle=NOTHING)
        yield from plain(call(who, "send_sub_crq", handle=_HANDLE, hex=sub_element()))
        yield from plain(call(who, "send_sub_crq_indirect", handle=_HANDLE, hex=sub_element()))
        yield from plain(call(who, "free_sub_crq", handle=_HANDLE))
    yield from _dialogue()


@script("FOV-10/without-memory", without=("dma",))
def _(p: Profile) -> Steps:
    """Without redirected DMA no server reads or writes the client's memory, connected or not; the CRQ works."""
    yield from _two()
    for who in (S0, S1):
        yield from plain(call(who, "dma_write", address=0, hex="a5" * 16))
        yield do(call(who, "dma_read", address=0, length=16), "FOV-10", hex=NOTHING)
    yield from _dialogue()


@script("CRQ-11/without-interrupts", without=("interrupts",))
def _(p: Profile) -> Steps:
    """Who cannot see interrupts looks at its queue and finds everything there; their calls, however answered, change nothing."""
    yield from _two()
    for who in (CLIENT, S0):
        yield from plain(call(who, "vio_signal", mode=1), call(who, "eoi"))
    yield from _dialogue()


@script("MON-3/without-power", without=("power",))
def _(p: Profile) -> Steps:
    """Without power control nobody goes down; a server that frees its CRQ is POWERED_OFF all the same."""
    yield from _two()
    for target in (CLIENT, S0):
        yield from plain(power("crash", target), power("power_off", target), power("power_on", target))
    yield do(free(S0), "MON-3", server0_status="POWERED_OFF", selected=S1)


@script("CRQ-8/without-migration", without=("migration",))
def _(p: Profile) -> Steps:
    """Without migration the client's CRQ is never disabled, and enabling it has no effect."""
    yield from _two()
    yield do(migrate(), "CRQ-8", client_crq="OPEN", selected=S0, client_queue="")
    yield do(enable(), "CRQ-8", rc=Rc.H_SUCCESS, client_crq="OPEN", selected=S0)
    yield from _dialogue()


@script("ADM-7/without-console-calls", without=("console",))
def _(p: Profile) -> Steps:
    """Without a console its calls do nothing: list, priorities and selection stay as they are."""
    yield from _two()
    yield from plain(
        call(CONSOLE, "activate", server=S1),
        call(CONSOLE, "priority", server=S1, value=1),
        call(CONSOLE, "auto", value=0),
        call(CONSOLE, "remove", server=S1),
        call(CONSOLE, "add", server=S1, port=1, priority=1),
    )
    yield do(report(S1), "ADM-7", listed=f"{S0} {S1}", auto=1, pinned="", selected=S0)
