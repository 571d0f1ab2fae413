"""What is written on paper is what z3 is asked; and what is kept of earlier proofs saves proving again only what is the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import z3

from vnic_model import cache
from vnic_model.goals import GOALS, PLANS
from vnic_model.prover import kept, run
from vnic_model.prover.induction import PROVED, REFUTED, Induction, Obligation, Query, Verdict, obligations
from vnic_model.prover.paper import Paper
from vnic_model.prover.receptive import findings, findings_of, strong, subjects
from vnic_model.prover.run import decide_action, plan_of
from vnic_spec.action import Action, Effect
from vnic_spec.catalogue import ACTIONS

EVERY = tuple(name for name, plan in PLANS.items() if plan.any_number)
#: A property with a lemma, of which every action is proved in a second.
FEW = plan_of(["INV-1"])


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VNICKIT_CACHE", str(tmp_path / "cache"))


def proofs(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "proofs"


def asked(action: str, goals: tuple[str, ...] = FEW) -> list[str]:
    """The goals of which z3 is asked, or that are nobody's before, when an action is proved with the cache."""
    verdicts = decide_action(goals, "", action, cached=True)
    assert {v.verdict for v in verdicts} == {PROVED}
    return [v.obligation.goal for v in verdicts if not v.kept and not v.idle]


# --- on paper ------------------------------------------------------------------------------------------------------


def differing(action: str, goals: tuple[str, ...] = EVERY) -> list[Obligation]:
    """The obligations that are not the same, formula by formula, on paper and for z3."""
    pen = Paper()
    paper, plain = Induction(pen=pen), Induction()
    found = []
    for x in (x for name in goals for x in obligations(name) if x.action == action):
        one, other = paper.query(x), plain.query(x)
        copy = pen.copy_of(one)
        same = len(copy.assumed) == len(other.assumed) and copy.claim.eq(other.claim) and copy.trivial == other.trivial
        if not same or not all(a.eq(b) for a, b in zip(copy.assumed, other.assumed, strict=True)):
            found.append(x)
    return found


@pytest.mark.parametrize("action", ["", "client_reads_failover"])
def test_what_is_written_on_paper_is_what_the_reading_writes_for_z3(action: str) -> None:
    assert differing(action) == []


@pytest.mark.slow
@pytest.mark.parametrize("action", ACTIONS)
def test_the_same_of_every_action_and_its_guard(action: str) -> None:
    assert differing(action) == []
    pen = Paper()
    paper, plain = Induction(pen=pen), Induction()
    one, other = pen.copy_of(strong(paper, action)), strong(plain, action)
    assert one.claim.eq(other.claim)
    assert all(a.eq(b) for a, b in zip(one.assumed, other.assumed, strict=True))


def test_a_formula_on_paper_is_neither_true_nor_false() -> None:
    pen = Paper()
    a, b = pen.Consts("a b", z3.BoolSort())
    assert (a == b) is (a == b)
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(a == b)


def test_what_differs_has_another_hash() -> None:
    pen = Paper()
    bv, server = z3.BitVecSort(5), z3.DeclareSort("Server")
    a, b = pen.Consts("a b", server)
    f = pen.Function("f", server, z3.BoolSort())
    x = pen.Const("bound.Server.0", server)
    terms = [
        *(a, b, pen.Const("a", bv), pen.BitVecVal(3, bv), pen.Const("3", bv), f(a), f(b), a == b, b == a, a != b),
        *(pen.And(f(a), f(b)), pen.Or(f(a), f(b)), pen.Not(f(a)), pen.Implies(f(a), f(b)), pen.If(f(a), a, b)),
        *(
            pen.ForAll([x], f(x)),
            pen.ForAll([x], f(a)),
            pen.made_up("a!1", "all", server, a),
            pen.And(f(a), f(b), f(b)),
        ),
    ]
    assert len({t.digest for t in terms}) == len(terms)
    assert Paper().Const("a", server).digest == a.digest


def hashes(goals: tuple[str, ...], action: str) -> dict[str, str]:
    fresh = Induction(pen=Paper())
    return {name: kept.digest(fresh.query(Obligation(name, action))) for name in goals}


def test_the_hash_of_an_obligation_depends_on_nothing_else_that_is_proved() -> None:
    action = "server_reports"
    here = tuple(g for g in EVERY if Obligation(g, action) in obligations(g))
    forwards, backwards = hashes(here, action), hashes(tuple(reversed(here)), action)
    assert forwards == backwards
    assert forwards["INV-2"] == hashes(("INV-2",), action)["INV-2"]
    assert hashes(FEW, action) != hashes(FEW, "server_boots")


def test_a_hypothesis_less_is_another_obligation() -> None:
    fresh = Induction(pen=Paper())
    x = Obligation("INV-1", "server_registers")
    whole = fresh.query(x)
    assert kept.digest(whole) == kept.digest(Query(list(reversed(whole.assumed)), whole.claim))
    assert kept.digest(whole) != kept.digest(fresh.query(x, ()))
    claimed = Query(whole.assumed[1:], whole.assumed[0])
    assert kept.digest(whole) != kept.digest(claimed)


