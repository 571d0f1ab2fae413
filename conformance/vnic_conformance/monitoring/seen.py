"""What a record shows, line by line or packet by packet, as values: the readers' output, and what stories and rules take in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from vnic_spec.vocabulary import Word

#: So much of a line is kept.
LONGEST: Final = 300
#: So many lines of the driver, packets or listed devices does a record have at most.
MOST: Final = 200_000


class What(Word):
    """What a line or packet is about."""

    SENT = 0  #: the client sends an element; in a kernel log, is about to
    NOT_SENT = 1  #: the client wanted to send an element, and was refused or refused itself
    READ = 2  #: the client reads an element; in a capture, it is stored for the client
    ELSEWHERE = 3  #: an element that the client has no part in, or whose way is not known
    EXPLAINED = 4  #: a second line about the element that was just read
    RESET_ASKED = 5  #: a reset is queued
    RESET_SKIPPED = 6  #: a reset is not queued
    RESET_BEGINS = 7
    RESET_ENDS = 8  #: with a result
    RESETS_DONE = 9  #: none is queued any more
    PAUSE = 10  #: a back-off
    COMPLAINT = 11  #: the client asks for another server
    COMPLAINT_REFUSED = 12  #: the hypervisor does not accept the complaint
    TOKEN_REFUSED = 13  #: the hypervisor gives no session token
    LOGIN_OK = 14
    LOGIN_FAILED = 15
    LOGIN_AGAIN = 16  #: the login is tried once more
    REFUSED_HERE = 17  #: a send that the client itself refused: its queue is inactive
    CLOSED = 18  #: H_CLOSED
    SEND_FAILED = 19  #: another return code of a send
    TIMED_OUT = 20
    PROBE = 21  #: the driver begins with a device
    DEVICE = 22  #: the device is there for users
    REGISTERING_FAILED = 23
    FREED = 24  #: H_FREE_CRQ
    USER = 25  #: what the user wants
    BAD_LOGIN = 26  #: the answer to a login is inconsistent
    IGNORED = 27  #: an answer that nobody awaits is ignored
    TROUBLE = 28  #: another error
    NAMED = 29  #: the interface has another name
    DETAIL = 30  #: numbers and buffers
    CALL = 31  #: a hypervisor call, or its answer, without arguments
    VIOCTL = 32  #: H_VIOCTL with its registers
    STEP = 33  #: a step of a run, in words
    CRASH = 34  #: the kernel is in trouble, in or below the driver
    UNKNOWN = 35  #: a line of the driver that no form fits
    GAP = 36  #: something is left out here
    RESTART = 37  #: the clock begins anew: another boot


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was recorded.

    Attributes:
        seconds: since the boot, or since an epoch.
        since_boot: the clock counts from the boot.
        resolution: of the clock, in seconds.
    """

    seconds: float
    since_boot: bool = True
    resolution: float = 1e-6

    def until(self, later: Stamp | None) -> float | None:
        """Seconds to a later one; None: the two clocks differ, or it is earlier."""
        if later is None or later.since_boot is not self.since_boot or later.seconds < self.seconds:
            return None
        return later.seconds - self.seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that a record shows.

    Attributes:
        place: line or packet, from 1.
        time: when; None: the record does not say.
        unit: the device, by its unit address; empty: not known.
        what: what it is about.
        words: that, in a sentence.
        text: as it stands in the record, its beginning.
        element: bytes of the element, or its first two where no more is known.
        number: a return code, count or event, by :attr:`what`.
        detail: a name, by :attr:`what`: the reason of a reset, the word for an error.
        sender: who sent the element.
        receiver: who gets it.
        deed: what became of the element, in a capture that says so.
    """

    place: int
    time: Stamp | None
    unit: str
    what: What
    words: str
    text: str = ""
    element: bytes = b""
    number: int | None = None
    detail: str = ""
    sender: str = ""
    receiver: str = ""
    deed: str = ""

    def but(self, what: What, words: str) -> Seen:
        """The same, taken otherwise."""
        return replace(self, what=what, words=words)


@dataclass(slots=True)
class Record:
    """What a reader has made of a file.

    Attributes:
        source: what it is, in words.
        seen: in order.
        lines: lines or packets.
        others: of these, how many are about something else.
        written_by: the program that wrote a capture.
        end: when the last line was written, whatever it is about.
        names: of the interface of each unit, the last one.
    """

    source: str
    seen: list[Seen]
    lines: int = 0
    others: int = 0
    written_by: str = ""
    end: Stamp | None = None
    names: dict[str, str] | None = None

    @property
    def unknown(self) -> list[Seen]:
        """What no form fits."""
        return [one for one in self.seen if one.what is What.UNKNOWN]
