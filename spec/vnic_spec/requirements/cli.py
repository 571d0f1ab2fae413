"""CLI: client: the driver in the first partition."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Level, Requirement

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
)
