"""Partitions and the virtual adapters (units) that they own.

A unit is one half of a VNIC connection: the client's adapter, or one server's. It has a DMA window of its own, a CRQ
that is registered or not, sub-CRQs, and interrupts. A server's unit has a second window pane, through which it may
reach the client's memory while it is connected (LoPAR, "Logical Remote DMA").
"""

from __future__ import annotations

from vnic_reference.interrupts import Interrupt
from vnic_reference.memory import DmaWindow, Memory, Translation
from vnic_reference.queues import Queue
from vnic_spec.wire import PAGE_BYTES, TceAccess

#: Address space of a partition's memory and of its DMA windows, in bytes; only touched pages exist.
MEMORY_BYTES = 1 << 28
#: The first bytes of I/O space that a partition finds mapped one to one when it is powered on.
BOOT_MAPPED_BYTES = 1 << 20


class Unit:
    """A virtual adapter.

    Args:
        address: Unit address by which calls name it.
        partition: The partition that owns it.
        server: Index of the server, or None for the client's adapter.
        paired: Whether the partition manager has authorised a connection for it (CRQ-2).
        first_source: Number of its CRQ's interrupt source.
    """

    __slots__ = ("address", "crq", "interrupt", "paired", "partition", "remote_liobn", "server", "sub_crqs", "window")

    def __init__(self, address: int, partition: Partition, server: int | None, paired: bool, first_source: int) -> None:
        self.address = address
        self.partition = partition
        self.server = server
        self.paired = paired
        self.window = DmaWindow(address & 0xFFFF | 0x1000_0000, MEMORY_BYTES // PAGE_BYTES)
        #: Handle of the second window pane; the client's adapter has none.
        self.remote_liobn = None if server is None else address & 0xFFFF | 0x2000_0000
        self.interrupt = Interrupt(first_source)
        self.crq: Queue | None = None
        #: Registered sub-CRQs by handle.
        self.sub_crqs: dict[int, Queue] = {}

    def interrupts(self) -> list[Interrupt]:
        """All interrupt sources of the unit, the CRQ's first."""
        return [self.interrupt, *(queue.interrupt for queue in self.sub_crqs.values())]

    def close_crq(self) -> None:
        """Forget the CRQ and disable its interrupt (CRQ-4)."""
        self.crq = None
        self.interrupt.reset()


class Partition:
    """A logical partition: memory, power, and its units.

    Args:
        number: Partition ID.
        name: Partition name.
    """

    __slots__ = ("memory", "name", "number", "powered", "units")

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.powered = False
        self.memory = Memory(MEMORY_BYTES)
        self.units: dict[int, Unit] = {}

    def boot(self) -> None:
        """Power on: fresh memory; each unit finds the first MiB of its I/O space mapped one to one."""
        self.powered = True
        self.memory = Memory(MEMORY_BYTES)
        for unit in self.units.values():
            unit.window.clear()
            for page in range(BOOT_MAPPED_BYTES // PAGE_BYTES):
                unit.window.put(page, Translation(self.memory, page, TceAccess.BOTH))

    def stop(self) -> None:
        """Power off or crash: the windows map nothing any more. The queues are the transport's to free."""
        self.powered = False
        for unit in self.units.values():
            unit.window.clear()
