"""What a server and its client have agreed on; dropped as a whole when the client's CRQ goes away (SRV-4)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from vnic_reference.dialogue.descriptors import RxAdd, TxDescriptor
from vnic_reference.server.remote import Mapped
from vnic_spec.wire import Capability


@dataclass(slots=True)
class TxQueue:
    """One transmit path.

    Attributes:
        submission: handle of the server's own sub-CRQ.
        completion: handle of the client's.
        frame: descriptors of a frame whose last one has not come yet.
        done: completions that the client's queue had no room for: return code and correlator.
    """

    submission: int
    completion: int
    frame: list[bytes] = field(default_factory=list)
    done: deque[tuple[int, int]] = field(default_factory=deque)

    def head(self) -> TxDescriptor | None:
        """First descriptor of the unfinished frame."""
        return TxDescriptor.unpack(self.frame[0]) if self.frame else None


@dataclass(slots=True)
class RxQueue:
    """One receive path.

    Attributes:
        add: handle of the server's own rx-add sub-CRQ.
        completion: handle of the client's.
        buffers: what the client has lent and is not used yet.
        done: completions that the client's queue had no room for.
    """

    add: int
    completion: int
    buffers: deque[RxAdd] = field(default_factory=deque)
    done: deque[bytes] = field(default_factory=deque)


@dataclass(slots=True)
class Session:
    """The state of one dialogue.

    Attributes:
        version: the version exchanged, 0 before.
        limits: what this session's capability queries are answered with.
        granted: requested capabilities as granted.
        logged_in: LOGIN has been answered with success.
        logical_up: the client has asked for the logical link to be up.
        mac: MAC that the client has set, None before.
        multicast: addresses that the client has enabled.
        all_multicast: the client wants all of them.
        maps: its mapped buffers by map id.
        tx: transmit paths.
        rx: receive paths.
    """

    limits: dict[Capability, int]
    version: int = 0
    granted: dict[Capability, int] = field(default_factory=dict)
    logged_in: bool = False
    logical_up: bool = False
    mac: bytes | None = None
    multicast: set[bytes] = field(default_factory=set)
    all_multicast: bool = False
    maps: dict[int, Mapped] = field(default_factory=dict)
    tx: list[TxQueue] = field(default_factory=list)
    rx: list[RxQueue] = field(default_factory=list)

    def grant(self, capability: Capability, otherwise: Capability) -> int:
        """What was granted, or the answer to another capability if nothing was requested."""
        return self.granted.get(capability, self.limits.get(otherwise, 1))

    @property
    def tx_queues(self) -> int:
        """Number of transmit paths."""
        return self.grant(Capability.REQ_TX_QUEUES, Capability.MIN_TX_QUEUES)

    @property
    def rx_queues(self) -> int:
        """Number of receive paths."""
        return self.grant(Capability.REQ_RX_QUEUES, Capability.MIN_RX_QUEUES)

    @property
    def frame_bytes(self) -> int:
        """Longest frame without VLAN tag: the granted MTU counts frames (protocol.md 3.3)."""
        return self.granted.get(Capability.REQ_MTU, 1514)
