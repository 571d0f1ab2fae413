"""Misreadings of SES: tokens and complaints."""

from __future__ import annotations

from vnic_spec import failover, session
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.mutation import misreading
from vnic_spec.state import State
from vnic_spec.vocabulary import Token
from vnic_spec.wire import Rc


def _token_survives(o: Ops, s: State, i: Server, when: Truth) -> State:
    return failover.fence.as_written(o, s, i, when).but(token=s.token)


def _late_complaint_counts(o: Ops, s: State) -> State:
    return s.but(complaint=s.complaint.update(s.selected, lambda _: o.true))


def _looks_for_another_first(o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    effect = session.client_complains_late(o, s, b, client_full, server_full)
    return effect._replace(answer=o.ite(session.another_eligible(o, s), o.const(Rc.H_STATE), o.const(Rc.H_CONSTRAINED)))


misreading("token_survives", "SES-1", "SES-1", "a token outlives its session", fence=_token_survives)
misreading(
    "token_survives_session",
    "SES-1",
    "SES-1/once",
    "the same, seen at the step that ends the session",
    fence=_token_survives,
)
misreading(
    "late_complaint_counts",
    "SES-2",
    "SES-2",
    "a complaint with an old token hits whoever is selected now",
    late_complaint=_late_complaint_counts,
)
misreading(
    "others_before_token",
    "SES-2",
    "SES-2/order",
    "whether anybody else is eligible is looked at before the token",
    client_complains_late=_looks_for_another_first,
)
misreading(
    "complaint_forgotten", "SES-3", "SES-3", "a complaint switches but is not remembered", complain=lambda o, s: s
)


def _token_for_everybody(o: Ops, s: State) -> Effect:
    effect = session.client_takes_token(o, s)
    return effect._replace(state=s.but(token=o.const(Token.CURRENT)), answer=o.const(Rc.H_SUCCESS))


misreading(
    "token_without_session",
    "SES-1",
    "SES-1/counts",
    "a token is given while no session is running",
    client_takes_token=_token_for_everybody,
)
