"""In which order a call takes its steps, and how that is misread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vnic_spec.below.laws import LAWS, OF_MEMORY, REFINEMENT
from vnic_spec.below.steps import STEPS

#: A name for each way to carry out a call, and its steps in order.
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    # CRQ-3, CRQ-5: H_SEND_CRQ of either side
    "send": ("check", "store", "leave", "answer"),
    # FOV-2: what may move the selection
    "settle": (
        *("lock", "choose", "write", "cut", "drain", "announce", "notify", "install", "join"),
        *("unlock", "answer"),
    ),
    # CRQ-13: a server has read an element
    "read": ("lock", "clear", "join", "unlock", "answer"),
}


@dataclass(frozen=True)
class Misordering:
    """A misreading of the order of steps."""

    name: str
    requirement: str  #: the requirement that is misread
    sentence: str
    refutes: str  #: the law, the property of the memory or the refinement that it must violate
    programs: Mapping[str, tuple[str, ...]]  #: those that it replaces


def _misorderings(*found: Misordering) -> dict[str, Misordering]:
    unknown = {s for m in found for program in m.programs.values() for s in program} - set(STEPS)
    wrong = {m.refutes for m in found} - {*(law.name for law in LAWS), *OF_MEMORY, REFINEMENT}
    if unknown or wrong or len({m.name for m in found}) < len(found):
        raise TypeError(f"misreadings below: a name is given twice, or there is no {sorted(unknown | wrong)}")
    return {m.name: m for m in found}


#: Every misreading of the order, by name.
MISORDERINGS = _misorderings(
    Misordering(
        "connect_before_event",
        "FOV-2",
        "the new server is connected first, so that no time is lost; then the client is told",
        "FOV-2/new",
        {
            "settle": (
                *("lock", "choose", "write", "cut", "drain", "install", "join", "announce", "notify"),
                *("unlock", "answer"),
            )
        },
    ),
    Misordering(
        "connect_before_fence",
        "FOV-2",
        "make before break: the new server is connected, and only then the old one fenced",
        "INV-1",
        {
            "settle": (
                *("lock", "choose", "write", "install", "join", "cut", "drain", "announce", "notify"),
                *("unlock", "answer"),
            )
        },
    ),
    Misordering(
        "event_before_fence",
        "FOV-2",
        "the client is told first, so that it knows as soon as possible; then the old server is fenced",
        "FOV-2/old",
        {
            "settle": (
                *("lock", "choose", "write", "announce", "notify", "cut", "drain", "install", "join"),
                *("unlock", "answer"),
            )
        },
    ),
    Misordering(
        "fence_without_drain",
        "FOV-2",
        "a fence is complete when nobody is let through any more; a send that has been let through is forgotten",
        "FOV-2/old",
        {
            "settle": (
                *("lock", "choose", "write", "cut", "announce", "notify", "install", "join"),
                *("unlock", "answer"),
            )
        },
    ),
    Misordering(
        "drain_before_fence",
        "FOV-2",
        "it is waited until no send is under way, and then fenced",
        "FOV-2/old",
        {
            "settle": (
                *("lock", "choose", "write", "drain", "cut", "announce", "notify", "install", "join"),
                *("unlock", "answer"),
            )
        },
    ),
    Misordering(
        "chosen_before_lock",
        "FOV-5",
        "who is selected is decided before the lock is there, and not again when it is",
        REFINEMENT,
        {
            "settle": (
                *("choose", "lock", "write", "cut", "drain", "announce", "notify", "install", "join"),
                *("unlock", "answer"),
            )
        },
    ),
    Misordering(
        "unlocked_before_connect",
        "FOV-2",
        "the lock is given back once everybody is told, and the new server connected then",
        REFINEMENT,
        {
            "settle": (
                *("lock", "choose", "write", "cut", "drain", "announce", "notify", "install", "unlock"),
                *("join", "answer"),
            )
        },
    ),
    Misordering(
        "refused_during_switch",
        "CRQ-3",
        "a send that meets a switch under way is refused at once",
        REFINEMENT,
        {"send": ("glance", "store", "leave", "answer")},
    ),
)
