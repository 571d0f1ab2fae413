"""What nothing else does: who may change what, and which check answers.

A step that is taken in the wrong state, or a change that is forgotten, often violates none of the laws about what must come
about. These laws say where something may come from.
"""

from __future__ import annotations

from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.properties.steps import FREES, REGISTERS, is_event, left, somebody, switched, switched_between
from vnic_spec.property import Scope, Step, step_property
from vnic_spec.selection import eligible
from vnic_spec.state import State
from vnic_spec.transport import awake
from vnic_spec.vocabulary import ClientPhase, Crq, Kind, Owed, Status, Token
from vnic_spec.wire import Rc

_CLIENT_TAKES = (
    "client_consumes",
    "client_reads_init",
    "client_reads_init_complete",
    "client_reads_login_rsp",
    "client_reads_data",
    "client_reads_failover",
    "client_reads_migrated",
)
_SERVER_TAKES = (
    "server_consumes",
    "server_reads_init",
    "server_reads_init_complete",
    "server_reads_login",
    "server_refuses_login",
    "server_reads_data",
    "server_reads_event",
)

# --- sessions and events -------------------------------------------------------------------------------------------


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


@step_property("FOV-3/only", "FOV-8", witness=("the client is switched between connected servers", switched_between))
def only_a_switch_is_announced(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Event 08 is put on the client's queue, or owed to it, only by a switch."""
    if step.action in _CLIENT_TAKES:
        return o.true  # what is put in the room that this makes was owed before
    same = o.all_of(t.to_client.begins_with(s.to_client, o.false), s.to_client.begins_with(t.to_client, o.false))
    last = o.all_of(o.no(t.to_client.empty()), t.to_client.last(lambda e: o.eq(e.kind, Kind.FAILOVER)))
    owed = o.all_of(o.eq(t.owed, Owed.FAILOVER), o.no(o.eq(s.owed, Owed.FAILOVER)))
    return o.implies(o.any_of(o.all_of(last, o.no(same)), owed), switched(o, s, t, step))


def _owed_comes(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *_CLIENT_TAKES), o.eq(s.owed, Owed.FAILOVER))


@step_property(
    "CRQ-7",
    "FOV-3",
    actions=_CLIENT_TAKES,
    instance="deferred",
    witness=("the client makes room for event 08 that was owed to it", _owed_comes),
)
def owed_event_is_put_once(o: Ops, s: State, t: State, step: Step) -> Truth:
    """When the client takes an element an event that is owed to it is put on its queue, as the last, and is owed no longer."""
    put = o.all_of(o.no(t.to_client.empty()), t.to_client.last(lambda e: is_event(o, e)))
    return o.all_of(o.eq(t.owed, Owed.NOTHING), o.any_of(o.eq(s.owed, Owed.NOTHING), put))


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
    if step.action in _SERVER_TAKES:
        return o.true
    i = s.selected
    nothing_new = o.any_of(t.to_server(i).empty(), s.to_server(i).begins_with(t.to_server(i), o.false))
    alone = o.all_of(somebody(o, i), o.no(s.connected(i)), o.no(t.connected(i)))
    return o.implies(alone, nothing_new)


# --- registration --------------------------------------------------------------------------------------------------

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
    before = o.no(o.eq(s.crq, Crq.CLOSED))
    if step.action in ("server_registers", "server_registers_again"):
        before = s.registered(step["i"])
    return o.iff(before, o.eq(step.answer, Rc.H_RESOURCE))


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


# --- status --------------------------------------------------------------------------------------------------------


