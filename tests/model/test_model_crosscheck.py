"""The generated code and the plain interpretation of the specification are the same machine.

In a state the two must agree on every possible step — action, parameters, state after, answer, step properties violated — and
on the state properties violated. The properties are judged by the specification's own rules, mutated machine or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from vnic_model.direct import DirectMachine
from vnic_model.instances import SCENARIOS, claims, instance
from vnic_model.machine import Machine
from vnic_spec.mutations import MUTATIONS
from vnic_spec.profile import ClientInit, ComplaintOrder, Crossing, EventFull, Profile, Reopen, TieBreak
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Step

#: action, parameters, packed state after, answer, names of the step properties violated
Row = tuple[str, tuple[object, ...], int, object, tuple[str, ...]]
Reached = Callable[[str, int], tuple[Machine, tuple[int, ...]]]


def by_interpretation(machine: Machine, direct: DirectMachine, packed: int) -> tuple[list[Row], set[str]]:
    """Steps out of a state and state properties violated in it, by the direct reading."""
    state, judge = machine.decode(packed), direct.judge
    rows: list[Row] = []
    for action, parameters, effect in direct.successors(state):
        step = Step(action.name, dict(zip(action.parameters, parameters, strict=True)), effect.answer)
        broken = tuple(
            p.name
            for p in machine.step_properties
            if p.of_step is not None and p.speaks_of(action) and not p.of_step(judge, state, effect.state, step)
        )
        rows.append((action.name, parameters, machine.layout.encode(effect.state), effect.answer, broken))
    return rows, {p.name for p in machine.state_properties if p.of_state is not None and not p.of_state(judge, state)}


def by_generated_code(machine: Machine, packed: int) -> tuple[list[Row], set[str]]:
    """The same by the traced reading."""
    rows: list[Row] = []
    for move in machine.moves(packed):
        broken = tuple(machine.step_properties[k].name for k in move.marks)
        rows.append((move.action.name, move.parameters, move.after, move.answer, broken))
    return rows, {p.name for p in machine.violated(packed)}


def disagreements(machine: Machine, direct: DirectMachine, states: Iterable[int]) -> list[tuple[int, str, object]]:
    """Where the two differ: (state, who has it alone, what)."""
    found: list[tuple[int, str, object]] = []
    for packed in states:
        plain, plainly_violated = by_interpretation(machine, direct, packed)
        generated, violated = by_generated_code(machine, packed)
        found += [(packed, "direct", row) for row in (Counter(plain) - Counter(generated))]
        found += [(packed, "generated", row) for row in (Counter(generated) - Counter(plain))]
        found += [(packed, "direct", name) for name in plainly_violated - violated]
        found += [(packed, "generated", name) for name in violated - plainly_violated]
    return found


def walk(machine: Machine, length: int, seed: int) -> list[int]:
    """The states of a random walk: a random action, then a random one of its steps; from the start again at a dead end."""
    random = Random(seed)  # a walk has to be repeatable
    state, states = machine.initial, [machine.initial]
    for _ in range(length):
        moves = list(machine.moves(state))
        names = sorted({move.action.name for move in moves})
        if names:
            name = random.choice(names)
            state = random.choice([move for move in moves if move.action.name == name]).after
        else:
            state = machine.initial
        states.append(state)
    return states


#: Where the number of interventions is bounded it is in the packed state, but not in the specification's:
#: test_interventions.py says how the two are related.
UNBOUNDED = tuple(name for name, scenario in SCENARIOS.items() if scenario.interventions is None)


# --- the specification ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNBOUNDED)
def test_readings_agree_on_states_of_one_server(name: str, reached: Reached) -> None:
    machine, states = reached(name, 1)
    # Interpreting is slow, so it is few of them; the next test takes all.
    some = Random(name).sample(states, min(20, len(states)))
    assert disagreements(machine, DirectMachine(machine.instance), some) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", UNBOUNDED)
def test_readings_agree_on_all_states_of_one_server(name: str, reached: Reached) -> None:
    machine, states = reached(name, 1)
    assert disagreements(machine, DirectMachine(machine.instance), states) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["complaint", "damped", "gap"])
def test_readings_agree_on_all_states_of_two_servers(name: str, reached: Reached) -> None:
    machine, states = reached(name, 2)
    assert disagreements(machine, DirectMachine(machine.instance), states) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in UNBOUNDED if n not in ("complaint", "damped", "gap")])
def test_readings_agree_on_many_states_of_two_servers(name: str, reached: Reached) -> None:
    machine, states = reached(name, 2)
    some = Random(name).sample(states, min(250, len(states)))
    assert disagreements(machine, DirectMachine(machine.instance), some) == []


WALKS = ("core", "migration", "data", "answer", "deferred", "admin")


@pytest.mark.parametrize("name", [n if n == "data" else pytest.param(n, marks=pytest.mark.slow) for n in WALKS])
def test_readings_agree_on_a_walk(name: str) -> None:
    machine = Machine(instance(name, 2), claims(name))
    # The walk is long, to get somewhere; interpreting is slow, so a part of it is looked at.
    states = sorted(set(walk(machine, 1000, seed=1)))
    some = Random(name).sample(states, 15)
    assert disagreements(machine, DirectMachine(machine.instance), some) == []


@pytest.mark.slow
@pytest.mark.parametrize("servers", [2, 3, 4])
@pytest.mark.parametrize("name", WALKS)
def test_readings_agree_on_a_long_walk(name: str, servers: int) -> None:
    machine = Machine(instance(name, servers), claims(name))
    states = walk(machine, 1500 // servers**3, seed=servers)
    assert len(set(states)) > len(states) // 5
    assert disagreements(machine, DirectMachine(machine.instance), dict.fromkeys(states)) == []


# --- every profile, every mutation ---------------------------------------------------------------------------------

PROFILES = [
    pytest.param("core", Profile(event_full=EventFull.DEFER), id="event_full"),
    pytest.param("migration", Profile(event_full=EventFull.DEFER), id="event_full-migration"),
    pytest.param("core", Profile(crossing=Crossing.GAP), id="crossing"),
    *(pytest.param("ranking", Profile(tie_break=rule), id=f"tie_break-{rule}") for rule in TieBreak),
    pytest.param("ranking", Profile(reopen=Reopen.RESELECT), id="reopen"),
    pytest.param("complaint", Profile(complaint_order=ComplaintOrder.LOPAR), id="complaint_order"),
    pytest.param("answer", Profile(client_init=ClientInit.REREGISTER), id="client_init"),
    pytest.param("admin", Profile(preempt_delay_ms=1), id="preempt_delay"),
]


def test_the_profiles_walked_hold_every_value_of_every_choice() -> None:
    walked: set[object] = set()
    for parameters in PROFILES:
        profile = parameters.values[1]
        assert isinstance(profile, Profile)
        walked |= {getattr(profile, f) for f in Profile.__dataclass_fields__}
    walked |= {getattr(SCENARIOS["answer"].profile, f) for f in Profile.__dataclass_fields__}
    for words in (EventFull, Crossing, TieBreak, Reopen, ComplaintOrder, ClientInit):
        assert set(words) <= walked


@pytest.mark.slow
@pytest.mark.parametrize(("name", "profile"), PROFILES)
def test_readings_agree_under_every_profile(name: str, profile: Profile) -> None:
    # Ties come about only between servers of equal priority, so here all start with the same.
    equal = replace(instance(name, 2, profile=profile), start={})
    machine = Machine(equal, claims(name))
    assert disagreements(machine, DirectMachine(equal), dict.fromkeys(walk(machine, 150, seed=7))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_readings_agree_on_every_mutation(name: str) -> None:
    mutation = MUTATIONS[name]
    where = mutation.instance or PROPERTIES[mutation.refutes].instance
    mutated = instance(where, 2, mutation=mutation)
    machine = Machine(mutated, [PROPERTIES[mutation.refutes]])
    assert disagreements(machine, DirectMachine(mutated), dict.fromkeys(walk(machine, 40, seed=3))) == []


# --- the check can fail --------------------------------------------------------------------------------------------


def _wrong_state(step: Any) -> Any:
    number, keep, add, answer, broken = step
    return number, keep, add ^ 1, answer, broken


def _wrong_answer(step: Any) -> Any:
    number, keep, add, _, broken = step
    return number, keep, add, -1, broken


def _wrong_verdict(step: Any) -> Any:
    number, keep, add, answer, _ = step
    return number, keep, add, answer, (0,)


@pytest.mark.parametrize("spoil", [_wrong_state, _wrong_answer, _wrong_verdict])
def test_a_wrong_generated_step_is_noticed(spoil: Callable[[Any], Any]) -> None:
    machine = Machine(instance("gap", 1), claims("gap"))
    direct = DirectMachine(machine.instance)
    assert disagreements(machine, direct, [machine.initial]) == []
    group = machine.group("h_reg_crq")
    assert group.steps(machine.initial)
    group.known = {key: tuple(spoil(step) for step in steps) for key, steps in group.known.items()}
    assert {who for _, who, _ in disagreements(machine, direct, [machine.initial])} == {"direct", "generated"}


def test_a_missing_step_and_a_step_too_many_are_noticed() -> None:
    machine = Machine(instance("gap", 1), claims("gap"))
    direct = DirectMachine(machine.instance)
    group = machine.group("h_reg_crq")
    steps = group.steps(machine.initial)
    group.known = {machine.initial & group.mask: ()}
    assert [who for _, who, _ in disagreements(machine, direct, [machine.initial])] == ["direct"]
    group.known = {machine.initial & group.mask: steps * 2}
    assert [who for _, who, _ in disagreements(machine, direct, [machine.initial])] == ["generated"]


def test_a_wrong_verdict_on_a_state_is_noticed() -> None:
    machine = Machine(instance("gap", 1), claims("gap"))
    machine._known[0][machine.initial & machine._state_laws[0][1].mask] = True
    found = disagreements(machine, DirectMachine(machine.instance), [machine.initial])
    assert found == [(machine.initial, "generated", machine.state_properties[0].name)]


def test_a_mutated_machine_does_not_agree_with_the_specification() -> None:
    mutated = instance("core", 1, mutation=MUTATIONS["registering_is_operational"])
    machine = Machine(mutated, claims("core"))
    states = sorted(set(walk(machine, 50, seed=1)))
    assert disagreements(machine, DirectMachine(mutated), states) == []
    assert disagreements(machine, DirectMachine(instance("core", 1)), states) != []
