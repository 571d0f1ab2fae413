"""The client and the server when the hypervisor is busy, refuses, or memory runs out (CLI-7, CRQ-14, SRV-3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnic_reference import Machine, Policy
from vnic_reference.client import ClientSettings
from vnic_reference.dialogue.arena import Space
from vnic_reference.dialogue.elements import field
from vnic_reference.server import VnicServer
from vnic_spec.vocabulary import Belief
from vnic_spec.wire import PAGE_BYTES, Command, Rc


def answering(bench: Any, call: str, *codes: int) -> list[int]:
    """Let a call of the client's answer these codes, without effect, before it works again; those that are left."""
    left = list(codes)
    real = getattr(bench.wire, call)
    setattr(bench.wire, call, lambda *arguments: left.pop(0) if left else real(*arguments))
    return left


@pytest.mark.parametrize("call", ["free_crq", "reg_crq", "enable_crq"])
def test_busy_is_repeated(bench_class: Any, call: str) -> None:
    bench = bench_class().boot()
    left = answering(bench, call, Rc.H_BUSY, Rc.H_LONG_BUSY_1_MS, Rc.H_IN_PROGRESS, Rc.H_LONG_BUSY_100_S)
    if call == "enable_crq":
        bench.machine.migrate()
    else:
        bench.client.begin_again()
    bench.run(10)
    assert not bench.client.link_up
    bench.run(1_000)
    assert left == []
    assert bench.client.link_up
    assert bench.client.failures == 0


def test_busy_for_ever_is_bounded(bench_class: Any) -> None:
    bench = bench_class().boot()
    answering(bench, "free_crq", *[Rc.H_BUSY] * 1_000)
    bench.client.begin_again()
    bench.run(11_000)
    assert bench.client.last_failure == "the hypervisor stayed busy"
    assert bench.client.link_up


@pytest.mark.parametrize("call", ["reg_crq", "enable_crq"])
def test_refusals(bench_class: Any, call: str) -> None:
    """A failed attempt; the next one succeeds."""
    bench = bench_class().boot()
    answering(bench, call, Rc.H_HARDWARE)
    if call == "enable_crq":
        bench.machine.migrate()
    else:
        bench.client.begin_again()
    bench.run(1_000)
    assert bench.client.last_failure == f"H_{call.upper()} answered {Rc.H_HARDWARE}"
    assert bench.client.link_up


def test_sub_crqs_refused(bench_class: Any) -> None:
    bench = bench_class()
    real = bench.wire.reg_sub_crq
    left = [(Rc.H_RESOURCE,)]
    bench.wire.reg_sub_crq = lambda *arguments: left.pop() if left else real(*arguments)
    bench.boot()
    assert bench.client.last_failure == "H_REG_SUB_CRQ refused"


@pytest.mark.parametrize("left", [0, 8], ids=["for no queue", "for queues, not for buffers"])
def test_memory_that_is_not_enough(bench_class: Any, left: int) -> None:
    """Tried with pauses, never a crash; when there is memory again it comes up."""
    bench = bench_class().boot()
    bench.client.drop()
    all_free = bench.client.arena.free()
    bench.client.begin_again()
    bench.run(200)
    arena = bench.client.arena
    bench.client.drop()
    pieces = []
    for size in (1 << 22, 1 << 16):
        while (at := arena.take(size)) is not None:
            pieces.append((at, size))
    for _ in range(left):
        arena.give_back(*pieces.pop())
    free = arena.free()
    bench.client.begin_again()
    bench.run(100_000)
    assert bench.client.last_failure == "no memory left"
    assert arena.free() == free
    assert bench.client.registrations <= 6
    for piece in pieces:
        arena.give_back(*piece)
    assert arena.free() == all_free
    bench.run(60_000)
    assert bench.client.link_up


def test_memory_comes_back(bench_class: Any) -> None:
    """Nothing is lost however often the client recovers (bug 46)."""
    bench = bench_class(2).boot()
    free = bench.client.arena.free()
    for _ in range(10):
        bench.ports[0].link_up = not bench.ports[0].link_up
        bench.run(2_000)
        assert bench.client.link_up
    assert bench.client.arena.free() == free
    assert [field(asked, "map_id") for asked in bench.said(Command.REQUEST_MAP)[-4:]] == [1, 2, 3, 4]


