"""Maps, orders and queues of the any-N reading.

* A map is a closure and an update an if-then-else, so there are no frame axioms.
* A queue is the slots ``head ≤ x < tail`` of a total order with a successor *relation*. ``push`` and ``pop`` name the slot
  they need; that it follows is part of what makes them possible, so a queue without room is simply not pushed to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from vnic_model.prover.sorts import Formula
from vnic_spec.algebra import Element


class Logic(Protocol):
    """What maps, orders and queues need of the reading that they belong to; see :mod:`vnic_model.prover.reading`."""

    pen: Any
    nobody: Formula
    false: Formula
    roomy: bool  #: every slot is followed by another

    def lift(self, value: Any) -> Formula: ...
    def no(self, truth: Any) -> Formula: ...
    def all_of(self, *truths: Any) -> Formula: ...
    def any_of(self, *truths: Any) -> Formula: ...
    def implies(self, condition: Any, consequence: Any) -> Formula: ...
    def eq(self, one: Any, other: Any) -> Formula: ...
    def ite(self, condition: Any, then: Any, otherwise: Any) -> Any: ...
    def le(self, one: Formula, other: Formula) -> Formula: ...
    def succ(self, one: Formula, other: Formula) -> Formula: ...
    def named(self, role: str, sort: Formula, of: Formula) -> Formula: ...
    def assume(self, fact: Formula) -> None: ...
    def quantified(self, sort: Formula, law: Callable[[Formula], Any]) -> Formula: ...


class AnyMap:
    """A map from servers. Nobody's flag is false."""

    def __init__(self, o: Logic, of: Callable[[Formula], Formula]) -> None:
        self.o = o
        self.of = of

    def __call__(self, server: Formula, /) -> Formula:
        value = self.of(server)
        if self.o.pen.is_expr(value) and self.o.pen.is_bool(value):
            return self.o.all_of(server != self.o.nobody, value)
        return value

    def set(self, server: Formula, value: Formula) -> AnyMap:
        return AnyMap(self.o, lambda x: self.o.ite(self.o.eq(x, server), value, self.of(x)))

    def update(self, server: Formula, change: Callable[[Formula], Formula]) -> AnyMap:
        return self.set(server, change(self.of(server)))

    def each(self, change: Callable[[Formula, Formula], Formula]) -> AnyMap:
        return AnyMap(self.o, lambda x: change(x, self.of(x)))


class AnyOrder:
    """A strict total order of the servers as a relation."""

    def __init__(self, o: Logic, before: Callable[[Formula, Formula], Formula]) -> None:
        self.o = o
        self.before = before

    def __call__(self, earlier: Formula, later: Formula, /) -> Formula:
        return self.before(earlier, later)

    def to_back(self, server: Formula) -> AnyOrder:
        o = self.o
        return AnyOrder(
            o,
            lambda x, y: o.all_of(
                o.no(o.eq(x, y)), o.no(o.eq(x, server)), o.any_of(o.eq(y, server), self.before(x, y))
            ),
        )


