"""Any element, answer, login response or completion from a server, at any time (CLI-4, CLI-9).

The client never raises, comes to rest, keeps its own books, and once the server behaves again is logged in again: nothing
that a server can say ends in a dead end (CLI-7). The fast version of each test runs with every test run, the slow ones
feed 45,000 inputs together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vnic_reference import violations
from vnic_reference.client import ANSWER, REREGISTER, ClientSettings, VnicClient
from vnic_reference.dialogue.descriptors import RxCompletion, TxCompletion
from vnic_reference.dialogue.elements import request, response
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import INIT, INIT_COMPLETE, Command, CommandRc

FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
PER_EXAMPLE = 50
FAST = settings(max_examples=8, deadline=None, suppress_health_check=FIXTURES)
SLOW = settings(max_examples=300, deadline=None, suppress_health_check=FIXTURES)
#: Short waits, so that long stories take few steps; what they are tested for is in test_client_manners.py.
QUICK = {"negotiation_ms": 200, "command_ms": 100, "settle_ms": 50, "abort_pause_ms": 20, "link_retry_ms": 20}
PROFILES = [ClientSettings(client_init=client_init, **QUICK) for client_init in (REREGISTER, ANSWER)]  # type: ignore[arg-type]
#: Longer than any pause of the client's.
LONG_ENOUGH_MS = 130_000


def keeps_its_books(client: VnicClient) -> None:
    """Every slot of every pool is in exactly one place."""
    for tx in client.data.tx:
        assert sorted([*tx.free, *tx.in_flight]) == list(range(tx.pool.slots))
    for rx in client.data.rx:
        resting = [slot for _, slot in rx.resting]
        assert sorted([*rx.free, *rx.lent.values(), *resting]) == list(range(rx.pool.slots))
    assert client.failures >= 0
    assert client.mac == bytes.fromhex("020000000001")


def recovers(actor: Any) -> None:
    """With a server that behaves the client gets logged in, and carries frames: at once, or after one more login."""
    actor.answers.clear()
    actor.greets = True
    actor.step()
    actor.run(LONG_ENOUGH_MS)
    if actor.bench.client.phase is ClientPhase.WAITING:
        actor.driver.send(INIT)
        actor.run(1_000)
    assert actor.bench.client.phase is ClientPhase.LOGGED_IN, actor.bench.client.last_failure
    for _ in range(2):
        actor.driver.send(request(Command.LINK_STATE_INDICATION, physical=1, logical=1))
        actor.settle()
        if actor.bench.client.send(actor.bench.frame()):
            break
        actor.run(LONG_ENOUGH_MS)  # a handle of the last login was none: seen when it is used, and mended
    else:
        pytest.fail("no frame is taken")
    assert violations(actor.bench.machine) == []


# -- elements --------------------------------------------------------------------------------------------------------

any_element = st.builds(
    lambda first, second, rest: bytes((first, second)) + rest,
    st.sampled_from([0x80] * 10 + [0x81, 0xBF, 0xC0, 0xC1, 0xFE]),
    st.sampled_from([int(command) | 0x80 for command in Command])
    | st.sampled_from([0x08, 0x12, 1])
    | st.integers(0, 255),
    st.binary(min_size=14, max_size=14) | st.just(bytes(14)),
) | st.sampled_from([INIT, INIT_COMPLETE, request(Command.ERROR_INDICATION, flags=0x80)])
#: Elements, and pauses in ms between them.
elements = st.lists(
    st.tuples(any_element, st.sampled_from([0, 0, 0, 1, 60])), min_size=PER_EXAMPLE, max_size=PER_EXAMPLE
)
silent = st.sampled_from([None, "VERSION_EXCHANGE", "QUERY_CAPABILITY", "LOGIN", "REQUEST_MAP", "LOGICAL_LINK_STATE"])
profile = st.sampled_from(PROFILES)


def feed_elements(actor: Any, batch: Sequence[tuple[bytes, int]]) -> None:
    actor.settle()
    for said, pause in batch:
        actor.driver.send(said)
        actor.run(pause)
        actor.settle()
        keeps_its_books(actor.bench.client)
    recovers(actor)


def started(act: Callable[..., Any], choice: ClientSettings, without: str | None) -> Any:
    """A client and a server that is silent on one command, so that the elements come while its answer is awaited."""
    return act(choice, **({} if without is None else {without: None}))


@FAST
@given(profile, silent, elements)
def test_any_element(act: Any, choice: ClientSettings, without: str | None, batch: list[tuple[bytes, int]]) -> None:
    feed_elements(started(act, choice, without), batch)


@pytest.mark.slow
@SLOW
@given(profile, silent, elements)
def test_any_element_15000(
    act: Any, choice: ClientSettings, without: str | None, batch: list[tuple[bytes, int]]
) -> None:
    feed_elements(started(act, choice, without), batch)


# -- answers ---------------------------------------------------------------------------------------------------------

numbers = st.sampled_from([0, 1, 2, 5, 16, 64, 512, 513, 4096, 1 << 16, 1 << 32, (1 << 64) - 1])
#: What happens to an answer: nothing, silence, another code, another value, random bytes, twice.
twist = st.one_of(
    st.just(("as it is", b"")),
    st.just(("silence", b"")),
    st.tuples(st.just("code"), st.integers(0, 255).map(lambda code: bytes((code,)))),
    st.tuples(st.just("number"), numbers.map(lambda number: number.to_bytes(8, "big"))),
    st.tuples(st.just("bytes"), st.binary(min_size=14, max_size=14)),
    st.just(("twice", b"")),
)
twists = st.lists(twist, min_size=PER_EXAMPLE, max_size=PER_EXAMPLE)


class Twister:
    """Answers of a server as twisted one after the other, for as long as there are twists."""

    def __init__(self, actor: Any, batch: Sequence[tuple[str, bytes]]) -> None:
        self.actor = actor
        self.left = list(reversed(batch))

    def __call__(self, asked: bytes) -> bytes | None:
        answer: bytes = self.actor.usual(asked)
        how, data = self.left.pop() if self.left else ("as it is", b"")
        if how == "silence":
            return None
        if how == "twice":
            self.actor.driver.send(answer)
        elif how == "code":
            answer = answer[:12] + data + answer[13:]
        elif how == "number":
            answer = answer[:4] + data + answer[12:]
        elif how == "bytes":
            answer = answer[:2] + data
        return answer


def feed_answers(actor: Any, batch: Sequence[tuple[str, bytes]]) -> None:
    twister = Twister(actor, batch)
    actor.answers = dict.fromkeys(Command, twister)
    for _ in range(50):
        actor.run(10_000)
        keeps_its_books(actor.bench.client)
        if not twister.left:
            break
    recovers(actor)


@FAST
@given(profile, twists)
def test_any_answer(act: Any, choice: ClientSettings, batch: list[tuple[str, bytes]]) -> None:
    feed_answers(act(choice), batch)


@pytest.mark.slow
@SLOW
@given(profile, twists)
def test_any_answer_15000(act: Any, choice: ClientSettings, batch: list[tuple[str, bytes]]) -> None:
    feed_answers(act(choice), batch)


# -- login responses -------------------------------------------------------------------------------------------------

words = st.lists(
    st.tuples(st.sampled_from(range(0, 36, 4)), st.sampled_from([0, 1, 2, 35, 36, 84, 85, 1 << 16, (1 << 32) - 1])),
    max_size=3,
)
single = st.lists(st.tuples(st.integers(0, 84), st.integers(0, 255)), max_size=4)
logins = st.lists(st.tuples(words, single), min_size=10, max_size=10)


def feed_logins(actor: Any, batch: Sequence[Any]) -> None:
    left = list(batch)

    def change(data: bytes) -> bytes:
        changed = bytearray(data)
        if left:
            changes, bits = left.pop()
            for at, value in changes:
                changed[at : at + 4] = value.to_bytes(4, "big")
            for at, value in bits:
                changed[at % len(changed)] = value
        return bytes(changed)

    actor.answers[Command.LOGIN] = lambda asked: actor.login(asked, change)
    while left:
        actor.run(LONG_ENOUGH_MS)
        keeps_its_books(actor.bench.client)
        if actor.bench.client.phase is ClientPhase.LOGGED_IN:
            actor.driver.send(INIT)  # and once more
        actor.run(1_000)
    recovers(actor)


@FAST
@given(logins)
def test_any_login_response(act: Any, batch: list[Any]) -> None:
    feed_logins(act(PROFILES[0]), batch)


@pytest.mark.slow
@SLOW
@given(logins)
def test_any_login_response_3000(act: Any, batch: list[Any]) -> None:
    feed_logins(act(PROFILES[0]), batch)


# -- completions -----------------------------------------------------------------------------------------------------

tx_completion = st.lists(
    st.tuples(st.sampled_from([0, 0, 6, 0xFFFF]), st.integers(0, 8) | st.integers(0, (1 << 32) - 1)), max_size=5
).map(lambda entries: TxCompletion(tuple(entries)).pack())
rx_completion = st.builds(
    lambda correlator, length, rc, offset, flags: RxCompletion(correlator, length, rc, offset, flags).pack(),
    st.integers(0, 400) | st.integers(0, (1 << 64) - 1),
    st.sampled_from([0, 13, 14, 60, 1536, 1537, (1 << 32) - 1]),
    st.sampled_from([0, 0, 0, 4, 6]),
    st.sampled_from([0, 0, 1, 1500, 0xFFFF]),
    st.integers(0, 255),
)
raw = st.binary(min_size=31, max_size=31).map(lambda data: b"\x80" + data)
completion = st.tuples(st.integers(0, 3), tx_completion | rx_completion | rx_completion | raw, st.booleans())
completions = st.lists(completion, min_size=PER_EXAMPLE, max_size=PER_EXAMPLE)


def feed_completions(actor: Any, batch: Sequence[tuple[int, bytes, bool]]) -> None:
    actor.settle()
    client = actor.bench.client
    actor.driver.send(request(Command.LINK_STATE_INDICATION, physical=1, logical=1))
    actor.settle()
    for number, (queue, data, send) in enumerate(batch):
        if send:
            actor.bench.client.send(actor.bench.frame())
        if client.phase is ClientPhase.LOGGED_IN:
            actor.driver.send_sub(actor.completions[queue], data)
        actor.settle()
        if number % 10 == 0:
            keeps_its_books(client)
        for frame in client.received():
            assert 14 <= len(frame) <= 1536
    actor.run(2_000)
    keeps_its_books(client)
    recovers(actor)


@FAST
@given(completions)
def test_any_completion(act: Any, batch: list[tuple[int, bytes, bool]]) -> None:
    feed_completions(act(PROFILES[0]), batch)


@pytest.mark.slow
@SLOW
@given(completions)
def test_any_completion_15000(act: Any, batch: list[tuple[int, bytes, bool]]) -> None:
    feed_completions(act(PROFILES[0]), batch)


def test_the_twister_twists(act: Any) -> None:
    """The fuzzing is not idle: a refused version is seen by the client."""
    actor = act(PROFILES[0])
    actor.answers = dict.fromkeys(Command, Twister(actor, [("code", bytes((CommandRc.PARAMETER,)))]))
    actor.settle()
    assert actor.bench.client.last_failure == "the server does not speak version 1"
    assert response(request(Command.GET_VPD_SIZE), CommandRc.SUCCESS) not in actor.seen


def test_a_handle_that_is_none(act: Any) -> None:
    """The offset of the submission handles points beside them: nothing but its use can show that, and then it is mended."""
    feed_logins(act(PROFILES[0]), [([], [(15, 37)])] + [([], [])] * 9)
