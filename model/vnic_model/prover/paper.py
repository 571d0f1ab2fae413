"""Formulas on paper: written as the any-N reading writes them for z3, but without z3, and copied for it where it is asked.

Most of what building a formula for z3 costs are questions to a term ("are you true?", "what is your sort?") and terms that no
query has in the end. Here a question is a look at an attribute. Each term has the hash of what it says, and one that says the
same is the same object. The constants that the reading makes up are hashed by what they stand for and not by their numbers, so
the hash of an obligation does not depend on what else is proved; see :mod:`vnic_model.prover.kept`.
"""

from __future__ import annotations

import hashlib
from typing import Any

import z3

from vnic_model.prover.induction import Query

_NONE: frozenset[int] = frozenset()


class Term:
    """A formula or term on paper, with what the reading asks of one of z3.

    Attributes:
        op: an operator (``and``, ``forall``), ``const``, ``word``, or ``app`` for a function applied to arguments.
        what: name of a constant, number of a word, function of an application, the bound constants of a quantifier.
        args: what it is made of.
        digest: SHA-256 of all that.
        free: numbers of the constants in it that may be bound further out.
    """

    __slots__ = ("_sort", "args", "digest", "free", "number", "op", "pen", "what")

    def __init__(self, pen: Paper, op: str, what: Any, args: tuple[Term, ...], sort: Any, digest: bytes) -> None:
        self.pen, self.op, self.what, self.args, self._sort, self.digest = pen, op, what, args, sort, digest
        self.number = pen.next_number()
        self.free: frozenset[int] = _NONE.union(*(a.free for a in args)) if args else _NONE
        if op == "const" and what.startswith("bound."):
            self.free = frozenset((self.number,))
        elif op == "forall":
            self.free -= {x.number for x in what}

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Term:  # type: ignore[override]  # as in z3: a formula
        return self.pen.make("=", None, (self, other), self.pen.truth)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return self.pen.make("distinct", None, (self, other), self.pen.truth)

    def __bool__(self) -> bool:
        raise TypeError("a formula is neither true nor false before it is decided")

    def eq(self, other: Term) -> bool:
        """Both are the same, word for word."""
        return self is other

    def get_id(self) -> int:
        """A number that no other term has."""
        return self.number

    def sort(self) -> Any:
        """The sort, one of z3's."""
        return self._sort

    def arg(self, place: int) -> Term:
        """One of the terms that it is made of."""
        return self.args[place]


class Function:
    """A function symbol."""

    def __init__(self, pen: Paper, name: str, sorts: tuple[Any, ...]) -> None:
        self.pen, self.name, self.sorts = pen, name, sorts

    def __call__(self, *args: Term) -> Term:
        """The function applied."""
        return self.pen.make("app", self, args, self.sorts[-1])


