"""Lemmas about the elements on the client's queue."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.lemma import lemma
from vnic_spec.properties.steps import is_event
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Owed


@lemma()
def an_event_between_two_senders(o: Ops, s: State) -> Truth:
    """Of two neighbours on the client's queue one is an event, or both were sent by the same server."""
    return s.to_client.pairs(lambda e, f: o.any_of(is_event(o, e), is_event(o, f), o.eq(e.sender, f.sender)))


@lemma()
def latest_element_is_of_the_connected(o: Ops, s: State) -> Truth:
    """The latest element for the client, read or not, is an event or comes from the connected server."""
    return o.every(
        lambda i: o.implies(
            s.connected(i),
            o.all_of(
                s.to_client.last(lambda e: o.any_of(is_event(o, e), o.eq(e.sender, i))),
                o.implies(s.to_client.empty(), o.one_of(s.seen, i, o.nobody)),
            ),
        )
    )


@lemma()
def silence_begins_with_an_event(o: Ops, s: State) -> Truth:
    """While nobody is connected and no event is owed, the latest element for the client, read or not, is an event."""
    alone = o.all_of(o.ne(s.crq, Crq.CLOSED), o.eq(s.owed, Owed.NOTHING), o.no(o.some(s.connected)))
    quiet = o.all_of(s.to_client.last(lambda e: is_event(o, e)), o.implies(s.to_client.empty(), o.eq(s.seen, o.nobody)))
    return o.implies(alone, quiet)
