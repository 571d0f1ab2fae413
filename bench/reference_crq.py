"""Speed of the reference hypervisor: elements through a CRQ, and calls of each kind, per second on one core.

Run it by hand: ``python bench/reference_crq.py``. With ``--profile`` it prints where the time of the first figure goes.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from collections.abc import Callable

from vnic_reference import Machine
from vnic_reference.machine import CLIENT_UNIT, FIRST_SERVER_UNIT
from vnic_spec.wire import Hcall, Rc, Vioctl, words

ROUNDS = 400
DEPTH = 256
ELEMENT = b"\x80" + bytes(range(15))
SUB_ELEMENT = b"\x80" + bytes(31)


def machine_with_session() -> Machine:
    machine = Machine(servers=6)
    for index, server in enumerate(machine.servers):
        machine.console.add(f"sriov//{100 + index}/0/{index}/2.0/{10 + index}")
        server.reg_crq()
        server.report(interval_ms=1000)
    assert machine.client.reg_crq() == Rc.H_SUCCESS
    return machine


def through_a_crq() -> int:
    """Client to server, 256 elements at a time: sent by call, consumed by clearing the header."""
    machine = machine_with_session()
    send, consume = machine.client.hcall, machine.servers[0].consume
    high, low = words(ELEMENT)
    for _ in range(ROUNDS):
        for _ in range(DEPTH):
            send(Hcall.H_SEND_CRQ, CLIENT_UNIT, high, low)
        for _ in range(DEPTH):
            consume()
    assert consume() is None
    return ROUNDS * DEPTH


def refused_sends() -> int:
    machine = machine_with_session()
    call = machine.servers[1].hcall
    high, low = words(ELEMENT)
    count = ROUNDS * DEPTH
    for _ in range(count):
        call(Hcall.H_SEND_CRQ, FIRST_SERVER_UNIT + 1, high, low)
    return count


def reports() -> int:
    machine = machine_with_session()
    call = machine.servers[1].hcall
    count = 30_000
    for _ in range(count):
        call(Hcall.H_VIOCTL, FIRST_SERVER_UNIT + 1, Vioctl.VNIC_SERVER_STATUS, 1, 1000)
    return count


def free_and_register() -> int:
    """Pairs of the client's H_FREE_CRQ and H_REG_CRQ, the server reading the event in between: three calls' work."""
    machine = machine_with_session()
    count = 10_000
    for _ in range(count):
        machine.client.free_crq()
        machine.servers[0].consume()
        machine.client.reg_crq()
    return 2 * count


def failovers() -> int:
    machine = machine_with_session()
    count = 5_000
    for number in range(count):
        machine.console.activate(number % 2 + 1)
        machine.servers[2 - number % 2].drain()
        machine.client.drain()
    return count


def indirect() -> int:
    """Elements through a sub-CRQ in batches of 128."""
    machine = machine_with_session()
    handle = machine.client.reg_sub_crq(0x2000)[1]
    machine.servers[0].poke(0x8000, SUB_ELEMENT * 128)
    for _ in range(200):
        assert machine.servers[0].send_sub_indirect(handle, 0x8000, 128) == Rc.H_SUCCESS
        machine.client.drain(handle)
    return 200 * 128


FIGURES: list[tuple[str, str, Callable[[], int]]] = [
    ("elements through a CRQ", "elements/s", through_a_crq),
    ("elements through a sub-CRQ, indirect", "elements/s", indirect),
    ("H_SEND_CRQ refused (H_CLOSED)", "calls/s", refused_sends),
    ("VNIC_SERVER_STATUS of a standby, 6 servers", "calls/s", reports),
    ("H_FREE_CRQ and H_REG_CRQ of the client", "calls/s", free_and_register),
    ("failovers by activation", "switches/s", failovers),
]


def main() -> None:
    if "--profile" in sys.argv:
        profile = cProfile.Profile()
        profile.runcall(through_a_crq)
        pstats.Stats(profile).sort_stats("tottime").print_stats(15)
        return
    for name, unit, figure in FIGURES:
        best = 0.0
        for _ in range(3):
            begin = time.perf_counter()
            count = figure()
            best = max(best, count / (time.perf_counter() - begin))
        print(f"{name:<45} {best:>12,.0f} {unit}")


if __name__ == "__main__":
    main()
