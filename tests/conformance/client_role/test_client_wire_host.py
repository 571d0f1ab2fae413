"""The host on the other side of the wire, asked with packets that another author builds and reads."""

from __future__ import annotations

import pytest

from vnic_conformance.client_role.wire_host import ECHO_TYPE, HOST_ADDRESS, HOST_MAC, answer
from vnic_reference.network.frames import (
    ARP_REPLY,
    ARP_REQUEST,
    BROADCAST,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ICMP_ECHO_REPLY,
    ICMP_ECHO_REQUEST,
    PROTOCOL_ICMP,
    Arp,
    Echo,
    Ethernet,
    Ipv4,
)

MAC, ADDRESS = bytes.fromhex("020000000001"), bytes((10, 0, 0, 1))


def question(target: bytes = HOST_ADDRESS, operation: int = ARP_REQUEST) -> bytes:
    return Ethernet(BROADCAST, MAC, ETHERTYPE_ARP, Arp(operation, MAC, ADDRESS, bytes(6), target).pack()).pack()


def ping(data: bytes = b"ping", target: bytes = HOST_ADDRESS) -> bytes:
    packet = Ipv4(ADDRESS, target, PROTOCOL_ICMP, Echo(ICMP_ECHO_REQUEST, 7, 3, data).pack()).pack()
    return Ethernet(HOST_MAC, MAC, ETHERTYPE_IPV4, packet).pack()


def test_it_says_where_its_address_is() -> None:
    reply = Ethernet.unpack(answer(question()) or b"")
    assert reply is not None
    assert (reply.destination, reply.source) == (MAC, HOST_MAC)
    assert Arp.unpack(reply.payload) == Arp(ARP_REPLY, HOST_MAC, HOST_ADDRESS, MAC, ADDRESS)


@pytest.mark.parametrize("data", [b"", b"odd", b"x" * 1_000])
def test_it_answers_a_ping(data: bytes) -> None:
    reply = Ethernet.unpack(answer(ping(data)) or b"")
    assert reply is not None
    packet = Ipv4.unpack(reply.payload)
    assert packet is not None
    assert (packet.source, packet.destination) == (HOST_ADDRESS, ADDRESS)
    assert Echo.unpack(packet.payload) == Echo(ICMP_ECHO_REPLY, 7, 3, data)


@pytest.mark.parametrize(
    "frame",
    [
        b"", question(ADDRESS), question(operation=ARP_REPLY), ping(target=ADDRESS), ping()[:40], MAC + ping()[6:],
        ping()[:23] + b"\x11" + ping()[24:], HOST_MAC + MAC + b"\x86\xdd" + bytes(50),
    ],
)  # fmt: skip
def test_it_does_not_answer_what_is_not_for_it(frame: bytes) -> None:
    assert answer(frame) is None


def test_frames_of_the_test_type_come_back() -> None:
    assert answer(HOST_MAC + MAC + ECHO_TYPE + b"again") == MAC + HOST_MAC + ECHO_TYPE + b"again"
    assert answer(BROADCAST + MAC + ECHO_TYPE + b"again") is None
