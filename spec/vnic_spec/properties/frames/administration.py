"""ADM: what of the policy changes, and when a pin begins and ends."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.profile import Reopen
from vnic_spec.properties.steps import ENDS, REGISTERS, left, somebody
from vnic_spec.properties.terms import eligible, only_complained_of
from vnic_spec.property import Step, step_property
from vnic_spec.state import State


@step_property(
    "ADM-2/order",
    "SEL-5",
    "ADM-3",
    instance="admin",
    witness=("a server is added", lambda o, s, t, x: x.by(o, "adds_server")),
)
def order_is_that_of_adding(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Who was added before whom changes only by adding a server, which comes after all others; these keep their order."""
    if step.action == "adds_server":
        i = step["i"]

        def right(a: Server, b: Server) -> Truth:
            latest = o.all_of(o.eq(b, i), o.ne(a, i))
            return o.iff(t.added(a, b), o.any_of(latest, o.all_of(s.added(a, b), o.ne(a, i), o.ne(b, i))))

        return o.every(lambda a: o.every(lambda b: right(a, b)))
    return o.every(lambda a: o.every(lambda b: o.iff(t.added(a, b), s.added(a, b))))


@step_property(
    "ADM-5/auto",
    instance="admin",
    witness=("auto is switched off", lambda o, s, t, x: o.all_of(s.auto, o.no(t.auto))),
)
def auto_is_as_written(o: Ops, s: State, t: State, step: Step) -> Truth:
    """auto_priority_failover is what an administrator has written last; nothing else changes it."""
    return o.iff(t.auto, step["on"] if step.action == "sets_auto" else s.auto)


def _kept_by_its_server(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "sets_auto"), somebody(o, s.pin), o.eq(s.selected, t.selected))


@step_property(
    "ADM-6/pin",
    "ADM-5",
    "SEL-7",
    "CRQ-8",
    instance="admin",
    witness=("auto is written, which ends a pin and keeps the selection", _kept_by_its_server),
)
def pin_is_accounted_for(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server is pinned from its activation until auto is written, it is left, or the selection ends; nothing else pins a
    server or ends a pin (profile reopen = reselect: registering does)."""
    if step.action == "activates_server":
        return o.eq(t.pin, step["i"])
    reopened = o.all_of(o.eq(o.profile.reopen, Reopen.RESELECT), step.by(o, *REGISTERS))
    ends = o.any_of(step.by(o, "sets_auto", *ENDS), reopened, left(o, s, t))
    return o.ite(ends, o.eq(t.pin, o.nobody), o.eq(t.pin, s.pin))


@step_property(
    "ADM-6/target",
    "MON-5",
    actions=("activates_server", "activation_refused"),
    instance="admin",
    witness=(
        "an activation is refused while the client is served",
        lambda o, s, t, x: o.all_of(x.by(o, "activation_refused"), o.some(s.connected)),
    ),
)
def activation_is_accepted_of_the_fit(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Activation is accepted if and only if the server is eligible or its only fault is a complaint."""
    i = step["i"]
    return o.iff(step.by(o, "activates_server"), o.any_of(eligible(o, s, i), only_complained_of(o, s, i)))
