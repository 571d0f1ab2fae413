"""CRQ calls at their interface: checks in order, delivery, freeing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine
from vnic_reference.machine import CLIENT_PARTITION, CLIENT_UNIT, FIRST_SERVER_UNIT
from vnic_spec.wire import INIT, INIT_COMPLETE, PAGE_BYTES, Event, Hcall, Header, Rc, element, event_element, words

Build = Callable[..., Machine]


@pytest.mark.requirement("CRQ-14")
class TestRegistration:
    """CRQ-2, CRQ-9, CRQ-14."""

    @pytest.mark.parametrize(
        ("ioba", "length"),
        [
            (0, 0),
            (8, PAGE_BYTES),
            (0, PAGE_BYTES + 16),
            (0, 100),
            (1 << 20, PAGE_BYTES),  # beyond what is mapped
            ((1 << 20) - PAGE_BYTES, 2 * PAGE_BYTES),  # its second page is not mapped
            (1 << 63, PAGE_BYTES),
            (0, 1 << 63),
        ],
    )
    def test_a_bad_queue_is_refused_and_nothing_is_registered(self, start: Build, ioba: int, length: int) -> None:
        machine = start(10)
        assert machine.client.reg_crq(ioba, length) == Rc.H_PARAMETER
        assert machine.client.reg_crq() == Rc.H_SUCCESS

    def test_the_unit_must_belong_to_the_caller(self, start: Build) -> None:
        machine = start(10)
        assert machine.hcall(CLIENT_PARTITION, Hcall.H_REG_CRQ, FIRST_SERVER_UNIT, 0, PAGE_BYTES) == (Rc.H_PARAMETER,)
        assert machine.hcall(CLIENT_PARTITION, Hcall.H_REG_CRQ) == (Rc.H_PARAMETER,)

    @pytest.mark.requirement("CRQ-2")
    def test_parameter_before_not_found_before_resource(self) -> None:
        machine = Machine(servers=2, unpaired=[1])
        assert machine.servers[1].reg_crq(8) == Rc.H_PARAMETER
        assert machine.servers[1].reg_crq() == Rc.H_NOT_FOUND
        assert machine.servers[0].reg_crq() == Rc.H_CLOSED
        assert machine.servers[0].reg_crq(8) == Rc.H_PARAMETER
        assert machine.servers[0].reg_crq() == Rc.H_RESOURCE

    @pytest.mark.requirement("CRQ-2")
    def test_closed_is_not_a_failure(self, start: Build) -> None:
        machine = start(10, ready=[])
        assert machine.client.reg_crq() == Rc.H_CLOSED
        assert machine.client.reg_crq() == Rc.H_RESOURCE

    @pytest.mark.requirement("CRQ-9")
    def test_a_new_registration_starts_empty_in_the_same_memory(self, connected: Build) -> None:
        machine = connected(10)
        machine.servers[0].send(INIT)
        assert machine.client.elements() == [INIT]
        machine.client.free_crq()
        machine.servers[0].drain()
        assert machine.client.reg_crq() == Rc.H_SUCCESS
        assert machine.client.elements() == []

    def test_queues_of_several_pages_wrap_in_order(self, start: Build) -> None:
        machine = start(10)
        machine.client.reg_crq(0x3000, 3 * PAGE_BYTES)
        sent = [element(0x80, number % 256, number.to_bytes(4, "big")) for number in range(2000)]
        received = []
        for number, data in enumerate(sent):
            assert machine.servers[0].send(data) == Rc.H_SUCCESS
            if number % 700 == 699:
                received += machine.client.drain()
        assert received + machine.client.drain() == sent


class TestSending:
    """CRQ-3, CRQ-5, CRQ-6, CRQ-10."""

    @pytest.mark.requirement("CRQ-10")
    def test_both_directions_unchanged(self, connected: Build) -> None:
        machine = connected(10)
        payload = bytes(range(1, 16))
        assert machine.client.send(b"\x80" + payload) == Rc.H_SUCCESS
        assert machine.servers[0].send(b"\xc5" + payload) == Rc.H_SUCCESS  # reserved, but the high bit is set
        assert machine.servers[0].drain() == [b"\x80" + payload]
        assert machine.client.drain() == [b"\xc5" + payload]

    @pytest.mark.requirement("CRQ-3", "CRQ-6")
    @pytest.mark.parametrize("header", [0x00, 0x01, 0x7F, Header.EVENT])
    def test_bad_headers_also_when_nobody_is_there(self, start: Build, header: int) -> None:
        machine = start(10, ready=[])
        machine.client.reg_crq()
        assert machine.client.send(element(header, Event.DEVICE_FAILOVER)) == Rc.H_PARAMETER

    @pytest.mark.requirement("CRQ-3")
    def test_closed_without_connection(self, start: Build) -> None:
        machine = start(10, 50)
        assert machine.client.send(INIT) == Rc.H_CLOSED  # not registered
        assert machine.servers[0].send(INIT) == Rc.H_CLOSED
        machine.client.reg_crq()
        assert machine.servers[1].send(INIT) == Rc.H_CLOSED  # a standby
        assert machine.client.elements() == []

    @pytest.mark.requirement("CRQ-3")
    def test_a_full_queue_drops_and_says_so(self, connected: Build) -> None:
        machine = connected(10)
        sent = [element(0x80, 1, bytes([number])) for number in range(256)]
        assert all(machine.client.send(data) == Rc.H_SUCCESS for data in sent)
        assert machine.client.send(INIT) == Rc.H_DROPPED
        assert machine.servers[0].consume() == sent[0]
        assert machine.client.send(INIT_COMPLETE) == Rc.H_SUCCESS
        assert machine.servers[0].drain() == [*sent[1:], INIT_COMPLETE]

    def test_the_element_is_in_the_owners_memory(self, connected: Build) -> None:
        machine = connected(10)
        machine.servers[0].send(INIT)
        assert machine.client.peek(0, 16) == INIT

    def test_missing_registers_are_zero_and_high_bits_are_cut(self, connected: Build) -> None:
        machine = connected(10)
        assert machine.client.hcall(Hcall.H_SEND_CRQ, CLIENT_UNIT) == (Rc.H_PARAMETER,)
        high, low = words(INIT)
        assert machine.client.hcall(Hcall.H_SEND_CRQ, CLIENT_UNIT, high + (1 << 64), low, 7, 8) == (Rc.H_SUCCESS,)
        assert machine.servers[0].drain() == [INIT]


class TestFreeing:
    """CRQ-4."""

    @pytest.mark.requirement("CRQ-4")
    def test_the_client_frees_and_the_connected_server_is_told(self, connected: Build) -> None:
        machine = connected(10, 50)
        assert machine.client.free_crq() == Rc.H_SUCCESS
        assert machine.servers[0].drain() == [event_element(Event.PARTNER_DEREGISTERED)]
        assert machine.servers[1].elements() == []
        assert machine.servers[0].send(INIT) == Rc.H_CLOSED

    @pytest.mark.requirement("CRQ-4")
    def test_the_connected_server_frees_and_the_client_gets_only_the_failover_event(self, connected: Build) -> None:
        machine = connected(10, 50)
        assert machine.servers[0].free_crq() == Rc.H_SUCCESS
        assert machine.client.drain() == [event_element(Event.DEVICE_FAILOVER)]

    @pytest.mark.requirement("CRQ-4")
    def test_a_standby_frees_and_nobody_is_told(self, connected: Build) -> None:
        machine = connected(10, 50)
        assert machine.servers[1].free_crq() == Rc.H_SUCCESS
        assert machine.client.elements() == machine.servers[0].elements() == []

    @pytest.mark.requirement("CRQ-4")
    def test_freeing_an_unregistered_queue(self, start: Build) -> None:
        machine = start(10)
        assert machine.client.free_crq() == Rc.H_SUCCESS
        assert machine.client.free_crq() == Rc.H_SUCCESS
        assert machine.servers[0].elements() == []

    def test_a_client_that_leaves_unconnected_tells_nobody(self, start: Build) -> None:
        machine = start(10, ready=[])
        machine.client.reg_crq()
        machine.client.free_crq()
        assert machine.servers[0].reg_crq() == Rc.H_CLOSED
        assert machine.servers[0].elements() == []


def test_unknown_tokens_and_partitions_that_do_not_run(start: Build) -> None:
    machine = start(10)
    assert machine.client.hcall(0xF000) == (Rc.H_FUNCTION,)
    assert machine.hcall(77, Hcall.H_FREE_CRQ, CLIENT_UNIT) == (Rc.H_PRIVILEGE,)
    machine.power_off(CLIENT_PARTITION)
    assert machine.client.reg_crq() == Rc.H_PRIVILEGE


@pytest.mark.requirement("CRQ-8")
def test_enabling_a_crq_that_is_not_disabled_does_nothing(connected: Build) -> None:
    """CRQ-8."""
    machine = connected(10)
    assert machine.client.enable_crq() == Rc.H_SUCCESS
    assert machine.servers[0].enable_crq() == Rc.H_SUCCESS
    assert machine.client.send(INIT) == Rc.H_SUCCESS
