"""INV: who is connected."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.properties.terms import has_path
from vnic_spec.property import Step, state_property
from vnic_spec.state import State


def _hold_ends(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.some(lambda i: o.all_of(s.held(i), t.connected(i)))


@state_property(
    "INV-5/path",
    "FOV-9",
    "SEL-1",
    "CRQ-13",
    witness=("a held server reads the event and is connected", _hold_ends),
)
def connected_is_who_has_a_path(o: Ops, s: State) -> Truth:
    """A server is connected if and only if it is selected, both halves of the CRQ are registered and enabled, it has read how
    its last session ended (CRQ-13), and no event is owed to the client (CRQ-7)."""
    return o.every(lambda i: o.iff(s.connected(i), has_path(o, s, i)))
