"""The chapter of timing, written out of :mod:`vnic_spec.times`."""

from __future__ import annotations

from collections.abc import Iterator

from vnic_conformance.specification.contents import place
from vnic_conformance.specification.markdown import item, links, paragraph, table
from vnic_conformance.specification.prose import CLAUSES
from vnic_spec.requirements import ALL_PARAMETERS
from vnic_spec.times import TIMES, Boundary, Time

#: What a boundary says, for a time of t milliseconds that was started at 0.
BOUNDARIES = {
    Boundary.AT: "*at t*: when exactly t ms have passed, not earlier and not later",
    Boundary.AFTER: "*after t*: when more than t ms have passed; at exactly t not yet",
    Boundary.WITHIN: "*within t*: before t, or when exactly t ms have passed",
}


def timing() -> Iterator[str]:
    """The chapter."""
    yield from paragraph(
        "Every time is a whole number of milliseconds. It is counted from the call or the step of the clock that starts it, and "
        "anew whenever it is started again. The machine does not count: there a time that may have passed is an action, or a "
        "choice."
    )
    for words in BOUNDARIES.values():
        yield from item(words)
    yield ""
    head = (
        "time",
        "length t",
        "counted by",
        "starts when",
        "ends early when",
        "then",
        "boundary",
        "requirements",
        "actions",
    )
    yield from table(head, map(_row, TIMES))
    yield from paragraph(
        "What falls due in one step of the clock is carried out at its own time, the earliest first. Reports that are missed at "
        "one moment, and a hold that reaches its limit then, are dealt with together, before anybody is selected (MON-2). "
        f"Defaults: {'; '.join(_default(name) for name in _parameters())} ({place('Profile')})."
    )


def _row(time: Time) -> tuple[str, ...]:
    boundary = BOUNDARIES[time.boundary].partition(":")[0]
    actions = ", ".join(f"[`{name}`](#{name})" for name in time.actions)
    who = CLAUSES[time.counts][0].lower()
    return (
        time.name, time.length, who, time.starts, time.ends, time.then, boundary, links(time.requirements), actions
    )  # fmt: skip


def _parameters() -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for time in TIMES for name in time.parameters))


def _default(name: str) -> str:
    return f"`{name}` {ALL_PARAMETERS[name].default}"
