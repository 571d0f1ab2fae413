"""Misreadings of SES: tokens and complaints."""

from __future__ import annotations

from vnic_spec import failover
from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.mutation import misreading
from vnic_spec.state import State


def _token_survives(o: Ops, s: State, i: Term, when: Truth) -> State:
    return failover.fence(o, s, i, when).but(token=s.token)


def _late_complaint_counts(o: Ops, s: State) -> State:
    return s.but(complaint=s.complaint.update(s.selected, lambda _: o.true))


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
    "complaint_forgotten", "SES-3", "SES-3", "a complaint switches but is not remembered", complain=lambda o, s: s
)
