"""What a failure says first leads to the fault: the requirement that is blamed, the sentence, and what allows the answer."""

from __future__ import annotations

import pytest
from tests.conformance.playing import Played, play
from tests.conformance.test_faults import FOUND

from vnic_conformance.cases import SCRIPTS
from vnic_conformance.oracle import Judgement
from vnic_conformance.session import hypervisor_session
from vnic_conformance.stimulus import CLIENT, Stimulus, advance
from vnic_conformance.targets import Target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_reference.adapter import Adapter
from vnic_reference.faults import FAULTS
from vnic_spec.profile import Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import REQUIREMENTS

#: What may be blamed beside the requirement that a fault is about, because an engineer who reads it looks in the right place.
NEIGHBOURS = {
    "ADM-4": {"FOV-7"},  # a switch that nothing called for
    "ADM-7": {"ADM-6"},  # what is not listed looks as if it were not so
    "CRQ-7": {"CRQ-3"},  # connected too early shows at the next send
    "FOV-1": {"INV-4", "MON-6"},
    "FOV-2": {"FOV-6"},
    "FOV-5": {"INV-4"},
    "FOV-7": {"FOV-1"},
    "INV-1": {"FOV-10"},
    "INV-2": {"FOV-10"},
    "INV-9": {"FOV-3"},
    "MON-5": {"FOV-5", "INV-3"},
    "SEL-1": {"MON-7"},
    "SEL-3": {"FOV-5", "SES-3"},
    "SEL-4": {"SEL-2"},
}


def played(fault: str, case: str | None = None) -> Played:
    with Target(InProcessLink(FAULTS[fault].adapter())) as target:
        return play(SCRIPTS[case or FOUND[fault][0]], target, target.hello, target.hello.profile)


def failure(fault: str, case: str | None = None) -> Judgement:
    found = played(fault, case).failure
    assert found is not None
    return found


@pytest.mark.parametrize("name", FOUND)
def test_the_blamed_requirement_is_the_faults_or_a_neighbour(name: str) -> None:
    own, blamed = FAULTS[name].requirement, FOUND[name][1]
    assert blamed == own or blamed in NEIGHBOURS.get(own, set())


def test_no_neighbour_is_listed_in_vain() -> None:
    used = {(FAULTS[name].requirement, blamed) for name, (_, blamed) in FOUND.items()}
    assert {(own, other) for own, others in NEIGHBOURS.items() for other in others} <= used


#: Fault → words of the sentence that it is explained by.
SENTENCES = {
    "server_is_not_told_of_free": "the connected server is told once: event 02",
    "crash_looks_like_free": "event 01 if its partition went",
    "standby_free_tells_client": "A standby that frees its CRQ is noticed by nobody",
    "report_ends_pin": "priority does not take it back",
    "delay_runs_under_pin": "priority does not take it back",
    "closed_is_frozen": "move, fill or empty the selection exactly as when it is open",
    "delay_too_short": "not sooner, not later",
    "delay_ignored": "not sooner, not later",
    "event_dropped_on_full": "it overlays the last valid element",
    "enable_reselects": "H_ENABLE_CRQ enables the client's CRQ again",
    "activation_keeps_complaint": "A target whose only fault is a complaint is accepted and cleared",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_the_sentence_is_about_what_went_wrong(name: str) -> None:
    assert SENTENCES[name] in failure(name).sentence


def test_a_wrong_choice_while_closed_is_no_matter_of_being_closed() -> None:
    """The selection moves while the client's CRQ is closed, as it must (SEL-8), and to the wrong server."""
    word = [
        *(Stimulus.of("console", "priority", server=f"server{i}", value=v) for i, v in enumerate((10, 40, 30))),
        *(call for i in range(3) for call in ready(i)),
        Stimulus.of(CLIENT, "reg_crq"),
        Stimulus.of(CLIENT, "free_crq"),
        report(0, 2),
    ]
    found = judged("successor_is_next_on_list", word)
    assert found.requirement in ("INV-4", "FOV-5")


def ready(i: int) -> tuple[Stimulus, ...]:
    return Stimulus.of(f"server{i}", "reg_crq"), report(i)


def report(i: int, status: int = 1, interval: int = 1000) -> Stimulus:
    return Stimulus.of(f"server{i}", "vioctl", sub=0x18, p1=status, p2=interval, p3=0)


def judged(fault: str, word: list[Stimulus], servers: int = 3) -> Judgement:
    with Target(InProcessLink(FAULTS[fault].adapter() if fault else Adapter())) as target:
        session = hypervisor_session(target, servers, Profile())
        assert session.begin().ok
        for stimulus in word:
            if not session.apply(stimulus).ok:
                break
    return session.judgements[-1]


#: Server 0 is selected, keeps the client held, and goes on reporting until it counts as UNRESPONSIVE by CRQ-13.
OVERDUE = [
    *ready(0),
    Stimulus.of(CLIENT, "reg_crq"),
    Stimulus.of(CLIENT, "free_crq"),
    Stimulus.of(CLIENT, "reg_crq"),
    *(each for _ in range(4) for each in (advance(900), report(0))),
]


@pytest.mark.parametrize("status", [1, 2, 3])
def test_an_overdue_server_stays_unresponsive_whatever_it_reports(status: int) -> None:
    """MON-4 gives way to CRQ-13, and both are named as what allows the answer."""
    done = judged("", [*OVERDUE, report(0, status)], servers=2)
    assert done.ok
    assert done.came["server0_status"] == "UNRESPONSIVE"
    assert {"MON-4", "CRQ-13"} <= set(done.agreed[0].requirements)


def test_an_overdue_server_that_is_shown_as_it_reports_is_blamed_by_the_hold() -> None:
    class Shows(Adapter):
        def __call__(self, request: object) -> dict[str, object]:
            came = super().__call__(request)  # type: ignore[arg-type]  # passed on as it came
            last = request == {**report(0, 3).request(), "seq": came.get("seq")}
            return came | ({"server0_status": "ADAPTER_ERROR"} if last else {})

    with Target(InProcessLink(Shows())) as target:
        session = hypervisor_session(target, 2, Profile())
        assert session.begin().ok
        for stimulus in OVERDUE:
            assert session.apply(stimulus).ok
        found = session.apply(report(0, 3))
    assert (found.ok, found.requirement) == (False, "CRQ-13")
    assert "CRQ-13" in found.mismatches[0].allowed.requirements


def test_sentences_are_of_the_requirement_that_is_blamed() -> None:
    for name in ("server_is_not_told_of_free", "report_ends_pin", "never_expires", "no_hold"):
        found = failure(name)
        assert found.requirement in PROPERTIES.keys() | REQUIREMENTS.keys()
        assert found.sentence.endswith((".", "]."))
