"""Maps, orders and queues as functions, each change of one a new function with its axiom.

Each method begins with the sentence of :mod:`vnic_spec.algebra` that it writes down.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vnic_model.prover.naive.script import BOOL, INT, SERVER, Said, Script, number
from vnic_spec.algebra import Element

NOBODY = Said("nobody", SERVER)


def both(*truths: Said) -> Said:
    """All of them."""
    if not truths:
        return Said("true", BOOL)
    return truths[0] if len(truths) == 1 else Said(f"(and {' '.join(t.text for t in truths)})", BOOL)


def either(*truths: Said) -> Said:
    """One of them at least."""
    if not truths:
        return Said("false", BOOL)
    return truths[0] if len(truths) == 1 else Said(f"(or {' '.join(t.text for t in truths)})", BOOL)


def negated(truth: Said) -> Said:
    """The contrary."""
    return Said(f"(not {truth.text})", BOOL)


def same(one: Said, other: Said) -> Said:
    """They are equal."""
    if one.sort != other.sort:
        raise TypeError(f"{one.text} and {other.text} cannot be compared: {one.sort}, {other.sort}")
    return Said(f"(= {one.text} {other.text})", BOOL)


def less(one: Said, other: Said) -> Said:
    """Of two integers the first is smaller."""
    return Said(f"(< {one.text} {other.text})", BOOL)


def implied(condition: Said, consequence: Said) -> Said:
    """The one wherever the other."""
    return Said(f"(=> {condition.text} {consequence.text})", BOOL)


def chosen(condition: Said, then: Said, otherwise: Said) -> Said:
    """One of two terms."""
    if then.sort != otherwise.sort:
        raise TypeError(f"{then.text} and {otherwise.text} are of two sorts: {then.sort}, {otherwise.sort}")
    return Said(f"(ite {condition.text} {then.text} {otherwise.text})", then.sort)


def plus(one: Said, by: int) -> Said:
    """An integer and a number."""
    return Said(f"(+ {one.text} {by})" if by >= 0 else f"(- {one.text} {-by})", INT)


def for_all(variables: tuple[Said, ...], where: Said, law: Said) -> Said:
    """A law of all values of some variables that lie somewhere."""
    binders = " ".join(f"({v.text} {v.sort})" for v in variables)
    return Said(f"(forall ({binders}) {implied(where, law).text})", BOOL)


def either_value(script: Script, condition: Said, then: Any, otherwise: Any) -> Any:
    """``ite`` of the algebra: "one of two values of the same sort"."""
    if then is otherwise:
        return then
    if isinstance(then, Element):
        return Element(
            either_value(script, condition, then.kind, otherwise.kind),
            either_value(script, condition, then.sender, otherwise.sender),
            either_value(script, condition, then.fresh, otherwise.fresh),
        )
    if isinstance(then, Row):
        length = chosen(condition, then.length, otherwise.length)
        return then.made(length, lambda p: either_value(script, condition, then.at(p), otherwise.at(p)))
    if isinstance(then, Map):
        return Map.made(script, lambda j: either_value(script, condition, then(j), otherwise(j)))
    if isinstance(then, Earlier):
        return Earlier.made(script, lambda a, b: chosen(condition, then(a, b), otherwise(a, b)))
    return script.short(chosen(condition, then, otherwise))


class Row:
    """A queue: a length, and an element at each place from 0 on. What is at other places means nothing."""

    def __init__(self, script: Script, depth: Said, length: Said, at: Callable[[Said], Element]) -> None:
        self.script = script
        self.depth = depth
        self.length = length
        self.at = at

    def made(self, length: Said, at: Callable[[Said], Element]) -> Row:
        """Another queue of the same depth: new functions, and what their values are."""
        named = self.script.named
        whole = named("length", length)
        place = self.script.variable(INT)
        with self.script.binding(place):
            element = at(place)
            kind = named("kind", element.kind)  # type: ignore[arg-type]
            sender = named("sender", element.sender)  # type: ignore[arg-type]
            fresh = named("fresh", element.fresh)  # type: ignore[arg-type]
        return Row(self.script, self.depth, whole.at(), lambda p: Element(kind.at(p), sender.at(p), fresh.at(p)))

    def inside(self, place: Said) -> Said:
        """A place at which an element is."""
        return both(Said(f"(<= 0 {place.text})", BOOL), less(place, self.length))

    @property
    def _end(self) -> Said:
        return plus(self.length, -1)

    def push(self, element: Element) -> tuple[Said, Row]:
        """There is room, the queue with ``element`` at its end."""
        end = self.length
        longer = self.made(plus(end, 1), lambda p: either_value(self.script, same(p, end), element, self.at(p)))
        return less(self.length, self.depth), longer

    def pop(self) -> tuple[Element, Said, Row]:
        """The first element, there is one, the queue without it."""
        shorter = self.made(plus(self.length, -1), lambda p: self.at(plus(p, 1)))
        # The same once more, for a solver that starts from an element of the longer queue.
        place = self.script.variable(INT)
        with self.script.binding(place):
            old, new = self.at(place), shorter.at(plus(place, -1))
            for name in ("kind", "sender", "fresh"):
                self.script.demand(same(getattr(old, name), getattr(new, name)))
        return self.at(number(0)), negated(self.empty()), shorter

    def newest(self) -> tuple[Element, Said]:
        """The last valid element, there is one."""
        return self.at(self._end), negated(self.empty())

    def overlay(self, element: Element) -> Row:
        """The queue with ``element`` in the place of its last one."""
        end = self._end
        return self.made(self.length, lambda p: either_value(self.script, same(p, end), element, self.at(p)))

    def clear(self) -> Row:
        """The queue without any element."""
        return self.made(number(0), self.at)

    def stale(self) -> Row:
        """The same queue, every element no longer ``fresh``."""

        def old(place: Said) -> Element:
            element = self.at(place)
            return Element(element.kind, element.sender, Said("false", BOOL))

        return self.made(self.length, old)

    def empty(self) -> Said:
        """Nothing is queued."""
        return same(self.length, number(0))

    def begins_with(self, older: Row, except_last: Said) -> Said:
        """Each element of ``older`` is here at the same place (``except_last``: the last one may be another).

        Whether elements are fresh is history and not compared (:func:`vnic_spec.comparison.same_queue`).
        """
        p = self.script.variable(INT)
        one, other = self.at(p), older.at(p)
        equal = both(same(one.kind, other.kind), same(one.sender, other.sender))  # type: ignore[arg-type]
        excepted = both(except_last, same(p, older._end))
        long_enough = Said(f"(<= {older.length.text} {self.length.text})", BOOL)
        return self.script.short(both(long_enough, for_all((p,), older.inside(p), either(excepted, equal))))

    def every(self, law: Callable[[Element], Said]) -> Said:
        """``law`` holds of each element."""
        p = self.script.variable(INT)
        with self.script.binding(p):
            holds = law(self.at(p))
        return self.script.short(for_all((p,), self.inside(p), holds))

    def first(self, law: Callable[[Element], Said]) -> Said:
        """The queue is empty, or ``law`` holds of its first element."""
        return self.script.short(either(self.empty(), law(self.at(number(0)))))

    def last(self, law: Callable[[Element], Said]) -> Said:
        """The queue is empty, or ``law`` holds of its last element."""
        return self.script.short(either(self.empty(), law(self.at(self._end))))

    def _two(self, where: Callable[[Said, Said], Said], law: Callable[[Element, Element], Said]) -> Said:
        p, q = self.script.variable(INT), self.script.variable(INT)
        with self.script.binding(p, q):
            holds = law(self.at(p), self.at(q))
        return self.script.short(for_all((p, q), both(self.inside(p), self.inside(q), where(p, q)), holds))

    def pairs(self, law: Callable[[Element, Element], Said]) -> Said:
        """``law`` holds of each two neighbours, the earlier one first."""
        return self._two(lambda p, q: same(q, plus(p, 1)), law)

    def in_order(self, law: Callable[[Element, Element], Said]) -> Said:
        """``law`` holds of each two elements, neighbours or not, the earlier one first."""
        return self._two(less, law)


class Map:
    """A value for each server: a term, or a queue. Of nobody's values nothing is known here."""

    def __init__(self, script: Script, at: Callable[[Said], Any]) -> None:
        self.script = script
        self._at = at

    def __call__(self, server: Said, /) -> Any:
        """The value of a server."""
        return self._at(server)

    @staticmethod
    def made(script: Script, value: Callable[[Said], Any]) -> Map:
        """New functions of a server, and what their values are."""
        j = script.variable(SERVER)
        with script.binding(j):
            found = value(j)
            if not isinstance(found, Row):
                symbol = script.named("map", found)
                return Map(script, symbol.at)
            row, depth = found, found.depth
            length = script.named("length", row.length)
            place = script.variable(INT)
            with script.binding(place):
                element = row.at(place)
                kind = script.named("kind", element.kind)  # type: ignore[arg-type]
                sender = script.named("sender", element.sender)  # type: ignore[arg-type]
                fresh = script.named("fresh", element.fresh)  # type: ignore[arg-type]

        def at(i: Said) -> Row:
            return Row(script, depth, length.at(i), lambda p: Element(kind.at(i, p), sender.at(i, p), fresh.at(i, p)))

        return Map(script, at)

    def set(self, server: Said, value: Any) -> Map:
        """The value of one server replaced; setting nobody's changes nothing."""
        return self.update(server, lambda _: value)

    def update(self, server: Said, change: Callable[[Any], Any]) -> Map:
        """The value of one server replaced by ``change(old value)``."""
        replaced = change(self(server))
        somebody = negated(same(server, NOBODY))
        return Map.made(
            self.script,
            lambda j: either_value(self.script, both(somebody, same(j, server)), replaced, self(j)),
        )

    def each(self, change: Callable[[Said, Any], Any]) -> Map:
        """The map whose value for every server ``j`` is ``change(j, old value of j)``."""
        return Map.made(
            self.script,
            lambda j: either_value(self.script, same(j, NOBODY), self(j), change(j, self(j))),
        )


class Earlier:
    """A strict total order of the servers: who was added to the list first. Nobody has no place in it."""

    def __init__(self, script: Script, at: Callable[[Said, Said], Said]) -> None:
        self.script = script
        self._at = at

    def __call__(self, earlier: Said, later: Said, /) -> Said:
        """One was added before the other."""
        return self._at(earlier, later)

    @staticmethod
    def made(script: Script, value: Callable[[Said, Said], Said]) -> Earlier:
        """A new relation, and of whom it holds."""
        a, b = script.variable(SERVER), script.variable(SERVER)
        with script.binding(a, b):
            symbol = script.named("earlier", value(a, b))
        return Earlier(script, symbol.at)

    def to_back(self, server: Said) -> Earlier:
        """The order in which ``server`` is the latest and the others keep their places."""

        def value(a: Said, b: Said) -> Said:
            moved = chosen(same(a, server), Said("false", BOOL), either(same(b, server), self(a, b)))
            return chosen(either(*(same(x, NOBODY) for x in (a, b, server))), self(a, b), moved)

        return Earlier.made(self.script, value)
