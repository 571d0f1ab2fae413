"""CLI, SRV: where the client stands in its dialogue, and what a server believes."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.profile import ClientInit
from vnic_spec.properties.steps import is_event
from vnic_spec.properties.terms import asks
from vnic_spec.property import Scope, Step, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief, ClientPhase, Kind
from vnic_spec.wire import Rc

#: action → the phase in which the client takes it → the phase after it, if what it sends is stored.
_MOVES = {
    "client_registers": (ClientPhase.RECOVERING, ClientPhase.REGISTERED),
    "client_enables": (ClientPhase.ENABLING, ClientPhase.REGISTERED),
    "client_sends_init": (ClientPhase.REGISTERED, ClientPhase.INIT_SENT),
    "client_sends_login": (ClientPhase.READY, ClientPhase.LOGIN_SENT),
    "client_sends_data": (ClientPhase.LOGGED_IN, ClientPhase.LOGGED_IN),
    "client_boots": (ClientPhase.OFF, ClientPhase.RECOVERING),
    "client_reads_init_complete": (ClientPhase.INIT_SENT, ClientPhase.READY),
    "client_reads_login_rsp": (ClientPhase.LOGIN_SENT, ClientPhase.LOGGED_IN),
}
_SENDS = ("client_sends_init", "client_sends_login", "client_sends_data")
_ANSWERS = ("client_reads_init_complete", "client_reads_login_rsp")
_MOVE = ("client_registers", "client_enables", "client_boots")


def _logs_in(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "client_reads_login_rsp"), o.eq(t.phase, ClientPhase.LOGGED_IN))


@step_property(
    "CLI-4/phase", "CLI-1", "CLI-2", "CLI-3", "CLI-7", scope=Scope.DRIVERS, witness=("the client logs in", _logs_in)
)
def phase_is_accounted_for(o: Ops, s: State, t: State, step: Step) -> Truth:
    """The client's phase moves by what it calls, reads and stores, each only from the phase before it: an answer counts in
    the phase that awaits it, a request once it is stored; nothing else moves it."""
    if step.action in _SENDS:
        before, then = _MOVES[step.action]
        moved = o.ite(o.eq(step.answer, Rc.H_SUCCESS), o.const(then), s.phase)
        return o.all_of(o.eq(s.phase, before), o.eq(t.phase, moved))
    if step.action in _ANSWERS:
        before, then = _MOVES[step.action]
        return o.eq(t.phase, o.ite(o.eq(s.phase, before), o.const(then), s.phase))
    if step.action in _MOVE:
        before, then = _MOVES[step.action]
        return o.all_of(o.eq(s.phase, before), o.eq(t.phase, then))
    if step.action == "client_times_out":
        return o.all_of(asks(o, s), o.eq(t.phase, ClientPhase.RECOVERING))
    if step.action == "client_reads_init":
        answers = o.all_of(o.eq(o.profile.client_init, ClientInit.ANSWER), o.no(asks(o, s)))
        ready = o.all_of(answers, o.eq(t.phase, ClientPhase.READY))
        return o.any_of(ready, o.eq(t.phase, ClientPhase.RECOVERING))
    if step.action == "client_reads_failover":
        return o.eq(t.phase, o.ite(asks(o, s), o.const(ClientPhase.RECOVERING), o.const(ClientPhase.WAITING)))
    if step.action == "client_reads_migrated":
        return o.eq(t.phase, ClientPhase.ENABLING)
    if step.action == "client_frees":
        return o.all_of(o.eq(s.phase, ClientPhase.RECOVERING), o.eq(t.phase, s.phase))
    return o.ite(step.by(o, "client_crashes"), o.eq(t.phase, ClientPhase.OFF), o.eq(t.phase, s.phase))


_CLIENT_READS = {
    "client_reads_init": Kind.INIT,
    "client_reads_init_complete": Kind.INIT_COMPLETE,
    "client_reads_login_rsp": Kind.LOGIN_RSP,
    "client_reads_data": Kind.DATA,
    "client_reads_failover": Kind.FAILOVER,
    "client_reads_migrated": Kind.MIGRATED,
}
_SERVER_READS = {
    "server_reads_init": Kind.INIT,
    "server_reads_init_complete": Kind.INIT_COMPLETE,
    "server_reads_login": Kind.LOGIN,
    "server_refuses_login": Kind.LOGIN,
    "server_reads_data": Kind.DATA,
}


@step_property(
    "CLI-4/reads",
    "CLI-1",
    "CLI-3",
    actions=(*_CLIENT_READS,),
    scope=Scope.DRIVERS,
    witness=("the client reads event 08", lambda o, s, t, x: x.by(o, "client_reads_failover")),
)
def client_reads_what_is_first(o: Ops, s: State, t: State, step: Step) -> Truth:
    """The client deals with the element that is first on its queue, as what it is, and only while it has a dialogue."""
    idle = o.one_of(s.phase, ClientPhase.OFF, ClientPhase.RECOVERING, ClientPhase.ENABLING)
    kind = _CLIENT_READS[step.action]
    return o.all_of(o.no(idle), o.no(s.to_client.empty()), s.to_client.first(lambda e: o.eq(e.kind, kind)))


@step_property(
    "SRV-3/reads",
    "SRV-1",
    "CRQ-13",
    actions=(*_SERVER_READS, "server_reads_event"),
    scope=Scope.DRIVERS,
    witness=("a server reads LOGIN", lambda o, s, t, x: x.by(o, "server_reads_login")),
)
def server_reads_what_is_first(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server deals with the element that is first on its own queue, as what it is; LOGIN is answered if its dialogue is
    open, and refused if it is not."""
    i = step["i"]
    queue = s.to_server(i)
    if step.action == "server_reads_event":
        return o.all_of(o.no(queue.empty()), queue.first(lambda e: is_event(o, e)))
    kind = _SERVER_READS[step.action]
    open_ = o.one_of(s.belief(i), Belief.OPEN, Belief.SERVING)
    answered = o.implies(step.by(o, "server_reads_login"), open_)
    refused = o.implies(step.by(o, "server_refuses_login"), o.no(open_))
    return o.all_of(o.no(queue.empty()), queue.first(lambda e: o.eq(e.kind, kind)), answered, refused)


