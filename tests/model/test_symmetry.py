"""Symmetry: the reduced graph has one state for each class of the whole one, at the least distance of the class.

Classes are made here a second time, by renaming decoded states; the packed form that the reduction uses is held against that.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from random import Random
from typing import Any

import pytest

from vnic_model.direct import DirectMap, DirectOrder, DirectQueue
from vnic_model.explorer import explore
from vnic_model.instance import Instance
from vnic_model.instances import claims, instance
from vnic_model.machine import Machine
from vnic_model.native import compiler, explore_native
from vnic_model.symmetry import Symmetry, SymmetryError, explore_reduced
from vnic_spec.algebra import Element
from vnic_spec.mutations import MUTATIONS, Mutation
from vnic_spec.profile import Profile, TieBreak
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property
from vnic_spec.sorts import Server
from vnic_spec.state import VARIABLES, State

needs_compiler = pytest.mark.skipif(
    compiler() is None, reason="there is no C compiler here; exploring in Python needs none"
)


@pytest.fixture(autouse=True)
def programs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled programs are kept from one test to the next, and not among the user's."""
    monkeypatch.setenv("VNICKIT_CACHE", str(tmp_path_factory.getbasetemp() / "programs"))


def made(name: str, servers: int, tie: TieBreak = TieBreak.ANY, *, equal: bool = False, **more: object) -> Instance:
    """An instance under a tie rule; ``equal``: all servers start with the same priority."""
    found = instance(name, servers, **more)  # type: ignore[arg-type]  # queue depths, mutation
    return replace(found, profile=replace(found.profile, tie_break=tie), start={} if equal else found.start)


#: (instance, servers, tie rule, equal priorities at the start)
REDUCED = [
    ("gap", 2, TieBreak.ANY, True),
    pytest.param("damped", 2, TieBreak.ANY, False, marks=pytest.mark.slow),
    pytest.param("admin", 2, TieBreak.OLDEST, False, marks=pytest.mark.slow),
    pytest.param("gap", 3, TieBreak.ANY, True, marks=pytest.mark.slow),
    pytest.param("ranking", 2, TieBreak.ANY, False, marks=pytest.mark.slow),
    pytest.param("admin", 2, TieBreak.NEWEST, False, marks=pytest.mark.slow),
    pytest.param("admin", 2, TieBreak.ANY, False, marks=pytest.mark.slow),
    pytest.param("wish", 2, TieBreak.ANY, True, marks=pytest.mark.slow),
]
#: Too large to be compared again in C, where gap has three servers, too.
LARGER = [pytest.param("damped", 3, TieBreak.ANY, False, marks=pytest.mark.slow)]


def distances(machine: Machine, symmetry: Symmetry | None = None) -> dict[int, int]:
    """Every reachable state, or canonical form of one, with the least number of steps to it."""
    form = symmetry.canonical if symmetry else int
    found = {form(machine.initial): 0}
    frontier = list(found)
    while frontier:
        following = []
        for s in frontier:
            for move in machine.moves(s):
                t = form(move.after)
                if t not in found:
                    found[t] = found[s] + 1
                    following.append(t)
        frontier = following
    return found


@pytest.mark.parametrize(("name", "servers", "tie", "equal"), [*REDUCED, *LARGER])
def test_the_reduced_graph_has_every_class_at_its_least_distance(
    name: str, servers: int, tie: TieBreak, equal: bool
) -> None:
    machine = Machine(made(name, servers, tie, equal=equal))
    symmetry = Symmetry(machine)
    whole, reduced = distances(machine), distances(machine, symmetry)
    least: dict[int, int] = {}
    for state, steps in whole.items():
        form = symmetry.canonical(state)
        least[form] = min(least.get(form, steps), steps)
    assert reduced == least
    assert len(reduced) < 0.6 * len(whole)
    if equal:  # then the initial state is alone in its class, and all states of a class are equally far
        assert all(reduced[symmetry.canonical(state)] == steps for state, steps in whole.items())


