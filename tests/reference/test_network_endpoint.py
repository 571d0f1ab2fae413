"""Endpoints: ARP, pings and streams between two hosts of a switch, and what is measured; captures of it (DAT-3)."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import dpkt
import pytest

from vnic_reference.network.component import Component
from vnic_reference.network.endpoint import ARP_LIFETIME_MS, ARP_QUEUE, MAX_NEIGHBOURS, MAX_STREAMS, Endpoint
from vnic_reference.network.frames import (
    ARP_REPLY,
    ARP_REQUEST,
    BROADCAST,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ICMP_ECHO_REQUEST,
    PROTOCOL_ICMP,
    Arp,
    Echo,
    Ethernet,
    Ipv4,
)
from vnic_reference.network.host import Host
from vnic_reference.network.pcapng import Capture
from vnic_reference.network.streams import Ping, Pinger, StreamSink, StreamSource
from vnic_reference.network.switch import Cable, Switch

IPS = [bytes((10, 0, 0, n)) for n in range(4)]
MACS = [bytes((2, 0, 0, 0, 0, n)) for n in range(4)]


class Lan:
    """Two hosts at one switch."""

    def __init__(self) -> None:
        self.switch = Switch()
        self.hosts = [Host(f"h{n}", MACS[n], IPS[n], self.switch) for n in (1, 2)]
        self.a, self.b = (host.endpoint for host in self.hosts)

    def run(self, ms: int) -> None:
        end = self.switch.now + ms
        for now in range(self.switch.now, end + 1):
            self.switch.now = now
            parts: tuple[Component, ...] = (self.switch, *self.hosts)
            while any(part.step(now) for part in parts):
                pass


@pytest.fixture
def lan() -> Lan:
    return Lan()


def test_ping_resolves_the_address_and_comes_back(lan: Lan) -> None:
    lan.a.pingers.append(pinger := Pinger(IPS[2], 100, end=1000))
    lan.run(3000)
    assert [ping.reply_at for ping in pinger.pings] == [8, *(n * 100 + 4 for n in range(1, 10))]
    assert pinger.lost(3000) == 0


def test_pings_to_nobody_are_lost_after_a_second(lan: Lan) -> None:
    lan.a.pingers.append(pinger := Pinger(IPS[3], 100, end=300))
    lan.run(1199)
    assert pinger.lost(999) == 0
    assert pinger.lost(1000) == 1
    assert pinger.lost(1200) == 3


def test_streams_are_counted(lan: Lan) -> None:
    lan.a.sources.append(source := StreamSource(7, IPS[2], 5, end=500))
    lan.b.sources.append(StreamSource(8, IPS[1], 5, begin=100, end=500))
    lan.run(200)
    lan.switch.set_link(lan.hosts[1].cable, up=False)
    lan.run(50)
    lan.switch.set_link(lan.hosts[1].cable, up=True)
    lan.run(1000)
    sink = lan.b.sinks[7]
    assert source.sent == 100
    assert (sink.duplicated, sink.reordered) == (0, 0)
    assert sink.received == 100 - sum(missing for _, _, missing in sink.gaps)
    ((before, after, missing),) = sink.gaps
    assert before <= 201 < 251 <= after
    assert 10 <= missing <= 12
    assert not sink.has(41)
    assert lan.a.sinks[8].received >= 60


def test_duplicates_and_reordering_are_noticed() -> None:
    sink = StreamSink(1)
    for sequence in (0, 1, 3, 2, 3, 6):
        sink.take(sequence, sequence * 10)
    assert (sink.received, sink.duplicated, sink.reordered) == (5, 1, 1)
    assert [missing for _, _, missing in sink.gaps] == [1, 2]


def test_sequence_numbers_of_pings_start_again_after_16_bits() -> None:
    pinger = Pinger(IPS[1], 1, pings=[Ping(number, number, True) for number in range(0x1_0011)])
    pinger.answered(3, 0x1_0011)
    assert pinger.pings[0x1_0003].reply_at == 0x1_0011
    assert pinger.pings[3].reply_at is None
    pinger.answered(3, 0x1_0012)
    assert pinger.pings[0x1_0003].duplicates == 1


@pytest.mark.requirement("DAT-3")
def test_a_gratuitous_arp_moves_the_switch_and_teaches_nobody_new(lan: Lan) -> None:
    assert lan.a.announce(0)
    lan.run(5)
    assert lan.switch.forwarding(MACS[1]) is lan.hosts[0].cable
    lan.b.pingers.append(Pinger(IPS[1], 100, begin=6, end=7))
    lan.run(2)
    assert lan.b.pingers[0].pings[0].reply_at is None  # it had to ask first
    lan.run(10)
    assert lan.b.pingers[0].pings[0].reply_at is not None


def test_a_known_address_follows_a_gratuitous_arp() -> None:
    sent: list[bytes] = []
    endpoint = Endpoint(IPS[1], lambda: MACS[1], taken_by(sent))
    arp = Arp(ARP_REPLY, MACS[2], IPS[2], MACS[1], IPS[1])
    endpoint.take(Ethernet(MACS[1], MACS[2], ETHERTYPE_ARP, arp.pack()).pack(), 0)
    moved = Arp(ARP_REQUEST, MACS[3], IPS[2], bytes(6), IPS[2])
    endpoint.take(Ethernet(BROADCAST, MACS[3], ETHERTYPE_ARP, moved.pack()).pack(), 1)
    assert sent == []
    endpoint.pingers.append(Pinger(IPS[2], 10, end=1))
    endpoint.step(2)
    assert sent[0][:6] == MACS[3]
    endpoint.pingers.append(Pinger(IPS[2], 1, begin=ARP_LIFETIME_MS + 1))
    endpoint.step(ARP_LIFETIME_MS + 1)
    assert sent[1][:6] == BROADCAST  # forgotten, asked for again


def test_a_gratuitous_arp_answers_a_question_that_is_open() -> None:
    sent: list[bytes] = []
    endpoint = Endpoint(IPS[1], lambda: MACS[1], taken_by(sent))
    endpoint.pingers.append(Pinger(IPS[2], 10, end=1))
    endpoint.step(0)
    assert [frame[:6] for frame in sent] == [BROADCAST]
    arp = Arp(ARP_REQUEST, MACS[2], IPS[2], bytes(6), IPS[2])
    endpoint.take(Ethernet(BROADCAST, MACS[2], ETHERTYPE_ARP, arp.pack()).pack(), 1)
    assert [frame[:6] for frame in sent] == [BROADCAST, MACS[2]]


def test_what_a_stranger_makes_us_keep_is_bounded() -> None:
    sent: list[bytes] = []
    endpoint = Endpoint(IPS[1], lambda: MACS[1], taken_by(sent))
    for n in range(2 * MAX_NEIGHBOURS):
        ip = bytes((10, 1, n >> 8, n & 255))
        arp = Arp(ARP_REQUEST, MACS[2], ip, bytes(6), IPS[1])
        endpoint.take(Ethernet(BROADCAST, MACS[2], ETHERTYPE_ARP, arp.pack()).pack(), 0)
    assert len(endpoint._neighbours) == MAX_NEIGHBOURS
    for n in range(2 * MAX_NEIGHBOURS):
        ip = bytes((10, 2, n >> 8, n & 255))
        echo = Ipv4(ip, IPS[1], PROTOCOL_ICMP, Echo(ICMP_ECHO_REQUEST, 1, 1, b"").pack())
        for _ in range(2 * ARP_QUEUE if n == 0 else 1):
            endpoint.take(Ethernet(MACS[1], MACS[2], ETHERTYPE_IPV4, echo.pack()).pack(), 0)
    assert len(endpoint._questions) == MAX_NEIGHBOURS
    assert max(len(question.waiting) for question in endpoint._questions.values()) == ARP_QUEUE
    lan = Lan()
    lan.a.sources += [StreamSource(n, IPS[2], 1, end=1) for n in range(2 * MAX_STREAMS)]
    lan.b.take(Ethernet(MACS[2], MACS[1], ETHERTYPE_ARP, arp_reply(1, 2)).pack(), 0)
    lan.a.take(Ethernet(MACS[1], MACS[2], ETHERTYPE_ARP, arp_reply(2, 1)).pack(), 0)
    lan.run(10)
    assert len(lan.b.sinks) == MAX_STREAMS


def taken_by(sent: list[bytes]) -> Callable[[bytes], bool]:
    def take(frame: bytes) -> bool:
        sent.append(frame)
        return True

    return take


def arp_reply(sender: int, target: int) -> bytes:
    return Arp(ARP_REPLY, MACS[sender], IPS[sender], MACS[target], IPS[target]).pack()


def test_any_frame_is_taken_without_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    fuzz(2_000, monkeypatch)


@pytest.mark.slow
def test_a_hundred_thousand_frames_are_taken_without_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    fuzz(100_000, monkeypatch)


def fuzz(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that are right but for some bytes, cut or prolonged, at a pair of hosts; then they still talk."""
    lan = Lan()
    chance = random.Random(2026)
    lan.a.pingers.append(Pinger(IPS[2], 1, end=20))
    lan.b.sources.append(StreamSource(1, IPS[1], 1, end=20))
    seen: list[bytes] = []
    real = lan.switch.send

    def spy(cable: Cable, frame: bytes) -> bool:
        seen.append(frame)
        return real(cable, frame)

    monkeypatch.setattr(lan.switch, "send", spy)
    lan.run(60)
    assert len({frame[12:14] for frame in seen}) == 2  # ARP and IPv4
    for _ in range(count):
        frame = bytearray(chance.choice(seen))
        for _ in range(chance.randrange(4)):
            frame[chance.randrange(len(frame))] = chance.randrange(256)
        frame = frame[: chance.randrange(len(frame) + 1)] if chance.random() < 0.2 else frame
        frame += chance.randbytes(chance.randrange(9)) if chance.random() < 0.2 else b""
        real(chance.choice(lan.switch.cables), bytes(frame))
        if chance.random() < 0.05:
            lan.run(3)
    lan.run(5000)
    assert lan.a.malformed + lan.b.malformed > count // 20
    lan.a.pingers.append(pinger := Pinger(IPS[2], 10, 99, begin=lan.switch.now, end=lan.switch.now + 20))
    lan.switch.set_link(lan.hosts[0].cable, up=False)  # what was learned from forged senders is forgotten
    lan.switch.set_link(lan.hosts[0].cable, up=True)
    lan.switch.set_link(lan.hosts[1].cable, up=False)
    lan.switch.set_link(lan.hosts[1].cable, up=True)
    lan.a.take(Ethernet(MACS[1], MACS[2], ETHERTYPE_ARP, arp_reply(2, 1)).pack(), lan.switch.now)
    lan.b.take(Ethernet(MACS[2], MACS[1], ETHERTYPE_ARP, arp_reply(1, 2)).pack(), lan.switch.now)
    lan.run(2000)
    assert pinger.lost(lan.switch.now) == 0


