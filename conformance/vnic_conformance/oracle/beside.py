"""What lies beside the machine: sub-CRQs, interrupts, grants and memory (CRQ-11, CRQ-12, FOV-10).

The machine of the specification has sessions, queues and selections. What hangs on them is small enough to be kept here as it is:
which sub-CRQs live and what is in them, whose interrupt is enabled and whose is pending, which pages a server has mapped, and
which bytes the kit has written. :func:`followed` says what a step of the machine does to all that; the answers of the calls that
concern nothing else are in :mod:`vnic_conformance.oracle.beside_calls`.

Where the requirements leave something open there are several possibilities, as everywhere in the oracle (decisions D1 to D6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby

from vnic_conformance.oracle.spent import Spent
from vnic_conformance.stimulus import CLIENT, MAPPED, server
from vnic_model.direct import DirectQueue
from vnic_spec.state import State
from vnic_spec.vocabulary import ClientPhase, Crq
from vnic_spec.wire import PAGE_BYTES

#: A byte that nobody knows, in hexadecimal text.
UNKNOWN = "??"
#: Writes that are remembered; what was written earlier is unknown.
_WRITES = 512
#: Handles of different owners are different numbers in a set of them.
_OWNERS = 1024


@dataclass(frozen=True, slots=True)
class SubQueue:
    """A live sub-CRQ."""

    owner: str
    handle: int
    source: int | None  #: number of its interrupt; None: not told
    depth: int | None  #: elements that it holds; None: the adapter chose the length
    items: tuple[str, ...] = ()  #: its elements in hexadecimal
    enabled: bool = False
    pending: bool = False

    @property
    def shown(self) -> str:
        """The field of an observation that shows it."""
        return f"{self.owner}_sub_{self.handle}"


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that the kit knows to lie in partitions' memory.

    ``writes`` are (partition, address, bytes), the latest last; ``queues`` are pages in which queues lie or have lain, of which
    nothing is known.
    """

    writes: tuple[tuple[str, int, bytes], ...] = ()
    queues: frozenset[tuple[str, int]] = frozenset()

    def writing(self, who: str, address: int, what: bytes) -> Memory:
        """After a write."""
        if not what:
            return self
        return replace(self, writes=(*self.writes, (who, address, what))[-_WRITES:])

    def with_queue(self, who: str, address: int, length: int) -> Memory:
        """After a queue has been registered there."""
        pages = frozenset((who, page) for page in _pages(address, length))
        return replace(self, queues=self.queues | pages)

    def without(self, who: str) -> Memory:
        """Nothing is known of a partition's memory any more."""
        return replace(self, writes=tuple(w for w in self.writes if w[0] != who))

    def read(self, who: str, address: int, length: int) -> str:
        """What lies there, in hexadecimal, with ``??`` for what is unknown."""
        found, known = bytearray(length), bytearray(length)
        end = address + length
        for whose, at, what in self.writes:
            if whose == who and at < end and at + len(what) > address:
                first, last = max(at, address), min(at + len(what), end)
                found[first - address : last - address] = what[first - at : last - at]
                known[first - address : last - address] = b"\1" * (last - first)
        for page in _pages(address, length):
            if (who, page) in self.queues:
                first, last = max(page * PAGE_BYTES, address), min((page + 1) * PAGE_BYTES, end)
                known[first - address : last - address] = bytes(last - first)
        parts: list[str] = []
        begin = 0
        for told, run in groupby(known):
            size = sum(1 for _ in run)
            parts.append(found[begin : begin + size].hex() if told else UNKNOWN * size)
            begin += size
        return "".join(parts)


