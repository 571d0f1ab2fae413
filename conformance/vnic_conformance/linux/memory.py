"""The memory of a guest as a partner may reach it: through what the driver has mapped for DMA, and nothing else.

An I/O bus address is an offset in the guest's memory. Mappings are kept to the byte. A real table of I/O pages is coarser
(a page that holds one mapped byte is mapped); whoever wants that says so by the ``granule``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum, unique
from mmap import mmap


@unique
class Direction(IntEnum):
    """What a mapping is for, as Linux numbers it."""

    BOTH = 0
    TO_DEVICE = 1
    FROM_DEVICE = 2


@dataclass(frozen=True, slots=True)
class Window:
    """One mapping.

    Attributes:
        unit: unit address of the device that it was made for.
        address: first I/O bus address.
        length: in bytes.
        direction: who may do what: ``TO_DEVICE`` may only be read by a partner, ``FROM_DEVICE`` only written.
    """

    unit: int
    address: int
    length: int
    direction: Direction

    @property
    def end(self) -> int:
        """First address behind it."""
        return self.address + self.length

    def __str__(self) -> str:
        return f"{self.address:#x}+{self.length:#x} {self.direction.name.lower()}"


class Unmapped(Exception):  # noqa: N818 - it is what the memory is, and no fault of the kit
    """An access to what the driver has not mapped, or not for this direction.

    Attributes:
        unit: of the device.
        address: first byte that may not be reached.
        length: bytes asked for.
        writing: whether it was to be written.
        why: what is there instead.
    """

    def __init__(self, unit: int, address: int, length: int, *, writing: bool, why: str) -> None:
        self.unit, self.address, self.length, self.writing, self.why = unit, address, length, writing, why
        verb = "write" if writing else "read"
        super().__init__(f"device {unit:x}: a partner may not {verb} {length} bytes that reach {address:#x}: {why}")


class DmaMap:
    """What is mapped now, and access through it.

    Args:
        memory: of the guest.
        start: first byte of it that can be reached; below lies the kernel's image.
        granule: bytes that a mapping begins and ends at multiples of; 1: as mapped.

    Attributes:
        faults: unmappings of what was not mapped so, each in a sentence.
        listener: told every change as it comes: whether it is a mapping, and its unit, address, length and direction.
    """

    listener: Callable[[bool, int, int, int, int], None] | None = None

    def __init__(self, memory: mmap | bytearray, start: int = 0, granule: int = 1) -> None:
        self._memory = memory
        self._start = start
        self.granule = granule
        self._windows: dict[int, list[Window]] = {}
        self.faults: list[str] = []

    def move(self, memory: mmap) -> None:
        """The guest's memory lies elsewhere now; what is mapped stays."""
        self._memory = memory

    def windows(self, unit: int | None = None) -> tuple[Window, ...]:
        """The mappings of one device, or of all, by address."""
        units: Iterable[int] = self._windows if unit is None else (unit,)
        return tuple(sorted((w for u in units for w in self._windows.get(u, ())), key=lambda w: (w.address, w.end)))

    def map(self, window: Window) -> None:
        """The driver has made a mapping."""
        self._windows.setdefault(window.unit, []).append(window)
        self._tell(True, window)

    def unmap(self, window: Window) -> None:
        """The driver has ended a mapping; one that was not made like this is noted in :attr:`faults`."""
        try:
            self._windows.get(window.unit, []).remove(window)
        except ValueError:
            self.faults.append(f"device {window.unit:x}: the driver unmaps {window}, which is not mapped so")
            return
        self._tell(False, window)

    def clear(self, unit: int) -> None:
        """The device is gone; what it still had mapped is noted in :attr:`faults`."""
        left = self._windows.pop(unit, [])
        self.faults += [f"device {unit:x}: the driver has left {window} mapped" for window in left]
        for window in left:
            self._tell(False, window)

    def _tell(self, mapped: bool, window: Window) -> None:
        if self.listener is not None:
            self.listener(mapped, window.unit, window.address, window.length, window.direction)

    def readable(self, unit: int, address: int, length: int) -> bool:
        """Whether a partner may read all these bytes."""
        return self._hole(unit, address, length, writing=False) is None

    def writable(self, unit: int, address: int, length: int) -> bool:
        """Whether a partner may write all these bytes."""
        return self._hole(unit, address, length, writing=True) is None

    def read(self, unit: int, address: int, length: int) -> bytes:
        """Bytes that a partner reads by DMA.

        Raises:
            Unmapped: some of them are not mapped, or only for writing.
        """
        self._check(unit, address, length, writing=False)
        return bytes(self._memory[address : address + length])

    def write(self, unit: int, address: int, data: bytes) -> None:
        """Bytes that a partner writes by DMA.

        Raises:
            Unmapped: some of them are not mapped, or only for reading.
        """
        self._check(unit, address, len(data), writing=True)
        self._memory[address : address + len(data)] = data

    def _check(self, unit: int, address: int, length: int, *, writing: bool) -> None:
        hole = self._hole(unit, address, length, writing=writing)
        if hole is not None:
            raise Unmapped(unit, hole, length, writing=writing, why=self._what_is_at(unit, hole))

    def _hole(self, unit: int, address: int, length: int, *, writing: bool) -> int | None:
        """The first of these bytes that may not be reached; adjoining mappings are as good as one."""
        if length <= 0:
            # Nothing is touched; where it points has to be memory all the same.
            return None if length == 0 and self._start <= address <= len(self._memory) else address
        forbidden = Direction.TO_DEVICE if writing else Direction.FROM_DEVICE
        at, end = address, address + length
        while at < end:
            # Only what is near is rounded to whole granules: a driver has dozens of mappings.
            near = (
                w
                for w in self._windows.get(unit, ())
                if w.address - self.granule < at < w.end + self.granule - 1 and w.direction is not forbidden
            )
            reached = max((self._end(w) for w in near if self._begin(w) <= at < self._end(w)), default=at)
            if reached == at:
                return at
            at = reached
        return None

    def _begin(self, window: Window) -> int:
        return max(window.address - window.address % self.granule, self._start)

    def _end(self, window: Window) -> int:
        return min(window.end + -window.end % self.granule, len(self._memory))

    def _what_is_at(self, unit: int, address: int) -> str:
        here = [w for w in self.windows(unit) if self._begin(w) <= address < self._end(w)]
        if here:
            return f"{here[0]} is mapped for the other direction"
        before = max((w for w in self.windows(unit) if w.end <= address), key=lambda w: w.end, default=None)
        return "nothing is mapped there" + ("" if before is None else f"; the mapping below it is {before}")
