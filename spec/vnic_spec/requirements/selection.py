"""SEL: selection: who serves the client."""

from __future__ import annotations

from vnic_spec.requirements.record import Level, Requirement

REQUIREMENTS = (
    Requirement(
        "SEL-1",
        text="At most one server is selected at any time, and at most one is connected.",
        source=(
            "US9552264B1, claim 1 (one server is selected); product behaviour: only one logical port is connected "
            "with a vNIC at any time."
        ),
    ),
    Requirement(
        "SEL-2",
        text=(
            "When the client opens its CRQ and no standing selection exists, the eligible server of highest "
            "priority is selected."
        ),
        source=("US9552264B1, claims 1 and 2: selection when the client opens its CRQ, the highest on the list first."),
    ),
    Requirement(
        "SEL-3",
        text=(
            "Eligible = on the list ∧ its partition is powered ∧ its own CRQ half is registered ∧ its status is "
            "OPERATIONAL."
        ),
        source=(
            "Product behaviour: every observed tool treats only devices listed as Operational as usable; LoPAR, "
            "VNIC server status. No official rule found."
        ),
    ),
    Requirement(
        "SEL-4",
        text="Priorities are integers 1..100, a lower number wins, default 50. Comparison is numeric.",
        source=(
            "Product behaviour: failover_priority 1 to 100, lower wins, default 50; LoPAR, GET_VNIC_SERVER_INFO: "
            "lower number wins. A public checking script compared priorities as text, so numeric order is said "
            "explicitly."
        ),
    ),
    Requirement(
        "SEL-5",
        text=(
            "Tie: the selected server keeps the client; among standbys the one added first wins (profile tie_break: "
            "oldest | newest | port | any) [decision: oldest]."
        ),
        source=(
            "Product behaviour: the device created first stays active when one of equal priority is added. A rule "
            "for a failover among equals was not found."
        ),
        level=Level.SHOULD,
        decision="The oldest standby wins: it is deterministic, and an administrator can see it in the listing.",
    ),
    Requirement(
        "SEL-6",
        text=(
            "When nobody is eligible nobody is selected; the client's CRQ stays registered (H_REG_CRQ → H_CLOSED, "
            "sends → H_CLOSED), and the first server to become eligible is selected at once, whatever the policy "
            "says."
        ),
        source=(
            "Linux driver: a failover notice may come with no other server, the client then waits for INIT; "
            "US10732991B2, claim 1: the wait state. That the policy is ignored then: inferred, as in Linux bonding."
        ),
    ),
    Requirement(
        "SEL-7",
        text=(
            "A standing selection survives H_FREE_CRQ followed by H_REG_CRQ of the client as long as the selected "
            "server stays eligible (profile reopen: keep | reselect; the patent's wording allows reselect, but with "
            "auto off, a pin or a complaint it undoes the switch that the re-registration belongs to). It ends when "
            "the client's partition powers off [decision: keep]."
        ),
        source=(
            "US9552264B1, claim 2, read literally, selects at every opening of the CRQ; the Linux driver frees and "
            "registers its CRQ in the middle of every failover."
        ),
        level=Level.SHOULD,
        decision=(
            "The selection stands, because the re-registration belongs to the switch that it would otherwise undo."
        ),
    ),
    Requirement(
        "SEL-8",
        text=(
            "While the client's CRQ is closed, failures, preemption and edits move, fill or empty the selection "
            "exactly as when it is open, but there is no switch and no event."
        ),
        source="Our own, from SEL-2 and FOV: an event is for a client that is there to read it.",
    ),
)
