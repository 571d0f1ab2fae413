"""The verdict can fail: every faulty variant of hypervisor, adapter, server, client and application fails it."""

from __future__ import annotations

import pytest

from vnic_reference.system.faults import SYSTEM_FAULTS
from vnic_reference.system.laws import FrameLaws
from vnic_reference.system.parts import SystemParts
from vnic_reference.system.scenario import CLIENT, Happening, PingPlan, Scenario, ServerPlan, StreamPlan
from vnic_reference.system.standard import standard_parts
from vnic_reference.system.system import LivelockError, System
from vnic_reference.system.verdict import verdict

#: Two servers of one adapter and one of another; every kind of fault, and one way back from each.
GAUNTLET = Scenario(
    title="gauntlet",
    duration_ms=19_000,
    servers=(ServerPlan("a", 0, 0, 10), ServerPlan("b", 0, 1, 20), ServerPlan("c", 1, 0, 30)),
    pings=(PingPlan(period_ms=100, begin_ms=100),),
    streams=(StreamPlan(CLIENT, "peer", 20, 100), StreamPlan("peer", CLIENT, 20, 100)),
    happenings=(
        Happening(1_000, "link_down", "a"),
        Happening(2_000, "link_up", "a"),
        Happening(3_000, "crash", "a"),
        Happening(4_000, "power_on", "a"),
        Happening(5_000, "adapter_error", "0"),
        Happening(6_000, "adapter_recover", "0"),
        Happening(7_005, "hang", "a"),
        Happening(12_000, "resume", "a"),
        Happening(13_000, "migrate"),
        Happening(14_000, "activate", "b"),
        Happening(15_000, "close"),
        Happening(15_500, "open"),
        Happening(17_000, "adapter_error", "1"),
        Happening(17_500, "link_down", "b"),
    ),
)
#: A switch takes 150 ms; silence is noticed after three report intervals; the user keeps it closed for 500 ms.
SWITCH_MS = 250
ALLOWED_MS = {"hang": 3_000 + SWITCH_MS, "close": 500 + SWITCH_MS}


def judged(parts: SystemParts, scenario: Scenario = GAUNTLET) -> list[str]:
    system = System(scenario, parts)
    laws = FrameLaws().watch(system)
    try:
        system.run()
    except LivelockError as error:
        return [str(error)]
    wrong = verdict(system, laws, longest_gap_ms=SWITCH_MS, least_frames=500, allowed_ms=ALLOWED_MS)
    return [str(violation) for violation in wrong]


def test_the_reference_runs_the_gauntlet() -> None:
    assert judged(standard_parts()) == []


SAID = {
    "no_fencing": "leaves through a, which is not connected",
    "server_delivers_twice": "is received more often than it was sent",
    "no_gratuitous_arp": "the network does not forward to",
}
SAID_TOO = {
    "port_delivers_twice": "is received more often than it was sent",
    "port_sends_twice": "is on the wire more often than it was sent",
    "server_transmits_twice": "more often than it was sent",
    "server_transmits_as_zombie": "which is not connected",
    "client_takes_twice": "is received more often than it was sent",
    "crossed_ports": "is received more often than it was sent",
    "client_resends_frames": "more often than it was sent",
    "client_no_notification": "the network does not forward to",
}


@pytest.mark.parametrize("name", SAID)
def test_a_faulty_variant_does_not(name: str) -> None:
    assert any(SAID[name] in text for text in judged(SYSTEM_FAULTS[name].parts))


#: No traffic shows that an interface is open which its user has closed meanwhile; the kit's stories look at the link.
BY_ITS_LINK = {"client_forgets_a_close"}
#: The gauntlet has frames of one size, no equal priorities, no delay, no software that restarts, no port that is up and
#: dead, no migration to other devices, and servers whose adapters are alike; the stories have.
BY_STORIES = {
    *("port_loses_long_frames", "port_loses_one_length"),
    *("restarted_equal_preempts", "delay_goes_on", "free_of_server_unnoticed"),
    *("dead_port_sends_later", "nobody_new_comes", "old_devices_stay"),
    *("mac_needs_a_filter", "never_grows_again", "never_sends_headers", "remembers_queues"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SYSTEM_FAULTS.keys() - SAID - BY_ITS_LINK - BY_STORIES))
def test_nor_do_the_others(name: str) -> None:
    complaint = SAID_TOO.get(name, " ms")
    assert any(complaint in text for text in judged(SYSTEM_FAULTS[name].parts))


def test_a_run_without_traffic_is_not_passed() -> None:
    quiet = Scenario("quiet", 1_000, GAUNTLET.servers)
    assert len(judged(standard_parts(), quiet)) == 2
