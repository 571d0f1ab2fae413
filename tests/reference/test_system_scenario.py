"""Scenarios from TOML: what is right is read, what is wrong is refused with where, what was expected and what came."""

from __future__ import annotations

import random
from importlib.resources import files

import pytest

from vnic_reference.policy import Policy
from vnic_reference.system.laws import FrameLaws
from vnic_reference.system.loading import load, shipped
from vnic_reference.system.scenario import ACTIONS, Happening, Scenario, ScenarioError, ServerPlan, StreamPlan
from vnic_reference.system.standard import standard_parts
from vnic_reference.system.system import System

HEAD = 'title = "t"\nduration_ms = 1000\n'
SERVER = '[[server]]\nname = "a"\nadapter = 0\nport = 0\n'


def test_everything_can_be_said() -> None:
    scenario = load(
        HEAD
        + 'about = "x"\nclient_ip = "10.1.0.1"\nclient_mac = "02:00:00:00:00:09"\nopen_at_ms = 5\nauto = false\n'
        + "[policy]\ngrace = 2\n"
        + SERVER
        + "priority = 7\ncapacity = 3.5\nlisted = true\nrunning = false\n"
        + '[[host]]\nname = "h"\nip = "10.1.0.2"\n'
        + '[[ping]]\nto = "h"\nperiod_ms = 5\nbegin_ms = 1\nend_ms = 9\n'
        + '[[stream]]\nsource = "h"\nto = "client"\nperiod_ms = 3\n'
        + '[[at]]\nms = 7\ndo = "priority"\ntarget = "a"\nvalue = 9\n'
        + '[[at]]\nms = 8\ndo = "auto"\nvalue = true\n'
        + '[[at]]\nms = 9\ndo = "adapter_error"\ntarget = 0\n'
    )
    assert scenario.servers == (ServerPlan("a", 0, 0, 7, 3.5, True, False),)
    assert scenario.streams == (StreamPlan("h", "client", 3),)
    assert scenario.policy == Policy(grace=2)
    assert [str(happening) for happening in scenario.happenings] == ["priority a 9", "auto on", "adapter 0 error"]
    assert (scenario.auto, scenario.open_at_ms, scenario.pings[0].end_ms) == (False, 5, 9)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("title = ", "this is no TOML: Invalid value (at end of document)"),
        ("a = " + "[" * 10_000, "this is no TOML"),
        ("duration_ms = 5", "title is missing"),
        (HEAD, "server is missing"),
        (HEAD + "server = 5", "server is no list of tables; each one begins with [[server]]"),
        (HEAD + "server = []", "the number of servers is 0; it must be 1 to 64"),
        (HEAD + "server = [5]", "server 1 is 5; it must be a table"),
        (HEAD + "colour = 1\n" + SERVER, "'colour' is unknown; there are title, duration_ms, about"),
        (HEAD + "servers = 1\n" + SERVER, "'servers' is unknown"),
        (HEAD + SERVER + "colour = 1", "server 1: 'colour' is unknown; there are name, adapter, port"),
        (HEAD + '[[server]]\nname = "a"\nadapter = 0', "server 1: port is missing"),
        (HEAD + SERVER + "priority = 0", "server 1: priority is 0; it must be a whole number from 1 to 100"),
        (HEAD + SERVER + "priority = true", "server 1: priority is True; it must be a whole number"),
        (HEAD + SERVER + "capacity = 101", "server 1: capacity is 101; it must be a number above 0 and up to 100"),
        (HEAD + SERVER + "capacity = nan", "server 1: capacity is nan; it must be a number above 0"),
        (HEAD + SERVER + "listed = 1", "server 1: listed is 1; it must be true or false"),
        (HEAD + SERVER.replace("port = 0", "port = 4"), "server 1: port is 4; it must be a whole number from 0 to 3"),
        (HEAD + SERVER.replace('"a"', '"client"'), "server 1: name is 'client'; it must be another name"),
        (HEAD + SERVER.replace('"a"', '"a b"'), "server 1: name is 'a b'; it must be 1 to 24 letters"),
        (HEAD + SERVER + SERVER, "the name 'a' is there more than once"),
        (HEAD + SERVER + SERVER.replace('"a"', '"b"'), "server 2: the console refuses it: another server of the list"),
        (HEAD + SERVER + '[[host]]\nname = "h"\nip = "10.0.0.1"', "the address '10.0.0.1' is there more than once"),
        (HEAD + SERVER + '[[host]]\nname = "h"\nip = "x"', "host 1: ip is 'x'; it must be an IPv4 address"),
        (HEAD + 'client_mac = "01:00:00:00:00:00"\n' + SERVER, "client_mac is '01:00:00:00:00:00'; it must be the MAC"),
        (HEAD + "client_mac = 5\n" + SERVER, "client_mac is 5; it must be the MAC"),
        (HEAD + "policy = 5\n" + SERVER, "policy is 5; it must be a table"),
        (HEAD + "[policy]\ngrace = 0\n" + SERVER, "policy: grace is 0; it must be a whole number from 1"),
        (HEAD + "[policy]\nspeed = 0\n" + SERVER, "policy: 'speed' is no setting"),
        (HEAD + SERVER + '[[ping]]\nto = "x"', "ping 1: to is 'x'; it must be one of peer"),
        (HEAD + SERVER + "[[ping]]\nperiod_ms = 0", "ping 1: period_ms is 0; it must be a whole number from 1"),
        (HEAD + SERVER + '[[stream]]\nsource = "a"', "stream 1: source is 'a'; it must be client or a host"),
        (
            HEAD + SERVER + '[[stream]]\nsource = "peer"\nto = "peer"',
            "stream 1: to is 'peer'; it must be one of client",
        ),
        (HEAD + SERVER + '[[at]]\nms = 1\ndo = "x"', "at 1: do is 'x'; it must be one of crash, power_off"),
        (HEAD + SERVER + "[[at]]\nms = 1\ndo = []", "at 1: do is []; it must be one of crash"),
        (HEAD + SERVER + '[[at]]\nms = -1\ndo = "open"', "at 1: ms is -1; it must be a whole number from 0"),
        (HEAD + SERVER + '[[at]]\nms = 1\ndo = "crash"', "at 1: target of crash is ''; it must be one of client, a"),
        (HEAD + SERVER + '[[at]]\nms = 1\ndo = "open"\ntarget = "a"', "target of open is 'a'; it must be left out"),
        (HEAD + SERVER + '[[at]]\nms = 1\ndo = "crash"\ntarget = []', "target of crash is []; it must be one of"),
        (
            HEAD + SERVER + '[[at]]\nms = 1\ndo = "adapter_error"\ntarget = 7',
            "target of adapter_error is '7'; it must be one of 0",
        ),
        (
            HEAD + SERVER + '[[at]]\nms = 1\ndo = "auto"\nvalue = 7',
            "value of auto is 7; it must be a whole number from 0 to 1",
        ),
        ("title = 5\nduration_ms = 1\n" + SERVER, "title is 5; it must be a line of text"),
        ('title = "t"\nduration_ms = 0\n' + SERVER, "duration_ms is 0; it must be a whole number from 1"),
    ],
)
def test_what_is_wrong_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        System(load(text), standard_parts())
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_logical_ports_need_room() -> None:
    plans = (ServerPlan("a", 0, 0, capacity=60), ServerPlan("b", 0, 0, capacity=60, listed=False))
    with pytest.raises(ScenarioError, match=r"server 2: adapter0/port0: capacity 60 %, 40 % are free"):
        System(Scenario("t", 1, plans), standard_parts())


