"""Machines for the stories; every machine built here must satisfy the safety requirements when its story ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from vnic_reference import Driver, Machine, Policy, violations
from vnic_reference.client import ClientSettings, VnicClient
from vnic_reference.dialogue import buffers
from vnic_reference.dialogue.buffers import LoginRequest, LoginResponse
from vnic_reference.dialogue.descriptors import TxCompletion
from vnic_reference.dialogue.elements import field, request, response
from vnic_reference.network.limits import PortLimits
from vnic_reference.network.port import PortStatistics
from vnic_reference.server import DEFAULT_CAPABILITIES, ServerSettings, VnicServer
from vnic_spec.vocabulary import Belief
from vnic_spec.wire import INIT, INIT_COMPLETE, PAGE_BYTES, Capability, Command, CommandRc, Hcall, Rc, TceAccess

INTERVAL_MS = 1000


@pytest.fixture
def start() -> Iterator[Callable[..., Machine]]:
    """Builds a machine with its servers listed, registered and OPERATIONAL, the client's CRQ still closed.

    ``start(10, 50)`` has two servers with these priorities; keywords are settings of the policy. ``ready`` names the
    servers that have registered and reported (default: all).
    """
    built: list[Machine] = []

    def build(*priorities: int, ready: Sequence[int] | None = None, **settings: Any) -> Machine:
        machine = Machine(Policy(**settings), servers=len(priorities))
        for index, priority in enumerate(priorities):
            assert machine.console.add(f"sriov//{100 + index}/0/{index}/2.0/{priority}").ok
        for index, server in enumerate(machine.servers):
            if ready is None or index in ready:
                server.reg_crq()
                server.report(interval_ms=INTERVAL_MS)
        built.append(machine)
        return machine

    yield build
    for machine in built:
        machine.settle()
        assert violations(machine) == []


@pytest.fixture
def connected(start: Callable[..., Machine]) -> Callable[..., Machine]:
    """Like ``start``, with the client's CRQ registered and therefore connected to the best server."""

    def build(*priorities: int, **settings: Any) -> Machine:
        machine = start(*priorities, **settings)
        machine.client.reg_crq()
        return machine

    return build


class StubPort:
    """A logical port without a network: what a server sends is in ``sent``, what it is to receive goes into ``inbox``."""

    max_frame = 9014
    max_multicast = 64
    limits = PortLimits()
    port_vlan = 0
    vlans: frozenset[int] | None = None

    def __init__(self, mac: bytes) -> None:
        self._own = mac
        self.mac = mac
        self.link_up = True
        self.frozen = False
        self.resets = 0
        self.sent: list[bytes] = []
        self.inbox: list[bytes] = []
        self.multicast: set[bytes] = set()
        self.all_multicast = False
        self.promiscuous = False
        self.counters = PortStatistics()

    def transmit(self, frame: bytes) -> bool:
        if self.frozen or not self.link_up:
            return False
        self.sent.append(frame)
        self.counters.tx_packets += 1
        return True

    def received(self) -> list[bytes]:
        frames, self.inbox = self.inbox, []
        return [] if self.frozen else frames

    def set_mac(self, mac: bytes) -> bool:
        if self.frozen or mac[0] & 1 or not any(mac):
            return False
        self.mac = mac
        return True

    def add_multicast(self, mac: bytes) -> bool:
        if mac[0] & 1:
            self.multicast.add(mac)
        return bool(mac[0] & 1)

    def remove_multicast(self, mac: bytes) -> bool:
        known = mac in self.multicast
        self.multicast.discard(mac)
        return known

    def set_all_multicast(self, on: bool) -> bool:
        self.all_multicast = on
        return True

    def set_promiscuous(self, on: bool) -> bool:
        self.promiscuous = on
        return True

    def reset_filters(self) -> None:
        self.mac = self._own
        self.multicast.clear()
        self.all_multicast = self.promiscuous = False
        self.inbox.clear()

    def statistics(self) -> PortStatistics:
        return replace(self.counters)

    def clear_statistics(self) -> None:
        self.counters = PortStatistics()


class Listening(Driver):
    """The client's unit, with everything that the client sends (and was stored) or consumes on its CRQ written down."""

    def __init__(self, driver: Driver) -> None:
        self.__dict__.update(driver.__dict__)
        self.said: list[tuple[str, bytes]] = []

    def send(self, element: bytes) -> int:
        rc = super().send(element)
        if rc == 0:
            self.said.append(("c2s", element))
        return rc

    def consume(self, handle: int | None = None) -> bytes | None:
        element = super().consume(handle)
        if element is not None and handle is None:
            self.said.append(("s2c", element))
        return element


