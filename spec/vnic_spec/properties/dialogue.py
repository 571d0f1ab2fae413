"""CLI, SRV: the dialogue of client and servers, claimed of those that keep to it."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import ClientInit, Crossing
from vnic_spec.properties.terms import asks
from vnic_spec.property import Scope, Step, state_property, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import Rc


def _reads_failover(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "client_reads_failover"), o.eq(s.phase, ClientPhase.LOGGED_IN))


@step_property(
    "CLI-1",
    "FOV-4",
    actions=("client_reads_failover",),
    scope=Scope.DRIVERS,
    witness=("a client that is logged in reads event 08", _reads_failover),
)
def failover_is_waited_for(o: Ops, s: State, t: State, step: Step) -> Truth:
    """After event 08 the client waits for INIT, its CRQ registered; only a request of its own that is outstanding makes it
    start its recovery again."""
    waits = o.eq(t.phase, ClientPhase.WAITING)
    tried = o.all_of(asks(o, s), o.eq(t.phase, ClientPhase.RECOVERING))
    return o.all_of(o.any_of(waits, tried), o.eq(t.crq, s.crq))


def _meets_init(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "client_reads_init"), o.eq(s.phase, ClientPhase.WAITING))


@step_property(
    "CLI-2",
    actions=("client_reads_init",),
    scope=Scope.DRIVERS,
    witness=("the INIT of a new server ends the client's wait", _meets_init),
)
def init_makes_the_client_register_again(o: Ops, s: State, t: State, step: Step) -> Truth:
    """On a server's INIT the client frees and registers its CRQ before it goes on (profile client_init = reregister)."""
    return o.implies(o.eq(o.profile.client_init, ClientInit.REREGISTER), o.eq(t.phase, ClientPhase.RECOVERING))


def _reads_migrated(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "client_reads_migrated"), o.eq(s.phase, ClientPhase.LOGGED_IN))


@step_property(
    "CLI-3",
    actions=("client_reads_migrated",),
    scope=Scope.DRIVERS,
    instance="migration",
    witness=("a client that is logged in reads event 06", _reads_migrated),
)
def migration_is_answered_by_enabling(o: Ops, s: State, t: State, step: Step) -> Truth:
    """After event 06 the client enables its CRQ and starts its dialogue again."""
    return o.eq(t.phase, ClientPhase.ENABLING)


@state_property(
    "CLI-4",
    "CRQ-13",
    scope=Scope.DRIVERS,
    witness=(
        "the client logs in after an earlier dialogue was broken off",
        lambda o, s, t, x: o.all_of(x.by(o, "client_reads_login_rsp"), o.eq(t.phase, ClientPhase.LOGGED_IN)),
    ),
)
def replies_are_to_own_requests(o: Ops, s: State) -> Truth:
    """The client has never taken the answer to a request of an earlier dialogue for the answer to its own
    (crossing = hold)."""
    return o.any_of(o.no(s.deceived), o.eq(o.profile.crossing, Crossing.GAP))


def _wish_in_failover(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "user_changes_wish"), o.eq(s.phase, ClientPhase.WAITING))


@step_property(
    "CLI-6",
    scope=Scope.DRIVERS,
    instance="wish",
    witness=("the user changes his mind while the client waits for a server", _wish_in_failover),
)
def wish_is_the_users(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Only the user changes the wish."""
    return o.any_of(step.by(o, "user_changes_wish"), o.iff(t.wish, s.wish))


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
