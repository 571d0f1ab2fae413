"""The algebra that the specification is written over.

Rules of this package
---------------------
* An action, a rule or a property is a pure function of a *reading* ``o`` (:class:`Ops`), one or two states, and
  parameters. It never asks Python about a state value: no ``if``, ``and``, ``or``, ``not``, ``==``, ``in`` and no loop
  over servers. ``o.ite``, ``o.all_of``, ``o.any_of``, ``o.no``, ``o.eq``, ``o.every``, ``o.some`` say the same, and every
  reading understands them.
* A reading decides what the values are: plain Python values, expression nodes over a fixed number of servers, or formulas
  for any number. The values are opaque here, which the types say by being ``object``.
* Queues are known only by ``push``, ``pop``, ``overlay``, ``clear`` and observers; nothing here knows an index. That is
  what lets one definition be read for every depth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from vnic_spec.rules import Rules

#: A Boolean of the reading.
Truth: TypeAlias = object
#: A value of the reading: an enumeration member, a server or nobody, a priority.
Term: TypeAlias = object

_T = TypeVar("_T")


@dataclass(frozen=True)
class Element:
    """One 16-byte element, reduced to what the failover protocol depends on (CRQ-1).

    ``sender`` and ``fresh`` exist only for the proof: no implementation has them.
    """

    kind: Term  #: a :class:`~vnic_spec.vocabulary.Kind`
    sender: Term  #: the server that sent it; nobody for the client and the hypervisor
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
    """A map from servers to values; ``m(i)`` is the value of ``i``."""

    def __call__(self, server: Term, /) -> _T:
        """The value of a server."""

    def set(self, server: Term, value: _T) -> PerServer[_T]:
        """The map with the value of one server replaced; setting nobody's changes nothing."""

    def update(self, server: Term, change: Callable[[_T], _T]) -> PerServer[_T]:
        """The map with the value of one server replaced by ``change(old value)``."""

    def each(self, change: Callable[[Term, _T], _T]) -> PerServer[_T]:
        """The map whose value for every server ``j`` is ``change(j, old value of j)``."""


class Order(Protocol):
    """A strict total order of the servers: who was added to the list first (SEL-5)."""

    def __call__(self, earlier: Term, later: Term, /) -> Truth:
        """One was added before the other."""

    def to_back(self, server: Term) -> Order:
        """The order in which ``server`` is the latest and the others keep their places."""


class Choices(Protocol):
    """The profile as values of the reading: constants of one system (see :mod:`vnic_spec.profile`)."""

    @property
    def event_full(self) -> Term:
        """The parameter of that name."""

    @property
    def crossing(self) -> Term:
        """The parameter of that name."""

    @property
    def tie_break(self) -> Term:
        """The parameter of that name."""

    @property
    def reopen(self) -> Term:
        """The parameter of that name."""

    @property
    def complaint_order(self) -> Term:
        """The parameter of that name."""

    @property
    def client_init(self) -> Term:
        """The parameter of that name."""

    @property
    def damped(self) -> Truth:
        """``preempt_delay`` is not 0."""


class Ops(Protocol):
    """A reading of the specification: what its values are and how they combine."""

    @property
    def true(self) -> Truth:
        """The truth that always holds."""

    @property
    def false(self) -> Truth:
        """The one that never does."""

    @property
    def nobody(self) -> Term:
        """No server."""

    @property
    def profile(self) -> Choices:
        """The choices of the profile."""

    @property
    def rules(self) -> Rules:
        """The decisions of the machine."""

    def all_of(self, *truths: Truth) -> Truth:
        """All hold (true of none)."""

    def any_of(self, *truths: Truth) -> Truth:
        """At least one holds (false of none)."""

    def no(self, truth: Truth) -> Truth:
        """It does not hold."""

    def implies(self, condition: Truth, consequence: Truth) -> Truth:
        """The consequence holds wherever the condition does."""

    def eq(self, one: Term, other: Term | Enum) -> Truth:
        """Two values of the same sort are the same. Either may be a member of a vocabulary."""

    def one_of(self, one: Term, *others: Term | Enum) -> Truth:
        """The value is one of the others."""

    def iff(self, one: Truth, other: Truth) -> Truth:
        """Both hold or neither does."""

    def ite(self, condition: Truth, then: Any, otherwise: Any) -> Any:
        """One of two values of the same sort: a truth, a term, an element, a map, an order, a queue."""

    def const(self, value: Enum) -> Term:
        """A vocabulary member as a value of the reading."""

    def every(self, law: Callable[[Term], Truth]) -> Truth:
        """``law`` holds of every server (nobody is not one)."""

    def some(self, law: Callable[[Term], Truth]) -> Truth:
        """``law`` holds of some server."""

    def outranks(self, one: Term, other: Term) -> Truth:
        """Priority ``one`` is strictly better, that is a lower number (SEL-4)."""

    def lower_port(self, one: Term, other: Term) -> Truth:
        """Server ``one`` sits on a lower-numbered physical port; ports never change and differ pairwise (ADM-1)."""


# --- sorts: what a state variable or a parameter ranges over -------------------------------------------------------


@dataclass(frozen=True)
class Flag:
    """A Boolean."""


@dataclass(frozen=True)
class Choice:
    """A member of a vocabulary, one of ``members``."""

    members: tuple[Enum, ...]


@dataclass(frozen=True)
class Server:
    """A server, or nobody where ``or_nobody``."""

    or_nobody: bool = True


@dataclass(frozen=True)
class Level:
    """A priority. Only its order matters (SEL-4), so a finite reading has a few levels, 0 the best."""


@dataclass(frozen=True)
class Elements:
    """A queue of elements of these kinds; ``senders`` where who sent them matters to the proof."""

    kinds: tuple[Enum, ...]
    senders: bool


@dataclass(frozen=True)
class Added:
    """The order in which the servers were added to the list."""


@dataclass(frozen=True)
class Each:
    """One value per server."""

    sort: Flag | Choice | Level | Elements


Sort: TypeAlias = Flag | Choice | Server | Level | Elements | Added | Each
