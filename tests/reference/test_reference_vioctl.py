"""H_VIOCTL: general codes, reports, the server's record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnic_reference import Machine
from vnic_reference.machine import CLIENT_UNIT, FIRST_SERVER_UNIT
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Hcall, OutputDescriptor, Rc, ServerInfo, Vioctl

Build = Callable[..., Machine]


class TestOrder:
    def test_unknown_subfunction_before_bad_unit(self, start: Build) -> None:
        machine = start(10)
        for subfunction in (0, 0x09, 0x0D, Vioctl.FW_RESET, 0x1C, Vioctl.READY_FOR_SUSPEND, 1 << 63):
            assert machine.client.hcall(Hcall.H_VIOCTL, 1234, subfunction) == (Rc.H_NOT_FOUND,)

    def test_bad_unit(self, start: Build) -> None:
        machine = start(10)
        assert machine.client.hcall(Hcall.H_VIOCTL, FIRST_SERVER_UNIT, Vioctl.VNIC_SERVER_STATUS, 1, 1) == (
            Rc.H_PARAMETER,
        )

    @pytest.mark.parametrize("subfunction", [Vioctl.VNIC_SERVER_STATUS, Vioctl.GET_VNIC_SERVER_INFO])
    def test_server_subfunctions_are_not_for_the_client(self, start: Build, subfunction: int) -> None:
        assert start(10).client.hcall(Hcall.H_VIOCTL, CLIENT_UNIT, subfunction, 1, 1) == (Rc.H_PARAMETER,)

    @pytest.mark.parametrize("subfunction", [Vioctl.GET_SESSION_TOKEN, Vioctl.SESSION_ERROR_DETECTED])
    def test_client_subfunctions_are_not_for_servers(self, start: Build, subfunction: int) -> None:
        assert start(10).servers[0].vioctl(subfunction) == (Rc.H_PARAMETER,)


class TestReport:
    """MON-1."""

    @pytest.mark.requirement("MON-1")
    def test_unused_parameter_before_state(self, start: Build) -> None:
        machine = start(10, ready=[])
        assert machine.servers[0].vioctl(Vioctl.VNIC_SERVER_STATUS, 1, 1, 1) == (Rc.H_PARAMETER,)

    @pytest.mark.requirement("MON-1")
    def test_state_before_range(self, start: Build) -> None:
        machine = start(10, 50, ready=[])
        assert machine.servers[0].report(99, 0) == Rc.H_STATE  # not registered
        machine.servers[0].reg_crq()
        machine.servers[1].reg_crq()
        machine.console.remove(1)
        assert machine.servers[1].report(99, 0) == Rc.H_STATE  # not listed
        assert machine.servers[0].report(99, 0) == Rc.H_PARAMETER

    @pytest.mark.requirement("MON-1")
    @pytest.mark.parametrize(("status", "interval"), [(0, 1), (4, 1), (5, 1), (6, 1), (1 << 32 | 1, 1), (1, 0)])
    def test_out_of_range_without_effect(self, start: Build, status: int, interval: int) -> None:
        machine = start(10)
        assert machine.servers[0].report(status, interval) == Rc.H_PARAMETER
        machine.advance(3000)
        assert machine.console.listing().servers[0].status is Status.OPERATIONAL

    @pytest.mark.parametrize("status", [Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR])
    def test_shown_at_once_and_silence_after_any_of_them(self, start: Build, status: Status) -> None:
        machine = start(10)
        assert machine.servers[0].report(status.value, 7) == Rc.H_SUCCESS
        assert machine.console.listing().servers[0].status is status
        machine.advance(21)
        assert machine.console.listing().servers[0].status is status
        machine.advance(1)
        assert machine.console.listing().servers[0].status is Status.UNRESPONSIVE

    def test_an_interval_of_any_length(self, start: Build) -> None:
        machine = start(10)
        assert machine.servers[0].report(1, (1 << 64) - 1) == Rc.H_SUCCESS
        machine.advance(1 << 40)
        assert machine.console.listing().servers[0].status is Status.OPERATIONAL


class TestServerInfo:
    """MON-7."""

    @pytest.mark.requirement("MON-7")
    def test_record(self, connected: Build) -> None:
        machine = connected(7, 50)
        machine.servers[1].report(Status.LINK_DOWN.value)
        assert machine.servers[0].server_info(0x8000) == ServerInfo(1, 1, 1, 7)
        assert machine.servers[1].server_info(0x8000) == ServerInfo(1, 0, 2, 50)
        machine.client.free_crq()
        assert machine.servers[0].server_info(0x8000) == ServerInfo(1, 0, 1, 7)

    @pytest.mark.requirement("MON-7")
    def test_cut_to_the_buffer(self, connected: Build) -> None:
        machine = connected(7)
        server = machine.servers[0]
        server.poke(0x8000, b"\xee" * 64)
        assert server.vioctl(Vioctl.GET_VNIC_SERVER_INFO, OutputDescriptor(0, 12, 0x8000).pack()) == (Rc.H_SUCCESS,)
        assert server.peek(0x8000, 14) == ServerInfo(1, 1, 1, 7).pack()[:12] + b"\xee\xee"
        assert server.vioctl(Vioctl.GET_VNIC_SERVER_INFO, OutputDescriptor(0, 64, 0x8000).pack()) == (Rc.H_SUCCESS,)
        assert server.peek(0x8000, 33) == ServerInfo(1, 1, 1, 7).pack() + b"\xee"
        assert server.vioctl(Vioctl.GET_VNIC_SERVER_INFO, 0) == (Rc.H_SUCCESS,)

    @pytest.mark.parametrize(
        "descriptor",
        [OutputDescriptor(1, 32, 0x8000), OutputDescriptor(0, 32, 0x7FFFFFF0), OutputDescriptor(0, 0xFFFFFF, 0)],
    )
    def test_bad_descriptors(self, connected: Build, descriptor: OutputDescriptor) -> None:
        machine = connected(7)
        assert machine.servers[0].vioctl(Vioctl.GET_VNIC_SERVER_INFO, descriptor.pack()) == (Rc.H_PARAMETER,)

    def test_unused_parameters_and_servers_off_the_list(self, start: Build) -> None:
        machine = start(7, 8)
        assert machine.servers[0].vioctl(Vioctl.GET_VNIC_SERVER_INFO, 0, 1) == (Rc.H_PARAMETER,)
        machine.console.remove(0)
        assert machine.servers[0].server_info(0x8000) == Rc.H_STATE

    def test_complaint_is_shown_as_network_error(self, connected: Build) -> None:
        machine = connected(10, 50)
        _, token = machine.client.vioctl(Vioctl.GET_SESSION_TOKEN)
        machine.client.vioctl(Vioctl.SESSION_ERROR_DETECTED, token)
        assert machine.servers[0].server_info(0x8000) == ServerInfo(1, 0, Status.NETWORK_ERROR.value, 10)
