"""The management console: the administrator's list, priorities, automatic failover and manual choice (ADM).

Every operation answers with a :class:`Reply`; a bad argument of any kind is a refusal with its reason, has no effect,
and is never an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from vnic_reference.backing_device import MAX_CAPACITY, BackingDevice, ServerRow
from vnic_reference.failover import FailoverMechanism
from vnic_reference.servers import MAX_PRIORITY, MIN_PRIORITY, Server
from vnic_spec.vocabulary import Crq

_FIRST_LOGICAL_PORT = 0x2700_4001
_MAX_NUMBER = 0xFFFF


class Refusal(Enum):
    """Why the console refuses; prints as its bare name."""

    BAD_ARGUMENT = "an argument has the wrong type or form"
    NO_SUCH_SERVER = "no such server"
    NOT_LISTED = "the server is not on the list"
    ALREADY_LISTED = "the server is on the list already"
    LIST_FULL = "the list is full"
    PORT_IN_USE = "another server of the list uses this physical port"
    PRIORITY_RANGE = "priorities are whole numbers from 1 to 100"
    CAPACITY_RANGE = "capacities are per cents above 0 and up to 100, the maximum not below the capacity"
    LAST_SERVER = "the last server cannot be removed"
    NOT_ELIGIBLE = "the server cannot serve now"

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer of the console: accepted, or refused with a reason; ``logical_port`` is set by an accepted add."""

    refusal: Refusal | None = None
    logical_port: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the operation was carried out."""
        return self.refusal is None


_DONE = Reply()


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing shows (ADM-7).

    Attributes:
        servers: The servers on the list, the one added first leading.
        auto: Whether auto_priority_failover is on.
        pinned: Whether a manual choice holds.
        client_crq: State of the client's CRQ.
    """

    servers: tuple[ServerRow, ...]
    auto: bool
    pinned: bool
    client_crq: Crq

    @property
    def selected(self) -> int | None:
        """Index of the selected server, or None."""
        return next((row.server for row in self.servers if row.selected), None)


