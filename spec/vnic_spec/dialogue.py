"""CLI-1 to CLI-4, CLI-6, CLI-7, SRV-1, SRV-2, SRV-4: the dialogue of a well-behaved client and of the servers.

A server hangs and resumes at any point; what it then sends goes out by what it *believes*, and the hypervisor has to cope.
Negotiation between INIT_COMPLETE and LOGIN, and everything after the login, changes nothing for failover and is left out.
"""

from __future__ import annotations

from vnic_spec.action import Actor, Effect, action
from vnic_spec.algebra import Ops, Server, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.profile import ClientInit
from vnic_spec.rule import rule
from vnic_spec.state import State, merge
from vnic_spec.transport import (
    awake,
    client_takes,
    enable,
    forget,
    free,
    register,
    send_to_client,
    send_to_server,
    server_takes,
)
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind
from vnic_spec.wire import Rc

# --- client --------------------------------------------------------------------------------------------------------


@action(Actor.CLIENT, "CRQ-2", "CRQ-9", "CRQ-14", "SEL-2", "SEL-7", "CLI-2", "CLI-7")
def client_registers(o: Ops, s: State, b: Server) -> Effect:
    """The client registers its CRQ, to open the device or to recover."""
    guard = o.eq(s.phase, ClientPhase.RECOVERING)
    t, answer = register(o, s, b)
    return Effect(guard, t.but(phase=o.const(ClientPhase.REGISTERED)), answer)


@action(Actor.CLIENT, "CRQ-4", "CLI-2", "SRV-2")
def client_frees(o: Ops, s: State, server_full: Truth) -> Effect:
    """The recovering client frees its CRQ."""
    guard = o.all_of(o.eq(s.phase, ClientPhase.RECOVERING), o.ne(s.crq, Crq.CLOSED))
    t = free(o, s, Kind.DEREGISTERED, server_full)
    return Effect(guard, t, o.const(Rc.H_SUCCESS))


@action(Actor.CLIENT, "CRQ-8", "CLI-3")
def client_enables(o: Ops, s: State, b: Server) -> Effect:
    """The client that has read event 06 enables its CRQ and starts its dialogue again."""
    guard = o.eq(s.phase, ClientPhase.ENABLING)
    t, answer = enable(o, s, b)
    return Effect(guard, t.but(phase=o.const(ClientPhase.REGISTERED)), answer)


def _client_sends(o: Ops, s: State, kind: Kind, then: ClientPhase, full: Truth) -> tuple[State, Term[Rc]]:
    """Send an element; once it is stored the client is in another phase."""
    t, stored, answer = send_to_server(o, s, o.const(kind), full)
    return t.but(phase=o.ite(stored, o.const(then), s.phase)), answer


@action(Actor.CLIENT, "CRQ-3", "CLI-2")
def client_sends_init(o: Ops, s: State, full: Truth) -> Effect:
    """The client sends INIT; told H_CLOSED or H_DROPPED it tries again or waits for a server's INIT."""
    guard = o.eq(s.phase, ClientPhase.REGISTERED)
    t, answer = _client_sends(o, s, Kind.INIT, ClientPhase.INIT_SENT, full)
    return Effect(guard, t, answer)


@action(Actor.CLIENT, "CRQ-3", "CLI-6")
def client_sends_login(o: Ops, s: State, full: Truth) -> Effect:
    """The client, whose user wants the device open, sends LOGIN."""
    guard = o.all_of(o.eq(s.phase, ClientPhase.READY), s.wish)
    t, answer = _client_sends(o, s, Kind.LOGIN, ClientPhase.LOGIN_SENT, full)
    return Effect(guard, t, answer)


@action(Actor.CLIENT, "CRQ-3", environment=True)
def client_sends_data(o: Ops, s: State, full: Truth) -> Effect:
    """The client, logged in, sends any other command."""
    guard = o.eq(s.phase, ClientPhase.LOGGED_IN)
    t, answer = _client_sends(o, s, Kind.DATA, ClientPhase.LOGGED_IN, full)
    return Effect(guard, t, answer)


