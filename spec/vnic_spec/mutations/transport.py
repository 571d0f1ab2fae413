"""Misreadings of CRQ: queues, events on a full queue, registration, holds, return codes."""

from __future__ import annotations

from vnic_spec import dialogue, failover, monitoring, selection, transport
from vnic_spec.action import Effect
from vnic_spec.algebra import Element, Ops, Server, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.mutation import misreading
from vnic_spec.profile import Crossing
from vnic_spec.state import State, merge
from vnic_spec.vocabulary import Crq, Kind, Owed, Status
from vnic_spec.wire import Rc

# --- registering and freeing ---------------------------------------------------------------------------------------


def _answers_success(o: Ops, s: State, b: Server) -> Effect:
    return dialogue.client_registers(o, s, b)._replace(answer=o.const(Rc.H_SUCCESS))


def _registers_twice(o: Ops, s: State) -> Effect:
    return transport.h_reg_crq_again(o, s)._replace(answer=o.const(Rc.H_SUCCESS))


def _stale_elements(o: Ops, s: State, b: Server) -> Effect:
    effect = dialogue.client_registers(o, s, b)
    t = effect.state
    room, queue = s.to_client.push(Element(o.const(Kind.INIT_COMPLETE), t.selected, o.false))
    kept = o.all_of(s.standing, o.ne(t.selected, o.nobody))
    t = t.provided(o, o.implies(kept, room)).but(to_client=o.ite(kept, queue, t.to_client))
    return effect._replace(state=t)


def _free_keeps_queue(o: Ops, s: State, server_full: Truth) -> Effect:
    effect = dialogue.client_frees(o, s, server_full)
    return effect._replace(state=effect.state.but(to_client=s.to_client))


def _free_tells_nobody(o: Ops, s: State, server_full: Truth) -> Effect:
    effect = dialogue.client_frees(o, s, server_full)
    return effect._replace(state=effect.state.but(to_server=s.to_server, held=s.held))


def _standby_tells(o: Ops, s: State, i: Server, b: Server, client_full: Truth) -> Effect:
    effect = transport.server_frees(o, s, i, b, client_full)
    standby = o.all_of(o.ne(s.selected, i), o.eq(s.crq, Crq.OPEN))
    return effect._replace(state=failover.tell_client(o, effect.state, Kind.FAILOVER, standby, o.false))


def _frees_in_vain(o: Ops, s: State, i: Server) -> Effect:
    return Effect(transport.awake(o, s, i), s, o.const(Rc.H_SUCCESS))


misreading(
    "registration_always_success",
    "CRQ-2",
    "CRQ-2",
    "H_REG_CRQ answers H_SUCCESS, partner or not",
    client_registers=_answers_success,
)
misreading(
    "registering_twice_is_fine",
    "CRQ-2",
    "CRQ-2/again",
    "registering a CRQ again succeeds without effect",
    h_reg_crq_again=_registers_twice,
)
misreading(
    "stale_elements_kept",
    "CRQ-9",
    "CRQ-9",
    "an element of the earlier registration is found by the next",
    client_registers=_stale_elements,
)
misreading(
    "free_keeps_queue",
    "CRQ-9",
    "INV-6",
    "freeing the CRQ leaves its elements for the next registration",
    client_frees=_free_keeps_queue,
)
misreading(
    "free_tells_nobody",
    "CRQ-4",
    "CRQ-4/client",
    "the server is not told that the client freed its CRQ",
    client_frees=_free_tells_nobody,
)
misreading(
    "standby_free_tells", "CRQ-4", "CRQ-4", "every deregistration is told to the client", server_frees=_standby_tells
)
misreading(
    "freeing_in_vain",
    "CRQ-4",
    "CRQ-4/half",
    "a server is told that its CRQ is freed though it is not",
    server_frees_idle=_frees_in_vain,
)

# --- sending -------------------------------------------------------------------------------------------------------


def _drops_silently(o: Ops, s: State, i: Server, full: Truth) -> Effect:
    effect = dialogue.server_sends_init(o, s, i, full)
    return effect._replace(answer=o.ite(full, o.const(Rc.H_SUCCESS), effect.answer))


def _dropped_before_closed(o: Ops, s: State, full: Truth) -> Effect:
    effect = dialogue.client_sends_init(o, s, full)
    closed = o.eq(transport.send_to_server(o, s, o.const(Kind.INIT), full).answer, Rc.H_CLOSED)
    return effect._replace(answer=o.ite(closed, o.const(Rc.H_DROPPED), effect.answer))


def _sends_events(o: Ops, s: State, i: Server, to_client_kind: Term[Kind], full: Truth) -> Effect:
    forged = o.ite(o.eq(to_client_kind, Kind.DATA), o.const(Kind.FAILOVER), to_client_kind)
    return transport.h_send_crq_to_client(o, s, i, forged, full)


