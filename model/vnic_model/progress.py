"""Dead ends (LIV-3): states from which the client cannot get logged in again.

A safety property cannot say that client and servers wait for each other for ever; the graph of all steps can. From every
state in which the client's partition is on and its user wants the device open, a state in which it is logged in must be
reachable *by the system's own steps*: no fault, no user, no administrator, no lucky timeout. Servers that are off may boot and
servers that hang may resume ("given servers that come back"). This is sharper than LIV-3, which would also allow faults on the
way. Progress that is not only possible but comes about: :mod:`vnic_model.liveness`.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from vnic_model.explorer import path_to
from vnic_model.instance import Instance
from vnic_model.machine import Machine, Move
from vnic_model.search import Visitor, breadth_first
from vnic_spec.vocabulary import ClientPhase


@dataclass
class DeadEnds:
    """What the search found."""

    machine: Machine
    states: int
    logged_in: int  #: states in which the client is logged in
    dead: int  #: states from which none of those is reachable
    path: list[Move] = field(default_factory=list)  #: a shortest path to a dead end


def dead_ends(instance: Instance) -> DeadEnds:
    """Explore an instance wholly and look for dead ends.

    Raises ValueError for an instance in which nobody ever logs in: it would be all dead ends and say nothing.
    """
    machine = Machine(instance)
    reached = breadth_first(machine.groups, [machine.initial], Visitor())
    index = {state: number for number, state in enumerate(reached.came_from)}
    phase, wish = machine.layout.scalars["phase"], machine.layout.scalars["wish"]
    phases = [(s >> phase.shift) & ((1 << phase.width) - 1) for s in index]
    good = [k for k, p in enumerate(phases) if p == ClientPhase.LOGGED_IN.value]
    if not good:
        raise ValueError(f"instance {instance.name}: the client never logs in, so every state would be a dead end")
    alive = _backwards(len(phases), _own_steps(machine, index), good)
    dead = [s for k, s in enumerate(index) if not alive[k] and phases[k] != ClientPhase.OFF.value and s & wish.mask]
    result = DeadEnds(machine, len(phases), len(good), len(dead))
    if dead:
        result.path = path_to(machine, reached.came_from, dead[0])  # breadth-first: the first is at the least depth
    return result


def _own_steps(machine: Machine, index: dict[int, int]) -> tuple[array[int], array[int]]:
    """The steps that count, by the numbers of their states: no fault, no user, no administrator, no lucky time-out."""
    own = [g for g in machine.groups if not (g.action.environment or g.action.name == "client_boots")]
    sources: array[int] = array("L")
    targets: array[int] = array("L")
    for state, number in index.items():
        for group in own:
            for _, keep, add, _, _ in group.steps(state):
                after = index[state & keep | add]
                if after != number:
                    sources.append(number)
                    targets.append(after)
    return sources, targets


def _backwards(states: int, edges: tuple[array[int], array[int]], good: list[int]) -> bytearray:
    """Mark every state from which a good one can be reached."""
    sources, targets = edges
    first: array[int] = array("L", [0]) * (states + 1)
    for t in targets:
        first[t + 1] += 1
    for k in range(states):
        first[k + 1] += first[k]
    place = array("L", first)
    incoming: array[int] = array("L", [0]) * len(targets)
    for s, t in zip(sources, targets, strict=True):
        incoming[place[t]] = s
        place[t] += 1
    alive = bytearray(states)
    waiting = list(good)
    for k in good:
        alive[k] = 1
    while waiting:
        k = waiting.pop()
        for e in range(first[k], first[k + 1]):
            before = incoming[e]
            if not alive[before]:
                alive[before] = 1
                waiting.append(before)
    return alive
