"""LIV: client and server never wait for each other, and which steps an endless run may repeat."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.profile import Crossing
from vnic_spec.properties.steps import left
from vnic_spec.properties.terms import awake, client_is_on, eligible
from vnic_spec.property import Scope, Step, state_property
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Status
from vnic_spec.wire import Rc


def _spoken(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(
        step.by(o, "server_sends_init"), o.eq(s.phase, ClientPhase.WAITING), o.eq(step.answer, Rc.H_SUCCESS)
    )


@state_property(
    "LIV-3/speaker",
    "CLI-1",
    "SRV-1",
    scope=Scope.DRIVERS,
    witness=("a server sends INIT to a client that waits", _spoken),
)
def somebody_speaks(o: Ops, s: State) -> Truth:
    """When the client waits and nothing is queued for it, a connected server has something to read or is going to send INIT:
    client and server never wait for each other (crossing = hold)."""
    waiting = o.all_of(o.eq(s.phase, ClientPhase.WAITING), o.eq(s.crq, Crq.OPEN), s.to_client.empty())
    speaks = o.every(
        lambda i: o.implies(
            s.connected(i),
            o.any_of(
                o.no(s.to_server(i).empty()),
                o.one_of(s.belief(i), Belief.STANDBY, Belief.AWAITING, Belief.INIT_SENT),
            ),
        )
    )
    return o.any_of(o.implies(waiting, speaks), o.eq(o.profile.crossing, Crossing.GAP))


# --- endless runs: what may happen in their loop (see :mod:`vnic_spec.liveness`) --------------------------------

#: What an administrator does.
CONSOLE = (
    "adds_server",
    "removes_server",
    "removes_last_server",
    "sets_priority",
    "sets_auto",
    "activates_server",
    "activation_refused",
)
#: What goes wrong with a server: it is a trigger if the server is selected (FOV-1).
SERVER_FAULTS = (
    "server_crashes",
    "server_hangs",
    "server_frees",
    "report_expires",
    "reports_expire_together",
    "hold_expires",
)
COMPLAINTS = ("client_complains", "client_complains_alone", "client_complains_late")
#: What keeps a client from being logged in whatever the servers do.
CLIENT_DISTURBED = ("client_crashes", "client_migrates", "user_changes_wish")

#: LIV-1: what does not happen in the loop at all.
DISTURBANCES = (*CONSOLE, *COMPLAINTS, *CLIENT_DISTURBED)
#: LIV-2: the same.
TROUBLE = (*CONSOLE, *SERVER_FAULTS)


def _of_the_selected(o: Ops, s: State, step: Step) -> Truth:
    if step.action == "reports_expire_together":
        return o.any_of(o.eq(s.selected, step["i"]), o.eq(s.selected, step["j"]))
    return o.eq(s.selected, step["i"])


def calm(o: Ops, s: State, t: State, step: Step) -> Truth:
    """No trigger, and nothing that keeps the client from the server it has."""
    if step.action in DISTURBANCES:
        return o.false
    harmless = o.true
    if step.action in SERVER_FAULTS:
        harmless = o.no(_of_the_selected(o, s, step))
    if step.action == "server_reports":
        harmless = o.any_of(o.eq(step["status"], Status.OPERATIONAL), o.no(_of_the_selected(o, s, step)))
    return o.all_of(harmless, o.no(left(o, s, t)))


def steady(o: Ops, s: State, i: Server) -> Truth:
    """Server ``i`` is eligible and runs, whoever is selected runs, and the client is there to be served."""
    selected_runs = o.every(lambda k: o.implies(o.eq(k, s.selected), awake(o, s, k)))
    return o.all_of(eligible(o, s, i), awake(o, s, i), selected_runs, client_is_on(o, s), s.wish)


def logged_in(o: Ops, s: State) -> Truth:
    """The client is logged in."""
    return o.eq(s.phase, ClientPhase.LOGGED_IN)


def quiet(o: Ops, s: State, t: State, step: Step) -> Truth:
    """No fault of a server, no administrator."""
    if step.action in TROUBLE:
        return o.false
    if step.action == "server_reports":
        return o.eq(step["status"], Status.OPERATIONAL)
    return o.true
