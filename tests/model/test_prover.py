"""The proofs: what is proved, what it rests on, and that nothing is proved for want of an opponent."""

from __future__ import annotations

import pytest
import z3

from vnic_model import goals
from vnic_model.direct import DirectOps
from vnic_model.goals import GOALS, PLANS, Plan, closure
from vnic_model.prover import induction
from vnic_model.prover.counterexample import DisagreementError, counterexample
from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN, Induction, Obligation, obligations
from vnic_model.prover.picture import WIDTH, lines_of
from vnic_model.prover.reading import AnyOps
from vnic_model.prover.run import Result, anything_missing, decide_action, machine, plan_of, prove, refute
from vnic_model.prover.sorts import SERVER
from vnic_model.prover.vacuity import axioms_can_be_met, can_happen, is_needed
from vnic_spec.algebra import Ops, Truth
from vnic_spec.catalogue import ACTIONS
from vnic_spec.lemmas import LEMMAS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.profile import Crossing
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Scope
from vnic_spec.state import State

#: The closed list of what is not proved for any number of servers.
NOT_FOR_ANY_NUMBER: set[str] = set()


@pytest.fixture
def mutual(monkeypatch: pytest.MonkeyPatch) -> dict[str, Plan]:
    """The plans, to be changed for one test."""
    plans = dict(PLANS)
    monkeypatch.setattr(goals, "PLANS", plans)
    monkeypatch.setattr(induction, "PLANS", plans)
    return plans


# --- what is proved ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_headline_the_client_never_sees_two_active_servers() -> None:
    results = prove(plan_of(["INV-1", "INV-2"]), jobs=1)
    assert {r.verdict for r in results} == {PROVED}
    assert sum(len(r.verdicts) for r in results) == 63 * len(results)  # 62 actions, and the beginning


def test_every_property_and_lemma_has_a_plan_and_the_list_of_exceptions_is_closed() -> None:
    assert anything_missing() == []
    assert set(PLANS) == set(PROPERTIES) | set(LEMMAS) == set(GOALS)
    assert {name for name, plan in PLANS.items() if not plan.any_number} == NOT_FOR_ANY_NUMBER
    assert all(len(plan.reason.split()) > 5 for plan in PLANS.values() if not plan.any_number)


def test_what_is_claimed_of_anybody_rests_on_nothing_that_is_claimed_of_drivers_only() -> None:
    for name, plan in PLANS.items():
        if GOALS[name].scope is Scope.ANYBODY:
            assert all(GOALS[x].scope is Scope.ANYBODY for x in plan.using), name


def test_what_a_proof_rests_on_speaks_of_states_and_every_lemma_is_used() -> None:
    used = {x for plan in PLANS.values() for x in plan.using}
    assert all(GOALS[x].of_state is not None for x in used)
    assert set(LEMMAS) <= used
    assert all(len(x.sentence.split()) > 5 and x.sentence.endswith(".") for x in LEMMAS.values())


def test_a_goal_is_kept_by_every_action_that_it_is_about() -> None:
    assert len(obligations("INV-2")) == 1 + len(ACTIONS)
    bare = {a.name for a in ACTIONS.values() if a.bare}
    assert {x.action for x in obligations("INV-8")} == {"", *(set(ACTIONS) - bare)}
    assert [x.action for x in obligations("ADM-4")] == ["sets_priority"]


def test_the_calls_that_drivers_do_not_make_are_the_bare_ones() -> None:
    assert {a.name for a in ACTIONS.values() if a.bare} == {
        *("h_reg_crq", "h_reg_crq_again", "h_free_crq", "h_send_crq_to_server", "h_enable_crq", "h_enable_crq_idle"),
        *("h_send_crq_to_client", "client_consumes", "server_consumes"),
    }


def test_the_closure_of_a_goal_is_all_that_its_proof_rests_on() -> None:
    assert set(closure(("INV-1",))) == {"INV-1", "connected-only-as-selected"}
    assert closure(("INV-2",)) == plan_of(["INV-2"])


def test_a_goal_without_a_proof_for_any_number_of_servers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLANS, "INV-1", Plan(reason="for the sake of this test"))
    with pytest.raises(ValueError, match="INV-1 is not proved for any number of servers: for the sake of this test"):
        plan_of(["INV-1"])


# --- no vacuous truth ----------------------------------------------------------------------------------------------


def test_axioms_and_invariant_have_a_model_with_three_servers_and_three_slots() -> None:
    assert axioms_can_be_met(Induction(), servers=3, slots=3)


def test_contradictory_axioms_would_be_noticed() -> None:
    broken = Induction()
    x, y = z3.Consts("x y", SERVER)
    broken.base.append(z3.ForAll([x, y], broken.o.lower_port(x, y)))
    assert not axioms_can_be_met(broken)


@pytest.mark.parametrize("action", ["server_registers", "client_reads_failover"])
def test_an_action_can_happen(action: str) -> None:
    assert can_happen(Induction(), ACTIONS[action])


@pytest.mark.slow
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_can_happen_from_a_state_that_satisfies_the_invariant(action: str) -> None:
    found = can_happen(Induction(), ACTIONS[action])
    assert found is not None
    assert found <= (2, 2)