@needs_compiler
@pytest.mark.parametrize(("name", "servers", "tie", "equal"), REDUCED)
def test_c_reduces_as_python_does(name: str, servers: int, tie: TieBreak, equal: bool) -> None:
    reduced = made(name, servers, tie, equal=equal)
    python = explore_reduced(reduced, claims(name))
    native = explore_native(reduced, claims(name), symmetric=True)
    assert python.complete
    assert (native.states, native.transitions, native.depth) == (python.states, python.transitions, python.depth)
    assert native.fired == python.fired
    assert (native.complete, native.violation) == (True, None)


# --- what is wrong is found as soon ----------------------------------------------------------------------------------

#: Misreadings that are refuted where servers can be exchanged: of a step, of a state; with an order that is read, and without.
REFUTED = [
    ("closed_is_frozen", "damped", TieBreak.ANY),
    ("activation_not_pinned", "damped", TieBreak.ANY),
    pytest.param("never_preempts", "ranking", TieBreak.ANY, marks=pytest.mark.slow),
    pytest.param("waits_for_auto", "ranking", TieBreak.ANY, marks=pytest.mark.slow),
    pytest.param("pin_outlives_selection", "admin", TieBreak.OLDEST, marks=pytest.mark.slow),
    pytest.param("free_unnoticed", "ranking", TieBreak.ANY, marks=pytest.mark.slow),
]


def refuting(name: str, where: str, tie: TieBreak) -> tuple[Instance, Property, Mutation]:
    mutation = MUTATIONS[name]
    return made(where, 2, tie, mutation=mutation), PROPERTIES[mutation.refutes], mutation


@pytest.mark.parametrize(("name", "where", "tie"), REFUTED)
def test_a_violation_is_found_as_soon_and_by_a_path_of_the_machine(name: str, where: str, tie: TieBreak) -> None:
    mutated, p, _ = refuting(name, where, tie)
    whole, reduced = explore(mutated, [p]), explore_reduced(mutated, [p])
    assert whole.violation is reduced.violation is p
    assert len(whole.path) == len(reduced.path)
    machine = Machine(mutated, [p])
    state = machine.initial
    for move in reduced.path:
        assert machine.step(state, move.action.name, move.parameters) == move.after
        assert not machine.violated(state)
        state = move.after
    assert machine.violated(state) or reduced.path[-1].marks


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize(("name", "where", "tie"), REFUTED)
def test_c_finds_it_as_soon(name: str, where: str, tie: TieBreak) -> None:
    mutated, p, _ = refuting(name, where, tie)
    native, python = explore_native(mutated, [p], symmetric=True), explore_reduced(mutated, [p])
    assert native.violation is p
    assert (native.states, native.transitions, len(native.path)) == (
        python.states,
        python.transitions,
        len(python.path),
    )


def test_a_bound_on_states_makes_it_incomplete() -> None:
    assert not explore_reduced(made("gap", 2, equal=True), at_most=20).complete
    assert explore_reduced(made("gap", 2, equal=True), at_most=10_000).complete


# --- renaming --------------------------------------------------------------------------------------------------------


def renamed(state: State, called: tuple[int, ...]) -> State:
    """The state in which server ``i`` is called ``called[i]``, on plain Python values."""
    changes: dict[str, Any] = {}
    for variable in VARIABLES:
        held = getattr(state, variable.name)
        if isinstance(held, DirectMap):
            values = tuple(held.values[called.index(p)] for p in range(len(called)))
            changes[variable.name] = DirectMap(values, held.default)
        elif isinstance(held, DirectOrder):
            changes[variable.name] = DirectOrder(frozenset((called[a], called[b]) for a, b in held.before))
        elif isinstance(held, DirectQueue):
            items = tuple(
                Element(e.kind, called[e.sender] if isinstance(e.sender, int) else None, e.fresh) for e in held.items
            )
            changes[variable.name] = DirectQueue(items, held.depth)
        elif isinstance(variable.sort, Server):
            changes[variable.name] = None if held is None else called[held]
        else:
            changes[variable.name] = held
    return state.but(**changes)


