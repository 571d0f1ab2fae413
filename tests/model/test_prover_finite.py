"""The finite reading is the machine that the direct reading is, and proves what the any-N reading proves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest
import z3

from vnic_model.direct import DirectMachine, DirectOps, domain
from vnic_model.goals import GOALS, PLANS, Goal, Plan
from vnic_model.instances import instance
from vnic_model.layout import code
from vnic_model.machine import Machine
from vnic_model.prover.counterexample import DisagreementError
from vnic_model.prover.finite import NUMBER, FiniteMachine
from vnic_model.prover.finite_induction import DEPTHS, FiniteInduction, decide, decide_action
from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN, Obligation
from vnic_model.prover.picture import lines_of
from vnic_model.prover.run import plan_of, prove, refute
from vnic_spec.action import Action
from vnic_spec.algebra import Ops, Truth
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.profile import PARAMETERS, Crossing, Profile
from vnic_spec.property import Scope
from vnic_spec.state import State

# --- the same machine as the direct reading ------------------------------------------------------------------------


class Evaluator:
    """Evaluates an action's formulas in a state, by substitution."""

    def __init__(self, machine: FiniteMachine) -> None:
        self.machine = machine
        self._bundles: dict[str, tuple[list[str], z3.ExprRef]] = {}

    def _bundle(self, name: str) -> tuple[list[str], z3.ExprRef]:
        """Guard, answer and every scalar after the step as the arguments of one term."""
        if name not in self._bundles:
            m = self.machine
            _, effect = m.taken(name)
            answer = m.o.number(0) if effect.answer is None else m.o.node(effect.answer)
            nodes = {"guard": m.o.node(effect.guard), "answer": answer}
            nodes |= m.scalars(effect.state)
            terms = [m.terms.of(node) for node in nodes.values()]
            together = z3.Function(name, *(t.sort() for t in terms), z3.BoolSort())
            self._bundles[name] = list(nodes), together(*terms)
        return self._bundles[name]

    def pairs(self, values: dict[str, int]) -> list[tuple[z3.ExprRef, z3.ExprRef]]:
        """Variables and their values."""
        scalars = self.machine.layout.scalars
        return [
            (z3.Bool(name), z3.BoolVal(bool(value)))
            if name in scalars and scalars[name].truth
            else (z3.Const(name, NUMBER), z3.BitVecVal(value, NUMBER))
            for name, value in values.items()
        ]

    def profile(self, profile: Profile) -> list[tuple[z3.ExprRef, z3.ExprRef]]:
        """The choices of a profile."""
        chosen = {n: getattr(profile, n).value for n, p in PARAMETERS.items() if p.choices is not None}
        damped = (z3.Bool("profile.damped"), z3.BoolVal(profile.preempt_delay_ms > 0))
        return [*((z3.Const(f"profile.{n}", NUMBER), z3.BitVecVal(v, NUMBER)) for n, v in chosen.items()), damped]

    def parameters(self, action: Action, values: tuple[object, ...]) -> list[tuple[z3.ExprRef, z3.ExprRef]]:
        """The parameters of an action."""
        found = []
        for name, value in zip(action.parameters, values, strict=True):
            if isinstance(value, bool):
                found.append((z3.Bool(f"parameter.{name}"), z3.BoolVal(value)))
            else:
                number = z3.BitVecVal(code(value, self.machine.instance.servers), NUMBER)
                found.append((z3.Const(f"parameter.{name}", NUMBER), number))
        return found

    def steps(self, packed: int, action: Action) -> Iterator[tuple[tuple[object, ...], dict[str, int]]]:
        """Every combination of parameters with what the formulas say."""
        names, term = self._bundle(action.name)
        known = [*self.pairs(dict(self.machine.layout.unpack(packed))), *self.profile(self.machine.instance.profile)]
        here = z3.simplify(z3.substitute(term, *known))
        for parameters in combinations(self.machine, action):
            chosen = self.parameters(action, parameters)
            if number(z3.simplify(z3.substitute(here.arg(0), *chosen))):
                there = z3.simplify(z3.substitute(here, *chosen))
                yield parameters, dict(zip(names, map(number, there.children()), strict=True))
            else:
                yield parameters, {"guard": 0}


def number(value: Any) -> int:
    """A value that z3 has worked out; a return code may be negative."""
    if z3.is_bool(value):
        assert z3.is_true(value) or z3.is_false(value), f"{value} is no value"
        return int(z3.is_true(value))
    return int(value.as_signed_long())


def combinations(machine: FiniteMachine, action: Action) -> list[tuple[object, ...]]:
    """Every combination of an action's parameters."""
    found: list[tuple[object, ...]] = [()]
    for parameter in action.parameters:
        found = [(*c, v) for c in found for v in domain(machine.instance, action, parameter)]
    return found


def disagreements(finite: FiniteMachine, states: list[int]) -> list[tuple[int, str, object]]:
    """Where guard, state after or answer are not those of the direct reading."""
    direct, evaluator = DirectMachine(finite.instance), Evaluator(finite)
    found: list[tuple[int, str, object]] = []
    for packed in states:
        state = finite.layout.decode(packed)
        for action in ACTIONS.values():
            for parameters, said in evaluator.steps(packed, action):
                effect = direct.effect(state, action, parameters)
                if said.pop("guard") != bool(effect.guard):
                    found.append((packed, action.name, parameters))
                elif effect.guard:
                    answer = 0 if effect.answer is None else code(effect.answer, finite.instance.servers)
                    after = dict(finite.layout.unpack(finite.layout.encode(effect.state)))
                    if said != after | {"answer": answer}:
                        found.append((packed, action.name, parameters))
    return found


