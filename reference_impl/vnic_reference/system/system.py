"""The system: a scenario made real, and run in virtual time.

At every instant at which something is due, the clock of the machine is brought there, the scenario's happenings of that
time take place in their order, and then every component is stepped, in a fixed order, round after round, until none of
them has anything to do. The same scenario therefore always gives the same run, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from vnic_reference.backing_device import BackingDevice
from vnic_reference.machine import FIRST_SERVER_PARTITION, Machine
from vnic_reference.network.component import Component
from vnic_reference.network.describe import frame_text
from vnic_reference.network.host import Host
from vnic_reference.network.interface import Interface
from vnic_reference.network.pcapng import Capture
from vnic_reference.network.sriov import LogicalPort, PortSettings
from vnic_reference.network.streams import Pinger, StreamSource
from vnic_reference.system.actions import Actions
from vnic_reference.system.interrupts import Idle
from vnic_reference.system.observer import Observer
from vnic_reference.system.parts import ClientSoftware, SystemParts
from vnic_reference.system.scenario import (
    CLIENT,
    PORTS_PER_ADAPTER,
    Scenario,
    ScenarioError,
    ServerPlan,
    ip_bytes,
    mac_bytes,
)
from vnic_reference.system.states import StateLog
from vnic_reference.system.timeline import Timeline
from vnic_reference.system.watching import EVENT_TEXT, element_text, watched
from vnic_spec.wire import Event, Rc

#: Rounds of stepping at one instant; a component that is never done would make time stand still.
MAX_ROUNDS: Final = 2_000
#: A component that had nothing to do, and says that it wants to be stepped now, is stepped again so much later.
STALE_MS: Final = 10
_SERVER_MAC: Final = 0x0200_0000_1000
_HOST_MAC: Final = 0x0200_0000_2000


class LivelockError(RuntimeError):
    """Components keep each other busy without end at one instant: a fault in one of them."""


class System:
    """One system in one run.

    Args:
        scenario: what there is and what happens.
        parts: what it is made of.
        observers: who watches.
        timeline: where to write; default: a new one without frames.
        capture: where frames go; default: nowhere.

    Raises:
        ScenarioError: the scenario asks for something that adapters or console refuse.

    Attributes:
        machine: hypervisor, console, clock.
        client: the client's software, None while its partition is off.
        servers: the servers' software by index, None while there is none.
        ports: the servers' logical ports, by index.
        hosts: by index.
        application: in the client's partition.
        switch, adapters: the network.
        hung: who is not stepped: indexes of servers, None for the client.
    """

    def __init__(
        self,
        scenario: Scenario,
        parts: SystemParts,
        observers: Iterable[Observer] = (),
        timeline: Timeline | None = None,
        capture: Capture | None = None,
    ) -> None:
        self.scenario = scenario
        self.parts = parts
        self.observers = list(observers)
        self.timeline = timeline or Timeline(frames=False)
        self.capture = capture
        machine_parts = replace(parts.machine, transport=watched(parts.machine.transport, self))
        self.machine = Machine(scenario.policy, len(scenario.servers), parts=machine_parts)
        self.switch = parts.switch()
        wanted = {server.adapter for server in scenario.servers}
        self.adapters = {number: parts.adapter(number, PORTS_PER_ADAPTER, self.switch) for number in sorted(wanted)}
        self.ports = [self._make_port(index, server) for index, server in enumerate(scenario.servers)]
        self.hosts = []
        for index, plan in enumerate(scenario.hosts):
            host = Host(plan.name, (_HOST_MAC + index).to_bytes(6, "big"), ip_bytes(plan.ip), self.switch)
            host.tap = self._host_frame
            self.hosts.append(host)
        self.mac = mac_bytes(scenario.client_mac)
        self.hung: set[int | None] = set()
        self.servers: list[Component | None] = [None] * len(scenario.servers)
        self._idle = [Idle(driver.unit, port) for driver, port in zip(self.machine.servers, self.ports, strict=True)]
        self.client: ClientSoftware | None = None
        self.interface = _TappedInterface(self)
        self.application = parts.application(self.interface, ip_bytes(scenario.client_ip))
        self._plan_traffic()
        self._actions = Actions(self)
        self._states = StateLog(self)
        self._link = False
        self._ahead = sorted(scenario.happenings, key=lambda happening: happening.ms)
        self._set_up()

    # -- what it is made of --------------------------------------------------------------------------------------

    def _make_port(self, index: int, server: ServerPlan) -> LogicalPort:
        adapter = self.adapters[server.adapter]
        adapter.make_port = self.parts.port
        mac = (_SERVER_MAC + index).to_bytes(6, "big")
        try:
            vlans = None if server.limits.vlans is None else frozenset(range(1, server.limits.vlans + 1))
            settings = PortSettings(capacity=server.capacity, vlans=vlans)
            port = adapter.ports[server.port].add(server.name, mac, settings, server.limits)
        except ValueError as error:
            raise ScenarioError(f"server {index + 1}: {error}") from None
        port.tap = lambda way, _, frame: self._port_frame(index, way, frame)
        return port

    def _plan_traffic(self) -> None:
        scenario, endpoint = self.scenario, self.application.endpoint
        for number, ping in enumerate(scenario.pings, 1):
            peer = self.hosts[scenario.host(ping.to)].endpoint.ip
            endpoint.pingers.append(Pinger(peer, ping.period_ms, number, ping.begin_ms, ping.end_ms or None))
        for number, stream in enumerate(scenario.streams, 1):
            outbound = stream.source == CLIENT
            source = endpoint if outbound else self.hosts[scenario.host(stream.source)].endpoint
            peer = self.hosts[scenario.host(stream.to)].endpoint.ip if outbound else endpoint.ip
            source.sources.append(StreamSource(number, peer, stream.period_ms, stream.begin_ms, stream.end_ms or None))

    def _set_up(self) -> None:
        for index, server in enumerate(self.scenario.servers):
            if server.listed:
                reply = self.machine.console.add(self.backing_device(index))
                if reply.refusal is not None:
                    raise ScenarioError(f"server {index + 1}: the console refuses it: {reply.refusal.value}")
            if not server.running:
                self.machine.power_off(FIRST_SERVER_PARTITION + index)
            else:
                self.boot_server(index)
        if not self.scenario.auto:
            self.machine.console.set_auto(False)
        self.boot_client()

    def backing_device(self, index: int) -> BackingDevice:
        """A server as the administrator calls it when adding it to the list."""
        plan = self.scenario.servers[index]
        return BackingDevice(
            FIRST_SERVER_PARTITION + index, plan.adapter, plan.port, plan.name, plan.capacity, plan.priority
        )

    def boot_server(self, index: int) -> None:
        """New software in a server's partition; its logical port is as new."""
        self.ports[index].reset_filters()
        self.servers[index] = self.parts.server(self.machine.servers[index], self.ports[index])

    def boot_client(self) -> None:
        """New software in the client's partition; the user's wish is the scenario's, or what it was."""
        self.client = self.parts.client(self.machine.client, self.mac)
        self.application.restart()
        if self.now >= self.scenario.open_at_ms and self.wants_open:
            self.client.open()
        else:
            self.client.close()

    #: What the user last asked for: open or closed. A boot script does the same again.
    wants_open = True

    @property
    def now(self) -> int:
        """Virtual time in ms."""
        return self.machine.now

    def name(self, server: int | None) -> str:
        """Name of a server by its index; None is the client."""
        return CLIENT if server is None else self.scenario.servers[server].name

    def connected_server(self) -> int | None:
        """Index of the server that the client is connected with."""
        session = self.machine.hypervisor.mechanism.session
        return None if session is None else session.server.index

    # -- time ----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run to the end of the scenario."""
        self.advance(self.scenario.duration_ms - self.now)

    def advance(self, ms: int) -> None:
        """Let virtual time pass, ms ≥ 0; everything due within happens at its own time."""
        end = self.now + ms
        self._instant()
        while self.now < end:
            self.machine.advance(min(end, self._next_deadline()) - self.now)
            self._instant()

    def act(self, do: str, target: str = "", value: int = 0) -> str:
        """Make something of :data:`~vnic_reference.system.scenario.ACTIONS` happen now; what was answered."""
        answer = self._actions.carry_out(do, target, value)
        self._instant()
        return answer

    def _instant(self) -> None:
        """Everything that happens at this time."""
        self.switch.now = self.now
        if self.client is not None and self.wants_open and self.now == self.scenario.open_at_ms:
            self.client.open()
        while self._ahead and self._ahead[0].ms <= self.now:
            happening = self._ahead.pop(0)
            self._actions.carry_out(happening.do, happening.target, happening.value)
            self._settle()
        self._settle()
        for observer in self.observers:
            observer.quiet(self.now)

    def _settle(self) -> None:
        """Step everything until nothing moves."""
        now = self.now
        for _ in range(MAX_ROUNDS):
            busy = self.switch.step(now)
            for host in self.hosts:
                busy = host.step(now) or busy
            active = self.connected_server()
            for index, server in enumerate(self.servers):
                if server is not None and index not in self.hung:
                    busy = self._idle[index].step(server, now, active=index == active) or busy
            if self.client is not None and None not in self.hung:
                busy = self.client.step(now) or busy
                busy = self.application.step(now) or busy
            self.machine.settle()
            self._notice_link()
            self._states.notice()
            if not busy:
                return
        raise LivelockError(f"at {now} ms something was still being done after {MAX_ROUNDS} rounds")

    def _running(self) -> Sequence[Component]:
        """Everything that is stepped now, in order."""
        parts: list[Component] = [self.switch, *self.hosts]
        parts += [part for index, part in enumerate(self.servers) if part is not None and index not in self.hung]
        if self.client is not None and None not in self.hung:
            parts += [self.client, self.application]
        return parts

    def _next_deadline(self) -> int:
        """When something is due next; always later than now."""
        times = [self.machine.next_deadline(), *(part.next_deadline() for part in self._running())]
        if self._ahead:
            times.append(self._ahead[0].ms)
        if self.now < self.scenario.open_at_ms:
            times.append(self.scenario.open_at_ms)
        later = (time if time > self.now else self.now + STALE_MS for time in times if time is not None)
        return min(later, default=self.now + (1 << 30))

    # -- what is seen --------------------------------------------------------------------------------------------

    def _notice_link(self) -> None:
        up = self.client is not None and self.client.link_up
        if up != self._link:
            self._link = up
            self.timeline.add(self.now, "link", CLIENT, f"link {'up' if up else 'down'}", up=int(up))
            for observer in self.observers:
                observer.link(self.now, up)

    def _seen(self, who: str, frame: bytes, inbound: bool) -> None:
        if self.capture is not None:
            self.capture.add(self.now, who, frame, inbound=inbound)
        if self.timeline.frames:
            way = "in" if inbound else "out"
            self.timeline.add(self.now, "frame", who, f"{way}: {frame_text(frame)}", way=way, bytes=len(frame))

    def _port_frame(self, server: int, way: str, frame: bytes) -> None:
        self._seen(self.name(server), frame, way == "rx")
        for observer in self.observers:
            (observer.port_sent if way == "tx" else observer.port_received)(self.now, server, frame)

    def _host_frame(self, way: str, host: Host, frame: bytes) -> None:
        index = self.hosts.index(host)
        for observer in self.observers:
            (observer.host_sent if way == "tx" else observer.host_received)(self.now, index, frame)

    def application_frame(self, way: str, frame: bytes) -> None:
        """A frame has passed between application and interface."""
        self._seen(CLIENT, frame, way == "rx")
        for observer in self.observers:
            (observer.application_sent if way == "tx" else observer.application_received)(self.now, frame)

    # Watcher, told by the transport:

    def called(self, server: int | None, call: str, rc: Rc) -> None:
        """A queue call."""
        self.timeline.add(self.now, "call", self.name(server), f"{call} → {rc}", rc=int(rc))

    def sent(self, server: int | None, element: bytes, rc: Rc) -> None:
        """An element was sent."""
        text = element_text(element) + ("" if rc == Rc.H_SUCCESS else f" → {rc}")
        self.timeline.add(self.now, "element", self.name(server), text, hex=element.hex(), rc=int(rc))

    def told(self, server: int | None, event: Event, merged: bool) -> None:
        """An event was put into a queue."""
        text = EVENT_TEXT.get(event, f"event {event:02x}") + (", merged with the one there" if merged else "")
        self.timeline.add(self.now, "event", self.name(server), text, event=int(event))
        if server is None and event == Event.DEVICE_FAILOVER:
            for observer in self.observers:
                observer.switched(self.now)

    def connected(self, server: int) -> None:
        """A session has begun."""
        for observer in self.observers:
            observer.connected(self.now, server)

    def severed(self, server: int) -> None:
        """A session has ended."""
        for observer in self.observers:
            observer.severed(self.now, server)


class _TappedInterface:
    """The client's interface with somebody listening; while the client's partition is off there is none."""

    def __init__(self, system: System) -> None:
        self._system = system

    @property
    def _below(self) -> Interface | None:
        return self._system.client

    @property
    def mac(self) -> bytes:
        return self._system.mac if self._below is None else self._below.mac

    @property
    def link_up(self) -> bool:
        return self._below is not None and self._below.link_up

    def open(self) -> None:
        if self._below is not None:
            self._below.open()

    def close(self) -> None:
        if self._below is not None:
            self._below.close()

    def send(self, frame: bytes) -> bool:
        taken = self._below is not None and self._below.send(frame)
        if taken:
            self._system.application_frame("tx", frame)
        return taken

    def received(self) -> list[bytes]:
        frames = [] if self._below is None else self._below.received()
        for frame in frames:
            self._system.application_frame("rx", frame)
        return frames

    def take_notification(self) -> bool:
        return self._below is not None and self._below.take_notification()
