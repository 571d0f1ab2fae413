"""CLI-1 to CLI-4, CLI-6, CLI-7, SRV-1, SRV-2, SRV-4: the dialogue of a well-behaved client and of the servers.

A server hangs and resumes at any point; what it then sends goes out by what it *believes*, and the hypervisor has to cope.
Negotiation between INIT_COMPLETE and LOGIN, and everything after the login, changes nothing for failover and is left out.
"""

from __future__ import annotations

from vnic_spec.action import Actor, Effect, action
from vnic_spec.algebra import Element, Ops, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.profile import ClientInit
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
def client_registers(o: Ops, s: State, b: Term) -> Effect:
    """The client registers its CRQ, to open the device or to recover."""
    effect = register(o, s, b)
    t = effect.state.but(phase=o.const(ClientPhase.REGISTERED))
    return Effect(o.all_of(o.eq(s.phase, ClientPhase.RECOVERING), effect.guard), t, effect.answer)


@action(Actor.CLIENT, "CRQ-4", "CLI-2", "SRV-2")
def client_frees(o: Ops, s: State, server_full: Truth) -> Effect:
    """The recovering client frees its CRQ."""
    possible, t = free(o, s, Kind.DEREGISTERED, server_full)
    guard = o.all_of(o.eq(s.phase, ClientPhase.RECOVERING), o.no(o.eq(s.crq, Crq.CLOSED)), possible)
    return Effect(guard, t, o.const(Rc.H_SUCCESS))


@action(Actor.CLIENT, "CRQ-8", "CLI-3")
def client_enables(o: Ops, s: State, b: Term) -> Effect:
    """The client that has read event 06 enables its CRQ and starts its dialogue again."""
    effect = enable(o, s, b)
    t = effect.state.but(phase=o.const(ClientPhase.REGISTERED))
    return Effect(o.all_of(o.eq(s.phase, ClientPhase.ENABLING), effect.guard), t, effect.answer)


def _client_sends(o: Ops, s: State, kind: Kind, ready: Truth, then: ClientPhase, full: Truth) -> Effect:
    possible, stored, t, answer = send_to_server(o, s, o.const(kind), full)
    phase = o.ite(stored, o.const(then), s.phase)
    return Effect(o.all_of(ready, possible), t.but(phase=phase), answer)


@action(Actor.CLIENT, "CRQ-3", "CLI-2")
def client_sends_init(o: Ops, s: State, full: Truth) -> Effect:
    """The client sends INIT; told H_CLOSED or H_DROPPED it tries again or waits for a server's INIT."""
    return _client_sends(o, s, Kind.INIT, o.eq(s.phase, ClientPhase.REGISTERED), ClientPhase.INIT_SENT, full)


@action(Actor.CLIENT, "CRQ-3", "CLI-6")
def client_sends_login(o: Ops, s: State, full: Truth) -> Effect:
    """The client, whose user wants the device open, sends LOGIN."""
    ready = o.all_of(o.eq(s.phase, ClientPhase.READY), s.wish)
    return _client_sends(o, s, Kind.LOGIN, ready, ClientPhase.LOGIN_SENT, full)


@action(Actor.CLIENT, "CRQ-3", environment=True)
def client_sends_data(o: Ops, s: State, full: Truth) -> Effect:
    """The client, logged in, sends any other command."""
    return _client_sends(o, s, Kind.DATA, o.eq(s.phase, ClientPhase.LOGGED_IN), ClientPhase.LOGGED_IN, full)


@action(Actor.CLIENT, "CLI-7", environment=True)
def client_times_out(o: Ops, s: State) -> Effect:
    """The client has waited long enough for an answer and recovers by registering again."""
    return Effect(asks(o, s), s.but(phase=o.const(ClientPhase.RECOVERING)))


@action(Actor.CLIENT, "CLI-6", environment=True)
def user_changes_wish(o: Ops, s: State) -> Effect:
    """The user opens or closes the device, whatever is going on."""
    return Effect(o.no(o.eq(s.phase, ClientPhase.OFF)), s.but(wish=o.no(s.wish)))


def _client_reads(o: Ops, s: State, kind: Kind) -> tuple[Truth, Element, State]:
    """Take the first element, which is of ``kind``, in a phase in which the driver looks at its queue."""
    element, possible, t = client_takes(o, s)
    idle = o.one_of(s.phase, ClientPhase.OFF, ClientPhase.RECOVERING, ClientPhase.ENABLING)
    return o.all_of(o.no(idle), o.eq(element.kind, kind), possible), element, t


@action(Actor.CLIENT, "CLI-2", "CLI-4")
def client_reads_init(o: Ops, s: State, full: Truth) -> Effect:
    """The client reads a server's INIT and answers as its profile says.

    reregister: it frees and registers its CRQ and sends INIT itself. answer: INIT_COMPLETE at once; if that is not stored
    it recovers. With a request of its own outstanding it registers again under either: that request may have gone to another
    server than the one whose INIT it reads, and would be answered into this dialogue (see :func:`after_failover`).
    """
    possible, _, t = _client_reads(o, s, Kind.INIT)
    answers = o.rules.answers_init(o, s)
    sendable, stored, answered, _ = send_to_server(o, t, o.const(Kind.INIT_COMPLETE), full)
    answered = answered.but(phase=o.ite(stored, o.const(ClientPhase.READY), o.const(ClientPhase.RECOVERING)))
    t = merge(o, answers, answered, t.but(phase=o.const(ClientPhase.RECOVERING)))
    return Effect(o.all_of(possible, o.ite(answers, sendable, o.no(full))), t)


