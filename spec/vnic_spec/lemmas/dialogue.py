"""Lemmas about the dialogue: where a request of the client's, and the answer to it, can be (crossing = hold)."""

from __future__ import annotations

from collections.abc import Callable

from vnic_spec.algebra import Element, Ops, Truth
from vnic_spec.lemma import lemma
from vnic_spec.lemmas.holding import holds
from vnic_spec.properties.steps import is_event
from vnic_spec.property import Scope
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind, Owed

#: The phases in which the client is in its dialogue: it reads its queue and sends requests.
_TALKS = (
    ClientPhase.REGISTERED,
    ClientPhase.INIT_SENT,
    ClientPhase.READY,
    ClientPhase.LOGIN_SENT,
    ClientPhase.LOGGED_IN,
    ClientPhase.WAITING,
)


def _with_server(o: Ops, s: State, law: Callable[[Element], Truth]) -> Truth:
    """``law`` of every element that the connected server has to read."""
    return o.implies(s.connected(s.selected), s.to_server(s.selected).every(law))


def _none_anywhere(o: Ops, s: State, request: Kind, reply: Kind) -> Truth:
    return o.all_of(
        _with_server(o, s, lambda e: o.ne(e.kind, request)),
        s.to_client.every(lambda e: o.ne(e.kind, reply)),
    )


def _one_of_this_dialogue(o: Ops, s: State, request: Kind, reply: Kind) -> Truth:
    def two_requests(e: Element, f: Element) -> Truth:
        return o.all_of(o.eq(e.kind, request), o.eq(f.kind, request))

    asked = o.no(_with_server(o, s, lambda e: o.ne(e.kind, request)))
    return o.all_of(
        s.to_client.every(lambda e: o.implies(o.eq(e.kind, reply), o.all_of(e.fresh, o.no(asked)))),
        _with_server(o, s, lambda e: o.implies(o.eq(e.kind, request), e.fresh)),
        s.to_client.in_order(lambda e, f: o.no(o.all_of(o.eq(e.kind, reply), o.eq(f.kind, reply)))),
        o.implies(s.connected(s.selected), s.to_server(s.selected).in_order(lambda e, f: o.no(two_requests(e, f)))),
    )


def _talks(o: Ops, s: State) -> Truth:
    return o.all_of(holds(o), o.one_of(s.phase, *_TALKS))


@lemma(scope=Scope.DRIVERS)
def no_init_unless_awaited(o: Ops, s: State) -> Truth:
    """In its dialogue, unless it awaits INIT_COMPLETE, the client has no INIT outstanding: there is none on the connected
    server's queue, and no reply on its own (crossing = hold)."""
    elsewhere = o.all_of(_talks(o, s), o.ne(s.phase, ClientPhase.INIT_SENT))
    return o.implies(elsewhere, _none_anywhere(o, s, Kind.INIT, Kind.INIT_COMPLETE))


@lemma(scope=Scope.DRIVERS)
def one_init_at_a_time(o: Ops, s: State) -> Truth:
    """A client that awaits INIT_COMPLETE has one INIT outstanding at most, and sent it in this dialogue (crossing = hold)."""
    awaited = o.all_of(holds(o), o.eq(s.phase, ClientPhase.INIT_SENT))
    return o.implies(awaited, _one_of_this_dialogue(o, s, Kind.INIT, Kind.INIT_COMPLETE))


@lemma(scope=Scope.DRIVERS)
def no_login_unless_awaited(o: Ops, s: State) -> Truth:
    """In its dialogue, unless it awaits LOGIN_RSP, the client has no LOGIN outstanding (crossing = hold)."""
    elsewhere = o.all_of(_talks(o, s), o.ne(s.phase, ClientPhase.LOGIN_SENT))
    return o.implies(elsewhere, _none_anywhere(o, s, Kind.LOGIN, Kind.LOGIN_RSP))


@lemma(scope=Scope.DRIVERS)
def one_login_at_a_time(o: Ops, s: State) -> Truth:
    """A client that awaits LOGIN_RSP has one LOGIN outstanding at most, and sent it in this dialogue (crossing = hold)."""
    awaited = o.all_of(holds(o), o.eq(s.phase, ClientPhase.LOGIN_SENT))
    return o.implies(awaited, _one_of_this_dialogue(o, s, Kind.LOGIN, Kind.LOGIN_RSP))


