"""MON: what is known of each server: partition, registration, hanging, status and complaint."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.profile import ComplaintOrder
from vnic_spec.properties.steps import CONCLUDES
from vnic_spec.properties.terms import faultless
from vnic_spec.property import Step, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import Status

#: What makes a server POWERED_OFF until it reports.
POWERS_OFF = ("server_registers", "server_frees", "server_crashes", "adds_server", "removes_server")
#: What sets a status.
SETS_STATUS = ("server_reports", *POWERS_OFF, "report_expires", "reports_expire_together")


@step_property(
    "MON-3/partition",
    "CRQ-2",
    "CRQ-4",
    "FOV-10",
    instance="interface",
    witness=("the partition of a server is powered on again", lambda o, s, t, x: x.by(o, "server_boots")),
)
def server_comes_and_goes_by_itself(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server's CRQ is registered from its registering to its freeing or crash, its partition on from booting to a crash,
    and it hangs from hanging to resuming or a crash; no step does so to another server, and nothing else changes any of it."""
    i = step.get("i", o.nobody)

    def by(k: Server, *actions: str) -> Truth:
        return o.all_of(step.by(o, *actions), o.eq(k, i))

    def right(k: Server) -> Truth:
        crashes = by(k, "server_crashes")
        registered = o.any_of(by(k, "server_registers"), o.all_of(s.registered(k), o.no(by(k, "server_frees"))))
        powered = o.any_of(by(k, "server_boots"), s.powered(k))
        hung = o.any_of(by(k, "server_hangs"), o.all_of(s.hung(k), o.no(by(k, "server_resumes"))))
        return o.all_of(
            o.iff(t.registered(k), o.all_of(registered, o.no(crashes))),
            o.iff(t.powered(k), o.all_of(powered, o.no(crashes))),
            o.iff(t.hung(k), o.all_of(hung, o.no(crashes))),
        )

    return o.every(right)


def _recovers(o: Ops, s: State, step: Step) -> Truth:
    return o.all_of(o.eq(step["status"], Status.OPERATIONAL), o.ne(s.status(step["i"]), Status.OPERATIONAL))


def _another_forgiven(o: Ops, s: State, t: State, step: Step) -> Truth:
    forgiven = o.some(lambda k: o.all_of(s.complaint(k), o.no(t.complaint(k)), o.eq(t.selected, k)))
    return o.all_of(forgiven, step.by(o, "report_expires"))


@step_property(
    "MON-4/complaint",
    "MON-5",
    "SES-2",
    "SES-3",
    "ADM-6",
    instance="complaint",
    witness=("the last server falls silent and the complaints about others are forgiven", _another_forgiven),
)
def complaint_is_accounted_for(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A complaint is about the server that was selected when the client's complaint was accepted. It ends by a report that
    makes that server OPERATIONAL, by its registering, activation or removal, and by MON-5: if nobody would be eligible after
    the step, every complaint ends that is its server's only fault. Nothing else begins or ends one."""
    i = step.get("i", o.nobody)
    begins = step.by(o, "client_complains")
    if step.action == "client_complains_alone":
        begins = o.eq(o.profile.complaint_order, ComplaintOrder.LOPAR)
    ends = step.by(o, "server_registers", "activates_server", "removes_server")
    if step.action == "server_reports":
        ends = _recovers(o, s, step)

    def carries(k: Server) -> Truth:
        kept = o.all_of(s.complaint(k), o.no(o.all_of(ends, o.eq(k, i))))
        return o.any_of(kept, o.all_of(begins, o.eq(k, s.selected)))

    if step.action in CONCLUDES:
        stranded = o.no(o.some(lambda j: o.all_of(faultless(o, t, j), o.no(carries(j)))))

        def right(k: Server) -> Truth:
            return o.iff(t.complaint(k), o.all_of(carries(k), o.no(o.all_of(stranded, faultless(o, t, k)))))

        return o.every(right)
    return o.every(lambda k: o.iff(t.complaint(k), carries(k)))


@step_property(
    "MON-2/status",
    "MON-3",
    "MON-4",
    "MON-6",
    "ADM-3",
    instance="admin",
    witness=(
        "a server is removed that was OPERATIONAL",
        lambda o, s, t, x: _removed_while_operational(o, s, x),
    ),
)
def status_is_accounted_for(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A status becomes what its server reports, UNRESPONSIVE when its report does not come, POWERED_OFF when its CRQ or
    partition comes or goes or it is put on or off the list; it stays otherwise, and so does that of every other server."""
    if step.action in SETS_STATUS:
        i = step["i"]
        j = step.get("j", i)
        now = o.ite(step.by(o, *POWERS_OFF), o.const(Status.POWERED_OFF), o.const(Status.UNRESPONSIVE))
        now = step.get("status", now)
        return o.every(lambda k: o.eq(t.status(k), o.ite(o.one_of(k, i, j), now, s.status(k))))
    return o.every(lambda k: o.eq(t.status(k), s.status(k)))


def _removed_while_operational(o: Ops, s: State, step: Step) -> Truth:
    if step.action == "removes_server":
        return o.eq(s.status(step["i"]), Status.OPERATIONAL)
    return o.false
