"""The adapter: the machine behind the kit's adapter protocol 1.0, one flat JSON object per request and reply.

It plays what an implementation's own adapter plays: it translates, and decides nothing. ``python -m vnic_reference``
speaks the protocol on standard input and output; an :class:`Adapter` called with a request answers in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from vnic_reference.backing_device import BackingDevice
from vnic_reference.console import Reply
from vnic_reference.driver import Driver
from vnic_reference.machine import FIRST_SERVER_PARTITION, MAX_ADVANCE_MS, Machine
from vnic_reference.partition_calls import PartitionCalls
from vnic_reference.parts import Parts
from vnic_reference.policy import Policy
from vnic_reference.requests import Fields, RequestError, flag, number, word
from vnic_reference.speaker import PROFILE, Speaker, listing_seen

FEATURES: Final = "console power migration interrupts sub_crq dma profiles wrong_unit unpaired"

#: Calls that belong to a feature.
_CALLS_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(("add", "remove", "priority", "auto", "activate"), "console"),
    **dict.fromkeys(("power_on", "power_off", "crash"), "power"),
    **dict.fromkeys(("vio_signal", "eoi"), "interrupts"),
    **dict.fromkeys(("reg_sub_crq", "free_sub_crq", "send_sub_crq", "send_sub_crq_indirect"), "sub_crq"),
    **dict.fromkeys(("dma_read", "dma_write", "poke", "peek"), "dma"),
    "migrate": "migration",
}
_OPTIONAL: Final = frozenset(_CALLS_OF.values())

#: Server partitions that a reset can ask for: more than a list can hold (ADM-1), so that a full list can be tried.
MAX_SERVERS: Final = 10
#: Physical ports of one adapter, as the ports of the protocol are numbered here.
_PORTS_PER_ADAPTER: Final = 4
#: What the protocol says of parameters that are not named, where the machine has another default.
_DEFAULTS: Final[Mapping[str, object]] = {"gap_ms": 1500}


class Adapter(Speaker):
    """Answers requests. A new one is like one that was reset to two servers.

    Args:
        parts: the classes to make the machines of, where they are not the usual ones.
        claims: settings of the policy that it claims and starts from, where they are not the requirements' own decisions.
        clock: a real clock in milliseconds that never goes back; None: the clock is virtual, and time passes in ``advance``.
        quiet_ms: how long it claims to need until its effects can be seen.
        without: features of :data:`FEATURES` that it does not have.
    """

    role = "hypervisor"
    max_servers = MAX_SERVERS

    def __init__(
        self,
        parts: Parts | None = None,
        claims: Mapping[str, str | int] | None = None,
        clock: Callable[[], int] | None = None,
        quiet_ms: int = 0,
        without: Collection[str] = (),
    ) -> None:
        super().__init__()
        self._parts = parts
        self._claims = dict(claims or {})
        self._clock = clock
        self._quiet_ms = quiet_ms
        self._features = [feature for feature in FEATURES.split() if feature not in without]
        self._start(Policy.from_mapping(self._policy_at_first()), 2, [])

    def _introduction(self) -> Fields:
        return {
            "clock": "virtual" if self._clock is None else "real",
            "quiet_ms": self._quiet_ms,
            "features": " ".join(self._features),
            **{PROFILE + name: value for name, value in self._claims.items()},
        }

    def _policy_at_first(self) -> dict[str, object]:
        return {**_DEFAULTS, **self._claims}

    def _begin(self, policy: Policy, servers: int, fields: Fields) -> None:
        named = word(fields, "unpaired", "").split() if "unpaired" in self._features else []
        self._start(policy, servers, [None if name == "client" else self._index(name, servers) for name in named])

    def _start(self, policy: Policy, servers: int, unpaired: list[int | None]) -> None:
        self._machine = Machine(policy, servers, unpaired, self._parts)
        self._units = {"client": PartitionCalls(self._machine.client)}
        for index, driver in enumerate(self._machine.servers):
            self._units[f"server{index}"] = PartitionCalls(driver)
        self._ports = list(range(servers))
        self._read_at = self._clock() if self._clock is not None else 0
        for index in range(min(servers, policy.max_servers)):
            assert self._machine.console.add(_device(index, index, None)).ok

    def _settle(self, fields: Fields) -> Fields:
        self._machine.settle()
        return {}

    def _catch_up(self) -> None:
        """On a real clock: let what has fallen due since the last request happen, each at its own time."""
        if self._clock is not None:
            now = self._clock()
            self._machine.advance(max(now - self._read_at, 0))
            self._read_at = max(now, self._read_at)

    def _advance(self, fields: Fields) -> Fields:
        if self._clock is not None:
            return {"outcome": "unsupported", "reason": "the clock is real"}
        if not self._machine.advance(number(fields, "ms")):
            raise RequestError(f"ms must be from 0 to {MAX_ADVANCE_MS}")
        return {}

    def _apply(self, fields: Fields) -> Fields:
        who, call = word(fields, "who", None), word(fields, "call", None)
        if _CALLS_OF.get(call) in _OPTIONAL.difference(self._features):
            return {"outcome": "unsupported"}
        if who == "console":
            return self._console(call, fields)
        if who == "platform":
            return self._platform(call, fields)
        unit = self._units.get(who)
        if unit is None:
            raise RequestError("who must be client, console, platform, or server0 and so on")
        return unit.carry_out(call, fields)

    def _index(self, name: str, servers: int) -> int:
        for index in range(servers):
            if name == f"server{index}":
                return index
        raise RequestError(f"{name[:40]!r} is none of the {servers} servers")

    def _console(self, call: str, fields: Fields) -> Fields:
        console = self._machine.console
        if call == "auto":
            return _console_reply(console.set_auto(flag(fields, "value")))
        if call not in ("add", "remove", "priority", "activate"):
            raise RequestError("the console can add, remove, priority, auto and activate")
        server = self._index(word(fields, "server", None), len(self._machine.servers))
        if call == "add":
            port = number(fields, "port", self._ports[server])
            priority = number(fields, "priority") if "priority" in fields else None
            reply = console.add(_device(server, port, priority))
            if reply.ok:
                self._ports[server] = port
        elif call == "remove":
            reply = console.remove(server)
        elif call == "priority":
            reply = console.set_priority(server, number(fields, "value"))
        else:
            reply = console.activate(server)
        return _console_reply(reply)

    def _platform(self, call: str, fields: Fields) -> Fields:
        machine = self._machine
        if call == "migrate":
            return _platform_reply(machine.migrate(), "the client's partition does not run")
        if call not in ("power_on", "power_off", "crash"):
            raise RequestError("the platform can power_on, power_off, crash and migrate")
        target = word(fields, "target", None)
        driver = machine.client if target == "client" else machine.servers[self._index(target, len(machine.servers))]
        partition = driver.unit.partition.number
        if call == "power_on":
            return _platform_reply(machine.power_on(partition), "the partition runs already")
        done = machine.power_off(partition) if call == "power_off" else machine.crash(partition)
        return _platform_reply(done, "the partition does not run")

    def _observation(self) -> Fields:
        machine = self._machine
        listing = machine.console.listing()
        seen: Fields = {**({"now": machine.now} if self._clock is None else {}), **listing_seen(listing)}
        for row in listing.servers:
            seen[f"server{row.server}_status"] = row.status.name
            seen[f"server{row.server}_priority"] = row.device.priority
            seen[f"server{row.server}_port"] = row.device.adapter_id * _PORTS_PER_ADAPTER + row.device.physical_port
        _observe_unit(seen, "client", machine.client)
        for index, driver in enumerate(machine.servers):
            _observe_unit(seen, f"server{index}", driver)
        return seen


def _observe_unit(seen: Fields, name: str, driver: Driver) -> None:
    """Add what is visible of one unit: queues, and interrupts as ``crq`` or the handle of a sub-CRQ."""
    unit = driver.unit
    pending = ["crq"] if unit.interrupt.outstanding else []
    seen[f"{name}_queue"] = " ".join(element.hex() for element in driver.elements())
    for handle, queue in unit.sub_crqs.items():
        seen[f"{name}_sub_{handle}"] = " ".join(element.hex() for element in driver.elements(handle))
        if queue.interrupt.outstanding:
            pending.append(str(handle))
    seen[f"{name}_interrupts"] = " ".join(pending)


def _device(server: int, port: int, priority: int | None) -> BackingDevice:
    adapter, physical = divmod(port, _PORTS_PER_ADAPTER)
    device = BackingDevice(vios_id=FIRST_SERVER_PARTITION + server, adapter_id=adapter, physical_port=physical)
    return device if priority is None else replace(device, priority=priority)


def _console_reply(reply: Reply) -> Fields:
    if reply.refusal is None:
        return {}
    return {"outcome": "refused", "reason": f"{reply.refusal.name}: {reply.refusal.value}"}


def _platform_reply(done: bool, reason: str) -> Fields:
    return {} if done else {"outcome": "refused", "reason": reason}
