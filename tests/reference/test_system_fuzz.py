"""Whatever comes from outside has a defined response: frames at any place, scenario files, requests to the adapter."""

from __future__ import annotations

import json
import random

import pytest

from vnic_reference.network.frames import Ethernet
from vnic_reference.network.sriov import MAX_FRAME
from vnic_reference.system.adapter import SystemAdapter
from vnic_reference.system.laws import FrameLaws
from vnic_reference.system.loading import load, shipped
from vnic_reference.system.observer import Observer
from vnic_reference.system.scenario import CLIENT, PingPlan, Scenario, ScenarioError, ServerPlan, StreamPlan
from vnic_reference.system.standard import standard_parts
from vnic_reference.system.system import System

# -- frames ----------------------------------------------------------------------------------------------------------


class Samples(Observer):
    """Real frames, to be spoilt."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def application_sent(self, now: int, frame: bytes) -> None:
        self.frames.append(frame)

    def host_sent(self, now: int, host: int, frame: bytes) -> None:
        self.frames.append(frame)


def spoilt(chance: random.Random, frame: bytes) -> bytes:
    if chance.random() < 0.1:
        return chance.randbytes(chance.choice((0, 1, 13, 14, 60, 1514, MAX_FRAME, MAX_FRAME + 5)))
    data = bytearray(frame)
    for _ in range(chance.randrange(5)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    if chance.random() < 0.2:
        del data[chance.randrange(len(data)) :]
    return bytes(data)


def bombard(count: int) -> None:
    """Spoilt frames from the host, from the application and from a standby's port; then the system still serves."""
    samples, chance = Samples(), random.Random(2026)
    scenario = Scenario(
        "fuzz",
        1,
        (ServerPlan("a", 0, 0, 10), ServerPlan("b", 0, 1, 20)),
        pings=(PingPlan(period_ms=5, begin_ms=5, end_ms=100),),
        streams=(StreamPlan(CLIENT, "peer", 5, 5, 100), StreamPlan("peer", CLIENT, 5, 5, 100)),
    )
    system = System(scenario, standard_parts(), [samples])
    system.advance(200)
    seen, taken = list(samples.frames), 0
    for number in range(count):
        frame = spoilt(chance, chance.choice(seen))
        way = number % 3
        if way == 0:
            system.switch.send(system.hosts[0].cable, frame)
        elif way == 1:
            taken += system.interface.send(frame)
        else:
            system.ports[1].transmit(frame)
        if chance.random() < 0.1:
            system.advance(2)
    assert taken > count // 10
    assert system.hosts[0].endpoint.malformed > 0
    assert system.application.endpoint.malformed > 0
    # What forged senders have taught the switch is forgotten when the cables were out.
    for cable in system.switch.cables:
        system.switch.set_link(cable, up=False)
        system.switch.set_link(cable, up=True)
    system.advance(70_000)  # and what they have taught the hosts, with time
    laws = FrameLaws().watch(system)
    endpoint = system.application.endpoint
    endpoint.pingers[0].end = None
    before = len(endpoint.pingers[0].pings)
    endpoint.pingers[0].begin = system.now - before * endpoint.pingers[0].period_ms
    system.advance(2_000)
    later = endpoint.pingers[0].pings[before:-5]
    assert len(later) > 100
    assert all(ping.reply_at is not None for ping in later)
    assert laws.violations == []


def test_spoilt_frames() -> None:
    bombard(1_500)


@pytest.mark.slow
def test_a_hundred_thousand_spoilt_frames() -> None:
    bombard(100_000)


def test_a_frame_of_any_length_at_the_interface() -> None:
    system = System(Scenario("t", 1, (ServerPlan("a", 0, 0),)), standard_parts())
    system.advance(10)
    for length in (0, 1, 13, 14, 15, 59, 60, 1514, 1515, 9014, 9015, 70_000):
        frame = Ethernet(b"\xff" * 6, system.mac, 0x88B5, bytes(max(0, length - 14))).pack()[:length]
        system.interface.send(frame)
        system.advance(5)
    assert system.interface.link_up


# -- scenario files --------------------------------------------------------------------------------------------------


def misread(count: int) -> int:
    """Spoil a scenario in so many ways; how many were refused."""
    chance, text = random.Random(7), shipped("claim1")
    reasons: list[str] = []
    words = [
        "0",
        "-1",
        "[]",
        "{}",
        '"x"',
        "true",
        "1e400",
        "nan",
        "999999999999999999999",
        "[[server]]",
        "=",
        "\x00",
        "é",
    ]
    for _ in range(count):
        lines = text.split("\n")
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(lines))
            key, equals, _ = lines[at].partition("=")
            if equals and chance.random() < 0.7:
                lines[at] = f"{key}= {chance.choice(words)}"
            elif chance.random() < 0.5:
                del lines[at]
            else:
                lines.insert(at, chance.choice(words))
        try:
            System(load("\n".join(lines)), standard_parts())
        except ScenarioError as error:
            reasons.append(str(error))
    assert not any("\n" in reason for reason in reasons)
    return len(reasons)


