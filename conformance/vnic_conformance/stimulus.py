"""Stimuli: what the kit does to an implementation, as values.

A stimulus is one request of the adapter protocol without its sequence number. It knows no behaviour; the oracle
(:mod:`vnic_conformance.oracle`) knows what each one may lead to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vnic_spec.wire import PAGE_BYTES

#: How many bytes from address 0 each partition has mapped for the kit; what lies behind is the adapter's own.
MAPPED = 128 * PAGE_BYTES
#: Up to here it may be mapped as well; what lies behind is not (decision D4).
ADAPTERS_OWN = 1 << 30
CLIENT, CONSOLE, PLATFORM, CLOCK = "client", "console", "platform", "clock"

#: Session tokens by name: the one given out last, and the one before. Which number an implementation gives out only a run
#: tells, so words that are to be run more than once name it; :mod:`vnic_conformance.session` puts the number in.
TOKEN_LATEST, TOKEN_BEFORE = "token", "token_before"
NO_TOKEN = 0x7E57_0000_0000_0001


def server(i: int) -> str:
    """The name of server ``i`` in the protocol."""
    return f"server{i}"


@dataclass(frozen=True)
class Stimulus:
    """One thing that the kit does."""

    who: str  #: client, server0 …, console, platform, clock
    call: str
    arguments: tuple[tuple[str, int | str], ...] = ()

    @property
    def given(self) -> Mapping[str, Any]:
        """The arguments by name."""
        return MappingProxyType(dict(self.arguments))

    def feature(self, table: Mapping[tuple[str, str], str]) -> str | None:
        """The feature that it needs, by a table of callers (``partition``, console, platform) and calls; None: no choice."""
        if ("unit", "wrong") in self.arguments:
            return "wrong_unit"
        caller = self.who if self.who in (CONSOLE, PLATFORM) else "partition"
        return table.get((caller, self.call))

    def request(self) -> dict[str, object]:
        """The request that carries it; the reply is to carry the observation as well."""
        if self.who == CLOCK:
            return {"op": "advance", **dict(self.arguments), "observe": 1}
        return {"op": "apply", "who": self.who, "call": self.call, **dict(self.arguments), "observe": 1}

    @classmethod
    def of(cls, who: str, call: str, **arguments: int | str) -> Stimulus:
        """A stimulus with its arguments by name."""
        return cls(who, call, tuple(arguments.items()))

    def __str__(self) -> str:
        words = " ".join(f"{k}={v}" for k, v in self.arguments)
        return f"{self.who} {self.call} {words}".rstrip()


def with_tokens(stimulus: Stimulus, given_out: Sequence[int]) -> Stimulus:
    """The stimulus with numbers for the names of tokens; a token that was never given out is a number that none has."""
    if not any(value in (TOKEN_LATEST, TOKEN_BEFORE) for _, value in stimulus.arguments):
        return stimulus
    places = {TOKEN_LATEST: 1, TOKEN_BEFORE: 2}

    def number(value: int | str) -> int | str:
        if value not in places:
            return value
        place = places[str(value)]
        return given_out[-place] if len(given_out) >= place else NO_TOKEN

    return Stimulus(stimulus.who, stimulus.call, tuple((name, number(value)) for name, value in stimulus.arguments))


def advance(ms: int) -> Stimulus:
    """Virtual time passes, in milliseconds."""
    return Stimulus.of(CLOCK, "advance", ms=ms)
