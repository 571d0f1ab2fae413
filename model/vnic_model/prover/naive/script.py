"""A script in SMT-LIB as text: declarations, axioms, and the variables that are bound where something is being written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from vnic_spec.profile import ClientInit, ComplaintOrder, Crossing, EventFull, Reopen, TieBreak
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind, Owed, Status, Token
from vnic_spec.wire import Rc

BOOL, INT, SERVER = "Bool", "Int", "Server"

#: Every vocabulary is a datatype; a word is written as ``Crq.OPEN``.
VOCABULARIES: tuple[type[Enum], ...] = (
    *(Crq, Owed, Status, ClientPhase, Token, Belief, Kind, Rc),
    *(EventFull, Crossing, TieBreak, Reopen, ComplaintOrder, ClientInit),
)
#: A text longer than this gets a name, so that scripts do not grow with every use of it.
_LONG = 160


@dataclass(frozen=True)
class Said:
    """A term as text, with its sort."""

    text: str
    sort: str

    def __bool__(self) -> bool:
        raise TypeError("a value of a reading has no truth of its own")


@dataclass(frozen=True)
class Symbol:
    """A name for a value that depends on the variables bound where it was given."""

    name: str
    bound: tuple[Said, ...]
    sort: str

    def at(self, *last: Said) -> Said:
        """The value with other terms in the place of the last bound variables."""
        return applied(self.name, self.sort, *self.bound[: len(self.bound) - len(last)], *last)


def applied(name: str, sort: str, *arguments: Said) -> Said:
    """A function applied; a constant stands for itself."""
    return Said(f"({name} {' '.join(a.text for a in arguments)})" if arguments else name, sort)


def word(value: Enum) -> Said:
    """A member of a vocabulary."""
    return Said(f"{type(value).__name__}.{value.name}", type(value).__name__)


def number(value: int) -> Said:
    """An integer."""
    return Said(str(value) if value >= 0 else f"(- {-value})", INT)


def _binders(variables: Sequence[Said]) -> str:
    return " ".join(f"({v.text} {v.sort})" for v in variables)


class Script:
    """Lines that stand before a claim, in the order in which they were needed."""

    def __init__(self) -> None:
        self.lines: list[str] = [f"(declare-sort {SERVER} 0)"]
        for vocabulary in VOCABULARIES:
            words = " ".join(f"({word(value).text})" for value in vocabulary)
            self.lines.append(f"(declare-datatypes (({vocabulary.__name__} 0)) (({words})))")
        self._bound: tuple[Said, ...] = ()
        self._count = 0

    def mark(self) -> tuple[int, int]:
        """Where the script stands; to be given to :meth:`back`."""
        return len(self.lines), self._count

    def back(self, mark: tuple[int, int]) -> None:
        """Forget what was written since a mark."""
        length, self._count = mark
        del self.lines[length:]

    def _new(self, hint: str) -> str:
        self._count += 1
        return f"{hint}!{self._count}"

    def variable(self, sort: str) -> Said:
        """A variable that nothing else is called."""
        return Said(self._new(sort[0].lower()), sort)

    @contextmanager
    def binding(self, *variables: Said) -> Iterator[None]:
        """Inside, some variables are bound: what is named there depends on them."""
        outside = self._bound
        self._bound = (*outside, *variables)
        try:
            yield
        finally:
            self._bound = outside

    def declare(self, name: str, sorts: Sequence[str], sort: str) -> None:
        """A function or a constant of which nothing is known."""
        self.lines.append(f"(declare-fun {name} ({' '.join(sorts)}) {sort})")

    def constant(self, name: str, sort: str) -> Said:
        """An unknown constant."""
        self.declare(name, (), sort)
        return Said(name, sort)

    def demand(self, truth: Said) -> None:
        """An axiom, of all values of what is bound."""
        self.lines.append(f"(assert {self._closed(truth.text)})")

    def _closed(self, text: str) -> str:
        return f"(forall ({_binders(self._bound)}) {text})" if self._bound else text

    def named(self, hint: str, value: Said) -> Symbol:
        """A new function of what is bound, and the axiom that says what its values are."""
        symbol = Symbol(self._new(hint), self._bound, value.sort)
        self.declare(symbol.name, [v.sort for v in self._bound], value.sort)
        self.demand(Said(f"(= {symbol.at().text} {value.text})", BOOL))
        return symbol

    def short(self, value: Said) -> Said:
        """The same term; an abbreviation of it, if it is long."""
        if len(value.text) <= _LONG:
            return value
        name = self._new("t")
        self.lines.append(f"(define-fun {name} ({_binders(self._bound)}) {value.sort} {value.text})")
        return applied(name, value.sort, *self._bound)

    def text(self, *assertions: Said) -> str:
        """The whole script: is there anything for which the assertions hold?"""
        return "\n".join((*self.lines, *(f"(assert {a.text})" for a in assertions), "(check-sat)", ""))
