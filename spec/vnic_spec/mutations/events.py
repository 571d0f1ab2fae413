"""Misreadings of FOV and CRQ-7, CRQ-13: events, fencing, what is let through."""

from __future__ import annotations

from vnic_spec import failover, handshake, selection
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.mutation import misreading
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind
from vnic_spec.wire import Rc


def _no_fence(o: Ops, s: State, i: Term, when: Truth) -> State:
    t = failover.fence(o, s, i, when)
    return t.but(connected=s.connected)


def _grants_survive(o: Ops, s: State, i: Term, when: Truth) -> State:
    return failover.fence(o, s, i, when).but(granted=s.granted)


def _drop_event_on_full(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> tuple[Truth, State]:
    possible, t = failover.tell_client(o, s, kind, when, full)
    return possible, t.but(to_client=o.ite(full, s.to_client, t.to_client))


def _event_flushes_queue(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> tuple[Truth, State]:
    flushed = s.but(to_client=o.ite(o.all_of(when, full), s.to_client.clear(), s.to_client))
    room, t = failover.tell_client(o, flushed, kind, when, o.false)
    return o.all_of(failover.tell_client(o, s, kind, when, full)[0], room), t


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


misreading("no_fence", "FOV-2", "INV-1", "the old server is told to stop but not cut off", fence=_no_fence)
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
misreading("grants_survive", "CRQ-12", "INV-7", "handles and DMA maps outlive the session", fence=_grants_survive)
misreading(
    "silent_without_successor",
    "FOV-6",
    "FOV-3",
    "with nobody to take over there is nothing to tell the client",
    tell_client=_silent_without_successor,
)
misreading(
    "failover_disables", "FOV-4", "FOV-4", "event 08 disables the CRQ as event 06 does", tell_client=_failover_disables
)
misreading(
    "old_server_not_told", "FOV-2", "FOV-2", "the old server is cut off but not told", tell_server=_old_server_not_told
)
misreading(
    "fenced_send_accepted",
    "FOV-10",
    "FOV-10",
    "whoever is registered and believes itself active is let through",
    accepts=lambda o, s, i: s.registered(i),
)
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
    "failover_overlays_migrated",
    "CRQ-7",
    "CRQ-8",
    "event 08 overlays an unread event 06 on a full queue",
    overlaid=lambda o, last, kind: o.const(kind),
)


def _uses_grant(o: Ops, s: State, i: Term) -> Effect:
    effect = handshake.server_uses_grant(o, s, i)
    return Effect(effect.guard, effect.state, o.const(Rc.H_SUCCESS))


misreading(
    "grant_is_belief",
    "FOV-10",
    "FOV-10/memory",
    "whoever believes to hold a grant may use it",
    server_uses_grant=_uses_grant,
)