def some_states(machine: Machine, enough: int) -> list[int]:
    """States of random walks."""
    random = Random(7)
    states: list[int] = []
    while len(states) < enough:
        state = machine.initial
        for _ in range(60):
            moves = list(machine.moves(state))
            if not moves:
                break
            state = random.choice(moves).after
            states.append(state)
    return states


@pytest.mark.parametrize(
    ("name", "servers", "tie"),
    [
        ("gap", 2, TieBreak.ANY),
        pytest.param("gap", 3, TieBreak.ANY, marks=pytest.mark.slow),
        pytest.param("ranking", 3, TieBreak.ANY, marks=pytest.mark.slow),
        pytest.param("admin", 4, TieBreak.NEWEST, marks=pytest.mark.slow),
        pytest.param("core", 3, TieBreak.ANY, marks=pytest.mark.slow),
    ],
)
def test_the_canonical_form_is_one_for_all_renamings_and_a_renaming_itself(
    name: str, servers: int, tie: TieBreak
) -> None:
    machine = Machine(made(name, servers, tie, equal=True))
    symmetry, layout = Symmetry(machine), machine.layout
    order = layout.mask(set(symmetry.places.order.values()))
    for state in some_states(machine, 120):
        plain = layout.decode(state)
        class_of = {layout.encode(renamed(plain, called)) for called in permutations(range(servers))}
        form = symmetry.canonical(state)
        assert {symmetry.canonical(other) for other in class_of} == {form}
        if symmetry.ordered:
            assert form in class_of
        else:
            assert form & ~order in {other & ~order for other in class_of}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(MUTATIONS)[::5])  # all of them hold; they take a minute
def test_no_misreading_knows_a_server_by_its_name(name: str) -> None:
    """What reduction rests on, for machines that are no longer the specification's: renamed states have renamed steps."""
    mutation = MUTATIONS[name]
    where = mutation.instance or PROPERTIES[mutation.refutes].instance
    machine = Machine(made(where, 2, mutation=mutation))
    layout, swap = machine.layout, (1, 0)

    def steps(state: int) -> list[tuple[str, int]]:
        return sorted((m.action.name, m.after) for m in machine.moves(state))

    for state in some_states(machine, 150):
        other = layout.encode(renamed(layout.decode(state), swap))
        expected = sorted((n, layout.encode(renamed(layout.decode(t), swap))) for n, t in steps(state))
        assert steps(other) == expected


# --- where there is nothing to be had ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (made("gap", 2, TieBreak.PORT), "servers are told apart by their ports"),
        (made("gap", 2, TieBreak.OLDEST), "tie_break = oldest tells servers apart by their order on the list"),
        (made("gap", 2), "differ by what nothing changes there, such as their priorities"),
        (
            replace(made("gap", 3), parameters={"i": (0, 1)}),
            "lets i be only some of the servers, which tells them apart",
        ),
    ],
    ids=["port", "oldest", "priorities", "parameters"],
)
def test_where_servers_are_told_apart_it_is_refused(refused: Instance, reason: str) -> None:
    with pytest.raises(SymmetryError, match=reason):
        explore_reduced(refused)


def test_a_misreading_that_looks_at_the_ports_is_noticed() -> None:
    spied = {"beats": lambda o, s, j, i: o.lower_port(j, i)}
    with pytest.raises(SymmetryError, match="ports"):
        Symmetry(Machine(replace(made("damped", 2), rules=spied)))


def test_an_order_that_a_property_alone_looks_at_is_kept() -> None:
    plain = made("gap", 2, equal=True)
    assert not Symmetry(Machine(plain)).ordered
    watching = replace(PROPERTIES["INV-1"], of_state=lambda o, s: o.every(lambda i: o.no(s.added(i, i))), of_step=None)
    looking = replace(watching, of_state=lambda o, s: s.added(s.selected, s.pin))
    assert not Symmetry(Machine(plain, [watching])).ordered
    with pytest.raises(SymmetryError, match="by their order on the list, which nothing changes in gap"):
        Symmetry(Machine(plain, [looking]))


def test_the_profile_is_the_usual_one_but_for_the_tie_rule() -> None:
    assert made("ranking", 2).profile == replace(Profile(), tie_break=TieBreak.ANY)
