"""What a logical port's hardware has, where that differs from one server to the other (DLG-10).

A server tells its client of it as capabilities; the port itself enforces what concerns frames and filters.
"""

from __future__ import annotations

from dataclasses import dataclass

#: An MTU of 9000.
LARGEST_MTU = 9000
#: Multicast MACs in a filter.
MULTICAST_MACS = 64


@dataclass(frozen=True, slots=True)
class PortLimits:
    """What a logical port has.

    Attributes:
        queues: most transmit and most receive queues; None: as the server is configured.
        entries: most descriptors in a queue; None: as the server is configured.
        mtu: longest IP packet in bytes.
        offloads: names of :data:`~vnic_reference.dialogue.buffers.OFFLOADS` that it announces.
        headers: what it says of header descriptors (capability 33).
        macs: multicast MACs that its filter holds.
        vlans: VLANs that its owner may tag frames with, from 1 on; None: all.
    """

    queues: int | None = None
    entries: int | None = None
    mtu: int = LARGEST_MTU
    offloads: frozenset[str] = frozenset()
    headers: int = 0
    macs: int = MULTICAST_MACS
    vlans: int | None = None
