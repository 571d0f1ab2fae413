"""CRQ: what the client's half, the queues, holds, grants and what is owed may become in a step, and nothing else."""

from __future__ import annotations

from vnic_spec.algebra import Element, Ops, Queue, Server, Truth
from vnic_spec.comparison import same_queue, unchanged
from vnic_spec.profile import ComplaintOrder, Crossing, EventFull
from vnic_spec.properties.steps import (
    CLIENT_SENDS,
    CLIENT_TAKES,
    ENABLES,
    FREES,
    HALF_OF_A_SERVER,
    REGISTERS,
    SERVER_SENDS,
    SERVER_TAKES,
    TAKES_IF_ANSWERED,
    grown,
    kind_sent,
    switched,
    told,
)
from vnic_spec.properties.terms import client_is_on, in_session
from vnic_spec.property import Scope, Step, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import ClientPhase, Crq, Kind, Owed
from vnic_spec.wire import Rc


@step_property(
    "CRQ-2/half",
    "CRQ-4",
    "CRQ-8",
    instance="interface",
    witness=("the client enables a CRQ that a migration has disabled", lambda o, s, t, x: x.by(o, *ENABLES)),
)
def client_half_changes_by_calls(o: Ops, s: State, t: State, step: Step) -> Truth:
    """The client's half is opened by registering what is closed and by enabling what is disabled, disabled by migrating what
    is open, and closed by freeing it or with its partition; nothing else changes it."""
    if step.action in REGISTERS:
        return o.all_of(o.eq(s.crq, Crq.CLOSED), o.eq(t.crq, Crq.OPEN))
    if step.action in ENABLES:
        return o.all_of(o.eq(s.crq, Crq.DISABLED), o.eq(t.crq, Crq.OPEN))
    if step.action == "client_migrates":
        return o.all_of(o.eq(s.crq, Crq.OPEN), o.eq(t.crq, Crq.DISABLED))
    return o.ite(step.by(o, *FREES, "client_crashes"), o.eq(t.crq, Crq.CLOSED), o.eq(t.crq, s.crq))


