"""The client against servers that are slow, refuse, or lie, played by the test (CLI-1 to CLI-9; protocol.md 4.7, 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_reference.client import ANSWER, REREGISTER, ClientSettings
from vnic_reference.dialogue import elements
from vnic_reference.dialogue.elements import field, request, response
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    Capability,
    Command,
    CommandRc,
    element,
)

#: After a free and a registration the first INIT is told H_CLOSED, until the server has read the event (CRQ-13).
RETRY = 50


def phase(actor: Any) -> ClientPhase:
    now: ClientPhase = actor.bench.client.phase
    return now


def test_a_good_server(act: Callable[..., Any]) -> None:
    actor = act()
    actor.settle()
    assert phase(actor) is ClientPhase.LOGGED_IN
    assert not actor.bench.client.link_up  # not before the server says so (protocol.md 3.7, step 15)
    actor.driver.send(request(Command.LINK_STATE_INDICATION, physical=1, logical=0))
    actor.settle()
    assert not actor.bench.client.link_up
    actor.driver.send(request(Command.LINK_STATE_INDICATION, physical=1, logical=1))
    actor.settle()
    assert actor.bench.client.link_up


# -- negotiation -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("CLI-7")
@pytest.mark.parametrize(
    "command",
    [Command.VERSION_EXCHANGE, Command.QUERY_CAPABILITY, Command.REQUEST_CAPABILITY, Command.QUERY_IP_OFFLOAD],
)
def test_silence_is_bounded(act: Callable[..., Any], command: Command) -> None:
    """CLI-7, bug 16: one of the answers never comes; after 20 s all begins again."""
    actor = act(**{command.name: None})
    actor.run(19_999)
    assert actor.count(INIT) == 1
    actor.run(1 + RETRY)
    assert actor.count(INIT) == 2


def test_three_failures_then_a_pause(act: Callable[..., Any]) -> None:
    """Bugs 23, 24: two failures are normal when servers settle, a storm is not."""
    actor = act(VERSION_EXCHANGE=lambda asked: response(asked, CommandRc.PARAMETER))
    actor.run(2 * RETRY)
    assert actor.count(INIT) == 3
    actor.run(59_999)
    assert actor.count(INIT) == 3
    actor.run(1 + RETRY)
    assert actor.count(INIT) == 4
    assert actor.bench.client.last_failure == "the server does not speak version 1"


def test_another_version(act: Callable[..., Any]) -> None:
    actor = act(VERSION_EXCHANGE=lambda asked: response(asked, CommandRc.SUCCESS, version=2))
    actor.run(200)
    assert actor.bench.client.last_failure == "the server does not speak version 1"


def test_a_closed_device_counts_its_failures_too(act: Callable[..., Any]) -> None:
    """Negotiated is as far as it goes while the user wants it closed, so that is where failures are forgotten."""
    refused = [CommandRc.PARAMETER] * 2
    actor = act(ClientSettings(open_at_boot=False))
    actor.answers[Command.VERSION_EXCHANGE] = lambda asked: (
        response(asked, refused.pop()) if refused else actor.usual(asked)
    )
    actor.run(200)
    assert actor.count(INIT) == 3
    assert phase(actor) is ClientPhase.READY
    assert actor.bench.client.failures == 0


@pytest.mark.requirement("CLI-9")
@pytest.mark.parametrize(
    ("capability", "told"),
    [
        (Capability.OPT_TX_COMP_QUEUES, 0),
        (Capability.OPT_RX_COMP_QUEUES, (1 << 64) - 1),
        (Capability.MAX_TX_QUEUES, 0),
        (Capability.MAX_TX_ENTRIES, (1 << 64) - 1),
        (Capability.MAX_RX_ADD_ENTRIES, 0),
        (Capability.MAX_RX_ADD_QUEUES, 100),
    ],
)
def test_capabilities_that_make_no_sense(act: Callable[..., Any], capability: Capability, told: int) -> None:
    """CLI-9: bounded to what the client can use."""
    actor = act()
    actor.capabilities[capability] = told
    actor.settle()
    assert phase(actor) is ClientPhase.LOGGED_IN
    asked = {
        Capability(field(element, "capability")): field(element, "number")
        for element in actor.seen
        if element[:2] == bytes((0x80, Command.REQUEST_CAPABILITY))
    }
    queues, entries = asked[Capability.REQ_TX_QUEUES], asked[Capability.REQ_TX_ENTRIES]
    assert 1 <= queues <= 16
    assert 1 <= asked[Capability.REQ_RX_QUEUES] <= 16
    assert asked[Capability.REQ_RX_ADD_QUEUES] == 1
    assert 1 <= entries <= 512  # as many as a queue of four pages holds
    assert 1 <= asked[Capability.REQ_RX_ADD_ENTRIES] <= 512


@pytest.mark.parametrize("capability", [Capability.MIN_TX_ENTRIES, Capability.MIN_RX_ADD_QUEUES])
def test_demands_that_cannot_be_met(act: Callable[..., Any], capability: Capability) -> None:
    actor = act()
    actor.capabilities[capability] = 513
    actor.run(2 * RETRY)
    assert actor.count(INIT) == 3  # and then the pause
    assert str(capability) in actor.bench.client.last_failure or "rx-add" in actor.bench.client.last_failure


def test_no_agreement_is_bounded(act: Callable[..., Any]) -> None:
    """Always PartialSuccess: ten rounds, not more (the driver has no limit here)."""
    actor = act(REQUEST_CAPABILITY=lambda asked: response(asked, CommandRc.PARTIAL_SUCCESS))
    actor.run(2 * RETRY)
    assert actor.count(Command.REQUEST_CAPABILITY) == 3 * 10 * 7


def test_vpd_of_no_bytes(act: Callable[..., Any]) -> None:
    actor = act(GET_VPD_SIZE=lambda asked: response(asked, CommandRc.SUCCESS, length=0))
    actor.run(2 * RETRY)
    assert actor.count(INIT) == 3
    assert actor.bench.client.last_failure == "vital product data of 0 bytes"


def test_a_failure_to_set_the_mac_is_ignored(act: Callable[..., Any]) -> None:
    actor = act(CHANGE_MAC_ADDR=None)
    actor.run(10_000)
    assert phase(actor) is ClientPhase.LOGGED_IN
    assert actor.count(Command.LOGICAL_LINK_STATE) == 1


def test_link_that_comes_up_in_part(act: Callable[..., Any]) -> None:
    """Step 14: again after 1 s; bounded here."""
    actor = act(LOGICAL_LINK_STATE=lambda asked: response(asked, CommandRc.PARTIAL_SUCCESS))
    actor.run(3_000)
    assert actor.count(Command.LOGICAL_LINK_STATE) == 4
    actor.run(8_000)
    assert actor.count(INIT) == 2


# -- what counts, and when -------------------------------------------------------------------------------------------


@pytest.mark.requirement("CLI-4")
def test_responses_nobody_awaits(act: Callable[..., Any]) -> None:
    """CLI-4: a response without its command changes nothing."""
    actor = act()
    actor.settle()
    before = dict(vars(actor.bench.client))
    for code in range(0x80, 0x100):
        actor.driver.send(element(0x80, code, bytes(14)))
    actor.settle()
    after = dict(vars(actor.bench.client))
    for name in ("phase", "told_mac", "told_multicast", "told_link", "wish", "failures", "logins"):
        assert after[name] == before[name]
    assert actor.count(INIT) == 1


def test_a_login_response_of_before_the_event(act: Callable[..., Any]) -> None:
    """Bugs 8 and 9: while waiting only INIT and events count."""
    actor = act()
    actor.settle()
    machine = actor.bench.machine
    machine.console.set_auto(False)
    actor.driver.send(response(request(Command.LOGIN), CommandRc.SUCCESS))
    machine.servers[0].report(status=2, interval_ms=3_600_000)  # nobody else: event 08
    machine.servers[0].drain()
    machine.servers[0].report(status=1, interval_ms=3_600_000)
    actor.driver.send(response(request(Command.LOGIN), CommandRc.SUCCESS))
    actor.driver.send(INIT_COMPLETE)
    actor.driver.send(request(Command.LINK_STATE_INDICATION, physical=1, logical=1))
    actor.bench.settle()
    assert phase(actor) is ClientPhase.WAITING
    assert not actor.bench.client.link_up


@pytest.mark.requirement("CLI-1")
@pytest.mark.parametrize("events", [1, 2, 5])
def test_any_number_of_events_is_one(act: Callable[..., Any], events: int) -> None:
    """CLI-1: no reset of its own, however often the platform says so."""
    actor = act()
    actor.settle()
    machine = actor.bench.machine
    for _ in range(events):
        machine.servers[0].report(status=2, interval_ms=3_600_000)
        machine.servers[0].drain()
        machine.servers[0].report(status=1, interval_ms=3_600_000)
    actor.bench.settle()
    assert phase(actor) is ClientPhase.WAITING
    actor.run(300_000)
    assert phase(actor) is ClientPhase.WAITING
    assert actor.count(INIT) == 1
    actor.driver.send(INIT)
    actor.run(RETRY)
    assert phase(actor) is ClientPhase.LOGGED_IN
    assert actor.count(INIT) == 2


def switch_under(actor: Any) -> None:
    """The server goes and comes back: event 08, and a new session."""
    machine = actor.bench.machine
    machine.servers[0].report(status=2, interval_ms=3_600_000)
    actor.step()
    machine.servers[0].report(status=1, interval_ms=3_600_000)


@pytest.mark.parametrize("client_init", [REREGISTER, ANSWER])
@pytest.mark.parametrize("stage", ["INIT", "LOGIN"])
def test_event_with_a_request_outstanding(act: Callable[..., Any], stage: str, client_init: str) -> None:
    """Decision R3: the attempt is broken off and recovery begins again; the other side need not send INIT."""
    actor = act(ClientSettings(client_init=client_init))
    if stage == "INIT":
        actor.greets = False
    else:
        actor.answers[Command.LOGIN] = None
    actor.settle()
    assert phase(actor) is (ClientPhase.INIT_SENT if stage == "INIT" else ClientPhase.LOGIN_SENT)
    switch_under(actor)
    actor.greets = True
    actor.answers.clear()
    actor.run(100)
    assert phase(actor) is ClientPhase.LOGGED_IN
    assert actor.bench.client.failures == 0


@pytest.mark.requirement("CLI-2")
@pytest.mark.parametrize("outstanding", [False, True])
def test_profile_answer(act: Callable[..., Any], outstanding: bool) -> None:
    """CLI-2, decision R4: INIT is answered on the CRQ as it is, unless an old response might still come."""
    actor = act(ClientSettings(client_init=ANSWER))
    actor.settle()
    if outstanding:
        actor.answers[Command.REQUEST_STATISTICS] = None
        actor.bench.client.ask_statistics()
        actor.settle()
        actor.answers.clear()
    for switches in (1, 2):  # the second time nothing is outstanding any more
        switch_under(actor)
        actor.bench.settle()
        assert phase(actor) is ClientPhase.WAITING
        actor.driver.send(INIT)
        actor.settle()
        actor.run(100)
        assert phase(actor) is ClientPhase.LOGGED_IN
        assert actor.count(INIT_COMPLETE) == switches - outstanding
        assert actor.count(INIT) == 1 + outstanding


def test_waiting_is_deaf_to_errors(act: Callable[..., Any]) -> None:
    """CLI-4: while it waits even a fatal error of the old server's is nothing to it."""
    actor = act()
    actor.settle()
    switch_under(actor)
    actor.bench.settle()
    actor.driver.send(request(Command.ERROR_INDICATION, flags=elements.ERROR_FATAL))
    actor.bench.settle()
    assert phase(actor) is ClientPhase.WAITING


