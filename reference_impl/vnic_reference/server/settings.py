"""What a VNIC server offers and how patient it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from vnic_spec.wire import Capability

#: What a server answers to QUERY_CAPABILITY, within what the Linux client accepts (protocol.md 3.8).
DEFAULT_CAPABILITIES: Final[Mapping[Capability, int]] = MappingProxyType(
    {
        Capability.MIN_TX_QUEUES: 1,
        Capability.MIN_RX_QUEUES: 1,
        Capability.MIN_RX_ADD_QUEUES: 1,
        Capability.MAX_TX_QUEUES: 4,
        Capability.MAX_RX_QUEUES: 4,
        Capability.MAX_RX_ADD_QUEUES: 1,
        Capability.MIN_TX_ENTRIES: 1,
        Capability.MIN_RX_ADD_ENTRIES: 1,
        Capability.MAX_TX_ENTRIES: 128,
        Capability.MAX_RX_ADD_ENTRIES: 128,
        Capability.TCP_IP_OFFLOAD: 1,
        Capability.PROMISC_SUPPORTED: 1,
        Capability.MIN_MTU: 64,
        Capability.MAX_MTU: 9014,
        Capability.MAX_MULTICAST_FILTERS: 64,
        Capability.VLAN_HEADER_INSERTION: 1,
        Capability.RX_VLAN_HEADER_INSERTION: 0,
        Capability.MAX_TX_SG_ENTRIES: 8,
        Capability.RX_SG_SUPPORTED: 0,
        Capability.OPT_TX_COMP_QUEUES: 2,
        Capability.OPT_RX_COMP_QUEUES: 2,
        Capability.OPT_RX_ADD_QUEUES: 1,
        Capability.OPT_TX_ENTRIES: 128,
        Capability.OPT_RX_ADD_ENTRIES: 128,
        Capability.TX_RX_DESC_REQ: 0,
    }
)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Choices of one server; times in ms of virtual time.

    Attributes:
        capabilities: answers to QUERY_CAPABILITY; what is missing here is answered with code Parameter.
        sub_crq_budget: sub-CRQs that it can spare for a client, None: no limit of its own. A client that has been
            granted more is answered PartialSuccess at LOGIN and has to negotiate again (protocol.md 4.7).
        offloads: names of :data:`~vnic_reference.dialogue.buffers.OFFLOADS` that it announces. The emulated port does
            none of the work, so a descriptor that asks for it is answered UnsupportedOption.
        level: firmware level in its vital product data.
        report_interval_ms: time between its reports to the hypervisor (MON-1, SRV-6).
        srv_wait_ms: how long a server that has become active waits for the client's INIT before it sends its own (SRV-1).
        init_repeat_ms: time to the first repetition of its INIT; doubled each time.
        init_repeat_max_ms: longest time between two repetitions.
    """

    capabilities: Mapping[Capability, int] = field(default_factory=lambda: DEFAULT_CAPABILITIES)
    sub_crq_budget: int | None = None
    offloads: frozenset[str] = frozenset()
    level: str = "REFERENCE1"
    report_interval_ms: int = 1000
    srv_wait_ms: int = 100
    init_repeat_ms: int = 1000
    init_repeat_max_ms: int = 16_000
