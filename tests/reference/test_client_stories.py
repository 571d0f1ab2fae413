"""The client and its servers through boot, failover and return (CLI, SRV, FOV; protocol.md 3.7, 4.9)."""

from __future__ import annotations

from typing import Any

import pytest

from vnic_reference import Policy
from vnic_reference.client import ANSWER, REREGISTER, ClientSettings
from vnic_reference.dialogue import elements
from vnic_reference.dialogue.elements import field
from vnic_reference.server import DEFAULT_CAPABILITIES, ServerSettings
from vnic_spec.vocabulary import Belief, ClientPhase
from vnic_spec.wire import INIT, INIT_COMPLETE, Capability, Command, Event, event_element

GROUP = bytes.fromhex("01005e000001")
FAILOVER = event_element(Event.DEVICE_FAILOVER)
BOTH = pytest.mark.parametrize("client_init", [REREGISTER, ANSWER])


def traffic(bench: Any, server: int, number: int) -> None:
    """A frame each way through this server, and through no other."""
    before = [len(port.sent) for port in bench.ports]
    assert bench.client.send(bench.frame(number))
    bench.ports[server].inbox.append(bench.frame_for_client(number))
    bench.settle()
    assert bench.client.received() == [bench.frame_for_client(number)]
    for index, port in enumerate(bench.ports):
        assert port.sent[before[index] :] == ([bench.frame(number)] if index == server else [])


def phase(bench: Any) -> ClientPhase:
    """Where the client stands now."""
    now: ClientPhase = bench.client.phase
    return now


def test_boot_to_opened(bench_class: Any) -> None:
    bench = bench_class().boot()
    client, server = bench.client, bench.server(0)
    assert phase(bench) is ClientPhase.LOGGED_IN
    assert server.belief is Belief.SERVING
    assert bench.now == 200
    assert [field(element, "capability") for element in bench.said(Command.QUERY_CAPABILITY)] == list(elements.QUERIED)
    assert [field(element, "capability") for element in bench.said(Command.REQUEST_CAPABILITY)] == list(
        elements.REQUESTED
    )
    # protocol.md 3.7, steps 8 to 15
    order = [element[1] for way, element in bench.wire.said if way == "c2s" and element[0] == 0x80][33:]
    assert order == [
        Command.QUERY_IP_OFFLOAD,
        Command.CONTROL_IP_OFFLOAD,
        Command.LOGIN,
        Command.CHANGE_MAC_ADDR,
        Command.GET_VPD_SIZE,
        Command.GET_VPD,
        Command.QUERY_MAP,
        *[Command.REQUEST_MAP] * 4,
        Command.LOGICAL_LINK_STATE,
    ]
    assert client.vpd == b"RM\x0aREFERENCE1"
    assert client.mac_in_force == bench.MAC == bench.ports[0].mac
    assert not client.take_notification()  # nobody has seen the MAC elsewhere
    traffic(bench, 0, 1)


def test_closed_at_boot_negotiates_and_waits(bench_class: Any) -> None:
    bench = bench_class(client=ClientSettings(open_at_boot=False))
    bench.run(5000)
    assert phase(bench) is ClientPhase.READY
    assert not bench.said(Command.LOGIN)
    bench.client.open()
    bench.settle()
    assert bench.client.link_up


def link_down(bench: Any) -> None:
    bench.ports[0].link_up = False


def adapter_error(bench: Any) -> None:
    bench.ports[0].frozen = True


def crash(bench: Any) -> None:
    bench.crash(0)


def hang(bench: Any) -> None:
    bench.hung.add(bench.servers[0])


def activate(bench: Any) -> None:
    assert bench.machine.console.activate(1).ok


def priority(bench: Any) -> None:
    assert bench.machine.console.set_priority(1, 1).ok


def remove(bench: Any) -> None:
    assert bench.machine.console.remove(0).ok


def complain(bench: Any) -> None:
    assert bench.client.complain()


