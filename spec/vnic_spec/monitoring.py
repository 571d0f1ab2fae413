"""MON: reports, silence, preemption by recovery."""

from __future__ import annotations

from collections.abc import Callable

from vnic_spec.action import Actor, Effect, action
from vnic_spec.algebra import Ops, Server, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.profile import Crossing
from vnic_spec.selection import preempted
from vnic_spec.state import State
from vnic_spec.transport import awake
from vnic_spec.vocabulary import Crq, Status
from vnic_spec.wire import Rc


@action(Actor.SERVER, "MON-1", "MON-4", "FOV-1", "SEL-6", "SRV-6")
def server_reports(
    o: Ops, s: State, i: Server, status: Term[Status], b: Server, client_full: Truth, server_full: Truth
) -> Effect:
    """Server i reports its status and the time of its next report (H_VIOCTL 0x18).

    A report of OPERATIONAL by a server that was not OPERATIONAL clears a complaint about it (MON-4).
    """
    guard = o.all_of(awake(o, s, i), s.listed(i), s.registered(i))
    recovered = o.all_of(o.eq(status, Status.OPERATIONAL), o.ne(s.status(i), Status.OPERATIONAL))
    t = s.but(
        status=s.status.set(i, status),
        complaint=s.complaint.update(i, lambda was: o.all_of(was, o.no(recovered))),
    )
    t = conclude(o, t, b, client_full, server_full)
    return Effect(guard, t, o.const(Rc.H_SUCCESS))


@action(Actor.SERVER, "MON-1")
def server_reports_unlisted(o: Ops, s: State, i: Server) -> Effect:
    """Server i reports although it is not listed or its CRQ is not registered: H_STATE, no effect."""
    known = o.all_of(s.listed(i), s.registered(i))
    guard = o.all_of(awake(o, s, i), o.no(known))
    return Effect(guard, s, o.const(Rc.H_STATE))


def fall_silent(
    o: Ops, s: State, late: Callable[[Server], Truth], b: Server, client_full: Truth, server_full: Truth
) -> State:
    """The servers that are ``late`` become UNRESPONSIVE together, and then the selection is made once (MON-2)."""
    t = s.but(status=s.status.each(lambda j, was: o.ite(late(j), o.const(Status.UNRESPONSIVE), was)))
    return conclude(o, t, b, client_full, server_full)


def may_fall_silent(o: Ops, s: State, i: Server) -> Truth:
    """Server ``i`` is listed and has announced a next report, which may fail to come."""
    reported = o.one_of(s.status(i), Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR)
    return o.all_of(s.listed(i), reported)


def moment_passes(
    o: Ops,
    s: State,
    late: Callable[[Server], Truth],
    over: Callable[[Server], Truth],
    b: Server,
    client_full: Truth,
    server_full: Truth,
) -> Effect:
    """MON-2, CRQ-13: all that one moment of time brings before anybody is selected, for any number of servers.

    The servers that are ``late`` become UNRESPONSIVE, and those that are ``over`` their hold limit overdue. The actions of the
    clock are its parts with one server or two; that no larger moment breaks a property is proved
    (``vnic_model.prover.moments``).
    """
    silent = o.every(lambda k: o.implies(late(k), may_fall_silent(o, s, k)))
    holds = o.all_of(o.eq(o.profile.crossing, Crossing.HOLD), o.eq(s.crq, Crq.OPEN))
    held = o.every(lambda k: o.implies(over(k), o.all_of(holds, o.eq(s.selected, k), s.held(k))))
    t = s.but(overdue=s.overdue.each(lambda k, was: o.any_of(was, over(k))))
    return Effect(o.all_of(silent, held), fall_silent(o, t, late, b, client_full, server_full))


@action(Actor.CLOCK, "MON-2", "FOV-1", environment=True)
def report_expires(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    """No report of server i has come in time: it is UNRESPONSIVE.

    Time is abstract: within MON-2's window this may or may not have happened, so it may happen whenever a server has
    reported at all; a hang is the usual reason, not the only one.
    """
    guard = may_fall_silent(o, s, i)
    t = fall_silent(o, s, lambda j: o.eq(j, i), b, client_full, server_full)
    return Effect(guard, t)


@action(Actor.CLOCK, "MON-2", "FOV-1", environment=True)
def reports_expire_together(
    o: Ops, s: State, i: Server, j: Server, b: Server, client_full: Truth, server_full: Truth
) -> Effect:
    """No report of servers i and j has come by one and the same time: both are UNRESPONSIVE before anybody is selected."""
    guard = o.all_of(may_fall_silent(o, s, i), may_fall_silent(o, s, j), o.ne(i, j))
    t = fall_silent(o, s, lambda k: o.one_of(k, i, j), b, client_full, server_full)
    return Effect(guard, t)


@action(Actor.CLOCK, "MON-5", "FOV-1")
def delay_ends(o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    """Profile preempt_delay > 0: the delay is over and a strictly better server takes the client."""
    guard = o.all_of(o.profile.damped, s.standing, o.ne(s.selected, o.nobody), preempted(o, s))
    t = conclude(o, s, b, client_full, server_full, at_once=o.true)
    return Effect(guard, t)
