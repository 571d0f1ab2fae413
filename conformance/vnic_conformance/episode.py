"""What a session is judged by, and all that has to be kept of it: from one ``reset`` on, what was done and what came.

The oracle of its role judges an episode again from that alone (:func:`~vnic_conformance.running.episode.retrace`), and an
implementation can be put through it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vnic_conformance.answer import Answer
from vnic_conformance.defaults import HYPERVISOR as HYPERVISOR
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile


@dataclass(frozen=True, slots=True)
class Setting:
    """What a session is judged by, from its reset on.

    Attributes:
        servers: server partitions asked for.
        profile: the decisions that the implementation claims, or is asked to take.
        unpaired: server partitions whose units have no authorised connection (CRQ-2).
        role: what the implementation plays.
        limits: further fields of the reset.
        times: what the implementation claims of its times, in milliseconds, by the name of the field in ``hello``.
    """

    servers: int
    profile: Profile
    unpaired: tuple[str, ...] = ()
    role: str = HYPERVISOR
    limits: Mapping[str, int | str] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)

    def reset(self) -> dict[str, object]:
        """The request that begins such a session."""
        fields: dict[str, object] = {"op": "reset", "servers": self.servers, "observe": 1, **self.limits}
        return {**fields, "unpaired": " ".join(self.unpaired)} if self.unpaired else fields


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of an episode: what was done and what came back."""

    stimulus: Stimulus
    came: Answer


@dataclass(frozen=True, slots=True)
class Episode:
    """Everything from one ``reset`` on; session tokens stand in it by name.

    Attributes:
        setting: what it was judged by.
        start: what the implementation showed after ``reset``.
        moments: the steps.
    """

    setting: Setting
    start: Answer = field(default_factory=Answer)
    moments: tuple[Moment, ...] = ()

    @property
    def servers(self) -> int:
        """Server partitions asked for."""
        return self.setting.servers

    @property
    def profile(self) -> Profile:
        """What it was judged by."""
        return self.setting.profile

    @property
    def word(self) -> tuple[Stimulus, ...]:
        """What was done."""
        return tuple(moment.stimulus for moment in self.moments)
