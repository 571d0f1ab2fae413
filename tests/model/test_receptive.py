"""No guard is too strong or too weak, every call has an answer, and properties have their own words for what guards ask."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vnic_spec
from vnic_model.prover.agreement import TERMS, disagreements
from vnic_model.prover.induction import PROVED
from vnic_model.prover.receptive import STRONG, STUCK, WEAK, findings
from vnic_spec import administration, monitoring, selection, transport
from vnic_spec.action import Effect
from vnic_spec.catalogue import ACTIONS, CHAPTERS, RULE_CHAPTERS
from vnic_spec.properties.occasions import CALLS, LEFT_OUT, OCCASIONS

JUDGES = [
    p for part in ("properties", "lemmas") for p in sorted((Path(vnic_spec.__file__).parent / part).rglob("*.py"))
]
FORM_GUARDS = {chapter.__name__ for chapter in (*CHAPTERS, *RULE_CHAPTERS)}


@pytest.mark.parametrize("path", JUDGES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_what_judges_borrows_nothing_from_what_is_judged(path: Path) -> None:
    imported = {n.module for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom)}
    assert imported & FORM_GUARDS == set()


def test_properties_and_guards_agree_on_every_term() -> None:
    assert disagreements() == []


def test_a_term_that_differs_is_noticed() -> None:
    one, _, servers = TERMS["eligible"]
    assert disagreements({"eligible": (one, selection.fit, servers)}) == ["eligible"]


def test_every_action_has_an_occasion_and_what_is_left_out_a_reason() -> None:
    assert OCCASIONS.keys() == ACTIONS.keys()
    assert {name for call in CALLS for name in call.actions} <= ACTIONS.keys()
    assert all(len(reason.split()) > 5 for reason in LEFT_OUT.values())


def test_no_guard_removes_or_adds_behaviour_and_every_call_is_answered() -> None:
    found = list(findings())
    assert [str(f) for f in found if f.verdict != PROVED] == []
    assert {f.flaw for f in found} == {STRONG, WEAK, STUCK}


def _guarded(of: Callable[..., Effect], more: Callable[..., Any]) -> Callable[..., Effect]:
    def effect(o: Any, s: Any, *parameters: Any) -> Effect:
        found = of(o, s, *parameters)
        return found._replace(guard=o.all_of(found.guard, more(o, s, *parameters)))

    return effect


@pytest.mark.parametrize(
    ("action", "effect", "flaw"),
    [
        ("server_reports", _guarded(monitoring.server_reports, lambda o, s, i, *_: o.eq(s.selected, i)), STRONG),
        ("client_migrates", _guarded(transport.client_migrates, lambda o, s, full, _: o.no(full)), STRONG),
        ("adds_server", lambda o, *a: administration.adds_server(o, *a)._replace(guard=o.true), WEAK),
    ],
)
def test_a_guard_that_is_too_strong_or_too_weak_is_noticed(
    action: str, effect: Callable[..., Effect], flaw: str
) -> None:
    found = [f for f in findings(effects={action: effect}, actions=[action]) if f.verdict != PROVED]
    assert [(f.subject, f.flaw) for f in found] == [(action, flaw)]


def test_a_choice_that_the_policy_allows_and_a_rule_forbids_is_noticed() -> None:
    rules = {"preempted": lambda o, s: o.all_of(selection.preempted.as_written(o, s), s.complaint(s.selected))}
    assert [f.flaw for f in findings(rules, actions=["sets_auto"]) if f.verdict != PROVED] == [STRONG]
