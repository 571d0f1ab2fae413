"""One session of a driver, played to its end, with all that is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from vnic_conformance.client_role.happenings import Called, Happening, Idled
from vnic_conformance.client_role.monitor import Monitor
from vnic_conformance.client_role.partner import LivelockError, Partner
from vnic_conformance.client_role.stories import Word
from vnic_conformance.client_role.words import carry_out
from vnic_conformance.linux.client import LinuxClient
from vnic_conformance.reports.client_lanes import line_of

#: Lines that are kept of what came before a violation.
TRACE_LINES: Final = 24

_NUMBERS: Final = re.compile(r"\b0x[0-9a-f]+\b|\b[0-9a-f]{6,}\b|\d[\d,.]*")

#: What makes two violations the same: the rule, and what came without its numbers.
Key = tuple[str, str]


def key_of(rule: str, came: str) -> Key:
    """What makes a violation of a rule the same as others."""
    return rule, _NUMBERS.sub("N", re.sub(r" at \d+\.\d+ s\b", "", came))


@dataclass(frozen=True, slots=True)
class Found:
    """A violation of one session.

    Attributes:
        rule: name of the rule of the monitor.
        requirement: the requirement that is broken.
        came: what came.
        allowed: what was allowed.
        at: when, in ms since the reset.
        trace: the last lines of what happened before, in lanes.
        length: how many happenings there were before.
    """

    rule: str
    requirement: str
    came: str
    allowed: str
    at: int
    trace: tuple[str, ...]
    length: int

    @property
    def key(self) -> Key:
        """What makes two violations the same."""
        return key_of(self.rule, self.came)


@dataclass(frozen=True, slots=True)
class Played:
    """A session that is over.

    Attributes:
        name: of what was played: a case, for an injection with ``@`` and the number of the call.
        found: its violations, each rule's first, in order.
        calls: hypervisor calls of the client.
        held: rules whose conditions held.
        codes: opcodes of all its calls, in order, where they were asked for.
        later: what else breaks a rule that was broken before, each distinct thing once, in order; it mostly follows from that.
    """

    name: str
    found: tuple[Found, ...]
    calls: int
    held: frozenset[str]
    codes: tuple[int, ...] = ()
    later: tuple[Found, ...] = ()

    @property
    def whole(self) -> tuple[Found, ...]:
        """All that it broke, in order."""
        return tuple(sorted((*self.found, *self.later), key=lambda found: found.length))


def play(
    client: LinuxClient,
    name: str,
    word: Word,
    *,
    codes_after: int | None = None,
    before: tuple[int, Callable[[Partner], None]] | None = None,
) -> Played:
    """Play one session to its end.

    Args:
        client: the driver; it is reset.
        name: of what is played.
        word: what is done.
        codes_after: tell the opcodes of the calls after so many stimuli; None: tell none.
        before: what is done before a stimulus, by its number.
    """
    monitor = Monitor(client.hello.client)
    seen: list[tuple[Happening, bool]] = []
    found: dict[str, Found] = {}
    later: dict[Key, Found] = {}
    codes: list[int] = []

    def observe(happening: Happening) -> None:
        known = len(monitor.violations)
        monitor(happening)
        seen.append((happening, len(monitor.violations) > known))
        if isinstance(happening, Called):
            codes.append(happening.opcode)
        for violation in monitor.violations[known:]:
            one = Found(
                violation.rule.name, violation.requirement, violation.came, violation.allowed, violation.now,
                _last_lines(seen), monitor.happenings,
            )  # fmt: skip
            # What breaks the same rule later in a session mostly follows from that.
            if found.setdefault(one.rule, one).key != one.key:
                later.setdefault(one.key, one)

    partner = Partner(client, observers=[observe])
    skipped = 0
    for number, each in enumerate(word):
        if number == codes_after:
            skipped = len(codes)
        if before is not None and number == before[0]:
            before[1](partner)
        try:
            carry_out(partner, each)
        except LivelockError:
            break  # the rule on bursts has complained
    told = () if codes_after is None else tuple(codes[skipped:])
    return Played(name, tuple(found.values()), partner.calls, frozenset(monitor.held), told, tuple(later.values()))


def _last_lines(seen: Sequence[tuple[Happening, bool]]) -> tuple[str, ...]:
    """What came last, in lanes, with all that broke a rule; made where somebody wants to see it, because most is never shown."""
    lines: list[str] = []
    for happening, broke in reversed(seen):
        line = "" if isinstance(happening, Idled) else line_of(happening)
        if line or broke:
            lines.append(line or f"{happening.now:>9,}  {_in_a_word(happening)}")
        if len(lines) == TRACE_LINES:
            break
    return tuple(reversed(lines))


def _in_a_word(happening: Happening) -> str:
    return "client: is idle" if isinstance(happening, Idled) else f"client: {type(happening).__name__.lower()}"
