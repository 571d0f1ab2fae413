"""What must hold of steps, said of them directly: FOV-2's order of effects and of elements.

The state properties INV-1 and INV-2 of the machine are claimed of the memory after each step as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vnic_spec.below.fine_step import Frame

#: State properties of the machine that hold after each step, too.
OF_MEMORY = ("INV-1", "INV-2")
#: What is violated where a step stands for no step of the machine.
REFINEMENT = "refinement"


@dataclass(frozen=True)
class Moment:
    """A step that has just been taken, and what is known around it. Values are plain ones."""

    step: str
    frame: Frame  #: of the CPU that took it, after it
    past: frozenset[str]  #: the steps of this call until now, this one included
    other: Frame | None  #: of the other CPU, if it carries out a call
    others_past: frozenset[str]
    to_client: bool  #: the call is a send to the client
    connects: frozenset[Any]  #: servers that this step connects
    connected: frozenset[Any]  #: servers that are connected after it


@dataclass(frozen=True)
class StepLaw:
    """One law of steps."""

    name: str
    sentence: str
    holds: Callable[[Moment], bool]
    exercised: Callable[[Moment], bool]  #: the law says something of this step


def _left(frame: Frame | None, past: frozenset[str]) -> Any:
    """Whom a switch that is under way leaves; None: there is none, or no event belongs to it."""
    under_way = frame is not None and "write" in past and "unlock" not in past and frame.parting.switch
    return frame.parting.old if frame is not None and under_way else None


def _stores(m: Moment) -> bool:
    return m.step == "store" and m.to_client


def _announces(m: Moment) -> bool:
    return m.step == "announce" and bool(m.frame.parting.switch)


def _fence_first(m: Moment) -> bool:
    old = m.frame.parting.old
    inside = m.other is not None and bool(m.other.passed) and m.other.partner == old
    return old not in m.connected and not inside


def _late(m: Moment) -> bool:
    return _left(m.other, m.others_past) is not None and m.other is not None and m.frame.partner == m.other.parting.old


def _early(m: Moment) -> bool:
    return _left(m.other, m.others_past) is not None and m.other is not None and m.frame.partner == m.other.chosen


#: In the order in which they are looked at.
LAWS = (
    StepLaw(
        "FOV-2/fence",
        "When the client is told, the old server is fenced, and no send of its is under way.",
        _fence_first,
        _announces,
    ),
    StepLaw(
        "FOV-2/connect",
        "When the new server is connected, the client and the old server have been told.",
        lambda m: {"announce", "notify"} <= m.past,
        lambda m: bool(m.connects) and bool(m.frame.parting.switch),
    ),
    StepLaw(
        "FOV-2/old",
        "No element of the old server is stored for the client behind the event.",
        lambda m: "announce" not in m.others_past,
        lambda m: _stores(m) and _late(m),
    ),
    StepLaw(
        "FOV-2/new",
        "No element of the new server is stored for the client before the event.",
        lambda m: "announce" in m.others_past,
        lambda m: _stores(m) and _early(m),
    ),
)
