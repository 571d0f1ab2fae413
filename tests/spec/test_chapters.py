"""Requirements, actions, rules, properties and misreadings stand in chapters of the same names."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from vnic_spec import catalogue, mutations, properties, requirements
from vnic_spec.mutations import EVERY_MUTATION
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import REQUIREMENTS


def names(chapters: tuple[ModuleType, ...]) -> list[str]:
    return [chapter.__name__.rpartition(".")[2] for chapter in chapters]


@pytest.mark.parametrize(
    "chapters",
    [catalogue.CHAPTERS, catalogue.RULE_CHAPTERS, properties.CHAPTERS, mutations.CHAPTERS],
    ids=["actions", "rules", "properties", "mutations"],
)
def test_chapters_bear_the_names_of_those_of_the_requirements(chapters: tuple[ModuleType, ...]) -> None:
    assert set(names(chapters)) <= set(names(requirements.CHAPTERS))


@pytest.mark.parametrize("chapters", [properties.CHAPTERS, mutations.CHAPTERS], ids=["properties", "mutations"])
def test_they_follow_in_the_same_order(chapters: tuple[ModuleType, ...]) -> None:
    order = names(requirements.CHAPTERS)
    assert names(chapters) == sorted(names(chapters), key=order.index)


def chapter_of(requirement_id: str) -> str:
    """The chapter in which a requirement is written."""
    (chapter,) = (c for c in requirements.CHAPTERS if REQUIREMENTS[requirement_id] in c.REQUIREMENTS)
    return chapter.__name__.rpartition(".")[2]


def test_a_property_stands_in_the_chapter_of_its_requirement() -> None:
    assert {p.name: p.chapter.rpartition(".")[2] for p in PROPERTIES.values()} == {
        p.name: chapter_of(p.requirements[0]) for p in PROPERTIES.values()
    }


@pytest.mark.parametrize("module", mutations.CHAPTERS, ids=names(mutations.CHAPTERS))
def test_a_misreading_stands_in_the_chapter_of_the_requirement_that_is_misread(module: ModuleType) -> None:
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    here = [m for m in EVERY_MUTATION.values() if re.search(rf'misreading\(\s*"{m.name}"', source)]
    (chapter,) = names((module,))
    assert bool(here) is (chapter != "progress"), "what only an endless run refutes is registered otherwise"
    assert {m.name: chapter_of(m.requirement) for m in here} == {m.name: chapter for m in here}
