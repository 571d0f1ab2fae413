"""Mutants of C on values and histories: what is too narrow, off by one at a border, left out once, or worn out.

Made by position like those of :mod:`mutation.c_mutants`, of the same files and without planted faults:

- ``cut8`` to ``cut32``: only so many bits of a number are looked at; ``signed``: its low half is taken for a signed number.
- ``above``, ``below``: what a number is compared with is one more or less.
- ``unchecked``: one of several checks is missing.
- ``first``: an index is always 0; ``one``: a loop ends after the first.
- ``once``: something is set the first time only; ``worn``: only so often.
- ``wrap8``, ``wrap16``: a counter begins again after so many bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from mutation import c_mutants
from mutation.mutant import C, Mutant

#: So often something is set that wears out: more often than most sessions do anything, and less often than a run does.
WORN = 200
_DECLARED = re.compile(r"\b(uint64_t|uint32_t|size_t)\s+(\w+)(?!\s*\()")
_OTHERWISE = re.compile(r"\b(?:int|bool|char|enum \w+|struct \w+)\s+\*?(\w+)")
_BITS = {"uint64_t": 64, "size_t": 64, "uint32_t": 32}
_RELATIONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
#: What ends the right side of a comparison.
_ENDS = frozenset({"&&", "||", "?", ":", ";", ",", ")", "]", "}"})
#: Statements that set nothing.
_OTHERS = frozenset("if for while do else switch case default return break continue goto".split())  # noqa: SIM905
_WRITES = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "++", "--"})


class ValueChanges(c_mutants.Changes):
    """Collects the mutants of one file that are about values and histories."""

    def _body(self, first: int, end: int) -> None:
        for at in range(first, end):
            if at in self._planted:
                continue
            token = self._tokens[at]
            if token.kind == "word":
                self._value(at)
            elif token.text in _RELATIONS:
                self._border(at)
            elif token.text == "[":
                self._index(at)
            elif token.text == "++":
                self._counter(at)
            if token.text == "if":
                self._checks(at + 2, self._pairs[at + 1] - 1)
            if token.text == "for":
                self._loop(at)
            if self._text(at - 1) in (";", "{", "}", "else") or (self._text(at - 1) == ")" and self._controls(at - 1)):
                self._setting(at)

    # -- values ----------------------------------------------------------------------------------------------------

    def _chain(self, at: int) -> int:
        """The first token of the member access that ends here: of ``p->sub[n].handle`` the ``p``."""
        while self._text(at - 1) in (".", "->"):
            at -= 2
            while self._text(at) in ("]", ")"):
                at = self._pairs[at] - 1
        return at

    def _value(self, at: int) -> None:
        bits = widths().get(self._text(at), 0)
        first = self._chain(at)
        before, after = self._text(first - 1), self._text(at + 1)
        declared = self._tokens[first - 1].kind == "word" and before not in ("return", "else", "case")
        if not bits or after in _WRITES | {"(", "[", ".", "->"} or before in ("&", "++", "--", "*") or declared:
            return
        words = self._words(first, at)
        for cut in (8, 16, 32):
            if cut < bits:
                self._put(first, at, f"((uint{cut}_t)({words}))", f"cut{cut}")
        if bits > 32:
            self._put(first, at, f"((uint64_t)(int32_t)({words}))", "signed")

    def _border(self, at: int) -> None:
        last = at + 1
        while self._text(last + 1) not in _ENDS:
            last = max(self._pairs.get(last + 1, last + 1), last + 1)
        if self._text(at) in ("==", "!=") or last in self._planted or (last == at + 1 and not self._is_word(last)):
            return  # equality has no border; of a number alone another change is one more and one less
        words = self._words(at + 1, last)
        self._put(at + 1, last, f"{words} + 1", "above")
        self._put(at + 1, last, f"{words} - 1", "below")

    def _is_word(self, at: int) -> bool:
        return self._tokens[at].kind == "word"

    # -- checks and indices ----------------------------------------------------------------------------------------

    def _checks(self, first: int, last: int) -> None:
        """Each operand of a condition that has several, left out."""
        parts, joins, begins, at = [], [], first, first
        while at <= last:
            if self._text(at) in ("&&", "||"):
                parts.append((begins, at - 1))
                joins.append(self._text(at))
                begins = at + 1
            at = max(self._pairs.get(at, at), at) + 1
        parts.append((begins, last))
        if not joins or "?" in (self._text(k) for k in range(first, last + 1)):
            return
        for number, (begin, end) in enumerate(parts):
            beside = joins[max(number - 1, 0) : number + 1]
            if not self._planted.intersection(range(begin, end + 1)):
                self._put(begin, end, "1" if "&&" in beside else "0", "unchecked")

    def _index(self, at: int) -> None:
        end = self._pairs[at]
        by_name = end == at + 2 and self._is_word(at + 1) and self._is_word(at - 1)
        if by_name and not self._is_word(at - 2) and not self._text(at + 1).isupper():
            self._put(at + 1, at + 1, "0", "first")

    def _loop(self, at: int) -> None:
        """``for (...; i < n; ...)`` goes on only while ``i`` is what it begins with."""
        condition = at + 2
        while self._text(condition) != ";":
            condition += 1
        end = condition + 1
        while self._text(end) != ";":
            end = max(self._pairs.get(end, end), end) + 1
        if self._is_word(condition + 1) and end > condition + 1:
            words = self._words(condition + 1, end - 1)
            self._put(condition + 1, end - 1, f"({words}) && {self._text(condition + 1)} < 1", "one")

    # -- histories -------------------------------------------------------------------------------------------------

    def _counter(self, at: int) -> None:
        """A counter that is more than an index of a loop."""
        if self._is_word(at + 1):
            first, last, begins = at, at + 1, at + 1
            while self._text(last + 1) in (".", "->"):
                last += 2
        else:
            first = begins = self._chain(at - 1)
            last = at
            if self._text(at + 1) != ";":
                return
        words = self._words(begins, last if begins > at else at - 1)
        if widths().get(words.rpartition(".")[2].rpartition("->")[2], 0) < 64:
            return
        for bits, mask in ((8, "0xFF"), (16, "0xFFFF")):
            self._put(first, last, f"({words} = ({words} + 1) & {mask})", f"wrap{bits}")

    def _setting(self, at: int) -> None:
        """A statement that sets something, done only once or only so often."""
        declares = self._is_word(at) and self._is_word(at + 1)
        if declares or not (self._is_word(at) or self._text(at) == "*") or self._text(at) in _OTHERS:
            return
        last = self._statement(at) - 1
        inside = range(at, last)
        texts = [self._text(k) for k in inside]
        if "=" not in texts or "{" in texts or self._planted.intersection(inside):
            return
        if self._text(self._opened_before(at)) != "{":
            return  # the head of a loop
        words = self._words(at, last)
        self._put(at, last, f"{{ static int times; if (times++ < 1) {words} }}", "once")
        self._put(at, last, f"{{ static int times; if (times < {WORN}) {{ times++; {words} }} }}", "worn")


@cache
def widths() -> dict[str, int]:
    """The bits of what is declared as an unsigned number, by name: the most, and of no name that is something else as well."""
    found: dict[str, int] = {}
    others: set[str] = set()
    for file in sorted((*C.glob("*.h"), *C.glob("*.c"))):
        text = file.read_text(encoding="utf-8")
        others |= {name for names in _OTHERWISE.findall(text) for name in names}
        for kind, name in _DECLARED.findall(text):
            found[name] = max(found.get(name, 0), _BITS[kind])
    return {name: bits for name, bits in found.items() if name not in others}


def of_source(file: str, source: str) -> list[Mutant]:
    """Every mutant of one source; see :func:`mutation.c_mutants.of_source`."""
    return c_mutants.of_source(file, source, ValueChanges)


def every() -> Iterator[Mutant]:
    """Every mutant of every file."""
    return c_mutants.every(ValueChanges)
