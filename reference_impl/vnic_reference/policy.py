"""Settings of the reference hypervisor: one value for each choice that the requirements leave open.

The defaults are the requirements' own decisions. Every value of every setting is implemented, so that the reference can
be run as any of the implementations that decided otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "event_full": ("overlay", "defer"),
    "crossing": ("hold", "gap"),
    "tie_break": ("oldest", "newest", "port", "any"),
    "reopen": ("keep", "reselect"),
    "complaint_order": ("check_first", "lopar"),
}

#: Smallest and largest value of each number.
_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "grace": (1, 1_000),
    "hold_limit_ms": (1, 1 << 32),
    "gap_ms": (0, 1 << 32),
    "preempt_delay_ms": (0, 1 << 32),
    "max_servers": (1, 64),
    "indirect_limit": (1, 128),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices of one implementation; times in milliseconds of virtual time.

    Attributes:
        event_full: CRQ-7, an event that meets the client's full queue: ``overlay`` the last element or ``defer`` it.
        crossing: CRQ-13, what keeps sessions apart: ``hold`` until the old event is read, or a ``gap`` of time.
        tie_break: SEL-5, which of several standbys of equal priority: ``oldest``, ``newest``, lowest ``port``, ``any``.
        reopen: SEL-7, whether a selection survives a free/register pair of the client: ``keep`` or ``reselect``.
        complaint_order: SES-2, whether a complaint looks for another server first: ``check_first`` or ``lopar``.
        grace: MON-2, a server is unresponsive after this many intervals without a report.
        hold_limit_ms: CRQ-13, longest time a selected server may leave the old event unread; None means its report
            interval times ``grace``.
        gap_ms: CRQ-13, length of the gap.
        preempt_delay_ms: MON-5, how long a better server must have been eligible before it takes over by itself.
        max_servers: ADM-1, most servers on the list.
        indirect_limit: CRQ-12, most elements of one indirect send.

    Raises:
        ValueError: A value is not one of those above, or a number is out of range.
    """

    event_full: str = "overlay"
    crossing: str = "hold"
    tie_break: str = "oldest"
    reopen: str = "keep"
    complaint_order: str = "check_first"
    grace: int = 3
    hold_limit_ms: int | None = None
    gap_ms: int = 0
    preempt_delay_ms: int = 0
    max_servers: int = 6
    indirect_limit: int = 128

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is None and name == "hold_limit_ms":
                continue
            if type(value) is not int or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}; it must be a whole number from {low} to {high}")

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Policy:
        """Build the settings from names and values, as they arrive from outside.

        Raises:
            ValueError: A name is unknown or a value is not allowed.
        """
        known = {field.name for field in fields(cls)}
        for name in values:
            if name not in known:
                raise ValueError(f"{name!r} is no setting; the settings are {', '.join(sorted(known))}")
        return cls(**values)  # type: ignore[arg-type]  # __post_init__ checks every value
