"""The host side of a guest, with a program in place of the kernel: what it must survive, and how it says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vnic_conformance.linux import wire
from vnic_conformance.linux.errors import GuestError
from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.kernel import BootOptions, Kernel
from vnic_conformance.linux.memory import Unmapped
from vnic_conformance.linux.outcomes import Called, Ended, GuestEndedError, Idle, Limits, Why
from vnic_conformance.linux.process import holds_memory

FAKE = Path(__file__).with_name("fake_guest.py")
H_FREE_CRQ = 0x100
MS = 1_000_000
#: When the fake guest goes on after it has said that it is ready.
BOOTED = 15 * MS
START = 1 << 16


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    """The fake guest as a program of its own."""
    program = tmp_path / "linux"
    paths = os.pathsep.join(path for path in sys.path if path)
    program.write_text(f'#!/bin/sh\nPYTHONPATH={paths!r} exec {sys.executable} {FAKE} "$@"\n')
    program.chmod(0o755)
    (tmp_path / "initramfs").touch()
    return Kernel(program, tmp_path / "initramfs", "a fake driver", "0")


def playing(kernel: Kernel, play: str, *more: str, limits: Limits | None = None) -> Guest:
    return Guest(kernel, BootOptions(extra=(f"play={play}", *more)), limits)


def test_it_stops_where_the_guest_calls_and_where_it_sleeps(kernel: Kernel) -> None:
    with playing(kernel, "calls_and_sleeps") as guest:
        assert guest.run() == Idle(BOOTED)
        guest.advance(BOOTED)
        assert guest.run() == Called(H_FREE_CRQ, (0,) * 9, BOOTED)
        guest.answer(0)
        assert guest.run() == Idle(BOOTED + 5 * MS)
        assert guest.now == BOOTED


def test_it_runs_to_a_time_and_no_further(kernel: Kernel) -> None:
    with playing(kernel, "calls_and_sleeps") as guest:
        called: list[tuple[int, int]] = []

        def answer(opcode: int, args: object) -> tuple[int, ...]:
            called.append((opcode, guest.now))
            return (0,)

        assert guest.serve(BOOTED + 12 * MS, answer) == BOOTED + 15 * MS
        assert guest.now == BOOTED + 12 * MS
        assert called == [(H_FREE_CRQ, BOOTED), (H_FREE_CRQ, BOOTED + 5 * MS), (H_FREE_CRQ, BOOTED + 10 * MS)]
        assert guest.serve(BOOTED + 20 * MS, answer) is None


def test_a_call_has_to_be_answered_and_once_only(kernel: Kernel) -> None:
    with playing(kernel, "calls_and_sleeps") as guest:
        with pytest.raises(GuestError, match="stands at no call"):
            guest.answer(0)
        guest.run(2 * BOOTED)
        with pytest.raises(GuestError, match="has not been answered"):
            guest.run()
        with pytest.raises(GuestError, match="time passes while it is idle"):
            guest.advance(3 * BOOTED)
        guest.answer(0)
        with pytest.raises(GuestError, match="stands at no call"):
            guest.answer(0)


@pytest.mark.parametrize("to", [-1, BOOTED + 1])
def test_time_passes_up_to_when_the_guest_goes_on(kernel: Kernel, to: int) -> None:
    with playing(kernel, "idle") as guest, pytest.raises(GuestError, match="is not between"):
        guest.advance(to)


def test_a_guest_that_calls_without_end_is_ended(kernel: Kernel) -> None:
    with playing(kernel, "calls_without_end", limits=Limits(calls=50)) as guest:
        with pytest.raises(GuestEndedError, match="50 calls within one millisecond; the last is 0x100") as caught:
            guest.serve(2 * BOOTED, lambda opcode, args: (0,))
        assert caught.value.end.why is Why.LIVELOCK


@pytest.mark.parametrize(
    ("play", "why", "reason"),
    [
        ("hangs", Why.HUNG, "no sign of life for 0.5 s"),
        ("panics", Why.DIED, "the kernel died: Kernel panic - not syncing: Kernel mode fault"),
        ("halts", Why.HALTED, "the guest has halted"),
    ],
)
def test_a_guest_that_ends_says_why(kernel: Kernel, play: str, why: Why, reason: str) -> None:
    with playing(kernel, play, limits=Limits(hang_s=0.5 if why is Why.HUNG else 60)) as guest:
        end = guest.run(2 * BOOTED)
        assert isinstance(end, Ended)
        assert end.why is why
        assert reason in end.reason
        # What is done to a dead guest has no effect and hurts nobody; running it tells the same again.
        guest.interrupt(1)
        guest.answer(0)
        guest.advance(5)
        assert guest.command("true").status is None
        assert guest.run() == end


def test_a_guest_that_takes_no_order_is_ended(kernel: Kernel) -> None:
    with playing(kernel, "takes_no_order", limits=Limits(hang_s=3)) as guest:
        assert isinstance(guest.run(2 * BOOTED), Called)
        guest.interrupt(1)
        end = guest.run()
        assert isinstance(end, Ended)
        assert "does not take an order" in end.reason


@pytest.mark.parametrize(
    ("word", "complaint"),
    [("dies-early", "did not come up. The end of its console:\nno memory"), ("wrong-magic", "another wire format")],
)
def test_a_guest_that_does_not_come_up_is_refused(kernel: Kernel, word: str, complaint: str) -> None:
    with pytest.raises(GuestError, match=complaint), playing(kernel, "idle", word):
        pass


def test_what_is_mapped_can_be_reached_and_nothing_else(kernel: Kernel) -> None:
    with playing(kernel, "maps") as guest:
        guest.run(2 * BOOTED)
        guest.memory.write(7, START, b"ab")
        assert guest.memory.read(7, START, 2) == b"ab"
        guest.answer(0)
        guest.run(2 * BOOTED)
        with pytest.raises(Unmapped, match="mapped for the other direction"):
            guest.memory.write(7, START + 64, b"c")
        guest.answer(0)
        assert guest.run(2 * BOOTED) == Idle(None)
        with pytest.raises(Unmapped, match="nothing is mapped there"):
            guest.memory.read(7, START, 1)
        assert guest.memory.faults == ["device 7: the driver unmaps 0x10000+0x40 both, which is not mapped so"]


def test_mappings_can_be_refused(kernel: Kernel) -> None:
    with playing(kernel, "maps") as guest:
        guest.refused_mappings = 1
        refused = guest.run(2 * BOOTED)
        assert isinstance(refused, Called)
        assert refused.args[0] == 0xFF
        guest.answer(0)
        taken = guest.run(2 * BOOTED)
        assert isinstance(taken, Called)
        assert taken.args[0] == 0
        assert [window.address for window in guest.memory.windows()] == [START + 64]


def test_memory_lies_where_there_is_room_for_it(tmp_path: Path) -> None:
    assert holds_memory(str(tmp_path), 1)
    assert not holds_memory(str(tmp_path), 1 << 40)
    assert not holds_memory(str(tmp_path / "missing"), 1)
    assert not holds_memory("/proc", 1)


def test_a_command_that_is_too_long_is_refused(kernel: Kernel) -> None:
    with playing(kernel, "idle") as guest, pytest.raises(GuestError, match=f"at most {wire.ORDER_BYTES} bytes"):
        guest.command("x" * (wire.ORDER_BYTES + 1))


def test_nothing_is_left_of_a_guest(kernel: Kernel) -> None:
    with playing(kernel, "idle") as guest:
        process = guest.process_id
        directory = guest.directory
        assert directory.is_dir()
    assert not directory.exists()
    assert not alive(process)


def test_a_guest_goes_when_its_owner_is_killed(kernel: Kernel) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from vnic_conformance.linux.guest import Guest\n"
        "from vnic_conformance.linux.kernel import BootOptions, Kernel\n"
        f"k = Kernel(Path({str(kernel.binary)!r}), Path({str(kernel.initramfs)!r}), '', '')\n"
        "with Guest(k, BootOptions(extra=('play=idle',))) as guest:\n"
        "    print(guest.process_id, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    process = int(owner.stdout.readline())
    assert alive(process)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    for _ in range(100):
        if not alive(process):
            break
        time.sleep(0.05)
    assert not alive(process)


def alive(process: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
