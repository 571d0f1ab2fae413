"""The profile: what an implementation decided where the sources are silent.

Rules of this file:

* Every requirement marked ``[decision]`` that leaves a choice is a field of :class:`Profile`; our own decision is the
  field's default. An implementation that decided otherwise is tested by its own profile, never by ours.
* A field says nothing about *how* a choice is carried out: the actions read it.
* :data:`PARAMETERS` describes each field as data (values, default, requirement, meaning); validation, parsing, the
  generated reference page and ``explain`` are all derived from it, so that a parameter is described once.

Two kinds of parameter: the *choices* are constants of the abstract machine and change which transitions exist; the
*numbers* are read only by conformance testing and by the reference implementation, because time and size are abstract
in the machine. Times are in milliseconds, as in the status report of a server (MON-1).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Self

from vnic_spec.vocabulary import Word


class EventFull(Word):
    """What happens to an event that meets a full queue (CRQ-7)."""

    OVERLAY = 0  #: it replaces the last valid element
    DEFER = 1  #: it is stored once there is room; until then the new server stays unconnected


class Crossing(Word):
    """What keeps a reply of an earlier session out of the new one (CRQ-13)."""

    HOLD = 0  #: not connected while the server's queue holds the unread event that ended an earlier session
    GAP = 1  #: not connected for ``gap_ms`` after the earlier session ended


class TieBreak(Word):
    """Which of several eligible standbys of equal priority wins (SEL-5).

    The selected server always keeps the client against an equal.
    """

    OLDEST = 0  #: the one added to the list first
    NEWEST = 1  #: the one added to the list last
    PORT = 2  #: the one with the lowest logical port identifier
    ANY = 3  #: unspecified; every one of them is allowed


class Reopen(Word):
    """Whether a standing selection survives a free/register pair of the client (SEL-7)."""

    KEEP = 0  #: it stands as long as the server stays eligible
    RESELECT = 1  #: every registration selects afresh by priority


class ComplaintOrder(Word):
    """When a client's complaint is recorded, relative to the search for another server (SES-2)."""

    CHECK_FIRST = 0  #: nothing is recorded unless another server can take over
    LOPAR = 1  #: the complaint is recorded before it turns out that nobody else can take over


class ClientInit(Word):
    """How the client answers the INIT of a new server (CLI-2)."""

    REREGISTER = 0  #: frees and registers its CRQ, then sends INIT itself
    ANSWER = 1  #: answers INIT_COMPLETE on the CRQ it has


