"""The real driver in a real kernel, with the reference hypervisor and servers: from probe to removal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vnic_conformance.linux import actions
from vnic_conformance.linux.console import Kind
from vnic_conformance.linux.kernel import BootOptions, Kernel
from vnic_conformance.linux.outcomes import Ended, Why
from vnic_conformance.linux.wire import NetdevEvent
from vnic_reference.machine import CLIENT_UNIT
from vnic_reference.network.tcp import TcpSink

if TYPE_CHECKING:
    from tests.linux.conftest import Boot, LinuxSystem

pytestmark = pytest.mark.slow

#: Nobody may be killed for it, so the kernel dies.
EAT_ALL_MEMORY = "echo 2 > /proc/sys/vm/panic_on_oom; head -c 500m /dev/zero | tail"
#: Where KASAN keeps what it knows of memory: an eighth of 2^47 bytes from its offset on. It says nothing when it begins.
SHADOW = "100000000000-200000000000 rw"
ALL_ANSWERED = "5 packets transmitted, 5 packets received, 0% packet loss"


def test_from_probe_to_removal(linux: LinuxSystem) -> None:
    system, guest = linux.system, linux.guest
    system.advance(3_000)
    assert guest.link_up("eth0")
    assert system.connected_server() == 0
    assert linux.ping() == ALL_ANSWERED

    events = len(guest.observe().events)
    system.act("link_down", "server-1")
    system.advance(3_000)
    assert system.connected_server() == 1
    assert linux.ping() == ALL_ANSWERED
    told = [happened.event for happened in guest.observe().events[events:]]
    assert NetdevEvent.PEERS_NOTIFIED in told

    assert guest.memory.windows(CLIENT_UNIT)
    removal = guest.remove_device(CLIENT_UNIT)
    system.advance(2_000)
    assert removal.status == 0
    assert guest.observe().links == {}
    assert guest.memory.windows(CLIENT_UNIT) == ()
    assert guest.memory.faults == []
    assert guest.observe().health == ()


@pytest.mark.parametrize("fault", ["crash", "hang", "adapter"])
def test_the_client_recovers_from_every_loss_of_its_server(linux: LinuxSystem, fault: str) -> None:
    linux.system.advance(3_000)
    if fault == "adapter":
        linux.system.act("adapter_error", "0")
        linux.system.advance(3_000)
        linux.look()
        assert not linux.guest.link_up("eth0")
        linux.system.act("adapter_recover", "0")
    else:
        linux.system.act(fault, "server-1")
    linux.system.advance(15_000)
    assert linux.ping() == ALL_ANSWERED
    assert linux.guest.observe().health == ()


def test_a_run_is_repeated_to_the_byte(boot: Boot, kernel: Kernel) -> None:
    def run() -> tuple[str, list[tuple[int, str]], str]:
        with boot(kernel) as linux:
            linux.system.advance(3_000)
            pinged = linux.ping()
            linux.system.act("link_down", "server-1")
            linux.system.advance(3_000)
            pinged += linux.ping()
            timeline = [(entry.ms, entry.text) for entry in linux.system.timeline.entries]
            return linux.guest.console(), timeline, pinged

    first, second = run(), run()
    assert first == second
    assert "eth0" in first[0]


def test_the_old_interrupt_controller(boot: Boot, kernel: Kernel) -> None:
    with boot(kernel, BootOptions(xics=True)) as linux:
        linux.system.advance(3_000)
        assert linux.ping() == ALL_ANSWERED
        linux.system.act("link_down", "server-1")
        linux.system.advance(3_000)
        assert linux.ping() == ALL_ANSWERED


def test_what_a_user_does(linux: LinuxSystem) -> None:
    linux.system.advance(3_000)
    for action in (
        actions.set_mtu("eth0", 9000),
        actions.set_channels("eth0", 2, 2),
        actions.join("eth0", "01:00:5e:00:00:05"),
        actions.leave("eth0", "01:00:5e:00:00:05"),
        actions.set_promiscuous("eth0", True),
        actions.set_promiscuous("eth0", False),
        actions.read_settings("eth0"),
        actions.read_counters("eth0"),
        actions.close_device("eth0"),
        actions.open_device("eth0"),
        actions.complain("eth0"),
    ):
        done = linux.user(action)
        assert done.status == 0, f"{action}: {done.output}"
        linux.system.advance(3_000)
        assert linux.guest.link_up("eth0") == (action != actions.close_device("eth0")), action
    link = linux.guest.observe().links["eth0"]
    assert (link.mtu, link.tx_queues, link.rx_queues) == (9000, 2, 2)
    assert linux.ping() == ALL_ANSWERED
    assert linux.guest.observe().health == ()


def test_a_device_is_unbound_and_bound_and_the_module_is_loaded_again(linux: LinuxSystem) -> None:
    linux.system.advance(3_000)
    for away, back in ((actions.unbind(CLIENT_UNIT), actions.bind(CLIENT_UNIT)), (actions.unload(), actions.load())):
        assert linux.user(away).status == 0
        assert linux.guest.observe().links == {}
        assert linux.user(back).status == 0
        linux.system.advance(1_000)
        assert linux.user(actions.set_address("eth0", "10.0.0.1/24")).status == 0
        assert linux.user(actions.open_device("eth0")).status == 0
        linux.system.advance(2_000)
        assert linux.ping() == ALL_ANSWERED
    assert linux.guest.memory.faults == []
    assert linux.guest.observe().health == ()


def test_a_tcp_stream_with_large_frames_and_two_queues_survives_a_failover(linux: LinuxSystem) -> None:
    linux.system.advance(3_000)
    for action in (actions.set_mtu("eth0", 9000), actions.set_channels("eth0", 2, 2)):
        assert linux.user(action).status == 0
    sink = linux.system.hosts[0].endpoint.listeners[5001] = TcpSink(5001)
    sending = linux.guest.command(actions.send_tcp("10.0.0.2", 5001, 2_000_000))
    linux.system.advance(100)
    assert 0 < sink.received < 2_000_000
    linux.system.act("link_down", "server-1")
    for _ in range(600):
        if sending.ended is not None:
            break
        linux.system.advance(100)
    assert sending.status == 0
    assert (sink.received, sink.closed) == (2_000_000, 1)
    assert linux.system.connected_server() == 1
    assert linux.guest.observe().health == ()


def test_a_kernel_with_sanitizers_goes_through_a_failover(boot: Boot, sanitized_kernel: Kernel) -> None:
    with boot(sanitized_kernel) as linux:
        linux.system.advance(3_000)
        assert linux.ping() == ALL_ANSWERED
        linux.system.act("link_down", "server-1")
        linux.system.advance(3_000)
        assert linux.ping() == ALL_ANSWERED
        assert linux.user(actions.scan_for_leaks()).status == 0
        assert SHADOW in Path(f"/proc/{linux.guest.process_id}/maps").read_text(encoding="utf-8")
        assert not [str(complaint) for complaint in linux.guest.health if complaint.kind in (Kind.KASAN, Kind.PANIC)]


def test_counters_are_told(linux: LinuxSystem) -> None:
    linux.system.advance(3_000)
    linux.ping()
    linux.look()
    counters = linux.guest.observe().counters["eth0"]
    assert counters.rx_packets >= 5
    assert counters.tx_packets >= 5
    assert counters.rx_errors == counters.tx_errors == 0


def test_a_command_tells_its_status_and_its_output(linux: LinuxSystem) -> None:
    done = linux.user("echo out; echo err >&2; exit 3")
    assert (done.status, done.output) == (3, "out\nerr\n")
    assert linux.user("kill -9 $$").status == 128 + 9


@pytest.mark.parametrize(("how", "kind"), [(EAT_ALL_MEMORY, "panic"), ("poweroff -f", None)], ids=["panic", "poweroff"])
def test_a_guest_that_dies_ends_its_part_and_not_the_run(linux: LinuxSystem, how: str, kind: str | None) -> None:
    linux.system.advance(3_000)
    linux.guest.command(how)
    linux.system.advance(1_000)
    end = linux.guest.run()
    assert isinstance(end, Ended)
    assert end.why is (Why.HALTED if kind is None else Why.DIED)
    assert [str(complaint.kind) for complaint in linux.guest.health] == ([] if kind is None else [kind])
    linux.system.advance(5_000)
