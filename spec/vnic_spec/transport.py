"""CRQ: registering, freeing, enabling, sending and consuming, as any client and any server may.

The hypervisor's part is in the rules; the driver's and the servers' dialogue (:mod:`vnic_spec.dialogue`) is built on
them. The actions at the end are the bare calls, for a client and servers that keep to no protocol: with them the kit drives
a hypervisor, and the hypervisor's own invariants hold against them too.
"""

from __future__ import annotations

from typing import NamedTuple

from vnic_spec.action import Actor, Effect, action
from vnic_spec.algebra import Element, Ops, Queue, Server, Term, Truth
from vnic_spec.failover import conclude, connect, sever, tell_client
from vnic_spec.profile import Crossing, Reopen
from vnic_spec.rule import rule
from vnic_spec.state import State, merge
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind, Owed, Status, Token
from vnic_spec.wire import Rc


class Called(NamedTuple):
    """A call that has been carried out."""

    state: State
    answer: Term[Rc]


class Sent(NamedTuple):
    """An element that has been sent."""

    state: State
    stored: Truth  #: the element is on the queue now
    answer: Term[Rc]


class Taken(NamedTuple):
    """An element that has been taken from a queue."""

    element: Element
    state: State


def has_first(queue: Queue) -> Truth:
    """There is an element to take."""
    return queue.pop()[1]


# --- the client's half ---------------------------------------------------------------------------------------------


@rule("let through({0})")
def accepts(o: Ops, s: State, i: Server) -> Truth:
    """FOV-10: what ``i`` sends is let through only while it is connected."""
    return s.connected(i)


@rule()
def reopened(o: Ops, s: State) -> Server:
    """SEL-7: the selection that a registration starts from: the standing one, or under ``reselect`` none."""
    return o.ite(o.eq(o.profile.reopen, Reopen.KEEP), s.selected, o.nobody)


@rule("in session", contrary="not in session")
def session(o: Ops, s: State) -> Truth:
    """A session is running: somebody is connected (SES-1)."""
    return o.some(s.connected)


def forget(s: State) -> State:
    """History: the client starts its dialogue afresh, so nothing queued belongs to what it will ask (CLI-4)."""
    return s.but(to_client=s.to_client.stale(), to_server=s.to_server.each(lambda _, queue: queue.stale()))


@rule("REGISTER with {0}")
def register(o: Ops, s: State, b: Server) -> Called:
    """H_REG_CRQ of the client: an empty queue; without a standing selection the best server is selected (SEL-2).

    H_SUCCESS when a partner is connected after that selection (CRQ-14), else H_CLOSED, which is no failure (CRQ-2).
    """
    t = forget(s).provided(o, o.eq(s.crq, Crq.CLOSED))
    t = t.but(
        selected=reopened(o, s),
        pin=o.ite(o.eq(reopened(o, s), o.nobody), o.nobody, s.pin),
        to_client=s.to_client.clear(),
        standing=o.true,
        seen=o.nobody,
        unbalanced=o.false,
    )
    # The CRQ counts as closed while the selection is made, so that a new choice is no switch: the client was not there.
    t = conclude(o, t, b, o.false, o.false)
    t = connect(o, t.but(crq=o.const(Crq.OPEN)))
    partner = o.some(t.connected)
    return Called(t, o.ite(partner, o.const(Rc.H_SUCCESS), o.const(Rc.H_CLOSED)))


@rule("FREE with {0}")
def free(o: Ops, s: State, kind: Kind, server_full: Truth) -> State:
    """The client's half goes: its queue with all it held, its session; ``kind`` tells the connected server (CRQ-4)."""
    t = sever(o, s, kind, server_full)
    return t.but(
        crq=o.const(Crq.CLOSED),
        to_client=t.to_client.clear(),
        owed=o.const(Owed.NOTHING),
        seen=o.nobody,
        unbalanced=o.false,
    )


@rule("ENABLE with {0}")
def enable(o: Ops, s: State, b: Server) -> Called:
    """H_ENABLE_CRQ after a migration: a standing selection is kept, else the best server selected; then connected (CRQ-8)."""
    t = forget(s).provided(o, o.eq(s.crq, Crq.DISABLED))
    t = t.but(crq=o.const(Crq.OPEN), standing=o.true)
    t = conclude(o, t, b, o.false, o.false)
    return Called(t, o.const(Rc.H_SUCCESS))


