"""A logical port of an SR-IOV adapter, as the partition that owns it sees it.

A frame is bytes from the destination MAC to the end of the payload, without frame check sequence: 14 to
:attr:`Port.max_frame` bytes. A MAC is 6 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vnic_reference.network.limits import PortLimits

MAC_BYTES = 6


@dataclass(slots=True)
class PortStatistics:
    """Counters of a logical port since it was made or cleared, in the order of the statistics buffer.

    Source: protocol.md 3.5 (bytes 8 to 183; from ``dma_rx_overrun`` LoPAR, "Statistics"). Frames and bytes; bytes count
    whole frames without frame check sequence. What an emulated wire cannot have (collisions) stays 0.
    """

    rx_packets: int = 0
    rx_bytes: int = 0
    tx_packets: int = 0
    tx_bytes: int = 0
    ucast_tx_packets: int = 0
    ucast_rx_packets: int = 0
    mcast_tx_packets: int = 0
    mcast_rx_packets: int = 0
    bcast_tx_packets: int = 0
    bcast_rx_packets: int = 0
    align_errors: int = 0
    fcs_errors: int = 0
    single_collision_frames: int = 0
    multi_collision_frames: int = 0
    sqe_test_errors: int = 0
    deferred_tx: int = 0
    late_collisions: int = 0
    excess_collisions: int = 0
    mac_tx_errors: int = 0  #: frames not taken for sending: link down, frozen, malformed
    carrier_sense_errors: int = 0
    too_long_frames: int = 0
    mac_rx_errors: int = 0
    dma_rx_overrun: int = 0
    tx_underrun: int = 0
    no_resource: int = 0  #: frames received and dropped because nobody took the earlier ones
    too_short_frames: int = 0


class Port(Protocol):
    """What a server may do with its logical port. No method raises, whatever the arguments are."""

    @property
    def mac(self) -> bytes:
        """The MAC whose unicast frames it receives; its own one until :meth:`set_mac`."""
        ...

    @property
    def link_up(self) -> bool:
        """Whether the physical port has a link. Stays readable while the adapter is in error."""
        ...

    @property
    def frozen(self) -> bool:
        """Whether the adapter is in error (EEH): nothing is sent or received, every setting is refused."""
        ...

    @property
    def resets(self) -> int:
        """How often the adapter was reset under it. If this has changed, MAC and filters are those of a new port."""
        ...

    @property
    def limits(self) -> PortLimits:
        """What its hardware has."""
        ...

    @property
    def max_frame(self) -> int:
        """Longest frame in bytes, Ethernet header included, VLAN tag not."""
        ...

    @property
    def max_multicast(self) -> int:
        """How many multicast addresses the filter holds."""
        ...

    @property
    def port_vlan(self) -> int:
        """The VLAN that the administrator put the port in: 1 to 4094, tag added and removed by the port; 0: none."""
        ...

    @property
    def vlans(self) -> frozenset[int] | None:
        """The VLANs that its owner may tag frames with; None: all."""
        ...

    def transmit(self, frame: bytes) -> bool:
        """Send a frame; False, and nothing is sent, if it is malformed or too long, the link is down or frozen."""
        ...

    def received(self) -> list[bytes]:
        """Take all frames that have arrived and passed the filters, the oldest first."""
        ...

    def set_mac(self, mac: bytes) -> bool:
        """Receive frames to this MAC from now on; False, and nothing changes, if it is no unicast MAC or forbidden."""
        ...

    def add_multicast(self, mac: bytes) -> bool:
        """Receive frames to this multicast MAC too; False if it is none or the filter is full."""
        ...

    def remove_multicast(self, mac: bytes) -> bool:
        """Receive frames to this multicast MAC no longer; False if it was not in the filter."""
        ...

    def set_all_multicast(self, on: bool) -> bool:
        """Receive all multicast frames, or only those in the filter again; False if refused."""
        ...

    def set_promiscuous(self, on: bool) -> bool:
        """Receive every frame of its VLANs; False if refused."""
        ...

    def reset_filters(self) -> None:
        """Back to the port's own MAC and empty filters; frames that wait are dropped (SRV-4)."""
        ...

    def statistics(self) -> PortStatistics:
        """A copy of the counters."""
        ...

    def clear_statistics(self) -> None:
        """Set the counters to 0 (REQUEST_STATISTICS with flag 0x40)."""
        ...
