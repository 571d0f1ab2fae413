"""Steps that the oracle allows beyond the machine's actions: which they are, and that they keep what is proved."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vnic_conformance import oracle
from vnic_model.goals import GOALS, closure
from vnic_model.prover.beyond import BEYOND, decided
from vnic_model.prover.induction import PROVED, REFUTED
from vnic_spec.action import Effect
from vnic_spec.catalogue import ACTIONS, CHAPTERS, RULE_CHAPTERS
from vnic_spec.monitoring import moment_passes
from vnic_spec.property import Scope

#: What the oracle takes from the specification besides actions: what it asks of a state, and the steps of :data:`BEYOND`.
ASKED = {"choice", "eligible", "may_fall_silent", "preempted"}
STEPS = {"moment_passes", "selection_ends"}
#: One that takes least in every run.
ONE = [pytest.param(name, marks=() if name == "migration-closed" else pytest.mark.slow) for name in BEYOND]


@pytest.mark.parametrize("name", ONE)
def test_a_step_beyond_the_actions_keeps_everything_that_is_proved(name: str) -> None:
    found = list(decided(BEYOND[name]))
    assert [str(v.obligation) for v in found if v.verdict != PROVED] == []
    assert {"INV-1", "INV-5/path", "FOV-1", "MON-5", "CRQ-5/server"} <= {v.obligation.goal for v in found}


@pytest.mark.parametrize("name", ONE)
def test_what_is_left_out_is_not_so_and_nothing_rests_on_it(name: str) -> None:
    beyond = BEYOND[name]
    left_out = tuple(beyond.left_out)
    assert [v.obligation.goal for v in decided(beyond, left_out) if v.verdict == REFUTED] == list(left_out)
    resting = [g for g in GOALS if g not in left_out and GOALS[g].scope is Scope.ANYBODY]
    assert not [g for g in resting if g in beyond.goals and set(closure((g,))) & set(left_out)]


def _of_anybody(o: Any, s: Any, i: Any, b: Any, *full: Any) -> Effect:
    """A moment at which everybody's hold reaches its limit, held or not."""
    return moment_passes(o, s, lambda j: o.false, lambda j: o.true, b, *full)._replace(guard=o.true)


def test_a_moment_that_forgets_whom_it_may_concern_is_refuted() -> None:
    moment = replace(BEYOND["moment"], effect=_of_anybody)
    assert [v.verdict for v in decided(moment, ("CRQ-13/limit",))] == [REFUTED]


def test_the_oracle_takes_no_other_step_than_actions_and_these() -> None:
    """Each step of the oracle is an action of the machine, by its name or imported, or one that is proved here."""
    chapters = {chapter.__name__ for chapter in (*CHAPTERS, *RULE_CHAPTERS)}
    taken: set[str] = set()
    for path in Path(str(oracle.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in chapters:
                taken |= {name.name for name in node.names}
    assert taken - ASKED - set(ACTIONS) == STEPS
