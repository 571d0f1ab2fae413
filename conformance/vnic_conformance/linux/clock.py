"""The guest's clock is ours: the controller's side of User-Mode Linux's ``time-travel=ext:``.

The guest *requests* the time at which it wants to go on and *waits*; it runs when it is told what time it is. Between
waits it may let time pass by itself, up to a limit that it was given. Times are in nanoseconds since the start.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import Final

#: Operation, sequence number, time.
MESSAGE: Final = struct.Struct("<IIQ")
#: The time that is requested by who sleeps until somebody else wakes it.
FOREVER: Final = (1 << 63) - 1
#: Nanoseconds since 1970 at which every guest starts: its wall clock is the same in every run.
EPOCH_NS: Final = 1_700_000_000_000_000_000


@unique
class Op(IntEnum):
    """Operations of the protocol (the kernel's ``include/uapi/linux/um_timetravel.h``)."""

    ACK = 0
    START = 1
    REQUEST = 2
    WAIT = 3
    GET = 4
    UPDATE = 5
    RUN = 6
    FREE_UNTIL = 7
    GET_TOD = 8


@dataclass(slots=True)
class Clock:
    """The clock of one guest.

    Attributes:
        now: the time.
        wanted: when the guest wants to go on; :data:`FOREVER`: not by itself.
        waiting: whether it waits to be told so.
    """

    link: socket.socket
    now: int = 0
    wanted: int = FOREVER
    waiting: bool = False
    _free_until: int = 0
    _unacknowledged: int = 0

    def take(self, message: bytes) -> None:
        """One message of the guest's, which is answered."""
        op, sequence, time = MESSAGE.unpack(message)
        if op == Op.ACK:
            self._unacknowledged -= 1
            return
        if op == Op.REQUEST:
            self.wanted = time
        elif op == Op.WAIT:
            self.waiting = True
            # A limit ends with the wait.
            self._free_until = 0
        elif op == Op.UPDATE:
            self.now = time
        elif op == Op.GET:
            time = self.now
        elif op == Op.GET_TOD:
            time = EPOCH_NS
        self.link.sendall(MESSAGE.pack(Op.ACK, sequence, time))

    def resume(self, free_until: int) -> None:
        """Let the guest go on; it may let time pass by itself up to, and without, ``free_until``."""
        self.waiting = False
        self.wanted = FOREVER
        self.limit(free_until)
        self._unacknowledged += 1
        self.link.sendall(MESSAGE.pack(Op.RUN, 0, self.now))

    def limit(self, free_until: int) -> bool:
        """Change the limit of a guest that stands in a call; whether it has to acknowledge that first."""
        if free_until <= self.now:
            free_until = 0  # no time at all, which it has by itself after a wait
        if free_until == self._free_until:
            return False
        self._free_until = free_until
        self._unacknowledged += 1
        self.link.sendall(MESSAGE.pack(Op.FREE_UNTIL, 0, free_until))
        return True

    @property
    def settled(self) -> bool:
        """Whether the guest has acknowledged all that it was told."""
        return self._unacknowledged == 0