def _pages(address: int, length: int) -> range:
    """The pages that a range touches; none where there is no such memory."""
    if not 0 <= address < MAPPED or not 0 < length <= MAPPED:
        return range(0)
    return range(address // PAGE_BYTES, (address + length - 1) // PAGE_BYTES + 1)


@dataclass(frozen=True)
class Beside:
    """What lies beside the machine."""

    subs: tuple[SubQueue, ...] = ()
    used: Spent = field(default_factory=Spent)  #: handles that were given out
    enabled: frozenset[str] = frozenset()  #: owners of CRQs whose interrupt is enabled
    pending: frozenset[str] = frozenset()  #: owners of CRQs whose interrupt is pending
    maps: frozenset[tuple[str, int]] = frozenset()  #: server and page of the client
    memory: Memory = field(default_factory=Memory)
    lost: bool = False  #: an answer was ``unknown``, and nothing is known of sub-CRQs, interrupts and memory any more

    @property
    def idle(self) -> bool:
        """No step of the machine changes anything in it."""
        return not (self.subs or self.enabled or self.pending or self.maps or self.memory.writes)

    def live(self, owner: str, handle: int) -> SubQueue | None:
        """The live sub-CRQ of an owner with this handle."""
        return next((s for s in self.subs if s.owner == owner and s.handle == handle), None)

    def with_sub(self, sub: SubQueue) -> Beside:
        """With this sub-CRQ as it is now."""
        same = (sub.owner, sub.handle)
        return replace(self, subs=tuple(sub if (s.owner, s.handle) == same else s for s in self.subs))

    def without_subs(self, *owners: str) -> Beside:
        """Without the sub-CRQs of these owners."""
        kept = tuple(s for s in self.subs if s.owner not in owners)
        return self if len(kept) == len(self.subs) else replace(self, subs=kept)

    def has_used(self, owner: str, handle: int) -> bool:
        """The owner has been given this handle before (CRQ-12)."""
        return _numbered(owner, handle) in self.used

    def registering(self, sub: SubQueue) -> Beside:
        """With one more sub-CRQ."""
        return replace(self, subs=(*self.subs, sub), used=self.used.adding(_numbered(sub.owner, sub.handle)))


def _numbered(owner: str, handle: int) -> int:
    return handle * _OWNERS + (0 if owner == CLIENT else 1 + int(owner.removeprefix("server")))


# --- what a step of the machine does ----------------------------------------------------------------------------------


def followed(beside: Beside, s: State, t: State, servers: int, call: str = "") -> Iterator[Beside]:
    """Everything that may lie beside the machine after one of its steps.

    Args:
        beside: what lay there.
        s: the machine before the step.
        t: the machine after it.
        servers: server partitions.
        call: the call whose step it is; empty for time.
    """
    if beside.idle or beside.lost or s is t:
        yield beside
        return
    for b in _subs_followed(beside, s, t, servers, call):
        yield from _interrupts_followed(_memory_followed(b, s, t), s, t, servers)


def connected_server(s: State, servers: int) -> str | None:
    """The server that is connected."""
    return next((server(i) for i in range(servers) if s.connected(i)), None)


def registered(s: State, who: str) -> bool:
    """The CRQ of a partition is registered."""
    return s.crq is not Crq.CLOSED if who == CLIENT else bool(s.registered(int(who.removeprefix("server"))))


def powered(s: State, who: str) -> bool:
    """A partition runs."""
    return s.phase is not ClientPhase.OFF if who == CLIENT else bool(s.powered(int(who.removeprefix("server"))))


def _subs_followed(b: Beside, s: State, t: State, servers: int, call: str) -> Iterator[Beside]:
    """Sub-CRQs and grants die with the session and with the registration of their owner (CRQ-4, CRQ-12)."""
    was, now = connected_server(s, servers), connected_server(t, servers)
    dead: set[str] = set()
    doubtful: set[str] = set()
    if was is not None and now != was:
        dead |= {CLIENT, was}
    for who in {sub.owner for sub in b.subs}:
        if (registered(s, who) and not registered(t, who)) or (powered(s, who) and not powered(t, who)):
            dead.add(who)
        elif registered(t, who) and not registered(s, who):
            doubtful.add(who)  # it had registered them before its CRQ (D3)
    if was is None and s.selected != t.selected and s.selected is not None:
        doubtful |= {CLIENT, server(s.selected)}  # type: ignore[arg-type]  # an index by the sort of the variable
    if was is None and call == "migrate":
        doubtful.add(CLIENT)
    ended = b.without_subs(*dead)
    if b.maps and now != was:
        ended = replace(ended, maps=frozenset())
    yield ended
    without = ended.without_subs(*(doubtful - dead))
    if without is not ended:
        yield without


def _memory_followed(b: Beside, s: State, t: State) -> Beside:
    """A partition that goes takes what is in its memory with it."""
    if not b.memory.writes:
        return b
    for who in {w[0] for w in b.memory.writes}:
        if powered(s, who) != powered(t, who):
            b = replace(b, memory=b.memory.without(who))
    return b


def _interrupts_followed(b: Beside, s: State, t: State, servers: int) -> Iterator[Beside]:
    """Registering and freeing disable an interrupt and end it; what is stored while it is enabled raises it (CRQ-11)."""
    pending, enabled = b.pending, b.enabled
    merged: list[str] = []
    for who in b.enabled | b.pending:
        if registered(s, who) != registered(t, who):
            enabled, pending = enabled - {who}, pending - {who}
        elif who in enabled and who not in pending:
            old, new = _queue(s, who), _queue(t, who)
            if _stored(old, new):
                pending |= {who}
            elif _may_have_merged(old, s, t, servers):
                merged.append(who)
    if enabled is b.enabled and pending is b.pending and not merged:
        yield b
        return
    changed = replace(b, enabled=enabled, pending=pending)
    yield changed
    if merged:
        yield replace(changed, pending=pending | frozenset(merged))


def _queue(s: State, who: str) -> DirectQueue:
    found = s.to_client if who == CLIENT else s.to_server(int(who.removeprefix("server")))
    assert isinstance(found, DirectQueue)
    return found


def _stored(old: DirectQueue, new: DirectQueue) -> bool:
    """An element has been put into a queue, in a free place or over the last one; its owner may have taken one as well."""
    if old.items is new.items:
        return False
    before, after = [e.kind for e in old.items], [e.kind for e in new.items]
    return after not in (before, before[1:])


def _may_have_merged(queue: DirectQueue, s: State, t: State, servers: int) -> bool:
    """An event may have been put over one that was the same (CRQ-7): nobody can tell by the queue."""
    full = len(queue.items) >= queue.depth
    moved = s.selected != t.selected or connected_server(s, servers) != connected_server(t, servers)
    return full and moved
