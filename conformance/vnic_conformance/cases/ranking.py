"""Scripts of ranks among equals, of which one switch more or less, or being added again, changes nothing or all: SEL-5."""

from __future__ import annotations

import itertools

from vnic_conformance.cases.script import OneOf, Steps, do, script
from vnic_conformance.cases.words import S0, S1, S2, add, plain, rank, ready, register, remove, report
from vnic_conformance.stimulus import CLIENT, advance
from vnic_spec.profile import Profile, TieBreak


@script("SEL-5/port-not-age", servers=3, when=lambda p: p.tie_break is TieBreak.PORT)
def _(p: Profile) -> Steps:
    """Where the lowest port decides among equals, it decides alike whichever of them was added last."""
    yield from plain(rank(S2, 10), remove(S1), add(S1, port="$server1_port"))
    yield from ready(S0, S1, S2)
    yield from plain(register(CLIENT))
    yield do(report(S2, status=2), "SEL-5", remember={"lowest": "selected"}, selected=OneOf((S0, S1)))
    yield from plain(report(S2), advance(p.preempt_delay_ms))
    yield from plain(remove(S0), add(S0, port="$server0_port"), report(S0))
    yield do(report(S2, status=2), "SEL-5", selected="$lowest")


@script("SEL-5/tie-after-switches", servers=4, when=lambda p: p.tie_break in (TieBreak.OLDEST, TieBreak.NEWEST))
def _(p: Profile) -> Steps:
    """The rule among standbys of equal priority is the same however many switches there were before."""
    oldest = p.tie_break is TieBreak.OLDEST
    order = [S0, S1, S2, "server3"] if oldest else ["server3", S2, S1, S0]
    yield from ready(*order)
    yield do(register(CLIENT), "SEL-5", selected=order[0])
    for failing, successor in itertools.pairwise(order):
        yield do(report(failing, status=2), "SEL-5", selected=successor)
    for failing in order[:2]:
        yield from plain(report(failing))
    yield do(report(order[3], status=3), "SEL-5", selected=order[0])


@script("SEL-5/added-again", servers=3, when=lambda p: p.tie_break in (TieBreak.OLDEST, TieBreak.NEWEST))
def _(p: Profile) -> Steps:
    """A server that was removed and added again is the last that was added, whatever its place was before."""
    yield from plain(remove(S0), add(S0))
    yield from ready(S2, S0, S1)
    yield from plain(register(CLIENT))
    first, last = S1, S0
    yield do(report(S2, status=2), "SEL-5", selected=first if p.tie_break is TieBreak.OLDEST else last)
