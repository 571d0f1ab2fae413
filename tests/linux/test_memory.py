"""The window of a guest: every byte that was mapped can be reached as it was mapped for, and no other."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnic_conformance.linux.memory import Direction, DmaMap, Unmapped, Window

SIZE = 256
START = 16


def made(*windows: Window, granule: int = 1) -> DmaMap:
    dma = DmaMap(bytearray(range(SIZE)), START, granule)
    for window in windows:
        dma.map(window)
    return dma


windows = st.builds(
    Window, st.sampled_from([1, 2]), st.integers(0, SIZE - 1), st.integers(0, SIZE // 2), st.sampled_from(Direction)
)


@given(
    st.lists(windows, max_size=6), st.sampled_from([1, 2]), st.integers(-4, SIZE + 4), st.integers(0, 40), st.booleans()
)
def test_an_access_is_allowed_exactly_where_every_byte_is(
    mapped: list[Window], unit: int, address: int, length: int, writing: bool
) -> None:
    dma = made(*mapped)
    forbidden = Direction.TO_DEVICE if writing else Direction.FROM_DEVICE

    def reachable(at: int) -> bool:
        return START <= at < SIZE and any(
            w.unit == unit and w.direction is not forbidden and w.address <= at < w.end for w in mapped
        )

    allowed = all(reachable(at) for at in range(address, address + length))
    if length == 0:
        allowed = START <= address <= SIZE
    assert (dma.writable if writing else dma.readable)(unit, address, length) == allowed
    with nullcontext() if allowed else pytest.raises(Unmapped) as caught:
        if writing:
            dma.write(unit, address, bytes(length))
        else:
            assert dma.read(unit, address, length) == bytes(range(SIZE))[address : address + length]
    if caught is not None:
        assert length == 0 or not reachable(caught.value.address)


def test_a_mapping_that_ends_is_gone_and_its_twin_is_not() -> None:
    window = Window(1, 32, 8, Direction.BOTH)
    dma = made(window, window)
    dma.unmap(window)
    assert dma.readable(1, 32, 8)
    dma.unmap(window)
    assert not dma.readable(1, 32, 1)
    assert dma.faults == []


@pytest.mark.parametrize(
    "other",
    [
        Window(1, 32, 7, Direction.BOTH),
        Window(1, 33, 8, Direction.BOTH),
        Window(2, 32, 8, Direction.BOTH),
        Window(1, 32, 8, Direction.TO_DEVICE),
    ],
)
def test_an_unmapping_of_something_else_is_noted_and_ends_nothing(other: Window) -> None:
    dma = made(Window(1, 32, 8, Direction.BOTH))
    dma.unmap(other)
    assert dma.readable(1, 32, 8)
    (fault,) = dma.faults
    assert "which is not mapped so" in fault


def test_what_a_device_leaves_mapped_is_noted() -> None:
    dma = made(Window(1, 32, 8, Direction.BOTH), Window(2, 48, 8, Direction.BOTH))
    dma.clear(1)
    assert dma.windows() == (Window(2, 48, 8, Direction.BOTH),)
    assert dma.faults == ["device 1: the driver has left 0x20+0x8 both mapped"]


def test_a_table_of_pages_is_coarser() -> None:
    dma = made(Window(1, 70, 4, Direction.BOTH), granule=64)
    assert dma.readable(1, 64, 64)
    assert not dma.readable(1, 63, 2)
    assert not dma.readable(1, 127, 2)


def test_a_message_says_what_is_there_instead() -> None:
    dma = made(Window(1, 32, 8, Direction.TO_DEVICE))
    with pytest.raises(
        Unmapped, match=r"device 1: a partner may not write 4 bytes that reach 0x20: .* the other direction"
    ):
        dma.write(1, 32, b"abcd")
    with pytest.raises(
        Unmapped, match=r"reach 0x28: nothing is mapped there; the mapping below it is 0x20\+0x8 to_device"
    ):
        dma.read(1, 36, 8)


def test_changes_are_told() -> None:
    dma, told = made(), []
    dma.listener = lambda *change: told.append(change)
    window = Window(1, 32, 8, Direction.FROM_DEVICE)
    dma.map(window)
    dma.unmap(window)
    dma.unmap(window)
    dma.map(window)
    dma.clear(1)
    assert told == [(True, 1, 32, 8, 2), (False, 1, 32, 8, 2), (True, 1, 32, 8, 2), (False, 1, 32, 8, 2)]
