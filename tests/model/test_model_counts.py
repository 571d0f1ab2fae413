"""Pinned counts: states, transitions and depth of every named instance, what fires in it, and what is answered.

A transition is every possible (state, action, parameters), self-loops included; the depth is the length of the longest
shortest path. A count that changes means that the machine has changed: to be understood, not typed over.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_model.explorer import Exploration, explore
from vnic_model.instance import Instance
from vnic_model.instances import SCENARIOS, claims, instance
from vnic_model.native import compiler, explore_native
from vnic_spec.catalogue import ACTIONS

Explored = Callable[[str, int], Exploration]

#: (instance, servers) → (states, transitions, depth)
COUNTS = {
    ("core", 1): (2_058, 12_660, 23),
    ("selection", 1): (34, 186, 6),
    ("ranking", 1): (220, 2_268, 10),
    ("admin", 1): (104, 1_004, 9),
    ("complaint", 1): (112, 942, 9),
    ("migration", 1): (1_101, 6_208, 20),
    ("holding", 1): (526, 2_346, 19),
    ("data", 1): (1_562, 7_054, 24),
    ("wish", 1): (542, 2_850, 19),
    ("interface", 1): (507, 7_235, 13),
    ("answer", 1): (652, 3_023, 19),
    ("deferred", 1): (1_324, 6_385, 24),
    ("damped", 1): (52, 314, 8),
    ("gap", 1): (30, 122, 11),
    ("all", 1): (50_102, 463_206, 25),
    ("core", 2): (323_728, 3_204_678, 35),
    ("selection", 2): (178, 1_302, 7),
    ("ranking", 2): (5_002, 84_616, 17),
    ("admin", 2): (6_896, 103_952, 13),
    ("complaint", 2): (1_332, 16_256, 13),
    ("migration", 2): (60_604, 598_985, 33),
    ("holding", 2): (47_848, 370_584, 38),
    ("data", 2): (181_846, 1_337_540, 40),
    ("wish", 2): (11_980, 98_651, 32),
    ("interface", 2): (7_650, 153_216, 17),
    ("answer", 2): (32_124, 246_810, 33),
    ("deferred", 2): (65_563, 547_786, 35),
    ("damped", 2): (816, 8_472, 11),
    ("gap", 2): (250, 1_712, 15),
    ("selection", 3): (958, 8_834, 10),
    ("ranking", 3): (116_119, 2_814_248, 24),
    ("complaint", 3): (15_928, 260_040, 18),
    ("interface", 3): (88_719, 2_276_352, 20),
    ("damped", 3): (41_688, 737_712, 15),
    ("gap", 3): (2_170, 20_837, 21),
    ("selection", 4): (5_386, 59_982, 13),
    ("selection", 5): (30_742, 400_362, 16),
    ("selection", 6): (175_330, 2_608_806, 19),
    ("answer", 3): (1_317_072, 14_072_996, 49),
}
#: With queues of three elements on both sides.
DEEP = {("core", 2): (645_504, 6_592_232, 37)}
#: More than 90 million steps with two servers: the fast explorer's.
LARGE = ("all",)
LARGE_COUNTS = {("all", 2): (6_974_081, 93_187_744, 42), ("core", 3): (44_243_624, 599_586_224, 50)}
WITH_TWO = tuple(name for name in SCENARIOS if name not in LARGE)
FAST_WITH_TWO = ("selection", "complaint", "damped", "gap", "wish", "interface")


def check(result: Exploration, expected: tuple[int, int, int]) -> None:
    assert result.complete
    assert result.violation is None
    assert result.path == []
    assert (result.states, result.transitions, result.depth) == expected
    assert result.silent == []
    assert sum(result.fired.values()) == result.transitions


@pytest.mark.parametrize("name", SCENARIOS)
def test_one_server(name: str, explored: Explored) -> None:
    check(explored(name, 1), COUNTS[name, 1])


@pytest.mark.requirement("INV-1", "INV-2", "INV-3", "INV-4", "INV-5", "INV-6", "INV-7", "INV-8", "INV-9")
@pytest.mark.parametrize(
    "name", [n if n in FAST_WITH_TWO else pytest.param(n, marks=pytest.mark.slow) for n in WITH_TWO]
)
def test_two_servers(name: str, explored: Explored) -> None:
    check(explored(name, 2), COUNTS[name, 2])


#: Beyond so many steps generated C is worth its compilation.
MANY = 500_000


def explored_fast(made: Instance, steps: int) -> Exploration:
    """By generated C where that pays and there is a compiler (test_native.py compares the two), else in Python."""
    native = steps > MANY and compiler() is not None
    return (explore_native if native else explore)(made, claims(made.name))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "servers"), [(name, servers) for name, servers in COUNTS if servers >= 3])
def test_more_servers(name: str, servers: int) -> None:
    check(explored_fast(instance(name, servers), COUNTS[name, servers][1]), COUNTS[name, servers])


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="there is no C compiler here, and Python would take minutes")
@pytest.mark.parametrize(("name", "servers"), LARGE_COUNTS)
def test_the_large_ones(name: str, servers: int) -> None:
    check(explore_native(instance(name, servers), claims(name)), LARGE_COUNTS[name, servers])


@pytest.mark.slow
def test_deeper_queues() -> None:
    check(explored_fast(instance("core", 2, client_depth=3, server_depth=3), DEEP["core", 2][1]), DEEP["core", 2])


def test_every_instance_is_pinned() -> None:
    assert {(name, n) for name in SCENARIOS for n in (1, 2)} <= {*COUNTS, *LARGE_COUNTS}


# --- actions and answers -------------------------------------------------------------------------------------------

#: action → the answers seen in all instances with one and two servers; "" where the action is no call
ANSWERS = {
    "server_registers": ("H_CLOSED",),
    "server_frees": ("H_SUCCESS",),
    "server_registers_again": ("H_RESOURCE",),
    "server_frees_idle": ("H_SUCCESS",),
    "h_reg_crq": ("H_CLOSED", "H_SUCCESS"),
    "h_reg_crq_again": ("H_RESOURCE",),
    "h_free_crq": ("H_SUCCESS",),
    "h_send_crq_to_server": ("H_CLOSED", "H_DROPPED", "H_SUCCESS"),
    "client_consumes": ("",),
    "h_enable_crq": ("H_SUCCESS",),
    "h_enable_crq_idle": ("H_SUCCESS",),
    "h_send_crq_to_client": ("H_CLOSED", "H_DROPPED", "H_SUCCESS"),
    "server_consumes": ("",),
    "client_crashes": ("",),
    "client_boots": ("",),
    "client_migrates": ("",),
    "server_crashes": ("",),
    "server_boots": ("",),
    "server_hangs": ("",),
    "server_resumes": ("",),
    "hold_expires": ("",),
    "gap_ends": ("",),
    "client_registers": ("H_CLOSED", "H_SUCCESS"),
    "client_frees": ("H_SUCCESS",),
    "client_enables": ("H_SUCCESS",),
    "client_sends_init": ("H_CLOSED", "H_SUCCESS"),
    "client_sends_login": ("H_CLOSED", "H_DROPPED", "H_SUCCESS"),
    "client_sends_data": ("H_CLOSED", "H_DROPPED", "H_SUCCESS"),
    "client_times_out": ("",),
    "user_changes_wish": ("",),
    "client_reads_init": ("",),
    "client_reads_init_complete": ("",),
    "client_reads_login_rsp": ("",),
    "client_reads_data": ("",),
    "client_reads_failover": ("",),
    "client_reads_migrated": ("",),
    "server_polls": ("H_SUCCESS",),
    "server_sends_init": ("H_CLOSED", "H_DROPPED", "H_SUCCESS"),
    "server_reads_init": ("H_CLOSED", "H_DROPPED", "H_SUCCESS"),
    "server_reads_init_complete": ("",),
    "server_reads_login": ("H_CLOSED", "H_DROPPED", "H_SUCCESS"),
    "server_refuses_login": ("",),
    "server_reads_data": ("",),
    "server_reads_event": ("",),
    "server_sends_data": ("H_CLOSED", "H_DROPPED", "H_SUCCESS"),
    "server_uses_grant": ("H_PARAMETER", "H_SUCCESS"),
    "client_takes_token": ("H_STATE", "H_SUCCESS"),
    "client_complains": ("H_SUCCESS",),
    "client_complains_alone": ("H_CONSTRAINED",),
    "client_complains_late": ("H_STATE",),
    "adds_server": ("",),
    "removes_server": ("",),
    "removes_last_server": ("",),
    "sets_priority": ("",),
    "sets_auto": ("",),
    "activates_server": ("",),
    "activation_refused": ("",),
    "server_reports": ("H_SUCCESS",),
    "server_reports_unlisted": ("H_STATE",),
    "report_expires": ("",),
    "reports_expire_together": ("",),
    "delay_ends": ("",),
}


def seen(explorations: list[Exploration]) -> dict[str, set[str]]:
    """Action → answers, over several explorations."""
    table: dict[str, set[str]] = {}
    for result in explorations:
        for action, answer in result.answers:
            table.setdefault(action, set()).add(answer)
    return table


def test_every_action_belongs_to_an_instance() -> None:
    assert set(ACTIONS) == set().union(*(s.actions for s in SCENARIOS.values())) == set(ANSWERS)


def test_answers_with_one_server_are_among_those_pinned(explored: Explored) -> None:
    table = seen([explored(name, 1) for name in SCENARIOS])
    assert {(a, r) for a, answers in table.items() for r in answers if r not in ANSWERS[a]} == set()
    missing = {a: sorted(set(ANSWERS[a]) - table.get(a, set())) for a in ACTIONS}
    assert {a: answers for a, answers in missing.items() if answers} == {
        "client_complains": ["H_SUCCESS"],
        "adds_server": [""],
        "removes_server": [""],
        "reports_expire_together": [""],
        "delay_ends": [""],
    }


@pytest.mark.slow
def test_every_action_fires_and_gives_every_answer_pinned(explored: Explored) -> None:
    table = seen([explored(name, n) for n in (1, 2) for name in (WITH_TWO if n == 2 else SCENARIOS)])
    assert {action: tuple(sorted(answers)) for action, answers in table.items()} == ANSWERS


# --- the explorer itself -------------------------------------------------------------------------------------------


def test_a_bounded_exploration_says_that_it_is_incomplete() -> None:
    result = explore(instance("core", 1), at_most=100)
    assert not result.complete
    assert 100 < result.states < COUNTS["core", 1][0]


def test_progress_is_told_level_by_level() -> None:
    told: list[tuple[int, int, int]] = []
    result = explore(instance("gap", 1), progress=lambda *numbers: told.append(numbers))
    states, transitions, depth = COUNTS["gap", 1]
    assert [numbers[0] for numbers in told] == list(range(depth + 1))
    assert told[0] == (0, 1, 0)
    assert [numbers[1] for numbers in told] == sorted({numbers[1] for numbers in told} | {states})[: depth + 1]
    assert told[-1][1] == result.states == states
    assert told[-1][2] < result.transitions == transitions