class Paper:
    """What writes on paper, under the names that z3 has for the same."""

    def __init__(self) -> None:
        self._terms: dict[tuple[object, ...], Term] = {}
        self._functions: dict[str, Function] = {}
        self._names: dict[int, tuple[str, Any]] = {}  # by the identity of a sort, which is kept
        self._count = 0
        self.truth = z3.BoolSort()
        self._copies: dict[int, Any] = {}

    def next_number(self) -> int:
        """Numbers in a row."""
        self._count += 1
        return self._count

    def make(self, op: str, what: Any, args: tuple[Any, ...], sort: Any, stands_for: str = "") -> Term:
        """The term with these parts. ``stands_for``: what is hashed instead of its name."""
        key = (op, what if op != "forall" else None, self._name(sort) if op == "const" else None, *map(id, args))
        if op == "forall":
            key += tuple(id(x) for x in what)
        found = self._terms.get(key)
        if found is None:
            said = stands_for or self._said(op, what)
            text = f"{op}\0{said}\0{self._name(sort)}\0{len(args)}\0".encode()
            digest = hashlib.sha256(text + b"".join([a.digest for a in args])).digest()
            found = self._terms[key] = Term(self, op, what, args, sort, digest)
        return found

    def _said(self, op: str, what: Any) -> str:
        if op == "app":
            return f"{what.name}({','.join(self._name(s) for s in what.sorts)})"
        if op == "forall":
            return ",".join(f"{x.what}:{self._name(x.sort())}" for x in what)
        return "" if what is None else str(what)

    def _name(self, sort: Any) -> str:
        found = self._names.get(id(sort))
        if found is None:
            found = self._names[id(sort)] = (str(sort), sort)
        return found[0]

    # -- what z3 has under these names ------------------------------------------------------------------------------

    def Const(self, name: str, sort: Any) -> Term:
        return self.make("const", name, (), sort)

    def made_up(self, name: str, role: str, sort: Any, of: Term) -> Term:
        """A constant that the reading has made up for a term; not in z3."""
        return self.make("const", name, (), sort, f"made up\0{role}\0{of.digest.hex()}")

    def Consts(self, names: str, sort: Any) -> list[Term]:
        return [self.Const(name, sort) for name in names.split()]

    def Bool(self, name: str) -> Term:
        return self.Const(name, self.truth)

    def BoolVal(self, value: bool) -> Term:
        return self.make("true" if value else "false", None, (), self.truth)

    def BitVecVal(self, value: int, sort: Any) -> Term:
        return self.make("word", value, (), sort)

    def Function(self, name: str, *sorts: Any) -> Function:
        found = self._functions.setdefault(name, Function(self, name, sorts))
        assert found.sorts == sorts, f"{name} has two signatures"
        return found

    def And(self, *args: Term) -> Term:
        return self.make("and", None, args, self.truth)

    def Or(self, *args: Term) -> Term:
        return self.make("or", None, args, self.truth)

    def Not(self, arg: Term) -> Term:
        return self.make("not", None, (arg,), self.truth)

    def Implies(self, one: Term, other: Term) -> Term:
        return self.make("implies", None, (one, other), self.truth)

    def If(self, condition: Term, then: Term, otherwise: Term) -> Term:
        return self.make("ite", None, (condition, then, otherwise), then.sort())

    def ForAll(self, bound: list[Term], body: Term) -> Term:
        return self.make("forall", tuple(bound), (body,), self.truth)

    def is_true(self, term: Term) -> bool:
        return term.op == "true"

    def is_false(self, term: Term) -> bool:
        return term.op == "false"

    def is_not(self, term: Term) -> bool:
        return term.op == "not"

    def is_bv_value(self, term: Term) -> bool:
        return term.op == "word"

    def is_expr(self, value: object) -> bool:
        return isinstance(value, Term)

    def is_bool(self, term: Term) -> bool:
        return self._name(term.sort()) == "Bool"

    def substitute(self, term: Term, pair: tuple[Term, Term]) -> Term:
        """The term with a constant, which nothing in it binds, replaced."""
        old, new = pair
        done = {id(old): new}

        def within(t: Term) -> Term:
            if old.number not in t.free:
                return t
            found = done.get(id(t))
            if found is None:
                found = done[id(t)] = self.make(t.op, t.what, tuple([within(a) for a in t.args]), t.sort())
            return found

        return within(term)

    # -- for z3 -------------------------------------------------------------------------------------------------

    def copied(self, term: Term) -> Any:
        """The same for z3; each term is copied once."""
        found = self._copies.get(term.number)
        if found is None:
            found = self._copies[term.number] = _COPY[term.op](term, [self.copied(a) for a in term.args], self)
        return found

    def copy_of(self, query: Query) -> Query:
        """A query for z3."""
        return Query([self.copied(f) for f in query.assumed], self.copied(query.claim), query.trivial)


def _forall(term: Term, args: list[Any], pen: Paper) -> Any:
    return z3.ForAll([pen.copied(x) for x in term.what], args[0])


_COPY: dict[str, Any] = {
    "true": lambda t, a, p: z3.BoolVal(True),
    "false": lambda t, a, p: z3.BoolVal(False),
    "const": lambda t, a, p: z3.Const(t.what, t.sort()),
    "word": lambda t, a, p: z3.BitVecVal(t.what, t.sort()),
    "app": lambda t, a, p: z3.Function(t.what.name, *t.what.sorts)(*a),
    "and": lambda t, a, p: z3.And(*a),
    "or": lambda t, a, p: z3.Or(*a),
    "not": lambda t, a, p: z3.Not(a[0]),
    "implies": lambda t, a, p: z3.Implies(*a),
    "=": lambda t, a, p: a[0] == a[1],
    "distinct": lambda t, a, p: a[0] != a[1],
    "ite": lambda t, a, p: z3.If(*a),
    "forall": _forall,
}
