"""The any-N reading takes the steps that the other readings take: the same state after, and no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

import pytest
import z3

from vnic_model.direct import DirectMachine, DirectQueue
from vnic_model.instance import Instance
from vnic_model.instances import SCENARIOS, instance
from vnic_model.machine import Machine
from vnic_model.prover.induction import Induction
from vnic_model.prover.sorts import CLIENT_SLOT, PRIORITY, SERVER, SERVER_SLOT, Formula
from vnic_spec.action import Action, Effect, ParameterSort
from vnic_spec.algebra import Added, Each, Elements, Level, Server
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import PARAMETERS
from vnic_spec.state import VARIABLES, State
from vnic_spec.vocabulary import Owed
from vnic_spec.wire import Rc


@dataclass(frozen=True)
class Taken:
    """A step of an instance."""

    instance: Instance
    before: State
    action: Action
    parameters: tuple[object, ...]
    effect: Effect


class Universe:
    """The any-N machine with so many servers and priorities, and so many slots for each queue, and no others.

    A queue that begins at the first slot has room while it has fewer elements than there are slots but one.
    """

    def __init__(self, servers: int, slots: int) -> None:
        self.machine = Induction()
        o = self.machine.o
        self.servers = [z3.Const(f"server.{k}", SERVER) for k in range(servers)]
        self.levels = [z3.Const(f"priority.{k}", PRIORITY) for k in range(servers)]
        self.slots = {
            sort: [z3.Const(f"{sort}.{k}", sort) for k in range(slots)] for sort in (CLIENT_SLOT, SERVER_SLOT)
        }
        self.facts = list(self.machine.base)
        self._only(SERVER, [o.nobody, *self.servers])
        self._only(PRIORITY, self.levels)
        self._relate(o.outranks, self.levels, lambda a, b: a < b)
        self._relate(o.lower_port, self.servers, lambda a, b: a > b)
        for sort, row in self.slots.items():
            self._only(sort, row)
            self._relate(o.le, row, lambda a, b: a <= b)
            self._relate(o.succ, row, lambda a, b: a + 1 == b)

    def _only(self, sort: Formula, constants: list[Formula]) -> None:
        x = z3.Const("x", sort)
        self.facts += [z3.Distinct(*constants), z3.ForAll([x], z3.Or(*(x == c for c in constants)))]

    def _relate(self, relation: Any, constants: list[Formula], holds: Any) -> None:
        for a, one in enumerate(constants):
            self.facts += [relation(one, other) == holds(a, b) for b, other in enumerate(constants)]

    def value(self, value: Any, sort: ParameterSort) -> Formula:
        """A plain value as a term."""
        if isinstance(sort, Server):
            return self.machine.o.nobody if value is None else self.servers[value]
        return self.levels[value] if isinstance(sort, Level) else self.machine.o.lift(value)

    def queue(self, queue: Any, plain: DirectQueue, begins: tuple[int, ...]) -> Formula:
        """A queue holds these elements and begins at one of these slots."""
        o, slots = self.machine.o, self.slots[queue.sort]
        cases = []
        for first in begins:
            if first + len(plain.items) < len(slots):
                parts = [queue.head == slots[first], queue.tail == slots[first + len(plain.items)]]
                for x, e in zip(slots[first:], plain.items, strict=False):
                    parts += [o.eq(queue.kind(x), e.kind), o.eq(queue.fresh(x), e.fresh)]
                    parts.append(queue.sender(x) == self.value(e.sender, Server()))
                cases.append(z3.And(*parts))
        return z3.Or(*cases)

    def is_state(self, s: State, plain: State, begins: tuple[int, ...]) -> Formula:
        """The symbolic state ``s`` is the plain one."""
        parts = []
        for v in VARIABLES:
            value: Any = getattr(s, v.name)
            known: Any = getattr(plain, v.name)
            if isinstance(v.sort, Elements):
                parts.append(self.queue(value, known, begins))
            elif isinstance(v.sort, Added):
                pairs = [(a, b) for a in range(len(self.servers)) for b in range(len(self.servers))]
                parts += [value(self.servers[a], self.servers[b]) == known(a, b) for a, b in pairs]
            elif isinstance(v.sort, Each):
                for k, i in enumerate(self.servers):
                    if isinstance(v.sort.sort, Elements):
                        parts.append(self.queue(value(i), known(k), begins))
                    else:
                        parts.append(value(i) == self.value(known(k), v.sort.sort))
            else:
                parts.append(self.machine.o.lift(value) == self.value(known, v.sort))
        return z3.And(*parts)

    def answers(self, step: Taken) -> tuple[z3.CheckSatResult, ...]:
        """Whether the any-N machine can take a step, to the state after it and with that answer, or to anything else."""
        o, taken = self.machine.o, self.machine.taken(step.action.name)
        profile = step.instance.profile
        given = [*taken.possible, self.is_state(self.machine.before, step.before, (0,))]
        given += [getattr(o.profile, n) == o.lift(getattr(profile, n)) for n, p in PARAMETERS.items() if p.choices]
        given.append(o.profile.damped == (profile.preempt_delay_ms > 0))
        for (name, term), value in zip(taken.parameters.items(), step.parameters, strict=True):
            given.append(term == self.value(value, step.action.sort(name)))
        ends = self.is_state(taken.effect.state, step.effect.state, (0, 1))
        if step.effect.answer is not None:
            ends = z3.And(ends, o.eq(taken.effect.answer, step.effect.answer))
        solver = z3.Solver()
        solver.add(*self.facts, *given, *(f for fs in taken.facts.values() for f in fs))
        return solver.check(ends), solver.check(z3.Not(ends))


@cache
def universe(servers: int, slots: int) -> Universe:
    """Each universe once."""
    return Universe(servers, slots)


def disagreements(steps: Iterable[Taken]) -> list[tuple[str, tuple[object, ...], State]]:
    """Where the any-N reading can do what the direct one cannot, or cannot do what that one can."""
    found = []
    for step in steps:
        made = step.instance
        assert made.client_depth == made.server_depth == step.before.to_client.depth  # type: ignore[attr-defined]  # direct
        # An owed event is put behind an element that is taken in the same step, so the queue moves on by one slot.
        slots = made.client_depth + (1 if step.before.owed is Owed.NOTHING else 2)
        expected = (z3.sat, z3.unsat) if step.effect.guard else (z3.unsat, z3.unsat)
        if universe(made.servers, slots).answers(step) != expected:
            found.append((step.action.name, step.parameters, step.before))
    return found


@cache
def firsts(name: str, servers: int) -> dict[str, tuple[State, tuple[object, ...]]]:
    """Of each action of an instance the first state, breadth first, in which it is possible, and with what parameters."""
    machine = Machine(instance(name, servers))
    found: dict[str, tuple[State, tuple[object, ...]]] = {}
    met, frontier = {machine.initial}, [machine.initial]
    while frontier and len(found) < len(machine.groups):
        following = []
        for packed in frontier:
            for move in machine.moves(packed):
                found.setdefault(move.action.name, (machine.decode(packed), move.parameters))
                if move.after not in met:
                    met.add(move.after)
                    following.append(move.after)
        frontier = following
    return found


def tried(name: str, servers: int) -> list[Taken]:
    """The first step of each action of an instance; and in those states of every action one that is not possible."""
    made = replace(instance(name, servers), actions=frozenset(ACTIONS), parameters={})
    direct, random = DirectMachine(made), Random(name)
    found, refused = [], {}
    for first, (state, chosen) in firsts(name, servers).items():
        found.append(Taken(made, state, ACTIONS[first], chosen, direct.effect(state, ACTIONS[first], chosen)))
        for action, parameters in random.sample(list(direct.moves()), 40):
            effect = direct.effect(state, action, parameters)
            if not effect.guard:
                refused[action.name] = Taken(made, state, action, parameters, effect)
    return [*found, *refused.values()]


def test_the_any_n_reading_takes_the_steps_of_the_direct_one_and_no_others() -> None:
    steps = tried("core", 1)
    assert {step.action.name for step in steps if step.effect.guard} > {"client_registers", "server_reports"}
    assert disagreements(steps) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "servers"), [*((name, 2) for name in SCENARIOS), ("core", 3), ("admin", 3)])
def test_the_same_in_every_instance(name: str, servers: int) -> None:
    assert disagreements(tried(name, servers)) == []


@pytest.mark.slow
def test_every_action_is_compared_where_it_is_possible() -> None:
    assert {action for name in SCENARIOS for action in firsts(name, 2)} == set(ACTIONS)


def test_a_step_to_another_state_or_with_another_answer_is_noticed() -> None:
    step = next(s for s in tried("core", 1) if s.action.name == "client_registers")
    assert disagreements([step]) == []
    elsewhere = step.effect.state.but(wish=not step.effect.state.wish)
    assert disagreements([replace(step, effect=step.effect._replace(state=elsewhere))]) != []
    assert disagreements([replace(step, effect=step.effect._replace(answer=Rc.H_DROPPED))]) != []
    assert disagreements([replace(step, effect=step.effect._replace(guard=False))]) != []
