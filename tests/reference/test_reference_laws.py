"""Laws over arbitrary histories: every step keeps the invariants, and the client never sees two active servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnic_reference import Driver, Machine, Policy, violations
from vnic_reference.machine import CLIENT_PARTITION, FIRST_SERVER_PARTITION
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Rc, Vioctl, event_of

SERVERS = 4

policies = st.builds(
    Policy,
    event_full=st.sampled_from(["overlay", "defer"]),
    crossing=st.sampled_from(["hold", "gap"]),
    tie_break=st.sampled_from(["oldest", "newest", "port", "any"]),
    reopen=st.sampled_from(["keep", "reselect"]),
    complaint_order=st.sampled_from(["check_first", "lopar"]),
    grace=st.integers(1, 3),
    hold_limit_ms=st.none() | st.integers(1, 50),
    gap_ms=st.sampled_from([0, 1, 40]),
    preempt_delay_ms=st.sampled_from([0, 0, 30]),
    max_servers=st.integers(2, 8),
)

index = st.integers(0, SERVERS - 1)
#: One step: a name and two small numbers that the step interprets.
steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "report",
                "report",
                "report",
                "reg_server",
                "free_server",
                "crash_server",
                "boot_server",
                "crash_two",
                "send_to_client",
                "send_to_client",
                "flood_client",
                "send_to_server",
                "flood_server",
                "client_reads",
                "client_reads",
                "server_reads",
                "server_reads",
                "server_drains",
                "reg_client",
                "reg_client",
                "free_client",
                "enable_client",
                "crash_client",
                "boot_client",
                "migrate",
                "add",
                "remove",
                "priority",
                "auto",
                "activate",
                "token",
                "complain",
                "complain",
                "advance",
                "advance",
                "sub_crq",
            ]
        ),
        index,
        st.integers(0, 99),
    ),
    max_size=60,
)


class History:
    """A machine under test, with what the client has seen.

    Every element a server sends names the server in byte 2 and the client's registration in byte 3.
    """

    def __init__(self, policy: Policy) -> None:
        self.machine = Machine(policy, servers=SERVERS)
        self.answers: list[object] = []
        self.tokens: dict[int, int] = {}
        self.stale = 1
        self.registration = 0
        self.speaker: int | None = None
        for number in (0, 1):
            self.do("add", number, 10)
            self.do("reg_server", number, 0)
            self.do("report", number, 20)
        self.do("reg_client", 0, 0)

    def do(self, name: str, which: int, value: int) -> None:
        method: Callable[[Driver, int, int], object] = getattr(self, name)
        self.answers.append(method(self.machine.servers[which], which, value))

    # -- steps ---------------------------------------------------------------------------------------------------

    def report(self, server: Driver, which: int, value: int) -> object:
        status = Status.OPERATIONAL if value % 4 else Status.LINK_DOWN
        return server.report(status.value, value + 1)

    def reg_server(self, server: Driver, which: int, value: int) -> object:
        return server.reg_crq()

    def free_server(self, server: Driver, which: int, value: int) -> object:
        return server.free_crq()

    def crash_server(self, server: Driver, which: int, value: int) -> object:
        return self.machine.crash(FIRST_SERVER_PARTITION + which)

    def crash_two(self, server: Driver, which: int, value: int) -> object:
        other = CLIENT_PARTITION if value % 3 == 0 else FIRST_SERVER_PARTITION + (which + 1) % SERVERS
        return self.machine.crash(FIRST_SERVER_PARTITION + which, other)

    def boot_server(self, server: Driver, which: int, value: int) -> object:
        return self.machine.power_on(FIRST_SERVER_PARTITION + which)

    def _element(self, which: int) -> bytes:
        return bytes([0x80, 1, which, self.registration % 256]) + bytes(12)

    def send_to_client(self, server: Driver, which: int, value: int) -> object:
        rc = server.send(self._element(which))
        if rc == Rc.H_SUCCESS:
            assert self.machine.console.listing().selected == which  # FOV-10
        return rc

    def flood_client(self, server: Driver, which: int, value: int) -> object:
        return [server.send(self._element(which)) for _ in range(257)][-1]

    def send_to_server(self, server: Driver, which: int, value: int) -> object:
        return self.machine.client.send(self._element(which))

    def flood_server(self, server: Driver, which: int, value: int) -> object:
        return [self.machine.client.send(self._element(which)) for _ in range(257)][-1]

    def client_reads(self, server: Driver, which: int, value: int) -> object:
        element = None
        for _ in range(1 + value):
            element = self.machine.client.consume()
            if element is None:
                break
            self._seen(element)
        return element

    def _seen(self, element: bytes) -> None:
        if event_of(element) is not None:
            self.speaker = None
            return
        assert element[3] == self.registration % 256, "CRQ-9: an element of an earlier registration"
        assert self.speaker in (None, element[2]), "INV-2: two servers without an event between"
        self.speaker = element[2]

    def server_reads(self, server: Driver, which: int, value: int) -> object:
        return server.consume()

    def server_drains(self, server: Driver, which: int, value: int) -> object:
        return len(server.drain())

    def reg_client(self, server: Driver, which: int, value: int) -> object:
        rc = self.machine.client.reg_crq()
        if rc in (Rc.H_SUCCESS, Rc.H_CLOSED):
            self.registration += 1
            self.speaker = None
        return rc

    def free_client(self, server: Driver, which: int, value: int) -> object:
        return self.machine.client.free_crq()

    def enable_client(self, server: Driver, which: int, value: int) -> object:
        return self.machine.client.enable_crq()

    def crash_client(self, server: Driver, which: int, value: int) -> object:
        return self.machine.crash(CLIENT_PARTITION)

    def boot_client(self, server: Driver, which: int, value: int) -> object:
        return self.machine.power_on(CLIENT_PARTITION)

    def migrate(self, server: Driver, which: int, value: int) -> object:
        return self.machine.migrate()

    def add(self, server: Driver, which: int, value: int) -> object:
        return self.machine.console.add(
            f"sriov//{FIRST_SERVER_PARTITION + which}/0/{value % 5 * 7 + which}/2.0/{1 + value}"
        )

    def remove(self, server: Driver, which: int, value: int) -> object:
        return self.machine.console.remove(which)

    def priority(self, server: Driver, which: int, value: int) -> object:
        return self.machine.console.set_priority(which, 1 + value % 20 * 5)

    def auto(self, server: Driver, which: int, value: int) -> object:
        return self.machine.console.set_auto(value % 2 == 0)

    def activate(self, server: Driver, which: int, value: int) -> object:
        return self.machine.console.activate(which)

    def token(self, server: Driver, which: int, value: int) -> object:
        answer = self.machine.client.vioctl(Vioctl.GET_SESSION_TOKEN)
        session = self.machine.hypervisor.mechanism.session
        if answer[0] == Rc.H_SUCCESS:
            assert session is not None
            assert self.tokens.setdefault(answer[1], session.number) == session.number  # SES-1
            self.stale = answer[1]
        else:
            assert session is None
        return answer

    def complain(self, server: Driver, which: int, value: int) -> object:
        if value % 2:
            self.token(server, which, value)
        return self.machine.client.vioctl(Vioctl.SESSION_ERROR_DETECTED, self.stale)

    def advance(self, server: Driver, which: int, value: int) -> object:
        return self.machine.advance(value)

    def sub_crq(self, server: Driver, which: int, value: int) -> object:
        return self.machine.client.reg_sub_crq(0x10000), server.send_sub(value, b"\x80" + bytes(31))


#: Steps that are no trigger of FOV-1 and no edit of SEL-8: they never move the selection of a server that stays fit.
QUIET = {"send_to_client", "flood_client", "send_to_server", "flood_server", "token", "sub_crq", "client_reads"}


def run(policy: Policy, word: list[tuple[str, int, int]]) -> History:
    history = History(policy)
    machine = history.machine
    counters = machine.hypervisor.mechanism.counters
    for name, which, value in word:
        selected, switches = machine.console.listing().selected, counters.switches
        now = machine.now
        history.do(name, which, value)
        assert violations(machine) == [], (name, which, value)
        if name != "advance":
            assert machine.now == now
            assert counters.switches - switches <= 1  # FOV-8: one trigger, at most one switch
        if name in QUIET:
            assert machine.console.listing().selected == selected  # FOV-7
    return history


def observation(history: History) -> list[Any]:
    machine = history.machine
    queues = [driver.elements() for driver in (machine.client, *machine.servers)]
    return [machine.now, machine.console.listing(), queues, history.answers]


@pytest.mark.requirement("SEL-1", "FOV-8", "INV-1", "INV-2", "INV-3", "INV-4", "INV-5", "INV-6", "INV-9")
@given(policies, steps)
def test_laws(policy: Policy, word: list[tuple[str, int, int]]) -> None:
    run(policy, word)


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None)
@given(policies, steps)
def test_laws_for_long(policy: Policy, word: list[tuple[str, int, int]]) -> None:
    run(policy, word)


@settings(max_examples=30)
@given(policies, steps)
def test_the_same_history_always_gives_the_same_answers(policy: Policy, word: list[tuple[str, int, int]]) -> None:
    assert observation(run(policy, word)) == observation(run(policy, word))


@settings(max_examples=50)
@given(policies, st.lists(st.integers(0, 20), max_size=10), steps)
def test_time_may_be_cut_into_any_pieces(policy: Policy, pieces: list[int], word: list[tuple[str, int, int]]) -> None:
    whole, cut = run(policy, word[:20]), run(policy, word[:20])
    whole.machine.advance(sum(pieces))
    for piece in pieces:
        cut.machine.advance(piece)
    assert observation(whole) == observation(cut)


@pytest.mark.requirement("CRQ-5")
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 300)), max_size=30))
def test_every_accepted_element_arrives_once_and_in_order(word: list[tuple[bool, int]]) -> None:
    """CRQ-5, CRQ-10: what is not accepted is told so, what is accepted arrives."""
    machine = Machine(servers=1)
    machine.console.add("sriov//100/0/0/2.0")
    machine.servers[0].reg_crq()
    machine.servers[0].report()
    machine.client.reg_crq()
    accepted: list[bytes] = []
    received: list[bytes] = []
    number = 0
    for sends, count in word:
        for _ in range(count):
            if sends:
                number += 1
                element = b"\x80" + number.to_bytes(15, "big")
                rc = machine.client.send(element)
                assert rc in (Rc.H_SUCCESS, Rc.H_DROPPED)
                assert (rc == Rc.H_DROPPED) == (len(accepted) - len(received) == 256)
                if rc == Rc.H_SUCCESS:
                    accepted.append(element)
            elif (element_or_none := machine.servers[0].consume()) is not None:
                received.append(element_or_none)
    assert received + machine.servers[0].drain() == accepted