@BOTH
@pytest.mark.parametrize(
    "trigger", [link_down, adapter_error, crash, hang, activate, priority, remove, complain], ids=lambda f: f.__name__
)
def test_failover(bench_class: Any, trigger: Any, client_init: str) -> None:
    """Whatever the reason: the same interface with the same MAC and groups is up again at the second server."""
    bench = bench_class(2, ClientSettings(client_init=client_init)).boot()
    bench.client.join(GROUP)
    bench.settle()
    traffic(bench, 0, 1)
    trigger(bench)
    bench.run(3_500)
    assert ("s2c", FAILOVER) in bench.wire.said
    assert bench.client.link_up
    assert bench.server(1).belief is Belief.SERVING
    assert bench.machine.console.listing().selected == 1
    # CLI-5: all that the user wants is at the new server
    assert bench.ports[1].mac == bench.MAC
    assert bench.ports[1].multicast == {GROUP}
    assert bench.client.take_notification()
    assert not bench.client.take_notification()
    traffic(bench, 1, 2)
    # FOV-4, CLI-2: registered again by itself, or the dialogue on the CRQ as it was
    sent_init = bench.wire.said.count(("c2s", INIT))
    sent_complete = bench.wire.said.count(("c2s", INIT_COMPLETE))
    assert (sent_init, sent_complete) == ((2, 0) if client_init == REREGISTER else (1, 1))
    assert bench.client.failures == 0
    assert len(bench.said(Command.GET_VPD)) == 1  # what is known is not asked again


@BOTH
def test_there_and_back_and_there(bench_class: Any, client_init: str) -> None:
    bench = bench_class(2, ClientSettings(client_init=client_init)).boot()
    for number in range(6):
        up, down = number % 2 == 1, number % 2 == 0
        assert up is not down
        bench.ports[0].link_up = up
        bench.run(2000)
        assert bench.client.link_up
        traffic(bench, 0 if up else 1, number)
        assert bench.client.take_notification()
    assert bench.wire.said.count(("s2c", FAILOVER)) == 6


@BOTH
def test_nobody_left_then_the_first_to_come(bench_class: Any, client_init: str) -> None:
    """SEL-6, CLI-1: the event comes, the client waits without limit, and the first server back opens the dialogue."""
    bench = bench_class(2, ClientSettings(client_init=client_init)).boot()
    bench.crash(1)
    bench.crash(0)
    bench.run(600_000)
    assert phase(bench) is ClientPhase.WAITING
    assert not bench.client.link_up
    assert not bench.client.send(bench.frame())
    bench.restart(1)
    bench.run(500)
    assert bench.client.link_up
    traffic(bench, 1, 3)


def test_no_server_at_boot(bench_class: Any) -> None:
    """INIT is tried for 5 s; after that the first server to come sends its own (protocol.md 4.6, DOWN)."""
    bench = bench_class()
    bench.ports[0].link_up = False
    bench.run(4_000)
    assert phase(bench) is ClientPhase.REGISTERED
    bench.run(4_000)
    assert phase(bench) is ClientPhase.WAITING
    bench.ports[0].link_up = True
    bench.run(1_200)
    assert bench.client.link_up


@pytest.mark.requirement("CLI-3")
@BOTH
def test_migration(bench_class: Any, client_init: str) -> None:
    bench = bench_class(2, ClientSettings(client_init=client_init)).boot()
    bench.machine.console.activate(1)
    bench.run(1_500)
    bench.machine.migrate()
    bench.run(500)
    assert bench.client.link_up
    assert bench.client.take_notification()
    traffic(bench, bench.serving()[0], 1)


@pytest.mark.requirement("CLI-6")
@BOTH
def test_the_wish_survives(bench_class: Any, client_init: str) -> None:
    """CLI-6: open and close in the middle of a failover decide what comes of it."""
    bench = bench_class(2, ClientSettings(client_init=client_init)).boot()
    bench.crash(0)
    bench.settle()
    assert phase(bench) is ClientPhase.WAITING
    bench.client.close()
    bench.run(1_000)
    assert phase(bench) is ClientPhase.READY
    assert not bench.client.link_up
    bench.client.open()
    bench.settle()
    assert bench.client.link_up
    assert bench.client.take_notification()
    traffic(bench, 1, 1)
    bench.client.close()
    bench.settle()
    assert not bench.client.link_up
    assert phase(bench) is ClientPhase.LOGGED_IN  # closed, but logged in: no login is needed to open again
    logins = len(bench.said(Command.LOGIN))
    assert field(bench.said(Command.LOGICAL_LINK_STATE)[-1], "state") == elements.LINK_DOWN
    bench.client.open()
    bench.settle()
    assert bench.client.link_up
    assert len(bench.said(Command.LOGIN)) == logins
    assert not bench.client.take_notification()  # the MAC is where it was


@pytest.mark.requirement("CLI-5")
def test_wishes_change_while_nobody_serves(bench_class: Any) -> None:
    """CLI-5: MAC and groups as they are now, not as they were at the old server."""
    other, mac = bytes.fromhex("01005e000002"), bytes.fromhex("020000000077")
    bench = bench_class(2).boot()
    bench.client.join(GROUP)
    bench.settle()
    bench.crash(0)
    bench.settle()
    bench.client.join(other)
    bench.client.leave(GROUP)
    assert bench.client.set_mac(mac)
    bench.run(1_000)
    assert (bench.ports[1].mac, bench.ports[1].multicast) == (mac, {other})
    assert bench.ports[0].mac != mac


