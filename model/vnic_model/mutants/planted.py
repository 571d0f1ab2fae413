"""Errors of design planted in the specification: every operator at every place of every function that an action is made of.

A single mutation (:mod:`~vnic_model.mutants.single`) changes one action. An error of design is made once, in a rule or an action,
and is then made by every action that uses it. So it is planted in the function: while a mutated action is carried out, the
function has the code of its mutated text.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from vnic_model.expression import Node
from vnic_model.instance import Instance
from vnic_model.mutants.operators import Operator, Variant, variants
from vnic_model.mutants.single import PROFILES
from vnic_model.traced import Tracer
from vnic_spec import administration, dialogue, failover, monitoring, selection, session, transport
from vnic_spec.action import Action, Effect
from vnic_spec.catalogue import ACTIONS
from vnic_spec.rule import Rule
from vnic_spec.sorts import Choice, Each, Elements
from vnic_spec.state import VARIABLES

#: Where errors are planted, in reading order.
CHAPTERS = (selection, failover, transport, monitoring, administration, session, dialogue)
#: Words of a report are no longer than this.
_LONG = 110


@dataclass(frozen=True)
class Planted:
    """The specification with one error of design."""

    name: str  #: stable as long as the function says the same
    function: str
    operator: Operator
    sentence: str
    effects: Mapping[str, Callable[..., Effect]]  #: in the place of the actions that use the function


# --- functions -----------------------------------------------------------------------------------------------------


def _named(module: Any, name: str) -> FunctionType:
    found = getattr(module, name)
    function = found.function if isinstance(found, Rule) else found
    assert isinstance(function, FunctionType)
    return function


@cache
def functions() -> dict[str, tuple[FunctionType, ast.FunctionDef]]:
    """Every function of the chapters by its name, with its syntax tree."""
    found = {}
    for module in CHAPTERS:
        for node in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                assert node.name not in found, f"two functions are called {node.name}"
                found[node.name] = (_named(module, node.name), node)
                node.decorator_list = []
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


def _calls(function: FunctionType) -> set[str]:
    """The functions of the chapters that a function names."""
    known = functions()
    names = {name for code in _codes(function.__code__) for name in code.co_names}
    return {name for name in names if name in known and name in function.__globals__}


@cache
def users(name: str) -> tuple[str, ...]:
    """The actions that a function is a part of, itself included if it is one; those that say least first."""
    reached: dict[str, set[str]] = {}
    for action in ACTIONS:
        todo = [action]
        seen: set[str] = set()
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo += _calls(functions()[at][0])
        reached[action] = seen
    return tuple(sorted((a for a in ACTIONS if name in reached[a]), key=lambda a: len(ACTIONS[a].parameters)))


# --- errors --------------------------------------------------------------------------------------------------------


@contextmanager
def _having(function: FunctionType, code: CodeType) -> Iterator[None]:
    usual = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = usual


def _compiled(tree: ast.FunctionDef, file: str) -> CodeType:
    module = ast.parse("from __future__ import annotations")
    module.body.append(tree)
    found = compile(module, file, "exec")
    return next(c for c in found.co_consts if isinstance(c, CodeType))


def _erring(action: Action, function: FunctionType, code: CodeType) -> Callable[..., Effect]:
    def effect(o: Any, s: Any, *parameters: object) -> Effect:
        with _having(function, code):
            return action.effect(o, s, *parameters)

    return effect


def _planted(name: str, v: Variant) -> Planted | None:
    function, _ = functions()[name]
    try:
        code = _compiled(v.tree, function.__code__.co_filename)
    except SyntaxError:
        return None
    effects = {a: _erring(ACTIONS[a], function, code) for a in users(name)}
    sentence = f"{_short(v.before)} becomes {_short(v.after)}"
    return Planted(f"{name}: {sentence}", name, v.operator, sentence, effects)


def _short(words: str) -> str:
    words = " ".join(words.split()).replace("|", "/")
    return words if len(words) <= _LONG else f"{words[:_LONG]}..."


@cache
def candidates(name: str) -> tuple[Planted, ...]:
    """Every error that an operator can make in a function, whether it types or not; none twice."""
    function, tree = functions()[name]
    found: list[Planted] = []
    texts = {ast.unparse(tree)}
    for v in variants(tree, function) if users(name) else ():
        text = ast.unparse(v.tree)
        one = None if text in texts else _planted(name, v)
        texts.add(text)
        if one is not None:
            alike = sum(x.name.partition(" #")[0] == one.name for x in found)
            found.append(replace(one, name=f"{one.name} #{alike + 1}") if alike else one)
    return tuple(found)


@cache
def planted_in(name: str) -> tuple[Planted, ...]:
    """Every error that types in a function."""
    return tuple(filter(types, candidates(name)))


def all_planted(sample: int | None = None) -> Iterator[Planted]:
    """Every error of design that types, in the reading order of the functions.

    Args:
        sample: of so many places only, which lie as far apart as possible; what does not type there is left out.
    """
    every = [one for name in functions() for one in candidates(name)]
    number = len(every) if sample is None else min(sample, len(every))
    yield from filter(types, (every[k * len(every) // number] for k in range(number)))


# --- does it type? -------------------------------------------------------------------------------------------------


@cache
def _tracers() -> tuple[Tracer, ...]:
    return tuple(Tracer(Instance("everything", 2, frozenset(ACTIONS), profile=p)) for p in PROFILES)


@cache
def _sorts() -> dict[str, frozenset[int]]:
    """The numbers that stand for a value of a scalar, where they are words: by the name of its variable."""
    found = {}
    for v in VARIABLES:
        sort = v.sort.sort if isinstance(v.sort, Each) else v.sort
        if isinstance(sort, Choice):
            found[v.name] = frozenset(int(m.value) for m in sort.members)
        if isinstance(sort, Elements):
            found[f"{v.name}.kind"] = frozenset({0, *(int(m.value) for m in sort.kinds)})
    return found


def types(one: Planted) -> bool:
    """The first action that uses the function can be carried out, and each variable gets a value of its sort."""
    action = next(iter(one.effects))
    for usual in _tracers():
        tracer = Tracer(Instance("", 2, frozenset(), profile=usual.instance.profile, effects=one.effects), usual.ops)
        try:
            traced = tracer.trace(action)
        except Exception:  # whatever it raises, a specification like that is none
            return False
        if not all(_of_its_sort(tracer, name, node) for t in traced for name, node in t.updates.items()):
            return False
    return True


def _of_its_sort(tracer: Tracer, name: str, node: Node) -> bool:
    scalar = tracer.layout.scalars[name]
    if scalar.truth is not node.truth:
        return False
    variable = name.partition("[")[0].partition(".")[0]
    words = _sorts().get(f"{variable}.kind" if name.endswith(".kind") else variable)
    if words is None or name.endswith((".length", ".sender", ".fresh")):
        return True
    return all(value in words for value in _leaves(node))


def _leaves(node: Node) -> Iterator[int]:
    """The known values that an expression may have."""
    if node.op == "ite":
        yield from _leaves(node.args[1])
        yield from _leaves(node.args[2])
    elif node.is_const():
        yield int(node.value)
