"""Frames: what we write, an established packet library reads, and the other way round; what is broken is refused.

The library is dpkt: small, pure Python, permissive licence; the formats it reads are not going to change.
"""

from __future__ import annotations

import random

import dpkt
import pytest

from vnic_reference.network.frames import (
    ARP_REQUEST,
    BROADCAST,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ICMP_ECHO_REPLY,
    ICMP_ECHO_REQUEST,
    PROTOCOL_ICMP,
    PROTOCOL_UDP,
    Arp,
    Echo,
    Ethernet,
    Ipv4,
    Udp,
    checksum,
)

A, B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
IP_A, IP_B = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))


def test_our_echo_request_is_read_by_the_library() -> None:
    echo = Echo(ICMP_ECHO_REQUEST, 7, 9, b"hello")
    frame = Ethernet(B, A, ETHERTYPE_IPV4, Ipv4(IP_A, IP_B, PROTOCOL_ICMP, echo.pack(), 77).pack()).pack()
    assert len(frame) == 60
    read = dpkt.ethernet.Ethernet(frame)
    assert (read.dst, read.src, read.type) == (B, A, dpkt.ethernet.ETH_TYPE_IP)
    assert (read.ip.src, read.ip.dst, read.ip.id, read.ip.ttl, read.ip.df) == (IP_A, IP_B, 77, 64, True)
    assert (read.ip.icmp.type, read.ip.icmp.code) == (dpkt.icmp.ICMP_ECHO, 0)
    assert (read.ip.icmp.data.id, read.ip.icmp.data.seq, read.ip.icmp.data.data) == (7, 9, b"hello")
    ours = (read.ip.sum, read.ip.icmp.sum)
    read.ip.sum = read.ip.icmp.sum = 0  # the library then works them out itself
    packed = dpkt.ip.IP(bytes(read.ip))
    assert (packed.sum, packed.icmp.sum) == ours


@pytest.mark.parametrize("payload", [b"", b"x", b"even", bytes(1400)])
def test_our_datagram_is_read_by_the_library(payload: bytes) -> None:
    udp = Udp(5001, 6000, payload).pack(IP_A, IP_B)
    packet = dpkt.ip.IP(Ipv4(IP_A, IP_B, PROTOCOL_UDP, udp).pack())
    assert (packet.udp.sport, packet.udp.dport, packet.udp.data) == (5001, 6000, payload)
    ours = packet.udp.sum
    packet.udp.sum = packet.sum = 0
    assert dpkt.ip.IP(bytes(packet)).udp.sum == ours != 0


def test_a_datagram_whose_sum_is_zero_is_sent_as_all_ones() -> None:
    found = [n for n in range(0x10000) if Udp(1, 1, n.to_bytes(2, "big")).pack(IP_A, IP_B)[6:8] == b"\xff\xff"]
    assert len(found) == 1
    data = Udp(1, 1, found[0].to_bytes(2, "big")).pack(IP_A, IP_B)
    assert Udp.unpack(Ipv4(IP_A, IP_B, PROTOCOL_UDP, data)) is not None


def test_our_gratuitous_arp_is_read_by_the_library() -> None:
    arp = Arp(ARP_REQUEST, A, IP_A, bytes(6), IP_A)
    read = dpkt.ethernet.Ethernet(Ethernet(BROADCAST, A, ETHERTYPE_ARP, arp.pack()).pack())
    assert (read.dst, read.arp.op) == (BROADCAST, dpkt.arp.ARP_OP_REQUEST)
    assert (read.arp.sha, read.arp.spa, read.arp.tha, read.arp.tpa) == (A, IP_A, bytes(6), IP_A)


def test_our_tag_is_read_by_the_library() -> None:
    read = dpkt.ethernet.Ethernet(Ethernet(B, A, ETHERTYPE_ARP, bytes(28), vlan=300).pack())
    assert [tag.id for tag in read.vlan_tags] == [300]
    assert read.vlan_tags[0].type == dpkt.ethernet.ETH_TYPE_ARP


