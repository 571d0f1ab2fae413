"""The switch: it learns, floods what it does not know, keeps VLANs apart, and forgets behind a dead cable (DAT-3)."""

from __future__ import annotations

import pytest

from vnic_reference.network.frames import BROADCAST, Ethernet
from vnic_reference.network.switch import AGEING_MS, Cable, Switch

MACS = [bytes((2, 0, 0, 0, 0, n)) for n in range(4)]


class Listener:
    """A station that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    def deliver(self, frame: bytes, now: int) -> None:
        self.got.append(frame)


class Bench:
    """A switch with four stations."""

    def __init__(self) -> None:
        self.switch = Switch()
        self.ears = [Listener() for _ in range(4)]
        self.cables = [self.switch.plug(Cable(f"c{n}", ear)) for n, ear in enumerate(self.ears)]

    def send(self, source: int, target: bytes, vlan: int | None = None, sender: bytes | None = None) -> list[int]:
        """Send a frame and let it arrive; who got it."""
        for ear in self.ears:
            ear.got.clear()
        frame = Ethernet(target, sender or MACS[source], 0x88B5, bytes(46), vlan).pack()
        self.switch.send(self.cables[source], frame)
        self.run(2)
        return [n for n, ear in enumerate(self.ears) if ear.got]

    def run(self, ms: int) -> None:
        for now in range(self.switch.now, self.switch.now + ms + 1):
            self.switch.step(now)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_floods_what_it_does_not_know_and_then_learns(bench: Bench) -> None:
    assert bench.send(0, MACS[1]) == [1, 2, 3]
    assert bench.send(1, MACS[0]) == [0]
    assert bench.send(0, MACS[1]) == [1]
    assert bench.send(0, BROADCAST) == [1, 2, 3]
    assert bench.switch.forwarding(MACS[0]) is bench.cables[0]


def test_a_frame_takes_a_millisecond_per_cable(bench: Bench) -> None:
    bench.switch.send(bench.cables[0], Ethernet(MACS[1], MACS[0], 0x88B5, b"").pack())
    assert bench.switch.next_deadline() == 1
    assert not bench.switch.step(0)
    assert bench.switch.step(1)
    assert not bench.ears[1].got
    assert bench.switch.next_deadline() == 2
    assert bench.switch.step(2)
    assert bench.ears[1].got
    assert bench.switch.next_deadline() is None


def test_an_address_moves_with_its_next_frame(bench: Bench) -> None:
    bench.send(0, BROADCAST)
    assert bench.send(3, MACS[0]) == [0]
    bench.send(1, BROADCAST, sender=MACS[0])  # what a gratuitous ARP does
    assert bench.send(3, MACS[0]) == [1]


def test_it_forgets_behind_a_dead_cable_and_what_was_on_it_is_lost(bench: Bench) -> None:
    bench.send(0, BROADCAST)
    bench.switch.send(bench.cables[3], Ethernet(MACS[0], MACS[3], 0x88B5, b"").pack())
    bench.run(1)  # on the second cable now
    bench.ears[0].got.clear()
    bench.switch.set_link(bench.cables[0], up=False)
    assert bench.switch.forwarding(MACS[0]) is None
    assert not bench.switch.send(bench.cables[0], bytes(60))
    bench.switch.set_link(bench.cables[0], up=True)
    bench.run(2)
    assert bench.ears[0].got == []
    assert bench.cables[0].lost == 1


def test_it_forgets_with_age(bench: Bench) -> None:
    bench.send(0, BROADCAST)
    bench.switch.step(bench.switch.now + AGEING_MS - 1)
    assert bench.switch.forwarding(MACS[0]) is not None
    bench.switch.step(bench.switch.now + 3)
    assert bench.switch.forwarding(MACS[0]) is None


def test_vlans_are_kept_apart_and_tags_come_and_go(bench: Bench) -> None:
    bench.cables[1].vlan = 20
    bench.cables[2].tagged = frozenset({30})
    bench.cables[3].vlan = 20
    bench.cables[3].tagged = frozenset()
    assert bench.send(0, BROADCAST) == [1, 2]  # VLAN 1; cable 3 carries VLAN 20 only
    assert bench.send(0, BROADCAST, vlan=20) == [1, 3]
    assert bench.ears[3].got == [Ethernet(BROADCAST, MACS[0], 0x88B5, bytes(46)).pack()]  # its own VLAN has no tag
    assert bench.send(0, BROADCAST, vlan=30) == [1, 2]
    assert Ethernet.unpack(bench.ears[2].got[0]) == Ethernet(BROADCAST, MACS[0], 0x88B5, bytes(46), 30)
    assert bench.send(2, BROADCAST, vlan=20) == []  # VLAN 20 does not pass cable 2
    assert bench.send(0, BROADCAST, vlan=0xFFF) == []
    assert bench.switch.forwarding(MACS[0], 20) is bench.cables[0]
    assert bench.switch.forwarding(MACS[2], 20) is None


@pytest.mark.parametrize("frame", [b"", bytes(5), bytes(13), b"\xff" * 17, bytes(12) + b"\x81\x00\x00\x01"])
def test_a_frame_without_a_whole_header_goes_nowhere_or_everywhere_but_breaks_nothing(
    bench: Bench, frame: bytes
) -> None:
    bench.switch.send(bench.cables[0], frame)
    bench.run(3)
    assert bench.switch.forwarding(frame[6:12]) is None or len(frame) >= 14
