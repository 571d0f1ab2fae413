"""The profile of a client that is judged alone: its numbers, and its choices (CLI-10 to CLI-21, DLG-4, DLG-5, DLG-11).

The same rules as in :mod:`vnic_spec.profile` hold: a parameter is described once, here, and what an implementation
decided otherwise is tested by its own profile. None of them is read by the abstract machine, save ``client_init``, which
both profiles share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Self

from vnic_spec.profile import PARAMETERS, ClientInit, Parameter
from vnic_spec.vocabulary import Word


class ComplaintFallback(Word):
    """What the client does by itself when the hypervisor does not accept its complaint (CLI-19)."""

    RESET = 0  #: it re-initialises
    NONE = 1  #: nothing


_LIST = (
    PARAMETERS["client_init"],
    Parameter(
        "complaint_fallback",
        ComplaintFallback.RESET,
        ("CLI-19",),
        "What the client does when its complaint is not accepted: it re-initialises by itself, or nothing.",
        choices=ComplaintFallback,
    ),
    Parameter(
        "burst",
        2000,
        ("CLI-13",),
        "How many hypervisor calls the client makes at one instant of time at most.",
        minimum=1,
    ),
    Parameter(
        "retries",
        100,
        ("CLI-13",),
        "How often the client repeats a call within a second that is answered H_CLOSED, H_DROPPED, busy or an error.",
        minimum=1,
    ),
    Parameter(
        "busy_ms",
        300_000,
        ("CLI-14",),
        "How long the client repeats a call that is answered busy, at most.",
        minimum=1,
    ),
    Parameter(
        "user_ms",
        120_000,
        ("CLI-18", "CLI-17"),
        "How long what the user asks for takes at most, whatever the server does.",
        minimum=1,
    ),
    Parameter(
        "recovery_ms",
        100_000,
        ("CLI-21",),
        "How long hypervisor and server have to be well until the link is up at the latest.",
        minimum=1,
    ),
    Parameter(
        "rounds",
        10,
        ("DLG-4",),
        "How many rounds of capability requests one negotiation has at most.",
        minimum=1,
    ),
    Parameter(
        "logins",
        10,
        ("DLG-5",),
        "How many logins the client tries in a row before it backs off.",
        minimum=1,
    ),
    Parameter(
        "announce_ms",
        1_000,
        ("DLG-11", "CLI-5"),
        "How soon after the link is up behind another server the client announces its MAC there.",
        minimum=1,
    ),
)

#: Every parameter of a client by name, in the order in which they are documented.
CLIENT_PARAMETERS: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in _LIST})


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """One choice for every parameter of a client; ``ClientProfile()`` is our own decision throughout.

    Immutable and hashable. :data:`CLIENT_PARAMETERS` says what each field means and allows.

    Raises:
        ValueError: a value that its parameter does not allow.
    """

    client_init: ClientInit = ClientInit.REREGISTER  #: CLI-2: INIT of a server
    complaint_fallback: ComplaintFallback = ComplaintFallback.RESET  #: CLI-19: complaint not accepted
    burst: int = 2000  #: CLI-13: calls at one instant
    retries: int = 100  #: CLI-13: equal failing calls in a second
    busy_ms: int = 300_000  #: CLI-14: repeating a call that is answered busy
    user_ms: int = 120_000  #: CLI-18: what the user asks for
    recovery_ms: int = 100_000  #: CLI-21: from all well to link up
    rounds: int = 10  #: DLG-4: capability requests
    logins: int = 10  #: DLG-5: logins in a row
    announce_ms: int = 1_000  #: DLG-11: from link up to announcement

    def __post_init__(self) -> None:
        for name, described in CLIENT_PARAMETERS.items():
            value = getattr(self, name)
            if not described.accepts(value):
                raise ValueError(described.refusal(value))

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Build a profile from names and values as they stand in an adapter's greeting; the others keep their defaults.

        Raises:
            ValueError: an unknown name or a value that is not allowed.
        """
        # Typed Any because the fields differ in type; every value is checked on construction.
        read: dict[str, Any] = {}
        for name, value in values.items():
            if name not in CLIENT_PARAMETERS:
                raise ValueError(f"no client parameter {name!r}; there are: {', '.join(CLIENT_PARAMETERS)}")
            read[name] = CLIENT_PARAMETERS[name].parse(value)
        return replace(cls(), **read)

    def as_mapping(self) -> dict[str, str | int]:
        """The profile as plain data, choices by their bare names. :meth:`from_mapping` reads it back."""
        plain: dict[str, str | int] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            plain[field.name] = value.name if isinstance(value, Word) else value
        return plain
