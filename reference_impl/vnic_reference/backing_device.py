"""A server as the management console describes it: the fields of a backing device and their text forms.

Input:  ``sriov/vios-name/vios-id/adapter-id/physical-port/capacity[/priority[/max-capacity]]``, the name, priority and
maximum may be empty. Output lists the same fields with the logical port ID that the console has allocated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vnic_reference.servers import DEFAULT_PRIORITY
from vnic_spec.vocabulary import Status

DEFAULT_CAPACITY = 2.0
MAX_CAPACITY = 100.0

#: Status as the product's command line prints it. Only the first two texts are known; the others follow their pattern.
STATUS_TEXT = {
    Status.OPERATIONAL: "Operational",
    Status.POWERED_OFF: "Powered Off",
    Status.LINK_DOWN: "Link Down",
    Status.ADAPTER_ERROR: "Adapter Error",
    Status.NETWORK_ERROR: "Network Error",
    Status.UNRESPONSIVE: "Unresponsive",
}


@dataclass(frozen=True, slots=True)
class BackingDevice:
    """What the administrator says when adding a server.

    Attributes:
        vios_id: Partition ID of the server's partition.
        adapter_id: SR-IOV adapter, from 0.
        physical_port: Port of the adapter, from 0.
        vios_name: Name of the server's partition, or empty.
        capacity: Desired capacity of the logical port in per cent, above 0.
        priority: 1 to 100, a lower number wins (SEL-4).
        max_capacity: Upper limit of the capacity in per cent.
    """

    vios_id: int
    adapter_id: int
    physical_port: int
    vios_name: str = ""
    capacity: float = DEFAULT_CAPACITY
    priority: int = DEFAULT_PRIORITY
    max_capacity: float = MAX_CAPACITY

    @classmethod
    def parse(cls, text: str) -> BackingDevice:
        """Read the input form; raises ``ValueError`` with a sentence that says what is wrong."""
        parts = text.split("/")
        if not 6 <= len(parts) <= 8:
            raise ValueError(f"{len(parts)} fields; 6 to 8 are expected")
        kind, name, *rest = parts
        if kind != "sriov":
            raise ValueError(f"type {kind!r}; only sriov exists")
        rest += [""] * (6 - len(rest))
        return cls(
            vios_id=_whole("partition ID", rest[0]),
            adapter_id=_whole("adapter ID", rest[1]),
            physical_port=_whole("physical port", rest[2]),
            vios_name=name,
            capacity=_per_cent("capacity", rest[3]),
            priority=_whole("priority", rest[4]) if rest[4] else DEFAULT_PRIORITY,
            max_capacity=_per_cent("maximum capacity", rest[5]) if rest[5] else MAX_CAPACITY,
        )


def _whole(what: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise ValueError(f"{what} {text!r} is no whole number")
    return int(text)


def _per_cent(what: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{what} {text!r} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{what} {text!r} is no number")
    return value


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server in a listing (ADM-7).

    Attributes:
        server: Index of the server in the machine.
        logical_port: ID that the console has allocated, 8 hexadecimal digits as a number.
        device: What the administrator said, with the present priority.
        selected: Whether the server is the selected one.
        connected: Whether the client is connected with it.
        status: Status as shown.
    """

    server: int
    logical_port: int
    device: BackingDevice
    selected: bool
    connected: bool
    status: Status

    def describe(self) -> str:
        """The ``backing_devices`` form of the product's listing."""
        device = self.device
        fields = (
            "sriov",
            device.vios_name,
            device.vios_id,
            device.adapter_id,
            device.physical_port,
            f"{self.logical_port:08x}",
            float(device.capacity),
            float(device.capacity),
            device.priority,
            float(device.max_capacity),
            float(device.max_capacity),
        )
        return "/".join(str(field) for field in fields)

    def describe_state(self) -> str:
        """The ``backing_device_states`` form of the product's listing."""
        return f"sriov/{self.logical_port:08x}/{int(self.selected)}/{STATUS_TEXT[self.status]}"
