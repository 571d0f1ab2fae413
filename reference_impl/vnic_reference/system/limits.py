"""The fields of a ``reset`` that say what a server's adapter has (adapter protocol, role system, feature server_limits)."""

from __future__ import annotations

from typing import Final

from vnic_reference.dialogue.buffers import OFFLOADS
from vnic_reference.network.limits import LARGEST_MTU, PortLimits
from vnic_reference.requests import Fields, RequestError, number, word

#: From and to. Queues are limited by the memory of the partition; an MTU below by what every IPv4 host takes.
_RANGES: Final = {
    "queues": (1, 16),
    "entries": (1, 512),
    "mtu": (576, LARGEST_MTU),
    "headers": (0, (1 << 64) - 1),
    "macs": (0, 512),
    "vlans": (0, 4094),
}


def limits_of(fields: Fields, server: str) -> PortLimits:
    """What a reset says of one server.

    Raises:
        RequestError: a number is out of range, or an offload is unknown.
    """
    said: dict[str, int] = {}
    for what, (low, high) in _RANGES.items():
        name = f"{server}_{what}"
        if name in fields:
            value = number(fields, name)
            if not low <= value <= high:
                raise RequestError(f"{name} must be from {low} to {high}")
            said[what] = value
    offloads = frozenset(word(fields, f"{server}_offloads", "").split())
    if offloads - set(OFFLOADS):
        raise RequestError(f"{server}_offloads must be of {', '.join(OFFLOADS)}")
    return PortLimits(offloads=offloads, **said)
