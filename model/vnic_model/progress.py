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
from itertools import pairwise

from vnic_model.instance import Instance
from vnic_model.machine import Machine, Move
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
    index, parents, edges = _graph(machine)
    phase, wish = machine.layout.scalars["phase"], machine.layout.scalars["wish"]
    phases = [(s >> phase.shift) & ((1 << phase.width) - 1) for s in index]
    good = [k for k, p in enumerate(phases) if p == ClientPhase.LOGGED_IN.value]
    if not good:
        raise ValueError(f"instance {instance.name}: the client never logs in, so every state would be a dead end")
    alive = _backwards(len(phases), edges, good)
    dead = [k for k, s in enumerate(index) if not alive[k] and phases[k] != ClientPhase.OFF.value and s & wish.mask]
    result = DeadEnds(machine, len(phases), len(good), len(dead))
    if dead:
        states = list(index)
        chain = [dead[0]]  # breadth-first order: the first is at the least depth
        while parents[chain[-1]] != chain[-1]:
            chain.append(parents[chain[-1]])
        chain.reverse()
        for before, after in pairwise(chain):
            result.path.append(next(m for m in machine.moves(states[before]) if m.after == states[after]))
    return result


def _graph(machine: Machine) -> tuple[dict[int, int], array[int], tuple[array[int], array[int]]]:
    """Number the reachable states breadth-first; answer numbers, predecessors, and the edges that count."""
    index = {machine.initial: 0}
    order = [machine.initial]
    parents: array[int] = array("L", [0])
    sources: array[int] = array("L")
    targets: array[int] = array("L")
    groups = [(g, not (g.action.environment or g.action.name == "client_boots")) for g in machine.groups]
    position = 0
    while position < len(order):
        state = order[position]
        for group, counts in groups:
            for _, keep, add, _, _ in group.steps(state):
                after = state & keep | add
                number = index.get(after)
                if number is None:
                    number = index[after] = len(order)
                    order.append(after)
                    parents.append(position)
                if counts and number != position:
                    sources.append(position)
                    targets.append(number)
        position += 1
    return index, parents, (sources, targets)


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
