"""The algebra that the specification is written over.

Rules of this package
---------------------
* An action, a rule or a property is a pure function of a *reading* ``o`` (:class:`Ops`), one or two states, and
  parameters. It never asks Python about a state value: no ``if``, ``and``, ``or``, ``not``, ``==``, ``in`` and no loop
  over servers. ``o.ite``, ``o.all_of``, ``o.any_of``, ``o.no``, ``o.eq``, ``o.every``, ``o.some`` say the same, and every
  reading understands them.
* A reading decides what the values are: plain Python values, expression nodes over a fixed number of servers, or formulas
  for any number. They are opaque here. :class:`Truth`, :class:`Term`, :class:`Server`, :class:`Level` are names for the type
  checker only; no reading makes an instance of them.
* Queues are known only by ``push``, ``pop``, ``overlay``, ``clear`` and observers; nothing here knows an index. That is
  what lets one definition be read for every depth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar, overload

from vnic_spec.profile import ClientInit, ComplaintOrder, Crossing, EventFull, Reopen, TieBreak
from vnic_spec.vocabulary import Kind

_T = TypeVar("_T")
_W = TypeVar("_W", bound=Enum)

#: Whom the type checker takes the side of. The specification is checked with opaque values of different types
#: (``mypy --config-file spec/mypy.ini``); a reading, which knows what its values are, is checked with values of any type.
NOMINAL = True

if TYPE_CHECKING and not NOMINAL:
    Truth: TypeAlias = object
    Term: TypeAlias = object | _W
    Server: TypeAlias = object
    Level: TypeAlias = object
    _S = TypeVar("_S")
else:

    class Truth:
        """A Boolean of the reading."""

    class Term(Generic[_W]):
        """A member of the vocabulary ``_W``."""

    class Server:
        """A server, or nobody."""

    class Level:
        """A priority."""

    _S = TypeVar("_S", Server, Level)


@dataclass(frozen=True)
class Element:
    """One 16-byte element, reduced to what the failover protocol depends on (CRQ-1).

    ``sender`` and ``fresh`` exist only for the proof: no implementation has them.
    """

    kind: Term[Kind]
    sender: Server  #: the server that sent it; nobody for the client and the hypervisor
    fresh: Truth  #: a request sent, or the answer to one sent, since the client last forgot its dialogue


class Queue(Protocol):
    """A FIFO of elements. ``every``, ``first``, ``last``, ``pairs``, ``in_order`` are the only ways to look inside."""

    def push(self, element: Element) -> tuple[Truth, Queue]:
        """Answer (there is room, the queue with ``element`` at its end)."""

    def pop(self) -> tuple[Element, Truth, Queue]:
        """Answer (the first element, there is one, the queue without it)."""

    def newest(self) -> tuple[Element, Truth]:
        """Answer (the last valid element, there is one)."""

    def overlay(self, element: Element) -> Queue:
        """The queue with ``element`` in the place of its last one (CRQ-7). Meant for a queue that is not empty."""

    def clear(self) -> Queue:
        """The queue without any element."""

    def stale(self) -> Queue:
        """The same queue, every element no longer ``fresh``. Exists only for the proof."""

    def empty(self) -> Truth:
        """Nothing is queued."""

    def begins_with(self, older: Queue, except_last: Truth) -> Truth:
        """Each element of ``older`` is here at the same place (``except_last``: the last one may be another)."""

    def every(self, law: Callable[[Element], Truth]) -> Truth:
        """``law`` holds of each element."""

    def first(self, law: Callable[[Element], Truth]) -> Truth:
        """The queue is empty, or ``law`` holds of its first element."""

    def last(self, law: Callable[[Element], Truth]) -> Truth:
        """The queue is empty, or ``law`` holds of its last element."""

    def pairs(self, law: Callable[[Element, Element], Truth]) -> Truth:
        """``law`` holds of each two neighbours, the earlier one first."""

    def in_order(self, law: Callable[[Element, Element], Truth]) -> Truth:
        """``law`` holds of each two elements, neighbours or not, the earlier one first."""


class PerServer(Protocol[_T]):
    """A map from servers to values; ``m(i)`` is the value of ``i``.

    Nobody's flag is false; of nobody's other values nothing may be concluded.
    """

    def __call__(self, server: Server, /) -> _T:
        """The value of a server."""

    def set(self, server: Server, value: _T) -> PerServer[_T]:
        """The map with the value of one server replaced; setting nobody's changes nothing."""

    def update(self, server: Server, change: Callable[[_T], _T]) -> PerServer[_T]:
        """The map with the value of one server replaced by ``change(old value)``."""

    def each(self, change: Callable[[Server, _T], _T]) -> PerServer[_T]:
        """The map whose value for every server ``j`` is ``change(j, old value of j)``."""


