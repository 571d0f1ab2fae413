"""Role client in the engine: verdicts, logs that are judged again, records that are not believed."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.cases import every_case, watched
from vnic_conformance.client_role.evidence import came_about
from vnic_conformance.client_role.injection import EVENTS, told_inside
from vnic_conformance.client_role.judge import ClientJudge, claims, profile_of
from vnic_conformance.client_role.long_lives import long_stories
from vnic_conformance.client_role.monitor import READING, RULES
from vnic_conformance.client_role.record import RecordError, happenings_of, remembered, text_of
from vnic_conformance.client_role.role import ROLE
from vnic_conformance.client_role.stories import stories, told
from vnic_conformance.client_role.words import deviate, event, inside, problem, straight, user
from vnic_conformance.episode import Setting
from vnic_conformance.running.checking import Checked, Request, check
from vnic_conformance.running.judging import judge_log
from vnic_conformance.running.runlog import RunLog
from vnic_conformance.running.verdicts import Verdict
from vnic_conformance.session import Conversation, Session
from vnic_conformance.stimulus import Stimulus, advance
from vnic_conformance.targets import open_target
from vnic_spec.client_profile import ClientProfile
from vnic_spec.profile import Profile
from vnic_spec.requirements import check_ids
from vnic_spec.wire import Hcall

REFERENCE = "python:vnic_reference.client_adapter:ClientAdapter"


def checked(adapter: str, *select: str, **more: object) -> Checked:
    return check(Request(adapter=adapter, select=select, steps=0, **more))  # type: ignore[arg-type]  # fields by name


def told_to(conversation: Conversation, name: str, word: tuple[Stimulus, ...] | None = None) -> Session[ClientJudge]:
    """A session in which a story is told, or another word in its place; its judge counts."""
    story = next(story for story in stories(ClientProfile()) if story.case.id == name)
    setting = Setting(1, Profile(), role="client")
    session = Session(conversation, setting, ClientJudge(setting, Counter()))
    session.play(told(story.word if word is None else word, story.witness, session))
    return session


def logged(request: Request, file: Path) -> Checked:
    with file.open("w", encoding="utf-8") as out:
        return check(request, [RunLog(out)])


def test_the_reference_conforms_in_every_procedure() -> None:
    found = checked(REFERENCE, "*/procedure-*", phases=("scripted",))
    assert found.outcome.code == 0
    assert len(found.chosen) == 7


def test_injections_are_tours() -> None:
    """Every fifteenth call; a procedure of few calls has one at least."""
    found = checked(REFERENCE, "CLI-21/failover-inside-removal", phases=("tour",))
    assert found.outcome.code == 0
    assert found.outcome.sessions >= 2


def test_an_injection_that_does_not_happen_exercises_nothing() -> None:
    """No call of a removal may be answered H_RESOURCE, and no server answers anything, so that no answer is lost."""
    names = ["CLI-21/lost-answer-inside-removal", "CLI-21/resource-inside-removal"]
    found = checked(REFERENCE, *names, phases=("tour",))
    assert found.outcome.code == 3
    assert {result.case: result.verdict for result in found.outcome.results} == dict.fromkeys(
        names, Verdict.NOT_EXERCISED
    )


def test_a_deviation_that_is_never_met_exercises_nothing() -> None:
    """The story of a wrong login response, in which nobody logs in."""
    with open_target(REFERENCE) as target:
        session = told_to(ROLE.conversation(target), "DLG-6/wrong-login-garbage", (user("add"), advance(10)))  # type: ignore[misc]  # it has one
    assert session.skipped is not None
    assert session.skipped.reason == "login garbage: this client gave no occasion for it"


#: Stories that put every rule to the test, but the one that only a client breaks which sends what it must not.
EXERCISING = (
    "CLI-10/legal-held", "CLI-7/attempts-that-fail", "CLI-10/legal-reg-crq-resource", "CLI-14/legal-h-free-crq-busy",
    "DLG-4/legal-partial-capability", "DLG-5/legal-login-aborted", "DLG-6/wrong-login-garbage",
    "DLG-10/multicast-is-told-again", "CLI-15/event-noise", "CLI-19/legal-complaint-state",
    "DLG-10/moved-to-header-descriptors",
)  # fmt: skip


@pytest.mark.slow
def test_stories_put_every_rule_to_the_test() -> None:
    """A rule counts where its condition has held, and only there."""
    with open_target(REFERENCE) as target:
        conversation = ROLE.conversation(target)  # type: ignore[misc]  # it has one
        sessions = [told_to(conversation, name) for name in EXERCISING]
    assert [session.failure for session in sessions] == [None] * len(EXERCISING)
    exercised = {case for session in sessions for judgement in session.judgements for case in judgement.exercised}
    assert {case.id for case in watched()} - exercised == {"CLI-12/sends-no-descriptor-after-a-refusal"}


def test_every_rule_says_when_it_is_put_to_the_test() -> None:
    assert all(case.exercised_by for case in watched())


def test_a_rule_that_reads_memory_says_so() -> None:
    """What it reads is recorded, and nothing else is; descriptors and login buffers are read by the view."""
    reading = {name for name, rule in RULES.items() if ".memory" in inspect.getsource(rule.check)}
    assert reading == READING


def test_a_rule_of_some_calls_finds_nothing_in_others(trace: Callable[..., Any]) -> None:
    up = trace().up().link()
    for opcode in Hcall:
        called = h.Called(up.now, 1, opcode, (1, 2, 3, 4), up.read)
        for rule in RULES.values():
            if rule.calls is not None and opcode not in rule.calls:
                assert h.Called in rule.on
                assert list(rule.check(up.monitor.view, called)) == []


def test_a_log_is_judged_again_as_it_was(tmp_path: Path) -> None:
    """Also of a violation: what the monitor needs of the client's memory is in the log."""
    for number, adapter in enumerate((REFERENCE, "python:vnic_reference.client_variants:ignores_migration")):
        file = tmp_path / f"{number}.jsonl"
        request = Request(adapter=adapter, select=("CLI-3/procedure-migration",), steps=0)
        found = logged(request, file)
        _, again = judge_log(file)
        assert again.code == found.outcome.code == number
        assert not again.otherwise


