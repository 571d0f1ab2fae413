"""MON: where a status comes from, and what it means for selection."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.properties.steps import some_eligible, somebody
from vnic_spec.properties.terms import nobody_eligible, only_complained_of
from vnic_spec.property import Scope, Step, state_property, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Status
from vnic_spec.wire import Rc


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
            o.ne(step.get("i", o.nobody), step.get("j", o.nobody)),
        ),
    ),
)
def status_has_a_source(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A status changes only by a report of the server, by its silence where it has reported, or to POWERED_OFF when it comes or
    goes; a server that falls silent is UNRESPONSIVE."""

    def explained(k: Server) -> Truth:
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
    return o.all_of(o.eq(t.status(i), Status.POWERED_OFF), o.ne(t.selected, i), o.no(t.connected(i)))


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
    recovers = o.all_of(o.eq(step["status"], Status.OPERATIONAL), o.ne(s.status(i), Status.OPERATIONAL))
    return o.implies(recovers, o.no(t.complaint(i)))


def _desperate(o: Ops, s: State, t: State, step: Step) -> Truth:
    other = o.some(lambda i: o.all_of(s.complaint(i), o.no(t.complaint(i)), o.eq(t.selected, i)))
    return o.all_of(other, o.ne(s.selected, t.selected), o.no(step.by(o, "activates_server")))


@state_property(
    "MON-5", instance="complaint", witness=("the last server fails and one with a complaint takes over", _desperate)
)
def complaints_never_strand(o: Ops, s: State) -> Truth:
    """It never is that nobody is eligible while a server is there whose only fault is a complaint."""
    return o.no(o.all_of(nobody_eligible(o, s), o.some(lambda i: only_complained_of(o, s, i))))


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
    return o.all_of(o.eq(t.status(i), Status.POWERED_OFF), o.ne(t.selected, i))


def _rises(o: Ops, s: State, t: State, step: Step) -> Truth:
    return step.by(o, "server_polls")


@step_property(
    "MON-7",
    "SRV-1",
    actions=("server_polls",),
    scope=Scope.DRIVERS,
    witness=("a server learns that it is active", _rises),
)
def active_means_connected(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server is told that it is active only while it is selected and connected."""
    i = step["i"]
    return o.all_of(s.connected(i), o.eq(s.selected, i), somebody(o, s.selected))
