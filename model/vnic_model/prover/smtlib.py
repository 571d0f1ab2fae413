"""Obligations as SMT-LIB 2.6: files that people can read and any solver can decide.

A file stands alone and depends on the specification only: constants that the reading has made up are numbered by where they
first occur in the file, so that the same obligation is the same text in every process, whatever else is written beside it.

Words are elements of a sort per vocabulary, of which the file says no more than that those it names are distinct. That is
less than z3 is told (numbers of five bits), so what is proved of a file holds all the more of numbers.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import z3

from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.induction import Induction, Obligation, Query
from vnic_model.prover.sorts import UNINTERPRETED, WORD, Formula
from vnic_spec.action import PARAMETERS as ACTION_PARAMETERS
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import PARAMETERS as PROFILE_PARAMETERS
from vnic_spec.properties import PROPERTIES
from vnic_spec.sorts import Choice, Each, Elements
from vnic_spec.state import VARIABLES

#: Uninterpreted sorts and functions, and quantifiers: nothing else.
LOGIC = "UF"
WIDTH = 120
_SYMBOL = re.compile(r"[A-Za-z_][\w.]*(?:![0-9]+)?")
_MADE_UP = re.compile(r"([A-Za-z_][\w.]*)!([0-9]+)")
#: Operators of z3 and their names in SMT-LIB.
_OPERATORS = {
    z3.Z3_OP_AND: "and",
    z3.Z3_OP_OR: "or",
    z3.Z3_OP_NOT: "not",
    z3.Z3_OP_IMPLIES: "=>",
    z3.Z3_OP_EQ: "=",
    z3.Z3_OP_DISTINCT: "distinct",
    z3.Z3_OP_ITE: "ite",
    z3.Z3_OP_TRUE: "true",
    z3.Z3_OP_FALSE: "false",
}


@dataclass(frozen=True)
class Part:
    """Some assertions of a query and what they are."""

    title: str
    formulas: Sequence[Formula]


def parts_of(machine: Induction, obligation: Obligation, query: Query) -> list[Part]:
    """The assumptions of a query, by where they come from, and last the negation of its claim.

    Raises:
        AssertionError: the query is not put together as :meth:`Induction.query` does it.
    """
    goal = GOALS[obligation.goal]
    left = list(query.assumed)

    def take(number: int) -> list[Formula]:
        taken, left[:] = left[:number], left[number:]
        return taken

    profile = len(machine.o.profile.domains)
    axioms = len(machine.o.axioms())
    state = machine.start if not obligation.action else machine.before
    parts = [
        Part("the profile: each parameter has one of its values", take(profile)),
        Part("axioms: orders of queue slots, of priorities, of ports", take(axioms - profile)),
        Part("what every state is by construction", take(len(machine.o.well_formed(state)))),
    ]
    if obligation.action:
        taken = machine.taken(obligation.action)
        parts.append(Part(f"{obligation.action} is possible", take(len(taken.possible))))
        for name in (*PLANS[goal.name].using, *([goal.name] if goal.of_state else [])):
            assumed = Part(f"assumed of the state before the step: {name}. {GOALS[name].sentence}", take(1))
            assert assumed.formulas[0].eq(machine.assumption(name)[0])
            parts.append(assumed)
    parts.append(Part("what names of quantified formulas stand for (all!, but!), and that queues are finite", left))
    when = "in the state after the step" if obligation.action else "in the initial state"
    parts.append(Part(f"the negated claim, {when}: {goal.name}. {goal.sentence}", [z3.Not(query.claim)]))
    return [part for part in parts if part.formulas]


class Texts:
    """The files of one machine's obligations. What several of them share is put into words once."""

    def __init__(self, machine: Induction) -> None:
        self.machine = machine
        self._writer = _Writer()

    def text(self, obligation: Obligation) -> str:
        """The file of an obligation."""
        body: list[str] = []
        for part in parts_of(self.machine, obligation, self.machine.query(obligation)):
            body += ["", *_comment(part.title), *map(self._writer.assertion, part.formulas)]
        commands = [f"(set-logic {LOGIC})", "(set-info :status unsat)"]
        assertions = "\n".join(body)
        lines = [*_header(obligation), "", *commands, "", *self._writer.declarations(assertions)]
        return _renumbered("\n".join([*lines, assertions, "", "(check-sat)"]) + "\n")


# --- what the file says of itself ----------------------------------------------------------------------------------


def _comment(sentence: str, indent: str = "; ") -> list[str]:
    return textwrap.wrap(sentence, WIDTH, initial_indent="; ", subsequent_indent=indent, break_on_hyphens=False)


