"""Actions that err, for any number of servers: the same as the specification's, or refuted by an obligation, or neither.

An error that no step from a reachable state of an instance shows may be shown by a larger one, or under another profile. So it
is put to the proof: either guard, state and answer are proved to be the same whenever the proved invariants hold, or the guard is
not when the action may be taken, or an obligation of a property or lemma is refuted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import z3

from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.induction import REFUTED, Induction, Obligation, Query
from vnic_model.prover.receptive import findings
from vnic_model.prover.vacuity import invariant
from vnic_spec.action import Effect, carry_out
from vnic_spec.catalogue import ACTIONS
from vnic_spec.comparison import unchanged
from vnic_spec.property import Scope

#: z3 may take so long to prove that an action is the same, in ms; most take a tenth of it.
PATIENCE = 5_000


@dataclass(frozen=True)
class Examined:
    """What the proof says of erring actions.

    Attributes:
        same: each is proved to do what the specification's does.
        by: the goal whose obligation is refuted, or what is wrong with the guard; empty: neither.
        action: whose.
    """

    same: bool
    by: str = ""
    action: str = ""

    @property
    def guard(self) -> bool:
        """It is the guard that is refuted."""
        return bool(self.by) and self.by not in GOALS


def examined(effects: Mapping[str, Callable[..., Effect]]) -> Examined:
    """Put erring actions to the proof, until one is refuted.

    Args:
        effects: action → what an error makes of it.
    """
    same = True
    for name, effect in effects.items():
        if not proved_same(name, effect):
            same = False
            if by := _refuted(name, effect):
                return Examined(False, by, name)
    return Examined(same)


def _refuted(name: str, effect: Callable[..., Effect]) -> str:
    for finding in findings(effects={name: effect}, actions=(name,)):
        if finding.verdict == REFUTED:
            return f"guard of {name} {finding.flaw}"
    machine, action = Induction(effects={name: effect}), ACTIONS[name]
    for goal, plan in PLANS.items():
        asked = plan.any_number and GOALS[goal].concerns(action)
        if asked and machine.decide(Obligation(goal, name)).verdict == REFUTED:
            return goal
    return ""


def proved_same(name: str, effect: Callable[..., Effect]) -> bool:
    """An action that errs is proved to do the same as the specification's; false where z3 refutes that or gives up."""
    query = _sameness(name, effect)
    if query.trivial:
        return True
    solver = query.solver()
    solver.set("timeout", PATIENCE)
    return bool(solver.check() == z3.unsat)


def _sameness(name: str, effect: Callable[..., Effect]) -> Query:
    """Whether guard, state and answer are the same, history variables apart."""
    machine = Induction()
    o, action = machine.o, ACTIONS[name]
    with o.collecting() as facts:
        parameters, within = o.parameters(action)
        one = carry_out(action.effect, o, machine.before, *parameters.values())
        other = carry_out(effect, o, machine.before, *parameters.values())
        same = unchanged(o, one.state, other.state)
        answer = o.true if one.answer is None else o.eq(one.answer, other.answer)
        claim = o.lift(o.all_of(o.iff(one.guard, other.guard), o.implies(one.guard, o.all_of(same, answer))))
    known = invariant(machine, Scope.ANYBODY if action.bare else Scope.DRIVERS)
    return Query([*machine.base, *within, *known, *(f for fs in facts.values() for f in fs)], claim, z3.is_true(claim))
