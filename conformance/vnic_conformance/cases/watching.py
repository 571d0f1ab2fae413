"""Scripts of reports, silence, and the record of a server: MON."""

from __future__ import annotations

from vnic_conformance.cases.script import NOTHING, Steps, call, do, script
from vnic_conformance.cases.words import (
    LONG,
    S0,
    S1,
    activate,
    add,
    best,
    complain,
    connected,
    consume,
    event,
    free,
    plain,
    power,
    rank,
    ready,
    record,
    register,
    rejoin,
    remove,
    report,
    token,
    vioctl,
)
from vnic_conformance.stimulus import CLIENT, TOKEN_LATEST, advance
from vnic_spec.calls import REPORTABLE
from vnic_spec.profile import ComplaintOrder, Profile
from vnic_spec.vocabulary import Status
from vnic_spec.wire import (
    PAGE_BYTES,
    SERVER_INFO_BYTES,
    Event,
    OutputDescriptor,
    Rc,
    ServerInfo,
    Vioctl,
)

_BAD_STATUSES = (0, 4, 5, 6, 1 << 32 | 1)
#: Memory of a server that no queue lies in.
_BUFFER = 4 * PAGE_BYTES
_INTERVAL = 1000


@script("MON-1/arguments-alone")
def _(p: Profile) -> Steps:
    """Each wrong argument of a report is H_PARAMETER, and changes nothing; the reportable ones are taken."""
    yield from plain(register(S0))
    for status in _BAD_STATUSES:
        yield do(report(S0, status=status), "MON-1", rc=Rc.H_PARAMETER, server0_status="POWERED_OFF")
    yield do(report(S0, interval_ms=0), "MON-1", rc=Rc.H_PARAMETER, server0_status="POWERED_OFF")
    yield do(report(S0, unused=1), "MON-1", rc=Rc.H_PARAMETER, server0_status="POWERED_OFF")
    for status in REPORTABLE:
        yield do(report(S0, status=status, interval_ms=1), "MON-1", rc=Rc.H_SUCCESS, server0_status=Status(status).name)


@script("MON-1/not-registered")
def _(p: Profile) -> Steps:
    """A server whose CRQ is not registered may not report; the unused parameter is looked at before that, the values after."""
    yield do(report(S0), "MON-1", rc=Rc.H_STATE)
    yield do(report(S0, unused=1), "MON-1", rc=Rc.H_PARAMETER)
    for status in _BAD_STATUSES:
        yield do(report(S0, status=status), "MON-1", rc=Rc.H_STATE)
    yield do(report(S0, interval_ms=0), "MON-1", rc=Rc.H_STATE)
    yield do(report(S0, status=0, interval_ms=0, unused=7), "MON-1", rc=Rc.H_PARAMETER)


@script("MON-1/not-listed")
def _(p: Profile) -> Steps:
    """A server that is not on the list may not report, registered or not; the order of the checks is the same."""
    yield from plain(register(S1), remove(S1))
    yield do(report(S1), "MON-1", rc=Rc.H_STATE)
    yield do(report(S1, status=0), "MON-1", rc=Rc.H_STATE)
    yield do(report(S1, interval_ms=0), "MON-1", rc=Rc.H_STATE)
    yield do(report(S1, unused=1), "MON-1", rc=Rc.H_PARAMETER)
    yield from plain(free(S1))
    yield do(report(S1), "MON-1", rc=Rc.H_STATE)


@script("MON-1/wrong-unit")
def _(p: Profile) -> Steps:
    """A unit that is not the caller's is found first; a client's unit has no such subfunction."""
    yield from plain(register(S0))
    yield do(report(S0, unit="wrong"), "MON-1", rc=Rc.H_PARAMETER, server0_status="POWERED_OFF")
    yield do(report(S1, unit="wrong"), "MON-1", rc=Rc.H_PARAMETER)
    yield do(report(S1, unused=1, unit="wrong"), "MON-1", rc=Rc.H_PARAMETER)


@script("MON-1/standbys-report")
def _(p: Profile) -> Steps:
    """Standbys report like the selected server."""
    yield from best(S0, S1)
    yield do(report(S1, status=2), "MON-1", rc=Rc.H_SUCCESS, server1_status="LINK_DOWN", selected=S0)
    yield do(report(S1, status=1), "MON-1", rc=Rc.H_SUCCESS, server1_status="OPERATIONAL", selected=S0)


