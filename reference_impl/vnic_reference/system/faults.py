"""Faulty variants of the whole system: of client, server, adapter, application and hypervisor, one small change each.

What the verdict on a run, and a conformance kit in role ``system``, have to find. Made by overriding; nothing is copied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from vnic_reference.client import VnicClient
from vnic_reference.client.data_path import ClientData
from vnic_reference.network.application import Application
from vnic_reference.network.sriov import LogicalPort, SriovAdapter
from vnic_reference.parts import Parts
from vnic_reference.server import VnicServer
from vnic_reference.server.data_path import DataPath
from vnic_reference.server.session import Session
from vnic_reference.system.adapter import SystemAdapter
from vnic_reference.system.parts import SystemParts
from vnic_reference.system.standard import standard_parts
from vnic_reference.transport import Transport
from vnic_spec.vocabulary import Status
from vnic_spec.wire import CommandRc, Event

_Part = TypeVar("_Part", bound=type)


@dataclass(frozen=True, slots=True)
class SystemFault:
    """One faulty variant.

    Attributes:
        name: how it is asked for.
        requirement: ID of the requirement that it hurts.
        description: what it does wrong, in a sentence.
        parts: what its systems are made of.
    """

    name: str
    requirement: str
    description: str
    parts: SystemParts = field(repr=False)

    def adapter(self) -> SystemAdapter:
        """A new adapter in role ``system`` with this fault."""
        return SystemAdapter(self.parts)


#: Every variant by name.
SYSTEM_FAULTS: dict[str, SystemFault] = {}


def _fault(name: str, requirement: str) -> Callable[[_Part], _Part]:
    """Enter a class: its docstring says what is wrong, its base which part it is."""

    def enter(part: _Part) -> _Part:
        usual = standard_parts()
        if issubclass(part, Transport):
            parts = replace(usual, machine=Parts(transport=part))
        else:
            places = {
                VnicServer: "server",
                VnicClient: "client",
                LogicalPort: "port",
                SriovAdapter: "adapter",
                Application: "application",
            }
            (place,) = (place for base, place in places.items() if issubclass(part, base))
            parts = replace(usual, **{place: part})  # type: ignore[arg-type]  # the base says that it fits there
        assert name not in SYSTEM_FAULTS, f"two faults are called {name}"
        SYSTEM_FAULTS[name] = SystemFault(name, requirement, (part.__doc__ or "").partition("\n")[0], parts)
        return part

    return enter


# -- hypervisor ------------------------------------------------------------------------------------------------------


@_fault("no_fencing", "FOV-10")
class _NoFencing(Transport):
    """A server that is left keeps its sub-CRQs and its way to the client's memory."""

    def sever(self) -> None:
        self.partner = None


# -- adapter ---------------------------------------------------------------------------------------------------------


@_fault("port_delivers_twice", "DAT-2")
class _PortDeliversTwice(LogicalPort):
    """A frame that comes from the wire is put into the receive queue twice."""

    def deliver(self, wire: bytes) -> None:
        super().deliver(wire)
        super().deliver(wire)


@_fault("port_sends_twice", "DAT-1")
class _PortSendsTwice(LogicalPort):
    """A frame is put on the wire twice."""

    def transmit(self, frame: bytes) -> bool:
        taken = super().transmit(frame)
        if taken:
            self.physical.send(self, frame)
        return taken


@_fault("link_not_seen", "SRV-6")
class _LinkNotSeen(LogicalPort):
    """The port says that its link is up when it is not."""

    @property
    def link_up(self) -> bool:
        return True


@_fault("error_not_seen", "SRV-6")
class _ErrorNotSeen(LogicalPort):
    """The port does not say that its adapter is in error, though it does nothing."""

    _asked = 0

    @property
    def frozen(self) -> bool:
        return False

    def transmit(self, frame: bytes) -> bool:
        return not self.physical.adapter.frozen and super().transmit(frame)

    def received(self) -> list[bytes]:
        return [] if self.physical.adapter.frozen else super().received()


@_fault("never_thaws", "LIV-1")
class _NeverThaws(SriovAdapter):
    """The adapter does not come back after an error."""

    def recover(self) -> bool:
        return self.frozen


@_fault("crossed_ports", "DAT-2")
class _CrossedPorts(LogicalPort):
    """A frame that comes to one port is put into the receive queues of all ports of the adapter."""

    def deliver(self, wire: bytes) -> None:
        super().deliver(wire)
        for physical in self.physical.adapter.ports:
            for port in physical.logical:
                if port is not self and self.accepts(wire[:6]):
                    LogicalPort.deliver(port, wire)


# -- server ----------------------------------------------------------------------------------------------------------


@_fault("link_ignored", "SRV-6")
class _LinkIgnored(VnicServer):
    """The server does not look at its link when it reports."""

    def health(self) -> Status:
        return Status.ADAPTER_ERROR if self.port.frozen else Status.OPERATIONAL


