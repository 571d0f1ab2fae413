"""FOV: when a preemption waits."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import Reopen
from vnic_spec.properties.steps import ENDS, REGISTERS, left, somebody
from vnic_spec.properties.terms import eligible, outranked
from vnic_spec.property import Step, step_property
from vnic_spec.state import State


def _waits(o: Ops, s: State, t: State, step: Step) -> Truth:
    free = o.all_of(t.auto, o.eq(t.pin, o.nobody), somebody(o, t.selected))
    return o.all_of(o.profile.damped, free, o.eq(t.selected, s.selected), outranked(o, t), o.no(outranked(o, s)))


@step_property(
    "FOV-7/damped",
    "MON-5",
    "INV-4",
    instance="damped",
    witness=("a better server is there, and the delay of its preemption runs", _waits),
)
def preemption_waits_its_delay(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Under preempt_delay a healthy server is left for a better one only when the delay ends or an administrator writes a
    priority or auto; without it no delay ends."""
    at_once = step.by(o, "delay_ends", "sets_priority", "sets_auto", "activates_server", *ENDS)
    reopened = o.all_of(o.eq(o.profile.reopen, Reopen.RESELECT), step.by(o, *REGISTERS))
    healthy = o.all_of(o.profile.damped, left(o, s, t), eligible(o, t, s.selected))
    return o.all_of(
        o.implies(healthy, o.any_of(at_once, reopened)), o.implies(step.by(o, "delay_ends"), o.profile.damped)
    )