def test_a_fault_is_found_narrowed_and_told_in_words() -> None:
    found = checked("python:vnic_reference.client_variants:ignores_migration", "CLI-3/procedure-migration")
    (failure,) = found.outcome.failures
    assert found.outcome.code == 1
    assert failure.requirement == "CLI-21/recovers"
    assert failure.rerun is not None
    assert failure.rerun.failed
    assert len(failure.episode.moments) <= 5


def test_cases_have_ids_of_requirements() -> None:
    names = [case.id for case in every_case()]
    assert len(set(names)) == len(names)
    for name in names:
        check_ids(name, [name.partition("/")[0]])


def test_stories_that_take_long_are_played_where_they_are_asked_for() -> None:
    names = {story.case.id for story in long_stories(ClientProfile())}

    def booked(*phases: str) -> set[str]:
        return {case.id for case in ROLE.book(Profile(), phases, lambda _: None).cases}

    assert names
    assert names <= {case.id for case in every_case()}
    assert not names & booked(*ROLE.phases)
    assert names <= booked("long")


@pytest.mark.parametrize(
    "wrong",
    [
        user("dance"), user("mtu"), deviate("no_such_way"), event("busy"), inside(0, "busy"), advance(-1),
        Stimulus.of("partner", "straight", name="x"), Stimulus.of("client", "reg_crq"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_stimulus(wrong: Stimulus) -> None:
    assert problem(wrong)


def test_what_is_a_stimulus() -> None:
    good = (
        user("mtu", value=9000),
        deviate("login_aborted"),
        event("failover"),
        inside(3, "busy"),
        advance(5),
        straight(),
    )
    assert [problem(each) for each in good] == [""] * len(good)


def test_a_record_keeps_what_was_read_and_nothing_else() -> None:
    reads: dict[tuple[int, int], bytes | None] = {}
    called = remembered(h.Called(5, 1, 0x104, (1, 2), lambda at, length: bytes(length)), reads)
    assert isinstance(called, h.Called)
    called.memory(0x1000, 4)
    looked = h.Looked(6, True, None, (b"ab",), "")
    text = text_of([(called, reads), (looked, {})])
    # As it was written here, and as it is read from a log, after others.
    for _ in range(2):
        again = happenings_of(text)
        assert again == [called, looked]
        assert isinstance(again[0], h.Called)
        assert again[0].memory(0x1000, 4) == bytes(4)
        assert again[0].memory(0x2000, 4) is None
        for now in range(10):
            text_of([(h.Unwell(now, True), {})])


@pytest.mark.parametrize("text", ["", "!", "e30=", "eJyLBQAAXgBe"], ids=str)
def test_a_record_is_not_believed(text: str) -> None:
    with pytest.raises(RecordError):
        happenings_of(text)


def test_a_profile_survives_a_log() -> None:
    profile = ClientProfile(burst=7, logins=3)
    assert profile_of(claims(profile)) == profile
    with pytest.raises(ValueError, match="client_init"):
        profile_of({"client_init": 9})


def test_that_something_came_about_is_not_believed_but_seen() -> None:
    """The line alone, without the event that it speaks of."""
    put = h.Put(5, None, bytes((0xFF, 8)) + bytes(14))
    said = [h.Injected(5, "failover"), put, h.Happened(5, "failover")]
    assert came_about(said) == {"failover"}
    assert came_about([said[0], said[2]]) == set()
    assert came_about([put, said[0], said[2]]) == set()
    assert came_about([h.Happened(5, "no such thing")]) == set()


@pytest.mark.parametrize("event_name", EVENTS)
def test_a_line_alone_says_nothing_about_an_injection(event_name: str) -> None:
    told = told_inside(event_name)
    assert came_about([h.Injected(5, "x"), h.Happened(5, told)]) == set()


def test_a_tour_in_a_log_counts_by_its_steps(tmp_path: Path) -> None:
    """Without the step of the injection, or without the last steps, the case has not been played, whatever the log says."""
    file = tmp_path / "run.jsonl"
    found = logged(Request(adapter=REFERENCE, select=("CLI-21/close-inside-removal",), phases=("tour",), steps=0), file)
    assert found.outcome.code == 0
    assert judge_log(file)[1].code == 0
    lines = file.read_text(encoding="utf-8").splitlines()
    other = [line.replace('"close"', '"open"') if '"inside"' in line else line for line in lines]
    assert other != lines
    file.write_text("\n".join(other) + "\n", encoding="utf-8")
    assert judge_log(file)[1].code == 3
