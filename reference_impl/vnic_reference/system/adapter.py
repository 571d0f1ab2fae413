"""The whole system behind the kit's adapter protocol, role ``system``: ``python -m vnic_reference --role system``.

The kit does what happens around a system (power, links, errors, hangs, the console, a user who pings) and sees what can
be seen from outside: the listing, the application's link, and frames where they pass.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Final

from vnic_reference.machine import MAX_ADVANCE_MS
from vnic_reference.network.streams import Pinger, StreamSource
from vnic_reference.policy import Policy
from vnic_reference.requests import Fields, RequestError, flag, number, word
from vnic_reference.speaker import PROFILE, Speaker, listing_seen
from vnic_reference.system.limits import limits_of
from vnic_reference.system.observer import Observer
from vnic_reference.system.parts import SystemParts
from vnic_reference.system.scenario import CLIENT, PORTS_PER_ADAPTER, Scenario, ServerPlan
from vnic_reference.system.standard import standard_parts
from vnic_reference.system.system import LivelockError, System
from vnic_reference.system.timeline import Timeline

#: Server partitions that a reset can ask for; two share an adapter.
MAX_SERVERS: Final = 10
_SERVERS_PER_ADAPTER: Final = 2
#: What it claims of its times (adapter protocol, "Role system").
CLAIMS: Final[Mapping[str, int]] = {"report_interval_ms": 1000, "recovery_ms": 100_000, "transit_ms": 20}

#: What can be asked for, by who does it: name of the action of a scenario, and the field that names the target.
_ACTIONS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("platform", "power_on"): ("power_on", "target"),
    ("platform", "power_off"): ("power_off", "target"),
    ("platform", "crash"): ("crash", "target"),
    ("platform", "hang"): ("hang", "target"),
    ("platform", "resume"): ("resume", "target"),
    ("platform", "migrate"): ("migrate", "servers"),
    ("platform", "rmdev"): ("deregister", "target"),
    ("platform", "mkdev"): ("register", "target"),
    ("network", "link_down"): ("link_down", "server"),
    ("network", "link_up"): ("link_up", "server"),
    ("network", "port_dead"): ("port_dead", "server"),
    ("network", "port_live"): ("port_live", "server"),
    ("network", "adapter_error"): ("adapter_error", "server"),
    ("network", "adapter_recover"): ("adapter_recover", "server"),
    ("application", "open"): ("open", ""),
    ("application", "close"): ("close", ""),
    ("application", "complain"): ("complain", ""),
    ("console", "add"): ("add", "server"),
    ("console", "remove"): ("remove", "server"),
    ("console", "activate"): ("activate", "server"),
    ("console", "priority"): ("priority", "server"),
    ("console", "auto"): ("auto", ""),
}


#: Bytes of a frame that can be asked for: what a stream's datagram needs at least, and an MTU of 1500.
_LENGTHS: Final = range(64, 1515)


def _frame_length(fields: Fields) -> int | None:
    if "length" not in fields:
        return None
    length = number(fields, "length")
    if length not in _LENGTHS:
        raise RequestError(f"length must be from {_LENGTHS[0]} to {_LENGTHS[-1]}")
    return length


class _Seen(Observer):
    """Frames since the last look."""

    def __init__(self) -> None:
        self.frames: dict[str, list[bytes]] = {}

    def _note(self, where: str, frame: bytes) -> None:
        self.frames.setdefault(where, []).append(frame)

    def application_sent(self, now: int, frame: bytes) -> None:
        """See :class:`Observer`."""
        self._note("client_sent", frame)

    def application_received(self, now: int, frame: bytes) -> None:
        """See :class:`Observer`."""
        self._note("client_received", frame)

    def port_sent(self, now: int, server: int, frame: bytes) -> None:
        """See :class:`Observer`."""
        self._note(f"server{server}_sent", frame)

    def port_received(self, now: int, server: int, frame: bytes) -> None:
        """See :class:`Observer`."""
        self._note(f"server{server}_received", frame)

    def host_sent(self, now: int, host: int, frame: bytes) -> None:
        """See :class:`Observer`."""
        self._note("host_sent", frame)

    def host_received(self, now: int, host: int, frame: bytes) -> None:
        """See :class:`Observer`."""
        self._note("host_received", frame)


class SystemAdapter(Speaker):
    """Answers requests. A new one is like one that was reset to two servers.

    Args:
        parts: what its systems are made of, where that is not the reference.
        claims: settings of the policy that it claims and starts from.
    """

    role = "system"
    max_servers = MAX_SERVERS

    def __init__(self, parts: SystemParts | None = None, claims: Mapping[str, str | int] | None = None) -> None:
        super().__init__()
        self._parts = parts or standard_parts()
        self._claims = dict(claims or {})
        self._start(Policy.from_mapping(self._policy_at_first()), 2, {})

    def _introduction(self) -> Fields:
        features = "console power migration profiles frame_sizes restart server_limits dead_ports other_devices"
        claims = {PROFILE + name: value for name, value in self._claims.items()}
        return {"clock": "virtual", "quiet_ms": 0, "features": features, **CLAIMS, **claims}

    def _policy_at_first(self) -> dict[str, object]:
        return dict(self._claims)

    def _begin(self, policy: Policy, servers: int, fields: Fields) -> None:
        self._start(policy, servers, fields)

    def _start(self, policy: Policy, servers: int, fields: Fields) -> None:
        self._most_listed = policy.max_servers
        plans = [
            ServerPlan(
                f"server{index}",
                *divmod(index, _SERVERS_PER_ADAPTER),
                listed=index < policy.max_servers,
                limits=limits_of(fields, f"server{index}"),
            )
            for index in range(servers)
        ]
        self._ports = {index: plan.adapter * PORTS_PER_ADAPTER + plan.port for index, plan in enumerate(plans)}
        scenario = Scenario("system", 1, tuple(plans), policy=policy)
        self._seen = _Seen()
        self._system = System(scenario, self._parts, [self._seen], Timeline(frames=False))
        self._pinger = Pinger(self._system.hosts[0].endpoint.ip, 1)
        self._source = StreamSource(1, self._system.application.endpoint.ip, 1)
        # Known, so that a reply finds its way; never due by itself.
        self._pinger.end = self._source.end = -1
        self._system.application.endpoint.pingers.append(self._pinger)
        self._system.advance(0)

    def _advance(self, fields: Fields) -> Fields:
        ms = number(fields, "ms")
        if not 0 <= ms <= MAX_ADVANCE_MS:
            raise RequestError(f"ms must be from 0 to {MAX_ADVANCE_MS}")
        self._as_far_as_it_goes(lambda: self._system.advance(ms))
        return {}

    def _apply(self, fields: Fields) -> Fields:
        who, call = word(fields, "who", None), word(fields, "call", None)
        if (who, call) == ("application", "ping"):
            length = _frame_length(fields)
            return self._do(lambda: self._system.application.endpoint.ping(self._pinger, self._system.now, length))
        if (who, call) == ("network", "send"):
            length = _frame_length(fields)
            return self._do(lambda: self._system.hosts[0].endpoint.send(self._source, self._system.now, length))
        if (who, call) not in _ACTIONS:
            raise RequestError(f"{who[:20]} {call[:20]} is nothing that happens to a system")
        do, field = _ACTIONS[who, call]
        target, value = self._target(fields, field, do), 0
        if do == "priority":
            value = number(fields, "value")
        elif do == "auto":
            value = int(flag(fields, "value"))
        answers: list[str] = []
        self._as_far_as_it_goes(lambda: answers.append(self._system.act(do, target, value)))
        self._system.timeline.entries.clear()
        return {"outcome": "refused", "reason": answers[0]} if answers not in ([], ["done"]) else {}

    def _do(self, act: Callable[[], None]) -> Fields:
        act()
        self._as_far_as_it_goes(lambda: self._system.advance(0))
        return {}

    def _as_far_as_it_goes(self, act: Callable[[], None]) -> None:
        """Do something; a faulty part that keeps the others busy for ever keeps time from passing, as can be seen."""
        with contextlib.suppress(LivelockError):
            act()

    def _target(self, fields: Fields, field: str, do: str) -> str:
        if not field:
            return ""
        if field == "servers":
            return self._servers(fields)
        target = word(fields, field, None)
        if target == CLIENT and field == "target":
            return target
        if target not in {plan.name for plan in self._system.scenario.servers}:
            raise RequestError(f"{field} must be one of the {len(self._ports)} servers")
        if do in ("adapter_error", "adapter_recover"):
            return str(self._system.scenario.servers[self._system.scenario.server(target)].adapter)
        return target

    def _servers(self, fields: Fields) -> str:
        """The servers that the destination of a migration has; "" is the same."""
        names = word(fields, "servers", "").split()
        known = {plan.name for plan in self._system.scenario.servers}
        if len(set(names)) != len(names) or set(names) - known or len(names) > self._most_listed:
            raise RequestError(f"servers must be of the {len(known)} servers, each once, at most {self._most_listed}")
        return " ".join(names)

    def _observation(self) -> Fields:
        system = self._system
        listing = system.machine.console.listing()
        seen: Fields = {
            "now": system.now,
            "client_link": int(system.client is not None and system.client.link_up),
            **listing_seen(listing),
        }
        for row in listing.servers:
            seen[f"server{row.server}_status"] = row.status.name
            seen[f"server{row.server}_priority"] = row.device.priority
        for index, plan in enumerate(system.scenario.servers):
            seen[f"server{index}_port"] = self._ports[index]
            seen[f"server{index}_adapter"] = plan.adapter
        where = ["client", "host", *(f"server{index}" for index in self._ports)]
        for name in [f"{place}_{way}" for place in where for way in ("sent", "received")]:
            seen[name] = " ".join(frame.hex() for frame in self._seen.frames.get(name, ()))
        self._seen.frames.clear()
        return seen
