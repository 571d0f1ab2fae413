"""Frames between the client's memory and the logical port (DAT-1, DAT-2; protocol.md 3.6).

A frame leaves when its descriptor is read, in the same step, or never: nothing is kept that a server which has been
fenced meanwhile could still send. Its bytes come through a mapped buffer, so that after fencing there are none (FOV-10).
A descriptor that cannot be carried out is completed with a return code; a received frame for which the client has lent
no buffer is lost and counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from vnic_reference.dialogue.descriptors import (
    HEADER_WANTED,
    MAX_COMPLETIONS,
    MAX_RX_BUFFER,
    RX_END_OF_FRAME,
    RX_EXACT_MULTICAST,
    TX_COMPLETION_WANTED,
    TX_INSERT_VLAN,
    TX_OFFLOADS,
    RxAdd,
    RxCompletion,
    Segment,
    TxCompletion,
    TxDescriptor,
    TxSegments,
)
from vnic_reference.driver import Driver
from vnic_reference.network.port import Port
from vnic_reference.server.session import RxQueue, Session, TxQueue
from vnic_spec.wire import Capability, CommandRc, Rc, SubType

_T = TypeVar("_T")
_FOLLOWING = (SubType.TX_HEADER, SubType.TX_HEADER_EXT, SubType.TX_SG)
_ETHER_HEADER = 14
_VLAN_TAG = 4
_VLAN_ETHERTYPE = b"\x81\x00"


class DataPath:
    """Carries frames for one session at a time.

    Args:
        driver: the server's unit.
        port: its logical port.

    Attributes:
        sent: frames given to the port.
        refused: transmit descriptors completed with a return code other than 0.
        delivered: received frames put into the client's memory.
        dropped: received frames for which there was no buffer, or no session.
    """

    def __init__(self, driver: Driver, port: Port) -> None:
        self._driver = driver
        self._port = port
        self.sent = 0
        self.refused = 0
        self.delivered = 0
        self.dropped = 0

    def step(self, session: Session | None) -> bool:
        """Carry what there is, both ways; whether there was anything. Without a session received frames are lost."""
        if session is None or not session.logged_in:
            lost = self._port.received()
            self.dropped += len(lost)
            return bool(lost)
        moved = False
        for tx in session.tx:
            moved = self._take_descriptors(session, tx) or moved
        for rx in session.rx:
            moved = self._take_buffers(session, rx) or moved
        frames = self._port.received()
        for frame in frames:
            self.receive(session, frame)
        return moved or bool(frames)

    def backlog(self, session: Session) -> bool:
        """Whether completions wait for room in the client's queues."""
        return any(tx.done for tx in session.tx) or any(rx.done for rx in session.rx)

    # -- from the client to the wire -----------------------------------------------------------------------------

    def _take_descriptors(self, session: Session, queue: TxQueue) -> bool:
        moved = False
        while not queue.done and (data := self._driver.consume(queue.submission)) is not None:
            moved = True
            head = queue.head()
            if head is not None and data[1] not in _FOLLOWING:
                # The rest of the frame before is missing.
                self._complete(queue, head, CommandRc.PARAMETER)
                queue.frame.clear()
                head = None
            queue.frame.append(data)
            head = head or TxDescriptor.unpack(data)
            if len(queue.frame) >= head.elements or head.kind != SubType.TX:
                self._complete(queue, head, self._carry_out(session, head, queue.frame[1:]))
                queue.frame.clear()
            if len(queue.done) >= MAX_COMPLETIONS:
                self._send_completions(queue)
        return self._send_completions(queue) or moved

    def _carry_out(self, session: Session, head: TxDescriptor, following: list[bytes]) -> CommandRc:
        """Send the frame of a descriptor and those behind it; the return code for its completion."""
        if head.kind != SubType.TX:
            return CommandRc.UNSUPPORTED_OPTION
        if not session.logical_up:
            return CommandRc.INVALID_STATE
        if head.elements < 1 or head.flags1 & TX_OFFLOADS:
            return CommandRc.UNSUPPORTED_OPTION if head.elements else CommandRc.PARAMETER
        if self.headers_missing(session, following):
            return CommandRc.PARAMETER
        pieces = [Segment(head.map_id, head.length, head.ioba), *_further(following)]
        if len(pieces) != head.segments or len(pieces) > max(1, session.limits.get(Capability.MAX_TX_SG_ENTRIES, 1)):
            return CommandRc.PARAMETER
        tag = b""
        if head.flags2 & TX_INSERT_VLAN:
            if not session.limits.get(Capability.VLAN_HEADER_INSERTION):
                return CommandRc.UNSUPPORTED_OPTION
            tag = _VLAN_ETHERTYPE + head.vlan.to_bytes(2, "big")
        if not _ETHER_HEADER <= sum(piece.length for piece in pieces) <= session.frame_bytes + _VLAN_TAG:
            return CommandRc.INVALID_LENGTH
        frame = b""
        for piece in pieces:
            data = self._fetch(session, piece)
            if data is None:
                return CommandRc.INVALID_IOBA
            frame += data
        return self.transmit(frame[:12] + tag + frame[12:])

    @staticmethod
    def headers_missing(session: Session, following: list[bytes]) -> bool:
        """Whether header descriptors were demanded (capability 33, byte 0) and do not come with the frame."""
        demanded = session.limits.get(Capability.TX_RX_DESC_REQ, 0) >> 56 & HEADER_WANTED
        return bool(demanded) and not any(data[1] == SubType.TX_HEADER for data in following)

    def _fetch(self, session: Session, piece: Segment) -> bytes | None:
        """Read one piece of a frame by DMA of the adapter; None if it is not mapped, or not any more (FOV-10)."""
        mapped = session.maps.get(piece.map_id)
        at = None if mapped is None else mapped.translate(piece.ioba, piece.length)
        return None if at is None else self._driver.adapter_read(at, piece.length)

    def transmit(self, frame: bytes) -> CommandRc:
        """Give a frame to the port, once (DAT-1)."""
        if not self._port.transmit(frame):
            return CommandRc.ABORTED
        self.sent += 1
        return CommandRc.SUCCESS

    def _complete(self, queue: TxQueue, head: TxDescriptor, rc: CommandRc) -> None:
        self.refused += rc != CommandRc.SUCCESS
        if rc != CommandRc.SUCCESS or head.flags1 & TX_COMPLETION_WANTED:
            queue.done.append((rc, head.correlator))

    def _send_completions(self, queue: TxQueue) -> bool:
        """Tell the client of frames done with, up to five at a time; what finds no room waits."""
        return self._send_done(
            queue.done, queue.completion, MAX_COMPLETIONS, lambda batch: TxCompletion(tuple(batch)).pack()
        )

    def _send_done(self, done: deque[_T], handle: int, at_once: int, packed: Callable[[list[_T]], bytes]) -> bool:
        """Send what is done to a completion queue, so many in one element; what finds no room waits."""
        sent = False
        while done:
            batch = list(islice(done, at_once))
            rc = self._driver.send_sub(handle, packed(batch))
            if rc == Rc.H_DROPPED:
                break
            if rc != Rc.H_SUCCESS:  # fenced, or the client has freed its queue: there is nobody to tell
                done.clear()
                break
            sent = True
            for _ in batch:
                done.popleft()
        return sent

    # -- from the wire to the client -----------------------------------------------------------------------------

    def _take_buffers(self, session: Session, queue: RxQueue) -> bool:
        """Note the buffers that the client lends; one that cannot be used is given back with a code."""
        moved = False
        while (data := self._driver.consume(queue.add)) is not None:
            moved = True
            lent = RxAdd.unpack(data)
            mapped = session.maps.get(lent.map_id)
            if not 1 <= lent.length <= MAX_RX_BUFFER or mapped is None:
                queue.done.append(RxCompletion(lent.correlator, 0, CommandRc.PARAMETER).pack())
            elif mapped.translate(lent.ioba, lent.length) is None:
                queue.done.append(RxCompletion(lent.correlator, 0, CommandRc.INVALID_IOBA).pack())
            else:
                queue.buffers.append(lent)
        return self._send_received(queue) or moved

    def receive(self, session: Session, frame: bytes) -> None:
        """Put a frame from the wire into a buffer of the client, once (DAT-2)."""
        queue = session.rx[frame[11] % len(session.rx)] if session.rx and len(frame) >= _ETHER_HEADER else None
        if queue is None or not session.logical_up or not queue.buffers or len(frame) > queue.buffers[0].length:
            self.dropped += 1
            return
        lent = queue.buffers.popleft()
        mapped = session.maps.get(lent.map_id)
        at = None if mapped is None else mapped.translate(lent.ioba, len(frame))
        if at is None or not self._driver.adapter_write(at, frame):
            self.dropped += 1
            queue.done.append(RxCompletion(lent.correlator, 0, CommandRc.INVALID_IOBA).pack())
        else:
            self.delivered += 1
            flags = RX_END_OF_FRAME | (RX_EXACT_MULTICAST if frame[:6] in session.multicast else 0)
            queue.done.append(RxCompletion(lent.correlator, len(frame), flags=flags).pack())
        self._send_received(queue)

    def _send_received(self, queue: RxQueue) -> bool:
        return self._send_done(queue.done, queue.completion, 1, lambda batch: batch[0])


def _further(following: list[bytes]) -> Iterator[Segment]:
    """Pieces of a frame behind the first; header descriptors are copies of bytes that the pieces hold too."""
    for data in following:
        if data[1] == SubType.TX_SG:
            yield from (piece for piece in TxSegments.unpack(data) if piece.length)
