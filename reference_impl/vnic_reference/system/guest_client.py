"""A client partition that is a real operating system: its calls, its memory and its interrupts, joined to the machine.

Whoever runs the guest hands it over as a :class:`Guest`; nothing is known here of how that is done. What the guest calls
is carried out by the hypervisor on the client's unit; what it maps for DMA becomes entries of the unit's window, so that
the servers reach its memory, and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

from vnic_reference.driver import Driver
from vnic_reference.memory import DmaWindow, Memory, Translation
from vnic_spec.wire import PAGE_BYTES, Hcall, TceAccess

NS_PER_MS: Final = 1_000_000
#: What a partner may do with a page, by the direction of a mapping: both, read only, write only.
_ACCESS: Final = (TceAccess.BOTH, TceAccess.READ, TceAccess.WRITE)
_GIB: Final = 1 << 30
_SOURCE: Final = 0xFF_FFFF


class Guest(Protocol):
    """An operating system that is run from outside; times in ns of its own clock."""

    @property
    def now(self) -> int:
        """Its time."""
        ...

    def serve(self, until: int, answer: Callable[[int, Sequence[int]], Sequence[int]]) -> int | None:
        """Run it to a time, its calls answered; when it goes on by itself. Raises when it has ended."""
        ...

    def interrupt(self, source: int) -> None:
        """Pulse an interrupt source."""
        ...

    def add_device(self, unit: int, source: int, mac: bytes) -> object:
        """Give it a VNIC."""
        ...

    def command(self, text: str) -> object:
        """Run a shell command in it."""
        ...

    def page(self, number: int) -> memoryview:
        """A page of its memory."""
        ...

    def link_up(self, name: str) -> bool:
        """Whether a network device of it can pass frames."""
        ...

    def watch_mappings(self, listener: Callable[[bool, int, int, int, int], None]) -> None:
        """Tell of every mapping for DMA, now and later: made or ended, unit, address, length, direction."""
        ...


class GuestMemory(Memory):
    """Memory of a partition that is the guest's own.

    Args:
        guest: whose.
    """

    __slots__ = ("_guest",)

    def __init__(self, guest: Guest) -> None:
        super().__init__(4 * _GIB)
        self._guest = guest

    def page(self, number: int) -> bytearray:
        """The page with this number; a view that is used as a bytearray is."""
        return cast(bytearray, self._guest.page(number))


class MappedWindow(DmaWindow):
    """A window that holds what the guest has mapped: several mappings may share a page.

    Args:
        liobn: as of the window that it replaces.
        memory: of the guest.
    """

    __slots__ = ("_memory", "_uses")

    def __init__(self, liobn: int, memory: Memory) -> None:
        super().__init__(liobn, memory.page_count)
        self._memory = memory
        self._uses: dict[int, list[TceAccess]] = {}

    def change(self, made: bool, address: int, length: int, direction: int) -> None:
        """A mapping has been made, or has ended."""
        for page in range(address // PAGE_BYTES, -(-(address + length) // PAGE_BYTES)):
            uses = self._uses.setdefault(page, [])
            if made:
                uses.append(_ACCESS[direction])
            elif _ACCESS[direction] in uses:
                uses.remove(_ACCESS[direction])
            access = 0
            for use in uses:
                access |= use
            entry = self.entry(page)
            # An entry that stays the same stays the same entry: what a server has redirected to it stays good.
            if (0 if entry is None else entry.access) != access:
                self.put(page, Translation(self._memory, page, access) if access else None)


class GuestClient:
    """The client's software, where that is a guest; a component and the application's interface.

    The application of a system sends no frames through it: the guest has its own. What the user wants becomes commands.

    Args:
        driver: the client's unit, in a partition that has just been powered on.
        mac: its MAC.
        guest: the guest, idle, without a VNIC.
        name: what the guest calls its network device.
        ip: the device's address and prefix, given with the first :meth:`open`.

    Attributes:
        calls: how many hypervisor calls it has made.
        ended: why the guest has ended, None while it runs.
    """

    def __init__(self, driver: Driver, mac: bytes, guest: Guest, name: str = "eth0", ip: str = "10.0.0.1/24") -> None:
        self.mac = bytes(mac)
        self.calls = 0
        self.ended: str | None = None
        self._driver = driver
        self._guest = guest
        self._name = name
        self._ip = ip
        self._start = guest.now
        self._deadline: int | None = 0
        self._wish = False
        self._addressed = False
        unit = driver.unit
        self._window = MappedWindow(unit.window.liobn, GuestMemory(guest))
        unit.window = self._window
        guest.watch_mappings(self._mapping)
        guest.add_device(unit.address, unit.interrupt.source, mac)

    def _mapping(self, made: bool, unit: int, address: int, length: int, direction: int) -> None:
        if unit == self._driver.unit.address:
            self._window.change(made, address, length, direction)

    # -- component -----------------------------------------------------------------------------------------------

    def step(self, now: int) -> bool:
        """Interrupt the guest where the hypervisor does, and let it run to this time; whether it called or was told."""
        if self.ended is not None:
            return False
        before = self.calls
        told = self._interrupt()
        try:
            until = self._guest.serve(self._start + now * NS_PER_MS, self._call)
        except Exception as error:
            # Whatever ends a guest is an outcome of the run, not a fault of the system.
            self.ended, self._deadline = str(error), None
            return True
        self._deadline = None if until is None else -(-(until - self._start) // NS_PER_MS)
        return told or self.calls != before

    def next_deadline(self) -> int | None:
        """When the guest goes on by itself."""
        return self._deadline

    def _interrupt(self) -> bool:
        sources = self._driver.pending_interrupts()
        for source in sources:
            self._guest.interrupt(source)
            # The platform ends it, on behalf of the guest's interrupt controller.
            self._driver.hcall(Hcall.H_EOI, source)
        return bool(sources)

    def _call(self, opcode: int, registers: Sequence[int]) -> Sequence[int]:
        self.calls += 1
        if opcode == Hcall.H_EOI:
            # What an operating system ends is an XIRR: a priority above the source's number.
            registers = [registers[0] & _SOURCE]
        answer = self._driver.hcall(opcode, *registers)
        self._interrupt()
        return answer

    # -- Interface -----------------------------------------------------------------------------------------------

    @property
    def link_up(self) -> bool:
        """Whether the guest thinks that frames can pass."""
        return self.ended is None and self._guest.link_up(self._name)

    def open(self) -> None:
        """The guest's user brings the device up; the first time, as soon as there is one, and with its address."""
        if self._wish:
            return
        name, self._wish = self._name, True
        first = f"until [ -e /sys/class/net/{name} ]; do sleep 0.1; done; ip addr add {self._ip} dev {name}; "
        self._guest.command(("" if self._addressed else first) + f"ip link set {name} up")
        self._addressed = True
        self._deadline = 0

    def close(self) -> None:
        """The guest's user takes the device down."""
        if self._wish:
            self._wish = False
            self._guest.command(f"ip link set {self._name} down")
            self._deadline = 0

    def send(self, frame: bytes) -> bool:
        """Nothing is taken: the guest has its own applications."""
        return False

    def received(self) -> list[bytes]:
        """Nothing: what comes is for the guest's own applications."""
        return []

    def take_notification(self) -> bool:
        """Never: the guest tells the network itself."""
        return False

    def complain(self) -> bool:
        """The guest's user asks for a failover; what comes of it is seen later."""
        self._guest.command(f"echo 1 > /sys/class/net/{self._name}/device/failover")
        self._deadline = 0
        return True