def test_more_groups_than_a_queue_or_a_filter_holds(bench_class: Any) -> None:
    bench = bench_class(2).boot()
    groups = {b"\x01\x00\x5e\x00" + number.to_bytes(2, "big") for number in range(600)}
    for group in groups:
        assert bench.client.join(group)
    bench.run(100)
    assert len(bench.ports[0].multicast) == DEFAULT_CAPABILITIES[Capability.MAX_MULTICAST_FILTERS]
    bench.crash(0)
    bench.run(1_000)
    assert len(bench.ports[1].multicast) == DEFAULT_CAPABILITIES[Capability.MAX_MULTICAST_FILTERS]
    assert bench.client.failures == 0
    traffic(bench, 1, 1)


def test_settings_reach_the_server_at_once(bench_class: Any) -> None:
    bench = bench_class().boot()
    bench.client.join(GROUP)
    bench.settle()
    assert bench.ports[0].multicast == {GROUP}
    bench.client.leave(GROUP)
    bench.client.set_mac(bytes.fromhex("020000000078"))
    bench.settle()
    assert bench.ports[0].multicast == set()
    assert bench.ports[0].mac == bytes.fromhex("020000000078")
    assert not bench.client.set_mac(GROUP)
    assert not bench.client.join(bench.MAC)


def test_login_partial_success(bench_class: Any) -> None:
    """protocol.md 4.7: the server can spare two queues only; the client negotiates again and logs in with them."""
    bench = bench_class(settings=ServerSettings(sub_crq_budget=2)).boot()
    assert len(bench.said(Command.LOGIN)) == 2
    assert [response[12] for response in bench.said(Command.LOGIN | 0x80, "s2c")] == [1, 0]
    assert len(bench.said(Command.QUERY_CAPABILITY)) == 50
    session = bench.server(0).session
    assert session is not None
    assert (len(session.tx), len(session.rx)) == (1, 1)
    traffic(bench, 0, 1)


def test_a_second_server_with_less(bench_class: Any) -> None:
    """protocol.md 5, bugs 46 and 49: what the old server granted is not used at the new one."""
    small = {
        **DEFAULT_CAPABILITIES,
        Capability.MAX_TX_QUEUES: 1,
        Capability.MAX_RX_QUEUES: 1,
        Capability.MAX_TX_ENTRIES: 4,
        Capability.MAX_RX_ADD_ENTRIES: 4,
    }
    bench = bench_class(2)
    bench.server(1).settings = ServerSettings(capabilities=small)
    bench.boot()
    bench.crash(0)
    bench.run(1_000)
    traffic(bench, 1, 1)
    for number in range(4):
        assert bench.client.send(bench.frame(number))
    assert not bench.client.send(bench.frame(9))  # four entries, four frames in flight
    bench.settle()
    assert bench.client.send(bench.frame(9))


def test_larger_mtu_than_the_server_can(bench_class: Any) -> None:
    """DLG-4: what is requested lies between what this server said."""
    modest = {**DEFAULT_CAPABILITIES, Capability.MAX_MTU: 1600}
    bench = bench_class(client=ClientSettings(mtu=9000), settings=ServerSettings(capabilities=modest)).boot()
    asked = {field(said, "capability"): field(said, "number") for said in bench.said(Command.REQUEST_CAPABILITY)}
    assert (len(asked), asked[Capability.REQ_MTU]) == (7, 1600)
    frame = bench.frame().ljust(1600, b"x")
    assert bench.client.send(frame)
    bench.settle()
    assert bench.ports[0].sent == [frame]
    assert not bench.client.send(frame + b"too long")


@BOTH
def test_crossing_inits(bench_class: Any, client_init: str) -> None:
    """Both sides send INIT at once: they come together all the same."""
    bench = bench_class(2, ClientSettings(client_init=client_init), settings=ServerSettings(srv_wait_ms=50))
    bench.ports[0].link_up = bench.ports[1].link_up = False
    bench.run(30)
    bench.ports[0].link_up = True
    bench.run(3_000)
    assert bench.client.link_up
    traffic(bench, 0, 1)


@pytest.mark.parametrize("crossing", ["hold", "gap"])
@pytest.mark.parametrize("event_full", ["overlay", "defer"])
@BOTH
def test_other_hypervisors(bench_class: Any, crossing: str, event_full: str, client_init: str) -> None:
    """The same dialogue under the other readings of CRQ-7 and CRQ-13."""
    policy = Policy(crossing=crossing, gap_ms=1500, event_full=event_full, indirect_limit=16)
    bench = bench_class(2, ClientSettings(client_init=client_init), policy=policy).boot()
    bench.crash(0)
    bench.run(4_000)
    assert bench.client.link_up
    traffic(bench, 1, 1)
    bench.restart(0)
    bench.run(8_000)
    traffic(bench, 0, 2)


