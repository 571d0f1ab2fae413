"""What happens between a client and the kit, as values: the monitor's input, and later a log's.

Every happening has a time in ms since the reset. Bytes are as they lay in the client's memory at that moment, so that a
monitor needs no memory of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from vnic_spec.wire import Hcall, from_words

#: Reads the client's memory at an I/O address; None if it is not mapped.
Memory = Callable[[int, int], bytes | None]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, at ``now``."""

    now: int


@dataclass(frozen=True, slots=True)
class Called(Happening):
    """The client stands in a hypervisor call: ``number`` counts its calls since the reset.

    ``element`` is what H_SEND_CRQ sends; None for every other call.
    """

    number: int
    opcode: int
    arguments: tuple[int, ...]
    memory: Memory = field(compare=False, repr=False)
    element: bytes | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        sends = self.opcode == Hcall.H_SEND_CRQ and len(self.arguments) > 2
        object.__setattr__(self, "element", from_words(*self.arguments[1:3]) if sends else None)


@dataclass(frozen=True, slots=True)
class Answered(Happening):
    """The call was answered."""

    opcode: int
    arguments: tuple[int, ...]
    rc: int
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Put(Happening):
    """An element was put into a queue of the client's: its CRQ (``handle`` None) or a sub-CRQ.

    ``buffer`` is what lies in the client's memory with it: the login response of a LOGIN_RSP.
    """

    handle: int | None
    data: bytes
    buffer: bytes = b""


@dataclass(frozen=True, slots=True)
class Consumed(Happening):
    """The client has cleared the header of an element; ``skipped``: an earlier one was still there."""

    handle: int | None
    data: bytes
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Interrupted(Happening):
    """An interrupt was raised."""

    source: str


@dataclass(frozen=True, slots=True)
class Idled(Happening):
    """The client has nothing to do before ``until`` (None: before something happens); ``unread``: elements in its CRQ."""

    until: int | None
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Ended(Happening):
    """The client is gone."""

    health: str


@dataclass(frozen=True, slots=True)
class Asked(Happening):
    """The user asks for something; ``order`` None: the client has nothing like it."""

    order: int | None
    action: str
    arguments: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Returned(Happening):
    """What the user asked for has returned, with 0 or an error number."""

    order: int
    result: int


@dataclass(frozen=True, slots=True)
class NetEvent(Happening):
    """A net-device event."""

    name: str


@dataclass(frozen=True, slots=True)
class Mapped(Happening):
    """The DMA window has changed."""

    new: bool
    address: int
    length: int


@dataclass(frozen=True, slots=True)
class Looked(Happening):
    """What the user sees."""

    link: bool
    opened: bool | None
    received: tuple[bytes, ...]
    health: str


@dataclass(frozen=True, slots=True)
class Sent(Happening):
    """A frame of the client's left by this server."""

    server: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class Arrived(Happening):
    """A frame from the wire was put into a buffer of the client's, and completed rightly."""

    server: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class Injected(Happening):
    """The kit did something to the client on purpose; hypervisor and server count as well again from now on."""

    what: str


@dataclass(frozen=True, slots=True)
class Happened(Happening):
    """What the kit meant to do to the client has come about: a deviation was met, an injected event was told or stored."""

    what: str


@dataclass(frozen=True, slots=True)
class Unwell(Happening):
    """Hypervisor or server are not well from now on (``well`` false), or are again."""

    well: bool


#: Names of the happenings, for messages and logs.
KINDS: Final = {kind.__name__: kind for kind in Happening.__subclasses__()}