class Order(Protocol):
    """A strict total order of the servers: who was added to the list first (SEL-5)."""

    def __call__(self, earlier: Server, later: Server, /) -> Truth:
        """One was added before the other."""

    def to_back(self, server: Server) -> Order:
        """The order in which ``server`` is the latest and the others keep their places."""


class Choices(Protocol):
    """The profile as values of the reading: constants of one system (see :mod:`vnic_spec.profile`)."""

    @property
    def event_full(self) -> Term[EventFull]:
        """The parameter of that name."""

    @property
    def crossing(self) -> Term[Crossing]:
        """The parameter of that name."""

    @property
    def tie_break(self) -> Term[TieBreak]:
        """The parameter of that name."""

    @property
    def reopen(self) -> Term[Reopen]:
        """The parameter of that name."""

    @property
    def complaint_order(self) -> Term[ComplaintOrder]:
        """The parameter of that name."""

    @property
    def client_init(self) -> Term[ClientInit]:
        """The parameter of that name."""

    @property
    def damped(self) -> Truth:
        """``preempt_delay`` is not 0."""


if TYPE_CHECKING and not NOMINAL:

    class Comparing(Protocol):
        """Comparisons of values of any type."""

        def eq(self, one: object, other: object) -> Truth:
            """They are the same."""

        def ne(self, one: object, other: object) -> Truth:
            """They are different."""

        def one_of(self, one: object, *others: object) -> Truth:
            """It is one of the others."""

else:

    class Comparing(Protocol):
        """Comparisons of two values of the same type, of which the second may be a member of a vocabulary."""

        @overload
        def eq(self, one: Term[_W], other: Term[_W] | _W) -> Truth: ...
        @overload
        def eq(self, one: _S, other: _S) -> Truth: ...
        def eq(self, one: object, other: object) -> Truth:
            """They are the same."""

        @overload
        def ne(self, one: Term[_W], other: Term[_W] | _W) -> Truth: ...
        @overload
        def ne(self, one: _S, other: _S) -> Truth: ...
        def ne(self, one: object, other: object) -> Truth:
            """They are different."""

        @overload
        def one_of(self, one: Term[_W], *others: Term[_W] | _W) -> Truth: ...
        @overload
        def one_of(self, one: _S, *others: _S) -> Truth: ...
        def one_of(self, one: object, *others: object) -> Truth:
            """It is one of the others."""


class Ops(Comparing, Protocol):
    """A reading of the specification: what its values are and how they combine."""

    @property
    def true(self) -> Truth:
        """The truth that always holds."""

    @property
    def false(self) -> Truth:
        """The one that never does."""

    @property
    def nobody(self) -> Server:
        """No server."""

    @property
    def profile(self) -> Choices:
        """The choices of the profile."""

    @property
    def rules(self) -> Mapping[str, Callable[..., Any]]:
        """What stands in the place of rules (:mod:`vnic_spec.rule`), by their names; of the specification itself: nothing."""

    def all_of(self, *truths: Truth) -> Truth:
        """All hold (true of none)."""

    def any_of(self, *truths: Truth) -> Truth:
        """At least one holds (false of none)."""

    def no(self, truth: Truth) -> Truth:
        """It does not hold."""

    def implies(self, condition: Truth, consequence: Truth) -> Truth:
        """The consequence holds wherever the condition does."""

    def iff(self, one: Truth, other: Truth) -> Truth:
        """Both hold or neither does."""

    def ite(self, condition: Truth, then: _T, otherwise: _T) -> _T:
        """One of two values of the same sort: a truth, a term, an element, a map, an order, a queue."""

    def const(self, value: _W) -> Term[_W]:
        """A vocabulary member as a value of the reading."""

    def every(self, law: Callable[[Server], Truth]) -> Truth:
        """``law`` holds of every server (nobody is not one)."""

    def some(self, law: Callable[[Server], Truth]) -> Truth:
        """``law`` holds of some server."""

    def outranks(self, one: Level, other: Level) -> Truth:
        """Priority ``one`` is strictly better, that is a lower number (SEL-4)."""

    def lower_port(self, one: Server, other: Server) -> Truth:
        """Server ``one`` sits on a lower-numbered physical port; ports never change and differ pairwise (ADM-1)."""