@dataclass(frozen=True, slots=True)
class Parameter:
    """Description of one field of :class:`Profile`.

    Exactly one of ``choices``, ``numbers`` and ``minimum`` says what is allowed.

    Attributes:
        name: the field's name; a suffix ``_ms`` means milliseconds.
        default: our own decision.
        requirements: IDs of the requirements that the parameter belongs to, the one that defines it first.
        meaning: one sentence in plain English.
        choices: the enumeration whose members are allowed, for a choice.
        numbers: the only numbers allowed, where there are just a few.
        minimum: smallest number allowed.
        maximum: largest number allowed; ``None`` = no upper bound.
        optional: whether ``None`` is allowed too; ``meaning`` says what it stands for.
    """

    name: str
    default: Word | int | None
    requirements: tuple[str, ...]
    meaning: str
    choices: type[Word] | None = None
    numbers: tuple[int, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    optional: bool = False

    @property
    def abstract(self) -> bool:
        """Whether the abstract machine reads the parameter (true for choices, false for numbers)."""
        return self.choices is not None

    @property
    def allowed(self) -> str:
        """The allowed values in words, as error messages and reference pages print them."""
        if self.choices is not None:
            words = " | ".join(member.name for member in self.choices)
        elif self.numbers:
            words = " | ".join(str(number) for number in self.numbers)
        elif self.maximum is None:
            words = f"integer >= {self.minimum}"
        else:
            words = f"integer {self.minimum}..{self.maximum}"
        return f"{words} | None" if self.optional else words

    def accepts(self, value: object) -> bool:
        """Whether ``value`` is allowed for this parameter."""
        if value is None:
            return self.optional
        if self.choices is not None:
            return isinstance(value, self.choices)
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        if self.numbers:
            return value in self.numbers
        assert self.minimum is not None
        return value >= self.minimum and (self.maximum is None or value <= self.maximum)

    def parse(self, value: object) -> Word | int | None:
        """Read a value as it stands in a file or in an adapter's greeting.

        Args:
            value: a member of the enumeration or its name in any case; a number or its decimal digits; ``None`` or
                ``"none"`` where that is allowed.

        Raises:
            ValueError: the value is not allowed; the message lists what is.
        """
        read: object = value
        if isinstance(value, str):
            word = value.strip()
            if self.optional and word.lower() == "none":
                read = None
            elif self.choices is not None:
                read = self.choices.__members__.get(word.upper(), value)
            elif word.isascii() and word.isdigit() and len(word) <= _DIGITS:
                read = int(word)
        if not self.accepts(read):
            raise ValueError(self.refusal(value))
        assert read is None or isinstance(read, Word | int)
        return read

    def refusal(self, value: object) -> str:
        """The sentence that says what is allowed and that ``value`` is not."""
        return f"profile parameter {self.name} ({self.requirements[0]}) must be {self.allowed}, not {_shown(value)}"


#: Most digits of a number that is read at all: every bound has fewer.
_DIGITS = 20
#: Longest piece of a value that a refusal repeats.
_SHOWN = 60


def _shown(value: object) -> str:
    """A value as a refusal repeats it; it may be as long as somebody likes."""
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"{value[:_SHOWN]!r}... ({len(value)} characters)"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of more than 64 bits"
    return repr(value)


#: Longest time that a profile may name, in milliseconds: a day. Beyond that a run would come to no end.
LONGEST_MS = 86_400_000
#: Largest multiple of the report interval.
MOST_GRACE = 1_000
#: Most servers that a profile may allow: ten times what is in use, and few enough to write down and to try.
MOST_SERVERS = 64

_LIST = (
    Parameter(
        "event_full",
        EventFull.OVERLAY,
        ("CRQ-7", "INV-5"),
        "What happens to an event that meets a full queue: it overlays the last valid element, or is stored as soon as "
        "there is room while the new server stays unconnected.",
        choices=EventFull,
    ),
    Parameter(
        "crossing",
        Crossing.HOLD,
        ("CRQ-13", "CLI-4", "INV-5"),
        "What keeps an answer to an earlier session out of the new one: the connection is held until the server has "
        "read the event that ended the earlier session, or for a fixed time.",
        choices=Crossing,
    ),
    Parameter(
        "tie_break",
        TieBreak.OLDEST,
        ("SEL-5", "FOV-5"),
        "Which of several eligible standbys of equal priority is selected.",
        choices=TieBreak,
    ),
    Parameter(
        "reopen",
        Reopen.KEEP,
        ("SEL-7",),
        "Whether a standing selection survives H_FREE_CRQ followed by H_REG_CRQ of the client.",
        choices=Reopen,
    ),
    Parameter(
        "complaint_order",
        ComplaintOrder.CHECK_FIRST,
        ("SES-2",),
        "Whether a complaint is recorded only when another server can take over, or before that is known.",
        choices=ComplaintOrder,
    ),
    Parameter(
        "client_init",
        ClientInit.REREGISTER,
        ("CLI-2",),
        "How the client answers the INIT of a new server: free, register and INIT, or INIT_COMPLETE at once.",
        choices=ClientInit,
    ),
    Parameter(
        "grace",
        3,
        ("MON-2", "CRQ-13"),
        "A server is UNRESPONSIVE at the latest when more than grace times its announced interval has passed.",
        minimum=1,
        maximum=MOST_GRACE,
    ),
    Parameter(
        "hold_limit_ms",
        None,
        ("CRQ-13", "MON-2"),
        "How long a selected server may keep the client held before it counts as UNRESPONSIVE; None = its report "
        "interval times grace.",
        minimum=1,
        maximum=LONGEST_MS,
        optional=True,
    ),
    Parameter(
        "gap_ms",
        1500,
        ("CRQ-13",),
        "How long the connection is held after an earlier session ended, when crossing is GAP.",
        minimum=1,
        maximum=LONGEST_MS,
    ),
    Parameter(
        "preempt_delay_ms",
        0,
        ("MON-5", "INV-4"),
        "Exactly how long after the selected server was first outranked a strictly better one preempts; counted anew "
        "after a moment in which no server was better. Never delays a failover, nor what an administrator writes.",
        minimum=0,
        maximum=LONGEST_MS,
    ),
    Parameter(
        "max_servers",
        6,
        ("ADM-1",),
        "How many servers one vNIC may have.",
        minimum=1,
        maximum=MOST_SERVERS,
    ),
    Parameter(
        "srv_wait_ms",
        1000,
        ("SRV-1",),
        "How long a server that became active waits for the client's INIT before it sends its own.",
        minimum=0,
        maximum=LONGEST_MS,
    ),
    Parameter(
        "indirect_limit",
        128,
        ("CRQ-12",),
        "How many sub-CRQ elements one indirect send may carry.",
        numbers=(16, 128),
    ),
    Parameter(
        "quiet_time_ms",
        0,
        ("FOV-9",),
        "How long an implementation may take to settle after a call or a step of the clock.",
        minimum=0,
        maximum=LONGEST_MS,
    ),
)

#: Every parameter by name, in the order in which they are documented.
PARAMETERS: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in _LIST})


