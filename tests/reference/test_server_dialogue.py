"""The server's answers, command by command, with a client played by the test (SRV-1 to SRV-6; protocol.md 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_reference.dialogue import buffers, elements
from vnic_reference.dialogue.buffers import LoginResponse
from vnic_reference.dialogue.elements import field, raw_field, request
from vnic_reference.server import DEFAULT_CAPABILITIES
from vnic_spec.vocabulary import Belief
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    PAGE_BYTES,
    Capability,
    Command,
    CommandRc,
    Event,
    Hcall,
    Rc,
    TceAccess,
    element,
    event_element,
)

GROUP = bytes.fromhex("01005e000001")
#: Addresses in the player's memory.
BUFFER, ANSWER, FRAMES, UNMAPPED = 0x10000, 0x11000, 0x40000, 0x4000_0000


# -- before LOGIN ----------------------------------------------------------------------------------------------------


def test_version(player: Callable[..., Any]) -> None:
    talk = player()
    assert talk.code(Command.QUERY_CAPABILITY, capability=1) == CommandRc.INVALID_STATE  # first things first
    assert talk.code(Command.VERSION_EXCHANGE, version=0) == CommandRc.PARAMETER
    answer = talk.ask(Command.VERSION_EXCHANGE, version=7)
    assert (answer[12], field(answer, "version")) == (CommandRc.SUCCESS, 1)  # both use the lower


@pytest.mark.parametrize("capability", list(elements.QUERIED))
def test_every_capability_is_echoed(player: Callable[..., Any], capability: Capability) -> None:
    talk = player()
    talk.ask(Command.VERSION_EXCHANGE, version=1)
    answer = talk.ask(Command.QUERY_CAPABILITY, capability=capability)
    assert (field(answer, "capability"), answer[12]) == (capability, CommandRc.SUCCESS)
    assert field(answer, "number") == DEFAULT_CAPABILITIES[capability]


@pytest.mark.parametrize("number", [0, 7, 27, 34, 0xFFFF])
def test_what_cannot_be_queried(player: Callable[..., Any], number: int) -> None:
    talk = player()
    talk.ask(Command.VERSION_EXCHANGE, version=1)
    answer = talk.ask(Command.QUERY_CAPABILITY, capability=number)
    assert (field(answer, "capability"), field(answer, "number"), answer[12]) == (number, 0, CommandRc.PARAMETER)


@pytest.mark.parametrize(
    ("capability", "asked", "rc", "granted"),
    [
        (Capability.REQ_TX_QUEUES, 4, CommandRc.SUCCESS, 4),
        (Capability.REQ_TX_QUEUES, 5, CommandRc.PARTIAL_SUCCESS, 4),
        (Capability.REQ_RX_QUEUES, 0, CommandRc.PARTIAL_SUCCESS, 1),
        (Capability.REQ_RX_ADD_QUEUES, 2, CommandRc.PARTIAL_SUCCESS, 1),
        (Capability.REQ_TX_ENTRIES, (1 << 64) - 1, CommandRc.PARTIAL_SUCCESS, 128),
        (Capability.REQ_RX_ADD_ENTRIES, 0, CommandRc.PARTIAL_SUCCESS, 1),
        (Capability.REQ_MTU, 9014, CommandRc.SUCCESS, 9014),
        (Capability.REQ_MTU, 9015, CommandRc.PARTIAL_SUCCESS, 9014),
        (Capability.REQ_MTU, 1, CommandRc.PARTIAL_SUCCESS, 64),
        (Capability.PROMISC_REQUESTED, 1, CommandRc.SUCCESS, 1),
        (Capability.PROMISC_REQUESTED, 2, CommandRc.PARTIAL_SUCCESS, 1),
        (Capability.RX_SG_REQUESTED, 1, CommandRc.PARTIAL_SUCCESS, 0),
        (Capability.MAX_TX_QUEUES, 1, CommandRc.PARAMETER, 0),
        (99, 1, CommandRc.PARAMETER, 0),
    ],
)
def test_capability_requests(
    player: Callable[..., Any], capability: int, asked: int, rc: CommandRc, granted: int
) -> None:
    talk = player()
    talk.ask(Command.VERSION_EXCHANGE, version=1)
    answer = talk.ask(Command.REQUEST_CAPABILITY, capability=capability, number=asked)
    assert (field(answer, "capability"), answer[12], field(answer, "number")) == (capability, rc, granted)


def test_ip_offload(player: Callable[..., Any]) -> None:
    talk = player(offloads=frozenset({"tcp_ipv4"})).negotiate()
    assert talk.code(Command.QUERY_IP_OFFLOAD, ioba=BUFFER, length=255) == CommandRc.INVALID_LENGTH
    assert talk.code(Command.QUERY_IP_OFFLOAD, ioba=UNMAPPED, length=256) == CommandRc.INVALID_IOBA
    assert talk.code(Command.QUERY_IP_OFFLOAD, ioba=BUFFER, length=256) == CommandRc.SUCCESS
    told = talk.driver.peek(BUFFER, 256)
    assert told[:8] == (256).to_bytes(4, "big") + (1).to_bytes(4, "big")
    assert buffers.offloads_in(told) == {"tcp_ipv4"}
    for enabled, rc in (({"tcp_ipv4"}, CommandRc.SUCCESS), ({"large_tx_ipv4"}, CommandRc.UNSUPPORTED_OPTION)):
        talk.driver.poke(BUFFER, buffers.ip_offload_control(frozenset(enabled)))
        assert talk.code(Command.CONTROL_IP_OFFLOAD, ioba=BUFFER, length=136) == rc
    assert talk.bench.machine.servers[0].unit.window.redirected_pages() == set()
    assert talk.code(Command.CONTROL_IP_OFFLOAD, ioba=BUFFER, length=127) == CommandRc.INVALID_LENGTH
    assert talk.code(Command.CONTROL_IP_OFFLOAD, ioba=UNMAPPED, length=136) == CommandRc.INVALID_IOBA


# -- LOGIN -----------------------------------------------------------------------------------------------------------


def test_login(player: Callable[..., Any]) -> None:
    talk = player().negotiate(queues=2)
    handles = talk.handles(4)
    assert talk.login(talk.login_buffer(tuple(handles[:2]), tuple(handles[2:]))) == CommandRc.SUCCESS
    assert talk.server.belief is Belief.SERVING
    data = talk.driver.peek(ANSWER, 256)
    answer = LoginResponse.unpack(data)
    # protocol.md 3.4: what the unmodified driver tests
    total = int.from_bytes(data[:4], "big")
    assert total <= buffers.login_response_bytes(2, 2)
    assert all(int.from_bytes(data[at : at + 4], "big") < total for at in (12, 20, 24, 32))
    assert (len(answer.tx_submissions), len(answer.rx_adds)) == (2, 2)
    assert min(answer.rx_buffer_sizes) >= 1514
    assert talk.code(Command.LOGIN, ioba=BUFFER, length=100) == CommandRc.INVALID_STATE
    assert talk.code(Command.REQUEST_CAPABILITY, capability=7, number=1) == CommandRc.INVALID_STATE


def put(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + value.to_bytes(4, "big") + data[at + 4 :]


@pytest.mark.parametrize(
    ("change", "rc"),
    [
        (lambda data: data[:39], CommandRc.INVALID_LENGTH),
        (lambda data: put(data, 0, len(data) + 1), CommandRc.PARAMETER),  # longer than the buffer
        (lambda data: put(data, 0, 39), CommandRc.PARAMETER),
        (lambda data: put(data, 4, 2), CommandRc.PARAMETER),  # version
        (lambda data: put(data, 8, 2), CommandRc.PARAMETER),  # another number of queues than granted
        (lambda data: put(data, 8, 0), CommandRc.PARAMETER),
        (lambda data: put(data, 8, 0xFFFFFFFF), CommandRc.PARAMETER),
        (lambda data: put(data, 12, 0xFFFFFFF8), CommandRc.PARAMETER),  # offset of the handles
        (lambda data: put(data, 20, len(data) - 7), CommandRc.PARAMETER),
        (lambda data: put(data, 36, 0xFFFF), CommandRc.PARAMETER),  # client data
        (lambda data: put(data, 24, UNMAPPED), CommandRc.INVALID_IOBA),  # response buffer
        (lambda data: put(data, 28, 60), CommandRc.INVALID_LENGTH),
    ],
)
def test_bad_login(player: Callable[..., Any], change: Callable[[bytes], bytes], rc: CommandRc) -> None:
    """Refused with its code and without effect: the next, good LOGIN succeeds, and no sub-CRQ is left behind."""
    talk = player().negotiate()
    tx, rx = talk.handles()
    good = talk.login_buffer((tx,), (rx,))
    assert talk.login(change(good)) == rc
    assert talk.bench.machine.servers[0].unit.sub_crqs == {}
    assert talk.server.belief is Belief.OPEN
    assert talk.login(good) == CommandRc.SUCCESS


@pytest.mark.parametrize(
    ("most", "asked"),
    [
        (Capability.MAX_TX_ENTRIES, Capability.REQ_TX_ENTRIES),
        (Capability.MAX_RX_ADD_ENTRIES, Capability.REQ_RX_ADD_ENTRIES),  # when the other queue is there already
    ],
)
def test_login_out_of_memory(player: Callable[..., Any], most: Capability, asked: Capability) -> None:
    talk = player(capabilities={**DEFAULT_CAPABILITIES, most: 1 << 20}).negotiate()
    talk.ask(Command.REQUEST_CAPABILITY, capability=asked, number=1 << 20)
    tx, rx = talk.handles()
    assert talk.login(talk.login_buffer((tx,), (rx,))) == CommandRc.NO_MEMORY
    assert talk.bench.machine.servers[0].unit.sub_crqs == {}


def test_login_response_buffer_that_cannot_be_written(player: Callable[..., Any]) -> None:
    """The client lends the page, but only for reading: refused, and no sub-CRQ is left behind."""
    talk = player().negotiate()
    tx, rx = talk.handles()
    liobn = talk.driver.unit.window.liobn
    assert talk.driver.hcall(Hcall.H_PUT_TCE, liobn, ANSWER, ANSWER | TceAccess.READ) == (Rc.H_SUCCESS,)
    assert talk.login(talk.login_buffer((tx,), (rx,))) == CommandRc.INVALID_IOBA
    assert talk.bench.machine.servers[0].unit.sub_crqs == {}


def test_what_is_copied_is_redirected_for_the_copy_only(user: Any) -> None:
    """Only mapped buffers stay within the server's reach."""
    pages = user.bench.machine.servers[0].unit.window.redirected_pages
    frames = set(range(FRAMES // PAGE_BYTES, (FRAMES + 0x10000) // PAGE_BYTES))
    assert pages() == frames  # LOGIN read one buffer and wrote another
    user.ask(Command.GET_VPD, ioba=BUFFER, length=4)
    user.ask(Command.REQUEST_STATISTICS, ioba=BUFFER, length=256)
    assert pages() == frames
    user.ask(Command.REQUEST_UNMAP, map_id=1)
    assert pages() == set()


def test_login_before_anything(player: Callable[..., Any]) -> None:
    talk = player()
    assert talk.code(Command.LOGIN, ioba=BUFFER, length=100) == CommandRc.INVALID_STATE


# -- after LOGIN -----------------------------------------------------------------------------------------------------

USE = [
    Command.QUERY_PHYS_PARMS,
    Command.LOGICAL_LINK_STATE,
    Command.REQUEST_STATISTICS,
    Command.CHANGE_MAC_ADDR,
    Command.MULTICAST_CTRL,
    Command.GET_VPD_SIZE,
    Command.GET_VPD,
    Command.QUERY_MAP,
    Command.REQUEST_MAP,
    Command.REQUEST_UNMAP,
    Command.REQUEST_ERROR_INFO,
]


@pytest.mark.parametrize("command", USE)
def test_use_needs_a_login(player: Callable[..., Any], command: Command) -> None:
    talk = player().negotiate()
    assert talk.code(command) == CommandRc.INVALID_STATE
    assert talk.bench.ports[0].mac != bytes(6)


@pytest.mark.requirement("SRV-3")
@pytest.mark.parametrize("code", [0x00, 0x08, 0x0A, 0x12, 0x17, 0x1A, 0x20, 0x21, 0x7F])
def test_unknown_commands(user: Any, code: int) -> None:
    """SRV-3: the same command as a response with code 5, whatever else it holds; also those that only servers send."""
    answers = user.say(element(0x80, code, bytes(range(14))))
    assert [answer[:2] for answer in answers] == [bytes((0x80, code | 0x80))]
    assert answers[0][12:] == bytes((5, 0, 0, 0))


@pytest.mark.parametrize("first", [0x81, 0xBF, 0xC1, 0xFE])
def test_reserved_headers_are_not_answered(user: Any, first: int) -> None:
    assert user.say(element(first, Command.GET_VPD_SIZE)) == []
    assert user.code(Command.GET_VPD_SIZE) == 0


def test_responses_are_not_answered(user: Any) -> None:
    assert user.say(element(0x80, Command.LOGIN | 0x80)) == []
    assert user.say(INIT_COMPLETE) == []
    assert user.server.belief is Belief.SERVING  # and nothing is begun afresh
    assert user.code(Command.GET_VPD_SIZE) == 0


def test_mac(user: Any) -> None:
    mac = bytes.fromhex("020000000042")
    answer = user.ask(Command.CHANGE_MAC_ADDR, mac=mac)
    assert (answer[12], raw_field(answer, "mac"), user.bench.ports[0].mac) == (0, mac, mac)
    for bad in (GROUP, bytes(6)):
        answer = user.ask(Command.CHANGE_MAC_ADDR, mac=bad)
        assert (answer[12], raw_field(answer, "mac")) == (CommandRc.PARAMETER, mac)  # the one in force


def test_multicast(user: Any) -> None:
    port = user.bench.ports[0]
    assert user.code(Command.MULTICAST_CTRL, mac=GROUP, flags=elements.MULTICAST_ENABLE) == 0
    assert port.multicast == {GROUP}
    assert user.code(Command.MULTICAST_CTRL, mac=GROUP, flags=0xC0) == CommandRc.PARAMETER
    assert user.code(Command.MULTICAST_CTRL, mac=bytes(6), flags=elements.MULTICAST_ENABLE) == CommandRc.PARAMETER
    assert user.code(Command.MULTICAST_CTRL, flags=elements.MULTICAST_ENABLE_ALL) == 0
    assert port.all_multicast
    assert user.code(Command.MULTICAST_CTRL, flags=elements.MULTICAST_DISABLE_ALL) == 0
    assert (port.all_multicast, port.multicast) == (False, set())
    assert user.code(Command.MULTICAST_CTRL, mac=GROUP, flags=elements.MULTICAST_DISABLE) == CommandRc.PARAMETER
    limit = DEFAULT_CAPABILITIES[Capability.MAX_MULTICAST_FILTERS]
    for number in range(limit):
        mac = b"\x01\x00\x5e\x00" + number.to_bytes(2, "big")
        assert user.code(Command.MULTICAST_CTRL, mac=mac, flags=elements.MULTICAST_ENABLE) == 0
    mac = b"\x01\x00\x5e\x01\x00\x00"
    assert user.code(Command.MULTICAST_CTRL, mac=mac, flags=elements.MULTICAST_ENABLE) == CommandRc.NO_MEMORY


def test_vpd_and_statistics(user: Any) -> None:
    size = field(user.ask(Command.GET_VPD_SIZE), "length")
    assert user.code(Command.GET_VPD, ioba=BUFFER, length=size) == 0
    assert user.driver.peek(BUFFER, size) == b"RM\x0aREFERENCE1"
    assert user.code(Command.GET_VPD, ioba=BUFFER, length=0) == CommandRc.INVALID_LENGTH
    assert user.code(Command.GET_VPD, ioba=UNMAPPED, length=size) == CommandRc.INVALID_IOBA
    user.bench.ports[0].counters.rx_packets = 5
    clear = elements.STATISTICS_CLEAR
    assert user.code(Command.REQUEST_STATISTICS, ioba=BUFFER, length=255, flags=clear) == CommandRc.INVALID_LENGTH
    assert user.code(Command.REQUEST_STATISTICS, ioba=UNMAPPED, length=256, flags=clear) == CommandRc.INVALID_IOBA
    assert user.code(Command.REQUEST_STATISTICS, ioba=BUFFER, length=256, flags=clear) == 0
    assert buffers.unpack_statistics(user.driver.peek(BUFFER, 256)).rx_packets == 5
    assert user.code(Command.REQUEST_STATISTICS, ioba=BUFFER, length=256) == 0
    assert buffers.unpack_statistics(user.driver.peek(BUFFER, 256)).rx_packets == 0


def test_physical_parameters(user: Any) -> None:
    answer = user.ask(Command.QUERY_PHYS_PARMS)
    assert (answer[12], field(answer, "mtu"), field(answer, "speed")) == (0, 1514, elements.SPEED_10G)
    assert field(answer, "flags1") & elements.PHYSICAL_LINK_ACTIVE
    assert user.code(Command.SET_PHYS_PARMS) == CommandRc.PERMISSION


def test_maps(user: Any) -> None:
    free = field(user.ask(Command.QUERY_MAP), "free")
    assert user.code(Command.REQUEST_MAP, map_id=0, ioba=FRAMES, length=1) == CommandRc.PARAMETER
    assert user.code(Command.REQUEST_MAP, map_id=1, ioba=FRAMES, length=1) == CommandRc.INVALID_STATE  # in use
    assert user.code(Command.REQUEST_MAP, map_id=254, ioba=FRAMES, length=0) == CommandRc.INVALID_LENGTH
    assert user.code(Command.REQUEST_MAP, map_id=254, ioba=0, length=(8 << 20) + 1) == CommandRc.INVALID_LENGTH
    assert user.code(Command.REQUEST_MAP, map_id=254, ioba=UNMAPPED, length=1) == CommandRc.INVALID_IOBA
    answer = user.ask(Command.REQUEST_MAP, map_id=254, ioba=FRAMES + 5, length=PAGE_BYTES)
    assert (answer[12], field(answer, "map_id")) == (0, 254)
    assert field(user.ask(Command.QUERY_MAP), "free") == free - 2
    assert user.code(Command.REQUEST_UNMAP, map_id=254) == 0
    assert user.code(Command.REQUEST_UNMAP, map_id=254) == CommandRc.PARAMETER
    assert field(user.ask(Command.QUERY_MAP), "free") == free


def test_a_map_that_is_lent_in_part(user: Any) -> None:
    """More pages than one call redirects, and the last ones are not lent: none stays redirected."""
    unit = user.bench.machine.servers[0].unit
    before, free = unit.window.redirected_pages(), user.server.remote.free_pages
    liobn = user.driver.unit.window.liobn
    for page in range(256, 700):
        at = page * PAGE_BYTES
        assert user.driver.hcall(Hcall.H_PUT_TCE, liobn, at, at | TceAccess.BOTH) == (Rc.H_SUCCESS,)
    lent, more = 699 * PAGE_BYTES, 701 * PAGE_BYTES
    assert user.code(Command.REQUEST_MAP, map_id=2, ioba=PAGE_BYTES, length=more) == CommandRc.INVALID_IOBA
    assert (unit.window.redirected_pages(), user.server.remote.free_pages) == (before, free)
    assert user.code(Command.REQUEST_MAP, map_id=2, ioba=PAGE_BYTES, length=lent) == CommandRc.SUCCESS
    assert len(unit.window.redirected_pages()) == 699
    codes = [user.code(Command.REQUEST_MAP, map_id=number, ioba=PAGE_BYTES, length=lent) for number in range(3, 90)]
    fits = free // 699 - 1
    assert codes == [CommandRc.SUCCESS] * fits + [CommandRc.NO_MEMORY] * (len(codes) - fits)


def test_link_state(user: Any) -> None:
    assert field(user.ask(Command.LOGICAL_LINK_STATE, state=elements.LINK_QUERY), "state") == 1
    assert user.code(Command.LOGICAL_LINK_STATE, state=2) == CommandRc.PARAMETER
    assert field(user.ask(Command.LOGICAL_LINK_STATE, state=0), "state") == 0
    for _ in range(2):  # SRV-5: also when it is up already
        answers = user.say(request(Command.LOGICAL_LINK_STATE, state=1))
        assert answers[1] == request(Command.LINK_STATE_INDICATION, physical=1, logical=1)


@pytest.mark.requirement("SRV-5", "SRV-6")
def test_physical_changes_are_told_and_reported_at_once(user: Any) -> None:
    """SRV-5, SRV-6: first the client, then the hypervisor, in the same instant; the event follows from the report."""
    user.bench.ports[0].link_up = False
    assert user.heard() == [
        request(Command.LINK_STATE_INDICATION, physical=0, logical=1),
        event_element(Event.DEVICE_FAILOVER),
    ]
    assert user.bench.machine.console.listing().servers[0].status.name == "LINK_DOWN"


def test_adapter_error_is_told_and_reported_at_once(user: Any) -> None:
    user.bench.ports[0].frozen = True
    told = user.heard()
    assert [field(told[0], name) for name in ("cause", "flags")] == [elements.CAUSE_EEH, 0]
    assert told[1:] == [event_element(Event.DEVICE_FAILOVER)]
    assert user.bench.machine.console.listing().servers[0].status.name == "ADAPTER_ERROR"


def test_reset_adapter_is_set_up_again(user: Any) -> None:
    """An adapter reset between two steps: MAC and filters are those that the client wants."""
    mac = bytes.fromhex("020000000042")
    user.ask(Command.CHANGE_MAC_ADDR, mac=mac)
    user.ask(Command.MULTICAST_CTRL, mac=GROUP, flags=elements.MULTICAST_ENABLE)
    port = user.bench.ports[0]
    port.reset_filters()
    port.resets += 1
    user.bench.settle()
    assert (port.mac, port.multicast) == (mac, {GROUP})


# -- the end, and full queues ----------------------------------------------------------------------------------------


@pytest.mark.requirement("SRV-4")
def test_everything_is_dropped_when_the_client_goes(user: Any) -> None:
    """SRV-4, SRV-2: state, maps, sub-CRQs, MAC, filters; the same server takes the client up again, no failover."""
    user.ask(Command.CHANGE_MAC_ADDR, mac=bytes.fromhex("020000000042"))
    user.driver.free_crq()
    user.register()
    user.bench.settle()
    server, port = user.server, user.bench.ports[0]
    assert server.session is None
    assert user.bench.machine.servers[0].unit.sub_crqs == {}
    assert port.mac == bytes.fromhex("020000000100")
    assert server.remote.free_pages == 0xE000
    assert user.say(INIT) == [INIT_COMPLETE]
    assert user.code(Command.LOGICAL_LINK_STATE, state=1) == CommandRc.INVALID_STATE
    user.negotiate().log_in()


def test_init_in_the_middle_begins_afresh(user: Any) -> None:
    user.ask(Command.CHANGE_MAC_ADDR, mac=bytes.fromhex("020000000042"))
    assert user.say(INIT) == [INIT_COMPLETE]
    assert user.server.belief is Belief.OPEN
    assert user.bench.machine.servers[0].unit.sub_crqs == {}
    assert user.bench.machine.servers[0].unit.window.redirected_pages() == set()
    assert user.bench.ports[0].mac == bytes.fromhex("020000000100")
    assert user.code(Command.GET_VPD_SIZE) == CommandRc.INVALID_STATE
    user.negotiate().log_in()


def test_commands_before_init(bench_class: Any) -> None:
    """SRV-3: answered, never silence; the server's own INIT comes when the client's does not (SRV-1)."""
    bench = bench_class(client=None)
    bench.settle()
    client = bench.machine.client
    client.reg_crq()
    bench.settle()
    client.send(request(Command.GET_VPD_SIZE))
    client.send(element(0x80, 0x55))
    bench.settle()
    assert [answer[12] for answer in client.drain()] == [CommandRc.INVALID_STATE, CommandRc.UNKNOWN_COMMAND]
    bench.run(100)
    assert client.drain() == [INIT]
    bench.run(999)
    assert client.drain() == []
    bench.run(1)
    assert client.drain() == [INIT]  # again after 1 s, then after 2 s
    bench.run(1_999)
    assert client.drain() == []
    bench.run(1)
    assert client.drain() == [INIT]
    client.send(INIT_COMPLETE)
    bench.run(60_000)
    assert client.drain() == []
    client.send(request(Command.VERSION_EXCHANGE, version=1))
    bench.settle()
    assert [answer[12] for answer in client.drain()] == [CommandRc.SUCCESS]


def test_a_full_queue_loses_no_answer(user: Any) -> None:
    """SRV-3 when the client does not read: answers wait, further commands stay unread, and all come in order."""
    asked = 0
    while user.driver.send(request(Command.REQUEST_UNMAP, map_id=100 + asked % 100)) == Rc.H_SUCCESS:
        asked += 1
        user.bench.settle()
    assert user.server.next_deadline() == user.bench.now + 10  # it tries again by itself
    assert asked == 2 * 256 + 1  # as many in the server's queue, and one in its hands
    answers: list[bytes] = []
    while len(answers) < asked:
        user.bench.run(10)
        more = user.driver.drain()
        assert more
        answers += more
    assert [answer[3] for answer in answers] == [100 + number % 100 for number in range(asked)]
