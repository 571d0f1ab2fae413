"""Ethernet, ARP, IPv4, ICMP echo and UDP: packets as values, their bytes, and bytes read back.

Every ``pack`` writes correct lengths and checksums. Every ``unpack`` takes any bytes and answers None for what is not a
whole, intact packet of its kind: too short, wrong version or length, wrong checksum, a fragment. IPv4 options are read
over, and never written. All fields are big-endian; lengths in bytes.

Sources: IEEE 802.3 and 802.1Q (frames, tags), RFC 826 (ARP), RFC 791 (IPv4), RFC 792 (ICMP), RFC 768 (UDP), RFC 1071
(checksum).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

BROADCAST = b"\xff" * 6
ETHER_HEADER = 14
VLAN_TAG = 4
#: Shortest frame without frame check sequence; what is shorter is padded with zeros.
MIN_FRAME = 60
ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_ARP = 0x0806
ETHERTYPE_VLAN = 0x8100

ARP_REQUEST = 1
ARP_REPLY = 2
ICMP_ECHO_REPLY = 0
ICMP_ECHO_REQUEST = 8
PROTOCOL_ICMP = 1
PROTOCOL_UDP = 17

_ARP = struct.Struct("!HHBBH6s4s6s4s")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_ICMP = struct.Struct("!BBHHH")
_UDP = struct.Struct("!HHHH")
_ARP_START = (1, ETHERTYPE_IPV4, 6, 4)
_MORE_OR_OFFSET = 0x3FFF
_TTL = 64


def checksum(data: bytes) -> int:
    """The Internet checksum of these bytes (RFC 1071); 0 over data that contains its own right checksum."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Ethernet(NamedTuple):
    """A frame; ``vlan`` is the VLAN ID of its tag, None without one."""

    destination: bytes
    source: bytes
    ethertype: int
    payload: bytes
    vlan: int | None = None

    def pack(self) -> bytes:
        """The bytes, padded to 60."""
        tag = b"" if self.vlan is None else struct.pack("!HH", ETHERTYPE_VLAN, self.vlan & 0xFFF)
        frame = self.destination + self.source + tag + struct.pack("!H", self.ethertype) + self.payload
        return frame if len(frame) >= MIN_FRAME else frame + bytes(MIN_FRAME - len(frame))

    @classmethod
    def unpack(cls, frame: bytes) -> Ethernet | None:
        """Read a frame; padding stays part of the payload."""
        if len(frame) < ETHER_HEADER:
            return None
        ethertype = frame[12] << 8 | frame[13]
        if ethertype != ETHERTYPE_VLAN:
            return cls(frame[:6], frame[6:12], ethertype, frame[14:])
        if len(frame) < ETHER_HEADER + VLAN_TAG:
            return None
        vlan = (frame[14] << 8 | frame[15]) & 0xFFF
        return cls(frame[:6], frame[6:12], frame[16] << 8 | frame[17], frame[18:], vlan)


def is_multicast(mac: bytes) -> bool:
    """Whether a MAC is a multicast or the broadcast address."""
    return bool(mac[0] & 1)


def is_unicast(mac: object) -> bool:
    """Whether this is a MAC that a station can have: 6 bytes, no multicast, not all zero."""
    return isinstance(mac, bytes | bytearray) and len(mac) == 6 and not mac[0] & 1 and any(mac)


class Arp(NamedTuple):
    """An ARP packet for IPv4 over Ethernet."""

    operation: int
    sender_mac: bytes
    sender_ip: bytes
    target_mac: bytes
    target_ip: bytes

    def pack(self) -> bytes:
        """The 28 bytes."""
        return _ARP.pack(*_ARP_START, *self)

    @classmethod
    def unpack(cls, data: bytes) -> Arp | None:
        """Read a packet; bytes behind it are padding."""
        if len(data) < _ARP.size:
            return None
        fields = _ARP.unpack_from(data)
        return cls(*fields[4:]) if fields[:4] == _ARP_START else None


class Ipv4(NamedTuple):
    """An IPv4 packet; ``source`` and ``destination`` are 4 bytes."""

    source: bytes
    destination: bytes
    protocol: int
    payload: bytes
    identification: int = 0

    def pack(self) -> bytes:
        """Header of 20 bytes, may not be fragmented, and payload."""
        length = _IPV4.size + len(self.payload)
        fields = [0x45, 0, length, self.identification & 0xFFFF, 0x4000, _TTL, self.protocol, 0]
        fields[7] = checksum(_IPV4.pack(*fields, self.source, self.destination))
        return _IPV4.pack(*fields, self.source, self.destination) + self.payload

    @classmethod
    def unpack(cls, data: bytes) -> Ipv4 | None:
        """Read a packet; bytes behind its length are padding."""
        if len(data) < _IPV4.size:
            return None
        first, _, length, identification, fragment, _, protocol, _, source, destination = _IPV4.unpack_from(data)
        header = (first & 0xF) * 4
        if first >> 4 != 4 or not _IPV4.size <= header <= length <= len(data):
            return None
        if fragment & _MORE_OR_OFFSET or checksum(data[:header]):
            return None
        return cls(source, destination, protocol, data[header:length], identification)


class Echo(NamedTuple):
    """An ICMP echo request or reply."""

    kind: int
    identifier: int
    sequence: int
    payload: bytes

    def pack(self) -> bytes:
        """The bytes."""
        bare = _ICMP.pack(self.kind, 0, 0, self.identifier & 0xFFFF, self.sequence & 0xFFFF) + self.payload
        return bare[:2] + checksum(bare).to_bytes(2, "big") + bare[4:]

    @classmethod
    def unpack(cls, data: bytes) -> Echo | None:
        """Read a message; None for every other ICMP message."""
        if len(data) < _ICMP.size or checksum(data):
            return None
        kind, code, _, identifier, sequence = _ICMP.unpack_from(data)
        if code or kind not in (ICMP_ECHO_REQUEST, ICMP_ECHO_REPLY):
            return None
        return cls(kind, identifier, sequence, data[_ICMP.size :])


class Udp(NamedTuple):
    """A UDP datagram."""

    source: int
    destination: int
    payload: bytes

    def pack(self, source_ip: bytes, destination_ip: bytes) -> bytes:
        """The bytes, with the checksum over the pseudo header of these addresses."""
        length = _UDP.size + len(self.payload)
        pseudo = source_ip + destination_ip + struct.pack("!HH", PROTOCOL_UDP, length)
        bare = _UDP.pack(self.source, self.destination, length, 0) + self.payload
        # 0 on the wire means "no checksum"; a sum that comes out as 0 is sent as all ones (RFC 768).
        total = checksum(pseudo + bare) or 0xFFFF
        return bare[:6] + total.to_bytes(2, "big") + bare[8:]

    @classmethod
    def unpack(cls, packet: Ipv4) -> Udp | None:
        """Read the datagram in a packet."""
        data = packet.payload
        if len(data) < _UDP.size:
            return None
        source, destination, length, given = _UDP.unpack_from(data)
        if not _UDP.size <= length <= len(data):
            return None
        pseudo = packet.source + packet.destination + struct.pack("!HH", PROTOCOL_UDP, length)
        if given and checksum(pseudo + data[:length]):
            return None
        return cls(source, destination, data[_UDP.size : length])


def mac_text(mac: bytes) -> str:
    """A MAC as text: ``02:00:00:00:00:01``."""
    return mac.hex(":")


def ip_text(ip: bytes) -> str:
    """An IPv4 address as text: ``10.0.0.1``."""
    return ".".join(map(str, ip))
