"""Every interleaving, breadth-first, with what is checked of each step; the first step that breaks something ends the search.

Checked of each step: that what it stands for is no step of the machine, or, where its call takes effect, exactly one, with the
answer that the caller will get; the state properties of the memory; and the laws of FOV-2's order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from vnic_model.below.instance import Below
from vnic_model.below.machine import Fine, FineMachine, FineMove
from vnic_model.machine import Machine
from vnic_spec.below.laws import LAWS, OF_MEMORY, REFINEMENT, Moment
from vnic_spec.properties import PROPERTIES


@dataclass
class FineExploration:
    """What an exploration found.

    Attributes:
        seen: the states of the machine that states stand for.
        fired: step → transitions; ``begin`` of a call and the client's ``take`` are steps.
        exercised: law → transitions of which it says something.
        effects: action of the machine → transitions that stand for it.
        interrupted: transitions by which a server is fenced while a send from or to it is between its check and its leaving.
        violation: name of the property, of the law, or :data:`~vnic_spec.below.laws.REFINEMENT`.
        path: the run to it.
    """

    machine: FineMachine
    states: int = 0
    transitions: int = 0
    depth: int = 0
    complete: bool = False
    seen: set[int] = field(default_factory=set)
    fired: Counter[str] = field(default_factory=Counter)
    exercised: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    interrupted: int = 0
    violation: str = ""
    path: list[FineMove] = field(default_factory=list)


class Refinement:
    """The machine, asked whether a step of its takes one state to another."""

    def __init__(self, system: Below) -> None:
        self.machine = Machine(system.machine, [PROPERTIES[name] for name in OF_MEMORY])
        self._known: dict[tuple[int, int, str, object, object], bool] = {}

    def step(self, before: int, after: int, move: FineMove, answer: object) -> bool:
        """The action that the call is takes ``before`` to ``after`` and gives the answer."""
        action = "client_consumes" if move.call is None else move.call.action
        given = () if move.call is None else move.call.parameters
        key = (before, after, action, given, answer)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._asked(before, after, action, dict(given), answer)
        return found

    def _asked(self, before: int, after: int, action: str, given: dict[str, object], answer: object) -> bool:
        group = self.machine.group(action)
        for step in group.steps(before):
            m = group.move(before, step)
            named = dict(zip(m.action.parameters, m.parameters, strict=True))
            if m.after == after and m.answer == answer and given.items() <= named.items():
                return True
        return False


def explore_below(system: Below, *, at_most: int | None = None, target: str = "") -> FineExploration:
    """Explore; stop at the first violation, which is then at the least depth.

    Args:
        system: what is explored.
        at_most: how many states are enough; beyond it the result is not complete.
        target: the only law, property or refinement that is looked at; empty: all.
    """
    machine, refinement = FineMachine(system), Refinement(system)
    result = FineExploration(machine)
    came_from: dict[Fine, Fine | None] = {machine.initial: None}
    frontier = [machine.initial]
    result.seen.add(machine.seen(machine.initial))
    while frontier:
        following: list[Fine] = []
        for s in frontier:
            if at_most is not None and len(came_from) > at_most:
                result.states = len(came_from)
                return result
            before = machine.seen(s)
            for move in machine.moves(s):
                result.transitions += 1
                result.fired[move.step] += 1
                wrong = _wrong(result, refinement, s, before, move, target)
                if wrong:
                    result.violation = wrong
                    result.states = len(came_from)
                    result.path = [*_path(machine, came_from, s), move]
                    return result
                if move.after not in came_from:
                    came_from[move.after] = s
                    following.append(move.after)
        frontier = following
        result.depth += bool(following)
    result.states, result.complete = len(came_from), True
    return result


def _wrong(result: FineExploration, refinement: Refinement, s: Fine, before: int, move: FineMove, target: str) -> str:
    """What a step breaks; nothing: empty."""
    t, broken = move.after, []
    if move.cpu is not None and move.step != "begin":
        broken += _broken_laws(result, s, move, move.cpu)
    if t.memory != s.memory:
        broken += [p.name for p in refinement.machine.violated(t.memory)]
    if not _stands_for(result, refinement, before, move):
        broken.append(REFINEMENT)
    return next((name for name in broken if not target or name == target), "")


def _stands_for(result: FineExploration, refinement: Refinement, before: int, move: FineMove) -> bool:
    """The step is none of the machine, or, if its call takes effect, the one that the call is, with its answer."""
    machine, t = result.machine, move.after
    after = machine.seen(t)
    result.seen.add(after)
    if not move.effect:
        return after == before
    result.effects["client_consumes" if move.call is None else move.call.action] += 1
    answer = None
    if move.cpu is not None:
        cpu = machine.cpus[(t.one, t.two)[move.cpu]]
        assert cpu is not None
        answer = cpu.frame.answer
    return refinement.step(before, after, move, answer)


def _broken_laws(result: FineExploration, s: Fine, move: FineMove, k: int) -> list[str]:
    machine, t = result.machine, move.after
    was, then = machine.cpus[(s.one, s.two)[k]], machine.cpus[(t.one, t.two)[k]]
    other = machine.cpus[(s.two, s.one)[k]]
    assert was is not None
    frame = was.frame if then is None else then.frame
    if move.step == "cut" and other is not None and other.frame.passed and other.frame.partner == frame.parting.old:
        result.interrupted += 1
    if move.step not in ("store", "announce", "join"):
        return []
    one, two = machine.state(s.memory).connected, machine.state(t.memory).connected
    servers = range(machine.system.machine.servers)
    moment = Moment(
        step=move.step,
        frame=frame,
        past=machine.past(was) | {move.step},
        other=None if other is None else other.frame,
        others_past=machine.past(other),
        to_client=move.call is not None and move.call.action == "h_send_crq_to_client",
        connects=frozenset(i for i in servers if two(i) and not one(i)),
        connected=frozenset(i for i in servers if two(i)),
    )
    exercised = [law for law in LAWS if law.exercised(moment)]
    result.exercised.update(law.name for law in exercised)
    return [law.name for law in exercised if not law.holds(moment)]


def _path(machine: FineMachine, came_from: dict[Fine, Fine | None], at: Fine) -> list[FineMove]:
    states = [at]
    while (earlier := came_from[states[-1]]) is not None:
        states.append(earlier)
    states.reverse()
    return [next(m for m in machine.moves(before) if m.after == after) for before, after in pairwise(states)]
