"""Header descriptors: copies of a frame's headers that some servers want beside the frame (capability 33; protocol.md 3.6)."""

from __future__ import annotations

from vnic_reference.dialogue.descriptors import HEADER_WANTED, TxHeader, TxHeaderMore

_ETHER_HEADER = 14
_VLAN_TAG = 4
_IPV6_HEADER = 40
_UDP_HEADER = 8
_TCP, _UDP = 6, 17


def plain_frames_want(requirements: int) -> int:
    """What capability 33 says of frames without offload: its first byte, 0 if no headers are wanted."""
    wanted = requirements >> 56 & 0xFF
    return wanted if wanted & HEADER_WANTED else 0


def header_lengths(frame: bytes) -> tuple[int, int, int]:
    """Lengths of the layer 2, 3 and 4 headers; 0 for a layer that is not Ethernet, IP, TCP or UDP, or not all there."""
    l2 = _ETHER_HEADER
    kind = frame[12:14]
    if kind == b"\x81\x00":
        l2 += _VLAN_TAG
        kind = frame[16:18]
    packet = frame[l2:]
    if kind == b"\x08\x00" and len(packet) >= 20:
        l3, protocol = (packet[0] & 0xF) * 4, packet[9]
    elif kind == b"\x86\xdd" and len(packet) >= _IPV6_HEADER:
        l3, protocol = _IPV6_HEADER, packet[6]
    else:
        return l2, 0, 0
    segment = packet[l3:]
    if protocol == _UDP and len(segment) >= _UDP_HEADER:
        return l2, l3, _UDP_HEADER
    if protocol == _TCP and len(segment) >= 20:
        return l2, l3, (segment[12] >> 4) * 4
    return l2, l3, 0


def header_descriptors(frame: bytes, wanted: int, lengths: tuple[int, int, int]) -> list[bytes]:
    """The descriptors that go between the first one of a frame and the next frame; ``wanted`` as capability 33 says it."""
    if not wanted:
        return []
    data, at = b"", 0
    for length, bit in zip(lengths, (0x40, 0x20, 0x10), strict=True):
        if wanted & bit:
            data += frame[at : at + length]
        at += length
    first, rest = data[: TxHeader.ROOM], data[TxHeader.ROOM :]
    made = [TxHeader(first, *lengths, wanted).pack()]
    while rest:
        made.append(TxHeaderMore(rest[: TxHeaderMore.ROOM]).pack())
        rest = rest[TxHeaderMore.ROOM :]
    return made
