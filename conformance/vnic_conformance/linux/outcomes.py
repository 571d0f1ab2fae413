"""What comes of letting a guest run, and of asking something of it. Times are in nanoseconds of virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from vnic_conformance.linux.errors import GuestError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a guest that does not come to an end.

    Attributes:
        hang_s: real seconds without any sign of life while it should run.
        calls: hypervisor calls within one millisecond of its own time.
        boot_s: real seconds without any sign of life while it comes up.
    """

    hang_s: float = 60.0
    calls: int = 5_000
    boot_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Called:
    """The guest makes a hypervisor call, and waits for the answer.

    Attributes:
        opcode: of the call.
        args: its arguments, nine words; those that the call does not have are 0.
        at: when.
    """

    opcode: int
    args: tuple[int, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Idle:
    """The guest has nothing to do.

    Attributes:
        until: when it goes on by itself; None: never.
    """

    until: int | None


@unique
class Why(StrEnum):
    """Why a guest has ended."""

    HALTED = "the guest has halted"
    DIED = "the kernel died"
    HUNG = "the guest hangs: no sign of life"
    LIVELOCK = "the guest calls without end at one instant"
    CLOSED = "we ended it"


@dataclass(frozen=True, slots=True)
class Ended:
    """The guest is no more.

    Attributes:
        why: in one word.
        reason: in a sentence.
        tail: the last lines of its console.
    """

    why: Why
    reason: str
    tail: str


class GuestEndedError(GuestError):
    """A guest that should serve has ended.

    Attributes:
        end: how.
    """

    def __init__(self, end: Ended) -> None:
        self.end = end
        super().__init__(f"{end.reason}. The end of its console:\n{end.tail}")


@dataclass(slots=True)
class Command:
    """Something that the guest was asked to do, and that ends later.

    Attributes:
        text: the shell command, or what it is.
        begun, ended: when; None: not yet ended.
        status: exit code, 128 and the signal's number, or a negative error of the kernel; None: not yet ended.
        output: what a shell command printed.
    """

    text: str
    begun: int
    ended: int | None = None
    status: int | None = None
    output: str = ""
    unit: int | None = None
