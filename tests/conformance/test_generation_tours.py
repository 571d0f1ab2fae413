"""Tours reach what they say, on the reference, and are the same every time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping

import pytest

from vnic_conformance.generation.goals import OUT_OF_REACH, case_of, claimed, view_of, witness_case, witness_law
from vnic_conformance.generation.tours import Plan, Tour, plan
from vnic_conformance.oracle import Judgement, Oracle
from vnic_conformance.oracle.possibility import Possibility
from vnic_conformance.protocol.hello import claims_of
from vnic_conformance.session import Session, hypervisor_session
from vnic_conformance.targets import Target, open_target
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import ComplaintOrder, Crossing, EventFull, Profile, Reopen, TieBreak
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Step
from vnic_spec.wire import Rc

#: What comes of time has no action in the oracle; and a report that is refused by its sender is refused before the machine.
UNNAMED = (
    *("MON-2/", "CRQ-13/hold-expires", "CRQ-7/report-expires", "CRQ-7/reports-expire", "CRQ-7/hold-expires"),
    *("CRQ-13/overdue-is-not-selected", "CRQ-13/only-a-hold-becomes-overdue"),
    *("MON-1/server-reports-unlisted", "MON-1/only-the-known-report", "MON-4/complaint-is-accounted-for"),
)


#: Profiles that differ from the default in every choice; each costs a plan of its own, so they are few.
LATE = Profile(
    event_full=EventFull.DEFER, complaint_order=ComplaintOrder.LOPAR, tie_break=TieBreak.PORT, hold_limit_ms=700
)
GAP = Profile(crossing=Crossing.GAP, reopen=Reopen.RESELECT, tie_break=TieBreak.NEWEST)
DAMPED = Profile(preempt_delay_ms=1000, tie_break=TieBreak.ANY, grace=1)
#: Properties whose witness needs another profile than the default, and such a profile.
OF_OTHER_PROFILES = {"CRQ-7": LATE, "CRQ-7/owed": LATE, "FOV-7/delay": DAMPED, "FOV-7/damped": DAMPED}
#: Tours of so many stimuli have fills in them.
LONG = 150


class Claiming:
    """A target that is reset to a profile."""

    def __init__(self, target: Target, profile: Profile) -> None:
        self.target = target
        self.claims = claims_of(profile)

    def request(self, fields: Mapping[str, object]) -> dict[str, object]:
        return self.target.request({**fields, **self.claims} if fields["op"] == "reset" else fields)


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with open_target("python:vnic_reference.adapter:Adapter") as opened:
        yield opened


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan(Profile())


def run(target: Target, tour: Tour, profile: Profile) -> Session[Oracle]:
    session = hypervisor_session(Claiming(target, profile), tour.servers, profile)
    session.play(tour.word)
    return session


def reached(oracle: Oracle, before: Possibility, judgement: Judgement) -> set[str]:
    """The goals that a step of a run was, told by the oracle's own states."""
    agreed = judgement.agreed[0]
    if agreed.action not in ACTIONS:
        return set()
    action = ACTIONS[agreed.action]
    s, t = before.state, agreed.possibility.state
    step = Step(agreed.action, dict(agreed.parameters), agreed.rc)
    found = {witness_case(p) for p in claimed() if witness_law(p)(oracle.ops, s, t, step)}
    full = tuple(name for name in ("full", "client_full", "server_full") if agreed.parameters.get(name) is True)
    answer = None if agreed.rc is None else Rc(agreed.rc)
    return found | {case_of(action, full, answer, view_of(s), view_of(t))}


def test_a_plan_covers_the_machine(made: Plan) -> None:
    elsewhere = {p.name for p in claimed()} & OF_OTHER_PROFILES.keys()
    assert made.unreached.keys() == {witness_case(p) for p in claimed() if p.name in elsewhere | OUT_OF_REACH.keys()}
    assert len(made.cases) > 250
    assert {witness_case(p) for p in claimed() if p.name not in elsewhere | OUT_OF_REACH.keys()} <= made.cases
    events = {case for case in made.cases if case.startswith("CRQ-7/")}
    assert {"CRQ-7/client-migrates-client-full-over-08", "CRQ-7/client-migrates-client-full-over-06"} <= events
    assert "CRQ-7/server-reports-client-full-over-08" in events
    assert {"CRQ-3/h-send-crq-to-server-dropped", "CRQ-3/h-send-crq-to-client-dropped"} <= made.cases


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_OTHER_PROFILES)
def test_what_the_default_profile_never_does_is_toured_under_its_own(name: str) -> None:
    assert witness_case(PROPERTIES[name]) in plan(OF_OTHER_PROFILES[name]).cases


