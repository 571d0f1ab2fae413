"""Proving many goals in several processes; the query of an obligation does not depend on what else is proved.

The unit of work is an action: a fresh machine takes it once, and every goal is claimed of it in turn. So the text of a query
depends on the list of goals only, not on who finished first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import z3

from vnic_model.goals import GOALS, PLANS, closure
from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN, Induction, Obligation, Verdict, answered, obligations
from vnic_model.prover.kept import Kept, digest
from vnic_model.prover.paper import Paper
from vnic_model.workers import Workers
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import MUTATIONS

_T = TypeVar("_T")
#: What a :func:`crew` offers: something to be done, and of what; the same as ``map``.
Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


@dataclass(frozen=True)
class Result:
    """What became of a goal."""

    goal: str
    verdicts: tuple[Verdict, ...]

    @property
    def verdict(self) -> str:
        """Proved if all its obligations are; refuted if one is; else unknown."""
        found = {v.verdict for v in self.verdicts}
        return REFUTED if REFUTED in found else UNKNOWN if UNKNOWN in found or not found else PROVED

    @property
    def seconds(self) -> float:
        """Time that z3 and the reading took."""
        return sum(v.seconds for v in self.verdicts)


def machine(mutation: str = "", pen: Any = z3) -> Induction:
    """The any-N machine of the specification or of a mutation, written by z3 or on paper."""
    if not mutation:
        return Induction(pen=pen)
    found = MUTATIONS[mutation]
    return Induction(found.rules, found.effects, pen)


def plan_of(names: Iterable[str]) -> tuple[str, ...]:
    """The goals that have to be proved for these: they and all that their proofs rest on.

    Raises:
        ValueError: one of them has no proof for any number of servers.
    """
    names = tuple(names)
    for name in names:
        if not PLANS[name].any_number:
            raise ValueError(f"{name} is not proved for any number of servers: {PLANS[name].reason}")
    return closure(names)


#: Decides all obligations of one action: (goals, mutation, action) → verdicts. It has to be picklable.
Decide = Callable[[tuple[str, ...], str, str], list[Verdict]]


def decide_action(goals: tuple[str, ...], mutation: str, action: str, *, cached: bool = False) -> list[Verdict]:
    """All obligations of one action (empty: of the initial states), on a machine of their own.

    They are written on paper, and copied for z3 where it has to be asked. ``cached``: it is not asked what it has proved before.
    """
    fresh = machine(mutation, Paper())
    kept = Kept.of(action) if cached else Kept(None)
    own = [x for name in goals for x in obligations(name) if x.action == action]
    verdicts = [_decided(fresh, x, kept) for x in own]
    kept.close()
    return verdicts


def _decided(fresh: Induction, obligation: Obligation, kept: Kept) -> Verdict:
    start = time.process_time()
    query = fresh.query(obligation)
    if query.trivial:
        return Verdict(obligation, PROVED, time.process_time() - start, idle=True)
    hashed = digest(query)
    if kept.has(hashed):
        return Verdict(obligation, PROVED, time.process_time() - start, kept=True)
    verdict = answered(obligation, fresh.o.pen.copy_of(query), start)
    if verdict.verdict == PROVED:
        kept.add(hashed)
    return verdict


def prove(
    goals: tuple[str, ...],
    *,
    mutation: str = "",
    jobs: int = 2,
    report: Callable[[int, int], None] | None = None,
    decide: Decide = decide_action,
    decided: dict[Obligation, Verdict] | None = None,
    each: Each | None = None,
) -> tuple[Result, ...]:
    """Decide every obligation of some goals, and of nothing else.

    Args:
        goals: names, usually a :func:`plan_of`.
        mutation: name of the mutation whose machine it is; empty: the specification's.
        jobs: how many processes work at the same time.
        report: told (obligations decided, obligations in all) now and then.
        decide: in which reading; the any-N reading if nothing is said.
        decided: every verdict is put here as it is found, for whoever wants to know if this is cut off.
        each: a :func:`crew` that is there already, instead of ``jobs``.
    """
    total = sum(len(obligations(name)) for name in goals)
    found = {} if decided is None else decided
    work = partial(decide, goals, mutation)
    for verdicts in action_by_action(goals, jobs, work) if each is None else each(work, actions_of_goals(goals)):
        found.update((v.obligation, v) for v in verdicts)
        if report is not None:
            report(len(found), total)
    return tuple(Result(name, tuple(found[x] for x in obligations(name))) for name in goals)


def actions_of_goals(goals: tuple[str, ...]) -> list[str]:
    """The actions that some goals speak of; empty: the initial states."""
    return ["", *(a for a in ACTIONS if any(x.action == a for g in goals for x in obligations(g)))]


def action_by_action(goals: tuple[str, ...], jobs: int, work: Callable[[str], _T]) -> Iterator[_T]:
    """Do something of each action that some goals speak of (empty: of the initial states), in several processes."""
    actions = actions_of_goals(goals)
    with crew(min(jobs, len(actions))) as each:
        yield from each(work, actions)


@contextmanager
def crew(jobs: int) -> Iterator[Each]:
    """Processes that do something of each of several things; what comes out has the order of these."""
    jobs = min(jobs, os.cpu_count() or 1)
    if jobs <= 1:
        yield map
        return
    # A fresh interpreter each: z3 does not like to be forked.
    with Workers(jobs) as pool:
        yield pool.map


def refute(
    wanted: tuple[str, ...], mutation: str, decide: Callable[[Obligation], Verdict] | None = None
) -> tuple[Result, ...]:
    """Decide obligations of a mutation until one is refuted: those of the goals wanted first, then those they rest on.

    Answers what was decided of each goal, in that order; the last verdict is the refutation, if there is one. ``decide``:
    in which reading; the any-N reading if nothing is said.
    """
    decide = decide or machine(mutation).decide
    results: list[Result] = []
    for name in (*wanted, *(x for x in plan_of(wanted) if x not in wanted)):
        verdicts: list[Verdict] = []
        for obligation in obligations(name):
            verdicts.append(decide(obligation))
            if verdicts[-1].verdict == REFUTED:
                return (*results, Result(name, tuple(verdicts)))
        results.append(Result(name, tuple(verdicts)))
    return tuple(results)


def z3_version() -> str:
    """Version of the solver."""
    return str(z3.get_version_string())


def anything_missing() -> list[str]:
    """Goals without a plan, and plans that rest on what is not proved for any number of servers."""
    gaps = [f"{name} has no plan" for name in GOALS if name not in PLANS]
    for name, plan in PLANS.items():
        gaps += [f"{name} rests on {x}, which is not proved" for x in plan.using if not PLANS[x].any_number]
    return gaps
