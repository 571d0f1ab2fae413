"""The stories of failover, end to end: real servers, a real client, real frames both ways through every fault.

Each story runs a stream each way, hundreds of frames, and is judged by the same verdict: no frame twice, none overtaken, none
through a server that is not connected, the network's forwarding follows the client, and no interruption is longer than
this kind of fault takes.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vnic_reference import violations
from vnic_reference.policy import Policy
from vnic_reference.system.laws import FrameLaws
from vnic_reference.system.outages import Outages
from vnic_reference.system.parts import SystemParts
from vnic_reference.system.scenario import CLIENT, Happening, Scenario, ServerPlan, StreamPlan
from vnic_reference.system.standard import standard_parts
from vnic_reference.system.system import System
from vnic_reference.system.verdict import verdict
from vnic_spec.vocabulary import Status

#: One frame each way in so many ms.
PERIOD_MS = 10
#: When the streams begin: after the first login.
BEGIN_MS = 100
#: Frames that must come each way; a story's duration is chosen so that this is a real demand.
LEAST = 200
#: How long a switch may interrupt: the new server waits 100 ms for an INIT, the client retries after 50.
SWITCH_MS = 250
#: The same after silence of three report intervals.
SILENCE_MS = 3_000 + SWITCH_MS
#: Not a frame may be missing.
NOTHING_MS = PERIOD_MS


class Story:
    """A system in the middle of its traffic.

    Args:
        servers: priorities, each on an adapter of its own; or plans.
        happenings: what happens by itself.
        parts: what it is made of.
        settings: of the policy.
    """

    def __init__(
        self,
        *servers: int | ServerPlan,
        happenings: Sequence[Happening] = (),
        parts: SystemParts | None = None,
        open_at_ms: int = 0,
        **settings: str | int,
    ) -> None:
        plans = [
            server if isinstance(server, ServerPlan) else ServerPlan(f"s{index}", index, 0, server)
            for index, server in enumerate(servers)
        ]
        scenario = Scenario(
            title="story",
            duration_ms=1_000_000,
            servers=tuple(plans),
            streams=(StreamPlan(CLIENT, "peer", PERIOD_MS, BEGIN_MS), StreamPlan("peer", CLIENT, PERIOD_MS, BEGIN_MS)),
            happenings=tuple(happenings),
            open_at_ms=open_at_ms,
            policy=Policy.from_mapping(settings),
        )
        self.system = System(scenario, parts or standard_parts())
        self.laws = FrameLaws().watch(self.system)
        self.outages = Outages().watch(self.system)

    def __enter__(self) -> Story:
        return self

    def run(self, ms: int = 1_200) -> Story:
        self.system.advance(ms)
        return self

    def do(self, what: str, target: str = "", value: int = 0) -> str:
        return self.system.act(what, target, value)

    @property
    def selected(self) -> str:
        index = self.system.machine.console.listing().selected
        return "nobody" if index is None else self.system.name(index)

    def status(self, name: str) -> Status:
        index = self.system.scenario.server(name)
        return next(row.status for row in self.system.machine.console.listing().servers if row.server == index)

    @property
    def switches(self) -> int:
        return self.system.machine.hypervisor.mechanism.counters.switches

    def used(self) -> list[str]:
        """The servers through which frames left, by name."""
        return sorted(self.system.name(server) for server in self.laws.counts.by_port)

    def end(self, longest_gap_ms: int, *, delay_ms: int = 0) -> None:
        """The verdict on the whole run; ``delay_ms``: a happening may interrupt so much later."""
        wrong = verdict(self.system, self.laws, longest_gap_ms=longest_gap_ms, least_frames=LEAST, delay_ms=delay_ms)
        assert [str(violation) for violation in wrong] == []
        assert violations(self.system.machine) == []


# -- opening (SEL-2, SEL-6) ------------------------------------------------------------------------------------------


def test_first_open_selects_the_best_server_and_frames_pass() -> None:
    story = Story(50, 10, 30).run(2_500)
    assert story.selected == "s1"
    assert story.used() == ["s1"]
    story.end(NOTHING_MS)


def test_first_open_without_a_server_and_the_first_one_that_comes() -> None:
    story = Story(ServerPlan("a", 0, 0, 10, running=False), ServerPlan("b", 1, 0, 50, running=False)).run(500)
    assert story.laws.counts.sent == 0
    story.do("power_on", "b")
    story.run(2_500)
    assert (story.selected, story.switches) == ("b", 0)
    story.end(500 + SWITCH_MS)


# -- the ways to fail (FOV-1, MON-2, MON-3, MON-4) -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "target", "status", "gap"),
    [
        ("crash", "s0", Status.POWERED_OFF, SWITCH_MS),
        pytest.param("power_off", "s0", Status.POWERED_OFF, SWITCH_MS, marks=pytest.mark.slow),
        ("link_down", "s0", Status.LINK_DOWN, SWITCH_MS),
        ("adapter_error", "0", Status.ADAPTER_ERROR, SWITCH_MS),
        pytest.param("deregister", "s0", Status.POWERED_OFF, SWITCH_MS, marks=pytest.mark.slow),
        ("hang", "s0", Status.UNRESPONSIVE, SILENCE_MS),
    ],
)
def test_failover_and_the_better_server_returns(fault: str, target: str, status: Status, gap: int) -> None:
    """Both switches with traffic: to the standby when the server fails, and back when it is well again."""
    repair = {
        "crash": "power_on",
        "power_off": "power_on",
        "link_down": "link_up",
        "adapter_error": "adapter_recover",
        "deregister": "register",
        "hang": "resume",
    }
    story = Story(10, 50).run()
    assert story.do(fault, target) == "done"
    story.run(gap + 1_000)
    assert (story.selected, story.status("s0"), story.switches) == ("s1", status, 1)
    received = story.laws.counts.received
    story.run(500)
    assert story.laws.counts.received > received
    assert story.do(repair[fault], target) == "done"
    story.run(1_500)
    assert (story.selected, story.switches) == ("s0", 2)
    assert story.used() == ["s0", "s1"]
    story.end(gap)


def test_the_loss_of_a_failover_is_measured() -> None:
    story = Story(10, 50).run()
    story.do("crash", "s0")
    story.run()
    (outage,) = story.outages.done()
    assert (outage.cause, outage.caused_at, outage.left, outage.taken, outage.switches) == ("crash s0", 1_200, 0, 1, 1)
    assert outage.recovery_ms == 150
    endpoint = story.system.application.endpoint
    (source,), (sink,) = endpoint.sources, story.system.hosts[0].endpoint.sinks.values()
    assert source.refused == 15  # while there was no link
    assert source.next_sequence - sink.received - source.refused <= 1
    story.end(SWITCH_MS)


def test_a_standby_that_fails_costs_not_a_frame() -> None:
    story = Story(10, 50, 60).run(600)
    story.do("link_down", "s1")
    story.run(400)
    story.do("crash", "s2")
    story.run(400)
    story.do("power_on", "s2")
    story.do("link_up", "s1")
    story.run(1_000)
    assert (story.selected, story.switches) == ("s0", 0)
    story.end(NOTHING_MS)


def test_nobody_left_and_the_first_one_back() -> None:
    """FOV-6, SEL-6: whoever comes first, whatever the policy says."""
    story = Story(10, 50)
    story.do("auto", value=0)
    story.run()
    story.do("crash", "s0")
    story.run(500)
    story.do("crash", "s1")
    story.run(1_000)
    assert story.selected == "nobody"
    story.do("power_on", "s1")
    story.run()
    assert story.selected == "s1"
    story.do("power_on", "s0")
    story.run(500)
    assert story.selected == "s1"  # auto is off
    story.end(1_000 + SWITCH_MS)


@pytest.mark.slow
def test_two_servers_that_die_together_make_one_switch() -> None:
    crashes = [Happening(1_200, "hang", "s0"), Happening(1_200, "hang", "s1")]
    story = Story(10, 20, 50, happenings=crashes).run(6_500)
    assert (story.selected, story.switches) == ("s2", 1)
    story.end(SILENCE_MS)


def test_failures_one_after_the_other_end_with_the_last_server() -> None:
    story = Story(10, 20, 30, 40).run(500)
    for target in ("s0", "s1", "s2"):
        story.do("crash", target)
        story.run(400)
    story.run(1_000)
    assert (story.selected, story.switches) == ("s3", 3)
    assert story.used() == ["s0", "s1", "s2", "s3"]
    story.end(SWITCH_MS)


@pytest.mark.slow
def test_a_second_failure_before_the_client_is_back() -> None:
    story = Story(10, 20, 30).run()
    for target in ("s0", "s1"):
        story.do("crash", target)
        story.run(120)  # its dialogue has just begun
    story.run()
    assert (story.selected, story.used()) == ("s2", ["s0", "s2"])
    story.end(120 + SWITCH_MS)


# -- zombies (FOV-10) ------------------------------------------------------------------------------------------------


def test_a_server_that_hung_and_comes_back_does_no_harm() -> None:
    """It still holds frames of the client when it is left; none of them leaves, and it is silent until selected."""
    story = Story(10, 50)
    story.do("auto", value=0)
    story.run(1_205)
    story.do("hang", "s0")
    story.run(4_500)
    assert story.selected == "s1"
    through = story.laws.counts.by_port[0]
    story.do("resume", "s0")
    story.run(1_000)
    assert (story.selected, story.laws.counts.by_port[0]) == ("s1", through)
    story.end(SILENCE_MS)


# -- preemption, ties, priorities (FOV-1, SEL-4, SEL-5, ADM-4, ADM-5) -------------------------------------------------


@pytest.mark.slow
def test_with_auto_off_a_better_server_does_not_take_over() -> None:
    story = Story(10, 50)
    story.do("auto", value=0)
    story.run(500)
    story.do("link_down", "s0")
    story.run(500)
    story.do("link_up", "s0")
    story.run()
    assert story.selected == "s1"
    story.do("auto", value=1)
    story.run()
    assert story.selected == "s0"
    story.end(SWITCH_MS)


@pytest.mark.slow
def test_equal_priorities_do_not_preempt_and_the_oldest_standby_wins() -> None:
    story = Story(10, 10, 10).run(600)
    assert story.selected == "s0"
    story.do("link_down", "s0")
    story.run(600)
    assert story.selected == "s1"
    story.do("link_up", "s0")
    story.run(600)
    assert story.selected == "s1"
    story.do("crash", "s1")
    story.run()
    assert story.selected == "s0"
    story.end(SWITCH_MS)


def test_priority_edits_switch_at_once() -> None:
    story = Story(10, 100).run()
    story.do("priority", "s1", 9)
    story.run(600)
    assert story.selected == "s1"
    story.do("priority", "s1", 100)
    story.run()
    assert (story.selected, story.switches) == ("s0", 2)
    story.end(SWITCH_MS)


@pytest.mark.slow
def test_damping_delays_a_preemption_and_nothing_else() -> None:
    story = Story(10, 50, preempt_delay_ms=800).run(500)
    story.do("link_down", "s0")
    story.run(500)
    assert story.selected == "s1"
    story.do("link_up", "s0")
    story.run(799)
    assert story.selected == "s1"
    story.run(1_200)
    assert story.selected == "s0"
    story.end(SWITCH_MS, delay_ms=800)


# -- the administrator (ADM-2, ADM-3, ADM-6) --------------------------------------------------------------------------


def test_an_activated_server_holds_until_it_fails() -> None:
    story = Story(10, 50).run(600)
    story.do("activate", "s1")
    story.run(600)
    assert story.selected == "s1"
    story.do("priority", "s0", 1)
    story.run(600)
    assert story.selected == "s1"  # pinned
    story.do("link_down", "s1")
    story.run(600)
    story.do("link_up", "s1")
    story.run()
    assert story.selected == "s0"
    story.end(SWITCH_MS)


def test_what_the_console_refuses_costs_not_a_frame() -> None:
    story = Story(10, 50).run(600)
    story.do("crash", "s1")
    assert "refused" in story.do("activate", "s1")
    assert "refused" in story.do("add", "s0")
    assert "runs already" in story.do("power_on", "s0")
    assert "does not hang" in story.do("resume", "s0")
    story.do("remove", "s1")
    assert "refused" in story.do("remove", "s0")
    assert "refused" in story.do("priority", "s1", 5)
    story.run(1_800)
    story.end(NOTHING_MS)


def test_servers_are_added_and_removed_under_traffic() -> None:
    story = Story(
        ServerPlan("a", 0, 0, 50), ServerPlan("b", 1, 0, 80, listed=False), ServerPlan("c", 1, 0, 10, listed=False)
    )
    story.run(500)
    story.do("add", "b")
    assert "refused" in story.do("add", "c")  # ADM-1: the same physical port
    story.run(1_200)
    assert (story.selected, story.switches) == ("a", 0)
    story.do("remove", "a")  # the selected one
    story.run(600)
    assert (story.selected, story.switches) == ("b", 1)
    story.do("add", "a")
    story.run(1_500)
    assert (story.selected, story.switches) == ("a", 2)  # better, once it has reported
    story.end(SWITCH_MS, delay_ms=1_000)


# -- complaint (SES) --------------------------------------------------------------------------------------------------


def test_a_complaint_is_a_failover_that_preemption_does_not_undo() -> None:
    story = Story(10, 50).run()
    assert story.do("complain") == "done"
    story.run()
    assert (story.selected, story.status("s0"), story.switches) == ("s1", Status.NETWORK_ERROR, 1)
    story.do("link_down", "s0")
    story.run(100)
    story.do("link_up", "s0")  # a report that changes its status clears the complaint (MON-4)
    story.run(600)
    assert story.selected == "s0"
    story.end(SWITCH_MS)


def test_a_complaint_without_another_server_is_refused_and_the_client_helps_itself() -> None:
    story = Story(10).run()
    assert "refused" in story.do("complain")
    story.run(1_500)
    assert (story.selected, story.switches) == ("s0", 0)
    story.end(SWITCH_MS)


# -- the client (CLI-6, SEL-7, SEL-8, CRQ-8) --------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["crash", pytest.param("power_off", marks=pytest.mark.slow)])
def test_client_reboot(how: str) -> None:
    """The selection ends with the partition; a new client finds the best server (SEL-7)."""
    story = Story(10, 50).run(600)
    story.do("activate", "s1")
    story.run(600)
    story.do(how, CLIENT)
    assert story.selected == "nobody"
    story.run(300)
    story.do("power_on", CLIENT)
    story.run(1_500)
    assert story.selected == "s0"
    story.end(300 + SWITCH_MS)


def test_migration() -> None:
    story = Story(10, 50).run()
    assert story.do("migrate") == "done"
    story.run(1_500)
    assert (story.selected, story.switches) == ("s0", 0)
    story.end(SWITCH_MS)


def test_migration_during_a_failover() -> None:
    story = Story(10, 50).run()
    story.do("crash", "s0")
    story.run(50)
    story.do("migrate")
    story.run(1_500)
    assert story.selected == "s1"
    story.end(50 + 2 * SWITCH_MS)


def test_close_and_open_with_a_failover_between() -> None:
    story = Story(10, 50).run()
    story.do("close")
    story.run(100)
    story.do("crash", "s0")
    story.run(400)
    story.do("open")
    story.run(1_500)
    assert story.selected == "s1"
    story.end(500 + SWITCH_MS)


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 50, 100, 120, 149])
def test_close_and_open_at_any_moment_of_a_failover(after: int) -> None:
    story = Story(10, 50).run()
    story.do("crash", "s0")
    story.run(after)
    story.do("close")
    story.run(1)
    story.do("open")
    story.run(1_500)
    story.end(2 * SWITCH_MS)


@pytest.mark.slow
def test_a_client_that_hangs_and_comes_back() -> None:
    story = Story(10, 50).run()
    story.do("hang", CLIENT)
    story.run(300)
    story.do("link_down", "s0")
    story.run(300)
    story.do("resume", CLIENT)
    story.run(1_500)
    assert story.selected == "s1"
    story.end(600 + 2 * SWITCH_MS)


# -- beyond the adapter ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_fault_of_the_network_is_no_reason_for_a_failover() -> None:
    story = Story(10, 50).run()
    story.do("host_link_down", "peer")
    story.run(500)
    story.do("host_link_up", "peer")
    story.run()
    assert (story.selected, story.switches) == ("s0", 0)
    story.end(500 + 2 * PERIOD_MS)


@pytest.mark.slow
def test_six_servers_fail_in_turn() -> None:
    story = Story(10, 20, 30, 40, 50, 60).run(400)
    for index in range(5):
        story.do(
            ("crash", "link_down", "adapter_error", "deregister", "link_down")[index],
            [f"s{index}", str(index)][index == 2],
        )
        story.run(400)
    story.run(600)
    assert (story.selected, story.switches) == ("s5", 5)
    story.end(SWITCH_MS)


def test_the_same_story_is_the_same_to_the_byte() -> None:
    def played() -> str:
        story = Story(10, 50).run(500)
        story.do("hang", "s0")
        story.run(4_000)
        story.do("resume", "s0")
        return story.run(500).system.timeline.json_lines()

    first = played()
    assert first == played()
    assert first.count("\n") > 100