@step_property(
    "MON-1",
    actions=("server_reports", "server_reports_unlisted"),
    instance="admin",
    witness=(
        "a server that is not on the list reports",
        lambda o, s, t, step: o.all_of(step.by(o, "server_reports_unlisted"), s.registered(step["i"])),
    ),
)
def only_the_known_report(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A report is H_STATE if the server is not on the list or its CRQ is not registered, and H_SUCCESS otherwise."""
    known = o.all_of(s.listed(step["i"]), s.registered(step["i"]))
    return o.ite(known, o.eq(step.answer, Rc.H_SUCCESS), o.eq(step.answer, Rc.H_STATE))


_REPORTED = (Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR)
_POWERS_OFF = ("server_registers", "server_frees", "server_crashes", "adds_server", "removes_server")
_SILENT = ("report_expires", "reports_expire_together")


@step_property(
    "MON-2",
    "MON-1",
    "MON-3",
    "MON-6",
    instance="complaint",
    witness=(
        "the selected server and another fall silent together",
        lambda o, s, t, step: o.all_of(
            step.by(o, "reports_expire_together"),
            o.eq(s.selected, step.get("i", o.nobody)),
            o.no(o.eq(step.get("i", o.nobody), step.get("j", o.nobody))),
        ),
    ),
)
def status_has_a_source(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A status changes only by a report of the server, by its silence where it has reported, or to POWERED_OFF when it comes or
    goes; a server that falls silent is UNRESPONSIVE."""

    def explained(k: Term) -> Truth:
        named = o.eq(k, step.get("i", o.nobody))
        return o.any_of(
            o.eq(t.status(k), s.status(k)),
            o.all_of(
                step.by(o, *_SILENT),
                o.eq(t.status(k), Status.UNRESPONSIVE),
                o.one_of(s.status(k), *_REPORTED),
                s.listed(k),
            ),
            o.all_of(step.by(o, *_POWERS_OFF), o.eq(t.status(k), Status.POWERED_OFF), named),
            o.all_of(step.by(o, "server_reports"), named),
        )

    silent = o.true
    if step.action in _SILENT:
        both = (t.status(step["i"]), t.status(step.get("j", step["i"])))
        silent = o.all_of(o.eq(both[0], Status.UNRESPONSIVE), o.eq(both[1], Status.UNRESPONSIVE))
    return o.all_of(o.every(explained), silent)


@step_property(
    "MON-4/cleared",
    actions=("server_reports", "server_registers"),
    instance="complaint",
    witness=(
        "a server the client complained about registers again",
        lambda o, s, t, step: o.all_of(step.by(o, "server_registers"), s.complaint(step["i"])),
    ),
)
def complaint_ends_with_recovery(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server that registers again, or whose report makes it OPERATIONAL, has no complaint against it any more."""
    i = step["i"]
    if step.action == "server_registers":
        return o.no(t.complaint(i))
    recovers = o.all_of(o.eq(step["status"], Status.OPERATIONAL), o.no(o.eq(s.status(i), Status.OPERATIONAL)))
    return o.implies(recovers, o.no(t.complaint(i)))


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


# --- administration ------------------------------------------------------------------------------------------------

_CONSOLE = ("adds_server", "removes_server", "sets_priority")


def _adds_an_equal(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action != "adds_server":
        return o.false
    return o.some(lambda j: o.all_of(s.connected(j), o.eq(s.priority(j), step["level"])))


@step_property(
    "ADM-2/list",
    "ADM-3",
    "ADM-4",
    "SEL-5",
    instance="admin",
    witness=(
        "a server is added beside one of the same priority that serves",
        _adds_an_equal,
    ),
)
def list_is_the_administrators(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Only an administrator changes the list and the priorities, and only of the server that he names. One that is added has the
    priority given and comes after all others; one whose priority is set has that priority."""

    def kept(k: Term) -> Truth:
        named = o.eq(k, step["i"]) if step.action in _CONSOLE else o.false
        return o.any_of(named, o.all_of(o.iff(t.listed(k), s.listed(k)), o.eq(t.priority(k), s.priority(k))))

    done = o.true
    if step.action in ("adds_server", "sets_priority"):
        done = o.all_of(t.listed(step["i"]), o.eq(t.priority(step["i"]), step["level"]))
    if step.action == "adds_server":
        latest = o.every(lambda j: o.any_of(o.eq(j, step["i"]), t.added(j, step["i"])))
        done = o.all_of(done, o.no(s.listed(step["i"])), latest)
    if step.action == "removes_server":
        done = o.all_of(s.listed(step["i"]), o.no(t.listed(step["i"])))
    return o.all_of(o.every(kept), done)


@step_property(
    "ADM-3/last",
    "ADM-1",
    instance="admin",
    witness=(
        "the removal of the last server is refused",
        lambda o, s, t, x: o.all_of(x.by(o, "removes_last_server"), o.some(s.connected)),
    ),
)
def list_stays_filled(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Where there is a server on the list there is one after every step; it is the last one that cannot be removed."""
    kept = o.implies(o.some(s.listed), o.some(t.listed))
    if step.action != "removes_last_server":
        return kept
    return o.all_of(kept, o.every(lambda j: o.implies(s.listed(j), o.eq(j, step["i"]))))


# --- complaints ----------------------------------------------------------------------------------------------------


def _another(o: Ops, s: State) -> Truth:
    return o.some(lambda j: o.all_of(o.no(o.eq(j, s.selected)), eligible(o, s, j)))


@step_property(
    "SES-2/order",
    actions=("client_complains", "client_complains_alone", "client_complains_late"),
    instance="complaint",
    witness=(
        "the client complains with an old token, and nobody else is eligible",
        lambda o, s, t, x: o.all_of(x.by(o, "client_complains_late"), o.no(_another(o, s))),
    ),
)
def complaint_is_checked_in_order(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A complaint with a token that is not of the running session is H_STATE; with the right one it is H_CONSTRAINED if nobody
    else is eligible, and H_SUCCESS otherwise."""
    right = o.ite(_another(o, s), o.eq(step.answer, Rc.H_SUCCESS), o.eq(step.answer, Rc.H_CONSTRAINED))
    return o.ite(o.eq(s.token, Token.CURRENT), right, o.eq(step.answer, Rc.H_STATE))


# --- preemption ----------------------------------------------------------------------------------------------------


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


# --- the client ----------------------------------------------------------------------------------------------------

#: How a client stops waiting for INIT.
_ENDS_WAITING = ("client_reads_init", "client_reads_failover", "client_reads_migrated", "client_crashes")


@step_property(
    "CLI-7",
    "CLI-1",
    scope=Scope.DRIVERS,
    witness=(
        "the client's wait for a new server ends with INIT",
        lambda o, s, t, step: o.all_of(step.by(o, "client_reads_init"), o.eq(s.phase, ClientPhase.WAITING)),
    ),
)
def wait_for_init_is_patient(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A client that waits for INIT waits until it reads one, or an event, or its partition goes off: no time-out ends that wait.
    A partition that is off does nothing but boot, and recovers then."""
    waits = o.implies(o.eq(s.phase, ClientPhase.WAITING), o.eq(t.phase, ClientPhase.WAITING))
    off = o.implies(o.eq(s.phase, ClientPhase.OFF), o.eq(t.phase, ClientPhase.OFF))
    if step.action in _ENDS_WAITING:
        return off
    if step.action == "client_boots":
        return o.all_of(o.eq(s.phase, ClientPhase.OFF), o.eq(t.phase, ClientPhase.RECOVERING))
    return o.all_of(waits, off)


@step_property(
    "CLI-6/closed",
    actions=("user_changes_wish", "client_sends_login"),
    scope=Scope.DRIVERS,
    instance="wish",
    witness=(
        "a client whose user wants the device open sends LOGIN",
        lambda o, s, t, step: o.all_of(step.by(o, "client_sends_login"), o.eq(step.answer, Rc.H_SUCCESS)),
    ),
)
def closed_does_not_log_in(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A client whose user wants the device closed does not log in; what the user says counts."""
    if step.action == "user_changes_wish":
        return o.iff(t.wish, o.no(s.wish))
    return s.wish
