"""FOV, CRQ-7, CRQ-13: fencing, events, connection, and the end of every step."""

from __future__ import annotations

from typing import NamedTuple

from vnic_spec.algebra import Element, Ops, Server, Term, Truth
from vnic_spec.profile import EventFull
from vnic_spec.rule import rule
from vnic_spec.selection import choice, last_resort
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind, Owed, Token


def event(o: Ops, kind: Kind) -> Element:
    """An element that the hypervisor writes (CRQ-6)."""
    return Element(o.const(kind), o.nobody, o.false)


@rule("FENCE {0}")
def fence(o: Ops, s: State, i: Server, when: Truth) -> State:
    """FOV-2, FOV-10: from now on nothing that ``i`` sends reaches the client or its memory; its session is over."""
    over = o.all_of(when, o.some(lambda j: o.all_of(o.eq(j, i), s.connected(j))))
    return s.but(
        connected=s.connected.update(i, lambda was: o.all_of(was, o.no(when))),
        granted=s.granted.update(i, lambda was: o.all_of(was, o.no(when))),
        token=o.ite(o.all_of(over, o.eq(s.token, Token.CURRENT)), o.const(Token.STALE), s.token),
    )


@rule("TELL SERVER {0} {1}")
def tell_server(o: Ops, s: State, i: Server, kind: Kind, when: Truth, full: Truth) -> State:
    """Put the event that ends a session on the queue of server ``i``; on a full queue it overlays the last element (CRQ-7).

    From here on the server is held (CRQ-13) until it has read the event.
    """
    queue = s.to_server(i)
    room, _ = queue.push(event(o, kind))
    possible = o.ite(when, o.ite(full, o.no(queue.empty()), room), o.no(full))

    put = s.to_server.update(
        i, lambda old: o.ite(when, o.ite(full, old.overlay(event(o, kind)), old.push(event(o, kind))[1]), old)
    )
    return s.provided(o, possible).but(to_server=put, held=s.held.update(i, lambda was: o.any_of(was, when)))


@rule()
def overlaid(o: Ops, s: State, last: Term[Kind], kind: Kind) -> Term[Kind]:
    """CRQ-7: what an event becomes on the last element of a full queue: 06 and 08 in one element are one 06."""
    return o.ite(o.eq(last, Kind.MIGRATED), o.const(Kind.MIGRATED), o.const(kind))


@rule("TELL CLIENT {0}")
def tell_client(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> State:
    """Put event 06 or 08 on the client's queue.

    A full queue: profile ``overlay`` puts it in the place of the last element; ``defer`` owes it, and nobody is connected
    meanwhile. An owed event means that the queue is still full.
    """
    queue = s.to_client
    last, some = queue.newest()
    room, longer = queue.push(event(o, kind))
    overlay = o.eq(o.profile.event_full, EventFull.OVERLAY)
    merged = queue.overlay(Element(overlaid(o, s, last.kind, kind), o.nobody, o.false))
    owed = o.ite(
        o.any_of(o.eq(s.owed, Owed.MIGRATED), o.eq(o.const(kind), Kind.MIGRATED)),
        o.const(Owed.MIGRATED),
        o.const(Owed.FAILOVER),
    )
    possible = o.ite(when, o.ite(full, some, o.all_of(room, o.eq(s.owed, Owed.NOTHING))), o.no(full))
    counted = o.all_of(when, o.eq(o.const(kind), Kind.FAILOVER))
    return s.provided(o, possible).but(
        to_client=o.ite(when, o.ite(full, o.ite(overlay, merged, queue), longer), queue),
        owed=o.ite(o.all_of(when, full, o.no(overlay)), owed, s.owed),
        unbalanced=o.ite(counted, o.no(s.unbalanced), s.unbalanced),
    )


@rule("connectable({0})")
def connects(o: Ops, s: State, j: Server) -> Truth:
    """``j`` may be connected: selected, both halves registered, nothing of an earlier session unread (CRQ-13), no event owed."""
    return o.all_of(
        o.eq(s.selected, j),
        o.eq(s.crq, Crq.OPEN),
        s.registered(j),
        o.no(s.held(j)),
        o.eq(s.owed, Owed.NOTHING),
    )


@rule("CONNECT")
def connect(o: Ops, s: State) -> State:
    """FOV-2, last part: connect the selected server if it may be. Only :func:`fence` disconnects."""
    return s.but(connected=s.connected.each(lambda j, was: o.any_of(was, connects(o, s, j))))


@rule("END SESSION with {0}")
def sever(o: Ops, s: State, kind: Kind, full: Truth) -> State:
    """The client leaves: its session, if there is one, ends with ``kind`` for the connected server (CRQ-4, CRQ-8)."""
    i = s.selected
    session = o.all_of(o.ne(i, o.nobody), s.connected(i))
    t = tell_server(o, s, i, kind, session, full)
    return fence(o, t, i, session)


@rule()
def pin_after(o: Ops, s: State, leaving: Truth) -> Server:
    """ADM-6: a pin ends when its server is left."""
    return o.ite(leaving, o.nobody, s.pin)


class Parting(NamedTuple):
    """What it means that the selection goes to another server, or to nobody."""

    old: Server  #: who is selected until then
    leaving: Truth  #: somebody is left
    switch: Truth  #: the client is to be told
    told: Truth  #: the old server is to be told


def parting(o: Ops, s: State, b: Server) -> Parting:
    """FOV-2: who is left, and who is to hear of it, if ``b`` is selected now."""
    old = s.selected
    leaving = o.all_of(o.ne(old, o.nobody), o.ne(b, old))
    switch = o.all_of(leaving, o.ne(s.crq, Crq.CLOSED))
    told = o.all_of(leaving, s.connected(old), s.registered(old))
    return Parting(old, leaving, switch, told)


def select(o: Ops, s: State, b: Server, p: Parting) -> State:
    """``b`` is the selection from now on; nobody is connected by that."""
    return s.but(
        selected=b,
        pin=pin_after(o, s, p.leaving),
        unbalanced=o.ite(p.switch, o.no(s.unbalanced), s.unbalanced),
    )


@rule("SWITCH to {0}")
def switch_to(o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth) -> State:
    """FOV-2: fence the old server, tell the client, tell the old server, select ``b``, connect.

    A server selected without a session (held, or CRQ closed) is left without an event 02: the one that ended its last
    session is still unread, or there never was a session. While the CRQ is closed the client is told nothing (SEL-8).
    """
    p = parting(o, s, b)
    t = tell_server(o, s, p.old, Kind.DEREGISTERED, p.told, server_full)
    t = fence(o, t, p.old, p.leaving)
    t = tell_client(o, t, Kind.FAILOVER, p.switch, client_full)
    t = select(o, t, b, p)
    return connect(o, t)


@rule("SELECT {0}")
def conclude(
    o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth, at_once: Truth | None = None
) -> State:
    """The end of every step that may change who is selected: MON-5, then the choice of ``b``, then the switch to it.

    Cause and effect are one step because the requirements speak of the state once the call has returned (INV-3 to INV-5);
    what can happen in between is told apart by the other parameters.
    """
    t = last_resort(o, s)
    chosen = choice(o, t, b, o.false if at_once is None else at_once)
    return switch_to(o, t.provided(o, chosen), b, client_full, server_full)
