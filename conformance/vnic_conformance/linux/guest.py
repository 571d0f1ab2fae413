"""A guest: a Linux kernel with the driver, driven from outside. No policy: what to answer and when is the caller's.

The guest stands still unless :meth:`Guest.run` is being called. It stops where it makes a hypervisor call, which has to be
answered before it goes on, or where it has nothing to do until some time. Its clock is ours, so that a run is the same
whenever it is repeated: calls, times, console.

Times are in nanoseconds of virtual time since the start.
"""

from __future__ import annotations

import select
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from mmap import mmap
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from vnic_conformance.linux import wire
from vnic_conformance.linux.clock import FOREVER, MESSAGE, Clock
from vnic_conformance.linux.connecting import STEP_NS, Arrival, GoneError, receive
from vnic_conformance.linux.console import Complaint, complaints
from vnic_conformance.linux.errors import GuestError
from vnic_conformance.linux.kernel import BootOptions, Kernel
from vnic_conformance.linux.memory import Direction, DmaMap, Window
from vnic_conformance.linux.observation import Happened, Link, Observation, Watch
from vnic_conformance.linux.outcomes import Called, Command, Ended, GuestEndedError, Idle, Limits, Why
from vnic_conformance.linux.process import CALLS, CLOCK, INITRAMFS, GuestProcess, TwinProcess

#: A millisecond: calls are counted by it, to tell a loop that does not sleep from one that does.
INSTANT_NS: Final = 1_000_000
PAGE_BYTES: Final = 4096
_BOOT_NS: Final = 120_000_000_000
_TAIL_LINES: Final = 40
_PRIVATE: Final = frozenset(wire.Private)
_VALUES: Final = 9


