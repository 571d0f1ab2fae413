"""LIV-1, LIV-2: the client is logged in eventually, and switches stop; decided, not sampled."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import networkx as nx
import pytest

from vnic_model.components import components
from vnic_model.instances import SCENARIOS, instance
from vnic_model.liveness import LivenessError, Verdict, decide
from vnic_spec.catalogue import ACTIONS
from vnic_spec.liveness import GOALS, NOT_OWED, TIME_PASSES, TIMED, is_owed
from vnic_spec.mutations import ENDLESS, MUTATIONS
from vnic_spec.profile import ComplaintOrder, Profile
from vnic_spec.properties.progress import CLIENT_DISTURBED, COMPLAINTS, CONSOLE, SERVER_FAULTS
from vnic_spec.requirements import check_ids

#: Not where the number of interventions is bounded: there all runs are calm in the end, whatever is assumed.
DIALOGUES = tuple(name for name, scenario in SCENARIOS.items() if not scenario.bare and scenario.interventions is None)

#: (goal, instance, servers) → (states, of which a refuting loop could pass through, components)
DECIDED = {
    ("LIV-1", "core", 1): (2_058, 486, 486),
    ("LIV-1", "migration", 1): (1_101, 775, 775),
    ("LIV-1", "holding", 1): (526, 169, 169),
    ("LIV-1", "data", 1): (1_562, 418, 418),
    ("LIV-1", "wish", 1): (542, 169, 169),
    ("LIV-1", "answer", 1): (652, 252, 252),
    ("LIV-1", "deferred", 1): (1_324, 562, 562),
    ("LIV-2", "core", 1): (2_058, 2_058, 1_731),
    ("LIV-2", "migration", 1): (1_101, 1_101, 908),
    ("LIV-2", "wish", 1): (542, 542, 225),
    ("LIV-2", "complaint", 2): (1_332, 1_332, 738),
}
SLOW = {
    ("LIV-1", "core", 2): (323_728, 128_044, 50_382),
    ("LIV-1", "migration", 2): (60_604, 93_404, 75_927),
    ("LIV-1", "holding", 2): (47_848, 20_711, 10_537),
    ("LIV-1", "data", 2): (181_846, 73_713, 32_187),
    ("LIV-1", "answer", 2): (32_124, 20_104, 10_915),
    ("LIV-1", "deferred", 2): (65_563, 54_184, 35_197),
    ("LIV-2", "core", 2): (323_728, 323_728, 280_494),
    ("LIV-2", "migration", 2): (60_604, 60_604, 56_435),
    ("LIV-2", "holding", 2): (47_848, 47_848, 44_076),
    ("LIV-2", "data", 2): (181_846, 181_846, 173_650),
    ("LIV-2", "answer", 2): (32_124, 32_124, 28_302),
    ("LIV-2", "deferred", 2): (65_563, 65_563, 63_493),
    ("LIV-2", "wish", 2): (11_980, 11_980, 5_116),
    ("LIV-1", "wish", 3): (215_418, 218_544, 126_277),
    ("LIV-2", "gap", 3): (2_170, 2_170, 856),
    ("LIV-1", "wish", 2): (11_980, 7_868, 5_860),
    ("LIV-2", "admin", 2): (6_896, 6_896, 4_120),
    ("LIV-2", "ranking", 2): (5_002, 5_002, 1_722),
}


@cache
def refuted(name: str) -> Verdict:
    """What a misreading leads to, or what the specification leads to without an assumption."""
    if name in ENDLESS:
        m = ENDLESS[name]
        return decide(instance(m.instance, m.servers, mutation=m), m.refutes)
    return decide(instance("core", 1), "LIV-1", without=frozenset({name}))


def check(found: Verdict, figures: tuple[int, int, int]) -> None:
    assert (found.holds, found.stem, found.loop) == (True, [], [])
    assert (found.states, found.candidates, found.components) == figures


@pytest.mark.requirement("LIV-1", "LIV-2")
@pytest.mark.parametrize(("goal", "name", "servers"), DECIDED)
def test_the_goal_is_reached(goal: str, name: str, servers: int) -> None:
    check(decide(instance(name, servers), goal), DECIDED[goal, name, servers])


@pytest.mark.slow
@pytest.mark.parametrize(("goal", "name", "servers"), SLOW)
def test_the_goal_is_reached_with_more_states(goal: str, name: str, servers: int) -> None:
    check(decide(instance(name, servers), goal), SLOW[goal, name, servers])


def test_login_is_decided_wherever_there_is_a_dialogue() -> None:
    decided = {(goal, name, servers) for goal, name, servers in DECIDED | SLOW}
    assert {("LIV-1", name, servers) for name in DIALOGUES for servers in (1, 2)} <= decided


names = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if m.instance == "ranking" else n for n, m in ENDLESS.items()]
)


@pytest.mark.requirement("LIV-1", "LIV-2")
@names
def test_a_misreading_goes_on_for_ever(name: str) -> None:
    found = refuted(name)
    assert not found.holds
    assert found.loop
    m = ENDLESS[name]
    assert (m.refutes, m.instance, m.servers) in DECIDED | SLOW, "without the misreading it holds there"


def test_a_misreading_is_no_other_and_says_what_it_misreads() -> None:
    assert not set(ENDLESS) & set(MUTATIONS)
    for name, mutation in ENDLESS.items():
        assert mutation.name == name
        assert mutation.refutes in GOALS
        check_ids(f"mutation {name}", [mutation.requirement])
        assert not mutation.sentence.endswith(".")


@pytest.mark.parametrize("goal", GOALS)
def test_every_goal_is_refuted_by_misreadings(goal: str) -> None:
    assert sum(m.refutes == goal for m in ENDLESS.values()) >= 2


# --- each assumption is needed ---------------------------------------------------------------------------------------


@pytest.mark.requirement("LIV-1")
@pytest.mark.parametrize("assumption", ["fair", "patient", "steady"])
def test_without_an_assumption_the_login_is_missed(assumption: str) -> None:
    assert not refuted(assumption).holds


@pytest.mark.slow
@pytest.mark.parametrize(("goal", "name", "assumption"), [("LIV-1", "wish", "calm"), ("LIV-2", "ranking", "quiet")])
def test_without_calm_the_goal_is_missed(goal: str, name: str, assumption: str) -> None:
    assert not decide(instance(name, 2), goal, without=frozenset({assumption})).holds


def test_every_assumption_of_a_goal_is_shown_to_be_needed() -> None:
    shown = {"LIV-1": {"fair", "patient", "steady", "calm"}, "LIV-2": {"quiet"}}
    assert {name: {a.name for a in goal.assumptions} for name, goal in GOALS.items()} == shown


def test_time_outs_that_do_not_wait_never_let_a_login_through() -> None:
    """No back-off: the client times out while its INIT is on the way, registers again, and so on for ever."""
    found = refuted("patient")
    names = [move.action.name for move in found.loop]
    assert "client_times_out" in names
    assert "server_reads_init" not in names


@pytest.mark.parametrize("hasty", TIMED)
def test_each_of_the_two_waits_is_needed(hasty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that times out too soon, or a server that sends INIT without waiting: its step comes again and again."""
    monkeypatch.setattr("vnic_model.liveness.TIMED", tuple(name for name in TIMED if name != hasty))
    found = decide(instance("core", 1), "LIV-1")
    assert hasty in [move.action.name for move in found.loop]