def test_an_init_does_not_end_a_pause(act: Callable[..., Any]) -> None:
    """CLI-7, bug 23: after three failures a server that sends INIT again and again causes no storm."""
    actor = act(VERSION_EXCHANGE=lambda asked: response(asked, CommandRc.PARAMETER))
    actor.run(200)
    assert actor.count(INIT) == 3
    for _ in range(50):
        actor.driver.send(INIT)
        actor.run(1_000)
    assert actor.count(INIT) == 3


def test_the_link_is_down_until_the_new_server_says_otherwise(act: Callable[..., Any]) -> None:
    """protocol.md 3.7, steps 15 and 17: neither frames nor a notification before the indication."""
    actor = act()
    actor.settle()
    up = request(Command.LINK_STATE_INDICATION, physical=1, logical=1)
    actor.driver.send(up)
    actor.settle()
    assert not actor.bench.client.take_notification()
    actor.bench.client.begin_again()
    actor.run(100)
    assert phase(actor) is ClientPhase.LOGGED_IN
    assert not actor.bench.client.link_up
    assert not actor.bench.client.take_notification()
    actor.driver.send(up)
    actor.settle()
    assert actor.bench.client.link_up
    assert actor.bench.client.take_notification()
    assert not actor.bench.client.take_notification()


def test_errors_that_a_server_tells(act: Callable[..., Any]) -> None:
    """A fatal one is a reason to begin again, another to close and open the link (protocol.md 4.2)."""
    actor = act()
    actor.settle()
    actor.driver.send(request(Command.ERROR_INDICATION, error_id=1))
    actor.settle()
    states = [field(asked, "state") for asked in actor.seen if asked[:2] == bytes((0x80, Command.LOGICAL_LINK_STATE))]
    assert states == [elements.LINK_UP, elements.LINK_DOWN, elements.LINK_UP]
    assert actor.count(INIT) == 1
    actor.driver.send(request(Command.ERROR_INDICATION, error_id=2, flags=elements.ERROR_FATAL))
    actor.run(100)
    assert actor.count(INIT) == 2
    assert phase(actor) is ClientPhase.LOGGED_IN


