"""The TCP listener: what is sent comes out whole, in order, and once, whatever is lost, repeated or overtaken."""

from __future__ import annotations

import hashlib
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from vnic_reference.network.frames import Ipv4
from vnic_reference.network.tcp import PROTOCOL_TCP, Flag, Segment, TcpSink

PEER = b"\x0a\0\0\1"
OURS = b"\x0a\0\0\2"
START = 0xFFFF_FFF0  # sequence numbers wrap early


def segment(flags: int, sequence: int = START, payload: bytes = b"", source: int = 40_000) -> Segment:
    return Segment(source, 5001, sequence & 0xFFFF_FFFF, 2, flags, payload)


@given(st.binary(min_size=1, max_size=60), st.integers(1, 9), st.randoms(use_true_random=False))
def test_what_is_sent_until_it_is_acknowledged_comes_out_once(data: bytes, size: int, random: Random) -> None:
    sink = TcpSink(5001)
    opened = sink.take(segment(Flag.SYN), PEER, 0)
    assert opened is not None
    assert opened.acknowledgement == (START + 1) & 0xFFFF_FFFF
    pieces = [(at, data[at : at + size]) for at in range(0, len(data), size)]
    acknowledged = 0
    while acknowledged < len(data):
        # Any piece may come, again or too early; at last the one that is due does.
        due = (acknowledged, data[acknowledged : acknowledged + size])
        for at, piece in (*random.choices(pieces, k=2), due):
            answer = sink.take(segment(Flag.ACK, START + 1 + at, piece), PEER, 0)
            assert answer is not None
            acknowledged = (answer.acknowledgement - START - 1) & 0xFFFF_FFFF
    closed = sink.take(segment(Flag.FIN | Flag.ACK, START + 1 + len(data)), PEER, 0)
    assert closed is not None
    assert closed.flags == Flag.FIN | Flag.ACK
    assert (sink.received, sink.closed, sink.digest) == (len(data), 1, hashlib.sha256(data).hexdigest())


def test_a_second_connection_waits_for_the_end_of_the_first() -> None:
    sink = TcpSink(5001)
    sink.take(segment(Flag.SYN), PEER, 0)
    refused = sink.take(segment(Flag.SYN, source=40_001), PEER, 0)
    assert refused is not None
    assert refused.flags & Flag.RST
    stranger = sink.take(segment(Flag.ACK, payload=b"x", source=40_001), PEER, 0)
    assert stranger is not None
    assert stranger.flags == Flag.RST
    assert sink.take(segment(Flag.RST), PEER, 0) is None
    opened = sink.take(segment(Flag.SYN, source=40_001), PEER, 0)
    assert opened is not None
    assert opened.flags == Flag.SYN | Flag.ACK
    assert sink.received == 0


def test_silence_between_data_is_measured() -> None:
    sink = TcpSink(5001)
    sink.take(segment(Flag.SYN), PEER, 0)
    for at, now in ((0, 100), (1, 150), (2, 950), (3, 960)):
        sink.take(segment(Flag.ACK, START + 1 + at, b"x"), PEER, now)
    assert (sink.longest_silence_ms, sink.last_at) == (800, 960)
    assert sink.take(segment(Flag.ACK, START + 5), PEER, 970) is None


def test_a_segment_is_read_back_and_damage_is_noticed() -> None:
    sent = Segment(1, 2, 3, 4, Flag.ACK, b"data", b"\1\1\1\1")
    data = sent.pack(PEER, OURS)
    assert Segment.unpack(Ipv4(PEER, OURS, PROTOCOL_TCP, data)) == sent._replace(options=b"")
    for at in range(len(data)):
        damaged = bytes([*data[:at], data[at] ^ 0x10, *data[at + 1 :]])
        assert Segment.unpack(Ipv4(PEER, OURS, PROTOCOL_TCP, damaged)) is None
    assert Segment.unpack(Ipv4(PEER, OURS, PROTOCOL_TCP, data[:19])) is None
