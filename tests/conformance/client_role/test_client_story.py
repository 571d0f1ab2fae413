"""The reference client through the partner, watched by the monitor: from the device's coming to its removal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.deviations import Deviation
from vnic_conformance.client_role.partner import DEVIATIONS, LivelockError
from vnic_conformance.client_role.server_settings import ServerSettings
from vnic_reference.client.faults import CLIENT_FAULTS
from vnic_spec.requirements import check_ids
from vnic_spec.wire import Command, Event, Hcall

Make = Callable[..., Any]
GROUP = "01005e000001"


def test_a_client_s_life(bench: Make) -> None:
    """Open, ping, failover, outage, migration, complaint, other settings, close and open again, removal."""
    one = bench()
    partner = one.up()
    partner.user("multicast", list=GROUP)
    one.send(40)
    looks: list[h.Looked] = []
    partner.observe(lambda happening: looks.append(happening) if isinstance(happening, h.Looked) else None)
    one.send(3)
    assert sum(len(look.received) for look in looks) == 3
    for happens in (partner.failover, lambda: partner.outage(2_000), partner.platform.migrate):
        partner.happen("an event", happens)
        partner.run(3_000)
        assert partner.link
        one.send(2)
    selected = partner.platform.selected
    order = partner.user("complain")
    partner.run(2_000)
    assert partner.finished[order] == 0
    assert partner.link
    assert partner.platform.selected != selected
    partner.deviate("complaint_constrained")
    partner.user("complain")
    partner.run(2_000)
    for action, arguments in (("mtu", {"value": 8_000}), ("queues", {"tx": 2, "rx": 2}), ("promiscuous", {"value": 1})):
        partner.user(action, **arguments)
        partner.run(2_000)
        assert partner.link
    partner.user("close")
    partner.run(2_000)
    assert not partner.link
    partner.happen("a failover of a closed device", partner.failover)
    partner.run(2_000)
    partner.user("open")
    partner.run(100_001)
    assert partner.link
    order = partner.user("remove")
    partner.run(100)
    assert partner.finished[order] == 0
    assert partner.platform.crq is None
    partner.run(200_000)
    assert one.said == []


@pytest.mark.parametrize(
    "settings",
    [
        {"client_init": "answer"},
        {"backoff_after": 1, "backoff_ms": 20_000},
        {"queues": 1, "sub_crq_pages": 1},
        {"mtu": 9000, "promiscuous": True},
        {"init_tries": 5, "init_retry_ms": 500, "storm": 3},
        {"busy_ms": 60_000, "settle_ms": 1, "abort_pause_ms": 1},
    ],
    ids=str,
)
def test_legal_clients_break_nothing(bench: Make, settings: dict[str, Any]) -> None:
    """Other choices and other times than the reference's own."""
    one = bench(**settings)
    partner = one.up()
    partner.platform.hold_ms = 200
    for happens in (
        partner.failover,
        lambda: partner.outage(3_000),
        partner.platform.migrate,
        lambda: partner.platform.partner_gone(1),
        partner.server_init,
        lambda: partner.link_flaps(100),
        lambda: partner.deviate("login_aborted"),
        partner.failover,
        lambda: partner.deviate("lost_login"),
        partner.failover,
        lambda: partner.deviate("h_free_crq_long_busy_1_s"),
        partner.failover,
    ):
        partner.happen("something", happens)
        partner.run(5_000)
        one.send(2)
    partner.straight()
    partner.run(100_001)
    assert partner.link
    assert one.said == []


@pytest.mark.parametrize("code", [*Event, 0x03, 0x55, 0xFE], ids=str)
def test_every_event(bench: Make, code: int) -> None:
    """CLI-1, CLI-3: 08 and 06 have their own ways, all others are a full re-initialisation."""
    one = bench()
    partner = one.up()
    happens = {
        Event.DEVICE_FAILOVER: partner.failover,
        Event.MIGRATED: partner.platform.migrate,
    }.get(code, lambda: partner.platform.partner_gone(code))  # type: ignore[call-overload]  # an integer finds its member
    partner.happen(f"event {code:02x}", happens)
    partner.run(1_000)
    assert partner.link
    assert one.said == []


def test_it_runs_the_same_whenever_it_is_repeated(bench: Make) -> None:
    runs = []
    for _ in range(2):
        one = bench()
        seen: list[h.Happening] = []
        one.partner.observe(seen.append)
        one.up()
        one.partner.failover()
        one.partner.run(1_000)
        runs.append(seen)
    assert runs[0] == runs[1]


