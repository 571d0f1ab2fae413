"""Where the generated C keeps each scalar: fields in 64-bit words that do not straddle, and numbers counted without gaps.

A scalar that never changes has no field. Scalars whose values meet, by assignment or comparison, share one numbering: the
values that occur, in their order, counted from 0. So a status that takes three of its seven values costs two bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vnic_model.expression import Node
from vnic_model.layout import Layout
from vnic_model.native.build import NativeError
from vnic_model.native.narrowing import Values
from vnic_model.next_state import AFTER

WORD = 64  #: bits


@dataclass(frozen=True)
class Numbering:
    """The values that some scalars take, in order; the place of a value is its number."""

    values: tuple[int, ...]

    def number(self, value: int) -> int:
        """The number of a value. Raises ValueError for one that never occurs."""
        return self.values.index(value)

    def below(self, value: int) -> int:
        """How many of them are less. That a value is less is that its number is less than this."""
        return sum(v < value for v in self.values)

    @property
    def width(self) -> int:
        """Bits for the largest number."""
        return (len(self.values) - 1).bit_length()


@dataclass(frozen=True)
class Field:
    """The place of one scalar."""

    name: str
    word: int
    shift: int  #: bits
    numbering: Numbering
    state: str = "w"  #: the name of its state in C: ``w`` before a step, ``t`` after it

    @property
    def mask(self) -> int:
        """Its bits in its word, in place."""
        return ((1 << self.numbering.width) - 1) << self.shift


class Fields:
    """The places of all scalars that change, and the way from the Python machine's packed states to words and back.

    Args:
        layout: of the Python machine.
        initial: its initial state, which says what the scalars hold that never change.
        values: what each scalar can hold; the scalars after a step have the prefix ``AFTER``.
        expressions: all that are to be written in C.
        assigned: the new values of scalars.
        blocks: scalars that have to lie side by side in this order.
    """

    def __init__(
        self,
        layout: Layout,
        initial: int,
        values: Mapping[str, Values],
        expressions: Iterable[Node],
        assigned: Iterable[tuple[str, Node]],
        blocks: Sequence[Sequence[str]] = (),
    ) -> None:
        self.layout = layout
        self.initial = initial
        kin = _Kin()
        for name in values:
            kin.unite(name, re.sub(r"\[[0-9,]*\]", "", name.removeprefix(AFTER)))
        for node in expressions:
            kin.meet(node)
        for name, node in assigned:
            other = None if node.truth else scalar_in(node)
            if other is not None:
                kin.unite(name, other)
        together: dict[str, set[int]] = {}
        for name, some in values.items():
            together.setdefault(kin.head(name), set()).update(some)
        self.numberings = {name: Numbering(tuple(sorted(together[kin.head(name)]))) for name in values}
        self.fields: dict[str, Field] = {}
        live = [name for name, some in values.items() if len(some) > 1 and not name.startswith(AFTER)]
        grouped = {name for block in blocks for name in block}
        room = [WORD]
        for block in (*blocks, *((name,) for name in live if name not in grouped)):
            self._place([name for name in block if name in live], room)
        self.words = len(room)
        self.after = {AFTER + name: replace(f, name=AFTER + name, state="t") for name, f in self.fields.items()}

    def _place(self, block: Sequence[str], room: list[int]) -> None:
        """Give scalars places side by side, in the first word that has room for them; ``room`` is what is left in each."""
        width = sum(self.numberings[name].width for name in block)
        if width > WORD:
            raise NativeError(
                f"{block[0]} and its like take {width} bits, which do not fit into one word; explore in Python"
            )
        word = next((w for w, left in enumerate(room) if left >= width), len(room))
        if word == len(room):
            room.append(WORD)
        for name in block:
            self.fields[name] = Field(name, word, WORD - room[word], self.numberings[name])
            room[word] -= self.numberings[name].width

    def __getitem__(self, name: str) -> Field:
        """The place of a scalar, before or after a step."""
        return self.after[name] if name.startswith(AFTER) else self.fields[name]

    @property
    def width(self) -> int:
        """Bits in use."""
        return sum(f.numbering.width for f in self.fields.values())

    def encode(self, packed: int) -> tuple[int, ...]:
        """A packed state of the Python machine as words."""
        words = [0] * self.words
        raw = self.layout.unpack(packed)
        for f in self.fields.values():
            words[f.word] |= f.numbering.number(raw[f.name]) << f.shift
        return tuple(words)

    def decode(self, words: tuple[int, ...]) -> int:
        """Words as a packed state of the Python machine."""
        packed = self.initial
        for f in self.fields.values():
            scalar = self.layout.scalars[f.name]
            value = f.numbering.values[(words[f.word] & f.mask) >> f.shift]
            packed = packed & ~scalar.mask | value << scalar.shift
        return packed


class _Kin:
    """Scalars that have to share a numbering: a union-find over their names."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        self._seen: set[int] = set()

    def head(self, name: str) -> str:
        while self._above.get(name, name) != name:
            name = self._above[name]
        return name

    def unite(self, one: str, other: str) -> None:
        self._above[self.head(one)] = self.head(other)

    def meet(self, node: Node) -> None:
        """Unite the scalars that are compared somewhere in an expression, or are values of one conditional."""
        if node.ident in self._seen:
            return
        self._seen.add(node.ident)
        for a in node.args:
            self.meet(a)
        if node.op in ("eq", "lt") or (node.op == "ite" and not node.truth):
            named = [name for name in (scalar_in(a) for a in node.args if not a.truth) if name is not None]
            for other in named[1:]:
                self.unite(named[0], other)


def scalar_in(node: Node) -> str | None:
    """A scalar whose value a number may be, or None where it is one of several known numbers."""
    if node.op == "var":
        return str(node.value)
    if node.op == "ite":
        return scalar_in(node.args[1]) or scalar_in(node.args[2])
    return None