@action(Actor.CLIENT, "CLI-7", environment=True)
def client_times_out(o: Ops, s: State) -> Effect:
    """The client has waited long enough for an answer and recovers by registering again."""
    guard = asks(o, s)
    return Effect(guard, s.but(phase=o.const(ClientPhase.RECOVERING)))


@action(Actor.CLIENT, "CLI-6", environment=True)
def user_changes_wish(o: Ops, s: State) -> Effect:
    """The user opens or closes the device, whatever is going on."""
    guard = o.ne(s.phase, ClientPhase.OFF)
    return Effect(guard, s.but(wish=o.no(s.wish)))


def _client_reads(o: Ops, s: State, kind: Kind) -> Truth:
    """The first element is of ``kind``, and the driver is in a phase in which it looks at its queue."""
    element, some, _ = s.to_client.pop()
    idle = o.one_of(s.phase, ClientPhase.OFF, ClientPhase.RECOVERING, ClientPhase.ENABLING)
    return o.all_of(o.no(idle), o.eq(element.kind, kind), some)


@action(Actor.CLIENT, "CLI-2", "CLI-4")
def client_reads_init(o: Ops, s: State, full: Truth) -> Effect:
    """The client reads a server's INIT and answers as its profile says.

    reregister: it frees and registers its CRQ and sends INIT itself. answer: INIT_COMPLETE at once; if that is not stored
    it recovers. With a request of its own outstanding it registers again under either: that request may have gone to another
    server than the one whose INIT it reads, and would be answered into this dialogue (see :func:`after_failover`).
    """
    guard = _client_reads(o, s, Kind.INIT)
    _, t = client_takes(o, s)
    answered, stored, _ = send_to_server(o, t, o.const(Kind.INIT_COMPLETE), full)
    answered = answered.but(phase=o.ite(stored, o.const(ClientPhase.READY), o.const(ClientPhase.RECOVERING)))
    silent = t.needing((*t.needs, o.no(full))).but(phase=o.const(ClientPhase.RECOVERING))
    return Effect(guard, merge(o, answers_init(o, s), answered, silent))


def asks(o: Ops, s: State) -> Truth:
    """An INIT or a LOGIN of the client's own is outstanding."""
    return o.one_of(s.phase, ClientPhase.INIT_SENT, ClientPhase.LOGIN_SENT)


@rule()
def answers_init(o: Ops, s: State) -> Truth:
    """CLI-2: the client answers an INIT on the CRQ it has, unless a request of its own is outstanding."""
    return o.all_of(o.eq(o.profile.client_init, ClientInit.ANSWER), o.no(asks(o, s)))


def _client_accepts(o: Ops, s: State, awaiting: ClientPhase, then: ClientPhase) -> State:
    """Take an answer, which counts only in the phase that awaits it."""
    element, t = client_takes(o, s)
    expected = o.eq(s.phase, awaiting)
    return t.but(
        phase=o.ite(expected, o.const(then), s.phase),
        deceived=o.any_of(s.deceived, o.all_of(expected, o.no(element.fresh))),
    )


@action(Actor.CLIENT, "CLI-4")
def client_reads_init_complete(o: Ops, s: State) -> Effect:
    """The client reads INIT_COMPLETE, which counts only if it awaits one."""
    guard = _client_reads(o, s, Kind.INIT_COMPLETE)
    return Effect(guard, _client_accepts(o, s, ClientPhase.INIT_SENT, ClientPhase.READY))


@action(Actor.CLIENT, "CLI-4", "INV-8")
def client_reads_login_rsp(o: Ops, s: State) -> Effect:
    """The client reads LOGIN_RSP, which counts only if it awaits one."""
    guard = _client_reads(o, s, Kind.LOGIN_RSP)
    return Effect(guard, _client_accepts(o, s, ClientPhase.LOGIN_SENT, ClientPhase.LOGGED_IN))


@action(Actor.CLIENT, "CRQ-5")
def client_reads_data(o: Ops, s: State) -> Effect:
    """The client reads any other element."""
    guard = _client_reads(o, s, Kind.DATA)
    _, t = client_takes(o, s)
    return Effect(guard, t)


