"""The form that all states of a class have in common (:mod:`vnic_model.symmetry`), in C.

Everything that is said of one server alone lies side by side, alike for every server. So a server's key is one word, keys are
sorted, and the words are put together again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vnic_model.native.build import NativeError
from vnic_model.native.fields import WORD, Field, Fields
from vnic_model.native.narrowing import Values
from vnic_model.symmetry import Reference, Symmetry

_INDEX = 3  #: bits for the number of a server


class Alike:
    """What symmetry asks of the values and of the places of scalars: what holds of one server holds of all."""

    def __init__(self, symmetry: Symmetry, initial: Mapping[str, int]) -> None:
        self.symmetry = symmetry
        self.initial = initial
        self.blocks = symmetry.places.own

    def close(self, values: Mapping[str, Values]) -> dict[str, Values]:
        """The values that scalars can have in the renamed states too."""
        closed = dict(values)
        for names in zip(*self.blocks, strict=True):
            closed |= dict.fromkeys(names, frozenset().union(*(values[name] for name in names)))
        servers = frozenset(range(self.symmetry.servers))
        for reference in self.symmetry.places.references:
            if closed[reference.scalar] & servers and len(closed[reference.scalar]) > 1:
                closed[reference.scalar] |= servers
        order = tuple(self.symmetry.places.order.values())
        if not self.symmetry.ordered:
            closed |= {name: frozenset((self.initial[name],)) for name in order}
        elif any(len(values[name]) > 1 for name in order):
            closed |= dict.fromkeys(order, frozenset((0, 1)))
        return closed


class Canonical:
    """Writes the function that brings a state into its canonical form."""

    def __init__(self, symmetry: Symmetry, fields: Fields) -> None:
        self.fields = fields
        self.servers = range(symmetry.servers)
        self.own = [[fields.fields[n] for n in names if n in fields.fields] for names in symmetry.places.own]
        self.references = [r for r in symmetry.places.references if r.scalar in fields.fields]
        self.order = {p: fields.fields[n] for p, n in symmetry.places.order.items() if n in fields.fields}
        self.width = sum(f.numbering.width for f in self.own[0])
        if _INDEX + len(self.references) + self.width + _INDEX > WORD:
            raise NativeError(
                f"what is said of one server takes more than {WORD} bits: queues are too deep for symmetry in C"
            )

    def lines(self) -> Iterator[str]:
        """The function, as C."""
        n, words = len(self.servers), range(self.fields.words)
        yield "static void canonical(state *s)"
        yield "{"
        yield f"    const u64 {', '.join(f'w{k} = s->w[{k}]' for k in words)};"
        yield f"    u64 k[{n}] = {{"
        yield from (f"        {self._key(i)}," for i in self.servers)
        yield "    };"
        yield f"    if ({' & '.join(f'(k[{i}] < k[{i + 1}])' for i in self.servers[:-1])})"
        yield "        return;"
        yield f"    for (int i = 1; i < {n}; i++)"
        yield "        for (int j = i; j && k[j - 1] > k[j]; j--) {"
        yield "            u64 x = k[j];"
        yield "            k[j] = k[j - 1];"
        yield "            k[j - 1] = x;"
        yield "        }"
        yield "    u64 called[8] = {0, 1, 2, 3, 4, 5, 6, 7};"
        yield from (f"    called[k[{i}] & 7] = {i};" for i in self.servers)
        parts = self._parts()
        for w in words:
            replaced = self._replaced(w)
            kept = f"(w{w} & {~replaced & (1 << WORD) - 1:#x}u)"
            yield f"    s->w[{w}] = {' | '.join([kept, *(text for word, text in parts if word == w)])};"
        yield "}"

    def _key(self, i: int) -> str:
        """What is said of a server, its number lowest, its place in the order highest."""
        low = _INDEX + len(self.references)
        parts = [f"{i}u"]
        for bit, reference in enumerate(self.references):
            held = self.fields.fields[reference.scalar]
            is_it = f"({_number(held)} == {held.numbering.number(i)})"
            parts.append(f"(u64)({is_it}{self._if_there(reference)}) << {_INDEX + bit}")
        if self.width:
            first = self.own[i][0]
            parts.append(f"(w{first.word} >> {first.shift} & {(1 << self.width) - 1:#x}u) << {low}")
        before = [
            f"({_number(f)} == {f.numbering.number(int(i == pair[1]))})" for pair, f in self.order.items() if i in pair
        ]
        if before:
            parts.append(f"(u64)({' + '.join(before)}) << {low + self.width}")
        return " | ".join(parts)

    def _if_there(self, reference: Reference) -> str:
        """A condition to be added: the element that is spoken of exists."""
        if reference.length is None or reference.length not in self.fields.fields:
            return ""
        length = self.fields.fields[reference.length]
        return f" & ({_number(length)} >= {length.numbering.below(reference.place + 1)})"

    def _parts(self) -> list[tuple[int, str]]:
        """(word, what is put into it) for what is moved or renamed."""
        parts = []
        low = _INDEX + len(self.references)
        if self.width:
            for p in self.servers:
                first = self.own[p][0]
                parts.append((first.word, f"(k[{p}] >> {low} & {(1 << self.width) - 1:#x}u) << {first.shift}"))
        for reference in self.references:
            held = self.fields.fields[reference.scalar]
            renamed = f"called[{_number(held)}]"
            there = self._if_there(reference)
            if there:
                renamed = f"({there.removeprefix(' & ')} ? {renamed} : {_number(held)})"
            parts.append((held.word, f"{renamed} << {held.shift}"))
        parts += [(f.word, f"{f.numbering.number(1):#x}ull << {f.shift}") for f in self.order.values()]
        return parts

    def _replaced(self, word: int) -> int:
        moved = [*(f for own in self.own for f in own), *self.order.values()]
        moved += [self.fields.fields[r.scalar] for r in self.references]
        return sum(f.mask for f in moved if f.word == word)


def _number(field: Field) -> str:
    return f"(w{field.word} >> {field.shift} & {field.mask >> field.shift:#x}u)"
