"""Hash-consed expression nodes: what the traced reading computes with.

Equal expressions are one node, so "unchanged", "trivially true" and "the same guard" are questions of identity, and every
rewriting below is done once. Nodes are built only through :class:`Builder`, which folds constants and the few laws that
make an action's residue small.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

_ADVICE = (
    "a state value has no truth value while the specification is being traced; "
    "write o.ite / o.all_of / o.any_of / o.no / o.eq instead of if / and / or / not / =="
)


class Node:
    """One expression. ``op`` is const, var, not, and, or, ite, eq or lt; Booleans are the constants 0 and 1 of ``truth``."""

    __slots__ = ("args", "ident", "inverse", "op", "reads", "truth", "value")

    def __init__(
        self, ident: int, op: str, args: tuple[Node, ...], value: int | str, truth: bool, reads: frozenset[str]
    ) -> None:
        self.ident = ident
        self.op = op
        self.args = args
        self.value = value
        self.truth = truth
        self.reads = reads
        self.inverse: Node | None = None  #: its negation, once somebody has asked for it

    def __bool__(self) -> NoReturn:
        raise TypeError(f"bool({self}): {_ADVICE}")

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError(f"{self} == {other}: {_ADVICE}")

    def __lt__(self, other: object) -> NoReturn:
        raise TypeError(f"{self} < {other}: {_ADVICE}")

    __gt__ = __le__ = __ge__ = __lt__

    def __hash__(self) -> int:
        return self.ident

    def __str__(self) -> str:
        if self.op in ("const", "var"):
            return str(self.value)
        return f"{self.op}({', '.join(str(a) for a in self.args)})"

    __repr__ = __str__

    def is_const(self) -> bool:
        """Its value is known."""
        return self.op == "const"


class Builder:
    """Makes nodes; one builder per traced machine."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[object, ...], Node] = {}
        self._numbers: dict[int, Node] = {}
        self._conjunctions: dict[tuple[int, ...], Node] = {}  #: most of what is asked for has been asked for before
        self.false = self._make("const", (), 0, True)
        self.true = self._make("const", (), 1, True)

    def _make(self, op: str, args: tuple[Node, ...], value: int | str = 0, truth: bool = True) -> Node:
        key = (op, value, truth, *[a.ident for a in args])
        node = self._nodes.get(key)
        if node is None:
            if op == "var":
                reads = frozenset((str(value),))
            else:
                reads = frozenset().union(*(a.reads for a in args)) if args else frozenset()
            node = Node(len(self._nodes), op, args, value, truth, reads)
            self._nodes[key] = node
        return node

    def const(self, value: int) -> Node:
        """A number: code of a vocabulary member, of a server, of a priority."""
        node = self._numbers.get(value)
        if node is None:
            node = self._numbers[value] = self._make("const", (), value, False)
        return node

    def truth(self, value: bool) -> Node:
        """A known Boolean."""
        return self.true if value else self.false

    def var(self, name: str, truth: bool) -> Node:
        """A variable of the layout."""
        return self._make("var", (), name, truth)

    def no(self, a: Node) -> Node:
        """Negation."""
        if a.inverse is None:
            if a.op == "not":
                a.inverse = a.args[0]
            elif a is self.true or a is self.false:
                a.inverse = self.truth(a is self.false)
            else:
                a.inverse = self._make("not", (a,))
        return a.inverse

    def all_of(self, nodes: Iterable[Node]) -> Node:
        """Conjunction: flattened, without duplicates; false if two conjuncts exclude each other."""
        conjuncts = list(nodes)
        key = tuple([node.ident for node in conjuncts])
        node = self._conjunctions.get(key)
        if node is None:
            node = self._conjunctions[key] = self._all_of(conjuncts)
        return node

    def _all_of(self, nodes: list[Node]) -> Node:
        found: dict[int, Node] = {}
        known: dict[int, int] = {}
        stack = nodes[::-1]
        while stack:
            node = stack.pop()
            if node is self.true:
                continue
            if node is self.false:
                return self.false
            if node.op == "and":
                stack.extend(node.args[::-1])
                continue
            if node.ident in found:
                continue
            if self.no(node).ident in found:
                return self.false
            if node.op == "eq" and node.args[1].is_const():
                value = int(node.args[1].value)
                if known.setdefault(node.args[0].ident, value) != value:
                    return self.false
            found[node.ident] = node
        if not found:
            return self.true
        if len(found) == 1:
            return next(iter(found.values()))
        return self._make("and", tuple(found.values()))

    def any_of(self, nodes: Iterable[Node]) -> Node:
        """Disjunction, by De Morgan's law on conjunction, so that both are simplified alike."""
        flat: dict[int, Node] = {}
        stack = list(nodes)[::-1]
        while stack:
            node = stack.pop()
            if node is self.false:
                continue
            if node is self.true:
                return self.true
            if node.op == "or":
                stack.extend(node.args[::-1])
                continue
            if self.no(node).ident in flat:
                return self.true
            flat.setdefault(node.ident, node)
        if not flat:
            return self.false
        if len(flat) == 1:
            return next(iter(flat.values()))
        return self._make("or", tuple(flat.values()))

    def ite(self, c: Node, a: Node, b: Node) -> Node:
        """``a`` where ``c`` holds, else ``b``."""
        if c is self.true or a is b:
            return a
        if c is self.false:
            return b
        if c.op == "not":
            return self.ite(c.args[0], b, a)
        if a.truth:
            if a is self.true:
                return self.any_of((c, b))
            if a is self.false:
                return self.all_of((self.no(c), b))
            if b is self.true:
                return self.any_of((self.no(c), a))
            if b is self.false:
                return self.all_of((c, a))
        if a.op == "ite" and a.args[0] is c:
            a = a.args[1]
        if b.op == "ite" and b.args[0] is c:
            b = b.args[2]
        if a is b:
            return a
        return self._make("ite", (c, a, b), 0, a.truth)

    def eq(self, a: Node, b: Node) -> Node:
        """Equality of two values of one sort."""
        if a is b:
            return self.true
        if a.is_const() and b.is_const():
            return self.truth(a.value == b.value)
        if a.truth:
            return self.ite(a, b, self.no(b))
        if a.is_const():
            a, b = b, a
        if a.op == "ite" and (b.is_const() or a.args[1].is_const() or a.args[2].is_const()):
            return self.ite(a.args[0], self.eq(a.args[1], b), self.eq(a.args[2], b))
        if b.op == "ite" and (b.args[1].is_const() or b.args[2].is_const()):
            return self.ite(b.args[0], self.eq(a, b.args[1]), self.eq(a, b.args[2]))
        if not b.is_const() and a.ident > b.ident:
            a, b = b, a
        return self._make("eq", (a, b))

    def lt(self, a: Node, b: Node) -> Node:
        """Strictly smaller number."""
        if a is b:
            return self.false
        if a.is_const() and b.is_const():
            return self.truth(int(a.value) < int(b.value))
        if a.op == "ite":
            return self.ite(a.args[0], self.lt(a.args[1], b), self.lt(a.args[2], b))
        if b.op == "ite":
            return self.ite(b.args[0], self.lt(a, b.args[1]), self.lt(a, b.args[2]))
        return self._make("lt", (a, b))
