"""Frames through the server, with a client played by the test (DAT-1, DAT-2; protocol.md 3.6)."""

from __future__ import annotations

from typing import Any

import pytest

from vnic_reference.dialogue.descriptors import (
    TX_INSERT_VLAN,
    RxAdd,
    RxCompletion,
    Segment,
    TxDescriptor,
    TxSegments,
)
from vnic_spec.wire import Command, CommandRc, Rc

#: Where the player's frames are.
BASE = 0x40000
FRAME = bytes(range(12)) + b"\x08\x00" + bytes(50)


def tx(user: Any, correlator: int = 7, **fields: int) -> bytes:
    user.driver.poke(BASE, FRAME)
    return TxDescriptor(correlator, **{"map_id": 1, "length": len(FRAME), "ioba": BASE, **fields}).pack()


def test_transmit(user: Any) -> None:
    assert user.transmit(tx(user)) == [(0, 7)]
    assert user.bench.ports[0].sent == [FRAME]


def test_seven_completions_in_two_elements(user: Any) -> None:
    assert user.transmit(*[tx(user, number) for number in range(7)]) == [(0, number) for number in range(7)]


def test_no_completion_unless_wanted_or_failed(user: Any) -> None:
    assert user.transmit(tx(user, flags1=0)) == []
    assert user.bench.ports[0].sent == [FRAME]
    assert user.transmit(tx(user, flags1=0, map_id=9)) == [(CommandRc.INVALID_IOBA, 7)]


def test_pieces(user: Any) -> None:
    """Scatter and gather; header descriptors are taken and not needed."""
    first = tx(user, elements=4, segments=3, length=20)
    header = bytes((0x80, 0x11)) + bytes(30)
    second = TxSegments(Segment(1, 4, BASE + 20), Segment(1, 30, BASE + 24)).pack()
    extension = bytes((0x80, 0x12)) + bytes(30)
    assert user.transmit(first, header, second) == []  # not all there yet
    assert user.transmit(extension) == [(0, 7)]
    assert user.bench.ports[0].sent == [FRAME[:54]]


def test_vlan_insertion(user: Any) -> None:
    assert user.transmit(tx(user, flags2=TX_INSERT_VLAN, vlan=5)) == [(0, 7)]
    assert user.bench.ports[0].sent == [FRAME[:12] + b"\x81\x00\x00\x05" + FRAME[12:]]


@pytest.mark.parametrize(
    ("fields", "rc"),
    [
        ({"kind": 0x00}, CommandRc.UNSUPPORTED_OPTION),
        ({"kind": 0x30}, CommandRc.UNSUPPORTED_OPTION),
        ({"map_id": 0}, CommandRc.INVALID_IOBA),
        ({"map_id": 2}, CommandRc.INVALID_IOBA),
        ({"ioba": BASE - 1}, CommandRc.INVALID_IOBA),
        ({"ioba": BASE + 0x10000 - 20}, CommandRc.INVALID_IOBA),
        ({"ioba": (1 << 64) - 1}, CommandRc.INVALID_IOBA),
        ({"length": 0}, CommandRc.INVALID_LENGTH),
        ({"length": 13}, CommandRc.INVALID_LENGTH),
        ({"length": 1519}, CommandRc.INVALID_LENGTH),
        ({"length": 0xFFFFFFFF}, CommandRc.INVALID_LENGTH),
        ({"elements": 0}, CommandRc.PARAMETER),
        ({"segments": 0}, CommandRc.PARAMETER),
        ({"segments": 2}, CommandRc.PARAMETER),
        ({"flags1": 0xC0}, CommandRc.UNSUPPORTED_OPTION),  # checksum offload, which was not offered
        ({"flags1": 0xA0}, CommandRc.UNSUPPORTED_OPTION),  # large send
    ],
)
def test_bad_descriptors(user: Any, fields: dict[str, int], rc: CommandRc) -> None:
    """Completed with a code, nothing sent, and the next frame goes out."""
    assert user.transmit(tx(user, **fields)) == [(rc, 7)]
    assert user.bench.ports[0].sent == []
    assert user.transmit(tx(user, 8)) == [(0, 8)]


