"""The narrating reading: it says what the specification does, in lines that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from vnic_model.instances import SCENARIOS, instance
from vnic_model.layout import INTERVENTIONS
from vnic_model.pseudocode import RULES_IN_WORDS, Story, changed_by, story_of, story_of_rule
from vnic_model.traced import Tracer
from vnic_spec.catalogue import ACTIONS, RULES
from vnic_spec.mutations import MUTATIONS, Mutation
from vnic_spec.state import VARIABLES

WIDTH = 96


def lines(story: Story) -> list[str]:
    return [*story.guard, *story.steps, *story.history, *story.stored, *story.answer]


def test_a_report_is_told_as_it_is() -> None:
    story = story_of(ACTIONS["server_reports"], WIDTH)
    assert story.guard == ("awake(i) ∧ listed(i) ∧ registered(i)",)
    assert story.steps == (
        "status(i) := reported",
        "complaint(i) := no if reported = OPERATIONAL ∧ old status(i) ≠ OPERATIONAL",
        "SELECT b",
    )
    assert story.answer == ("H_SUCCESS",)


def test_what_was_read_before_a_change_is_said_to_be_old() -> None:
    story = story_of_rule(RULES_IN_WORDS["client_takes"], WIDTH)
    assert story.steps[-3:] == ("owed := NOTHING", "if old owed ≠ NOTHING:", "  CONNECT")
    assert "seen := nobody if first(old to_client) ∈ {MIGRATED, FAILOVER}" in story.history


def test_answers_are_decided_in_the_order_of_the_requirement() -> None:
    story = story_of_rule(RULES_IN_WORDS["send_to_server"], WIDTH)
    assert story.answer == ("H_CLOSED if not in session ∨ crq = DISABLED", "H_DROPPED if full", "H_SUCCESS otherwise")


def test_history_is_set_apart() -> None:
    story = story_of_rule(RULES_IN_WORDS["switch_to"], WIDTH)
    assert any(line.startswith("unbalanced") for line in story.history)
    assert not any("unbalanced" in line for line in story.steps)


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_can_be_read(name: str) -> None:
    story = story_of(ACTIONS[name], WIDTH)
    assert story.guard or name == "sets_auto", "only writing auto is always possible"
    assert_readable(story)


@pytest.mark.parametrize("name", RULES_IN_WORDS)
def test_every_rule_can_be_read(name: str) -> None:
    story = story_of_rule(RULES_IN_WORDS[name], WIDTH)
    assert lines(story)
    assert_readable(story)


def assert_readable(story: Story) -> None:
    for line in lines(story):
        assert not re.search(r"<\w|[\[\]]|\b_|lambda|\b(True|False|None)\b|\ue000|\be\.", line), line
        assert len(line) <= WIDTH + 30, line


@pytest.mark.parametrize("name", ACTIONS)
def test_what_is_said_to_change_is_what_changes(name: str) -> None:
    """Every variable that an action changes in some instance is one that its story may change."""
    said = changed_by(ACTIONS[name])
    assert said <= {v.name for v in VARIABLES}
    for scenario in SCENARIOS.values():
        if name in scenario.actions:
            found = {
                re.split(r"[.\[]", scalar)[0]
                for t in Tracer(instance(scenario.name, 2)).trace(name)
                for scalar in t.updates
                if scalar != INTERVENTIONS
            }
            assert found <= said


@cache
def told() -> dict[str, Story]:
    """Every story of the specification."""
    actions = {name: story_of(action, WIDTH) for name, action in ACTIONS.items()}
    return actions | {name: story_of_rule(rule, WIDTH) for name, rule in RULES_IN_WORDS.items()}


def stories(mutation: Mutation) -> Iterator[tuple[str, Story]]:
    """The stories that a misreading may change: of what it replaces, or of all that ask for the rule that it replaces."""
    for name, effect in mutation.effects.items():
        yield name, story_of(replace(ACTIONS[name], effect=effect), WIDTH)
    if mutation.rules:
        yield from ((name, story_of(action, WIDTH, mutation.rules)) for name, action in ACTIONS.items())
        yield from ((name, story_of_rule(rule, WIDTH, mutation.rules)) for name, rule in RULES_IN_WORDS.items())


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_misreading_reads_differently(name: str) -> None:
    """What the stories leave out is nothing by which a specification could be wrong in a way that is known."""
    assert any(story != told()[changed] for changed, story in stories(MUTATIONS[name]))


def test_a_rule_without_words_is_looked_into() -> None:
    """Only what has words is named; what has none, such as where event 08 takes the client, is told where it is used."""
    silent = {name for name, rule in RULES.items() if not rule.words}
    assert "after_failover" in silent
    assert silent | set(RULES_IN_WORDS) == set(RULES)
    steps = " ".join(story_of(ACTIONS["client_reads_failover"], WIDTH).steps)
    assert "WAITING" in steps
    assert "RECOVERING" in steps
