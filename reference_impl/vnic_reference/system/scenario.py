"""What a run consists of: partitions, servers with their ports, hosts, traffic, and what happens when.

A scenario is a value, checked when it is made; :mod:`vnic_reference.system.loading` reads one from TOML.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from vnic_reference.backing_device import DEFAULT_CAPACITY
from vnic_reference.network.frames import is_unicast
from vnic_reference.network.limits import PortLimits
from vnic_reference.policy import Policy
from vnic_reference.servers import DEFAULT_PRIORITY, MAX_PRIORITY, MIN_PRIORITY

MAX_SERVERS: Final = 64
MAX_HOSTS: Final = 64
MAX_ADAPTERS: Final = 64
PORTS_PER_ADAPTER: Final = 4
MAX_MS: Final = 1_000_000_000
#: Names of what is not a server or a host.
CLIENT: Final = "client"
CONSOLE: Final = "console"

#: What can happen, with the kind of target that it needs and whether it needs a value.
#: ``server`` a server's name; ``partition`` a server's name or "client"; ``adapter`` its number.
ACTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "crash": ("partition", ""),
    "power_off": ("partition", ""),
    "power_on": ("partition", ""),
    "hang": ("partition", ""),
    "resume": ("partition", ""),
    "link_down": ("server", ""),
    "link_up": ("server", ""),
    "port_dead": ("server", ""),
    "port_live": ("server", ""),
    "host_link_down": ("host", ""),
    "host_link_up": ("host", ""),
    "adapter_error": ("adapter", ""),
    "adapter_recover": ("adapter", ""),
    "deregister": ("server", ""),
    "register": ("server", ""),
    "add": ("server", ""),
    "remove": ("server", ""),
    "activate": ("server", ""),
    "priority": ("server", "priority"),
    "auto": ("", "flag"),
    "complain": ("", ""),
    "migrate": ("", ""),
    "open": ("", ""),
    "close": ("", ""),
}


class ScenarioError(ValueError):
    """A scenario that cannot be run; the message says where it is wrong, what is possible, and what came."""


_NO_LIMITS: Final = PortLimits()


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One server partition, its server, and its logical port.

    Attributes:
        name: how the scenario calls it.
        adapter: number of the adapter, from 0.
        port: physical port of the adapter, 0 to 3.
        priority: 1 to 100, a lower number wins (SEL-4).
        capacity: of the logical port, in per cent.
        listed: whether the administrator has put it on the vNIC's list at the beginning.
        running: whether its partition runs at the beginning.
        limits: what its port's hardware has.
    """

    name: str
    adapter: int
    port: int
    priority: int = DEFAULT_PRIORITY
    capacity: float = DEFAULT_CAPACITY
    listed: bool = True
    running: bool = True
    limits: PortLimits = _NO_LIMITS


@dataclass(frozen=True, slots=True)
class HostPlan:
    """A host outside, at a cable of the switch."""

    name: str
    ip: str


@dataclass(frozen=True, slots=True)
class PingPlan:
    """Regular pings of the application; times in ms, ``end_ms`` 0: to the end. ``to`` "" is the first host."""

    to: str = ""
    period_ms: int = 100
    begin_ms: int = 0
    end_ms: int = 0


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """A sequenced UDP stream between the application ("client") and a host; "" is the first host."""

    source: str = CLIENT
    to: str = ""
    period_ms: int = 10
    begin_ms: int = 0
    end_ms: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens at one time.

    Attributes:
        ms: virtual time.
        do: a name of :data:`ACTIONS`.
        target: whom it concerns, "" where there is no choice; an adapter by its number.
        value: priority of ``priority``, 0 or 1 of ``auto``.
    """

    ms: int
    do: str
    target: str = ""
    value: int = 0

    def __str__(self) -> str:
        target, value = ACTIONS[self.do]
        words = self.do.split("_")
        if target == "adapter":
            words.insert(1, self.target)
        elif target:
            words.append(self.target)
        if value:
            words.append(str(self.value) if value != "flag" else "on" if self.value else "off")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a run is made from; the same scenario always gives the same run.

    Attributes:
        title: one line.
        about: what it shows.
        duration_ms: length of the run in virtual time.
        servers, hosts, pings, streams: what there is.
        happenings: what happens, in order of time; those of one time in the order given.
        client_ip, client_mac: of the application's interface.
        open_at_ms: when the user opens the interface.
        auto: auto_priority_failover at the beginning (ADM-5).
        policy: choices of the hypervisor.
    """

    title: str
    duration_ms: int
    servers: tuple[ServerPlan, ...]
    about: str = ""
    hosts: tuple[HostPlan, ...] = (HostPlan("peer", "10.0.0.2"),)
    pings: tuple[PingPlan, ...] = ()
    streams: tuple[StreamPlan, ...] = ()
    happenings: tuple[Happening, ...] = ()
    client_ip: str = "10.0.0.1"
    client_mac: str = "02:00:00:00:00:01"
    open_at_ms: int = 0
    auto: bool = True
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        _check(self)

    def server(self, name: str) -> int:
        """Index of the server with this name."""
        return [server.name for server in self.servers].index(name)

    def host(self, name: str) -> int:
        """Index of the host with this name; "" is the first one."""
        return [host.name for host in self.hosts].index(name) if name else 0


# ------------------------------------------------------------------------------------------------------- checking


def _require(holds: bool, where: str, expected: str, came: object) -> None:
    if not holds:
        raise ScenarioError(f"{where} is {came!r}; it must be {expected}")


def _whole(where: str, value: object, low: int, high: int) -> None:
    _require(type(value) is int and low <= value <= high, where, f"a whole number from {low} to {high}", value)


def _text(where: str, value: object) -> None:
    _require(isinstance(value, str) and value.isprintable() and len(value) <= 200, where, "a line of text", value)


