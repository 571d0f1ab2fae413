"""Misreadings of MON: reports and their absence, complaints that are cleared, the active flag."""

from __future__ import annotations

from vnic_spec import dialogue, monitoring, selection, transport
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Server, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.mutation import misreading
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief, Status
from vnic_spec.wire import Rc

# --- reports and silence -------------------------------------------------------------------------------------------


def _unlisted_is_thanked(o: Ops, s: State, i: Server) -> Effect:
    return monitoring.server_reports_unlisted(o, s, i)._replace(answer=o.const(Rc.H_SUCCESS))


def _silent_from_the_start(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    guard = s.listed(i)
    return Effect(guard, monitoring.fall_silent(o, s, lambda j: o.eq(j, i), b, client_full, server_full))


def _free_unnoticed(o: Ops, s: State, i: Server, b: Server, client_full: Truth) -> Effect:
    effect = transport.server_frees(o, s, i, b, client_full)
    return effect._replace(state=effect.state.but(status=s.status))


def _registering_is_operational(o: Ops, s: State, i: Server, b: Server, client_full: Truth) -> Effect:
    guard = o.all_of(transport.awake(o, s, i), o.no(s.registered(i)))
    t = s.but(registered=s.registered.set(i, o.true), status=s.status.set(i, o.const(Status.OPERATIONAL)))
    return Effect(guard, conclude(o, t, b, client_full, o.false), o.const(Rc.H_CLOSED))


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
    "free_unnoticed",
    "MON-3",
    "MON-3",
    "a server that frees its CRQ keeps its last status",
    server_frees=_free_unnoticed,
    instance="interface",
)
misreading(
    "registering_is_operational",
    "MON-6",
    "MON-6",
    "a server that registers its CRQ is taken for OPERATIONAL",
    server_registers=_registering_is_operational,
)

# --- complaints ----------------------------------------------------------------------------------------------------


def _any_report_clears(
    o: Ops, s: State, i: Server, status: Term[Status], b: Server, client_full: Truth, server_full: Truth
) -> Effect:
    cleared = s.but(complaint=s.complaint.update(i, lambda was: o.all_of(was, o.ne(status, Status.OPERATIONAL))))
    return monitoring.server_reports(o, cleared, i, status, b, client_full, server_full)


def _registering_keeps_complaint(o: Ops, s: State, i: Server, b: Server, client_full: Truth) -> Effect:
    guard = o.all_of(transport.awake(o, s, i), o.no(s.registered(i)))
    t = s.but(
        registered=s.registered.set(i, o.true),
        status=s.status.set(i, o.const(Status.POWERED_OFF)),
        to_server=s.to_server.update(i, lambda old: old.clear()),
    )
    return Effect(guard, conclude(o, t, b, client_full, o.false), o.const(Rc.H_CLOSED))


def _last_resort_single(o: Ops, s: State) -> State:
    t = selection.last_resort.as_written(o, s)
    several = o.some(
        lambda i: o.some(
            lambda j: o.all_of(
                o.ne(i, j),
                selection.only_fault_is_complaint(o, s, i),
                selection.only_fault_is_complaint(o, s, j),
            )
        )
    )
    return s.but(complaint=o.ite(several, s.complaint, t.complaint))


misreading(
    "any_report_clears",
    "MON-4",
    "MON-4",
    "any report of OPERATIONAL clears a complaint",
    server_reports=_any_report_clears,
)
misreading(
    "complaint_survives_registration",
    "MON-4",
    "MON-4/cleared",
    "a server that registers again keeps the complaint against it",
    server_registers=_registering_keeps_complaint,
)
misreading(
    "last_resort_single",
    "MON-5",
    "MON-5",
    "the last server is spared its complaint; with two complained about there is no last one",
    last_resort=_last_resort_single,
    servers=3,
)

# --- time and the active flag --------------------------------------------------------------------------------------


def _delay_ends_in_vain(o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    guard = o.all_of(o.profile.damped, s.standing, o.ne(s.selected, o.nobody))
    return Effect(guard, conclude(o, s, b, client_full, server_full))


def _polls_freely(o: Ops, s: State, i: Server) -> Effect:
    ready = o.all_of(transport.awake(o, s, i), s.registered(i), o.eq(s.belief(i), Belief.STANDBY))
    return dialogue.server_polls(o, s, i)._replace(guard=o.all_of(ready, o.eq(s.selected, i)))


misreading(
    "delay_ends_in_vain",
    "MON-5",
    "FOV-7/delay",
    "when the delay of a preemption ends the better server is not taken",
    delay_ends=_delay_ends_in_vain,
)
misreading(
    "active_means_selected",
    "MON-7",
    "MON-7",
    "a server that is selected but held is told that it is active",
    server_polls=_polls_freely,
)


def _all_fall_silent(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    guard = monitoring.may_fall_silent(o, s, i)
    reported = s.status
    late = lambda j: o.all_of(s.listed(j), o.ne(reported(j), Status.POWERED_OFF))  # noqa: E731
    return Effect(guard, monitoring.fall_silent(o, s, late, b, client_full, server_full))


def _boots_registered(o: Ops, s: State, i: Server) -> Effect:
    effect = transport.server_boots(o, s, i)
    return effect._replace(state=effect.state.but(registered=s.registered.set(i, o.true)))


def _silence_forgives(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    forgiven = s.but(complaint=s.complaint.set(i, o.false))
    return monitoring.report_expires(o, forgiven, i, b, client_full, server_full)


misreading(
    "all_fall_silent",
    "MON-2",
    "MON-2/status",
    "when one server falls silent all are taken for UNRESPONSIVE",
    report_expires=_all_fall_silent,
)
misreading(
    "booted_is_registered",
    "MON-6",
    "MON-3/partition",
    "a server that is powered on again has its CRQ back",
    server_boots=_boots_registered,
)
misreading(
    "silence_forgives",
    "MON-4",
    "MON-4/complaint",
    "a server that falls silent is complained of no longer",
    report_expires=_silence_forgives,
)