@rule("CLIENT SENDS {0}")
def send_to_server(o: Ops, s: State, kind: Term[Kind], full: Truth) -> Sent:
    """H_SEND_CRQ of the client. Checks in the order of CRQ-3."""
    i = s.selected
    path = o.all_of(session(o, s), o.ne(s.crq, Crq.DISABLED))
    request = o.one_of(kind, Kind.INIT, Kind.LOGIN)
    element = Element(kind, o.nobody, request)
    queue = s.to_server(i)
    room, _ = queue.push(element)
    possible = o.ite(path, o.ite(full, o.no(queue.empty()), room), o.no(full))
    stored = o.all_of(path, o.no(full))
    put = s.to_server.update(i, lambda old: o.ite(stored, old.push(element)[1], old))
    answer = o.ite(path, o.ite(full, o.const(Rc.H_DROPPED), o.const(Rc.H_SUCCESS)), o.const(Rc.H_CLOSED))
    return Sent(s.provided(o, possible).but(to_server=put), stored, answer)


@rule("SERVER {0} SENDS {1}")
def send_to_client(o: Ops, s: State, i: Server, kind: Term[Kind], fresh: Truth, full: Truth) -> Sent:
    """H_SEND_CRQ of server ``i``. A fenced server gets H_CLOSED (FOV-10)."""
    path = o.all_of(accepts(o, s, i), o.eq(s.crq, Crq.OPEN))
    room, longer = s.to_client.push(Element(kind, i, fresh))
    possible = o.ite(path, o.ite(full, o.no(s.to_client.empty()), room), o.no(full))
    stored = o.all_of(path, o.no(full))
    t = s.provided(o, possible).but(
        to_client=o.ite(stored, longer, s.to_client),
        intruded=o.any_of(s.intruded, o.all_of(stored, o.no(s.connected(i)))),
    )
    answer = o.ite(path, o.ite(full, o.const(Rc.H_DROPPED), o.const(Rc.H_SUCCESS)), o.const(Rc.H_CLOSED))
    return Sent(t, stored, answer)


@rule("CLIENT TAKES first(to_client)")
def client_takes(o: Ops, s: State) -> Taken:
    """The client clears its first element.

    Profile ``defer``: an owed event is stored into the room that this makes, and the new server is connected (CRQ-7).
    """
    element, _, queue = s.to_client.pop()
    owes = o.ne(s.owed, Owed.NOTHING)
    room, longer = queue.push(
        Element(o.ite(o.eq(s.owed, Owed.MIGRATED), o.const(Kind.MIGRATED), o.const(Kind.FAILOVER)), o.nobody, o.false)
    )
    fresh_start = o.one_of(element.kind, Kind.MIGRATED, Kind.FAILOVER)
    t = s.provided(o, o.implies(owes, room)).but(
        to_client=o.ite(owes, longer, queue),
        owed=o.const(Owed.NOTHING),
        seen=o.ite(fresh_start, o.nobody, element.sender),
    )
    return Taken(element, merge(o, owes, connect(o, t), t))


# --- a server's half -----------------------------------------------------------------------------------------------


@rule("SERVER {0} TAKES first(to_server({0}))")
def server_takes(o: Ops, s: State, i: Server) -> Taken:
    """Server ``i`` clears its first element.

    Reading the event ends a hold (CRQ-13); a gap ends in its own time.
    """
    element, _, queue = s.to_server(i).pop()
    ends = o.all_of(o.one_of(element.kind, Kind.FAILED, Kind.DEREGISTERED), o.eq(o.profile.crossing, Crossing.HOLD))
    t = s.but(
        to_server=s.to_server.set(i, queue),
        held=s.held.update(i, lambda was: o.all_of(was, o.no(ends))),
        overdue=s.overdue.update(i, lambda was: o.all_of(was, o.no(ends))),
    )
    return Taken(element, t)


@rule("SERVER {0} GONE")
def server_gone(o: Ops, s: State, i: Server) -> State:
    """The CRQ half of ``i`` goes with all it held: POWERED_OFF at once (MON-3)."""
    return s.but(
        registered=s.registered.set(i, o.false),
        status=s.status.set(i, o.const(Status.POWERED_OFF)),
        to_server=s.to_server.update(i, lambda old: old.clear()),
        held=s.held.set(i, o.false),
        overdue=s.overdue.set(i, o.false),
        belief=s.belief.set(i, o.const(Belief.STANDBY)),
    )


@rule("awake({0})")
def awake(o: Ops, s: State, i: Server) -> Truth:
    """Server ``i`` can act: its partition is on and it does not hang."""
    return o.all_of(s.powered(i), o.no(s.hung(i)))


@action(Actor.SERVER, "CRQ-2", "CRQ-9", "MON-4", "MON-6", "SRV-1")
def server_registers(o: Ops, s: State, i: Server, b: Server, client_full: Truth) -> Effect:
    """Server i registers its CRQ half with an empty queue.

    It is POWERED_OFF until its first report (MON-6), and a complaint about it is forgotten (MON-4).
    """
    guard = o.all_of(awake(o, s, i), o.no(s.registered(i)))
    t = s.but(
        registered=s.registered.set(i, o.true),
        status=s.status.set(i, o.const(Status.POWERED_OFF)),
        complaint=s.complaint.set(i, o.false),
        to_server=s.to_server.update(i, lambda old: old.clear()),
    )
    t = conclude(o, t, b, client_full, o.false)
    return Effect(guard, t, o.const(Rc.H_CLOSED))