@rule()
def after_failover(o: Ops, s: State) -> Term[ClientPhase]:
    """CLI-1: where event 08 takes the client: it waits for INIT.

    Not so with a request of its own outstanding, which may have gone to the new server. An INIT that the new server has
    answered is one that it will not send: both would wait for ever. A LOGIN would be answered into the next dialogue. The
    attempt ends and recovery starts again (CLI-7).
    """
    return o.ite(asks(o, s), o.const(ClientPhase.RECOVERING), o.const(ClientPhase.WAITING))


@action(Actor.CLIENT, "CLI-1", "FOV-4")
def client_reads_failover(o: Ops, s: State) -> Effect:
    """The client reads event 08: it forgets the session and waits for the INIT of a server."""
    guard = _client_reads(o, s, Kind.FAILOVER)
    _, t = client_takes(o, s)
    return Effect(guard, forget(t).but(phase=after_failover(o, s)))


@action(Actor.CLIENT, "CLI-3")
def client_reads_migrated(o: Ops, s: State) -> Effect:
    """The client reads event 06 and has to enable its CRQ."""
    guard = _client_reads(o, s, Kind.MIGRATED)
    _, t = client_takes(o, s)
    return Effect(guard, t.but(phase=o.const(ClientPhase.ENABLING)))


# --- servers -------------------------------------------------------------------------------------------------------


def _server_reads(o: Ops, s: State, i: Server, *kinds: Kind) -> Truth:
    """Server ``i`` is awake and registered, and its first element is of one of the kinds."""
    element, some, _ = s.to_server(i).pop()
    return o.all_of(awake(o, s, i), o.one_of(element.kind, *kinds), some, s.registered(i))


def _unless_full(o: Ops, full: Truth, s: State, t: State) -> State:
    """``t``, or while the client's queue is full ``s``: the server leaves its element where it is and tries again."""
    return merge(o, full, s.needing(t.needs), t)


@action(Actor.SERVER, "MON-7", "SRV-1")
def server_polls(o: Ops, s: State, i: Server) -> Effect:
    """Server i sees its active flag risen (H_VIOCTL 0x1B) and looks for the client's INIT."""
    guard = o.all_of(awake(o, s, i), s.registered(i), o.eq(s.belief(i), Belief.STANDBY), s.connected(i))
    return Effect(guard, s.but(belief=s.belief.set(i, o.const(Belief.AWAITING))), o.const(Rc.H_SUCCESS))


@action(Actor.SERVER, "SRV-1", "FOV-2", "FOV-10")
def server_sends_init(o: Ops, s: State, i: Server, full: Truth) -> Effect:
    """Server i, which believes itself active and finds no INIT, sends its own; again until it is answered."""
    believes = o.one_of(s.belief(i), Belief.AWAITING, Belief.INIT_SENT)
    finds_none = s.to_server(i).every(lambda e: o.ne(e.kind, Kind.INIT))
    guard = o.all_of(awake(o, s, i), believes, finds_none)
    t, stored, answer = send_to_client(o, s, i, o.const(Kind.INIT), o.false, full)
    belief = o.ite(stored, o.const(Belief.INIT_SENT), s.belief(i))
    return Effect(guard, t.but(belief=s.belief.set(i, belief)), answer)


@action(Actor.SERVER, "SRV-1", "SRV-3", "FOV-10")
def server_reads_init(o: Ops, s: State, i: Server, full: Truth) -> Effect:
    """Server i reads the client's INIT and answers INIT_COMPLETE; while the client's queue is full it tries again."""
    guard = _server_reads(o, s, i, Kind.INIT)
    element, t = server_takes(o, s, i)
    t, stored, answer = send_to_client(o, t, i, o.const(Kind.INIT_COMPLETE), element.fresh, full)
    t = t.but(belief=s.belief.set(i, o.ite(stored, o.const(Belief.OPEN), s.belief(i))))
    return Effect(guard, _unless_full(o, full, s, t), answer)


