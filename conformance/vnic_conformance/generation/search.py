"""Shortest ways to goals over the graph of an explored instance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx

from vnic_conformance.generation.goals import VIEWED, View, case_of, full_of, unmet, view_of
from vnic_model.instance import Instance
from vnic_model.machine import Machine, Move
from vnic_spec.property import StepLaw
from vnic_spec.state import State

#: How many ways to a goal are kept: not every one can be gone at the interface.
CHOICES = 500


@dataclass(frozen=True)
class Way:
    """A path from the initial state."""

    states: tuple[State, ...]  #: one more than moves
    moves: tuple[Move, ...]
    cases: tuple[frozenset[str], ...]  #: what each move reaches


class Graph:
    """Every reachable state of an instance with the move by which it was first met, and every goal with the move that is it.

    Args:
        instance: a small one; all of it is explored.
        witnesses: further goals, as laws of steps by case ID.
    """

    def __init__(self, instance: Instance, witnesses: dict[str, StepLaw]) -> None:
        self._names = tuple(witnesses)
        laws: Sequence[StepLaw] = [unmet(law) for law in witnesses.values()]
        self.machine = Machine(instance, (), laws)
        scalars = self.machine.layout.scalars
        self._visible = self.machine.layout.mask({n for n in scalars if n.split("[")[0].split(".")[0] in VIEWED})
        self._views: dict[int, View] = {}
        # Of all moves only the one by which a state was first met: the tree of shortest ways (decision K8).
        self._tree: networkx.DiGraph[int] = networkx.DiGraph()
        self._tree.add_node(self.machine.initial)
        self.goals: dict[str, list[tuple[int, Move]]] = {}  #: case ID → states and moves there, the nearest first
        self._explore()

    def _explore(self) -> None:
        machine, tree, visible = self.machine, self._tree, self._visible
        # Steps are many, and what is new about them is little: which goals one reaches depends on the step and on what goals
        # see before and after it, and a move is made of it only where it is kept.
        reached: dict[tuple[object, ...], list[list[tuple[int, Move]]]] = {}
        frontier = [machine.initial]
        while frontier:
            following: list[int] = []
            for state in frontier:
                for group in machine.groups:
                    for step in group.steps(state):
                        number, keep, add, answer, marks = step
                        after = state & keep | add
                        key = (group.action.name, number, answer, marks, state & visible, after & visible)
                        goals = reached.get(key)
                        if goals is None:
                            cases = self.cases(state, group.move(state, step))
                            goals = reached[key] = [self.goals.setdefault(case, []) for case in cases]
                        if after not in tree:
                            tree.add_edge(state, after, move=group.move(state, step))
                            following.append(after)
                        for found in goals:
                            if len(found) < CHOICES:
                                found.append((state, group.move(state, step)))
            frontier = following

    def cases(self, state: int, move: Move) -> Iterator[str]:
        """The goals that a move reaches."""
        full = full_of(move.action, move.parameters)
        yield case_of(move.action, full, move.answer, self._view(state), self._view(move.after))
        for mark in move.marks:
            yield self._names[mark]

    def _view(self, packed: int) -> View:
        key = packed & self._visible
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = view_of(self.machine.decode(packed))
        return found

    def ways_to(self, case: str) -> Iterator[Way]:
        """Ways whose last move reaches a goal, a shortest one first."""
        return (self._way(state, last) for state, last in self.goals[case])

    def _way(self, state: int, last: Move) -> Way:
        passed = networkx.shortest_path(self._tree, self.machine.initial, state)
        taken = [(s, self._tree.edges[s, after]["move"]) for s, after in pairwise(passed)]
        taken.append((state, last))
        return Way(
            states=tuple(self.machine.decode(s) for s in (*(s for s, _ in taken), last.after)),
            moves=tuple(move for _, move in taken),
            cases=tuple(frozenset(self.cases(s, move)) for s, move in taken),
        )

    def __len__(self) -> int:
        return len(self._tree)