def _flag(where: str, value: object) -> None:
    _require(isinstance(value, bool), where, "true or false", value)


def _name(where: str, value: object) -> None:
    good = isinstance(value, str) and value.isascii() and value.replace("-", "").replace("_", "").isalnum()
    _require(good and len(str(value)) <= 24, where, "1 to 24 letters, digits, - and _", value)
    _require(value not in (CLIENT, CONSOLE), where, "another name; this one is taken", value)


def _ip(where: str, value: object) -> None:
    try:
        good = isinstance(value, str) and not ipaddress.IPv4Address(value).is_multicast
    except ValueError:
        good = False
    _require(good, where, "an IPv4 address such as 10.0.0.1", value)


def _different(where: str, names: Sequence[object]) -> None:
    doubled = sorted({str(name) for name in names if names.count(name) > 1})
    if doubled:
        raise ScenarioError(f"{where} {doubled[0]!r} is there more than once; each needs its own")


def mac_bytes(text: str) -> bytes:
    """A MAC from its text form; raises :class:`ScenarioError`."""
    try:
        mac = bytes.fromhex(text.replace(":", ""))
    except (ValueError, AttributeError):
        mac = b""
    _require(is_unicast(mac), "client_mac", "the MAC of a station, such as 02:00:00:00:00:01", text)
    return mac


def ip_bytes(text: str) -> bytes:
    """An IPv4 address from its text form."""
    return ipaddress.IPv4Address(text).packed


def _check(scenario: Scenario) -> None:
    _text("title", scenario.title)
    _require(isinstance(scenario.about, str), "about", "text", scenario.about)
    _whole("duration_ms", scenario.duration_ms, 1, MAX_MS)
    _whole("open_at_ms", scenario.open_at_ms, 0, MAX_MS)
    _flag("auto", scenario.auto)
    _ip("client_ip", scenario.client_ip)
    mac_bytes(scenario.client_mac)
    _require(
        1 <= len(scenario.servers) <= MAX_SERVERS, "the number of servers", f"1 to {MAX_SERVERS}", len(scenario.servers)
    )
    _require(1 <= len(scenario.hosts) <= MAX_HOSTS, "the number of hosts", f"1 to {MAX_HOSTS}", len(scenario.hosts))
    for number, server in enumerate(scenario.servers, 1):
        _check_server(f"server {number}", server)
    for number, host in enumerate(scenario.hosts, 1):
        _name(f"host {number}: name", host.name)
        _ip(f"host {number}: ip", host.ip)
    _different("the name", [*(server.name for server in scenario.servers), *(host.name for host in scenario.hosts)])
    _different("the address", [scenario.client_ip, *(host.ip for host in scenario.hosts)])
    hosts = ["", *(host.name for host in scenario.hosts)]
    for number, ping in enumerate(scenario.pings, 1):
        _check_traffic(f"ping {number}", ping, hosts)
    for number, stream in enumerate(scenario.streams, 1):
        where = f"stream {number}"
        _require(stream.source in (CLIENT, *hosts[1:]), f"{where}: source", "client or a host", stream.source)
        if stream.source == CLIENT:
            _check_traffic(where, stream, hosts)
        else:
            _check_traffic(where, stream, ["", CLIENT])
    for number, happening in enumerate(scenario.happenings, 1):
        _check_happening(f"at {number}", happening, scenario)


def _check_server(where: str, server: ServerPlan) -> None:
    _name(f"{where}: name", server.name)
    _whole(f"{where}: adapter", server.adapter, 0, MAX_ADAPTERS - 1)
    _whole(f"{where}: port", server.port, 0, PORTS_PER_ADAPTER - 1)
    _whole(f"{where}: priority", server.priority, MIN_PRIORITY, MAX_PRIORITY)
    good = type(server.capacity) in (int, float) and 0 < server.capacity <= 100
    _require(good, f"{where}: capacity", "a number above 0 and up to 100", server.capacity)
    _flag(f"{where}: listed", server.listed)
    _flag(f"{where}: running", server.running)
    _require(isinstance(server.limits, PortLimits), f"{where}: limits", "left out", server.limits)


def _check_traffic(where: str, traffic: PingPlan | StreamPlan, targets: Sequence[str]) -> None:
    expected = f"one of {', '.join(target for target in targets if target)}"
    _require(traffic.to in targets, f"{where}: to", expected, traffic.to)
    _whole(f"{where}: period_ms", traffic.period_ms, 1, MAX_MS)
    _whole(f"{where}: begin_ms", traffic.begin_ms, 0, MAX_MS)
    _whole(f"{where}: end_ms", traffic.end_ms, 0, MAX_MS)


def _check_happening(where: str, happening: Happening, scenario: Scenario) -> None:
    _whole(f"{where}: ms", happening.ms, 0, MAX_MS)
    _require(
        isinstance(happening.do, str) and happening.do in ACTIONS,
        f"{where}: do",
        f"one of {', '.join(ACTIONS)}",
        happening.do,
    )
    kind, value = ACTIONS[happening.do]
    servers = [server.name for server in scenario.servers]
    targets = {
        "": [""],
        "server": servers,
        "host": [host.name for host in scenario.hosts],
        "partition": [CLIENT, *servers],
        "adapter": sorted({str(server.adapter) for server in scenario.servers}),
    }[kind]
    expected = f"one of {', '.join(targets)}" if kind else "left out"
    _require(happening.target in targets, f"{where}: target of {happening.do}", expected, happening.target)
    low, high = {"priority": (MIN_PRIORITY, MAX_PRIORITY), "flag": (0, 1), "": (0, 0)}[value]
    _whole(f"{where}: value of {happening.do}", happening.value, low, high)