def test_a_server_with_other_limits_is_served_within_them(bench: Make) -> None:
    """DLG-10, bugs 46 and 49: four queues of many entries, then one of few, then four again."""
    one = bench()
    partner = one.up()
    large, small = DEVIATIONS["more_queues"].settings, DEVIATIONS["few_entries"].settings
    narrow, short = DEVIATIONS["one_queue"].settings, DEVIATIONS["small_mtu"].settings
    assert large
    assert small
    assert narrow
    assert short
    partner.platform.servers[0].settings = large(ServerSettings())
    partner.platform.servers[1].settings = short(narrow(small(ServerSettings())))
    for queues in (1, 4, 1, 4):
        partner.happen("failover", partner.failover)
        partner.run(500)
        assert partner.link
        server = partner.platform.servers[partner.platform.selected]
        assert len(server.session.tx_submissions) == queues
        one.send(5)
    assert one.said == []


def test_a_platform_that_takes_fewer_elements_at_once(bench: Make) -> None:
    """DLG-8, bug 48: the limit changes with the platform; H_PARAMETER is the only way to learn of it."""
    one = bench()
    partner = one.partner
    partner.deviate("many_entries")
    partner.deviate("header_descriptors")
    one.up()
    for limit in (16, 128, 16):
        partner.platform.indirect_limit = limit
        partner.happen("migration", partner.platform.migrate)
        partner.run(500)
        assert partner.link
        one.send(40)
        (buffers,) = partner.platform.servers[0].session.buffers.values()
        assert len(buffers) == 512  # all of them are lent
    assert one.said == []


def test_what_a_kexec_left_is_freed_and_registered_again(bench: Make) -> None:
    """CLI-10: once; a second H_RESOURCE ends the attempt."""
    one = bench()
    calls: list[int] = []
    one.partner.inside.append(lambda number, called: calls.append(called.opcode))
    one.partner.deviate(DEVIATIONS["reg_crq_resource"].repeated(3))
    one.up()
    assert [code for code in calls if code in (Hcall.H_REG_CRQ, Hcall.H_FREE_CRQ)] == [0x100, 0xFC] * 4
    assert one.said == []


def test_an_mtu_between_what_the_server_said(bench: Make) -> None:
    """DLG-4: more than it can is not asked for; what is granted in part is taken."""
    one = bench()
    partner = one.partner
    partner.deviate("small_mtu")
    one.up()
    assert partner.platform.servers[0].session.granted[21] == 1000
    partner.deviate("partial_capability")
    partner.user("mtu", value=700)
    partner.run(1_000)
    assert partner.platform.servers[0].session.granted[21] == 714
    assert partner.link
    assert one.said == []


@pytest.mark.parametrize("busy", ["h_free_crq_busy", "h_free_crq_long_busy_100_s", "h_free_sub_crq_busy"])
def test_a_removal_is_bounded_however_busy_the_hypervisor_is(bench: Make, busy: str) -> None:
    """CLI-17, CLI-14."""
    one = bench()
    partner = one.up()
    partner.deviate(DEVIATIONS[busy].repeated(None))
    order = partner.user("remove")
    partner.run(120_000)
    assert partner.finished[order] == 0
    assert one.said == []


def test_wishes_while_nobody_serves(bench: Make) -> None:
    """CLI-1, CLI-6: what the user asks while the client waits for INIT is done behind the next server, and not before."""
    one = bench()
    partner = one.up()
    partner.happen("outage", lambda: partner.outage(5_000))
    partner.run(10)
    calls = partner.calls
    partner.user("multicast", list=GROUP)
    partner.user("close")
    partner.run(1_000)
    partner.user("open")
    partner.run(1_000)
    assert partner.calls == calls
    partner.run(5_000)
    assert partner.link
    assert partner.platform.servers[0].session.multicast == {bytes.fromhex(GROUP)}
    assert one.said == []


def test_many_recoveries_at_one_instant_are_slowed_down(bench: Make) -> None:
    """CLI-13: a server that answers each login with a fatal error does not keep the client busy for ever."""
    one = bench()
    partner = one.up()
    fatal = bytes((0x80, Command.ERROR_INDICATION, 0x80)) + bytes(13)
    partner.deviate(
        Deviation(
            "fatal_after_login",
            "CLI-13",
            False,
            "A fatal error follows each login.",
            answer=lambda asked, right: [(0, right), (0, fatal)] if asked[1] == Command.LOGIN else None,
            times=None,
        )
    )
    registrations = one.monitor.view.registrations
    partner.server_says(fatal)
    partner.run(5_000)
    assert 10 < one.monitor.view.registrations - registrations < 100
    partner.straight()
    partner.run(100_001)
    assert partner.link
    assert one.said == []


def test_a_client_that_never_stops_is_given_up(bench: Make) -> None:
    one = bench()
    partner = one.up()
    partner.platform.hcall = lambda opcode, arguments: (1,) if opcode == 0x100 else (0,)
    one.partner._port = type("Endless", (), {"run": lambda self, now: TURN, "answer": lambda self, *a: TURN})()
    with pytest.raises(LivelockError, match="more than 4,000 calls at"):
        partner.run(1)
    assert "CLI-13" in one.broken


TURN = type(
    "Turn", (), {"opcode": 0x64, "arguments": (1,), "mapped": (), "events": (), "finished": (), "ended": False}
)()


