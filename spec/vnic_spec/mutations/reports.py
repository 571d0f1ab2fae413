"""Misreadings of MON: reports and their absence."""

from __future__ import annotations

from vnic_spec import monitoring, selection, transport
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.mutation import misreading
from vnic_spec.state import State
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Rc


def _free_unnoticed(o: Ops, s: State, i: Term, b: Term, client_full: Truth) -> Effect:
    effect = transport.server_frees(o, s, i, b, client_full)
    return Effect(effect.guard, effect.state.but(status=s.status), effect.answer)


def _any_report_clears(
    o: Ops, s: State, i: Term, status: Term, b: Term, client_full: Truth, server_full: Truth
) -> Effect:
    cleared = s.but(complaint=s.complaint.update(i, lambda was: o.all_of(was, o.no(o.eq(status, Status.OPERATIONAL)))))
    return monitoring.server_reports(o, cleared, i, status, b, client_full, server_full)


def _registering_is_operational(o: Ops, s: State, i: Term, b: Term, client_full: Truth) -> Effect:
    t = s.but(registered=s.registered.set(i, o.true), status=s.status.set(i, o.const(Status.OPERATIONAL)))
    possible, t = conclude(o, t, b, client_full, o.false)
    return Effect(o.all_of(transport.awake(o, s, i), o.no(s.registered(i)), possible), t, o.const(Rc.H_CLOSED))


misreading(
    "free_unnoticed",
    "MON-3",
    "MON-3",
    "a server that frees its CRQ keeps its last status",
    server_frees=_free_unnoticed,
    instance="interface",
)
misreading(
    "any_report_clears",
    "MON-4",
    "MON-4",
    "any report of OPERATIONAL clears a complaint",
    server_reports=_any_report_clears,
)
misreading(
    "registering_is_operational",
    "MON-6",
    "MON-6",
    "a server that registers its CRQ is taken for OPERATIONAL",
    server_registers=_registering_is_operational,
)
misreading(
    "overdue_may_serve",
    "CRQ-13",
    "CRQ-13/limit",
    "hold_limit has no consequence",
    eligible=lambda o, s, i: selection.eligible(o, s.but(overdue=s.overdue.set(i, o.false)), i),
)
