"""Faulty variants of the whole system: of hypervisor, adapter, server, client and application, one small change each.

What the verdict on a run, and a conformance kit in role ``system``, have to find. Made by overriding; nothing is copied. The
variants of server and client are those of :mod:`vnic_reference.server.faults` and :mod:`vnic_reference.client.faults`, but
for a few that nobody can see from outside (:data:`UNSEEN`).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from vnic_reference.client import VnicClient
from vnic_reference.client.faults import CLIENT_FAULTS
from vnic_reference.console import Console
from vnic_reference.faults import FAULTS
from vnic_reference.network.application import Application
from vnic_reference.network.sriov import LogicalPort, SriovAdapter
from vnic_reference.partition import Unit
from vnic_reference.parts import Parts
from vnic_reference.server import VnicServer
from vnic_reference.server.faults import SERVER_FAULTS
from vnic_reference.system.adapter import SystemAdapter
from vnic_reference.system.faults_differing import DIFFERING
from vnic_reference.system.parts import SystemParts
from vnic_reference.system.standard import standard_parts
from vnic_reference.transport import Transport, close_sub_crqs
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Rc

_Part = TypeVar("_Part", bound=type)

#: Variants of server and client that cannot be told from the reference by listing, link and frames, with the reason.
UNSEEN: Final[Mapping[str, str]] = {
    "ignores_multicast": "nothing in a system's role sends multicast",
    "forgets_multicast": "nothing in a system's role receives multicast",
    "resets_on_failover": "the reset is one more registration, and the login comes as soon",
    "no_backoff": "how often it tries is on the CRQ only",
}


@dataclass(frozen=True, slots=True)
class SystemFault:
    """One faulty variant.

    Attributes:
        name: how it is asked for.
        requirement: ID of the requirement that it hurts.
        description: what it does wrong, in a sentence.
        parts: what its systems are made of.
        claims: settings that it claims.
    """

    name: str
    requirement: str
    description: str
    parts: SystemParts = field(repr=False)
    claims: Mapping[str, str | int] = field(default_factory=dict)

    def adapter(self) -> SystemAdapter:
        """A new adapter in role ``system`` with this fault."""
        return SystemAdapter(self.parts, self.claims)


#: Every variant by name.
SYSTEM_FAULTS: dict[str, SystemFault] = {}


def _enter(
    name: str,
    requirement: str,
    description: str,
    parts: SystemParts,
    claims: Mapping[str, str | int] | None = None,
) -> None:
    assert name not in SYSTEM_FAULTS, f"two faults are called {name}"
    SYSTEM_FAULTS[name] = SystemFault(name, requirement, description, parts, claims or {})


def _fault(requirement: str) -> Callable[[_Part], _Part]:
    """Enter a class: its name gives the fault's, its docstring says what is wrong, its base which part it is."""

    def enter(part: _Part) -> _Part:
        usual = standard_parts()
        if issubclass(part, Transport):
            parts = replace(usual, machine=Parts(transport=part))
        elif issubclass(part, Console):
            parts = replace(usual, machine=Parts(console=part))
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
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", part.__name__).lower()
        _enter(name, requirement, (inspect.getdoc(part) or "").partition("\n")[0], parts)
        return part

    return enter


# -- hypervisor ------------------------------------------------------------------------------------------------------


@_fault("FOV-10")
class NoFencing(Transport):
    """A server that is left keeps its sub-CRQs and its way to the client's memory."""

    def sever(self) -> None:
        """Disconnect, and take nothing away."""
        self.partner = None


@_fault("MON-3")
class FreeOfServerUnnoticed(Transport):
    """A server that frees its CRQ while its partition runs on stays what it was."""

    def free_crq(self, unit: Unit) -> Rc:
        """Free it, and tell nobody."""
        if unit.server is None or unit.crq is None:
            return super().free_crq(unit)
        close_sub_crqs(unit)
        if self.peer(unit) is not None:
            self.sever()
        unit.close_crq()
        return Rc.H_SUCCESS


_DELAY_MS = 5000
for _name, _claims in (("restarted_equal_preempts", {}), ("delay_goes_on", {"preempt_delay_ms": _DELAY_MS})):
    _enter(
        _name,
        FAULTS[_name].requirement,
        FAULTS[_name].description,
        replace(standard_parts(), machine=FAULTS[_name].parts),
        _claims,
    )


# -- adapter ---------------------------------------------------------------------------------------------------------


@_fault("DAT-2")
class PortDeliversTwice(LogicalPort):
    """A frame that comes from the wire is put into the receive queue twice."""

    def deliver(self, wire: bytes) -> None:
        """Once more."""
        super().deliver(wire)
        super().deliver(wire)


@_fault("DAT-1")
class PortSendsTwice(LogicalPort):
    """A frame is put on the wire twice."""

    def transmit(self, frame: bytes) -> bool:
        """Once more."""
        taken = super().transmit(frame)
        if taken:
            self.physical.send(self, frame)
        return taken


