"""Frames in words, for timelines."""

from __future__ import annotations

from vnic_reference.network.frames import (
    ARP_REQUEST,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ICMP_ECHO_REQUEST,
    PROTOCOL_ICMP,
    PROTOCOL_UDP,
    Arp,
    Echo,
    Ethernet,
    Ipv4,
    Udp,
    ip_text,
    mac_text,
)
from vnic_reference.network.streams import STREAM_PORT, stream_fields


def frame_text(frame: bytes) -> str:
    """One line on any bytes: ``ping 7 10.0.0.1 > 10.0.0.2``, ``gratuitous ARP 10.0.0.1`` and so on."""
    ethernet = Ethernet.unpack(frame)
    if ethernet is None:
        return f"{len(frame)} bytes"
    if ethernet.ethertype == ETHERTYPE_ARP and (arp := Arp.unpack(ethernet.payload)) is not None:
        return _arp_text(arp)
    if ethernet.ethertype == ETHERTYPE_IPV4 and (packet := Ipv4.unpack(ethernet.payload)) is not None:
        return f"{_packet_text(packet)} {ip_text(packet.source)} > {ip_text(packet.destination)}"
    return f"type {ethernet.ethertype:04x}, {len(frame)} bytes, to {mac_text(ethernet.destination)}"


def _arp_text(arp: Arp) -> str:
    sender, target = ip_text(arp.sender_ip), ip_text(arp.target_ip)
    if arp.sender_ip == arp.target_ip:
        return f"gratuitous ARP {sender}"
    return f"ARP who has {target}" if arp.operation == ARP_REQUEST else f"ARP {sender} is {mac_text(arp.sender_mac)}"


def _packet_text(packet: Ipv4) -> str:
    if packet.protocol == PROTOCOL_ICMP and (echo := Echo.unpack(packet.payload)) is not None:
        return f"{'ping' if echo.kind == ICMP_ECHO_REQUEST else 'reply'} {echo.sequence}"
    if packet.protocol == PROTOCOL_UDP and (datagram := Udp.unpack(packet)) is not None:
        fields = stream_fields(datagram.payload)
        if datagram.destination == STREAM_PORT and fields is not None:
            return f"stream {fields[0]} no {fields[1]}"
        return f"UDP {datagram.source} > {datagram.destination}"
    return f"IPv4 protocol {packet.protocol}"
