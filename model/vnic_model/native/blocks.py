"""The shape of a generated function: nested tests with bodies, and where each shared expression is computed.

The combinations of an action differ in few conjuncts of their guards. What neighbours have in common is tested once, around
all of them; their order is kept, so that the generated explorer visits states in the same order as the Python one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

from vnic_model.expression import Node
from vnic_model.native.fields import scalar_in

_T = TypeVar("_T")


@dataclass(eq=False)
class Block(Generic[_T]):
    """Code that runs where ``tests`` hold: the expressions it needs itself, then the blocks inside, or a body."""

    tests: tuple[Node, ...] = ()
    inside: list[Block[_T]] = field(default_factory=list)
    body: _T | None = None
    needs: tuple[Node, ...] = ()  #: what the body computes with
    above: Block[_T] | None = None
    named: list[Node] = field(default_factory=list)  #: computed at the beginning of the block, in this order

    def ancestry(self) -> Iterator[Block[_T]]:
        """The block and all around it."""
        block: Block[_T] | None = self
        while block is not None:
            yield block
            block = block.above

    def everything(self) -> Iterator[Block[_T]]:
        """The block and all inside."""
        yield self
        for block in self.inside:
            yield from block.everything()


def is_literal(node: Node) -> bool:
    """A test of one scalar against a known value: so cheap that it is never kept."""
    if node.op == "not":
        return is_literal(node.args[0])
    return node.op == "var" or (node.op == "eq" and node.args[0].op == "var" and node.args[1].is_const())


def weight(node: Node, known: dict[int, int]) -> int:
    """Roughly, the operations it takes."""
    if node.ident not in known:
        known[node.ident] = 1 + sum(weight(a, known) for a in node.args if not is_literal(a))
    return known[node.ident]


def nest(combinations: Sequence[tuple[tuple[Node, ...], _T, tuple[Node, ...]]]) -> Block[_T]:
    """Nest combinations (conjuncts of the guard, body, what the body needs) by what neighbours have in common."""
    root: Block[_T] = Block()
    _nest(root, [({c.ident: c for c in conjuncts}, body, needs) for conjuncts, body, needs in combinations])
    return root


def _nest(block: Block[_T], combinations: list[tuple[dict[int, Node], _T, tuple[Node, ...]]]) -> None:
    while combinations:
        first = combinations[0][0]
        run = 1
        for ident in first:
            length = next((k for k, c in enumerate(combinations) if ident not in c[0]), len(combinations))
            run = max(run, length)
        some, combinations = combinations[:run], combinations[run:]
        common = [n for ident, n in first.items() if all(ident in c[0] for c in some)]
        inner = _tested(block, common)
        rest = [({i: n for i, n in c[0].items() if all(n is not x for x in common)}, c[1], c[2]) for c in some]
        if run > 1:
            _nest(inner, rest)
        else:
            _, inner.body, inner.needs = rest[0]


def _tested(block: Block[_T], tests: Iterable[Node]) -> Block[_T]:
    """Open blocks inside ``block``: for all literals at once, then one for each costlier test, which so waits for the others."""
    tests = list(tests)
    known: dict[int, int] = {}
    stages = [tuple(t for t in tests if is_literal(t))]
    stages += [(t,) for t in sorted((t for t in tests if not is_literal(t)), key=lambda t: (weight(t, known), t.ident))]
    for stage in stages:
        if stage or stage is stages[-1]:
            inner: Block[_T] = Block(tests=stage, above=block)
            block.inside.append(inner)
            block = inner
    return block


def place(root: Block[_T]) -> None:
    """Decide where each expression that is used more than once is computed: at the innermost blocks that always need it.

    A block's tests are computed in the block around it. What only some inner blocks need, each computes for itself, since most
    of them are not entered.
    """
    uses: dict[int, Counter[Block[_T]]] = {}
    nodes: dict[int, Node] = {}

    def use(node: Node, block: Block[_T], times: int = 1) -> None:
        if node.is_const() or is_literal(node):
            return
        nodes[node.ident] = node
        uses.setdefault(node.ident, Counter())[block] += times

    for block in root.everything():
        for node in block.needs:
            use(node, block)
        for node in block.tests:
            use(node, block.above or block)
    pending = [-ident for ident in uses]
    heapify(pending)
    while pending:  # arguments are older than what is made of them
        node = nodes[-heappop(pending)]
        users = uses[node.ident]
        homes: Counter[Block[_T]] = Counter()
        for block, times in users.items():
            homes[[b for b in block.ancestry() if b in users][-1]] += times
        keepable = node.op != "not" and (node.truth or scalar_in(node) is not None)
        for home, times in homes.items():
            if times > 1 and keepable:
                home.named.append(node)
            for a in node.args:
                fresh = a.ident not in uses
                use(a, home, 1 if keepable else times)
                if fresh and a.ident in uses:
                    heappush(pending, -a.ident)
    for block in root.everything():
        block.named.sort(key=lambda n: n.ident)
