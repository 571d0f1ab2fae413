"""Expressions as text of another language, and names that it accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from vnic_model.expression import Node


@dataclass(frozen=True)
class Syntax:
    """How a language writes what :mod:`vnic_model.expression` is made of."""

    true: str
    false: str
    both: str  #: infix
    either: str  #: infix
    equal: str  #: infix
    choose: Callable[[str, str, str], str]  #: condition, then, otherwise
    reserved: frozenset[str]  #: words that cannot be names
    no: str = "!"  #: prefix
    less: str = "<"  #: infix


def identifier(name: str, reserved: frozenset[str]) -> str:
    """The name of a scalar, a property or an instance as an identifier: ``to_client[0].kind`` becomes ``to_client_0_kind``."""
    word = re.sub(r"\W+", "_", name).strip("_")
    return f"{word}_" if word in reserved else word


def names_of(scalars: Iterable[str], reserved: frozenset[str]) -> dict[str, str]:
    """An identifier for every scalar. Raises ValueError where two would share one."""
    names = {name: identifier(name, reserved) for name in scalars}
    if len(set(names.values())) != len(names):
        raise ValueError("two scalars of the state would have the same name in the export")
    return names


class Writer:
    """Writes nodes; what has been named by :meth:`name` is written as its name from then on."""

    def __init__(self, syntax: Syntax, variables: Mapping[str, str]) -> None:
        self.syntax = syntax
        self.variables = variables
        self.named: dict[int, str] = {}

    def text(self, node: Node) -> str:
        """The node as an expression, in parentheses where it is compound."""
        known = self.named.get(node.ident)
        if known is not None:
            return known
        syntax = self.syntax
        if node.op == "const":
            return (syntax.true if node.value else syntax.false) if node.truth else str(node.value)
        if node.op == "var":
            return self.variables[str(node.value)]
        args = [self.text(a) for a in node.args]
        if node.op == "not":
            return f"{syntax.no}{args[0]}"
        if node.op == "ite":
            return syntax.choose(*args)
        infix = {"and": syntax.both, "or": syntax.either, "eq": syntax.equal, "lt": syntax.less}[node.op]
        return "(" + f" {infix} ".join(args) + ")"


def shared(roots: Iterable[Node], known: Iterable[int] = ()) -> list[Node]:
    """The compound expressions that occur more than once below ``roots``, the innermost first.

    Those in ``known`` have a name already; nothing is looked for inside them.
    """
    uses: dict[int, int] = {}
    nodes: dict[int, Node] = {}
    closed = set(known)
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node.op in ("const", "var") or node.ident in closed:
            continue
        uses[node.ident] = uses.get(node.ident, 0) + 1
        if uses[node.ident] == 1:
            nodes[node.ident] = node
            pending.extend(node.args)
    # Arguments are made before what is made of them, so they have the smaller numbers.
    return [nodes[ident] for ident in sorted(nodes) if uses[ident] > 1]
