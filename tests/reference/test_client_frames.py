"""Frames through the client, with a server played by the test; nothing that it says is used unchecked (CLI-9, DAT)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_reference.dialogue.descriptors import RxAdd, RxCompletion, TxCompletion, TxDescriptor
from vnic_reference.dialogue.elements import request, response
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import Capability, Command, CommandRc, Rc


@pytest.fixture
def up(act: Callable[..., Any]) -> Any:
    """A server to which the client is logged in, its link up; two queues each way, 128 entries each."""
    actor = act()
    actor.settle()
    actor.driver.send(request(Command.LINK_STATE_INDICATION, physical=1, logical=1))
    actor.settle()
    assert actor.bench.client.link_up
    return actor


def lent(actor: Any) -> list[RxAdd]:
    """Buffers that the client has lent on the first receive path, and that were not looked at yet."""
    return [RxAdd.unpack(data) for data in actor.driver.drain(actor.handles[2])]


def complete(actor: Any, completion: RxCompletion | TxCompletion, queue: int = 2) -> list[bytes]:
    """Complete on a queue of the client's (0 and 1 transmit, 2 and 3 receive); frames that come of it."""
    assert actor.driver.send_sub(actor.completions[queue], completion.pack()) == Rc.H_SUCCESS
    actor.settle()
    frames: list[bytes] = actor.bench.client.received()
    return frames


def test_a_frame(up: Any) -> None:
    buffers = lent(up)
    assert len(buffers) == 128
    assert len({buffer.correlator for buffer in buffers}) == 128
    frame = up.bench.frame_for_client()
    up.bench.wire.poke(buffers[5].ioba + 2, frame)
    assert complete(up, RxCompletion(buffers[5].correlator, len(frame), offset=2)) == [frame]
    (again,) = lent(up)  # lent anew, under a new name
    assert again.ioba == buffers[5].ioba
    assert again.correlator not in {buffer.correlator for buffer in buffers}


@pytest.mark.parametrize(
    ("length", "offset"), [(1537, 0), (1536, 1), (60, 1500), ((1 << 32) - 1, 0), (13, 0), (0, 0), (60, 0xFFFF)]
)
def test_frames_that_do_not_lie_in_the_buffer(up: Any, length: int, offset: int) -> None:
    buffers = lent(up)
    assert complete(up, RxCompletion(buffers[0].correlator, length, offset=offset)) == []
    assert up.bench.client.data.suspect == 1
    assert lent(up) == []  # it rests
    up.run(1_000)
    assert [buffer.ioba for buffer in lent(up)] == [buffers[0].ioba]


def test_a_buffer_is_completed_once(up: Any) -> None:
    first = lent(up)[0]
    assert len(complete(up, RxCompletion(first.correlator, 60))) == 1
    assert complete(up, RxCompletion(first.correlator, 60)) == []  # DAT-2
    assert complete(up, RxCompletion(0, 60)) == []
    assert complete(up, RxCompletion((1 << 64) - 1, 60)) == []
    assert up.bench.client.data.suspect == 3


def test_buffers_that_come_back_unused_rest(up: Any) -> None:
    """A server that gives everything back at once does not keep the client busy: once a second."""
    for _ in range(3):
        buffers = lent(up)
        assert len(buffers) == 128
        for buffer in buffers:
            assert complete(up, RxCompletion(buffer.correlator, 0, CommandRc.ABORTED)) == []
        assert lent(up) == []
        assert up.bench.client.next_deadline() <= up.bench.now + 1_000
        up.run(1_000)
    assert up.bench.client.data.suspect == 0


def send(actor: Any, count: int) -> list[TxDescriptor]:
    """Frames to one station, so on one queue; their descriptors."""
    for number in range(count):
        assert actor.bench.client.send(actor.bench.frame(number))
    return [TxDescriptor.unpack(data) for handle in actor.handles[:2] for data in actor.driver.drain(handle)]


