"""One state that the implementation may be in, and what it would show.

The machine's state is that of the direct reading with the real queue depth, so *full* is no choice here: a queue is full when
it is. Elements carry their 16 bytes, because the hypervisor must not change them (CRQ-10). Beside the state stand the
deadlines that the abstract machine leaves to time, and the session token the implementation gave out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from typing import Any

from vnic_conformance.oracle.beside import UNKNOWN, Beside, followed
from vnic_conformance.oracle.spent import Spent
from vnic_model.direct import DirectOps, DirectQueue
from vnic_spec.algebra import Server, Truth
from vnic_spec.calls import event_bytes
from vnic_spec.profile import Profile
from vnic_spec.selection import choice
from vnic_spec.state import State
from vnic_spec.vocabulary import Kind, Status, Token

_EVENTS = (Kind.FAILED, Kind.DEREGISTERED, Kind.MIGRATED, Kind.FAILOVER)


@dataclass(frozen=True)
class Wired:
    """The kind of an element together with its 16 bytes; in the algebra it equals its kind."""

    kind: Kind
    element: bytes

    @cached_property
    def pattern(self) -> str:
        """Its bytes as hex."""
        return self.element.hex()


def _plain(value: object) -> object:
    return value.kind if isinstance(value, Wired) else value


class NotChosen(Exception):  # noqa: N818 - no error: the guard of a step does not hold
    """The selection that is tried is not the one that the policy makes, so the step is not possible."""


def _choose(o: OracleOps, s: State, b: Server, at_once: Truth) -> Truth:
    """As the specification's rule; a selection that is not made ends the step there, because its guard then is false anyway."""
    if not o.carrying(choice.function)(o, s, b, at_once):
        raise NotChosen
    return o.true


class OracleOps(DirectOps):
    """The direct reading with elements that carry their bytes. Actions may raise :class:`NotChosen` for a guard that is false.

    Attributes:
        ports: the port of each server, as the implementation shows it.
    """

    def __init__(self, servers: int, profile: Profile) -> None:
        super().__init__(servers, profile, {choice.name: _choose})
        self.ports: dict[int, int] = {}

    def lower_port(self, one: Any, other: Any) -> bool:
        """Server ``one`` has the lower port of the two (SEL-5 under tie_break = port)."""
        return one is not None and other is not None and bool(self.ports.get(one, one) < self.ports.get(other, other))

    def eq(self, one: object, other: object) -> bool:
        """Equality that looks at kinds only."""
        return _plain(one) == _plain(other)

    def one_of(self, one: object, *others: object) -> bool:
        """Membership that looks at kinds only."""
        return _plain(one) in others


@dataclass(frozen=True)
class Timer:
    """Something that happens by itself: not before ``earliest``, and before any moment after ``latest`` (ms)."""

    what: str  #: report, hold, gap or delay
    server: int  #: -1 for delay
    earliest: int
    latest: int
    interval: int = 0  #: of a report: what it announced; of a hold: the limit that it was started with


@dataclass(frozen=True)
class Possibility:
    """One state that the implementation may be in."""

    state: State
    timers: tuple[Timer, ...] = ()
    token: int | None = None  #: the token of the running session, once it has been given out
    spent: Spent = field(default_factory=Spent)  #: tokens of sessions that have ended
    beside: Beside = field(default_factory=Beside)  #: what the machine does not have

    def __hash__(self) -> int:
        """Of what differs soonest; the queues, which can be long, are left to equality."""
        s, b = self.state, self.beside
        return hash((self.timers, self.token, s.selected, s.connected, s.held, len(b.subs), b.pending, b.lost))

    def with_state(self, state: State) -> Possibility:
        """The machine has moved; a token whose session ended is spent."""
        if self.token is not None and state.token is not Token.CURRENT:
            return Possibility(state, self.timers, None, self.spent.adding(self.token), self.beside)
        return Possibility(state, self.timers, self.token, self.spent, self.beside)

    def timer(self, what: str, server: int) -> Timer | None:
        """A timer that runs."""
        return next((t for t in self.timers if t.what == what and t.server == server), None)


