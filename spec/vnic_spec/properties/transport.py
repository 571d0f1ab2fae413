"""CRQ: queues and return codes."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import Crossing
from vnic_spec.properties.steps import FREES, REGISTERS, is_event, somebody
from vnic_spec.property import Scope, Step, state_property, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import ClientPhase, Crq, Kind, Owed
from vnic_spec.wire import Rc

_CLIENT_SENDS = ("client_sends_init", "client_sends_login", "client_sends_data", "h_send_crq_to_server")


def _opens_alone(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *REGISTERS), o.every(lambda i: o.no(t.connected(i))))


@step_property("CRQ-2", "CRQ-14", actions=REGISTERS, witness=("the client opens its CRQ with no server", _opens_alone))
def registration_tells_of_a_partner(o: Ops, s: State, t: State, step: Step) -> Truth:
    """H_REG_CRQ succeeds; it answers H_SUCCESS if a server is connected after the selection it causes, otherwise H_CLOSED."""
    partner = o.some(t.connected)
    right = o.ite(partner, o.eq(step.answer, Rc.H_SUCCESS), o.eq(step.answer, Rc.H_CLOSED))
    return o.all_of(right, o.eq(t.crq, Crq.OPEN))


def _held_send(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *_CLIENT_SENDS), somebody(o, s.selected), s.held(s.selected))


@step_property(
    "CRQ-3", "CRQ-13", actions=_CLIENT_SENDS, witness=("the client sends while its server is held", _held_send)
)
def sending_without_partner_is_closed(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A client's send is H_CLOSED if and only if it has no connected partner or its CRQ is disabled."""
    path = o.all_of(o.some(s.connected), o.eq(s.crq, Crq.OPEN))
    return o.iff(o.no(path), o.eq(step.answer, Rc.H_CLOSED))


def _standby_frees(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action != "server_frees":
        return o.false
    return o.all_of(o.some(s.connected), o.no(o.eq(s.selected, step["i"])))


@step_property(
    "CRQ-4",
    actions=("server_frees",),
    instance="interface",
    witness=("a standby frees its CRQ while the client is served", _standby_frees),
)
def standby_frees_unnoticed(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A standby that frees its CRQ is noticed by nobody: selection, connection and the balance of events stay."""
    standby = o.no(o.eq(s.selected, step["i"]))
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


_TAKES = (
    "client_consumes",
    "client_reads_init",
    "client_reads_init_complete",
    "client_reads_login_rsp",
    "client_reads_data",
    "client_reads_failover",
    "client_reads_migrated",
)


def _overlays(o: Ops, s: State, t: State, step: Step) -> Truth:
    lost = o.no(s.to_client.last(lambda e: is_event(o, e)))
    return o.all_of(step.get("client_full", o.false), o.no(s.to_client.empty()), lost)


@step_property("CRQ-5", "CRQ-7", witness=("an event overlays an element that the client has not read", _overlays))
def nothing_queued_is_lost(o: Ops, s: State, t: State, step: Step) -> Truth:
    """While the client's CRQ stays registered, what is queued for it stays, in order, until the client takes it from the front;
    only the last element can be overlaid, by an event that meets a full queue."""
    _, _, rest = s.to_client.pop()
    older = rest if step.action in _TAKES else s.to_client
    registered = o.all_of(o.no(o.eq(s.crq, Crq.CLOSED)), o.no(o.eq(t.crq, Crq.CLOSED)))
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
    told = o.no(s.to_client.every(lambda e: o.no(o.eq(e.kind, Kind.MIGRATED))))
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
    return o.every(lambda i: o.implies(s.overdue(i), o.all_of(s.held(i), o.no(o.eq(s.selected, i)))))
