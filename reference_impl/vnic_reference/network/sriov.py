"""An SR-IOV adapter: physical ports with a cable each, logical ports that partitions own, errors of the whole adapter.

A physical port is a small switch of its own: what one of its logical ports sends to another one's MAC never reaches the
cable. A logical port is what protocol.md calls a virtual function; :class:`LogicalPort` is a
:class:`~vnic_reference.network.port.Port`. Faults: a cable without link (:meth:`Switch.set_link`), and an error of the
adapter (EEH), which freezes all its ports until :meth:`SriovAdapter.recover` resets them (SRV-6).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from vnic_reference.network.frames import BROADCAST, ETHER_HEADER, is_multicast, is_unicast
from vnic_reference.network.limits import LARGEST_MTU, MULTICAST_MACS, PortLimits
from vnic_reference.network.port import MAC_BYTES, PortStatistics
from vnic_reference.network.switch import Cable, Switch, insert_tag, split_tag

#: Longest frame, without VLAN tag: an MTU of 9000.
MAX_FRAME = LARGEST_MTU + ETHER_HEADER
MAX_MULTICAST = MULTICAST_MACS
MAX_LOGICAL_PORTS = 60
#: Frames that wait in a logical port for its owner; what comes then is dropped and counted (``no_resource``).
RECEIVE_SLOTS = 1024
_MAX_VLAN = 4094

#: Called with what, which port, and a frame: ``tx`` taken for sending, ``rx`` ready for the owner.
Tap = Callable[[str, "LogicalPort", bytes], None]


@dataclass(frozen=True, slots=True)
class PortSettings:
    """What an administrator gives a logical port.

    Attributes:
        capacity: share of the physical port in per cent, above 0; those of one physical port sum up to 100 at most.
        port_vlan: VLAN that the port adds and removes, 1 to 4094; 0: none.
        vlans: VLANs that its owner may tag frames with; None: all. Nothing is tagged by the owner under a port VLAN.
        macs: MACs that its owner may set; None: all.
    """

    capacity: float = 2.0
    port_vlan: int = 0
    vlans: frozenset[int] | None = None
    macs: frozenset[bytes] | None = None


_NO_LIMITS = PortLimits()


class LogicalPort:
    """A logical port; its owner's view is :class:`vnic_reference.network.port.Port`.

    Args:
        name: for timelines and captures.
        physical: where it belongs.
        mac: its own MAC.
        settings: the administrator's.
        limits: what its hardware has.
    """

    def __init__(
        self,
        name: str,
        physical: PhysicalPort,
        mac: bytes,
        settings: PortSettings,
        limits: PortLimits = _NO_LIMITS,
    ) -> None:
        self.name = name
        self.limits = limits
        self.max_frame = limits.mtu + ETHER_HEADER
        self.max_multicast = limits.macs
        self.physical = physical
        self.settings = settings
        self._own_mac = mac
        self.tap: Tap | None = None
        self.resets = 0
        self._counters = PortStatistics()
        self._waiting: deque[bytes] = deque()
        self.mac = mac
        self._multicast: set[bytes] = set()
        self._all_multicast = False
        self._promiscuous = False

    # -- the owner's view: Port ----------------------------------------------------------------------------------

    @property
    def link_up(self) -> bool:
        """Whether the physical port has a link."""
        return self.physical.link_up

    @property
    def frozen(self) -> bool:
        """Whether the adapter is in error."""
        return self.physical.adapter.frozen

    @property
    def port_vlan(self) -> int:
        """The administrator's VLAN, 0: none."""
        return self.settings.port_vlan

    @property
    def vlans(self) -> frozenset[int] | None:
        """The VLANs that the owner may use; None: all."""
        return self.settings.vlans

    def transmit(self, frame: bytes) -> bool:
        """Send a frame; False if it is not taken."""
        wire = self._outgoing(frame)
        if wire is None or self.frozen or not self.link_up:
            self._counters.mac_tx_errors += 1
            return False
        counters = self._counters
        counters.tx_packets += 1
        counters.tx_bytes += len(frame)
        if frame[:6] == BROADCAST:
            counters.bcast_tx_packets += 1
        elif is_multicast(frame):
            counters.mcast_tx_packets += 1
        else:
            counters.ucast_tx_packets += 1
        if self.tap is not None:
            self.tap("tx", self, frame)
        self.physical.send(self, wire)
        return True

    def received(self) -> list[bytes]:
        """Take all frames that wait."""
        if self.frozen or not self._waiting:
            return []
        frames = list(self._waiting)
        self._waiting.clear()
        return frames

    def set_mac(self, mac: bytes) -> bool:
        """Receive frames to this MAC; False if refused."""
        allowed = self.settings.macs
        if self.frozen or not is_unicast(mac) or (allowed is not None and bytes(mac) not in allowed):
            return False
        self.mac = bytes(mac)
        return True

    def add_multicast(self, mac: bytes) -> bool:
        """Put a multicast MAC into the filter."""
        if self.frozen or not _is_group(mac):
            return False
        if bytes(mac) not in self._multicast and len(self._multicast) >= self.max_multicast:
            return False
        self._multicast.add(bytes(mac))
        return True

    def remove_multicast(self, mac: bytes) -> bool:
        """Take a multicast MAC out of the filter."""
        if self.frozen or not _is_group(mac) or bytes(mac) not in self._multicast:
            return False
        self._multicast.remove(bytes(mac))
        return True

    def set_all_multicast(self, on: bool) -> bool:
        """Receive all multicast frames or the filter's."""
        if self.frozen:
            return False
        self._all_multicast = bool(on)
        return True

    def set_promiscuous(self, on: bool) -> bool:
        """Receive every frame or those to this port."""
        if self.frozen:
            return False
        self._promiscuous = bool(on)
        return True

    def reset_filters(self) -> None:
        """Back to the port's own MAC and empty filters; nothing waits."""
        self.mac = self._own_mac
        self._multicast.clear()
        self._all_multicast = False
        self._promiscuous = False
        self._waiting.clear()

    def statistics(self) -> PortStatistics:
        """A copy of the counters."""
        return replace(self._counters)

    def clear_statistics(self) -> None:
        """Set the counters to 0."""
        self._counters = PortStatistics()

    @property
    def waiting(self) -> int:
        """How many frames wait for the owner."""
        return len(self._waiting)

    # -- the physical port's view --------------------------------------------------------------------------------

    def accepts(self, destination: bytes) -> bool:
        """Whether the filters let a frame to this MAC in."""
        if self._promiscuous or destination == BROADCAST:
            return True
        if is_multicast(destination):
            return self._all_multicast or destination in self._multicast
        return destination == self.mac

    def deliver(self, wire: bytes) -> None:
        """A frame has come for this port's filters to judge."""
        if not self.accepts(wire[:6]):
            return
        frame = self._incoming(wire)
        if frame is None:
            return
        counters = self._counters
        if len(self._waiting) >= RECEIVE_SLOTS:
            counters.no_resource += 1
            return
        counters.rx_packets += 1
        counters.rx_bytes += len(frame)
        if frame[:6] == BROADCAST:
            counters.bcast_rx_packets += 1
        elif is_multicast(frame):
            counters.mcast_rx_packets += 1
        else:
            counters.ucast_rx_packets += 1
        self._waiting.append(frame)
        if self.tap is not None:
            self.tap("rx", self, frame)

    def reset(self) -> None:
        """The adapter was reset: a new port, but for its counters."""
        self.resets += 1
        self.reset_filters()

    def _outgoing(self, frame: object) -> bytes | None:
        """The frame as it goes to the physical port, or None if its form or its tag is not allowed."""
        if not isinstance(frame, bytes | bytearray) or len(frame) < ETHER_HEADER:
            return None
        frame = bytes(frame)
        tagged, vlan, inner = split_tag(frame)
        if len(inner) > self.max_frame or not is_unicast(frame[6:12]):
            return None
        settings = self.settings
        if settings.port_vlan:
            return None if tagged else insert_tag(frame, settings.port_vlan)
        if tagged and vlan and settings.vlans is not None and vlan not in settings.vlans:
            return None
        return frame

    def _incoming(self, wire: bytes) -> bytes | None:
        """The frame as the owner gets it, or None if it is of a VLAN that is not the port's."""
        tagged, vlan, inner = split_tag(wire)
        settings = self.settings
        if len(inner) > self.max_frame:
            self._counters.too_long_frames += 1
            return None
        if settings.port_vlan:
            return inner if tagged and vlan == settings.port_vlan else None
        if tagged and vlan and settings.vlans is not None and vlan not in settings.vlans:
            return None
        return wire


