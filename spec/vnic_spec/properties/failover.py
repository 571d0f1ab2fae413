"""FOV: what a switch does, what makes one, and what a server can do that is not connected."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import Reopen
from vnic_spec.properties.steps import CLIENT_TAKES, REGISTERS, is_event, left, somebody, switched, switched_between
from vnic_spec.properties.terms import awake, best, eligible
from vnic_spec.property import Step, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind, Owed
from vnic_spec.wire import Rc

_SENDS = ("server_sends_init", "server_reads_init", "server_sends_data", "h_send_crq_to_client")


def _caused_by_priority(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(switched(o, s, t, step), eligible(o, t, s.selected))


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
        eligible(o, t, t.selected),
        o.outranks(t.priority(t.selected), t.priority(s.selected)),
    )
    cause = o.any_of(
        o.no(eligible(o, t, s.selected)),
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
        o.ne(t.owed, Owed.NOTHING),
    )
    return o.implies(switched(o, s, t, step), announced)


@step_property("FOV-3/only", "FOV-8", witness=("the client is switched between connected servers", switched_between))
def only_a_switch_is_announced(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Event 08 is put on the client's queue, or owed to it, only by a switch."""
    if step.action in CLIENT_TAKES:
        return o.true  # what is put in the room that this makes was owed before
    same = o.all_of(t.to_client.begins_with(s.to_client, o.false), s.to_client.begins_with(t.to_client, o.false))
    last = o.all_of(o.no(t.to_client.empty()), t.to_client.last(lambda e: o.eq(e.kind, Kind.FAILOVER)))
    owed = o.all_of(o.eq(t.owed, Owed.FAILOVER), o.ne(s.owed, Owed.FAILOVER))
    return o.implies(o.any_of(o.all_of(last, o.no(same)), owed), switched(o, s, t, step))


@step_property("FOV-4", witness=("the client is switched between connected servers", switched_between))
def client_is_left_alone(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A switch leaves the client's CRQ registered, and changes nothing in the client."""
    same = o.all_of(o.eq(t.crq, s.crq), o.eq(t.phase, s.phase), o.iff(t.wish, s.wish))
    return o.implies(switched(o, s, t, step), same)


def _tie(o: Ops, s: State, t: State, step: Step) -> Truth:
    rival = o.some(
        lambda j: o.all_of(
            eligible(o, t, j),
            o.ne(j, t.selected),
            o.no(o.outranks(t.priority(t.selected), t.priority(j))),
        )
    )
    return o.all_of(o.ne(t.selected, s.selected), somebody(o, t.selected), rival)


@step_property(
    "FOV-5",
    "SEL-4",
    "SEL-5",
    instance="ranking",
    witness=("one of two servers of equal priority is selected", _tie),
)
def successor_is_best(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A newly selected server is a best eligible one by priority and tie rule, unless an administrator named it."""
    chosen = o.all_of(o.ne(t.selected, s.selected), somebody(o, t.selected), o.no(step.by(o, "activates_server")))
    return o.implies(chosen, best(o, t, t.selected))


def _activates_in_session(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action != "activates_server":
        return o.false
    return o.all_of(o.eq(s.selected, step["i"]), s.connected(step["i"]))


@step_property(
    "FOV-7/session",
    "SES-1",
    "ADM-6",
    instance="admin",
    witness=("an administrator activates the server that serves already", _activates_in_session),
)
def session_lasts_while_its_server_is_selected(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A session lasts while its server stays selected and the client's CRQ registered: no step ends it and begins another."""
    stays = o.all_of(o.eq(s.crq, Crq.OPEN), o.eq(t.crq, Crq.OPEN))
    return o.every(lambda i: o.implies(o.all_of(stays, s.connected(i), o.eq(t.selected, i)), t.connected(i)))


@step_property(
    "FOV-7/delay",
    "FOV-1",
    "MON-5",
    actions=("delay_ends",),
    instance="damped",
    witness=("the delay of a preemption ends", lambda o, s, t, step: step.by(o, "delay_ends")),
)
def delay_ends_in_preemption(o: Ops, s: State, t: State, step: Step) -> Truth:
    """When the delay of a preemption ends, the client goes from a healthy server to a strictly better one."""
    better = o.all_of(somebody(o, t.selected), o.outranks(t.priority(t.selected), t.priority(s.selected)))
    return o.all_of(somebody(o, s.selected), better, eligible(o, t, s.selected))


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
    """A server that is not connected cannot use a sub-CRQ handle or a DMA map of the client's. One that holds grants of the
    running session can, and any other is answered H_PARAMETER."""
    i = step["i"]
    right = o.ite(s.granted(i), o.eq(step.answer, Rc.H_SUCCESS), o.eq(step.answer, Rc.H_PARAMETER))
    return o.all_of(right, o.implies(o.no(s.connected(i)), o.ne(step.answer, Rc.H_SUCCESS)))


#: What a server does itself.
_OWN = (
    "server_registers",
    "server_frees",
    "server_registers_again",
    "server_frees_idle",
    "h_send_crq_to_client",
    "server_consumes",
    "server_reports",
    "server_reports_unlisted",
    "server_polls",
    "server_sends_init",
    "server_reads_init",
    "server_reads_init_complete",
    "server_reads_login",
    "server_refuses_login",
    "server_reads_data",
    "server_reads_event",
    "server_sends_data",
    "server_uses_grant",
)


@step_property(
    "FOV-10/hung",
    actions=_OWN,
    witness=(
        "a server speaks that hung when it was left",
        lambda o, s, t, step: o.all_of(
            step.by(o, "server_sends_init"), o.no(s.connected(step["i"])), s.held(step["i"])
        ),
    ),
)
def only_the_awake_act(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server whose partition is off, or that hangs, does nothing."""
    return awake(o, s, step["i"])
