"""Diagrams from the machine: the explored graph of an instance, seen through one variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vnic_model.instance import Instance
from vnic_model.machine import Machine
from vnic_model.search import Visitor, breadth_first
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


class _Seen(Visitor):
    """Every state through each of ``values``, and the actions that lead from one value to another."""

    def __init__(self, machine: Machine, values: Mapping[str, Callable[[State], object]]) -> None:
        self.machine, self.values = machine, values
        self.shown: dict[int, tuple[str, ...]] = {}
        self.edges: dict[str, dict[tuple[str, str], set[str]]] = {name: {} for name in values}

    def found(self, state: int) -> bool:
        """Look at a state."""
        decoded = self.machine.decode(state)
        self.shown[state] = tuple(str(value(decoded)) for value in self.values.values())
        return False

    def left(self, state: int) -> None:
        """Look at the steps out of a state."""
        for move in self.machine.moves(state):
            for name, before, after in zip(self.values, self.shown[state], self.shown[move.after], strict=True):
                if before != after:
                    self.edges[name].setdefault((before, after), set()).add(move.action.name)


def quotients(instance: Instance, values: Mapping[str, Callable[[State], object]]) -> dict[str, Quotient]:
    """Explore a small instance completely and see it through each of ``values``."""
    machine = Machine(instance)
    seen = _Seen(machine, values)
    breadth_first(machine.groups, [machine.initial], seen)
    shown, edges = seen.shown, seen.edges
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
