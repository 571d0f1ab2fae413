"""Diagrams of the machine: every edge of the explored graph, and none that is not there."""

from __future__ import annotations

from dataclasses import replace

from vnic_model.instances import SCENARIOS, instance
from vnic_model.quotient import Quotient, mermaid, quotients


def test_the_clients_crq_seen_through_a_migration() -> None:
    found = quotients(instance("migration", 1), {"crq": lambda s: s.crq})["crq"]
    assert found.start == "CLOSED"
    assert dict(found.edges) == {
        ("CLOSED", "OPEN"): ("client_registers",),
        ("DISABLED", "CLOSED"): ("client_frees",),
        ("DISABLED", "OPEN"): ("client_enables",),
        ("OPEN", "CLOSED"): ("client_frees",),
        ("OPEN", "DISABLED"): ("client_migrates",),
    } | {edge: actions for edge, actions in found.edges.items() if "client_crashes" in actions}
    assert mermaid(found)[:3] == ["stateDiagram-v2", "    direction LR", "    [*] --> CLOSED"]
    assert "    OPEN --> DISABLED: client_migrates" in mermaid(found)


def test_what_leads_to_one_value_from_most_others_is_told_in_words() -> None:
    one = replace(instance("core", 1), actions=SCENARIOS["core"].actions)
    found = quotients(one, {"phase": lambda s: s.phase})["phase"]
    target, sources = found.gathered()["client_crashes"]
    assert target == "OFF"
    assert set(sources) == set(found.values) - {"OFF"}
    assert "client_crashes" not in "\n".join(mermaid(found))


def test_an_action_with_two_ends_is_drawn() -> None:
    edges = {(before, after): ("client_boots",) for before in "ABCDE" for after in "XY"}
    assert Quotient("A", edges).gathered() == {}