@_fault("adapter_error_ignored", "SRV-6")
class _AdapterErrorIgnored(VnicServer):
    """The server does not look at its adapter when it reports."""

    def health(self) -> Status:
        return Status.OPERATIONAL if self.port.link_up else Status.LINK_DOWN


@_fault("reports_late", "MON-1")
class _ReportsLate(VnicServer):
    """The server reports four times as seldom as it announces."""

    def report(self) -> None:
        at = self._report_at
        super().report()
        if self._report_at != at:
            self._report_at += 3 * self.settings.report_interval_ms


@_fault("waits_for_ever", "SRV-1")
class _WaitsForEver(VnicServer):
    """The server never opens the dialogue itself."""

    def _open_dialogue(self) -> None:
        self._init_at = 1 << 60


@_fault("link_not_indicated", "SRV-5")
class _LinkNotIndicated(VnicServer):
    """The server does not tell the client that the link is up."""

    def indicate_link(self, session: Session) -> None:
        return


class _TwiceOut(DataPath):
    def transmit(self, frame: bytes) -> CommandRc:
        super().transmit(frame)
        return super().transmit(frame)


@_fault("server_sends_twice", "DAT-1")
class _ServerSendsTwice(VnicServer):
    """The server gives every frame to its port twice."""

    data = _TwiceOut


class _TwiceIn(DataPath):
    def receive(self, session: Session, frame: bytes) -> None:
        super().receive(session, frame)
        super().receive(session, frame)


@_fault("server_delivers_twice", "DAT-2")
class _ServerDeliversTwice(VnicServer):
    """The server puts every frame into two buffers of the client."""

    data = _TwiceIn


# -- client ----------------------------------------------------------------------------------------------------------


class _Resending(ClientData):
    _last: tuple[bytes, ...] = ()
    _again: tuple[bytes, ...] = ()

    def send(self, frame: bytes, now: int) -> bool:
        again, self._again = self._again, ()
        for old in again:
            super().send(old, now)
        taken = super().send(frame, now)
        if taken:
            self._last = (*self._last[-7:], frame)
        return taken

    def close(self) -> None:
        super().close()
        self._again = self._last


@_fault("resends", "DAT-1")
class _Resends(VnicClient):
    """The client sends its last frames again after a login, not knowing whether they left."""

    data_path = _Resending


class _ReceivesTwice(ClientData):
    def arrived(self) -> list[bytes]:
        frames = super().arrived()
        return [copy for frame in frames for copy in (frame, frame)]


@_fault("client_receives_twice", "DAT-2")
class _ClientReceivesTwice(VnicClient):
    """The client hands every frame to the application twice."""

    data_path = _ReceivesTwice


@_fault("wish_lost", "CLI-6")
class _WishLost(VnicClient):
    """After a failover the client forgets that its user wants it open."""

    def take_event(self, event: int) -> None:
        super().take_event(event)
        if event == Event.DEVICE_FAILOVER:
            self.wish = False


@_fault("event_ignored", "CLI-1")
class _EventIgnored(VnicClient):
    """The client takes no notice of a failover, nor of the new server's INIT."""

    def take_event(self, event: int) -> None:
        if event != Event.DEVICE_FAILOVER:
            super().take_event(event)

    def take_server_init(self) -> None:
        return


@_fault("migration_ignored", "CLI-3")
class _MigrationIgnored(VnicClient):
    """The client does not enable its CRQ after a migration."""

    def take_event(self, event: int) -> None:
        if event != Event.MIGRATED:
            super().take_event(event)


@_fault("gives_up", "CLI-7")
class _GivesUp(VnicClient):
    """The client does not recover a second time."""

    _begun = 0

    def begin_again(self) -> None:
        self._begun += 1
        if self._begun < 2:
            super().begin_again()
        else:
            self.drop()
            self.stop_worker()


@_fault("peers_not_told", "CLI-5")
class _PeersNotTold(VnicClient):
    """The client does not say that the network has to be told."""

    def take_notification(self) -> bool:
        return False


# -- application -----------------------------------------------------------------------------------------------------


@_fault("no_gratuitous_arp", "DAT-3")
class _NoGratuitousArp(Application):
    """Nothing announces where the client's MAC is now."""

    def step(self, now: int) -> bool:
        self._interface.take_notification()
        self._to_announce = False
        return super().step(now)


__all__ = ["SYSTEM_FAULTS", "SystemFault"]


def __getattr__(name: str) -> Callable[[], SystemAdapter]:
    """The factory of the faulty system of this name, for a kit that loads adapters by name."""
    try:
        return SYSTEM_FAULTS[name].adapter
    except KeyError:
        raise AttributeError(f"no fault {name!r}; there are: {', '.join(SYSTEM_FAULTS)}") from None
