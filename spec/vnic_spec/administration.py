"""ADM: what an administrator does at the console."""

from __future__ import annotations

from vnic_spec.action import Actor, Effect, action
from vnic_spec.algebra import Level, Ops, Server, Truth
from vnic_spec.failover import conclude, switch_to
from vnic_spec.selection import eligible, only_fault_is_complaint
from vnic_spec.state import State
from vnic_spec.vocabulary import Status


@action(Actor.CONSOLE, "ADM-1", "ADM-2", "MON-6", environment=True)
def adds_server(o: Ops, s: State, i: Server, level: Level, b: Server, client_full: Truth) -> Effect:
    """The administrator adds server i with a priority, as the latest on the list.

    It is POWERED_OFF until its next report (MON-6), so it cannot preempt by being added.
    """
    guard = o.no(s.listed(i))
    t = s.but(
        listed=s.listed.set(i, o.true),
        priority=s.priority.set(i, level),
        added=s.added.to_back(i),
        status=s.status.set(i, o.const(Status.POWERED_OFF)),
    )
    t = conclude(o, t, b, client_full, o.false)
    return Effect(guard, t)


@action(Actor.CONSOLE, "ADM-3", "FOV-1", environment=True)
def removes_server(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    """The administrator removes server i, which is not the last one.

    Its CRQ half belongs to its partition and stays; what the hypervisor knew of it goes.
    """
    others = o.some(lambda j: o.all_of(s.listed(j), o.ne(j, i)))
    guard = o.all_of(s.listed(i), others)
    t = s.but(
        listed=s.listed.set(i, o.false),
        status=s.status.set(i, o.const(Status.POWERED_OFF)),
        complaint=s.complaint.set(i, o.false),
        overdue=s.overdue.set(i, o.false),
    )
    t = conclude(o, t, b, client_full, server_full)
    return Effect(guard, t)


@action(Actor.CONSOLE, "ADM-3", environment=True)
def removes_last_server(o: Ops, s: State, i: Server) -> Effect:
    """The administrator tries to remove the only server: refused, no effect."""
    others = o.some(lambda j: o.all_of(s.listed(j), o.ne(j, i)))
    guard = o.all_of(s.listed(i), o.no(others))
    return Effect(guard, s)


@action(Actor.CONSOLE, "ADM-4", "SEL-4", "FOV-1", environment=True)
def sets_priority(
    o: Ops, s: State, i: Server, level: Level, b: Server, client_full: Truth, server_full: Truth
) -> Effect:
    """The administrator changes the priority of server i; with auto on and no pin that re-selects at once."""
    guard = s.listed(i)
    t = s.but(priority=s.priority.set(i, level))
    t = conclude(o, t, b, client_full, server_full, at_once=o.true)
    return Effect(guard, t)


@action(Actor.CONSOLE, "ADM-5", "FOV-1", environment=True)
def sets_auto(o: Ops, s: State, on: Truth, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    """The administrator writes auto_priority_failover: any write ends a pin, writing on re-selects by priority."""
    guard = o.true
    t = s.but(auto=on, pin=o.nobody)
    t = conclude(o, t, b, client_full, server_full, at_once=o.true)
    return Effect(guard, t)


@action(Actor.CONSOLE, "ADM-6", "FOV-1", "MON-4", environment=True)
def activates_server(o: Ops, s: State, i: Server, client_full: Truth, server_full: Truth) -> Effect:
    """The administrator activates server i: it is selected and pinned.

    A complaint that is its only fault is cleared. With nobody selected this starts a standing selection.
    """
    guard = o.any_of(eligible(o, s, i), only_fault_is_complaint(o, s, i))
    t = s.but(complaint=s.complaint.set(i, o.false), standing=o.true)
    t = switch_to(o, t, i, client_full, server_full)
    return Effect(guard, t.but(pin=i))


@action(Actor.CONSOLE, "ADM-6", environment=True)
def activation_refused(o: Ops, s: State, i: Server) -> Effect:
    """The administrator tries to activate a server that could not serve: refused, no effect."""
    accepted = o.any_of(eligible(o, s, i), only_fault_is_complaint(o, s, i))
    guard = o.no(accepted)
    return Effect(guard, s)