# --- what is kept --------------------------------------------------------------------------------------------------


def test_what_was_proved_is_not_proved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = asked("server_registers")
    assert "INV-1" in first

    def never(*_: object) -> Verdict:
        raise AssertionError("z3 is asked")

    monkeypatch.setattr(run, "answered", never)
    assert asked("server_registers") == []
    with pytest.raises(AssertionError, match="z3 is asked"):
        decide_action(FEW, "", "server_registers")


def edited(effect: Callable[..., Effect]) -> Callable[..., Effect]:
    """The same action, which needs one thing more."""

    def more(o: Any, s: Any, *parameters: Any) -> Effect:
        found = effect(o, s, *parameters)
        return found._replace(guard=o.all_of(found.guard, o.no(s.auto)))

    return more


def test_of_an_edited_action_alone_everything_is_proved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    actions = ("server_registers", "server_frees", "report_expires")
    before = {a: asked(a) for a in actions}
    assert all(before.values())
    action = ACTIONS["server_registers"]
    changed = Action(**{**vars(action), "effect": edited(action.effect)})
    monkeypatch.setitem(ACTIONS, action.name, changed)
    assert {a: asked(a) for a in actions} == {a: before[a] if a == action.name else [] for a in actions}
    monkeypatch.setitem(ACTIONS, action.name, action)  # what was proved of it before the edit is still kept
    assert asked(action.name) == []


def test_what_is_refuted_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    law = GOALS["INV-1"]
    wrong = type(law)(**{**vars(law), "of_state": lambda o, s: o.every(s.connected)})
    monkeypatch.setitem(GOALS, "INV-1", wrong)
    for _ in range(2):
        (verdict,) = (v for v in decide_action(FEW, "", "", cached=True) if v.obligation.goal == "INV-1")
        assert (verdict.verdict, verdict.kept) == (REFUTED, False)


def test_another_solver_or_prover_proves_everything_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = asked("server_registers")
    for what, value in ((z3, ("get_full_version", lambda: "Z3 9.9.9")), (kept, ("PATIENCE", 1_000))):
        kept.prover.cache_clear()
        with monkeypatch.context() as patched:
            patched.setattr(what, *value)
            assert asked("server_registers") == before
            assert asked("server_registers") == []
    kept.prover.cache_clear()
    assert asked("server_registers") == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-9],
        lambda data: data.replace(b"proved", b"porved"),
        lambda data: bytes(reversed(data)),
        lambda data: b"\xff" * 100,
    ],
)
def test_a_damaged_file_is_no_proof(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    before = asked("server_registers")
    (file,) = proofs(tmp_path).iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert asked("server_registers") == before
    assert asked("server_registers") == []


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"key": 1, "proved": []}', '{"key": KEY, "proved": 3}', '{"key": KEY, "proved": [{}]}', "[" * 9_000],
)
def test_a_file_of_another_form_is_no_proof(tmp_path: Path, text: str) -> None:
    file = proofs(tmp_path) / "server_registers.json"
    assert cache.keep(file, text.replace("KEY", f'"{kept.prover()}"').encode())
    assert "INV-1" in asked("server_registers")


def test_a_file_that_others_may_write_is_no_proof(tmp_path: Path) -> None:
    before = asked("server_registers")
    (file,) = proofs(tmp_path).iterdir()
    file.chmod(0o666)
    assert asked("server_registers") == before


def test_without_a_directory_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VNICKIT_CACHE", "")
    before = asked("server_registers")
    assert asked("server_registers") == before
    monkeypatch.setenv("VNICKIT_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_text("no directory")
    assert asked("server_registers") == before


def test_a_prover_that_cannot_read_its_own_text_keeps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept.prover.cache_clear()
    monkeypatch.setattr(kept, "__file__", str(tmp_path / "nowhere" / "kept.py"))
    assert asked("server_registers") == asked("server_registers") != []
    assert not proofs(tmp_path).exists()


def test_guards_are_compared_once() -> None:
    plain = [(f.subject, f.flaw, f.verdict) for f in findings(actions=["server_boots"])]
    for cached in (False, True, True):
        found = findings_of("server_boots", cached=cached)
        assert [(f.subject, f.flaw, f.verdict) for f in found] == plain
    assert any(f.kept for f in found)


def test_a_guard_that_is_too_strong_is_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    action = ACTIONS["server_boots"]
    changed = Action(**{**vars(action), "effect": edited(action.effect)})
    monkeypatch.setitem(ACTIONS, action.name, changed)
    assert ("too strong", REFUTED) in {(f.flaw, f.verdict) for f in findings_of("server_boots", cached=True)}


@pytest.mark.slow
def test_of_every_guard_and_call_paper_and_z3_say_the_same() -> None:
    found = [x for name in subjects() for x in findings_of(name)]
    assert [(f.subject, f.flaw, f.verdict) for f in found] == [(f.subject, f.flaw, f.verdict) for f in findings()]


def test_many_hashes_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    for start in range(0, 40, 4):
        one = kept.Kept.of("some")
        for number in range(start, start + 4):
            one.add(f"{number:064x}")
        one.close()
    assert len(kept.Kept.of("some").known) == 4 + 3
