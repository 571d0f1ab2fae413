"""The specification never asks Python about a state value: a lint over its source, which is what lets every reading read it.

The traced reading refuses ``bool()`` of an expression when it is run; this lint finds the same, and what tracing cannot
notice (``is``, a loop over two servers, an ``isinstance``), in the source, with file and line.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "spec" / "vnic_spec"

#: What is written over the algebra.
MODULES = (
    "administration.py",
    "failover.py",
    "dialogue.py",
    "monitoring.py",
    "selection.py",
    "session.py",
    "transport.py",
    "below/steps.py",
    *sorted(str(p.relative_to(PACKAGE)) for p in (PACKAGE / "lemmas").glob("*.py")),
    *sorted(str(p.relative_to(PACKAGE)) for p in (PACKAGE / "mutations").glob("*.py")),
    *sorted(str(p.relative_to(PACKAGE)) for p in (PACKAGE / "properties").rglob("*.py")),
)

BRANCHES = {
    ast.If: "if",
    ast.IfExp: "a conditional expression",
    ast.While: "while",
    ast.For: "for",
    ast.comprehension: "a comprehension",
    ast.Match: "match",
    ast.BoolOp: "and/or",
    ast.Compare: "a comparison",
    ast.Assert: "assert",
    ast.Try: "try",
}
#: Builtins that ask for a truth, an order or an identity, or that run over what they are given.
ASKING = {
    *("all", "any", "bool", "dict", "enumerate", "filter", "frozenset", "getattr", "hasattr", "hash", "id", "int"),
    *("isinstance", "iter", "len", "list", "map", "max", "min", "next", "range", "reversed", "set", "sorted", "sum"),
    *("tuple", "type", "zip"),
}

#: What is static after all, as source, with the reason.
ALLOWED = {
    "step.action == '<name>' (or !=)": "the name of an action is known when a step is described, and is no value of a reading",
    "step.action in (<names>), or in a constant of the module": "the same",
    "at_once is None": "a default argument of Python: it was not given",
}


def static(test: ast.expr) -> bool:
    """One of :data:`ALLOWED`: asks only what is known before any reading."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return False
    left, right = ast.unparse(test.left), test.comparators[0]
    if left == "step.action" and isinstance(test.ops[0], ast.Eq | ast.NotEq):
        return isinstance(right, ast.Constant) and isinstance(right.value, str)
    if left == "step.action" and isinstance(test.ops[0], ast.In):
        if isinstance(right, ast.Name):
            return right.id.isupper()  # a constant of the module
        return isinstance(right, ast.Tuple) and all(isinstance(e, ast.Constant) for e in right.elts)
    return ast.unparse(test) == "at_once is None"


def offences(source: str, name: str) -> list[str]:
    """Where the source asks Python about something that is not static: ``file:line: what: the code``."""
    tree = ast.parse(source)
    static_parts = {id(node) for node in ast.walk(tree) if isinstance(node, ast.expr) and static(node)}
    found = []
    for node in ast.walk(tree):
        what = next((word for kind, word in BRANCHES.items() if isinstance(node, kind)), "")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            what = "not"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ASKING:
            what = f"{node.func.id}()"
        if isinstance(node, ast.If | ast.IfExp) and id(node.test) in static_parts:
            what = ""
        if what and id(node) not in static_parts:
            where = node.iter if isinstance(node, ast.comprehension) else node
            assert isinstance(where, ast.expr | ast.stmt)
            found.append((where.lineno, f"{name}:{where.lineno}: {what}: {ast.unparse(node).splitlines()[0]}"))
    return [text for _, text in sorted(found)]


@pytest.mark.parametrize("module", MODULES)
def test_the_specification_asks_python_nothing(module: str) -> None:
    assert offences((PACKAGE / module).read_text(), module) == []


def test_every_module_written_over_the_algebra_is_looked_at() -> None:
    """Whatever defines an action, a property, a rule or a misreading imports the algebra; nothing else does."""
    over = {
        str(p.relative_to(PACKAGE)) for p in PACKAGE.rglob("*.py") if "from vnic_spec.algebra import" in p.read_text()
    }
    # These describe the machine: records, registries, sorts. They run over names and sorts, never over values.
    records = {
        "action.py",
        "rule.py",
        "lemma.py",
        "property.py",
        "state.py",
        "comparison.py",
        "mutation.py",
        "liveness.py",
        "below/fine_step.py",
    }
    assert over - records <= set(MODULES)
    assert {"transport.py", "properties/safety.py", "mutations/failover.py"} <= over


#: A whole module of offences: line → what the lint says about it.
BAD = """
def action(o, s, i, b, kinds):
    if s.crq:
        pass
    t = s if o.eq(b, i) else None
    guard = s.standing and s.auto
    guard = not s.auto
    guard = s.crq == 1
    guard = s.selected in (i, b)
    guard = s.selected is None
    guard = o.all_of(*[s.listed(j) for j in kinds])
    guard = any(s.listed)
    while guard:
        break
    for j in kinds:
        pass
    assert guard
    at_least = s.priority(i) < s.priority(b)
    word = step.action == s.crq
    word = step.action in kinds
    return max(guard, word)
"""
SAID = [
    "bad.py:3: if: if s.crq:",
    "bad.py:5: a conditional expression: s if o.eq(b, i) else None",
    "bad.py:6: and/or: s.standing and s.auto",
    "bad.py:7: not: not s.auto",
    "bad.py:8: a comparison: s.crq == 1",
    "bad.py:9: a comparison: s.selected in (i, b)",
    "bad.py:10: a comparison: s.selected is None",
    "bad.py:11: a comprehension:  for j in kinds",
    "bad.py:12: any(): any(s.listed)",
    "bad.py:13: while: while guard:",
    "bad.py:15: for: for j in kinds:",
    "bad.py:17: assert: assert guard",
    "bad.py:18: a comparison: s.priority(i) < s.priority(b)",
    "bad.py:19: a comparison: step.action == s.crq",
    "bad.py:20: a comparison: step.action in kinds",
    "bad.py:21: max(): max(guard, word)",
]
GOOD = '''
def law(o, s, t, step, at_once=None):
    """A law."""
    if step.action == "server_registers":
        return t.to_server(step["i"]).empty()
    flag = o.false if at_once is None else at_once
    older = s if step.action in _TAKES else t
    return o.eq(s.selected, step["i"]) if step.action in ("server_frees", "server_crashes") else flag
'''


def test_each_way_of_asking_is_noticed_with_file_and_line() -> None:
    assert offences(BAD, "bad.py") == SAID


def test_what_is_static_is_allowed() -> None:
    assert offences(GOOD, "good.py") == []
    assert len(ALLOWED) == 3


def test_a_rule_broken_in_the_real_source_is_noticed() -> None:
    source = (PACKAGE / "selection.py").read_text()
    spoilt = source.replace("o.no(s.overdue(i)),", "not s.overdue(i),")
    assert spoilt != source
    line = 1 + spoilt[: spoilt.index("not s.overdue(i)")].count("\n")
    assert offences(spoilt, "selection.py") == [f"selection.py:{line}: not: not s.overdue(i)"]
