"""Layouts of the VNIC protocol: what is packed comes out again, and lies where the sources say (protocol.md 3.2 to 3.6)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnic_reference.dialogue import buffers, descriptors, elements
from vnic_reference.network.port import PortStatistics
from vnic_spec.wire import Capability, Command, CommandRc

u8, u16, u32, u64 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32, 64))


@pytest.mark.parametrize("layout", [*elements.REQUESTS.values(), *elements.RESPONSES.values()], ids=str)
def test_fields_lie_apart(layout: elements.Layout) -> None:
    taken = [at for offset, size in layout.values() for at in range(offset, offset + size)]
    assert len(taken) == len(set(taken))
    assert all(2 <= at < 16 for at in taken)


@pytest.mark.parametrize("command", list(elements.RESPONSES))
def test_responses_leave_room_for_their_code(command: Command) -> None:
    assert all(offset + size <= 12 for offset, size in elements.RESPONSES[command].values())


@given(st.sampled_from(list(elements.REQUESTS)), st.data())
def test_what_is_put_in_comes_out(command: Command, data: Any) -> None:
    values = {
        name: data.draw(st.integers(0, (1 << 8 * size) - 1)) for name, (_, size) in elements.REQUESTS[command].items()
    }
    element = elements.request(command, **values)
    assert element[:2] == bytes((0x80, command))
    assert {name: elements.field(element, name) for name in values} == values


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (elements.request(Command.VERSION_EXCHANGE, version=1), "8001 0001 0000000000000000 00000000"),
        (
            elements.request(Command.REQUEST_CAPABILITY, capability=21, number=0x5EA),
            "8003 0015 00000000000005ea 00000000",
        ),
        (elements.request(Command.LOGIN, ioba=0x11223344, length=0x55), "8004 000000000000 11223344 00000055"),
        (elements.request(Command.CHANGE_MAC_ADDR, mac=bytes(range(6))), "8013 000102030405 00000000 00000000"),
        (
            elements.request(Command.MULTICAST_CTRL, mac=bytes(range(6)), flags=0x80),
            "8014 000102030405 80000000 00000000",
        ),
        (elements.request(Command.QUERY_IP_OFFLOAD, ioba=0x2000, length=256), "8018 0000 00000100 00002000 00000000"),
        (
            elements.request(Command.CONTROL_IP_OFFLOAD, ioba=0x18010CE0, length=136),
            "8019 0000 18010ce0 00000088 00000000",
        ),
        (
            elements.request(Command.REQUEST_MAP, map_id=7, ioba=0x1000, length=0x2000),
            "801e 0007 00001000 00002000 00000000",
        ),
        (elements.request(Command.LINK_STATE_INDICATION, physical=1, logical=1), "8012 0000 0101 00000000000000000000"),
        (
            elements.request(Command.ERROR_INDICATION, flags=0x80, error_id=1, cause=4),
            "8008 8000 00000001 00000000 0004 0000",
        ),
        (elements.request(Command.LOGICAL_LINK_STATE, state=0xFF), "800c ff00 0000000000000000 00000000"),
    ],
)
def test_where_the_sources_say(element: bytes, expected: str) -> None:
    assert element == bytes.fromhex(expected)


def test_responses() -> None:
    asked = elements.request(Command.REQUEST_CAPABILITY, capability=7, number=9)
    answer = elements.response(asked, CommandRc.PARTIAL_SUCCESS, number=4)
    assert answer == bytes.fromhex("8083 0007 0000000000000004 01000000")
    login = elements.response(elements.request(Command.LOGIN, ioba=9, length=8), CommandRc.ABORTED)
    assert login == bytes.fromhex("8084 00000000000000000000 06000000")
    assert elements.response(bytes(16), CommandRc.UNKNOWN_COMMAND)[12] == 5
    unknown = elements.response(bytes.fromhex("8055") + bytes(range(14)), CommandRc.UNKNOWN_COMMAND)
    assert unknown == bytes.fromhex("80d5 00010203040506070809 05000000")


def test_unknown_fields_and_values() -> None:
    with pytest.raises(KeyError):
        elements.request(Command.LOGIN, mac=1)
    with pytest.raises(KeyError):
        elements.field(bytes.fromhex("8055").ljust(16), "ioba")
    with pytest.raises(OverflowError):
        elements.request(Command.LOGICAL_LINK_STATE, state=256)


def test_what_a_response_is_known_by() -> None:
    query = elements.request(Command.QUERY_CAPABILITY, capability=300)
    assert (
        elements.response_key(query) == elements.response_key(elements.response(query, CommandRc.SUCCESS)) == (2, 300)
    )
    unmap = elements.request(Command.REQUEST_UNMAP, map_id=9)
    assert elements.response_key(elements.response(unmap, CommandRc.SUCCESS)) == (Command.REQUEST_UNMAP, 9)
    assert elements.response_key(elements.request(Command.GET_VPD, ioba=5)) == (Command.GET_VPD, 0)


def test_the_order_of_the_dialogue() -> None:
    assert len(elements.QUERIED) == 25
    assert len(elements.REQUESTED) == 7
    assert elements.REQUESTED[-2:] == (Capability.REQ_MTU, Capability.PROMISC_REQUESTED)


# -- buffers ---------------------------------------------------------------------------------------------------------

handles = st.lists(u64, max_size=16).map(tuple)


@given(handles, handles, u32, u32, st.binary(max_size=60))
def test_login_request(tx: tuple[int, ...], rx: tuple[int, ...], ioba: int, length: int, names: bytes) -> None:
    asked = buffers.LoginRequest(tx, rx, ioba, length, names)
    assert buffers.LoginRequest.unpack(asked.pack() + b"behind the end") == asked


@given(handles, st.lists(st.tuples(u64, u64), max_size=16), st.binary(min_size=1, max_size=3))
def test_login_response(tx: tuple[int, ...], rx: list[tuple[int, int]], types: bytes) -> None:
    adds, sizes = tuple(add for add, _ in rx), tuple(size for _, size in rx)
    answer = buffers.LoginResponse(tx, adds, sizes, types)
    data = answer.pack()
    assert buffers.LoginResponse.unpack(data) == answer
    # what the unmodified driver lends is enough
    assert len(answer.pack()) - len(types) + 1 <= buffers.login_response_bytes(len(tx), len(adds))


@given(st.binary(max_size=200))
def test_any_bytes_for_a_login_buffer(data: bytes) -> None:
    for layout in (buffers.LoginRequest, buffers.LoginResponse):
        with suppress(buffers.LayoutError):
            assert layout.unpack(data) is not None


def test_client_data() -> None:
    assert buffers.client_data("Linux", "h", "e") == b"\1\0\6Linux\0" + b"\2\0\2h\0" + b"\3\0\2e\0" + bytes(3)


def test_offload_buffers() -> None:
    offered = frozenset({"ipv4_checksum", "large_tx_ipv6"})
    for data, size in ((buffers.ip_offload_answer(offered), 256), (buffers.ip_offload_control(offered), 136)):
        assert len(data) == size
        assert int.from_bytes(data[:4], "big") == size
        assert data[8:16] == bytes((1, 0, 0, 0, 0, 0, 0, 1))
        assert buffers.offloads_in(data) == offered
    assert buffers.offloads_in(b"short") == frozenset()


def test_statistics() -> None:
    counters = PortStatistics(rx_packets=1, mac_rx_errors=22, too_short_frames=26)
    data = buffers.pack_statistics(counters, promiscuous=True)
    assert len(data) == 256
    assert (data[7], data[15], data[8 + 21 * 8 + 7], data[208 + 7]) == (1, 1, 22, 26)
    assert buffers.unpack_statistics(data) == counters


# -- descriptors -----------------------------------------------------------------------------------------------------


@given(st.builds(descriptors.TxDescriptor, u32, u16, u32, u64, u8, u8, u8, u8, u8, u16))
def test_tx_descriptor(descriptor: descriptors.TxDescriptor) -> None:
    data = descriptor.pack()
    assert len(data) == 32
    assert data[0] == 0x80
    assert descriptors.TxDescriptor.unpack(data) == descriptor
    assert int.from_bytes(data[12:16], "big") == descriptor.correlator
    assert int.from_bytes(data[18:20], "big") == descriptor.map_id


segment = st.builds(descriptors.Segment, u16, u32, u64)


@given(st.builds(descriptors.TxSegments, segment, segment))
def test_tx_segments(descriptor: descriptors.TxSegments) -> None:
    data = descriptor.pack()
    assert data[:2] == bytes((0x80, 0x30))
    assert descriptors.TxSegments.unpack(data) == descriptor
    assert int.from_bytes(data[18:20], "big") == descriptor.second.map_id


@given(st.lists(st.tuples(u16, u32), max_size=5))
def test_tx_completion(entries: list[tuple[int, int]]) -> None:
    data = descriptors.TxCompletion(tuple(entries)).pack()
    assert (len(data), data[1]) == (32, len(entries))
    assert descriptors.TxCompletion.unpack(data).entries == tuple(entries)


@given(st.builds(descriptors.RxAdd, u64, u8, u32, st.integers(0, (1 << 24) - 1)))
def test_rx_add(descriptor: descriptors.RxAdd) -> None:
    data = descriptor.pack()
    assert data[20] == descriptor.map_id
    assert int.from_bytes(data[21:24], "big") == descriptor.length
    assert descriptors.RxAdd.unpack(data) == descriptor


@given(st.builds(descriptors.RxCompletion, u64, u32, u16, u16, u8, u16))
def test_rx_completion(descriptor: descriptors.RxCompletion) -> None:
    data = descriptor.pack()
    assert int.from_bytes(data[18:20], "big") == descriptor.rc
    assert descriptors.RxCompletion.unpack(data) == descriptor
