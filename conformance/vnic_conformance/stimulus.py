"""Stimuli: what the kit does to an implementation, as values.

A stimulus is one request of the adapter protocol without its sequence number. It knows no behaviour; the oracle
(:mod:`vnic_conformance.oracle`) knows what each one may lead to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

CLIENT, CONSOLE, PLATFORM, CLOCK = "client", "console", "platform", "clock"


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


def advance(ms: int) -> Stimulus:
    """Virtual time passes, in milliseconds."""
    return Stimulus.of(CLOCK, "advance", ms=ms)