def test_we_read_what_the_library_writes() -> None:
    icmp = dpkt.icmp.ICMP(type=dpkt.icmp.ICMP_ECHOREPLY, data=dpkt.icmp.ICMP.Echo(id=3, seq=4, data=b"abc"))
    packet = dpkt.ip.IP(src=IP_A, dst=IP_B, p=dpkt.ip.IP_PROTO_ICMP, data=icmp)
    frame = bytes(dpkt.ethernet.Ethernet(src=A, dst=B, type=dpkt.ethernet.ETH_TYPE_IP, data=packet))
    ethernet = Ethernet.unpack(frame)
    assert ethernet is not None
    assert (ethernet.destination, ethernet.source) == (B, A)
    ip = Ipv4.unpack(ethernet.payload)
    assert ip is not None
    assert Echo.unpack(ip.payload) == Echo(ICMP_ECHO_REPLY, 3, 4, b"abc")
    datagram = dpkt.udp.UDP(sport=1, dport=2, data=b"xyz")
    datagram.ulen = len(datagram)
    packet = dpkt.ip.IP(src=IP_A, dst=IP_B, p=dpkt.ip.IP_PROTO_UDP, data=datagram)
    ip = Ipv4.unpack(bytes(packet))
    assert ip is not None
    assert Udp.unpack(ip) == Udp(1, 2, b"xyz")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 20, 21, 1501])
def test_checksum_is_the_librarys(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert checksum(data) == dpkt.dpkt.in_cksum(data)


def test_every_single_flipped_bit_of_header_or_payload_is_noticed() -> None:
    """Not one wrong bit passes, in the IPv4 header, the ICMP message, the datagram or its pseudo header."""
    echo = Echo(ICMP_ECHO_REQUEST, 7, 9, b"abcdef").pack()
    header = Ipv4(IP_A, IP_B, PROTOCOL_ICMP, echo).pack()[:20]
    for bit in range(160):
        assert Ipv4.unpack(flipped(header, bit) + echo) is None
    for bit in range(len(echo) * 8):
        assert Echo.unpack(flipped(echo, bit)) is None
    datagram = Udp(1, 2, b"abcdef").pack(IP_A, IP_B)
    for bit in range(len(datagram) * 8):
        assert Udp.unpack(Ipv4(IP_A, IP_B, PROTOCOL_UDP, flipped(datagram, bit))) is None
    assert Udp.unpack(Ipv4(IP_A, flipped(IP_B, 31), PROTOCOL_UDP, datagram)) is None


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


@pytest.mark.parametrize("seed", range(4))
def test_any_bytes_are_read_without_an_exception(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(500):
        data = chance.randbytes(chance.randrange(60))
        Ethernet.unpack(data)
        Arp.unpack(data)
        Echo.unpack(data)
        packet = Ipv4.unpack(data)
        assert packet is None or Udp.unpack(packet) is None


def test_fragments_and_wrong_lengths_are_refused() -> None:
    good = bytearray(Ipv4(IP_A, IP_B, PROTOCOL_UDP, bytes(8)).pack())

    def with_field(at: int, value: int) -> bytes:
        changed = bytearray(good)
        changed[at : at + 2] = value.to_bytes(2, "big")
        changed[10:12] = bytes(2)
        changed[10:12] = checksum(bytes(changed[:20])).to_bytes(2, "big")
        return bytes(changed)

    assert Ipv4.unpack(with_field(2, 28)) is not None
    assert Ipv4.unpack(with_field(2, 29)) is None  # longer than what came
    assert Ipv4.unpack(with_field(2, 19)) is None  # shorter than its header
    assert Ipv4.unpack(with_field(6, 0x2000)) is None
    assert Ipv4.unpack(with_field(6, 0x0001)) is None
