"""FOV: what a switch does, and what makes one."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import Reopen
from vnic_spec.properties.steps import REGISTERS, is_event, left, somebody, switched, switched_between
from vnic_spec.property import Step, step_property
from vnic_spec.selection import best
from vnic_spec.state import State
from vnic_spec.vocabulary import Kind, Owed
from vnic_spec.wire import Rc

_SENDS = ("server_sends_init", "server_reads_init", "server_sends_data", "h_send_crq_to_client")


def _caused_by_priority(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(switched(o, s, t, step), o.rules.eligible(o, t, s.selected))


@step_property(
    "FOV-1", "FOV-7", "FOV-8", "SEL-5", witness=("a healthy server is left for a better one", _caused_by_priority)
)
def switches_have_a_trigger(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A selected server is left only if it is no longer eligible (failure, complaint, removal), or by activation of another,
    or, with auto on and no pin on it, for a strictly better eligible one. Equals never preempt.
    Under reopen = reselect a registration may leave it too."""
    unpinned = o.any_of(o.eq(s.pin, o.nobody), step.by(o, "sets_auto"))
    preempted = o.all_of(
        t.auto,
        unpinned,
        somebody(o, t.selected),
        o.rules.eligible(o, t, t.selected),
        o.outranks(t.priority(t.selected), t.priority(s.selected)),
    )
    cause = o.any_of(
        o.no(o.rules.eligible(o, t, s.selected)),
        preempted,
        step.by(o, "activates_server", "client_crashes", "client_migrates"),
        o.all_of(o.eq(o.profile.reopen, Reopen.RESELECT), step.by(o, *REGISTERS)),
    )
    return o.implies(left(o, s, t), cause)


@step_property("FOV-2", "CRQ-4", witness=("the client is switched between connected servers", switched_between))
def old_server_is_cut_and_told(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server that is left is connected and granted nothing afterwards; if it had a session and is still registered, the last
    element of its queue is event 02."""
    old = s.selected
    cut = o.all_of(o.no(t.connected(old)), o.no(t.granted(old)))
    told = o.all_of(
        o.no(t.to_server(old).empty()),
        t.to_server(old).last(lambda e: o.one_of(e.kind, Kind.DEREGISTERED, Kind.FAILED)),
    )
    had_session = o.all_of(s.connected(old), t.registered(old))
    return o.implies(left(o, s, t), o.all_of(cut, o.implies(had_session, told)))


def _unsucceeded(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(switched(o, s, t, step), o.eq(t.selected, o.nobody))


@step_property("FOV-3", "FOV-6", "CRQ-7", witness=("the only server fails and nobody follows", _unsucceeded))
def switch_is_announced(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A switch puts an event last on the client's queue, or owes it one, successor or not."""
    announced = o.any_of(
        o.all_of(o.no(t.to_client.empty()), t.to_client.last(lambda e: is_event(o, e))),
        o.no(o.eq(t.owed, Owed.NOTHING)),
    )
    return o.implies(switched(o, s, t, step), announced)


@step_property("FOV-4", witness=("the client is switched between connected servers", switched_between))
def client_is_left_alone(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A switch leaves the client's CRQ registered, and changes nothing in the client."""
    same = o.all_of(o.eq(t.crq, s.crq), o.eq(t.phase, s.phase), o.iff(t.wish, s.wish))
    return o.implies(switched(o, s, t, step), same)


def _tie(o: Ops, s: State, t: State, step: Step) -> Truth:
    rival = o.some(
        lambda j: o.all_of(
            o.rules.eligible(o, t, j),
            o.no(o.eq(j, t.selected)),
            o.no(o.outranks(t.priority(t.selected), t.priority(j))),
        )
    )
    return o.all_of(o.no(o.eq(t.selected, s.selected)), somebody(o, t.selected), rival)


@step_property(
    "FOV-5",
    "SEL-4",
    "SEL-5",
    instance="ranking",
    witness=("one of two servers of equal priority is selected", _tie),
)
def successor_is_best(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A newly selected server is a best eligible one by priority and tie rule, unless an administrator named it."""
    chosen = o.all_of(o.no(o.eq(t.selected, s.selected)), somebody(o, t.selected), o.no(step.by(o, "activates_server")))
    return o.implies(chosen, best(o, t, t.selected))


def _zombie(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *_SENDS), o.no(s.connected(step["i"])), s.registered(step["i"]))


@step_property("FOV-10", "CRQ-3", actions=_SENDS, witness=("a fenced server sends INIT", _zombie))
def fenced_server_is_refused(o: Ops, s: State, t: State, step: Step) -> Truth:
    """What a server sends while it is not connected is answered H_CLOSED."""
    refused = o.eq(step.answer, Rc.H_CLOSED)
    return o.implies(o.no(s.connected(step["i"])), refused)


def _uses_old_grant(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.no(s.granted(step["i"])) if step.action == "server_uses_grant" else o.false


@step_property(
    "FOV-10/memory",
    "CRQ-12",
    "INV-7",
    actions=("server_uses_grant",),
    instance="data",
    witness=("a fenced server reaches for the client's memory", _uses_old_grant),
)
def fenced_server_cannot_reach(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server that is not connected cannot use a sub-CRQ handle or a DMA map of the client's."""
    return o.implies(o.no(s.connected(step["i"])), o.no(o.eq(step.answer, Rc.H_SUCCESS)))
