"""The explored graph of an instance as a networkx graph: paths, neighbourhoods, quotients, GraphML and DOT.

A node is a packed state; an edge bears the steps that lead from one state to another, self-loops included. What a state is
like is asked for by *attribute*: the name of a variable, for variables of a server with its number (``phase``, ``selected``,
``status[0]``, ``to_client``), answered as the traces have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from vnic_model.describe import value as shown
from vnic_model.instance import Instance
from vnic_model.machine import Machine
from vnic_model.replay import plain
from vnic_model.search import Visitor, breadth_first
from vnic_spec.action import show_parameter
from vnic_spec.catalogue import ACTIONS
from vnic_spec.sorts import Each
from vnic_spec.state import VARIABLES

#: A graph in memory takes some 2 kB for each state.
AT_MOST = 200_000


class GraphError(ValueError):
    """No such attribute or value, no such state, or too many states. The message says what there is."""


class TooManyStatesError(GraphError):
    """More states than the bound."""


@dataclass(frozen=True)
class Taken:
    """One step of an edge."""

    action: str
    parameters: tuple[object, ...]

    def __str__(self) -> str:
        named = zip(ACTIONS[self.action].parameters, self.parameters, strict=True)
        words = ", ".join(f"{name}={show_parameter(found)}" for name, found in named)
        return f"{self.action}({words})"


def attributes_of(instance: Instance) -> tuple[str, ...]:
    """The names of everything that may be asked of a state of an instance, history variables left out."""
    names: list[str] = []
    for variable in VARIABLES:
        if not variable.ghost:
            each = isinstance(variable.sort, Each)
            names += [f"{variable.name}[{i}]" for i in range(instance.servers)] if each else [variable.name]
    return tuple(names)


def check_attributes(instance: Instance, names: Iterable[str]) -> None:
    """Check that attributes exist, before anything is explored.

    Raises:
        GraphError: one does not; the message lists those that do.
    """
    known = attributes_of(instance)
    for name in names:
        if name not in known:
            raise GraphError(f"a state has no attribute {name!r}; it has {', '.join(known)}")


class _Keeper(Visitor):
    """Keeps the states and steps that a search meets in a graph."""

    def __init__(self, machine: Machine, graph: Any) -> None:
        self.machine, self.graph = machine, graph

    def found(self, state: int) -> bool:
        """A node with its number, breadth-first."""
        self.graph.add_node(state, number=len(self.graph))
        return False

    def left(self, state: int) -> None:
        """Its edges, each with all steps that lead along it."""
        steps: dict[int, list[Taken]] = {}
        for move in self.machine.moves(state):
            steps.setdefault(move.after, []).append(Taken(move.action.name, move.parameters))
        for after, taken in steps.items():
            self.graph.add_edge(state, after, steps=tuple(taken))


class StateGraph:
    """All reachable states and steps of an instance.

    Args:
        instance: the machine.
        at_most: bound on the number of states.

    Attributes:
        graph: nodes are packed states with ``number``, breadth-first from 0; edges have ``steps``, a tuple of :class:`Taken`.

    Raises:
        TooManyStatesError: more states than ``at_most``.
    """

    def __init__(self, instance: Instance, *, at_most: int = AT_MOST) -> None:
        # Here and below, because importing networkx takes longer than most verbs, and few ask for a graph.
        import networkx as nx

        self.machine = Machine(instance)
        self.initial = self.machine.initial
        self.graph: Any = nx.DiGraph(name=instance.name)
        self._known: dict[str, Callable[[int], str]] = {}
        reached = breadth_first(self.machine.groups, [self.initial], _Keeper(self.machine, self.graph), at_most=at_most)
        if len(reached.came_from) > at_most:
            raise TooManyStatesError(
                f"more than {at_most:,} states are reachable; take fewer servers or another instance"
            )

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of everything that may be asked of a state, history variables left out."""
        return attributes_of(self.machine.instance)

    def value(self, state: int, attribute: str) -> str:
        """One attribute of a state, as a word.

        Raises:
            GraphError: there is no such attribute.
        """
        reader = self._known.get(attribute)
        if reader is None:
            reader = self._known[attribute] = self._reader(attribute)
        return reader(state)

    def described(self, state: int) -> dict[str, str]:
        """All attributes of a state."""
        return {name: self.value(state, name) for name in self.attributes}

    def _reader(self, attribute: str) -> Callable[[int], str]:
        check_attributes(self.machine.instance, [attribute])
        name, bracket, rest = attribute.partition("[")
        layout = self.machine.layout
        starts = (f"{attribute}.", f"{attribute}[")
        mask = layout.mask({n for n in layout.scalars if n == attribute or n.startswith(starts)})
        seen: dict[int, str] = {}

        def read(state: int) -> str:
            found = seen.get(state & mask)
            if found is None:
                held = getattr(self.machine.decode(state), name)
                word = plain(held(int(rest.rstrip("]"))) if bracket else held)
                found = ", ".join(map(shown, word)) or "empty" if isinstance(word, list) else shown(word)
                seen[state & mask] = found
            return found

        return read

    # -- questions ----------------------------------------------------------------------------------------------

    def find(self, **conditions: str) -> list[int]:
        """The states described, in breadth-first order: ``find(phase="LOGGED_IN")``; for ``status[0]`` see :meth:`where`."""
        return self.where(conditions)

    def where(self, conditions: Mapping[str, str]) -> list[int]:
        """The states in which every attribute has the value given, in breadth-first order.

        Raises:
            GraphError: no such attribute, or it never has that value.
        """
        for name, wanted in conditions.items():
            values = {self.value(s, name) for s in self.graph}
            if wanted not in values:
                raise GraphError(f"{name} is never {wanted!r}; it is {', '.join(sorted(values))}")
        return [s for s in self.graph if all(self.value(s, name) == wanted for name, wanted in conditions.items())]

    def shortest(self, start: Iterable[int], end: Iterable[int]) -> list[tuple[int, Taken, int]]:
        """A shortest path from one of some states to one of others: state, step, state after it.

        Raises:
            GraphError: there is none.
        """
        sources, targets = list(start), set(end)
        if not sources or not targets:
            raise GraphError("there is no state to start from, or none to reach")
        parents: dict[int, int | None] = dict.fromkeys(sources)
        for state in (queue := list(sources)):
            if state in targets:
                path = [state]
                while (before := parents[path[-1]]) is not None:
                    path.append(before)
                path.reverse()
                return [(s, self.graph.edges[s, t]["steps"][0], t) for s, t in pairwise(path)]
            for after in self.graph.successors(state):
                if after not in parents:
                    parents[after] = state
                    queue.append(after)
        raise GraphError("no path leads there")

    def neighbourhood(self, state: int, steps: int = 1) -> Any:
        """The part of the graph that is at most so many steps behind or ahead of a state."""
        import networkx as nx

        return nx.ego_graph(self.graph, state, radius=steps, undirected=True)

    def quotient(self, attributes: Iterable[str]) -> Any:
        """The graph seen through some attributes: a node for each combination of values that occurs.

        Nodes are tuples of words with ``states``, how many look like this; edges have ``actions``, the names that lead from
        one to another, in reading order, and ``steps``, how many. Steps that change nothing of it have no edge.
        """
        import networkx as nx

        names = tuple(attributes)
        if not names:
            raise GraphError("a quotient wants at least one attribute")
        result: Any = nx.DiGraph(name=f"{self.graph.name} by {', '.join(names)}", attributes=names)
        look = {s: tuple(self.value(s, name) for name in names) for s in self.graph}
        for node in look.values():
            if node not in result:
                result.add_node(node, states=0)
            result.nodes[node]["states"] += 1
        actions: dict[tuple[Any, Any], dict[str, int]] = {}
        for before, after, steps in self.graph.edges(data="steps"):
            if look[before] != look[after]:
                counts = actions.setdefault((look[before], look[after]), {})
                for taken in steps:
                    counts[taken.action] = counts.get(taken.action, 0) + 1
        order = {name: place for place, name in enumerate(ACTIONS)}
        for (one, other), counts in actions.items():
            listed = tuple(sorted(counts, key=order.__getitem__))
            result.add_edge(one, other, actions=listed, steps=sum(counts.values()))
        return result

    # -- files --------------------------------------------------------------------------------------------------

    def written(self, quotient: Iterable[str] = ()) -> Any:
        """The graph, or a quotient of it, with nothing but words and numbers on it: what is exported.

        Nodes are ``s0``, ``s1`` ... from the initial state on, with a ``label``.
        """
        import networkx as nx

        names = tuple(quotient)
        result: Any = nx.DiGraph(name=self.graph.name)
        if names:
            seen = self.quotient(names)
            number = {node: f"s{k}" for k, node in enumerate(seen)}
            for node, states in seen.nodes(data="states"):
                label = "\n".join(f"{n} = {word}" for n, word in zip(names, node, strict=True))
                result.add_node(number[node], label=label, states=states, **dict(zip(names, node, strict=True)))
            for one, other, data in seen.edges(data=True):
                label = ", ".join(data["actions"])
                result.add_edge(number[one], number[other], label=label, steps=data["steps"])
            return result
        for state, k in self.graph.nodes(data="number"):
            described = self.described(state)
            label = "\n".join(f"{n} = {described[n]}" for n in ("crq", "selected", "phase"))
            result.add_node(f"s{k}", label=label, packed=hex(state), **described)
        numbers = self.graph.nodes
        for one, other, steps in self.graph.edges(data="steps"):
            label = "; ".join(map(str, steps))
            result.add_edge(f"s{numbers[one]['number']}", f"s{numbers[other]['number']}", label=label)
        return result


def graphml(written: Any) -> str:
    """A graph from :meth:`StateGraph.written` as a GraphML document."""
    import networkx as nx

    return "\n".join(nx.generate_graphml(written)) + "\n"


def dot(written: Any) -> str:
    """The same for Graphviz; the initial state has a double line."""
    return "\n".join(_dot(written)) + "\n"


def _dot(written: Any) -> Iterator[str]:
    yield f"digraph {_quoted(written.name)} {{"
    yield "  node [shape=box, fontname=monospace];"
    for place, (node, label) in enumerate(written.nodes(data="label")):
        yield f"  {node} [label={_quoted(label)}{', peripheries=2' if place == 0 else ''}];"
    for one, other, label in written.edges(data="label"):
        yield f"  {one} -> {other} [label={_quoted(label)}];"
    yield "}"


def _quoted(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
