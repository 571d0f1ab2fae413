"""SES: when a token counts."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.properties.terms import in_session
from vnic_spec.property import Step, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import Token
from vnic_spec.wire import Rc


@step_property(
    "SES-1/counts",
    instance="complaint",
    witness=(
        "the client is given the token of a session",
        lambda o, s, t, x: o.all_of(x.by(o, "client_takes_token"), o.some(s.connected)),
    ),
)
def token_is_accounted_for(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A token counts from the call that is answered H_SUCCESS, which it is if and only if a session is running, until that
    session ends; then it is stale, and lost with the client's partition. Nothing else changes it."""
    if step.action == "client_takes_token":
        given = o.all_of(o.eq(step.answer, Rc.H_SUCCESS), o.eq(t.token, Token.CURRENT))
        refused = o.all_of(o.eq(step.answer, Rc.H_STATE), o.eq(t.token, s.token))
        return o.ite(in_session(o, s), given, refused)
    over = o.some(lambda i: o.all_of(s.connected(i), o.no(t.connected(i))))
    ended = o.all_of(over, o.eq(s.token, Token.CURRENT))
    if step.action == "client_crashes":
        return o.eq(t.token, Token.NO_TOKEN)
    return o.ite(ended, o.eq(t.token, Token.STALE), o.eq(t.token, s.token))
