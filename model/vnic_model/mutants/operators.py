"""Errors of design as operators on the text of the specification: each says where it applies, and what stands there then.

An operator looks at one place of a function's syntax tree and answers what a designer might have written there instead: another
event, the other server, one condition too few, two effects in the other order. It knows names and sorts of the specification and
nothing of any single action, so it is applied wherever it types.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum, StrEnum
from itertools import pairwise
from types import FunctionType
from typing import Any

from vnic_spec.rule import Rule
from vnic_spec.sorts import Each, Flag
from vnic_spec.state import STORED_STATUSES, VARIABLES
from vnic_spec.vocabulary import Kind, Status
from vnic_spec.wire import Rc


class Operator(StrEnum):
    """What kind of error is made."""

    KIND = "another kind of event or element"
    WORD = "another word: status, phase, answer, choice"
    DOUBLED = "effect doubled"
    DROPPED = "effect dropped"
    OBJECT = "another server"
    OTHERS = "all others instead of one"
    ALL = "all instead of one, or one instead of all"
    ENDS = "begins or ends always, or never"
    TIME = "asked too early or too late: of the other state"
    CONDITION = "the similar condition"
    CONTRARY = "the contrary, or and for or"
    MISSING = "a part of a condition forgotten"
    ORDER = "order of two effects, or of two servers"
    STRONGER = "guard strengthened"
    ELSE = "a branch forgotten, or the two exchanged"


@dataclass(frozen=True)
class Variant:
    """A function with one error."""

    operator: Operator
    tree: ast.FunctionDef
    before: str
    after: str
    line: int


_MAPS = frozenset(v.name for v in VARIABLES if isinstance(v.sort, Each))
_FLAGS = frozenset(v.name for v in VARIABLES if isinstance(v.sort, Each) and isinstance(v.sort.sort, Flag))
#: Events and elements that stand for one another: those that the same queue can hold.
_KINDS: Mapping[str, tuple[Kind, ...]] = {
    k.name: tuple(x for x in group if x is not k)
    for group in (
        (Kind.INIT, Kind.INIT_COMPLETE, Kind.DATA),
        (Kind.FAILED, Kind.DEREGISTERED),
        (Kind.MIGRATED, Kind.FAILOVER),
    )
    for k in group
} | {"LOGIN": (Kind.DATA,), "LOGIN_RSP": (Kind.INIT_COMPLETE,)}
_ANSWERS: Mapping[str, tuple[str, ...]] = {
    "H_SUCCESS": ("H_CLOSED",),
    "H_CLOSED": ("H_SUCCESS", "H_DROPPED"),
    "H_DROPPED": ("H_CLOSED", "H_SUCCESS"),
    "H_STATE": ("H_PARAMETER", "H_SUCCESS"),
    "H_CONSTRAINED": ("H_STATE", "H_SUCCESS"),
}
_SIMILAR: Mapping[str, tuple[str, ...]] = {
    "registered": ("powered", "listed"),
    "powered": ("registered",),
    "listed": ("registered",),
    "connected": ("registered", "granted"),
    "granted": ("connected",),
    "held": ("overdue", "connected"),
    "overdue": ("held", "complaint"),
    "complaint": ("overdue",),
    "hung": ("held",),
    "eligible": ("fit",),
    "fit": ("eligible",),
    "only_fault_is_complaint": ("eligible", "fit"),
    "preempted": ("outranked",),
    "selected": ("pin",),
    "pin": ("selected",),
}
_CONTRARY = {
    "all_of": "any_of",
    "any_of": "all_of",
    "eq": "ne",
    "ne": "eq",
    "every": "some",
    "some": "every",
    "implies": "iff",
    "true": "false",
    "false": "true",
}
#: What a guard may ask for besides, without and with a server.
_MORE = ("s.standing", "s.auto", "o.ne(s.selected, o.nobody)", "o.eq(s.pin, o.nobody)", "s.to_client.empty()")
_MORE_OF = (
    *("s.listed(i)", "s.registered(i)", "s.powered(i)", "s.connected(i)", "o.ne(i, s.selected)"),
    *("o.no(s.held(i))", "o.no(s.hung(i))", "o.no(s.complaint(i))"),
)
_QUEUE: Mapping[str, tuple[tuple[Operator, str], ...]] = {
    "push": (
        (Operator.DOUBLED, "(lambda q, e: (q.push(e)[0], q.push(e)[1].push(e)[1]))(Q, A)"),
        (Operator.DROPPED, "(lambda q, e: (q.push(e)[0], q))(Q, A)"),
    ),
    "pop": (
        (Operator.DOUBLED, "(lambda q: (*q.pop()[:2], q.pop()[2].pop()[2]))(Q)"),
        (Operator.DROPPED, "(lambda q: (*q.pop()[:2], q))(Q)"),
    ),
    "overlay": ((Operator.DROPPED, "Q"), (Operator.DOUBLED, "Q.push(A)[1]")),
    "clear": ((Operator.DROPPED, "Q"), (Operator.ALL, "Q.pop()[2]")),
}


def variants(tree: ast.FunctionDef, function: FunctionType) -> Iterator[Variant]:
    """Every error that an operator can make in a function; whether the outcome types, only a reading can say.

    Args:
        tree: the function's syntax tree, without decorators.
        function: the function itself, for the names that it knows.
    """
    found = _Function(tree, function)
    for operator, node, instead in found.errors():
        yield Variant(operator, _with(tree, node, instead), ast.unparse(node), ast.unparse(instead), node.lineno)
    for operator, body, before, after, line in found.in_other_order():
        changed = deepcopy(tree)
        changed.body = body
        yield Variant(operator, ast.fix_missing_locations(changed), before, after, line)


def _with(tree: ast.FunctionDef, node: ast.expr, instead: ast.expr) -> ast.FunctionDef:
    """A copy of a function in which one expression is another."""

    class Put(ast.NodeTransformer):
        def visit(self, at: ast.AST) -> Any:
            if at is node:
                return ast.copy_location(instead, node)
            return self.generic_visit(at)

    memo: dict[int, Any] = {id(node): node}  # kept as it is in the copy, so that it is found there
    return ast.fix_missing_locations(Put().visit(deepcopy(tree, memo)))  # type: ignore[no-any-return]


def _expression(text: str, **parts: ast.expr) -> ast.expr:
    """An expression from its text; capital letters stand for expressions that there are."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, at: ast.Name) -> ast.expr:
            return deepcopy(parts[at.id]) if at.id in parts else at

    return Fill().visit(ast.parse(text, mode="eval").body)  # type: ignore[no-any-return]