class Bench:
    """A machine with a client and servers that have software of the reference, or are played by the test.

    Args:
        servers: number of server partitions, with priorities 10, 20 and so on.
        client: settings of the client; None: the test plays it.
        played: indexes of servers that the test plays; they are registered and OPERATIONAL for an hour.
        settings: of every server.
        make_client, make_server: other classes.
        policy: of the hypervisor.
    """

    MAC = bytes.fromhex("020000000001")

    def __init__(
        self,
        servers: int = 1,
        client: ClientSettings | None = ClientSettings(),  # noqa: B008  # frozen
        played: Sequence[int] = (),
        settings: ServerSettings | None = None,
        make_client: type[VnicClient] = VnicClient,
        make_server: type[VnicServer] = VnicServer,
        policy: Policy | None = None,
    ) -> None:
        self.machine = Machine(policy, servers=servers)
        for index in range(servers):
            assert self.machine.console.add(f"sriov//{100 + index}/0/{index}/2.0/{10 + 10 * index}").ok
        self.ports = [StubPort(bytes([2, 0, 0, 0, 1, index])) for index in range(servers)]
        self.servers: list[VnicServer | None] = []
        for index, driver in enumerate(self.machine.servers):
            if index in played:
                driver.reg_crq()
                driver.report(interval_ms=3_600_000)
                self.servers.append(None)
            else:
                self.servers.append(make_server(driver, self.ports[index], settings))
        self.hung: set[object] = set()
        self.wire = Listening(self.machine.client)
        self._client = None if client is None else make_client(self.wire, self.MAC, client)

    @property
    def client(self) -> VnicClient:
        assert self._client is not None
        return self._client

    def server(self, index: int) -> VnicServer:
        server = self.servers[index]
        assert server is not None
        return server

    @property
    def now(self) -> int:
        return self.machine.now

    def parts(self) -> list[VnicServer | VnicClient]:
        found: list[VnicServer | VnicClient] = [part for part in self.servers if part is not None]
        if self._client is not None:
            found.append(self._client)
        return [part for part in found if part not in self.hung]

    def settle_once(self) -> bool:
        """Step everything once; whether anything moved."""
        return any([part.step(self.now) for part in self.parts()])  # noqa: C419  # all of them are to be stepped

    def settle(self) -> None:
        """Step everything until nothing moves; it must come to an end."""
        for _ in range(2_000):
            if not self.settle_once():
                return
        raise AssertionError("they keep each other busy for ever")

    def run(self, ms: int) -> None:
        """Let virtual time pass; whatever is due happens at its time."""
        end = self.now + ms
        self.settle()
        while self.now < end:
            due = [time for part in self.parts() if (time := part.next_deadline()) is not None]
            due += [] if (time := self.machine.next_deadline()) is None else [time]
            self.machine.advance(max(1, min([end, *due]) - self.now))
            self.settle()
        assert violations(self.machine) == []

    def boot(self) -> Bench:
        """Run until the client's link is up; it must be at once."""
        self.run(200)
        assert self.client.link_up
        return self

    def crash(self, index: int) -> None:
        """A server's partition crashes, software and all."""
        self.machine.crash(100 + index)
        self.servers[index] = None

    def restart(self, index: int) -> None:
        self.machine.power_on(100 + index)
        self.ports[index].reset_filters()
        self.servers[index] = VnicServer(self.machine.servers[index], self.ports[index])

    def serving(self) -> list[int]:
        """Indexes of servers that regard the client as logged in."""
        found = [index for index, server in enumerate(self.servers) if server is not None]
        return [index for index in found if self.server(index).belief is Belief.SERVING]

    def frame(self, number: int = 0, source: bytes | None = None) -> bytes:
        """A frame of the client's, to a station outside."""
        return bytes.fromhex("0200000000ee") + (source or self.MAC) + b"\x08\x00" + number.to_bytes(4, "big").ljust(50)

    def frame_for_client(self, number: int = 0) -> bytes:
        return self.MAC + bytes.fromhex("0200000000ee") + b"\x08\x00" + number.to_bytes(4, "big").ljust(50)

    def said(self, code: int, way: str = "c2s") -> list[bytes]:
        """Commands or responses with this byte 1 that passed on the client's CRQ."""
        return [element for at, element in self.wire.said if at == way and element[0] == 0x80 and element[1] == code]


