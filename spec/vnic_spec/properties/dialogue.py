"""CLI, SRV: the dialogue of client and servers, claimed of those that keep to it."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.handshake import asks
from vnic_spec.profile import ClientInit, Crossing
from vnic_spec.properties.steps import somebody
from vnic_spec.property import Scope, Step, state_property, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief, ClientPhase, Crq
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
