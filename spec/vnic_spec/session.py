"""SES: the session token and the client's complaint."""

from __future__ import annotations

from vnic_spec.action import Actor, Effect, action
from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.failover import conclude
from vnic_spec.profile import ComplaintOrder
from vnic_spec.rule import rule
from vnic_spec.selection import eligible
from vnic_spec.state import State
from vnic_spec.transport import client_is_on, session
from vnic_spec.vocabulary import Token
from vnic_spec.wire import Rc


@action(Actor.CLIENT, "SES-1")
def client_takes_token(o: Ops, s: State) -> Effect:
    """The client asks for the session token (H_VIOCTL 0x19); without a session H_STATE."""
    guard = client_is_on(o, s)
    running = session(o, s)
    token = o.ite(running, o.const(Token.CURRENT), s.token)
    answer = o.ite(running, o.const(Rc.H_SUCCESS), o.const(Rc.H_STATE))
    return Effect(guard, s.but(token=token), answer)


def another_eligible(o: Ops, s: State) -> Truth:
    """A server that is not the selected one may be selected."""
    return o.some(lambda j: o.all_of(o.ne(j, s.selected), eligible(o, s, j)))


@action(Actor.CLIENT, "SES-2", "SES-3", "FOV-1", environment=True)
def client_complains(o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    """The client complains with the current token, and another server is eligible: failover, H_SUCCESS."""
    guard = o.all_of(client_is_on(o, s), o.eq(s.token, Token.CURRENT), another_eligible(o, s))
    t = conclude(o, complain(o, s), b, client_full, server_full)
    return Effect(guard, t, o.const(Rc.H_SUCCESS))


@action(Actor.CLIENT, "SES-2", "MON-5", environment=True)
def client_complains_alone(o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    """The client complains with the current token, and nobody else is eligible: H_CONSTRAINED.

    Profile complaint_order: check_first has no effect; lopar records the complaint before it finds nobody else, and MON-5
    clears it again, with all others.
    """
    guard = o.all_of(client_is_on(o, s), o.eq(s.token, Token.CURRENT), o.no(another_eligible(o, s)))
    first = o.eq(o.profile.complaint_order, ComplaintOrder.LOPAR)
    t = s.but(complaint=s.complaint.update(s.selected, lambda was: o.any_of(was, first)))
    t = conclude(o, t, b, client_full, server_full)
    return Effect(guard, t, o.const(Rc.H_CONSTRAINED))


@action(Actor.CLIENT, "SES-1", "SES-2", environment=True)
def client_complains_late(o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    """The client complains with the token of a session that has ended: H_STATE, no effect."""
    guard = o.all_of(client_is_on(o, s), o.eq(s.token, Token.STALE))
    t = conclude(o, late_complaint(o, s), b, client_full, server_full)
    return Effect(guard, t, o.const(Rc.H_STATE))


@rule()
def complain(o: Ops, s: State) -> State:
    """SES-2: the selected server carries the complaint."""
    return s.but(complaint=s.complaint.update(s.selected, lambda _: o.true))


@rule()
def late_complaint(o: Ops, s: State) -> State:
    """SES-2: a token of an ended session changes nothing."""
    return s
