"""Speed of role client: failovers of the reference client per second, in process, with and without the monitor.

Run it by hand: ``python bench/client_role.py``. One failover is event 08, INIT of the next server, registration, negotiation,
login, maps, link and announcement, 65 calls. The figures by processor time are comparable on a machine that is busy elsewhere:
each call hands over to another thread and back, and what that costs is the scheduler's.
"""

from __future__ import annotations

import time

from vnic_conformance.client_role.monitor import Monitor
from vnic_conformance.client_role.partner import Partner
from vnic_conformance.client_role.port import DirectPort
from vnic_reference.client_adapter import ClientAdapter

FAILOVERS = 200


def failovers(*, monitored: bool) -> tuple[float, float]:
    """Failovers per second: by the wall, and by processor time."""
    adapter = ClientAdapter()
    port = DirectPort(adapter)
    monitor = Monitor(port.hello.client)
    partner = Partner(port, observers=[monitor] if monitored else [])
    partner.user("add")
    partner.user("open")
    partner.run(100)
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(FAILOVERS):
        partner.failover()
        partner.run(200)
        assert partner.link
    took = time.perf_counter() - wall, time.process_time() - processor
    assert monitor.violations == []
    adapter.close()
    return FAILOVERS / took[0], FAILOVERS / took[1]


def main() -> None:
    for monitored in (False, True):
        wall, processor = failovers(monitored=monitored)
        name = "judged" if monitored else "not judged"
        print(f"{name:12} {wall:6.1f} failovers/s, {processor:6.1f} by processor time")


if __name__ == "__main__":
    main()
