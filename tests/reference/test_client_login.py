"""LOGIN answered late, refused, or with lies, by a server that the test plays (CLI-7, CLI-9; protocol.md 4.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_reference.dialogue.elements import response
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import (
    INIT,
    Command,
    CommandRc,
    Event,
    element,
    event_element,
)

#: After a free and a registration the first INIT is told H_CLOSED, until the server has read the event (CRQ-13).
RETRY = 50


def phase(actor: Any) -> ClientPhase:
    now: ClientPhase = actor.bench.client.phase
    return now


def test_aborted_is_tried_again_after_half_a_second(act: Callable[..., Any]) -> None:
    refused = [CommandRc.ABORTED] * 2
    actor = act()
    actor.answers[Command.LOGIN] = lambda asked: response(asked, refused.pop()) if refused else actor.login(asked)
    actor.settle()
    assert actor.count(Command.LOGIN) == 1
    actor.run(499)
    assert actor.count(Command.LOGIN) == 1
    actor.run(1)
    assert actor.count(Command.LOGIN) == 2
    actor.run(500)
    assert phase(actor) is ClientPhase.LOGGED_IN
    assert actor.count(INIT) == 1  # on the same CRQ
    assert actor.count(Command.QUERY_CAPABILITY) == 25


def test_partial_success_negotiates_again(act: Callable[..., Any]) -> None:
    refused = [CommandRc.PARTIAL_SUCCESS]
    actor = act()
    actor.answers[Command.LOGIN] = lambda asked: response(asked, refused.pop()) if refused else actor.login(asked)
    actor.settle()
    assert phase(actor) is ClientPhase.LOGGED_IN
    assert actor.count(INIT) == 1
    assert actor.count(Command.QUERY_CAPABILITY) == 50
    assert actor.count(Command.VERSION_EXCHANGE) == 1
    assert len(actor.bench.machine.client.unit.sub_crqs) == 4  # the first four were freed


@pytest.mark.parametrize("rc", [CommandRc.INVALID_STATE, CommandRc.PARAMETER, CommandRc.NO_MEMORY, 200])
def test_any_other_refusal_frees_the_crq_and_waits(act: Callable[..., Any], rc: int) -> None:
    """Bugs 12 and 13: without the free the server keeps refusing; without the pause it may fail over for nothing."""
    refused = [rc]
    actor = act()

    def login(asked: bytes) -> bytes:
        return element(0x80, 0x84, bytes(10) + bytes((refused.pop(),))) if refused else actor.login(asked)

    actor.answers[Command.LOGIN] = login
    actor.settle()
    assert actor.seen[-1] == event_element(Event.PARTNER_DEREGISTERED)
    actor.run(1_499)
    assert actor.bench.machine.console.listing().client_crq.name == "CLOSED"
    actor.run(1)
    assert phase(actor) is ClientPhase.LOGGED_IN
    assert actor.count(INIT) == 2


def test_no_answer_to_login(act: Callable[..., Any]) -> None:
    actor = act(LOGIN=None)
    actor.run(19_999)
    assert actor.count(Command.LOGIN) == 1
    actor.run(1 + 1_500)
    assert actor.count(Command.LOGIN) == 2
    assert actor.count(INIT) == 2


def test_login_refused_for_ever_backs_off(act: Callable[..., Any]) -> None:
    """CLI-7: ten LOGINs an attempt, three attempts, then one attempt a minute; never an end, never a storm."""
    actor = act(LOGIN=lambda asked: response(asked, CommandRc.ABORTED))
    actor.run(3 * 10 * 500 + 2 * RETRY)
    assert actor.count(Command.LOGIN) == 30
    actor.run(59_999)
    assert actor.count(Command.LOGIN) == 30
    actor.run(1 + RETRY)
    assert actor.count(Command.LOGIN) == 31
    actor.answers.clear()
    actor.run(600)
    assert phase(actor) is ClientPhase.LOGGED_IN
    assert actor.bench.client.failures == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda data: bytes(len(data)),
        lambda data: (len(data) + 100).to_bytes(4, "big") + data[4:],
        lambda data: data[:8] + (1).to_bytes(4, "big") + data[12:],  # one transmit queue
        lambda data: data[:16] + (5).to_bytes(4, "big") + data[20:],
        lambda data: data[:12] + (0).to_bytes(4, "big") + data[16:],
        lambda data: data[:24] + (0xFFFFFFFF).to_bytes(4, "big") + data[28:],
        lambda data: data[:32] + len(data).to_bytes(4, "big") + data[36:],
        lambda data: data[:-18] + bytes(8) + data[-10:],  # a receive buffer of no bytes
    ],
)
def test_a_login_response_that_lies(act: Callable[..., Any], change: Callable[[bytes], bytes]) -> None:
    """CLI-9, bugs 9 to 11: checked before use, and a reason to begin again, not to give up."""
    lies = [1]
    actor = act()
    actor.answers[Command.LOGIN] = lambda asked: actor.login(
        asked, change if lies and lies.pop() else lambda data: data
    )
    actor.run(RETRY)
    assert actor.count(INIT) == 2
    assert phase(actor) is ClientPhase.LOGGED_IN


def test_a_login_response_that_is_not_there(act: Callable[..., Any]) -> None:
    """CLI-4, bug 10: success without a word written; the last server's handles, which lay there, are not taken for it."""
    actor = act()
    actor.settle()
    assert phase(actor) is ClientPhase.LOGGED_IN
    actor.answers[Command.LOGIN] = lambda asked: response(asked, CommandRc.SUCCESS)
    actor.bench.client.begin_again()
    actor.run(100)
    assert actor.bench.client.last_failure.startswith("login response: total length 0")
