"""The management console: fields, ranges, refusals without effect (ADM)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import BackingDevice, Machine, Policy, Refusal
from vnic_spec.vocabulary import Crq, Status

Build = Callable[..., Machine]


@pytest.mark.requirement("ADM-7")
def test_a_listing_shows_what_adm_7_asks_for(connected: Build) -> None:
    machine = connected(10, 50)
    listing = machine.console.listing()
    assert (listing.auto, listing.pinned, listing.client_crq, listing.selected) == (True, False, Crq.OPEN, 0)
    first, second = listing.servers
    assert (first.selected, first.connected, first.status) == (True, True, Status.OPERATIONAL)
    assert (second.device.priority, second.selected) == (50, False)
    assert first.describe() == "sriov//100/0/0/27004001/2.0/2.0/10/100.0/100.0"
    assert first.describe_state() == "sriov/27004001/1/Operational"
    machine.crash(101)
    assert machine.console.listing().servers[1].describe_state() == "sriov/27004002/0/Powered Off"


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("sriov/vios-a/100/1/2/2.0", BackingDevice(100, 1, 2, "vios-a", 2.0, 50, 100.0)),
        ("sriov/vios-a/100/1/2/2.0/7", BackingDevice(100, 1, 2, "vios-a", 2.0, 7, 100.0)),
        ("sriov//100/1/2/2.0//40.5", BackingDevice(100, 1, 2, "", 2.0, 50, 40.5)),
        ("sriov//100/1/2/2.0/50/", BackingDevice(100, 1, 2, "", 2.0, 50, 100.0)),
    ],
)
def test_the_products_input_form(text: str, device: BackingDevice) -> None:
    assert BackingDevice.parse(text) == device
    machine = Machine()
    assert machine.console.add(text).logical_port == 0x27004001
    assert machine.console.listing().servers[0].device == device


@pytest.mark.requirement("ADM-1")
@pytest.mark.parametrize(
    ("device", "refusal"),
    [
        (None, Refusal.BAD_ARGUMENT),
        (7, Refusal.BAD_ARGUMENT),
        ("", Refusal.BAD_ARGUMENT),
        ("fc//101/0/1/2.0", Refusal.BAD_ARGUMENT),
        ("sriov//101/0/1", Refusal.BAD_ARGUMENT),
        ("sriov//101/0/1/2.0/50/100.0/9", Refusal.BAD_ARGUMENT),
        ("sriov//101/0/x/2.0", Refusal.BAD_ARGUMENT),
        ("sriov//101/0/-1/2.0", Refusal.BAD_ARGUMENT),
        ("sriov//101/0/1/nan", Refusal.BAD_ARGUMENT),
        ("sriov//101/0/1/2.0/01x", Refusal.BAD_ARGUMENT),
        ("sriov/a,b/101/0/1/2.0", Refusal.BAD_ARGUMENT),
        ("sriov//101/0/1/2.0/0", Refusal.PRIORITY_RANGE),
        ("sriov//101/0/1/2.0/101", Refusal.PRIORITY_RANGE),
        (BackingDevice(101, 0, 1, priority=True), Refusal.PRIORITY_RANGE),
        (BackingDevice(101, 0, 1, priority=50.0), Refusal.PRIORITY_RANGE),  # type: ignore[arg-type]
        (BackingDevice(True, 0, 1), Refusal.BAD_ARGUMENT),
        (BackingDevice(101, 0, 1, capacity=10**400), Refusal.CAPACITY_RANGE),
        (BackingDevice(101, 0, 1, capacity=float("nan")), Refusal.CAPACITY_RANGE),
        ("sriov//101/0/1/0", Refusal.CAPACITY_RANGE),
        ("sriov//101/0/1/100.5", Refusal.CAPACITY_RANGE),
        ("sriov//101/0/1/50/50/40", Refusal.CAPACITY_RANGE),
        ("sriov//999/0/1/2.0", Refusal.NO_SUCH_SERVER),
        ("sriov//100/0/1/2.0", Refusal.ALREADY_LISTED),
        ("sriov//101/0/0/2.0", Refusal.PORT_IN_USE),
    ],
)
def test_refused_additions(device: object, refusal: Refusal) -> None:
    """ADM-1: a clear error and no effect."""
    machine = Machine()
    machine.console.add("sriov//100/0/0/2.0")
    before = machine.console.listing()
    assert machine.console.add(device).refusal is refusal
    assert machine.console.listing() == before


@pytest.mark.requirement("ADM-1")
@pytest.mark.parametrize("most", [1, 2, 6])
def test_the_list_is_limited(most: int) -> None:
    machine = Machine(Policy(max_servers=most), servers=8)
    for index in range(most):
        assert machine.console.add(f"sriov//{100 + index}/0/{index}/2.0").ok
    assert machine.console.add(f"sriov//{100 + most}/0/{most}/2.0").refusal is Refusal.LIST_FULL


@pytest.mark.requirement("ADM-1")
def test_six_servers_by_default() -> None:
    assert Policy().max_servers == 6


def test_the_same_port_number_of_another_adapter_is_another_port() -> None:
    machine = Machine()
    assert machine.console.add("sriov//100/0/3/2.0").ok
    assert machine.console.add("sriov//101/1/3/2.0").ok


def test_a_port_is_free_again_after_removal() -> None:
    machine = Machine(servers=3)
    machine.console.add("sriov//100/0/0/2.0")
    machine.console.add("sriov//101/0/1/2.0")
    machine.console.remove(1)
    reply = machine.console.add("sriov//102/0/1/2.0")
    assert reply.logical_port == 0x27004003  # never given out twice


@pytest.mark.parametrize("server", [None, 1.0, True, b"x", [0]])
def test_names_of_the_wrong_type(start: Build, server: object) -> None:
    console = start(10, 50).console
    assert console.remove(server).refusal is Refusal.BAD_ARGUMENT
    assert console.activate(server).refusal is Refusal.BAD_ARGUMENT
    assert console.set_priority(server, 1).refusal is Refusal.BAD_ARGUMENT


def test_servers_are_also_named_by_logical_port(connected: Build) -> None:
    machine = connected(10, 50)
    assert machine.console.activate("27004002").ok
    assert machine.console.listing().selected == 1
    assert machine.console.activate("27004009").refusal is Refusal.NO_SUCH_SERVER
    assert machine.console.activate(-1).refusal is Refusal.NO_SUCH_SERVER
    assert machine.console.activate(2).refusal is Refusal.NO_SUCH_SERVER
    assert machine.console.set_priority("27004002", 3).ok
    assert machine.console.remove("27004002").ok
    assert machine.console.activate(1).refusal is Refusal.NOT_LISTED


@pytest.mark.requirement("SEL-4")
@pytest.mark.parametrize("priority", [0, 101, -5, None, "50", 1.5, True])
def test_priorities_out_of_range(connected: Build, priority: object) -> None:
    machine = connected(10, 50)
    assert machine.console.set_priority(1, priority).refusal is Refusal.PRIORITY_RANGE
    assert machine.console.listing().servers[1].device.priority == 50


@pytest.mark.parametrize("value", [0, 1, None, "on"])
def test_auto_takes_true_or_false(connected: Build, value: object) -> None:
    machine = connected(10, 50)
    machine.console.activate(1)
    assert machine.console.set_auto(value).refusal is Refusal.BAD_ARGUMENT
    assert machine.console.listing().pinned