@action(Actor.SERVER, "CRQ-4", "MON-3", "FOV-1", environment=True)
def server_frees(o: Ops, s: State, i: Server, b: Server, client_full: Truth) -> Effect:
    """Server i frees its CRQ half.

    If it was selected, the client hears event 08 by FOV and nothing else; a standby tells nobody.
    """
    guard = o.all_of(awake(o, s, i), s.registered(i))
    t = conclude(o, server_gone(o, s, i), b, client_full, o.false)
    return Effect(guard, t, o.const(Rc.H_SUCCESS))


@action(Actor.SERVER, "CRQ-2")
def server_registers_again(o: Ops, s: State, i: Server) -> Effect:
    """Server i registers a CRQ half that is registered already: refused, no effect."""
    guard = o.all_of(awake(o, s, i), s.registered(i))
    return Effect(guard, s, o.const(Rc.H_RESOURCE))


@action(Actor.SERVER, "CRQ-4")
def server_frees_idle(o: Ops, s: State, i: Server) -> Effect:
    """Server i frees a CRQ half that is not registered: H_SUCCESS, no effect."""
    guard = o.all_of(awake(o, s, i), o.no(s.registered(i)))
    return Effect(guard, s, o.const(Rc.H_SUCCESS))


# --- the bare calls ------------------------------------------------------------------------------------------------


def client_is_on(o: Ops, s: State) -> Truth:
    """The client's partition is powered."""
    return o.ne(s.phase, ClientPhase.OFF)


@action(Actor.CLIENT, "CRQ-2", "CRQ-9", "CRQ-14", "SEL-2", "SEL-7", bare=True)
def h_reg_crq(o: Ops, s: State, b: Server) -> Effect:
    """Any client registers its CRQ."""
    guard = client_is_on(o, s)
    t, answer = register(o, s, b)
    return Effect(guard, t, answer)


@action(Actor.CLIENT, "CRQ-2", bare=True)
def h_reg_crq_again(o: Ops, s: State) -> Effect:
    """Any client registers a CRQ that is registered already: refused, no effect."""
    guard = o.all_of(client_is_on(o, s), o.ne(s.crq, Crq.CLOSED))
    return Effect(guard, s, o.const(Rc.H_RESOURCE))


@action(Actor.CLIENT, "CRQ-4", bare=True)
def h_free_crq(o: Ops, s: State, server_full: Truth) -> Effect:
    """Any client frees its CRQ; freeing one that is not registered succeeds without effect."""
    guard = client_is_on(o, s)
    t = free(o, s, Kind.DEREGISTERED, server_full)
    return Effect(guard, t, o.const(Rc.H_SUCCESS))


@action(Actor.CLIENT, "CRQ-3", "CRQ-5", "CRQ-10", bare=True)
def h_send_crq_to_server(o: Ops, s: State, to_server_kind: Term[Kind], full: Truth) -> Effect:
    """Any client sends an element."""
    guard = client_is_on(o, s)
    t, _, answer = send_to_server(o, s, to_server_kind, full)
    return Effect(guard, t, answer)


@action(Actor.CLIENT, "CRQ-5", "CRQ-7", bare=True)
def client_consumes(o: Ops, s: State) -> Effect:
    """Any client clears the first element of its queue."""
    guard = o.all_of(client_is_on(o, s), has_first(s.to_client))
    _, t = client_takes(o, s)
    return Effect(guard, t)


@action(Actor.CLIENT, "CRQ-8", bare=True)
def h_enable_crq(o: Ops, s: State, b: Server) -> Effect:
    """Any client enables a CRQ that a migration disabled, whether or not it has read the event."""
    guard = client_is_on(o, s)
    t, answer = enable(o, s, b)
    return Effect(guard, t, answer)


@action(Actor.CLIENT, "CRQ-8", bare=True)
def h_enable_crq_idle(o: Ops, s: State) -> Effect:
    """Any client enables a CRQ that is not disabled: H_SUCCESS, no effect."""
    guard = o.all_of(client_is_on(o, s), o.ne(s.crq, Crq.DISABLED))
    return Effect(guard, s, o.const(Rc.H_SUCCESS))


@action(Actor.SERVER, "CRQ-3", "CRQ-5", "FOV-10", bare=True)
def h_send_crq_to_client(o: Ops, s: State, i: Server, to_client_kind: Term[Kind], full: Truth) -> Effect:
    """Any server sends an element, whatever it is and believes, its own half registered or not."""
    guard = awake(o, s, i)
    t, _, answer = send_to_client(o, s, i, to_client_kind, o.false, full)
    return Effect(guard, t, answer)


