"""Speed of the whole reference system, in CPU time of one process: frames both ways, and virtual time.

    python bench/system_speed.py

Two figures: frames per second that pass between the application and a host (encoded, DMA, sub-CRQs, server, logical port,
switch, host, and back), and virtual seconds per second for six servers that report once a second, with and without a ping
per second.
"""

from __future__ import annotations

import statistics
import time

from vnic_reference.system.laws import FrameLaws
from vnic_reference.system.scenario import CLIENT, PingPlan, Scenario, ServerPlan, StreamPlan
from vnic_reference.system.standard import standard_parts
from vnic_reference.system.system import System

REPEAT = 5


def frames_per_second() -> float:
    """Streams of a frame per ms each way, for two seconds of virtual time."""
    servers = (ServerPlan("a", 0, 0, 10), ServerPlan("b", 0, 1, 20))
    streams = (StreamPlan(CLIENT, "peer", 1, 10), StreamPlan("peer", CLIENT, 1, 10))
    system = System(Scenario("frames", 2_010, servers, streams=streams), standard_parts())
    system.advance(10)
    begin = time.process_time()
    system.advance(2_000)
    seconds = time.process_time() - begin
    passed = sum(sink.received for sink in system.application.endpoint.sinks.values())
    passed += sum(sink.received for sink in system.hosts[0].endpoint.sinks.values())
    assert passed > 3_900
    return passed / seconds


def virtual_seconds_per_second(pings: tuple[PingPlan, ...], *, laws: bool) -> float:
    """Six servers that report once a second, for 500 virtual seconds."""
    servers = tuple(ServerPlan(f"s{index}", index, 0, 10 + index) for index in range(6))
    system = System(Scenario("time", 500_000, servers, pings=pings), standard_parts())
    if laws:
        FrameLaws().watch(system)
    begin = time.process_time()
    system.run()
    seconds = time.process_time() - begin
    assert system.client is not None
    assert system.client.link_up
    return 500 / seconds


def shown(figures: list[float]) -> str:
    return f"{statistics.median(figures):>10,.0f}  ({min(figures):,.0f} to {max(figures):,.0f}, {len(figures)} runs)"


def main() -> None:
    ping = (PingPlan(period_ms=1_000),)
    runs = range(REPEAT)
    print("frames/s both ways            ", shown([frames_per_second() for _ in runs]))
    print("virtual s/s, 6 servers        ", shown([virtual_seconds_per_second((), laws=False) for _ in runs]))
    print("virtual s/s, a ping per second", shown([virtual_seconds_per_second(ping, laws=True) for _ in runs]))


if __name__ == "__main__":
    main()
