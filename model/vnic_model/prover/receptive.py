"""Receptiveness: no guard removes behaviour, none adds any, every call has an answer in every state; for any number of servers.

A property of states and steps cannot see what does not happen. So the guard of each action is compared with when the action may
be taken (:mod:`vnic_spec.properties.occasions`): wherever it may, with every value of the parameters that policy and environment
may choose, the guard holds; and the other way round. Of a call that is several actions one may always be taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import z3

from vnic_model.goals import GOALS
from vnic_model.prover.counterexample import bounded
from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN, Induction, Query
from vnic_model.prover.kept import Kept, digest
from vnic_model.prover.paper import Paper
from vnic_model.prover.sorts import Formula
from vnic_spec.action import Effect
from vnic_spec.catalogue import ACTIONS
from vnic_spec.properties.occasions import CALLS, OCCASIONS, Call, may_be_chosen, may_be_full
from vnic_spec.property import Scope, Step
from vnic_spec.rule import AS_WRITTEN, Replacements

#: What is assumed of the state besides what every state is: properties and lemmas that are proved by themselves.
RESTS_ON = ("SEL-7/ends", "INV-3", "INV-4", "INV-6", "MON-5", "SEL-8", "connected-only-as-selected", "off-means-gone")
#: The same of what only drivers do.
OF_DRIVERS = ("migrated-means-disabled", "only-failovers-follow-a-migration")
#: z3 may take so long, in ms, before a refutation is looked for among few servers with so many slots; every proof takes less
#: than a tenth of it.
QUICK, SLOTS = 20_000, 4
STRONG, WEAK, STUCK = "too strong", "too weak", "without an answer"


@dataclass(frozen=True)
class Finding:
    """What became of one guard, or of one call.

    Attributes:
        subject: the name of the action, or the sentence of the call.
        flaw: what it would be if it were refuted: too strong, too weak, or a call without an answer.
        verdict: proved, refuted or unknown.
        seconds: CPU time.
        kept: word for word the same was proved before, and z3 was not asked.
    """

    subject: str
    flaw: str
    verdict: str
    seconds: float
    kept: bool = False

    def __str__(self) -> str:
        return f"{self.subject}: {self.flaw}" if self.verdict == REFUTED else f"{self.subject}: {self.verdict}"


def findings(
    rules: Replacements = AS_WRITTEN,
    effects: Mapping[str, Callable[..., Effect]] | None = None,
    actions: Sequence[str] = tuple(OCCASIONS),
) -> Iterator[Finding]:
    """Every guard compared with its occasion, both ways, and every call."""
    for name in actions:
        yield from _of_guard(name, rules, effects)
    yield from _of_calls(actions)


def _of_guard(
    name: str, rules: Replacements = AS_WRITTEN, effects: Mapping[str, Callable[..., Effect]] | None = None
) -> Iterator[Finding]:
    """The guard of an action."""
    machine = Induction(rules, effects)
    machine.o.roomy = machine.judge.roomy = True
    for subject, flaw, asked in _questions(name):
        yield _decided(machine, subject, flaw, asked(machine))


def _of_calls(actions: Sequence[str] = tuple(OCCASIONS)) -> Iterator[Finding]:
    """Every call that is some of these actions and no others."""
    for call in CALLS:
        if set(call.actions) <= set(actions):
            machine = Induction()
            yield _decided(machine, call.sentence, STUCK, answered(machine, call))


def subjects() -> tuple[str, ...]:
    """What is looked at one by one: every action, and (empty) the calls."""
    return (*OCCASIONS, "")


def findings_of(subject: str, *, cached: bool = False) -> list[Finding]:
    """The findings of one of :func:`subjects`, of the specification.

    The questions are written on paper, and with ``cached`` z3 is asked only what it has not proved before. What it does not prove
    it is asked again as :func:`findings` does.
    """
    kept = Kept.of(f"guard-{subject}" if subject else "calls") if cached else Kept(None)
    found = [x for question in _questions(subject) if (x := _proved(kept, *question))]
    kept.close()
    if subject:
        return found if len(found) == 2 else list(_of_guard(subject))
    return found if len(found) == len(CALLS) else list(_of_calls())


def _questions(name: str) -> Iterator[tuple[str, str, Callable[[Induction], Query]]]:
    if name:
        yield name, STRONG, partial(strong, name=name)
        yield name, WEAK, partial(weak, name=name)
    else:
        for call in CALLS:
            yield call.sentence, STUCK, partial(answered, call=call)


def _proved(kept: Kept, subject: str, flaw: str, asked: Callable[[Induction], Query]) -> Finding | None:
    """The finding if this is proved, now or before."""
    start = time.process_time()
    machine = Induction(pen=Paper())
    machine.o.roomy = machine.judge.roomy = flaw != STUCK
    query = asked(machine)
    hashed = digest(query)
    before = not query.trivial and kept.has(hashed)
    if not query.trivial and not before:
        solver = machine.o.pen.copy_of(query).solver()
        solver.set("timeout", QUICK)
        if solver.check() != z3.unsat:
            return None
        kept.add(hashed)
    return Finding(subject, flaw, PROVED, time.process_time() - start, before)


def _decided(machine: Induction, subject: str, flaw: str, query: Query) -> Finding:
    start = time.process_time()
    solver = query.solver()
    solver.set("timeout", QUICK)
    answer = z3.unsat if query.trivial else solver.check()
    verdict = UNKNOWN if answer == z3.unknown else PROVED if answer == z3.unsat else REFUTED
    if verdict == UNKNOWN and _refuted_by_few(machine, query):
        verdict = REFUTED
    return Finding(subject, flaw, verdict, time.process_time() - start)


def _refuted_by_few(machine: Induction, query: Query) -> bool:
    """What is not proved is refuted, if it can be, by few servers and slots; without a bound z3 may not find them."""
    for servers in (1, 2, 3):
        solver = query.solver()
        bounded(solver, machine, servers, SLOTS)
        if solver.check() == z3.sat:
            return True
    return False


def _invariant(machine: Induction, drivers: bool) -> list[Formula]:
    found: list[Formula] = []
    for name in (*RESTS_ON, *(OF_DRIVERS if drivers else ())):
        assert GOALS[name].scope is Scope.ANYBODY or drivers
        law, facts = machine.assumption(name)
        found += [law, *(f for fs in facts.values() for f in fs)]
    return found


def strong(machine: Induction, name: str) -> Query:
    """Where the action may be taken with these parameters its guard holds."""
    taken = machine.taken(name)
    step = Step(name, dict(taken.parameters), taken.effect.answer)
    s, t = machine.before, taken.effect.state
    with machine.o.collecting() as facts:
        given = [OCCASIONS[name](machine.judge, s, step), may_be_full(machine.judge, s, t, step)]
        if "b" in step.parameters:
            given.append(may_be_chosen(machine.judge, s, t, step))
        given = [machine.o.lift(g) for g in given]
    known = [*_invariant(machine, not taken.action.bare), *(f for fs in {**taken.facts, **facts}.values() for f in fs)]
    guard, *within = taken.possible
    return Query([*machine.base, *within, *given, *known], guard, machine.o.pen.is_true(guard))


def weak(machine: Induction, name: str) -> Query:
    """Where the guard of the action holds it may be taken."""
    taken = machine.taken(name)
    step = Step(name, dict(taken.parameters), taken.effect.answer)
    with machine.o.collecting() as facts:
        claim = machine.o.lift(OCCASIONS[name](machine.judge, machine.before, step))
    known = [*_invariant(machine, not taken.action.bare), *(f for fs in {**taken.facts, **facts}.values() for f in fs)]
    return Query([*machine.base, *taken.possible, *known], claim, machine.o.pen.is_true(claim))


def answered(machine: Induction, call: Call) -> Query:
    """Whenever somebody can make the call, one of the actions that it can be may be taken."""
    o, s = machine.judge, machine.before
    parameters, within = machine.o.parameters(ACTIONS[call.actions[0]])
    with machine.o.collecting() as facts:
        step = Step(call.actions[0], dict(parameters), None)  # it has no answer yet
        given = machine.o.lift(call.caller(o, s, step))
        claim = o.any_of(*(OCCASIONS[name](o, s, step) for name in call.actions))
    known = [f for fs in facts.values() for f in fs]
    return Query([*machine.base, *within, given, *known], claim, o.pen.is_true(claim))
