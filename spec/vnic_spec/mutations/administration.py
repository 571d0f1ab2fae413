"""Misreadings of ADM: what an administrator does."""

from __future__ import annotations

from vnic_spec import administration, failover, monitoring, selection
from vnic_spec.action import Effect
from vnic_spec.algebra import Level, Ops, Server, Truth
from vnic_spec.failover import conclude
from vnic_spec.mutation import misreading
from vnic_spec.state import State, merge
from vnic_spec.vocabulary import Crq, Kind, Status

# --- the list of servers -------------------------------------------------------------------------------------------


def _added_is_operational(o: Ops, s: State, i: Server, level: Level, b: Server, client_full: Truth) -> Effect:
    guard = o.no(s.listed(i))
    t = s.but(
        listed=s.listed.set(i, o.true),
        priority=s.priority.set(i, level),
        status=s.status.set(i, o.const(Status.OPERATIONAL)),
    )
    return Effect(guard, conclude(o, t, b, client_full, o.false))


def _added_keeps_its_place(o: Ops, s: State, i: Server, level: Level, b: Server, client_full: Truth) -> Effect:
    effect = administration.adds_server(o, s, i, level, b, client_full)
    return effect._replace(state=effect.state.but(added=s.added))


def _removal_ignored(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.removes_server(o, s, i, b, client_full, server_full)
    here = o.eq(s.selected, i)
    ignored = s.provided(o, o.eq(b, s.selected), here, o.no(client_full), o.no(server_full))
    t = ignored.but(listed=s.listed.set(i, o.false))
    return Effect(o.ite(here, s.listed(i), effect.guard), merge(o, here, t, effect.state))


def _removal_tells(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.removes_server(o, s, i, b, client_full, server_full)
    standby = o.all_of(o.ne(s.selected, i), o.eq(s.crq, Crq.OPEN))
    room, _ = effect.state.to_client.push(failover.event(o, Kind.FAILOVER))
    told = failover.tell_client(o, effect.state, Kind.FAILOVER, standby, o.false)
    return effect._replace(state=told.needing(effect.state.needs).provided(o, o.implies(standby, room)))


def _last_is_removed(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    guard = s.listed(i)
    t = s.but(listed=s.listed.set(i, o.false), status=s.status.set(i, o.const(Status.POWERED_OFF)))
    return Effect(guard, conclude(o, t, b, client_full, server_full))


misreading(
    "added_is_operational",
    "ADM-2",
    "ADM-2",
    "a server that is added is taken for OPERATIONAL",
    adds_server=_added_is_operational,
)
misreading(
    "added_keeps_its_place",
    "ADM-2",
    "ADM-2/list",
    "a server that is removed and added again is as old on the list as it was",
    adds_server=_added_keeps_its_place,
)
misreading(
    "removal_of_selected_ignored",
    "ADM-3",
    "ADM-3",
    "the selected server serves on after its removal",
    removes_server=_removal_ignored,
)
misreading(
    "removal_tells_everybody",
    "ADM-3",
    "INV-9",
    "removing a standby sends the client an event",
    removes_server=_removal_tells,
    instance="admin",
)
misreading(
    "last_server_removed", "ADM-3", "ADM-3/last", "the last server can be removed", removes_server=_last_is_removed
)

# --- policy --------------------------------------------------------------------------------------------------------


def _auto_keeps_pin(o: Ops, s: State, on: Truth, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    return Effect(o.true, conclude(o, s.but(auto=on), b, client_full, server_full, at_once=o.true))


def _priority_beats_pin(o: Ops, s: State) -> Truth:
    return o.all_of(s.auto, selection.outranked(o, s))


misreading("auto_keeps_pin", "ADM-5", "ADM-5", "writing auto leaves a pin", sets_auto=_auto_keeps_pin)
misreading(
    "priority_beats_pin",
    "ADM-6",
    "ADM-4",
    "priority takes the client back from an activated server",
    preempted=_priority_beats_pin,
)
misreading(
    "pin_outlives_selection",
    "ADM-6",
    "ADM-6",
    "a pin is remembered until it is written off",
    pin_after=lambda o, s, leaving: s.pin,
)

# --- activation ----------------------------------------------------------------------------------------------------


def _activation_not_pinned(o: Ops, s: State, i: Server, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.activates_server(o, s, i, client_full, server_full)
    return effect._replace(state=effect.state.but(pin=s.pin))


def _activation_restarts(o: Ops, s: State, i: Server, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.activates_server(o, s, i, client_full, server_full)
    again = o.all_of(o.eq(s.selected, i), s.connected(i))
    t = failover.switch_to(o, s, o.nobody, client_full, server_full)
    t = failover.connect(o, t.but(selected=i, pin=i))
    return Effect(o.any_of(again, effect.guard), merge(o, again, t, effect.state))


misreading(
    "activation_not_pinned",
    "ADM-6",
    "ADM-6/activation",
    "an activated server holds the client only until the next re-selection",
    activates_server=_activation_not_pinned,
)
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

# --- what else a write could do --------------------------------------------------------------------------------------


def _rank_moves_back(
    o: Ops, s: State, i: Server, level: Level, b: Server, client_full: Truth, server_full: Truth
) -> Effect:
    return administration.sets_priority(o, s.but(added=s.added.to_back(i)), i, level, b, client_full, server_full)


def _activation_ends_auto(o: Ops, s: State, i: Server, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.activates_server(o, s, i, client_full, server_full)
    return effect._replace(state=effect.state.but(auto=o.false))


def _silence_ends_pin(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    return monitoring.report_expires(o, s.but(pin=o.nobody), i, b, client_full, server_full)


def _selected_is_refused(o: Ops, s: State, i: Server) -> Effect:
    effect = administration.activation_refused(o, s, i)
    return effect._replace(guard=o.any_of(effect.guard, o.eq(s.selected, i)))


misreading(
    "priority_makes_latest",
    "ADM-4",
    "ADM-2/order",
    "a server whose priority is written comes after all others",
    sets_priority=_rank_moves_back,
)
misreading(
    "activation_ends_auto",
    "ADM-6",
    "ADM-5/auto",
    "activation holds by switching auto off",
    activates_server=_activation_ends_auto,
)
misreading(
    "silence_ends_pin",
    "ADM-6",
    "ADM-6/pin",
    "a server that falls silent ends the pin of another",
    report_expires=_silence_ends_pin,
)
misreading(
    "activating_the_selected_is_refused",
    "ADM-6",
    "ADM-6/target",
    "activating the server that is selected already is refused",
    activation_refused=_selected_is_refused,
)
