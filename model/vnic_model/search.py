"""The search: every reachable state, breadth-first, shown to visitors.

There is one loop. What is done with states and steps is a :class:`Visitor`: the explorer checks properties, the graph keeps
edges, progress looks at where a state leads.

Counting convention: a *transition* is every possible (state, action, parameters), self-loops included; *depth* is the length of
the longest shortest path from the initial state.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from vnic_model.codegen import Step
from vnic_model.machine import Group


class Visitor:
    """Looks at what a search meets; each method may be left as it is. A method that answers true ends the search."""

    def level(self, reached: Reached) -> None:
        """All states of the depth reached so far are known; those of the next are looked for."""

    def found(self, state: int) -> bool:
        """A state that was not known, the states to start from included; in breadth-first order."""
        return False

    def met(self, state: int, group: Group, steps: tuple[Step, ...]) -> bool:
        """What an action can do in a state, where that depends on variables whose values are met together for the first time."""
        return False

    def left(self, state: int) -> None:
        """All that can happen in a state is known now."""


@dataclass
class Reached:
    """What a search has reached.

    Attributes:
        came_from: every state with the one from which it was first reached (-1: none), breadth-first.
        fired: action → transitions.
        steps: of each action, what it can do, by what it looks at.
        depth: of the states that are farthest away.
        complete: nothing was left unexplored.
    """

    came_from: dict[int, int]
    fired: dict[str, int]
    steps: list[tuple[Group, Mapping[int, tuple[Step, ...]]]] = field(default_factory=list)
    depth: int = 0
    complete: bool = False


def breadth_first(
    groups: Iterable[Group],
    start: Iterable[int],
    visitor: Visitor,
    *,
    at_most: int | None = None,
    known: Container[int] = frozenset(),
) -> Reached:
    """Reach every state.

    Args:
        groups: the actions that may occur, in the order in which they are tried.
        start: the states to start from.
        visitor: what looks at them.
        at_most: how many states are enough; beyond it the result is not complete.
        known: states that are not looked at, because somebody has.
    """
    # The innermost loop of the explorer: what is looked up often has a name here.
    tried: list[tuple[Group, str, int, dict[int, tuple[Step, ...]]]] = [(g, g.action.name, g.mask, {}) for g in groups]
    came_from = dict.fromkeys(start, -1)
    fired = dict.fromkeys((name for _, name, _, _ in tried), 0)
    result = Reached(came_from, fired, [(group, met) for group, _, _, met in tried])
    found, leaves = visitor.found, type(visitor).left is not Visitor.left
    frontier = list(came_from)
    if any(found(state) for state in frontier):
        return result
    while frontier:
        following: list[int] = []
        visitor.level(result)
        for state in frontier:
            if at_most is not None and len(came_from) > at_most:
                return result
            for group, name, mask, met in tried:
                key = state & mask
                steps = met.get(key)
                if steps is None:
                    steps = met[key] = group.steps(key)
                    if visitor.met(state, group, steps):
                        return result
                fired[name] += len(steps)
                for _, keep, add, _, _ in steps:
                    after = state & keep | add
                    if after not in came_from and after not in known:
                        came_from[after] = state
                        following.append(after)
                        if found(after):
                            return result
            if leaves:
                visitor.left(state)
        frontier = following
        result.depth += bool(following)
    result.complete = True
    return result
