"""Scripts of ranks that a server keeps, or loses, when it is added again: SEL-5."""

from __future__ import annotations

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