def test_a_frame_broken_off(user: Any) -> None:
    assert user.transmit(tx(user, 1, elements=3, segments=2), tx(user, 2)) == [(CommandRc.PARAMETER, 1), (0, 2)]


def test_nothing_leaves_with_the_link_closed(user: Any) -> None:
    user.ask(Command.LOGICAL_LINK_STATE, state=0)
    assert user.transmit(tx(user)) == [(CommandRc.INVALID_STATE, 7)]
    assert user.bench.ports[0].sent == []


def lend(user: Any, correlator: int, **fields: int) -> None:
    given = RxAdd(correlator, **{"map_id": 1, "ioba": BASE + 0x4000, "length": 1536, **fields})
    assert user.driver.send_sub(user.rx_add, given.pack()) == Rc.H_SUCCESS
    user.bench.settle()


def arrive(user: Any, *frames: bytes) -> list[RxCompletion]:
    user.bench.ports[0].inbox += frames
    user.bench.settle()
    return [RxCompletion.unpack(data) for data in user.driver.drain(user.rx_done)]


def test_receive(user: Any) -> None:
    lend(user, (1 << 64) - 2)
    lend(user, 3, ioba=BASE + 0x6001)
    first, second = arrive(user, FRAME, FRAME + b"more")
    assert (first.correlator, first.length, first.rc) == ((1 << 64) - 2, len(FRAME), 0)
    assert user.driver.peek(BASE + 0x4000, len(FRAME)) == FRAME
    assert (second.correlator, second.length) == (3, len(FRAME) + 4)
    assert user.driver.peek(BASE + 0x6001, len(FRAME) + 4) == FRAME + b"more"
    assert arrive(user, FRAME) == []  # no buffer left: lost, and counted
    assert user.server.data_path.dropped == 1


@pytest.mark.parametrize(
    ("fields", "rc"),
    [
        ({"map_id": 0}, CommandRc.PARAMETER),
        ({"map_id": 9}, CommandRc.PARAMETER),
        ({"length": 0}, CommandRc.PARAMETER),
        ({"ioba": BASE - 1}, CommandRc.INVALID_IOBA),
        ({"length": 0x10001}, CommandRc.INVALID_IOBA),
    ],
)
def test_bad_buffers_are_given_back(user: Any, fields: dict[str, int], rc: CommandRc) -> None:
    lend(user, 5, **fields)
    (back,) = [RxCompletion.unpack(data) for data in user.driver.drain(user.rx_done)]
    assert (back.correlator, back.length, back.rc) == (5, 0, rc)
    assert arrive(user, FRAME) == []


def test_a_buffer_unmapped_meanwhile(user: Any) -> None:
    lend(user, 5)
    assert user.code(Command.REQUEST_UNMAP, map_id=1) == 0
    assert [(back.correlator, back.rc) for back in arrive(user, FRAME)] == [(5, CommandRc.INVALID_IOBA)]


def test_a_frame_longer_than_the_buffer(user: Any) -> None:
    lend(user, 5, length=40)
    assert arrive(user, FRAME) == []
    assert user.server.data_path.dropped == 1


def test_a_full_completion_queue_loses_none(user: Any) -> None:
    """Completions wait for room; meanwhile descriptors stay unread."""
    sent = 0
    while user.driver.send_sub(user.submission, tx(user, sent)) == Rc.H_SUCCESS:
        sent += 1
        user.bench.settle()
    assert sent > 128 + 128
    seen: list[int] = []
    for _ in range(10):
        seen += [correlator for _, correlator in user.transmit()]
        user.bench.run(10)
    assert seen == list(range(sent))
    assert len(user.bench.ports[0].sent) == sent
