"""Misreadings of CLI and SRV: the dialogue of client and servers."""

from __future__ import annotations

from vnic_spec import dialogue, transport
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Server, Term, Truth
from vnic_spec.mutation import misreading
from vnic_spec.profile import ClientInit
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief, ClientPhase, Kind


def _loses_wish(o: Ops, s: State) -> Effect:
    effect = dialogue.client_reads_failover(o, s)
    return effect._replace(state=effect.state.but(wish=o.false))


def _waits_after_02(o: Ops, s: State, i: Server) -> Term[Belief]:
    active = o.ne(s.belief(i), Belief.STANDBY)
    return o.ite(active, o.const(Belief.OPEN), o.const(Belief.STANDBY))


def _waits_after_06(o: Ops, s: State) -> Effect:
    effect = dialogue.client_reads_migrated(o, s)
    return effect._replace(state=effect.state.but(phase=o.const(ClientPhase.WAITING)))


def _tires_of_waiting(o: Ops, s: State) -> Effect:
    effect = dialogue.client_times_out(o, s)
    return effect._replace(guard=o.any_of(effect.guard, o.eq(s.phase, ClientPhase.WAITING)))


def _logs_in_unasked(o: Ops, s: State, full: Truth) -> Effect:
    effect = dialogue.client_sends_login(o, s.but(wish=o.true), full)
    return effect._replace(state=effect.state.but(wish=s.wish))


misreading(
    "server_waits_after_02",
    "SRV-1",
    "LIV-3/speaker",
    "a server that reads event 02 waits for the INIT of a client that waits for its INIT",
    after_event=_waits_after_02,
)
misreading(
    "client_always_waits_after_08",
    "CLI-1",
    "LIV-3/speaker",
    "event 08 makes the client wait for INIT even if the new server has already answered an INIT of its own",
    after_failover=lambda o, s: o.const(ClientPhase.WAITING),
)
misreading(
    "client_answers_crossing_init",
    "CLI-2",
    "LIV-3/speaker",
    "profile answer: an INIT is answered on the CRQ at hand even with one of the client's own outstanding",
    answers_init=lambda o, s: o.eq(o.profile.client_init, ClientInit.ANSWER),
    instance="answer",
)
misreading(
    "client_waits_after_08_with_login_sent",
    "CLI-1",
    "CLI-4",
    "profile answer: event 08 makes the client wait for INIT even with a LOGIN outstanding that has gone to the new server",
    after_failover=lambda o, s: o.ite(
        o.eq(s.phase, ClientPhase.INIT_SENT), o.const(ClientPhase.RECOVERING), o.const(ClientPhase.WAITING)
    ),
    instance="answer",
)
misreading(
    "client_answers_every_init",
    "CLI-2",
    "CLI-2",
    "the client answers a new server's INIT on the CRQ that the old one knew",
    answers_init=lambda o, s: o.true,
)
misreading(
    "migration_is_waited_for",
    "CLI-3",
    "CLI-3",
    "event 06 is taken for an event 08",
    client_reads_migrated=_waits_after_06,
)
misreading(
    "client_resets_on_08",
    "CLI-1",
    "CLI-1",
    "the client takes event 08 for the sign that a server is ready and registers again at once",
    after_failover=lambda o, s: o.const(ClientPhase.RECOVERING),
)
misreading("wish_is_lost", "CLI-6", "CLI-6", "a failover closes the device", client_reads_failover=_loses_wish)
misreading(
    "closed_device_logs_in",
    "CLI-6",
    "CLI-6/closed",
    "the client logs in whether its user wants the device open or not",
    client_sends_login=_logs_in_unasked,
)
misreading(
    "client_tires_of_waiting",
    "CLI-7",
    "CLI-7",
    "the client's wait for INIT after event 08 is bounded as any other",
    client_times_out=_tires_of_waiting,
)


def _times_out_logged_in(o: Ops, s: State) -> Effect:
    effect = dialogue.client_times_out(o, s)
    return effect._replace(guard=o.any_of(effect.guard, o.eq(s.phase, ClientPhase.LOGGED_IN)))


def _init_complete_is_init(o: Ops, s: State, full: Truth) -> Effect:
    effect = dialogue.client_reads_init(o, s, full)
    return effect._replace(guard=o.any_of(effect.guard, dialogue.client_reads_init_complete(o, s).guard))


def _serves_from_init(o: Ops, s: State, i: Server, full: Truth) -> Effect:
    effect = dialogue.server_reads_init(o, s, i, full)
    serving = o.ite(o.eq(effect.state.belief(i), Belief.OPEN), o.const(Belief.SERVING), effect.state.belief(i))
    return effect._replace(state=effect.state.but(belief=effect.state.belief.set(i, serving)))


def _refuses_any_login(o: Ops, s: State, i: Server) -> Effect:
    is_login = s.to_server(i).first(lambda e: o.eq(e.kind, Kind.LOGIN))
    guard = o.all_of(transport.awake(o, s, i), s.registered(i), transport.has_first(s.to_server(i)), is_login)
    return dialogue.server_refuses_login(o, s, i)._replace(guard=guard)


misreading(
    "client_times_out_logged_in",
    "CLI-7",
    "CLI-4/phase",
    "a client that is logged in and hears nothing registers again",
    client_times_out=_times_out_logged_in,
)
misreading(
    "init_complete_taken_for_init",
    "CLI-4",
    "CLI-4/reads",
    "INIT_COMPLETE is taken for INIT",
    client_reads_init=_init_complete_is_init,
)
misreading(
    "serves_from_init",
    "SRV-1",
    "SRV-1/belief",
    "a server regards the client as logged in once it has answered its INIT",
    server_reads_init=_serves_from_init,
)
misreading(
    "login_refused_at_will",
    "SRV-3",
    "SRV-3/reads",
    "a server whose dialogue is open may refuse LOGIN",
    server_refuses_login=_refuses_any_login,
)
