"""The properties' own terms (:mod:`vnic_spec.properties.terms`) and the rules that form guards say the same of every state.

Neither is derived from the other. That they agree is proved for any number of servers, of any state, reachable or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import z3

from vnic_model.prover.induction import Induction
from vnic_model.prover.sorts import SERVER
from vnic_spec import dialogue, failover, selection, session, transport
from vnic_spec.properties import terms

#: term → (what the properties say, what guards and effects say), each of a state and some servers.
TERMS: Mapping[str, tuple[Callable[..., Any], Callable[..., Any], int]] = {
    "eligible": (terms.eligible, selection.eligible, 1),
    "preferred": (terms.preferred, selection.beats, 2),
    "nobody eligible": (terms.nobody_eligible, selection.nobody_eligible, 0),
    "the only fault is a complaint": (terms.only_complained_of, selection.only_fault_is_complaint, 1),
    "best": (terms.best, selection.best, 1),
    "outranked": (terms.outranked, selection.outranked, 0),
    "has a path": (terms.has_path, failover.connects, 1),
    "awake": (terms.awake, transport.awake, 1),
    "the client is on": (terms.client_is_on, transport.client_is_on, 0),
    "in session": (terms.in_session, transport.session, 0),
    "another is eligible": (terms.another_eligible, session.another_eligible, 0),
    "the client asks": (terms.asks, dialogue.asks, 0),
}


def disagreements(terms_: Mapping[str, tuple[Callable[..., Any], Callable[..., Any], int]] = TERMS) -> list[str]:
    """The terms of which it is not proved that both sides say the same."""
    machine = Induction()
    o, s = machine.judge, machine.before
    found = []
    for name, (one, other, servers) in terms_.items():
        of = [z3.Const(f"of.{k}", SERVER) for k in range(servers)]
        different = [of[0] != of[1]] if servers == 2 else []
        with o.collecting() as facts:
            same = o.iff(one(o, s, *of), other(o, s, *of))
        solver = z3.Solver()
        solver.add(*machine.base, *different, *(f for fs in facts.values() for f in fs), *(i != o.nobody for i in of))
        if solver.check(z3.Not(same)) != z3.unsat:
            found.append(name)
    return found
