"""Frames between the application and the server's sub-CRQs (DAT-1, DAT-2; protocol.md 3.6).

A frame is handed to the server once; what is in flight when the session ends is lost, never sent again. What the server
says (correlators, lengths, offsets) is checked before use (CLI-9). All of it dies with the session (CLI-4, CLI-8).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from vnic_reference.client.headers import header_descriptors, header_lengths
from vnic_reference.client.pools import Pool
from vnic_reference.dialogue.descriptors import RxAdd, RxCompletion, TxCompletion, TxDescriptor
from vnic_reference.driver import Driver
from vnic_spec.wire import MAX_INDIRECT, MAX_INDIRECT_OLD, PAGE_BYTES, SUB_ELEMENT_BYTES, Rc

BATCH_BYTES = MAX_INDIRECT * SUB_ELEMENT_BYTES
_ETHER_HEADER = 14
#: How soon a full rx-add queue of the server's is tried again.
_FULL_RETRY_MS = 20
assert BATCH_BYTES == PAGE_BYTES


@dataclass(slots=True)
class TxPath:
    """One transmit path: the server's submission queue, the own completion queue, slots free and in flight (since)."""

    submission: int
    completion: int
    pool: Pool
    free: deque[int]
    in_flight: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class RxPath:
    """One receive path: the server's rx-add queue, the own completion queue, slots free, lent, and resting until."""

    add: int
    completion: int
    pool: Pool
    free: deque[int]
    lent: dict[int, int] = field(default_factory=dict)
    resting: deque[tuple[int, int]] = field(default_factory=deque)


