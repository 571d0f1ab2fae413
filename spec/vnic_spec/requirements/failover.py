"""FOV: failover: what a switch is and when it happens."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Requirement

REQUIREMENTS = (
    Requirement(
        "FOV-1",
        text=(
            "Triggers: the selected server stops being eligible; preemption (SEL-4 with auto on and no pin); manual "
            "activation of another server; an accepted client complaint; removal of the selected server. Nothing "
            "else switches servers."
        ),
        source=(
            "US9552264B1, claim 1 (no longer functions properly); product behaviour: auto_priority_failover, manual "
            "activation; LoPAR, SESSION_ERROR_DETECTED. That nothing else switches: ours."
        ),
    ),
    Requirement(
        "FOV-2",
        text=(
            "Order of effects: fence the old server; tell the client (event 08); tell the old server (event 02, if "
            "still registered); connect the new one, which then opens the dialogue with INIT. No element of the new "
            "server may precede the event, no element of the old one may follow it."
        ),
        source=(
            "US10042723, claim 1 (both in error state before the remap) and cluster practice: fence before "
            "promotion; Linux driver: event 08, then the INIT of the new server on the same CRQ. What the old "
            "server is told: sources silent."
        ),
    ),
    Requirement(
        "FOV-3",
        text=(
            "Every switch puts exactly one event 08 for the client (merged only by CRQ-7); at least one event lies "
            "between the elements of two servers."
        ),
        source=(
            "Linux driver: event 08 opens the window in which the client waits for INIT. That there is exactly one: "
            "ours."
        ),
    ),
    Requirement(
        "FOV-4",
        text=(
            "The client's CRQ stays registered through a switch, queue position included; no change in the client "
            "is needed."
        ),
        source=(
            "US9552264B1, claim 1 (the CRQ of the client) and abstract (no change in the client); Linux driver: the "
            "queue stays registered in the failover path."
        ),
    ),
    Requirement(
        "FOV-5",
        text="The successor is the best eligible server by SEL-4/SEL-5 (for manual activation: the one named).",
        source=(
            "US9552264B1, abstract: the next server on the list; product behaviour: the working device with the "
            "lowest number."
        ),
    ),
    Requirement(
        "FOV-6",
        text="With no successor the event is still sent, the client waits, and SEL-6 applies.",
        source=(
            "Linux driver history: a failover notice without a second server confused the client, which has to wait "
            "for INIT."
        ),
    ),
    Requirement(
        "FOV-7",
        text=(
            "Stability: without a trigger there is no switch. Except by activation, complaint or removal, a healthy "
            "selected server is never left with auto off (or pinned), and with auto on only for a strictly better "
            "eligible one."
        ),
        source=(
            "Product behaviour: the REST name of auto_priority_failover is AutoFailBack; an equal newcomer does not "
            "take over. Stated in full: ours."
        ),
    ),
    Requirement(
        "FOV-8",
        text="The number of switches never exceeds the number of triggers.",
        source=(
            "Our own, from FOV-1 and FOV-7; Linux driver history: spurious failovers after a quick free and register."
        ),
    ),
    Requirement(
        "FOV-9",
        text=(
            "Promptness: once settled, the new selection is in force (profile: declared quiet time; 0 for the "
            "reference)."
        ),
        source="Our own: tests of the product wait 60 s, because no time is published.",
        elsewhere=Elsewhere(
            reason="In the machine cause and effect are one step; a quiet time is time.",
            where="conformance, role hypervisor: the state after the declared quiet time",
            whole=False,
        ),
    ),
    Requirement(
        "FOV-10",
        text=(
            "A fenced server's H_SEND_CRQ → H_CLOSED, its sub-CRQ sends → H_PARAMETER, its DMA to client memory is "
            "refused. A server that merely believes to be active (it hung and came back) can do no harm."
        ),
        source=(
            "LoPAR, H_SEND_CRQ (H_Closed), H_SEND_SUB_CRQ (H_Parameter for a queue that the partner has not "
            "registered), H_FREE_CRQ (redirected DMA mappings are torn down); fencing as in cluster practice."
        ),
        elsewhere=Elsewhere(
            reason="Sub-CRQ sends and DMA are in the machine only as the grants that they need.",
            where="conformance, role hypervisor: calls and DMA attempts of a fenced server",
            whole=False,
        ),
    ),
)