@script("MON-2/not-too-early")
def _(p: Profile) -> Steps:
    """When the interval has just passed a server is not yet silent, selected or standby."""
    yield from best(S0, S1, interval_ms=_INTERVAL)
    yield do(advance(_INTERVAL - 1), "MON-2", server0_status="OPERATIONAL", server1_status="OPERATIONAL")
    yield do(advance(1), "MON-2", server0_status="OPERATIONAL", server1_status="OPERATIONAL", selected=S0)


@script("MON-2/not-too-late")
def _(p: Profile) -> Steps:
    """When more than grace times the interval has passed a server is silent, selected or standby."""
    yield from best(S0, S1, interval_ms=_INTERVAL)
    yield from plain(report(S1, interval_ms=2 * _INTERVAL))
    yield do(advance(p.grace * _INTERVAL + 1), "MON-2", server0_status="UNRESPONSIVE")
    yield do(advance(p.grace * _INTERVAL), "MON-2", server1_status="UNRESPONSIVE", selected="")


@script("MON-2/standby-falls-silent")
def _(p: Profile) -> Steps:
    """A standby that has fallen silent is no successor."""
    yield from best(S0, S1)
    yield from plain(report(S1, interval_ms=_INTERVAL))
    yield do(advance(p.grace * _INTERVAL + 1), "MON-2", server1_status="UNRESPONSIVE", selected=S0)
    yield do(report(S0, status=2), "SEL-3", selected="")


@script("MON-2/reports-in-time")
def _(p: Profile) -> Steps:
    """As long as reports come in time a server stays OPERATIONAL; the last interval counts."""
    yield from best(S0, S1)
    for interval in (1, _INTERVAL, 3, 2 * _INTERVAL):
        yield from plain(report(S0, interval_ms=interval))
        yield do(advance(interval), "MON-2", server0_status="OPERATIONAL", selected=S0)


@script("MON-2/other-statuses-expire")
def _(p: Profile) -> Steps:
    """A server with its link down that falls silent is UNRESPONSIVE too, and comes back by a report."""
    yield from ready(S0)
    yield from plain(report(S0, status=2, interval_ms=_INTERVAL))
    yield do(advance(p.grace * _INTERVAL + 1), "MON-2", server0_status="UNRESPONSIVE")
    yield do(report(S0), "MON-4", server0_status="OPERATIONAL")


@script("MON-2/equal-times-together", servers=3, when=lambda p: p.grace == 1)
def _(p: Profile) -> Steps:
    """Servers that fall silent at the same time do not become each other's successors: the switch is one."""
    yield from best("server0", "server1", "server2")
    yield from plain(report("server0", interval_ms=_INTERVAL), report("server1", interval_ms=_INTERVAL))
    yield do(advance(_INTERVAL + 1), "MON-2", selected="server2", client_queue=(event(Event.DEVICE_FAILOVER),))
    yield do(advance(0), "MON-2", server1_queue="")


@script("MON-2/in-the-order-of-times", servers=3)
def _(p: Profile) -> Steps:
    """One step of the clock in which several servers fall silent one after the other is as several steps."""
    yield from best("server0", "server1", "server2")
    apart = 10 * p.grace
    yield from plain(report("server0", interval_ms=_INTERVAL), report("server1", interval_ms=_INTERVAL * apart))
    two = (event(Event.DEVICE_FAILOVER),) * 2
    yield do(advance(p.grace * _INTERVAL * apart + 1), "MON-2", selected="server2", client_queue=two)


@script("MON-3/free-and-power-off")
def _(p: Profile) -> Steps:
    """A server that frees its CRQ, or whose partition goes, is POWERED_OFF at once and is left."""
    yield from best(S0, S1)
    yield do(free(S0), "MON-3", server0_status="POWERED_OFF", selected=S1)
    yield do(power("crash", S1), "MON-3", server1_status="POWERED_OFF", selected="")
    yield from plain(power("power_on", S1), register(S1), report(S1), consume(CLIENT), register(S0), report(S0))
    yield do(power("power_off", S0), "MON-3", server0_status="POWERED_OFF", selected=S1)


