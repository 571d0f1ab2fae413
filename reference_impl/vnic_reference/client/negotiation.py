"""What the client asks for, from what the server offers (protocol.md 3.3); every offer is checked (CLI-9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vnic_reference.client.pools import MAX_POOL_BYTES
from vnic_reference.client.settings import ClientSettings
from vnic_reference.dialogue.elements import REQUESTED
from vnic_spec.wire import PAGE_BYTES, SUB_ELEMENT_BYTES, Capability

ETHER_HEADER: Final = 14
#: The driver's allowance for each buffer beyond the MTU, when it limits entries by memory.
_SLACK: Final = 500
_MAX_FRAME: Final = 1 << 16


class UnusableError(Exception):
    """The server cannot be worked with; the text says why."""


def sub_crq_entries(settings: ClientSettings) -> int:
    """Elements of one sub-CRQ."""
    return settings.sub_crq_pages * PAGE_BYTES // SUB_ELEMENT_BYTES


def first_requests(told: Mapping[Capability, int], settings: ClientSettings) -> dict[Capability, int]:
    """The values of the first round of requests, in the order of sending.

    Args:
        told: answers to the queries; a capability that was not told counts as 0.
        settings: the client's choices.

    Raises:
        UnusableError: the server wants more entries than a queue has, or more than one rx-add queue for each rx queue.
    """
    room = sub_crq_entries(settings)
    for least in (Capability.MIN_TX_ENTRIES, Capability.MIN_RX_ADD_ENTRIES):
        if told.get(least, 0) > room:
            raise UnusableError(f"{least} is {told[least]}, and a queue has {room} elements")
    if told.get(Capability.MIN_RX_ADD_QUEUES, 0) > 1:
        raise UnusableError("more than one rx-add queue for each rx queue")

    def between(wanted: int, least: Capability, most: Capability, limit: int) -> int:
        """What is wanted, as near as this server and ``limit`` allow (DLG-4)."""
        low, high = max(1, told.get(least, 1)), max(1, told.get(most, 1))
        if low > min(high, limit):
            raise UnusableError(f"{least} is {low}, {most} is {high}, and this client has at most {limit}")
        return min(max(wanted, low), high, limit)

    def within(best: Capability, least: Capability, most: Capability, limit: int) -> int:
        return between(told.get(best, 1), least, most, limit)

    def entries(least: Capability, most: Capability) -> int:
        return between(MAX_POOL_BYTES // (settings.mtu + _SLACK), least, most, room)

    values = {
        Capability.REQ_TX_QUEUES: within(
            Capability.OPT_TX_COMP_QUEUES, Capability.MIN_TX_QUEUES, Capability.MAX_TX_QUEUES, settings.queues
        ),
        Capability.REQ_RX_QUEUES: within(
            Capability.OPT_RX_COMP_QUEUES, Capability.MIN_RX_QUEUES, Capability.MAX_RX_QUEUES, settings.queues
        ),
        Capability.REQ_RX_ADD_QUEUES: 1,
        Capability.REQ_TX_ENTRIES: entries(Capability.MIN_TX_ENTRIES, Capability.MAX_TX_ENTRIES),
        Capability.REQ_RX_ADD_ENTRIES: entries(Capability.MIN_RX_ADD_ENTRIES, Capability.MAX_RX_ADD_ENTRIES),
        Capability.REQ_MTU: between(settings.mtu + ETHER_HEADER, Capability.MIN_MTU, Capability.MAX_MTU, _MAX_FRAME),
        Capability.PROMISC_REQUESTED: int(settings.promiscuous),
    }
    # The driver leaves the last request out where it would be refused.
    if settings.promiscuous and not told.get(Capability.PROMISC_SUPPORTED):
        del values[Capability.PROMISC_REQUESTED]
    return {capability: values[capability] for capability in REQUESTED if capability in values}


def adopt(values: dict[Capability, int], capability: Capability, granted: int, settings: ClientSettings) -> None:
    """Take a smaller or larger value from a PartialSuccess into the next round.

    Raises:
        UnusableError: the client cannot work with it.
    """
    limits = {
        Capability.REQ_TX_QUEUES: (1, settings.queues),
        Capability.REQ_RX_QUEUES: (1, settings.queues),
        Capability.REQ_RX_ADD_QUEUES: (1, 1),
        Capability.REQ_TX_ENTRIES: (1, sub_crq_entries(settings)),
        Capability.REQ_RX_ADD_ENTRIES: (1, sub_crq_entries(settings)),
        Capability.REQ_MTU: (60, _MAX_FRAME),
        Capability.PROMISC_REQUESTED: (0, 1),
    }
    low, high = limits[capability]
    if not low <= granted <= high:
        raise UnusableError(f"{capability}: {granted} granted, from {low} to {high} can be used")
    values[capability] = granted
