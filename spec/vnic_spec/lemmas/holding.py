"""Lemmas about the event that ends a session and the hold until it is read (CRQ-13)."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.lemma import lemma
from vnic_spec.profile import Crossing
from vnic_spec.properties.steps import is_event
from vnic_spec.property import Scope
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief


def holds(o: Ops) -> Truth:
    """The profile keeps sessions apart by a hold, not by a gap."""
    return o.eq(o.profile.crossing, Crossing.HOLD)


@lemma()
def held_until_the_event_is_read(o: Ops, s: State) -> Truth:
    """A server with an event on its queue is held (crossing = hold)."""
    return o.every(
        lambda i: o.implies(o.all_of(holds(o), o.no(s.held(i))), s.to_server(i).every(lambda e: o.no(is_event(o, e))))
    )


@lemma()
def nothing_follows_the_event(o: Ops, s: State) -> Truth:
    """On a server's queue an event is the last element (crossing = hold)."""
    return o.every(lambda i: o.implies(holds(o), s.to_server(i).pairs(lambda e, _: o.no(is_event(o, e)))))


@lemma()
def overdue_is_held(o: Ops, s: State) -> Truth:
    """Only a server that is held can be overdue, and only where there is a hold."""
    return o.every(lambda i: o.implies(s.overdue(i), o.all_of(holds(o), s.held(i))))


@lemma(scope=Scope.DRIVERS)
def every_session_starts_afresh(o: Ops, s: State) -> Truth:
    """A server that is neither connected nor held has nothing to read and believes itself on standby (crossing = hold)."""
    return o.every(
        lambda i: o.implies(
            o.all_of(holds(o), o.no(s.connected(i)), o.no(s.held(i))),
            o.all_of(s.to_server(i).empty(), o.eq(s.belief(i), Belief.STANDBY)),
        )
    )