def test_spoilt_scenarios() -> None:
    assert 100 < misread(200) < 200


@pytest.mark.slow
def test_many_spoilt_scenarios() -> None:
    assert misread(5_000) > 2_500


# -- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({}, "op must be one of hello"),
        ({"op": 5}, "op must be one of hello"),
        ({"op": "hello", "protocol_major": 2}, "this adapter speaks protocol 1"),
        ({"op": "reset", "servers": 0}, "servers must be from 1 to 10"),
        ({"op": "reset", "servers": 11}, "servers must be from 1 to 10"),
        ({"op": "reset", "servers": 2, "server0_queues": 0}, "server0_queues must be from 1 to 16"),
        ({"op": "reset", "servers": 2, "server1_mtu": 575}, "server1_mtu must be from 576 to 9000"),
        ({"op": "reset", "servers": 2, "server1_offloads": "magic"}, "server1_offloads must be of ipv4_checksum"),
        ({"op": "apply", "who": "platform", "call": "migrate", "servers": "server0 server0"}, "each once"),
        ({"op": "advance", "ms": -1}, "ms must be from 0"),
        ({"op": "advance", "ms": "x"}, "ms must be a whole number"),
        ({"op": "apply"}, "who must be a string"),
        ({"op": "apply", "who": "client", "call": "reg_crq"}, "is nothing that happens to a system"),
        (
            {"op": "apply", "who": "platform", "call": "crash", "target": "server2"},
            "target must be one of the 2 servers",
        ),
        ({"op": "apply", "who": "network", "call": "link_down", "server": "client"}, "server must be one of the 2"),
        ({"op": "apply", "who": "network", "call": "link_down"}, "server must be a string"),
        ({"op": "apply", "who": "console", "call": "auto", "value": 2}, "value must be 0 or 1"),
        ({"op": "apply", "who": "console", "call": "priority", "server": "server0"}, "value must be a whole number"),
    ],
)
def test_a_wrong_request_is_declined_with_its_reason(request_: dict[str, object], complaint: str) -> None:
    adapter = SystemAdapter()
    reply = adapter({"seq": 9, **request_})
    assert (reply["seq"], reply["outcome"]) == (9, "error")
    assert complaint in str(reply["error"])
    assert adapter({"seq": 10, "op": "observe"})["selected"] == "server0"


def test_a_profile_that_there_is_not_is_unsupported_and_a_priority_that_there_is_not_refused() -> None:
    adapter = SystemAdapter()
    assert adapter({"seq": 1, "op": "reset", "servers": 2, "profile_grace": 0})["outcome"] == "unsupported"
    reply = adapter({"seq": 2, "op": "apply", "who": "console", "call": "priority", "server": "server0", "value": 101})
    assert reply["outcome"] == "refused"
    assert adapter({"seq": 3, "op": "reset", "servers": 2, "profile_grace": 2, "observe": 1})["client_link"] == 1


def test_any_line_is_answered() -> None:
    chance, adapter = random.Random(3), SystemAdapter()
    values = [0, 1, -1, 20, "", "x", "server0", "server9", "client", None, [], {}, 1.5, True, "0x10", 10**30]
    names = ["op", "who", "call", "target", "server", "value", "ms", "servers", "observe", "seq", "profile_reopen"]
    known = {
        "op": ["hello", "reset", "advance", "settle", "observe", *["apply"] * 15],
        "target": ["client", "server0", "server1"],
        "server": ["server0", "server1"],
        "who": ["console", "platform", "network", "application"],
        "call": ["crash", "power_on", "hang", "resume", "link_down", "ping", "send", "add", "auto", "open", "complain"],
    }
    outcomes = set()
    for _ in range(1_000):
        fields = {name: chance.choice(values) for name in chance.sample(names, chance.randrange(6))}
        fields |= {name: chance.choice(words) for name, words in known.items() if chance.random() < 0.8}
        line = json.dumps(fields)
        if chance.random() < 0.1:
            line = line[: chance.randrange(len(line))]
        outcomes.add(json.loads(adapter.answer(line))["outcome"])
    assert outcomes == {"done", "refused", "error", "unsupported"}
