"""Misreadings of CRQ: queues, registration, return codes."""

from __future__ import annotations

from vnic_spec import failover, handshake, transport
from vnic_spec.action import Effect
from vnic_spec.algebra import Element, Ops, Term, Truth
from vnic_spec.mutation import misreading
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind
from vnic_spec.wire import Rc


def _free_keeps_queue(o: Ops, s: State, server_full: Truth) -> Effect:
    effect = handshake.client_frees(o, s, server_full)
    return Effect(effect.guard, effect.state.but(to_client=s.to_client), effect.answer)


def _answers_success(o: Ops, s: State, b: Term) -> Effect:
    effect = handshake.client_registers(o, s, b)
    return Effect(effect.guard, effect.state, o.const(Rc.H_SUCCESS))


def _standby_tells(o: Ops, s: State, i: Term, b: Term, client_full: Truth) -> Effect:
    effect = transport.server_frees(o, s, i, b, client_full)
    standby = o.all_of(o.no(o.eq(s.selected, i)), o.eq(s.crq, Crq.OPEN))
    possible, t = failover.tell_client(o, effect.state, Kind.FAILOVER, standby, o.false)
    return Effect(o.all_of(effect.guard, possible), t, effect.answer)


def _drops_silently(o: Ops, s: State, i: Term, full: Truth) -> Effect:
    effect = handshake.server_sends_init(o, s, i, full)
    return Effect(effect.guard, effect.state, o.ite(full, o.const(Rc.H_SUCCESS), effect.answer))


def _sends_events(o: Ops, s: State, i: Term, to_client_kind: Term, full: Truth) -> Effect:
    forged = o.ite(o.eq(to_client_kind, Kind.DATA), o.const(Kind.FAILOVER), to_client_kind)
    return transport.h_send_crq_to_client(o, s, i, forged, full)


def _stale_elements(o: Ops, s: State, b: Term) -> Effect:
    effect = handshake.client_registers(o, s, b)
    room, queue = s.to_client.push(Element(o.const(Kind.INIT_COMPLETE), effect.state.selected, o.false))
    kept = o.all_of(s.standing, o.no(o.eq(effect.state.selected, o.nobody)))
    guard = o.all_of(effect.guard, o.implies(kept, room))
    return Effect(guard, effect.state.but(to_client=o.ite(kept, queue, effect.state.to_client)), effect.answer)


def _dropped_before_closed(o: Ops, s: State, full: Truth) -> Effect:
    effect = handshake.client_sends_init(o, s, full)
    closed = o.eq(effect.answer, Rc.H_CLOSED)
    return Effect(effect.guard, effect.state, o.ite(closed, o.const(Rc.H_DROPPED), effect.answer))


def _free_tells_nobody(o: Ops, s: State, server_full: Truth) -> Effect:
    effect = handshake.client_frees(o, s, server_full)
    return Effect(effect.guard, effect.state.but(to_server=s.to_server, held=s.held), effect.answer)


def _migration_switches(o: Ops, s: State, client_full: Truth, server_full: Truth) -> Effect:
    effect = transport.client_migrates(o, s, client_full, server_full)
    possible, t = failover.tell_client(o, effect.state, Kind.FAILOVER, o.some(s.connected), o.true)
    return Effect(o.all_of(effect.guard, o.implies(o.some(s.connected), possible)), t)


misreading(
    "free_keeps_queue",
    "CRQ-9",
    "INV-6",
    "freeing the CRQ leaves its elements for the next registration",
    client_frees=_free_keeps_queue,
)
misreading(
    "registration_always_success",
    "CRQ-2",
    "CRQ-2",
    "H_REG_CRQ answers H_SUCCESS, partner or not",
    client_registers=_answers_success,
)
misreading(
    "standby_free_tells", "CRQ-4", "CRQ-4", "every deregistration is told to the client", server_frees=_standby_tells
)
misreading(
    "stale_elements_kept",
    "CRQ-9",
    "CRQ-9",
    "an element of the earlier registration is found by the next",
    client_registers=_stale_elements,
)
misreading(
    "drop_is_success",
    "CRQ-5",
    "CRQ-5/told",
    "a send that meets a full queue is answered H_SUCCESS",
    server_sends_init=_drops_silently,
)
misreading(
    "event_from_server",
    "CRQ-6",
    "CRQ-6",
    "a server may send an element with the header of an event",
    h_send_crq_to_client=_sends_events,
)
misreading(
    "dropped_before_closed",
    "CRQ-3",
    "CRQ-3",
    "a send without a partner is answered H_DROPPED",
    client_sends_init=_dropped_before_closed,
)
misreading(
    "free_tells_nobody",
    "CRQ-4",
    "CRQ-4/client",
    "the server is not told that the client freed its CRQ",
    client_frees=_free_tells_nobody,
)
misreading(
    "migration_is_a_switch",
    "CRQ-8",
    "CRQ-8/session",
    "a migration puts event 08 as well",
    client_migrates=_migration_switches,
)