def visited(name: str, servers: int, steps: int) -> list[int]:
    """The states of a repeatable random walk that prefers actions over their parameters."""
    random, machine = Random(name), Machine(instance(name, servers))
    states = [machine.initial]
    for _ in range(steps):
        moves = list(machine.moves(states[-1]))
        action = random.choice(sorted({m.action.name for m in moves}))
        states.append(random.choice([m for m in moves if m.action.name == action]).after)
    return states


WALKED = ["core", "admin", "complaint", "migration"]


@pytest.mark.parametrize("name", WALKED)
def test_finite_and_direct_reading_are_one_machine(name: str) -> None:
    machine = FiniteMachine(replace(instance(name, 2), actions=frozenset(ACTIONS), parameters={}))
    assert disagreements(machine, visited(name, 2, 60)[-1:]) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "servers"), [*((n, 2) for n in (*WALKED, "answer", "deferred", "gap", "damped")), ("core", 3)]
)
def test_the_same_in_more_states(name: str, servers: int) -> None:
    machine = FiniteMachine(replace(instance(name, servers), actions=frozenset(ACTIONS), parameters={}))
    assert disagreements(machine, Random(name).sample(visited(name, servers, 300), 8)) == []


# --- what it proves ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "servers", [1, 2, pytest.param(3, marks=pytest.mark.slow), pytest.param(6, marks=pytest.mark.slow)]
)
def test_the_headline_is_proved(servers: int) -> None:
    results = prove(plan_of(["INV-1"]), jobs=1, decide=partial(decide_action, servers))
    assert {v.verdict for r in results for v in r.verdicts} == {PROVED}
    assert sum(len(r.verdicts) for r in results) == 63 * len(results)


@pytest.mark.slow
def test_everything_is_proved_for_two_servers() -> None:
    results = prove(tuple(GOALS), decide=partial(decide_action, 2))
    assert {str(v.obligation): v.verdict for r in results for v in r.verdicts if v.verdict != PROVED} == {}
    assert {r.goal for r in results} == set(GOALS)


@pytest.mark.parametrize("depth", DEPTHS)
def test_what_a_plan_names_is_needed_here_too(depth: int) -> None:
    machine = FiniteInduction(2, depth)
    obligation = Obligation("INV-1", "server_registers")
    assert machine.decide(obligation, ()).verdict == REFUTED
    found = machine.counterexample(obligation, ())
    assert found is not None
    assert found.profile.differences() == {}
    assert next(lines_of(found)) == "refuted     property INV-1: No two servers are connected at the same time."


def test_what_is_proved_has_no_counterexample() -> None:
    assert FiniteInduction(2, 2).counterexample(Obligation("INV-1", "server_registers")) is None


def test_a_claim_that_fails_at_the_beginning_is_refuted_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_are_listed(o: Ops, s: State) -> Truth:
        return o.every(s.listed)

    goal = Goal("false", "Every server is listed.", Scope.ANYBODY, all_are_listed, None, (), lemma=True)
    monkeypatch.setitem(GOALS, "false", goal)
    monkeypatch.setitem(PLANS, "false", Plan())
    machine, obligation = FiniteInduction(2, 2), Obligation("false", "")
    assert decide([machine], obligation).verdict == REFUTED
    found = machine.counterexample(obligation)
    assert found is not None
    assert [found.before.listed(i) for i in range(2)] != [True, True]


def test_a_picture_that_the_direct_reading_denies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DirectOps, "ite", lambda self, condition, then, otherwise: then)
    with pytest.raises(DisagreementError, match="INV-1 / server_registers"):
        FiniteInduction(2, 2).counterexample(Obligation("INV-1", "server_registers"), ())


def test_no_answer_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(z3.Solver, "check", lambda self, *assumptions: z3.unknown)
    verdict = decide([FiniteInduction(2, 2)], Obligation("INV-1", "server_registers"))
    assert verdict.verdict == UNKNOWN


def test_a_profile_may_be_given() -> None:
    machine = FiniteMachine(instance("core", 2), Profile(crossing=Crossing.GAP))
    assert machine.profiles() is machine.o.true
    assert machine.possible("hold_expires") is machine.o.false
    assert FiniteMachine(instance("core", 2)).possible("hold_expires") is not machine.o.false


@pytest.mark.parametrize("name", [n if n == "no_fence" else pytest.param(n, marks=pytest.mark.slow) for n in MUTATIONS])
def test_every_misreading_is_refuted(name: str) -> None:
    machines = [FiniteInduction(MUTATIONS[name].servers, depth, name) for depth in DEPTHS]
    results = refute((MUTATIONS[name].refutes,), name, partial(decide, machines))
    refuted = results[-1].verdicts[-1]
    assert refuted.verdict == REFUTED
    assert any(machine.counterexample(refuted.obligation) for machine in machines)
