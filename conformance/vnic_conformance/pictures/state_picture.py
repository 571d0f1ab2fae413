"""What is drawn as a graph: the states of an instance seen through some variables, and what the proofs rest on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from vnic_conformance.pictures.graph import Arrow, Node, drawing
from vnic_model.goals import GOALS, PLANS

#: More boxes than these are no picture any more.
MOST = 60


class TooLargeError(ValueError):
    """More boxes than a picture can have; the message says what to do."""


def picture_of_states(seen: Any) -> str:
    """A graph from :meth:`vnic_model.graph.StateGraph.written` as a picture: a column for each number of steps from the start.

    Raises:
        TooLargeError: it has too many nodes.
    """
    if len(seen) > MOST:
        raise TooLargeError(
            f"{len(seen):,} nodes are no picture, {MOST} at most are; see it through fewer variables with --quotient"
        )
    columns = _distances(seen)
    nodes = {
        name: Node(tuple(str(label).splitlines()), columns.get(name, 0)) for name, label in seen.nodes(data="label")
    }
    arrows = [
        Arrow(start, end, tuple(words.replace("_", " ") for words in str(label).split(", ")))
        for start, end, label in seen.edges(data="label")
    ]
    return drawing(str(seen.name), nodes, arrows)


def _distances(seen: Any) -> dict[str, int]:
    """How many steps each node is from the first one."""
    first = next(iter(seen))
    found, queue = {first: 0}, [first]
    for node in queue:
        for after in seen.successors(node):
            if after not in found:
                found[after] = found[node] + 1
                queue.append(after)
    return found


def picture_of_proofs(wanted: Iterable[str] = ()) -> str:
    """What goals rest on, from what they are assumed to what they claim: each stands to the right of all that it needs.

    Args:
        wanted: the goals; none named: every one that rests on another.
    """
    named = tuple(wanted)
    every = _all_under(named or [name for name, plan in PLANS.items() if plan.using])
    depths: dict[str, int] = {}
    for name in every:
        _depth(name, depths, ())
    nodes = {name: Node((name,), depths[name], strong=not GOALS[name].lemma) for name in every}
    arrows = [Arrow(needed, name) for name in every for needed in PLANS[name].using]
    return drawing("what the proofs rest on", nodes, arrows)


def _all_under(names: Sequence[str]) -> list[str]:
    """Goals and everything that they rest on, lemmas that rest on nothing first."""
    found = dict.fromkeys(names)
    queue = list(found)
    for name in queue:
        for needed in PLANS[name].using:
            if needed not in found:
                found[needed] = None
                queue.append(needed)
    order = {name: number for number, name in enumerate(GOALS)}
    return sorted(found, key=lambda name: (not GOALS[name].lemma, order[name]))


def _depth(name: str, depths: dict[str, int], above: tuple[str, ...]) -> int:
    """The longest way down; lemmas that need each other are taken as they come."""
    if name in depths:
        return depths[name]
    needed = [one for one in PLANS[name].using if one not in above]
    depths[name] = 1 + max((_depth(one, depths, (*above, name)) for one in needed), default=-1)
    return depths[name]
