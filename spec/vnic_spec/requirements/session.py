"""SES: client complaint: the session token and the reported error."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Requirement

REQUIREMENTS = (
    Requirement(
        "SES-1",
        text=(
            "H_VIOCTL 0x19 returns an opaque token of the current session, the same one throughout that session; a "
            "token never matches another session (a free/register pair starts a new one). No session → H_STATE "
            "[decision]."
        ),
        source=(
            "LoPAR, H_VIOCTL subfunction GET_SESSION_TOKEN (0x19): opaque. Its scope and when it changes: not found."
        ),
        decision=(
            "A token lives as long as one connection of the client with one server; without a session there is none "
            "to name."
        ),
    ),
    Requirement(
        "SES-2",
        text=(
            "H_VIOCTL 0x1A checks in order: unused parameters ≠ 0 → H_PARAMETER; token not of the current session → "
            "H_STATE; selected server not OPERATIONAL, or no other eligible server → H_CONSTRAINED; each of these "
            "without any effect [decision: LoPAR sets NETWORK_ERROR before it finds nobody else; profile "
            "complaint_order: check_first | lopar; MON-5 makes both harmless]. Otherwise the selected server "
            "carries the complaint, the failover happens, H_SUCCESS."
        ),
        source=(
            "LoPAR, H_VIOCTL subfunction SESSION_ERROR_DETECTED (0x1A): order of the checks; it sets NetworkError "
            "before it looks for another server."
        ),
        decision=(
            "Nothing is recorded unless another server can take over: a complaint that changes nothing should leave "
            "nothing behind."
        ),
        elsewhere=Elsewhere(
            reason="The check of unused parameters is not part of the abstract state.",
            where=(
                "conformance, role hypervisor: return codes of H_VIOCTL 0x1A with each argument wrong, alone and in "
                "pairs"
            ),
            whole=False,
        ),
    ),
    Requirement(
        "SES-3",
        text=(
            "An accepted complaint must not be undone at once by preemption: the complaint makes the old server "
            "ineligible until MON-4 or MON-5 clears it."
        ),
        source=("Open point of the product (does auto bring the server complained of back at once?); our own answer."),
    ),
)
