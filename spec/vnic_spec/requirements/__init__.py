"""The requirements as data: every ID with its text, source, level and decision, and what hangs on it.

One module per chapter. :data:`REQUIREMENTS` holds all of them in the order in which they are written; :func:`requirement`
looks one up. Links go one way: actions and properties name the requirements they belong to, and :func:`links` collects
them, so that no list has to be kept twice.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from vnic_spec.requirements import (
    administration,
    commands,
    data,
    dialogue,
    failover,
    monitoring,
    progress,
    safety,
    selection,
    session,
    transport,
)
from vnic_spec.requirements.claims import CLAIM_MAP, ClaimElement
from vnic_spec.requirements.record import ALL_PARAMETERS, Elsewhere, Level, Party, Requirement

__all__ = [
    "ALL_PARAMETERS",
    "BINDS",
    "CHAPTERS",
    "CLAIM_MAP",
    "GROUPS",
    "REQUIREMENTS",
    "ClaimElement",
    "Elsewhere",
    "Level",
    "Linked",
    "Links",
    "Party",
    "Requirement",
    "check_ids",
    "links",
    "requirement",
    "unlinked",
]

#: The groups in order, with the heading of each.
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "CRQ": "transport",
        "SEL": "selection",
        "MON": "monitoring",
        "FOV": "failover",
        "ADM": "administration",
        "SES": "client complaint",
        "CLI": "client",
        "SRV": "server",
        "DLG": "dialogue",
        "DAT": "data path",
        "INV": "safety, to be proved",
        "LIV": "progress, to be proved under fairness",
    }
)

#: Whom the requirements of a group bind.
BINDS: Mapping[str, Party] = MappingProxyType(
    {
        "CRQ": Party.HYPERVISOR,
        "SEL": Party.HYPERVISOR,
        "MON": Party.HYPERVISOR,
        "FOV": Party.HYPERVISOR,
        "ADM": Party.HYPERVISOR,
        "SES": Party.HYPERVISOR,
        "CLI": Party.CLIENT,
        "SRV": Party.SERVER,
        "DLG": Party.CLIENT,
        "DAT": Party.SYSTEM,
        "INV": Party.HYPERVISOR,
        "LIV": Party.SYSTEM,
    }
)

#: The chapters in which requirements are written, in reading order. Actions, properties and mutations have chapters of the same
#: names, each as many as there is something to say in.
CHAPTERS = (
    transport,
    selection,
    monitoring,
    failover,
    administration,
    session,
    dialogue,
    commands,
    data,
    safety,
    progress,
)

#: Every requirement by ID.
REQUIREMENTS: Mapping[str, Requirement] = MappingProxyType(
    {entry.id: entry for module in CHAPTERS for entry in module.REQUIREMENTS}
)


class Linked(Protocol):
    """Anything that names the requirements it belongs to: an action, a property, a mutation."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """IDs, the most important first."""


@dataclass(frozen=True, slots=True)
class Links:
    """What belongs to one requirement.

    Attributes:
        actions: names of actions of the machine.
        properties: names of formal properties.
    """

    actions: tuple[str, ...]
    properties: tuple[str, ...]


def requirement(requirement_id: str) -> Requirement:
    """Look a requirement up by its ID, in any case.

    Raises:
        ValueError: no such requirement; the message suggests the nearest IDs.
    """
    found = REQUIREMENTS.get(requirement_id.upper())
    if found is None:
        raise ValueError(f"no requirement {requirement_id!r}; {_hint(requirement_id.upper())}")
    return found


def links(requirement_id: str, actions: Mapping[str, Linked], properties: Mapping[str, Linked]) -> Links:
    """Collect what belongs to one requirement from those that name it.

    Args:
        requirement_id: the ID.
        actions: the machine's registry of actions by name.
        properties: the registry of properties by name.

    Raises:
        ValueError: no such requirement.
    """
    entry = requirement(requirement_id)
    return Links(_naming(entry.id, actions), _naming(entry.id, properties))


def unlinked(actions: Mapping[str, Linked], properties: Mapping[str, Linked]) -> tuple[str, ...]:
    """IDs of the requirements that nothing belongs to and of which nobody says that they are tested elsewhere.

    In a finished specification there are none.
    """
    return tuple(
        entry.id
        for entry in REQUIREMENTS.values()
        if (entry.elsewhere is None or not entry.elsewhere.whole)
        and not (_naming(entry.id, actions) or _naming(entry.id, properties))
    )


def check_ids(who: str, ids: Iterable[str]) -> None:
    """Check that every ID that something names exists.

    Args:
        who: the one that names them, for the message.
        ids: the IDs.

    Raises:
        ValueError: an unknown ID; the message names ``who`` and suggests the nearest IDs.
    """
    for requirement_id in ids:
        if requirement_id not in REQUIREMENTS:
            raise ValueError(
                f"{who} names the requirement {requirement_id!r}, which does not exist; {_hint(requirement_id)}"
            )


def _naming(requirement_id: str, registry: Mapping[str, Linked]) -> tuple[str, ...]:
    return tuple(name for name, entry in registry.items() if requirement_id in entry.requirements)


def _hint(requirement_id: str) -> str:
    near = difflib.get_close_matches(requirement_id, REQUIREMENTS, n=3)
    group = requirement_id.partition("-")[0]
    if group in GROUPS:
        members = [entry.id for entry in REQUIREMENTS.values() if entry.group == group]
        return f"{group} ({GROUPS[group]}) has {members[0]} to {sorted(members, key=_number)[-1]}"
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"the groups are {', '.join(GROUPS)}"


def _number(requirement_id: str) -> int:
    return int(requirement_id.partition("-")[2])
