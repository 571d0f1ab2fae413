"""The direct reading with queues that remember what was done to them in a step.

An action builds several queues and the reading picks one; each carries its own history, so the one in the state after the
step says what really happened to it: stored, taken, overlaid, lost. Nothing has to be guessed from the two contents.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from vnic_model.direct import DirectMap, DirectQueue
from vnic_spec.algebra import Element
from vnic_spec.state import State
from vnic_spec.vocabulary import Word


class Deed(Word):
    """What happened to one element."""

    TAKEN = 0  #: the owner of the queue has cleared it
    STORED = 1  #: put at the end of the queue
    OVERLAID = 2  #: put in the place of the last element (CRQ-7)
    LOST = 3  #: gone with its queue
    REFUSED = 4  #: not stored, and the sender was told so
    OWED = 5  #: an event that waits for room (CRQ-7, profile ``defer``)
    DROPPED = 6  #: an event that is not stored and not owed: nobody is told


class Note(NamedTuple):
    """One deed."""

    deed: Deed
    element: Element
    instead: Element | None = None  #: the element that was overlaid


@dataclass(frozen=True)
class RecordingQueue(DirectQueue):
    """A queue of the direct reading with its history since the last :func:`watched`."""

    notes: tuple[Note, ...] = field(default=(), compare=False)

    def _noting(self, queue: DirectQueue, *notes: Note) -> RecordingQueue:
        return RecordingQueue(queue.items, queue.depth, (*self.notes, *notes))

    def push(self, element: Element) -> tuple[bool, DirectQueue]:
        """As the queue, noting what was stored."""
        room, queue = super().push(element)
        return room, self._noting(queue, Note(Deed.STORED, element))

    def pop(self) -> tuple[Element, bool, DirectQueue]:
        """As the queue, noting what was taken."""
        element, some, queue = super().pop()
        return element, some, self._noting(queue, Note(Deed.TAKEN, element))

    def overlay(self, element: Element) -> DirectQueue:
        """As the queue, noting what was overlaid."""
        return self._noting(super().overlay(element), Note(Deed.OVERLAID, element, self.newest()[0]))

    def clear(self) -> DirectQueue:
        """As the queue, noting what was lost."""
        return self._noting(super().clear(), *(Note(Deed.LOST, element) for element in self.items))


def watched(state: State) -> State:
    """The same state with queues that begin to remember."""

    def fresh(queue: object) -> RecordingQueue:
        assert isinstance(queue, DirectQueue)
        return RecordingQueue(queue.items, queue.depth)

    queues = state.to_server
    assert isinstance(queues, DirectMap)
    each = replace(queues, values=tuple(fresh(queue) for queue in queues.values))
    return state.but(to_client=fresh(state.to_client), to_server=each)


def notes(queue: object) -> tuple[Note, ...]:
    """What was done to a queue of a watched state in the step that led here."""
    return queue.notes if isinstance(queue, RecordingQueue) else ()
