"""Kernel logs made of what clients really do: the reference client contradicts nothing, and faulty ones do."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.partner import Partner
from vnic_conformance.client_role.port import DirectPort
from vnic_conformance.monitoring.judging import Judged, judge
from vnic_reference.client import ClientSettings, VnicClient
from vnic_reference.client_adapter import ClientAdapter, MakeClient
from vnic_reference.client_variants import CLIENT_VARIANTS
from vnic_spec.wire import Hcall, Rc


class Printk:
    """Writes what the Linux driver would write of its elements, with dynamic debugging."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, happening: h.Happening) -> None:
        if isinstance(happening, h.Called) and happening.element is not None:
            self._say(happening, "Sending", happening.element)
        elif isinstance(happening, h.Consumed) and happening.handle is None:
            self._say(happening, "Handling", happening.data)
        elif (
            isinstance(happening, h.Answered) and happening.opcode == Hcall.H_SEND_CRQ and happening.rc != Rc.H_SUCCESS
        ):
            self._print(happening, f"Send error (rc={happening.rc})")

    def _say(self, happening: h.Happening, verb: str, element: bytes) -> None:
        self._print(happening, f"{verb} CRQ: {element[:8].hex()} {element[8:].hex()}")

    def _print(self, happening: h.Happening, message: str) -> None:
        self.lines.append(f"[{happening.now / 1000:12.6f}] ibmvnic 30000003 env3: {message}\n")


def life(make: MakeClient, file: Path) -> Judged:
    """Open, failover, outage, migration, complaint, another MTU, close and open again."""
    adapter = ClientAdapter(make, ClientSettings(open_at_boot=False))
    log = Printk()
    try:
        partner = Partner(DirectPort(adapter), observers=[log])
        partner.user("add")
        partner.run(10)
        partner.user("open")
        partner.run(3_000)
        for happens in (partner.failover, lambda: partner.outage(2_000), partner.platform.migrate, partner.failover):
            partner.happen("an event", happens)
            partner.run(3_000)
        partner.user("complain")
        partner.run(2_000)
        for action, arguments in (("mtu", {"value": 8_000}), ("close", {}), ("open", {})):
            partner.user(action, **arguments)
            partner.run(2_000)
        partner.happen("an event", partner.failover)
        partner.run(3_000)
    finally:
        adapter.close()
    file.write_text("".join(log.lines))
    return judge(file)


def test_a_client_that_conforms_contradicts_nothing(tmp_path: Path) -> None:
    found = life(VnicClient, tmp_path / "log")
    assert [(one.rule.name, one.contradicted[0]) for one in found.contradicted] == []
    told = {one.rule.name for one in found.borne_out}
    assert told >= {
        "waits_for_init",
        "answers_init",
        "keeps_the_order",
        "negotiates_step_by_step",
        "sets_its_mac_again",
    }
    causes = [recovery.causes[-1] for recovery in found.chapters[0].recoveries]
    assert causes.count("failover") >= 3
    assert "migration" in causes
    assert all(recovery.well for recovery in found.chapters[0].recoveries)


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("resets_on_failover", "waits_for_init"),
        ("keeps_stale_answers", "keeps_the_order"),
        ("runs_two_recoveries", "keeps_the_order"),
    ],
)
def test_a_faulty_client_gives_itself_away(fault: str, rule: str, tmp_path: Path) -> None:
    """Most faults leave no trace in such a log; these do."""
    found = life(CLIENT_VARIANTS[fault].make, tmp_path / "log")
    assert rule in {one.rule.name for one in found.contradicted}
