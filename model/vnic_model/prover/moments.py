"""Larger moments: any number of silences at once, with holds that reach their limit, keep what is proved; for any number of servers.

The machine's actions let one server fall silent, or two, or one hold reach its limit. The oracle knows only that a moment has
passed, in which more may have come together. So every obligation of the proof is decided of a whole moment, too, with an
arbitrary set of servers for each of the two; what speaks of the one server that an action names is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import z3

from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.induction import Induction, Obligation, Verdict
from vnic_model.prover.sorts import BOOL, SERVER
from vnic_model.prover.structures import AnyMap
from vnic_spec.action import Effect
from vnic_spec.catalogue import ACTIONS
from vnic_spec.monitoring import moment_passes

#: The action of the clock in whose place a moment stands: whatever is said of silence is said of it.
PLACE = "report_expires"
#: What says which server falls silent or is overdue by which action, and that no other is: of a moment its definition says that.
OF_ONE_SERVER = ("MON-2", "MON-2/status", "CRQ-13/released")

#: What happens at one moment: ``(o, s, late, over, b, client_full, server_full)``.
Moment = Callable[..., Effect]


def goals_of_a_moment() -> tuple[str, ...]:
    """What is proved for any number of servers, and has to hold of a moment."""
    action = ACTIONS[PLACE]
    return tuple(
        name
        for name, plan in PLANS.items()
        if plan.any_number and GOALS[name].concerns(action) and name not in OF_ONE_SERVER
    )


def moments(goals: tuple[str, ...] | None = None, moment: Moment = moment_passes) -> Iterator[Verdict]:
    """Decide the obligations of a moment.

    Args:
        goals: names; None: :func:`goals_of_a_moment`.
        moment: what happens at one; the specification's own if nothing is said.
    """
    late, over = (z3.Function(f"moment.{name}", SERVER, BOOL) for name in ("late", "over"))

    def effect(o: Any, s: Any, i: Any, b: Any, client_full: Any, server_full: Any) -> Effect:
        return moment(o, s, AnyMap(o, late), AnyMap(o, over), b, client_full, server_full)

    machine = Induction(effects={PLACE: effect})
    for name in goals_of_a_moment() if goals is None else goals:
        yield machine.decide(Obligation(name, PLACE))
