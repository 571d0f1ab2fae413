"""A guest that comes up connects three times: to its clock, for its calls, for our orders."""

from __future__ import annotations

import array
import select
import socket
import struct
from collections.abc import Callable
from mmap import mmap
from typing import Final

from vnic_conformance.linux import wire
from vnic_conformance.linux.clock import FOREVER, MESSAGE, Clock
from vnic_conformance.linux.errors import GuestError
from vnic_conformance.linux.memory import DmaMap
from vnic_conformance.linux.process import GuestProcess, TwinProcess

#: How far a guest that comes up may let time pass by itself.
STEP_NS: Final = 10_000_000
_POLL_MS: Final = 200


class GoneError(Exception):
    """The other end of a connection is gone."""


class Arrival:
    """The coming up of one guest.

    Args:
        process: the guest's.
        patience_s: real seconds that it is waited for.
        tail: the end of its console, to complain with.

    Attributes:
        connections: for calls and for orders, as far as they are there.
        links: every connection so far, to be closed in the end.
    """

    def __init__(self, process: GuestProcess | TwinProcess, patience_s: float, tail: Callable[[], str]) -> None:
        self._process = process
        self._patience_s = patience_s
        self._tail = tail
        self.connections: list[socket.socket] = []
        self.links: list[socket.socket] = []

    def clock(self) -> Clock:
        """Wait for the guest to ask for its clock.

        Raises:
            GuestError: it does not.
        """
        return Clock(self._accept(self._process.clock, None))

    def number(self) -> int:
        """The process at the other end."""
        pid: int = struct.unpack("3i", self.links[0].getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        return pid

    def memory(self, clock: Clock | None) -> tuple[mmap, DmaMap]:
        """Wait for the other connections; the guest's memory, and the view of it that a partner has.

        Raises:
            GuestError: they do not come, or not as expected.
        """
        raw, start = self._greet(clock, wire.Channel.CALLS)
        self._greet(clock, wire.Channel.ORDERS)[0].close()
        return raw, DmaMap(raw, start)

    def _accept(self, listening: socket.socket, clock: Clock | None) -> socket.socket:
        """The guest's next connection; until it is there, the clock is answered."""
        poll = select.poll()
        poll.register(listening, select.POLLIN)
        if clock is not None:
            poll.register(clock.link, select.POLLIN)
        waited_ms = 0
        while not self._process.ended and waited_ms < self._patience_s * 1000:
            ready = {descriptor for descriptor, _ in poll.poll(_POLL_MS)}
            if listening.fileno() in ready:
                self.links.append(listening.accept()[0])
                return self.links[-1]
            if ready and clock is not None:
                try:
                    clock.take(receive(clock.link, MESSAGE.size))
                except GoneError:
                    break
                _go_on(clock)
            else:
                waited_ms += _POLL_MS
        raise GuestError(f"the guest did not come up. The end of its console:\n{self._tail()}")

    def _greet(self, clock: Clock | None, expected: wire.Channel) -> tuple[mmap, int]:
        """A connection, and the memory that comes with it."""
        connection = self._accept(self._process.calls, clock)
        self.connections.append(connection)
        hello, ancillary, *_ = connection.recvmsg(wire.HELLO.size, socket.CMSG_SPACE(array.array("i", [0]).itemsize))
        descriptors = array.array("i")
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(data[: descriptors.itemsize])
        if len(hello) != wire.HELLO.size or len(descriptors) != 1:
            raise GuestError(f"the guest did not come up. The end of its console:\n{self._tail()}")
        magic, channel, size, start = wire.HELLO.unpack(hello)
        with open(descriptors[0], "rb", buffering=0) as file:  # the descriptor is ours to close
            if magic != wire.MAGIC or channel != expected:
                raise GuestError("the guest speaks another wire format: build the kernel again (vnickit linux build)")
            return mmap(file.fileno(), size), start


def _go_on(clock: Clock) -> None:
    """Let a guest go on that comes up: nobody else can have anything to do."""
    if clock.waiting and clock.wanted < FOREVER:
        clock.now = max(clock.now, clock.wanted)
        clock.resume(clock.now + STEP_NS)


def receive(connection: socket.socket, length: int) -> bytes:
    """Exactly so many bytes.

    Raises:
        GoneError: the connection has ended.
    """
    data = b""
    while len(data) < length:
        try:
            more = connection.recv(length - len(data))
        except ConnectionError:
            more = b""
        if not more:
            raise GoneError
        data += more
    return data
