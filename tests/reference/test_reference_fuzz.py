"""Any registers, any elements, any list, any console argument, any line: a defined answer, never an exception.

After every refusal nothing visible has changed, and after every input the safety requirements hold. The fast version of
each test runs with every test run; the slow one feeds at least 100,000 inputs. To draw an input costs many times what it costs
to feed it, so the slow one feeds each batch in four orders, every one of which is another history.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vnic_reference import BackingDevice, Machine, Policy, Reply, violations
from vnic_reference.adapter import Adapter
from vnic_reference.machine import CLIENT_UNIT, FIRST_SERVER_UNIT
from vnic_spec.wire import Hcall, Rc, Vioctl

PER_EXAMPLE = 50
FAST = settings(max_examples=30, deadline=None)
SLOW = settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def in_four_orders(batch: Sequence[Any]) -> list[Sequence[Any]]:
    """As it was drawn, from the middle on, and both backwards."""
    half = len(batch) // 2
    from_the_middle = [*batch[half:], *batch[:half]]
    return [batch, from_the_middle, batch[::-1], from_the_middle[::-1]]


#: Codes after which nothing may have changed.
REFUSED = frozenset(
    {
        Rc.H_PARAMETER,
        Rc.H_NOT_FOUND,
        Rc.H_FUNCTION,
        Rc.H_PRIVILEGE,
        Rc.H_RESOURCE,
        Rc.H_STATE,
        Rc.H_DROPPED,
        Rc.H_PERMISSION,
        Rc.H_SOURCE_PARM,
        Rc.H_DEST_PARM,
    }
)
CODES = frozenset(int(code) for code in Rc)


def busy_machine(**values: Any) -> Machine:
    """Two servers, one of them connected, with handles and grants: much to go wrong."""
    machine = Machine(Policy(**values), servers=3, unpaired=[2])
    for index, server in enumerate(machine.servers[:2]):
        machine.console.add(f"sriov//{100 + index}/0/{index}/2.0/{10 + index}")
        server.reg_crq()
        server.report(interval_ms=50)
    machine.client.reg_crq()
    machine.client.reg_sub_crq(0x2000)
    machine.servers[0].reg_sub_crq(0x2000)
    machine.servers[0].map_remote(0x10000, 0x40000)
    return machine


def snapshot(machine: Machine) -> list[Any]:
    """Everything visible."""
    seen: list[Any] = [machine.now, machine.console.listing()]
    for driver in (machine.client, *machine.servers):
        seen.append(driver.elements())
        seen.append([(handle, driver.elements(handle)) for handle in driver.unit.sub_crqs])
        seen.append(driver.pending_interrupts())
    return seen


class Watch:
    """Looks at a machine after each input; what it saw last is what the next input starts from."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._seen = snapshot(machine)

    def check(self, refused: bool) -> None:
        self._machine.settle()
        seen = snapshot(self._machine)
        assert not refused or seen == self._seen
        assert violations(self._machine) == []
        self._seen = seen

    def check_code(self, rc: int) -> None:
        assert rc in CODES
        self.check(rc in REFUSED)


# -- registers -------------------------------------------------------------------------------------------------------

REMOTE_LIOBN, OWN_LIOBN = 0x2000_8081, 0x1000_8081
register = (
    st.sampled_from([CLIENT_UNIT, FIRST_SERVER_UNIT, FIRST_SERVER_UNIT + 1, FIRST_SERVER_UNIT + 2])
    | st.integers(0, 8)
    | st.sampled_from([0, 0x1000, 0x2000, 0x10000, 0x40000, 4096, 8192, OWN_LIOBN, REMOTE_LIOBN, 0x1000_0003])
    | st.sampled_from([int(subfunction) for subfunction in Vioctl])
    | st.sampled_from([0x80 << 56, 0xC001 << 48, 0xC002 << 48, 0xFF08 << 48, (1 << 64) - 1, 1 << 63, 0x10003])
    | st.integers(-(1 << 65), 1 << 65)
)
unit_register = st.sampled_from([CLIENT_UNIT, *(FIRST_SERVER_UNIT + index for index in range(3))]) | register
call = st.tuples(
    st.sampled_from([3, 100, 101, 102, 100, 3, 55]),
    st.sampled_from([int(token) for token in Hcall]) | st.sampled_from([int(token) for token in Hcall]) | register,
    unit_register,
    st.lists(register, max_size=6),
)
calls = st.lists(call, min_size=PER_EXAMPLE, max_size=PER_EXAMPLE)


