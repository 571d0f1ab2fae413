"""Single mutations of the actions: which there are, that each is what its name says, and that the verdicts are true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from vnic_model.direct import DirectMachine
from vnic_model.explorer import Exploration, explore
from vnic_model.instances import claims
from vnic_model.machine import Machine
from vnic_model.mutants import ground as grounds_module
from vnic_model.mutants.explained import REASONS, Reason
from vnic_model.mutants.ground import Ground, is_history
from vnic_model.mutants.judged import Outcome, Verdict, judge
from vnic_model.mutants.single import Kind, Mutant, anatomy, mutants_of
from vnic_spec.catalogue import ACTIONS
from vnic_spec.properties import PROPERTIES

#: Where the properties are that say what each variable may become, and nothing else: they notice most mutants first.
FRAMES = "vnic_spec.properties.frames"


@cache
def ground(name: str, servers: int = 1) -> Ground:
    return Ground(name, servers, 10_000)


def mutant(name: str) -> Mutant:
    return next(m for m in mutants_of(name.partition(":")[0]) if m.name == name)


def mutated(where: Ground, m: Mutant) -> Exploration:
    """The mutant explored afresh, by the explorer that knows nothing of mutants."""
    return explore(replace(where.instance, effects={m.action: m.effect}), claims(where.instance.name))


# --- which there are -----------------------------------------------------------------------------------------------


def test_the_conjuncts_of_a_guard_are_those_that_the_specification_writes() -> None:
    conjuncts, _ = anatomy("server_polls")
    assert [c.text for c in conjuncts] == [
        "powered(i)",
        "not hung(i)",
        "registered(i)",
        "belief(i) = STANDBY",
        "connected(i)",
    ]
    assert [c.site.functions for c in conjuncts if c.site] == [("server_polls", "awake")] * 2 + [("server_polls",)] * 3


def test_a_guard_that_is_no_conjunction_is_one_conjunct() -> None:
    assert [c.text for c in anatomy("server_boots")[0]] == ["its guard"]


def test_the_updates_of_an_action_are_those_on_the_way_to_its_end() -> None:
    _, updates = anatomy("client_crashes")
    here = {(u.variable, u.site.functions[1:] if u.site else None) for u in updates}
    assert {
        ("to_server", ("free", "sever", "tell_server")),
        ("token", ("free", "sever", "fence")),
        ("token", ()),
    } <= here
    assert ("token", None) in here, "wherever it is set"
    assert ("phase", None) not in here, "it is set in one place"


@pytest.mark.parametrize("action", ["gap_ends", "sets_auto", "client_reads_init", "server_reports"])
def test_every_mutant_has_a_name_and_a_sentence(action: str) -> None:
    found = mutants_of(action)
    assert len({m.name for m in found}) == len(found)
    assert [m.kind for m in found].count(Kind.NEVER) == 1
    assert (
        [m.kind for m in found].count(Kind.DROP)
        == [m.kind for m in found].count(Kind.NEGATE)
        == len(anatomy(action)[0])
    )
    assert [m.kind for m in found].count(Kind.FORGET) == len(anatomy(action)[1])
    assert all(m.name.startswith(f"{action}: {m.kind.value}") and m.sentence for m in found)


@pytest.mark.slow
def test_what_is_explained_exists() -> None:
    assert all(name.partition(":")[0] in ACTIONS and mutant(name) for name in REASONS)


# --- what they are -------------------------------------------------------------------------------------------------

SAMPLE = (
    "gap_ends: drop held(i)",
    "gap_ends: forget connected in connect",
    "server_reports: negate listed(i)",
    "server_registers: forget status",
    "h_reg_crq: forget connected anywhere",
    "h_free_crq: forget to_client in free",
    "server_boots: drop its guard",
    "server_consumes: never",
)
SOME = [pytest.param(name, marks=() if k % 3 == 0 else pytest.mark.slow) for k, name in enumerate(SAMPLE)]


@pytest.mark.parametrize("name", SOME)
def test_a_mutant_is_the_same_in_every_reading(name: str) -> None:
    # The direct reading takes the function as it stands; the expressions that are traced from it must say the same.
    m = mutant(name)
    instance = replace(ground("gap").instance, effects={m.action: m.effect})
    traced, direct = Machine(instance), DirectMachine(instance)
    for packed in ground("gap").order:
        state = traced.decode(packed)
        possible = {
            (parameters, traced.layout.encode(effect.state), None if effect.answer is None else str(effect.answer))
            for action, parameters, effect in direct.successors(state)
            if action.name == m.action
        }
        moves = [move for move in traced.moves(packed) if move.action.name == m.action]
        assert possible == {(v.parameters, v.after, None if v.answer is None else str(v.answer)) for v in moves}


def agrees(where: Ground, v: Verdict) -> bool:
    """The verdict, by an exploration from the beginning."""
    fresh = mutated(where, v.mutant)
    if v.outcome is Outcome.VIOLATION:
        return fresh.violation is not None or v.by[0].startswith("lemma ")
    before = explore(where.instance)
    counted = (fresh.states, fresh.transitions, fresh.depth) == (before.states, before.transitions, before.depth)
    if v.outcome is Outcome.EQUIVALENT and not (counted and fresh.fired == before.fired):
        return False
    return fresh.violation is None and fresh.complete


@pytest.mark.parametrize("name", SOME)
def test_a_verdict_is_what_an_exploration_from_the_beginning_says(name: str) -> None:
    assert agrees(ground("gap"), judge(mutant(name), [ground("gap")]))


@pytest.mark.slow
@pytest.mark.parametrize("where", ["gap", "wish"])
def test_verdicts_are_what_explorations_from_the_beginning_say(where: str) -> None:
    g = ground(where)
    every = [m for name in sorted(g.instance.actions) for m in mutants_of(name)][:: 3 if where == "gap" else 15]
    verdicts = [judge(m, [g]) for m in every]
    assert {Outcome.VIOLATION, Outcome.MISSING, Outcome.EQUIVALENT, Outcome.UNSEEN} <= {v.outcome for v in verdicts}
    assert [v.mutant.name for v in verdicts if not agrees(g, v)] == []


# --- verdicts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "where", "outcome", "by"),
    [
        ("server_registers: forget status", "gap", Outcome.EQUIVALENT, ""),
        ("gap_ends: drop held(i)", "gap", Outcome.UNSEEN, ""),
        ("h_free_crq: forget to_client in free", "gap", Outcome.VIOLATION, "CRQ-5/client"),
        ("client_boots: forget phase", "core", Outcome.VIOLATION, "CLI-7"),
        ("gap_ends: never", "gap", Outcome.MISSING, "witness of CRQ-13"),
        ("server_resumes: forget hung", "holding", Outcome.VIOLATION, "MON-3/partition"),
        ("server_refuses_login: drop not _dialogue_open(i)", "wish", Outcome.VIOLATION, "SRV-3/reads"),
        ("server_hangs: drop registered(i)", "holding", Outcome.EXPLAINED, ""),
        ("server_consumes: negate has_first(to_server(i))", "gap", Outcome.SURVIVOR, ""),
    ],
)
def test_every_verdict_has_an_example(name: str, where: str, outcome: Outcome, by: str) -> None:
    found = judge(mutant(name), [ground(where)])
    assert found.outcome is outcome
    assert found.by[:1] == ((by,) if by else ())
    assert found.outcome.killed is bool(by)


@pytest.mark.parametrize(
    ("name", "where", "by"),
    [
        ("server_resumes: forget hung", "holding", "LIV-3"),
        ("server_refuses_login: drop not _dialogue_open(i)", "wish", "LIV-1"),
    ],
)
def test_without_the_properties_that_say_what_changes_a_goal_is_missed(
    name: str, where: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out = {
        p.name for p in PROPERTIES.values() if p.of_step is not None and p.of_step.__module__.startswith(FRAMES)
    }
    assert left_out
    monkeypatch.setattr(grounds_module, "claims", lambda name: tuple(p for p in claims(name) if p.name not in left_out))
    found = judge(mutant(name), [ground.__wrapped__(where)])
    assert (found.outcome, found.by[:1]) == (Outcome.STUCK, (by,))


def test_a_mutant_of_an_action_that_does_not_occur_is_equivalent_nowhere() -> None:
    found = judge(mutant("hold_expires: never"), [ground("gap")])
    assert (found.outcome, found.same, found.differs) == (Outcome.EQUIVALENT, (), ())


def test_without_properties_nothing_is_violated(monkeypatch: pytest.MonkeyPatch) -> None:
    """What kills is the specification, not the machinery: a ground that claims nothing lets the same mutant live."""
    name = "h_free_crq: forget to_client in free"
    assert judge(mutant(name), [ground("gap")]).by == ("CRQ-5/client",)
    nothing: Callable[[str], tuple[()]] = lambda _: ()  # noqa: E731  # as short as that
    monkeypatch.setattr(grounds_module, "claims", nothing)
    monkeypatch.setattr(grounds_module, "_lemmas", nothing)
    assert judge(mutant(name), [Ground("gap", 1, 10_000)]).outcome is Outcome.SURVIVOR


def test_a_ground_beyond_its_bound_is_not_complete() -> None:
    assert not Ground("gap", 1, 5).complete
    assert ground("gap").complete
    assert ground("gap").violated_at_all == ""


# --- reasons -------------------------------------------------------------------------------------------------------


def test_a_reason_is_looked_up_where_it_can_be() -> None:
    where, m = ground("data"), mutant("server_uses_grant: drop belief(i) = SERVING")
    difference = where.difference(m)
    assert difference is not None
    assert REASONS[m.name].holds(where, m, difference)
    assert not Reason("as if it were that", like="server_sends_data").holds(where, m, difference)
    where, m = ground("gap"), mutant("h_free_crq: forget to_client in free")
    difference = where.difference(m)
    assert difference is not None
    assert not Reason("it changes nothing", idle=True).holds(where, m, difference)


def test_history_is_told_from_what_somebody_could_see() -> None:
    names = ("seen", "unbalanced", "to_client[0].sender", "to_client[1].fresh", "to_server[0][1].fresh")
    assert all(map(is_history, names))
    assert not any(map(is_history, ("selected", "to_client[0].kind", "to_server[1].length", "held[0]")))
