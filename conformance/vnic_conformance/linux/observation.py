"""What the outside sees of a guest: links, events of network devices, counters, health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vnic_conformance.linux.console import Complaint
from vnic_conformance.linux.wire import NetdevEvent

_IFF_UP: Final = 1


@dataclass(frozen=True, slots=True)
class Link:
    """A network device as the network above it saw it last.

    Attributes:
        name, index: of the device.
        up: whether the user wants it up.
        carrier: whether the driver says that it has a carrier.
        mtu: in bytes.
        tx_queues, rx_queues: in use.
    """

    name: str
    index: int
    up: bool
    carrier: bool
    mtu: int
    tx_queues: int
    rx_queues: int


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a network device.

    Attributes:
        at: virtual time in ns.
        event: what.
        link: the device at that time.
    """

    at: int
    event: NetdevEvent
    link: Link


@dataclass(frozen=True, slots=True)
class Counters:
    """Counters of a network device; received and sent."""

    rx_packets: int
    tx_packets: int
    rx_bytes: int
    tx_bytes: int
    rx_dropped: int
    tx_dropped: int
    rx_errors: int
    tx_errors: int


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything that is known of a guest now.

    Attributes:
        links: by name; those that are registered, as the last event or look has told.
        events: all so far, in order.
        counters: by name, as they were when :meth:`~vnic_conformance.linux.guest.Guest.look` was last carried out.
        health: complaints on the console, in order; the first one counts.
    """

    links: Mapping[str, Link]
    events: Sequence[Happened]
    counters: Mapping[str, Counters]
    health: Sequence[Complaint]


def link_of(arguments: Sequence[int]) -> Link:
    """A device from the arguments of a NETDEV call, the event left out."""
    index, flags, carrier, mtu, tx_queues, rx_queues, first, second = arguments
    name = (first.to_bytes(8, "little") + second.to_bytes(8, "little")).partition(b"\0")[0]
    return Link(name.decode(errors="replace"), index, bool(flags & _IFF_UP), bool(carrier), mtu, tx_queues, rx_queues)


class Watch:
    """Keeps what a guest tells of its network devices."""

    def __init__(self) -> None:
        self.events: list[Happened] = []
        self.links: dict[int, Link] = {}
        self.counters: dict[str, Counters] = {}

    def take_event(self, at: int, arguments: Sequence[int]) -> None:
        """A NETDEV call at a virtual time in ns."""
        event, link = NetdevEvent(arguments[0]), link_of(arguments[1:])
        if event is not NetdevEvent.SEEN:
            self.events.append(Happened(at, event, link))
        if event is NetdevEvent.UNREGISTERED:
            self.links.pop(link.index, None)
        else:
            self.links[link.index] = link

    def take_counters(self, arguments: Sequence[int]) -> None:
        """A COUNTS call."""
        link = self.links.get(arguments[0])
        if link is not None:
            self.counters[link.name] = Counters(*arguments[1:])
