"""Counterexamples to induction: a state, a step and a broken claim, over as few servers and slots as will do.

z3 answers with a model of uninterpreted sorts. It is made small (fewest servers and slots first, then as many variables as
possible at their initial values), turned into plain values and run again through the direct reading, which must agree: so a
mistake of the any-N reading cannot pass for one of the machine. The state need not be reachable; ``vnickit explore`` has the
shortest run from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import z3

from vnic_model.direct import DirectMap, DirectOps, DirectOrder, DirectQueue
from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.induction import Induction, Obligation, Query
from vnic_model.prover.sorts import CLIENT_SLOT, PRIORITY, SERVER, SERVER_SLOT, Formula, word
from vnic_spec.action import Effect, ParameterSort, carry_out
from vnic_spec.algebra import Element
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import DEFAULT, PARAMETERS, Profile
from vnic_spec.property import Scope, Step
from vnic_spec.rule import AS_WRITTEN, Replacements
from vnic_spec.sorts import Added, Choice, Each, Elements, Flag, Level, Server
from vnic_spec.state import VARIABLES, State
from vnic_spec.vocabulary import Kind

#: No counterexample needs more; a query that is refuted only beyond is reported without a picture.
SERVERS, SLOTS = 5, 6
_DEPTH = 64  # of the queues of the direct reading: deep enough never to be full by themselves


class DisagreementError(Exception):
    """The direct reading does not confirm a counterexample: one of the readings is wrong."""


class ClaimHoldsError(DisagreementError):
    """The direct reading takes the same step, but finds the claim kept."""


@dataclass(frozen=True)
class Counterexample:
    """Two states and the step between them, as the direct reading has them."""

    obligation: Obligation
    profile: Profile
    servers: int
    before: State
    parameters: dict[str, object]
    after: State
    answer: object


def counterexample(
    machine: Induction, obligation: Obligation, using: tuple[str, ...] | None = None
) -> Counterexample | None:
    """The smallest refutation of an obligation, or None where there is none of a size worth showing.

    The any-N reading knows a place on a queue by its slot, so a queue that was emptied and filled alike is another one to it;
    what it claims of places is therefore a little more than the direct reading asks for. A model in which only that is broken is
    passed over.

    Raises:
        DisagreementError: the direct reading takes the step otherwise, or denies every model.
    """
    query = machine.query(obligation, using)
    if query.trivial:
        return None
    denied: ClaimHoldsError | None = None
    for servers, slots in sizes():
        for quiet in (True, False):
            found = _of_size(query, machine, obligation, servers, slots, quiet=quiet)
            if found is None:
                break
            try:
                confirm(found, machine.o.rules, machine.effects)
            except ClaimHoldsError as error:
                denied = error
            else:
                return found
    if denied is not None:
        raise denied
    return None


def _of_size(
    query: Query, machine: Induction, obligation: Obligation, servers: int, slots: int, *, quiet: bool
) -> Counterexample | None:
    solver = query.solver()
    named = bounded(solver, machine, servers, slots)
    if solver.check() != z3.sat:
        return None
    if quiet:
        _quieten(solver, machine, obligation, named)
        assert solver.check() == z3.sat
    return _Decoder(machine, solver.model(), named).counterexample(obligation)


def sizes() -> Iterator[tuple[int, int]]:
    """Numbers of servers and of slots, the smallest first."""
    for total in range(2, SERVERS + SLOTS + 1):
        for servers in range(1, SERVERS + 1):
            if 1 <= total - servers <= SLOTS:
                yield servers, total - servers


def bounded(solver: z3.Solver, machine: Induction, servers: int, slots: int) -> list[Formula]:
    """Restrict the sorts; answers the constants that name the servers."""
    named = [z3.Const(f"server.{k}", SERVER) for k in range(servers)]
    solver.add(z3.Distinct(machine.o.nobody, *named))
    _closed(solver, SERVER, [machine.o.nobody, *named])
    _closed(solver, PRIORITY, [z3.Const(f"priority.{k}", PRIORITY) for k in range(servers + 1)])
    for sort in (CLIENT_SLOT, SERVER_SLOT):
        _closed(solver, sort, [z3.Const(f"{sort}.{k}", sort) for k in range(slots)])
    return named


def _closed(solver: z3.Solver, sort: Formula, constants: list[Formula]) -> None:
    x = z3.Const("x", sort)
    solver.add(z3.ForAll([x], z3.Or(*(x == c for c in constants))))


def _quieten(solver: z3.Solver, machine: Induction, obligation: Obligation, named: list[Formula]) -> None:
    """Leave only what has to do with the matter.

    If possible, all that is proved of the specification holds before the step; then as much as possible has its initial
    value, variable by variable.
    """
    scope = GOALS[obligation.goal].scope
    proved = [
        n for n, p in PLANS.items() if p.any_number and GOALS[n].of_state and GOALS[n].scope in (scope, Scope.ANYBODY)
    ]
    laws = [machine.assumption(name) for name in proved]
    solver.push()
    solver.add(*(law for law, _ in laws), *(f for _, facts in laws for fs in facts.values() for f in fs))
    if solver.check() != z3.sat:
        solver.pop()
    for wish in _wishes(machine, obligation, named):
        solver.push()
        solver.add(wish)
        if solver.check() != z3.sat:
            solver.pop()


def _wishes(machine: Induction, obligation: Obligation, named: list[Formula]) -> Iterator[Formula]:
    o = machine.o
    for name, parameter in PARAMETERS.items():
        if parameter.choices is not None:
            yield getattr(o.profile, name) == word(getattr(DEFAULT, name))
    yield z3.Not(o.profile.damped)
    for v in VARIABLES:
        value: Any = getattr(machine.before, v.name)
        if isinstance(v.sort, Added):
            continue
        if isinstance(v.sort, Elements):
            yield value.empty()
        elif not isinstance(v.sort, Each):
            yield o.eq(value, o.nobody if isinstance(v.sort, Server) else v.initially)
        else:
            of = [value(i) for i in named]
            if isinstance(v.sort.sort, Elements):
                quiet = [queue.empty() for queue in of]
            elif isinstance(v.sort.sort, Level):
                quiet = [o.eq(level, of[0]) for level in of]
            else:
                quiet = [o.eq(x, v.initially) for x in of]
            yield z3.And(*quiet)
            yield from quiet
    if obligation.action:
        for chosen in machine.taken(obligation.action).parameters.values():
            if z3.is_bool(chosen):
                yield z3.Not(chosen)


class _Decoder:
    """Turns a model into plain values."""

    def __init__(self, machine: Induction, model: z3.ModelRef, named: list[Formula]) -> None:
        self.o = machine.o
        self.machine = machine
        self.model = model
        # The direct reading has ports run against the numbers of the servers, so that is how they are numbered here.
        lower = [[self._true(self.o.lower_port(a, b)) for b in named] for a in named]
        by_port = sorted(range(len(named)), key=lambda a: sum(lower[a]))
        self.servers = [named[k] for k in by_port]
        self.levels = self._ranked(PRIORITY, self.o.outranks)
        self.slots = {sort: self._in_order(sort) for sort in (CLIENT_SLOT, SERVER_SLOT)}

    def _true(self, formula: object) -> bool:
        return bool(z3.is_true(self.model.eval(self.o.lift(formula), True)))

    def _universe(self, sort: Formula) -> list[Formula]:
        return list(self.model.get_universe(sort) or [])

    def _ranked(self, sort: Formula, before: Any) -> list[Formula]:
        universe = self._universe(sort)
        return sorted(universe, key=lambda a: sum(self._true(before(b, a)) for b in universe))

    def _in_order(self, sort: Formula) -> list[Formula]:
        universe = self._universe(sort)
        return sorted(universe, key=lambda a: sum(self._true(self.o.le(b, a)) for b in universe))

    def value(self, formula: Any, sort: ParameterSort) -> object:
        """The value of a term as the direct reading has it."""
        if isinstance(sort, Flag):
            return self._true(formula)
        if isinstance(sort, Choice):
            return self._word(formula, type(sort.members[0]))
        if isinstance(sort, Server):
            return next((k for k, i in enumerate(self.servers) if self._true(formula == i)), None)
        return next((k for k, level in enumerate(self.levels) if self._true(formula == level)), 0)

    def _word(self, formula: Any, words: type[Enum]) -> Enum:
        members = list(words)
        number = int(self.model.eval(self.o.lift(formula), True).as_long())
        return members[min(number, len(members) - 1)]

    def queue(self, queue: Any) -> DirectQueue:
        """The elements of a queue, the first one first."""
        items = tuple(
            Element(self._word(queue.kind(x), Kind), self.value(queue.sender(x), Server()), self._true(queue.fresh(x)))
            for x in self.slots[queue.sort]
            if self._true(queue.holds(x))
        )
        return DirectQueue(items, _DEPTH)

    def state(self, s: State) -> State:
        """A state as the direct reading has it."""
        values: dict[str, object] = {}
        for v in VARIABLES:
            value: Any = getattr(s, v.name)
            if isinstance(v.sort, Elements):
                values[v.name] = self.queue(value)
            elif isinstance(v.sort, Added):
                pairs = [(a, b) for a in enumerate(self.servers) for b in enumerate(self.servers)]
                values[v.name] = DirectOrder(frozenset((a, b) for (a, i), (b, j) in pairs if self._true(value(i, j))))
            elif isinstance(v.sort, Each) and isinstance(v.sort.sort, Elements):
                queues = tuple(self.queue(value(i)) for i in self.servers)
                values[v.name] = DirectMap(queues, DirectQueue((), _DEPTH))
            elif isinstance(v.sort, Each):
                each = v.sort.sort
                assert isinstance(each, Flag | Choice | Level)
                values[v.name] = DirectMap(tuple(self.value(value(i), each) for i in self.servers), False)
            else:
                values[v.name] = self.value(value, v.sort)
        return State(**values)  # type: ignore[arg-type]  # every variable of State, of its sort

    def profile(self) -> Profile:
        """The profile under which it happens."""
        chosen: dict[str, object] = {
            name: self._word(getattr(self.o.profile, name), p.choices) for name, p in PARAMETERS.items() if p.choices
        }
        if self._true(self.o.profile.damped):
            chosen["preempt_delay_ms"] = 1000
        return Profile.from_mapping(chosen)

    def counterexample(self, obligation: Obligation) -> Counterexample:
        """The whole picture."""
        if not obligation.action:
            start = self.state(self.machine.start)
            return Counterexample(obligation, self.profile(), len(self.servers), start, {}, start, None)
        taken = self.machine.taken(obligation.action)
        parameters = {n: self.value(x, taken.action.sort(n)) for n, x in taken.parameters.items()}
        before, after = self.state(self.machine.before), self.state(taken.effect.state)
        return Counterexample(obligation, self.profile(), len(self.servers), before, parameters, after, None)


def confirm(found: Counterexample, rules: Replacements, effects: Mapping[str, Callable[..., Effect]]) -> None:
    """Take the step again by the direct reading: possible, to the same state, and the claim broken.

    Raises:
        DisagreementError: it is not.
    """
    o = DirectOps(found.servers, found.profile, rules)
    judge = DirectOps(found.servers, found.profile, AS_WRITTEN)
    goal = GOALS[found.obligation.goal]
    if not found.obligation.action:
        if goal.of_state is not None and goal.of_state(judge, found.before):
            raise DisagreementError(f"{found.obligation}: holds of the initial state by the direct reading")
        return
    action = ACTIONS[found.obligation.action]
    effect = carry_out(effects.get(action.name, action.effect), o, found.before, *found.parameters.values())
    if not effect.guard:
        raise DisagreementError(f"{found.obligation}: the step is not possible by the direct reading")
    if effect.state != found.after:
        differing = [v.name for v in VARIABLES if getattr(effect.state, v.name) != getattr(found.after, v.name)]
        raise DisagreementError(f"{found.obligation}: the direct reading ends with other {', '.join(differing)}")
    if goal.of_state is not None:
        holds = goal.of_state(judge, effect.state)
    else:
        assert goal.of_step is not None
        step = Step(action.name, dict(found.parameters), effect.answer)
        holds = goal.of_step(judge, found.before, effect.state, step)
    if holds:
        raise ClaimHoldsError(f"{found.obligation}: the claim holds by the direct reading")