@action(Actor.SERVER, "CRQ-5", "CRQ-13", bare=True)
def server_consumes(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    """Any server clears the first element of its queue; if that ends a hold, it may be connected or selected."""
    guard = o.all_of(awake(o, s, i), has_first(s.to_server(i)), s.registered(i))
    _, t = server_takes(o, s, i)
    t = conclude(o, t, b, client_full, server_full)
    return Effect(guard, t)


# --- partitions, migration, time -----------------------------------------------------------------------------------


def selection_ends(o: Ops, s: State) -> State:
    """SEL-7, CRQ-8: no standing selection any more, and with it no pin."""
    return s.but(selected=o.nobody, pin=o.nobody, standing=o.false)


@action(Actor.PLATFORM, "CRQ-4", "SEL-7", environment=True)
def client_crashes(o: Ops, s: State, server_full: Truth) -> Effect:
    """The client's partition crashes or is powered off.

    Its queue goes, event 01 tells the connected server, the standing selection ends.
    """
    guard = client_is_on(o, s)
    t = free(o, s, Kind.FAILED, server_full)
    t = selection_ends(o, t).but(phase=o.const(ClientPhase.OFF), token=o.const(Token.NO_TOKEN))
    return Effect(guard, t)


@action(Actor.PLATFORM, "CLI-7")
def client_boots(o: Ops, s: State) -> Effect:
    """The client's partition is powered on."""
    guard = o.no(client_is_on(o, s))
    return Effect(guard, s.but(phase=o.const(ClientPhase.RECOVERING)))


@action(Actor.PLATFORM, "CRQ-8", environment=True)
def client_migrates(o: Ops, s: State, client_full: Truth, server_full: Truth) -> Effect:
    """The client's partition migrates.

    Event 06 to the client, its CRQ disabled, event 02 to the connected server; session and selection end. This is no switch:
    event 06 stands between the elements of two servers.
    """
    guard = o.all_of(client_is_on(o, s), o.eq(s.crq, Crq.OPEN))
    t = sever(o, s, Kind.DEREGISTERED, server_full)
    t = tell_client(o, selection_ends(o, t), Kind.MIGRATED, o.true, client_full)
    return Effect(guard, t.but(crq=o.const(Crq.DISABLED)))


@action(Actor.PLATFORM, "MON-3", "FOV-1", environment=True)
def server_crashes(o: Ops, s: State, i: Server, b: Server, client_full: Truth) -> Effect:
    """The partition of server i crashes or is powered off."""
    guard = s.powered(i)
    t = server_gone(o, s, i).but(powered=s.powered.set(i, o.false), hung=s.hung.set(i, o.false))
    t = conclude(o, t, b, client_full, o.false)
    return Effect(guard, t)


@action(Actor.PLATFORM, "MON-6")
def server_boots(o: Ops, s: State, i: Server) -> Effect:
    """The partition of server i is powered on."""
    guard = o.no(s.powered(i))
    return Effect(guard, s.but(powered=s.powered.set(i, o.true)))


@action(Actor.PLATFORM, "FOV-10", environment=True)
def server_hangs(o: Ops, s: State, i: Server) -> Effect:
    """Server i stops doing anything, with what it believes."""
    guard = o.all_of(s.powered(i), s.registered(i), o.no(s.hung(i)))
    return Effect(guard, s.but(hung=s.hung.set(i, o.true)))


@action(Actor.PLATFORM, "FOV-10")
def server_resumes(o: Ops, s: State, i: Server) -> Effect:
    """Server i goes on where it hung, believing what it believed."""
    guard = s.hung(i)
    return Effect(guard, s.but(hung=s.hung.set(i, o.false)))


@action(Actor.CLOCK, "CRQ-13", "FOV-1", environment=True)
def hold_expires(o: Ops, s: State, i: Server, b: Server, client_full: Truth) -> Effect:
    """Server i, selected, has kept the client held longer than hold_limit: UNRESPONSIVE until it has read the event.

    A gap ends in its own time and has no such limit.
    """
    holds = o.all_of(o.eq(o.profile.crossing, Crossing.HOLD), s.held(i))
    guard = o.all_of(o.eq(s.selected, i), holds, o.eq(s.crq, Crq.OPEN))
    t = s.but(overdue=s.overdue.set(i, o.true))
    t = conclude(o, t, b, client_full, o.false)
    return Effect(guard, t)


@action(Actor.CLOCK, "CRQ-13", environment=True)
def gap_ends(o: Ops, s: State, i: Server) -> Effect:
    """Profile crossing = gap: the gap after the end of a session with server i is over, whether or not it has read the event."""
    guard = o.all_of(o.eq(o.profile.crossing, Crossing.GAP), s.held(i))
    return Effect(guard, connect(o, s.but(held=s.held.set(i, o.false))))