@pytest.fixture(scope="session")
def bench_class() -> type[Bench]:
    """A client and servers of the reference on one machine, without a network: the class, to be built by the test."""
    return Bench


class Player:
    """A client in the test's hands, its dialogue with the only server of a bench open.

    Its memory: a buffer for commands at ``BUFFER``, one for the login response at ``ANSWER``, queues from ``QUEUES`` on,
    64 KiB for frames at ``FRAMES``; nothing at ``UNMAPPED``.
    """

    BUFFER, ANSWER, QUEUES, FRAMES = 0x10000, 0x11000, 0x20000, 0x40000
    UNMAPPED = 0x4000_0000

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.driver = bench.machine.client
        bench.settle()
        assert self.register() == Rc.H_SUCCESS
        assert self.driver.send(INIT) == Rc.H_SUCCESS
        assert self.heard() == [INIT_COMPLETE]

    def register(self) -> int:
        """Register the CRQ, in a page that is not lent: what the server is asked to write there would garble the test."""
        liobn = self.driver.unit.window.liobn
        self.driver.hcall(Hcall.H_PUT_TCE, liobn, 0, TceAccess.BOTH)
        rc: int = self.driver.reg_crq()
        self.driver.hcall(Hcall.H_PUT_TCE, liobn, 0, TceAccess.NONE)
        return rc

    @property
    def server(self) -> Any:
        return self.bench.server(0)

    def heard(self) -> list[bytes]:
        self.bench.settle()
        heard: list[bytes] = self.driver.drain()
        return heard

    def say(self, said: bytes) -> list[bytes]:
        """Everything that comes back."""
        assert self.driver.send(said) == Rc.H_SUCCESS
        return self.heard()

    def ask(self, command: Command, **values: int | bytes) -> bytes:
        """The one response to a command."""
        answers = self.say(request(command, **values))
        assert len(answers) == 1
        assert answers[0][:2] == bytes((0x80, command | 0x80))
        return answers[0]

    def code(self, command: Command, **values: int | bytes) -> int:
        return self.ask(command, **values)[12]

    def negotiate(self, queues: int = 1) -> Player:
        assert self.code(Command.VERSION_EXCHANGE, version=1) == 0
        for capability in (Capability.REQ_TX_QUEUES, Capability.REQ_RX_QUEUES):
            assert self.code(Command.REQUEST_CAPABILITY, capability=capability, number=queues) == 0
        for capability in (Capability.REQ_TX_ENTRIES, Capability.REQ_RX_ADD_ENTRIES):
            assert self.code(Command.REQUEST_CAPABILITY, capability=capability, number=128) == 0
        assert self.code(Command.REQUEST_CAPABILITY, capability=Capability.REQ_MTU, number=1514) == 0
        return self

    def handles(self, count: int = 2) -> list[int]:
        return [self.driver.reg_sub_crq(self.QUEUES + at * PAGE_BYTES)[1] for at in range(count)]

    def login_buffer(self, tx: tuple[int, ...], rx: tuple[int, ...], length: int = 256) -> bytes:
        return LoginRequest(tx, rx, self.ANSWER, length, buffers.client_data("Linux", "host", "eth0")).pack()

    def login(self, data: bytes) -> int:
        self.driver.poke(self.BUFFER, data)
        return self.code(Command.LOGIN, ioba=self.BUFFER, length=len(data))

    def log_in(self) -> Player:
        """Logged in with one queue each way, frames mapped as 1, link up."""
        tx, rx = self.handles()
        assert self.login(self.login_buffer((tx,), (rx,))) == CommandRc.SUCCESS
        answer = LoginResponse.unpack(self.driver.peek(self.ANSWER, 256))
        (self.submission,), (self.rx_add,) = answer.tx_submissions, answer.rx_adds
        self.tx_done, self.rx_done = tx, rx
        assert self.code(Command.REQUEST_MAP, map_id=1, ioba=self.FRAMES, length=0x10000) == 0
        assert self.say(request(Command.LOGICAL_LINK_STATE, state=1))[1] == request(
            Command.LINK_STATE_INDICATION, physical=1, logical=1
        )
        return self

    def transmit(self, *descriptors: bytes) -> list[tuple[int, int]]:
        """Completions of what is sent: return code and correlator."""
        for descriptor in descriptors:
            assert self.driver.send_sub(self.submission, descriptor) == Rc.H_SUCCESS
        self.bench.settle()
        entries: list[tuple[int, int]] = []
        for data in self.driver.drain(self.tx_done):
            entries += TxCompletion.unpack(data).entries
        return entries


