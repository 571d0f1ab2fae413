"""The host on the other side of the wire: it answers ARP and ICMP echo, and sends frames of a test type back as they came.

As much of RFC 826, RFC 791 and RFC 792 as a ping from a network stack above the client needs; what it does not know it does not
answer.
"""

from __future__ import annotations

import struct
from typing import Final

#: Its MAC and its address.
HOST_MAC: Final = bytes.fromhex("0200c0ffee99")
HOST_ADDRESS: Final = bytes((10, 0, 0, 2))
#: Ethernet type of frames that come back with the MACs exchanged (IEEE 802: local experimental).
ECHO_TYPE: Final = b"\x88\xb5"
BROADCAST: Final = b"\xff" * 6

_ARP: Final = struct.Struct("!HHBBH6s4s6s4s")
_ARP_HEAD: Final = (1, 0x0800, 6, 4)
_REQUEST, _REPLY = 1, 2
_ICMP, _ECHO, _ECHO_REPLY = 1, 8, 0
_HEAD: Final = 14
_IPV4: Final = 20
_IPV6: Final = 40
_TCP, _UDP = 6, 17
_TCP_HEAD, _UDP_HEAD = 20, 8
_SHORTEST: Final = 60


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data if len(data) % 2 == 0 else data[:-1]))
    if len(data) % 2:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def header_lengths(frame: bytes) -> tuple[int, int, int]:
    """Bytes of the headers of layers 2, 3 and 4 of a frame with TCP or UDP in IPv4 or IPv6 (RFC 791, 8200, 9293); 0: none."""
    l2 = 18 if frame[12:14] == b"\x81\x00" else _HEAD
    kind, packet = frame[l2 - 2 : l2], frame[l2:]
    if kind == b"\x08\x00" and len(packet) >= _IPV4:
        l3, protocol = (packet[0] & 0xF) * 4, packet[9]
    elif kind == b"\x86\xdd" and len(packet) >= _IPV6:
        l3, protocol = _IPV6, packet[6]
    else:
        return l2, 0, 0
    segment = packet[l3:]
    if protocol == _UDP and len(segment) >= _UDP_HEAD:
        return l2, l3, _UDP_HEAD
    if protocol == _TCP and len(segment) >= _TCP_HEAD:
        return l2, l3, (segment[12] >> 4) * 4
    return l2, l3, 0


def answer(frame: bytes) -> bytes | None:
    """What the host answers to a frame that has reached it; None: nothing."""
    if len(frame) < _HEAD or frame[:6] not in (HOST_MAC, BROADCAST):
        return None
    kind, payload, sender = frame[12:14], frame[_HEAD:], frame[6:12]
    if kind == ECHO_TYPE and frame[:6] == HOST_MAC:
        return sender + HOST_MAC + kind + payload
    if kind == b"\x08\x06":
        answered = _arp(payload)
    elif kind == b"\x08\x00":
        answered = _echo(payload)
    else:
        return None
    return None if answered is None else (sender + HOST_MAC + kind + answered).ljust(_SHORTEST, b"\0")


def _arp(packet: bytes) -> bytes | None:
    if len(packet) < _ARP.size:
        return None
    *head, operation, mac, address, _, wanted = _ARP.unpack_from(packet)
    if tuple(head) != _ARP_HEAD or operation != _REQUEST or wanted != HOST_ADDRESS:
        return None
    return _ARP.pack(*_ARP_HEAD, _REPLY, HOST_MAC, HOST_ADDRESS, mac, address)


def _echo(packet: bytes) -> bytes | None:
    head = (packet[0] & 0xF) * 4 if packet else 0
    if len(packet) < _IPV4 or packet[0] >> 4 != 4 or head < _IPV4:
        return None
    total = int.from_bytes(packet[2:4], "big")
    message = packet[head:total]
    whole = head <= total <= len(packet) and not int.from_bytes(packet[6:8], "big") & 0x3FFF
    if not whole or packet[9] != _ICMP or packet[16:20] != HOST_ADDRESS or len(message) < 8 or message[0] != _ECHO:
        return None
    reply = bytes((_ECHO_REPLY, 0, 0, 0)) + message[4:]
    reply = reply[:2] + checksum(reply).to_bytes(2, "big") + reply[4:]
    ip = bytearray(packet[:_IPV4])
    ip[0] = 0x45
    ip[2:4] = (_IPV4 + len(reply)).to_bytes(2, "big")
    ip[8], ip[10:12], ip[12:16], ip[16:20] = 64, b"\0\0", HOST_ADDRESS, packet[12:16]
    ip[10:12] = checksum(bytes(ip)).to_bytes(2, "big")
    return bytes(ip) + reply