def _method(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def _of_algebra(node: ast.AST) -> str:
    """The operation of the algebra that is called or named here, if one is."""
    at = node.func if isinstance(node, ast.Call) else node
    return at.attr if isinstance(at, ast.Attribute) and isinstance(at.value, ast.Name) and at.value.id == "o" else ""


class _Function:
    """The places of a function, with what is in scope there."""

    def __init__(self, tree: ast.FunctionDef, function: FunctionType) -> None:
        self.tree = tree
        self.names = function.__globals__
        self.servers = [
            a.arg for a in tree.args.args if isinstance(a.annotation, ast.Name) and a.annotation.id == "Server"
        ]
        self.states = {"s"} & {a.arg for a in tree.args.args}
        self.t_from = min(
            (
                n.lineno
                for n in ast.walk(tree)
                if isinstance(n, ast.Name) and n.id == "t" and isinstance(n.ctx, ast.Store)
            ),
            default=0,
        )
        for n in ast.walk(tree):
            if (
                isinstance(n, ast.Assign)
                and isinstance(n.targets[0], ast.Name)
                and ast.unparse(n.value) == "s.selected"
            ):
                self.servers.append(n.targets[0].id)

    # -- places ---------------------------------------------------------------------------------------------------

    def errors(self) -> Iterator[tuple[Operator, ast.expr, ast.expr]]:
        """Operator, expression, and what stands in its place."""
        for statement in self.tree.body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "guard":
                yield from self._stronger(statement.value)
            yield from self._within(statement, tuple(self.servers))

    def _within(self, node: ast.AST, servers: tuple[str, ...]) -> Iterator[tuple[Operator, ast.expr, ast.expr]]:
        if isinstance(node, ast.expr):
            for operator, instead in self._here(node, servers):
                yield operator, node, instead
        for child in ast.iter_child_nodes(node):
            inner = servers
            if isinstance(child, ast.Lambda) and isinstance(node, ast.Call) and _of_a_server(node):
                inner = (*servers, child.args.args[0].arg)
            if isinstance(node, ast.Call) and child is node.func and isinstance(child, ast.Name):
                yield from ((op, child, instead) for op, instead in self._similar(child.id, child))
                continue
            yield from self._within(child, inner)

    def _here(self, node: ast.expr, servers: tuple[str, ...]) -> Iterator[tuple[Operator, ast.expr]]:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield from self._name(node, servers)
        if isinstance(node, ast.Attribute):
            yield from self._attribute(node, servers)
        if isinstance(node, ast.Call):
            yield from self._call(node)

    def _name(self, node: ast.Name, servers: tuple[str, ...]) -> Iterator[tuple[Operator, ast.expr]]:
        if node.id in servers:
            for other in dict.fromkeys((*servers, "s.selected")):
                if other != node.id and (other != "s.selected" or self.states):
                    yield Operator.OBJECT, _expression(other)
        elif node.id in ("s", "t") and self.states and 0 < self.t_from < node.lineno:
            yield Operator.TIME, _expression("t" if node.id == "s" else "s")

    def _attribute(self, node: ast.Attribute, servers: tuple[str, ...]) -> Iterator[tuple[Operator, ast.expr]]:
        if not isinstance(node.value, ast.Name):
            return
        of, word = node.value.id, node.attr
        known = self.names.get(of)
        if known is Kind:
            yield from ((Operator.KIND, _expression(f"Kind.{x.name}")) for x in _KINDS[word])
        elif known is Rc:
            yield from ((Operator.WORD, _expression(f"Rc.{x}")) for x in _ANSWERS.get(word, ("H_SUCCESS",)))
        elif isinstance(known, type) and issubclass(known, Enum):
            yield from ((Operator.WORD, _expression(f"{of}.{x}")) for x in _neighbours(known, word))
        elif of == "o" and word in ("true", "false"):
            yield Operator.ENDS, _expression(f"o.{_CONTRARY[word]}")
        elif of in ("s", "t"):
            yield from self._similar(word, node)
            if word in ("selected", "pin"):
                yield from ((Operator.OBJECT, _expression(x)) for x in servers)

    def _similar(self, word: str, node: ast.expr) -> Iterator[tuple[Operator, ast.expr]]:
        for other in _SIMILAR.get(word, ()):
            if isinstance(node, ast.Attribute):
                yield Operator.CONDITION, _expression(f"X.{other}", X=node.value)
            elif other in self.names:
                yield Operator.CONDITION, _expression(other)

    def _call(self, node: ast.Call) -> Iterator[tuple[Operator, ast.expr]]:
        operation = _of_algebra(node)
        arguments = node.args
        if operation in _CONTRARY:
            yield Operator.CONTRARY, ast.Call(_expression(f"o.{_CONTRARY[operation]}"), arguments, [])
        if operation == "no":
            yield Operator.CONTRARY, arguments[0]
        if operation in ("all_of", "any_of", "one_of") and len(arguments) > 1 + (operation == "one_of"):
            for k in range(operation == "one_of", len(arguments)):
                if not isinstance(arguments[k], ast.Starred):
                    rest = [*arguments[:k], *arguments[k + 1 :]]
                    yield Operator.MISSING, ast.Call(node.func, rest, [])
        branches = 1 if operation == "ite" else 2 if isinstance(node.func, ast.Name) and node.func.id == "merge" else 0
        if branches:
            *head, one, other = arguments
            yield Operator.ELSE, one
            yield Operator.ELSE, other
            yield Operator.ELSE, ast.Call(node.func, [*head, other, one], [])
        if operation in ("outranks", "lower_port") or _method(node, "added") or self._calls(node, "beats"):
            yield Operator.ORDER, ast.Call(node.func, [*arguments[:-2], arguments[-1], arguments[-2]], [])
        if isinstance(node.func, ast.Attribute) and node.func.attr in _QUEUE:
            for operator, text in _QUEUE[node.func.attr]:
                parts = {"Q": node.func.value} | ({"A": arguments[0]} if arguments else {})
                yield operator, _expression(text, **parts)
        yield from self._of_map(node)
        if self._answers_a_state(node) and len(arguments) > 1:
            yield Operator.DROPPED, arguments[1]
            yield Operator.DOUBLED, ast.Call(node.func, [arguments[0], node, *arguments[2:]], node.keywords)

    def _calls(self, node: ast.Call, name: str) -> bool:
        return isinstance(node.func, ast.Name) and node.func.id == name

    def _answers_a_state(self, node: ast.Call) -> bool:
        """A call of a function of the specification that makes a state of a state."""
        called = self.names.get(node.func.id) if isinstance(node.func, ast.Name) else None
        called = called.function if isinstance(called, Rule) else called
        return isinstance(called, FunctionType) and called.__annotations__.get("return") == "State"

    def _of_map(self, node: ast.Call) -> Iterator[tuple[Operator, ast.expr]]:
        """Errors in a map that is changed: of one server, or of each."""
        if not (_method(node, "set", "update", "each") and isinstance(node.func, ast.Attribute)):
            return
        of = node.func.value
        name = of.attr if isinstance(of, ast.Attribute) else ""
        if name not in _MAPS:
            return
        if node.func.attr == "each":
            yield (
                Operator.ALL,
                _expression("M.update(s.selected, lambda was: F(s.selected, was))", M=of, F=node.args[0]),
            )
            return
        server, value = node.args
        new = _expression("F(was)", F=value) if node.func.attr == "update" else value
        one = {"M": of, "I": server, "V": new}
        yield Operator.OTHERS, _expression("M.each(lambda k, was: o.ite(o.eq(k, I), was, V))", **one)
        yield Operator.ALL, _expression("M.each(lambda k, was: V)", **one)
        if name in _FLAGS and node.func.attr == "update":
            yield Operator.ENDS, _expression("M.set(I, o.true)", **one)
            yield Operator.ENDS, _expression("M.set(I, o.false)", **one)

    def _stronger(self, guard: ast.expr) -> Iterator[tuple[Operator, ast.expr, ast.expr]]:
        if "s" not in self.states:
            return
        for more in (*_MORE, *(_MORE_OF if "i" in self.servers else ())):
            yield Operator.STRONGER, guard, _expression(f"o.all_of(G, {more})", G=guard)

    # -- statements -----------------------------------------------------------------------------------------------

    def in_other_order(self) -> Iterator[tuple[Operator, list[ast.stmt], str, str, int]]:
        """Two effects that follow each other, the later one first."""
        body = self.tree.body
        for k, (one, other) in enumerate(pairwise(body)):
            first, second = _step(one), _step(other)
            if first is None or second is None or second[1] != "t":
                continue
            early, late = deepcopy(second[0]), deepcopy(first[0])
            _of_state(early, first[1])
            _of_state(late, "t")
            swapped = [ast.copy_location(early, one), ast.copy_location(late, other)]
            words = [ast.unparse(x) for x in (one, other)]
            yield (
                Operator.ORDER,
                [*body[:k], *swapped, *body[k + 2 :]],
                "; ".join(words),
                "the other way round",
                one.lineno,
            )


def _of_a_server(node: ast.Call) -> bool:
    """A law of servers is given here, or a change of each."""
    return _of_algebra(node) in ("every", "some") or _method(node, "each")


def _step(statement: ast.stmt) -> tuple[ast.Assign, str] | None:
    """A statement ``t = f(o, x, ...)`` or ``t = x.but(...)``, with the name of the state ``x`` that it starts from."""
    if not (isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "t"):
        return None
    call = statement.value
    if not isinstance(call, ast.Call):
        return None
    if isinstance(call.func, ast.Name) and len(call.args) > 1 and isinstance(call.args[1], ast.Name):
        return statement, call.args[1].id
    if _method(call, "but") and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return statement, call.func.value.id
    return None


def _of_state(statement: ast.Assign, state: str) -> None:
    """Let a statement start from another state."""
    call = statement.value
    assert isinstance(call, ast.Call)
    if isinstance(call.func, ast.Name):
        call.args[1] = ast.Name(state, ast.Load())
    else:
        assert isinstance(call.func, ast.Attribute)
        call.func.value = ast.Name(state, ast.Load())


def _neighbours(words: type[Enum], word: str) -> tuple[str, ...]:
    """The words before and behind one; of the statuses those that are stored."""
    members = [x.name for x in STORED_STATUSES] if words is Status else [x.name for x in words]
    k = members.index(word)
    return tuple(dict.fromkeys(x for x in (members[k - 1], members[(k + 1) % len(members)]) if x != word))
