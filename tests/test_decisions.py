"""The decision log tells the truth: its traces are what the machine says today.

``UPDATE_GOLDEN=1 pytest tests/test_decisions.py`` writes the traces into the log.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from vnic_model.examples import mutation_trace
from vnic_model.explorer import explore
from vnic_model.instances import claims, instance
from vnic_model.trace_text import text_of
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES

LOG = Path(__file__).parents[1] / "docs" / "decisions.md"
BLOCK = re.compile(r"<!-- trace: (\w+) -->\n(.*?)<!-- end -->", re.S)


def documented() -> list[str]:
    return [match.group(1) for match in BLOCK.finditer(LOG.read_text())]


def shown(name: str) -> str:
    """The block of one mutation as the log has it."""
    return f"```text\n{text_of(mutation_trace(MUTATIONS[name]), compact=True).rstrip()}\n```\n"


def test_the_log_documents_every_suspect() -> None:
    wanted = {
        "server_waits_after_02",
        "no_hold",
        "no_hold_login",
        "last_resort_single",
        "pin_outlives_selection",
        "failover_overlays_migrated",
        "closed_is_frozen",
        "drop_event_on_full",
        "reselect_at_open",
    }
    assert wanted <= set(documented())


@pytest.mark.parametrize("name", documented())
def test_a_documented_trace_is_the_shortest_one_of_today(name: str) -> None:
    text = LOG.read_text()
    (block,) = [match for match in BLOCK.finditer(text) if match.group(1) == name]
    now = shown(name)
    if os.environ.get("UPDATE_GOLDEN"):
        start, end = block.span(2)
        LOG.write_text(text[:start] + now + text[end:])
        return
    assert block.group(2) == now


def test_the_table_names_mutations_and_what_they_violate() -> None:
    rows = re.findall(r"^\|.*\| `(\w+)` \| (\S+) \|$", LOG.read_text(), re.M)
    assert len(rows) >= 10
    for name, violated in rows:
        assert MUTATIONS[name].refutes == violated


def test_an_old_login_needs_a_queue_of_three() -> None:
    mutation, claim = MUTATIONS["no_hold_login"], PROPERTIES["INV-8"]
    two = explore(instance("core", 1, mutation=mutation, server_depth=2), [claim])
    assert two.complete
    assert two.violation is None
    three = explore(instance("core", 1, mutation=mutation, server_depth=3), [claim])
    assert three.violation is claim


def test_selecting_afresh_does_not_undo_a_complaint() -> None:
    """Suspected, and refuted: a server with a complaint is not eligible, so no registration can select it."""
    afresh = ("SEL-7", "FOV-1", "SEL-7/ends", "ADM-6/pin")
    held = [p for p in claims("complaint") if p.name not in afresh]
    assert {"INV-3", "MON-4", "MON-5", "SES-3"} <= {p.name for p in held}
    found = explore(instance("complaint", 2, mutation=MUTATIONS["reselect_at_open"]), held)
    assert found.complete
    assert found.violation is None
