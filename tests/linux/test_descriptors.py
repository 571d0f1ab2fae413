"""Descriptors as the kit reads and makes them are those that the reference makes and reads: two authors, one layout."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnic_conformance.linux import descriptors
from vnic_conformance.linux.memory import Direction, DmaMap, Unmapped, Window
from vnic_reference.dialogue.descriptors import RxAdd, RxCompletion, TxCompletion, TxDescriptor

word = st.integers(0, (1 << 32) - 1)
half = st.integers(0, (1 << 16) - 1)
double = st.integers(0, (1 << 64) - 1)
byte = st.integers(0, 255)


@given(st.lists(st.tuples(word, half, word, double, st.integers(1, 255), byte), min_size=1, max_size=4))
def test_frames_to_send(frames: list[tuple[int, int, int, int, int, int]]) -> None:
    block = b"".join(
        TxDescriptor(correlator, map_id, length, ioba, elements=elements, flags1=flags).pack()
        for correlator, map_id, length, ioba, elements, flags in frames
    )
    header = bytes([0x80, 0x11]) + bytes(30)
    assert descriptors.submitted(block + header) == [
        descriptors.Submitted(correlator, map_id, ioba, length, elements, bool(flags & 0x80), flags & 0x7F, 0)
        for correlator, map_id, length, ioba, elements, flags in frames
    ]


@given(double, byte, word, st.integers(0, (1 << 24) - 1))
def test_buffers_to_fill(correlator: int, map_id: int, address: int, length: int) -> None:
    block = RxAdd(correlator=correlator, ioba=address, map_id=map_id, length=length).pack()
    assert descriptors.lent(block) == [descriptors.Lent(correlator, map_id, address, length)]


@given(st.lists(st.tuples(word, half), min_size=1, max_size=5))
def test_frames_done_with(done: list[tuple[int, int]]) -> None:
    element = descriptors.tx_done([correlator for correlator, _ in done], [code for _, code in done])
    assert list(TxCompletion.unpack(element).entries) == [(code, correlator) for correlator, code in done]


@given(double, word, half, half)
def test_a_frame_received(correlator: int, length: int, offset: int, code: int) -> None:
    found = RxCompletion.unpack(descriptors.rx_done(correlator, length, offset, code))
    assert (found.correlator, found.length, found.offset, found.rc) == (correlator, length, offset, code)


def test_a_login_is_read_as_far_as_it_is_mapped() -> None:
    at, handles = 64, struct.pack(">3Q", 1, 2, 3)
    data = struct.pack(">10I", 64, 1, 2, 40, 1, 56, 0x1000, 99, 0, 0) + handles
    dma = DmaMap(bytearray(at) + bytearray(data) + bytearray(64))
    dma.map(Window(7, at, len(data), Direction.TO_DEVICE))
    assert descriptors.login(dma, 7, at, len(data)) == descriptors.Login((1, 2), (3,), 0x1000, 99)
    dma.unmap(Window(7, at, len(data), Direction.TO_DEVICE))
    dma.map(Window(7, at, len(data) - 1, Direction.TO_DEVICE))
    with pytest.raises(Unmapped):
        descriptors.login(dma, 7, at, len(data))