def _header(obligation: Obligation) -> Iterator[str]:
    goal = GOALS[obligation.goal]
    known = PROPERTIES.get(goal.name)
    requirements = (*(known.requirements if known else ()),)
    yield f"; {obligation}"
    yield ";"
    yield from _comment(f"{'Lemma' if goal.lemma else 'Property'} {goal.name}: {goal.sentence}", ";   ")
    if requirements:
        yield f"; Requirements: {', '.join(requirements)}"
    if obligation.action:
        action = ACTIONS[obligation.action]
        yield from _comment(f"Action {action.name} ({', '.join(action.requirements)}): {action.sentence}", ";   ")
        own = [goal.name] if goal.of_state else []
        rests = ", ".join((*PLANS[goal.name].using, *own)) or "nothing but the action being possible"
        yield from _comment(f"Assumed before the step: {rests}.", ";   ")
        yield "; Claimed: no step of this action breaks it, for any number of servers and any depth of queues."
    else:
        yield "; Claimed: it holds in every initial state, for any number of servers and any depth of queues."
    yield "; The claim is asserted negated, last; unsat means proved."


# --- formulas ------------------------------------------------------------------------------------------------------


def vocabulary_of(name: str) -> type[Enum] | None:
    """The vocabulary of what a symbol of the reading stands for; None where it stands for no word."""
    return _VOCABULARIES.get(name)


def _vocabularies() -> dict[str, type[Enum]]:
    found: dict[str, type[Enum]] = {}
    for v in VARIABLES:
        sort = v.sort.sort if isinstance(v.sort, Each) else v.sort
        if isinstance(sort, Choice):
            found[v.name] = type(sort.members[0])
        elif isinstance(sort, Elements):
            found[f"{v.name}.kind"] = type(sort.kinds[0])
    for name, (sort, _) in ACTION_PARAMETERS.items():
        if isinstance(sort, Choice):
            found[f"parameter.{name}"] = type(sort.members[0])
    for parameter in PROFILE_PARAMETERS.values():
        if parameter.choices is not None:
            found[f"profile.{parameter.name}"] = type(next(iter(parameter.choices)))
    return found


_VOCABULARIES = _vocabularies()


#: The vocabulary of words that are compared with each other only, such as what a call answered.
Number = Enum(
    "Number",
    "n0 n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11 n12 n13 n14 n15 n16 n17 n18 n19 n20 n21 n22 n23 n24 n25 n26 n27 n28 n29 n30 n31",
)
_EVERY: list[type[Enum]] = [*dict.fromkeys(_VOCABULARIES.values()), Number]
#: Every word by its name in a file.
_WORDS = {f"{v.__name__}.{x.name}": v for v in _EVERY for x in v}
#: The sort of what a quantifier binds.
_SORT = re.compile(rf"\([\w.]+ ({'|'.join(map(str, UNINTERPRETED))})\)")


@dataclass(frozen=True)
class _Node:
    """An s-expression, and its length without the numbers of made-up names, which its layout must not depend on."""

    flat: str
    length: int
    parts: tuple[_Node, ...] = ()
    head: int = 1  #: so many parts stay on the first line


def _leaf(text: str) -> _Node:
    return _Node(text, len(_MADE_UP.sub(r"\1!", text)))


def _branch(*parts: _Node, head: int = 1) -> _Node:
    return _Node(f"({' '.join(p.flat for p in parts)})", sum(p.length + 1 for p in parts) + 1, parts, head)


