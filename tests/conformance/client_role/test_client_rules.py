"""Each rule of the monitor: one trace that breaks it, and one that nearly does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.monitor import MOST, RULES, Monitor
from vnic_conformance.client_role.rule import rule
from vnic_spec.client_profile import ClientProfile, ComplaintFallback
from vnic_spec.layouts import LOGIN_RESPONSE, TX_HEADER, TX_HEADER_EXT, command_element
from vnic_spec.requirements import GROUPS, check_ids
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    Capability,
    Command,
    CommandRc,
    Hcall,
    Rc,
    SubType,
    Vioctl,
)

Make = Callable[..., Any]
Play = Callable[[Any], object]
UNKNOWN = bytes((0x80, 0xFE)) + bytes(14)
FRAME = b"\x02\x00\x00\x00\x00\x99" + b"\x02\x00\x00\x00\x00\x01" + b"\x88\xb5" + bytes(46)
VERSION = command_element(Command.VERSION_EXCHANGE, version=1)
MTU = command_element(Command.REQUEST_CAPABILITY, capability=Capability.REQ_MTU, number=1514)
LINK = command_element(Command.LOGICAL_LINK_STATE, state=1)
GROUP, OTHER_GROUP = "01005e000001", "01005e000002"
POOL_AT = 0x10000


def refused(element: bytes, rc: int = 3) -> bytes:
    """The answer to a command, with a return code."""
    return bytes((0x80, element[1] | 0x80)) + element[2:12] + bytes((rc, 0, 0, 0))


def bad_login(t: Any, **fields: int) -> Any:
    """Logged in, with a response that says something else in these fields."""
    t.negotiated().write_request().send(t.login_element())
    t.server.answer(t.login_element())
    _, right = t.server.login_response
    t.server.login_response = None
    return t.say(refused(t.login_element(), 0), LOGIN_RESPONSE.replace(right, **fields))


def failed_attempts(t: Any, count: int, pause: int) -> Any:
    """Attempts that fail because the server refuses the version."""
    t.at(0)
    for number in range(count):
        t.at(number * pause).opened().send(VERSION).say(refused(VERSION))
    return t.at(count * pause).free().reg()


def failed_logins(t: Any, count: int) -> Any:
    """Logins that are answered Aborted, a second apart."""
    t.negotiated().write_request()
    for number in range(count):
        t.at(1_000 * (number + 1)).send(t.login_element()).say(refused(t.login_element(), CommandRc.ABORTED))
    return t


def failed_logins_anew(t: Any, count: int) -> Any:
    """Logins that are answered InvalidState, each in a registration of its own, two seconds apart."""
    for number in range(count):
        t.at(2_000 * (number + 1)).negotiated().write_request()
        t.send(t.login_element()).say(refused(t.login_element(), CommandRc.INVALID_STATE))
    return t


def listed(t: Any, *groups: str) -> Any:
    """In a session whose server was told of addresses, the first of which the user has taken off his list."""
    t.up().user(1, "multicast", list=" ".join(groups)).returns(1).multicast(*groups)
    return t.user(2, "multicast", list=" ".join(groups[1:])).returns(2)


def reopened(t: Any) -> Any:
    """Closed and open again; the server has not said yet that the link is up."""
    t.up().user(1, "close").returns(1).ask(Command.LOGICAL_LINK_STATE, state=0)
    return t.user(2, "open").returns(2).send(LINK).say(refused(LINK, 0))


def told_after_a_failover(t: Any, *groups: str) -> Any:
    """The next server is told of these addresses, and the link is up for a second."""
    t.event(8).say(INIT).mapped().ask(Command.LOGICAL_LINK_STATE, state=1).multicast(*groups)
    return t.at(1_000).look(True)


def with_headers(t: Any, continued: int) -> Any:
    """A frame of numbers from 0 on, with its first 24 bytes in a header descriptor, and what follows in another."""
    t.up().memory[POOL_AT : POOL_AT + 60] = bytes(range(60))
    further = TX_HEADER_EXT.pack(
        header=0x80, type=SubType.TX_HEADER_EXT, length=10, data=bytes(range(continued - 1, continued + 9))
    )
    return t.indirect(t.tx_queue, t.frame(elements=3), t.header(bytes(range(24))), further)


def tcp_frame(t: Any, said: int) -> Any:
    """A frame of TCP with twelve bytes of options, and a header descriptor that says how long its TCP header is."""
    t.up().monitor.view.told[Capability.TX_RX_DESC_REQ] = 0x80 << 56
    packet = FRAME[:12] + b"\x08\x00\x45" + bytes(8) + b"\6" + bytes(10) + bytes(12) + b"\x80" + bytes(25)
    t.memory[POOL_AT : POOL_AT + 60] = packet[:60]
    header = TX_HEADER.pack(header=0x80, type=SubType.TX_HEADER, length=14, l2=14, l3=20, l4=said, data=packet[:14])
    return t.indirect(t.tx_queue, t.frame(elements=2), header)


#: A trace that breaks the rule, and a near miss. What stands behind the name of a rule tells its examples apart.
EXAMPLES: dict[str, tuple[Play, Play]] = {
    "waits_after_failover": (
        lambda t: t.up().event(8).free(),
        lambda t: t.up().event(8).say(INIT).free(),
    ),
    "waits_after_failover: a request outstanding": (
        lambda t: t.up().event(8).idle().free(),
        lambda t: t.up().send(command_element(Command.QUERY_MAP)).event(8).free(),
    ),
    "waits_after_failover: a removal under way": (
        lambda t: t.up().user(1, "multicast", list="").event(8).free(),
        lambda t: t.up().user(1, "remove").event(8).free().returns(1),
    ),
    "opens_anew_after_init": (
        lambda t: t.up().say(INIT).send(INIT_COMPLETE),
        lambda t: t.register().say(INIT).send(INIT_COMPLETE),
    ),
    "opens_anew_after_init: INIT without registering": (
        lambda t: t.up().say(INIT).send(INIT),
        lambda t: t.up().say(INIT).free().reg().send(INIT),
    ),
    "recovers_as_the_event_says": (
        lambda t: t.up().event(6).send(INIT),
        lambda t: t.up().event(6).call(Hcall.H_ENABLE_CRQ).send(INIT),
    ),
    "recovers_as_the_event_says: unknown": (
        lambda t: t.up().event(0x55).call(Hcall.H_ENABLE_CRQ).send(INIT),
        lambda t: t.up().event(0x55).free().reg().send(INIT),
    ),
    "sends_nothing_of_an_ended_session": (
        lambda t: t.up().event(8).send(LINK),
        lambda t: t.up().send(LINK).event(8),
    ),
    "sends_no_descriptor_after_a_refusal": (
        lambda t: t.up().event(8).sub(t.tx_queue, t.frame(), rc=-4).sub(t.tx_queue, t.frame()),
        lambda t: t.up().event(8).sub(t.tx_queue, t.frame(), rc=-4),
    ),
    "uses_handles_of_this_login": (
        lambda t: t.up().sub(0x77, t.frame()),
        lambda t: t.up().sub(t.tx_queue, t.frame()),
    ),
    "uses_no_released_queue": (
        lambda t: t.up().free().send(INIT),
        lambda t: t.up().free().reg().send(INIT),
    ),
    "uses_no_released_queue: a sub-CRQ": (
        lambda t: t.negotiated().call(Hcall.H_FREE_SUB_CRQ, 0x501).call(Hcall.H_FREE_SUB_CRQ, 0x501, rc=-4),
        lambda t: t.negotiated().call(Hcall.H_FREE_SUB_CRQ, 0x501, rc=1).call(Hcall.H_FREE_SUB_CRQ, 0x501),
    ),
    "frees_before_registering": (
        lambda t: t.register().reg(rc=-16),
        lambda t: t.reg(rc=-16).free().reg(),
    ),
    "registers_a_good_queue": (
        lambda t: t.memory.__setitem__(32, 0x80) or t.reg(),
        lambda t: t.memory.__setitem__(33, 0x80) or t.reg(),
    ),
    "registers_a_good_queue: not mapped": (
        lambda t: t.reg(ioba=0x1000_0000, rc=-4),
        lambda t: t.reg(ioba=0x1000),
    ),
    "registers_a_good_queue: not aligned": (
        lambda t: t.reg(ioba=0x1800, rc=-4),
        lambda t: t.reg(ioba=0x1000, length=0x2000),
    ),
    "frees_what_a_kexec_left": (
        lambda t: t.reg(rc=Rc.H_RESOURCE).reg(),
        lambda t: t.reg(rc=Rc.H_RESOURCE).free().reg(),
    ),
    "takes_closed_for_registered": (
        lambda t: t.reg(rc=Rc.H_CLOSED).free(),
        lambda t: t.reg(rc=Rc.H_CLOSED).send(INIT, rc=Rc.H_CLOSED).free(),
    ),
    "looks_after_enabling": (
        lambda t: t.free().reg().put(INIT).call(Hcall.H_VIO_SIGNAL, 1).idle(unread=1),
        lambda t: t.free().reg().put(INIT).call(Hcall.H_VIO_SIGNAL, 1).consume(INIT).idle(),
    ),
    "looks_after_enabling: never enabled": (
        lambda t: t.free().reg().idle(),
        lambda t: t.free().reg().call(Hcall.H_VIO_SIGNAL, 1).idle(),
    ),
    "consumes_in_order": (
        lambda t: t.register().put(INIT).put(INIT_COMPLETE).consume(INIT_COMPLETE, skipped=True),
        lambda t: t.register().put(INIT).put(INIT_COMPLETE).consume(INIT),
    ),
    "makes_no_burst": (
        lambda t: [t.call(Hcall.H_EOI, 1) for _ in range(2_001)],
        lambda t: [t.call(Hcall.H_EOI, 1) for _ in range(2_000)] and t.at(1).call(Hcall.H_EOI, 1),
    ),
    "repeats_with_pauses": (
        lambda t: t.register() and [t.at(9 * n).send(INIT, rc=Rc.H_CLOSED) for n in range(101)],
        lambda t: t.register() and [t.at(10 * n).send(INIT, rc=Rc.H_CLOSED) for n in range(300)],
    ),
    "repeats_what_is_busy": (
        lambda t: t.free(rc=Rc.H_BUSY).reg(),
        lambda t: t.free(rc=Rc.H_BUSY).free().reg(),
    ),
    "repeats_what_is_busy: for ever": (
        lambda t: t.free(rc=Rc.H_LONG_BUSY_1_MS).at(300_001).free(rc=Rc.H_LONG_BUSY_1_MS),
        lambda t: t.free(rc=Rc.H_LONG_BUSY_1_MS).at(300_000).free(rc=Rc.H_LONG_BUSY_1_MS),
    ),
    "repeats_what_is_busy: idle": (
        lambda t: t.free(rc=Rc.H_BUSY).idle(),
        lambda t: t.free(rc=Rc.H_BUSY).idle(until=10),
    ),
    "is_not_moved_by_noise": (
        lambda t: t.up().say(UNKNOWN).free(),
        lambda t: t.up().say(UNKNOWN).event(2).free(),
    ),
    "backs_off": (
        lambda t: failed_attempts(t, 8, 1_000),
        lambda t: failed_attempts(t, 8, 2_000),
    ),
    "sends_well_formed_elements": (
        lambda t: t.opened().send(VERSION[:5] + b"\1" + VERSION[6:]),
        lambda t: t.opened().send(VERSION),
    ),
    "sends_well_formed_elements: INIT": (
        lambda t: t.register().send(INIT[:15] + b"\1"),
        lambda t: t.register().send(INIT),
    ),
    "sends_well_formed_elements: what only a server sends": (
        lambda t: t.up().send(command_element(Command.ERROR_INDICATION)),
        lambda t: t.up().send(command_element(Command.QUERY_MAP)),
    ),
    "keeps_the_order": (
        lambda t: t.opened().send(MTU),
        lambda t: t.opened().send(VERSION),
    ),
    "keeps_the_order: before INIT": (
        lambda t: t.register().send(VERSION),
        lambda t: t.register().send(INIT).put(INIT_COMPLETE).send(VERSION),
    ),
    "keeps_the_order: before login": (
        lambda t: t.negotiated().send(LINK),
        lambda t: t.logged_in().send(LINK),
    ),
    "asks_one_at_a_time": (
        lambda t: t.up().send(LINK).at(10_000).send(LINK),
        lambda t: t.up().send(LINK).answer(LINK).send(LINK),
    ),
    "asks_one_at_a_time: told apart": (
        lambda t: (
            t.up()
            .send(command_element(Command.REQUEST_UNMAP, map_id=1))
            .send(command_element(Command.REQUEST_UNMAP, map_id=1))
        ),
        lambda t: (
            t.logged_in()
            .send(command_element(Command.REQUEST_MAP, map_id=1, ioba=0x10000, length=4096))
            .send(command_element(Command.REQUEST_MAP, map_id=2, ioba=0x11000, length=4096))
        ),
    ),
    "requests_within_what_was_told": (
        lambda t: t.queried().send(command_element(Command.REQUEST_CAPABILITY, capability=21, number=9015)),
        lambda t: t.queried().send(command_element(Command.REQUEST_CAPABILITY, capability=21, number=9014)),
    ),
    "requests_within_what_was_told: PartialSuccess": (
        lambda t: t.queried().send(MTU).say(refused(MTU[:4] + (600).to_bytes(8, "big"), 1)).send(MTU),
        lambda t: (
            t.queried()
            .send(MTU)
            .say(refused(MTU[:4] + (600).to_bytes(8, "big"), 1))
            .send(command_element(Command.REQUEST_CAPABILITY, capability=21, number=600))
        ),
    ),
    "requests_in_few_rounds": (
        lambda t: t.queried() and [t.send(MTU).say(refused(MTU, 1)) for _ in range(11)],
        lambda t: t.queried() and [t.send(MTU).say(refused(MTU, 1)) for _ in range(10)],
    ),
    "waits_for_every_answer": (
        lambda t: t.versioned().send(command_element(Command.QUERY_CAPABILITY, capability=1)).send(MTU),
        lambda t: t.versioned().ask(Command.QUERY_CAPABILITY, capability=20).send(MTU),
    ),
    "logs_in_with_good_buffers": (
        lambda t: t.negotiated().write_request(tx=0x999).send(t.login_element()),
        lambda t: t.negotiated().write_request().send(t.login_element()),
    ),
    "logs_in_with_good_buffers: handles behind the end": (
        lambda t: t.negotiated().write_request(rx_completions_at=49).send(t.login_element()),
        lambda t: t.negotiated().write_request(client_data_at=0).send(t.login_element()),
    ),
    "logs_in_with_good_buffers: response not mapped": (
        lambda t: t.negotiated().write_request(response_ioba=0x4000_0000).send(t.login_element()),
        lambda t: t.negotiated().write_request(response_ioba=0x5000).send(t.login_element()),
    ),
    "heeds_a_refused_login": (
        lambda t: (
            t.negotiated().write_request().send(t.login_element()).say(refused(t.login_element(), 7)).send(VERSION)
        ),
        lambda t: t.negotiated().write_request().send(t.login_element()).say(refused(t.login_element(), 7)).opened(),
    ),
    "heeds_a_refused_login: Aborted": (
        lambda t: (
            t.negotiated()
            .write_request()
            .send(t.login_element())
            .say(refused(t.login_element(), 6))
            .send(t.login_element())
        ),
        lambda t: (
            t.negotiated()
            .write_request()
            .send(t.login_element())
            .say(refused(t.login_element(), 6))
            .at(500)
            .send(t.login_element())
        ),
    ),
    "heeds_a_refused_login: PartialSuccess": (
        lambda t: (
            t.negotiated()
            .write_request()
            .send(t.login_element())
            .say(refused(t.login_element(), 1))
            .at(500)
            .send(t.login_element())
        ),
        lambda t: (
            t.negotiated()
            .write_request()
            .send(t.login_element())
            .say(refused(t.login_element(), 1))
            .ask(Command.REQUEST_CAPABILITY, capability=21, number=1514)
            .send(t.login_element())
        ),
    ),
    "heeds_a_refused_login: too many": (
        lambda t: failed_logins(t, 11),
        lambda t: failed_logins(t, 10),
    ),
    "heeds_a_refused_login: too many attempts": (
        lambda t: failed_logins_anew(t, 31),
        lambda t: failed_logins_anew(t, 30),
    ),
    "uses_good_login_responses": (
        lambda t: bad_login(t, rx_sizes_at=59).send(LINK),
        lambda t: bad_login(t, rx_sizes_at=59).free(),
    ),
    "uses_good_login_responses: no hole is found": (
        lambda t: bad_login(t, tx_types_at=61).send(LINK),
        lambda t: bad_login(t, tx_types_at=60).send(LINK),
    ),
    "maps_what_there_is": (
        lambda t: t.mapped().send(command_element(Command.REQUEST_MAP, map_id=1, ioba=0x10000, length=4096)),
        lambda t: t.mapped().send(command_element(Command.REQUEST_MAP, map_id=2, ioba=0x10000, length=4096)),
    ),
    "maps_what_there_is: not mapped for DMA": (
        lambda t: t.logged_in().send(command_element(Command.REQUEST_MAP, map_id=1, ioba=0x10000, length=0x40001)),
        lambda t: t.logged_in().send(command_element(Command.REQUEST_MAP, map_id=1, ioba=0x10000, length=0x40000)),
    ),
    "maps_what_there_is: unmap of another session": (
        lambda t: t.mapped().logged_in().send(command_element(Command.REQUEST_UNMAP, map_id=1)),
        lambda t: t.mapped().send(command_element(Command.REQUEST_UNMAP, map_id=1)),
    ),
    "names_live_maps": (
        lambda t: t.up().sub(t.tx_queue, t.frame(map_id=2)),
        lambda t: t.up().sub(t.tx_queue, t.frame(ioba=0x10000 + 0x40000 - 60)),
    ),
    "names_live_maps: not answered yet": (
        lambda t: (
            t.up()
            .send(command_element(Command.REQUEST_MAP, map_id=2, ioba=0x10000, length=4096))
            .sub(t.rx_queue, t.buffer(map_id=2))
        ),
        lambda t: (
            t.up().ask(Command.REQUEST_MAP, map_id=2, ioba=0x10000, length=4096).sub(t.rx_queue, t.buffer(map_id=2))
        ),
    ),
    "names_live_maps: inside": (
        lambda t: t.up().sub(t.tx_queue, t.frame(ioba=0x10000 + 0x40000 - 59)),
        lambda t: t.up().sub(t.rx_queue, t.buffer(ioba=0x10000 + 0x40000 - 2048)),
    ),
    "sends_well_formed_descriptors": (
        lambda t: t.up().sub(t.rx_queue, t.buffer()[:1] + b"\1" + t.buffer()[2:]),
        lambda t: t.up().sub(t.rx_queue, t.buffer()),
    ),
    "sends_well_formed_descriptors: type": (
        lambda t: t.up().sub(t.tx_queue, t.frame(type=2)),
        lambda t: t.up().sub(t.tx_queue, t.frame()),
    ),
    "sends_frames_as_negotiated": (
        lambda t: t.up().sub(t.tx_queue, t.frame()).sub(t.tx_queue, t.frame()),
        lambda t: t.up().sub(t.tx_queue, t.frame()).transmitted(1).sub(t.tx_queue, t.frame()),
    ),
    "sends_frames_as_negotiated: length": (
        lambda t: t.up().sub(t.tx_queue, t.frame(length=1519)),
        lambda t: t.up().sub(t.tx_queue, t.frame(length=1518)),
    ),
    "sends_frames_as_negotiated: count": (
        lambda t: t.up().sub(t.tx_queue, t.frame(elements=2)),
        lambda t: t.up().indirect(t.tx_queue, t.frame(elements=2), bytes((0x80, SubType.TX_HEADER)) + bytes(30)),
    ),
    "keeps_the_indirect_limit": (
        lambda t: t.up().indirect(t.rx_queue, *[t.buffer(correlator=n, ioba=0x10000 + 2048 * n) for n in range(129)]),
        lambda t: t.up().indirect(t.rx_queue, *[t.buffer(correlator=n, ioba=0x10000 + 2048 * n) for n in range(128)]),
    ),
    "keeps_the_indirect_limit: of an old platform": (
        lambda t: t.up() and [t.indirect(t.rx_queue, *[t.buffer()] * 17, rc=-4) for _ in range(6)],
        lambda t: (
            t.up()
            and t.indirect(t.rx_queue, *[t.buffer(correlator=n, ioba=0x10000 + 2048 * n) for n in range(17)], rc=-4)
            and t.indirect(t.rx_queue, *[t.buffer(correlator=n, ioba=0x10000 + 2048 * n) for n in range(16)])
        ),
    ),
    "lends_a_buffer_once": (
        lambda t: t.up().sub(t.rx_queue, t.buffer()).sub(t.rx_queue, t.buffer(correlator=8)),
        lambda t: t.up().sub(t.rx_queue, t.buffer()).received(7).sub(t.rx_queue, t.buffer(correlator=8)),
    ),
    "lends_a_buffer_once: long enough": (
        lambda t: t.up().sub(t.rx_queue, t.buffer(length=1517)),
        lambda t: t.up().sub(t.rx_queue, t.buffer(length=1518)),
    ),
    "delivers_what_arrived": (
        lambda t: t.up().tell(h.Arrived(0, 0, FRAME)).look(True, FRAME, FRAME),
        lambda t: t.up().tell(h.Arrived(0, 0, FRAME)).look(True, FRAME),
    ),
    "sends_a_frame_once": (
        lambda t: t.up().user(1, "send", hex=FRAME.hex()).tell(h.Sent(0, 0, FRAME)).tell(h.Sent(0, 1, FRAME)),
        lambda t: (
            t.up()
            .user(1, "send", hex=FRAME.hex())
            .user(2, "send", hex=FRAME.hex())
            .tell(h.Sent(0, 0, FRAME))
            .tell(h.Sent(0, 1, FRAME))
        ),
    ),
    "is_healthy": (
        lambda t: t.look(False, health="BUG: KASAN"),
        lambda t: t.look(False),
    ),
    "is_healthy: gone": (
        lambda t: t.tell(h.Ended(0, "")),
        lambda t: t.user(1, "remove").free().returns(1).tell(h.Ended(0, "")),
    ),
    "leaves_nothing_behind": (
        lambda t: t.up().user(1, "remove").returns(1),
        lambda t: t.up().user(1, "remove").free().returns(1),
    ),
    "leaves_nothing_behind: busy": (
        lambda t: t.up().user(1, "remove").call(Hcall.H_FREE_CRQ, rc=Rc.H_BUSY).returns(1),
        lambda t: t.up().user(1, "remove").call(Hcall.H_FREE_CRQ, rc=Rc.H_BUSY).free(rc=Rc.H_BUSY).returns(1),
    ),
    "leaves_nothing_behind: a call": (
        lambda t: t.up().user(1, "remove").free().returns(1).free(),
        lambda t: t.up().user(1, "remove").free().returns(1).user(2, "add").free(),
    ),
    "returns_to_the_user": (
        lambda t: t.up().user(1, "close").at(120_001).returns(1),
        lambda t: t.up().user(1, "close").at(120_000).returns(1),
    ),
    "returns_to_the_user: never": (
        lambda t: t.up().user(1, "mtu", value=9000).at(120_001).look(True),
        lambda t: t.up().user(1, "mtu", value=9000).at(119_000).look(True),
    ),
    "complains_with_the_token": (
        lambda t: t.up().complain(token=6),
        lambda t: t.up().complain(token=5),
    ),
    "complains_with_the_token: none": (
        lambda t: t.up().call(Hcall.H_VIOCTL, Vioctl.SESSION_ERROR_DETECTED, 0, 0, 0),
        lambda t: t.up().call(Hcall.H_VIOCTL, Vioctl.ENABLE_VIO_INTERRUPT, 0x601),
    ),
    "waits_after_a_complaint": (
        lambda t: t.up().user(1, "complain").complain().free(),
        lambda t: t.up().user(1, "complain").complain().event(8).say(INIT).free(),
    ),
    "falls_back_after_a_complaint": (
        lambda t: t.up().user(1, "complain").complain(rc=Rc.H_STATE).returns(1).idle(),
        lambda t: t.up().user(1, "complain").complain(rc=Rc.H_STATE).returns(1).free().idle(),
    ),
    "falls_back_after_a_complaint: with timers of its own": (
        lambda t: t.at(0).up().user(1, "complain").complain(rc=Rc.H_STATE).returns(1).at(1_000).idle(2_000),
        lambda t: t.at(0).up().user(1, "complain").complain(rc=Rc.H_STATE).returns(1).at(999).idle(2_000),
    ),
    "shows_the_link_as_it_is": (
        lambda t: t.up().event(8).look(True),
        lambda t: t.up().put(bytes((0xFF, 8)) + bytes(14)).look(True),
    ),
    "shows_the_link_as_it_is: indication": (
        lambda t: t.up().link(1, 0).look(True),
        lambda t: t.up().link(1, 0).link(1, 1).look(True),
    ),
    "shows_the_link_as_it_is: closed": (
        lambda t: t.up().user(1, "close").returns(1).look(True),
        lambda t: t.up().user(1, "close").returns(1).look(False),
    ),
    "shows_the_link_as_it_is: closed and open again": (
        lambda t: reopened(t).look(True),
        lambda t: reopened(t).link().look(True),
    ),
    "recovers": (
        lambda t: t.up().event(8).at(100_001).look(False),
        lambda t: t.up().event(8).tell(h.Unwell(0, False)).at(100_001).look(False),
    ),
    "recovers: link": (
        lambda t: t.up().at(100_000).look(False),
        lambda t: t.up().at(99_999).look(False),
    ),
    "keeps_the_wish": (
        lambda t: t.up().user(1, "close").returns(1).look(False, opened=True),
        lambda t: t.up().user(1, "close").look(False, opened=True),
    ),
    "keeps_the_wish: at the server": (
        lambda t: t.up().user(1, "close").returns(1).at(100_000).look(False),
        lambda t: t.up().user(1, "close").returns(1).ask(Command.LOGICAL_LINK_STATE, state=0).at(100_000).look(False),
    ),
    "sets_everything_again": (
        lambda t: t.up().user(1, "multicast", list="01005e000001").returns(1).at(1_000).look(True),
        lambda t: t.up().user(1, "multicast", list="01005e000001").returns(1).at(999).look(True),
    ),
    "sets_everything_again: MTU": (
        lambda t: t.up().user(1, "mtu", value=9000).returns(1).at(1_000).look(True),
        lambda t: t.up().user(1, "mtu", value=1500).returns(1).at(1_000).look(True),
    ),
    "announces_itself: after another event": (
        lambda t: t.up().event(2).mapped().ask(Command.LOGICAL_LINK_STATE, state=1).at(1_001).look(True),
        lambda t: (
            t.up()
            .event(2)
            .mapped()
            .ask(Command.LOGICAL_LINK_STATE, state=1)
            .tell(h.Sent(0, 0, FRAME))
            .at(1_001)
            .look(True)
        ),
    ),
    "announces_itself": (
        lambda t: t.up().event(8).say(INIT).mapped().ask(Command.LOGICAL_LINK_STATE, state=1).at(1_001).look(True),
        lambda t: (
            t.up()
            .event(8)
            .say(INIT)
            .mapped()
            .ask(Command.LOGICAL_LINK_STATE, state=1)
            .tell(h.Sent(0, 0, FRAME))
            .at(1_001)
            .look(True)
        ),
    ),
    "waits_after_a_complaint: though it has returned": (
        lambda t: t.up().user(1, "complain").complain().returns(1).free(),
        lambda t: t.up().user(1, "complain").complain().returns(1).event(8).say(INIT).free(),
    ),
    "repeats_with_pauses: with a correlator of its own each time": (
        lambda t: t.up() and [t.at(9 * n).sub(t.rx_queue, t.buffer(correlator=n), rc=Rc.H_DROPPED) for n in range(101)],
        lambda t: (
            t.up() and [t.at(10 * n).sub(t.rx_queue, t.buffer(correlator=n), rc=Rc.H_DROPPED) for n in range(300)]
        ),
    ),
    "repeats_with_pauses: other buffers": (
        lambda t: t.up() and [t.sub(t.rx_queue, t.buffer(), rc=Rc.H_DROPPED) for _ in range(101)],
        lambda t: (
            t.up() and [t.sub(t.rx_queue, t.buffer(ioba=0x10000 + 1536 * n), rc=Rc.H_DROPPED) for n in range(150)]
        ),
    ),
    "sets_everything_again: an address of an earlier list": (
        lambda t: told_after_a_failover(listed(t, GROUP, OTHER_GROUP), GROUP, OTHER_GROUP),
        lambda t: told_after_a_failover(listed(t, GROUP, OTHER_GROUP), OTHER_GROUP),
    ),
    "sets_everything_again: all addresses": (
        lambda t: t.up().user(1, "multicast", list=GROUP).returns(1).multicast(flags=0x10).at(1_000).look(True),
        lambda t: t.up().user(1, "multicast", list=GROUP).returns(1).multicast(flags=0x20).at(1_000).look(True),
    ),
    "carries_the_headers_of_the_frame": (
        lambda t: t.up().indirect(t.tx_queue, t.frame(elements=2), t.header(b"\1" * 14)),
        lambda t: t.up().indirect(t.tx_queue, t.frame(elements=2), t.header(bytes(14))),
    ),
    "carries_the_headers_of_the_frame: the second descriptor": (
        lambda t: with_headers(t, 24),
        lambda t: with_headers(t, 25),
    ),
    "carries_the_headers_of_the_frame: lengths": (
        lambda t: tcp_frame(t, 20),
        lambda t: tcp_frame(t, 32),
    ),
    "leaves_nothing_unread": (
        lambda t: t.up().put(UNKNOWN).idle(unread=1),
        lambda t: t.up().put(UNKNOWN).idle(until=1_000, unread=1),
    ),
    "leaves_nothing_unread: something under way": (
        lambda t: t.up().put(UNKNOWN).idle(until=1_001, unread=1),
        lambda t: t.up().send(command_element(Command.QUERY_MAP)).put(UNKNOWN).idle(unread=1),
    ),
    "keeps_to_the_entries": (
        lambda t: t.up() and [t.sub(t.tx_queue, t.frame(correlator=n)) for n in range(33)],
        lambda t: t.up() and [t.sub(t.tx_queue, t.frame(correlator=n)).transmitted(n) for n in range(33)],
    ),
    "keeps_to_the_entries: buffers": (
        lambda t: t.up() and [t.sub(t.rx_queue, t.buffer(correlator=n, ioba=0x10000 + 1536 * n)) for n in range(33)],
        lambda t: t.up() and [t.sub(t.rx_queue, t.buffer(correlator=n, ioba=0x10000 + 1536 * n)) for n in range(32)],
    ),
    "lends_buffers": (
        lambda t: t.up().sub(t.rx_queue, t.buffer()).received(7).at(1_000).look(True),
        lambda t: t.up().sub(t.rx_queue, t.buffer()).received(7).at(999).look(True),
    ),
    "lends_buffers: not taken": (
        lambda t: t.up().sub(t.rx_queue, t.buffer(), rc=Rc.H_DROPPED).at(1_000).look(True),
        lambda t: t.up().sub(t.rx_queue, t.buffer(), rc=Rc.H_DROPPED).tell(h.Unwell(0, False)).at(1_000).look(True),
    ),
    "keeps_a_good_session": (
        lambda t: t.up().at(100_000).free(),
        lambda t: t.up().at(99_999).free(),
    ),
    "keeps_a_good_session: traffic": (
        lambda t: t.up().at(90_000).user(1, "send", hex=FRAME.hex()).returns(1).at(100_000).free(),
        lambda t: t.up().at(90_000).user(1, "mtu", value=4000).returns(1).at(100_000).free(),
    ),
    "keeps_a_good_session: a frame in flight": (
        lambda t: t.up().sub(t.tx_queue, t.frame()).transmitted(1).at(100_000).free(),
        lambda t: t.up().sub(t.tx_queue, t.frame()).at(100_000).free(),
    ),
}


@pytest.mark.requirement(
    "CLI-10",
    "CLI-11",
    "CLI-12",
    "CLI-13",
    "CLI-14",
    "CLI-15",
    "CLI-16",
    "CLI-17",
    "CLI-18",
    "CLI-19",
    "CLI-20",
    "CLI-21",
    "DLG-1",
    "DLG-2",
    "DLG-3",
    "DLG-4",
    "DLG-5",
    "DLG-6",
    "DLG-7",
    "DLG-8",
    "DLG-9",
    "DLG-10",
    "DLG-11",
)
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_trace_that_breaks_the_rule(trace: Make, name: str) -> None:
    t = trace()
    EXAMPLES[name][0](t)
    assert name.partition(":")[0] in t.broken, t.monitor.violations


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_near_miss_breaks_no_rule(trace: Make, name: str) -> None:
    t = trace()
    EXAMPLES[name][1](t)
    assert [str(violation) for violation in t.monitor.violations if violation.rule.name == name.partition(":")[0]] == []


def test_every_rule_has_examples() -> None:
    assert set(RULES) == {name.partition(":")[0] for name in EXAMPLES}


def test_a_rule_names_requirements_and_says_what_it_watches() -> None:
    for one in RULES.values():
        check_ids(one.name, one.requirements)
        assert one.sentence.endswith(".")
        assert one.watches
        assert one.on


def test_what_the_rules_judge_between_them() -> None:
    """CLI-9 is judged through DLG-6, CLI-5 through DLG-10 and DLG-11; nothing of the two groups is left out."""
    judged = {name for one in RULES.values() for name in one.requirements}
    assert judged == {f"CLI-{n}" for n in range(1, 22)} | {f"DLG-{n}" for n in range(1, 12)}
    assert {name.partition("-")[0] for name in judged} <= set(GROUPS)


def test_a_right_client_breaks_nothing(trace: Make) -> None:
    t = trace()
    t.up().idle().look(True)
    t.sub(t.rx_queue, t.buffer()).sub(t.tx_queue, t.frame()).transmitted(1).at(5_000).look(True)
    assert t.broken == []


def test_a_violation_says_what_came_and_what_was_allowed(trace: Make) -> None:
    t = trace()
    t.up().at(40).event(8).free()
    assert str(t.monitor.violations[0]) == (
        "CLI-1 at 40 ms: After event 08 the client waits for INIT, with no reset of its own. "
        "Came: H_FREE_CRQ after event 08 was read. Allowed: waiting for the INIT of a server."
    )


def test_what_a_client_claims_is_what_it_is_judged_by(trace: Make) -> None:
    slow = trace(ClientProfile(user_ms=200_000))
    slow.up().user(1, "close").at(120_001).returns(1)
    assert slow.broken == []
    bursting = trace(ClientProfile(burst=5))
    bursting.opened().call(Hcall.H_EOI, 1).call(Hcall.H_EOI, 1)
    assert bursting.broken == ["makes_no_burst"]


def test_a_client_may_do_nothing_after_a_complaint_if_it_says_so(trace: Make) -> None:
    t = trace(ClientProfile(complaint_fallback=ComplaintFallback.NONE))
    t.up().user(1, "complain").complain(rc=Rc.H_STATE).returns(1).idle()
    assert t.broken == []
    t.free()
    assert t.broken == ["falls_back_after_a_complaint"]


def test_the_rest_is_counted(trace: Make) -> None:
    t = trace()
    for now in range(MOST + 5):
        t.at(now).look(False, health="oops")
    assert (len(t.monitor.violations), t.monitor.more) == (MOST, 5)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="recovers"):
        rule("CLI-1", on="Called", sentence="No.")(RULES["recovers"].check)
    assert Monitor().violations == []