@pytest.mark.requirement("CLI-8")
def test_memory_comes_back_whenever_it_is_broken_off(bench_class: Any) -> None:
    """A recovery that is thrown away in the middle of a command has given back what it had borrowed."""
    bench = bench_class().boot()
    free = bench.client.arena.free()
    for steps in range(0, 40, 3):
        bench.client.begin_again()
        bench.run(50)
        bench.client.begin_again()
        for _ in range(steps):
            bench.settle_once()
        bench.run(200)
        assert bench.client.link_up
        assert bench.client.arena.free() == free


def test_large_pools_have_several_buffers(bench_class: Any) -> None:
    """No buffer of more than 8 MiB (protocol.md 3.6)."""
    bench = bench_class(client=ClientSettings(mtu=9000))
    pools = []
    bench.boot()
    for slots in (128, 2000):
        pool = type(bench.client.data.rx[0].pool)(bench.client.arena, slots, 9088, 1)
        pools.append(pool)
        assert all(buffer.length <= 8 << 20 for buffer in pool.buffers)
        places = [pool.place(slot) for slot in range(slots)]
        assert len(set(places)) == slots
        for map_id, at in places:
            (buffer,) = [each for each in pool.buffers if each.map_id == map_id]
            assert buffer.ioba <= at <= at + pool.slot_bytes <= buffer.ioba + buffer.length
    assert [len(pool.buffers) for pool in pools] == [1, 3]


def test_old_platform(bench_class: Any) -> None:
    """Indirect sends of 16 at most: the limit is found out, and found out anew in each session (bug 48)."""
    bench = bench_class(2, policy=Policy(indirect_limit=16))
    tried: list[tuple[int, int]] = []
    real = bench.wire.send_sub_indirect

    def send(handle: int, ioba: int, count: int) -> int:
        rc: int = real(handle, ioba, count)
        tried.append((count, rc))
        return rc

    bench.wire.send_sub_indirect = send
    bench.boot()
    once = [(128, Rc.H_PARAMETER)] + [(16, Rc.H_SUCCESS)] * 16  # two queues of 128 buffers
    assert tried == once
    bench.client.begin_again()
    bench.run(200)
    assert tried == once * 2
    session = bench.server(0).session
    assert session is not None
    assert all(len(rx.buffers) == 128 for rx in session.rx)


def test_a_server_that_was_registered_before(bench_class: Any) -> None:
    """As after a reboot of the software alone."""
    bench = bench_class(2)
    bench.settle()
    bench.servers[0] = VnicServer(bench.machine.servers[0], bench.ports[0])
    bench.run(3_000)
    assert bench.server(0).belief is Belief.SERVING


def test_a_server_that_may_not_register(bench_class: Any) -> None:
    """No connection was authorised for it: it tries once a second, and does nothing else."""
    machine = Machine(servers=1, unpaired=[0])
    server = VnicServer(machine.servers[0], bench_class().ports[0])
    assert server.step(0)
    assert not server.step(0)
    assert server.next_deadline() == 1_000
    assert server.step(1_000)


def test_a_server_that_is_not_listed(bench_class: Any) -> None:
    """H_STATE from every report: it goes on reporting, so that it is there when it is listed."""
    bench = bench_class(2).boot()
    assert bench.machine.console.remove(1).ok
    bench.run(5_000)
    assert bench.machine.console.add("sriov//101/0/1/2.0/1").ok
    bench.run(2_000)
    assert bench.serving() == [1]
    assert bench.client.link_up


# -- the addresses that are handed out -------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9 * PAGE_BYTES)), max_size=60))
def test_space(steps: list[tuple[bool, int]]) -> None:
    """Pieces never overlap, stay inside, and all comes back together again."""
    start, end = PAGE_BYTES, 40 * PAGE_BYTES
    space = Space(start, end)
    taken: list[tuple[int, int]] = []
    for take, number in steps:
        if take:
            at = space.take(number)
            if at is None:
                continue
            pages = range(at, at + max(number, 1), PAGE_BYTES)
            assert at % PAGE_BYTES == 0
            assert start <= at
            assert pages[-1] < end
            assert not any(set(pages) & set(range(other, other + max(size, 1), PAGE_BYTES)) for other, size in taken)
            taken.append((at, number))
        elif taken:
            space.give_back(*taken.pop(number % len(taken)))
    for piece in taken:
        space.give_back(*piece)
    assert space.free() == end - start
    assert space.take(end - start) == start