def test_shipped_scenarios_run() -> None:
    folder = files("vnic_reference.system").joinpath("scenarios")
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir())
    assert "claim1" in names
    for name in names:
        assert load(shipped(name)).title
    with pytest.raises(KeyError, match="claim1"):
        shipped("../claim1")


def test_the_first_shipped_scenario_is_claim_1() -> None:
    """One adapter, three partitions, a server in two of them with its own connection, the client's application."""
    scenario = load(shipped("claim1"))
    assert {server.adapter for server in scenario.servers} == {0}
    assert len({server.port for server in scenario.servers}) == len(scenario.servers) == 2
    system = System(scenario, standard_parts())
    assert len(system.machine.partitions) == 3
    assert system.application.endpoint.pingers
    assert len(system.adapters) == 1
    assert all(server.listed and server.running for server in scenario.servers)


def test_any_order_of_anything_that_can_happen_ends() -> None:
    survive(1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 26))
def test_more_of_anything_that_can_happen(seed: int) -> None:
    survive(seed)


def survive(seed: int) -> None:
    """Every action in any state has a defined answer, and when all is well again the client is served (LIV-3)."""
    system = System(wild(random.Random(seed)), standard_parts())
    laws = FrameLaws().watch(system)
    system.run()
    for name in ("client", "a", "b"):
        system.act("power_on", name)
        system.act("resume", name)
    for name in ("a", "b"):
        system.act("register", name)
        system.act("add", name)
        system.act("link_up", name)
        system.act("port_live", name)
    system.act("adapter_recover", "0")
    system.act("open")
    # Longer than any wait of the client's: it rests for a minute after three failures.
    system.advance(100_000)
    assert system.client is not None
    assert system.client.link_up
    assert [str(violation) for violation in laws.violations] == []


def wild(chance: random.Random) -> Scenario:
    targets = {"": [""], "server": ["a", "b"], "partition": ["a", "b", "client"], "adapter": ["0"], "host": ["peer"]}
    happenings = []
    for _ in range(60):
        do = chance.choice(sorted(ACTIONS))
        kind, value = ACTIONS[do]
        number = {"": 0, "flag": chance.randrange(2), "priority": chance.randrange(1, 101)}[value]
        happenings.append(Happening(chance.randrange(5_000), do, chance.choice(targets[kind]), number))
    return Scenario(
        "wild",
        5_000,
        (ServerPlan("a", 0, 0, 10), ServerPlan("b", 0, 1, 20)),
        streams=(StreamPlan(period_ms=50),),
        happenings=tuple(happenings),
    )
