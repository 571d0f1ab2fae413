"""SES: the session token and the client's complaint."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import ComplaintOrder
from vnic_spec.properties.steps import somebody
from vnic_spec.properties.terms import another_eligible
from vnic_spec.property import Step, state_property, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import Token
from vnic_spec.wire import Rc


def _token_dies(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(o.eq(s.token, Token.CURRENT), o.eq(t.token, Token.STALE), o.some(t.connected))


@state_property(
    "SES-1", instance="complaint", witness=("a session ends and another begins, with a token in hand", _token_dies)
)
def current_token_means_a_session(o: Ops, s: State) -> Truth:
    """A token that counts belongs to a session that is running."""
    return o.implies(o.eq(s.token, Token.CURRENT), o.some(s.connected))


@step_property(
    "SES-1/once",
    instance="complaint",
    witness=("a session ends and another begins, with a token in hand", _token_dies),
)
def token_dies_with_its_session(o: Ops, s: State, t: State, step: Step) -> Truth:
    """When the connected server is no longer connected, a token of its session is stale."""
    over = o.some(lambda i: o.all_of(s.connected(i), o.no(t.connected(i))))
    return o.implies(over, o.ne(t.token, Token.CURRENT))


@step_property(
    "SES-2",
    actions=("client_complains_late", "client_complains_alone"),
    instance="complaint",
    witness=(
        "the client complains with an old token",
        lambda o, s, t, x: o.all_of(x.by(o, "client_complains_late"), o.some(s.connected)),
    ),
)
def refused_complaint_has_no_effect(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A complaint with an old token is H_STATE, one with nobody else to turn to is H_CONSTRAINED; neither has any effect
    (under complaint_order lopar the second may clear complaints by MON-5)."""
    same = o.all_of(o.eq(t.selected, s.selected), o.every(lambda i: o.iff(t.complaint(i), s.complaint(i))))
    late = step.by(o, "client_complains_late")
    right = o.ite(late, o.eq(step.answer, Rc.H_STATE), o.eq(step.answer, Rc.H_CONSTRAINED))
    lopar = o.all_of(o.no(late), o.eq(o.profile.complaint_order, ComplaintOrder.LOPAR))
    return o.all_of(right, o.any_of(lopar, same))


@step_property(
    "SES-2/order",
    actions=("client_complains", "client_complains_alone", "client_complains_late"),
    instance="complaint",
    witness=(
        "the client complains with an old token, and nobody else is eligible",
        lambda o, s, t, x: o.all_of(x.by(o, "client_complains_late"), o.no(another_eligible(o, s))),
    ),
)
def complaint_is_checked_in_order(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A complaint with a token that is not of the running session is H_STATE; with the right one it is H_CONSTRAINED if nobody
    else is eligible, and H_SUCCESS otherwise."""
    right = o.ite(another_eligible(o, s), o.eq(step.answer, Rc.H_SUCCESS), o.eq(step.answer, Rc.H_CONSTRAINED))
    return o.ite(o.eq(s.token, Token.CURRENT), right, o.eq(step.answer, Rc.H_STATE))


@step_property(
    "SES-3",
    "FOV-1",
    actions=("client_complains",),
    instance="complaint",
    witness=("a complaint is accepted", lambda o, s, t, x: x.by(o, "client_complains")),
)
def accepted_complaint_switches(o: Ops, s: State, t: State, step: Step) -> Truth:
    """An accepted complaint takes the client to another server, and stays with the old one, so that priority cannot undo it."""
    return o.all_of(
        somebody(o, t.selected),
        o.ne(t.selected, s.selected),
        t.complaint(s.selected),
        o.eq(step.answer, Rc.H_SUCCESS),
    )
