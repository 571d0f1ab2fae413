"""What a requirement is, as a record.

Rules of this file: a fact stands in one place. What a requirement says, where it comes from and what we decided is data
of the requirement. Which actions and properties belong to it is said by *them* (they carry requirement IDs), and which
profile parameters by :mod:`vnic_spec.profile`; both are collected from there. A test says by itself what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from vnic_spec.client_profile import CLIENT_PARAMETERS
from vnic_spec.profile import PARAMETERS
from vnic_spec.vocabulary import Word

#: Every parameter by name, those of the machine's profile first, then those of a client's.
ALL_PARAMETERS = {**PARAMETERS, **CLIENT_PARAMETERS}


class Level(Word):
    """How binding a requirement is."""

    MUST = 0  #: binding under every profile
    SHOULD = 1  #: our default; an implementation whose declared profile says otherwise is right too
    MAY = 2  #: a freedom that an implementation has, and that the oracle therefore allows


class Party(Word):
    """Whom a requirement binds."""

    HYPERVISOR = 0
    CLIENT = 1
    SERVER = 2
    SYSTEM = 3  #: hypervisor, client and servers together: none of them can see to it alone


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Why the abstract machine cannot express a requirement (or a part of it), and where it is tested instead.

    Attributes:
        reason: what the abstraction leaves out.
        where: the room and the kind of test that covers it.
        whole: whether the machine expresses nothing of it (true) or only a part is missing (false).
    """

    reason: str
    where: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Requirement:
    """One normative requirement. Its ID never changes its meaning.

    Attributes:
        id: group and number, such as ``CRQ-7``.
        text: the requirement in full. ``[decision]`` in it marks what the sources leave open.
        source: where it comes from: architecture section, patent claim, observed product or driver behaviour, or
            ourselves.
        level: how binding it is.
        decision: what we decided and why, where the sources are silent or disagree; empty otherwise.
        elsewhere: what the abstract machine cannot express of it; ``None`` if it expresses all.
    """

    id: str
    text: str
    source: str
    level: Level = Level.MUST
    decision: str = ""
    elsewhere: Elsewhere | None = None

    def __str__(self) -> str:
        return self.id

    @property
    def group(self) -> str:
        """The group that it belongs to: the letters of its ID."""
        return self.id.partition("-")[0]

    @property
    def profile(self) -> tuple[str, ...]:
        """Names of the profile parameters that belong to it, those that it defines first."""
        named = [name for name, parameter in ALL_PARAMETERS.items() if self.id in parameter.requirements]
        return tuple(sorted(named, key=lambda name: ALL_PARAMETERS[name].requirements[0] != self.id))
