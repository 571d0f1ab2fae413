"""What the machine says about the requirements, and they about it, agrees."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from vnic_spec.action import Action
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.profile import PARAMETERS
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import REQUIREMENTS, Elsewhere, Requirement, check_ids, links, unlinked

each = pytest.mark.parametrize("entry", REQUIREMENTS.values(), ids=str)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=list(ACTIONS))
def test_an_action_names_requirements_that_exist_and_says_who_does_what(action: Action) -> None:
    assert action.requirements
    check_ids(f"action {action.name}", action.requirements)
    assert len(set(action.requirements)) == len(action.requirements)
    assert action.sentence[0].isupper()
    assert action.sentence.endswith((".", ")"))


def test_mutations_and_properties_name_requirements_that_exist() -> None:
    for mutation in MUTATIONS.values():
        check_ids(f"mutation {mutation.name}", [mutation.requirement])
    for p in PROPERTIES.values():
        check_ids(f"property {p.name}", p.requirements)


def test_no_requirement_is_left_without_anything() -> None:
    assert unlinked(ACTIONS, PROPERTIES) == ()


@dataclass(frozen=True)
class Stale:
    """What is wrong with what a requirement says about the machine."""

    whole_but_there: bool
    part_but_nothing: bool


def staleness(entry: Requirement) -> Stale:
    """A requirement that is wholly elsewhere is in no action and no property; one that is partly elsewhere is in some."""
    found = links(entry.id, ACTIONS, PROPERTIES)
    there = bool(found.actions or found.properties)
    whole = entry.elsewhere is not None and entry.elsewhere.whole
    part = entry.elsewhere is not None and not entry.elsewhere.whole
    return Stale(whole and there, part and not there)


@each
def test_what_is_tested_elsewhere_is_said_to_be_there_truly(entry: Requirement) -> None:
    assert staleness(entry) == Stale(False, False)


def test_a_stale_claim_is_noticed() -> None:
    def said(requirement_id: str, whole: bool) -> Requirement:
        return replace(REQUIREMENTS[requirement_id], elsewhere=Elsewhere("A reason.", "model: a test", whole=whole))

    assert staleness(said("SEL-2", True)) == Stale(True, False)
    assert staleness(said("DAT-1", False)) == Stale(False, True)
    assert staleness(said("SEL-2", False)) == staleness(said("DAT-1", True)) == Stale(False, False)


def test_an_unlinked_requirement_is_noticed() -> None:
    without = {name: p for name, p in PROPERTIES.items() if "SEL-1" not in p.requirements}
    assert unlinked(ACTIONS, without) == ("SEL-1", "INV-1")


def test_every_choice_of_the_profile_belongs_to_a_requirement_of_the_machine() -> None:
    for name, parameter in PARAMETERS.items():
        if parameter.abstract:
            found = links(parameter.requirements[0], ACTIONS, PROPERTIES)
            assert found.actions or found.properties, name