@dataclass(frozen=True)
class AnyQueue:
    """A FIFO: ``kind``, ``sender``, ``fresh`` of the slots from ``head`` up to, and not with, ``tail``."""

    o: Logic
    sort: Formula
    head: Formula
    tail: Formula
    kind: Callable[[Formula], Formula]
    sender: Callable[[Formula], Formula]
    fresh: Callable[[Formula], Formula]

    def element(self, slot: Formula) -> Element:
        """What a slot holds."""
        return Element(self.kind(slot), self.sender(slot), self.fresh(slot))

    def holds(self, slot: Formula) -> Formula:
        """The slot is one of this queue."""
        return self.o.all_of(self.o.le(self.head, slot), self.o.le(slot, self.tail), slot != self.tail)

    def _written(self, slot: Formula, e: Element) -> AnyQueue:
        o = self.o
        kind, sender, fresh = o.lift(e.kind), o.lift(e.sender), o.lift(e.fresh)
        return replace(
            self,
            kind=lambda x: o.ite(x == slot, kind, self.kind(x)),
            sender=lambda x: o.ite(x == slot, sender, self.sender(x)),
            fresh=lambda x: o.ite(x == slot, fresh, self.fresh(x)),
        )

    def push(self, element: Element) -> tuple[Formula, AnyQueue]:
        following = self._following(self.tail)
        return self.o.succ(self.tail, following), replace(self._written(self.tail, element), tail=following)

    def _following(self, slot: Formula) -> Formula:
        following = self.o.named("next", self.sort, slot)
        if self.o.roomy:
            self.o.assume(self.o.succ(slot, following))
        return following

    def pop(self) -> tuple[Element, Formula, AnyQueue]:
        following = self._following(self.head)
        some = self.o.all_of(self.head != self.tail, self.o.succ(self.head, following))
        return self.element(self.head), some, replace(self, head=following)

    def _last(self) -> Formula:
        """The last slot. Queues are finite, so one that is not empty has one: the order of slots alone would not say so."""
        last = self.o.named("last", self.sort, self.tail)
        some = self.o.all_of(self.o.le(self.head, self.tail), self.head != self.tail)
        self.o.assume(self.o.implies(some, self.o.all_of(self.o.succ(last, self.tail), self.o.le(self.head, last))))
        return last

    def newest(self) -> tuple[Element, Formula]:
        last = self._last()
        return self.element(last), self.o.all_of(self.o.succ(last, self.tail), self.o.le(self.head, last))

    def overlay(self, element: Element) -> AnyQueue:
        return self._written(self._last(), element)

    def clear(self) -> AnyQueue:
        return replace(self, head=self.tail)

    def stale(self) -> AnyQueue:
        return replace(self, fresh=lambda _: self.o.false)

    def empty(self) -> Formula:
        return self.o.eq(self.head, self.tail)

    def begins_with(self, older: AnyQueue, except_last: Formula) -> Formula:
        def same_place(x: Formula) -> Formula:
            same = self.o.all_of(self.o.eq(self.kind(x), older.kind(x)), self.o.eq(self.sender(x), older.sender(x)))
            excused = self.o.all_of(except_last, self.o.succ(x, older.tail))
            return self.o.implies(older.holds(x), self.o.any_of(same, excused))

        return self.o.all_of(
            self.o.eq(self.head, older.head),
            self.o.le(older.tail, self.tail),
            self.o.quantified(self.sort, same_place),
        )

    def every(self, law: Callable[[Element], Formula]) -> Formula:
        return self.o.quantified(self.sort, lambda x: self.o.implies(self.holds(x), law(self.element(x))))

    def first(self, law: Callable[[Element], Formula]) -> Formula:
        return self.o.any_of(self.empty(), law(self.element(self.head)))

    def last(self, law: Callable[[Element], Formula]) -> Formula:
        def if_last(x: Formula) -> Formula:
            return self.o.implies(self.o.all_of(self.holds(x), self.o.succ(x, self.tail)), law(self.element(x)))

        return self.o.quantified(self.sort, if_last)

    def pairs(self, law: Callable[[Element, Element], Formula]) -> Formula:
        def neighbours(x: Formula, y: Formula) -> Formula:
            both = self.o.all_of(self.holds(x), self.holds(y), self.o.succ(x, y))
            return self.o.implies(both, law(self.element(x), self.element(y)))

        return self.o.quantified(self.sort, lambda x: self.o.quantified(self.sort, lambda y: neighbours(x, y)))

    def in_order(self, law: Callable[[Element, Element], Formula]) -> Formula:
        def one_after_other(x: Formula, y: Formula) -> Formula:
            both = self.o.all_of(self.holds(x), self.holds(y), self.o.le(x, y), x != y)
            return self.o.implies(both, law(self.element(x), self.element(y)))

        return self.o.quantified(self.sort, lambda x: self.o.quantified(self.sort, lambda y: one_after_other(x, y)))
