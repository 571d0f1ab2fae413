"""Errors of design planted in the specification: where they are made, that they vanish again, and what refutes them."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cache

import pytest

from vnic_model.explorer import explore
from vnic_model.instances import claims
from vnic_model.mutants.ground import Ground
from vnic_model.mutants.obligations import Fate, guard_flaw, rule_on
from vnic_model.mutants.operators import Operator, variants
from vnic_model.mutants.planted import Planted, functions, planted_in, users
from vnic_model.mutants.single import Kind, Mutant
from vnic_model.traced import Tracer
from vnic_spec.catalogue import ACTIONS, RULES


@cache
def ground() -> Ground:
    return Ground("gap", 1, 10_000)


def planted(function: str, sentence: str) -> Planted:
    return next(p for p in planted_in(function) if p.sentence == sentence)


def erring(source: str, name: str = "fence") -> set[tuple[Operator, str]]:
    """The errors that the operators make in a function of our own, which knows what a rule knows."""
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return {(v.operator, v.after) for v in variants(tree, functions()[name][0])}


# --- which there are -----------------------------------------------------------------------------------------------


def test_every_rule_and_action_is_a_place() -> None:
    assert set(ACTIONS) | set(RULES) <= set(functions())
    assert users("gap_ends") == ("gap_ends",)
    assert {"client_migrates", "report_expires", "h_free_crq"} <= set(users("tell_server"))


@pytest.mark.parametrize(
    ("statement", "operator", "becomes"),
    [
        ("t = event(o, Kind.FAILED)", Operator.KIND, "Kind.DEREGISTERED"),
        ("t = o.const(Token.STALE)", Operator.WORD, "Token.CURRENT"),
        ("t = connect(o, s)", Operator.DROPPED, "s"),
        ("t = connect(o, s)", Operator.DOUBLED, "connect(o, connect(o, s))"),
        ("t = s.held.set(i, o.true)", Operator.OTHERS, "s.held.each(lambda k, was: o.ite(o.eq(k, i), was, o.true))"),
        ("t = s.held.set(i, o.true)", Operator.ALL, "s.held.each(lambda k, was: o.true)"),
        ("t = s.held.set(i, o.true)", Operator.ENDS, "o.false"),
        ("t = s.held(i)", Operator.OBJECT, "s.selected"),
        ("t = s.held(i)", Operator.CONDITION, "s.overdue"),
        ("t = o.eq(s.auto, o.no(s.wish))", Operator.CONTRARY, "o.ne(s.auto, o.no(s.wish))"),
        ("t = o.all_of(s.auto, s.wish)", Operator.MISSING, "o.all_of(s.wish)"),
        ("t = o.outranks(i, j)", Operator.ORDER, "o.outranks(j, i)"),
        ("t = o.ite(when, s.auto, s.wish)", Operator.ELSE, "s.auto"),
        ("guard = s.held(i)", Operator.STRONGER, "o.all_of(s.held(i), s.standing)"),
        ("t = s\n    u = connects(o, s, i)", Operator.TIME, "t"),
        ("t = fence(o, s, i, when)\n    t = connect(o, t)", Operator.ORDER, "the other way round"),
    ],
)
def test_every_operator_has_an_example(statement: str, operator: Operator, becomes: str) -> None:
    assert (operator, becomes) in erring(f"def f(o: Ops, s: State, i: Server, when: Truth):\n    {statement}\n")


def test_two_effects_in_the_other_order_start_from_each_other() -> None:
    source = "def f(o, s):\n    t = fence(o, s, i, when)\n    t = connect(o, t)\n"
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    swapped = next(v for v in variants(tree, functions()["fence"][0]) if v.after == "the other way round")
    assert [ast.unparse(x) for x in swapped.tree.body] == ["t = connect(o, s)", "t = fence(o, t, i, when)"]


def test_what_does_not_type_is_left_out_and_nothing_is_made_twice() -> None:
    found = planted_in("_unless_full")  # its second argument is no state, so leaving the call out would not type
    assert found
    assert len({p.name for p in found}) == len(found)
    assert all(p.function == "_unless_full" and set(p.effects) == set(users("_unless_full")) for p in found)


def test_an_error_is_made_only_while_its_action_is_carried_out() -> None:
    function = functions()["connect"][0]
    usual = function.__code__
    one = planted("connect", "s.connected becomes s.registered")
    tracer = Tracer(replace(ground().instance, effects=one.effects), ground().tracer.ops)
    assert tracer.trace("gap_ends")
    assert function.__code__ is usual
    with pytest.raises(TypeError):
        one.effects["gap_ends"](None)
    assert function.__code__ is usual


# --- what refutes them ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "sentence", "fate", "by"),
    [
        ("connect", "s.connected becomes s.registered", Fate.PROPERTY, "INV-3"),
        ("gap_ends", "o.false becomes o.true", Fate.PROPERTY, "CRQ-13/held"),
        ("gap_ends", "s.held becomes s.connected", Fate.GUARD, "guard of gap_ends too strong"),
        ("gap_ends", "i becomes s.selected", Fate.SAME, ""),
    ],
)
def test_every_fate_has_an_example(function: str, sentence: str, fate: Fate, by: str) -> None:
    found = rule_on(planted(function, sentence), [ground()])
    assert (found.fate, found.by) == (fate, by)
    assert found.fate.killed is bool(by)


def test_what_a_step_refutes_a_run_shows_too() -> None:
    one = planted("connect", "s.connected becomes s.registered")
    fresh = explore(replace(ground().instance, effects=one.effects), claims("gap"))
    assert fresh.violation is not None


def test_every_guard_of_the_specification_is_when_its_action_may_be_taken() -> None:
    for name in ground().instance.actions:
        assert guard_flaw(ground(), Mutant("", name, Kind.NEVER, "", ACTIONS[name].effect)) == ""
    never = Mutant(
        "", "gap_ends", Kind.NEVER, "", lambda o, s, i: ACTIONS["gap_ends"].effect(o, s, i)._replace(guard=o.false)
    )
    assert guard_flaw(ground(), never) == "guard of gap_ends too strong"
