"""Role client in the engine: verdicts, logs that are judged again, records that are not believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.cases import stories, tours, watched
from vnic_conformance.client_role.judge import claims, profile_of
from vnic_conformance.client_role.record import RecordError, happenings_of, remembered, text_of
from vnic_conformance.client_role.words import deviate, event, inside, problem, straight, user
from vnic_conformance.running.checking import Checked, Request, check
from vnic_conformance.running.judging import judge_log
from vnic_conformance.running.runlog import RunLog
from vnic_conformance.stimulus import Stimulus, advance
from vnic_spec.client_profile import ClientProfile
from vnic_spec.requirements import check_ids

REFERENCE = "python:vnic_reference.client_adapter:ClientAdapter"


def checked(adapter: str, *select: str, **more: object) -> Checked:
    return check(Request(adapter=adapter, select=select, steps=0, **more))  # type: ignore[arg-type]  # fields by name


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
    names = [*(case.id for case in watched()), *(s.case.id for s in stories(1)), *(case.id for case, _, _ in tours())]
    assert len(set(names)) == len(names)
    for name in names:
        check_ids(name, [name.partition("/")[0]])


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
    again = happenings_of(text_of([(called, reads), (looked, {})]))
    assert again == [called, looked]
    assert isinstance(again[0], h.Called)
    assert again[0].memory(0x1000, 4) == bytes(4)
    assert again[0].memory(0x2000, 4) is None


@pytest.mark.parametrize("text", ["", "!", "e30=", "eJyLBQAAXgBe"], ids=str)
def test_a_record_is_not_believed(text: str) -> None:
    with pytest.raises(RecordError):
        happenings_of(text)


def test_a_profile_survives_a_log() -> None:
    profile = ClientProfile(burst=7, logins=3)
    assert profile_of(claims(profile)) == profile
    with pytest.raises(ValueError, match="client_init"):
        profile_of({"client_init": 9})
