"""DLG: the dialogue of client and server, as the client has to keep it (LoPAR, VNIC protocol; Linux header).

The layouts are data: :mod:`vnic_spec.layouts`. The server's side of each rule is SRV-3 and SRV-4.
"""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Requirement

_JUDGED = Elsewhere(
    reason="Of the dialogue the machine knows only INIT and the login.",
    where="conformance, role client: a monitor over calls, memory and time",
)

REQUIREMENTS = (
    Requirement(
        "DLG-1",
        text=(
            "Framing: elements and descriptors have the layouts of the VNIC protocol as the Linux header extends "
            "it; reserved bytes are sent as 0 and not looked at. A server answers an unknown command with code 5."
        ),
        source="LoPAR, VNIC protocol overview; Linux driver's header.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-2",
        text=(
            "Order: VERSION_EXCHANGE first, after INIT_COMPLETE was read or sent; capabilities and offload before"
            " LOGIN, nothing else; everything else after LOGIN_RSP with rc 0."
        ),
        source="LoPAR, VNIC boot flow and offload support.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-3",
        text=(
            "There is no transaction id: of each command at most one is outstanding, save those that the answer "
            "tells apart (capability number, map id). An answer of another kind, or of an earlier registration, "
            "is not taken for it (CLI-4)."
        ),
        source="LoPAR: no transaction id; Linux driver history: two queries that shared one reply slot.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-4",
        text=(
            "Capabilities: what is requested lies between what this server said in this registration; on "
            "PartialSuccess the client takes the number told; at most `rounds` (profile) rounds. The next step "
            "begins when every answer has come, and not sooner; a lost or refused answer ends the attempt within "
            "CLI-7's bound."
        ),
        source=(
            "LoPAR, VNIC capabilities; Linux driver history: a counter of answers that reached zero too early, "
            "limits of an earlier server."
        ),
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-5",
        text=(
            "Login: sub-CRQs first; request buffer mapped and well-formed (length, version, counts, offsets "
            "inside, handles of its own live sub-CRQs), response buffer mapped, of the length told. Aborted: "
            "again after a pause. PartialSuccess: negotiate again. Any other code or no answer in time: register "
            "again. At most `logins` (profile) in a row, then CLI-7's back-off."
        ),
        source="Linux driver, login and its retries.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-6",
        text=(
            "A login response is used only if its rc is 0 and it is whole and consistent: lengths, version, "
            "counts equal to those asked for, and for every table offset + count × size inside the response and "
            "inside the buffer, buffer sizes at least the MTU. Otherwise the login has failed, and nothing of it "
            "is read."
        ),
        source=("Linux driver, checks of the login response; its history: offsets of a buffer that was half filled."),
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-7",
        text=(
            "Maps: REQUEST_MAP, answered, before the first descriptor that names it; ids unique among live ones; "
            "only memory that is mapped for DMA; a new session starts without any; no REQUEST_UNMAP for a session"
            " that ended."
        ),
        source="Linux driver, long-term buffers; its history: map ids that ran out.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-8",
        text=(
            "Transmit: counts, lengths and header descriptors as negotiated (capability 33, "
            "H_SEND_SUB_CRQ_INDIRECT's limit as the platform has it now); a correlator is not used again before "
            "its completion; a completion for what is not in flight changes nothing. What was in flight when a "
            "session ended is given up once, neither twice nor never."
        ),
        source=(
            "Linux driver, transmit; its history: an indirect send beyond the platform's limit, frames in flight "
            "lost or freed twice."
        ),
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-9",
        text=(
            "Receive: a buffer is given once until it comes back; a completion with a correlator that is not "
            "outstanding, or with offset or length outside the buffer, delivers nothing."
        ),
        source="Linux driver, receive: the correlator is taken on trust.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-10",
        text=(
            "After every login, of whatever cause, everything that the user has set is set again: MAC, multicast "
            "list, promiscuous, MTU, number of queues as far as this server allows, LOGICAL_LINK_STATE. A server "
            "with other limits than the last one (fewer or more queues, entries, another MTU, other offloads) is "
            "served within them."
        ),
        source=(
            "Linux driver: what a reset sends again; its history: queue numbers and pool sizes of an earlier server."
        ),
        elsewhere=_JUDGED,
    ),
    Requirement(
        "DLG-11",
        text=(
            "Announcement: within `announce_ms` (profile) after the link is up behind another server, a frame "
            "with the client's MAC as source leaves by it, without the user's traffic having to cause it (CLI-5)."
        ),
        source="Linux driver: notification of peers after failover and mobility, removed once and put back.",
        elsewhere=_JUDGED,
    ),
)
