"""Misreadings of ADM: what an administrator does."""

from __future__ import annotations

from vnic_spec import administration, failover, selection
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.mutation import misreading
from vnic_spec.state import State, merge
from vnic_spec.vocabulary import Crq, Kind, Status


def _added_is_operational(o: Ops, s: State, i: Term, level: Term, b: Term, client_full: Truth) -> Effect:
    t = s.but(
        listed=s.listed.set(i, o.true),
        priority=s.priority.set(i, level),
        status=s.status.set(i, o.const(Status.OPERATIONAL)),
    )
    possible, t = conclude(o, t, b, client_full, o.false)
    return Effect(o.all_of(o.no(s.listed(i)), possible), t)


def _removal_ignored(o: Ops, s: State, i: Term, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.removes_server(o, s, i, b, client_full, server_full)
    ignored = o.all_of(o.eq(b, s.selected), o.eq(s.selected, i), o.no(client_full), o.no(server_full), s.listed(i))
    t = s.but(listed=s.listed.set(i, o.false))
    here = o.eq(s.selected, i)
    return Effect(o.ite(here, ignored, effect.guard), merge(o, here, t, effect.state))


def _priority_beats_pin(o: Ops, s: State) -> Truth:
    return o.all_of(s.auto, selection.outranked(o, s))


def _auto_keeps_pin(o: Ops, s: State, on: Truth, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    possible, t = conclude(o, s.but(auto=on), b, client_full, server_full, at_once=o.true)
    return Effect(possible, t)


def _activation_not_pinned(o: Ops, s: State, i: Term, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.activates_server(o, s, i, client_full, server_full)
    return Effect(effect.guard, effect.state.but(pin=s.pin))


def _removal_tells(o: Ops, s: State, i: Term, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.removes_server(o, s, i, b, client_full, server_full)
    standby = o.all_of(o.no(o.eq(s.selected, i)), o.eq(s.crq, Crq.OPEN))
    room, _ = effect.state.to_client.push(failover.event(o, Kind.FAILOVER))
    _, t = failover.tell_client(o, effect.state, Kind.FAILOVER, standby, o.false)
    return Effect(o.all_of(effect.guard, o.implies(standby, room)), t)


misreading(
    "added_is_operational",
    "ADM-2",
    "ADM-2",
    "a server that is added is taken for OPERATIONAL",
    adds_server=_added_is_operational,
)
misreading(
    "removal_of_selected_ignored",
    "ADM-3",
    "ADM-3",
    "the selected server serves on after its removal",
    removes_server=_removal_ignored,
)
misreading(
    "priority_beats_pin",
    "ADM-6",
    "ADM-4",
    "priority takes the client back from an activated server",
    preempted=_priority_beats_pin,
)
misreading("auto_keeps_pin", "ADM-5", "ADM-5", "writing auto leaves a pin", sets_auto=_auto_keeps_pin)
misreading(
    "activation_not_pinned",
    "ADM-6",
    "ADM-6/activation",
    "an activated server holds the client only until the next re-selection",
    activates_server=_activation_not_pinned,
)
misreading(
    "removal_tells_everybody",
    "ADM-3",
    "INV-9",
    "removing a standby sends the client an event",
    removes_server=_removal_tells,
    instance="admin",
)