@dataclass(frozen=True)
class Allowed:
    """One answer that is allowed, and why."""

    possibility: Possibility
    action: str  #: action of the machine; empty where nothing in it moves
    parameters: Mapping[str, object]
    requirements: tuple[str, ...]
    rc: int | None = None  #: return code of a hypervisor call; None where the call has none or any will do
    outcome: str | None = None  #: ``done`` or ``refused``; None where either will do
    values: Mapping[str, object] = field(default_factory=dict)  #: further fields of the reply that are determined


@dataclass(frozen=True)
class Mismatch:
    """Why one allowed answer is not what came."""

    allowed: Allowed
    fields: tuple[str, ...]  #: fields of reply and observation that differ
    expected: Mapping[str, object]


def shown_status(state: State, i: int) -> Status:
    """The status that a listing shows (MON-4, CRQ-13)."""
    status: Any = state.status(i)
    if state.overdue(i):
        return Status.UNRESPONSIVE
    if status is Status.OPERATIONAL and state.complaint(i):
        return Status.NETWORK_ERROR
    return status  # type: ignore[no-any-return]  # a Status by the sort of the variable


def element_pattern(kind: object) -> str:
    """An element as hex; of an event only the first two bytes are specified."""
    if isinstance(kind, Wired):
        return kind.pattern
    assert isinstance(kind, Kind)
    return _EVENT_PATTERNS.get(kind) or event_bytes(kind).hex() + "*"


#: Of an event only the first two bytes are specified.
_EVENT_PATTERNS = {kind: event_bytes(kind).hex() + "*" for kind in _EVENTS}


#: The patterns of queues by the identity of their elements, which are kept with them: at most steps a queue is as it was.
_PATTERNS: dict[int, tuple[tuple[Any, ...], tuple[str, ...]]] = {}
_MOST_PATTERNS = 256


def queue_pattern(queue: DirectQueue) -> tuple[str, ...]:
    """What is in a queue, in order."""
    items = queue.items
    if not items:
        return ()
    known = _PATTERNS.get(id(items))
    if known is not None and known[0] is items:
        return known[1]
    found = tuple([k.pattern if (k := e.kind).__class__ is Wired else element_pattern(k) for e in items])
    if len(_PATTERNS) >= _MOST_PATTERNS:
        _PATTERNS.clear()
    _PATTERNS[id(items)] = items, found
    return found


def expected_view(p: Possibility, servers: int, came: Mapping[str, object]) -> dict[str, object]:
    """Every field of an observation that is determined here, given what came. Queues are tuples of patterns."""
    state = p.state
    selected: Any = state.selected
    pin: Any = state.pin
    listed: Any = state.listed
    queues: Any = state.to_server
    view: dict[str, object] = {
        "client_crq": str(state.crq),
        "auto": int(bool(state.auto)),
        "selected": "" if selected is None else f"server{selected}",
        "pinned": "" if pin is None else f"server{pin}",
        "listed": _names_of(listed.values),
        "client_queue": queue_pattern(state.to_client),  # type: ignore[arg-type]  # a DirectQueue in this reading
    }
    for i, queue in enumerate(queues.values):
        in_queue, has_status, has_priority, _ = _fields_of(i)
        view[in_queue] = queue_pattern(queue)
        if listed.values[i]:
            view[has_status] = str(shown_status(state, i))
            view[has_priority] = state.priority(i)
    view.update(_shown_beside(p.beside, servers, came))
    return view


@cache
def _fields_of(i: int) -> tuple[str, str, str, str]:
    """The names of the fields in which a server's queue, status, priority and interrupts are shown."""
    return f"server{i}_queue", f"server{i}_status", f"server{i}_priority", f"server{i}_interrupts"


@lru_cache(maxsize=1024)
def _names_of(listed: tuple[bool, ...]) -> str:
    """The servers that are listed, as the observation names them."""
    return " ".join(sorted(f"server{i}" for i, one in enumerate(listed) if one))


