"""CLI, SRV: the dialogue: the client's driver in the first partition, and the VNIC servers in theirs."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Level, Requirement

#: CLI-10 to CLI-21 are of the client alone, at its calls, its memory and its time.
_JUDGED = Elsewhere(
    reason="Calls, memory and time of the client itself are below the abstraction.",
    where="conformance, role client: a monitor over calls, memory and time",
)

REQUIREMENTS = (
    Requirement(
        "CLI-1",
        text=(
            "Event 08: stop sending, forget the session, wait for INIT; no reset of its own. Any number of events "
            "08 before INIT count as one."
        ),
        source=(
            "Linux driver, event 08: sets failover pending and waits for INIT; its history: resetting on the event "
            "itself broke when no second server existed."
        ),
    ),
    Requirement(
        "CLI-2",
        text=(
            "INIT from a new server: free and re-register the CRQ, then send INIT, await INIT_COMPLETE, negotiate, "
            "log in (profile: reregister | answer)."
        ),
        source=(
            "Linux driver: INIT leads to a reset that frees and registers the CRQ; only a client that is down "
            "answers INIT with INIT_COMPLETE."
        ),
        level=Level.SHOULD,
        decision=(
            "The client registers again, as the existing driver does; answering on the old registration is the "
            "alternative that the architecture allows."
        ),
    ),
    Requirement(
        "CLI-3",
        text="Event 06: enable the CRQ again and re-initialise. Any other event: full re-initialisation.",
        source=(
            "Linux driver, events 06 (mobility: H_ENABLE_CRQ, then the dialogue again) and all others (fatal "
            "reset); LoPAR, H_ENABLE_CRQ."
        ),
    ),
    Requirement(
        "CLI-4",
        text=(
            "A response counts only if one of its kind is outstanding in this registration; while waiting (CLI-1) "
            "only INIT and events count; handles and map ids of an earlier registration are never used. (With "
            "CRQ-13 this makes replies of an earlier registration harmless; without it, it cannot.)"
        ),
        source=(
            "Linux driver history: late answers of the old server, two outstanding logins, replies parsed into "
            "freed buffers; LoPAR: no transaction id."
        ),
        elsewhere=Elsewhere(
            reason="Of handles and map ids the machine keeps only the grants of the session.",
            where="reference_impl: client tests with late and doubled responses",
            whole=False,
        ),
    ),
    Requirement(
        "CLI-5",
        text=(
            "After every re-login all negotiated state is sent again (queues, maps, MAC, multicast, link up), and "
            "the network is told (gratuitous ARP)."
        ),
        source=(
            "Linux driver: what a reset sends again, and the peers' notification after failover and mobility, whose "
            "removal left traffic dead."
        ),
        elsewhere=Elsewhere(
            reason="Queues, maps, addresses and frames are below the abstraction; it ends at the login.",
            where="reference_impl: system tests; conformance, role system: ping after every failover",
        ),
    ),
    Requirement(
        "CLI-6",
        text="The user's wish (open/closed) survives any interleaving of open, close and failover.",
        source=(
            "Linux driver history: opens and closes lost in the failover window, and a reset that re-opened a "
            "closed device."
        ),
    ),
    Requirement(
        "CLI-7",
        text=(
            "Every wait except CLI-1's is bounded; recovery is retried as long as the device exists, with back-off "
            "after three failures in a row."
        ),
        source=(
            "Linux driver: waits of 10 to 30 s, endless retries, 60 s pause after three hard failures; its history: "
            "unbounded waits and reset storms."
        ),
        elsewhere=Elsewhere(
            reason="The length of a wait and the back-off are time; in the machine a wait may end at any moment.",
            where="reference_impl: client tests in virtual time",
            whole=False,
        ),
    ),
    Requirement(
        "CLI-8",
        text="One recovery at a time; no use of a released queue.",
        source="Linux driver history: two resets at once, and queues used after their release.",
        elsewhere=Elsewhere(
            reason="In the machine a client does one thing at a time by construction.",
            where="reference_impl: client tests with faults in every step of a recovery",
        ),
    ),
    Requirement(
        "CLI-9",
        text="Lengths, counts and offsets supplied by the server are checked before use.",
        source="Linux driver, checks of the login response; its history: offsets beyond the buffer.",
        elsewhere=Elsewhere(
            reason="Lengths and offsets are bytes.",
            where="reference_impl: client tests with generated login responses",
        ),
    ),
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
