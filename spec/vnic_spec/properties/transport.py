"""CRQ: queues, registration, events on a full queue, holds, return codes."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import Crossing
from vnic_spec.properties.steps import (
    CLIENT_SENDS,
    CLIENT_TAKES,
    FREES,
    REGISTERS,
    SERVER_TAKES,
    is_event,
    left,
    somebody,
)
from vnic_spec.property import Scope, Step, state_property, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import ClientPhase, Crq, Kind, Owed
from vnic_spec.wire import Rc


def _opens_alone(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *REGISTERS), o.every(lambda i: o.no(t.connected(i))))


@step_property("CRQ-2", "CRQ-14", actions=REGISTERS, witness=("the client opens its CRQ with no server", _opens_alone))
def registration_tells_of_a_partner(o: Ops, s: State, t: State, step: Step) -> Truth:
    """H_REG_CRQ succeeds; it answers H_SUCCESS if a server is connected after the selection it causes, otherwise H_CLOSED."""
    partner = o.some(t.connected)
    right = o.ite(partner, o.eq(step.answer, Rc.H_SUCCESS), o.eq(step.answer, Rc.H_CLOSED))
    return o.all_of(right, o.eq(t.crq, Crq.OPEN))


_AGAIN = (*REGISTERS, "h_reg_crq_again", "server_registers", "server_registers_again")


@step_property(
    "CRQ-2/again",
    actions=_AGAIN,
    instance="interface",
    witness=(
        "the client registers a CRQ that is disabled",
        lambda o, s, t, x: o.all_of(x.by(o, "h_reg_crq_again"), o.eq(s.crq, Crq.DISABLED)),
    ),
)
def registering_again_is_refused(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Registering a half of the CRQ is answered H_RESOURCE if and only if that half is registered already."""
    before = o.ne(s.crq, Crq.CLOSED)
    if step.action in ("server_registers", "server_registers_again"):
        before = s.registered(step["i"])
    return o.iff(before, o.eq(step.answer, Rc.H_RESOURCE))


def _held_send(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *CLIENT_SENDS), somebody(o, s.selected), s.held(s.selected))


