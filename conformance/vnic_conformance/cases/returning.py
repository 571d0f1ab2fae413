"""Scripts of servers that restart, and of servers that fail again and again: SEL-3, SEL-5, FOV-1, FOV-7."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import cycle, islice

from vnic_conformance.cases.script import Steps, do, script
from vnic_conformance.cases.words import (
    S0,
    S1,
    activate,
    auto,
    best,
    connected,
    consume,
    event,
    free,
    plain,
    power,
    rank,
    ready,
    register,
    rejoin,
    report,
)
from vnic_conformance.stimulus import CLIENT, Stimulus, advance
from vnic_spec.profile import Profile
from vnic_spec.wire import Event

_FAILOVER = event(Event.DEVICE_FAILOVER)
#: An interval that a server announces which is then silent, in ms.
_SHORT = 100
FEW, SOME, HUNDREDS, THOUSAND, THOUSANDS = 5, 40, 400, 1000, 10_000


# --- ways to go; each ends with a server that can serve again once it reports -----------------------------------------


def _link_down(p: Profile, who: str) -> Iterable[Stimulus]:
    yield report(who, status=2)


def _adapter_error(p: Profile, who: str) -> Iterable[Stimulus]:
    yield report(who, status=3)


def _silence(p: Profile, who: str) -> Iterable[Stimulus]:
    yield report(who, interval_ms=_SHORT)
    yield advance(_SHORT * p.grace + 1)


def _restart(p: Profile, who: str) -> Iterable[Stimulus]:
    """Its software starts again, in a partition that goes on running."""
    yield free(who)
    yield register(who)


def _reboot(p: Profile, who: str) -> Iterable[Stimulus]:
    yield power("crash", who)
    yield power("power_on", who)
    yield register(who)


_Way = Callable[[Profile, str], Iterable[Stimulus]]
#: Every way that needs no feature.
_WAYS: tuple[_Way, ...] = (_link_down, _adapter_error, _silence, _restart)


# --- a standby restarts ----------------------------------------------------------------------------------------------


def _equal(p: Profile, way: _Way) -> Steps:
    """A standby of equal rank goes and comes back: with automatic failover on and off, and past a manual choice."""
    yield from connected(S0)
    yield from ready(S1)
    for before, pinned in ((auto(1), ""), (auto(0), ""), (activate(S0), S0)):
        yield from plain(before)
        for stimulus in (*way(p, S1), report(S1)):
            yield do(stimulus, "SEL-5", selected=S0, pinned=pinned, client_queue="")


def _better(p: Profile, way: _Way) -> Steps:
    """A better standby goes and comes back where priority does not count: automatic failover is off, or another is pinned."""
    yield from plain(auto(0), rank(S0, 20), rank(S1, 10))
    yield from connected(S0)
    yield from ready(S1)
    for stimulus in (*way(p, S1), report(S1), advance(p.preempt_delay_ms)):
        yield do(stimulus, "FOV-7", selected=S0, client_queue="")
    yield do(auto(1), "ADM-5", selected=S1)
    yield from rejoin(p, S0)
    yield from plain(activate(S0))
    for stimulus in (*way(p, S1), report(S1), advance(p.preempt_delay_ms)):
        yield do(stimulus, "ADM-6", selected=S0, pinned=S0, client_queue=(_FAILOVER,) * 2)


def _selected(p: Profile, way: _Way) -> Steps:
    """The best server goes and comes back: it is left at once, and takes the client back when it reports, not sooner."""
    yield from best(S0, S1)
    for count in (1, 3):
        for stimulus in way(p, S0):
            yield do(stimulus, "FOV-1", selected=S1, client_queue=(_FAILOVER,) * count)
        yield from plain(report(S0), advance(p.preempt_delay_ms))
        yield do(report(S0), "FOV-1", selected=S0, client_queue=(_FAILOVER,) * (count + 1))
        yield from rejoin(p, S1)


@script("SEL-5/equal-standby-restarts")
def _(p: Profile) -> Steps:
    """A standby of equal priority that frees its CRQ, registers and reports takes the client from nobody."""
    yield from _equal(p, _restart)


@script("SEL-5/equal-standby-reboots")
def _(p: Profile) -> Steps:
    """A standby of equal priority whose partition crashes and comes up again takes the client from nobody."""
    yield from _equal(p, _reboot)


@script("FOV-7/better-standby-restarts")
def _(p: Profile) -> Steps:
    """A better standby that restarts takes the client from nobody while automatic failover is off, or another is pinned."""
    yield from _better(p, _restart)


@script("FOV-7/better-standby-reboots")
def _(p: Profile) -> Steps:
    """A better standby that reboots takes the client from nobody while automatic failover is off, or another is pinned."""
    yield from _better(p, _reboot)


@script("FOV-1/best-restarts")
def _(p: Profile) -> Steps:
    """The best server restarts twice: it is left when it frees its CRQ, and takes the client back when it reports."""
    yield from _selected(p, _restart)


@script("FOV-1/best-reboots")
def _(p: Profile) -> Steps:
    """The best server reboots twice: it is left when it crashes, and takes the client back when it reports."""
    yield from _selected(p, _reboot)


# --- a server fails again and again ----------------------------------------------------------------------------------


def _recoveries(p: Profile, count: int, ways: Iterable[_Way]) -> Steps:
    """A standby fails and recovers so many times, in these ways by turns; then the other fails, and the standby serves."""
    for way in islice(cycle(ways), count):
        yield from plain(*way(p, S1))
        yield do(report(S1), "MON-4", selected=S0, server1_status="OPERATIONAL")
    yield do(report(S0, status=2), "SEL-3", selected=S1)


def _back(p: Profile) -> Steps:
    """The best server recovers, and all is as it was at the beginning."""
    yield from rejoin(p, S0)
    yield from plain(report(S0), advance(p.preempt_delay_ms), consume(CLIENT), consume(CLIENT))
    yield from rejoin(p, S1)


def _each_way(p: Profile, count: int, ways: Iterable[_Way]) -> Steps:
    yield from best(S0, S1)
    for way in ways:
        yield from _recoveries(p, count, (way,))
        yield from _back(p)


def _returns(p: Profile, count: int) -> Steps:
    """The best server fails and recovers so many times; the client goes and comes back each time."""
    yield from best(S0, S1)
    for way in islice(cycle(_WAYS), count):
        yield from plain(*way(p, S0))
        yield do(consume(CLIENT), "FOV-1", selected=S1, element=(_FAILOVER,), client_queue="")
        yield from rejoin(p, S0)
        yield from plain(report(S0), advance(p.preempt_delay_ms))
        yield do(consume(CLIENT), "FOV-1", selected=S0, element=(_FAILOVER,), client_queue="")
        yield from rejoin(p, S1)


@script("SEL-3/five-recoveries")
def _(p: Profile) -> Steps:
    """A standby that has failed five times in any way, and recovered, can serve as before."""
    yield from _each_way(p, FEW, _WAYS)


@script("SEL-3/forty-recoveries")
def _(p: Profile) -> Steps:
    """A standby that has failed forty times in any way, and recovered, can serve as before."""
    yield from _each_way(p, SOME, _WAYS)


@script("SEL-3/forty-reboots")
def _(p: Profile) -> Steps:
    """A standby that has rebooted forty times can serve as before."""
    yield from _each_way(p, SOME, (_reboot,))


@script("SEL-3/hundreds-of-recoveries")
def _(p: Profile) -> Steps:
    """A standby that has failed four hundred times, and recovered, can serve as before."""
    yield from best(S0, S1)
    yield from _recoveries(p, HUNDREDS, _WAYS)


@script("SEL-3/ten-thousand-recoveries", long=True)
def _(p: Profile) -> Steps:
    """A standby that has failed ten thousand times, and recovered, can serve as before."""
    yield from best(S0, S1)
    yield from _recoveries(p, THOUSANDS, _WAYS)


@script("FOV-1/forty-returns")
def _(p: Profile) -> Steps:
    """The best server fails and recovers forty times, and gets the client back each time."""
    yield from _returns(p, SOME)


@script("FOV-1/a-thousand-returns", long=True)
def _(p: Profile) -> Steps:
    """The best server fails and recovers a thousand times, and gets the client back each time."""
    yield from _returns(p, THOUSAND)
