"""SEL, MON, ADM, SES: who is selected, and what administrators and clients can do about it."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import ComplaintOrder, Reopen
from vnic_spec.properties.steps import FREES, REGISTERS, some_eligible, somebody
from vnic_spec.property import Step, state_property, step_property
from vnic_spec.selection import best, nobody_eligible, only_fault_is_complaint, outranked
from vnic_spec.state import State
from vnic_spec.vocabulary import ClientPhase, Crq, Status, Token
from vnic_spec.wire import Rc

# --- SEL -----------------------------------------------------------------------------------------------------------


def _first_open(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(o.no(s.standing), somebody(o, t.selected), step.by(o, *REGISTERS))


@step_property(
    "SEL-2",
    actions=(*REGISTERS, "client_enables", "h_enable_crq"),
    instance="ranking",
    witness=("the client opens its CRQ for the first time and a server is selected", _first_open),
)
def opening_selects_the_best(o: Ops, s: State, t: State, step: Step) -> Truth:
    """When the client opens its CRQ and no standing selection exists, a best eligible server is selected."""
    return o.implies(o.no(s.standing), best(o, t, t.selected))


def _filled_while_closed(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(
        s.standing,
        o.eq(s.crq, Crq.CLOSED),
        o.eq(t.crq, Crq.CLOSED),
        o.eq(s.selected, o.nobody),
        somebody(o, t.selected),
    )


@state_property(
    "SEL-8",
    "SEL-6",
    instance="ranking",
    witness=("a selection is filled while the CRQ is closed", _filled_while_closed),
)
def standing_selection_is_filled(o: Ops, s: State) -> Truth:
    """While a standing selection exists, CRQ open or closed, somebody is selected if anybody is eligible."""
    return o.implies(o.all_of(s.standing, some_eligible(o, s)), somebody(o, s.selected))


def _reopens(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *REGISTERS), somebody(o, s.pin), s.standing)


@step_property(
    "SEL-7",
    "SRV-2",
    actions=(*REGISTERS, *FREES),
    instance="admin",
    witness=("the client registers again while a server is pinned", _reopens),
)
def selection_survives_reopening(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Freeing and registering the client's CRQ leaves a standing selection and its pin as they are."""
    same = o.all_of(o.eq(t.selected, s.selected), o.eq(t.pin, s.pin))
    keeps = o.all_of(s.standing, somebody(o, s.selected), o.eq(o.profile.reopen, Reopen.KEEP))
    return o.implies(keeps, same)


def _powered_off(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "client_crashes"), somebody(o, s.selected))


@state_property("SEL-7/ends", "CRQ-8", witness=("the client's partition goes off with a server selected", _powered_off))
def selection_ends_with_the_client(o: Ops, s: State) -> Truth:
    """Nobody is selected or pinned unless a standing selection exists, and none does while the client's partition is off."""
    return o.all_of(
        o.any_of(s.standing, o.all_of(o.eq(s.selected, o.nobody), o.eq(s.pin, o.nobody))),
        o.implies(o.eq(s.crq, Crq.OPEN), s.standing),
        o.implies(o.eq(s.phase, ClientPhase.OFF), o.eq(s.crq, Crq.CLOSED)),
    )


# --- MON -----------------------------------------------------------------------------------------------------------


