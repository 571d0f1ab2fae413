"""Capability requests: what is granted, and when that is less than asked for (protocol.md 3.3, 3.7 step 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vnic_reference.network.limits import PortLimits
from vnic_reference.server.session import Session
from vnic_spec.wire import Capability, CommandRc

#: For each capability that can be requested, the two that bound it; None: 0.
BOUNDS: Final[Mapping[Capability, tuple[Capability | None, Capability]]] = {
    Capability.REQ_TX_QUEUES: (Capability.MIN_TX_QUEUES, Capability.MAX_TX_QUEUES),
    Capability.REQ_RX_QUEUES: (Capability.MIN_RX_QUEUES, Capability.MAX_RX_QUEUES),
    Capability.REQ_RX_ADD_QUEUES: (Capability.MIN_RX_ADD_QUEUES, Capability.MAX_RX_ADD_QUEUES),
    Capability.REQ_TX_ENTRIES: (Capability.MIN_TX_ENTRIES, Capability.MAX_TX_ENTRIES),
    Capability.REQ_RX_ADD_ENTRIES: (Capability.MIN_RX_ADD_ENTRIES, Capability.MAX_RX_ADD_ENTRIES),
    Capability.REQ_MTU: (Capability.MIN_MTU, Capability.MAX_MTU),
    Capability.PROMISC_REQUESTED: (None, Capability.PROMISC_SUPPORTED),
    Capability.RX_SG_REQUESTED: (None, Capability.RX_SG_SUPPORTED),
}

_KNOWN: Final = frozenset(int(capability) for capability in Capability)


#: Ethernet's header, which a capability of an MTU counts (protocol.md 3.3).
_ETHER_HEADER: Final = 14


def within(configured: Mapping[Capability, int], limits: PortLimits) -> dict[Capability, int]:
    """What a server offers, as it is configured, on a port with these limits (DLG-10)."""
    offered = dict(configured)

    def at_most(limit: int | None, *which: Capability) -> None:
        if limit is not None:
            offered.update({capability: limit for capability in which if capability in offered})

    at_most(limits.queues, Capability.MAX_TX_QUEUES, Capability.OPT_TX_COMP_QUEUES)
    at_most(limits.queues, Capability.MAX_RX_QUEUES, Capability.OPT_RX_COMP_QUEUES)
    at_most(limits.entries, Capability.MAX_TX_ENTRIES, Capability.OPT_TX_ENTRIES)
    at_most(limits.entries, Capability.MAX_RX_ADD_ENTRIES, Capability.OPT_RX_ADD_ENTRIES)
    for most, limit in (
        (Capability.MAX_MTU, limits.mtu + _ETHER_HEADER),
        (Capability.MAX_MULTICAST_FILTERS, limits.macs),
    ):
        at_most(min(configured.get(most, limit), limit), most)
    at_most(limits.headers or None, Capability.TX_RX_DESC_REQ)
    return offered


def query(session: Session, number: int) -> tuple[CommandRc, int]:
    """Answer to QUERY_CAPABILITY: code and value. What the server says nothing of is code Parameter, value 0."""
    value = session.limits.get(Capability(number)) if number in _KNOWN else None
    return (CommandRc.PARAMETER, 0) if value is None else (CommandRc.SUCCESS, value)


def request(session: Session, number: int, value: int) -> tuple[CommandRc, int]:
    """Answer to REQUEST_CAPABILITY: code and the value granted, which is the nearest possible one."""
    bounds = BOUNDS.get(Capability(number)) if number in _KNOWN else None
    if bounds is None or bounds[1] not in session.limits:
        return CommandRc.PARAMETER, 0
    low = 0 if bounds[0] is None else session.limits.get(bounds[0], 0)
    granted = max(low, min(value, session.limits[bounds[1]]))
    session.granted[Capability(number)] = granted
    return (CommandRc.SUCCESS if granted == value else CommandRc.PARTIAL_SUCCESS), granted


def reduce_queues(session: Session, budget: int) -> None:
    """Fewer queues can be had than were granted: lower the limits for the next negotiation (protocol.md 4.7)."""
    each = max(1, budget // 2)
    for most, best in (
        (Capability.MAX_TX_QUEUES, Capability.OPT_TX_COMP_QUEUES),
        (Capability.MAX_RX_QUEUES, Capability.OPT_RX_COMP_QUEUES),
    ):
        session.limits[most] = min(session.limits.get(most, each), each)
        session.limits[best] = min(session.limits.get(best, each), each)
    session.granted.clear()