@step_property(
    "CRQ-3", "CRQ-13", actions=CLIENT_SENDS, witness=("the client sends while its server is held", _held_send)
)
def sending_without_partner_is_closed(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A client's send is H_CLOSED if and only if it has no connected partner or its CRQ is disabled."""
    path = o.all_of(o.some(s.connected), o.eq(s.crq, Crq.OPEN))
    return o.iff(o.no(path), o.eq(step.answer, Rc.H_CLOSED))


def _standby_frees(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action != "server_frees":
        return o.false
    return o.all_of(o.some(s.connected), o.ne(s.selected, step["i"]))


@step_property(
    "CRQ-4",
    actions=("server_frees",),
    instance="interface",
    witness=("a standby frees its CRQ while the client is served", _standby_frees),
)
def standby_frees_unnoticed(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A standby that frees its CRQ is noticed by nobody: selection, connection and the balance of events stay."""
    standby = o.ne(s.selected, step["i"])
    same = o.all_of(
        o.eq(t.selected, s.selected),
        o.every(lambda j: o.iff(t.connected(j), s.connected(j))),
        o.iff(t.unbalanced, s.unbalanced),
        o.iff(t.to_client.empty(), s.to_client.empty()),
    )
    return o.implies(standby, same)


def _client_frees(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *FREES), o.some(s.connected))


@step_property("CRQ-4/client", "SRV-4", actions=FREES, witness=("the client frees its CRQ in a session", _client_frees))
def freeing_tells_the_server(o: Ops, s: State, t: State, step: Step) -> Truth:
    """When the client frees its CRQ, the last element of the connected server's queue is event 02, and nobody is connected."""
    told = o.every(
        lambda i: o.implies(
            s.connected(i),
            o.all_of(o.no(t.to_server(i).empty()), t.to_server(i).last(lambda e: o.eq(e.kind, Kind.DEREGISTERED))),
        )
    )
    return o.all_of(told, o.eq(t.crq, Crq.CLOSED), o.every(lambda i: o.no(t.connected(i))))


def _left_without_session(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(left(o, s, t), o.no(s.connected(s.selected)), t.registered(s.selected))


@step_property(
    "CRQ-4/server",
    "CRQ-3",
    "FOV-2",
    "CRQ-13",
    instance="complaint",
    witness=("a server is left that was selected, but not connected", _left_without_session),
)
def only_the_connected_is_sent_to(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Nothing is put on the queue of a selected server that is not connected, neither before nor after the step, not even the
    event that ends a session. Steps in which a server reads are left out."""
    if step.action in SERVER_TAKES:
        return o.true
    i = s.selected
    nothing_new = o.any_of(t.to_server(i).empty(), s.to_server(i).begins_with(t.to_server(i), o.false))
    alone = o.all_of(somebody(o, i), o.no(s.connected(i)), o.no(t.connected(i)))
    return o.implies(alone, nothing_new)


@step_property(
    "CRQ-4/half",
    actions=(*FREES, "server_frees", "server_frees_idle"),
    instance="interface",
    witness=(
        "a server frees what it has not registered",
        lambda o, s, t, x: x.by(o, "server_frees_idle"),
    ),
)
def freeing_leaves_nothing_registered(o: Ops, s: State, t: State, step: Step) -> Truth:
    """H_FREE_CRQ succeeds, and the caller's half is not registered afterwards, whether it was before or not."""
    gone = o.eq(t.crq, Crq.CLOSED)
    if step.action in ("server_frees", "server_frees_idle"):
        gone = o.no(t.registered(step["i"]))
    return o.all_of(gone, o.eq(step.answer, Rc.H_SUCCESS))


def _overlays(o: Ops, s: State, t: State, step: Step) -> Truth:
    lost = o.no(s.to_client.last(lambda e: is_event(o, e)))
    return o.all_of(step.get("client_full", o.false), o.no(s.to_client.empty()), lost)


@step_property("CRQ-5", "CRQ-7", witness=("an event overlays an element that the client has not read", _overlays))
def nothing_queued_is_lost(o: Ops, s: State, t: State, step: Step) -> Truth:
    """While the client's CRQ stays registered, what is queued for it stays, in order, until the client takes it from the front;
    only the last element can be overlaid, by an event that meets a full queue."""
    _, _, rest = s.to_client.pop()
    older = rest if step.action in CLIENT_TAKES else s.to_client
    registered = o.all_of(o.ne(s.crq, Crq.CLOSED), o.ne(t.crq, Crq.CLOSED))
    return o.implies(registered, t.to_client.begins_with(older, step.get("client_full", o.false)))


_SERVER_SENDS = ("server_sends_init", "server_sends_data", "h_send_crq_to_client")


def _dropped(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.eq(step.answer, Rc.H_DROPPED)


@step_property(
    "CRQ-5/told",
    "CRQ-3",
    actions=_SERVER_SENDS,
    witness=("a server's INIT meets a full queue", _dropped),
)
def sender_is_told(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server is answered H_SUCCESS if and only if its element is now the last one of the client's queue; otherwise the queue
    is what it was."""
    same = o.all_of(
        t.to_client.begins_with(s.to_client, o.false),
        s.to_client.begins_with(t.to_client, o.false),
    )
    stored = o.all_of(o.no(same), t.to_client.last(lambda e: o.eq(e.sender, step["i"])))
    return o.ite(o.eq(step.answer, Rc.H_SUCCESS), stored, same)


def _event_queued(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(o.no(t.to_client.empty()), t.to_client.last(lambda e: is_event(o, e)))


@state_property("CRQ-6", instance="interface", witness=("an event is put on the client's queue", _event_queued))
def only_the_hypervisor_writes_events(o: Ops, s: State) -> Truth:
    """An element on the client's queue is an event if and only if no server sent it."""
    return s.to_client.every(lambda e: o.iff(is_event(o, e), o.eq(e.sender, o.nobody)))


def _owed_comes(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *CLIENT_TAKES), o.eq(s.owed, Owed.FAILOVER))


@step_property(
    "CRQ-7",
    "FOV-3",
    actions=CLIENT_TAKES,
    instance="deferred",
    witness=("the client makes room for event 08 that was owed to it", _owed_comes),
)
def owed_event_is_put_once(o: Ops, s: State, t: State, step: Step) -> Truth:
    """When the client takes an element an event that is owed to it is put on its queue, as the last, and is owed no longer."""
    put = o.all_of(o.no(t.to_client.empty()), t.to_client.last(lambda e: is_event(o, e)))
    return o.all_of(o.eq(t.owed, Owed.NOTHING), o.any_of(o.eq(s.owed, Owed.NOTHING), put))


def _migrated(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "client_migrates"), o.no(s.to_client.empty()))


@state_property(
    "CRQ-8",
    "CRQ-7",
    scope=Scope.DRIVERS,
    instance="migration",
    witness=("the client migrates with elements unread", _migrated),
)
def disabled_client_knows(o: Ops, s: State) -> Truth:
    """A client whose CRQ is disabled has event 06 to read or to come, or is about to enable or to register its CRQ."""
    told = o.no(s.to_client.every(lambda e: o.ne(e.kind, Kind.MIGRATED)))
    acting = o.one_of(s.phase, ClientPhase.ENABLING, ClientPhase.RECOVERING)
    return o.implies(o.eq(s.crq, Crq.DISABLED), o.any_of(told, o.eq(s.owed, Owed.MIGRATED), acting))


def _migrates_from(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "client_migrates"), o.some(s.connected))


@step_property(
    "CRQ-8/session",
    "FOV-1",
    actions=("client_migrates",),
    instance="migration",
    witness=("the client migrates in a session", _migrates_from),
)
def migration_ends_the_session(o: Ops, s: State, t: State, step: Step) -> Truth:
    """After a migration the CRQ is disabled and nobody is connected or selected; it is no switch, so it puts no event 08."""
    return o.all_of(
        o.eq(t.crq, Crq.DISABLED),
        o.every(lambda i: o.no(t.connected(i))),
        o.eq(t.selected, o.nobody),
        o.iff(t.unbalanced, s.unbalanced),
    )


@step_property(
    "CRQ-8/enable",
    "CLI-3",
    actions=("h_enable_crq", "h_enable_crq_idle", "client_enables"),
    instance="interface",
    witness=(
        "the client enables a CRQ that is closed",
        lambda o, s, t, x: o.all_of(x.by(o, "h_enable_crq_idle"), o.eq(s.crq, Crq.CLOSED)),
    ),
)
def enabling_opens_what_is_disabled(o: Ops, s: State, t: State, step: Step) -> Truth:
    """H_ENABLE_CRQ succeeds; it opens a CRQ that a migration has disabled, and leaves any other as it is."""
    right = o.ite(o.eq(s.crq, Crq.DISABLED), o.eq(t.crq, Crq.OPEN), o.eq(t.crq, s.crq))
    return o.all_of(right, o.eq(step.answer, Rc.H_SUCCESS))


def _reregisters(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *REGISTERS), o.some(s.held))


@step_property(
    "CRQ-9",
    actions=(*REGISTERS, "server_registers"),
    witness=("the client registers again before its server has read of its leaving", _reregisters),
)
def registering_starts_empty(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A queue that has just been registered is empty."""
    if step.action == "server_registers":
        return t.to_server(step["i"]).empty()
    return t.to_client.empty()


def _hold_ends(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.some(lambda i: o.all_of(s.held(i), t.connected(i)))


@state_property("CRQ-13", witness=("a held server reads the event and is connected", _hold_ends))
def sessions_do_not_cross(o: Ops, s: State) -> Truth:
    """A server whose queue holds an event is not connected (crossing = hold)."""
    return o.implies(
        o.eq(o.profile.crossing, Crossing.HOLD),
        o.every(lambda i: o.implies(s.connected(i), s.to_server(i).every(lambda e: o.no(is_event(o, e))))),
    )


def _overdue(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "hold_expires"), somebody(o, t.selected))


@state_property(
    "CRQ-13/limit",
    "MON-2",
    instance="holding",
    witness=("a server held too long loses the client to another", _overdue),
)
def overdue_is_not_selected(o: Ops, s: State) -> Truth:
    """A server that kept the client held beyond hold_limit is not selected before it has read the event."""
    return o.every(lambda i: o.implies(s.overdue(i), o.all_of(s.held(i), o.ne(s.selected, i))))


@step_property(
    "CRQ-13/overdue",
    "MON-2",
    instance="holding",
    witness=("a hold lasts too long", lambda o, s, t, x: x.by(o, "hold_expires")),
)
def only_a_hold_becomes_overdue(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server becomes overdue by keeping an open client held while it is selected, and in no other way; when the limit is
    reached it does become overdue."""
    keeps = o.every(
        lambda i: o.implies(
            o.all_of(t.overdue(i), o.no(s.overdue(i))),
            o.all_of(s.held(i), o.eq(s.selected, i), o.eq(s.crq, Crq.OPEN)),
        )
    )
    if step.action == "hold_expires":
        return o.all_of(keeps, t.overdue(step["i"]))
    return keeps
