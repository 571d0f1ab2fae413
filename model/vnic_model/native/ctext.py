"""Expressions as C, in the numbers of :mod:`vnic_model.native.fields`.

Truth values are 0 and 1, and connectives are the bitwise ones: most operands cost less than a branch. Tests of several
scalars in one word become one comparison under a mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from vnic_model.expression import Builder, Node
from vnic_model.native.blocks import is_literal
from vnic_model.native.fields import Field, Fields, Numbering, scalar_in


@dataclass(frozen=True)
class Either:
    """A value that depends on a condition."""

    condition: Node
    then: Pick
    otherwise: Pick

    def needs(self) -> list[Node]:
        """What has to be computed to know it."""
        return [self.condition, *needs(self.then), *needs(self.otherwise)]


Pick: TypeAlias = "Node | Either"


def needs(pick: Pick) -> list[Node]:
    """What has to be computed to know a value."""
    return pick.needs() if isinstance(pick, Either) else [pick]


def split(builder: Builder, name: str, node: Node) -> Pick:
    """Take the new value of a scalar apart at its conditions, so that those of several scalars can be asked together."""

    def is_old(n: Node) -> bool:
        return n.op == "var" and n.value == name

    if node.op == "ite":
        return Either(node.args[0], split(builder, name, node.args[1]), split(builder, name, node.args[2]))
    if node.op in ("and", "or"):
        old = [a for a in node.args if is_old(a)]
        if old:
            join = builder.all_of if node.op == "and" else builder.any_of
            rest = join(a for a in node.args if not is_old(a))
            return Either(rest, old[0], builder.false) if node.op == "and" else Either(rest, builder.true, old[0])
    return node


class CText:
    """Writes expressions; ``named`` are the locals in scope."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.named: set[int] = set()

    # -- truth ----------------------------------------------------------------------------------------------------

    def truth(self, node: Node) -> str:
        """An expression that is 1 where ``node`` holds and 0 elsewhere."""
        if node.ident in self.named:
            return f"n{node.ident}"
        if node.op == "const":
            return str(node.value)
        if is_literal(node):
            return self._literals([node], negated=False)
        if node.op == "not":
            return f"!{self.truth(node.args[0])}"
        if node.op == "and":
            return self.every(node.args)
        if node.op == "or":
            negated = [self._opposite(a) for a in node.args]
            parts = [self.truth(a) for a, n in zip(node.args, negated, strict=True) if n is None]
            literals = [n for n in negated if n is not None]
            if literals:
                parts.append(self._literals(literals, negated=True))
            return f"({' | '.join(parts)})"
        if node.op == "ite":
            condition, then, otherwise = (self.truth(a) for a in node.args)
            return f"({condition} ? {then} : {otherwise})"
        one, other = node.args
        if node.op == "eq":
            numbering = self._numbering(one, other)
            return f"({self.number(one, numbering)} == {self.number(other, numbering)})"
        return self._less(one, other)

    def every(self, nodes: Iterable[Node]) -> str:
        """An expression that is 1 where all of them hold."""
        nodes = list(nodes)
        literals = [n for n in nodes if is_literal(n) and self._positive(n) is not None]
        parts = [self._literals(literals, negated=False)] if literals else []
        parts += [self.truth(n) for n in nodes if all(n is not x for x in literals)]
        return f"({' & '.join(parts)})" if parts else "1"

    def _less(self, one: Node, other: Node) -> str:
        numbering = self._numbering(one, other)
        if other.is_const():
            return f"({self.number(one, numbering)} < {numbering.below(int(other.value))})"
        if one.is_const():
            return f"({numbering.below(int(one.value) + 1)} <= {self.number(other, numbering)})"
        return f"({self.number(one, numbering)} < {self.number(other, numbering)})"

    def _numbering(self, *nodes: Node) -> Numbering:
        names = [name for name in map(scalar_in, nodes) if name is not None]
        if not names:
            raise AssertionError(f"no scalar in {nodes}: should have been folded")
        return self.fields.numberings[names[0]]

    def _positive(self, node: Node) -> tuple[Field, int] | None:
        """A literal as: this field has this number. None for "has not that one of several numbers"."""
        if node.op == "not":
            inner = node.args[0]
            return (self.fields[str(inner.value)], 0) if inner.op == "var" else None
        if node.op == "var":
            return self.fields[str(node.value)], 1
        held = self.fields[str(node.args[0].value)]
        return held, held.numbering.number(int(node.args[1].value))

    def _opposite(self, node: Node) -> Node | None:
        """For one alternative of a disjunction: the positive literal that denies it, or None."""
        if node.op == "not" and is_literal(node):
            return node.args[0]
        return None

    def _literals(self, nodes: Sequence[Node], *, negated: bool) -> str:
        """All of these literals hold, or (negated) not all of them."""
        masks: dict[tuple[str, int], tuple[int, int]] = {}
        parts = []
        for node in nodes:
            positive = self._positive(node)
            if positive is None:
                inner = self._literals([node.args[0]], negated=True)
                parts.append(inner)
                continue
            held, number = positive
            mask, value = masks.get((held.state, held.word), (0, 0))
            masks[held.state, held.word] = mask | held.mask, value | number << held.shift
        parts += [f"(({state}{word} & {mask:#x}u) == {value:#x}u)" for (state, word), (mask, value) in masks.items()]
        together = parts[0] if len(parts) == 1 else f"({' & '.join(parts)})"
        if not negated:
            return together
        if len(parts) == 1 and len(masks) == 1:
            return together.replace("==", "!=")
        return f"!{together}"

    # -- numbers --------------------------------------------------------------------------------------------------

    def number(self, node: Node, numbering: Numbering) -> str:
        """The number of a value under a numbering."""
        if node.ident in self.named:
            return f"n{node.ident}"
        if node.op == "const":
            return str(numbering.number(int(node.value)))
        if node.op == "var":
            held = self.fields[str(node.value)]
            return f"(int)({held.state}{held.word} >> {held.shift} & {held.mask >> held.shift:#x})"
        condition, then, otherwise = node.args
        return f"({self.truth(condition)} ? {self.number(then, numbering)} : {self.number(otherwise, numbering)})"

    def choice(self, node: Node, numbers: Mapping[int, int]) -> str:
        """The number that a table gives to the value of a conditional over known values."""
        if node.is_const():
            return str(numbers[int(node.value)])
        condition, then, otherwise = node.args
        return f"({self.truth(condition)} ? {self.choice(then, numbers)} : {self.choice(otherwise, numbers)})"

    def declared(self, node: Node) -> str:
        """The declaration of a local that keeps an expression."""
        if node.truth:
            text = self.truth(node)
        else:
            text = self.number(node, self._numbering(node))
        self.named.add(node.ident)
        return f"const int n{node.ident} = {text};"

    # -- words ----------------------------------------------------------------------------------------------------

    def word(self, updates: Iterable[tuple[Field, Pick]]) -> str:
        """The bits of some fields after a step, in place; a condition that several share is asked once."""
        constant = 0
        moved: dict[tuple[int, int], int] = {}
        chosen: dict[int, tuple[Node, list[tuple[Field, Pick]], list[tuple[Field, Pick]]]] = {}
        parts = []
        for held, pick in updates:
            if isinstance(pick, Either):
                _, yes, no = chosen.setdefault(pick.condition.ident, (pick.condition, [], []))
                yes.append((held, pick.then))
                no.append((held, pick.otherwise))
            elif pick.is_const():
                constant |= held.numbering.number(int(pick.value)) << held.shift
            elif pick.op == "var":
                source = self.fields[str(pick.value)]
                place = source.word, held.shift - source.shift
                moved[place] = moved.get(place, 0) | source.mask
            else:
                text = self.truth(pick) if pick.truth else self.number(pick, held.numbering)
                parts.append(f"(u64){text} << {held.shift}")
        if constant:
            parts.append(f"{constant:#x}u")
        for (word, shift), mask in moved.items():
            part = f"(w{word} & {mask:#x}u)"
            parts.append(f"({part} << {shift})" if shift > 0 else f"({part} >> {-shift})" if shift < 0 else part)
        for condition, yes, no in chosen.values():
            parts.append(f"({self.truth(condition)} ? {self.word(yes)} : {self.word(no)})")
        return f"({' | '.join(parts)})" if parts else "0u"
