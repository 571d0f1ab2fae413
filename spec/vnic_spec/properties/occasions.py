"""Occasions: when each action may be taken, said from the requirements and not borrowed from its guard.

A guard that is too strong removes behaviour, and no property of states and steps sees what does not happen; one that is too
weak adds some. So of each action it is said here when it is possible, and which values the parameters may have that the
environment and the policy choose: ``b``, whom the rules of SEL let be selected, and the queues that happen to be full. That
the guard says the same is proved for any number of servers (``vnic_model.prover.receptive``), and that every call has an
answer in every state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.profile import ClientInit, Crossing, Reopen
from vnic_spec.properties.steps import CLIENT_SENDS, REGISTERS, SERVER_SENDS, SERVER_TAKES, somebody, switched, told
from vnic_spec.properties.terms import (
    another_eligible,
    asks,
    awake,
    best,
    client_is_on,
    eligible,
    in_session,
    only_complained_of,
    outranked,
)
from vnic_spec.property import Step
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind, Owed, Status, Token

#: Whether an action may be taken in a state, with the arguments of its caller.
Occasion = Callable[[Ops, State, Step], Truth]


def _on(o: Ops, s: State, x: Step) -> Truth:
    return client_is_on(o, s)


def _on_with(*states: Crq) -> Occasion:
    return lambda o, s, x: o.all_of(client_is_on(o, s), o.one_of(s.crq, *states))


def _in(phase: ClientPhase, *states: Crq) -> Occasion:
    return lambda o, s, x: o.all_of(o.eq(s.phase, phase), o.one_of(s.crq, *states))


def _awake_with(registered: bool | None, more: Occasion) -> Occasion:
    def occasion(o: Ops, s: State, x: Step) -> Truth:
        half = {True: s.registered(x["i"]), False: o.no(s.registered(x["i"])), None: o.true}[registered]
        return o.all_of(awake(o, s, x["i"]), half, more(o, s, x))

    return occasion


def _always(o: Ops, s: State, x: Step) -> Truth:
    return o.true


def _client_reads(kind: Kind) -> Occasion:
    def occasion(o: Ops, s: State, x: Step) -> Truth:
        idle = o.one_of(s.phase, ClientPhase.OFF, ClientPhase.RECOVERING, ClientPhase.ENABLING)
        return o.all_of(o.no(idle), o.no(s.to_client.empty()), s.to_client.first(lambda e: o.eq(e.kind, kind)))

    return occasion


def _server_reads(*kinds: Kind) -> Occasion:
    def occasion(o: Ops, s: State, x: Step) -> Truth:
        queue = s.to_server(x["i"])
        return o.all_of(o.no(queue.empty()), queue.first(lambda e: o.one_of(e.kind, *kinds)))

    return _awake_with(True, occasion)


def _believes(*beliefs: Belief) -> Occasion:
    return lambda o, s, x: o.one_of(s.belief(x["i"]), *beliefs)


def _both(one: Occasion, other: Occasion) -> Occasion:
    return lambda o, s, x: o.all_of(one(o, s, x), other(o, s, x))


def _not(one: Occasion) -> Occasion:
    return lambda o, s, x: o.no(one(o, s, x))


def _known(o: Ops, s: State, x: Step) -> Truth:
    return o.all_of(s.listed(x["i"]), s.registered(x["i"]))


def _reported(o: Ops, s: State, k: Server) -> Truth:
    return o.all_of(s.listed(k), o.one_of(s.status(k), Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR))


def _other_listed(o: Ops, s: State, x: Step) -> Truth:
    return o.some(lambda j: o.all_of(o.ne(j, x["i"]), s.listed(j)))


def _acceptable(o: Ops, s: State, x: Step) -> Truth:
    return o.any_of(eligible(o, s, x["i"]), only_complained_of(o, s, x["i"]))


def _with_token(token: Token, more: Occasion) -> Occasion:
    return lambda o, s, x: o.all_of(client_is_on(o, s), o.eq(s.token, token), more(o, s, x))


def _another(o: Ops, s: State, x: Step) -> Truth:
    return another_eligible(o, s)


def _preempted(o: Ops, s: State, x: Step) -> Truth:
    free = o.all_of(s.standing, s.auto, o.eq(s.pin, o.nobody), somebody(o, s.selected))
    return o.all_of(o.profile.damped, free, outranked(o, s))


def _limit_runs(o: Ops, s: State, x: Step) -> Truth:
    held = o.all_of(s.held(x["i"]), o.eq(o.profile.crossing, Crossing.HOLD))
    return o.all_of(held, o.eq(s.selected, x["i"]), o.eq(s.crq, Crq.OPEN))


_OPEN = _believes(Belief.OPEN, Belief.SERVING)

#: When each action may be taken.
OCCASIONS: dict[str, Occasion] = {
    "server_registers": _awake_with(False, _always),
    "server_frees": _awake_with(True, _always),
    "server_registers_again": _awake_with(True, _always),
    "server_frees_idle": _awake_with(False, _always),
    "h_reg_crq": _on_with(Crq.CLOSED),
    "h_reg_crq_again": _on_with(Crq.OPEN, Crq.DISABLED),
    "h_free_crq": _on,
    "h_send_crq_to_server": _on,
    "client_consumes": _both(_on, lambda o, s, x: o.no(s.to_client.empty())),
    "h_enable_crq": _on_with(Crq.DISABLED),
    "h_enable_crq_idle": _on_with(Crq.OPEN, Crq.CLOSED),
    "h_send_crq_to_client": _awake_with(None, _always),
    "server_consumes": _awake_with(True, lambda o, s, x: o.no(s.to_server(x["i"]).empty())),
    "client_crashes": _on,
    "client_boots": _not(_on),
    "client_migrates": _on_with(Crq.OPEN),
    "server_crashes": lambda o, s, x: s.powered(x["i"]),
    "server_boots": lambda o, s, x: o.no(s.powered(x["i"])),
    "server_hangs": _awake_with(True, _always),
    "server_resumes": lambda o, s, x: s.hung(x["i"]),
    "hold_expires": _limit_runs,
    "gap_ends": lambda o, s, x: o.all_of(s.held(x["i"]), o.eq(o.profile.crossing, Crossing.GAP)),
    "server_reports": _awake_with(True, lambda o, s, x: s.listed(x["i"])),
    "server_reports_unlisted": _awake_with(None, _not(_known)),
    "report_expires": lambda o, s, x: _reported(o, s, x["i"]),
    "reports_expire_together": lambda o, s, x: o.all_of(
        o.ne(x["i"], x["j"]), _reported(o, s, x["i"]), _reported(o, s, x["j"])
    ),
    "delay_ends": _preempted,
    "adds_server": lambda o, s, x: o.no(s.listed(x["i"])),
    "removes_server": lambda o, s, x: o.all_of(s.listed(x["i"]), _other_listed(o, s, x)),
    "removes_last_server": lambda o, s, x: o.all_of(s.listed(x["i"]), o.no(_other_listed(o, s, x))),
    "sets_priority": lambda o, s, x: s.listed(x["i"]),
    "sets_auto": _always,
    "activates_server": _acceptable,
    "activation_refused": _not(_acceptable),
    "client_takes_token": _on,
    "client_complains": _with_token(Token.CURRENT, _another),
    "client_complains_alone": _with_token(Token.CURRENT, _not(_another)),
    "client_complains_late": _with_token(Token.STALE, _always),
    "client_registers": _in(ClientPhase.RECOVERING, Crq.CLOSED),
    "client_frees": _in(ClientPhase.RECOVERING, Crq.OPEN, Crq.DISABLED),
    "client_enables": _in(ClientPhase.ENABLING, Crq.DISABLED),
    "client_sends_init": lambda o, s, x: o.eq(s.phase, ClientPhase.REGISTERED),
    "client_sends_login": lambda o, s, x: o.all_of(s.wish, o.eq(s.phase, ClientPhase.READY)),
    "client_sends_data": lambda o, s, x: o.eq(s.phase, ClientPhase.LOGGED_IN),
    "client_times_out": lambda o, s, x: asks(o, s),
    "user_changes_wish": _on,
    "client_reads_init": _client_reads(Kind.INIT),
    "client_reads_init_complete": _client_reads(Kind.INIT_COMPLETE),
    "client_reads_login_rsp": _client_reads(Kind.LOGIN_RSP),
    "client_reads_data": _client_reads(Kind.DATA),
    "client_reads_failover": _client_reads(Kind.FAILOVER),
    "client_reads_migrated": _client_reads(Kind.MIGRATED),
    "server_polls": _awake_with(True, _both(_believes(Belief.STANDBY), lambda o, s, x: s.connected(x["i"]))),
    "server_sends_init": _awake_with(
        None,
        _both(
            _believes(Belief.AWAITING, Belief.INIT_SENT),
            lambda o, s, x: s.to_server(x["i"]).every(lambda e: o.ne(e.kind, Kind.INIT)),
        ),
    ),
    "server_reads_init": _server_reads(Kind.INIT),
    "server_reads_init_complete": _server_reads(Kind.INIT_COMPLETE),
    "server_reads_login": _both(_server_reads(Kind.LOGIN), _OPEN),
    "server_refuses_login": _both(_server_reads(Kind.LOGIN), _not(_OPEN)),
    "server_reads_data": _server_reads(Kind.DATA),
    "server_reads_event": _server_reads(Kind.FAILED, Kind.DEREGISTERED),
    "server_sends_data": _awake_with(None, _believes(Belief.SERVING)),
    "server_uses_grant": _awake_with(None, _believes(Belief.SERVING)),
}


@dataclass(frozen=True)
class Call:
    """What somebody can do, and the actions that it can turn out to be."""

    sentence: str
    actions: tuple[str, ...]
    caller: Occasion  #: when he can do it


#: Calls that are several actions: one of them is possible whenever the caller can call.
CALLS = (
    Call("any client registers its CRQ", ("h_reg_crq", "h_reg_crq_again"), _on),
    Call("any client enables its CRQ", ("h_enable_crq", "h_enable_crq_idle"), _on),
    Call("a server registers its CRQ", ("server_registers", "server_registers_again"), _awake_with(None, _always)),
    Call("a server frees its CRQ", ("server_frees", "server_frees_idle"), _awake_with(None, _always)),
    Call("a server reports", ("server_reports", "server_reports_unlisted"), _awake_with(None, _always)),
    Call("an administrator activates a server", ("activates_server", "activation_refused"), _always),
    Call(
        "an administrator removes a server that is listed",
        ("removes_server", "removes_last_server"),
        lambda o, s, x: s.listed(x["i"]),
    ),
    Call(
        "the client complains with a token that it was given",
        ("client_complains", "client_complains_alone", "client_complains_late"),
        lambda o, s, x: o.all_of(client_is_on(o, s), o.ne(s.token, Token.NO_TOKEN)),
    ),
    Call(
        "a recovering client registers or frees its CRQ",
        ("client_registers", "client_frees"),
        lambda o, s, x: o.eq(s.phase, ClientPhase.RECOVERING),
    ),
    Call("a server reads LOGIN", ("server_reads_login", "server_refuses_login"), _server_reads(Kind.LOGIN)),
)

#: What the machine has no action for, and why.
LEFT_OUT = {
    "a complaint with a token that was never given": "it is refused before the state is asked, as one with an old token is",
    "adding a server that is listed, removing one that is not, or its priority": "the console refuses it; nothing is called",
}


# --- the parameters that policy and environment choose ---------------------------------------------------------------


def may_be_chosen(o: Ops, s: State, t: State, step: Step) -> Truth:
    """SEL, FOV-1, FOV-7: ``b`` may be the selection at the end of this step, which ends in ``t``.

    Whether a server is eligible then does not depend on ``b``. One of finitely many servers is always the best, so there
    always is such a ``b``.
    """
    b = step["b"]
    reopened = o.all_of(step.by(o, *REGISTERS), o.eq(o.profile.reopen, Reopen.RESELECT))
    held = o.ite(reopened, o.nobody, s.selected)
    pin = o.ite(o.any_of(step.by(o, "sets_auto"), reopened), o.nobody, s.pin)
    before = t.but(selected=held, pin=pin)
    at_once = step.by(o, "sets_priority", "sets_auto", "delay_ends")
    takes = o.all_of(t.auto, o.eq(pin, o.nobody), outranked(o, before), o.any_of(at_once, o.no(o.profile.damped)))
    stays = o.all_of(somebody(o, held), eligible(o, t, held), o.no(takes))
    return o.ite(t.standing, o.ite(stays, o.eq(b, held), best(o, t, b)), o.eq(b, o.nobody))


def may_be_full(o: Ops, s: State, t: State, step: Step) -> Truth:
    """CRQ-3, CRQ-7: a queue may be found full where something is to be stored on it and it holds an element already, and the
    client's is full while an event is owed."""
    full, client_full = step.get("full", o.false), step.get("client_full", o.false)
    due = o.any_of(switched(o, s, t, step), step.by(o, "client_migrates"))
    to_client = o.all_of(
        o.implies(client_full, o.all_of(due, o.no(s.to_client.empty()))),
        o.implies(o.all_of(due, o.no(client_full)), o.eq(s.owed, Owed.NOTHING)),
    )
    sent = o.no(full)
    if step.action in SERVER_SENDS:
        path = o.all_of(s.connected(step["i"]), o.eq(s.crq, Crq.OPEN))
        sent = o.implies(full, o.all_of(path, o.no(s.to_client.empty())))
    if step.action in CLIENT_SENDS:
        sent = o.implies(full, _met_by_the_client(o, s))
    if step.action == "client_reads_init":
        answers = o.all_of(o.eq(o.profile.client_init, ClientInit.ANSWER), o.no(asks(o, s)), o.eq(s.owed, Owed.NOTHING))
        sent = o.implies(full, o.all_of(answers, _met_by_the_client(o, s)))
    return o.all_of(to_client, sent, o.implies(step.get("server_full", o.false), _told_on_a_full_queue(o, s, t, step)))


def _met_by_the_client(o: Ops, s: State) -> Truth:
    path = o.all_of(in_session(o, s), o.eq(s.crq, Crq.OPEN))
    return o.all_of(path, o.no(s.to_server(s.selected).empty()))


def _told_on_a_full_queue(o: Ops, s: State, t: State, step: Step) -> Truth:
    old = s.selected
    there = o.all_of(somebody(o, old), told(o, s, t, old), o.no(s.to_server(old).empty()))
    if step.action in SERVER_TAKES:
        return o.all_of(there, o.ne(old, step["i"]))  # what it takes makes room
    return there
