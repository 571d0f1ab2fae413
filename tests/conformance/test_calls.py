"""The chapter on hypervisor calls says all that the kit expects of an answer, and no page names a code without its number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vnic_conformance.call_reference import (
    BUSY,
    CODES,
    DESCRIBED,
    DESCRIPTOR,
    EVENTS,
    MAY_BE_BUSY,
    RECORD,
    SUBFUNCTIONS,
)
from vnic_conformance.cases import SCRIPTS
from vnic_conformance.protocol.messages import calls
from vnic_conformance.protocol.rules import WITHOUT_RC
from vnic_conformance.specification.interface import interface
from vnic_spec.calls import event_bytes
from vnic_spec.profile import ComplaintOrder, Crossing, EventFull, Profile, Reopen
from vnic_spec.requirements import REQUIREMENTS
from vnic_spec.vocabulary import Kind
from vnic_spec.wire import SERVER_INFO_BYTES, OutputDescriptor, Rc, ServerInfo, Vioctl

DOCS = Path(__file__).parents[2] / "docs"
PROFILES = (
    Profile(),
    Profile(event_full=EventFull.DEFER, crossing=Crossing.GAP, reopen=Reopen.RESELECT),
    replace(
        Profile(), complaint_order=ComplaintOrder.LOPAR, grace=1, indirect_limit=16, preempt_delay_ms=500, max_servers=2
    ),
)
#: Calls of the adapter protocol that stand for several hypervisor calls; a section of its own is about them.
OF_MEMORY = {"dma_read", "dma_write"}


def expected() -> Iterator[tuple[str, str | Vioctl, Rc]]:
    """Every return code that a scripted case expects, with the case and the call."""
    for script in SCRIPTS.values():
        for profile in PROFILES:
            if script.when(profile):
                for step in script.steps(profile):
                    rc = step.expected.get("rc")
                    if isinstance(rc, Rc):
                        call: str | Vioctl = step.stimulus.call
                        if call == "vioctl":
                            call = Vioctl(int(step.stimulus.given["sub"]))
                        yield script.id, call, rc


def test_every_code_that_a_case_expects_stands_at_its_call() -> None:
    documented = {(d.key, check.answer) for d in DESCRIBED for check in d.checks}
    missing = {
        (case, call, rc) for case, call, rc in expected() if call not in OF_MEMORY and (call, rc) not in documented
    }
    assert not missing


def test_the_search_for_expected_codes_finds_some() -> None:
    assert {rc for _, _, rc in expected()} >= {Rc.H_SUCCESS, Rc.H_CLOSED, Rc.H_PARAMETER, Rc.H_STATE, Rc.H_CONSTRAINED}


def test_every_call_of_the_protocol_has_a_section() -> None:
    in_protocol = {call for who in ("client", "server") for call in calls().get(who, calls()["partition"])} - WITHOUT_RC
    assert in_protocol - OF_MEMORY - {"vioctl"} == {d.key for d in DESCRIBED if isinstance(d.key, str)}
    tested = {call for _, call, _ in expected() if isinstance(call, Vioctl)}
    assert tested == {d.key for d in SUBFUNCTIONS}


def test_every_code_that_is_answered_has_its_number() -> None:
    text = "\n".join(interface())
    for code in {check.answer for d in DESCRIBED for check in d.checks} | set(BUSY):
        assert code in CODES
        assert f"| `{code.name}` | {int(code)} |" in text
    assert {d.key for d in DESCRIBED} >= set(MAY_BE_BUSY)


#: Reports of the kit on itself, which quote code.
REPORTS = {"mutants.md", "spec-errors.md", "spec-mutants.md", "score.md"}


@pytest.mark.parametrize(
    "page", sorted(p for p in DOCS.glob("*.md") if p.name not in REPORTS), ids=lambda page: page.name
)
def test_no_page_names_a_code_that_the_table_does_not_have(page: Path) -> None:
    known = {code.name for code in CODES}
    named = set(re.findall(r"\bH_[A-Z][A-Z0-9_]+\b", page.read_text(encoding="utf-8"))) & {code.name for code in Rc}
    assert named <= known


def test_every_check_names_a_requirement_that_there_is() -> None:
    assert all(r in REQUIREMENTS for d in DESCRIBED for check in d.checks for r in check.requirements)


def test_the_last_lines_of_a_call_and_no_others_are_what_happens() -> None:
    for described in DESCRIBED:
        happens = [check.condition.startswith("otherwise") for check in described.checks]
        assert happens == sorted(happens), described.title
        assert happens[-1], described.title


def test_the_layout_of_the_record_is_that_of_its_bytes() -> None:
    packed = ServerInfo(version=1, active=1, status=6, priority=100).pack()
    assert sum(size for _, size, _ in RECORD) == SERVER_INFO_BYTES == len(packed)
    assert [at for at, _, _ in RECORD] == [sum(size for _, size, _ in RECORD[:n]) for n in range(len(RECORD))]
    assert [int.from_bytes(packed[at : at + size], "big") for at, size, _ in RECORD] == [1, 1, 6, 100, 0]


def test_every_event_has_its_bytes() -> None:
    events = (Kind.FAILED, Kind.DEREGISTERED, Kind.MIGRATED, Kind.FAILOVER)
    assert [event_bytes(kind)[1] for kind in events] == [code for code, _, _ in EVENTS]
    chapter = "\n".join(interface())
    assert all(f"| {event_bytes(kind).hex(' ')} |" in chapter for kind in events)
    assert {name for _, _, demanded in EVENTS for name in demanded} <= set(REQUIREMENTS)


def test_the_layout_of_the_descriptor_is_that_of_its_bits() -> None:
    register = OutputDescriptor(control=0xA5, length=0x123456, ioba=0x89ABCDEF).pack()
    ranges = [tuple(map(int, bits.split(" to "))) for bits, _ in DESCRIPTOR]
    values = [register >> low & (1 << high - low + 1) - 1 for high, low in ranges]
    assert values == [0xA5, 0x123456, 0x89ABCDEF]
