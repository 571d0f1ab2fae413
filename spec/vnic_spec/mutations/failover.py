"""Misreadings of FOV: fencing, announcing, what is let through."""

from __future__ import annotations

from vnic_spec import administration, dialogue, failover, selection
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.mutation import misreading
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind
from vnic_spec.wire import Rc


def _no_fence(o: Ops, s: State, i: Server, when: Truth) -> State:
    t = failover.fence.as_written(o, s, i, when)
    return t.but(connected=s.connected)


def _old_server_not_told(o: Ops, s: State, i: Server, kind: Kind, when: Truth, full: Truth) -> State:
    return failover.tell_server.as_written(o, s, i, kind, o.false, full)


def _always_told(o: Ops, s: State, on: Truth, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.sets_auto(o, s, on, b, client_full, server_full)
    t, old = effect.state, s.selected
    leaving = o.all_of(o.ne(old, o.nobody), o.ne(b, old))
    silent = o.all_of(leaving, o.no(s.connected(old)), s.registered(old))
    event = failover.event(o, Kind.DEREGISTERED)
    room, _ = t.to_server(old).push(event)
    put = t.to_server.update(old, lambda queue: o.ite(silent, queue.push(event)[1], queue))
    return effect._replace(state=t.provided(o, o.implies(silent, room)).but(to_server=put))


def _silent_without_successor(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> State:
    anybody = o.any_of(o.eq(o.const(kind), Kind.MIGRATED), o.some(lambda j: selection.eligible(o, s, j)))
    return failover.tell_client.as_written(o, s, kind, o.all_of(when, anybody), full)


def _failover_disables(o: Ops, s: State, kind: Kind, when: Truth, full: Truth) -> State:
    t = failover.tell_client.as_written(o, s, kind, when, full)
    return t.but(crq=o.ite(when, o.const(Crq.DISABLED), t.crq))


def _uses_grant(o: Ops, s: State, i: Server) -> Effect:
    return dialogue.server_uses_grant(o, s, i)._replace(answer=o.const(Rc.H_SUCCESS))


def _speaks_while_hung(o: Ops, s: State, i: Server, full: Truth) -> Effect:
    return dialogue.server_sends_init(o, s.but(hung=s.hung.set(i, o.false)), i, full)


misreading("no_fence", "FOV-2", "INV-1", "the old server is told to stop but not cut off", fence=_no_fence)
misreading(
    "old_server_not_told", "FOV-2", "FOV-2", "the old server is cut off but not told", tell_server=_old_server_not_told
)
misreading(
    "always_told",
    "FOV-2",
    "CRQ-4/server",
    "a server that is left is told, whether it had a session or not",
    sets_auto=_always_told,
)
misreading(
    "failover_disables", "FOV-4", "FOV-4", "event 08 disables the CRQ as event 06 does", tell_client=_failover_disables
)
misreading(
    "silent_without_successor",
    "FOV-6",
    "FOV-3",
    "with nobody to take over there is nothing to tell the client",
    tell_client=_silent_without_successor,
)
misreading(
    "fenced_send_accepted",
    "FOV-10",
    "FOV-10",
    "whoever is registered and believes itself active is let through",
    accepts=lambda o, s, i: s.registered(i),
)
misreading(
    "grant_is_belief",
    "FOV-10",
    "FOV-10/memory",
    "whoever believes to hold a grant may use it",
    server_uses_grant=_uses_grant,
)
misreading(
    "hung_server_speaks",
    "FOV-10",
    "FOV-10/hung",
    "a server that hangs goes on sending INIT",
    server_sends_init=_speaks_while_hung,
)

misreading(
    "damping_ignored",
    "FOV-1",
    "FOV-7/damped",
    "profile preempt_delay: a better server takes the client at once",
    choice=lambda o, s, b, at_once: selection.choice.as_written(o, s, b, o.true),
)