def asks(o: Ops, s: State) -> Truth:
    """An INIT or a LOGIN of the client's own is outstanding."""
    return o.one_of(s.phase, ClientPhase.INIT_SENT, ClientPhase.LOGIN_SENT)


def answers_init(o: Ops, s: State) -> Truth:
    """CLI-2: the client answers an INIT on the CRQ it has, unless a request of its own is outstanding."""
    return o.all_of(o.eq(o.profile.client_init, ClientInit.ANSWER), o.no(asks(o, s)))


def _client_accepts(o: Ops, s: State, kind: Kind, awaiting: ClientPhase, then: ClientPhase) -> Effect:
    possible, element, t = _client_reads(o, s, kind)
    expected = o.eq(s.phase, awaiting)
    t = t.but(
        phase=o.ite(expected, o.const(then), s.phase),
        deceived=o.any_of(s.deceived, o.all_of(expected, o.no(element.fresh))),
    )
    return Effect(possible, t)


@action(Actor.CLIENT, "CLI-4")
def client_reads_init_complete(o: Ops, s: State) -> Effect:
    """The client reads INIT_COMPLETE, which counts only if it awaits one."""
    return _client_accepts(o, s, Kind.INIT_COMPLETE, ClientPhase.INIT_SENT, ClientPhase.READY)


@action(Actor.CLIENT, "CLI-4", "INV-8")
def client_reads_login_rsp(o: Ops, s: State) -> Effect:
    """The client reads LOGIN_RSP, which counts only if it awaits one."""
    return _client_accepts(o, s, Kind.LOGIN_RSP, ClientPhase.LOGIN_SENT, ClientPhase.LOGGED_IN)


@action(Actor.CLIENT, "CRQ-5")
def client_reads_data(o: Ops, s: State) -> Effect:
    """The client reads any other element."""
    possible, _, t = _client_reads(o, s, Kind.DATA)
    return Effect(possible, t)


def after_failover(o: Ops, s: State) -> Term:
    """CLI-1: where event 08 takes the client: it waits for INIT.

    Not so with a request of its own outstanding, which may have gone to the new server. An INIT that the new server has
    answered is one that it will not send: both would wait for ever. A LOGIN would be answered into the next dialogue. The
    attempt ends and recovery starts again (CLI-7).
    """
    return o.ite(asks(o, s), o.const(ClientPhase.RECOVERING), o.const(ClientPhase.WAITING))


@action(Actor.CLIENT, "CLI-1", "FOV-4")
def client_reads_failover(o: Ops, s: State) -> Effect:
    """The client reads event 08: it forgets the session and waits for the INIT of a server."""
    possible, _, t = _client_reads(o, s, Kind.FAILOVER)
    return Effect(possible, forget(t).but(phase=o.rules.after_failover(o, s)))


@action(Actor.CLIENT, "CLI-3")
def client_reads_migrated(o: Ops, s: State) -> Effect:
    """The client reads event 06 and has to enable its CRQ."""
    possible, _, t = _client_reads(o, s, Kind.MIGRATED)
    return Effect(possible, t.but(phase=o.const(ClientPhase.ENABLING)))


# --- servers -------------------------------------------------------------------------------------------------------


def _server_reads(o: Ops, s: State, i: Term, *kinds: Kind) -> tuple[Truth, Element, State]:
    element, possible, t = server_takes(o, s, i)
    return o.all_of(awake(o, s, i), o.one_of(element.kind, *kinds), possible), element, t


@action(Actor.SERVER, "MON-7", "SRV-1")
def server_polls(o: Ops, s: State, i: Term) -> Effect:
    """Server i sees its active flag risen (H_VIOCTL 0x1B) and looks for the client's INIT."""
    rises = o.all_of(awake(o, s, i), s.registered(i), o.eq(s.belief(i), Belief.STANDBY), s.connected(i))
    return Effect(rises, s.but(belief=s.belief.set(i, o.const(Belief.AWAITING))), o.const(Rc.H_SUCCESS))


@action(Actor.SERVER, "SRV-1", "FOV-2", "FOV-10")
def server_sends_init(o: Ops, s: State, i: Term, full: Truth) -> Effect:
    """Server i, which believes itself active and finds no INIT, sends its own; again until it is answered."""
    believes = o.one_of(s.belief(i), Belief.AWAITING, Belief.INIT_SENT)
    finds_none = s.to_server(i).every(lambda e: o.no(o.eq(e.kind, Kind.INIT)))
    possible, stored, t, answer = send_to_client(o, s, i, o.const(Kind.INIT), o.false, full)
    belief = o.ite(stored, o.const(Belief.INIT_SENT), s.belief(i))
    guard = o.all_of(awake(o, s, i), believes, finds_none, possible)
    return Effect(guard, t.but(belief=s.belief.set(i, belief)), answer)


