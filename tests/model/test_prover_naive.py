"""The naive reading shares nothing with the first one, takes the same steps, proves the same, and proves no misreading."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip("z3")

from tests.model.test_prover_any_number import Taken, met, tried

from vnic_model.goals import GOALS, PLANS, closure
from vnic_model.prover import naive
from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN, Obligation, Verdict, obligations
from vnic_model.prover.naive import deciding
from vnic_model.prover.naive.deciding import answer, can_be_met, decide, decide_action, refuted_of_few, step
from vnic_model.prover.naive.obligations import WELL_FORMED, NaiveStep
from vnic_model.prover.naive.script import BOOL, SERVER, Said, applied, number, word
from vnic_model.prover.naive.states import few
from vnic_model.prover.naive.values import both, negated, same
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.profile import PARAMETERS
from vnic_spec.sorts import Added, Each, Elements, Flag, Level, Server, Sort
from vnic_spec.state import VARIABLES, State
from vnic_spec.wire import Rc

ENCODER = sorted(Path(naive.__file__).parent.glob("*.py"))
HEADLINE = ("INV-1", "INV-2")


# --- it shares no code ---------------------------------------------------------------------------------------------


def imported(text: str) -> set[str]:
    tree = ast.walk(ast.parse(text))
    return {
        name
        for node in tree
        for name in (
            [x.name for x in node.names]
            if isinstance(node, ast.Import)
            else [f"{node.module}.{x.name}" for x in node.names]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }


def shared(text: str) -> set[str]:
    """What is imported from the model besides the naive reading and the plan of the proof, and every solver."""
    own, plan = "vnic_model.prover.naive.", "vnic_model.goals."
    return {
        name
        for name in imported(text)
        if name.partition(".")[0] in ("vnic_model", "z3", "cvc5") and not name.startswith((own, plan))
    }


@pytest.mark.parametrize("path", ENCODER, ids=lambda p: p.stem)
def test_it_shares_no_code_with_the_first_reading(path: Path) -> None:
    found = shared(path.read_text(encoding="utf-8"))
    if path.stem == "deciding":  # the words of a verdict, and the names of the obligations
        assert {name.rpartition(".")[0] for name in found - {"z3"}} == {"vnic_model.prover.induction"}
        assert {name.rpartition(".")[2] for name in found - {"z3"}} <= {
            *("PATIENCE", "PROVED", "REFUTED", "UNKNOWN", "Obligation", "Verdict", "obligations")
        }
    else:
        assert found == set()


def test_what_is_shared_would_be_noticed() -> None:
    assert shared("from vnic_model.prover.structures import AnyMap") == {"vnic_model.prover.structures.AnyMap"}
    assert shared("def late():\n    import z3") == {"z3"}
    assert shared("from vnic_model import direct") == {"vnic_model.direct"}


# --- it takes the steps of the direct reading ----------------------------------------------------------------------


def plain(value: Any, sort: Sort) -> Said:
    """A value of the direct reading as a term."""
    if isinstance(sort, Flag):
        return Said("true" if value else "false", BOOL)
    if isinstance(sort, Server):
        return Said("nobody" if value is None else f"server.{value}", SERVER)
    return number(value) if isinstance(sort, Level) else word(value)


def queue_is(queue: Any, known: Any) -> Said:
    parts = [same(queue.length, number(len(known.items)))]
    for k, e in enumerate(known.items):
        x = queue.at(number(k))
        parts += [same(x.kind, word(e.kind)), same(x.sender, plain(e.sender, Server()))]
        parts.append(same(x.fresh, plain(e.fresh, Flag())))
    return both(*parts)


def state_is(s: State, known: State, servers: int) -> Said:
    parts = []
    for v in VARIABLES:
        value: Any = getattr(s, v.name)
        was: Any = getattr(known, v.name)
        named = [plain(k, Server()) for k in range(servers)]
        if isinstance(v.sort, Elements):
            parts.append(queue_is(value, was))
        elif isinstance(v.sort, Added):
            pairs = [(a, b) for a in range(servers) for b in range(servers)]
            parts += [same(value(named[a], named[b]), plain(was(a, b), Flag())) for a, b in pairs]
        elif isinstance(v.sort, Each) and isinstance(v.sort.sort, Elements):
            parts += [queue_is(value(i), was(k)) for k, i in enumerate(named)]
        elif isinstance(v.sort, Each):
            parts += [same(value(i), plain(was(k), v.sort.sort)) for k, i in enumerate(named)]
        else:
            parts.append(same(value, plain(was, v.sort)))
    return both(*parts)


def answers(taken: Taken) -> tuple[str, str]:
    """Whether the naive reading can take a step to the state after it and with its answer, or to anything else."""
    naive_step = NaiveStep(taken.action.name)
    o, mine, made = naive_step.judge, naive_step.taken, taken.instance
    assert mine is not None
    given = [
        *few(o, made.servers, made.client_depth),
        mine.possible,
        state_is(naive_step.before, taken.before, made.servers),
    ]
    given += [same(Said(f"{x}.depth", "Int"), number(made.client_depth)) for x in ("client", "server")]
    given += [
        same(applied("port", "Int", plain(k, Server())), number(-k)) for k in range(made.servers)
    ]  # as the direct reading has them
    given += [same(getattr(o.profile, n), word(getattr(made.profile, n))) for n, p in PARAMETERS.items() if p.choices]
    given.append(same(o.profile.damped, plain(made.profile.preempt_delay_ms > 0, Flag())))
    for (name, term), value in zip(mine.parameters.items(), taken.parameters, strict=True):
        given.append(same(term, plain(value, taken.action.sort(name))))
    ends = state_is(mine.effect.state, taken.effect.state, made.servers)
    if taken.effect.answer is not None:
        found: Any = mine.effect.answer
        ends = both(ends, same(found, word(taken.effect.answer)))  # type: ignore[arg-type]  # direct
    text = naive_step.script.text
    can, can_else = text(*given, ends), text(*given, negated(ends))
    return answer(can, 10_000, (True,))[0], answer(can_else, 10_000, (True, False))[0]


def disagreements(steps: Iterable[Taken]) -> list[tuple[str, tuple[object, ...], tuple[str, str]]]:
    """Where the naive reading can do what the direct one cannot, or cannot do what that one can."""
    found = []
    for taken in steps:
        assert taken.instance.client_depth == taken.instance.server_depth
        wanted = (REFUTED, PROVED) if taken.effect.guard else (PROVED, PROVED)  # a model of the step is a refutation
        if (said := answers(taken)) != wanted:
            found.append((taken.action.name, taken.parameters, said))
    return found


def test_it_takes_the_steps_of_the_direct_reading_and_no_others() -> None:
    assert disagreements(Random(0).sample(tried(met("core", 1)), 10)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["interface", "core", "migration", "deferred", "gap", "complaint", "holding"])
def test_the_same_of_more_steps(name: str) -> None:
    assert disagreements(tried(met(name, 2))) == []


def test_a_step_to_another_state_or_with_another_answer_is_noticed() -> None:
    taken = next(x for x in tried(met("core", 1)) if x.action.name == "client_registers")
    assert disagreements([taken]) == []
    elsewhere = taken.effect.state.but(wish=not taken.effect.state.wish)
    for wrong in ({"state": elsewhere}, {"answer": Rc.H_DROPPED}, {"guard": False}):
        assert disagreements([replace(taken, effect=taken.effect._replace(**wrong))]) != []


# --- it proves the same --------------------------------------------------------------------------------------------

#: Actions in which much happens, and the beginning.
FEW = ("", "server_frees", "client_consumes", "h_send_crq_to_client", "client_migrates")


@pytest.mark.parametrize("action", FEW)
def test_the_headline_is_proved_again_of_some_actions(action: str) -> None:
    verdicts = decide_action(closure(HEADLINE), "", action)
    assert len(verdicts) == len(closure(HEADLINE))
    assert {v.verdict for v in verdicts} == {PROVED}


@pytest.mark.slow
def test_the_headline_is_proved_again_of_every_action() -> None:
    goals = closure(HEADLINE)
    verdicts = [v for action in ("", *ACTIONS) for v in decide_action(goals, "", action)]
    assert [str(v.obligation) for v in verdicts if v.verdict != PROVED] == []
    assert {v.obligation for v in verdicts} == {x for name in goals for x in obligations(name)}


@pytest.mark.slow
@pytest.mark.parametrize("action", ["", *ACTIONS])
def test_everything_is_proved_again(action: str) -> None:
    verdicts = decide_action(tuple(PLANS), "", action)
    assert [(str(v.obligation), v.why) for v in verdicts if v.verdict != PROVED] == []
    assert len(verdicts) == sum(x.action == action for name in PLANS for x in obligations(name))


def test_a_state_that_is_not_well_formed_after_an_action_spoils_its_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    def shapeless(taken: NaiveStep, goal: str) -> Verdict:
        return Verdict(Obligation(goal, taken.action), UNKNOWN if goal == WELL_FORMED else PROVED, 0.0)

    assert {v.verdict for v in decide_action(("INV-7",), "", "server_boots")} == {PROVED}
    monkeypatch.setattr(deciding, "decide", shapeless)
    (verdict,) = decide_action(("INV-7",), "", "server_boots")
    assert verdict.verdict == UNKNOWN
    assert "well formed" in verdict.why


# --- and nothing that is not so ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mutation", "goal", "action", "servers"), [
    ("no_fence", "INV-1", "server_frees", 3),
    ("no_fence", "connected-only-as-selected", "server_frees", 2),
    ("fenced_send_accepted", "INV-2", "h_send_crq_to_client", 2),
    ("silent_without_successor", "FOV-3", "server_frees", 2),
])  # fmt: skip
def test_a_misreading_is_refuted_where_the_specification_is_proved(
    mutation: str, goal: str, action: str, servers: int
) -> None:
    misread = step(action, mutation)
    assert decide(step(action), goal).verdict == PROVED
    assert refuted_of_few(misread, goal, servers)
    assert decide(misread, goal, 300).verdict != PROVED


@pytest.mark.slow
@pytest.mark.parametrize("name", [m.name for m in MUTATIONS.values() if m.refutes in GOALS and m.refutes in PLANS])
def test_no_misreading_is_proved(name: str) -> None:
    goals = closure((MUTATIONS[name].refutes,))
    for action in ("", *ACTIONS):
        wanted = [goal for goal in goals if any(x.action == action for x in obligations(goal))]
        taken = step(action, name)
        if any(decide(taken, goal, 1000).verdict != PROVED for goal in wanted):
            return
    pytest.fail(f"everything that {MUTATIONS[name].refutes} rests on is proved of {name}")


@pytest.mark.parametrize("action", FEW[1:])
def test_what_is_assumed_can_be_met(action: str) -> None:
    assert can_be_met(step(action), "INV-2")


@pytest.mark.slow
@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_assumed_of_any_action_can_be_met(action: str) -> None:
    taken = step(action)
    for goal in (*HEADLINE, WELL_FORMED):
        assert any(can_be_met(taken, goal, servers, depth) for servers, depth in ((2, 2), (3, 3)))


def test_the_beginning_can_be_met() -> None:
    assert can_be_met(step(""), WELL_FORMED)


def test_a_script_does_not_depend_on_what_was_written_before() -> None:
    one, other = NaiveStep("server_frees"), NaiveStep("server_frees")
    one.obligation("INV-5")
    assert one.obligation("INV-1") == other.obligation("INV-1")


def test_a_value_has_no_truth() -> None:
    with pytest.raises(TypeError):
        bool(Said("true", BOOL))