@script("MON-4/reports-replace")
def _(p: Profile) -> Steps:
    """A report replaces LINK_DOWN, ADAPTER_ERROR, UNRESPONSIVE and POWERED_OFF."""
    yield from plain(register(S0))
    for status in (1, 2, 1, 3, 1, 2, 3, 2):
        yield do(report(S0, status=status), "MON-4", server0_status=Status(status).name)
    yield from plain(report(S0, interval_ms=1), advance(p.grace + 1))
    yield do(report(S0), "MON-4", server0_status="OPERATIONAL")


@script("MON-4/complaint-stays-and-goes", servers=3)
def _(p: Profile) -> Steps:
    """A complaint survives reports of OPERATIONAL; a real recovery, a registration or an activation ends it."""
    yield from best("server0", "server1", "server2")
    yield from plain(token(), complain(TOKEN_LATEST))
    for _ in range(2):
        yield do(report(S0), "MON-4", server0_status="NETWORK_ERROR", selected=S1)
    yield do(report(S0, status=2), "MON-4", server0_status="LINK_DOWN")
    yield do(report(S0), "MON-4", server0_status="OPERATIONAL")
    yield from plain(activate(S0))
    yield from rejoin(p, S0)
    yield from plain(token(), complain(TOKEN_LATEST), free(S0), register(S0))
    yield do(report(S0), "MON-4", server0_status="OPERATIONAL")
    yield from plain(activate(S0))
    yield from rejoin(p, S1)
    yield from plain(token(), complain(TOKEN_LATEST))
    yield do(activate(S0), "MON-4", server0_status="OPERATIONAL", selected=S0, pinned=S0)


@script("MON-5/last-resort", servers=3)
def _(p: Profile) -> Steps:
    """When nobody else is left all complaints are forgotten at once, and the best of those servers is taken."""
    yield from best("server0", "server1", "server2")
    yield from plain(token(), complain(TOKEN_LATEST), token(), complain(TOKEN_LATEST))
    statuses = {"server0_status": "NETWORK_ERROR", "server1_status": "NETWORK_ERROR"}
    yield do(report("server2"), "MON-4", selected="server2", fields=statuses)
    statuses = {"server0_status": "OPERATIONAL", "server1_status": "OPERATIONAL"}
    yield do(report("server2", status=3), "MON-5", selected="server0", fields=statuses)


@script("MON-5/complaint-alone")
def _(p: Profile) -> Steps:
    """A complaint with nobody else to take over leaves the client its server, whatever the order of the checks."""
    yield from connected(S0)
    yield from plain(token())
    complaint = complain(TOKEN_LATEST)
    yield do(complaint, "SES-2", rc=Rc.H_CONSTRAINED, selected=S0, server0_status="OPERATIONAL", client_queue="")


@script("MON-5/lopar-clears-others", servers=2, when=lambda p: p.complaint_order is ComplaintOrder.LOPAR)
def _(p: Profile) -> Steps:
    """With the complaint recorded first, a second one by a client with nobody else brings the first server back."""
    yield from best(S0, S1)
    yield from plain(token(), complain(TOKEN_LATEST), token(), complain(TOKEN_LATEST))


@script("MON-5/preempt-delay", when=lambda p: p.preempt_delay_ms > 1)
def _(p: Profile) -> Steps:
    """A better server that comes back takes over when the delay has passed, and not before; an empty place at once."""
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from connected(S1)
    yield from plain(register(S0), report(S0))
    yield do(advance(p.preempt_delay_ms - 1), "MON-5", selected=S1)
    yield do(advance(1), "MON-5", selected=S0)
    yield from plain(consume(S1))
    yield do(report(S0, status=2), "MON-5", selected=S1)
    yield from plain(report(S1, status=2))
    yield do(report(S0), "MON-5", selected=S0)


@script("MON-6/registering-is-not-enough")
def _(p: Profile) -> Steps:
    """A server that has registered is POWERED_OFF until its first report; so is one that registers again."""
    yield do(register(S0), "MON-6", server0_status="POWERED_OFF")
    yield do(register(CLIENT), "MON-6", selected="")
    yield do(report(S0), "MON-6", server0_status="OPERATIONAL", selected=S0)
    yield from plain(free(S0))
    yield do(register(S0), "MON-6", server0_status="POWERED_OFF", selected="")


