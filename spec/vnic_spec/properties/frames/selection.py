"""SEL: when a standing selection begins and ends."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.properties.steps import ENABLES, ENDS, REGISTERS
from vnic_spec.property import Step, step_property
from vnic_spec.state import State


@step_property(
    "SEL-7/standing",
    "SEL-2",
    "CRQ-8",
    "ADM-6",
    instance="admin",
    witness=(
        "an activation begins a standing selection",
        lambda o, s, t, x: o.all_of(x.by(o, "activates_server"), o.no(s.standing)),
    ),
)
def standing_selection_begins_and_ends(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A standing selection begins when the client's CRQ is registered or enabled, or a server activated; it ends when the
    client's partition goes off or migrates; nothing else begins or ends one."""
    begins = step.by(o, *REGISTERS, *ENABLES, "activates_server")
    ends = step.by(o, *ENDS)
    return o.iff(t.standing, o.all_of(o.any_of(s.standing, begins), o.no(ends)))