def feed_registers(batch: Sequence[tuple[int, int, int, list[int]]]) -> None:
    machine = busy_machine()
    watch = Watch(machine)
    for partition, token, unit, rest in batch:
        answer = machine.hcall(partition, token, unit, *rest)
        assert all(type(value) is int or isinstance(value, Rc) for value in answer)
        watch.check_code(answer[0])


@FAST
@given(calls)
def test_any_registers(batch: Sequence[tuple[int, int, int, list[int]]]) -> None:
    feed_registers(batch)


@pytest.mark.slow
@SLOW
@given(calls)
def test_any_registers_100000(batch: Sequence[tuple[int, int, int, list[int]]]) -> None:
    for order in in_four_orders(batch):
        feed_registers(order)


# -- elements --------------------------------------------------------------------------------------------------------

header = st.sampled_from([0x00, 0x7F, 0x80, 0x80, 0x81, 0xC0, 0xFE, 0xFF])
element16 = st.builds(lambda first, rest: bytes([first]) + rest, header, st.binary(min_size=15, max_size=15))
element32 = st.builds(lambda first, rest: bytes([first]) + rest, header, st.binary(min_size=31, max_size=31))
elements = st.lists(
    st.tuples(st.integers(0, 2), element16 | element32, st.integers(0, 5)), min_size=PER_EXAMPLE, max_size=PER_EXAMPLE
)


def feed_elements(batch: Sequence[tuple[int, bytes, int]]) -> None:
    machine = busy_machine()
    drivers = [machine.client, machine.servers[0], machine.servers[1]]
    watch = Watch(machine)
    for sender, data, handle in batch:
        driver = drivers[sender]
        rc = driver.send(data) if len(data) == 16 else driver.send_sub(handle, data)
        assert rc in CODES
        watch.check(rc != Rc.H_SUCCESS)
        if rc == Rc.H_SUCCESS:
            receiver = drivers[1 - sender]
            assert (receiver.elements() if len(data) == 16 else receiver.elements(handle))[-1] == data  # CRQ-10


@FAST
@given(elements)
def test_any_elements(batch: Sequence[tuple[int, bytes, int]]) -> None:
    feed_elements(batch)


@pytest.mark.slow
@SLOW
@given(elements)
def test_any_elements_100000(batch: Sequence[tuple[int, bytes, int]]) -> None:
    for order in in_four_orders(batch):
        feed_elements(order)


# -- indirect lists --------------------------------------------------------------------------------------------------

indirect = st.lists(
    st.tuples(
        st.lists(header | st.just(0x80), max_size=8),  # headers of the list
        st.integers(0, 4) | register,  # handle
        st.sampled_from([0x8000, 0x8FF0, 0x8001, 0xFFFF0, 0x40000]) | register,  # ioba
        st.integers(0, 8) | st.sampled_from([127, 128, 129]) | register,  # count
        st.booleans(),
    ),
    min_size=PER_EXAMPLE,
    max_size=PER_EXAMPLE,
)


def feed_lists(batch: Sequence[tuple[list[int], int, int, int, bool]], limit: int) -> None:
    machine = busy_machine(indirect_limit=limit)
    drivers = [machine.client, machine.servers[0]]
    watch = Watch(machine)
    for headers, handle, ioba, count, by_client in batch:
        sender, receiver = drivers if by_client else reversed(drivers)
        if headers:
            sender.poke(ioba & 0xFFFFF, b"".join(bytes([first]) + bytes(31) for first in headers))
            watch.check(refused=False)  # it may have hit one of its own queues
        queued = {live: len(receiver.elements(live)) for live in receiver.unit.sub_crqs}
        rc = sender.send_sub_indirect(handle, ioba, count)
        watch.check_code(rc)
        if rc == Rc.H_SUCCESS:
            count &= (1 << 64) - 1
            assert 1 <= count <= limit
            live = handle & (1 << 64) - 1
            assert len(receiver.elements(live)) == queued[live] + count  # all of them
            if queued[live] > 60:
                receiver.drain(live)
                watch.check(refused=False)


@FAST
@given(indirect, st.sampled_from([16, 128]))
def test_any_list(batch: Sequence[tuple[list[int], int, int, int, bool]], limit: int) -> None:
    feed_lists(batch, limit)


@pytest.mark.slow
@SLOW
@given(indirect, st.sampled_from([16, 128]))
def test_any_list_100000(batch: Sequence[tuple[list[int], int, int, int, bool]], limit: int) -> None:
    for order in in_four_orders(batch):
        feed_lists(order, limit)


