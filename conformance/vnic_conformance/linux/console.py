"""What a kernel's console says about its health.

A pure reader of text: complaints of the kernel and of its sanitizers, each with the lines that belong to it. The first one
counts; what follows may be its consequence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final


@unique
class Kind(StrEnum):
    """What sort of complaint."""

    PANIC = "panic"
    OOPS = "oops"
    BUG = "BUG"
    WARNING = "WARNING"
    KASAN = "KASAN"
    UBSAN = "UBSAN"
    LOCKDEP = "lockdep"
    SLEEPING = "sleeping in atomic context"
    HUNG_TASK = "hung task"
    STALL = "stall"
    DMA_API = "DMA-API"
    CORRUPTION = "corruption"
    LEAK = "leak"
    REFERENCE = "reference not dropped"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint.

    Attributes:
        kind: what sort.
        text: its first line, without the time.
        at: the kernel's own time, in seconds; None where the line has none.
        lines: all its lines, as far as they can be told to belong to it.
    """

    kind: Kind
    text: str
    at: float | None
    lines: tuple[str, ...]

    def __str__(self) -> str:
        when = "" if self.at is None else f" at {self.at:.6f} s"
        return f"{self.kind}{when}: {self.text}"


#: Most lines that one complaint is told with.
MOST_LINES: Final = 60

_STAMP = re.compile(r"^(?:<\d+>)?\[\s*(\d+\.\d+)\](?:\[[^\]]*\])? ?(.*)$")

#: The first that matches says what a line is. Lockdep's and DMA-API's complaints are warnings and bugs, too.
_PATTERNS: Final = tuple(
    (kind, re.compile("|".join(patterns)))
    for kind, patterns in (
        (Kind.PANIC, (r"^Kernel panic - not syncing",)),
        (Kind.KASAN, (r"^BUG: KASAN: ",)),
        (Kind.UBSAN, (r"^UBSAN: ",)),
        (
            Kind.LOCKDEP,
            (
                r"^(?:WARNING|BUG): (?:possible (?:circular|recursive|irq lock inversion)|inconsistent lock)",
                r"^(?:WARNING|BUG): (?:bad unlock balance|bad contention|held lock freed|Nested lock)",
                r"^(?:WARNING|BUG): (?:.*lock held when returning|.*-safe -> .*-unsafe lock order)",
                r"^(?:WARNING|BUG): .*/\d+ still has locks held",
                r"^WARNING: suspicious RCU usage|^DEBUG_LOCKS_WARN_ON|^\[ BUG: (?:Invalid wait|.*lock)",
            ),
        ),
        (Kind.SLEEPING, (r"^BUG: (?:sleeping function called from invalid context|scheduling while atomic)",)),
        (Kind.DMA_API, (r"^DMA-API: (?!preallocated|debugging (?:enabled|disabled))",)),
        (Kind.HUNG_TASK, (r"^INFO: task .* blocked for more than \d+ seconds",)),
        (
            Kind.STALL,
            (r"^(?:rcu: )?INFO: rcu_?\w* .*detected", r"^watchdog: BUG: soft lockup", r"^BUG: workqueue lockup"),
        ),
        (
            Kind.CORRUPTION,
            (r"^list_(?:add|del) corruption", r"^refcount_t: ", r"^BUG: Bad page ", r"^BUG \S+ \(.*\): "),
        ),
        (Kind.LEAK, (r"^kmemleak: \d+ new suspected memory leaks",)),
        (Kind.REFERENCE, (r"^unregister_netdevice: waiting for \S+ to become free",)),
        (Kind.OOPS, (r"^(?:Oops|general protection fault|BUG: unable to handle|BUG: kernel NULL pointer)",)),
        (Kind.OOPS, (r"^Kernel mode (?:fault|signal) ",)),
        (Kind.BUG, (r"^kernel BUG at |^BUG: ",)),
        (Kind.WARNING, (r"^WARNING: ",)),
    )
)

_CUT: Final = re.compile(r"^-{10,}\[ cut here \]-+$")
_END: Final = re.compile(r"^---\[ end ")
#: What follows a complaint and belongs to it: a trace, registers, what KASAN and lockdep add.
_CONTINUES: Final = re.compile(
    r"^(?: |\t|$|=+$|-+$|CPU: |Hardware name|Workqueue: |Call Trace|Stack:|Modules linked|Pid: |R[A-Z0-9]{2}: |"
    r"(?:Read|Write) of size|Allocated by|Freed by|The buggy|Memory state|Last potentially|page:|raw:|index |but task|"
    r"which lock|the existing|other info|stack backtrace|Possible unsafe|task:|shift exponent|>|<TASK>|</TASK>)"
)
#: What only says more of the complaint before it: the place of a warning, the panic after an oops.
_SAME: Final = frozenset(
    {
        (Kind.DMA_API, Kind.WARNING),
        (Kind.CORRUPTION, Kind.WARNING),
        (Kind.CORRUPTION, Kind.BUG),
        (Kind.OOPS, Kind.PANIC),
        (Kind.BUG, Kind.PANIC),
        (Kind.CORRUPTION, Kind.PANIC),
    }
)


@dataclass(slots=True)
class _Open:
    """A complaint whose lines are still coming."""

    kind: Kind
    text: str
    at: float | None
    lines: list[str]


def complaints(lines: Iterable[str]) -> list[Complaint]:
    """The complaints of a console, in order.

    Args:
        lines: of the console, with or without the kernel's time stamps.
    """
    found: list[_Open] = []
    current: _Open | None = None
    before: list[str] = []
    for line in lines:
        at, text = _split(line.rstrip("\r\n"))
        kind = _kind(text)
        if _CUT.match(text):
            current, before = None, []
        elif current is not None and (current.kind, kind) in _SAME:
            current.lines.append(text)
        elif kind is not None:
            current = _Open(kind, text, at, [*before, text])
            before = []
            found.append(current)
        elif current is None:
            before = [*before[-3:], text]
        elif _END.match(text) or len(current.lines) >= MOST_LINES or not _CONTINUES.match(text):
            current = None
        else:
            current.lines.append(text)
    return [Complaint(one.kind, one.text, one.at, tuple(one.lines)) for one in found]


def _split(line: str) -> tuple[float | None, str]:
    stamped = _STAMP.match(line)
    return (float(stamped[1]), stamped[2]) if stamped else (None, line)


def _kind(text: str) -> Kind | None:
    return next((kind for kind, pattern in _PATTERNS if pattern.search(text)), None)