def test_cheap_tours_come_first_and_ids_are_unique(made: Plan) -> None:
    assert [len(t.word) for t in made.tours] == sorted(len(t.word) for t in made.tours)
    assert len({t.case for t in made.tours}) == len(made.tours)
    assert all(tour.case in tour.covers for tour in made.tours)


#: Prints the plan for one server, a tenth of the work for two.
PLAN = """
from vnic_conformance.generation.tours import plan
from vnic_spec.profile import Profile
for t in plan(Profile(), servers=1).tours:
    print(t.case, sorted(t.covers), t.servers, t.word, t.way)
"""


@pytest.mark.slow
def test_a_plan_is_the_same_every_time() -> None:
    """Whatever the order of the members of a set is in this process."""
    first, second = (
        subprocess.run([sys.executable, "-c", PLAN], capture_output=True, text=True, check=True, env=environment).stdout
        for environment in (os.environ | {"PYTHONHASHSEED": seed} for seed in ("1", "2"))
    )
    assert first == second
    assert len(first.splitlines()) > 100


def test_a_glob_finds_a_tour_by_any_case_it_covers(made: Plan) -> None:
    assert any(tour.matches("FOV-10/*") for tour in made.tours)
    assert not any(tour.matches("NO-SUCH-ID") for tour in made.tours)


def coverage(target: Target, tours: Iterable[Tour]) -> set[str]:
    """What tours reach on the reference, which has to conform."""
    found: set[str] = set()
    for tour in tours:
        session = hypervisor_session(target, tour.servers, Profile())
        session.begin()
        for k, stimulus in enumerate(tour.word):
            before = session.oracle.one()
            judgement = session.apply(stimulus)
            assert judgement.ok, (tour.case, str(stimulus), judgement.requirement, judgement.sentence)
            in_a_fill = {(s.who, s.call) for s in tour.word[max(0, k - 2) : k + 3]} == {(stimulus.who, "send_crq")}
            if not in_a_fill:
                found |= reached(session.oracle, before, judgement)
        if not tour.way:
            found |= tour.covers
    return found


@pytest.mark.slow
def test_tours_reach_on_the_reference_what_they_say(target: Target, made: Plan) -> None:
    """The short ones do so by themselves."""
    short = [tour for tour in made.tours if len(tour.word) < LONG]
    said = frozenset().union(*(tour.covers for tour in short))
    by_short = coverage(target, short)
    assert {case for case in said - by_short if not case.startswith(UNNAMED)} == set()
    # In an instance with queues of one element every second event meets a full one.
    assert {case for case in made.cases - said if not case.startswith("CRQ-") and "-pinned" not in case} == set()
    missing = made.cases - by_short - coverage(target, [tour for tour in made.tours if len(tour.word) >= LONG])
    assert {case for case in missing if not case.startswith(UNNAMED)} == set()


def test_events_meet_full_queues_on_the_reference(target: Target, made: Plan) -> None:
    wanted = (
        "client-migrates-client-full-over-08",
        "client-migrates-client-full-over-06",
        "server-frees-client-full-over-06",
    )
    tours = [tour for tour in made.tours if tour.case in {f"CRQ-7/{case}" for case in wanted}]
    assert {f"CRQ-7/{case}" for case in wanted} <= coverage(target, tours)


@pytest.mark.slow
@pytest.mark.parametrize("profile", [LATE, GAP, DAMPED], ids=lambda p: "-".join(p.differences()))
def test_the_reference_passes_the_tours_of_every_profile(target: Target, profile: Profile) -> None:
    for tour in plan(profile).tours:
        failure = run(target, tour, profile).failure
        assert failure is None, (tour.case, failure.requirement, str(failure.stimulus))