@action(Actor.SERVER, "SRV-1", "SRV-3", "FOV-10")
def server_reads_init(o: Ops, s: State, i: Term, full: Truth) -> Effect:
    """Server i reads the client's INIT and answers INIT_COMPLETE; while the client's queue is full it tries again."""
    possible, element, t = _server_reads(o, s, i, Kind.INIT)
    sendable, stored, answered, answer = send_to_client(o, t, i, o.const(Kind.INIT_COMPLETE), element.fresh, full)
    answered = answered.but(belief=s.belief.set(i, o.ite(stored, o.const(Belief.OPEN), s.belief(i))))
    return Effect(o.all_of(possible, sendable), merge(o, full, s, answered), answer)


@action(Actor.SERVER, "SRV-1")
def server_reads_init_complete(o: Ops, s: State, i: Term) -> Effect:
    """Server i reads INIT_COMPLETE, which counts only if it has sent INIT."""
    possible, _, t = _server_reads(o, s, i, Kind.INIT_COMPLETE)
    expected = o.eq(s.belief(i), Belief.INIT_SENT)
    return Effect(possible, t.but(belief=s.belief.set(i, o.ite(expected, o.const(Belief.OPEN), s.belief(i)))))


def _dialogue_open(o: Ops, s: State, i: Term) -> Truth:
    return o.one_of(s.belief(i), Belief.OPEN, Belief.SERVING)


@action(Actor.SERVER, "SRV-3", "CRQ-12", "INV-8")
def server_reads_login(o: Ops, s: State, i: Term, full: Truth) -> Effect:
    """Server i, its dialogue open, reads LOGIN, answers it and uses what the client grants.

    While the client's queue is full it tries again.
    """
    possible, element, t = _server_reads(o, s, i, Kind.LOGIN)
    sendable, stored, answered, answer = send_to_client(o, t, i, o.const(Kind.LOGIN_RSP), element.fresh, full)
    answered = answered.but(
        belief=s.belief.set(i, o.ite(stored, o.const(Belief.SERVING), s.belief(i))),
        granted=s.granted.update(i, lambda was: o.any_of(was, stored)),
    )
    guard = o.all_of(possible, _dialogue_open(o, s, i), sendable)
    return Effect(guard, merge(o, full, s, answered), answer)


@action(Actor.SERVER, "SRV-3")
def server_refuses_login(o: Ops, s: State, i: Term) -> Effect:
    """Server i reads LOGIN although its dialogue is not open, and refuses it.

    A refusal is no LOGIN_RSP that counts, so its element is left out; SRV-3 is tested where return codes are visible.
    """
    possible, _, t = _server_reads(o, s, i, Kind.LOGIN)
    return Effect(o.all_of(possible, o.no(_dialogue_open(o, s, i))), t)


@action(Actor.SERVER, "CRQ-5")
def server_reads_data(o: Ops, s: State, i: Term) -> Effect:
    """Server i reads any other element."""
    possible, _, t = _server_reads(o, s, i, Kind.DATA)
    return Effect(possible, t)


@action(Actor.SERVER, "CRQ-13", "SRV-1", "SRV-2", "SRV-4")
def server_reads_event(o: Ops, s: State, i: Term, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    """Server i reads event 01 or 02 and drops all it negotiated; only the active flag tells it what comes next.

    That may end a hold: then it is connected in this step, or selected again if it was overdue (CRQ-13).
    """
    possible, _, t = _server_reads(o, s, i, Kind.FAILED, Kind.DEREGISTERED)
    t = t.but(belief=s.belief.set(i, o.rules.after_event(o, s, i)))
    concluded, t = conclude(o, t, b, client_full, server_full)
    return Effect(o.all_of(possible, concluded), t)


def after_event(o: Ops, s: State, i: Term) -> Term:
    """SRV-1: what server ``i`` believes after an event: nothing, until it has looked at its active flag."""
    return o.const(Belief.STANDBY)


@action(Actor.SERVER, "FOV-10", environment=True)
def server_sends_data(o: Ops, s: State, i: Term, full: Truth) -> Effect:
    """Server i, which regards the client as logged in, sends any other element."""
    possible, _, t, answer = send_to_client(o, s, i, o.const(Kind.DATA), o.false, full)
    return Effect(o.all_of(awake(o, s, i), o.eq(s.belief(i), Belief.SERVING), possible), t, answer)


@action(Actor.SERVER, "FOV-10", "INV-7", environment=True)
def server_uses_grant(o: Ops, s: State, i: Term) -> Effect:
    """Server i, which regards the client as logged in, uses a sub-CRQ handle or a DMA map of the client's."""
    answer = o.ite(s.granted(i), o.const(Rc.H_SUCCESS), o.const(Rc.H_PARAMETER))
    return Effect(o.all_of(awake(o, s, i), o.eq(s.belief(i), Belief.SERVING)), s, answer)
