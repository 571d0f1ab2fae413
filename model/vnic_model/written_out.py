"""The direct reading with the algebra written out: where a definition says ``o.all_of(a, b)``, Python is told ``a and b``.

The specification asks its reading for everything, so that one definition serves every reading. Over plain values that
costs a call for each conjunct, and each conjunct is worked out although the first one may be false. Here the source of an
action, a rule or a law is translated once: operations of the algebra become operators, which stop where the outcome is
certain, and rules call each other without asking which reading is in force. What is carried out is the definition itself,
not a second version of it; a test compares both on every step of small systems.

What the reading does in its own way (an operation that a subclass of :class:`~vnic_model.direct.DirectOps` has its own
method for, a rule that is replaced) stays a call. A function whose source is not that of its module, such as one that a
mutant is made of, is carried out as it is.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from vnic_spec.rule import Rule
from vnic_spec.sorts import Each
from vnic_spec.state import VARIABLES, merge
from vnic_spec.vocabulary import Kind

#: Variables of the state with a value for each server.
_PER_SERVER = frozenset(v.name for v in VARIABLES if isinstance(v.sort, Each))
#: Functions that take a law over all servers, as the built-in that takes the values of it.
_OVER_SERVERS = {"every": "all", "some": "any"}
#: Operations that become operators: those of one or two values, and those of any number.
_COMPARISONS: Mapping[str, type[ast.cmpop]] = {"eq": ast.Eq, "ne": ast.NotEq, "outranks": ast.Lt}
_JUNCTIONS: Mapping[str, type[ast.boolop]] = {"all_of": ast.And, "any_of": ast.Or}
#: The definition of a function.
_Definition: TypeAlias = ast.FunctionDef | ast.Lambda
_CONSTANTS: Mapping[str, bool | None] = {"true": True, "false": False, "nobody": None}


class WrittenOut:
    """Definitions written out for one reading.

    Args:
        own: operations of the algebra that the reading carries out in its own way.
        rules: functions in the place of rules, by name.
    """

    def __init__(self, own: frozenset[str], rules: Mapping[str, Callable[..., Any]]) -> None:
        self._own = own
        self._rules = rules
        self._done: dict[Callable[..., Any], Callable[..., Any]] = {}
        self._nodes: dict[str, _Definitions] = {}
        self._modules: dict[str, dict[str, Any]] = {}

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function written out; itself where that cannot be."""
        found = self._done.get(function)
        if found is None:
            self._done[function] = function  # for one that calls itself by way of another
            self._done[function] = found = self._made(function)
        return found

    def _made(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if isinstance(function, Rule):
            return self._rules[function.name] if function.name in self._rules else self(function.function)
        if isinstance(function, FunctionType) and function.__module__.startswith("vnic_spec."):
            return self._written(function)
        return function

    def _written(self, function: FunctionType) -> Callable[..., Any]:
        if (module := function.__module__) not in self._nodes:
            self._nodes[module] = _Definitions(module)
        node = self._nodes[module].take(function)
        parameters = inspect.getfullargspec(function).args
        if node is None or function.__closure__ or parameters[:1] != ["o"]:
            return function
        name = "_written"
        writer = _Writer(self._own, function.__globals__)
        body: list[ast.stmt]
        if isinstance(node, ast.Lambda):
            arguments, body = node.args, [ast.Return(writer.visit(node.body))]
        else:
            arguments, body = node.args, [writer.visit(statement) for statement in node.body]
        for argument in ast.walk(arguments):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        made = ast.FunctionDef(name=name, args=arguments, body=body, decorator_list=[], lineno=node.lineno)
        code = compile(_located(ast.Module([made], [])), function.__code__.co_filename, "exec")
        space = self._space(function, {n.id for n in ast.walk(made) if isinstance(n, ast.Name)})
        exec(code, space)  # noqa: S102 - source of the specification's own modules
        found: FunctionType = space.pop(name)
        found.__name__, found.__doc__, found.__module__ = function.__name__, function.__doc__, function.__module__
        found.__defaults__, found.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
        return found

    def _space(self, function: FunctionType, names: set[str]) -> dict[str, Any]:
        """The names of the function's module, those of definitions bound to what is written out."""
        space = self._modules.setdefault(function.__module__, dict(function.__globals__))
        for name in names & function.__globals__.keys():
            value = function.__globals__[name]
            if isinstance(value, Rule | FunctionType) and space[name] is value:
                space[name] = self(value)
        return space


class _Writer(ast.NodeTransformer):
    """Writes out the calls of ``o``."""

    def __init__(self, own: frozenset[str], names: Mapping[str, Any]) -> None:
        self._own = own
        self._names = names
        self._somebody: set[str] = set()  # names that are never nobody: what goes over all servers

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if _is_algebra(node) and node.attr in _CONSTANTS:
            return ast.Constant(_CONSTANTS[node.attr])
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if any(isinstance(a, ast.Starred) for a in node.args) or node.keywords:
            self.generic_visit(node)
            return node
        if isinstance(node.func, ast.Name) and self._names.get(node.func.id) is merge:
            _, condition, then, otherwise = (self.visit(a) for a in node.args)
            return ast.IfExp(condition, then, otherwise)
        if isinstance(node.func, ast.Attribute) and _is_algebra(node.func):
            return self._operation(node.func.attr, node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "each" and isinstance(node.args[0], ast.Lambda):
            with self._knowing(node.args[0].args.args[0].arg):
                self.generic_visit(node)
            return node
        if (found := self._of_server(node)) is not None:
            return found
        self.generic_visit(node)
        return node

    @contextmanager
    def _knowing(self, name: str) -> Iterator[None]:
        """What is visited meanwhile is where a name is never nobody."""
        known, self._somebody = self._somebody, self._somebody | {name}
        yield
        self._somebody = known

    def _operation(self, name: str, node: ast.Call) -> ast.expr:
        if name in _OVER_SERVERS and name not in self._own:
            return self._over_servers(name, node)
        comparing_words = name in ("eq", "ne", "one_of") and any(map(self._is_plain, node.args))
        self.generic_visit(node)
        arguments = node.args
        if name in self._own and not comparing_words:
            return node
        if name in _JUNCTIONS:
            return ast.BoolOp(_JUNCTIONS[name](), arguments) if len(arguments) > 1 else arguments[0]
        if name in _COMPARISONS:
            return ast.Compare(arguments[0], [_COMPARISONS[name]()], [arguments[1]])
        match name:
            case "const":
                return arguments[0]
            case "no":
                return _no(arguments[0])
            case "ite":
                return ast.IfExp(*arguments)
            case "implies":
                return ast.BoolOp(ast.Or(), [_no(arguments[0]), arguments[1]])
            case "iff":
                return ast.Compare(_no(arguments[0]), [ast.Eq()], [_no(arguments[1])])
            case "one_of":
                return ast.Compare(arguments[0], [ast.In()], [ast.Tuple(arguments[1:], ast.Load())])
        return node

    def _over_servers(self, name: str, node: ast.Call) -> ast.expr:
        law = node.args[0]
        built_in = ast.Name(_OVER_SERVERS[name], ast.Load())
        if isinstance(law, ast.Lambda):
            server = law.args.args[0].arg
            with self._knowing(server):
                body = self.visit(law.body)
            servers = ast.Attribute(ast.Name("o", ast.Load()), "servers", ast.Load())
            over = ast.comprehension(ast.Name(server, ast.Store()), servers, [], 0)
            return ast.Call(built_in, [ast.GeneratorExp(body, [over])], [])
        if isinstance(law, ast.Attribute) and isinstance(law.value, ast.Name) and law.attr in _PER_SERVER:
            return ast.Call(built_in, [ast.Attribute(law, "values", ast.Load())], [])
        self.generic_visit(node)
        return node

    def _of_server(self, node: ast.Call) -> ast.expr | None:
        """``s.status(i)`` of one server, looked up where it is kept; None if the call is something else."""
        what = node.func
        if not isinstance(what, ast.Attribute) or what.attr not in _PER_SERVER or len(node.args) != 1:
            return None
        if not isinstance(what.value, ast.Name) or not isinstance(node.args[0], ast.Name):
            return None
        server = node.args[0]
        value = ast.Subscript(ast.Attribute(what, "values", ast.Load()), server, ast.Load())
        if server.id in self._somebody:
            return value
        there = ast.Compare(server, [ast.IsNot()], [ast.Constant(None)])
        return ast.IfExp(there, value, ast.Attribute(what, "default", ast.Load()))

    def _is_plain(self, node: ast.expr) -> bool:
        """A constant that is no kind of element: a reading's own equality is about elements."""
        if isinstance(node, ast.Attribute) and _is_algebra(node):
            return node.attr == "nobody"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            words = self._names.get(node.value.id)
            return isinstance(words, type) and issubclass(words, Enum) and not issubclass(words, Kind)
        return False


def _located(module: ast.Module) -> ast.Module:
    """The module, in which every node is in the line that it was written in, or the one it was made for."""
    for node in ast.walk(ast.fix_missing_locations(module)):
        if isinstance(node, ast.expr | ast.stmt | ast.arg):
            node.end_lineno, node.end_col_offset = node.lineno, node.col_offset
    return module


def _is_algebra(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "o"


def _no(truth: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), truth)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


class _Definitions:
    """The functions that the source of a module defines; none where there is no source.

    Args:
        name: of the module.
    """

    def __init__(self, name: str) -> None:
        self._codes: frozenset[CodeType] = frozenset()
        self._nodes: dict[int, list[_Definition]] = {}
        module = sys.modules[name]
        try:
            source = inspect.getsource(module)
        except OSError:
            return
        tree = ast.parse(source)
        self._codes = frozenset(_codes(compile(source, module.__file__ or name, "exec", dont_inherit=True)))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.Lambda):
                decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
                self._nodes.setdefault(min(n.lineno for n in (node, *decorators)), []).append(node)

    def take(self, function: FunctionType) -> _Definition | None:
        """The definition of a function, for the caller to change; None where it is not made of this source."""
        code = function.__code__
        if code not in self._codes:
            return None
        names = code.co_varnames[: code.co_argcount]
        is_lambda = code.co_name == "<lambda>"
        found = [
            node
            for node in self._nodes.get(code.co_firstlineno, [])
            if isinstance(node, ast.Lambda) == is_lambda and tuple(a.arg for a in node.args.args) == names
        ]
        return found[0] if len(found) == 1 else None
