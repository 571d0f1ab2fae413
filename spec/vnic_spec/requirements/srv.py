"""SRV: server: the VNIC server in its own partition."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Requirement

REQUIREMENTS = (
    Requirement(
        "SRV-1",
        text=(
            "A server whose active flag (MON-7) rises, or that reads event 01 or 02 while active, first looks for a "
            "queued INIT and answers it with INIT_COMPLETE; if none comes within `srv_wait` (profile) it sends INIT "
            "itself, repeated with back-off until answered. It keeps its own queue throughout. (Event 02 means "
            '"the client freed its queue" or "you are fenced": only the active flag tells.)'
        ),
        source=(
            "Linux VSCSI target: after registering it looks for the client's INIT before it sends its own, and "
            "keeps its queue when the client leaves; Linux VNIC client: crossing INITs cost a full re-registration. "
            "The active flag: LoPAR, GET_VNIC_SERVER_INFO."
        ),
        elsewhere=Elsewhere(
            reason="srv_wait and the back-off are time; in the machine the wait may end at any moment.",
            where="reference_impl: server tests in virtual time",
            whole=False,
        ),
    ),
    Requirement(
        "SRV-2",
        text="A free/register pair of the client is not a reason for failover.",
        source=(
            "Linux driver history: a server that saw free and register in quick succession raised a spurious "
            "failover event."
        ),
    ),
    Requirement(
        "SRV-3",
        text=(
            "Every command is answered exactly once, echoing what identifies it; unknown commands with code 5; bad "
            "input with its code, never silence."
        ),
        source=(
            "LoPAR, VNIC protocol overview: command with the high bit set, unknown commands with code 5; Linux "
            "driver: how it matches answers."
        ),
        elsewhere=Elsewhere(
            reason="Of the commands the machine knows only the login.",
            where="reference_impl: server tests over the whole command set",
            whole=False,
        ),
    ),
    Requirement(
        "SRV-4",
        text="Everything negotiated is dropped when the client's CRQ goes away.",
        source=(
            "LoPAR, VNIC protocol overview: freeing the CRQ clears every setting; Linux driver history: a server "
            "that still held the old login."
        ),
    ),
    Requirement(
        "SRV-5",
        text=(
            "After LOGICAL_LINK_STATE up: LINK_STATE_INDICATION(physical, logical), also after every failover and "
            "every physical change."
        ),
        source="Linux driver: the carrier stays off until the indication with both states up.",
        elsewhere=Elsewhere(
            reason="Link states are below the abstraction; it ends at the login.",
            where="reference_impl: server and system tests",
        ),
    ),
    Requirement(
        "SRV-6",
        text=(
            "Watches its logical port (link, errors) and reports within the announced interval; a change is "
            "reported at once."
        ),
        source=(
            "Product behaviour: the server monitors its logical port for link status and errors and sends heartbeats."
        ),
        elsewhere=Elsewhere(
            reason=(
                "That a port fails is a choice of the environment in the machine; who notices it is not told apart."
            ),
            where="reference_impl: server tests in virtual time; conformance, role system",
            whole=False,
        ),
    ),
)