class PhysicalPort:
    """A physical port; the station at the end of a cable.

    Args:
        adapter: where it belongs.
        number: from 0.
        switch: where its cable leads.

    Attributes:
        dead: it has a link and forwards nothing, either way, and does not say so.
    """

    def __init__(self, adapter: SriovAdapter, number: int, switch: Switch) -> None:
        self.adapter = adapter
        self.number = number
        self.logical: list[LogicalPort] = []
        self.dead = False
        self._switch = switch
        self.cable = switch.plug(Cable(f"adapter{adapter.number}/port{number}", self))

    @property
    def link_up(self) -> bool:
        """Whether its cable has a link."""
        return self.cable.up

    @property
    def now(self) -> int:
        """Virtual time in ms at the other end of the cable."""
        return self._switch.now

    def add(
        self, name: str, mac: bytes, settings: PortSettings | None = None, limits: PortLimits = _NO_LIMITS
    ) -> LogicalPort:
        """Make a logical port.

        Raises:
            ValueError: the physical port has no capacity or no logical port left, or a setting is out of range.
        """
        settings = settings or PortSettings()
        used = sum(port.settings.capacity for port in self.logical)
        if not 0 < settings.capacity <= 100 - used:
            raise ValueError(f"{self.cable.name}: capacity {settings.capacity:g} %, {100 - used:g} % are free")
        if len(self.logical) >= MAX_LOGICAL_PORTS:
            raise ValueError(f"{self.cable.name} has {MAX_LOGICAL_PORTS} logical ports, which is all it can have")
        if not is_unicast(mac):
            raise ValueError(f"{bytes(mac).hex(':')} is no MAC of a station")
        for vlan in {settings.port_vlan or 1, *(settings.vlans or ())}:
            if not 1 <= vlan <= _MAX_VLAN:
                raise ValueError(f"VLAN {vlan}; VLANs are from 1 to {_MAX_VLAN}")
        port = self.adapter.make_port(name, self, bytes(mac), settings, limits)
        self.logical.append(port)
        return port

    def send(self, source: LogicalPort, wire: bytes) -> None:
        """A logical port sends: to its neighbours as far as they want it, and to the cable unless one of them is meant."""
        if self.dead:
            return
        meant = False
        for port in self.logical:
            if port is not source and port.accepts(wire[:6]):
                port.deliver(wire)
                meant = meant or (not is_multicast(wire) and port.mac == wire[:6])
        if not meant:
            self._switch.send(self.cable, wire)

    def deliver(self, frame: bytes, now: int) -> None:
        """A frame from the cable; an adapter in error loses it, and so does a dead port."""
        if self.adapter.frozen or self.dead:
            return
        for port in self.logical:
            port.deliver(frame)


class SriovAdapter:
    """One adapter.

    Args:
        number: from 0.
        ports: number of physical ports.
        switch: where their cables lead.

    Attributes:
        frozen: whether it is in error (EEH).
    """

    #: What its logical ports are made of.
    make_port: type[LogicalPort] = LogicalPort

    def __init__(self, number: int, ports: int, switch: Switch) -> None:
        self.number = number
        self.frozen = False
        self.ports = [PhysicalPort(self, index, switch) for index in range(ports)]

    def fail(self) -> bool:
        """An error that freezes the slot; False if it is frozen already. Frames that wait in the ports are lost."""
        if self.frozen:
            return False
        self.frozen = True
        return True

    def recover(self) -> bool:
        """Reset the slot and thaw it: the logical ports are as new; False if it was not frozen."""
        if not self.frozen:
            return False
        self.frozen = False
        for physical in self.ports:
            for port in physical.logical:
                port.reset()
        return True


def _is_group(mac: object) -> bool:
    return isinstance(mac, bytes | bytearray) and len(mac) == MAC_BYTES and bool(mac[0] & 1)