@script("MON-6/added-again")
def _(p: Profile) -> Steps:
    """A server that is added again is POWERED_OFF until its next report, though its CRQ was registered all the time."""
    yield from best(S0, S1)
    yield from plain(remove(S1))
    yield do(add(S1, priority=1), "MON-6", server1_status="POWERED_OFF", selected=S0)
    yield do(report(S1), "MON-6", server1_status="OPERATIONAL")


@script("MON-7/record")
def _(p: Profile) -> Steps:
    """The record tells version, active, status and priority; active is told to the connected server only."""
    yield from plain(rank(S0, 7), rank(S1, 100))
    yield from ready(S0, S1)
    off = ServerInfo(1, 0, Status.OPERATIONAL.value, 7).pack().hex()
    yield do(record(S0), "MON-7", rc=Rc.H_SUCCESS, info=off)
    yield from plain(register(CLIENT))
    yield do(record(S0), "MON-7", info=ServerInfo(1, 1, Status.OPERATIONAL.value, 7).pack().hex())
    yield do(record(S1), "MON-7", info=ServerInfo(1, 0, Status.OPERATIONAL.value, 100).pack().hex())
    yield from plain(report(S1, status=2))
    yield do(record(S1), "MON-7", info=ServerInfo(1, 0, Status.LINK_DOWN.value, 100).pack().hex())
    yield from plain(report(S1), token(), complain(TOKEN_LATEST))
    yield do(record(S0), "MON-7", info=ServerInfo(1, 0, Status.NETWORK_ERROR.value, 7).pack().hex())
    yield do(record(S1), "MON-7", info=ServerInfo(1, 1, Status.OPERATIONAL.value, 100).pack().hex())


@script("MON-7/not-active-without-client")
def _(p: Profile) -> Steps:
    """A server that is selected, but not connected because the client has left, is not active."""
    yield from connected(S0)
    yield from plain(free(CLIENT))
    yield do(record(S0), "MON-7", selected=S0, info=ServerInfo(1, 0, Status.OPERATIONAL.value, 50).pack().hex())


@script("MON-7/truncated")
def _(p: Profile) -> Steps:
    """The record is cut to the caller's buffer, and no byte behind the buffer is touched."""
    yield from connected(S0)
    whole = ServerInfo(1, 1, Status.OPERATIONAL.value, 50).pack()
    for length in (0, 1, 8, 25, SERVER_INFO_BYTES, SERVER_INFO_BYTES + 8):
        yield from plain(call(S0, "poke", address=_BUFFER, hex="aa" * 64))
        where = OutputDescriptor(0, length, _BUFFER).pack()
        yield do(vioctl(S0, Vioctl.GET_VNIC_SERVER_INFO, where), "MON-7", rc=Rc.H_SUCCESS)
        written = whole[:length].hex()
        behind = "aa" * (64 - max(length, len(whole)))
        shown = call(S0, "peek", address=_BUFFER, length=min(length, len(whole)))
        yield do(shown, "MON-7", hex=written)
        rest = call(S0, "peek", address=_BUFFER + max(length, len(whole)), length=len(behind) // 2)
        yield do(rest, "MON-7", hex=behind)
        if length < len(whole):
            cut = call(S0, "peek", address=_BUFFER + length, length=len(whole) - length)
            yield do(cut, "MON-7", hex="aa" * (len(whole) - length))


@script("MON-7/arguments")
def _(p: Profile) -> Steps:
    """Unused parameters must be 0, and the unit the caller's; no record is given then."""
    yield from connected(S0)
    for p2, p3 in ((1, 0), (0, 1), (1, 1)):
        asked = vioctl(S0, Vioctl.GET_VNIC_SERVER_INFO, 0, p2, p3)
        yield do(asked, "MON-7", rc=Rc.H_PARAMETER, info=NOTHING)
    asked = vioctl(S0, Vioctl.GET_VNIC_SERVER_INFO, unit="wrong")
    yield do(asked, "MON-7", rc=Rc.H_PARAMETER, info=NOTHING)


@script("MON-2/both-bounds-of-a-long-interval")
def _(p: Profile) -> Steps:
    """The greatest intervals are kept like the small ones."""
    yield from best(S0, S1)
    yield do(advance(LONG), "MON-2", server0_status="OPERATIONAL", selected=S0)
    yield do(advance(LONG * (p.grace - 1) + 1), "MON-2", server0_status="UNRESPONSIVE", server1_status="UNRESPONSIVE")
