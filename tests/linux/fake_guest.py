"""A program that speaks as a guest does and is none: it makes the host side's failures happen, in milliseconds.

As a kernel it is started with the words of a kernel's command line; ``play=NAME`` says what it does once it is up.
"""

from __future__ import annotations

import array
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable

from vnic_conformance.linux import wire
from vnic_conformance.linux.clock import FOREVER, MESSAGE, Op

MEMORY = 1 << 20
START = 1 << 16
H_FREE_CRQ = 0x100
H_EOI = 0x64
#: When it goes on after it has said that it is ready.
BOOTED = 15_000_000


class Fake:
    """The guest's side of the wire."""

    def __init__(self, words: dict[str, str]) -> None:
        self.clock = self.connect(words["time-travel"].removeprefix("ext:"))
        self.sequence = 0
        self.ask(Op.START, 0)
        self.memory = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self.memory.truncate(MEMORY)
        self.calls = self.connect(words["vnickit"])
        self.greet(self.calls, wire.Channel.CALLS)
        self.orders = self.connect(words["vnickit"])
        self.greet(self.orders, wire.Channel.ORDERS)

    @staticmethod
    def connect(path: str) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        return connection

    def greet(self, connection: socket.socket, channel: wire.Channel) -> None:
        magic = 1 if "wrong-magic" in sys.argv else wire.MAGIC
        hello = wire.HELLO.pack(magic, channel, MEMORY, START)
        descriptor = array.array("i", [self.memory.fileno()]).tobytes()
        connection.sendmsg([hello], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptor)])

    def ask(self, op: Op, when: int) -> int:
        """Tell the clock something; what time it answers."""
        self.sequence += 1
        self.clock.sendall(MESSAGE.pack(op, self.sequence, when))
        while True:
            said, sequence, answer = MESSAGE.unpack(self.clock.recv(MESSAGE.size))
            if said == Op.ACK:
                return int(answer)
            self.clock.sendall(MESSAGE.pack(Op.ACK, sequence, 0))

    def call(self, opcode: int, *args: int) -> int:
        self.calls.sendall(wire.CALL.pack(opcode, *args, *[0] * (9 - len(args))))
        while True:
            data = self.calls.recv(wire.ANSWER.size)
            if data:
                return int(wire.ANSWER.unpack(data)[0])
            sys.exit(0)

    def wait(self, until: int) -> int:
        """Sleep; what time it is then."""
        self.ask(Op.REQUEST, until)
        self.ask(Op.WAIT, 0)
        while True:
            said, sequence, now = MESSAGE.unpack(self.clock.recv(MESSAGE.size))
            self.clock.sendall(MESSAGE.pack(Op.ACK, sequence, 0))
            if said == Op.RUN:
                return int(now)


def idle(guest: Fake) -> None:
    guest.wait(FOREVER)


def calls_and_sleeps(guest: Fake) -> None:
    for number in range(3):
        guest.call(H_FREE_CRQ, number)
        guest.wait(BOOTED + (number + 1) * 5_000_000)
    idle(guest)


def calls_without_end(guest: Fake) -> None:
    while True:
        guest.call(H_FREE_CRQ)


def hangs(guest: Fake) -> None:
    time.sleep(60)


def takes_no_order(guest: Fake) -> None:
    guest.call(H_FREE_CRQ)
    time.sleep(60)


def panics(guest: Fake) -> None:
    sys.stdout.write("[    1.000000] Kernel panic - not syncing: Kernel mode fault at addr 0x8, ip 0x60001234\n")


def halts(guest: Fake) -> None:
    sys.stdout.write("[    1.000000] reboot: System halted\n")


def maps(guest: Fake) -> None:
    guest.call(H_EOI, guest.call(wire.Private.MAP, 7, START, 64, 0) & 0xFF)
    guest.call(H_EOI, guest.call(wire.Private.MAP, 7, START + 64, 64, 1) & 0xFF)
    guest.call(wire.Private.UNMAP, 7, START, 64, 0)
    guest.call(wire.Private.UNMAP, 7, START, 64, 0)
    idle(guest)


PLAYS: dict[str, Callable[[Fake], None]] = {
    play.__name__: play
    for play in (idle, calls_and_sleeps, calls_without_end, hangs, takes_no_order, panics, halts, maps)
}


def main() -> None:
    words = dict(word.partition("=")[::2] for word in sys.argv[1:])
    if "dies-early" in words:
        sys.stdout.write("no memory\n")
        return
    guest = Fake(words)
    guest.call(wire.Private.READY)
    guest.wait(BOOTED)
    PLAYS[words["play"]](guest)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
