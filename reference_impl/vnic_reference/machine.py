"""The machine: partitions, the hypervisor, the management console, power and the clock, in one object.

This is the whole reference as a library. It is driven at the interface of the real thing, and time passes only in
:meth:`Machine.advance`::

    machine = Machine(servers=2)
    machine.console.add("sriov//100/0/0/2.0/10")
    machine.servers[0].reg_crq()
    machine.servers[0].report(interval_ms=1000)
    machine.client.reg_crq()          # Rc.H_SUCCESS: server 0 is selected and connected
"""

from __future__ import annotations

from collections.abc import Sequence

from vnic_reference.backing_device import BackingDevice
from vnic_reference.driver import Driver
from vnic_reference.hypervisor import Answer, Hypervisor, crq_source
from vnic_reference.partition import Partition, Unit
from vnic_reference.parts import Parts
from vnic_reference.policy import Policy
from vnic_reference.transport import close_sub_crqs
from vnic_spec.wire import Event, Rc

CLIENT_PARTITION = 3
FIRST_SERVER_PARTITION = 100
CLIENT_UNIT = 0x3000_0003
FIRST_SERVER_UNIT = 0x3000_8081
#: Most server partitions of one machine.
MAX_SERVERS = 64
#: Longest step of the clock in ms.
MAX_ADVANCE_MS = 1 << 40


class Machine:
    """One client partition, some server partitions with one server each, and what brokers between them.

    All partitions are powered; nothing is registered and nothing is on the list.

    Args:
        policy: The choices of the hypervisor; default: the requirements' own.
        servers: Number of server partitions, 1 to 64.
        unpaired: Indexes of servers whose units the partition manager has authorised no connection for; None: the client's
            (CRQ-2).
        parts: The classes to make it of, where they are not the usual ones.

    Raises:
        ValueError: The number of servers is out of range.

    Attributes:
        hypervisor: The hypervisor with its parts.
        client: The client's unit in its owner's hands.
        servers: The servers' units in their owners' hands, by index.
        console: The management console.
        partitions: All partitions by ID.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        servers: int = 2,
        unpaired: Sequence[int | None] = (),
        parts: Parts | None = None,
    ) -> None:
        if not 1 <= servers <= MAX_SERVERS:
            raise ValueError(f"{servers} servers; from 1 to {MAX_SERVERS} are possible")
        self.policy = policy or Policy()
        parts = parts or Parts()
        client = Partition(CLIENT_PARTITION, "client")
        hosts = [Partition(FIRST_SERVER_PARTITION + index, f"vios{index}") for index in range(servers)]
        units = []
        for position, host in enumerate([client, *hosts]):
            server = position - 1 if position else None
            address = CLIENT_UNIT if server is None else FIRST_SERVER_UNIT + server
            unit = Unit(address, host, server, server not in unpaired, crq_source(position))
            host.units[address] = unit
            units.append(unit)
            host.boot()
        self.partitions = {host.number: host for host in (client, *hosts)}
        self.hypervisor = Hypervisor(self.policy, units[0], units[1:], parts)
        self.client = Driver(self.hypervisor, units[0])
        self.servers = [Driver(self.hypervisor, unit) for unit in units[1:]]
        self.console = parts.console(self.hypervisor.mechanism, [host.number for host in hosts])

    @property
    def now(self) -> int:
        """Virtual time in ms since the machine began."""
        return self.hypervisor.mechanism.now

    def hcall(self, partition: int, token: int, *registers: int) -> Answer:
        """One call of the partition with this ID; an unknown partition is answered like one that does not run."""
        for driver in (self.client, *self.servers):
            if driver.unit.partition.number == partition:
                return driver.hcall(token, *registers)
        return (Rc.H_PRIVILEGE,)

    def advance(self, ms: int) -> bool:
        """Let virtual time pass; False, and no effect, unless ``ms`` is from 0 to 2**40 (MON-2)."""
        if type(ms) is not int or not 0 <= ms <= MAX_ADVANCE_MS:
            return False
        self.hypervisor.monitor.advance(ms)
        return True

    def next_deadline(self) -> int | None:
        """Earliest virtual time in ms at which the hypervisor does something by itself; None: never (MON-2)."""
        return self.hypervisor.monitor.next_due()

    def settle(self) -> None:
        """Let the hypervisor look at what owners have consumed. Nothing else ever happens by itself (FOV-9)."""
        self.hypervisor.mechanism.notice()

    def power_on(self, partition: int) -> bool:
        """Power on a partition with fresh memory; False, and no effect, if it is unknown or runs already."""
        host = self.partitions.get(partition)
        if host is None or host.powered:
            return False
        host.boot()
        return True

    def power_off(self, *partitions: int) -> bool:
        """Power off partitions at one instant: their queues are freed (CRQ-4, MON-3, SEL-7).

        False, and no effect, if one is unknown or off, or named twice.
        """
        hosts = [self.partitions.get(number) for number in partitions]
        if len(set(partitions)) != len(partitions) or not all(host is not None and host.powered for host in hosts):
            return False
        mechanism = self.hypervisor.mechanism
        for host in hosts:
            if host is not None:
                host.stop()
        with mechanism.one_step():
            for host in hosts:
                for unit in [] if host is None else host.units.values():
                    self.hypervisor.transport.close(unit, Event.PARTNER_FAILED)
                    close_sub_crqs(unit)  # those registered before any CRQ
                    if unit.server is None:
                        mechanism.client_stopped()
        return True

    def crash(self, *partitions: int) -> bool:
        """A crash: for the rest of the machine the same as :meth:`power_off` (MON-3)."""
        return self.power_off(*partitions)

    def migrate(self, devices: Sequence[BackingDevice] = ()) -> bool:
        """Migrate the client's partition (CRQ-8); False, and no effect, if it does not run.

        Args:
            devices: servers that the destination has for it, if they are others than now; at least one.
        """
        if not self.partitions[CLIENT_PARTITION].powered:
            return False
        mechanism = self.hypervisor.mechanism
        mechanism.notice()
        self.hypervisor.transport.disable()
        mechanism.client_migrated()
        if devices:
            self.console.exchange(devices)
        return True
