"""Lemmas about selection and connection."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.lemma import lemma
from vnic_spec.properties.terms import has_path
from vnic_spec.state import State


@lemma()
def connected_only_as_selected(o: Ops, s: State) -> Truth:
    """Whoever is connected is the selected server, and nothing stands in the way of its connection."""
    return o.every(lambda i: o.implies(s.connected(i), has_path(o, s, i)))


@lemma()
def off_means_gone(o: Ops, s: State) -> Truth:
    """A server whose partition is off has no CRQ; one without CRQ has an empty queue and holds nobody."""
    return o.every(
        lambda i: o.all_of(
            o.implies(s.registered(i), s.powered(i)),
            o.any_of(s.registered(i), o.all_of(s.to_server(i).empty(), o.no(s.held(i)))),
        )
    )
