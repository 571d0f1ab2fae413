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


def answer(text: str, patience: int = PATIENCE, tries: tuple[bool, ...] = (False, True)) -> tuple[str, str]:
    """What z3 says of a script: proved, refuted or unknown; and why it does not know.

    Args:
        text: the script.
        patience: for each try, in ms.
        tries: whether z3 writes definitions out first (``macro_finder``). Proofs are found soonest without, models with it.
    """
    why = ""
    for written_out in tries:
        solver = z3.Solver()
        solver.set("timeout", patience)
        solver.set("random_seed", 0)
        solver.set("macro_finder", written_out)
        solver.from_string(text)
        said = solver.check()
        if said != z3.unknown:
            return (PROVED if said == z3.unsat else REFUTED), ""
        why = str(solver.reason_unknown())
    return UNKNOWN, why


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


def refuted_of_few(taken: NaiveStep, goal: str, servers: int = 2, depth: int = 2, patience: int = PATIENCE) -> bool:
    """There is a step of so many servers with such queues that breaks a goal."""
    return answer(taken.obligation_of_few(goal, servers, depth), patience, (True,))[0] == REFUTED


def can_be_met(taken: NaiveStep, goal: str, servers: int = 2, depth: int = 2, patience: int = PATIENCE) -> bool:
    """There is a step of so many servers with such queues of which all holds that the proof of a goal assumes.

    That is no part of a proof. It shows that a proof is not one of anything at all.
    """
    return answer(taken.possible(goal, servers, depth), patience, (True,))[0] == REFUTED