def _selected_gone(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.eq(s.selected, step["i"]) if step.action in ("server_frees", "server_crashes") else o.false


@step_property(
    "MON-3",
    actions=("server_frees", "server_crashes"),
    witness=("the selected server crashes", _selected_gone),
)
def gone_is_powered_off(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server whose partition powers off, or that frees its CRQ, is POWERED_OFF at once and not selected."""
    i = step["i"]
    return o.all_of(o.eq(t.status(i), Status.POWERED_OFF), o.no(o.eq(t.selected, i)), o.no(t.connected(i)))


def _reports_under_complaint(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action != "server_reports":
        return o.false
    i = step["i"]
    return o.all_of(s.complaint(i), o.eq(step["status"], Status.OPERATIONAL), o.eq(s.status(i), Status.OPERATIONAL))


@step_property(
    "MON-4",
    "SES-3",
    actions=("server_reports",),
    instance="complaint",
    witness=("a server the client complained about reports OPERATIONAL, as before", _reports_under_complaint),
)
def report_sets_status(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A report sets the status it reports; it clears a complaint only if it changes the status to OPERATIONAL, or MON-5 does."""
    i = step["i"]
    unchanged = o.all_of(s.complaint(i), o.eq(s.status(i), step["status"]), some_eligible(o, s))
    return o.all_of(o.eq(t.status(i), step["status"]), o.implies(unchanged, t.complaint(i)))


def _desperate(o: Ops, s: State, t: State, step: Step) -> Truth:
    other = o.some(lambda i: o.all_of(s.complaint(i), o.no(t.complaint(i)), o.eq(t.selected, i)))
    return o.all_of(other, o.no(o.eq(s.selected, t.selected)), o.no(step.by(o, "activates_server")))


@state_property(
    "MON-5", instance="complaint", witness=("the last server fails and one with a complaint takes over", _desperate)
)
def complaints_never_strand(o: Ops, s: State) -> Truth:
    """It never is that nobody is eligible while a server is there whose only fault is a complaint."""
    return o.no(o.all_of(nobody_eligible(o, s), o.some(lambda i: only_fault_is_complaint(o, s, i))))


def _registers_without_report(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "server_registers"), o.eq(t.crq, Crq.OPEN), o.eq(t.selected, o.nobody))


@step_property(
    "MON-6",
    actions=("server_registers", "adds_server"),
    witness=("a server registers while the client waits, and is not yet selected", _registers_without_report),
)
def registered_is_not_operational(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Registering its CRQ, or being added to the list, makes a server POWERED_OFF until its first report, hence not selected."""
    i = step["i"]
    return o.all_of(o.eq(t.status(i), Status.POWERED_OFF), o.no(o.eq(t.selected, i)))


# --- ADM -----------------------------------------------------------------------------------------------------------


@step_property(
    "ADM-2",
    actions=("adds_server",),
    instance="admin",
    witness=(
        "a server is added while the client is served",
        lambda o, s, t, x: o.all_of(x.by(o, "adds_server"), o.some(s.connected)),
    ),
)
def adding_disturbs_nobody(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Adding a server leaves the selection as it is."""
    return o.eq(t.selected, s.selected)


def _removes_selected(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.eq(s.selected, step["i"]) if step.action == "removes_server" else o.false


@step_property(
    "ADM-3",
    "FOV-1",
    actions=("removes_server",),
    instance="admin",
    witness=("the selected server is removed", _removes_selected),
)
def removing_a_standby_disturbs_nobody(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Removing a standby leaves the selection as it is; a removed server is not selected."""
    kept = o.any_of(o.eq(s.selected, step["i"]), o.eq(s.selected, o.nobody), o.eq(t.selected, s.selected))
    return o.all_of(kept, o.no(o.eq(t.selected, step["i"])))


def _priority_under_pin(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "sets_priority"), somebody(o, s.pin), outranked(o, t))


@step_property(
    "ADM-4",
    actions=("sets_priority",),
    instance="admin",
    witness=("a priority is changed over a pinned server", _priority_under_pin),
)
def priority_acts_at_once(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A priority change re-selects at once if auto is on and nothing is pinned, and otherwise changes no selection."""
    free = o.all_of(s.auto, o.eq(s.pin, o.nobody))
    kept = o.any_of(o.eq(s.selected, o.nobody), o.eq(t.selected, s.selected))
    settled = o.any_of(o.eq(t.selected, o.nobody), o.no(outranked(o, t)))
    return o.ite(free, settled, kept)


def _auto_ends_pin(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "sets_auto"), somebody(o, s.pin), o.no(o.eq(t.selected, s.selected)))


@step_property(
    "ADM-5",
    actions=("sets_auto",),
    instance="admin",
    witness=("auto is written and takes the client from a pinned server", _auto_ends_pin),
)
def writing_auto_ends_a_pin(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Any write of auto ends a pin; writing on re-selects by priority."""
    settled = o.any_of(o.eq(t.selected, o.nobody), o.no(outranked(o, t)))
    return o.all_of(o.eq(t.pin, o.nobody), o.iff(t.auto, step["on"]), o.implies(step["on"], settled))


def _activates_worse(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "activates_server"), o.some(s.connected), outranked(o, t))


@step_property(
    "ADM-6/activation",
    actions=("activates_server",),
    instance="admin",
    witness=("a worse server is activated", _activates_worse),
)
def activation_selects_and_pins(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Activation selects the server, pins it and clears a complaint about it."""
    i = step["i"]
    return o.all_of(o.eq(t.selected, i), o.eq(t.pin, i), o.no(t.complaint(i)))


def _pinned_fails(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(
        somebody(o, s.pin), o.no(o.eq(t.selected, s.selected)), somebody(o, t.selected), o.eq(t.pin, o.nobody)
    )


@state_property("ADM-6", instance="admin", witness=("a pinned server fails and another takes over", _pinned_fails))
def pin_is_on_the_selected(o: Ops, s: State) -> Truth:
    """Only the selected server can be pinned: a pin ends with its selection."""
    return o.any_of(o.eq(s.pin, o.nobody), o.eq(s.pin, s.selected))


# --- SES -----------------------------------------------------------------------------------------------------------


def _token_dies(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(o.eq(s.token, Token.CURRENT), o.eq(t.token, Token.STALE), o.some(t.connected))


@state_property(
    "SES-1", instance="complaint", witness=("a session ends and another begins, with a token in hand", _token_dies)
)
def current_token_means_a_session(o: Ops, s: State) -> Truth:
    """A token that counts belongs to a session that is running."""
    return o.implies(o.eq(s.token, Token.CURRENT), o.some(s.connected))


@step_property(
    "SES-1/once",
    instance="complaint",
    witness=("a session ends and another begins, with a token in hand", _token_dies),
)
def token_dies_with_its_session(o: Ops, s: State, t: State, step: Step) -> Truth:
    """When the connected server is no longer connected, a token of its session is stale."""
    over = o.some(lambda i: o.all_of(s.connected(i), o.no(t.connected(i))))
    return o.implies(over, o.no(o.eq(t.token, Token.CURRENT)))


@step_property(
    "SES-2",
    actions=("client_complains_late", "client_complains_alone"),
    instance="complaint",
    witness=(
        "the client complains with an old token",
        lambda o, s, t, x: o.all_of(x.by(o, "client_complains_late"), o.some(s.connected)),
    ),
)
def refused_complaint_has_no_effect(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A complaint with an old token is H_STATE, one with nobody else to turn to is H_CONSTRAINED; neither has any effect
    (under complaint_order lopar the second may clear complaints by MON-5)."""
    same = o.all_of(o.eq(t.selected, s.selected), o.every(lambda i: o.iff(t.complaint(i), s.complaint(i))))
    late = step.by(o, "client_complains_late")
    right = o.ite(late, o.eq(step.answer, Rc.H_STATE), o.eq(step.answer, Rc.H_CONSTRAINED))
    lopar = o.all_of(o.no(late), o.eq(o.profile.complaint_order, ComplaintOrder.LOPAR))
    return o.all_of(right, o.any_of(lopar, same))


@step_property(
    "SES-3",
    "FOV-1",
    actions=("client_complains",),
    instance="complaint",
    witness=("a complaint is accepted", lambda o, s, t, x: x.by(o, "client_complains")),
)
def accepted_complaint_switches(o: Ops, s: State, t: State, step: Step) -> Truth:
    """An accepted complaint takes the client to another server, and stays with the old one, so that priority cannot undo it."""
    return o.all_of(
        somebody(o, t.selected),
        o.no(o.eq(t.selected, s.selected)),
        t.complaint(s.selected),
        o.eq(step.answer, Rc.H_SUCCESS),
    )
