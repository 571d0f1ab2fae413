"""Diagrams from the machine: the explored graph of an instance, seen through one variable."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vnic_model.instance import Instance
from vnic_model.machine import Machine
from vnic_spec.catalogue import ACTIONS
from vnic_spec.state import State

#: An action with so many edges to one value is told in words instead of drawn.
MANY = 4


@dataclass(frozen=True)
class Quotient:
    """The values that a variable takes, and the actions that lead from one to another.

    Attributes:
        start: its initial value.
        edges: (value before, value after) → names of actions, in reading order; where the value stays there is no edge.
    """

    start: str
    edges: Mapping[tuple[str, str], tuple[str, ...]]

    @property
    def values(self) -> tuple[str, ...]:
        """Every value, the initial one first."""
        return tuple(dict.fromkeys([self.start, *(value for edge in self.edges for value in edge)]))

    def gathered(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """The actions that lead to one value from most others, which would be lines all over a diagram.

        Answers action → (that value, the values from which it leads there).
        """
        found = {}
        for action in ACTIONS:
            edges = [edge for edge, actions in self.edges.items() if action in actions]
            targets = {after for _, after in edges}
            if len(targets) == 1 and len(edges) >= MANY:
                found[action] = (targets.pop(), tuple(before for before, _ in edges))
        return found


def quotients(instance: Instance, values: Mapping[str, Callable[[State], object]]) -> dict[str, Quotient]:
    """Explore a small instance completely and see it through each of ``values``."""
    machine = Machine(instance)

    def seen(packed: int) -> tuple[str, ...]:
        state = machine.decode(packed)
        return tuple(str(value(state)) for value in values.values())

    shown = {machine.initial: seen(machine.initial)}
    edges: dict[str, dict[tuple[str, str], set[str]]] = {name: {} for name in values}
    queue = deque(shown)
    while queue:
        state = queue.popleft()
        for move in machine.moves(state):
            if move.after not in shown:
                shown[move.after] = seen(move.after)
                queue.append(move.after)
            for name, before, after in zip(values, shown[state], shown[move.after], strict=True):
                if before != after:
                    edges[name].setdefault((before, after), set()).add(move.action.name)
    order = list(ACTIONS)
    return {
        name: Quotient(
            start, {e: tuple(sorted(actions, key=order.index)) for e, actions in sorted(edges[name].items())}
        )
        for name, start in zip(values, shown[machine.initial], strict=True)
    }


def mermaid(found: Quotient) -> list[str]:
    """A state diagram in Mermaid's notation, without what :meth:`Quotient.gathered` tells."""
    aside = found.gathered()
    lines = ["stateDiagram-v2", "    direction LR", f"    [*] --> {found.start}"]
    for (before, after), actions in found.edges.items():
        drawn = [action for action in actions if action not in aside]
        if drawn:
            lines.append(f"    {before} --> {after}: {', '.join(drawn)}")
    return lines
