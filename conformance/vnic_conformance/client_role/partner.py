"""The partner: hypervisor, servers, user and clock around one client, in virtual time.

The partner takes turns with the client (:class:`~.port.ClientPort`): it answers calls, lets servers answer commands, raises
interrupts, lets time pass to whatever is due next, and tells observers (:mod:`.happenings`) of everything. With the same
client and the same words it does the same, step by step.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role import legal_ways, wire_host, wrong_ways
from vnic_conformance.client_role.completions import Completions, to_second_half, wrap
from vnic_conformance.client_role.deviating import Deviating
from vnic_conformance.client_role.deviations import DEVIATIONS, Deviation
from vnic_conformance.client_role.memory import Windows
from vnic_conformance.client_role.platform import Platform
from vnic_conformance.client_role.port import ClientPort, Turn
from vnic_conformance.client_role.server import Server
from vnic_conformance.client_role.server_settings import ServerSettings
from vnic_spec.wire import INIT, INIT_COMPLETE, MAX_INDIRECT, RESPONSE_BIT, Command, Header, command_rc

__all__ = ["DEVIATIONS", "LivelockError", "Partner"]
#: The modules that fill the list of deviations.
FILLED_BY: Final = (legal_ways, wrong_ways)

#: Told of everything that happens.
Observer = Callable[[h.Happening], None]
#: Called while the client stands in its n-th call, before that is answered.
Inside = Callable[[int, h.Called], None]

MAC: Final = bytes.fromhex("0200c0ffee01")
#: Who answers on the wire.
PEER: Final = wire_host.HOST_MAC
#: After so many times the calls that the client claims to make at one instant the partner gives up; the monitor has complained
#: long before (CLI-13).
_GIVE_UP: Final = 2


class LivelockError(Exception):
    """The client calls for ever while time stands still."""


class Partner:
    """Hypervisor, servers, user and clock.

    Args:
        port: the client.
        servers: what each server can; the first is the best.
        observers: told of everything.
        mac: the MAC of the client's device.
        indirect_limit: most elements of an indirect send.

    Raises:
        ValueError: the client's clock is real; this partner keeps virtual time.

    Attributes:
        now: ms since the reset.
        platform: the hypervisor's part.
        calls: how many calls the client has made.
        link: whether the user saw the link up when he last looked.
        inside: called while the client stands in a call.
        finished: results of what the user asked for, by number.
        ended: the client is gone.
    """

    def __init__(
        self,
        port: ClientPort,
        servers: Sequence[ServerSettings] = (ServerSettings(), ServerSettings()),
        observers: Sequence[Observer] = (),
        mac: bytes = MAC,
        indirect_limit: int = MAX_INDIRECT,
    ) -> None:
        if not port.hello.virtual:
            raise ValueError(f"{port.hello.label} has a real clock, and this partner keeps virtual time")
        self._port = port
        self._observers = list(observers)
        self._agenda: list[tuple[int, int, Callable[[], object]]] = []
        self._entered = 0
        self._deviating = Deviating(self._deviates)
        self._standing: list[h.Called] = []
        self._until: int | None = None
        self._raised: set[str] = set()
        self._instant = (0, 0)
        self._patience = _GIVE_UP * port.hello.client.burst
        self.now = 0
        self.calls = 0
        self.link = False
        self.ended = False
        self.inside: list[Inside] = []
        self.finished: dict[int, int] = {}
        port.reset(mac)
        features = port.hello.features
        self.windows = Windows(told="windows" in features)
        self.platform = Platform(port, port.unit, self.windows, self, indirect_limit)
        self.platform.servers = [
            Server(index, settings, self._dma_read, self._dma_write, self.platform.new_handle)
            for index, settings in enumerate(servers)
        ]
        self.platform.eligible = list(range(len(servers)))
        self._completions = Completions(self.platform, self._deviating, self._after)

    # -- what can be done to the client ----------------------------------------------------------------------------

    def observe(self, observer: Observer) -> None:
        """Tell one more observer from now on."""
        self._observers.append(observer)

    def deviate(self, deviation: Deviation | str) -> None:
        """Let hypervisor or servers do otherwise, as often as the deviation says.

        Raises:
            KeyError: there is none of this name.
        """
        chosen = DEVIATIONS[deviation] if isinstance(deviation, str) else deviation
        self._tell(h.Injected(self.now, chosen.name))
        if chosen.settings is not None:
            for server in self.platform.servers:
                server.settings = chosen.settings(server.settings)
        if chosen.hold_ms:
            self.platform.hold_ms = chosen.hold_ms
        if chosen.settings is not None or chosen.hold_ms:
            self._tell(h.Happened(self.now, chosen.name))
        if self._deviating.begin(chosen):
            self._tell(h.Unwell(self.now, False))

    def straight(self) -> None:
        """From now on hypervisor and servers do nothing otherwise."""
        self._deviating.clear()
        self._tell(h.Unwell(self.now, True))

    def user(self, action: str, **arguments: str | int) -> int | None:
        """The user asks for something; the number under which :attr:`finished` has its result, None if unsupported."""
        order = self._port.user(action, **arguments)
        self._tell(h.Asked(self.now, order, action, arguments))
        return order

    def happen(self, what: str, act: Callable[[], object], told: str = "") -> None:
        """Do something to the client, under a name; where it answers True it has come about, and that is told as ``told``."""
        self._tell(h.Injected(self.now, what))
        if act() is True:
            self._tell(h.Happened(self.now, told or what))

    def failover(self) -> bool:
        """The selected server fails; the next eligible one takes over, and the failed one heals at once as the last.

        Whether a client that was connected has lost its server.
        """
        connected, selected = self.platform.connected, self.platform.selected
        if selected is not None:
            self.platform.fail(selected)
            self.platform.heal(selected)
        return connected is not None

    def outage(self, ms: int) -> bool:
        """Event 08 without a successor: nobody is eligible for so long. Whether anybody was before."""
        lost = list(self.platform.eligible)
        self.platform.eligible.clear()
        if self.platform.selected is not None:
            self.platform.select(None)
        self._tell(h.Unwell(self.now, False))

        def back() -> None:
            for index in lost:
                self.platform.heal(index)
            self._tell(h.Unwell(self.now, True))

        self._at(self.now + ms, back)
        return bool(lost)

    def server_says(self, element: bytes) -> bool:
        """The connected server sends an element of its own; whether there is one, and room."""
        return self.platform.connected is not None and self.platform.element(element)

    def link_flaps(self, ms: int) -> bool:
        """The link of the connected server goes down, and comes back after so long (SRV-5); whether it was up."""
        server = self.platform.connected
        if server is None or not server.session.link:
            return False
        went = self.platform.element(server.indication(0, 1))
        self._reply(server, ms, server.indication(1, 1), b"")
        return went

    def server_init(self) -> bool:
        """The connected server has lost its session and opens the dialogue anew; whether there is one, and room."""
        server = self.platform.connected
        if server is None:
            return False
        server.drop()
        return self._greet(server, 0)

    def frame(self, frame: bytes) -> bool:
        """A frame arrives from the wire; whether there was a buffer for it."""
        server = self.platform.connected
        rightly = self._completions.received(server, frame) if server is not None and server.session.link else None
        if server is None or rightly is None:
            return False
        if rightly:
            self._tell(h.Arrived(self.now, server.index, frame))
        return True

    # -- time ------------------------------------------------------------------------------------------------------

    def run(self, ms: int) -> None:
        """Let time pass, with everything that is due.

        Raises:
            LivelockError: the client keeps calling while time stands still.
        """
        end = self.now + ms
        self._turn()
        while not self.ended:
            due = min((time for time in (self._until, self._agenda[0][0] if self._agenda else None) if time is not None),
                      default=None)  # fmt: skip
            if due is None or due > end:
                break
            self._pass(due)
            while self._agenda and self._agenda[0][0] <= self.now:
                heapq.heappop(self._agenda)[2]()
            self._turn()
        if not self.ended:
            self._pass(end)
        self._look()

    def until(self, holds: Callable[[], bool], ms: int) -> bool:
        """Let time pass until something holds, at most so long; whether it does."""
        end = self.now + ms
        self.run(0)
        while not holds() and self.now < end and not self.ended:
            times = [time for time in (self._until, self._agenda[0][0] if self._agenda else None) if time is not None]
            self.run(min(max(min(times, default=end) - self.now, 1), end - self.now))
        return holds()

    def _pass(self, now: int) -> None:
        self.now = self.platform.now = max(now, self.now)

    def _at(self, now: int, act: Callable[[], object]) -> None:
        self._entered += 1
        heapq.heappush(self._agenda, (now, self._entered, act))

    def _after(self, ms: int, act: Callable[[], object]) -> None:
        self._at(self.now + ms, act)

    # -- turns -----------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Let the client go on until it is idle."""
        if self.ended:
            return
        turn = self._run()
        while True:
            self._note(turn)
            if turn.opcode is not None:
                answer = self._called(turn.opcode, turn.arguments)
                self._raised.clear()
                turn = self._port.answer(*answer)
                continue
            if turn.ended:
                self.ended = True
                self._tell(h.Ended(self.now, turn.health))
                return
            self._sync()
            self._until = turn.until
            if self._agenda and self._agenda[0][0] <= self.now:
                while self._agenda and self._agenda[0][0] <= self.now:
                    heapq.heappop(self._agenda)[2]()
                turn = self._run()
                continue
            unread = 0 if self.platform.crq is None else len(self.platform.crq.unread)
            self._tell(h.Idled(self.now, turn.until, unread))
            return

    def _run(self) -> Turn:
        self._raised.clear()
        return self._port.run(self.now)

    def _note(self, turn: Turn) -> None:
        for new, address, length in turn.mapped:
            self.windows.change(new, address, length)
            self._tell(h.Mapped(self.now, new, address, length))
        for name in turn.events:
            self._tell(h.NetEvent(self.now, name))
        for order, result in turn.finished:
            self.finished[order] = result
            self._tell(h.Returned(self.now, order, result))

    def _called(self, opcode: int, arguments: tuple[int, ...]) -> tuple[int, ...]:
        self._sync()
        self.calls += 1
        when, count = self._instant
        self._instant = (self.now, count + 1 if when == self.now else 1)
        if self._instant[1] > self._patience:
            raise LivelockError(f"more than {self._patience:,} calls at {self.now} ms")
        called = h.Called(self.now, self.calls, opcode, arguments, self._dma_read)
        self._tell(called)
        for inside in list(self.inside):
            inside(self.calls, called)
        answer = self._answer(opcode, arguments)
        self._tell(h.Answered(self.now, opcode, arguments, answer[0], tuple(answer[1:])))
        return answer

    def _answer(self, opcode: int, arguments: tuple[int, ...]) -> tuple[int, ...]:
        answer = self._deviating.call(opcode, arguments)
        return tuple(int(value) for value in (self.platform.hcall(opcode, arguments) if answer is None else answer))

    def _deviates(self, deviation: Deviation) -> None:
        """A deviation happens; what counts as well begins anew, if a client cannot live with it for good."""
        if not deviation.well:
            self._tell(h.Injected(self.now, deviation.name))
        self._tell(h.Happened(self.now, deviation.name))

    def _sync(self) -> None:
        """See what the client has consumed."""
        platform = self.platform
        if platform.crq is not None and platform.crq.unread:
            for data, skipped in platform.crq.consumed():
                self._tell(h.Consumed(self.now, None, data, skipped))
        for handle, queue in list(platform.sub_crqs.items()):
            if queue.queue.unread:
                for data, skipped in queue.queue.consumed():
                    self._tell(h.Consumed(self.now, handle, data, skipped))

    def _look(self) -> None:
        seen = self._port.observe()
        self.link = seen.link
        self._tell(h.Looked(self.now, *seen))

    def _tell(self, happening: h.Happening) -> None:
        for observer in self._observers:
            observer(happening)

    # -- memory ----------------------------------------------------------------------------------------------------

    def _dma_read(self, address: int, length: int) -> bytes | None:
        return self._port.read(address, length) if length > 0 and self.windows.covers(address, length) else None

    def _dma_write(self, address: int, data: bytes) -> bool:
        return not data or (self.windows.covers(address, len(data)) and self._port.write(address, data))

    # -- servers: what the platform tells of ---------------------------------------------------------------------

    def connected(self, server: Server) -> None:
        """A server has become active: it looks for INIT, and sends its own if none comes (SRV-1)."""
        session = server.session
        self._at(self.now + server.settings.init_ms, lambda: self._greet_if_silent(server, session, 0))

    def _greet_if_silent(self, server: Server, session: object, times: int) -> None:
        if server.session is session and not server.open and self.platform.connected is server:
            self._greet(server, times)

    def _greet(self, server: Server, times: int) -> bool:
        server.greeted = True
        stored = self.platform.element(INIT)
        session, pause = server.session, server.settings.again_ms * min(2**times, 10)
        self._at(self.now + pause, lambda: self._greet_if_silent(server, session, times + 1))
        return stored

    def element_sent(self, server: Server, element: bytes) -> None:
        """See :class:`~.platform.Outside`."""
        if element == INIT:
            server.drop()
            server.open = True
            self._reply(server, 0, INIT_COMPLETE, b"")
        elif element == INIT_COMPLETE:
            # One that answers the INIT of an earlier server opens nothing: this one goes on to send its own.
            server.open = server.open or server.greeted
        elif element[0] == Header.COMMAND and server.open:
            self._command(server, element)

    def _command(self, server: Server, asked: bytes) -> None:
        right, after = server.answer(asked)
        buffer = b""
        if asked[1] == Command.LOGIN and server.login_response is not None and command_rc(right) == 0:
            buffer = self._write_login(server.login_response)
            server.login_response = None
        answers = self._deviating.answer(asked, right)
        for delay, data in [(0, right)] if answers is None else answers:
            self._reply(server, delay, data, buffer if data[1] == Command.LOGIN | RESPONSE_BIT else b"")
        last = max((delay for delay, _ in answers or [(0, right)]), default=0)
        if answers != []:
            for data in after:
                self._indicate(server, last, data)

    def _indicate(self, server: Server, delay: int, indication: bytes) -> None:
        """The link of the server's port, which may be known later, and counts for nothing when the client has asked anew."""
        wanted, late = server.session.link, server.settings.link_ms
        if not late:
            self._reply(server, delay, indication, b"")
            return
        session = server.session

        def known() -> None:
            if session.link is wanted:
                self._reply(server, 0, indication, b"")

        self._at(self.now + delay + late, known)

    def _write_login(self, response: tuple[int, bytes]) -> bytes:
        address, right = response
        written = self._deviating.login(right)
        self._dma_write(address, written)
        return written

    def _reply(self, server: Server, delay: int, data: bytes, buffer: bytes) -> None:
        session = server.session

        def put() -> None:
            if server.session is session and self.platform.connected is server:
                self.platform.element(data, buffer)

        if delay == 0 and server.settings.prompt:
            put()
        else:
            self._at(self.now + delay, put)

    def descriptors_sent(self, server: Server, handle: int, descriptors: list[bytes]) -> None:
        """See :class:`~.platform.Outside`."""
        for completion, correlator, frame in server.take(handle, descriptors):
            if frame is not None:
                self._tell(h.Sent(self.now, server.index, frame))
                reply = wire_host.answer(frame)
                if reply is not None:
                    self._at(self.now, partial(self.frame, reply))
            self._completions.sent(server, completion, correlator)

    def full(self, server: Server, handle: int) -> bool:
        """See :class:`~.platform.Outside`."""
        return self._deviating.full(handle in server.session.tx_submissions)

    def wrap(self) -> bool:
        """Elements that nobody awaits, so many that each queue of the client's begins anew; whether there is a queue."""
        return wrap(self.platform, self._after)

    def half(self) -> bool:
        """Elements that nobody awaits, until the client's CRQ goes on in its second half; whether there is a queue."""
        return to_second_half(self.platform)

    def raised(self, source: str) -> None:
        """See :class:`~.platform.Outside`."""
        if source not in self._raised:  # twice between two turns is once: the client stands still
            self._raised.add(source)
            self._port.interrupt(source)
        self._tell(h.Interrupted(self.now, source))

    def stored(self, handle: int | None, data: bytes, buffer: bytes) -> None:
        """See :class:`~.platform.Outside`."""
        self._tell(h.Put(self.now, handle, data, buffer))