def test_a_complaint_recorded_before_nobody_else_is_found_lets_the_client_switch_for_ever() -> None:
    """Profile complaint_order = lopar: MON-5 clears both complaints, priority takes the client back, and it complains again.

    Each of these switches has a trigger, so LIV-2 to the letter holds; our default, check_first, holds without that excuse.
    """
    made = replace(instance("complaint", 2), profile=Profile(complaint_order=ComplaintOrder.LOPAR))
    found = decide(made, "LIV-2")
    assert [move.action.name for move in found.loop if "complains" in move.action.name] == [
        "client_complains",
        "client_complains_alone",
    ]


# --- the loop is a loop ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [*(n for n, m in ENDLESS.items() if m.instance != "ranking"), "fair", "patient", "steady"]
)
def test_stem_and_loop_are_runs_of_the_machine(name: str) -> None:
    found = refuted(name)
    state = start = found.machine.initial
    for moves in (found.stem, found.loop):
        start = state
        for move in moves:
            after = found.machine.step(state, move.action.name, move.parameters)
            assert after == move.after
            state = move.after
    assert state == start, "the loop ends where it begins"


def test_components_are_those_of_networkx() -> None:
    for seed in range(30):
        graph = nx.gnp_random_graph(40, 0.05, seed=seed, directed=True)
        after = {node: list(graph[node]) for node in graph}
        found = {frozenset(c) for c in components(after, after.__getitem__)}
        assert found == {frozenset(c) for c in nx.strongly_connected_components(graph)}


def test_a_chain_longer_than_the_stack_is_no_trouble() -> None:
    many = 50_000
    assert [len(c) for c in components(range(many), lambda k: [(k + 1) % many])] == [many]


# --- questions without an answer -------------------------------------------------------------------------------------


def test_where_interventions_are_bounded_nothing_is_decided() -> None:
    with pytest.raises(LivenessError, match="at most 2 interventions in a run, so every endless run is calm"):
        decide(instance("all", 1), "LIV-1")


def test_where_nobody_logs_in_nothing_is_said_about_logins() -> None:
    with pytest.raises(LivenessError, match="ranking has no dialogue"):
        decide(instance("ranking", 1), "LIV-1")


def test_a_bound_is_a_bound() -> None:
    with pytest.raises(LivenessError, match="more than 100 states"):
        decide(instance("core", 1), "LIV-2", at_most=100)


def test_an_assumption_that_is_not_made_cannot_be_dropped() -> None:
    with pytest.raises(LivenessError, match="LIV-2 does not assume patient; it assumes quiet"):
        decide(instance("core", 1), "LIV-2", without=frozenset({"patient"}))


# --- the data --------------------------------------------------------------------------------------------------------


def test_the_lists_name_actions_that_exist_and_every_choice_of_the_environment_is_judged() -> None:
    lists = (CONSOLE, SERVER_FAULTS, COMPLAINTS, CLIENT_DISTURBED, TIMED, TIME_PASSES, NOT_OWED)
    assert {name for names in lists for name in names} <= set(ACTIONS)
    traffic = {"client_sends_data", "server_sends_data", "server_uses_grant"}
    judged = {*CONSOLE, *SERVER_FAULTS, *COMPLAINTS, *CLIENT_DISTURBED, *TIME_PASSES, *traffic}
    assert {a.name for a in ACTIONS.values() if a.environment} <= judged


def test_no_fault_and_no_user_owes_anything() -> None:
    owed = {a.name for a in ACTIONS.values() if is_owed(a)}
    assert not owed & {*CONSOLE, *SERVER_FAULTS, *COMPLAINTS, *CLIENT_DISTURBED, *NOT_OWED}
    assert set(TIMED) <= owed
