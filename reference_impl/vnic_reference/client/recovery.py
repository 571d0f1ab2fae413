"""The client's one recovery at a time: from wherever it is to logged in, and then keeping things as the user wants them.

The steps read like the driver's own (protocol.md 3.7, 4.5, 4.7), one after the other, as a generator: it yields the
virtual time at which it wants to go on at the latest, or None, and is resumed at every step of the client. Whatever
breaks it off (an event, an INIT) throws the generator away and starts another (CLI-8). Every wait is bounded but the two
in which only a server can act: for its INIT, and for something to do while all is well (CLI-7).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from vnic_reference.client.data_path import RxPath, TxPath
from vnic_reference.client.headers import plain_frames_want
from vnic_reference.client.negotiation import UnusableError, adopt, first_requests
from vnic_reference.client.pools import Pool
from vnic_reference.dialogue import buffers, elements
from vnic_reference.dialogue.elements import field, raw_field, request
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import (
    INIT,
    PAGE_BYTES,
    Capability,
    Command,
    CommandRc,
    Rc,
    command_rc,
)

if TYPE_CHECKING:  # the client owns its recovery
    from vnic_reference.client.client import VnicClient

_T = TypeVar("_T")
#: A piece of the recovery: yields deadlines (ms, or None: none), returns its result.
Steps = Generator[int | None, None, _T]

_BUSY = frozenset({Rc.H_BUSY, Rc.H_IN_PROGRESS, *range(Rc.H_LONG_BUSY_1_MS, Rc.H_LONG_BUSY_100_S + 1)})
_BUSY_PAUSE_MS = 10
_BUSY_TRIES = 1000
_VLAN_TAG = 4
_MIN_RX_BUFFER = 64
_MAX_RX_BUFFER = 1 << 16
_LOGIN_BYTES = 2 * PAGE_BYTES


class Entry(Enum):
    """Where a recovery begins."""

    REGISTER = 0  #: free the CRQ, register it, send INIT
    ENABLE = 1  #: enable the CRQ after a migration, send INIT (CLI-3)
    ANSWERED = 2  #: a server's INIT has been answered on the CRQ as it is (CLI-2, profile answer)


class AttemptError(Exception):
    """This attempt to get logged in has failed; the text says why. The next one begins with registering."""


class Recovery:
    """One recovery, and life after it.

    Args:
        client: whose it is.
    """

    def __init__(self, client: VnicClient) -> None:
        self.client = client
        self.settings = client.settings
        #: Values agreed on with the present server.
        self._granted: dict[Capability, int] = {}
        self._headers = 0
        self._tx_handles: list[int] = []
        self._rx_handles: list[int] = []

    def run(self, entry: Entry) -> Steps[None]:
        """Recover, and go on for ever."""
        client = self.client
        while True:
            try:
                yield from self.connect(entry)
                yield from self.live()
            except (AttemptError, UnusableError, MemoryError) as why:
                client.failures += 1
                client.last_failure = str(why) or "no memory left"
                client.drop()
                client.phase = ClientPhase.RECOVERING
                yield from self.pause_after_failure()
            entry = Entry.REGISTER

    def pause_after_failure(self) -> Steps[None]:
        """After three failures in a row, a pause before each further attempt (CLI-7)."""
        if self.client.failures >= self.settings.backoff_after:
            yield from self.sleep(self.settings.backoff_ms)

    # -- waiting and asking --------------------------------------------------------------------------------------

    def wait(self, ready: Callable[[], bool], deadline: int) -> Steps[bool]:
        """Wait until something holds, or until a point in time; whether it holds."""
        while not ready():
            if self.client.now >= deadline:
                return False
            yield deadline
        return True

    def sleep(self, ms: int) -> Steps[None]:
        """Let time pass."""
        yield from self.wait(lambda: False, self.client.now + ms)

    def patiently(self, call: Callable[[], int]) -> Steps[int]:
        """Repeat a call while it answers busy, bounded (CRQ-14)."""
        for _ in range(_BUSY_TRIES):
            rc = call()
            if rc not in _BUSY:
                return rc
            yield from self.sleep(_BUSY_PAUSE_MS)
        raise AttemptError("the hypervisor stayed busy")

    def tell(self, element: bytes) -> None:
        """Send a command whose response is noted but not waited for."""
        rc = self.client.send_command(element)
        if rc != Rc.H_SUCCESS:
            raise AttemptError(f"{Command(element[1])!r} not sent: code {rc}")

    def reply(self, element: bytes, deadline: int) -> Steps[bytes | None]:
        """Send a command and wait for its response; None if it does not come in time."""
        self.tell(element)
        answered = yield from self.wait(lambda: self.client.requests.answer(element) is not None, deadline)
        return self.client.requests.answer(element) if answered else None

    def ask(self, element: bytes, deadline: int | None = None) -> Steps[bytes]:
        """Like :meth:`reply`, within the limit for commands if no other is given; no response is a failure."""
        limit = self.client.now + self.settings.command_ms if deadline is None else deadline
        answer = yield from self.reply(element, limit)
        if answer is None:
            raise AttemptError(f"no response to {Command(element[1])!r}")
        return answer

    def all_answered(self, sent: list[bytes], deadline: int) -> Steps[bool]:
        """Wait for the responses to several commands that have been sent; whether all have come."""
        requests = self.client.requests
        return (yield from self.wait(lambda: all(requests.answer(element) for element in sent), deadline))

    # -- CRQ and dialogue ----------------------------------------------------------------------------------------

    def connect(self, entry: Entry) -> Steps[None]:
        """From the entry to a negotiated dialogue."""
        client = self.client
        if entry is Entry.REGISTER:
            yield from self.register()
        elif entry is Entry.ENABLE:
            yield from self.enable()
        deadline = client.now + self.settings.negotiation_ms
        if entry is not Entry.ANSWERED:
            deadline = yield from self.greet()
        version = yield from self.ask(request(Command.VERSION_EXCHANGE, version=elements.VERSION), deadline)
        if command_rc(version) or field(version, "version") != elements.VERSION:
            raise AttemptError("the server does not speak version 1")
        yield from self.negotiate(deadline)

    def register(self) -> Steps[None]:
        """Free the CRQ if there is one, and register it; H_CLOSED is registered as well (CRQ-2, CLI-2)."""
        client = self.client
        client.drop()
        client.phase = ClientPhase.RECOVERING
        yield from self.patiently(client.driver.free_crq)
        yield from self.register_freed()

    def register_freed(self) -> Steps[None]:
        """Register the CRQ, which is free: also one that was left behind before a kexec has been freed by now."""
        client = self.client
        rc = yield from self.patiently(client.register_crq)
        if rc not in (Rc.H_SUCCESS, Rc.H_CLOSED):
            raise AttemptError(f"H_REG_CRQ answered {rc}")
        client.driver.vio_signal(1)
        client.phase = ClientPhase.REGISTERED

    def enable(self) -> Steps[None]:
        """Enable the CRQ after a migration; it keeps contents and position (CRQ-8, CLI-3)."""
        client = self.client
        client.drop()
        client.phase = ClientPhase.ENABLING
        rc = yield from self.patiently(client.driver.enable_crq)
        if rc != Rc.H_SUCCESS:
            raise AttemptError(f"H_ENABLE_CRQ answered {rc}")
        client.phase = ClientPhase.REGISTERED

    def greet(self) -> Steps[int]:
        """Send INIT and await INIT_COMPLETE; the end of the time for all of the negotiation.

        Told H_CLOSED it tries again, 100 times; then nobody is there, and the first server to come will send INIT.
        """
        client = self.client
        for _ in range(self.settings.init_tries):
            rc = client.send_element(INIT)
            if rc == Rc.H_SUCCESS:
                break
            if rc != Rc.H_CLOSED:
                raise AttemptError(f"INIT not sent: code {rc}")
            yield from self.sleep(self.settings.init_retry_ms)
        else:
            client.phase = ClientPhase.WAITING
            while True:
                yield None
        client.phase = ClientPhase.INIT_SENT
        deadline = client.now + self.settings.negotiation_ms
        if not (yield from self.wait(lambda: client.phase is ClientPhase.READY, deadline)):
            raise AttemptError("no INIT_COMPLETE")
        return deadline

    # -- negotiation ---------------------------------------------------------------------------------------------

    def negotiate(self, deadline: int) -> Steps[None]:
        """Capabilities, offload, sub-CRQs (protocol.md 3.7, steps 3 to 7)."""
        told = yield from self.query_capabilities(deadline)
        self._headers = plain_frames_want(told.get(Capability.TX_RX_DESC_REQ, 0))
        self._granted = yield from self.request_capabilities(told, deadline)
        arena = self.client.arena
        at = arena.take(PAGE_BYTES)
        if at is None:
            raise MemoryError
        query = request(Command.QUERY_IP_OFFLOAD, length=buffers.IP_OFFLOAD_BYTES, ioba=at)
        yield from self.ask(query, deadline)
        # Frames come ready from the application: no offload is used, whatever is offered.
        self.client.driver.poke(at, buffers.ip_offload_control(frozenset()))
        control = request(Command.CONTROL_IP_OFFLOAD, ioba=at, length=buffers.IP_OFFLOAD_CONTROL_BYTES)
        yield from self.ask(control, deadline)
        arena.give_back(at, PAGE_BYTES)
        self.register_sub_crqs()
        if not self.client.wish:
            self.client.failures = 0

    def query_capabilities(self, deadline: int) -> Steps[dict[Capability, int]]:
        """All queries at once, then all answers; one that was refused counts as not told."""
        queries = [request(Command.QUERY_CAPABILITY, capability=number) for number in elements.QUERIED]
        for query in queries:
            self.tell(query)
        requests = self.client.requests
        if not (yield from self.all_answered(queries, deadline)):
            raise AttemptError("not all capability queries were answered")
        told = {}
        for query in queries:
            answer = requests.answer(query)
            if answer is not None and command_rc(answer) == CommandRc.SUCCESS:
                told[Capability(field(query, "capability"))] = field(answer, "number")
        return told

    def request_capabilities(self, told: dict[Capability, int], deadline: int) -> Steps[dict[Capability, int]]:
        """Request; after PartialSuccess take what was granted and request everything again, bounded (CLI-7)."""
        values = first_requests(told, self.settings)
        requests = self.client.requests
        for _ in range(self.settings.capability_tries):
            asked = {
                capability: request(Command.REQUEST_CAPABILITY, capability=capability, number=value)
                for capability, value in values.items()
            }
            for element in asked.values():
                self.tell(element)
            every = list(asked.values())
            if not (yield from self.all_answered(every, deadline)):
                raise AttemptError("not all capability requests were answered")
            partial = False
            for capability, element in asked.items():
                answer = requests.answer(element) or b""
                rc = command_rc(answer)
                if rc == CommandRc.PARTIAL_SUCCESS:
                    partial = True
                    adopt(values, capability, field(answer, "number"), self.settings)
                elif rc != CommandRc.SUCCESS:
                    raise AttemptError(f"{capability!r} refused: code {rc}")
            if not partial:
                return values
        raise AttemptError("no agreement on capabilities")

    def register_sub_crqs(self) -> None:
        """Completion queues, transmit first (protocol.md 3.7, step 7)."""
        client = self.client
        tx, rx = self._granted[Capability.REQ_TX_QUEUES], self._granted[Capability.REQ_RX_QUEUES]
        client.free_sub_crqs()
        handles = [client.register_sub_crq() for _ in range(tx + rx)]
        if None in handles:
            raise AttemptError("H_REG_SUB_CRQ refused")
        known = [handle for handle in handles if handle is not None]
        self._tx_handles, self._rx_handles = known[:tx], known[tx:]

    # -- login ---------------------------------------------------------------------------------------------------

    def login(self) -> Steps[buffers.LoginResponse]:
        """Log in, with the driver's rules for each refusal (protocol.md 4.7)."""
        client = self.client
        for _ in range(self.settings.login_tries):
            client.phase = ClientPhase.LOGIN_SENT
            rc, answer = yield from self.login_once()
            if answer is not None:
                return answer
            client.phase = ClientPhase.READY
            if rc == CommandRc.ABORTED:
                yield from self.sleep(self.settings.abort_pause_ms)
            elif rc == CommandRc.PARTIAL_SUCCESS:
                client.free_sub_crqs()
                yield from self.negotiate(client.now + self.settings.negotiation_ms)
            else:
                yield from self.begin_again()
        raise AttemptError(f"LOGIN refused {self.settings.login_tries} times")

    def begin_again(self) -> Steps[None]:
        """A LOGIN without answer, or refused for good: the dialogue from its start, after a pause between free and register.

        Without the free the server might go on regarding this client as logged in; without the pause it might take the
        pair for a failure (protocol.md 5, bugs 12 and 13).
        """
        client = self.client
        client.drop()
        client.phase = ClientPhase.RECOVERING
        yield from self.patiently(client.driver.free_crq)
        yield from self.sleep(self.settings.settle_ms)
        yield from self.register_freed()
        deadline = yield from self.greet()
        yield from self.ask(request(Command.VERSION_EXCHANGE, version=elements.VERSION), deadline)
        yield from self.negotiate(deadline)

    def login_once(self) -> Steps[tuple[int | None, buffers.LoginResponse | None]]:
        """One LOGIN: the return code, None if there was no answer in time; the response if it was a success."""
        client, settings = self.client, self.settings
        at = client.arena.take(_LOGIN_BYTES)
        if at is None:
            raise MemoryError
        answer_at = at + PAGE_BYTES
        length = buffers.login_response_bytes(len(self._tx_handles), len(self._rx_handles))
        data = buffers.LoginRequest(
            tuple(self._tx_handles),
            tuple(self._rx_handles),
            answer_at,
            length,
            buffers.client_data("Linux", settings.host, settings.interface),
        ).pack()
        client.driver.poke(at, data)
        client.driver.poke(answer_at, bytes(PAGE_BYTES))
        asked = request(Command.LOGIN, ioba=at, length=len(data))
        answer = yield from self.reply(asked, client.now + settings.negotiation_ms)
        told = client.driver.peek(answer_at, length) or b""
        client.arena.give_back(at, _LOGIN_BYTES)
        if answer is None or command_rc(answer) != CommandRc.SUCCESS:
            return (None if answer is None else command_rc(answer)), None
        return CommandRc.SUCCESS, self.checked(told)

    def checked(self, told: bytes) -> buffers.LoginResponse:
        """The login response, if everything in it can be used (CLI-9)."""
        try:
            answer = buffers.LoginResponse.unpack(told)
        except buffers.LayoutError as why:
            raise AttemptError(f"login response: {why}") from None
        if (len(answer.tx_submissions), len(answer.rx_adds)) != (len(self._tx_handles), len(self._rx_handles)):
            raise AttemptError("login response: other numbers of queues than asked for")
        if not all(_MIN_RX_BUFFER <= size <= _MAX_RX_BUFFER for size in answer.rx_buffer_sizes):
            raise AttemptError("login response: receive buffer size out of range")
        return answer

    # -- after LOGIN ---------------------------------------------------------------------------------------------

    def bring_up(self, answer: buffers.LoginResponse) -> Steps[None]:
        """Everything negotiated is sent again: MAC, maps, buffers; link and multicast follow (CLI-5)."""
        client = self.client
        yield from self.set_mac()
        if client.vpd is None:
            yield from self.read_vpd()
        self.tell(request(Command.QUERY_MAP))
        yield from self.map_pools(answer)

    def set_mac(self) -> Steps[None]:
        """CHANGE_MAC_ADDR; a failure is ignored, as the driver does, but the MAC in force is noted."""
        client = self.client
        mac = client.mac
        answer = yield from self.reply(request(Command.CHANGE_MAC_ADDR, mac=mac), client.now + self.settings.command_ms)
        client.told_mac = mac
        client.mac_in_force = raw_field(answer, "mac") if answer is not None else None

    def read_vpd(self) -> Steps[None]:
        """Vital product data, once; a size of 0 is a failure (protocol.md 3.7, step 10)."""
        client = self.client
        size = field((yield from self.ask(request(Command.GET_VPD_SIZE))), "length")
        if not 1 <= size <= PAGE_BYTES:
            raise AttemptError(f"vital product data of {size} bytes")
        at = client.arena.take(PAGE_BYTES)
        if at is None:
            raise MemoryError
        answer = yield from self.ask(request(Command.GET_VPD, ioba=at, length=size))
        if command_rc(answer):
            raise AttemptError(f"GET_VPD refused: code {command_rc(answer)}")
        client.vpd = client.driver.peek(at, size)
        client.arena.give_back(at, PAGE_BYTES)

    def map_pools(self, answer: buffers.LoginResponse) -> Steps[None]:
        """REQUEST_MAP for every long-term buffer, receive pools first (protocol.md 3.7, step 12)."""
        client, granted = self.client, self._granted
        frame = granted[Capability.REQ_MTU]
        next_id = 1
        rx: list[RxPath] = []
        tx: list[TxPath] = []
        pools: list[Pool] = []

        def pool(slots: int, slot_bytes: int) -> Pool:
            nonlocal next_id
            made = Pool(client.arena, slots, slot_bytes, next_id)
            next_id += len(made.buffers)
            pools.append(made)
            return made

        try:
            for add, own, size in zip(answer.rx_adds, self._rx_handles, answer.rx_buffer_sizes, strict=True):
                slots = granted[Capability.REQ_RX_ADD_ENTRIES]
                rx.append(RxPath(add, own, pool(slots, size), client.slots(slots)))
            for submission, own in zip(answer.tx_submissions, self._tx_handles, strict=True):
                slots = granted[Capability.REQ_TX_ENTRIES]
                tx.append(TxPath(submission, own, pool(slots, frame + _VLAN_TAG), client.slots(slots)))
        except MemoryError:
            for made in pools:
                made.release()
            raise
        # From here on the data path owns the pools, and gives them back when the session ends.
        client.data.open(tx, rx, frame + _VLAN_TAG, self._headers)
        for made in pools:
            for buffer in made.buffers:
                asked = request(Command.REQUEST_MAP, map_id=buffer.map_id, ioba=buffer.ioba, length=buffer.length)
                mapped = yield from self.ask(asked)
                if command_rc(mapped):
                    raise AttemptError(f"REQUEST_MAP refused: code {command_rc(mapped)}")

    # -- life ----------------------------------------------------------------------------------------------------

    def live(self) -> Steps[None]:
        """Keep the device as the user wants it, one change at a time (CLI-5, CLI-6, CLI-8)."""
        client = self.client
        fresh = False
        while True:
            if client.phase is not ClientPhase.LOGGED_IN:
                if not client.wish:
                    yield None
                    continue
                answer = yield from self.login()
                client.phase = ClientPhase.LOGGED_IN
                yield from self.bring_up(answer)
                client.mapped = fresh = True
            elif client.bounce:
                client.bounce = False
                yield from self.set_link(False)
            elif client.told_link is not client.wish:
                yield from self.set_link(client.wish)
                if client.told_link and fresh:
                    fresh = False
                    self.logged_in()
            elif client.told_mac != client.mac:
                yield from self.set_mac()
            elif client.told_multicast != client.multicast:
                self.send_multicast()
            elif client.statistics_wanted:
                client.statistics_wanted = False
                yield from self.read_statistics()
            else:
                yield client.watchdog()
                if client.stuck():
                    raise AttemptError("a frame was not completed in time")

    def logged_in(self) -> None:
        """Logged in and the link asked for: whatever failed before is over, and the network has to be told (CLI-5)."""
        client = self.client
        client.failures = 0
        client.logins += 1

    def set_link(self, up: bool) -> Steps[None]:
        """LOGICAL_LINK_STATE; after PartialSuccess again, bounded. That the link could not be closed is ignored."""
        client, settings = self.client, self.settings
        if up:
            client.enable_interrupts()
            client.lending = True
            client.data.lend(client.now)
        else:
            client.carrier = False
        asked = request(Command.LOGICAL_LINK_STATE, state=elements.LINK_UP if up else elements.LINK_DOWN)
        rc: int | None = None
        for _ in range(settings.link_tries):
            answer = yield from self.reply(asked, client.now + settings.negotiation_ms)
            rc = None if answer is None else command_rc(answer)
            if rc != CommandRc.PARTIAL_SUCCESS:
                break
            yield from self.sleep(settings.link_retry_ms)
        client.told_link = up
        if up and rc != CommandRc.SUCCESS:
            raise AttemptError(f"the logical link did not come up: code {rc}")

    def send_multicast(self) -> None:
        """MULTICAST_CTRL for every address that the server was not told of, or not told to forget; not awaited."""
        client = self.client
        changes = [(mac, elements.MULTICAST_DISABLE) for mac in sorted(client.told_multicast - client.multicast)]
        changes += [(mac, elements.MULTICAST_ENABLE) for mac in sorted(client.multicast - client.told_multicast)]
        for mac, flags in changes:
            self.tell(request(Command.MULTICAST_CTRL, mac=mac, flags=flags))
        client.told_multicast = set(client.multicast)

    def read_statistics(self) -> Steps[None]:
        """REQUEST_STATISTICS into a buffer of the client's."""
        client = self.client
        at = client.arena.take(PAGE_BYTES)
        if at is None:
            raise MemoryError
        length = buffers.STATISTICS_BYTES
        answer = yield from self.reply(
            request(Command.REQUEST_STATISTICS, ioba=at, length=length), client.now + self.settings.command_ms
        )
        if answer is not None and command_rc(answer) == CommandRc.SUCCESS:
            client.statistics = buffers.unpack_statistics(client.driver.peek(at, length) or b"")
        client.arena.give_back(at, PAGE_BYTES)