NEEDS = [(name, x, action) for name, plan in PLANS.items() for x, action in plan.needs.items()]


@pytest.mark.parametrize(("goal", "lemma", "action"), [n for n in NEEDS if n[0] in ("INV-1", "INV-2", "CRQ-13/limit")])
def test_without_a_lemma_the_headline_breaks(goal: str, lemma: str, action: str) -> None:
    assert is_needed(Induction(), goal, lemma, action)


@pytest.mark.slow
@pytest.mark.parametrize(("goal", "lemma", "action"), NEEDS)
def test_everything_that_a_plan_names_is_needed(goal: str, lemma: str, action: str) -> None:
    assert is_needed(Induction(), goal, lemma, action)


# --- counterexamples -----------------------------------------------------------------------------------------------


def test_a_claim_that_is_not_inductive_is_refuted_by_a_small_picture() -> None:
    alone = Induction()
    obligation = Obligation("INV-1", "server_registers")
    assert alone.decide(obligation, ()).verdict == REFUTED
    found = counterexample(alone, obligation, ())
    assert found is not None
    assert found.servers == 2
    assert found.profile.differences() == {}
    lines = list(lines_of(found))
    assert lines[0] == "refuted     property INV-1: No two servers are connected at the same time."
    assert max(map(len, lines)) <= WIDTH


def test_a_claim_that_fails_at_the_beginning_is_refuted_there(
    monkeypatch: pytest.MonkeyPatch, mutual: dict[str, Plan]
) -> None:
    def somebody_is_registered(o: Ops, s: State) -> Truth:
        return o.some(s.registered)

    goal = goals.Goal("false", "Somebody is registered.", Scope.ANYBODY, somebody_is_registered, None, (), lemma=True)
    monkeypatch.setitem(GOALS, "false", goal)
    mutual["false"] = Plan()
    [first] = decide_action(("false",), "", "")
    assert first.verdict == REFUTED
    found = counterexample(Induction(), Obligation("false", ""))
    assert found is not None
    assert "none: this is an initial state" in "\n".join(lines_of(found))


def test_a_picture_that_the_direct_reading_denies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DirectOps, "ite", lambda self, condition, then, otherwise: then)
    with pytest.raises(DisagreementError, match="INV-1 / server_registers"):
        counterexample(Induction(), Obligation("INV-1", "server_registers"), ())


@pytest.mark.parametrize("name", ["no_fence"])
def test_a_misreading_is_refuted_and_pictured(name: str) -> None:
    results = refute((MUTATIONS[name].refutes,), name)
    assert results[-1].verdict == REFUTED
    found = counterexample(machine(name), results[-1].verdicts[-1].obligation)
    assert found is not None
    assert found.before != found.after


def test_no_answer_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(induction, "PATIENCE", 1)
    verdict = Induction().decide(Obligation("one-login-at-a-time", "server_reports"))
    assert verdict.verdict == UNKNOWN
    assert verdict.why
    assert Result("one-login-at-a-time", (verdict,)).verdict == UNKNOWN
    assert Result("one-login-at-a-time", ()).verdict == UNKNOWN  # nothing was proved of nothing


def test_an_attempt_that_comes_to_no_end_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one begins again, and the last may take its time: what it says is the verdict."""
    asked: list[tuple[int, int]] = []
    plain = induction.Query.solver

    def solver(query: induction.Query, seed: int = 0, effort: int = 0) -> z3.Solver:
        asked.append((seed, effort))
        return plain(query, seed, effort)

    monkeypatch.setattr(induction.Query, "solver", solver)
    monkeypatch.setattr(induction, "ATTEMPTS", ((0, 1), (1, 1)))
    one = Induction()
    assert one.decide(Obligation("INV-1", "server_registers")).verdict == PROVED
    assert one.decide(Obligation("INV-1", "server_registers"), ()).verdict == REFUTED
    assert asked == [(0, 1), (1, 1), (0, 0)] * 2


# --- the reading ---------------------------------------------------------------------------------------------------


def test_a_query_is_the_same_text_in_every_machine() -> None:
    def text() -> str:
        fresh = Induction()
        return str(fresh.query(Obligation("INV-2", "server_reports")).solver().sexpr())

    assert text() == text()


def test_inside_a_quantifier_a_queue_is_only_observed() -> None:
    o = AnyOps()
    s = o.state()
    with pytest.raises(ValueError, match="can only be observed"):
        o.every(lambda i: s.to_server(i).pop()[1])


def test_a_proof_covers_every_profile() -> None:
    o = AnyOps()
    solver = z3.Solver()
    solver.add(*o.axioms())
    for crossing in Crossing:
        assert solver.check(o.eq(o.profile.crossing, crossing)) == z3.sat
    assert solver.check(*(o.no(o.eq(o.profile.crossing, c)) for c in Crossing)) == z3.unsat


def test_a_quantified_formula_is_named_once_and_its_definition_is_assumed() -> None:
    o = AnyOps()
    s = o.state()
    with o.collecting() as facts:
        first = o.some(s.connected)
        second = o.some(s.connected)
    assert first.eq(second)
    assert len(facts) == 1
    solver = z3.Solver()
    solver.add(*(f for fs in facts.values() for f in fs), first, z3.Not(o.some(s.connected)))
    assert solver.check() == z3.unsat
