"""Scripted cases: the list is in order, the runner sees what the oracle does not, and the reference passes them all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from tests.conformance.playing import Verdict, dealt, play

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS, Script, ScriptStep
from vnic_conformance.cases.absent import NOT_VISIBLE
from vnic_conformance.cases.journeys import GENERATED
from vnic_conformance.cases.script import Expected, Not, OneOf, Steps, do
from vnic_conformance.cases.words import S0, S1, connected, data, send, token
from vnic_conformance.defaults import LONG, PHASES
from vnic_conformance.features import feature_of
from vnic_conformance.running.book import book
from vnic_conformance.session import hypervisor_session
from vnic_conformance.stimulus import CLIENT, Stimulus
from vnic_conformance.targets import Target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_reference.adapter import FEATURES, Adapter
from vnic_reference.failover import FailoverMechanism
from vnic_reference.parts import Parts
from vnic_reference.servers import Server
from vnic_spec.profile import Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import REQUIREMENTS

#: Every value of every parameter that a hypervisor reads, with an extreme or two of the numbers.
PROFILES = (
    {"event_full": "defer"},
    {"crossing": "gap"},
    {"crossing": "gap", "gap_ms": 1},
    {"tie_break": "newest"},
    {"tie_break": "port"},
    {"tie_break": "any"},
    {"reopen": "reselect"},
    {"complaint_order": "lopar"},
    {"grace": 1},
    {"grace": 5},
    {"hold_limit_ms": 1},
    {"hold_limit_ms": 2000},
    {"preempt_delay_ms": 1},
    {"preempt_delay_ms": 300},
    {"max_servers": 2},
    {"max_servers": 8},
    {"indirect_limit": 16},
    {"crossing": "gap", "event_full": "defer", "tie_break": "any", "reopen": "reselect", "complaint_order": "lopar"},
)


@pytest.fixture
def reference() -> Iterator[Target]:
    with Target(InProcessLink(Adapter())) as target:
        yield target


class Claiming:
    """The reference, claiming only some features, with replies changed on their way."""

    def __init__(self, features: str, change: Mapping[str, object] | None = None) -> None:
        self._adapter = Adapter()
        self._features = features
        self._change = change or {}

    def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
        reply = self._adapter(request)
        if request["op"] == "hello":
            reply["features"] = self._features
        return reply | {name: value for name, value in self._change.items() if name in reply}


# --- the list --------------------------------------------------------------------------------------------------------


def test_ids_name_a_requirement_and_never_clash_with_its_properties() -> None:
    for name, script in SCRIPTS.items():
        assert re.fullmatch(r"[A-Z]{3}-\d+/[a-z0-9]+(-[a-z0-9]+)*", name)
        assert name == script.id
        assert script.requirement in REQUIREMENTS


@pytest.mark.parametrize("name", [name for name in LONG_SCRIPTS if name not in GENERATED])
def test_the_beginning_of_a_long_script_says_what_it_needs(name: str) -> None:
    long = LONG_SCRIPTS[name]
    steps = long.steps(Profile())
    assert {feature_of(step.stimulus) for step in steps} - {None} <= long.features
    assert {step.requirement for step in steps} - {""} <= set(long.requirements)


def test_purposes_are_sentences() -> None:
    for script in SCRIPTS.values():
        assert script.purpose[0].isupper(), script.id
        assert script.purpose.endswith("."), script.id
    assert len({script.purpose for script in SCRIPTS.values()}) == len(SCRIPTS)


def test_what_the_machine_leaves_to_the_interface_has_a_script() -> None:
    left = [
        entry.id
        for entry in REQUIREMENTS.values()
        if entry.elsewhere is not None and "conformance, role hypervisor" in entry.elsewhere.where
    ]
    assert len(left) > 10
    named = {script.requirement for script in SCRIPTS.values()}
    # FOV-9: the state after the quiet time is what every step shows.
    assert sorted(set(left) - named) == ["FOV-9"]


def test_every_requirement_of_the_hypervisor_that_can_be_scripted_is() -> None:
    groups = ("CRQ", "SEL", "MON", "FOV", "ADM", "SES")
    named = {script.requirement for script in SCRIPTS.values()}
    named |= {step.requirement for script in SCRIPTS.values() for step in script.steps(Profile())}
    missing = {entry.id for entry in REQUIREMENTS.values() if entry.group in groups} - named
    # FOV-8 counts over a whole run; FOV-9 as above.
    assert missing == {"FOV-8", "FOV-9"}


def test_no_script_has_the_name_of_a_property() -> None:
    """One ID is one case."""
    assert PROPERTIES.keys().isdisjoint({**SCRIPTS, **LONG_SCRIPTS})


def test_features_are_those_that_the_protocol_has() -> None:
    known = set(FEATURES.split())
    used = frozenset().union(*(script.features | script.without for script in SCRIPTS.values()))
    assert used <= known
    # profiles is asked for by the runner, not by a script.
    assert known - used == {"profiles"}


# --- the reference ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name not in GENERATED])
def test_the_reference_passes(name: str, reference: Target) -> None:
    played = play(SCRIPTS[name], reference, reference.hello, Profile())
    assert played.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE), played.why


#: Every value of :data:`PROFILES`, several at a time.
TOGETHER = (
    {"event_full": "defer", "tie_break": "newest", "grace": 1, "preempt_delay_ms": 1, "max_servers": 2},
    {"crossing": "gap", "gap_ms": 1, "tie_break": "port", "hold_limit_ms": 1, "indirect_limit": 16},
    {"reopen": "reselect", "complaint_order": "lopar", "grace": 5, "hold_limit_ms": 2000, "max_servers": 8},
    {"preempt_delay_ms": 300, "tie_break": "any"},
    PROFILES[-1],
)


def test_together_they_are_all_there_are() -> None:
    assert {item for values in TOGETHER for item in values.items()} == {
        i for values in PROFILES for i in values.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("values", TOGETHER, ids=lambda values: " ".join(f"{k}={v}" for k, v in values.items()))
def test_the_reference_passes_under_every_profile_value(values: Mapping[str, object], reference: Target) -> None:
    """Under the default test_check.py plays them all."""
    profile = Profile.from_mapping(values)
    scripts = [SCRIPTS[name] for name in dealt(TOGETHER.index(values), len(TOGETHER))]
    played = [play(script, reference, reference.hello, profile) for script in scripts]
    wrong = [(p.script.id, p.step, p.why) for p in played if p.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)]
    assert wrong == []
    assert sum(p.verdict is Verdict.PASS for p in played) > 100


def test_every_script_applies_under_some_profile_or_other_claims() -> None:
    profiles = [Profile(), *(Profile.from_mapping(values) for values in PROFILES)]
    assert [s.id for s in SCRIPTS.values() if not any(s.when(profile) for profile in profiles)] == []


# --- the runner ------------------------------------------------------------------------------------------------------


def made(*steps: ScriptStep, features: frozenset[str] = frozenset()) -> Script:
    """A script that is in no list."""

    def write(profile: Profile) -> Steps:
        yield from connected(S0)
        yield from steps

    return Script("CRQ-10/made", "Made.", 2, features, frozenset(), (), write, lambda profile: True)


@pytest.mark.parametrize(
    ("expected", "passes"),
    [
        ({"rc": 0}, True),
        ({"rc": 2}, False),
        ({"rc": Not(0)}, False),
        ({"rc": Not(2)}, True),
        ({"rc": OneOf((2, 0))}, True),
        ({"rc": OneOf((2, 3))}, False),
        ({"client_queue": (data(),)}, True),
        ({"client_queue": (data(), data())}, False),
        ({"client_queue": ("80*",)}, True),
        ({"no_such_field": 0}, False),
    ],
)
def test_what_a_step_expects_is_compared(expected: dict[str, Expected], passes: bool, reference: Target) -> None:
    played = play(made(do(send(S0), "CRQ-10", fields=expected)), reference, reference.hello, Profile())
    assert played.verdict is (Verdict.PASS if passes else Verdict.FAIL)
    assert played.step == (0 if passes else 4)
    if not passes:
        assert played.failure is not None
        assert (played.failure.requirement, played.failure.ok) == ("CRQ-10", False)
        assert dict(played.failure.mismatches[0].expected) == expected
        assert played.why.startswith("CRQ-10: ")


def test_values_that_came_before_can_be_used(reference: Target) -> None:
    steps = (
        do(token(), "SES-1", remember={"t": "r4"}, rc=0),
        do(token(), "SES-1", r4="$t"),
        do(token(), "SES-1", r4=Not("$server0_port")),
        do(token(), "SES-1", r4=Not("$t")),
    )
    played = play(made(*steps), reference, reference.hello, Profile())
    assert (played.verdict, played.step) == (Verdict.FAIL, 7)


def test_the_oracle_goes_on_judging(reference: Target) -> None:
    with Target(InProcessLink(Claiming(FEATURES, {"selected": "server1"}))) as wrong:
        played = play(made(do(send(S0), "CRQ-10", rc=0)), wrong, wrong.hello, Profile())
    assert played.verdict is Verdict.FAIL
    assert played.step < 4


@pytest.mark.slow
def test_what_is_not_claimed_is_not_played() -> None:
    with Target(InProcessLink(Adapter(without=set(FEATURES.split()) - {"console"}))) as target:
        played = [play(SCRIPTS[name], target, target.hello, Profile()) for name in dealt(0, 5)]
    unsupported = {p.script.id for p in played if p.verdict is Verdict.UNSUPPORTED}
    assert "CRQ-12/sends" in unsupported
    assert all(p.session is None for p in played if p.script.id in unsupported)
    assert {p.verdict for p in played} == {Verdict.PASS, Verdict.UNSUPPORTED, Verdict.NOT_APPLICABLE}


def test_what_is_demanded_without_a_feature_is_played_only_then() -> None:
    absent = [script for script in SCRIPTS.values() if script.without]
    assert {feature for script in absent for feature in script.without} | set(NOT_VISIBLE) == set(FEATURES.split())
    for script in absent:
        with Target(InProcessLink(Adapter(without=script.without))) as target:
            assert play(script, target, target.hello, Profile()).verdict is Verdict.PASS
        with Target(InProcessLink(Adapter(without=FEATURES.split()))) as target:
            assert play(script, target, target.hello, Profile()).verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)
        with Target(InProcessLink(Adapter())) as target:
            assert play(script, target, target.hello, Profile()).verdict is Verdict.NOT_APPLICABLE


class KeepsItsPlace(FailoverMechanism):
    """Of equal standbys takes the one that was first at the beginning, whatever was removed and added since."""

    def best(self) -> Server | None:
        return min(self.candidates(), key=lambda server: (server.priority, server.index), default=None)


def test_a_server_that_is_added_again_at_its_old_place_is_found() -> None:
    """The listing tells nothing: it has the server where it belongs."""
    with Target(InProcessLink(Adapter(Parts(mechanism=KeepsItsPlace)))) as target:
        found = {
            name: play(SCRIPTS[name], target, target.hello, Profile())
            for name in ("ADM-7/listing", "SEL-5/added-again")
        }
    assert found["ADM-7/listing"].verdict is Verdict.PASS
    failure = found["SEL-5/added-again"].failure
    assert failure is not None
    assert failure.requirement == "SEL-5"


#: One script for each feature; ADM-7/without-console makes none of the console's calls, and so cannot find them.
WITHOUT = [name for name, script in SCRIPTS.items() if script.without and name != "ADM-7/without-console"]


def asked(request: Mapping[str, object]) -> Stimulus:
    """What a request of a call asks for, as far as features go."""
    unit = (("unit", str(request["unit"])),) if "unit" in request else ()
    return Stimulus(str(request["who"]), str(request["call"]), unit)


@pytest.mark.parametrize("name", WITHOUT)
def test_a_feature_that_is_there_and_not_claimed_is_found(name: str) -> None:
    """Calls that are answered as if they were carried out, and calls that are declined and carried out all the same."""
    script = SCRIPTS[name]
    claimed = " ".join(set(FEATURES.split()) - script.without)

    class Declining(Claiming):
        def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
            reply = super().__call__(request)
            feature = feature_of(asked(request)) if request["op"] == "apply" else None
            return {"seq": request["seq"], "outcome": "unsupported"} if feature in script.without else reply

    with Target(InProcessLink(Claiming(claimed))) as target:
        played = play(script, target, target.hello, Profile())
        if script.without == {"interrupts"}:  # which may be there, and only not be seen
            assert played.verdict is Verdict.PASS
            return
        assert played.verdict is Verdict.FAIL
        assert played.failure is not None
        assert played.failure.requirement in script.requirements
    visible = script.without & {"console", "power", "migration", "dma"}  # the write would hit a queue
    with Target(InProcessLink(Declining(claimed))) as target:
        assert (play(script, target, target.hello, Profile()).verdict is Verdict.FAIL) == bool(visible)


def test_an_absent_feature_may_be_declined_in_every_way_that_says_so() -> None:
    script = SCRIPTS["CRQ-12/absent"]
    answers: list[dict[str, object]] = [
        {"outcome": "unsupported"},
        {"outcome": "error", "error": "what?"},
        {"outcome": "done", "rc": -2},
    ]
    for answer in answers:

        class Declines(Adapter):
            def __call__(self, request: Mapping[str, object], answer: dict[str, object] = answer) -> dict[str, object]:
                if "sub_crq" in str(request.get("call")):
                    return {**super().__call__({"op": "observe"}), **answer, "seq": request["seq"]}
                return super().__call__(request)

        with Target(InProcessLink(Declines(without=["sub_crq"]))) as target:
            assert play(script, target, target.hello, Profile()).verdict is Verdict.PASS


def test_a_call_that_turns_out_to_be_unsupported_is_no_pass() -> None:
    class Declining(Claiming):
        def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
            if request.get("call") == "send_crq":
                return {"seq": request["seq"], "outcome": "unsupported"}
            return super().__call__(request)

    with Target(InProcessLink(Declining(FEATURES))) as target:
        played = play(made(do(send(S0), "CRQ-10", rc=0)), target, target.hello, Profile())
    assert (played.verdict, played.step) == (Verdict.UNSUPPORTED, 4)


def test_more_servers_than_an_adapter_has_are_not_asked_for(reference: Target) -> None:
    few = replace(reference.hello, servers=1)
    assert play(SCRIPTS["SEL-4/numbers-not-text"], reference, few, Profile()).verdict is Verdict.NOT_APPLICABLE


def test_unpaired_units_are_asked_for_at_the_reset(reference: Target) -> None:
    session = hypervisor_session(reference, 2, Profile(), (S1,))
    assert session.begin().ok
    assert session.apply(send(CLIENT)).ok
    assert reference.request({"op": "apply", "who": S1, "call": "reg_crq"})["rc"] == -7


@pytest.mark.slow
def test_no_two_cases_have_one_name() -> None:
    """A verdict is kept under the ID of its case; two cases of one ID would hide each other's."""
    times = Counter(case.id for case in book(Profile(), (*PHASES, LONG)).cases)
    assert [name for name, number in times.items() if number > 1] == []
