"""The chapter of versions: which one this is, and what was changed since the requirements were first written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnic_conformance.specification.markdown import item, links, paragraph, table
from vnic_spec.catalogue import ACTIONS
from vnic_spec.lemmas import LEMMAS
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import REQUIREMENTS

#: The version of this document.
VERSION = "0.1"


@dataclass(frozen=True, slots=True)
class Change:
    """A repair of what the requirements said at first.

    Attributes:
        name: as the decision log calls it.
        requirements: IDs of what was changed.
        what: in a few words.
    """

    name: str
    requirements: tuple[str, ...]
    what: str


#: A test compares them with the decision log.
CHANGES = (
    Change("R1", ("SEL-2", "SEL-7", "SEL-8"), "a standing selection has a beginning"),
    Change("R2", ("CRQ-8", "FOV-1", "FOV-3"), "a migration ends the selection and is no switch"),
    Change("R3", ("CLI-1", "CLI-7"), "event 08 with a request outstanding"),
    Change("R4", ("CLI-2", "CLI-4"), "profile `answer` with a request outstanding"),
    Change("R5", ("FOV-2", "CRQ-13"), "event 02 is for a server that had a session"),
    Change("R6", ("ADM-6",), "activation when nobody is selected"),
    Change("R7", ("MON-4", "ADM-3"), "what is forgotten with a removal"),
    Change("R8", ("SEL-8", "MON-5"), "preempt_delay damps preemption by recovery and nothing else"),
    Change("R9", ("CRQ-13",), "two limits in time"),
    Change("R10", ("CRQ-8",), "a migration while the CRQ is not open"),
    Change("R11", ("CRQ-13",), "a gap has no limit"),
    Change("R12", ("LIV-3",), "profile `gap` keeps no dead end away"),
    Change("R13", ("LIV-1", "LIV-2"), "what an endless run is assumed to do"),
    Change("R14", ("MON-4", "CRQ-13"), "an overdue server that reports"),
    Change("R15", ("MON-5",), "preempt_delay is exact"),
)


def versions() -> Iterator[str]:
    """The chapter."""
    yield from paragraph(
        f"This is version {VERSION}: {len(REQUIREMENTS)} requirements, {len(ACTIONS)} actions, {len(PROPERTIES)} properties and "
        f"{len(LEMMAS)} lemmas. It is the first one; versions follow these rules:"
    )
    yield from item("a requirement that is new gets a new ID; an ID never changes its meaning and is never used again")
    yield from item(
        "what makes a conforming implementation wrong, or a wrong one conforming, is a new minor version until 1.0, and a new "
        "major one from then on"
    )
    yield from item("a new profile parameter has the default under which everything is as it was before")
    yield ""
    yield from paragraph(
        "Changed since the requirements were first written, because proof, exploration or tests refuted them as they stood; the "
        "[decision log](decisions.md) has each with the run that forced it:"
    )
    rows = ((change.name, links(change.requirements), change.what) for change in CHANGES)
    yield from table(("repair", "requirements", "what was repaired"), rows)