@pytest.mark.slow
@pytest.mark.parametrize("rc", ["login_aborted", "login_state", "login_partial", "lost_login", "login_version_2"])
def test_a_server_that_refuses_every_login(bench: Make, rc: str) -> None:
    """DLG-5, CLI-7: ten in an attempt, three attempts, then a back-off; and when it is well again, all is well."""
    one = bench()
    partner = one.partner
    partner.deviate(DEVIATIONS[rc].repeated(None))
    partner.user("add")
    partner.user("open")
    partner.run(400_000)
    partner.straight()
    partner.run(100_001)
    assert partner.link
    assert one.said == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["partial_beyond", "init_closed", "init_dropped", "reg_sub_crq_resource", "lost_request_map"]
)
def test_a_server_that_never_gets_further(bench: Make, name: str) -> None:
    """CLI-7, CLI-13: bounded waits and a back-off, at whatever step."""
    one = bench()
    partner = one.partner
    partner.deviate(DEVIATIONS[name].repeated(None))
    partner.user("add")
    partner.user("open")
    partner.run(300_000)
    partner.straight()
    partner.run(100_001)
    assert partner.link
    assert one.said == []


# --- deviations ------------------------------------------------------------------------------------------------------


def live_with(one: Any, name: str) -> None:
    """What is most of a client's life, with a deviation from its beginning, and then all well."""
    partner = one.partner
    partner.user("add")
    partner.run(10)
    partner.deviate(name)
    partner.user("open")
    partner.run(3_000)
    one.send(3)
    partner.happen("failover", partner.failover)
    partner.run(3_000)
    partner.happen("migration", partner.platform.migrate)
    partner.run(3_000)
    one.send(3)
    partner.user("complain")
    partner.run(3_000)
    partner.straight()
    partner.run(100_001)
    one.send(1)
    partner.user("remove")
    partner.run(15_000)


def test_deviations_have_names_sentences_and_requirements() -> None:
    assert len(DEVIATIONS) > 180
    for name, deviation in DEVIATIONS.items():
        assert deviation.name == name
        assert deviation.sentence.endswith(".")
        check_ids(name, [deviation.requirement])
    assert {d.requirement for d in DEVIATIONS.values() if not d.legal} >= {"DLG-6", "DLG-8", "DLG-9", "CLI-15"}


@pytest.mark.parametrize(
    "name",
    ["lost_query_capability", "login_aborted", "login_rx_sizes_at_too_short_for_the_table", "doubled_login", "rx_length_beyond",
     "h_reg_crq_long_busy_10_ms", "prompt"],
)  # fmt: skip
def test_some_deviations(bench: Make, name: str) -> None:
    one = bench()
    live_with(one, name)
    assert one.said == []


@pytest.mark.slow
@pytest.mark.parametrize("name", DEVIATIONS)
def test_every_deviation(bench: Make, name: str) -> None:
    """The reference client copes with everything that is legal, and is not hurt by anything that is not."""
    one = bench()
    live_with(one, name)
    assert one.said == []


# --- faulty clients --------------------------------------------------------------------------------------------------

#: By which requirement each faulty client is found out.
FOUND_BY = {
    "ignores_server_init": "CLI-2", "resets_on_failover": "CLI-1", "ignores_failover": "CLI-20",
    "ignores_migration": "CLI-21", "no_backoff": "CLI-7", "forgets_multicast": "DLG-10", "forgets_mac": "DLG-10",
    "no_notification": "DLG-11", "forgets_the_wish": "CLI-6", "forgets_a_close": "CLI-6", "keeps_old_handles": "CLI-4",
    "resends_frames": "DLG-8", "takes_twice": "DLG-9", "takes_closed_for_failure": "CLI-10",
}  # fmt: skip


def test_every_faulty_client_is_known() -> None:
    assert set(FOUND_BY) == set(CLIENT_FAULTS)


@pytest.mark.parametrize("name", FOUND_BY)
def test_a_faulty_client_is_found_out(bench: Make, name: str) -> None:
    one = bench(CLIENT_FAULTS[name].make)
    partner = one.partner
    partner.platform.hold_ms = 500
    partner.user("add")
    partner.run(10)
    partner.user("mac", mac="020000000042")
    partner.user("multicast", list=GROUP)
    partner.user("open")
    partner.run(3_000)
    one.send(3)
    partner.happen("failover", partner.failover)
    partner.run(3_000)
    one.send(3)
    partner.happen("migration", partner.platform.migrate)
    partner.run(3_000)
    partner.happen("outage", lambda: partner.outage(3_000))
    partner.run(100)
    partner.user("close")
    partner.run(4_000)
    partner.user("open")
    partner.run(3_000)
    partner.deviate(DEVIATIONS["refused_version_exchange"].repeated(None))
    partner.happen("failover", partner.failover)
    partner.run(20_000)
    partner.straight()
    partner.run(100_001)
    assert FOUND_BY[name] in one.broken, one.said