@lemma(scope=Scope.DRIVERS)
def migrated_means_disabled(o: Ops, s: State) -> Truth:
    """While event 06 is queued for the client or owed to it, its CRQ is disabled."""
    none = o.all_of(s.to_client.every(lambda e: o.ne(e.kind, Kind.MIGRATED)), o.ne(s.owed, Owed.MIGRATED))
    return o.any_of(o.eq(s.crq, Crq.DISABLED), none)


@lemma(scope=Scope.DRIVERS)
def only_failovers_follow_a_migration(o: Ops, s: State) -> Truth:
    """Nothing but events 08 follows event 06 on the client's queue, and nothing else is there once the client has read it."""

    def announces(e: Element) -> Truth:
        return o.all_of(is_event(o, e), o.ne(e.kind, Kind.MIGRATED))

    after = s.to_client.in_order(lambda e, f: o.implies(o.eq(e.kind, Kind.MIGRATED), announces(f)))
    once = o.implies(o.eq(s.owed, Owed.MIGRATED), s.to_client.every(lambda e: o.ne(e.kind, Kind.MIGRATED)))
    read = o.all_of(o.eq(s.crq, Crq.DISABLED), s.to_client.every(announces), o.ne(s.owed, Owed.MIGRATED))
    return o.all_of(after, once, o.implies(o.eq(s.phase, ClientPhase.ENABLING), read))


def _undisturbed(o: Ops, s: State) -> Truth:
    """No event is queued for the client or owed to it."""
    return o.all_of(holds(o), s.to_client.every(lambda e: o.no(is_event(o, e))), o.eq(s.owed, Owed.NOTHING))


@lemma(scope=Scope.DRIVERS)
def what_counts_is_of_the_connected(o: Ops, s: State) -> Truth:
    """With no event queued or owed, every reply of this dialogue comes from the connected server (crossing = hold)."""
    ours = s.to_client.every(lambda e: o.implies(e.fresh, o.all_of(s.connected(e.sender), o.eq(e.sender, s.selected))))
    return o.implies(_undisturbed(o, s), ours)


@lemma(scope=Scope.DRIVERS)
def who_answers_a_login_serves(o: Ops, s: State) -> Truth:
    """With no event queued or owed, the server whose answer to the client's LOGIN is unread regards the client as logged in
    (crossing = hold)."""
    answered = o.no(s.to_client.every(lambda e: o.ne(e.kind, Kind.LOGIN_RSP)))
    awaited = o.all_of(_undisturbed(o, s), o.eq(s.phase, ClientPhase.LOGIN_SENT))
    return o.implies(o.all_of(awaited, answered), o.eq(s.belief(s.selected), Belief.SERVING))


@lemma(scope=Scope.DRIVERS)
def who_spoke_did_so_after_the_event(o: Ops, s: State) -> Truth:
    """When a connected server has sent INIT, or answered one, the latest element on the client's queue is no event
    (crossing = hold)."""
    latest = s.to_client.last(lambda e: o.no(is_event(o, e)))
    spoken = (Belief.INIT_SENT, Belief.OPEN, Belief.SERVING)
    return o.every(lambda i: o.implies(o.all_of(holds(o), s.connected(i), o.one_of(s.belief(i), *spoken)), latest))


@lemma(scope=Scope.DRIVERS)
def a_session_begins_with_init(o: Ops, s: State) -> Truth:
    """What follows an event on the client's queue is another event, or a server's INIT or INIT_COMPLETE (crossing = hold)."""

    def begins(e: Element) -> Truth:
        return o.any_of(is_event(o, e), o.one_of(e.kind, Kind.INIT, Kind.INIT_COMPLETE))

    return o.implies(holds(o), s.to_client.pairs(lambda e, f: o.implies(is_event(o, e), begins(f))))


@lemma(scope=Scope.DRIVERS)
def who_waits_reads_init_next(o: Ops, s: State) -> Truth:
    """What a client that waits has to read first is an event or INIT; while there is nothing, the connected server has not
    spoken yet (crossing = hold)."""
    waits = o.all_of(holds(o), o.eq(s.phase, ClientPhase.WAITING))
    silent = o.every(lambda i: o.implies(s.connected(i), o.one_of(s.belief(i), Belief.STANDBY, Belief.AWAITING)))
    return o.implies(
        waits,
        o.all_of(
            s.to_client.first(lambda e: o.any_of(is_event(o, e), o.eq(e.kind, Kind.INIT))),
            o.implies(s.to_client.empty(), silent),
        ),
    )