class Guest:
    """One guest; a context manager, which starts it and ends it.

    Args:
        kernel: what to boot.
        options: how.
        limits: when to give it up.

    Raises:
        GuestError: from ``with``: it does not come up.

    Attributes:
        memory: what the driver has mapped, and access to it.
        refused_mappings: so many mappings that the driver asks for next are refused.
        heard: frames that came to a user, where one listens (:func:`~vnic_conformance.linux.actions.hear`).
    """

    memory: DmaMap

    def __init__(self, kernel: Kernel, options: BootOptions | None = None, limits: Limits | None = None) -> None:
        self.kernel = kernel
        self.options = options or BootOptions()
        self.limits = limits or Limits()
        self.refused_mappings = 0
        self.heard: list[bytes] = []
        self._process: GuestProcess | TwinProcess
        self._clock: Clock
        self._links: list[socket.socket] = []
        self._connections: list[socket.socket] = []
        self._poll = select.poll()
        self._raw: mmap
        self._end: Ended | None = None
        self._ready = False
        self._call: Called | None = None
        self._answer: bytes | None = None
        self._commands: dict[int, Command] = {}
        self._next_tag = 1
        self._watch = Watch()
        self._recent: deque[int] = deque(maxlen=self.limits.calls)
        self._health: tuple[int, list[Complaint]] = (-1, [])
        self._console_text: str | None = None

    # -- beginning and end ---------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        words = self.options.command_line(self.kernel, INITRAMFS, CALLS, CLOCK)
        memory = self.options.memory(self.kernel)
        self._process = GuestProcess(self.kernel.binary, self.kernel.initramfs, words, memory)
        try:
            self._boot()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the guest. What was observed stays."""
        if self._end is None:
            self._finish(Why.CLOSED)
        # It is in the directory that goes now.
        self._console_text = self.console()
        for link in self._links:
            link.close()
        self._process.close()

    def _boot(self) -> None:
        arrival = Arrival(self._process, self.limits.boot_s, self._tail)
        try:
            self._clock = arrival.clock()
            self._raw, self.memory = arrival.memory(self._clock)
        finally:
            self._connections, self._links = arrival.connections, arrival.links
        self._poll.register(self._clock.link, select.POLLIN)
        self._poll.register(self._connections[wire.Channel.CALLS], select.POLLIN)
        while not self._ready:
            outcome = self.run(self.now + STEP_NS)
            if isinstance(outcome, Called):
                raise GuestError(f"the guest makes call {outcome.opcode:#x} before it has a device")
            if isinstance(outcome, Ended) or self.now > _BOOT_NS:
                raise GuestError(f"the guest did not come up. The end of its console:\n{self._tail()}")

    def _finish(self, why: Why, reason: str = "") -> Ended:
        self._process.kill()
        self._end = Ended(why, reason or why.value, self._tail())
        return self._end

    def _died(self) -> Ended:
        """The connection is gone, so is the guest; how, its console says."""
        self._process.kill()
        fatal = [complaint for complaint in self.health if complaint.kind in ("panic", "oops", "BUG")]
        if fatal:
            return self._finish(Why.DIED, f"the kernel died: {fatal[0].text}")
        return self._finish(Why.HALTED)

    @property
    def end(self) -> Ended | None:
        """How it has ended; None while it has not."""
        return self._end

    @property
    def process_id(self) -> int:
        """Number of its process, which leads a group of its own."""
        return self._process.number

    @property
    def is_twin(self) -> bool:
        """Whether another guest has made it."""
        return isinstance(self._process, TwinProcess)

    @property
    def directory(self) -> Path:
        """Where it runs; gone when it has ended."""
        return self._process.directory

    def become_twin(self) -> None:
        """Go on with another guest that stands in the same call with the same past, and leave this one to somebody else.

        For a process that :func:`os.fork` has made: it has everything that is known of the guest, and its parent goes on
        with the guest itself, as if nothing had been. The twin's process is a child of who has started the guest.

        Raises:
            GuestError: the guest stands in no call, or the twin does not come.
        """
        if self._call is None or self._answer is not None:
            raise GuestError("only a guest that stands in a call can have a twin")
        twin = TwinProcess(self.directory, self.console())
        place = twin.place.ljust(wire.ANSWER.size - 8, b"\0")
        arrival = Arrival(twin, self.limits.boot_s, self._tail)
        try:
            self._connections[wire.Channel.CALLS].sendall(wire.ANSWER.pack(wire.SPLIT, *struct.unpack("<9Q", place)))
            link = arrival.clock().link
            twin.found(arrival.number())
            self._raw, _ = arrival.memory(None)
            receive(arrival.connections[wire.Channel.ORDERS], wire.ACKNOWLEDGEMENT.size)
        except GoneError:
            twin.close()
            raise GuestError(f"a twin did not come up. The end of its console:\n{self._tail()}") from None
        except BaseException:
            twin.close()
            raise
        self._process, self._connections, self._links = twin, arrival.connections, arrival.links
        self._clock.link = link
        self.memory.move(self._raw)
        self._poll = select.poll()
        self._poll.register(link, select.POLLIN)
        self._poll.register(self._connections[wire.Channel.CALLS], select.POLLIN)

    # -- running ---------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The time."""
        return self._clock.now

    def run(self, until: int | None = None) -> Called | Idle | Ended:
        """Let the guest go on until it makes a call, or has nothing to do.

        Args:
            until: not to stop before this time unless it calls: the caller has nothing to tell it until then. The
                guest is then faster, and the time is ``until`` when it is idle. None: stop when it is first idle.

        Raises:
            GuestError: its last call has not been answered.
        """
        if self._end is not None:
            return self._end
        if self._call is not None and self._answer is None:
            raise GuestError(f"call {self._call.opcode:#x} of the guest has not been answered")
        limit = max(until or 0, self._clock.now)
        try:
            if self._answer is not None:
                self._send_answer(limit if until is not None else 0)
            while True:
                if self._clock.waiting:
                    if self._clock.wanted > limit:
                        self._clock.now = limit
                        return Idle(None if self._clock.wanted >= FOREVER else self._clock.wanted)
                    self._clock.now = max(self._clock.now, self._clock.wanted)
                    self._clock.resume(limit if until is not None else 0)
                outcome = self._next()
                if outcome is not None:
                    return outcome
        except GoneError:
            return self._died()

    def _send_answer(self, free_until: int) -> None:
        assert self._answer is not None
        if self._clock.limit(free_until):
            while not self._clock.settled:
                self._take_time()
        self._connections[wire.Channel.CALLS].sendall(self._answer)
        self._call = self._answer = None

    def _next(self) -> Called | Ended | None:
        """Take one thing that the guest says; what the caller has to know of it."""
        patience_s = self.limits.hang_s if self._ready else self.limits.boot_s
        ready = self._poll.poll(patience_s * 1000)
        if not ready:
            return self._finish(Why.HUNG, f"{Why.HUNG.value} for {patience_s:g} s of real time")
        descriptors = {descriptor for descriptor, _ in ready}
        if self._clock.link.fileno() in descriptors:
            self._take_time()
            return None
        return self._take_call()

    def _take_time(self) -> None:
        self._clock.take(receive(self._clock.link, MESSAGE.size))

    def _take_call(self) -> Called | Ended | None:
        calls = self._connections[wire.Channel.CALLS]
        opcode, *arguments = wire.CALL.unpack(receive(calls, wire.CALL.size))
        now = self._clock.now
        if opcode in _PRIVATE:
            calls.sendall(wire.ANSWER.pack(self._take_private(wire.Private(opcode), arguments), *[0] * _VALUES))
        else:
            self._call = Called(opcode, tuple(arguments), now)
        if len(self._recent) == self.limits.calls and now - self._recent[0] < INSTANT_NS:
            return self._finish(
                Why.LIVELOCK, f"{self.limits.calls:,} calls within one millisecond; the last is {opcode:#x}"
            )
        self._recent.append(now)
        return self._call

    def _take_private(self, opcode: wire.Private, arguments: list[int]) -> int:
        if opcode in (wire.Private.MAP, wire.Private.UNMAP):
            unit, address, length, direction = arguments[:4]
            window = Window(unit, address, length, Direction(direction))
            if opcode is wire.Private.UNMAP:
                self.memory.unmap(window)
            elif self.refused_mappings:
                self.refused_mappings -= 1
                return -1
            else:
                self.memory.map(window)
        elif opcode is wire.Private.READY:
            self._ready = True
        elif opcode is wire.Private.NETDEV:
            self._watch.take_event(self._clock.now, arguments)
        elif opcode is wire.Private.COUNTS:
            self._watch.take_counters(arguments)
        elif opcode is wire.Private.ENDED:
            self._take_end(*arguments[:4])
        return 0

    def _take_end(self, tag: int, status: int, address: int, length: int) -> None:
        said = self._raw[address : address + length]
        if tag == wire.HEARD:
            self.heard.append(said)
            return
        command = self._commands.pop(tag)
        command.ended = self._clock.now
        command.status = wire.signed(status)
        command.output = said.decode(errors="replace")
        if command.unit is not None:
            self.memory.clear(command.unit)

    def serve(self, until: int, answer: Callable[[int, Sequence[int]], Sequence[int]]) -> int | None:
        """Let the guest go on until a time, and answer every call that it makes meanwhile.

        Args:
            until: the time.
            answer: return code and values of a call, by opcode and arguments.

        Returns:
            When it goes on by itself; None: never.

        Raises:
            GuestEndedError: it has ended.
        """
        while True:
            match self.run(until):
                case Called() as call:
                    self.answer(*answer(call.opcode, call.args))
                case Idle() as idle:
                    return idle.until
                case Ended() as ended:
                    raise GuestEndedError(ended)

    # -- what the caller does to it ------------------------------------------------------------------------------

    def answer(self, rc: int, *values: int) -> None:
        """Answer the call at which the guest stands; it goes on with the next :meth:`run`.

        Args:
            rc: return code.
            values: R4, R5 …; those left out are 0.

        Raises:
            GuestError: it stands at no call, or this one has been answered.
        """
        if self._end is not None:
            return
        if self._call is None or self._answer is not None:
            raise GuestError("the guest stands at no call that has not been answered")
        self._answer = wire.ANSWER.pack(rc, *values, *[0] * (_VALUES - len(values)))

    def interrupt(self, source: int) -> None:
        """Pulse an interrupt source; one that the driver does not have is ignored."""
        self._order(wire.Order.INTERRUPT, source)

    def advance(self, to: int) -> None:
        """Let time pass while the guest is idle.

        Raises:
            GuestError: it is not idle, or wants to go on earlier, or that time is past.
        """
        if self._end is not None:
            return
        if not self._clock.waiting:
            raise GuestError("the guest stands at a call; time passes while it is idle")
        if not self.now <= to <= self._clock.wanted:
            raise GuestError(
                f"it is {self.now} ns and the guest goes on at {self._clock.wanted} ns; {to} ns is not between"
            )
        self._clock.now = to

    def command(self, text: str) -> Command:
        """Run a shell command as the guest's user; it ends later.

        Its output is taken until everything that it has started has closed it: what goes to the background needs its
        own (``nc -l -p 1 > /dev/null 2>&1 &``).

        Raises:
            GuestError: it is longer than an order may be.
        """
        return self._ask(wire.Order.RUN, text, text.encode())

    def add_device(self, unit: int, source: int, mac: bytes) -> Command:
        """Add a VNIC to the guest's vio bus; it ends when the driver has probed it.

        Args:
            unit: unit address.
            source: its CRQ's interrupt source.
            mac: 6 bytes.
        """
        return self._ask(wire.Order.ADD, f"add device {unit:x}", wire.DEVICE.pack(unit, source, mac))

    def remove_device(self, unit: int) -> Command:
        """Remove a device from the bus; it ends when the driver has let go of it."""
        command = self._ask(wire.Order.REMOVE, f"remove device {unit:x}", wire.UNIT.pack(unit))
        command.unit = unit
        return command

    def look(self) -> Command:
        """Have all devices reported as they are now, with their counters; :meth:`observe` has it when it has ended.

        What is told by events is late where a reset of the driver holds the lock that they need.
        """
        return self._ask(wire.Order.LOOK, "look", b"")

    def _ask(self, order: wire.Order, text: str, data: bytes) -> Command:
        if len(data) > wire.ORDER_BYTES:
            raise GuestError(
                f"a command has at most {wire.ORDER_BYTES} bytes; this one has {len(data)}: {text[:60]}..."
            )
        command = Command(text, self.now)
        tag, self._next_tag = self._next_tag, self._next_tag + 1
        self._commands[tag] = command
        self._order(order, tag, data)
        return command

    def _order(self, order: wire.Order, tag: int, data: bytes = b"") -> None:
        """Send an order and wait until the guest has taken it; where it has ended meanwhile, the next run tells."""
        if self._end is not None:
            return
        orders = self._connections[wire.Channel.ORDERS]
        poll = select.poll()
        poll.register(orders, select.POLLIN)
        poll.register(self._clock.link, select.POLLIN)
        try:
            orders.sendall(wire.ORDER.pack(order, len(data), tag) + data)
            while True:
                ready = {descriptor for descriptor, _ in poll.poll(self.limits.hang_s * 1000)}
                if not ready:
                    self._finish(
                        Why.HUNG, f"the guest does not take an order for {self.limits.hang_s:g} s of real time"
                    )
                    return
                # It asks for the time before it acknowledges.
                if self._clock.link.fileno() in ready:
                    self._take_time()
                else:
                    receive(orders, wire.ACKNOWLEDGEMENT.size)
                    return
        except (GoneError, ConnectionError):
            self._died()

    # -- what is seen of it ----------------------------------------------------------------------------------------

    def observe(self) -> Observation:
        """Everything that is known of it now."""
        links = {link.name: link for link in self._watch.links.values()}
        return Observation(links, tuple(self._watch.events), dict(self._watch.counters), tuple(self.health))

    def link_up(self, name: str) -> bool:
        """Whether the network above the driver thinks that frames can pass a device of this name."""
        return any(link.name == name and link.up and link.carrier for link in self._watch.links.values())

    @property
    def events(self) -> Sequence[Happened]:
        """Events of network devices so far, in order."""
        return self._watch.events

    def observe_link(self, name: str) -> Link | None:
        """A network device as the last event or look has told; None: there is none of this name."""
        return next((link for link in self._watch.links.values() if link.name == name), None)

    def bytes_at(self, address: int, length: int) -> bytes:
        """Bytes of the guest's memory, whatever is mapped: for one who looks on."""
        return bytes(self._raw[address : address + length])

    def page(self, number: int) -> memoryview:
        """A page of the guest's memory, whatever is mapped: for a hypervisor, which translates itself."""
        at = number * PAGE_BYTES
        return memoryview(self._raw)[at : at + PAGE_BYTES]

    def watch_mappings(self, listener: Callable[[bool, int, int, int, int], None]) -> None:
        """Have every mapping told: whether it is made or ended, and its unit, address, length and direction.

        Those that are there already are told at once.
        """
        for window in self.memory.windows():
            listener(True, window.unit, window.address, window.length, window.direction)
        self.memory.listener = listener

    @property
    def health(self) -> list[Complaint]:
        """Complaints on the console, in order; the first one counts."""
        text = self.console()
        if self._health[0] != len(text):
            self._health = (len(text), complaints(text.splitlines()))
        return self._health[1]

    def console(self) -> str:
        """Everything that the kernel has printed."""
        return self._process.console() if self._console_text is None else self._console_text

    def _tail(self) -> str:
        return "\n".join(self.console().splitlines()[-_TAIL_LINES:])
