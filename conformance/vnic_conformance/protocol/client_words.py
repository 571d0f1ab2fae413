"""The words of adapter protocol 1.1, role ``client``: its requests, its features, what a user can ask for.

The role turns the direction round: the client calls and the kit answers. Yet every line of the kit has one reply, as in
1.0; ``docs/adapter-protocol-client.md`` is the page for those who write an adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CLIENT_MINOR: Final = 1  #: minor version of the protocol that has this role
CLIENT_SCHEMA: Final = "client-1.1.schema.json"

#: The requests of the role beside ``hello`` and ``bye``.
CLIENT_OPS: Final = ("reset", "run", "answer", "interrupt", "read", "write", "user", "observe")

#: What an adapter may claim beyond what every one has (``add``, ``remove``, ``open``, ``close``).
CLIENT_FEATURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "complain": "user complain",
        "mtu": "user mtu",
        "queues": "user queues",
        "multicast": "user multicast",
        "promiscuous": "user promiscuous",
        "mac": "user mac",
        "frames": "user send; received frames are observed",
        "ping": "user ping, from the network stack above the client",
        "windows": "replies tell what is mapped for DMA (mapped)",
        "events": "replies tell net-device events (events)",
    }
)

#: What a user can ask for: the feature that it needs (empty: everybody has it), and its arguments.
USER_ACTIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "add": ("", ()),
        "remove": ("", ()),
        "open": ("", ()),
        "close": ("", ()),
        "complain": ("complain", ()),
        "mtu": ("mtu", ("value",)),
        "queues": ("queues", ("tx", "rx")),
        "multicast": ("multicast", ("list",)),
        "promiscuous": ("promiscuous", ("value",)),
        "mac": ("mac", ("mac",)),
        "send": ("frames", ("hex",)),
        "ping": ("ping", ("target",)),
    }
)

#: Net-device events, as the client's network stack sees them.
NET_EVENTS: Final = ("registered", "unregistered", "up", "down", "carrier_on", "carrier_off", "notify_peers")
