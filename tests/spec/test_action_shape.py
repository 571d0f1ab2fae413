"""Every action has one shape: the guard first, the effect after it; and what its effect needs is part of its guard."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import fields
from typing import get_type_hints

import pytest

from vnic_model.direct import DirectMachine, initial_state
from vnic_model.instances import instance
from vnic_spec.action import Action, Effect, carry_out
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutation import misreading
from vnic_spec.mutations import MUTATIONS
from vnic_spec.rule import RULES, rule
from vnic_spec.state import VARIABLES, Changes, State
from vnic_spec.transport import server_frees


def body_of(action: Action) -> list[ast.stmt]:
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(action.effect))).body
    assert isinstance(function, ast.FunctionDef)
    return function.body[1:]  # without the docstring


def offences(body: list[ast.stmt]) -> list[str]:
    """What is not as every action has it."""
    found = []
    targets = [ast.unparse(n.targets[0]) if isinstance(n, ast.Assign) else "" for n in body]
    if "guard" not in targets:
        return ["no guard"]
    before = body[: targets.index("guard")]
    found += [f"an effect before the guard: {ast.unparse(n)}" for n in before if ".but(" in ast.unparse(n)]
    last = body[-1]
    if not (isinstance(last, ast.Return) and ast.unparse(last).startswith("return Effect(guard, ")):
        found.append("it does not end in Effect(guard, ...)")
    return found


@pytest.mark.parametrize("action", ACTIONS.values(), ids=list(ACTIONS))
def test_guard_first_effect_after(action: Action) -> None:
    assert offences(body_of(action)) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("t = s.but(x=o.true)\nreturn Effect(o.true, t)", ["no guard"]),
        (
            "t = s.but(x=o.true)\nguard = o.true\nreturn Effect(guard, t)",
            ["an effect before the guard: t = s.but(x=o.true)"],
        ),
        ("guard = o.true\nreturn Effect(o.all_of(guard, o.true), s)", ["it does not end in Effect(guard, ...)"]),
    ],
)
def test_another_shape_is_noticed(source: str, said: list[str]) -> None:
    assert offences(ast.parse(f"def f():\n{textwrap.indent(source, '    ')}").body[0].body) == said  # type: ignore[attr-defined]


def test_what_an_effect_needs_is_part_of_the_guard() -> None:
    """A full client's queue is no choice where nothing is put on it: the guard alone allows it, the whole action does not."""
    machine = DirectMachine(instance("interface", 2))
    (before,) = [
        effect.state
        for action, parameters, effect in machine.successors(initial_state(machine.instance))
        if action.name == "server_registers" and parameters == (0, None, False)
    ]
    o, action = machine.ops, ACTIONS["server_frees"]
    raw = server_frees(o, before, 0, None, True)
    assert raw.guard
    assert not all(raw.state.needs)
    assert not action.taken(o, before, 0, None, True).guard
    possible = action.taken(o, before, 0, None, False)
    assert possible.guard
    assert possible.state.needs == ()
    assert carry_out(lambda o, s: Effect(o.true, s), o, possible.state).state is possible.state


def test_what_is_needed_is_no_part_of_a_state() -> None:
    state = initial_state(instance("core", 1))
    assert state.needing((False,)) == state
    assert hash(state.needing((False,))) == hash(state)
    assert [v.name for v in VARIABLES] == [f.name for f in fields(State) if f.name != "needs"]


def test_what_can_be_replaced_are_the_variables_with_their_types() -> None:
    assert {n: t for n, t in get_type_hints(State).items() if n != "needs"} == get_type_hints(Changes)


def test_a_name_that_is_no_variable_is_refused() -> None:
    with pytest.raises(TypeError, match=r"no variables of the state: \['crk'\]"):
        initial_state(instance("core", 1)).but(crk=3)  # type: ignore[call-arg]  # which the type checker refuses, too


# --- registering ---------------------------------------------------------------------------------------------------


def test_a_rule_is_registered_once() -> None:
    with pytest.raises(TypeError, match="rule eligible is defined twice"):

        @rule()
        def eligible(o: object, s: State) -> object:
            return s


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "is defined twice, or replaces nothing"),
        ({"elegible": lambda o, s, i: o.true}, "replaces elegible, which is no rule and no action"),
        ({"eligible": lambda o, s: o.true}, "replaces eligible, which takes 3 arguments, not 2"),
        ({"server_frees": lambda o, s: o.true}, "replaces server_frees, which takes 5 arguments, not 2"),
    ],
)
def test_a_misreading_replaces_what_there_is(more: dict[str, object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        misreading("new", "SEL-3", "INV-3", "a sentence", **more)
    assert "new" not in MUTATIONS


def test_every_rule_is_the_functions_own_name() -> None:
    assert all(entry.function.__name__ == name for name, entry in RULES.items())
    assert not set(RULES) & set(ACTIONS)
