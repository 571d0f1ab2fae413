"""SR-IOV adapters: filters, VLANs, capacity, links, errors, counters."""

from __future__ import annotations

import pytest

from vnic_reference.network.frames import BROADCAST, Ethernet
from vnic_reference.network.port import Port
from vnic_reference.network.sriov import MAX_LOGICAL_PORTS, RECEIVE_SLOTS, LogicalPort, PortSettings, SriovAdapter
from vnic_reference.network.switch import Cable, Switch

HOST = bytes.fromhex("02000000aa01")
GROUP = bytes.fromhex("01005e000001")


class Wire:
    """One adapter with two physical ports, and a station opposite."""

    def __init__(self) -> None:
        self.switch = Switch()
        self.adapter = SriovAdapter(0, 2, self.switch)
        self.cable = self.switch.plug(Cable("host", self))
        self.got: list[bytes] = []

    def deliver(self, frame: bytes, now: int) -> None:
        self.got.append(frame)

    def port(
        self, name: str = "p", physical: int = 0, last: int = 1, settings: PortSettings | None = None
    ) -> LogicalPort:
        return self.adapter.ports[physical].add(name, bytes((2, 0, 0, 0, physical, last)), settings)

    def run(self) -> None:
        for now in range(self.switch.now, self.switch.now + 3):
            self.switch.step(now)

    def to(self, target: bytes, vlan: int | None = None) -> bytes:
        """The host sends a frame, and it arrives."""
        frame = Ethernet(target, HOST, 0x88B5, b"in".ljust(46), vlan).pack()
        self.switch.send(self.cable, frame)
        self.run()
        return frame


def out(port: Port, target: bytes = HOST, vlan: int | None = None) -> bytes:
    return Ethernet(target, port.mac, 0x88B5, b"out".ljust(46), vlan).pack()


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_frames_pass_both_ways_and_are_counted(wire: Wire) -> None:
    port: Port = wire.port()
    frame = out(port)
    assert port.transmit(frame)
    wire.run()
    assert wire.got == [frame]
    incoming = wire.to(port.mac)
    broadcast = wire.to(BROADCAST)
    assert port.received() == [incoming, broadcast]
    assert port.received() == []
    counters = port.statistics()
    assert (counters.tx_packets, counters.tx_bytes, counters.ucast_tx_packets) == (1, len(frame), 1)
    assert (counters.rx_packets, counters.ucast_rx_packets, counters.bcast_rx_packets) == (2, 1, 1)
    port.clear_statistics()
    assert port.statistics().rx_packets == 0
    assert counters.rx_packets == 2  # a copy


def test_filters(wire: Wire) -> None:
    port = wire.port()
    other = bytes.fromhex("0200000000ee")
    assert not port.set_mac(GROUP)
    assert not port.set_mac(bytes(6))
    assert not port.set_mac(b"short")
    assert port.set_mac(other)
    frame = wire.to(other)
    wire.to(bytes.fromhex("020000000001"))  # its own MAC is not its any more
    wire.to(GROUP)
    assert port.received() == [frame]
    assert not port.add_multicast(other)
    assert port.add_multicast(GROUP)
    group = wire.to(GROUP)
    assert port.received() == [group]
    assert port.remove_multicast(GROUP)
    assert not port.remove_multicast(GROUP)
    wire.to(GROUP)
    assert port.received() == []
    assert port.set_all_multicast(True)
    group = wire.to(GROUP)
    assert port.received() == [group]
    assert port.set_promiscuous(True)
    strange = wire.to(HOST[:5] + b"\x55")
    assert port.received() == [strange]
    port.reset_filters()
    assert port.mac == bytes.fromhex("020000000001")
    wire.to(GROUP)
    wire.to(other)
    assert port.received() == []


def test_the_multicast_filter_is_bounded(wire: Wire) -> None:
    port = wire.port()
    for n in range(port.max_multicast):
        assert port.add_multicast(GROUP[:5] + bytes((n,)))
    assert not port.add_multicast(GROUP[:5] + b"\xfe")
    assert port.add_multicast(GROUP[:5] + b"\x00")  # there already


def test_allowed_macs(wire: Wire) -> None:
    allowed = bytes.fromhex("0200000000ee")
    port = wire.port(settings=PortSettings(macs=frozenset({allowed})))
    assert not port.set_mac(HOST)
    assert port.set_mac(allowed)


def test_port_vlan_is_added_and_removed(wire: Wire) -> None:
    port = wire.port(settings=PortSettings(port_vlan=20))
    assert port.transmit(out(port))
    assert not port.transmit(out(port, vlan=20))  # the owner does not tag
    wire.run()
    assert wire.got == [out(port, vlan=20)]
    frame = wire.to(port.mac, vlan=20)
    wire.to(port.mac)
    wire.to(port.mac, vlan=30)
    assert port.received() == [frame[:12] + frame[16:]]


