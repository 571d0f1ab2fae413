"""A system around a guest: two servers on one adapter, a peer at 10.0.0.2, and the guest as the client at 10.0.0.1."""

from __future__ import annotations

from typing import Final

from vnic_reference.driver import Driver
from vnic_reference.server import VnicServer
from vnic_reference.system.guest_client import Guest, GuestClient
from vnic_reference.system.parts import SystemParts
from vnic_reference.system.scenario import HostPlan, Scenario, ServerPlan
from vnic_reference.system.system import System

SCENARIO: Final = Scenario(
    title="Two servers, a guest, a peer",
    duration_ms=3_600_000,
    servers=(ServerPlan("server-1", 0, 0, priority=10), ServerPlan("server-2", 0, 1, priority=50)),
    hosts=(HostPlan("peer", "10.0.0.2"),),
)


def around(guest: Guest, scenario: Scenario = SCENARIO) -> System:
    """The system, with the guest's device to come up at the scenario's time; it is driven by ``advance`` and ``act``.

    Args:
        guest: idle, and without a VNIC.
        scenario: what else there is and what happens. Its pings and streams are not sent: the guest has its own.
    """

    def client(driver: Driver, mac: bytes) -> GuestClient:
        return GuestClient(driver, mac, guest, ip=f"{scenario.client_ip}/24")

    return System(scenario, SystemParts(server=VnicServer, client=client))
