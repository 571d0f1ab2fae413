"""SES: the session token and the client's complaint."""

from __future__ import annotations

from vnic_spec.action import Actor, Effect, action
from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.failover import conclude
from vnic_spec.profile import ComplaintOrder
from vnic_spec.state import State
from vnic_spec.transport import client_is_on, session
from vnic_spec.vocabulary import Token
from vnic_spec.wire import Rc


@action(Actor.CLIENT, "SES-1")
def client_takes_token(o: Ops, s: State) -> Effect:
    """The client asks for the session token (H_VIOCTL 0x19); without a session H_STATE."""
    running = session(o, s)
    token = o.ite(running, o.const(Token.CURRENT), s.token)
    answer = o.ite(running, o.const(Rc.H_SUCCESS), o.const(Rc.H_STATE))
    return Effect(client_is_on(o, s), s.but(token=token), answer)


def _another(o: Ops, s: State) -> Truth:
    return o.some(lambda j: o.all_of(o.no(o.eq(j, s.selected)), o.rules.eligible(o, s, j)))


@action(Actor.CLIENT, "SES-2", "SES-3", "FOV-1", environment=True)
def client_complains(o: Ops, s: State, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    """The client complains with the current token, and another server is eligible: failover, H_SUCCESS."""
    possible, t = conclude(o, o.rules.complain(o, s), b, client_full, server_full)
    guard = o.all_of(client_is_on(o, s), o.eq(s.token, Token.CURRENT), _another(o, s), possible)
    return Effect(guard, t, o.const(Rc.H_SUCCESS))


@action(Actor.CLIENT, "SES-2", "MON-5", environment=True)
def client_complains_alone(o: Ops, s: State, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    """The client complains with the current token, and nobody else is eligible: H_CONSTRAINED.

    Profile complaint_order: check_first has no effect; lopar records the complaint before it finds nobody else, and MON-5
    clears it again, with all others.
    """
    first = o.eq(o.profile.complaint_order, ComplaintOrder.LOPAR)
    t = s.but(complaint=s.complaint.update(s.selected, lambda was: o.any_of(was, first)))
    possible, t = conclude(o, t, b, client_full, server_full)
    guard = o.all_of(client_is_on(o, s), o.eq(s.token, Token.CURRENT), o.no(_another(o, s)), possible)
    return Effect(guard, t, o.const(Rc.H_CONSTRAINED))


@action(Actor.CLIENT, "SES-1", "SES-2", environment=True)
def client_complains_late(o: Ops, s: State, b: Term, client_full: Truth, server_full: Truth) -> Effect:
    """The client complains with the token of a session that has ended: H_STATE, no effect."""
    t = o.rules.late_complaint(o, s)
    possible, t = conclude(o, t, b, client_full, server_full)
    return Effect(o.all_of(client_is_on(o, s), o.eq(s.token, Token.STALE), possible), t, o.const(Rc.H_STATE))


def complain(o: Ops, s: State) -> State:
    """SES-2: the selected server carries the complaint."""
    return s.but(complaint=s.complaint.update(s.selected, lambda _: o.true))


def late_complaint(o: Ops, s: State) -> State:
    """SES-2: a token of an ended session changes nothing."""
    return s
