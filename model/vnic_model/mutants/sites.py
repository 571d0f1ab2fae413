"""Where in the specification an operation of the algebra is called, and what stands there.

A *site* is a chain of calls: from the function of an action down to the call of ``o.all_of`` or ``s.but``. It is the same in
every reading and for every combination of parameters, since the specification cannot branch on values; so a mutation at a
site is a mutation of the specification, not of one reading of it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

from vnic_spec.rule import Rule
from vnic_spec.state import State

_SPECIFICATION = "vnic_spec."
#: Functions of the specification that stand between a caller and what is called, and say nothing themselves.
_BETWEEN = frozenset({Rule.__call__.__code__, Rule.as_written.__code__, State.provided.__code__})
#: Texts longer than this are not put in the place of the name of a local variable.
_SHORT = 70


@dataclass(frozen=True)
class Site:
    """A chain of calls, outermost first: the code that calls, and the instruction that does."""

    calls: tuple[tuple[CodeType, int], ...]

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions on the way, the action first."""
        return tuple(code.co_name for code, _ in self.calls)

    def is_here(self, frame: FrameType, action: CodeType) -> bool:
        """The caller, in ``frame``, stands at this site."""
        code, instruction = self.calls[-1]
        return frame.f_lasti == instruction and frame.f_code is code and site_of(frame, action) == self


def site_of(frame: FrameType, action: CodeType) -> Site:
    """The site of the caller, in ``frame``, within the evaluation of an action's function."""
    calls: list[tuple[CodeType, int]] = []
    at: FrameType | None = frame
    while at is not None:
        if in_specification(at) and at.f_code not in _BETWEEN:
            calls.append((at.f_code, at.f_lasti))
        if at.f_code is action:
            break
        at = at.f_back
    return Site(tuple(reversed(calls)))


def in_specification(frame: FrameType) -> bool:
    """The caller is a function of the specification, not of a reading."""
    return str(frame.f_globals.get("__name__", "")).startswith(_SPECIFICATION)


def caller() -> FrameType:
    """The frame that called the function that asks; of a need the one that called :meth:`~vnic_spec.state.State.provided`."""
    frame: FrameType = sys._getframe(2)
    while frame.f_code in _BETWEEN and frame.f_back is not None:
        frame = frame.f_back
    return frame


# --- what stands there ---------------------------------------------------------------------------------------------


@cache
def _calls_in(file: str) -> Mapping[tuple[int, int, int, int], ast.Call]:
    """Every call in a source file by where it stands."""
    found = {}
    for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            found[node.lineno, node.end_lineno, node.col_offset, node.end_col_offset] = node
    return found


@cache
def _functions_in(file: str) -> Mapping[int, ast.FunctionDef]:
    """Every function in a source file by its first line, that of a decorator included."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found[first] = node
    return found


def call_at(code: CodeType, instruction: int) -> ast.Call:
    """The call in the source that an instruction carries out."""
    positions = list(code.co_positions())[instruction // 2]
    return _calls_in(code.co_filename)[positions]  # type: ignore[index]  # a call has all four


def argument_text(site: Site, number: int) -> str:
    """What the source says as the n-th argument of the call at a site."""
    code, instruction = site.calls[-1]
    arguments = [a for a in call_at(code, instruction).args if not (isinstance(a, ast.Name) and a.id == "o")]
    return _text(arguments[number], site)


def guard_text(function: CodeType) -> str:
    """What the source says as the guard of an action, where it is no conjunction."""
    site = Site(((function, 0),))
    found = _functions_in(function.co_filename)[function.co_firstlineno]
    guards = [n.value for n in found.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "guard"]
    return _text(guards[0], site)


def keyword_text(site: Site, name: str) -> str:
    """What the source says as a keyword argument of the call at a site."""
    code, instruction = site.calls[-1]
    value = next(k.value for k in call_at(code, instruction).keywords if k.arg == name)
    return _text(value, site)


def _text(expression: ast.expr, site: Site) -> str:
    return _Words(site).of(expression)


class _Words:
    """An expression of the specification in short: without the algebra, the state, and names that stand for something short."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def of(self, e: ast.expr) -> str:
        """The words for an expression."""
        if isinstance(e, ast.Name):
            return self._name(e.id)
        if isinstance(e, ast.Attribute):
            return self._attribute(e)
        if isinstance(e, ast.Starred):
            return f"*{self.of(e.value)}"
        if isinstance(e, ast.Call):
            return self._call(e)
        if isinstance(e, ast.Lambda):
            return self.of(e.body)
        if isinstance(e, ast.IfExp):  # only ever a parameter's default
            return self.of(e.orelse)
        return ast.unparse(e)

    def _attribute(self, e: ast.Attribute) -> str:
        if isinstance(e.value, ast.Name) and (e.value.id in ("o", "s", "t") or e.value.id[0].isupper()):
            return e.attr
        return f"{self.of(e.value)}.{e.attr}"

    def _call(self, e: ast.Call) -> str:
        operation = e.func.attr if isinstance(e.func, ast.Attribute) else ""
        of_algebra = isinstance(e.func, ast.Attribute) and isinstance(e.func.value, ast.Name) and e.func.value.id == "o"
        arguments = [self.of(a) for a in e.args if not (isinstance(a, ast.Name) and a.id in ("o", "s", "t"))]
        if of_algebra:
            shape = {
                "eq": " = ",
                "ne": " ≠ ",
                "iff": " = ",
                "all_of": " and ",
                "any_of": " or ",
                "implies": " implies ",
            }
            if operation in shape:
                words = shape[operation].join(arguments)
                return words if operation in ("eq", "ne", "iff") else f"({words})"
            if operation == "no":
                equation = " = " in arguments[0] and not arguments[0].startswith(("(", "not "))
                return arguments[0].replace(" = ", " ≠ ", 1) if equation else f"not {arguments[0]}"
            if operation == "one_of":
                return f"{arguments[0]} in {{{', '.join(arguments[1:])}}}"
            if operation == "const":
                return arguments[0]
            if operation == "ite":
                return f"(if {arguments[0]} then {arguments[1]} else {arguments[2]})"
        head = self._attribute(e.func) if isinstance(e.func, ast.Attribute) and not of_algebra else self.of(e.func)
        return f"{head}({', '.join(arguments)})"

    def _name(self, name: str) -> str:
        """A local variable or parameter by what it stands for, if that is short."""
        code = self.site.calls[-1][0]
        function = _functions_in(code.co_filename).get(code.co_firstlineno)
        if function is None:
            return name
        parameters = [a.arg for a in function.args.args]
        if name in parameters and len(self.site.calls) > 1 and name not in ("i", "j", "b"):
            outer = Site(self.site.calls[:-1])
            call = call_at(*outer.calls[-1])
            given = {k.arg: k.value for k in call.keywords} | dict(zip(parameters, call.args, strict=False))
            return _text(given[name], outer) if name in given else name
        assigned = [
            n.value
            for n in ast.walk(function)
            if isinstance(n, ast.Assign)
            and len(n.targets) == 1
            and isinstance(n.targets[0], ast.Name)
            and n.targets[0].id == name
        ]
        if len(assigned) == 1:
            words = self.of(assigned[0])
            return words if len(words) <= _SHORT else name
        return name
