"""What an adapter says of itself: versions, role, timing, profile and features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vnic_conformance.protocol.client_words import CLIENT_FEATURES
from vnic_conformance.protocol.messages import FEATURES, PROTOCOL_MAJOR, SYSTEM_FEATURES
from vnic_spec.client_profile import ClientProfile
from vnic_spec.profile import DEFAULT, Profile

_CLAIM = "profile_"
#: A client that claims nothing.
_OUR_CLIENT = ClientProfile()
#: What a system claims of its times.
TIMES = ("report_interval_ms", "recovery_ms", "transit_ms")


class ClaimError(ValueError):
    """A claim has a value that the profile does not allow; the text lists what is allowed."""


class VersionError(ValueError):
    """The adapter speaks another major version of the protocol."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The greeting of an adapter.

    Attributes:
        protocol: major and minor version that it speaks.
        implementation: name of the implementation under test.
        version: its version, or empty.
        role: ``hypervisor``, ``system`` or ``client``; ``server`` is reserved.
        servers: most server partitions that a reset may ask for.
        clock: ``virtual`` (time passes in ``advance`` only) or ``real``.
        quiet_ms: how long it may take to settle after a call or a step of the clock, in milliseconds.
        profile: its decisions where the sources are silent, from its claims; our own for role client.
        features: what it can do beyond the minimum; words of :data:`~vnic_conformance.protocol.messages.FEATURES`, and of
            ``SYSTEM_FEATURES`` there in role ``system``; for role client of
            :data:`~vnic_conformance.protocol.client_words.CLIENT_FEATURES`.
        unknown_features: words that it claims and the kit does not know.
        report_interval_ms: role system: how often its servers report.
        recovery_ms: role system: longest time from when all is well until the application has its link.
        transit_ms: role system: longest time of a ping, addresses asked for included.
        client: role client: its numbers and its choices, from its claims.
    """

    protocol: tuple[int, int]
    implementation: str
    version: str
    role: str
    servers: int
    clock: str
    quiet_ms: int
    profile: Profile
    features: frozenset[str]
    unknown_features: tuple[str, ...] = ()
    report_interval_ms: int = 1_000
    recovery_ms: int = 100_000
    transit_ms: int = 20
    client: ClientProfile = _OUR_CLIENT

    @property
    def virtual(self) -> bool:
        """Whether time passes in ``advance`` only."""
        return self.clock == "virtual"

    @property
    def label(self) -> str:
        """Name and version, as reports print them."""
        return f"{self.implementation} {self.version}".strip()

    @classmethod
    def from_reply(cls, reply: Mapping[str, object]) -> Hello:
        """Read the reply to ``hello``, which has passed the schema.

        Raises:
            VersionError: another major version.
            ClaimError: a claim that the profile does not have or does not allow.
        """
        major, minor, servers, quiet_ms = (
            _whole(reply, name) for name in ("protocol_major", "protocol_minor", "servers", "quiet_ms")
        )
        if major != PROTOCOL_MAJOR:
            raise VersionError(f"the adapter speaks protocol {major}.{minor}, the kit {PROTOCOL_MAJOR}.x")
        words = str(reply["features"]).split()
        is_client = reply["role"] == "client"
        known = CLIENT_FEATURES if is_client else {*FEATURES, *(SYSTEM_FEATURES if reply["role"] == "system" else ())}
        return cls(
            protocol=(major, minor),
            implementation=str(reply["implementation"]),
            version=str(reply.get("version", "")),
            role=str(reply["role"]),
            servers=servers,
            clock=str(reply["clock"]),
            quiet_ms=quiet_ms,
            profile=DEFAULT if is_client else profile_of(reply, quiet_ms),
            features=frozenset(word for word in words if word in known),
            unknown_features=tuple(word for word in words if word not in known),
            client=client_profile_of(reply) if is_client else _OUR_CLIENT,
            **{name: _whole(reply, name) for name in TIMES if name in reply},
        )


def profile_of(fields: Mapping[str, object], quiet_ms: int = 0) -> Profile:
    """The profile that the ``profile_*`` fields of a message describe; absent parameters have their defaults.

    Raises:
        ClaimError: an unknown parameter, or a value that it does not allow.
    """
    claims = {name.removeprefix(_CLAIM): value for name, value in fields.items() if name.startswith(_CLAIM)}
    if "quiet_time_ms" in claims:
        raise ClaimError("the quiet time is claimed by field quiet_ms, not by a profile parameter")
    try:
        return Profile.from_mapping(claims | {"quiet_time_ms": quiet_ms})
    except ValueError as error:
        raise ClaimError(str(error)) from None


def client_profile_of(fields: Mapping[str, object]) -> ClientProfile:
    """The client's profile that the ``profile_*`` fields of a message describe; absent parameters have their defaults.

    Raises:
        ClaimError: an unknown parameter, or a value that it does not allow.
    """
    claims = {name.removeprefix(_CLAIM): value for name, value in fields.items() if name.startswith(_CLAIM)}
    try:
        return ClientProfile.from_mapping(claims)
    except ValueError as error:
        raise ClaimError(str(error)) from None


def claims_of(profile: Profile, claimed: Profile = DEFAULT) -> dict[str, str | int]:
    """The ``profile_*`` fields by which a reset selects ``profile``: what differs from what the greeting claimed."""
    before = claimed.as_mapping()
    claims: dict[str, str | int] = {}
    for name, value in profile.as_mapping().items():
        if name != "quiet_time_ms" and value != before[name]:
            claims[_CLAIM + name] = "none" if value is None else value.lower() if isinstance(value, str) else value
    return claims


def _whole(reply: Mapping[str, object], name: str) -> int:
    value = reply[name]
    assert isinstance(value, int)
    return value
