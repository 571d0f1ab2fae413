"""The classes that a system is made of; whoever wants one thing done differently hands over another class for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from vnic_reference.driver import Driver
from vnic_reference.network.application import Application
from vnic_reference.network.component import Component
from vnic_reference.network.interface import Interface
from vnic_reference.network.port import Port
from vnic_reference.network.sriov import LogicalPort, SriovAdapter
from vnic_reference.network.switch import Switch
from vnic_reference.parts import Parts


class ClientSoftware(Component, Interface, Protocol):
    """The VNIC client: it acts in time, and it is the application's interface."""

    def complain(self) -> bool:
        """The user asks for a failover (SES-2); whether the hypervisor will make one."""
        ...


@dataclass(frozen=True, slots=True)
class SystemParts:
    """One maker for each part of a system.

    Attributes:
        server: makes a VNIC server of its unit and its logical port, when its partition boots.
        client: makes the VNIC client of its unit and its MAC, when its partition boots.
        machine: classes of the hypervisor.
        adapter, port, switch, application: classes of the rest.
    """

    server: Callable[[Driver, Port], Component]
    client: Callable[[Driver, bytes], ClientSoftware]
    machine: Parts = field(default_factory=Parts)
    adapter: type[SriovAdapter] = SriovAdapter
    port: type[LogicalPort] = LogicalPort
    switch: type[Switch] = Switch
    application: type[Application] = Application
