"""CLI-10 to CLI-21: the client as it is judged alone, at its hypervisor calls, by what it calls, reads and sends.

They are added to CLI-1 to CLI-9; each holds for any client. The numbers are parameters of the client's own profile
(:mod:`vnic_spec.client_profile`).
"""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Level, Requirement

_JUDGED = Elsewhere(
    reason="Calls, memory and time of the client itself are below the abstraction.",
    where="conformance, role client: a monitor over calls, memory and time",
)

REQUIREMENTS = (
    Requirement(
        "CLI-10",
        text=(
            "Registering: the queue is mapped whole, aligned to 4 KiB, its length a multiple of it, and every header "
            "byte in it is 0 before H_REG_CRQ. H_SUCCESS and H_CLOSED both mean registered. H_RESOURCE is answered by "
            "one H_FREE_CRQ and one more H_REG_CRQ; any other code ends the attempt (CLI-7). Then the interrupt is "
            "enabled and the queue looked at once, interrupt or not."
        ),
        source=(
            "LoPAR, H_REG_CRQ and CRQ Entry Processing; Linux driver: H_RESOURCE after a kexec; its history: H_CLOSED "
            "taken for a failure, elements between registration and interrupt never looked at."
        ),
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-11",
        text=(
            "Consuming: elements are handled in order, each once; the header is read first and cleared when the "
            "element has been dealt with; nothing behind a free header is looked at; an element that came before the "
            "interrupt was enabled is found."
        ),
        source="LoPAR, CRQ Entry Processing; Linux driver history: payload read before the header.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-12",
        text=(
            "From the moment an event is read until the next INIT or registration that CLI-1 to CLI-3 call for, the "
            "client sends no element of the session that ended, and no descriptor of it any more once a send was "
            "answered H_CLOSED or H_PARAMETER; calls that take it down (H_FREE_SUB_CRQ, H_FREE_CRQ, interrupts off) "
            "are allowed."
        ),
        source="Linux driver history: descriptors with old map ids flushed to the new server after a reset.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-13",
        text=(
            "No livelock: at one instant of time at most `burst` calls; towards a partner that answers H_CLOSED, "
            "H_DROPPED, a busy code or an error at most `retries` equal calls in a second, and no end to retrying as "
            "long as the device exists (CLI-7). Both are profile parameters."
        ),
        source="Linux driver: a failing passive initialisation is repeated at once, without a pause.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-14",
        text=(
            "Busy and long-busy codes are followed by the same call again, until another code comes; the client gives "
            "up after `busy_ms` (profile) at the latest, and says so."
        ),
        source=(
            "LoPAR, H_FREE_CRQ: the caller repeats; Linux VSCSI target: 300 s in all; Linux driver: long-busy compared "
            "with a truth value."
        ),
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-15",
        text=(
            "Elements that nobody awaits, reserved headers, unknown commands and duplicates change nothing. An unknown "
            "event is a full re-initialisation (CLI-3)."
        ),
        source="Linux driver, handling of elements: unknown types and commands are logged and discarded.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-16",
        text=(
            "Whatever hypervisor and server say, the client does not crash, corrupt memory, deadlock, hang for ever or "
            "leak (observation `health`, with the text of what was seen)."
        ),
        source="Linux driver history: crashes on late answers, released queues and double resets.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-17",
        text=(
            "Removal at any moment: everything registered is freed, the removal ends within `user_ms` (profile), and no "
            "call follows."
        ),
        source="Linux driver history: removal while a reset ran.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-18",
        text=(
            "What the user asks for (open, close, complaint, MTU, number of queues, multicast list, removal) returns "
            "within `user_ms` (profile), whatever the server does; and others are not kept from asking meanwhile for "
            "longer than that."
        ),
        source="Linux driver: bounded waits; its history: a lock held across the wait for the peer.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-19",
        text=(
            "Complaint: H_VIOCTL 0x19, then 0x1A with that token. H_SUCCESS: nothing else. Any other code: the client "
            "re-initialises by itself (profile complaint_fallback: reset | none)."
        ),
        source=(
            "Linux driver, the user's failover request; its history: a reset of its own after H_SUCCESS, and none where "
            "the hypervisor found no backup."
        ),
        level=Level.SHOULD,
        decision="The client re-initialises, as the existing driver does; one that does nothing is right by its profile.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-20",
        text=(
            "The link that the user sees is up only between a successful login with LINK_STATE_INDICATION (1, 1) and "
            "the next event, close or indication of less; it is never up without a session."
        ),
        source="Linux driver: the carrier goes off with every event and follows the indications.",
        elsewhere=_JUDGED,
    ),
    Requirement(
        "CLI-21",
        text=(
            "Recovery: when hypervisor and server have been well for `recovery_ms` (profile), the device is registered, "
            "logged in if its user wants it open, and its link is up, whatever came before: every event, INIT and error "
            "at every point, one after another, in any number. Nothing but time is needed: no removal, no user action."
        ),
        source="Linux driver history: states that only a manual request or a reboot ended.",
        elsewhere=_JUDGED,
    ),
)
