"""Laws of the machine that no single requirement states."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnic_model.direct import DirectMachine, DirectMap, DirectOps, DirectOrder, DirectQueue, initial_state
from vnic_model.explorer import explore
from vnic_model.instances import instance
from vnic_model.machine import Machine
from vnic_spec.action import Action, Actor
from vnic_spec.algebra import Element
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import EventFull, Profile, TieBreak
from vnic_spec.property import Property, Scope
from vnic_spec.state import VARIABLES, State
from vnic_spec.transport import awake, client_is_on
from vnic_spec.vocabulary import Crq, Status, Token

Reached = Callable[[str, int], tuple[Machine, tuple[int, ...]]]
Reachable = Callable[[Machine], tuple[int, ...]]

# --- determinism ---------------------------------------------------------------------------------------------------


def choices(machine: Machine, packed: int) -> dict[tuple[object, ...], dict[object, int]]:
    """(action, parameters but ``b``) → each ``b`` that is possible, with the state it leads to."""
    found: dict[tuple[object, ...], dict[object, int]] = {}
    for move in machine.moves(packed):
        if "b" in move.action.parameters:
            k = move.action.parameters.index("b")
            rest = (move.action.name, *move.parameters[:k], *move.parameters[k + 1 :])
            found.setdefault(rest, {})[move.parameters[k]] = move.after
    return found


@cache
def equals(name: str, rule: TieBreak) -> Machine:
    """Servers that all start with the same priority."""
    return Machine(replace(instance(name, 2, profile=Profile(tie_break=rule)), start={}))


def steps_of(machine: Machine, packed: int) -> set[tuple[object, ...]]:
    return {(m.action.name, m.parameters, m.after, m.answer) for m in machine.moves(packed)}


@pytest.mark.requirement("FOV-5")
@pytest.mark.parametrize("rule", [TieBreak.OLDEST, TieBreak.NEWEST, TieBreak.PORT])
def test_the_policy_leaves_no_choice(rule: TieBreak, reachable: Reachable) -> None:
    machine = equals("admin", rule)
    several = [s for s in reachable(machine)[::4] if any(len(bs) > 1 for bs in choices(machine, s).values())]
    assert several == []


@pytest.mark.requirement("SEL-5")
def test_tie_break_any_leaves_a_choice_among_equals_and_only_among_them(reachable: Reachable) -> None:
    machine = equals("admin", TieBreak.ANY)
    open_choices = 0
    for s in reachable(machine)[::4]:
        for bs in choices(machine, s).values():
            if len(bs) > 1:
                open_choices += 1
                after = machine.decode(next(iter(bs.values())))
                assert set(bs) == {0, 1}
                assert after.priority(0) == after.priority(1)
    assert open_choices > 0


@pytest.mark.requirement("SEL-5")
def test_tie_break_any_allows_what_every_other_rule_does_and_no_two_rules_are_one(reachable: Reachable) -> None:
    machines = {rule: equals("admin", rule) for rule in TieBreak}
    states = reachable(machines[TieBreak.ANY])[::4]
    graphs = {rule: [steps_of(machine, s) for s in states] for rule, machine in machines.items()}
    for rule in TieBreak:
        assert all(some <= free for some, free in zip(graphs[rule], graphs[TieBreak.ANY], strict=True))
        assert [other for other in TieBreak if graphs[other] == graphs[rule]] == [rule]


# --- the mechanism never stands in the way -------------------------------------------------------------------------

#: When an action of the environment is possible, whatever the mechanism has to do because of it.
OWN_GUARD: dict[str, Callable[[DirectOps, State, tuple[object, ...]], object]] = {
    "client_crashes": lambda o, s, p: client_is_on(o, s),
    "client_migrates": lambda o, s, p: client_is_on(o, s) and s.crq is Crq.OPEN,
    "h_reg_crq": lambda o, s, p: client_is_on(o, s) and s.crq is Crq.CLOSED,
    "h_free_crq": lambda o, s, p: client_is_on(o, s),
    "client_consumes": lambda o, s, p: client_is_on(o, s) and not s.to_client.empty(),
    "server_registers": lambda o, s, p: awake(o, s, p[0]) and not s.registered(p[0]),
    "server_frees": lambda o, s, p: awake(o, s, p[0]) and s.registered(p[0]),
    "server_crashes": lambda o, s, p: s.powered(p[0]),
    "server_consumes": lambda o, s, p: awake(o, s, p[0]) and not s.to_server(p[0]).empty(),
    "server_reports": lambda o, s, p: awake(o, s, p[0]) and s.registered(p[0]) and s.listed(p[0]),
    "report_expires": lambda o, s, p: (
        s.listed(p[0]) and s.status(p[0]) in (Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR)
    ),
    "adds_server": lambda o, s, p: not s.listed(p[0]),
    "removes_server": lambda o, s, p: s.listed(p[0]) and sum(s.listed(j) for j in o.servers) > 1,  # type: ignore[misc]
    "sets_priority": lambda o, s, p: s.listed(p[0]),
    "sets_auto": lambda o, s, p: True,
    "client_complains_late": lambda o, s, p: client_is_on(o, s) and s.token is Token.STALE,
    "h_send_crq_to_server": lambda o, s, p: client_is_on(o, s),
}
MECHANISM = ("b", "full", "client_full", "server_full")  #: parameters that say what the mechanism finds and does


def blocked(machine: Machine, states: Iterable[int]) -> list[tuple[str, tuple[object, ...], bool]]:
    """Actions possible when their own guard does not hold, or not possible when it does: (action, parameters, possible)."""
    found = []
    direct = DirectMachine(machine.instance)
    guards = [
        (name, guard, _own_parameters(direct, ACTIONS[name]))
        for name, guard in OWN_GUARD.items()
        if name in machine.instance.actions
    ]
    for s in states:
        possible = set()
        for move in machine.moves(s):
            possible.add((move.action.name, _own(move.action, move.parameters)))
        state = machine.decode(s)
        for name, guard, parameters in guards:
            for own in parameters:
                due = bool(guard(direct.ops, state, own))
                if due != ((name, own) in possible):
                    found.append((name, own, not due))
    return found


def _own_parameters(direct: DirectMachine, action: Action) -> set[tuple[object, ...]]:
    return {_own(a, c) for a, c in direct.moves() if a.name == action.name}


def _own(action: Action, parameters: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(v for p, v in zip(action.parameters, parameters, strict=True) if p not in MECHANISM)


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("interface", None),
        ("interface", Profile(event_full=EventFull.DEFER)),
        ("complaint", None),
        ("admin", None),
        ("damped", None),
        ("gap", None),
    ],
)
def test_the_mechanism_never_blocks_anybody(name: str, profile: Profile | None, reachable: Reachable) -> None:
    """Whatever is queued wherever and whoever has to be selected: a partition can crash, a console can write."""
    machine = Machine(instance(name, 2, profile=profile))
    states = reachable(machine)
    assert blocked(machine, states[:: max(1, len(states) // 400)]) == []


def test_a_mechanism_that_blocks_is_noticed() -> None:
    machine = Machine(instance("gap", 1))
    group = machine.group("server_registers")
    group.known = {machine.initial & group.mask: ()}
    assert blocked(machine, [machine.initial]) == [("server_registers", (0,), False)]


# --- servers are alike, and those that are not there do not count --------------------------------------------------


def permuted(state: State, order: tuple[int, ...]) -> State:
    """The state in which server ``i`` is called ``order[i]``."""

    def server(i: object) -> object:
        return order[i] if isinstance(i, int) else i

    def value(v: object) -> object:
        if isinstance(v, DirectQueue):
            return replace(v, items=tuple(Element(e.kind, server(e.sender), e.fresh) for e in v.items))
        return v

    changes: dict[str, Any] = {}
    for variable in VARIABLES:
        held = getattr(state, variable.name)
        if isinstance(held, DirectMap):
            values = [value(held.values[order.index(i)]) for i in range(len(order))]
            changes[variable.name] = DirectMap(tuple(values), held.default)
        elif isinstance(held, DirectOrder):
            changes[variable.name] = DirectOrder(frozenset((order[a], order[b]) for a, b in held.before))
        elif variable.name in ("selected", "pin", "seen"):
            changes[variable.name] = server(held)
        else:
            changes[variable.name] = value(held)
    return state.but(**changes)


def renamed(action: Action, parameters: tuple[object, ...], order: tuple[int, ...]) -> tuple[object, ...]:
    """The parameters of a step in which server ``i`` is called ``order[i]``."""
    return tuple(
        order[v] if p in ("i", "j", "b") and isinstance(v, int) else v
        for p, v in zip(action.parameters, parameters, strict=True)
    )


@pytest.mark.parametrize(("name", "servers"), [("core", 2), ("admin", 2), ("complaint", 3)])
def test_servers_are_alike(name: str, servers: int) -> None:
    """Calling the servers by other names changes nothing (with ports out of the game): what symmetry reduction rests on."""
    machine = Machine(instance(name, servers))
    states = walked(machine, 250)
    renamings = list(permutations(range(servers)))[1:]
    for k, s in enumerate(states):
        order = renamings[k % len(renamings)]
        other = machine.layout.encode(permuted(machine.decode(s), order))
        expected = {
            (m.action.name, renamed(m.action, m.parameters, order), _after(machine, m.after, order), m.answer)
            for m in machine.moves(s)
        }
        assert {(m.action.name, m.parameters, m.after, m.answer) for m in machine.moves(other)} == expected


def _after(machine: Machine, packed: int, order: tuple[int, ...]) -> int:
    return machine.layout.encode(permuted(machine.decode(packed), order))


def walked(machine: Machine, enough: int) -> list[int]:
    """Some reachable states, breadth-first, thinned out so that they are not all near the start."""
    seen, frontier = {machine.initial: None}, [machine.initial]
    while frontier and len(seen) < 40 * enough:
        following = []
        for s in frontier:
            for group in machine.groups:
                for _, keep, add, _, _ in group.steps(s):
                    after = s & keep | add
                    if after not in seen:
                        seen[after] = None
                        following.append(after)
        frontier = following
    return list(seen)[:: max(1, len(seen) // enough)]


@pytest.mark.parametrize("name", ["complaint", "damped"])
def test_a_server_that_is_not_listed_might_as_well_not_exist(name: str, reachable: Reachable) -> None:
    """Three servers of which one is not listed, off and silent: the same graph as with two, state by state."""
    two = Machine(instance(name, 2))
    three = instance(name, 3)
    parameters = {**three.parameters, "i": (0, 1), "j": (0, 1), "b": (0, 1, None), "level": (0, 1)}
    start = {**three.start, "listed": (True, True, False), "powered": (True, True, False)}
    start["priority"] = (0, 1, 1)
    hidden = Machine(replace(three, parameters=parameters, start=start, levels=2))

    def without(packed: int) -> int:
        state = hidden.decode(packed)
        changes: dict[str, Any] = {}
        for variable in VARIABLES:
            held = getattr(state, variable.name)
            if isinstance(held, DirectMap):
                changes[variable.name] = DirectMap(held.values[:2], held.default)
            elif isinstance(held, DirectOrder):
                changes[variable.name] = DirectOrder(frozenset(p for p in held.before if 2 not in p))
        return two.layout.encode(state.but(**changes))

    of_three = reachable(hidden)
    pairs = {s: without(s) for s in of_three}
    assert len(set(pairs.values())) == len(of_three)
    assert set(pairs.values()) == set(reachable(two))
    for s in of_three:
        assert {(m.action.name, m.parameters, pairs[m.after], m.answer) for m in hidden.moves(s)} == {
            (m.action.name, m.parameters, m.after, m.answer) for m in two.moves(pairs[s])
        }


# --- small instances of general facts ------------------------------------------------------------------------------


@given(st.integers(1, 6), st.sampled_from(["core", "ranking", "admin", "interface"]))
def test_in_the_beginning_nobody_is_there(servers: int, name: str) -> None:
    made = instance(name, servers)
    state = initial_state(made)
    assert (state.crq, state.selected, state.pin) == (Crq.CLOSED, None, None)
    assert not any(state.connected(i) or state.registered(i) for i in range(servers))
    first = {action.name for action, _, _ in DirectMachine(made).successors(state)}
    assert {"server_registers"} <= first
    assert not {n for n in first if ACTIONS[n].actor is Actor.SERVER} - {
        "server_registers",
        "server_frees_idle",
        "server_reports_unlisted",
        "h_send_crq_to_client",
    }


def test_a_property_that_fails_at_once_is_found_without_a_step() -> None:
    wrong = Property(
        "INV-1", ("INV-1",), "Somebody is selected.", Scope.ANYBODY, lambda o, s, t, x: o.true, "Always.", "core",
        of_state=lambda o, s: o.no(o.eq(s.selected, o.nobody)),
    )  # fmt: skip
    found = explore(instance("core", 1), [wrong])
    assert (found.violation, found.path, found.states) == (wrong, [], 1)
