"""INV: safety: what must hold in every state."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Requirement

REQUIREMENTS = (
    Requirement(
        "INV-1",
        text="Never two connected servers.",
        source="US9552264B1, claim 1, and SEL-1.",
    ),
    Requirement(
        "INV-2",
        text=(
            "The client never sees two active servers: between two events (or its own registrations) all elements "
            "it handles come from one and the same server, and that server was the connected one when it sent them."
        ),
        source="Our own: what FOV-2, FOV-3 and CRQ-9 are for, seen by the client.",
    ),
    Requirement(
        "INV-3",
        text="A connected server is eligible; a selected server is eligible at the end of every step.",
        source="Our own, from SEL-3 and FOV-1.",
    ),
    Requirement(
        "INV-4",
        text=(
            "With auto on, no pin and no preempt_delay running, no eligible server is strictly better than the "
            "selected one at the end of every step."
        ),
        source="Our own, from SEL-4 and ADM-5: what auto_priority_failover promises.",
    ),
    Requirement(
        "INV-5",
        text=(
            "If any server is eligible and the client's CRQ is open and enabled, one is selected at the end of "
            "every step, and connected unless CRQ-13 or CRQ-7 (defer) holds it."
        ),
        source="Our own, from SEL-2 and SEL-6.",
    ),
    Requirement(
        "INV-6",
        text="CRQ closed ⇒ nothing connected, nothing queued for the client.",
        source=(
            "LoPAR, H_FREE_CRQ: closed, enqueue pointer invalid; US9552264B1, claim 1: connection begins with the "
            "opening."
        ),
    ),
    Requirement(
        "INV-7",
        text="A fenced server has no path to the client (CRQ, sub-CRQ, DMA).",
        source="Our own, from FOV-10 and CRQ-12.",
    ),
    Requirement(
        "INV-8",
        text=(
            "A client that believes it is logged in, with no event in its queue, is connected to the server it "
            "logged in to, in that session, and that server regards this client as logged in (or has the client's "
            "leaving unread in its queue)."
        ),
        source=(
            "Our own: agreement of the two ends; Linux driver history: a server that took the client for logged in "
            "when it was not, and the other way round."
        ),
    ),
    Requirement(
        "INV-9",
        text=(
            "Events and switches balance: events 08 queued + handled + merged in this registration = switches in "
            "this registration. (Counting is for the finite readings; for any N use a ghost that needs no numbers.)"
        ),
        source="Our own, from FOV-3 and CRQ-7.",
        elsewhere=Elsewhere(
            reason=(
                "Counting needs numbers, which the any-N reading does not have; the machine keeps the balance in a "
                "history variable."
            ),
            where="model: exploration of small instances counts",
            whole=False,
        ),
    ),
)