@action(Actor.SERVER, "SRV-1")
def server_reads_init_complete(o: Ops, s: State, i: Server) -> Effect:
    """Server i reads INIT_COMPLETE, which counts only if it has sent INIT."""
    guard = _server_reads(o, s, i, Kind.INIT_COMPLETE)
    _, t = server_takes(o, s, i)
    expected = o.eq(s.belief(i), Belief.INIT_SENT)
    return Effect(guard, t.but(belief=s.belief.set(i, o.ite(expected, o.const(Belief.OPEN), s.belief(i)))))


def _dialogue_open(o: Ops, s: State, i: Server) -> Truth:
    return o.one_of(s.belief(i), Belief.OPEN, Belief.SERVING)


@action(Actor.SERVER, "SRV-3", "CRQ-12", "INV-8")
def server_reads_login(o: Ops, s: State, i: Server, full: Truth) -> Effect:
    """Server i, its dialogue open, reads LOGIN, answers it and uses what the client grants.

    While the client's queue is full it tries again.
    """
    guard = o.all_of(_server_reads(o, s, i, Kind.LOGIN), _dialogue_open(o, s, i))
    element, t = server_takes(o, s, i)
    t, stored, answer = send_to_client(o, t, i, o.const(Kind.LOGIN_RSP), element.fresh, full)
    t = t.but(
        belief=s.belief.set(i, o.ite(stored, o.const(Belief.SERVING), s.belief(i))),
        granted=s.granted.update(i, lambda was: o.any_of(was, stored)),
    )
    return Effect(guard, _unless_full(o, full, s, t), answer)


@action(Actor.SERVER, "SRV-3")
def server_refuses_login(o: Ops, s: State, i: Server) -> Effect:
    """Server i reads LOGIN although its dialogue is not open, and refuses it.

    A refusal is no LOGIN_RSP that counts, so its element is left out; SRV-3 is tested where return codes are visible.
    """
    guard = o.all_of(_server_reads(o, s, i, Kind.LOGIN), o.no(_dialogue_open(o, s, i)))
    _, t = server_takes(o, s, i)
    return Effect(guard, t)


@action(Actor.SERVER, "CRQ-5")
def server_reads_data(o: Ops, s: State, i: Server) -> Effect:
    """Server i reads any other element."""
    guard = _server_reads(o, s, i, Kind.DATA)
    _, t = server_takes(o, s, i)
    return Effect(guard, t)


@action(Actor.SERVER, "CRQ-13", "SRV-1", "SRV-2", "SRV-4")
def server_reads_event(o: Ops, s: State, i: Server, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    """Server i reads event 01 or 02 and drops all it negotiated; only the active flag tells it what comes next.

    That may end a hold: then it is connected in this step, or selected again if it was overdue (CRQ-13).
    """
    guard = _server_reads(o, s, i, Kind.FAILED, Kind.DEREGISTERED)
    _, t = server_takes(o, s, i)
    t = t.but(belief=s.belief.set(i, after_event(o, s, i)))
    t = conclude(o, t, b, client_full, server_full)
    return Effect(guard, t)


@rule()
def after_event(o: Ops, s: State, i: Server) -> Term[Belief]:
    """SRV-1: what server ``i`` believes after an event: nothing, until it has looked at its active flag."""
    return o.const(Belief.STANDBY)


@action(Actor.SERVER, "FOV-10", environment=True)
def server_sends_data(o: Ops, s: State, i: Server, full: Truth) -> Effect:
    """Server i, which regards the client as logged in, sends any other element."""
    guard = o.all_of(awake(o, s, i), o.eq(s.belief(i), Belief.SERVING))
    t, _, answer = send_to_client(o, s, i, o.const(Kind.DATA), o.false, full)
    return Effect(guard, t, answer)


@action(Actor.SERVER, "FOV-10", "INV-7", environment=True)
def server_uses_grant(o: Ops, s: State, i: Server) -> Effect:
    """Server i, which regards the client as logged in, uses a sub-CRQ handle or a DMA map of the client's."""
    guard = o.all_of(awake(o, s, i), o.eq(s.belief(i), Belief.SERVING))
    answer = o.ite(s.granted(i), o.const(Rc.H_SUCCESS), o.const(Rc.H_PARAMETER))
    return Effect(guard, s, answer)