class _Writer:
    """Formulas as text, and what they use as declarations. Remembers every formula that it has seen."""

    def __init__(self) -> None:
        self._declared: dict[str, str] = {}  #: symbol → its declaration
        self._sort_of: dict[str, tuple[str, ...]] = {}  #: symbol → the sorts in its declaration
        self._assertions: dict[int, str] = {}
        self._nodes: dict[tuple[int, tuple[str, ...], type[Enum] | None], _Node] = {}
        self._kept: list[Formula] = []  # z3 reuses the identity of a formula that nobody keeps

    def assertion(self, formula: Formula) -> str:
        """The command that asserts a formula."""
        key = formula.get_id()
        if key not in self._assertions:
            lines: list[str] = []
            _lay(_branch(_leaf("assert"), self._node(formula, ())), 0, "", lines)
            self._kept.append(formula)
            self._assertions[key] = "\n".join(lines)
        return self._assertions[key]

    def declarations(self, assertions: str) -> Iterator[str]:
        """Sorts, words and functions that some assertions use, in the order in which they meet them."""
        used = dict.fromkeys(_SYMBOL.findall(assertions))
        symbols = [name for name in used if name in self._declared]
        sorts = dict.fromkeys(sort for name in symbols for sort in self._sort_of[name])
        sorts |= dict.fromkeys(_SORT.findall(assertions))
        for sort in map(str, UNINTERPRETED):
            if sort in sorts:
                yield f"(declare-sort {sort} 0)"
        words: dict[type[Enum], set[int]] = {v: set() for v in _WORDS.values() if v.__name__ in sorts}
        for name in used:
            if name in _WORDS:
                vocabulary = _WORDS[name]
                words.setdefault(vocabulary, set()).add(list(vocabulary).index(vocabulary[name.partition(".")[2]]))
        for vocabulary, numbers in words.items():
            yield from word_declarations(vocabulary, sorted(numbers))
        for name in symbols:
            yield self._declared[name]

    def _vocabulary(self, formula: Formula) -> type[Enum] | None:
        """The vocabulary of a term that is a word; None of one that is only numbers."""
        if z3.is_bv_value(formula):
            return None
        if formula.decl().kind() == z3.Z3_OP_ITE:
            return self._vocabulary(formula.arg(1)) or self._vocabulary(formula.arg(2))
        return vocabulary_of(str(formula.decl().name()))

    def _node(self, formula: Formula, bound: tuple[str, ...], vocabulary: type[Enum] | None = None) -> _Node:
        key = (formula.get_id(), bound, vocabulary)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = self._written(formula, bound, vocabulary)
            self._kept.append(formula)
        return found

    def _written(self, formula: Formula, bound: tuple[str, ...], vocabulary: type[Enum] | None) -> _Node:
        if z3.is_var(formula):
            return _leaf(bound[-1 - z3.get_var_index(formula)])
        if z3.is_quantifier(formula):
            return self._quantifier(formula, bound)
        if z3.is_bv_value(formula):
            assert vocabulary is not None, f"{formula} is a word of no vocabulary"
            return _leaf(_word(vocabulary, formula.as_long()))
        children = formula.children()
        kind = formula.decl().kind()
        if kind == z3.Z3_OP_UNINTERPRETED:
            name, vocabulary = self._symbol(formula.decl()), None
        else:
            name = _OPERATORS[kind]
            if kind in (z3.Z3_OP_EQ, z3.Z3_OP_DISTINCT) and children[0].sort() == WORD:
                vocabulary = next(filter(None, map(self._vocabulary, children)), Number)
        parts = [self._node(child, bound, vocabulary) for child in children]
        return _branch(_leaf(name), *parts) if parts else _leaf(name)

    def _quantifier(self, formula: Formula, bound: tuple[str, ...]) -> _Node:
        assert formula.is_forall(), "the reading knows no other quantifier"
        own = tuple(formula.var_name(k) for k in range(formula.num_vars()))
        assert not set(own) & set(bound), "a bound name would hide another"
        names = [_leaf(f"({x} {formula.var_sort(k)})") for k, x in enumerate(own)]
        return _branch(_leaf("forall"), _branch(*names), self._node(formula.body(), bound + own), head=2)

    def _symbol(self, declaration: z3.FuncDeclRef) -> str:
        name = str(declaration.name())
        if name not in self._declared:
            sorts = [declaration.domain(k) for k in range(declaration.arity())] + [declaration.range()]
            *domain, result = (_sort(sort, name) for sort in sorts)
            kind = f"declare-fun {name} ({' '.join(domain)})" if domain else f"declare-const {name}"
            self._declared[name] = f"({kind} {result})"
            self._sort_of[name] = (*domain, result)
        return name


def _sort(sort: z3.SortRef, symbol: str) -> str:
    if sort != WORD:
        return str(sort)
    vocabulary = vocabulary_of(symbol)
    assert vocabulary is not None, f"{symbol} is a word of no vocabulary"
    return vocabulary.__name__


def _renumbered(text: str) -> str:
    """Names that the reading has made up, numbered by where they first occur in this file."""
    numbers: dict[str, dict[str, int]] = {}

    def number(found: re.Match[str]) -> str:
        of_role = numbers.setdefault(found[1], {})
        return f"{found[1]}!{of_role.setdefault(found[2], len(of_role) + 1)}"

    return _MADE_UP.sub(number, text)


def _word(vocabulary: type[Enum], number: int) -> str:
    return f"{vocabulary.__name__}.{list(vocabulary)[number].name}"


def word_declarations(vocabulary: type[Enum], used: Sequence[int]) -> Iterator[str]:
    """A vocabulary as a sort with some distinct elements."""
    yield f"(declare-sort {vocabulary.__name__} 0)"
    names = [_word(vocabulary, number) for number in used]
    for name in names:
        yield f"(declare-const {name} {vocabulary.__name__})"
    if len(names) > 1:
        yield f"(assert (distinct {' '.join(names)}))"


def _lay(node: _Node, indent: int, closing: str, lines: list[str]) -> None:
    """An s-expression in lines of a readable width: what does not fit has its parts one below the other."""
    if not node.parts or indent + node.length + len(closing) <= WIDTH:
        lines.append(f"{' ' * indent}{node.flat}{closing}")
        return
    lines.append(f"{' ' * indent}({' '.join(part.flat for part in node.parts[: node.head])}")
    rest = node.parts[node.head :]
    for part in rest[:-1]:
        _lay(part, indent + 2, "", lines)
    _lay(rest[-1], indent + 2, f"){closing}", lines)
