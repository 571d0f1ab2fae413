"""Faulty parts of a system that show where servers differ, ports are dead, or the client moves to other servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vnic_reference.backing_device import BackingDevice
from vnic_reference.client import VnicClient
from vnic_reference.client.conversation import Steps
from vnic_reference.client.recovery import Recovery
from vnic_reference.console import Console
from vnic_reference.network.sriov import LogicalPort
from vnic_spec.wire import Capability


class _RemembersQueues(Recovery):
    """What was granted in the first negotiation is used in every later one."""

    def request_capabilities(self, told: dict[Capability, int], deadline: int) -> Steps[dict[Capability, int]]:
        granted = yield from super().request_capabilities(told, deadline)
        assert isinstance(self.client, RemembersQueues)
        if not self.client.first:
            self.client.first = granted
        queues = (Capability.REQ_TX_QUEUES, Capability.REQ_RX_QUEUES)
        return granted | {each: self.client.first[each] for each in queues}


class RemembersQueues(VnicClient):
    """The client logs in with as many queues as the first server granted."""

    recovery = _RemembersQueues
    first: dict[Capability, int] = {}  # noqa: RUF012  # replaced, never changed


class _RemembersSize(Recovery):
    """The smallest MTU granted so far is kept."""

    def request_capabilities(self, told: dict[Capability, int], deadline: int) -> Steps[dict[Capability, int]]:
        granted = yield from super().request_capabilities(told, deadline)
        assert isinstance(self.client, NeverGrowsAgain)
        self.client.smallest = min(self.client.smallest, granted[Capability.REQ_MTU])
        return granted | {Capability.REQ_MTU: self.client.smallest}


class NeverGrowsAgain(VnicClient):
    """The client stays with the MTU of the smallest server that it has had."""

    recovery = _RemembersSize
    smallest = 1 << 16


class _NoHeaders(Recovery):
    """Capability 33 is not looked at."""

    def query_capabilities(self, deadline: int) -> Steps[dict[Capability, int]]:
        told = yield from super().query_capabilities(deadline)
        told.pop(Capability.TX_RX_DESC_REQ, None)
        return told


class NeverSendsHeaders(VnicClient):
    """The client sends no header descriptors, whatever the server asks for."""

    recovery = _NoHeaders


class MacNeedsAFilter(LogicalPort):
    """The port takes no MAC but its own where it has no room for multicast MACs."""

    def set_mac(self, mac: bytes) -> bool:
        """Refused without a filter."""
        return self.max_multicast > 0 and super().set_mac(mac)


class DeadPortSendsLater(LogicalPort):
    """The port keeps what it is given while it is dead, and sends it when it is alive again."""

    def transmit(self, frame: bytes) -> bool:
        """Kept while dead."""
        if self.physical.dead:
            self._kept.append(frame)
            return True
        return super().transmit(frame)

    def received(self) -> list[bytes]:
        """Time to send what was kept."""
        while self._kept and not self.physical.dead:
            super().transmit(self._kept.pop(0))
        return super().received()

    @property
    def _kept(self) -> list[bytes]:
        kept: list[bytes] = self.__dict__.setdefault("kept", [])
        return kept


class OldDevicesStay(Console):
    """A migrated client keeps the list of the machine that it left."""

    def exchange(self, devices: Sequence[BackingDevice]) -> None:
        """No effect."""


class NobodyNewComes(Console):
    """A migrated client gets none of the servers that the other machine has."""

    def exchange(self, devices: Sequence[BackingDevice]) -> None:
        """Only who was there already, if there is anybody."""
        known = [device for device in devices if self._vios_ids.index(device.vios_id) in self._devices]
        super().exchange(known or devices)


#: Faulty parts, each with the requirement that it hurts.
DIFFERING: Final[tuple[tuple[str, type], ...]] = (
    ("DLG-10", RemembersQueues),
    ("DLG-10", NeverGrowsAgain),
    ("DLG-10", NeverSendsHeaders),
    ("DLG-10", MacNeedsAFilter),
    ("FOV-10", DeadPortSendsLater),
    ("ADM-3", OldDevicesStay),
    ("ADM-2", NobodyNewComes),
)
