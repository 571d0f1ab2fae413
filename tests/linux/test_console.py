"""What counts as a complaint of a kernel, and what does not."""

from __future__ import annotations

import pytest

from vnic_conformance.linux.console import Kind, complaints


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Kernel panic - not syncing: Kernel mode fault at addr 0x0, ip 0x60123456", Kind.PANIC),
        ("BUG: KASAN: slab-use-after-free in ibmvnic_tasklet+0x1a/0x2b", Kind.KASAN),
        ("UBSAN: array-index-out-of-bounds in drivers/vnickit/ibmvnic.c:123:45", Kind.UBSAN),
        ("WARNING: possible circular locking dependency detected", Kind.LOCKDEP),
        ("WARNING: possible recursive locking detected", Kind.LOCKDEP),
        ("WARNING: inconsistent lock state", Kind.LOCKDEP),
        ("WARNING: suspicious RCU usage", Kind.LOCKDEP),
        ("WARNING: bad unlock balance detected!", Kind.LOCKDEP),
        ("WARNING: lock held when returning to user space!", Kind.LOCKDEP),
        ("WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", Kind.LOCKDEP),
        ("WARNING: kworker/u4:1/20 still has locks held!", Kind.LOCKDEP),
        ("[ BUG: Invalid wait context ]", Kind.LOCKDEP),
        ("BUG: sleeping function called from invalid context at kernel/locking/mutex.c:585", Kind.SLEEPING),
        ("BUG: scheduling while atomic: kworker/0:1/7/0x00000002", Kind.SLEEPING),
        ("INFO: task ip:45 blocked for more than 120 seconds.", Kind.HUNG_TASK),
        ("BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 43s!", Kind.STALL),
        ("watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:1]", Kind.STALL),
        ("rcu: INFO: rcu_preempt self-detected stall on CPU", Kind.STALL),
        ("DMA-API: ibmvnic 30000003: device driver frees DMA memory with different size", Kind.DMA_API),
        ("list_del corruption. prev->next should be 0, but was 1", Kind.CORRUPTION),
        ("refcount_t: underflow; use-after-free.", Kind.CORRUPTION),
        ("BUG kmalloc-64 (Not tainted): Right Redzone overwritten", Kind.CORRUPTION),
        ("BUG: Bad page state in process sh  pfn:00123", Kind.CORRUPTION),
        ("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", Kind.LEAK),
        ("unregister_netdevice: waiting for eth0 to become free. Usage count = 2", Kind.REFERENCE),
        ("kernel BUG at lib/dynamic_queue_limits.c:99!", Kind.BUG),
        ("BUG: spinlock bad magic on CPU#0, sh/1", Kind.BUG),
        ("general protection fault, probably for non-canonical address", Kind.OOPS),
        ("WARNING: CPU: 0 PID: 12 at net/core/dev.c:6571 __napi_schedule+0x1/0x2", Kind.WARNING),
    ],
)
def test_complaints_are_told_apart(line: str, kind: Kind) -> None:
    for stamped in (line, f"[   12.345678] {line}", f"<4>[   12.345678][   T12] {line}"):
        (found,) = complaints([stamped])
        assert (found.kind, found.text) == (kind, line)


@pytest.mark.parametrize(
    "line",
    [
        "Linux version 6.12.117 (vnickit@vnickit) (gcc 12) #1",
        "DMA-API: preallocated 65536 debug entries",
        "DMA-API: debugging enabled by kernel config",
        "kmemleak: Kernel memory leak detector initialized (mem pool available: 15000)",
        "ibmvnic 30000003 eth0: failed to set link state",
        "ibmvnic 30000003 eth0: WARNING: this is only the driver's word",
        "KernelAddressSanitizer initialized",
        "NET: Registered PF_INET protocol family",
        "debug: BUG reports go to the list",
        "",
    ],
)
def test_what_is_none_is_no_complaint(line: str) -> None:
    assert complaints([f"[    0.000001] {line}"]) == []


def test_a_complaint_has_its_lines_and_its_time() -> None:
    console = """\
[    3.000001] ibmvnic 30000003 eth0: before
[    3.000002] ------------[ cut here ]------------
[    3.000003] DMA-API: ibmvnic 30000003: device driver frees DMA memory with different size
[    3.000004] WARNING: CPU: 0 PID: 7 at kernel/dma/debug.c:1014 check_unmap+0x1/0x2
[    3.000005] Modules linked in: ibmvnic
[    3.000006] Call Trace:
[    3.000007]  [<6001>] ? check_unmap+0x1/0x2
[    3.000008] ---[ end trace 0000000000000000 ]---
[    3.000009] ibmvnic 30000003 eth0: after
[    4.000000] BUG: sleeping function called from invalid context at mm/slab.h:1
"""
    first, second = complaints(console.splitlines())
    assert (first.kind, first.at, len(first.lines)) == (Kind.DMA_API, 3.000003, 5)
    assert str(first) == (
        "DMA-API at 3.000003 s: DMA-API: ibmvnic 30000003: device driver frees DMA memory with different size"
    )
    assert (second.kind, second.at) == (Kind.SLEEPING, 4.0)


def test_what_a_warning_says_comes_with_it() -> None:
    console = [
        "------------[ cut here ]------------",
        "eth0: what is wrong",
        "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2",
    ]
    (found,) = complaints(console)
    assert found.lines == ("eth0: what is wrong", "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2")


def test_the_panic_after_a_bug_is_the_same_complaint() -> None:
    console = ["kernel BUG at a.c:1!", "Kernel panic - not syncing: Fatal exception"]
    (found,) = complaints(console)
    assert found.kind is Kind.BUG
    assert len(found.lines) == 2


def test_a_flood_of_lines_is_cut() -> None:
    (found,) = complaints(["WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2", *[" more"] * 1000])
    assert len(found.lines) == 60