def parameter(name: str) -> Parameter:
    """Look a parameter up by name.

    Raises:
        ValueError: no such parameter; the message suggests the nearest names.
    """
    try:
        return PARAMETERS[name]
    except KeyError:
        near = difflib.get_close_matches(name[:_SHOWN], PARAMETERS, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(PARAMETERS)}"
        raise ValueError(f"no profile parameter {_shown(name)}; {hint}") from None


@dataclass(frozen=True, slots=True)
class Profile:
    """One choice for every parameter; ``Profile()`` is our own decision throughout.

    Immutable and hashable, so that a profile can be the key of a cache of compiled readings. Every value is checked on
    construction. The comment beside each field names its requirement; :data:`PARAMETERS` has the rest.

    Raises:
        ValueError: a value that its parameter does not allow.
    """

    event_full: EventFull = EventFull.OVERLAY  #: CRQ-7: an event meets a full queue
    crossing: Crossing = Crossing.HOLD  #: CRQ-13: no crossing of sessions
    tie_break: TieBreak = TieBreak.OLDEST  #: SEL-5: equal priorities among standbys
    reopen: Reopen = Reopen.KEEP  #: SEL-7: client frees and registers
    complaint_order: ComplaintOrder = ComplaintOrder.CHECK_FIRST  #: SES-2: complaint with nobody else to take over
    client_init: ClientInit = ClientInit.REREGISTER  #: CLI-2: INIT of a new server
    grace: int = 3  #: MON-2: multiple of the announced interval
    hold_limit_ms: int | None = None  #: CRQ-13: longest hold; None = report interval times grace
    gap_ms: int = 1500  #: CRQ-13: length of the gap (crossing GAP only)
    preempt_delay_ms: int = 0  #: MON-5: damping of preemption
    max_servers: int = 6  #: ADM-1: length of the list
    srv_wait_ms: int = 1000  #: SRV-1: wait for the client's INIT
    indirect_limit: int = 128  #: CRQ-12: entries of an indirect send
    quiet_time_ms: int = 0  #: FOV-9: time to settle

    def __post_init__(self) -> None:
        validate(self)

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Build a profile from names and values as they stand in a file or in an adapter's greeting.

        Args:
            values: any subset of the parameters, values as :meth:`Parameter.parse` reads them; the others keep their
                defaults.

        Raises:
            ValueError: an unknown name or a value that is not allowed.
        """
        # Typed Any because the fields differ in type; every value is checked on construction.
        read: dict[str, Any] = {name: parameter(name).parse(value) for name, value in values.items()}
        return replace(cls(), **read)

    def as_mapping(self) -> dict[str, str | int | None]:
        """The profile as plain data: choices by their bare names. :meth:`from_mapping` reads it back."""
        plain: dict[str, str | int | None] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            plain[field.name] = value.name if isinstance(value, Word) else value
        return plain

    def differences(self) -> dict[str, str | int | None]:
        """Only what differs from our own decisions, as plain data; empty for ``Profile()``."""
        ours = DEFAULT.as_mapping()
        return {name: value for name, value in self.as_mapping().items() if value != ours[name]}


def validate(profile: Profile) -> None:
    """Check every value of a profile against its parameter.

    Raises:
        ValueError: names the parameter, its requirement, what is allowed and what was found.
    """
    for name, described in PARAMETERS.items():
        value = getattr(profile, name)
        if not described.accepts(value):
            raise ValueError(described.refusal(value))


#: Our own decisions.
DEFAULT = Profile()
