"""What is known of an instance before a state is visited: which values a scalar can ever have, and what follows from a guard.

Exploring generated C pays for every operation in every state, so an expression is made small first. Two facts are used,
both exact on every reachable state: a scalar only ever holds its initial value or what some action assigns to it (followed
through the expressions until nothing is added), and where a step is possible its guard holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from vnic_model.expression import Builder, Node
from vnic_model.traced import Traced

Values = frozenset[int]
_EITHER: Values = frozenset((0, 1))


class Ranges:
    """The values an expression can have, from those that the scalars can have."""

    def __init__(self, scalars: Mapping[str, Values]) -> None:
        self.scalars = scalars
        self._known: dict[int, Values] = {}

    def __call__(self, node: Node) -> Values:
        """The values that an expression can have; perhaps more than it has, never fewer."""
        found = self._known.get(node.ident)
        if found is None:
            found = self._known[node.ident] = self._range(node)
        return found

    def _range(self, node: Node) -> Values:
        if node.op == "const":
            return frozenset((int(node.value),))
        if node.op == "var":
            return self.scalars[str(node.value)]
        if node.op == "ite":
            condition = self(node.args[0])
            branches = [self(a) for a, taken in ((node.args[1], 1), (node.args[2], 0)) if taken in condition]
            return frozenset().union(*branches)
        args = [self(a) for a in node.args]
        if node.op == "not":
            return frozenset(1 - v for v in args[0])
        if node.op in ("and", "or"):
            decides = int(node.op == "or")  # one argument with this value decides
            if any(a == {decides} for a in args):
                return frozenset((decides,))
            return frozenset((1 - decides,)) if all(a == {1 - decides} for a in args) else _EITHER
        one, other = args
        if node.op == "eq":
            if not one & other:
                return frozenset((0,))
            return frozenset((1,)) if len(one) == len(other) == 1 else _EITHER
        if not one or not other:  # facts that exclude each other
            return _EITHER
        if max(one) < min(other):
            return frozenset((1,))
        return frozenset((0,)) if min(one) >= max(other) else _EITHER


def reachable_values(
    initial: Mapping[str, int],
    traced: Iterable[Traced],
    close: Callable[[Mapping[str, Values]], dict[str, Values]] = dict,
) -> dict[str, Values]:
    """Every scalar's possible values: the least sets with the initial ones that are closed under the actions and ``close``."""
    steps = list(traced)
    values = close({name: frozenset((value,)) for name, value in initial.items()})
    while True:
        ranges = Ranges(values)
        wider = dict(values)
        for t in steps:
            if 1 in ranges(t.guard):
                for name, node in t.updates.items():
                    wider[name] |= ranges(node)
        wider = close(wider)
        if wider == values:
            return values
        values = wider


class Simplifier:
    """Rewrites expressions under facts; what a fact decides becomes a constant."""

    def __init__(self, builder: Builder, values: Mapping[str, Values], facts: Iterable[Node] = ()) -> None:
        self.builder = builder
        scalars = dict(values)
        self._known: dict[int, Node] = {}
        for fact in facts:
            self._learn(fact, scalars)
        self._ranges = Ranges(scalars)

    def _learn(self, fact: Node, scalars: dict[str, Values]) -> None:
        """Note that an expression holds; of a scalar, which values that leaves."""
        positive = fact.op != "not"
        about = fact if positive else fact.args[0]
        self._known[about.ident] = self.builder.truth(positive)
        if about.op == "var":
            scalars[str(about.value)] = frozenset((int(positive),))
        elif about.op == "eq" and about.args[0].op == "var" and about.args[1].is_const():
            name, value = str(about.args[0].value), frozenset((int(about.args[1].value),))
            scalars[name] = scalars[name] & value if positive else scalars[name] - value
        elif about.op == "lt" and any(a.is_const() for a in about.args) and any(a.op == "var" for a in about.args):
            below, above = about.args
            if below.is_const():
                name, bound = str(above.value), int(below.value)
                scalars[name] = frozenset(v for v in scalars[name] if (bound < v) == positive)
            else:
                name, bound = str(below.value), int(above.value)
                scalars[name] = frozenset(v for v in scalars[name] if (v < bound) == positive)

    def __call__(self, node: Node) -> Node:
        """An expression that has the same value wherever the facts hold."""
        found = self._known.get(node.ident)
        if found is None:
            found = self._known[node.ident] = self._rewritten(node)
        return found

    def _rewritten(self, node: Node) -> Node:
        b = self.builder
        if node.op == "const":
            return node
        possible = self._ranges(node)
        if len(possible) == 1:
            value = next(iter(possible))
            return b.truth(bool(value)) if node.truth else b.const(value)
        if node.op == "var":
            return node
        if node.op == "and":
            return b.all_of(self(a) for a in node.args)
        if node.op == "or":
            return b.any_of(self(a) for a in node.args)
        args = [self(a) for a in node.args]
        if node.op == "not":
            return b.no(args[0])
        if node.op == "ite":
            return b.ite(args[0], args[1], args[2])
        return b.eq(args[0], args[1]) if node.op == "eq" else b.lt(args[0], args[1])


def conjuncts(node: Node) -> tuple[Node, ...]:
    """What a guard is made of; nothing where it always holds."""
    if node.is_const() and node.value:
        return ()
    return node.args if node.op == "and" else (node,)
