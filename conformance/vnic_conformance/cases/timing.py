"""Scripts of long steps of the clock in which several things fall due, each at its own time: CRQ-8, CRQ-13, MON-2, MON-5."""

from __future__ import annotations

from collections.abc import Iterator

from vnic_conformance.cases.script import Steps, do, script
from vnic_conformance.cases.words import (
    LONG,
    S0,
    S1,
    S2,
    activate,
    add,
    auto,
    best,
    connected,
    consume,
    data,
    enable,
    event,
    free,
    migrate,
    plain,
    power,
    rank,
    ready,
    register,
    remove,
    report,
    send,
)
from vnic_conformance.stimulus import CLIENT, Stimulus, advance
from vnic_spec.profile import Crossing, Profile, Reopen
from vnic_spec.wire import Event

_FENCED = event(Event.PARTNER_DEREGISTERED)
#: An interval between reports, where the limit of a hold is made of it.
_INTERVAL_MS = 1000


def _reporting(p: Profile, ms: int, *servers: str) -> Iterator[Stimulus]:
    """Time passes, and servers report as often as they have said, at its end too, so that MON-2 never lets them be silent."""
    interval = LONG if p.hold_limit_ms else _INTERVAL_MS
    reports = [report(who, interval_ms=interval) for who in servers]
    yield from reports
    while ms:
        step = min(ms, interval)
        yield advance(step)
        yield from reports
        ms -= step


@script("CRQ-13/gap-ends-within-a-step", when=lambda p: p.crossing is Crossing.GAP)
def _(p: Profile) -> Steps:
    """A gap that ends in a long step of the clock ends at its own time: who falls silent after it was connected, and is told."""
    yield from best(S0, S1, interval_ms=LONG)
    yield from plain(activate(S1))
    yield do(activate(S0), "CRQ-13", selected=S0, server0_queue=(_FENCED,))
    interval = p.gap_ms + 1
    yield from plain(report(S0, interval_ms=interval))
    yield do(advance(interval * p.grace + 1), "CRQ-13", selected=S1, server0_queue=(_FENCED, _FENCED))


@script("CRQ-13/hold-limit-of-the-second", when=lambda p: p.crossing is Crossing.HOLD)
def _(p: Profile) -> Steps:
    """How long a server may hold the client is watched whichever server it is."""
    yield from best(S1, S0)
    yield from plain(free(CLIENT), register(CLIENT))
    # Without a limit of its own it is the last interval that counts.
    limit = p.hold_limit_ms or _INTERVAL_MS * p.grace
    for stimulus in _reporting(p, limit, S1):
        yield do(stimulus, "CRQ-13", selected=S1)
    yield do(advance(1), "CRQ-13", selected=S0, server1_status="UNRESPONSIVE")


@script("MON-5/nothing-hurries", servers=3, when=lambda p: p.preempt_delay_ms > 1 and p.reopen is Reopen.KEEP)
def _(p: Profile) -> Steps:
    """While a better server waits for its delay, whatever others do does not bring it forward; nor does the client."""
    yield from plain(rank(S0, 10), rank(S1, 20), rank(S2, 30))
    yield from connected(S1, S2)
    yield from ready(S0)
    for stimulus in (
        *(report(S1), report(S2), report(S2, status=2), report(S2), free(S2), register(S2), report(S2)),
        *(remove(S2), add(S2, priority=30), report(S2), send(S1, data(1)), consume(CLIENT), send(CLIENT), consume(S1)),
        *(power("crash", S2), power("power_on", S2), enable(), free(CLIENT), register(CLIENT), consume(S1)),
    ):
        yield do(stimulus, "MON-5", selected=S1)
    yield do(advance(p.preempt_delay_ms), "MON-5", selected=S0)


@script("CRQ-8/enabling-does-not-hurry", when=lambda p: p.preempt_delay_ms > 1)
def _(p: Profile) -> Steps:
    """A selection that was made while the CRQ was disabled is kept by enabling it, also when a better server waits already."""
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from connected(S1)
    yield from plain(migrate(), activate(S1), auto(1))
    yield from ready(S0)
    yield do(enable(), "CRQ-8", selected=S1)
    yield do(advance(p.preempt_delay_ms), "MON-5", selected=S0)


@script("CRQ-13/hold-limit-begins-anew", when=lambda p: p.crossing is Crossing.HOLD and p.hold_limit_ms != 1)
def _(p: Profile) -> Steps:
    """A server that is selected while another holds the client has the whole limit for itself."""
    yield from best(S0, S1)
    yield from plain(activate(S1), activate(S0))
    limit = p.hold_limit_ms or _INTERVAL_MS * p.grace
    yield from plain(*_reporting(p, limit // 2, S0, S1))
    yield do(activate(S1), "ADM-6", selected=S1)
    for stimulus in _reporting(p, limit - limit // 2 + 1, S0, S1):
        yield do(stimulus, "CRQ-13", selected=S1, server1_status="OPERATIONAL")
