"""Misreadings of the requirements: each one replaces one decision or one action, and must be refuted.

For every property there is a mutation that violates it, so no property holds for want of an opponent; and the known naive
readings of the protocol are here under their names, each with the trace that speaks against it (``docs/decisions.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from vnic_spec import administration, failover, handshake, monitoring, selection, transport
from vnic_spec.action import Effect
from vnic_spec.algebra import Element, Ops, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.profile import ClientInit
from vnic_spec.rules import RULES, Rules
from vnic_spec.state import State, merge
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind, Status
from vnic_spec.wire import Rc


@dataclass(frozen=True)
class Mutation:
    """One misreading."""

    name: str
    requirement: str  #: the requirement that is misread
    refutes: str  #: the property that it must violate
    sentence: str
    rules: Rules = RULES
    effects: Mapping[str, Callable[..., Effect]] = field(default_factory=dict)  #: actions replaced
    instance: str = ""  #: where the violation is looked for, if not where the property's witness is
    servers: int = 2
    client_depth: int | None = None
    server_depth: int | None = None


MUTATIONS: dict[str, Mutation] = {}


def _mutation(mutation: Mutation) -> None:
    MUTATIONS[mutation.name] = mutation


def _rule(name: str, requirement: str, refutes: str, sentence: str, **more: object) -> None:
    """Register a mutation of rules; what is not a field of :class:`Mutation` names a rule."""
    own = {k: more.pop(k) for k in ("instance", "servers", "client_depth", "server_depth") if k in more}
    _mutation(Mutation(name, requirement, refutes, sentence, rules=replace(RULES, **more), **own))  # type: ignore[arg-type]


def _action(name: str, requirement: str, refutes: str, sentence: str, **more: object) -> None:
    """Register a mutation of actions."""
    own = {k: more.pop(k) for k in ("instance", "servers", "client_depth", "server_depth") if k in more}
    _mutation(Mutation(name, requirement, refutes, sentence, effects=more, **own))  # type: ignore[arg-type]


# --- events and fencing --------------------------------------------------------------------------------------------


def _no_fence(o: Ops, s: State, i: Term, when: Truth) -> State:
    t = failover.fence(o, s, i, when)
    return t.but(connected=s.connected)


def _grants_survive(o: Ops, s: State, i: Term, when: Truth) -> State:
    return failover.fence(o, s, i, when).but(granted=s.granted)


def _token_survives(o: Ops, s: State, i: Term, when: Truth) -> State:
    return failover.fence(o, s, i, when).but(token=s.token)


def _drop_event_on_full(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> tuple[Truth, State]:
    possible, t = failover.tell_client(o, s, kind, when, full)
    return possible, t.but(to_client=o.ite(full, s.to_client, t.to_client))


def _event_flushes_queue(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> tuple[Truth, State]:
    flushed = s.but(to_client=o.ite(o.all_of(when, full), s.to_client.clear(), s.to_client))
    _, t = failover.tell_client(o, flushed, kind, when, o.false)
    return failover.tell_client(o, s, kind, when, full)[0], t


def _silent_without_successor(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> tuple[Truth, State]:
    anybody = o.any_of(o.eq(o.const(kind), Kind.MIGRATED), o.some(lambda j: selection.eligible(o, s, j)))
    return failover.tell_client(o, s, kind, o.all_of(when, anybody), full)


def _failover_disables(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> tuple[Truth, State]:
    possible, t = failover.tell_client(o, s, kind, when, full)
    return possible, t.but(crq=o.ite(when, o.const(Crq.DISABLED), t.crq))


def _old_server_not_told(o: Ops, s: State, i: Term, kind: Kind, when: Truth, full: Truth) -> tuple[Truth, State]:
    return failover.tell_server(o, s, i, kind, o.false, full)


def _no_hold(o: Ops, s: State, j: Term) -> Truth:
    return failover.connects(o, s.but(held=s.held.set(j, o.false)), j)


_rule("no_fence", "FOV-2", "INV-1", "the old server is told to stop but not cut off", fence=_no_fence)
_rule(
    "drop_event_on_full",
    "CRQ-7",
    "INV-2",
    "an event that meets a full queue is dropped, as H_DROPPED would drop an element",
    tell_client=_drop_event_on_full,
)
_rule(
    "event_flushes_queue",
    "CRQ-7",
    "CRQ-5",
    "an event that meets a full queue empties it first",
    tell_client=_event_flushes_queue,
)
_rule("grants_survive", "CRQ-12", "INV-7", "handles and DMA maps outlive the session", fence=_grants_survive)
_rule(
    "silent_without_successor",
    "FOV-6",
    "FOV-3",
    "with nobody to take over there is nothing to tell the client",
    tell_client=_silent_without_successor,
)
_rule(
    "failover_disables", "FOV-4", "FOV-4", "event 08 disables the CRQ as event 06 does", tell_client=_failover_disables
)
_rule(
    "old_server_not_told", "FOV-2", "FOV-2", "the old server is cut off but not told", tell_server=_old_server_not_told
)
_rule(
    "fenced_send_accepted",
    "FOV-10",
    "FOV-10",
    "whoever is registered and believes itself active is let through",
    accepts=lambda o, s, i: s.registered(i),
)
_rule(
    "no_hold",
    "CRQ-13",
    "CLI-4",
    "a client that registers again is connected although its server has not read of its leaving",
    connects=_no_hold,
    server_depth=3,
)
_rule(
    "no_hold_login",
    "CRQ-13",
    "INV-8",
    "the same, until the client takes the answer to an old LOGIN for its own",
    connects=_no_hold,
    server_depth=5,
    servers=1,
)
_rule(
    "no_hold_connects",
    "CRQ-13",
    "CRQ-13",
    "the same, seen from the hypervisor",
    connects=_no_hold,
)
_rule(
    "failover_overlays_migrated",
    "CRQ-7",
    "CRQ-8",
    "event 08 overlays an unread event 06 on a full queue",
    overlaid=lambda o, last, kind: o.const(kind),
)


def _uses_grant(o: Ops, s: State, i: Term) -> Effect:
    effect = handshake.server_uses_grant(o, s, i)
    return Effect(effect.guard, effect.state, o.const(Rc.H_SUCCESS))


_action(
    "grant_is_belief",
    "FOV-10",
    "FOV-10/memory",
    "whoever believes to hold a grant may use it",
    server_uses_grant=_uses_grant,
)


# --- selection -----------------------------------------------------------------------------------------------------


def _closed_is_frozen(o: Ops, s: State, b: Term, at_once: Truth) -> Truth:
    frozen = o.all_of(o.eq(s.crq, Crq.CLOSED), o.no(o.eq(s.selected, o.nobody)))
    return o.ite(frozen, o.eq(b, s.selected), selection.choice(o, s, b, at_once))


def _fills_only_when_open(o: Ops, s: State, b: Term, at_once: Truth) -> Truth:
    shut = o.all_of(o.eq(s.crq, Crq.CLOSED), s.standing, o.eq(s.selected, o.nobody))
    return o.ite(shut, o.eq(b, o.nobody), selection.choice(o, s, b, at_once))


def _waits_for_auto(o: Ops, s: State, b: Term, at_once: Truth) -> Truth:
    waits = o.all_of(s.standing, o.eq(s.selected, o.nobody), o.no(s.auto))
    return o.ite(waits, o.eq(b, o.nobody), selection.choice(o, s, b, at_once))


def _fills_before_open(o: Ops, s: State, b: Term, at_once: Truth) -> Truth:
    return selection.choice(o, s.but(standing=o.true), b, at_once)


def _tie_preempts(o: Ops, s: State) -> Truth:
    rival = o.some(
        lambda j: o.all_of(
            o.rules.eligible(o, s, j),
            o.no(o.eq(j, s.selected)),
            o.rules.beats(o, s, j, s.selected),
        )
    )
    return o.all_of(s.auto, o.eq(s.pin, o.nobody), rival)


def _last_resort_single(o: Ops, s: State) -> State:
    t = selection.last_resort(o, s)
    several = o.some(
        lambda i: o.some(
            lambda j: o.all_of(
                o.no(o.eq(i, j)),
                selection.only_fault_is_complaint(o, s, i),
                selection.only_fault_is_complaint(o, s, j),
            )
        )
    )
    return s.but(complaint=o.ite(several, s.complaint, t.complaint))


_rule(
    "closed_is_frozen",
    "SEL-8",
    "INV-3",
    "between free and register the client needs no server, so a crash of the selected one is not looked at",
    choice=_closed_is_frozen,
)
_rule(
    "fills_only_when_open",
    "SEL-8",
    "SEL-8",
    "while the CRQ is closed an empty selection stays empty",
    choice=_fills_only_when_open,
)
_rule(
    "waits_for_auto",
    "SEL-6",
    "INV-5",
    "with auto off nobody is connected by himself, not even to a client that has nobody",
    choice=_waits_for_auto,
    instance="selection",
)
_rule(
    "fills_before_open",
    "SEL-2",
    "SEL-2",
    "SEL-8 to the letter: the selection is filled before the client has ever opened its CRQ",
    choice=_fills_before_open,
)
_rule(
    "never_preempts",
    "SEL-4",
    "INV-4",
    "a better server waits for the selected one to fail",
    preempted=lambda o, s: o.false,
)
_rule(
    "tie_preempts",
    "SEL-5",
    "FOV-1",
    "an equal that the tie rule prefers preempts",
    preempted=_tie_preempts,
    instance="selection",
)
_rule(
    "tie_reversed",
    "SEL-5",
    "FOV-5",
    "of two equals the one added last wins",
    beats=lambda o, s, j, i: selection.beats(o, s.but(added=_Reversed(s.added)), j, i),
)
_rule(
    "last_resort_single",
    "MON-5",
    "MON-5",
    "the last server is spared its complaint; with two complained about there is no last one",
    last_resort=_last_resort_single,
    servers=3,
)
_rule(
    "reselect_at_open",
    "SEL-7",
    "SEL-7",
    "every registration selects afresh, pin or no pin",
    reopened=lambda o, s: o.nobody,
)
_rule(
    "pin_outlives_selection",
    "ADM-6",
    "ADM-6",
    "a pin is remembered until it is written off",
    pin_after=lambda o, s, leaving: s.pin,
)


class _Reversed:
    """An order read backwards."""

    def __init__(self, order: Callable[[Term, Term], Truth]) -> None:
        self.order = order

    def __call__(self, earlier: Term, later: Term, /) -> Truth:
        return self.order(later, earlier)


def _crash_keeps_selection(o: Ops, s: State, server_full: Truth) -> Effect:
    effect = transport.client_crashes(o, s, server_full)
    t = effect.state.but(selected=s.selected, pin=s.pin)
    return Effect(effect.guard, t)


_action(
    "selection_survives_power_off",
    "SEL-7",
    "SEL-7/ends",
    "the selection outlives the client's partition",
    client_crashes=_crash_keeps_selection,
)


# --- monitoring ----------------------------------------------------------------------------------------------------


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


_action(
    "free_unnoticed",
    "MON-3",
    "MON-3",
    "a server that frees its CRQ keeps its last status",
    server_frees=_free_unnoticed,
    instance="interface",
)
_action(
    "any_report_clears",
    "MON-4",
    "MON-4",
    "any report of OPERATIONAL clears a complaint",
    server_reports=_any_report_clears,
)
_action(
    "registering_is_operational",
    "MON-6",
    "MON-6",
    "a server that registers its CRQ is taken for OPERATIONAL",
    server_registers=_registering_is_operational,
)
_rule(
    "overdue_may_serve",
    "CRQ-13",
    "CRQ-13/limit",
    "hold_limit has no consequence",
    eligible=lambda o, s, i: selection.eligible(o, s.but(overdue=s.overdue.set(i, o.false)), i),
)


# --- administration ------------------------------------------------------------------------------------------------


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


_action(
    "added_is_operational",
    "ADM-2",
    "ADM-2",
    "a server that is added is taken for OPERATIONAL",
    adds_server=_added_is_operational,
)
_action(
    "removal_of_selected_ignored",
    "ADM-3",
    "ADM-3",
    "the selected server serves on after its removal",
    removes_server=_removal_ignored,
)
_rule(
    "priority_beats_pin",
    "ADM-6",
    "ADM-4",
    "priority takes the client back from an activated server",
    preempted=_priority_beats_pin,
)
_action("auto_keeps_pin", "ADM-5", "ADM-5", "writing auto leaves a pin", sets_auto=_auto_keeps_pin)
_action(
    "activation_not_pinned",
    "ADM-6",
    "ADM-6/activation",
    "an activated server holds the client only until the next re-selection",
    activates_server=_activation_not_pinned,
)
_action(
    "removal_tells_everybody",
    "ADM-3",
    "INV-9",
    "removing a standby sends the client an event",
    removes_server=_removal_tells,
    instance="admin",
)


# --- complaints ----------------------------------------------------------------------------------------------------


def _late_complaint_counts(o: Ops, s: State) -> State:
    return s.but(complaint=s.complaint.update(s.selected, lambda _: o.true))


_rule("token_survives", "SES-1", "SES-1", "a token outlives its session", fence=_token_survives)
_rule(
    "token_survives_session",
    "SES-1",
    "SES-1/once",
    "the same, seen at the step that ends the session",
    fence=_token_survives,
)
_rule(
    "late_complaint_counts",
    "SES-2",
    "SES-2",
    "a complaint with an old token hits whoever is selected now",
    late_complaint=_late_complaint_counts,
)
_rule("complaint_forgotten", "SES-3", "SES-3", "a complaint switches but is not remembered", complain=lambda o, s: s)


# --- transport -----------------------------------------------------------------------------------------------------


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
    _, queue = s.to_client.push(Element(o.const(Kind.INIT_COMPLETE), effect.state.selected, o.false))
    kept = o.all_of(s.standing, o.no(o.eq(effect.state.selected, o.nobody)))
    return Effect(effect.guard, effect.state.but(to_client=o.ite(kept, queue, effect.state.to_client)), effect.answer)


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


_action(
    "free_keeps_queue",
    "CRQ-9",
    "INV-6",
    "freeing the CRQ leaves its elements for the next registration",
    client_frees=_free_keeps_queue,
)
_action(
    "registration_always_success",
    "CRQ-2",
    "CRQ-2",
    "H_REG_CRQ answers H_SUCCESS, partner or not",
    client_registers=_answers_success,
)
_action(
    "standby_free_tells", "CRQ-4", "CRQ-4", "every deregistration is told to the client", server_frees=_standby_tells
)
_action(
    "stale_elements_kept",
    "CRQ-9",
    "CRQ-9",
    "an element of the earlier registration is found by the next",
    client_registers=_stale_elements,
)
_action(
    "drop_is_success",
    "CRQ-5",
    "CRQ-5/told",
    "a send that meets a full queue is answered H_SUCCESS",
    server_sends_init=_drops_silently,
)
_action(
    "event_from_server",
    "CRQ-6",
    "CRQ-6",
    "a server may send an element with the header of an event",
    h_send_crq_to_client=_sends_events,
)
_action(
    "dropped_before_closed",
    "CRQ-3",
    "CRQ-3",
    "a send without a partner is answered H_DROPPED",
    client_sends_init=_dropped_before_closed,
)
_action(
    "free_tells_nobody",
    "CRQ-4",
    "CRQ-4/client",
    "the server is not told that the client freed its CRQ",
    client_frees=_free_tells_nobody,
)
_action(
    "migration_is_a_switch",
    "CRQ-8",
    "CRQ-8/session",
    "a migration puts event 08 as well",
    client_migrates=_migration_switches,
)


# --- dialogue ------------------------------------------------------------------------------------------------------


def _loses_wish(o: Ops, s: State) -> Effect:
    effect = handshake.client_reads_failover(o, s)
    return Effect(effect.guard, effect.state.but(wish=o.false))


def _waits_after_02(o: Ops, s: State, i: Term) -> Term:
    active = o.no(o.eq(s.belief(i), Belief.STANDBY))
    return o.ite(active, o.const(Belief.OPEN), o.const(Belief.STANDBY))


def _waits_after_06(o: Ops, s: State) -> Effect:
    effect = handshake.client_reads_migrated(o, s)
    return Effect(effect.guard, effect.state.but(phase=o.const(ClientPhase.WAITING)))


def _polls_freely(o: Ops, s: State, i: Term) -> Effect:
    effect = handshake.server_polls(o, s, i)
    ready = o.all_of(transport.awake(o, s, i), s.registered(i), o.eq(s.belief(i), Belief.STANDBY))
    return Effect(o.all_of(ready, o.eq(s.selected, i)), effect.state, effect.answer)


_rule(
    "server_waits_after_02",
    "SRV-1",
    "LIV-3/speaker",
    "a server that reads event 02 waits for the INIT of a client that waits for its INIT",
    after_event=_waits_after_02,
)
_rule(
    "client_always_waits_after_08",
    "CLI-1",
    "LIV-3/speaker",
    "event 08 makes the client wait for INIT even if the new server has already answered an INIT of its own",
    after_failover=lambda o, s: o.const(ClientPhase.WAITING),
)
_rule(
    "client_answers_crossing_init",
    "CLI-2",
    "LIV-3/speaker",
    "profile answer: an INIT is answered on the CRQ at hand even with one of the client's own outstanding",
    answers_init=lambda o, s: o.eq(o.profile.client_init, ClientInit.ANSWER),
    instance="answer",
)
_rule(
    "client_waits_after_08_with_login_sent",
    "CLI-1",
    "CLI-4",
    "profile answer: event 08 makes the client wait for INIT even with a LOGIN outstanding that has gone to the new server",
    after_failover=lambda o, s: o.ite(
        o.eq(s.phase, ClientPhase.INIT_SENT), o.const(ClientPhase.RECOVERING), o.const(ClientPhase.WAITING)
    ),
    instance="answer",
)
_rule(
    "client_answers_every_init",
    "CLI-2",
    "CLI-2",
    "the client answers a new server's INIT on the CRQ that the old one knew",
    answers_init=lambda o, s: o.true,
)
_action(
    "migration_is_waited_for",
    "CLI-3",
    "CLI-3",
    "event 06 is taken for an event 08",
    client_reads_migrated=_waits_after_06,
)
_rule(
    "client_resets_on_08",
    "CLI-1",
    "CLI-1",
    "the client takes event 08 for the sign that a server is ready and registers again at once",
    after_failover=lambda o, s: o.const(ClientPhase.RECOVERING),
)
_action("wish_is_lost", "CLI-6", "CLI-6", "a failover closes the device", client_reads_failover=_loses_wish)
_action(
    "active_means_selected",
    "MON-7",
    "MON-7",
    "a server that is selected but held is told that it is active",
    server_polls=_polls_freely,
)
