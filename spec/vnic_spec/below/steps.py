"""The steps of a call, each by the rules of the machine itself.

A step is a function ``(o, s, call, frame)`` over the algebra: it answers the guard, the memory after it and what the CPU
remembers. The cause of a call, what it does before anybody is selected, is the action of the machine in a reading in which
``conclude`` does nothing (:data:`CAUSE_ONLY`): no behaviour is stated twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Queue, Server, Term, Truth
from vnic_spec.below.fine_step import STEPS, Call, Frame, Part, Taken, Wait, fine_step
from vnic_spec.catalogue import ACTIONS
from vnic_spec.failover import Parting, connect, event, fence, parting, select, tell_client, tell_server
from vnic_spec.rule import Replacements
from vnic_spec.selection import choice, last_resort
from vnic_spec.state import State
from vnic_spec.transport import send_to_client, send_to_server
from vnic_spec.vocabulary import Kind
from vnic_spec.wire import Rc

__all__ = ["CAUSE_ONLY", "STEPS", "cause", "fresh"]


def fresh(o: Ops) -> Frame:
    """What a CPU remembers when a call arrives."""
    nothing = Parting(o.nobody, o.false, o.false, o.false)
    return Frame(o.false, o.nobody, o.nobody, nothing, o.false, None)


def _nothing_concluded(
    o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth, at_once: Truth | None = None
) -> State:
    return s


#: The reading in which an action of the machine is its cause alone.
CAUSE_ONLY: Replacements = {"conclude": _nothing_concluded}


def cause(o: Ops, s: State, call: Call) -> Effect:
    """What the call does before anybody is selected; ``o`` is the reading of :data:`CAUSE_ONLY`."""
    left_open: Mapping[str, Any] = {"b": o.nobody, "full": o.false, "client_full": o.false, "server_full": o.false}
    action = ACTIONS[call.action]
    return action.effect(o, s, *call.arguments(action, left_open))


# --- sends ---------------------------------------------------------------------------------------------------------


def _sent(o: Ops, s: State, call: Call, full: Truth) -> tuple[State, Term[Rc]]:
    """The send as the machine carries it out."""
    given = call.given
    send: Mapping[str, Callable[[], Any]] = {
        "h_send_crq_to_client": lambda: send_to_client(o, s, given["i"], given["to_client_kind"], o.false, full),
        "h_send_crq_to_server": lambda: send_to_server(o, s, given["to_server_kind"], full),
    }
    t, _, answer = send[call.action]()
    return t, answer


def _partner(s: State, call: Call) -> Server:
    """The server that an element goes to or comes from."""
    given: Server = call.given.get("i", s.selected)
    return given


def _queue(s: State, call: Call, partner: Server) -> Queue:
    """Where the element is to be stored."""
    queues: Mapping[str, Queue] = {"h_send_crq_to_client": s.to_client, "h_send_crq_to_server": s.to_server(partner)}
    return queues[call.action]


@fine_step("CRQ-3", "FOV-10", wait=Wait.LOCK_TO_REFUSE)
def check(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Look whether the send is let through; refuse it if not."""
    _, answer = _sent(o, s, call, o.false)
    passed = o.ne(answer, Rc.H_CLOSED)
    refused = f._replace(partner=_partner(s, call), passed=passed, done=o.no(passed), answer=o.const(Rc.H_CLOSED))
    return Taken(o.true, s, refused)


@fine_step("CRQ-3", "FOV-10")
def glance(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Look whether the send is let through; refuse it if not, even while a switch is under way."""
    return check(o, s, call, f)


@fine_step("CRQ-5", "CRQ-10", part=Part.PASSED)
def store(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Store the element of a send that has been let through, or find no room for it."""
    i = f.partner
    room, _ = _queue(s, call, i).push(event(o, Kind.FAILOVER))
    let_through = s.but(selected=i, connected=s.connected.set(i, o.true))
    t, answer = _sent(o, let_through, call, o.no(room))
    return Taken(o.true, t.but(selected=s.selected, connected=s.connected), f._replace(done=o.true, answer=answer))


@fine_step("FOV-2", part=Part.PASSED)
def leave(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Say that the send has left: a fence need not wait for it any more."""
    return Taken(o.true, s, f._replace(passed=o.false))


# --- calls under the lock ------------------------------------------------------------------------------------------


@fine_step("FOV-2", wait=Wait.LOCK)
def lock(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Take the lock of the vNIC."""
    return Taken(o.true, s, f)


@fine_step("FOV-5", "SEL-2", "MON-5")
def choose(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Decide who is selected once what the call reports is written; the guard leaves what the policy allows."""
    t = last_resort(o, cause(o, s, call).state)
    return Taken(choice(o, t, f.chosen, o.false), s, f)


@fine_step("MON-1", "MON-2", "MON-5", "FOV-1")
def write(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Write what the call reports; from here on it is settled who is left."""
    effect = cause(o, s, call)
    return Taken(effect.guard, last_resort(o, effect.state), f._replace(parting=parting(o, s, f.chosen)))


@fine_step("FOV-2", "FOV-10", part=Part.LEAVING)
def cut(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Fence the old server: nobody is let through to it or from it any more."""
    return Taken(o.true, fence(o, s, f.parting.old, f.parting.leaving), f)


@fine_step("FOV-2", wait=Wait.DRAINED, part=Part.LEAVING)
def drain(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Wait until the last send that was let through before has left: the fence is complete."""
    return Taken(o.true, s, f)


@fine_step("FOV-2", "FOV-3", "CRQ-7")
def announce(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Tell the client that it is switched; if it is not, the call takes effect here in silence."""
    room, _ = s.to_client.push(event(o, Kind.FAILOVER))
    t = tell_client(o, s, Kind.FAILOVER, f.parting.switch, o.all_of(f.parting.switch, o.no(room)))
    return Taken(o.all_of(*t.needs), t.needing(()), f._replace(done=o.true, answer=cause(o, s, call).answer))


@fine_step("FOV-2", "CRQ-7", "CRQ-13", part=Part.LEAVING)
def notify(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Tell the old server that its session is over."""
    old = f.parting.old
    room, _ = s.to_server(old).push(event(o, Kind.DEREGISTERED))
    t = tell_server(o, s, old, Kind.DEREGISTERED, f.parting.told, o.all_of(f.parting.told, o.no(room)))
    return Taken(o.all_of(*t.needs), t.needing(()), f)


@fine_step("FOV-5", "SEL-1")
def install(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Write who is selected."""
    return Taken(o.true, select(o, s, f.chosen, f.parting), f)


@fine_step("FOV-2", "CRQ-13")
def join(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Connect the selected server, if nothing holds it."""
    return Taken(o.true, connect(o, s), f)


@fine_step("CRQ-5", "CRQ-13")
def clear(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """See that the server has read its first element; an event that is read ends a hold."""
    effect = cause(o, s, call)
    return Taken(effect.guard, effect.state, f._replace(done=o.true))


@fine_step("FOV-2")
def unlock(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Give the lock back."""
    return Taken(o.true, s, f)


@fine_step("CRQ-3")
def answer(o: Ops, s: State, call: Call, f: Frame) -> Taken:
    """Return to the caller."""
    return Taken(f.done, s, f)
