"""Expressions: what the builder simplifies, and what the code generator writes, has the value of what was meant."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnic_model.codegen import generate, predicate
from vnic_model.expression import Builder, Node
from vnic_model.instances import instance
from vnic_model.layout import Layout
from vnic_model.traced import Traced, Tracer
from vnic_spec.catalogue import ACTIONS

ADVICE = (
    "a state value has no truth value while the specification is being traced; "
    "write o.ite / o.all_of / o.any_of / o.no / o.eq instead of if / and / or / not / =="
)

# --- a node refuses to be asked ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "shown"),
    [
        (bool, "bool(eq(crq, 1))"),
        (operator.not_, "bool(eq(crq, 1))"),
        (lambda n: n and True, "bool(eq(crq, 1))"),
        (lambda n: n or True, "bool(eq(crq, 1))"),
        (lambda n: 1 if n else 2, "bool(eq(crq, 1))"),
        (lambda n: n == 1, "eq(crq, 1) == 1"),
        (lambda n: n != 1, "eq(crq, 1) == 1"),
        (lambda n: n in (1, 2), "eq(crq, 1) == 1"),
        (lambda n: n < 1, "eq(crq, 1) < 1"),
        (lambda n: n > 1, "eq(crq, 1) < 1"),
        (lambda n: n <= 1, "eq(crq, 1) < 1"),
        (lambda n: n >= 1, "eq(crq, 1) < 1"),
        (lambda n: any([n]), "bool(eq(crq, 1))"),
        (lambda n: max(n, 1), "eq(crq, 1) < 1"),
    ],
)
def test_asking_python_about_a_node_is_refused_with_advice(ask: Callable[[Node], object], shown: str) -> None:
    o = Builder()
    node = o.eq(o.var("crq", False), o.const(1))
    with pytest.raises(TypeError) as refused:
        ask(node)
    assert str(refused.value) == f"{shown}: {ADVICE}"


def test_an_action_written_with_if_is_refused() -> None:
    tracer = Tracer(instance("core", 1))
    with pytest.raises(TypeError, match=re.escape(f"bool(registered[0]): {ADVICE}")):
        _ = "open" if tracer.state.registered(tracer.ops.number(0)) else "closed"


def test_equal_expressions_are_one_node() -> None:
    o = Builder()
    p, q, x = o.var("p", True), o.var("q", True), o.var("x", False)
    assert o.var("p", True) is p
    assert o.all_of((p, q)) is o.all_of((o.true, p, o.all_of((q, p))))
    assert o.no(o.no(p)) is p
    assert o.eq(x, o.const(1)) is o.eq(o.const(1), x)
    assert o.ite(o.no(p), q, o.false) is o.ite(p, o.false, q)


# --- simplification keeps the value --------------------------------------------------------------------------------

TRUTHS = ("auto", "wish", "standing")
NUMBERS = ("crq", "owed")  #: two bits each in the layout
Raw = tuple[object, ...]  #: (op, arguments …), an expression as it was meant

_leaf_truth = st.sampled_from([("var", name) for name in TRUTHS] + [("truth", False), ("truth", True)])
_leaf_number = st.sampled_from([("var", name) for name in NUMBERS] + [("const", value) for value in range(4)])


def _number(truth: st.SearchStrategy[Raw]) -> st.SearchStrategy[Raw]:
    return st.recursive(_leaf_number, lambda n: st.tuples(st.just("ite"), truth, n, n), max_leaves=4)


def _grow(truth: st.SearchStrategy[Raw]) -> st.SearchStrategy[Raw]:
    number = _number(truth)
    several = st.lists(truth, max_size=4).map(tuple)
    return st.one_of(
        st.tuples(st.just("not"), truth),
        st.tuples(st.just("and"), several),
        st.tuples(st.just("or"), several),
        st.tuples(st.just("ite"), truth, truth, truth),
        st.tuples(st.just("eq"), truth, truth),
        st.tuples(st.just("eq"), number, number),
        st.tuples(st.just("lt"), number, number),
    )


truths: st.SearchStrategy[Raw] = st.recursive(_leaf_truth, _grow, max_leaves=12)
numbers: st.SearchStrategy[Raw] = _number(truths)


def meant(raw: Raw, values: dict[str, int]) -> int:
    """The value of an expression as it was meant, without any simplification."""
    op, *args = raw
    if op == "var":
        return values[str(args[0])]
    if op in ("truth", "const"):
        return int(args[0])  # type: ignore[call-overload, no-any-return]  # a leaf holds a number
    if op in ("and", "or"):
        parts = [bool(meant(a, values)) for a in args[0]]  # type: ignore[attr-defined]  # it holds expressions
        return all(parts) if op == "and" else any(parts)
    a, *more = (meant(x, values) for x in args)  # type: ignore[arg-type]  # all others are expressions
    if op == "not":
        return not a
    if op == "ite":
        return more[0] if a else more[1]
    return a == more[0] if op == "eq" else a < more[0]


def built(o: Builder, raw: Raw) -> Node:
    """The same, by the builder."""
    op, *args = raw
    if op == "var":
        return o.var(str(args[0]), args[0] in TRUTHS)
    if op == "truth":
        return o.truth(bool(args[0]))
    if op == "const":
        return o.const(int(args[0]))  # type: ignore[call-overload]  # a leaf holds a number
    if op in ("and", "or"):
        parts = [built(o, a) for a in args[0]]  # type: ignore[attr-defined]  # it holds expressions
        return o.all_of(parts) if op == "and" else o.any_of(parts)
    nodes = [built(o, a) for a in args]  # type: ignore[arg-type]  # all others are expressions
    made: dict[str, Callable[..., Node]] = {"not": o.no, "ite": o.ite, "eq": o.eq, "lt": o.lt}
    return made[str(op)](*nodes)


def evaluate(node: Node, values: dict[str, int]) -> int:
    """The value of a node."""
    if node.op == "const":
        return int(node.value)
    if node.op == "var":
        return values[str(node.value)]
    a = [evaluate(x, values) for x in node.args]
    if node.op == "ite":
        return a[1] if a[0] else a[2]
    return {
        "not": lambda: not a[0],
        "and": lambda: all(a),
        "or": lambda: any(a),
        "eq": lambda: a[0] == a[1],
        "lt": lambda: a[0] < a[1],
    }[node.op]()


ASSIGNMENTS = [
    dict(zip((*TRUTHS, *NUMBERS), row, strict=True)) for row in product(*[(0, 1)] * len(TRUTHS), *[range(4)] * 2)
]
LAYOUT = Layout(instance("core", 1))


def packed(values: dict[str, int]) -> int:
    """An assignment as a packed state."""
    return sum(value << LAYOUT.scalars[name].shift for name, value in values.items())


@given(truths)
def test_simplified_truths_have_the_value_that_was_meant(raw: Raw) -> None:
    node = built(Builder(), raw)
    assert node.truth
    assert [bool(evaluate(node, v)) for v in ASSIGNMENTS] == [bool(meant(raw, v)) for v in ASSIGNMENTS]


@given(numbers)
def test_simplified_numbers_have_the_value_that_was_meant(raw: Raw) -> None:
    node = built(Builder(), raw)
    assert not node.truth
    assert [evaluate(node, v) for v in ASSIGNMENTS] == [meant(raw, v) for v in ASSIGNMENTS]


@given(st.lists(truths, min_size=1, max_size=4))
def test_a_generated_predicate_has_the_value_of_its_expressions(raws: list[Raw]) -> None:
    o = Builder()
    compiled = predicate(LAYOUT, "law", [built(o, raw) for raw in raws])
    for values in ASSIGNMENTS:
        fails = tuple(k for k, raw in enumerate(raws) if not meant(raw, values))
        # Nothing outside its read mask matters to it.
        assert compiled.call(packed(values)) == compiled.call(packed(values) & compiled.mask) == fails


@dataclass
class Meant:
    """A step as it was meant."""

    guard: Raw
    updates: dict[str, Raw]
    answer: Raw
    law: Raw


steps = st.builds(
    Meant,
    truths,
    st.fixed_dictionaries({}, optional={"auto": truths, "wish": truths, "crq": numbers, "owed": numbers}),
    numbers,
    truths,
)


@given(st.lists(steps, min_size=1, max_size=3))
def test_a_generated_step_does_what_its_expressions_say(several: list[Meant]) -> None:
    tracer = Tracer(instance("core", 1))
    o = tracer.ops.builder
    traced, obligations = [], {}
    for number, m in enumerate(several):
        updates = {name: built(o, raw) for name, raw in m.updates.items()}
        traced.append(
            Traced(ACTIONS["server_boots"], (number,), built(o, m.guard), updates, built(o, m.answer), tracer.state)
        )
        obligations[number] = [(7, built(o, m.law))]
    compiled = generate(LAYOUT, o, "step", traced, obligations)
    for values in ASSIGNMENTS:
        before = packed(values)
        expected = []
        for number, m in enumerate(several):
            if meant(m.guard, values):
                after = packed(values | {name: int(meant(raw, values)) for name, raw in m.updates.items()})
                expected.append((number, after, meant(m.answer, values), () if meant(m.law, values) else (7,)))
        found = compiled.call(before & compiled.mask)
        assert [(n, before & keep | add, answer, broken) for n, keep, add, answer, broken in found] == expected


def test_the_expressions_drawn_are_worth_it() -> None:
    """Random expressions often collapse to a constant; enough of them do not."""
    kinds: set[str] = set()

    @given(truths)
    def collect(raw: Raw) -> None:
        pending = [built(Builder(), raw)]
        while pending:
            node = pending.pop()
            kinds.add(node.op)
            pending += node.args

    collect()
    assert kinds == {"const", "var", "not", "and", "or", "ite", "eq", "lt"}
