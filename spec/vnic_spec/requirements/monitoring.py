"""MON: monitoring: what the hypervisor knows of the servers."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Requirement

REQUIREMENTS = (
    Requirement(
        "MON-1",
        text=(
            "Every server on the list, standby or active, reports its status (1 OPERATIONAL, 2 LINK_DOWN, 3 "
            "ADAPTER_ERROR) together with the number of milliseconds (≥ 1) within which the next report will come "
            "(H_VIOCTL 0x18). Checks in order: unit, unused parameter ≠ 0 → H_PARAMETER; not listed, or own CRQ not "
            "registered → H_STATE; status or interval out of range → H_PARAMETER."
        ),
        source=(
            "LoPAR, H_VIOCTL subfunction VNIC_SERVER_STATUS (0x18): parameters, H_State when the CRQ is not "
            "registered; product behaviour: heartbeats of standbys too."
        ),
        elsewhere=Elsewhere(
            reason=(
                "The number of milliseconds and the checks of unit and parameters are not part of the abstract state."
            ),
            where=(
                "conformance, role hypervisor: return codes of H_VIOCTL 0x18 with each argument wrong, alone and in "
                "pairs"
            ),
            whole=False,
        ),
    ),
    Requirement(
        "MON-2",
        text=(
            "A server from which no report has come in time is UNRESPONSIVE: not while elapsed ≤ interval, and at "
            "the latest when elapsed > `grace` × interval (profile: grace, default 3) [decision]. Expiries are "
            "processed in the order of their times, equal times together. Between the two bounds both are allowed: "
            "the oracle follows both."
        ),
        source="LoPAR, VNIC server status Unresponsive: heartbeats are missing. How many: not found.",
        decision=(
            "Three intervals: one lost and one late report must not cost a failover. Between one interval and the "
            "bound both are allowed."
        ),
        elsewhere=Elsewhere(
            reason="Time is abstract: inside the window an expiry may or may not have happened.",
            where=(
                "conformance, role hypervisor: virtual time on both sides of both bounds, several expiries in one "
                "step of the clock"
            ),
            whole=False,
        ),
    ),
    Requirement(
        "MON-3",
        text="A server whose partition powers off, or that deregisters its CRQ, is POWERED_OFF at once.",
        source=(
            "LoPAR, VNIC server status PoweredOff; product behaviour: Powered Off at the latest 10 s after the "
            "server device was removed."
        ),
    ),
    Requirement(
        "MON-4",
        text=(
            "A report sets the status it reports (it replaces LINK_DOWN, ADAPTER_ERROR, UNRESPONSIVE and "
            "POWERED_OFF); a server that is UNRESPONSIVE because it keeps the client held (CRQ-13) is shown so "
            "until it has read the event, and then as it last reported. A client's complaint is a separate flag, "
            "shown as NETWORK_ERROR where the status would be OPERATIONAL; it is cleared by a report that changes "
            "the status to OPERATIONAL from another, by re-registration of the server, by manual activation, and "
            "by MON-5 [decision]."
        ),
        source=(
            "LoPAR, VNIC server status: 1 to 3 are reported by the server, 4 to 6 are set by the hypervisor. How "
            "NetworkError is ever cleared: not found."
        ),
        decision=(
            "A complaint is a flag beside the status and survives reports that say OPERATIONAL again and again: "
            "those are just what the client complained of."
        ),
    ),
    Requirement(
        "MON-5",
        text=(
            "Last resort: whenever no listed server satisfies SEL-3, every server whose only fault is a complaint "
            "has it cleared; then selection proceeds. Complaints, and any damping of preemption (profile "
            "preempt_delay ms, default 0; it relaxes INV-4 for exactly that long, counted from when the selected "
            "server was first outranked, and anew after a moment in which no server was better), never leave the "
            "client without a server that could serve [decision]."
        ),
        source=(
            "Published defect of shared Ethernet failover: a hold-down time kept the only surviving adapter "
            "unusable, and nobody took over."
        ),
        decision=(
            "Complaints and damping are advice, and yield as soon as following them would leave nobody. The delay is "
            "what an implementation claims of itself, so it is exact: a preemption before its end is as wrong as one "
            "after it."
        ),
        elsewhere=Elsewhere(
            reason="The length of preempt_delay is time; the machine lets a preemption come at any moment.",
            where="conformance, role hypervisor: virtual time on both sides of preempt_delay",
            whole=False,
        ),
    ),
    Requirement(
        "MON-6",
        text=(
            "Registering its CRQ does not make a server OPERATIONAL: it is POWERED_OFF until its first report says "
            "otherwise; so is a server newly added or added again."
        ),
        source="LoPAR, VNIC_SERVER_STATUS: the report makes the status; our own for the time before the first one.",
    ),
    Requirement(
        "MON-7",
        text=(
            "H_VIOCTL 0x1B tells a server: version 1, active (1 while it is selected and connected), status, priority."
        ),
        source="LoPAR, H_VIOCTL subfunction GET_VNIC_SERVER_INFO (0x1B): the record of 32 bytes.",
        elsewhere=Elsewhere(
            reason="The layout of the record and its truncation to the buffer are bytes.",
            where="conformance, role hypervisor: the record, with buffers shorter and longer than it",
            whole=False,
        ),
    ),
)