@step_property(
    "SRV-1/belief",
    "SRV-4",
    "MON-7",
    scope=Scope.DRIVERS,
    witness=("a server regards the client as logged in", lambda o, s, t, x: x.by(o, "server_reads_login")),
)
def belief_is_accounted_for(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A server believes itself active once it is told so while on standby, has sent INIT, opened its dialogue or serves once
    its own element is stored or the client's INIT_COMPLETE answers it, and is on standby after an event and when its CRQ
    comes or goes; nothing else changes what it believes, and no other server's belief changes."""
    i = step.get("i", o.nobody)

    def now(belief: Belief) -> Truth:
        return o.eq(t.belief(i), belief)

    def once_stored(belief: Belief) -> Truth:
        return o.eq(t.belief(i), o.ite(o.eq(step.answer, Rc.H_SUCCESS), o.const(belief), s.belief(i)))

    mine = o.eq(t.belief(i), s.belief(i))
    if step.action == "server_polls":
        mine = o.all_of(o.eq(s.belief(i), Belief.STANDBY), now(Belief.AWAITING))
    if step.action == "server_sends_init":
        mine = o.all_of(o.one_of(s.belief(i), Belief.AWAITING, Belief.INIT_SENT), once_stored(Belief.INIT_SENT))
    if step.action == "server_reads_init":
        mine = once_stored(Belief.OPEN)
    if step.action == "server_reads_login":
        mine = once_stored(Belief.SERVING)
    if step.action == "server_reads_init_complete":
        opened = o.ite(o.eq(s.belief(i), Belief.INIT_SENT), o.const(Belief.OPEN), s.belief(i))
        mine = o.eq(t.belief(i), opened)
    if step.action in ("server_sends_data", "server_uses_grant"):
        mine = o.all_of(o.eq(s.belief(i), Belief.SERVING), now(Belief.SERVING))
    if step.action in ("server_frees", "server_crashes", "server_reads_event"):
        mine = now(Belief.STANDBY)

    def others(k: Server) -> Truth:
        return o.any_of(o.eq(k, i), o.eq(t.belief(k), s.belief(k)))

    return o.all_of(o.any_of(o.eq(i, o.nobody), mine), o.every(others))
