"""The audit names every requirement of the machine, and every property of the hypervisor; its page is what the data say."""

from __future__ import annotations

from pathlib import Path

from vnic_spec.audit import CLAUSES, GUARDS, page
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Scope
from vnic_spec.requirements import REQUIREMENTS

AUDITED = ("CRQ", "SEL", "MON", "FOV", "ADM", "SES", "INV")
PAGE = Path(__file__).parents[2] / "docs" / "audit.md"


def test_every_requirement_is_audited() -> None:
    assert {c.requirement for c in CLAUSES} == {r for r in REQUIREMENTS if r.partition("-")[0] in AUDITED}


def test_a_clause_has_a_property_or_a_reason() -> None:
    assert [c for c in CLAUSES if not c.properties and len(c.unnoticed.split()) < 4] == []


def test_every_property_of_the_hypervisor_states_some_clause() -> None:
    named = {name for c in CLAUSES for name in c.properties}
    assert named - {GUARDS} <= PROPERTIES.keys()
    assert {p.name for p in PROPERTIES.values() if p.scope is Scope.ANYBODY} <= named


def test_the_page_is_what_the_data_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == "\n".join(page()) + "\n"
