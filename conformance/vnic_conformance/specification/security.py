"""The chapter of security considerations: what nobody may obtain, and which requirements see to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnic_conformance.specification.markdown import item, links, paragraph, table
from vnic_conformance.specification.tables import property_link
from vnic_model.goals import PLANS
from vnic_spec.properties import PROPERTIES


@dataclass(frozen=True, slots=True)
class Threat:
    """What somebody may not obtain.

    Attributes:
        who: from whose side it comes.
        what: what is not to be had.
        by: IDs of the requirements that see to it.
    """

    who: str
    what: str
    by: tuple[str, ...]


CLIENT, SERVER, GONE = "a hostile client", "a hostile server", "a partition that was reset"
EITHER = "a hostile client or server"

THREATS = (
    Threat(EITHER, "to write an event, or any element with the header of one", ("CRQ-1", "CRQ-3", "CRQ-6")),
    Threat(CLIENT, "to reach a server other than the connected one", ("SEL-1", "INV-1", "CRQ-3")),
    Threat(
        CLIENT, "to keep its server busy with the end of an old session: a held server is not connected", ("CRQ-13",)
    ),
    Threat(
        CLIENT,
        "to be moved by a token of an earlier session, or to leave a mark by a refused complaint",
        ("SES-1", "SES-2"),
    ),
    Threat(CLIENT, "to make all servers ineligible by complaining", ("MON-5", "SES-2")),
    Threat(CLIENT, "to use a handle of an earlier session, or of a queue that is not its partner's", ("CRQ-12",)),
    Threat(
        SERVER, "to reach the client by CRQ or sub-CRQ before it is selected, or after it was left", ("FOV-10", "INV-7")
    ),
    Threat(
        SERVER,
        "to read or write the client's memory without a grant of the session that is running",
        ("CRQ-12", "FOV-10", "INV-7"),
    ),
    Threat(SERVER, "to send or receive frames for the client when it is fenced", ("DAT-1", "DAT-2")),
    Threat(SERVER, "to keep the client by not reading its queue, or by hanging", ("MON-2", "CRQ-13")),
    Threat(SERVER, "to be selected without being on the list, or to report for another", ("SEL-3", "MON-1")),
    Threat(
        SERVER,
        "to make a client that checks read beyond a buffer, hang or crash",
        ("CLI-9", "CLI-16", "DLG-6", "DLG-9"),
    ),
    Threat(GONE, "elements of its earlier registration, or of anybody else's", ("CRQ-9", "INV-6")),
    Threat(GONE, "the session, handles, grants or token that it had", ("CRQ-12", "SES-1", "SRV-4")),
    Threat(GONE, "an answer to what it asked before the reset, as one to what it asks now", ("CRQ-13", "CLI-4")),
    Threat(GONE, "to serve on, believing itself to be active", ("FOV-10", "INV-7")),
)

#: What this document does not protect from.
LIMITS = (
    (
        "The hypervisor, the platform and the administrator are trusted. A connected server is trusted with what the client has "
        "mapped for it, and may lie about its status: monitoring finds silence, not lies."
    ),
    (
        "Elements and frames are neither encrypted nor signed. Between client and connected server there is no transaction ID; "
        "what keeps old answers out is the order of events and registrations (CRQ-13)."
    ),
    (
        "A server that is connected can deny service until its reports stop, it says so, or the client complains (SES). A client "
        "that complains of one healthy server after another can move itself as often as others are eligible."
    ),
    "A session token names a session; it proves nothing about who asks. Only the client of the unit can call with it.",
)


def security() -> Iterator[str]:
    """The chapter."""
    yield from paragraph(
        "A partition may make any call with any argument at any time, and may be reset at any moment. What then may not be had, "
        "and the requirements that see to it; the last column has the properties of these requirements that are proved for any "
        "number of servers."
    )
    rows = ((threat.who, threat.what, links(threat.by), ", ".join(proved(threat))) for threat in THREATS)
    yield from table(("from", "not to be had", "requirements", "proved"), rows)
    yield from paragraph("What is not protected:")
    for words in LIMITS:
        yield from item(words)
    yield ""


def proved(threat: Threat) -> Iterator[str]:
    """References to the properties that state one of its requirements and are proved for any number of servers."""
    for claim in PROPERTIES.values():
        plan = PLANS.get(claim.name)
        if claim.requirements[0] in threat.by and plan is not None and plan.any_number:
            yield property_link(claim.name, claim.of_state or claim.of_step)