def test_vlan_filter(wire: Wire) -> None:
    port = wire.port(settings=PortSettings(vlans=frozenset({20})))
    assert port.transmit(out(port, vlan=20))
    assert port.transmit(out(port))
    assert not port.transmit(out(port, vlan=30))
    tagged = wire.to(port.mac, vlan=20)
    wire.to(port.mac, vlan=30)
    assert port.received() == [tagged]


def test_link_down(wire: Wire) -> None:
    port, sound = wire.port(), wire.port(physical=1)
    wire.switch.set_link(wire.adapter.ports[0].cable, up=False)
    assert (port.link_up, sound.link_up) == (False, True)
    assert not port.transmit(out(port))
    assert sound.transmit(out(sound))
    wire.to(port.mac)
    assert port.received() == []
    assert port.statistics().mac_tx_errors == 1


def test_adapter_error_freezes_all_ports_until_the_reset(wire: Wire) -> None:
    port, sibling = wire.port(), wire.port(physical=1)
    port.set_mac(HOST[:5] + b"\x77")
    wire.to(port.mac)
    assert wire.adapter.fail()
    assert not wire.adapter.fail()
    assert port.frozen
    assert sibling.frozen
    assert port.link_up
    assert port.received() == []
    wire.to(port.mac)
    refused = [
        port.transmit(out(port)),
        port.set_mac(HOST),
        port.add_multicast(GROUP),
        port.remove_multicast(GROUP),
        port.set_all_multicast(True),
        port.set_promiscuous(True),
    ]
    assert not any(refused)
    assert port.resets == 0
    assert wire.adapter.recover()
    assert not wire.adapter.recover()
    assert (port.frozen, port.resets, sibling.resets) == (False, 1, 1)
    assert port.received() == []
    assert port.mac == bytes.fromhex("020000000001")
    assert port.transmit(out(port))


def test_logical_ports_of_one_physical_port_talk_without_the_cable(wire: Wire) -> None:
    one, two = wire.port("one", last=1), wire.port("two", last=2)
    frame = out(one, two.mac)
    assert one.transmit(frame)
    wire.run()
    assert two.received() == [frame]
    assert wire.got == []
    broadcast = out(one, BROADCAST)
    assert one.transmit(broadcast)
    wire.run()
    assert (two.received(), wire.got, one.received()) == ([broadcast], [broadcast], [])


def test_capacity_and_number_of_logical_ports_are_limited(wire: Wire) -> None:
    wire.port(settings=PortSettings(capacity=98))
    with pytest.raises(ValueError, match=r"adapter0/port0: capacity 3 %, 2 % are free"):
        wire.port(settings=PortSettings(capacity=3))
    wire.port(settings=PortSettings(capacity=2))
    for n in range(MAX_LOGICAL_PORTS):
        wire.port(physical=1, last=n, settings=PortSettings(capacity=1))
    with pytest.raises(ValueError, match="60 logical ports"):
        wire.port(physical=1, settings=PortSettings(capacity=1))


@pytest.mark.parametrize("settings", [PortSettings(port_vlan=4095), PortSettings(vlans=frozenset({4095}))])
def test_vlans_end_at_4094(wire: Wire, settings: PortSettings) -> None:
    with pytest.raises(ValueError, match="VLAN 4095; VLANs are from 1 to 4094"):
        wire.port(settings=settings)


def test_an_owner_that_takes_nothing_loses_the_latest(wire: Wire) -> None:
    port = wire.port()
    frames = [wire.to(port.mac) for _ in range(RECEIVE_SLOTS + 3)]
    assert port.received() == frames[:RECEIVE_SLOTS]
    assert port.statistics().no_resource == 3


@pytest.mark.parametrize("size", [0, 13, 9019, 100_000])
def test_malformed_frames_are_not_taken(wire: Wire, size: int) -> None:
    port = wire.port()
    assert not port.transmit(b"\x02" * size)
    assert not port.transmit(HOST + GROUP + bytes(50))  # a sender cannot be a group
    assert port.statistics().mac_tx_errors == 2
    assert port.statistics().tx_packets == 0


def test_the_longest_frame_passes_tagged_too(wire: Wire) -> None:
    port = wire.port()
    assert port.transmit(out(port).ljust(port.max_frame, b"\0"))
    assert not port.transmit(out(port).ljust(port.max_frame + 1, b"\0"))
    assert port.transmit(out(port, vlan=5).ljust(port.max_frame + 4, b"\0"))