class Console:
    """The operations of the management console on one vNIC.

    Servers are named by their index in the machine, or by their logical port in its text form of 8 hexadecimal digits.

    Args:
        mechanism: The failover mechanism that the operations act on.
        vios_ids: Partition ID of each server's partition, by index.
    """

    def __init__(self, mechanism: FailoverMechanism, vios_ids: list[int]) -> None:
        self._mechanism = mechanism
        self._vios_ids = vios_ids
        self._devices: dict[int, tuple[int, BackingDevice]] = {}
        self._next_port = _FIRST_LOGICAL_PORT
        self._next_age = 1

    def add(self, device: object) -> Reply:
        """Put a server on the list: a :class:`BackingDevice` or its text form (ADM-1, ADM-2).

        The server's partition is named by its ID; each server partition of the machine holds one server.
        """
        if isinstance(device, str):
            try:
                device = BackingDevice.parse(device)
            except ValueError:
                return Reply(Refusal.BAD_ARGUMENT)
        if not isinstance(device, BackingDevice):
            return Reply(Refusal.BAD_ARGUMENT)
        numbers = (device.vios_id, device.adapter_id, device.physical_port)
        if not all(_is_whole(number) and 0 <= number <= _MAX_NUMBER for number in numbers):
            return Reply(Refusal.BAD_ARGUMENT)
        if not isinstance(device.vios_name, str) or set(device.vios_name) & set('/,"\n'):
            return Reply(Refusal.BAD_ARGUMENT)
        if not _is_priority(device.priority):
            return Reply(Refusal.PRIORITY_RANGE)
        if not (_is_capacity(device.capacity) and _is_capacity(device.max_capacity)):
            return Reply(Refusal.CAPACITY_RANGE)
        if device.max_capacity < device.capacity:
            return Reply(Refusal.CAPACITY_RANGE)
        if device.vios_id not in self._vios_ids:
            return Reply(Refusal.NO_SUCH_SERVER)
        server = self._mechanism.servers[self._vios_ids.index(device.vios_id)]
        if server.listed:
            return Reply(Refusal.ALREADY_LISTED)
        listed = self._mechanism.listed()
        if len(listed) >= self._mechanism.policy.max_servers:
            return Reply(Refusal.LIST_FULL)
        port = (device.adapter_id, device.physical_port)
        if any(other.port == port for other in listed):
            return Reply(Refusal.PORT_IN_USE)
        # MON-6: it is POWERED_OFF, without complaint; nothing it said before being listed was heard.
        server.listed = True
        server.priority = device.priority
        server.port = port
        server.age = self._next_age
        logical_port = self._next_port
        self._devices[server.index] = (logical_port, device)
        self._next_age += 1
        self._next_port += 1
        self._mechanism.settle()
        return Reply(logical_port=logical_port)

    def remove(self, server: object) -> Reply:
        """Take a server off the list; the last one stays (ADM-3). Removing the selected one makes a failover."""
        target = self._find(server)
        if isinstance(target, Refusal):
            return Reply(target)
        if len(self._mechanism.listed()) == 1:
            return Reply(Refusal.LAST_SERVER)
        # Its CRQ half belongs to its partition and stays; status and complaint belong to its place on the list.
        target.listed = False
        target.await_first_report()
        target.complaint = False
        del self._devices[target.index]
        self._mechanism.settle()
        return _DONE

    def exchange(self, devices: Sequence[BackingDevice]) -> None:
        """Make the list that of the place where the client has gone: who is not there goes, who is new comes (ADM-2, ADM-3).

        Args:
            devices: at least one, and not more than the list may have.
        """
        there = {self._vios_ids.index(device.vios_id): device for device in devices}
        leaving = [row.server for row in self.listing().servers if row.server not in there]
        arriving = [device for index, device in there.items() if index not in self._devices]
        # The list is never empty, and never longer than it may be.
        last = leaving[-1:] if len(leaving) == len(self._devices) else []
        for index in leaving[: len(leaving) - len(last)]:
            self.remove(index)
        for device in arriving[: len(last)]:
            self.add(device)
        for index in last:
            self.remove(index)
        for device in arriving[len(last) :]:
            self.add(device)

    def set_priority(self, server: object, priority: object) -> Reply:
        """Change a priority; with auto on and no pin this selects by priority at once (ADM-4)."""
        target = self._find(server)
        if isinstance(target, Refusal):
            return Reply(target)
        if not _is_priority(priority):
            return Reply(Refusal.PRIORITY_RANGE)
        assert isinstance(priority, int)
        target.priority = priority
        logical_port, device = self._devices[target.index]
        self._devices[target.index] = (logical_port, replace(device, priority=priority))
        self._mechanism.settle(at_once=True)
        return _DONE

    def set_auto(self, value: object) -> Reply:
        """Write auto_priority_failover, True or False; ends a pin, and True selects by priority at once (ADM-5)."""
        if not isinstance(value, bool):
            return Reply(Refusal.BAD_ARGUMENT)
        self._mechanism.auto = value
        self._mechanism.pinned = False
        self._mechanism.settle(at_once=True)
        return _DONE

    def activate(self, server: object) -> Reply:
        """Select this server by hand and pin it; one that could serve but for a complaint is accepted (ADM-6)."""
        target = self._find(server)
        if isinstance(target, Refusal):
            return Reply(target)
        if target is self._mechanism.selected:
            self._mechanism.pinned = True
            self._mechanism.settle()
            return _DONE
        if not self._mechanism.serviceable(target):
            return Reply(Refusal.NOT_ELIGIBLE)
        self._mechanism.activate(target)
        return _DONE

    def listing(self) -> Listing:
        """What the console shows (ADM-7)."""
        mechanism = self._mechanism
        rows = []
        for server in mechanism.listed():
            logical_port, device = self._devices[server.index]
            rows.append(
                ServerRow(
                    server=server.index,
                    logical_port=logical_port,
                    device=device,
                    selected=mechanism.selected is server,
                    connected=mechanism.active(server),
                    status=server.shown_status(),
                )
            )
        return Listing(tuple(rows), mechanism.auto, mechanism.pinned, mechanism.client_crq())

    def _find(self, name: object) -> Server | Refusal:
        """The listed server that an argument names, or why there is none."""
        if isinstance(name, str):
            for index, (logical_port, _) in self._devices.items():
                if f"{logical_port:08x}" == name:
                    return self._mechanism.servers[index]
            return Refusal.NO_SUCH_SERVER
        if not _is_whole(name):
            return Refusal.BAD_ARGUMENT
        assert isinstance(name, int)
        if not 0 <= name < len(self._mechanism.servers):
            return Refusal.NO_SUCH_SERVER
        server = self._mechanism.servers[name]
        return server if server.listed else Refusal.NOT_LISTED


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_priority(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and MIN_PRIORITY <= value <= MAX_PRIORITY


def _is_capacity(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MAX_CAPACITY
