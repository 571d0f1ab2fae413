"""DAT: data path: frames."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Requirement

REQUIREMENTS = (
    Requirement(
        "DAT-1",
        text=(
            "A frame sent by the client leaves at most once; no frame that a server accepts after it was fenced "
            "leaves at all."
        ),
        source=(
            "US10552271B2 and US10705929B2: data goes between the client and the active server only; our own for "
            "the rest."
        ),
        elsewhere=Elsewhere(
            reason="Frames are below the abstraction; that a fenced server has no path is INV-7.",
            where="reference_impl: system tests; conformance, role system: frames on the ports",
        ),
    ),
    Requirement(
        "DAT-2",
        text="A frame from the wire reaches the client at most once, and only through the selected server.",
        source="US10705929B2, claim 1: data on sub-CRQs with the active server; our own for the rest.",
        elsewhere=Elsewhere(
            reason="Frames are below the abstraction; that only the connected server has a path is INV-7.",
            where="reference_impl: system tests; conformance, role system: frames on the ports",
        ),
    ),
    Requirement(
        "DAT-3",
        text="After a switch the network's forwarding follows the client's MAC to the new port (through CLI-5).",
        source="Linux driver: gratuitous ARP after failover; US10956287, claim 1, does it on the server's side.",
        elsewhere=Elsewhere(
            reason="The network is below the abstraction.",
            where=(
                "reference_impl: system tests with the emulated network; conformance, role system: ping after every "
                "failover"
            ),
        ),
    ),
)