@step_property(
    "CRQ-3/answer",
    "FOV-10",
    "CRQ-5",
    actions=(*CLIENT_SENDS, *SERVER_SENDS),
    instance="interface",
    witness=("a client's element meets a full queue", lambda o, s, t, x: _client_dropped(o, x)),
)
def send_is_answered_by_its_path(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A send is H_CLOSED if and only if its sender has no partner or the client's CRQ is not open; else H_DROPPED if and only
    if the queue is full; else H_SUCCESS."""
    path = in_session(o, s)
    if step.action in SERVER_SENDS:
        path = s.connected(step["i"])
    sent = o.ite(step["full"], o.eq(step.answer, Rc.H_DROPPED), o.eq(step.answer, Rc.H_SUCCESS))
    return o.ite(o.all_of(path, o.eq(s.crq, Crq.OPEN)), sent, o.eq(step.answer, Rc.H_CLOSED))


def _client_dropped(o: Ops, step: Step) -> Truth:
    if step.action == "h_send_crq_to_server":
        return o.eq(step.answer, Rc.H_DROPPED)
    return o.false


#: Steps that change nothing whatever the state: what is refused, and what is there already.
IDLE = (
    "h_reg_crq_again",
    "h_enable_crq_idle",
    "server_registers_again",
    "server_frees_idle",
    "server_reports_unlisted",
    "client_complains_late",
    "activation_refused",
    "removes_last_server",
    "server_uses_grant",
)
#: Steps that change nothing if they are answered otherwise than H_SUCCESS.
REFUSABLE = (*CLIENT_SENDS, "server_sends_init", "server_sends_data", "h_send_crq_to_client", "client_takes_token")


@step_property(
    "CRQ-3/refused",
    "CRQ-2",
    "CRQ-4",
    "CRQ-8",
    "MON-1",
    "ADM-3",
    "ADM-6",
    "SES-1",
    "SES-2",
    actions=(*IDLE, *REFUSABLE, *FREES, *TAKES_IF_ANSWERED, "client_complains_alone"),
    instance="interface",
    witness=(
        "a server registers again while the client is served",
        lambda o, s, t, x: o.all_of(x.by(o, "server_registers_again"), o.some(s.connected)),
    ),
)
def refusal_changes_nothing(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A call that is refused changes nothing, and neither does one that has nothing to do: every variable stays, every queue."""
    same = unchanged(o, s, t)
    if step.action in REFUSABLE:
        return o.any_of(o.eq(step.answer, Rc.H_SUCCESS), same)
    if step.action in TAKES_IF_ANSWERED:
        return o.any_of(o.ne(step.answer, Rc.H_DROPPED), same)
    if step.action in FREES:
        return o.any_of(o.ne(s.crq, Crq.CLOSED), same)
    if step.action == "client_complains_alone":
        return o.any_of(o.eq(o.profile.complaint_order, ComplaintOrder.LOPAR), same)
    return same


#: What a client does itself at the hypervisor.
_CLIENTS_OWN = (
    *(*REGISTERS, *FREES, *ENABLES, *CLIENT_SENDS, *CLIENT_TAKES, "h_reg_crq_again", "h_enable_crq_idle"),
    *("client_takes_token", "client_complains", "client_complains_alone", "client_complains_late", "client_migrates"),
)


@step_property(
    "CRQ-4/off",
    "SEL-7",
    actions=_CLIENTS_OWN,
    witness=(
        "a client registers for the first time",
        lambda o, s, t, x: o.all_of(x.by(o, *REGISTERS), o.no(s.standing)),
    ),
)
def client_that_is_off_does_nothing(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A client whose partition is off makes no call, reads nothing, and does not migrate."""
    return client_is_on(o, s)


#: The steps after which the client's queue is empty, and those after which it is owed nothing.
EMPTIES = (*REGISTERS, *FREES, "client_crashes")
SETTLES_WHAT_IS_OWED = (*CLIENT_TAKES, *FREES, "client_crashes")


def _behind_another(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action in SERVER_SENDS:
        return o.all_of(o.no(s.to_client.empty()), o.eq(step.answer, Rc.H_SUCCESS))
    return o.false


@step_property(
    "CRQ-5/client",
    "CRQ-6",
    "CRQ-7",
    "CRQ-8",
    "CRQ-9",
    "FOV-3",
    "FOV-6",
    instance="interface",
    witness=("a server's element goes behind another", _behind_another),
)
def client_queue_is_accounted_for(o: Ops, s: State, t: State, step: Step) -> Truth:
    """The client's queue is empty after registering, freeing or a crash; loses its first element when the client takes it;
    gains a server's element, as it was sent, exactly when its send is answered H_SUCCESS, event 06 when it migrates, event 08
    when it is switched, each once and behind all others, or on a full queue in the place of the last (06 and 08 are one 06),
    or not at all while it is owed; and does not change otherwise."""
    q = s.to_client
    if step.action in EMPTIES:
        return t.to_client.empty()
    if step.action in CLIENT_TAKES:
        _, _, rest = q.pop()
        return o.all_of(
            o.implies(o.eq(s.owed, Owed.NOTHING), same_queue(o, t.to_client, rest)),
            o.implies(o.eq(s.owed, Owed.FAILOVER), grown(o, t.to_client, rest, _event(o, Kind.FAILOVER))),
            o.implies(o.eq(s.owed, Owed.MIGRATED), grown(o, t.to_client, rest, _event(o, Kind.MIGRATED))),
        )
    if step.action in SERVER_SENDS:
        longer = grown(o, t.to_client, q, Element(kind_sent(o, step), step["i"], o.false))
        return o.ite(o.eq(step.answer, Rc.H_SUCCESS), longer, same_queue(o, t.to_client, q))
    if step.action == "client_migrates":
        return _announced(o, s, t, step, Kind.MIGRATED)
    told_so = _announced(o, s, t, step, Kind.FAILOVER)
    return o.ite(switched(o, s, t, step), told_so, same_queue(o, t.to_client, q))


def _event(o: Ops, kind: Kind) -> Element:
    return Element(o.const(kind), o.nobody, o.false)


def _announced(o: Ops, s: State, t: State, step: Step, kind: Kind) -> Truth:
    """The event is put on the client's queue, or on a full one in the place of the last element, or not at all (defer)."""
    q = s.to_client
    last, some = q.newest()
    overlaid = o.all_of(
        some,
        o.ite(
            o.eq(last.kind, Kind.MIGRATED),
            same_queue(o, t.to_client, q.overlay(_event(o, Kind.MIGRATED))),
            same_queue(o, t.to_client, q.overlay(_event(o, kind))),
        ),
    )
    overlay = o.eq(o.profile.event_full, EventFull.OVERLAY)
    met_full = o.ite(overlay, overlaid, same_queue(o, t.to_client, q))
    return o.ite(step.get("client_full", o.false), met_full, grown(o, t.to_client, q, _event(o, kind)))


def _stored_behind_another(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action in CLIENT_SENDS:
        return o.all_of(o.no(s.to_server(s.selected).empty()), o.eq(step.answer, Rc.H_SUCCESS))
    return o.false


@step_property(
    "CRQ-5/server",
    "CRQ-4",
    "CRQ-8",
    "CRQ-9",
    "FOV-2",
    instance="interface",
    witness=("a client's element goes behind another", _stored_behind_another),
)
def server_queues_are_accounted_for(o: Ops, s: State, t: State, step: Step) -> Truth:
    """The queue of a server is empty when its half comes or goes; loses its first element when the server takes it; gains
    what the client sends, if it is the connected one and the send is answered H_SUCCESS, and when its session ends one event,
    01 if the client's partition went off and 02 otherwise, behind all others or on a full queue in the place of the last; and
    does not change otherwise, and no other server's does."""
    old = s.selected
    if step.action in CLIENT_SENDS:
        longer = grown(o, t.to_server(old), s.to_server(old), Element(kind_sent(o, step), o.nobody, o.false))
        same = same_queue(o, t.to_server(old), s.to_server(old))
        stored = o.ite(o.eq(step.answer, Rc.H_SUCCESS), o.all_of(s.connected(old), longer), same)
        return o.all_of(_others_keep(o, s, t, old, old), o.any_of(o.eq(old, o.nobody), stored))
    if step.action == "client_reads_init":
        longer = grown(o, t.to_server(old), s.to_server(old), Element(o.const(Kind.INIT_COMPLETE), o.nobody, o.false))
        same = same_queue(o, t.to_server(old), s.to_server(old))
        answered = o.eq(t.phase, ClientPhase.READY)
        return o.all_of(_others_keep(o, s, t, old, old), o.any_of(o.eq(old, o.nobody), o.ite(answered, longer, same)))
    if step.action in HALF_OF_A_SERVER:
        i = step["i"]
        selected = o.any_of(o.eq(old, i), _ended(o, s, t, step, s.to_server(old)))
        return o.all_of(_others_keep(o, s, t, old, i), t.to_server(i).empty(), selected)
    if step.action in SERVER_TAKES:
        i = step["i"]
        _, _, rest = s.to_server(i).pop()
        mine = same_queue(o, t.to_server(i), rest)
        if step.action in TAKES_IF_ANSWERED:
            kept = same_queue(o, t.to_server(i), s.to_server(i))
            mine = o.ite(o.eq(step.answer, Rc.H_DROPPED), kept, mine)
        over = o.all_of(o.eq(old, i), told(o, s, t, old))
        selected = o.ite(
            o.eq(old, i), o.implies(over, _ends_with_event(o, t, old)), _ended(o, s, t, step, s.to_server(old))
        )
        return o.all_of(_others_keep(o, s, t, old, i), o.any_of(over, mine), selected)
    return o.all_of(_others_keep(o, s, t, old, old), _ended(o, s, t, step, s.to_server(old)))


def _gains(o: Ops, now: Queue, before: Queue, element: Element) -> Truth:
    # Where the step has changed another queue first, the room that it asked for bears another name: it is not asked for again.
    room, longer = before.push(element)
    return o.implies(room, same_queue(o, now, longer))


def _others_keep(o: Ops, s: State, t: State, i: Server, j: Server) -> Truth:
    def keeps(k: Server) -> Truth:
        return o.any_of(o.eq(k, i), o.eq(k, j), same_queue(o, t.to_server(k), s.to_server(k)))

    return o.every(keeps)


def _ends_with_event(o: Ops, t: State, k: Server) -> Truth:
    queue = t.to_server(k)
    return o.all_of(o.no(queue.empty()), queue.last(lambda e: o.eq(e.kind, Kind.DEREGISTERED)))


def _ended(o: Ops, s: State, t: State, step: Step, queue: Queue) -> Truth:
    """The queue of the server that was selected is as it was, with the event that ends its session where one ended."""
    old = s.selected
    event = _event(o, Kind.DEREGISTERED)
    if step.action == "client_crashes":
        event = _event(o, Kind.FAILED)
    overlaid = o.all_of(o.no(queue.empty()), same_queue(o, t.to_server(old), queue.overlay(event)))
    put = o.ite(step.get("server_full", o.false), overlaid, _gains(o, t.to_server(old), queue, event))
    there = o.ite(told(o, s, t, old), put, same_queue(o, t.to_server(old), queue))
    return o.any_of(o.eq(old, o.nobody), there)


@step_property(
    "CRQ-7/owed",
    instance="deferred",
    witness=(
        "a switch meets a full queue",
        lambda o, s, t, x: o.all_of(o.eq(s.owed, Owed.NOTHING), o.ne(t.owed, Owed.NOTHING)),
    ),
)
def event_is_owed_for_want_of_room(o: Ops, s: State, t: State, step: Step) -> Truth:
    """An event is owed from the switch or migration that meets a full queue (profile defer) until the client takes an element
    or its CRQ is closed, and neither sooner nor later; 06 and 08 owed are one 06."""
    if step.action in SETTLES_WHAT_IS_OWED:
        return o.eq(t.owed, Owed.NOTHING)
    migrates = step.by(o, "client_migrates")
    deferred = o.all_of(step.get("client_full", o.false), o.eq(o.profile.event_full, EventFull.DEFER))
    due = o.all_of(deferred, o.any_of(migrates, switched(o, s, t, step)))
    which = o.ite(o.any_of(migrates, o.eq(s.owed, Owed.MIGRATED)), o.const(Owed.MIGRATED), o.const(Owed.FAILOVER))
    return o.ite(due, o.eq(t.owed, which), o.eq(t.owed, s.owed))


def _reads_how_it_ended(o: Ops, s: State, step: Step) -> Truth:
    """A server takes the event that ended its session, which ends a hold."""
    if step.action in SERVER_TAKES:
        queue = s.to_server(step["i"])
        event = queue.first(lambda e: o.one_of(e.kind, Kind.FAILED, Kind.DEREGISTERED))
        return o.all_of(o.eq(o.profile.crossing, Crossing.HOLD), event)
    return o.false


def _hold_is_read(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action in ("server_consumes", "server_reads_event"):
        return o.all_of(s.held(step["i"]), o.no(t.held(step["i"])))
    return o.false


@step_property("CRQ-13/held", "CRQ-4", instance="interface", witness=("a held server reads the event", _hold_is_read))
def held_from_event_to_reading(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server is held from the step that ends its session and tells it until it has read the event (crossing = hold), until
    the gap ends (gap), or until its half of the CRQ goes; nobody else, and neither sooner nor later."""
    ends = _reads_how_it_ended(o, s, step)
    if step.action == "gap_ends":
        ends = o.eq(o.profile.crossing, Crossing.GAP)
    if step.action in ("server_frees", "server_crashes"):
        ends = o.true
    i = step.get("i", o.nobody)

    def right(k: Server) -> Truth:
        still = o.all_of(s.held(k), o.no(o.all_of(o.eq(k, i), ends)))
        return o.iff(t.held(k), o.any_of(told(o, s, t, k), still))

    return o.every(right)


def _overdue_reads(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action in ("server_consumes", "server_reads_event"):
        return s.overdue(step["i"])
    return o.false


@step_property(
    "CRQ-13/released", "MON-2", instance="holding", witness=("a server that is overdue reads the event", _overdue_reads)
)
def overdue_until_the_event_is_read(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server stays overdue until it has read the event, its half of the CRQ goes or it is removed from the list; then it is
    overdue no longer. Only where there is a hold can its limit be reached."""
    ends = _reads_how_it_ended(o, s, step)
    if step.action in ("server_frees", "server_crashes", "removes_server"):
        ends = o.true
    begins = step.by(o, "hold_expires")
    i = step.get("i", o.nobody)

    def right(k: Server) -> Truth:
        still = o.all_of(s.overdue(k), o.no(o.all_of(o.eq(k, i), ends)))
        return o.iff(t.overdue(k), o.any_of(o.all_of(begins, o.eq(k, i)), still))

    return o.all_of(o.every(right), o.implies(begins, o.eq(o.profile.crossing, Crossing.HOLD)))


def _login_answered(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(o.some(t.granted), o.no(o.some(s.granted)))


@step_property(
    "CRQ-12/granted",
    "INV-7",
    scope=Scope.DRIVERS,
    witness=("a server answers LOGIN and is granted what the client has", _login_answered),
)
def grants_come_with_a_login(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server has grants from its answer to LOGIN that is stored until its session ends, and in no other way."""
    begins = o.false
    if step.action == "server_reads_login":
        begins = o.eq(step.answer, Rc.H_SUCCESS)
    i = step.get("i", o.nobody)

    def right(k: Server) -> Truth:
        has = o.any_of(s.granted(k), o.all_of(begins, o.eq(k, i)))
        return o.all_of(o.implies(t.granted(k), has), o.implies(o.all_of(has, t.connected(k)), t.granted(k)))

    return o.every(right)
