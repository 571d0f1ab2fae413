"""Misreadings of who may do what, and of the order of checks."""

from __future__ import annotations

from vnic_spec import administration, failover, handshake, monitoring, session, transport
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.mutation import misreading
from vnic_spec.profile import Crossing
from vnic_spec.state import State, merge
from vnic_spec.vocabulary import ClientPhase, Crq, Kind, Status
from vnic_spec.wire import Rc


def _activation_restarts(o: Ops, s: State, i: Term, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.activates_server(o, s, i, client_full, server_full)
    again = o.all_of(o.eq(s.selected, i), s.connected(i))
    possible, t = failover.switch_to(o, s, o.nobody, client_full, server_full)
    t = failover.connect(o, t.but(selected=i, pin=i))
    return Effect(o.ite(again, possible, effect.guard), merge(o, again, t, effect.state))


misreading(
    "activation_restarts",
    "ADM-6",
    "FOV-7/session",
    "activating the server that serves already begins a new session with it",
    activates_server=_activation_restarts,
)
misreading(
    "activation_announces",
    "ADM-6",
    "FOV-3/only",
    "the same, seen by the client, which hears event 08",
    activates_server=_activation_restarts,
    instance="admin",
)


def _owed_for_ever(o: Ops, s: State, full: Truth) -> Effect:
    effect = handshake.client_reads_init(o, s, full)
    return effect._replace(state=effect.state.but(owed=s.owed))


misreading(
    "owed_for_ever",
    "CRQ-7",
    "CRQ-7",
    "profile defer: an event that is owed is put on the queue whenever there is room, again and again",
    client_reads_init=_owed_for_ever,
)


def _always_told(o: Ops, s: State, on: Truth, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.sets_auto(o, s, on, b, client_full, server_full)
    t, old = effect.state, s.selected
    leaving = o.all_of(o.no(o.eq(old, o.nobody)), o.no(o.eq(b, old)))
    silent = o.all_of(leaving, o.no(s.connected(old)), s.registered(old))
    event = failover.event(o, Kind.DEREGISTERED)
    room, _ = t.to_server(old).push(event)
    put = t.to_server.update(old, lambda queue: o.ite(silent, queue.push(event)[1], queue))
    return Effect(o.all_of(effect.guard, o.implies(silent, room)), t.but(to_server=put))


misreading(
    "always_told",
    "FOV-2",
    "CRQ-4/server",
    "a server that is left is told, whether it had a session or not",
    sets_auto=_always_told,
)


def _registers_twice(o: Ops, s: State) -> Effect:
    return transport.h_reg_crq_again(o, s)._replace(answer=o.const(Rc.H_SUCCESS))


def _frees_in_vain(o: Ops, s: State, i: Term) -> Effect:
    return Effect(transport.awake(o, s, i), s, o.const(Rc.H_SUCCESS))


def _enables_anything(o: Ops, s: State, b: Term) -> Effect:
    effect = transport.h_enable_crq(o, s.but(crq=o.const(Crq.DISABLED)), b)
    return Effect(o.all_of(effect.guard, o.no(o.eq(s.crq, Crq.OPEN))), effect.state, effect.answer)


def _limit_of_the_closed(o: Ops, s: State, i: Term, b: Term, client_full: Truth) -> Effect:
    late = o.all_of(o.eq(o.profile.crossing, Crossing.HOLD), s.held(i), o.eq(s.selected, i))
    possible, t = conclude(o, s.but(overdue=s.overdue.set(i, o.true)), b, client_full, o.false)
    return Effect(o.all_of(late, possible), t)


misreading(
    "registering_twice_is_fine",
    "CRQ-2",
    "CRQ-2/again",
    "registering a CRQ again succeeds without effect",
    h_reg_crq_again=_registers_twice,
)
misreading(
    "freeing_in_vain",
    "CRQ-4",
    "CRQ-4/half",
    "a server is told that its CRQ is freed though it is not",
    server_frees_idle=_frees_in_vain,
)
misreading(
    "enabling_registers",
    "CRQ-8",
    "CRQ-8/enable",
    "enabling a CRQ that is closed opens it",
    h_enable_crq=_enables_anything,
)
misreading(
    "limit_while_closed",
    "CRQ-13",
    "CRQ-13/overdue",
    "the limit of a hold runs while the client's CRQ is closed",
    hold_expires=_limit_of_the_closed,
)


def _unlisted_is_thanked(o: Ops, s: State, i: Term) -> Effect:
    return monitoring.server_reports_unlisted(o, s, i)._replace(answer=o.const(Rc.H_SUCCESS))


def _silent_from_the_start(o: Ops, s: State, i: Term, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    possible, t = monitoring.fall_silent(o, s, lambda j: o.eq(j, i), b, client_full, server_full)
    return Effect(o.all_of(s.listed(i), possible), t)


def _registering_keeps_complaint(o: Ops, s: State, i: Term, b: Term, client_full: Truth) -> Effect:
    t = s.but(
        registered=s.registered.set(i, o.true),
        status=s.status.set(i, o.const(Status.POWERED_OFF)),
        to_server=s.to_server.update(i, lambda old: old.clear()),
    )
    possible, t = conclude(o, t, b, client_full, o.false)
    guard = o.all_of(transport.awake(o, s, i), o.no(s.registered(i)), possible)
    return Effect(guard, t, o.const(Rc.H_CLOSED))


def _speaks_while_hung(o: Ops, s: State, i: Term, full: Truth) -> Effect:
    return handshake.server_sends_init(o, s.but(hung=s.hung.set(i, o.false)), i, full)


misreading(
    "unlisted_report_accepted",
    "MON-1",
    "MON-1",
    "a report of a server that is not on the list is taken and ignored",
    server_reports_unlisted=_unlisted_is_thanked,
)
misreading(
    "silent_from_the_start",
    "MON-2",
    "MON-2",
    "a server that has never reported is taken for one that has fallen silent",
    report_expires=_silent_from_the_start,
)
misreading(
    "complaint_survives_registration",
    "MON-4",
    "MON-4/cleared",
    "a server that registers again keeps the complaint against it",
    server_registers=_registering_keeps_complaint,
)
misreading(
    "hung_server_speaks",
    "FOV-10",
    "FOV-10/hung",
    "a server that hangs goes on sending INIT",
    server_sends_init=_speaks_while_hung,
)


def _added_keeps_its_place(o: Ops, s: State, i: Term, level: Term, b: Term, client_full: Truth) -> Effect:
    effect = administration.adds_server(o, s, i, level, b, client_full)
    return effect._replace(state=effect.state.but(added=s.added))


def _last_is_removed(o: Ops, s: State, i: Term, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    t = s.but(listed=s.listed.set(i, o.false), status=s.status.set(i, o.const(Status.POWERED_OFF)))
    possible, t = conclude(o, t, b, client_full, server_full)
    return Effect(o.all_of(s.listed(i), possible), t)


def _looks_for_another_first(o: Ops, s: State, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    effect = session.client_complains_late(o, s, b, client_full, server_full)
    another = o.some(lambda j: o.all_of(o.no(o.eq(j, s.selected)), o.rules.eligible(o, s, j)))
    return effect._replace(answer=o.ite(another, o.const(Rc.H_STATE), o.const(Rc.H_CONSTRAINED)))


misreading(
    "added_keeps_its_place",
    "ADM-2",
    "ADM-2/list",
    "a server that is removed and added again is as old on the list as it was",
    adds_server=_added_keeps_its_place,
)
misreading(
    "last_server_removed", "ADM-3", "ADM-3/last", "the last server can be removed", removes_server=_last_is_removed
)
misreading(
    "others_before_token",
    "SES-2",
    "SES-2/order",
    "whether anybody else is eligible is looked at before the token",
    client_complains_late=_looks_for_another_first,
)


def _delay_ends_in_vain(o: Ops, s: State, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    possible, t = conclude(o, s, b, client_full, server_full)
    due = o.all_of(o.profile.damped, s.standing, o.no(o.eq(s.selected, o.nobody)))
    return Effect(o.all_of(due, possible), t)


def _tires_of_waiting(o: Ops, s: State) -> Effect:
    effect = handshake.client_times_out(o, s)
    return effect._replace(guard=o.any_of(effect.guard, o.eq(s.phase, ClientPhase.WAITING)))


def _logs_in_unasked(o: Ops, s: State, full: Truth) -> Effect:
    effect = handshake.client_sends_login(o, s.but(wish=o.true), full)
    return effect._replace(state=effect.state.but(wish=s.wish))


misreading(
    "delay_ends_in_vain",
    "MON-5",
    "FOV-7/delay",
    "when the delay of a preemption ends the better server is not taken",
    delay_ends=_delay_ends_in_vain,
)
misreading(
    "client_tires_of_waiting",
    "CLI-7",
    "CLI-7",
    "the client's wait for INIT after event 08 is bounded as any other",
    client_times_out=_tires_of_waiting,
)
misreading(
    "closed_device_logs_in",
    "CLI-6",
    "CLI-6/closed",
    "the client logs in whether its user wants the device open or not",
    client_sends_login=_logs_in_unasked,
)
