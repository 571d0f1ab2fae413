"""Induction for a fixed number of servers: the same obligations and plans as for any number, decided in the finite reading.

Every obligation is decided for each depth of :data:`DEPTHS`; it is proved if it is for all of them. The proof for any number of
servers says more. This one says it again by another reading, another encoding of queues and another part of the solver.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import z3

from vnic_model.expression import Node
from vnic_model.goals import GOALS, PLANS
from vnic_model.instance import Instance
from vnic_model.prover import induction
from vnic_model.prover.counterexample import Counterexample, confirm
from vnic_model.prover.finite import FiniteMachine
from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN, Obligation, Verdict, obligations
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.profile import DEFAULT, PARAMETERS, Profile
from vnic_spec.property import Scope
from vnic_spec.sorts import Choice, Flag, Server
from vnic_spec.state import State

#: How many elements each queue holds: both the client's and the servers'.
DEPTHS = (2, 3)


@dataclass(frozen=True)
class Claim:
    """Assumptions and a claim, as nodes."""

    assumed: Sequence[Node]
    claim: Node


class FiniteInduction:
    """The obligations of a machine with so many servers and queues of one depth; priorities have as many levels as servers.

    Args:
        servers: 1 to 6.
        depth: elements that every queue holds.
        mutation: name of the misreading that it follows; empty: none.
    """

    def __init__(self, servers: int, depth: int, mutation: str = "") -> None:
        made = Instance("prover", servers, frozenset(ACTIONS), depth, depth, levels=servers)
        if mutation:
            made = replace(made, rules=MUTATIONS[mutation].rules, effects=MUTATIONS[mutation].effects)
        self.machine = FiniteMachine(made)
        self.base = (self.machine.profiles(), self.machine.well_formed())
        self._assumed: dict[str, Node] = {}

    def assumption(self, name: str) -> Node:
        """A goal of the state before a step."""
        if name not in self._assumed:
            law = GOALS[name].of_state
            assert law is not None, f"{name} speaks of steps, so nothing can be proved from it"
            self._assumed[name] = self.machine.o.node(law(self.machine.judge, self.machine.before))
        return self._assumed[name]

    def claim(self, obligation: Obligation, using: Sequence[str] | None = None) -> Claim:
        """An obligation taken apart; ``using`` replaces the plan's."""
        m, goal = self.machine, GOALS[obligation.goal]
        if not obligation.action:
            assert goal.of_state is not None
            return Claim(self.base, m.o.node(goal.of_state(m.judge, m.start)))
        names = PLANS[goal.name].using if using is None else using
        after = m.taken(obligation.action)[1].state
        if goal.of_state is not None:
            claimed = goal.of_state(m.judge, after)
        else:
            assert goal.of_step is not None
            claimed = goal.of_step(m.judge, m.before, after, m.step(obligation.action))
        held = [self.assumption(name) for name in (*names, *([goal.name] if goal.of_state else []))]
        return Claim((*self.base, m.possible(obligation.action), *held), m.o.node(claimed))

    def solver(self, claim: Claim) -> z3.Solver:
        """A solver that looks for a refutation."""
        found = z3.SolverFor("QF_FD")
        found.set("timeout", induction.PATIENCE)
        found.set("random_seed", 0)
        found.add(*(self.machine.terms.of(node) for node in claim.assumed))
        found.add(z3.Not(self.machine.terms.of(claim.claim)))
        return found

    def decide(self, obligation: Obligation, using: Sequence[str] | None = None) -> Verdict:
        """Ask z3."""
        start = time.process_time()
        claim = self.claim(obligation, using)
        if claim.claim is self.machine.o.true or any(claim.claim is node for node in claim.assumed):
            return Verdict(obligation, PROVED, time.process_time() - start)
        solver = self.solver(claim)
        answer = solver.check()
        taken = time.process_time() - start
        if answer == z3.unknown:
            return Verdict(obligation, UNKNOWN, taken, solver.reason_unknown())
        return Verdict(obligation, PROVED if answer == z3.unsat else REFUTED, taken)

    # -- counterexamples ----------------------------------------------------------------------------------------------

    def counterexample(self, obligation: Obligation, using: Sequence[str] | None = None) -> Counterexample | None:
        """A refutation with most variables at their initial values, or None where there is none.

        Raises:
            DisagreementError: the direct reading takes the step otherwise.
        """
        solver = self.solver(self.claim(obligation, using))
        if solver.check() != z3.sat:
            return None
        for wish in self._wishes(obligation):
            solver.push()
            solver.add(self.machine.terms.of(wish))
            if solver.check() != z3.sat:
                solver.pop()
        assert solver.check() == z3.sat
        found = self._decoded(obligation, solver.model())
        confirm(found, self.machine.instance.rules, self.machine.instance.effects)
        return found

    def _wishes(self, obligation: Obligation) -> Iterator[Node]:
        """If possible, all that is proved holds before the step; then as much as possible has its initial value."""
        m = self.machine
        scope = GOALS[obligation.goal].scope
        proved = [n for n in PLANS if GOALS[n].of_state and GOALS[n].scope in (scope, Scope.ANYBODY)]
        yield m.o.all_of(*(self.assumption(name) for name in proved))
        for name, p in PARAMETERS.items():
            if p.choices is not None:
                yield m.o.eq(m.o.profile_choice(name), getattr(DEFAULT, name))
        yield m.o.no(m.o.profile.damped)
        before, start = m.scalars(m.before), m.scalars(m.start)
        for name, node in before.items():
            yield m.builder.eq(node, m.o.number(0) if name.startswith("priority") else start[name])
        if obligation.action:
            for chosen in m.taken(obligation.action)[0].values():
                if chosen.truth:
                    yield m.o.no(chosen)

    def _decoded(self, obligation: Obligation, model: z3.ModelRef) -> Counterexample:
        m = self.machine

        def number(node: Node) -> int:
            value = model.eval(m.terms.of(node), True)
            return int(z3.is_true(value)) if node.truth else int(value.as_long())

        def state(s: State) -> State:
            packed = 0
            for name, node in m.scalars(s).items():
                packed |= number(node) << m.layout.scalars[name].shift
            return m.layout.decode(packed)

        servers = m.instance.servers
        chosen: dict[str, object] = {
            name: next(c for c in p.choices if c.value == number(m.o.profile_choice(name)))
            for name, p in PARAMETERS.items()
            if p.choices
        }
        if number(m.o.profile.damped):
            chosen["preempt_delay_ms"] = 1000
        profile = Profile.from_mapping(chosen)
        if not obligation.action:
            start = state(m.start)
            return Counterexample(obligation, profile, servers, start, {}, start, None)
        parameters: dict[str, object] = {}
        for name, node in m.taken(obligation.action)[0].items():
            sort, value = ACTIONS[obligation.action].sort(name), number(node)
            if isinstance(sort, Flag):
                parameters[name] = bool(value)
            elif isinstance(sort, Choice):
                parameters[name] = next(c for c in sort.members if c.value == value)
            else:
                parameters[name] = None if isinstance(sort, Server) and value == servers else value
        after = m.taken(obligation.action)[1].state
        return Counterexample(obligation, profile, servers, state(m.before), parameters, state(after), None)


def decide_action(servers: int, goals: tuple[str, ...], mutation: str, action: str) -> list[Verdict]:
    """All obligations of one action (empty: of the initial states) for each depth, on machines of their own."""
    machines = [FiniteInduction(servers, depth, mutation) for depth in DEPTHS]
    return [decide(machines, x) for name in goals for x in obligations(name) if x.action == action]


def decide(machines: Sequence[FiniteInduction], obligation: Obligation) -> Verdict:
    """One obligation for each depth: the first that is not proved decides."""
    seconds = 0.0
    for machine in machines:
        verdict = machine.decide(obligation)
        seconds += verdict.seconds
        if verdict.verdict != PROVED:
            break
    return Verdict(obligation, verdict.verdict, seconds, verdict.why)