def test_a_capture_is_read_by_the_library() -> None:
    capture = Capture()
    frames = [Ethernet(MACS[1], MACS[2], 0x88B5, bytes(n)).pack() for n in (0, 47, 48, 49)]
    for n, frame in enumerate(frames):
        capture.add(1000 * n + 7, f"server{n % 2}", frame, inbound=n < 2)
    reader = dpkt.pcapng.Reader(io.BytesIO(capture.getvalue()))
    assert reader.datalink() == dpkt.pcap.DLT_EN10MB
    read = list(reader)
    assert [frame for _, frame in read] == frames
    assert [round(float(stamp) * 1000) for stamp, _ in read] == [7, 1007, 2007, 3007]


def test_the_blocks_of_a_capture_are_as_the_draft_says() -> None:
    """What the library does not show: names and directions; each block's two lengths, and options in place."""
    capture = Capture()
    capture.add(5_000_000, "client", bytes(60), inbound=True)
    capture.add(5_000_001, "server0", bytes(61), inbound=False)
    data, kinds, at = capture.getvalue(), [], 0
    while at < len(data):
        kind, length = (int.from_bytes(data[at + n : at + n + 4], "big") for n in (0, 4))
        assert length % 4 == 0
        assert int.from_bytes(data[at + length - 4 : at + length], "big") == length
        kinds.append(kind)
        at += length
    assert kinds == [0x0A0D0D0A, 1, 6, 1, 6]
    first, second = (dpkt.pcapng.InterfaceDescriptionBlock(block) for block in blocks(data, 1))
    assert first.opts[0].data == b"client"
    assert second.opts[0].data == b"server0"
    packets = [dpkt.pcapng.EnhancedPacketBlock(block) for block in blocks(data, 6)]
    assert [packet.iface_id for packet in packets] == [0, 1]
    assert [packet.ts_high << 32 | packet.ts_low for packet in packets] == [5_000_000_000_000, 5_000_001_000_000]
    assert [packet.opts[0].data for packet in packets] == [bytes((0, 0, 0, 1)), bytes((0, 0, 0, 2))]


def blocks(data: bytes, wanted: int) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        if int.from_bytes(data[at : at + 4], "big") == wanted:
            found.append(data[at : at + length])
        at += length
    return found