misreading(
    "drop_is_success",
    "CRQ-5",
    "CRQ-5/told",
    "a send that meets a full queue is answered H_SUCCESS",
    server_sends_init=_drops_silently,
)
misreading(
    "dropped_before_closed",
    "CRQ-3",
    "CRQ-3",
    "a send without a partner is answered H_DROPPED",
    client_sends_init=_dropped_before_closed,
)
misreading(
    "event_from_server",
    "CRQ-6",
    "CRQ-6",
    "a server may send an element with the header of an event",
    h_send_crq_to_client=_sends_events,
)

# --- events --------------------------------------------------------------------------------------------------------


def _drop_event_on_full(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> State:
    t = failover.tell_client.as_written(o, s, kind, when, full)
    return t.but(to_client=o.ite(full, s.to_client, t.to_client))


def _event_flushes_queue(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> State:
    # A full queue is still one that is not empty: what the event needs as it is written stays needed.
    t = s.needing(failover.tell_client.as_written(o, s, kind, when, full).needs)
    flushed = t.but(to_client=o.ite(o.all_of(when, full), s.to_client.clear(), s.to_client))
    return failover.tell_client.as_written(o, flushed, kind, when, o.false)


def _owed_for_ever(o: Ops, s: State, full: Truth) -> Effect:
    effect = dialogue.client_reads_init(o, s, full)
    return effect._replace(state=effect.state.but(owed=s.owed))


misreading(
    "drop_event_on_full",
    "CRQ-7",
    "INV-2",
    "an event that meets a full queue is dropped, as H_DROPPED would drop an element",
    tell_client=_drop_event_on_full,
)
misreading(
    "event_flushes_queue",
    "CRQ-7",
    "CRQ-5",
    "an event that meets a full queue empties it first",
    tell_client=_event_flushes_queue,
)
misreading(
    "failover_overlays_migrated",
    "CRQ-7",
    "CRQ-8",
    "event 08 overlays an unread event 06 on a full queue",
    overlaid=lambda o, s, last, kind: o.const(kind),
)
misreading(
    "owed_for_ever",
    "CRQ-7",
    "CRQ-7",
    "profile defer: an event that is owed is put on the queue whenever there is room, again and again",
    client_reads_init=_owed_for_ever,
)

# --- migration -----------------------------------------------------------------------------------------------------


def _migration_switches(o: Ops, s: State, client_full: Truth, server_full: Truth) -> Effect:
    effect = transport.client_migrates(o, s, client_full, server_full)
    in_session = o.some(s.connected)
    told = failover.tell_client(o, effect.state, Kind.FAILOVER, in_session, o.true)
    return effect._replace(state=merge(o, in_session, told, effect.state))


def _enables_anything(o: Ops, s: State, b: Server) -> Effect:
    effect = transport.h_enable_crq(o, s.but(crq=o.const(Crq.DISABLED)), b)
    return effect._replace(guard=o.all_of(effect.guard, o.ne(s.crq, Crq.OPEN)))


misreading(
    "migration_is_a_switch",
    "CRQ-8",
    "CRQ-8/session",
    "a migration puts event 08 as well",
    client_migrates=_migration_switches,
)
misreading(
    "enabling_registers",
    "CRQ-8",
    "CRQ-8/enable",
    "enabling a CRQ that is closed opens it",
    h_enable_crq=_enables_anything,
)

# --- sessions and holds --------------------------------------------------------------------------------------------


def _grants_survive(o: Ops, s: State, i: Server, when: Truth) -> State:
    return failover.fence.as_written(o, s, i, when).but(granted=s.granted)


def _no_hold(o: Ops, s: State, j: Server) -> Truth:
    return failover.connects.as_written(o, s.but(held=s.held.set(j, o.false)), j)


def _limit_of_the_closed(o: Ops, s: State, i: Server, b: Server, client_full: Truth) -> Effect:
    guard = o.all_of(o.eq(o.profile.crossing, Crossing.HOLD), s.held(i), o.eq(s.selected, i))
    t = conclude(o, s.but(overdue=s.overdue.set(i, o.true)), b, client_full, o.false)
    return Effect(guard, t)


misreading("grants_survive", "CRQ-12", "INV-7", "handles and DMA maps outlive the session", fence=_grants_survive)
misreading(
    "no_hold",
    "CRQ-13",
    "CLI-4",
    "a client that registers again is connected although its server has not read of its leaving",
    connects=_no_hold,
    server_depth=3,
)
misreading(
    "no_hold_login",
    "CRQ-13",
    "INV-8",
    "the same, until the client takes the answer to an old LOGIN for its own",
    connects=_no_hold,
    server_depth=3,
    servers=1,
)
misreading(
    "no_hold_connects",
    "CRQ-13",
    "CRQ-13",
    "the same, seen from the hypervisor",
    connects=_no_hold,
)
misreading(
    "overdue_may_serve",
    "CRQ-13",
    "CRQ-13/limit",
    "hold_limit has no consequence",
    eligible=lambda o, s, i: selection.eligible.as_written(o, s.but(overdue=s.overdue.set(i, o.false)), i),
)
misreading(
    "limit_while_closed",
    "CRQ-13",
    "CRQ-13/overdue",
    "the limit of a hold runs while the client's CRQ is closed",
    hold_expires=_limit_of_the_closed,
)

# --- whole: what else a step could do -------------------------------------------------------------------------------


def _stays_disabled(o: Ops, s: State, b: Server) -> Effect:
    effect = transport.h_enable_crq(o, s, b)
    return effect._replace(state=effect.state.but(crq=s.crq))


def _closed_is_dropped(o: Ops, s: State, i: Server, to_client_kind: Term[Kind], full: Truth) -> Effect:
    effect = transport.h_send_crq_to_client(o, s, i, to_client_kind, full)
    return effect._replace(answer=o.ite(s.connected(i), effect.answer, o.const(Rc.H_DROPPED)))


def _again_clears(o: Ops, s: State, i: Server) -> Effect:
    effect = transport.server_registers_again(o, s, i)
    return effect._replace(state=s.but(to_server=s.to_server.update(i, lambda old: old.clear())))


def _stored_twice(o: Ops, s: State, i: Server, to_client_kind: Term[Kind], full: Truth) -> Effect:
    t, stored, answer = transport.send_to_client(o, s, i, to_client_kind, o.false, full)
    room, twice = t.to_client.push(Element(to_client_kind, i, o.false))
    t = t.but(to_client=o.ite(o.all_of(room, stored), twice, t.to_client))
    return Effect(transport.awake(o, s, i), t, answer)


def _free_fails(o: Ops, s: State, server_full: Truth) -> Effect:
    return transport.h_free_crq(o, s, server_full)._replace(state=transport.free(o, s, Kind.FAILED, server_full))


def _forgets_what_is_owed(o: Ops, s: State) -> Effect:
    effect = dialogue.client_times_out(o, s)
    return effect._replace(state=effect.state.but(owed=o.const(Owed.NOTHING)))


def _granted_by_the_flag(o: Ops, s: State, i: Server) -> Effect:
    effect = dialogue.server_polls(o, s, i)
    return effect._replace(state=effect.state.but(granted=s.granted.set(i, o.true)))


def _report_releases(
    o: Ops, s: State, i: Server, status: Term[Status], b: Server, client_full: Truth, server_full: Truth
) -> Effect:
    effect = monitoring.server_reports(o, s, i, status, b, client_full, server_full)
    return effect._replace(state=effect.state.but(held=effect.state.held.set(i, o.false)))


def _report_excuses(
    o: Ops, s: State, i: Server, status: Term[Status], b: Server, client_full: Truth, server_full: Truth
) -> Effect:
    excused = s.but(overdue=s.overdue.set(i, o.false))
    return monitoring.server_reports(o, excused, i, status, b, client_full, server_full)


misreading(
    "enabled_stays_disabled",
    "CRQ-8",
    "CRQ-2/half",
    "H_ENABLE_CRQ selects and leaves the CRQ disabled",
    h_enable_crq=_stays_disabled,
)
misreading(
    "fenced_send_dropped",
    "CRQ-3",
    "CRQ-3/answer",
    "a send of a server that is not connected is answered H_DROPPED",
    h_send_crq_to_client=_closed_is_dropped,
)
misreading(
    "refused_registration_clears",
    "CRQ-2",
    "CRQ-3/refused",
    "registering again is refused and empties the queue all the same",
    server_registers_again=_again_clears,
)
misreading(
    "off_client_registers",
    "CRQ-4",
    "CRQ-4/off",
    "a client whose partition is off can register its CRQ",
    h_reg_crq=lambda o, s, b: transport.h_reg_crq(o, s, b)._replace(guard=o.true),
    instance="ranking",
)
misreading(
    "element_stored_twice",
    "CRQ-5",
    "CRQ-5/client",
    "an element that finds room for two is stored twice",
    h_send_crq_to_client=_stored_twice,
)
misreading(
    "leaving_told_as_failure",
    "CRQ-4",
    "CRQ-5/server",
    "the server is told that the client has failed when it frees its CRQ",
    h_free_crq=_free_fails,
)
misreading(
    "owed_is_forgotten",
    "CRQ-7",
    "CRQ-7/owed",
    "profile defer: a client that times out is owed nothing any more",
    client_times_out=_forgets_what_is_owed,
)
misreading(
    "granted_by_the_active_flag",
    "CRQ-12",
    "CRQ-12/granted",
    "a server has grants as soon as it knows that it is active",
    server_polls=_granted_by_the_flag,
)
misreading(
    "report_ends_hold",
    "CRQ-13",
    "CRQ-13/held",
    "a server that reports is held no longer, whether or not it has read the event",
    server_reports=_report_releases,
)
misreading(
    "report_excuses_overdue",
    "CRQ-13",
    "CRQ-13/released",
    "a server that reports is overdue no longer",
    server_reports=_report_excuses,
)