# -- console ---------------------------------------------------------------------------------------------------------

anything: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=5)
    | st.lists(st.integers(), max_size=2)
)
name = st.integers(-1, 4) | st.sampled_from(["27004001", "27004002", "27004003"]) | anything
field = st.sampled_from(
    ["sriov", "", "100", "101", "102", "0", "1", "2.0", "50", "101.5", "-1", "nan", "1e999"]
) | st.text(max_size=4)
device = (
    st.lists(field, max_size=9).map("/".join)
    | st.builds(
        lambda vios, port, priority: f"sriov//{vios}/0/{port}/2.0/{priority}",
        st.integers(99, 103),
        st.integers(0, 4),
        st.integers(0, 101),
    )
    | st.builds(BackingDevice, anything, anything, anything, anything, anything, anything, anything)
    | anything
)
operation = (
    st.tuples(st.just("add"), device)
    | st.tuples(st.just("remove"), name)
    | st.tuples(st.just("set_priority"), name, st.integers(0, 101) | anything)
    | st.tuples(st.just("set_auto"), st.booleans() | anything)
    | st.tuples(st.just("activate"), name)
)
operations = st.lists(operation, min_size=PER_EXAMPLE, max_size=PER_EXAMPLE)


def feed_console(batch: Sequence[tuple[Any, ...]]) -> None:
    machine = busy_machine()
    watch = Watch(machine)
    for method, *arguments in batch:
        function: Callable[..., Reply] = getattr(machine.console, method)
        reply = function(*arguments)
        assert isinstance(reply, Reply)
        watch.check(refused=not reply.ok)
        for row in machine.console.listing().servers:
            assert 1 <= row.device.priority <= 100
            assert row.describe().startswith("sriov/")


@FAST
@given(operations)
def test_any_console_argument(batch: Sequence[tuple[Any, ...]]) -> None:
    feed_console(batch)


@pytest.mark.slow
@SLOW
@given(operations)
def test_any_console_argument_100000(batch: Sequence[tuple[Any, ...]]) -> None:
    for order in in_four_orders(batch):
        feed_console(order)


# -- lines -----------------------------------------------------------------------------------------------------------

value = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=10)
    | st.sampled_from(["0x1000", "80" * 16, "80" * 32, "server0", 1, 2, 0x18, 0x19, 4096, 0x8000])
)
calls_by_name = [
    "reg_crq", "free_crq", "send_crq", "consume", "enable_crq", "vio_signal", "vioctl", "reg_sub_crq", "free_sub_crq",
    "send_sub_crq", "send_sub_crq_indirect", "eoi", "dma_write", "dma_read", "poke", "peek",
    "add", "remove", "priority", "auto", "activate", "power_on", "power_off", "crash", "migrate",
]  # fmt: skip
fields = [
    "address", "length", "hex", "mode", "sub", "p1", "p2", "p3", "handle", "map", "unit", "observe", "port",
    "server", "priority", "value", "target", "ms", "servers", "unpaired", "profile_grace", "profile_tie_break",
]  # fmt: skip
request = st.builds(
    lambda head, rest: json.dumps({**rest, **head}),
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["apply"] * 6 + ["hello", "reset", "settle", "advance", "observe", "bye", "x"]),
            "who": st.sampled_from(["client", "server0", "server1", "console", "platform", "x"]) | value,
            "call": st.sampled_from(calls_by_name) | value,
            "seq": value,
        }
    ),
    st.dictionaries(st.sampled_from(fields), value, max_size=5),
)
lines = st.lists(request | request | request | st.text(max_size=30), min_size=PER_EXAMPLE, max_size=PER_EXAMPLE)


def feed_lines(batch: Sequence[str]) -> None:
    adapter = Adapter()
    for line in batch:
        reply = json.loads(adapter.answer(line))
        assert isinstance(reply, dict)
        assert reply["outcome"] in ("done", "refused", "unsupported", "error")
        assert reply["outcome"] != "error" or reply["error"]
        assert reply["outcome"] not in ("refused", "unsupported") or reply["reason"]
        assert all(isinstance(content, str | int) and not isinstance(content, bool) for content in reply.values())


@FAST
@given(lines)
def test_any_line(batch: Sequence[str]) -> None:
    feed_lines(batch)


@pytest.mark.slow
@SLOW
@given(lines)
def test_any_line_100000(batch: Sequence[str]) -> None:
    for order in in_four_orders(batch):
        feed_lines(order)
