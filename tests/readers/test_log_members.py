"""What version 2 of the log added is believed no more than the rest: each member has its type, its range and its place."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.recorded import RunLogError, load
from vnic_conformance.running.runlog import RunLog

Record = dict[str, object]
FAULTY = "python:vnic_reference.faults:registering_enables_interrupt"


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """A log of two sessions, one of which fails."""
    file = io.StringIO()
    few = ("CRQ-11/registering-disables", "CRQ-11/enabled-raises")  # it is read a hundred times
    check(Request(FAULTY, few, steps=0, phases=("scripted",)), [RunLog(file)])
    return [json.loads(line) for line in file.getvalue().splitlines()]


def written(records: list[Record]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def first(records: list[Record], member: str) -> int:
    """Where the first record is that has this member."""
    return next(number for number, record in enumerate(records) if member in record)


def with_member(records: list[Record], kind: str, path: str, value: object) -> str:
    """The log with one member of the first record of a kind changed; ``...`` takes it out."""
    copied: list[Record] = json.loads(json.dumps(records))
    *ways, name = path.split(".")
    inner = copied[first(records, kind)]
    for way in ways:
        inner = inner.setdefault(way, {})  # type: ignore[assignment]  # objects within objects, by the paths below
    if value is ...:
        del inner[name]
    else:
        inner[name] = value
    return written(copied)


def test_what_the_kit_writes_is_read(records: list[Record]) -> None:
    run = load(written(records))
    assert len(run.sessions) == sum("over" in record for record in records) > 1
    assert not run.truncated


NO_NUMBER: tuple[object, ...] = (None, "1", 1.5, True, [], {}, -1)
NO_TEXT: tuple[object, ...] = (None, 7, [], {})


@pytest.mark.parametrize(
    ("kind", "path", "values"),
    [
        ("covers", "covers", (..., None, "CRQ-1/x", [1], [["CRQ-1/x"]], {"CRQ-1/x": 1})),
        ("over", "over", (*NO_NUMBER, 999)),
        ("over", "verdict", (..., "fine", *NO_TEXT)),
        ("over", "reason", (..., *NO_TEXT)),
        ("step", "step", (*NO_NUMBER, 0)),
        ("step", "reply", (..., None, "done", [], {})),
        ("step", "reply.outcome", (..., "well", *NO_TEXT)),
        ("step", "reply.rc", ("no such code", None, 1.5, [0], {"0": 0})),
        ("step", "reply.client_queue", ("",)),  # a field of an observation
        ("step", "reply.now", (5,)),
        ("step", "seen", (None, "nothing", [])),
        ("step", "seen.rc", (0,)),  # a field of a reply
        ("step", "seen.absent", ("CRQ-11",)),
        ("step", "seen.now", ("soon", [], {"taken": 0, "added": ""})),
        ("step", "seen.client_queue", (7, [], {}, {"taken": 0}, {"taken": -1, "added": ""}, {"taken": 0, "added": 3})),
        ("step", "seen.auto", (2, True, {"taken": 0, "added": "1"})),
        ("step", "facts", (None, "absent", [], {"known": 1})),
        ("step", "facts.absent", ("CRQ-999", "\x1b[31m", *NO_TEXT)),
        ("step", "facts.repeated", (*NO_NUMBER, 10**9)),
        ("step", "facts.measured", ([], [1, 2, 3, 4], [1, 2, 3, 4, True], ["1"] * 5, [1.5] * 5, "1 2 3 4 5", 7)),
        ("end", "beside", (..., None, [], "SEL-5", {"SEL-5": 0}, {"SEL-5": "1"}, {"SEL-5": True})),
        ("end", "unclear", (..., *NO_NUMBER)),
        ("failure", "episode.start.reply", (..., None, {})),
        ("failure", "episode.start.seen", (None, {}, {"now": None})),
        ("failure", "episode.start.seen.client_queue", ({"taken": 0, "added": ""}, None)),  # is whole there
        ("failure", "episode.start.facts", (None, {"known": 1})),
    ],
)
def test_a_member_that_is_not_what_it_should_be_is_refused_with_its_line(
    kind: str, path: str, values: tuple[object, ...], records: list[Record]
) -> None:
    line = first(records, kind) + 1
    for value in values:
        with pytest.raises(RunLogError) as error:
            load(with_member(records, kind, path, value))
        assert str(error.value).startswith(f"line {line}: "), value
        assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda records, at: records[: at + 1] + records[at:], "session 1 is over; nothing more of it was expected"),
        (lambda records, at: [*records[: at + 1], *records[at - 1 :]], "session 1 is over; nothing more"),
        (lambda records, at: [*records[:1], records[at], *records[1:]], "there is no session that it could belong to"),
        (
            lambda records, at: [*records[:at], {**records[at], "over": 2}, *records[at + 1 :]],
            "session 2 is over, but the one before this line is 1",
        ),
    ],
)
def test_the_end_of_a_session_has_its_place(
    change: Callable[[list[Record], int], list[Record]], says: str, records: list[Record]
) -> None:
    with pytest.raises(RunLogError, match=says):
        load(written(change(records, first(records, "over"))))