@_fault("SRV-6")
class LinkNotSeen(LogicalPort):
    """The port says that its link is up when it is not."""

    @property
    def link_up(self) -> bool:
        """Always."""
        return True


@_fault("SRV-6")
class ErrorNotSeen(LogicalPort):
    """The port does not say that its adapter is in error, though it does nothing."""

    @property
    def frozen(self) -> bool:
        """Never."""
        return False

    def transmit(self, frame: bytes) -> bool:
        """Nothing in error."""
        return not self.physical.adapter.frozen and super().transmit(frame)

    def received(self) -> list[bytes]:
        """Nothing in error."""
        return [] if self.physical.adapter.frozen else super().received()


@_fault("LIV-1")
class NeverThaws(SriovAdapter):
    """The adapter does not come back after an error."""

    def recover(self) -> bool:
        """No effect."""
        return self.frozen


@_fault("DAT-2")
class CrossedPorts(LogicalPort):
    """A frame that comes to one port is put into the receive queues of all ports of the adapter."""

    def deliver(self, wire: bytes) -> None:
        """To the neighbours too."""
        super().deliver(wire)
        for physical in self.physical.adapter.ports:
            for port in physical.logical:
                if port is not self and self.accepts(wire[:6]):
                    LogicalPort.deliver(port, wire)


#: How long a port of a switch that runs the spanning tree protocol forwards nothing: listening, learning, and a topology change.
_BLOCKED_MS = 50_000


@_fault("DAT-3")
class PortBlockedAfterLinkUp(LogicalPort):
    """The port has a link again, and neither sends nor receives anything for 50 s."""

    _was_up = True
    _blocked_until = 0

    @property
    def link_up(self) -> bool:
        """As it is; coming up begins the time."""
        up = super().link_up
        if up and not self._was_up:
            self._blocked_until = self.physical.now + _BLOCKED_MS
        self._was_up = up
        return up

    @property
    def blocked(self) -> bool:
        """Whether nothing passes now."""
        return self.link_up and self.physical.now < self._blocked_until

    def transmit(self, frame: bytes) -> bool:
        """Taken, and lost."""
        return self.blocked or super().transmit(frame)

    def deliver(self, wire: bytes) -> None:
        """Lost."""
        if not self.blocked:
            super().deliver(wire)


@_fault("DAT-1")
class PortLosesLongFrames(LogicalPort):
    """The port loses every frame of more than 512 bytes, either way."""

    def transmit(self, frame: bytes) -> bool:
        """Taken, and lost if it is long."""
        return len(frame) > 512 or super().transmit(frame)

    def deliver(self, wire: bytes) -> None:
        """Lost if it is long."""
        if len(wire) <= 512:
            super().deliver(wire)


@_fault("DAT-2")
class PortLosesOneLength(LogicalPort):
    """The port does not receive frames of exactly 1,024 bytes."""

    def deliver(self, wire: bytes) -> None:
        """All but those."""
        if len(wire) != 1024:
            super().deliver(wire)


# -- server and client, beside their own lists -----------------------------------------------------------------------


@_fault("SRV-6")
class AdapterErrorIgnored(VnicServer):
    """The server does not look at its adapter when it reports."""

    def health(self) -> Status:
        """The link alone."""
        return Status.OPERATIONAL if self.port.link_up else Status.LINK_DOWN


@_fault("CLI-7")
class GivesUp(VnicClient):
    """The client does not recover a second time."""

    _begun = 0

    def begin_again(self) -> None:
        """Once."""
        self._begun += 1
        if self._begun < 2:
            super().begin_again()
        else:
            self.drop()
            self.stop_worker()


# -- application -----------------------------------------------------------------------------------------------------


@_fault("DAT-3")
class NoGratuitousArp(Application):
    """Nothing announces where the client's MAC is now."""

    def step(self, now: int) -> bool:
        """Without the announcement."""
        self._interface.take_notification()
        self._to_announce = False
        return super().step(now)


for _requirement, _differing in DIFFERING:
    _fault(_requirement)(_differing)
for _server in SERVER_FAULTS.values():
    if _server.name not in UNSEEN:
        _enter(
            f"server_{_server.name}",
            _server.requirement,
            _server.description,
            replace(standard_parts(), server=_server.make),
        )
for _client in CLIENT_FAULTS.values():
    if _client.name not in UNSEEN:
        _enter(
            f"client_{_client.name}",
            _client.requirement,
            _client.description,
            replace(standard_parts(), client=_client.make),
        )

__all__ = ["SYSTEM_FAULTS", "UNSEEN", "SystemFault"]


def __getattr__(name: str) -> Callable[[], SystemAdapter]:
    """The factory of the faulty system of this name, for a kit that loads adapters by name."""
    try:
        return SYSTEM_FAULTS[name].adapter
    except KeyError:
        raise AttributeError(f"no fault {name!r}; there are: {', '.join(SYSTEM_FAULTS)}") from None