@pytest.fixture
def player(bench_class: Any) -> Callable[..., Player]:
    return lambda **settings: Player(bench_class(client=None, settings=ServerSettings(**settings)))


@pytest.fixture
def user(player: Callable[..., Player]) -> Player:
    """Logged in."""
    return player().negotiate().log_in()


class Actor:
    """A server in the test's hands: what it does not override it answers with success.

    Args:
        answers: for a command, what to send instead of the usual answer: a function of the request, bytes, or None for
            silence.
    """

    #: Where it lets the client's pages be redirected to, and keeps copies.
    REDIRECTED, COPY = 0x200000, 0x80000

    def __init__(self, bench: Any, index: int = 0, **answers: Any) -> None:
        self.bench = bench
        self.driver = bench.machine.servers[index]
        self.answers = {Command[name]: answer for name, answer in answers.items()}
        self.capabilities = dict(DEFAULT_CAPABILITIES)
        self.seen: list[bytes] = []
        self.greets = True
        self.handles: list[int] = []

    def usual(self, asked: bytes) -> bytes:
        code = asked[1]
        if code == Command.QUERY_CAPABILITY:
            return response(asked, CommandRc.SUCCESS, number=self.capabilities[Capability(field(asked, "capability"))])
        if code == Command.LOGIN:
            return self.login(asked)
        if code == Command.GET_VPD_SIZE:
            return response(asked, CommandRc.SUCCESS, length=4)
        return response(asked, CommandRc.SUCCESS)

    def login(self, asked: bytes, change: Callable[[bytes], bytes] = lambda data: data) -> bytes:
        """Read the request, register queues, write the response as changed by ``change``."""
        at, length = field(asked, "ioba"), field(asked, "length")
        assert self.driver.map_remote(at, self.REDIRECTED, 2) == Rc.H_SUCCESS
        assert self.driver.copy_from_client(at, self.COPY, length) == Rc.H_SUCCESS
        login = buffers.LoginRequest.unpack(self.driver.peek(self.COPY, length))
        tx, rx = len(login.tx_completions), len(login.rx_completions)
        self.handles = [self.driver.reg_sub_crq(0x40000 + n * PAGE_BYTES)[1] for n in range(tx + rx)]
        self.completions = login.tx_completions + login.rx_completions
        told = buffers.LoginResponse(tuple(self.handles[:tx]), tuple(self.handles[tx:]), (1536,) * rx).pack()
        told = change(told)
        self.driver.poke(self.COPY, told)
        assert self.driver.copy_to_client(self.COPY, login.response_ioba, len(told)) == Rc.H_SUCCESS
        return response(asked, CommandRc.SUCCESS)

    def step(self) -> bool:
        taken = self.driver.drain()
        for asked in taken:
            self.seen.append(asked)
            if asked == INIT and self.greets:
                self.driver.send(INIT_COMPLETE)
            elif asked[0] == 0x80:
                answer = self.answers.get(Command(asked[1]), self.usual)
                answer = answer(asked) if callable(answer) else answer
                if answer is not None:
                    self.driver.send(answer)
        return bool(taken)

    def count(self, said: bytes | Command) -> int:
        """How often an element, or a command, was received."""
        if isinstance(said, bytes):
            return self.seen.count(said)
        return sum(asked[0] == 0x80 and asked[1] == said for asked in self.seen)

    def settle(self) -> None:
        for _ in range(500):
            self.bench.settle()
            if not self.step():
                return
        raise AssertionError("they keep each other busy for ever")

    def run(self, ms: int) -> None:
        """Let time pass, in steps short enough for the client's own times."""
        self.settle()
        end = self.bench.now + ms
        while self.bench.now < end:
            due = self.bench.client.next_deadline()
            self.bench.machine.advance(max(1, min(end, end if due is None else due) - self.bench.now))
            self.settle()


@pytest.fixture
def act(bench_class: Any) -> Callable[..., Actor]:
    def build(client: ClientSettings | None = None, **answers: Any) -> Actor:
        return Actor(bench_class(client=client or ClientSettings(), played=[0]), **answers)

    return build


@pytest.fixture(scope="session")
def player_class() -> type[Player]:
    """A client played by the test: the class, to be built by the test."""
    return Player
