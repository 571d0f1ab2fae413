"""Which refusal comes first: the order of the checks of every call, in one table."""

from __future__ import annotations

from collections.abc import Iterator

from vnic_conformance.call_reference import BUSY, DESCRIBED, MAY_BE_BUSY, Described
from vnic_conformance.specification.markdown import paragraph, table


def precedence() -> Iterator[str]:
    """The section."""
    yield "### Precedence of return codes"
    yield ""
    yield from paragraph(
        "Where several checks of a call fail at once the one that is further left gives the answer. Numbers are those of the "
        "checks in the section of the call. Where the last column says so a busy answer may come first (CRQ-14)."
    )
    busy = f"{BUSY[0].name} and the like"
    rows = ((f"`{call.title}`", order(call), busy if call.key in MAY_BE_BUSY else "") for call in DESCRIBED)
    yield from table(("call", "answers, the one that wins first", "may be busy"), rows)


def order(call: Described) -> str:
    """The answers of a call in the order in which they are decided, with the numbers of their checks."""
    found: list[tuple[str, list[int]]] = []
    for number, check in enumerate(call.checks, 1):
        if found and found[-1][0] == check.answer.name:
            found[-1][1].append(number)
        else:
            found.append((check.answer.name, [number]))
    return " → ".join(f"{name} ({', '.join(map(str, numbers))})" for name, numbers in found)
