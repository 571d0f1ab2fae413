"""What is written out does what the definitions say that it was made of: every step, every law, on small systems."""

from __future__ import annotations

from types import FunctionType

import pytest

from vnic_model.direct import DirectMachine, DirectOps, initial_state
from vnic_model.instances import instance
from vnic_spec.action import carry_out
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Step
from vnic_spec.rule import RULES
from vnic_spec.selection import eligible

#: States that are compared, each in all its steps.
_STATES = 25


def test_effects_are_the_same_in_every_field_and_laws_agree() -> None:
    small = instance("all", 2)
    machine, plain = DirectMachine(small), DirectOps(small.servers, small.profile, small.rules, written_out=False)
    todo = [initial_state(small)]
    seen = set(todo)
    number = 0
    for state in todo:  # which grows
        for action, parameters in machine.moves():
            effect = small.effect_of(action)
            one = carry_out(machine.ops.carrying(effect), machine.ops, state, *parameters)
            two = carry_out(effect, plain, state, *parameters)
            assert bool(one.guard) == bool(two.guard), action.name
            if not one.guard:
                continue
            assert (one.state, one.answer) == (two.state, two.answer), action.name
            # repr tells True from 1 and an object that is falsy from False
            assert repr(one.state) == repr(two.state), action.name
            if one.state not in seen and len(seen) < _STATES:
                seen.add(one.state)
                todo.append(one.state)
            number += 1
            if number % 13:
                continue
            step = Step(action.name, dict(zip(action.parameters, parameters, strict=True)), one.answer)
            for p in PROPERTIES.values():
                if not p.speaks_of(action):
                    continue
                laws = [p.witness, p.of_step] if p.of_step is not None else [p.witness]
                for law in laws:
                    assert law is not None
                    told = bool(machine.ops.carrying(law)(machine.ops, state, one.state, step))
                    assert told == bool(law(plain, state, one.state, step)), p.name
                if p.of_state is not None:
                    assert bool(machine.ops.carrying(p.of_state)(machine.ops, one.state)) == bool(
                        p.of_state(plain, one.state)
                    ), p.name
    assert number > _STATES


def test_every_action_rule_and_law_is_written_out() -> None:
    ops = DirectOps(2, instance("core", 2).profile, {})
    functions = [a.effect for a in ACTIONS.values()] + [r.function for r in RULES.values()]
    for p in PROPERTIES.values():
        functions += [law for law in (p.witness, p.of_state, p.of_step) if law is not None]
    assert [f.__qualname__ for f in functions if ops.carrying(f) is f] == []


def test_what_is_written_out_asks_the_reading_for_no_junction() -> None:
    ops = DirectOps(2, instance("core", 2).profile, {})
    made = ops.carrying(eligible.function)
    assert isinstance(made, FunctionType)
    assert not {"all_of", "no", "eq"} & set(made.__code__.co_names)


@pytest.mark.parametrize("name", ["misread", "not"])
def test_a_rule_that_is_replaced_is_replaced_in_what_calls_it(name: str) -> None:
    ops = DirectOps(2, instance("core", 2).profile, {"eligible": lambda o, s, i: name == "misread"})
    state = initial_state(instance("core", 2))
    asking = RULES["nobody_eligible"].function
    assert bool(ops.carrying(asking)(ops, state)) == bool(asking(ops, state)) == (name != "misread")


def test_a_misread_action_is_not_taken_for_its_original() -> None:
    changed = 0
    for mutation in MUTATIONS.values():
        for action, effect in mutation.effects.items():
            ops = DirectOps(2, instance("core", 2).profile, mutation.rules)
            assert ops.carrying(effect) is not ops.carrying(ACTIONS[action].effect)
            changed += 1
    assert changed > 0


def test_a_function_that_is_not_of_its_source_is_carried_out_as_it_is() -> None:
    own = eligible.function
    assert isinstance(own, FunctionType)
    code = own.__code__
    # as one that a mutant is made of
    made = FunctionType(code.replace(co_consts=(*code.co_consts, "changed")), own.__globals__, own.__name__)
    made.__module__ = own.__module__
    ops = DirectOps(2, instance("core", 2).profile, {})
    assert ops.carrying(made) is made
