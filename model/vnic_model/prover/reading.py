"""The any-N reading: the specification as z3 formulas over uninterpreted servers, priorities and queue slots.

* ``full`` stays a free Boolean: that covers every depth of at least one.
* The profile is a set of rigid constants: one proof covers every profile.
* A quantified formula that mentions nothing bound further out is given a *name*: a Boolean with two defining axioms, one for
  each direction. So it may occur in either polarity, and under another quantifier, without quantifiers ever alternating.
* All names are numbered by the reading itself, so that an obligation is the same text in every process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from enum import Enum
from functools import partial
from itertools import count
from typing import Any

import z3

from vnic_model.prover.sorts import (
    BOOL,
    CLIENT_SLOT,
    PRIORITY,
    SERVER,
    SERVER_SLOT,
    WORD,
    Formula,
    slots_in_a_row,
    strict_total_order,
    word,
)
from vnic_model.prover.structures import AnyMap, AnyOrder, AnyQueue
from vnic_spec.action import Action
from vnic_spec.algebra import Element
from vnic_spec.profile import PARAMETERS
from vnic_spec.rule import AS_WRITTEN, Replacements
from vnic_spec.sorts import Added, Choice, Each, Elements, Flag, Level, Server, Sort
from vnic_spec.state import VARIABLES, State


class AnyChoices:
    """The profile as rigid constants."""

    def __init__(self, pen: Any = z3) -> None:
        self.domains: list[Formula] = []
        for parameter in PARAMETERS.values():
            if parameter.choices is not None:
                constant = pen.Const(f"profile.{parameter.name}", WORD)
                self.domains.append(pen.Or(*(constant == word(member, pen) for member in parameter.choices)))
                setattr(self, parameter.name, constant)
        self.damped = pen.Bool("profile.damped")

    def __getattr__(self, name: str) -> Formula:  # for the type checker; every choice is set above
        raise AttributeError(f"the profile has no choice {name}")


class AnyOps:
    """The algebra (:class:`vnic_spec.algebra.Ops`) over z3 formulas.

    Args:
        rules: the specification's decisions, or those of a mutation.
        pen: what writes the formulas: z3, or :class:`vnic_model.prover.paper.Paper`.
    """

    def __init__(self, rules: Replacements = AS_WRITTEN, pen: Any = z3) -> None:
        self.rules = rules
        self.pen = pen
        #: Every slot is followed by another: there always is room, and what is full is so by the parameter that says it.
        self.roomy = False
        self.profile: Any = AnyChoices(pen)
        self.true, self.false = self.pen.BoolVal(True), self.pen.BoolVal(False)
        self.nobody = self.pen.Const("nobody", SERVER)
        self._numbers = count(1)
        self._named_terms: dict[tuple[str, int], Formula] = {}
        self._named_formulas: dict[int, tuple[Formula, list[Formula]]] = {}
        self._kept: list[Formula] = []  # z3 reuses the identity of a formula that nobody keeps
        self._bound: list[Formula] = []
        self._free: dict[int, frozenset[int]] = {}
        self._collectors: list[dict[int, list[Formula]]] = []
        self._le = {s: self.pen.Function(f"le.{s}", s, s, BOOL) for s in (CLIENT_SLOT, SERVER_SLOT)}
        self._succ = {s: self.pen.Function(f"succ.{s}", s, s, BOOL) for s in (CLIENT_SLOT, SERVER_SLOT)}
        self._outranks = self.pen.Function("outranks", PRIORITY, PRIORITY, BOOL)
        self._lower_port = self.pen.Function("lower_port", SERVER, SERVER, BOOL)

    def of_the_specification(self) -> AnyOps:
        """The same reading with the specification's own rules: what judges a mutation."""
        judge = copy(self)
        judge.rules = AS_WRITTEN
        return judge

    # -- names --------------------------------------------------------------------------------------------------

    def constant(self, role: str, sort: Formula, of: Formula) -> Formula:
        """A new constant, numbered, that plays a role for a formula or term."""
        name = f"{role}!{next(self._numbers)}"
        return self.pen.Const(name, sort) if self.pen is z3 else self.pen.made_up(name, role, sort, of)

    def named(self, role: str, sort: Formula, of: Formula) -> Formula:
        """The constant that plays a role for a term; the same for the same term.

        Raises:
            ValueError: the term mentions something bound, so it is not one term.
        """
        key = (f"{role}.{sort}", of.get_id())
        if self._free_of(of):
            raise ValueError(f"{of} is not one term: inside a quantifier a queue can only be observed")
        if key not in self._named_terms:
            self._kept.append(of)
            self._named_terms[key] = self.constant(role, sort, of)
        return self._named_terms[key]

    def assume(self, fact: Formula) -> None:
        """Something true of every queue, to be assumed by whatever query meets it."""
        for used in self._collectors:
            used[fact.get_id()] = [fact]

    @contextmanager
    def collecting(self) -> Iterator[dict[int, list[Formula]]]:
        """What a query has to assume about the formulas of the ``with`` block: definitions of names, and facts."""
        used: dict[int, list[Formula]] = {}
        self._collectors.append(used)
        try:
            yield used
        finally:
            self._collectors.remove(used)

    def axioms(self) -> list[Formula]:
        """What is assumed of the sorts, and the domains of the profile."""
        found = list(self.profile.domains)
        found += [
            slots_in_a_row(self._le[sort], self._succ[sort], sort, self.pen) for sort in (CLIENT_SLOT, SERVER_SLOT)
        ]
        found.append(strict_total_order(self._outranks, PRIORITY, self.pen))
        found.append(strict_total_order(self._lower_port, SERVER, self.pen))
        return found

    # -- the algebra --------------------------------------------------------------------------------------------

    def lift(self, value: Any) -> Formula:
        """A Python value as a formula; formulas as they are."""
        if isinstance(value, Enum):
            return word(value, self.pen)
        if isinstance(value, bool):
            return self.true if value else self.false
        return value

    def all_of(self, *truths: Any) -> Formula:
        kept = [t for t in map(self.lift, truths) if not self.pen.is_true(t)]
        if any(self.pen.is_false(t) for t in kept):
            return self.false
        return kept[0] if len(kept) == 1 else self.pen.And(*kept) if kept else self.true

    def any_of(self, *truths: Any) -> Formula:
        kept = [t for t in map(self.lift, truths) if not self.pen.is_false(t)]
        if any(self.pen.is_true(t) for t in kept):
            return self.true
        return kept[0] if len(kept) == 1 else self.pen.Or(*kept) if kept else self.false

    def no(self, truth: Any) -> Formula:
        t = self.lift(truth)
        if self.pen.is_true(t) or self.pen.is_false(t):
            return self.lift(bool(self.pen.is_false(t)))
        return t.arg(0) if self.pen.is_not(t) else self.pen.Not(t)

    def implies(self, condition: Any, consequence: Any) -> Formula:
        return self.any_of(self.no(condition), consequence)

    def eq(self, one: Any, other: Any) -> Formula:
        a, b = self.lift(one), self.lift(other)
        if a.eq(b):
            return self.true
        if self.pen.is_bv_value(a) and self.pen.is_bv_value(b):
            return self.false
        return a == b

    def ne(self, one: Any, other: Any) -> Formula:
        return self.no(self.eq(one, other))

    def one_of(self, one: Any, *others: Any) -> Formula:
        return self.any_of(*(self.eq(one, other) for other in others))

    def iff(self, one: Any, other: Any) -> Formula:
        return self.eq(one, other)

    def const(self, value: Enum) -> Formula:
        return word(value, self.pen)

    def ite(self, condition: Any, then: Any, otherwise: Any) -> Any:
        c = self.lift(condition)
        if then is otherwise or self.pen.is_true(c):
            return then
        if self.pen.is_false(c):
            return otherwise
        if isinstance(then, AnyMap):
            return AnyMap(self, lambda x: self.ite(c, then.of(x), otherwise.of(x)))
        if isinstance(then, AnyOrder):
            return AnyOrder(self, lambda x, y: self.ite(c, then.before(x, y), otherwise.before(x, y)))
        if isinstance(then, Element):
            return Element(
                self.ite(c, then.kind, otherwise.kind),
                self.ite(c, then.sender, otherwise.sender),
                self.ite(c, then.fresh, otherwise.fresh),
            )
        if isinstance(then, AnyQueue):
            return AnyQueue(
                self,
                then.sort,
                self.ite(c, then.head, otherwise.head),
                self.ite(c, then.tail, otherwise.tail),
                lambda x: self.ite(c, then.kind(x), otherwise.kind(x)),
                lambda x: self.ite(c, then.sender(x), otherwise.sender(x)),
                lambda x: self.ite(c, then.fresh(x), otherwise.fresh(x)),
            )
        return self._choose(c, self.lift(then), self.lift(otherwise))

    def _choose(self, c: Formula, a: Formula, b: Formula) -> Formula:
        if a.eq(b):
            return a
        if self.pen.is_true(a):
            return self.any_of(c, b)
        if self.pen.is_false(a):
            return self.all_of(self.no(c), b)
        if self.pen.is_true(b):
            return self.any_of(self.no(c), a)
        if self.pen.is_false(b):
            return self.all_of(c, a)
        return self.pen.If(c, a, b)

    def quantified(self, sort: Formula, law: Callable[[Formula], Any]) -> Formula:
        """``law`` of every element of a sort, by its name where it mentions nothing that is bound further out."""
        x = self.pen.Const(f"bound.{sort}.{len(self._bound)}", sort)
        self._bound.append(x)
        try:
            body = self.lift(law(x))
        finally:
            self._bound.pop()
        if self.pen.is_true(body):
            return self.true
        formula = self.pen.ForAll([x], body)
        free = self._free_of(body)
        if any(b.get_id() in free for b in self._bound):
            return formula
        if formula.get_id() not in self._named_formulas:
            name, witness = self.constant("all", BOOL, formula), self.constant("but", sort, formula)
            defined = [
                self.pen.Implies(name, formula),
                self.pen.Or(name, self.pen.Not(self.pen.substitute(body, (x, witness)))),
            ]
            self._kept.append(formula)
            self._named_formulas[formula.get_id()] = (name, defined)
        name, defined = self._named_formulas[formula.get_id()]
        for used in self._collectors:
            used[name.get_id()] = defined
        return name

    def _free_of(self, formula: Formula) -> frozenset[int]:
        """Identities of the constants that occur in a formula and may be bound further out."""
        if self.pen is not z3:
            found: frozenset[int] = formula.free
            return found
        key = formula.get_id()
        if key not in self._free:
            self._kept.append(formula)
            if self.pen.is_const(formula):
                found = frozenset([key]) if formula.decl().name().startswith("bound.") else frozenset()
            else:
                found = frozenset().union(*(self._free_of(child) for child in formula.children()))
            self._free[key] = found
        return self._free[key]

    def every(self, law: Callable[[Formula], Any]) -> Formula:
        return self.quantified(SERVER, lambda x: self.any_of(x == self.nobody, law(x)))

    def some(self, law: Callable[[Formula], Any]) -> Formula:
        return self.no(self.every(lambda x: self.no(law(x))))

    def outranks(self, one: Formula, other: Formula) -> Formula:
        return self._outranks(one, other)

    def lower_port(self, one: Formula, other: Formula) -> Formula:
        return self._lower_port(one, other)

    def le(self, one: Formula, other: Formula) -> Formula:
        """Slot ``one`` is not behind ``other``."""
        return self._le[one.sort()](one, other)

    def succ(self, one: Formula, other: Formula) -> Formula:
        """Slot ``other`` follows ``one`` at once."""
        return self._succ[one.sort()](one, other)

    # -- states and parameters ----------------------------------------------------------------------------------

    def state(self) -> State:
        """An arbitrary state; see :meth:`well_formed`."""
        return State(**{v.name: self._symbol(v.name, v.sort) for v in VARIABLES})

    def initial_state(self) -> State:
        """Every state that a machine may start in: any servers on the list, any priorities, added in any order (ADM-1)."""
        free = ("listed", "priority", "added")
        values: dict[str, Any] = {}
        for v in VARIABLES:
            symbol = self._symbol(v.name, v.sort)
            if v.name in free:
                values[v.name] = symbol
            elif isinstance(v.sort, Elements):
                values[v.name] = symbol.clear()
            elif isinstance(v.sort, Each) and isinstance(v.sort.sort, Elements):
                values[v.name] = AnyMap(self, partial(_emptied, symbol))
            else:
                value = self.nobody if isinstance(v.sort, Server) else self.lift(v.initially)
                values[v.name] = AnyMap(self, partial(_same, value)) if isinstance(v.sort, Each) else value
        return State(**values)

    def _symbol(self, name: str, sort: Sort) -> Any:
        if isinstance(sort, Elements):
            parts = {part: self.pen.Function(f"{name}.{part}", CLIENT_SLOT, of) for part, of in _PARTS}
            head, tail = self.pen.Const(f"{name}.head", CLIENT_SLOT), self.pen.Const(f"{name}.tail", CLIENT_SLOT)
            return AnyQueue(self, CLIENT_SLOT, head, tail, **parts)
        if isinstance(sort, Added):
            return AnyOrder(self, self.pen.Function(name, SERVER, SERVER, BOOL))
        if not isinstance(sort, Each):
            return self.pen.Const(name, _PLAIN[type(sort)])
        if not isinstance(sort.sort, Elements):
            return AnyMap(self, self.pen.Function(name, SERVER, _PLAIN[type(sort.sort)]))
        kind, fresh = (
            self.pen.Function(f"{name}.{part}", SERVER, SERVER_SLOT, _OF[part]) for part in ("kind", "fresh")
        )
        head, tail = (self.pen.Function(f"{name}.{part}", SERVER, SERVER_SLOT) for part in ("head", "tail"))

        def queue(i: Formula) -> AnyQueue:
            return AnyQueue(
                self, SERVER_SLOT, head(i), tail(i), lambda x: kind(i, x), lambda _: self.nobody, lambda x: fresh(i, x)
            )

        return AnyMap(self, queue)

    def well_formed(self, s: State) -> list[Formula]:
        """What every state is by construction: words in their domains, an order that is one, queues not inside out."""
        client: Any = s.to_client
        queues: Any = s.to_server
        i = self.pen.Const("i", SERVER)
        parts = [
            self.le(client.head, client.tail),
            self.pen.ForAll([i], self.le(queues(i).head, queues(i).tail)),
            strict_total_order(s.added, SERVER, self.pen),
        ]
        for v in VARIABLES:
            value: Any = getattr(s, v.name)
            if isinstance(v.sort, Choice):
                parts.append(self.one_of(value, *v.sort.members))
            elif isinstance(v.sort, Each) and isinstance(v.sort.sort, Choice):
                parts.append(self.pen.ForAll([i], self.one_of(value(i), *v.sort.sort.members)))
        return parts

    def parameters(self, action: Action) -> tuple[dict[str, Formula], list[Formula]]:
        """Arbitrary values of an action's parameters by name, and what restricts them."""
        values, within = {}, []
        for name in action.parameters:
            sort = action.sort(name)
            values[name] = self.pen.Const(f"parameter.{name}", _PLAIN[type(sort)])
            if isinstance(sort, Choice):
                within.append(self.one_of(values[name], *sort.members))
            elif isinstance(sort, Server) and not sort.or_nobody:
                within.append(values[name] != self.nobody)
        return values, within


def _emptied(queues: AnyMap, server: Formula) -> AnyQueue:
    queue: AnyQueue = queues(server)
    return queue.clear()


def _same(value: Formula, _: Formula) -> Formula:
    return value


_PARTS = (("kind", WORD), ("sender", SERVER), ("fresh", BOOL))
_OF = dict(_PARTS)
_PLAIN = {Flag: BOOL, Choice: WORD, Server: SERVER, Level: PRIORITY}
