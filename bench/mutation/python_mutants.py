"""Mutants of Python, made by walking its syntax tree and changing the text at one node.

Not changed, because by design no interface shows it: docstrings, annotations, decorators, ``__slots__``, ``repr`` and ``str``,
the words of errors and of refusals, the refusals of what only a caller of the library can ask, assertions (they tell a type
checker what is known), the bodies of protocols. A name that is bound only once keeps its binding: without it the module would
not run, and nothing would be learned. The counters of events of a registration are read by the audit of the machine's own
state alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import Enum
from functools import cache

import vnic_spec.vocabulary
import vnic_spec.wire
from mutation.mutant import PYTHON, Mutant, made, unique

#: The failover code: what decides. Not what only carries (memory, units, registers, the parts put together), translates (the
#: adapter), checks settings or plays an owner.
FILES = (
    "failover.py",
    "selection.py",
    "monitoring.py",
    "complaint.py",
    "servers.py",
    "console.py",
    "transport.py",
    "queues.py",
    "subordinate.py",
    "redirected.py",
    "vioctl.py",
    "interrupts.py",
)
#: Enumerations of which one member is put for another; the reasons of refusals are words and not among them.
_ENUMS: dict[str, type[Enum]] = {
    **{name: getattr(vnic_spec.wire, name) for name in ("Rc", "Event", "TceAccess", "Header", "Vioctl")},
    **{name: getattr(vnic_spec.vocabulary, name) for name in ("Crq", "Owed", "Status")},
}
_COMPARISONS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "is": "is not",
    "is not": "is",
    "in": "not in",
    "not in": "in",
}
_COMPARISON = re.compile(r"not\s+in\b|is\s+not\b|is\b|in\b|<=|>=|==|!=|<|>")
_ARITHMETIC = {"+": "-", "-": "+", "*": "+", "//": "*", "%": "//", "<<": ">>", ">>": "<<", "&": "|", "|": "&"}
_OPERATOR = re.compile(r"//|<<|>>|[-+*%&|]")
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_WORDS_OF_ERRORS = frozenset({"RequestError", "ValueError"})
#: Counters that only the audit of a machine's own state reads (INV-9); the kit counts events by itself.
_BOOKS = "registration_"
_UNSEEN = (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom)
#: Refusals of arguments that only a caller of the library can pass, not the console of the adapter protocol.
_CALLERS = ("Refusal.BAD_ARGUMENT", "Refusal.CAPACITY_RANGE", "Refusal.NO_SUCH_SERVER")
_UNSEEN_FUNCTIONS = frozenset({"__repr__", "__str__", "_is_whole", "_is_capacity"})
_UNSEEN_CLASSES = frozenset({"Protocol", "Enum"})


class _Changes(ast.NodeVisitor):
    """Collects the mutants of one file."""

    def __init__(self, file: str, source: str) -> None:
        self.found: list[Mutant] = []
        self._file, self._source = file, source
        lengths = [len(line) for line in source.splitlines(keepends=True)]
        self._begins = [sum(lengths[:number]) for number in range(len(lengths) + 1)]
        self._lines = source.splitlines(keepends=True)
        self._scope: list[str] = []
        self._span = (1, 1)
        self._answers: list[str] = []

    # -- places ----------------------------------------------------------------------------------------------------

    def _at(self, line: int, column: int) -> int:
        """Offset in characters of a place that the tree names in bytes of its line."""
        return self._begins[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def _place(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _put(self, place: tuple[int, int], text: str, operator: str) -> None:
        function = ".".join(self._scope)
        self.found.append(
            made(self._file, self._source, place, text, operator=operator, function=function, lines=self._span)
        )

    def _text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._place(node)
        return self._source[start:end]

    def _between(self, left: ast.expr, right: ast.expr, pattern: re.Pattern[str]) -> tuple[int, int, str]:
        start = self._place(left)[1]
        match = pattern.search(self._source, start, self._place(right)[0])
        assert match is not None
        return match.start(), match.end(), " ".join(match.group().split())

    # -- scopes ----------------------------------------------------------------------------------------------------

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(isinstance(base, ast.Name) and base.id in _UNSEEN_CLASSES for base in node.bases):
            return
        self._inside(node.name, node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name in _UNSEEN_FUNCTIONS:
            return
        self._span = (node.lineno, node.body[0].lineno)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self._answers.append(ast.unparse(node.returns) if node.returns is not None else "")
        self._inside(node.name, node.body)
        self._answers.pop()

    def _inside(self, name: str, body: list[ast.stmt]) -> None:
        self._scope.append(name)
        for statement in body:
            self.visit(statement)
        self._scope.pop()

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt) and not isinstance(node, ast.If | ast.While | ast.For | ast.With | ast.Try):
            self._span = (node.lineno, node.end_lineno or node.lineno)
        super().generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._span = (node.lineno, node.end_lineno or node.lineno)
        if node.value is not None:
            self.visit(node.value)
            if isinstance(node.target, ast.Attribute) and self._scope[-1:] != ["__init__"]:
                self._drop(node)

    # -- statements ------------------------------------------------------------------------------------------------

    def visit(self, node: ast.AST) -> None:
        """Go on with what somebody can see the effect of."""
        books = isinstance(node, ast.stmt) and _BOOKS in ast.unparse(node).split("\n", 1)[0]
        if not books and not isinstance(node, _UNSEEN):
            super().visit(node)

    def _drop(self, node: ast.stmt) -> None:
        self._put(self._place(node), "pass", "drop")

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Name) and target.id == "__slots__" for target in node.targets):
            return
        self.generic_visit(node)
        # An attribute that __init__ does not set, and a name that is bound only here, would just be missing.
        first = self._scope[-1:] == ["__init__"]
        if not first and all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._drop(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.generic_visit(node)
        self._drop(node)
        start, end = self._place(node.target)[1], self._place(node.value)[0]
        match = _OPERATOR.search(self._source, start, end)
        assert match is not None
        self._put((match.start(), match.end()), _ARITHMETIC[match.group()], "arithmetic")

    def visit_Delete(self, node: ast.Delete) -> None:
        self.generic_visit(node)
        self._drop(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return
        self.generic_visit(node)
        if isinstance(node.value, ast.Call):
            self._drop(node)

    def visit_Return(self, node: ast.Return) -> None:
        self.generic_visit(node)
        plain = isinstance(node.value, ast.Name | ast.Call | ast.Attribute | ast.IfExp)
        if node.value is not None and plain and self._answers and self._answers[-1] == "bool":
            self._put(self._place(node.value), f"not ({self._text(node.value)})", "negate")

    # -- conditions ------------------------------------------------------------------------------------------------

    def _condition(self, test: ast.expr) -> None:
        if isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr | ast.BinOp):
            self._put(self._place(test), f"not ({self._text(test)})", "negate")

    def visit_If(self, node: ast.If) -> None:
        if any(word in ast.unparse(node.body[-1]) for word in _CALLERS):
            return
        self._span = (node.lineno, node.test.end_lineno or node.lineno)
        self._condition(node.test)
        self.visit(node.test)
        if not node.orelse and isinstance(node.body[-1], ast.Return | ast.Continue | ast.Break):
            self._put(self._place(node.test), "False", "drop")
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def visit_While(self, node: ast.While) -> None:
        self._span = (node.lineno, node.test.end_lineno or node.lineno)
        self._condition(node.test)
        self.visit(node.test)
        for statement in node.body:
            self.visit(statement)

    def visit_For(self, node: ast.For) -> None:
        self._span = (node.lineno, node.iter.end_lineno or node.lineno)
        self.visit(node.iter)
        for statement in node.body:
            self.visit(statement)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._condition(test)
        self.generic_visit(node)

    # -- expressions -----------------------------------------------------------------------------------------------

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
            start, end, sign = self._between(left, right, _COMPARISON)
            self._put((start, end), _COMPARISONS[sign], "compare")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            start, end, _ = self._between(left, right, re.compile(rf"\b{word}\b"))
            self._put((start, end), other, "logical")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            start = self._place(node)[0]
            self._put((start, start + len("not ")), "", "negate")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not isinstance(node.op, ast.BitOr) or "int |" not in self._text(node):
            start, end, sign = self._between(node.left, node.right, _OPERATOR)
            self._put((start, end), _ARITHMETIC[sign], "arithmetic")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._put(self._place(node), str(not node.value), "constant")
        elif isinstance(node.value, int):
            self._put(self._place(node), str(node.value + 1), "constant+1")
            if node.value > 0:
                self._put(self._place(node), str(node.value - 1), "constant-1")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        kind = _ENUMS.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if kind is None or node.attr not in kind.__members__:
            self.generic_visit(node)
            return
        names = [member.name for member in kind]
        other = names[(names.index(kind[node.attr].name) + 1) % len(names)]
        self._put(self._place(node), f"{ast.unparse(node.value)}.{other}", "member")

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _WORDS_OF_ERRORS:
            return
        if name in _CALLS:
            self._put(self._place(node.func), _CALLS[name], "function")
        self.generic_visit(node)


def of_source(file: str, source: str) -> list[Mutant]:
    """Every mutant of one source, in the order of its lines."""
    changes = _Changes(file, source)
    changes.visit(ast.parse(source))
    return sorted(unique(changes.found), key=lambda mutant: (mutant.start, mutant.end, mutant.operator))


@cache
def source_of(file: str) -> str:
    """The text of one of :data:`FILES`."""
    return (PYTHON / file).read_text(encoding="utf-8")


def every() -> Iterator[Mutant]:
    """Every mutant of every file."""
    for file in FILES:
        yield from of_source(file, source_of(file))
