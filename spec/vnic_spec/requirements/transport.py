"""CRQ: transport: the command/response queue."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Level, Requirement

REQUIREMENTS = (
    Requirement(
        "CRQ-1",
        text=(
            "Elements are 16 bytes, big-endian; byte 0: 0x00 free, 0x80 command/response, 0xC0 initialisation (byte "
            "1: 01 INIT, 02 INIT_COMPLETE), 0xFF event (01 partner failed, 02 partner deregistered, 06 migrated, 08 "
            "device failover); everything else reserved."
        ),
        source=(
            "LoPAR, CRQ format and registration; CRQ entry header byte values; initialisation formats; transport "
            "event codes. Event 08 is reserved there and is the device failover event of the Linux driver."
        ),
        elsewhere=Elsewhere(
            reason="The machine knows kinds of elements, not their bytes.",
            where="conformance, role hypervisor: the 16 bytes of every element; tests of the wire constants",
        ),
    ),
    Requirement(
        "CRQ-2",
        text=(
            "H_REG_CRQ checks, in this order: unit, queue address/length → H_PARAMETER; no authorised connection → "
            "H_NOT_FOUND; already registered → H_RESOURCE; then the queue is registered and the answer is H_SUCCESS "
            "when a partner is connected, otherwise H_CLOSED (which is not a failure)."
        ),
        source="LoPAR, H_REG_CRQ: order of the checks; H_Closed after a registration that did succeed.",
        elsewhere=Elsewhere(
            reason="Addresses, lengths and the check of the unit are not part of the abstract state.",
            where=(
                "conformance, role hypervisor: return codes of H_REG_CRQ with each argument wrong, alone and in pairs"
            ),
            whole=False,
        ),
    ),
    Requirement(
        "CRQ-3",
        text=(
            "H_SEND_CRQ checks, in this order: unit → H_PARAMETER; header without the high bit, or 0xFF → "
            "H_PARAMETER; no connection, or CRQ disabled by migration → H_CLOSED; no free element → H_DROPPED; "
            "otherwise stored, H_SUCCESS."
        ),
        source="LoPAR, H_SEND_CRQ: order of the checks; H_Closed is decided before H_Dropped.",
        elsewhere=Elsewhere(
            reason="Units and header bytes are not part of the abstract state.",
            where=(
                "conformance, role hypervisor: return codes of H_SEND_CRQ with each argument wrong, alone and in pairs"
            ),
            whole=False,
        ),
    ),
    Requirement(
        "CRQ-4",
        text=(
            "H_FREE_CRQ closes the caller's half, frees all its sub-CRQs and forgets everything negotiated. The "
            "client frees → event 02 to the connected server. The connected server frees → event 08 (only) to the "
            "client, by FOV. A standby frees → nobody is told. Afterwards nothing is delivered to the freed queue. "
            "Freeing an unregistered queue → H_SUCCESS, no effect. (Partition power-off or crash frees the queues "
            "of that partition: the client's → event 01 to the connected server.)"
        ),
        source=(
            "LoPAR, H_FREE_CRQ: effects in order; VNIC protocol overview: freeing clears what was negotiated. Which "
            "event goes to whom after a failover: ours, with FOV."
        ),
    ),
    Requirement(
        "CRQ-5",
        text=(
            "Between one registration and the next, elements arrive in the order sent, each exactly once, except an "
            "element that an event overlays (CRQ-7); a sender whose element is not stored is told so by the return "
            "code. Nothing is lost without somebody being told."
        ),
        source="LoPAR, command/response queue: delivery in order, reliable, the sender learns synchronously.",
    ),
    Requirement(
        "CRQ-6",
        text="Only the hypervisor writes events.",
        source="LoPAR, CRQ entry header byte values and H_SEND_CRQ: a sender's header 0xFF is refused.",
    ),
    Requirement(
        "CRQ-7",
        text=(
            "When an event meets a full queue it overlays the last valid element (profile: overlay | defer, i.e. it "
            "is stored as soon as there is room and the new server stays unconnected until then) [decision: "
            "overlay]. 08 over 08 merges; 06 and 08 meeting in one element become one 06 (registering again also "
            "enables). Dropping events is wrong: it is the documented refuted reading (the client then accepts the "
            "new server's elements as the old one's)."
        ),
        source=(
            "LoPAR, H_FREE_CRQ (overlays the last valid entry) against the enqueue rule of the CRQ facility (only "
            "into a free entry): the two disagree. For event 08 the sources are silent."
        ),
        decision=(
            "An event overlays the last valid element, because a lost event lets the client take the new server's "
            "elements for the old one's; storing it later is the alternative."
        ),
    ),
    Requirement(
        "CRQ-8",
        text=(
            "Migration: event 06 to the client, its CRQ disabled (sends to and from it fail with H_CLOSED until "
            "H_ENABLE_CRQ; contents and position kept), event 02 to the connected server, the session ends. "
            "H_ENABLE_CRQ selects afresh (SEL-2) and connects; on a CRQ that is not disabled it is H_SUCCESS "
            "without effect [decision]."
        ),
        source=(
            "LoPAR, transport event codes (06 disables the CRQ) and H_ENABLE_CRQ. Selection after a migration: "
            "sources silent."
        ),
        decision=(
            "H_ENABLE_CRQ on a CRQ that is not disabled succeeds without effect, as a repeated call must be harmless."
        ),
    ),
    Requirement(
        "CRQ-9",
        text=(
            "Registering starts at an empty queue: no element of an earlier registration is ever seen by a later one."
        ),
        source="LoPAR, H_REG_CRQ resets the enqueue pointer; the owner has zeroed the headers before.",
    ),
    Requirement(
        "CRQ-10",
        text="The payload (bytes 1–15) is carried unchanged and never interpreted by the hypervisor.",
        source="LoPAR, CRQ facility requirements: all bytes but the header byte are the partners' own.",
        elsewhere=Elsewhere(
            reason=(
                "Of an element the machine keeps its kind, which arrives as it was sent; the payload is not part of the "
                "abstract state, so nothing can depend on it there."
            ),
            where="conformance, role hypervisor: elements with random payloads arrive bit for bit",
            whole=False,
        ),
    ),
    Requirement(
        "CRQ-11",
        text=(
            "Interrupt: registering leaves it disabled; an element queued while it is disabled is found by the "
            "owner's scan after enabling it."
        ),
        source=(
            "LoPAR, CRQ facility interrupt notification and VIO interrupt control; Linux driver history: elements "
            "queued before the interrupt was enabled were overlooked."
        ),
        elsewhere=Elsewhere(
            reason="Interrupts are not part of the abstract state: an owner may look at its queue at any time.",
            where=(
                "conformance, role hypervisor: pending interrupts after registering, enabling and queueing in every "
                "order"
            ),
        ),
    ),
    Requirement(
        "CRQ-13",
        text=(
            "No crossing of sessions: the client and a server are not connected while the server's queue still "
            "holds the unread event (01 or 02) that ended an earlier session — after a free/register of the client, "
            "and equally when a server is selected again (profile: hold | gap ms). Otherwise a server that answers "
            "an old INIT or LOGIN would answer into the new session, which no client can detect: there is no "
            "transaction id [decision: hold; H_REG_CRQ and sends answer H_CLOSED meanwhile, which clients retry; a "
            "selected server that keeps the client held longer than `hold_limit` (profile, default: its report "
            "interval × grace) counts as UNRESPONSIVE until it has read the event]."
        ),
        source=(
            "Our own: VNIC commands carry no transaction id (LoPAR, VNIC protocol overview), and a Linux server "
            "keeps its queue when the client leaves, so an answer can cross into the next session. The Linux client "
            "pauses 1.5 s between free and register in its login recovery."
        ),
        decision=(
            "The connection is held until the server has read the event that ended the earlier session: the only "
            "rule that needs no assumption on timing. A server that never reads it counts as UNRESPONSIVE, so that "
            "holding cannot last for ever."
        ),
        elsewhere=Elsewhere(
            reason="How long hold_limit and the gap last is time, which the machine does not count.",
            where="conformance, role hypervisor: virtual time on both sides of hold_limit",
            whole=False,
        ),
    ),
    Requirement(
        "CRQ-14",
        text=(
            "An implementation may answer busy or long-busy where LoPAR allows it; the caller repeats, bounded. "
            'CRQ-2\'s "partner is connected" is evaluated after the selection that the call causes.'
        ),
        source=(
            "LoPAR, H_FREE_CRQ and H_ENABLE_CRQ: busy, long busy and in progress; hypervisor call return code "
            "table. When the partner is looked at: ours."
        ),
        level=Level.MAY,
        elsewhere=Elsewhere(
            reason=(
                "A busy answer changes nothing and the caller repeats: in the machine the call has not happened yet."
            ),
            where=(
                "conformance, role hypervisor: an implementation that answers busy a bounded number of times must pass"
            ),
            whole=False,
        ),
    ),
    Requirement(
        "CRQ-12",
        text=(
            "Sub-CRQs (32-byte elements, header 0x80): registration and freeing per LoPAR; a send to a handle that "
            "is not a live queue of the connected partner is H_PARAMETER; indirect sends are all-or-nothing, at "
            "most 128 entries (profile: 16). Handles, grants and maps die with the session and are not reused: a "
            "server that is connected again starts without any."
        ),
        source=(
            "LoPAR, subordinate CRQ transport option; H_SEND_SUB_CRQ, H_SEND_SUB_CRQ_INDIRECT (both limits, 16 and "
            "128, stand there). Whether a handle may be issued again: sources silent."
        ),
        elsewhere=Elsewhere(
            reason=(
                "Of sub-CRQs the machine keeps only whether a server holds grants of the session; elements, handles "
                "and indirect sends are left out."
            ),
            where=(
                "conformance, role hypervisor: sub-CRQ calls, handles of every earlier session, indirect sends at "
                "and beyond the limit"
            ),
            whole=False,
        ),
    ),
)
