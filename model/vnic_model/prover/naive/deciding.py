"""Deciding the naive reading's scripts with z3, which reads them as text. Nothing else in this package knows a solver."""

from __future__ import annotations

import time

import z3

from vnic_model.prover.induction import PATIENCE, PROVED, REFUTED, UNKNOWN, Obligation, Verdict, obligations
from vnic_model.prover.naive.obligations import WELL_FORMED, NaiveStep
from vnic_spec.mutations import MUTATIONS

#: Why nothing is known of an action after which lengths, words or the order of servers may be wrong.
_SHAPELESS = "it is not proved that the state after it is well formed"


def step(action: str, mutation: str = "") -> NaiveStep:
    """An action, or the beginning, of the specification or of a misreading."""
    if not mutation:
        return NaiveStep(action)
    found = MUTATIONS[mutation]
    return NaiveStep(action, found.rules, found.effects)


def answer(text: str, patience: int = PATIENCE) -> tuple[str, str]:
    """What z3 says of a script: proved, refuted or unknown; and why it does not know. ``patience`` in ms.

    What it does not decide as it stands it is asked again with definitions written out (``macro_finder``), for half as long:
    so it finds models, for which the axioms are in its way.
    """
    for share, options in ((2, {}), (2, {"macro_finder": True})):
        solver = z3.Solver()
        solver.set("timeout", patience // share)
        solver.set("random_seed", 0)
        for name, value in options.items():
            solver.set(name, value)
        solver.from_string(text)
        said = solver.check()
        if said != z3.unknown:
            return (PROVED if said == z3.unsat else REFUTED), ""
    return UNKNOWN, str(solver.reason_unknown())


def decide(taken: NaiveStep, goal: str, patience: int = PATIENCE) -> Verdict:
    """Prove a goal of an action again."""
    start = time.process_time()
    verdict, why = answer(taken.obligation(goal), patience)
    return Verdict(Obligation(goal, taken.action), verdict, time.process_time() - start, why)


def decide_action(goals: tuple[str, ...], mutation: str, action: str) -> list[Verdict]:
    """All obligations of one action (empty: of the initial states).

    That the action leaves a state that looks like one is decided first, for every proof assumes it of the state before. Where
    it is not proved nothing counts as proved.
    """
    wanted = [name for name in goals if any(x.action == action for x in obligations(name))]
    if not wanted:
        return []
    taken = step(action, mutation)
    if action and decide(taken, WELL_FORMED).verdict != PROVED:
        return [Verdict(Obligation(name, action), UNKNOWN, 0.0, _SHAPELESS) for name in wanted]
    return [decide(taken, name) for name in wanted]


def can_be_met(taken: NaiveStep, goal: str, servers: int = 2, depth: int = 2, patience: int = PATIENCE) -> bool:
    """What is assumed for a proof contradicts itself nowhere: with so many servers and such queues there is a step.

    That is no part of a proof. It shows that a proof is not one of anything at all.
    """
    return answer(taken.possible(goal, servers, depth), patience)[0] == REFUTED
