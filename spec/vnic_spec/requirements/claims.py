"""The claim map: what realises each element of claim 1 of US9552264B1, and of its abstract, in this kit.

The claim is paraphrased. The elements stand in the order of the claim; the last two come from the abstract.
"""

from __future__ import annotations

from dataclasses import dataclass

PATENT = "US9552264B1"


@dataclass(frozen=True, slots=True)
class ClaimElement:
    """One element of the claim.

    Attributes:
        element: what the claim asks for, in our words.
        where: ``claim 1`` or ``abstract``.
        realised_by: what plays the part here; empty where requirements say it all.
        requirements: IDs, the most important first.
    """

    element: str
    where: str
    realised_by: str
    requirements: tuple[str, ...]


CLAIM_MAP = (
    ClaimElement(
        "a partition manager that defines partitions and manages their resources",
        "claim 1",
        "the hypervisor of the reference implementation; the implementation under test in the role hypervisor",
        ("CRQ-4", "CRQ-6", "MON-3"),
    ),
    ClaimElement(
        "an application and a VNIC client in a first partition",
        "claim 1",
        "the client of the reference implementation with a real application above it",
        ("CLI-1", "CLI-6", "DAT-1"),
    ),
    ClaimElement(
        "a first and a second VNIC server in a second and a third partition, each with its own connection to the "
        "adapter",
        "claim 1",
        "servers with logical ports of the emulated adapter",
        ("ADM-1", "SRV-6"),
    ),
    ClaimElement(
        "each server is able to connect with the client when the client opens its CRQ",
        "claim 1",
        "",
        ("SEL-2", "SEL-3", "CRQ-2"),
    ),
    ClaimElement(
        "a failover mechanism selects one of the servers when the client opens its CRQ",
        "claim 1",
        "",
        ("SEL-2", "SEL-1", "INV-1"),
    ),
    ClaimElement(
        "the mechanism monitors the selected server",
        "claim 1",
        "",
        ("MON-1", "MON-2", "MON-3", "MON-4"),
    ),
    ClaimElement(
        "when the selected server no longer functions properly, the other one is selected and connected to the "
        "client's CRQ",
        "claim 1",
        "",
        ("FOV-1", "FOV-2", "FOV-5", "FOV-4"),
    ),
    ClaimElement(
        "the servers stand in a prioritised list, of which the next becomes active",
        "abstract",
        "",
        ("SEL-4", "FOV-5"),
    ),
    ClaimElement(
        "recovery needs no change in the client",
        "abstract",
        "",
        ("FOV-4",),
    ),
)
