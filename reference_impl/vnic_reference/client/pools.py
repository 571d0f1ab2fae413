"""Long-term buffers: memory that is mapped once and used for many frames (protocol.md 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vnic_reference.dialogue.arena import Arena

MAX_BUFFER_BYTES: Final = 8 << 20  #: longest buffer of one map id
MAX_POOL_BYTES: Final = 38 << 20
LAST_MAP_ID: Final = 254
_LINE: Final = 128


@dataclass(frozen=True, slots=True)
class LongTermBuffer:
    """One buffer: its address, its length in bytes, and the map id it is known by in this session."""

    ioba: int
    length: int
    map_id: int


class Pool:
    """Slots of equal size for frames, in one or more long-term buffers.

    Args:
        arena: where the buffers come from.
        slots: number of slots.
        slot_bytes: longest frame.
        first_map_id: map id of the first buffer; the others follow.

    Raises:
        MemoryError: the partition has no memory left, or map ids are used up; nothing is taken then.
    """

    def __init__(self, arena: Arena, slots: int, slot_bytes: int, first_map_id: int) -> None:
        self._arena = arena
        self.slots = slots
        self.slot_bytes = -(-slot_bytes // _LINE) * _LINE
        self._per_buffer = max(1, MAX_BUFFER_BYTES // self.slot_bytes)
        self.buffers: list[LongTermBuffer] = []
        for first in range(0, slots, self._per_buffer):
            length = min(self._per_buffer, slots - first) * self.slot_bytes
            map_id = first_map_id + len(self.buffers)
            at = arena.take(length) if map_id <= LAST_MAP_ID else None
            if at is None:
                self.release()
                raise MemoryError
            self.buffers.append(LongTermBuffer(at, length, map_id))

    def place(self, slot: int) -> tuple[int, int]:
        """Map id and address of a slot."""
        number, inside = divmod(slot, self._per_buffer)
        buffer = self.buffers[number]
        return buffer.map_id, buffer.ioba + inside * self.slot_bytes

    def release(self) -> None:
        """Give the buffers back."""
        for buffer in self.buffers:
            self._arena.give_back(buffer.ioba, buffer.length)
        self.buffers = []