def _shown_beside(b: Beside, servers: int, came: Mapping[str, object]) -> dict[str, object]:
    """The fields that sub-CRQs and interrupts determine; what came says which interrupts are shown, and what is too much."""
    if b.lost:
        return {}
    view: dict[str, object] = {sub.shown: tuple(sub.items) for sub in b.subs}
    view |= {name: Absent() for name in came if "_sub_" in name and name not in view}
    for shown in ("client_interrupts", *(_fields_of(i)[3] for i in range(servers))):
        if shown in came:
            view[shown] = _interrupts(b, shown.removesuffix("_interrupts"))
    return view


def _interrupts(b: Beside, who: str) -> Words | str:
    """The interrupts of a partition that are pending."""
    words = {str(s.handle) for s in b.subs if s.pending and s.owner == who} if b.subs else set()
    if who in b.pending:
        words.add("crq")
    return Words(frozenset(words)) if len(words) > 1 else "".join(words)


def with_what_follows(before: Possibility, after: Possibility, servers: int, call: str = "") -> Iterator[Possibility]:
    """Every possibility after a step of the machine, with what may lie beside it then; ``after`` has that still as before."""
    for beside in followed(after.beside, before.state, after.state, servers, call):
        yield after if beside is after.beside else replace(after, beside=beside)


# --- what a field must be where that is not one value ------------------------------------------------------------------


class Pattern:
    """Accepts some values of a field; ``str`` of it says which, in words."""

    # No Protocol and no ABC: the oracle asks isinstance of it several times a step, and of those that is slow.
    __slots__ = ()

    def accepts(self, came: object) -> bool:
        """Whether a value is one of them; ``None`` stands for a field that is not there."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class AnyBut(Pattern):
    """Any number but these."""

    values: tuple[int, ...]

    def accepts(self, came: object) -> bool:
        """Whether a value is one of them."""
        return isinstance(came, int) and came not in self.values

    def __str__(self) -> str:
        return f"not {' or '.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class Absent(Pattern):
    """The field is not there."""

    def accepts(self, came: object) -> bool:
        """Whether it is not."""
        return came is None

    def __str__(self) -> str:
        return "nothing"


@dataclass(frozen=True, slots=True)
class Bytes(Pattern):
    """Bytes in hexadecimal, ``??`` for each that nobody knows."""

    text: str

    def accepts(self, came: object) -> bool:
        """Whether they are these, as far as they are known."""
        if not isinstance(came, str) or len(came) != len(self.text):
            return False
        if UNKNOWN not in self.text:
            return came == self.text
        pairs = range(0, len(came), 2)
        return all(self.text[k : k + 2] in (UNKNOWN, came[k : k + 2]) for k in pairs)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Words(Pattern):
    """Words with blanks between, in any order, each once."""

    words: frozenset[str]

    def accepts(self, came: object) -> bool:
        """Whether they are these."""
        if not isinstance(came, str):
            return False
        found = came.split()
        return len(found) == len(self.words) and set(found) == self.words

    def __str__(self) -> str:
        return " ".join(sorted(self.words))


def matches(pattern: object, came: object) -> bool:
    """A field of an observation is as expected."""
    if isinstance(pattern, tuple):
        elements = tuple(str(came).split())
        if elements == pattern:
            return True
        return len(elements) == len(pattern) and all(
            p.endswith("*") and e.startswith(p[:-1]) for p, e in zip(pattern, elements, strict=True) if p != e
        )
    if isinstance(pattern, int):
        return isinstance(came, int) and int(came) == pattern
    if isinstance(pattern, str):
        return pattern == came
    if isinstance(pattern, Pattern):
        return pattern.accepts(came)
    return pattern == came


def differences(view: Mapping[str, object], came: Mapping[str, object]) -> Iterator[str]:
    """The fields in which an observation is not as expected; a field that is missing is a difference."""
    for name, pattern in view.items():
        value = came.get(name)
        if value.__class__ is pattern.__class__ and value == pattern:
            continue  # most fields are texts and numbers, and as expected
        if name == "listed" and isinstance(value, str):
            value = " ".join(sorted(value.split()))
        if not matches(pattern, value):
            yield name


def is_event(kind: object) -> bool:
    """An element that the hypervisor wrote."""
    return kind in _EVENTS
