"""Finding lemmas: of many candidates the largest set that is inductive, and of that what a goal needs.

Houdini: assume all candidates before a step, look for a step after which one of them fails, drop every candidate that fails
after it, and so on until there is no such step. What is left holds in every reachable state for any number of servers. The
any-N reading gives every quantified formula a name that is defined in both directions, so one model of z3 tells of all
candidates at once whether they hold in it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import z3

from vnic_model.goals import GOALS
from vnic_model.instances import instance
from vnic_model.prover.candidates import FILTER, LONGEST, Clause, candidates, explored, holds, text_of
from vnic_model.prover.finite import FiniteMachine
from vnic_model.prover.induction import Induction
from vnic_model.prover.sorts import Formula
from vnic_spec.algebra import Ops, Truth
from vnic_spec.catalogue import ACTIONS
from vnic_spec.state import State

_Law = Callable[[Ops, State], Truth]
#: A formula, and the definitions it needs.
_Defined = tuple[Formula, list[Formula]]


class _Candidates(ABC):
    """Clauses in some reading, before and after each action."""

    together = 16  #: so many are asked about at once
    patience = 2_000  #: z3 may take so long for one query, in ms

    def __init__(self, goal: str) -> None:
        law = GOALS[goal].of_state
        assert law is not None, f"{goal} speaks of steps"
        self.goal = goal
        self._laws: dict[object, _Law] = {goal: law}
        self._known: dict[tuple[object, str], _Defined] = {}
        self.queries = 0

    @abstractmethod
    def _at(self, law: _Law, when: str) -> _Defined:
        """A law before a step (``before``), in the initial state (empty), or after the action named."""

    @abstractmethod
    def _assumed(self, when: str) -> list[Formula]:
        """What is always true of a step of the action named, or of an initial state."""

    def law(self, x: Clause | str) -> _Law:
        """A clause, or the goal, as a law of the state."""
        if x not in self._laws:
            assert not isinstance(x, str)
            self._laws[x] = holds(x)
        return self._laws[x]

    def at(self, x: Clause | str, when: str) -> _Defined:
        """A clause ``before`` a step, in the initial state (``""``), or after an action."""
        if (x, when) not in self._known:
            self._known[x, when] = self._at(self.law(x), when)
        return self._known[x, when]

    def solver(self, when: str) -> z3.Solver:
        """A solver that knows what is always assumed of a step of an action, or of an initial state."""
        found = z3.Solver()
        found.set("timeout", self.patience)
        found.set("random_seed", 0)
        found.add(*self._assumed(when))
        return found

    def touched(self, x: Clause | str, action: str) -> bool:
        """An action changes something that a clause speaks of."""
        after, _ = self.at(x, action)
        return not z3.is_true(after) and not after.eq(self.at(x, "before")[0])

    def assuming(self, solver: z3.Solver, x: Clause | str, by: Formula) -> None:
        """Let ``by`` stand for a clause before the step."""
        formula, facts = self.at(x, "before")
        solver.add(z3.Implies(by, formula), *facts)

    def check(self, solver: z3.Solver, *given: Formula) -> z3.CheckSatResult:
        """Ask z3, and count it."""
        self.queries += 1
        return solver.check(*given)


class AnyNumber(_Candidates):
    """In the any-N reading."""

    def __init__(self, goal: str) -> None:
        super().__init__(goal)
        self.machine = Induction()

    def _at(self, law: _Law, when: str) -> _Defined:
        m = self.machine
        state = {"before": lambda: m.before, "": lambda: m.start}.get(when, lambda: m.taken(when).effect.state)()
        with m.o.collecting() as facts:
            formula = m.o.lift(law(m.judge, state))
        return formula, [f for fs in facts.values() for f in fs]

    def _assumed(self, when: str) -> list[Formula]:
        m = self.machine
        if not when:
            return [*m.o.axioms(), *m.o.well_formed(m.start)]
        taken = m.taken(when)
        return [*m.base, *taken.possible, *(f for fs in taken.facts.values() for f in fs)]


class Few(_Candidates):
    """With three servers and short queues, from whatever state: what fails here fails for any number."""

    together = 10_000
    patience = 60_000

    def __init__(self, goal: str) -> None:
        super().__init__(goal)
        self.machine = FiniteMachine(replace(instance("core", 3), client_depth=3, server_depth=2, levels=2))

    def _at(self, law: _Law, when: str) -> _Defined:
        m = self.machine
        state = {"before": lambda: m.before, "": lambda: m.start}.get(when, lambda: m.taken(when)[1].state)()
        node = m.o.node(law(m.judge, state))
        return m.terms.of(node), []

    def _assumed(self, when: str) -> list[Formula]:
        m = self.machine
        nodes = [m.well_formed(), m.profiles(), *([m.possible(when)] if when else [])]
        return [m.terms.of(node) for node in nodes]


def inductive(c: _Candidates, proved: Sequence[Clause], new: Iterable[Clause]) -> list[Clause]:
    """The largest inductive part of ``new``, given ``proved``, which is inductive by itself."""
    alive = dict.fromkeys(new)
    _drop(c, "", [], alive)
    changed = True
    while changed:
        changed = False
        for action in ACTIONS:
            changed |= _drop(c, action, proved, alive)
    return list(alive)


def _drop(c: _Candidates, when: str, proved: Sequence[Clause], alive: dict[Clause, None]) -> bool:
    """Drop what some step of an action breaks, or what does not hold at the beginning; answer whether anything was."""
    claimed = [x for x in alive if not when or c.touched(x, when)]
    if not claimed:
        return False
    solver = c.solver(when)
    chosen = {x: z3.Bool(f"chosen!{k}") for k, x in enumerate(alive)}
    if when:
        for x in proved:
            formula, facts = c.at(x, "before")
            solver.add(formula, *facts)
        for x, by in chosen.items():
            c.assuming(solver, x, by)
    before = len(alive)
    todo = [claimed[k : k + c.together] for k in range(0, len(claimed), c.together)]
    while todo:
        together = [x for x in todo.pop() if x in alive]
        if not together:
            continue
        solver.push()
        after = {x: c.at(x, when) for x in together}
        solver.add(*(f for _, facts in after.values() for f in facts))
        solver.add(z3.Or(*(z3.Not(formula) for formula, _ in after.values())))
        answer = c.check(solver, *(by for x, by in chosen.items() if x in alive))
        model = solver.model() if answer == z3.sat else None
        solver.pop()
        if answer == z3.unsat:
            continue
        if model is None and len(together) > 1:
            half = len(together) // 2
            todo += [together[half:], together[:half]]
            continue
        for x in together:
            # Where z3 does not know of a single one, it is not claimed.
            if model is None or not z3.is_true(model.eval(after[x][0], model_completion=True)):
                del alive[x]
        todo.append(together)
    return len(alive) < before


def contingent(f: Few, among: Iterable[Clause]) -> list[Clause]:
    """The clauses that fail in some state, reachable or not; the others say nothing."""
    m = f.machine
    solver = z3.Solver()
    solver.add(m.terms.of(m.well_formed()))
    left = dict.fromkeys(among)
    found: dict[Clause, None] = {}
    while left:
        solver.push()
        solver.add(z3.Or(*(z3.Not(f.at(x, "before")[0]) for x in left)))
        if f.check(solver) != z3.sat:
            break
        model = solver.model()
        solver.pop()
        for x in [x for x in left if z3.is_false(model.eval(f.at(x, "before")[0], model_completion=True))]:
            found[x] = left.pop(x)
    return [x for x in among if x in found]


def independent(f: Few, among: Sequence[Clause]) -> list[Clause]:
    """The clauses without those that the others imply, long ones first to go."""
    m = f.machine
    solver = z3.Solver()
    solver.add(m.terms.of(m.well_formed()))
    chosen = {x: z3.Bool(f"chosen!{k}") for k, x in enumerate(among)}
    for x, by in chosen.items():
        solver.add(z3.Implies(by, f.at(x, "before")[0]))
    kept = list(among)
    for x in reversed(among):
        rest = [y for y in kept if y != x]
        if f.check(solver, *(chosen[y] for y in rest), z3.Not(f.at(x, "before")[0])) == z3.unsat:
            kept = rest
    return kept


def needed(c: _Candidates, target: Clause | str, when: str, among: Sequence[Clause]) -> list[Clause] | None:
    """What of ``among`` it takes for an action to keep the target; None if all of it is not enough."""
    formula, facts = c.at(target, when)
    if z3.is_true(formula) or (when and not c.touched(target, when)):
        return []
    solver = c.solver(when)
    solver.add(*facts, z3.Not(formula))
    if not when:
        return [] if c.check(solver) == z3.unsat else None
    own, own_facts = c.at(target, "before")
    solver.add(own, *own_facts)
    chosen = {x: z3.Bool(f"chosen!{k}") for k, x in enumerate(among)}
    for x, by in chosen.items():
        c.assuming(solver, x, by)
    if c.check(solver, *chosen.values()) != z3.unsat:
        return None
    core = {str(by) for by in solver.unsat_core()}
    used = [x for x, by in chosen.items() if str(by) in core]
    for x in reversed(list(used)):  # long ones first, for short ones say more
        rest = [chosen[y] for y in used if y != x]
        if c.check(solver, *rest) == z3.unsat:
            used.remove(x)
    return used


def closed(c: _Candidates, among: Sequence[Clause]) -> list[Clause] | None:
    """Enough of ``among`` for the goal, and for all of that to be kept by every action; None if there is not enough.

    What is in use already is tried first, so that few different clauses are used.
    """
    found: list[Clause] = []
    todo: list[Clause | str] = [c.goal]
    while todo:
        target = todo.pop()
        for when in ("", *ACTIONS):
            used = needed(c, target, when, found)
            if used is None:
                used = needed(c, target, when, [x for x in among if x != target])
            if used is None:
                return None
            for x in used:
                if x not in found and x != target:
                    found.append(x)
                    todo.append(x)
    return found


def fewest(c: _Candidates, among: Sequence[Clause]) -> list[Clause]:
    """Some of ``among``, none of which can be left out."""
    found = list(among)
    for x in reversed(among):
        rest = [y for y in found if y != x]
        smaller = closed(c, rest)
        if smaller is not None:
            found = [y for y in found if y in smaller]
    return found


@dataclass
class Found:
    """Lemmas for a goal, found by machine, and how many clauses each stage left."""

    goal: str
    states: int = 0  #: explored, of two servers
    stages: dict[str, int] = field(default_factory=dict)
    sufficient: bool = False
    lemmas: list[Clause] = field(default_factory=list)
    queries: int = 0

    @property
    def texts(self) -> list[str]:
        """The lemmas as people read them."""
        return [text_of(x) for x in self.lemmas]


def find(
    goal: str = "INV-2",
    *,
    instances: Iterable[str] = FILTER,
    longest: int = LONGEST,
    report: Callable[[str], None] = lambda _: None,
) -> Found:
    """Find lemmas with which a goal is inductive for any number of servers; none of ours is looked at.

    Args:
        goal: a property of states.
        instances: whose graphs, for two servers, filter the candidates.
        longest: clauses have so many literals at most.
        report: told what has been done.
    """
    found = Found(goal)

    def stage(name: str, clauses: list[Clause]) -> list[Clause]:
        found.stages[name] = len(clauses)
        report(f"{len(clauses)} {name}")
        return clauses

    seen = explored(instances)
    found.states = seen.states
    report(f"{seen.states} states explored")
    few, c = Few(goal), AnyNumber(goal)
    left = stage("clauses hold in every explored state", candidates(seen, longest))
    left = stage("are inductive with three servers and short queues", inductive(few, [], left))
    left = stage("of them say something, and nothing that others say", independent(few, contingent(few, left)))
    left = stage("are inductive for any number of servers", inductive(c, [], left))
    enough = closed(c, left)
    if enough is not None:
        found.lemmas = stage(f"are enough for {goal}, and none can be left out", fewest(c, enough))
        found.sufficient = True
    found.queries = few.queries + c.queries
    return found