def test_watchdog(act: Callable[..., Any]) -> None:
    """A frame that is never completed is a reason to recover, after 5 s."""
    actor = act()
    actor.settle()
    actor.driver.send(request(Command.LINK_STATE_INDICATION, physical=1, logical=1))
    actor.settle()
    assert actor.bench.client.send(actor.bench.frame())
    assert actor.bench.client.next_deadline() == 5_000
    actor.run(4_999)
    assert actor.count(INIT) == 1
    actor.run(1 + RETRY)
    assert actor.count(INIT) == 2


def test_complaint_falls_back_only_if_refused(act: Callable[..., Any]) -> None:
    """Bugs 21, 22: nobody else to fail over to, so the client recovers by itself, from the same server."""
    actor = act()
    actor.settle()
    assert not actor.bench.client.complain()
    actor.run(100)
    assert actor.count(INIT) == 2
    assert phase(actor) is ClientPhase.LOGGED_IN


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="client_init is 'ignore'"):
        ClientSettings(client_init="ignore")
    with pytest.raises(ValueError, match="queues is 0; it must be at least 1"):
        ClientSettings(queues=0)


def test_a_client_needs_a_mac_of_its_own(bench_class: Any) -> None:
    with pytest.raises(ValueError, match="is not the MAC of a station"):
        type(bench_class().client)(bench_class().wire, bytes.fromhex("01005e000001"))