def test_statistics(bench_class: Any) -> None:
    bench = bench_class().boot()
    traffic(bench, 0, 1)
    bench.client.ask_statistics()
    bench.settle()
    assert bench.client.statistics is not None
    assert bench.client.statistics.tx_packets == 1


@pytest.mark.requirement("DAT-1", "DAT-2")
def test_many_frames_each_once_and_in_order(bench_class: Any) -> None:
    """DAT-1, DAT-2: more frames than there are buffers, in bursts; none doubled, none overtaken."""
    bench = bench_class().boot()
    out, back = [], []
    for burst in range(40):
        for number in range(32):
            frame = bench.frame(32 * burst + number)
            assert bench.client.send(frame)
            out.append(frame)
            bench.ports[0].inbox.append(bench.frame_for_client(32 * burst + number))
            back.append(bench.frame_for_client(32 * burst + number))
        bench.settle()
    assert bench.ports[0].sent == out
    assert bench.client.received() == back
    assert bench.client.data.suspect == 0


@pytest.mark.parametrize(
    ("wanted", "payload", "lengths", "data_bytes"),
    [
        (0xF0, b"\x08\x00\x45" + bytes(8) + b"\x11" + bytes(40), (14, 20, 8), 42),  # UDP in IPv4
        (0xF0, b"\x08\x00\x45" + bytes(8) + b"\x06" + bytes(22) + b"\x80" + bytes(40), (14, 20, 32), 66),  # TCP
        (0xB0, b"\x86\xdd" + bytes(6) + b"\x11" + bytes(60), (14, 40, 8), 48),  # UDP in IPv6, layers 3 and 4
        (0xC0, b"\x81\x00\x00\x05\x08\x06" + bytes(40), (18, 0, 0), 18),  # tagged, not IP
        (0x70, b"\x08\x00\x45" + bytes(60), None, 0),  # bit 0x80 off: none wanted
    ],
    ids=["UDP", "TCP", "IPv6", "tagged", "none"],
)
def test_header_descriptors(
    bench_class: Any, wanted: int, payload: bytes, lengths: tuple[int, int, int] | None, data_bytes: int
) -> None:
    """Capability 33: a server that wants the headers beside the frame gets them, and sends the frame."""
    capabilities = {**DEFAULT_CAPABILITIES, Capability.TX_RX_DESC_REQ: wanted << 56}
    bench = bench_class(settings=ServerSettings(capabilities=capabilities)).boot()
    frame = bench.frame()[:12] + payload
    assert bench.client.send(frame)
    submission = next(tx.submission for tx in bench.client.data.tx if tx.in_flight)
    _, *headers = bench.machine.servers[0].elements(submission)
    if lengths is None:
        assert headers == []
    else:
        assert (headers[0][3], headers[0][4] << 8 | headers[0][5], headers[0][6]) == lengths
        assert sum(header[2] for header in headers) == data_bytes
        assert headers[0][8:32] == frame[14 * (wanted == 0xB0) :][: min(24, data_bytes)].ljust(24, b"\0")
    bench.settle()
    assert bench.ports[0].sent == [frame]
    assert bench.client.data.failed == 0


def test_a_server_that_misses_the_headers(bench_class: Any) -> None:
    """It completes the frame with a code, and nothing leaves."""
    capabilities = {**DEFAULT_CAPABILITIES, Capability.TX_RX_DESC_REQ: 0xF0 << 56}
    bench = bench_class(settings=ServerSettings(capabilities=capabilities)).boot()
    bench.client.data.headers_wanted = 0
    assert bench.client.send(bench.frame())
    bench.settle()
    assert (bench.ports[0].sent, bench.client.data.failed) == ([], 1)


@pytest.mark.parametrize("supported", [0, 1])
def test_promiscuous(bench_class: Any, supported: int) -> None:
    """Asked for where the server has said that it can, and set at its port (protocol.md 3.3)."""
    capabilities = {**DEFAULT_CAPABILITIES, Capability.PROMISC_SUPPORTED: supported}
    bench = bench_class(client=ClientSettings(promiscuous=True), settings=ServerSettings(capabilities=capabilities))
    bench.boot()
    assert len(bench.said(Command.REQUEST_CAPABILITY)) == 6 + supported
    assert bench.ports[0].promiscuous is bool(supported)