def test_sending(up: Any) -> None:
    (first,) = send(up, 1)
    assert up.bench.wire.peek(first.ioba, first.length) == up.bench.frame(0)
    complete(up, TxCompletion(((0, first.correlator),)), queue=0)
    assert up.bench.client.data.waiting_since() is None


def test_what_is_in_flight_is_bounded(up: Any) -> None:
    """As many frames as entries were granted; the rest is refused until completions come."""
    descriptors = send(up, 128)
    assert len({descriptor.correlator for descriptor in descriptors}) == 128
    assert not up.bench.client.send(up.bench.frame(999))
    complete(up, TxCompletion(tuple((0, descriptor.correlator) for descriptor in descriptors[:5])), queue=0)
    assert len(send(up, 5)) == 5
    assert not up.bench.client.send(up.bench.frame(999))


def test_completions_of_nothing(up: Any) -> None:
    (first,) = send(up, 1)
    complete(up, TxCompletion(((0, 77), (0, (1 << 32) - 1))), queue=0)
    assert up.bench.client.data.suspect == 2
    complete(up, TxCompletion(((CommandRc.PARAMETER, first.correlator), (0, first.correlator))), queue=0)
    assert (up.bench.client.data.suspect, up.bench.client.data.failed) == (3, 1)
    raw = bytes((0x80, 6)).ljust(32, b"\0")  # more than five
    assert up.driver.send_sub(up.completions[0], raw) == Rc.H_SUCCESS
    up.settle()
    assert up.bench.client.data.suspect == 4
    assert len(send(up, 128)) == 128  # every slot is free again, none of them twice
    assert not up.bench.client.send(up.bench.frame(999))


@pytest.mark.parametrize("length", [0, 13, 1519, 5000])
def test_frames_of_no_length(up: Any, length: int) -> None:
    assert not up.bench.client.send(bytes(length))
    assert send(up, 0) == []


def test_the_servers_queues_are_gone(up: Any) -> None:
    """protocol.md 4.8: nothing is sent any more; the platform has 5 s to say what has happened, and then CLI-7 holds."""
    for handle in up.handles:
        up.driver.free_sub_crq(handle)
    assert not up.bench.client.send(up.bench.frame())
    assert up.bench.client.data.broken
    up.run(4_999)
    assert up.bench.client.phase is ClientPhase.LOGGED_IN
    assert up.bench.client.registrations == 1
    up.run(1_000)
    assert up.bench.client.registrations == 2
    up.driver.send(request(Command.LINK_STATE_INDICATION, physical=1, logical=1))
    up.settle()
    assert up.bench.client.send(up.bench.frame())


@pytest.mark.parametrize(
    ("capability", "granted"),
    [
        (Capability.REQ_TX_QUEUES, 0),
        (Capability.REQ_RX_QUEUES, 17),
        (Capability.REQ_RX_ADD_QUEUES, 2),
        (Capability.REQ_TX_ENTRIES, (1 << 64) - 1),
        (Capability.REQ_RX_ADD_ENTRIES, 513),
        (Capability.REQ_MTU, 59),
        (Capability.PROMISC_REQUESTED, 2),
    ],
)
def test_grants_that_cannot_be_used(act: Callable[..., Any], capability: Capability, granted: int) -> None:
    """CLI-9: what comes with PartialSuccess is bounded too; it is a failed attempt."""
    number = int(capability).to_bytes(2, "big")

    def answer(asked: bytes) -> bytes:
        if asked[2:4] == number:
            return response(asked, CommandRc.PARTIAL_SUCCESS, number=granted)
        return response(asked, CommandRc.SUCCESS)

    actor = act(REQUEST_CAPABILITY=answer)
    actor.run(200)
    assert actor.bench.client.registrations == 3
    assert actor.bench.client.last_failure.startswith(f"{capability}: {granted} granted")
    assert actor.bench.machine.client.unit.sub_crqs == {}
