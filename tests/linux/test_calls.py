"""The real driver against single answers, given by hand: what a partner may do inside a call, and what it must survive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.memory import Direction, Unmapped
from vnic_conformance.linux.outcomes import Called, Ended, Idle, Limits, Why
from vnic_spec.wire import Hcall, Rc

pytestmark = pytest.mark.slow

UNIT, SOURCE, MAC = 0x3000_0003, 0x1000, bytes.fromhex("020000000001")
INIT = 0xC001 << 48
VERSION_EXCHANGE = 0x8001 << 48
INIT_COMPLETE = bytes([0xC0, 2]) + bytes(14)
SECOND = 1_000_000_000


@pytest.fixture
def guest(kernel: Kernel) -> Iterator[Guest]:
    with Guest(kernel, limits=Limits(hang_s=20, calls=500)) as guest:
        yield guest


def called(guest: Guest) -> Called:
    """The next call; time passes until it comes."""
    call = guest.run(guest.now + SECOND)
    assert isinstance(call, Called), call
    return call


def test_the_first_calls_of_a_probe_and_an_answer_inside_one(guest: Guest) -> None:
    probe = guest.add_device(UNIT, SOURCE, MAC)
    register = called(guest)
    assert (register.opcode, register.args[0], register.args[2]) == (Hcall.H_REG_CRQ, UNIT, 4096)
    queue = register.args[1]
    assert [(w.address, w.length, w.direction) for w in guest.memory.windows(UNIT)] == [(queue, 4096, Direction.BOTH)]
    guest.answer(Rc.H_SUCCESS)
    signal = called(guest)
    assert (signal.opcode, signal.args[:2]) == (Hcall.H_VIO_SIGNAL, (UNIT, 1))
    guest.answer(Rc.H_SUCCESS)
    init = called(guest)
    assert (init.opcode, init.args[:2]) == (Hcall.H_SEND_CRQ, (UNIT, INIT))
    # The partner's answer is there before its sender knows that it was sent.
    guest.memory.write(UNIT, queue, INIT_COMPLETE)
    guest.interrupt(SOURCE)
    guest.answer(Rc.H_SUCCESS)
    version = called(guest)
    assert (version.opcode, version.args[1] & 0xFFFF << 48) == (Hcall.H_SEND_CRQ, VERSION_EXCHANGE)
    # The driver clears the header when it has done with the element, which it has not.
    assert guest.memory.read(UNIT, queue, 1) == b"\xc0"
    guest.answer(Rc.H_SUCCESS)
    assert isinstance(guest.run(), Idle)
    assert guest.memory.read(UNIT, queue, 1) == b"\0"
    with pytest.raises(Unmapped):
        guest.memory.read(UNIT, queue + 4090, 16)
    assert probe.status is None


def test_no_answer_is_waited_for_and_given_up(guest: Guest) -> None:
    probe = guest.add_device(UNIT, SOURCE, MAC)
    begun = guest.now
    for opcode in (Hcall.H_REG_CRQ, Hcall.H_VIO_SIGNAL, Hcall.H_SEND_CRQ):
        assert called(guest).opcode == opcode
        guest.answer(Rc.H_SUCCESS)
    idle = guest.run()
    assert isinstance(idle, Idle)
    while probe.ended is None:
        outcome = guest.run(guest.now + SECOND)
        if isinstance(outcome, Called):
            guest.answer(Rc.H_SUCCESS)
    # Steps 1 to 6 of the negotiation share one wait of 20 s.
    assert 20 * SECOND <= probe.ended - begun < 21 * SECOND


def test_a_driver_that_repeats_a_busy_call_without_a_pause_is_ended(guest: Guest) -> None:
    guest.add_device(UNIT, SOURCE, MAC)
    assert called(guest).opcode == Hcall.H_REG_CRQ
    guest.answer(Rc.H_RESOURCE)
    while isinstance(outcome := guest.run(guest.now + SECOND), Called):
        assert outcome.opcode == Hcall.H_FREE_CRQ
        guest.answer(Rc.H_BUSY)
    assert isinstance(outcome, Ended)
    assert outcome.why is Why.LIVELOCK
    assert outcome.reason == "500 calls within one millisecond; the last is 0x100"


def test_a_mapping_that_is_refused_is_survived(guest: Guest) -> None:
    guest.refused_mappings = 1
    probe = guest.add_device(UNIT, SOURCE, MAC)
    while not isinstance(guest.run(guest.now + SECOND), Idle):
        guest.answer(Rc.H_SUCCESS)
    assert guest.refused_mappings == 0
    assert guest.memory.windows(UNIT) == ()
    assert guest.health == []
    assert probe.ended is not None


def test_a_guest_that_spins_is_ended(kernel: Kernel) -> None:
    with Guest(kernel, limits=Limits(hang_s=3)) as guest:
        guest.command("while :; do :; done")
        end = guest.run(guest.now + SECOND)
        assert isinstance(end, Ended)
        assert end.why is Why.HUNG


def test_what_the_user_types_is_run_as_it_is(guest: Guest) -> None:
    done = guest.command("echo 'a  b' \"$HOME\" $((1 + 2)); exit 7")
    guest.run(guest.now + SECOND)
    assert (done.status, done.output) == (7, "a  b / 3\n")
    both = [guest.command(f"sleep 0.{tenths}; echo {tenths}") for tenths in (3, 1)]
    guest.run(guest.now + SECOND)
    assert [command.output for command in both] == ["3\n", "1\n"]
    first, second = (command.ended for command in both)
    assert first is not None
    assert second is not None
    assert second < first
