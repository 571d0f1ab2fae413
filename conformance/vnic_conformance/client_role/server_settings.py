"""What a server can, as a client learns it in the dialogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from vnic_spec.wire import Capability

#: Answers to the queries: one queue of each kind at least, four at most, Ethernet MTU up to 9000.
USUAL: Final[Mapping[int, int]] = MappingProxyType(
    {
        Capability.MIN_TX_QUEUES: 1,
        Capability.MIN_RX_QUEUES: 1,
        Capability.MIN_RX_ADD_QUEUES: 1,
        Capability.MAX_TX_QUEUES: 4,
        Capability.MAX_RX_QUEUES: 4,
        Capability.MAX_RX_ADD_QUEUES: 1,
        Capability.MIN_TX_ENTRIES: 4,
        Capability.MIN_RX_ADD_ENTRIES: 4,
        Capability.MAX_TX_ENTRIES: 32,
        Capability.MAX_RX_ADD_ENTRIES: 32,
        Capability.TCP_IP_OFFLOAD: 1,
        Capability.PROMISC_SUPPORTED: 1,
        Capability.MIN_MTU: 60,
        Capability.MAX_MTU: 9014,
        Capability.MAX_MULTICAST_FILTERS: 64,
        Capability.VLAN_HEADER_INSERTION: 0,
        Capability.RX_VLAN_HEADER_INSERTION: 0,
        Capability.MAX_TX_SG_ENTRIES: 0,
        Capability.RX_SG_SUPPORTED: 0,
        Capability.OPT_TX_COMP_QUEUES: 1,
        Capability.OPT_RX_COMP_QUEUES: 1,
        Capability.OPT_RX_ADD_QUEUES: 1,
        Capability.OPT_TX_ENTRIES: 32,
        Capability.OPT_RX_ADD_ENTRIES: 32,
        Capability.TX_RX_DESC_REQ: 0,
    }
)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """One server; times in ms.

    Attributes:
        capabilities: answers to the queries, by number.
        offloads: names of :data:`vnic_spec.layouts.OFFLOADS` that it offers.
        rx_buffer: bytes of a receive buffer beyond the MTU.
        init_ms: how long after it is connected it waits for INIT before it sends its own (SRV-1).
        again_ms: time to the repetition of its INIT.
        prompt: whether its answers come inside the client's call; otherwise when the client has nothing more to do.
        rx_offset: where in its buffer a frame begins, in bytes.
        completion_ms: how long after a frame was sent its completion comes.
        straggler_ms: how much later than the others every fifth frame of a queue is completed.
        together: most frames that one completion completes, 5 at most.
        link_ms: how long after LOGICAL_LINK_STATE the link of its port is known.
    """

    capabilities: Mapping[int, int] = field(default_factory=lambda: USUAL)
    offloads: frozenset[str] = frozenset()
    rx_buffer: int = 4
    init_ms: int = 10
    again_ms: int = 1_000
    prompt: bool = False
    rx_offset: int = 0
    completion_ms: int = 0
    straggler_ms: int = 0
    together: int = 1
    link_ms: int = 0
