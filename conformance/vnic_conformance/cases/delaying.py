"""Scripts of the delay of a preemption, and of everything that may come in between: MON-5 under preempt_delay.

The delay is exact. It begins when a strictly better server is there, goes on as long as any is, and begins anew after there
was none. What the administrator writes ends it at once, one way or the other; a failure does not wait for it.
"""

from __future__ import annotations

from vnic_conformance.cases.script import Steps, do, script
from vnic_conformance.cases.words import S0, S1, S2, activate, auto, best, plain, rank, rejoin, report
from vnic_conformance.stimulus import advance
from vnic_spec.profile import Profile


def _long(p: Profile) -> bool:
    """The delay can be cut in five."""
    return p.preempt_delay_ms >= 10


def _up(who: str) -> Steps:
    yield from plain(report(who))


def _down(*servers: str) -> Steps:
    yield from plain(*(report(who, status=2) for who in servers))


def _waiting(p: Profile) -> Steps:
    """Ranks 10, 20, 30; the last serves the client, the others can not yet."""
    yield from best(S0, S1, S2)
    yield from _down(S0, S1)
    yield from rejoin(p, S0, S1)


def _not_before(p: Profile, ms: int, keeps: str, then: str) -> Steps:
    """So many milliseconds pass: in the last of them, and not sooner, another server is selected."""
    yield do(advance(ms - 1), "MON-5", selected=keeps)
    yield do(advance(1), "MON-5", selected=then)


@script("MON-5/delay-begins-anew", servers=3, when=_long)
def _(p: Profile) -> Steps:
    """A better server that goes before the delay is over, and comes again, waits the whole delay again."""
    part = p.preempt_delay_ms // 5
    yield from _waiting(p)
    yield from _up(S0)
    yield from plain(advance(3 * part))
    yield from _down(S0)
    yield from plain(advance(part))
    yield from _up(S0)
    yield from _not_before(p, p.preempt_delay_ms, keeps=S2, then=S0)


@script("MON-5/delay-of-several", servers=3, when=_long)
def _(p: Profile) -> Steps:
    """While the delay runs another better server comes, and the first one goes: it goes on, and the best of its end is taken."""
    part = p.preempt_delay_ms // 5
    yield from _waiting(p)
    yield from _up(S1)
    yield from plain(advance(part))
    yield from _up(S0)
    yield from _not_before(p, p.preempt_delay_ms - part, keeps=S2, then=S0)
    yield from rejoin(p, S2)
    yield from _down(S0, S1)
    yield from rejoin(p, S0, S1)
    yield from _up(S0)
    yield from plain(advance(part))
    yield from _up(S1)
    yield from plain(advance(part))
    yield from _down(S0)
    yield from _not_before(p, p.preempt_delay_ms - 2 * part, keeps=S2, then=S1)


@script("MON-5/delay-of-equals", servers=3, when=_long)
def _(p: Profile) -> Steps:
    """A server of equal priority does not begin a delay; nor does it keep one running when the better one goes."""
    part = p.preempt_delay_ms // 5
    yield from _waiting(p)
    yield from plain(rank(S1, 30))
    yield from _up(S1)
    yield do(advance(p.preempt_delay_ms + 1), "SEL-5", selected=S2)
    yield from _up(S0)
    yield from plain(advance(part))
    yield from _down(S0)
    yield do(advance(p.preempt_delay_ms), "SEL-5", selected=S2)


@script("MON-5/delay-and-priorities", servers=3, when=_long)
def _(p: Profile) -> Steps:
    """Priorities that are written while the delay runs count at once: the better server is none any more, or is taken."""
    part = p.preempt_delay_ms // 5
    yield from _waiting(p)
    yield from _up(S0)
    yield from plain(advance(part))
    yield do(rank(S0, 40), "ADM-4", selected=S2)
    yield do(advance(p.preempt_delay_ms), "MON-5", selected=S2)
    yield do(rank(S0, 10), "ADM-4", selected=S0)
    yield from rejoin(p, S2)
    yield from _down(S0)
    yield from rejoin(p, S0)
    yield from _up(S0)
    yield from plain(advance(part))
    yield do(rank(S1, 25), "ADM-4", selected=S0)


@script("MON-5/delay-and-auto", servers=3, when=_long)
def _(p: Profile) -> Steps:
    """Automatic failover that is switched off while the delay runs ends it; switched on, it takes the better server at once."""
    yield from _waiting(p)
    yield from _up(S0)
    yield from plain(advance(p.preempt_delay_ms // 5))
    yield do(auto(0), "ADM-5", selected=S2)
    yield do(advance(p.preempt_delay_ms), "FOV-7", selected=S2)
    yield do(auto(1), "ADM-5", selected=S0)


@script("MON-5/delay-and-pin", servers=3, when=_long)
def _(p: Profile) -> Steps:
    """A manual choice that is made while the delay runs ends it, and holds."""
    yield from _waiting(p)
    yield from _up(S0)
    yield from plain(advance(p.preempt_delay_ms // 5))
    yield do(activate(S2), "ADM-6", selected=S2, pinned=S2)
    yield do(advance(p.preempt_delay_ms), "ADM-6", selected=S2, pinned=S2)


@script("MON-5/delay-and-failure", servers=3, when=_long)
def _(p: Profile) -> Steps:
    """A selected server that fails while the delay runs is left at once, for the best; a new delay is a whole one."""
    half = p.preempt_delay_ms // 2
    yield from _waiting(p)
    yield from _up(S1)
    yield from plain(advance(half))
    yield do(report(S2, status=2), "MON-5", selected=S1)
    yield from _up(S0)
    yield from _not_before(p, p.preempt_delay_ms, keeps=S1, then=S0)


@script("MON-5/delay-of-the-next", servers=3, when=_long)
def _(p: Profile) -> Steps:
    """After a preemption the next one waits as long as the first, and not a moment longer."""
    yield from _waiting(p)
    for who, serves in ((S1, S2), (S0, S1)):
        yield from _up(who)
        yield from _not_before(p, p.preempt_delay_ms, keeps=serves, then=who)
