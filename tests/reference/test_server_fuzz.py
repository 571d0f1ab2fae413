"""Any element, login buffer or descriptor from the client, at any time: a defined answer, never an exception (SRV-3).

A command is answered exactly once, with its own number; a refused one changes nothing; nothing leaves that is not a frame
of the client's. The fast version of each test runs with every test run, the slow ones feed 70,000 inputs together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vnic_reference import violations
from vnic_reference.dialogue.descriptors import RxAdd, RxCompletion, Segment, TxCompletion, TxDescriptor, TxSegments
from vnic_reference.dialogue.elements import request
from vnic_spec.wire import INIT, INIT_COMPLETE, Capability, Command, CommandRc, Rc

FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
PER_EXAMPLE = 50
FAST = settings(max_examples=10, deadline=None, suppress_health_check=FIXTURES)
SLOW = settings(max_examples=500, deadline=None, suppress_health_check=FIXTURES)

BUFFER, ANSWER, FRAMES = 0x10000, 0x11000, 0x40000
SECRET_AT, SECRET = 0x60000, b"never lent, never touched"
number32 = st.sampled_from(
    [0, 1, 39, 40, 136, 255, 256, 4096, 8 << 20, (8 << 20) + 1, BUFFER, ANSWER, FRAMES, FRAMES + 7, 0xFFFFF, 1 << 20,
     1 << 30, 0xFFFF_F000, 0xFFFF_FFFF]
) | st.integers(0, (1 << 32) - 1)  # fmt: skip


def word(value: int) -> bytes:
    return value.to_bytes(4, "big")


# -- elements --------------------------------------------------------------------------------------------------------

header = st.sampled_from([0x80] * 12 + [0x81, 0xBF, 0xC0, 0xC0, 0xC1, 0xFE])
code = st.sampled_from([int(command) for command in Command]) | st.integers(0, 255)
payload = st.binary(min_size=14, max_size=14) | st.builds(
    lambda head, first, second, third: head + word(first) + word(second) + word(third),
    st.binary(min_size=2, max_size=2) | st.sampled_from([b"\0\1", b"\1\0", b"\0\0", b"\xff\0"]),
    number32,
    number32,
    number32,
)
sensible = st.builds(
    lambda capability, value: request(Command.REQUEST_CAPABILITY, capability=capability, number=value),
    st.sampled_from([int(number) for number in Capability]),
    st.integers(0, 200),
)
any_element = (
    st.builds(lambda first, second, rest: bytes((first, second)) + rest, header, code, payload)
    | sensible
    | st.sampled_from([INIT, INIT_COMPLETE, request(Command.LOGIN, ioba=BUFFER, length=200)])
)
stage = st.sampled_from(["registered", "open", "negotiated", "logged in"])


def at_stage(user_class: Any, bench_class: Any, where: str) -> Any:
    """A played client at some point of its dialogue, with a login buffer that is good for one queue each way."""
    talk = user_class(bench_class(client=None))
    talk.driver.poke(SECRET_AT, SECRET)
    if where == "registered":
        talk.driver.free_crq()
        talk.register()
        talk.bench.settle()
        talk.driver.drain()
        return talk
    if where != "open":
        talk.negotiate()
    tx, rx = talk.handles()
    talk.driver.poke(BUFFER, talk.login_buffer((tx,), (rx,)))
    return talk.log_in() if where == "logged in" else talk


def state(talk: Any) -> object:
    """What a refused command must leave alone."""
    port, session = talk.bench.ports[0], talk.server.session
    agreed = None
    if session is not None:
        agreed = session.version, session.logged_in, session.logical_up, session.mac, sorted(session.maps)
    filters = port.mac, sorted(port.multicast), port.all_multicast, port.promiscuous
    return filters, agreed, sorted(talk.bench.machine.servers[0].unit.sub_crqs), talk.server.remote.free_pages


def feed_elements(talk: Any, batch: Sequence[bytes]) -> None:
    for said in batch:
        before = state(talk)
        assert talk.driver.send(said) == Rc.H_SUCCESS
        heard = [element for element in talk.heard() if element[1] != Command.LINK_STATE_INDICATION]
        if said == INIT or said[:2] == INIT[:2]:
            assert heard == [INIT_COMPLETE]
        elif said[0] == 0x80 and said[1] < 0x80:
            assert [element[:2] for element in heard] == [bytes((0x80, said[1] | 0x80))]
            rc = CommandRc(heard[0][12])
            if rc not in (CommandRc.SUCCESS, CommandRc.PARTIAL_SUCCESS):
                assert state(talk) == before
        else:
            assert heard == []
        assert violations(talk.bench.machine) == []
    assert talk.bench.ports[0].sent == []
    assert talk.driver.peek(SECRET_AT, len(SECRET)) == SECRET
    # Whatever was said: a client that begins afresh is served.
    talk.driver.free_crq()
    type(talk)(talk.bench).negotiate().log_in()


elements = st.lists(any_element, min_size=PER_EXAMPLE, max_size=PER_EXAMPLE)


@FAST
@given(stage, elements)
def test_any_element(player_class: Any, bench_class: Any, where: str, batch: list[bytes]) -> None:
    feed_elements(at_stage(player_class, bench_class, where), batch)


@pytest.mark.slow
@SLOW
@given(stage, elements)
def test_any_element_25000(player_class: Any, bench_class: Any, where: str, batch: list[bytes]) -> None:
    feed_elements(at_stage(player_class, bench_class, where), batch)


# -- login buffers ---------------------------------------------------------------------------------------------------

#: Changes of a good buffer: words at offsets of the head, or random bytes anywhere; then the length announced.
change = st.tuples(
    st.lists(st.tuples(st.sampled_from(range(0, 56, 4)), number32), max_size=3),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), max_size=4),
    st.sampled_from([None, None, None, 0, 39, 40, 56, 4096, 0x10000, 0x10001]) | number32,
)
changes = st.lists(change, min_size=PER_EXAMPLE // 2, max_size=PER_EXAMPLE // 2)


def feed_logins(talk: Any, batch: Sequence[Any]) -> None:
    tx, rx = talk.handles()
    good = talk.login_buffer((tx,), (rx,))
    for words, single, length in batch:
        data = bytearray(good)
        for at, value in words:
            data[at : at + 4] = word(value)
        for at, value in single:
            data[at % len(data)] = value
        talk.driver.poke(BUFFER, bytes(data))
        before = state(talk)
        asked = request(Command.LOGIN, ioba=BUFFER, length=len(data) if length is None else length)
        (answer,) = talk.say(asked)
        assert answer[:2] == bytes((0x80, Command.LOGIN | 0x80))
        if CommandRc(answer[12]) != CommandRc.SUCCESS:
            assert state(talk) == before
            continue
        assert talk.server.session.logged_in
        # Begin afresh, for the next one.
        assert talk.say(INIT) == [INIT_COMPLETE]
        talk.negotiate()
    assert violations(talk.bench.machine) == []


@FAST
@given(changes)
def test_any_login_buffer(player_class: Any, bench_class: Any, batch: list[Any]) -> None:
    feed_logins(player_class(bench_class(client=None)).negotiate(), batch)


@pytest.mark.slow
@SLOW
@given(changes)
def test_any_login_buffer_12500(player_class: Any, bench_class: Any, batch: list[Any]) -> None:
    feed_logins(player_class(bench_class(client=None)).negotiate(), batch)


# -- descriptors -----------------------------------------------------------------------------------------------------

near = st.integers(FRAMES - 8, FRAMES + 64) | st.integers(FRAMES + 0xFFC0, FRAMES + 0x10008) | number32
short = st.sampled_from([0, 1, 13, 14, 20, 60, 1514, 1518, 1519]) | number32
byte = st.sampled_from([0, 1, 1, 2, 3, 0x10, 0x20, 0x40, 0x80, 0xFF]) | st.integers(0, 255)
transmit = st.builds(
    lambda correlator, map_id, length, ioba, kind, elements, segments, flags1, flags2: TxDescriptor(
        correlator, map_id, length, ioba, kind, elements, segments, flags1, flags2
    ).pack(),
    st.integers(0, (1 << 32) - 1),
    st.sampled_from([1, 1, 1, 0, 2, 255]),
    short,
    near,
    st.sampled_from([0x10, 0x10, 0x10, 0x11, 0x12, 0x30, 0x00]),
    st.sampled_from([1, 1, 2, 3, 0, 255]),
    st.sampled_from([1, 1, 2, 3, 0, 255]),
    byte,
    byte,
)
segments = st.builds(
    lambda first, second: TxSegments(Segment(*first), Segment(*second)).pack(),
    st.tuples(st.sampled_from([1, 1, 0, 9]), short, near),
    st.tuples(st.sampled_from([1, 1, 0, 9]), short, near),
)
raw = st.binary(min_size=31, max_size=31).map(lambda data: b"\x80" + data)
lent = st.builds(
    lambda correlator, map_id, ioba, length: RxAdd(correlator, map_id, ioba, length).pack(),
    st.integers(0, (1 << 64) - 1),
    st.sampled_from([1, 1, 1, 0, 2, 255]),
    near.map(lambda value: value & 0xFFFFFFFF),
    short.map(lambda value: value & 0xFFFFFF),
)
descriptor = (
    st.tuples(st.just("tx"), transmit | transmit | segments | raw)
    | st.tuples(st.just("rx"), lent | lent | raw)
    | st.tuples(st.just("wire"), st.sampled_from([14, 60, 1518, 9014]).map(lambda size: bytes(range(14)).ljust(size)))
)
descriptors = st.lists(descriptor, min_size=PER_EXAMPLE, max_size=PER_EXAMPLE)


def feed_descriptors(talk: Any, batch: Sequence[tuple[str, bytes]]) -> None:
    memory = bytes(number % 251 for number in range(0x10000))
    talk.driver.poke(FRAMES, memory)
    talk.driver.poke(SECRET_AT, SECRET)
    port = talk.bench.ports[0]
    given_tx, given_rx, completed, returned = [], [], [], []
    for kind, data in batch:
        if kind == "tx":
            assert talk.driver.send_sub(talk.submission, data) == Rc.H_SUCCESS
            given_tx.append(int.from_bytes(data[12:16], "big"))
        elif kind == "rx":
            assert talk.driver.send_sub(talk.rx_add, data) == Rc.H_SUCCESS
            given_rx.append(RxAdd.unpack(data).correlator)
        else:
            port.inbox.append(data)
        talk.bench.settle()
        completed += [entry for done in talk.driver.drain(talk.tx_done) for entry in TxCompletion.unpack(done).entries]
        returned += [RxCompletion.unpack(done) for done in talk.driver.drain(talk.rx_done)]
    frames = sum(kind == "wire" for kind, _ in batch)
    assert len(port.sent) <= len(given_tx)
    assert len(completed) <= len(given_tx)
    assert Counter(correlator for _, correlator in completed) <= Counter(given_tx)
    assert all(CommandRc(rc) is not None for rc, _ in completed)
    assert len([done for done in returned if done.rc == 0]) <= frames
    assert Counter(done.correlator for done in returned) <= Counter(given_rx)
    assert all(14 <= len(frame) <= 1514 + 8 for frame in port.sent)
    assert talk.driver.peek(SECRET_AT, len(SECRET)) == SECRET
    assert violations(talk.bench.machine) == []
    # Whatever came before: the next whole frame is sent, and answered.
    port.sent.clear()
    talk.transmit()
    good = TxDescriptor(0xABCD, 1, 60, FRAMES).pack()
    assert talk.transmit(good)[-1:] == [(0, 0xABCD)]
    assert port.sent == [talk.driver.peek(FRAMES, 60)]


@FAST
@given(descriptors)
def test_any_descriptor(player_class: Any, bench_class: Any, batch: list[tuple[str, bytes]]) -> None:
    feed_descriptors(at_stage(player_class, bench_class, "logged in"), batch)


@pytest.mark.slow
@settings(SLOW, max_examples=700)
@given(descriptors)
def test_any_descriptor_35000(player_class: Any, bench_class: Any, batch: list[tuple[str, bytes]]) -> None:
    feed_descriptors(at_stage(player_class, bench_class, "logged in"), batch)