class ClientData:
    """The data path of one client.

    Args:
        driver: its unit.
        batch: address of :data:`BATCH_BYTES` bytes of its memory, for indirect sends.
        rest_ms: how long a buffer rests that the server has given back unused.

    Attributes:
        sent: frames that a server took.
        received: frames that came.
        failed: frames completed with a return code other than 0.
        frames: those that came and were not taken yet, the oldest first.
        suspect: completions that made no sense, and were ignored (CLI-9).
        broken: the server's queues are gone; nothing is sent until the next session (protocol.md 4.8).
        broken_since: when one of them was found to be gone, in ms; None if none was in this session.
    """

    def __init__(self, driver: Driver, batch: int, rest_ms: int) -> None:
        self._driver = driver
        self._batch = batch
        self._rest_ms = rest_ms
        self._indirect_limit = MAX_INDIRECT
        self._next_correlator = 1
        self._full_until = 0
        self.frames: list[bytes] = []
        self.max_frame = 0
        self.headers_wanted = 0
        self.tx: list[TxPath] = []
        self.rx: list[RxPath] = []
        self.sent = 0
        self.received = 0
        self.failed = 0
        self.suspect = 0
        self.broken = True
        self.broken_since: int | None = None

    def open(self, tx: list[TxPath], rx: list[RxPath], max_frame: int, headers_wanted: int = 0) -> None:
        """A session begins: its paths, the longest frame in bytes, and the headers wanted of each frame."""
        self.tx, self.rx, self.max_frame = tx, rx, max_frame
        self.headers_wanted = headers_wanted
        self._indirect_limit = MAX_INDIRECT
        self._full_until = 0
        self.broken = False

    def close(self) -> None:
        """The session is over: queues, maps, what is in flight and what is lent are forgotten."""
        for pool in [path.pool for path in self.tx] + [path.pool for path in self.rx]:
            pool.release()
        self.tx, self.rx = [], []
        self.broken = True
        self.broken_since = None

    # -- sending -------------------------------------------------------------------------------------------------

    def send(self, frame: bytes, now: int) -> bool:
        """Hand a frame to the server; False, and it is not sent, if there is no room or no server."""
        if self.broken or not self.tx or not _ETHER_HEADER <= len(frame) <= self.max_frame:
            return False
        path = self.tx[frame[5] % len(self.tx)]
        if not path.free:
            return False
        slot = path.free[0]
        map_id, ioba = path.pool.place(slot)
        self._driver.poke(ioba, frame)
        headers = header_descriptors(frame, self.headers_wanted, self.header_lengths(frame))
        first = TxDescriptor(slot, map_id, len(frame), ioba, elements=1 + len(headers)).pack()
        rc = self._hand_over(path.submission, [first, *headers])
        if rc != Rc.H_SUCCESS:
            self._refused(rc, now)
            return False
        path.free.popleft()
        path.in_flight[slot] = now
        self.sent += 1
        return True

    @staticmethod
    def header_lengths(frame: bytes) -> tuple[int, int, int]:
        """Bytes of the headers of layers 2, 3 and 4."""
        return header_lengths(frame)

    def waiting_since(self) -> int | None:
        """Since when there has been a sign of trouble: the oldest frame in flight, or a queue that is gone; None: none."""
        since = [since for path in self.tx for since in path.in_flight.values()]
        return min(since if self.broken_since is None else [*since, self.broken_since], default=None)

    def _refused(self, rc: int, now: int) -> None:
        """A queue of the server's took nothing: it is full, or gone, or never was one (the login response said so)."""
        if rc != Rc.H_DROPPED and not self.broken:
            self.broken = True
            self.broken_since = now

    # -- receiving -----------------------------------------------------------------------------------------------

    def arrived(self) -> list[bytes]:
        """Take the frames that came, the oldest first."""
        frames, self.frames = self.frames, []
        return frames

    def lend(self, now: int) -> bool:
        """Lend the server every free receive slot; whether anything was lent."""
        lent = False
        for path in self.rx:
            while path.resting and path.resting[0][0] <= now:
                path.free.append(path.resting.popleft()[1])
            while path.free and not self.broken and now >= self._full_until:
                if not self._lend_batch(path, now):
                    break
                lent = True
        return lent

    def _lend_batch(self, path: RxPath, now: int) -> bool:
        slots = [path.free[at] for at in range(min(len(path.free), self._indirect_limit))]
        block = []
        for step, slot in enumerate(slots):
            map_id, ioba = path.pool.place(slot)
            block.append(RxAdd(self._next_correlator + step, map_id, ioba, path.pool.slot_bytes).pack())
        rc = self._hand_over(path.add, block)
        if rc == Rc.H_PARAMETER and len(slots) > MAX_INDIRECT_OLD and self.may_be_too_many():
            # An older platform takes fewer at once, and has no other way of saying so (protocol.md 2.7).
            self._indirect_limit = MAX_INDIRECT_OLD
            return self._lend_batch(path, now)
        if rc != Rc.H_SUCCESS:
            self._refused(rc, now)
            self._full_until = now + _FULL_RETRY_MS
            return False
        for slot in slots:
            path.free.popleft()
            path.lent[self._next_correlator] = slot
            self._next_correlator += 1
        return True

    def may_be_too_many(self) -> bool:
        """Whether a refusal of many descriptors may be for their number."""
        return True

    def _hand_over(self, handle: int, descriptors: list[bytes]) -> int:
        """Send descriptors to a queue of the server's, all or none; the call's return code."""
        if len(descriptors) == 1:
            return self._driver.send_sub(handle, descriptors[0])
        self._driver.poke(self._batch, b"".join(descriptors))
        return self._driver.send_sub_indirect(handle, self._batch, len(descriptors))

    def step(self, now: int, lending: bool) -> bool:
        """Read the completion queues and lend what is free; whether anything was done."""
        moved = False
        for tx in self.tx:
            while (data := self._driver.consume(tx.completion)) is not None:
                moved = True
                self._sent(tx, TxCompletion.unpack(data))
        for rx in self.rx:
            while (data := self._driver.consume(rx.completion)) is not None:
                moved = True
                self.took(rx, RxCompletion.unpack(data), now)
        return (lending and self.lend(now)) or moved

    def next_deadline(self, now: int) -> int | None:
        """When buffers have rested, or a full queue is to be tried again."""
        if self.broken:
            return None
        times = [path.resting[0][0] for path in self.rx if path.resting]
        if any(path.free for path in self.rx):
            times.append(max(self._full_until, now + 1))
        return min(times, default=None)

    def _sent(self, path: TxPath, completion: TxCompletion) -> None:
        self.suspect += not completion.entries
        for rc, correlator in completion.entries:
            if path.in_flight.pop(correlator, None) is None:
                self.suspect += 1
                continue
            self.failed += rc != 0
            path.free.append(correlator)

    def took(self, path: RxPath, completion: RxCompletion, now: int) -> None:
        """A receive completion: a frame, or a buffer given back unused."""
        slot = path.lent.pop(completion.correlator, None)
        if slot is None:
            self.suspect += 1
            return
        fits = completion.offset + completion.length <= path.pool.slot_bytes
        if completion.rc == 0 and fits and completion.length >= _ETHER_HEADER:
            frame = self._driver.peek(path.pool.place(slot)[1] + completion.offset, completion.length)
            if frame is not None:
                self.received += 1
                self.frames.append(frame)
                path.free.append(slot)
                return
        self.suspect += completion.rc == 0
        path.resting.append((now + self._rest_ms, slot))
