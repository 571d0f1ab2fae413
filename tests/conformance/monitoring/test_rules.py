"""Each rule, contradicted by a record that is as short as can be, and kept by one that differs in that alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnic_conformance.monitoring.capture import CLIENT, HYPERVISOR
from vnic_conformance.monitoring.judging import Judged, judge
from vnic_conformance.monitoring.rules_capture import CAPTURE_RULES
from vnic_conformance.monitoring.rules_dialogue import DIALOGUE_RULES
from vnic_conformance.monitoring.rules_events import EVENT_RULES
from vnic_conformance.monitoring.rules_recovery import RECOVERY_RULES
from vnic_conformance.monitoring.selection import LISTING_RULES
from vnic_conformance.pictures.formats import Link
from vnic_conformance.pictures.pcapng import Packets
from vnic_spec.client_profile import ClientProfile
from vnic_spec.layouts import COMMANDS, VIOCTLS, command_element
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    Capability,
    Command,
    CommandRc,
    Event,
    Header,
    Vioctl,
    event_element,
    response_to,
)

LOG_RULES = {**EVENT_RULES, **DIALOGUE_RULES, **RECOVERY_RULES}
Line = str | bytes | float


def sent(command: Command, **fields: int | bytes) -> bytes:
    return command_element(command, **fields)


def answer(command: Command, rc: int = 0, **fields: int | bytes) -> bytes:
    layout = COMMANDS[command].response
    assert layout is not None
    return layout.pack(header=Header.COMMAND, command=response_to(command), rc=rc, **fields)


def tx(element: bytes) -> str:
    return f"Sending CRQ: {element[:8].hex()} {element[8:].hex()}"


def rx(element: bytes) -> str:
    return f"Handling CRQ: {element[:8].hex()} {element[8:].hex()}"


def log(*messages: str | float) -> str:
    """Lines of a log a millisecond apart; a number lets so many seconds pass."""
    now, lines = 1.0, []
    for message in messages:
        if isinstance(message, float):
            now += message
            continue
        now += 0.001
        lines.append(f"[{now:12.6f}] ibmvnic 30000003 env3: {message}")
    return "\n".join(lines) + "\n"


FAILOVER, MIGRATED = event_element(Event.DEVICE_FAILOVER), event_element(Event.MIGRATED)
OPENED = (tx(INIT), rx(INIT_COMPLETE))
VERSION = (tx(sent(Command.VERSION_EXCHANGE, version=1)), rx(answer(Command.VERSION_EXCHANGE, version=1)))
LOGIN = tx(sent(Command.LOGIN, ioba=0x1000, length=64))
LOGGED_IN = (*OPENED, *VERSION, LOGIN, rx(answer(Command.LOGIN)))
QUERY = sent(Command.QUERY_CAPABILITY, capability=Capability.MAX_TX_QUEUES)
REQUEST = sent(Command.REQUEST_CAPABILITY, capability=Capability.REQ_TX_QUEUES, number=2)
MAC = tx(sent(Command.CHANGE_MAC_ADDR, mac=b"\x02\0\0\0\0\1"))
LINK = rx(sent(Command.LINK_STATE_INDICATION, physical=1, logical=1))
UP = (tx(sent(Command.LOGICAL_LINK_STATE, state=1)), rx(answer(Command.LOGICAL_LINK_STATE, state=1)))
LONG = ClientProfile().recovery_ms / 1000 + 1
ASKED, BEGINS, FAILED = (
    "Scheduling reset (reason FAILOVER)",
    "Reset reason: FATAL, reset_state: OPEN",
    "[S:OPEN FOP:0] Reset done, rc -5",
)
HARD, HARD_FAILED = "Hard resetting driver (FATAL)", "[S:OPEN FOP:0] Hard reset done, rc -1"
SKIPPED = "Adapter removing or pending failover, skipping reset"
COMPLAINT = "Initiating client failover, session id 1"
TOLD_4 = rx(answer(Command.QUERY_CAPABILITY, capability=Capability.MAX_TX_QUEUES, number=4))

#: Name of the rule: a record that contradicts it, and one that keeps it.
LOGS: dict[str, tuple[str, str]] = {
    "nothing_reserved_comes": (log(rx(event_element(7))), log(rx(event_element(1)))),
    "a_new_server_begins_with_init": (
        log(*LOGGED_IN, rx(FAILOVER), rx(answer(Command.LOGIN))),
        log(*LOGGED_IN, rx(FAILOVER), rx(INIT)),
    ),
    "waits_for_init": (log(*LOGGED_IN, rx(FAILOVER), tx(INIT)), log(*LOGGED_IN, rx(FAILOVER), rx(INIT), tx(INIT))),
    "sends_nothing_of_a_session_that_ended": (
        log(*LOGGED_IN, rx(MIGRATED), *UP[:1]),
        log(
            *LOGGED_IN,
            rx(MIGRATED),
            *UP[:1],
            "Invalid request detected while CRQ is inactive, possible device state change during reset",
            tx(INIT),
        ),
    ),
    "an_event_has_its_reset": (
        log(rx(MIGRATED), "Scheduling reset (reason FATAL)"),
        log(rx(MIGRATED), "Scheduling reset (reason 2)"),
    ),
    "answers_init": (
        log(*LOGGED_IN, rx(INIT), VERSION[0]),
        log(*LOGGED_IN, rx(INIT), tx(INIT_COMPLETE), VERSION[0]),
    ),
    "begins_in_time": (
        log(*LOGGED_IN, rx(FAILOVER), rx(INIT), ASKED, LONG, SKIPPED),
        log(*LOGGED_IN, rx(FAILOVER), rx(INIT), ASKED, SKIPPED, tx(INIT)),
    ),
    "keeps_the_order": (log(*OPENED, tx(QUERY)), log(*OPENED, *VERSION, tx(QUERY))),
    "asks_one_at_a_time": (
        log(*OPENED, *VERSION, tx(QUERY), tx(QUERY)),
        log(*OPENED, *VERSION, tx(QUERY), tx(sent(Command.QUERY_CAPABILITY, capability=Capability.MIN_MTU))),
    ),
    "negotiates_step_by_step": (
        log(*OPENED, *VERSION, tx(QUERY), tx(REQUEST)),
        log(*OPENED, *VERSION, tx(QUERY), TOLD_4, tx(REQUEST)),
    ),
    "heeds_a_refused_login": (
        log(*OPENED, *VERSION, LOGIN, rx(answer(Command.LOGIN, CommandRc.INVALID_STATE)), LOGIN),
        log(*OPENED, *VERSION, LOGIN, rx(answer(Command.LOGIN, CommandRc.ABORTED)), LOGIN),
    ),
    "a_bad_login_has_failed": (
        log("FATAL: Inconsistent login and login rsp", "Login succeeded"),
        log("FATAL: Inconsistent login and login rsp", "Adapter login failed"),
    ),
    "answers_once": (log(*LOGGED_IN, rx(answer(Command.LOGIN))), log(*LOGGED_IN)),
    "sessions_do_not_cross": (log(*OPENED, *VERSION, rx(answer(Command.LOGIN))), log(*LOGGED_IN)),
    "tells_of_the_link": (log(*LOGGED_IN, *UP, LONG, rx(FAILOVER)), log(*LOGGED_IN, *UP, LINK, LONG, rx(FAILOVER))),
    "sets_its_mac_again": (
        log(*LOGGED_IN, MAC, LINK, rx(FAILOVER), rx(INIT), *LOGGED_IN, LINK, LONG, rx(FAILOVER)),
        log(*LOGGED_IN, MAC, LINK, rx(FAILOVER), rx(INIT), *LOGGED_IN, MAC, LINK, LONG, rx(FAILOVER)),
    ),
    "backs_off": (
        log(*(3 * (BEGINS, FAILED)), BEGINS),
        log(*(3 * (BEGINS, FAILED)), "[S:OPEN] Hard reset failed, waiting 60 secs", 60.0, BEGINS),
    ),
    "closed_is_registered": (log("Couldn't register crq (rc=2)"), log("Partner adapter not ready")),
    "repeats_with_measure": (
        log(*(ClientProfile().retries + 1) * ["Send error (rc=2)"]),
        log(*ClientProfile().retries * ["Send error (rc=2)"], 1.0, "Send error (rc=2)"),
    ),
    "a_complaint_is_enough": (
        log(COMPLAINT, ASKED),
        log(COMPLAINT, "H_VIOCTL initiated failover failed, rc 4", ASKED),
    ),
    "refuses_complaints_by_their_codes": (
        log("Client initiated failover failed, rc -12"),
        log("Client initiated failover failed, rc -75"),
    ),
    "does_not_crash": (
        log("Closing")
        + "BUG: Unable to handle kernel data access at 0\nNIP [c0080000] ibmvnic_poll+0x1/0x2 [ibmvnic]\n",
        "",
    ),
    "recovers_in_time": (
        log(rx(FAILOVER), rx(INIT), LONG, "[S:OPEN FOP:0] Reset done, rc 0"),
        log(rx(FAILOVER), LONG, rx(INIT), 1.0, "[S:OPEN FOP:0] Reset done, rc 0"),
    ),
    "ignores_what_nobody_awaits": ("", log("Ignoring unexpected login response")),
}

OTHER_MAC = tx(sent(Command.CHANGE_MAC_ADDR, mac=b"\x02\0\0\0\0\2"))
AGREED = rx(answer(Command.CHANGE_MAC_ADDR, mac=b"\x02\0\0\0\0\1"))
REFUSED = "Invalid request detected while CRQ is inactive, possible device state change during reset"
#: Records that differ little from those of the rules, and whether they contradict the rule.
NEIGHBOURS: list[tuple[str, bool, str]] = [
    # A soft reset and the hard one that repeats it are one attempt.
    ("backs_off", False, log(BEGINS, FAILED, *(3 * (HARD, HARD_FAILED)), "Hard reset failed, waiting 60 secs", HARD)),
    ("backs_off", False, log(*(2 * (HARD, HARD_FAILED)), BEGINS, FAILED, HARD)),
    ("backs_off", True, log(*(3 * (BEGINS, FAILED, HARD, HARD_FAILED)), HARD)),
    # A login as the first thing after INIT; one may be that of a dialogue under way.
    ("answers_init", True, log(rx(FAILOVER), rx(INIT), LOGIN)),
    ("keeps_the_order", True, log(rx(FAILOVER), rx(INIT), LOGIN)),
    ("answers_init", False, log(*OPENED, *VERSION, rx(FAILOVER), rx(INIT), LOGIN)),
    ("answers_init", False, log(BEGINS, rx(FAILOVER), rx(INIT), LOGIN)),
    # A client that does nothing after INIT; trouble is an excuse, and so is a gap.
    ("begins_in_time", False, log(tx(INIT), rx(FAILOVER), rx(INIT), "Operation timed out.", LONG, SKIPPED)),
    ("begins_in_time", False, log(tx(INIT), rx(FAILOVER), rx(INIT), LONG) + "...\n" + log(LONG, SKIPPED)),
    ("begins_in_time", False, log(tx(INIT), rx(FAILOVER), LONG, rx(INIT), tx(INIT))),
    # Another MAC, unless the user wants it.
    ("sets_its_mac_again", True, log(*LOGGED_IN, MAC, AGREED, rx(FAILOVER), rx(INIT), *LOGGED_IN, OTHER_MAC)),
    ("sets_its_mac_again", False, log(*LOGGED_IN, MAC, AGREED, rx(FAILOVER), rx(INIT), *LOGGED_IN, MAC, OTHER_MAC)),
    ("sets_its_mac_again", False, log(*LOGGED_IN, MAC, rx(FAILOVER), rx(INIT), *LOGGED_IN, OTHER_MAC)),
    (
        "sets_its_mac_again",
        False,
        log(*LOGGED_IN, MAC, AGREED, "Closing", rx(FAILOVER), rx(INIT), *LOGGED_IN, OTHER_MAC),
    ),
    (
        "sets_its_mac_again",
        False,
        log(*LOGGED_IN, MAC, AGREED, rx(FAILOVER), OTHER_MAC, REFUSED, rx(INIT), *LOGGED_IN, OTHER_MAC),
    ),
    # A server that says nothing of the link, in a session that goes on.
    ("tells_of_the_link", True, log(*LOGGED_IN, *UP, LONG, MAC)),
    ("tells_of_the_link", False, log(*LOGGED_IN, *UP, 1.0, MAC)),
    # A recovery ends where something is left out.
    ("recovers_in_time", False, log(LOGIN) + "...\n" + log(LONG, LOGIN, rx(answer(Command.LOGIN)), LINK)),
    ("recovers_in_time", True, log(LOGIN, LONG, rx(answer(Command.LOGIN)), LINK)),
]

Packet = tuple[Link, bytes, str]


def crq(element: bytes, sender: str, receiver: str, deed: str = "stored") -> Packet:
    return Link.CRQ, element, f"{sender} to {receiver}: X {deed}"


def step(words: str) -> Packet:
    return Link.STEP, words.encode(), ""


COMPLAINS = (Link.VIOCTL, VIOCTLS[Vioctl.SESSION_ERROR_DETECTED].pack(subfunction=Vioctl.SESSION_ERROR_DETECTED), "")
ACCEPTED = step("9. client reports an error (H_VIOCTL) → H_SUCCESS")
TOLD = crq(FAILOVER, HYPERVISOR, CLIENT)
CAPTURES: dict[str, tuple[tuple[Packet, ...], tuple[Packet, ...]]] = {
    "only_the_hypervisor_writes_events": ((crq(FAILOVER, "server 1", CLIENT),), (TOLD,)),
    "stores_valid_headers": ((crq(bytes(16), "server 1", CLIENT),), (crq(INIT, "server 1", CLIENT),)),
    "writes_nothing_else": ((crq(INIT, HYPERVISOR, CLIENT),), (TOLD,)),
    "an_event_lies_between_servers": (
        (crq(INIT, "server 1", CLIENT), crq(INIT, "server 2", CLIENT)),
        (crq(INIT, "server 1", CLIENT), TOLD, crq(INIT, "server 2", CLIENT)),
    ),
    "carries_elements_unchanged": (
        (crq(INIT, CLIENT, "server 1"), crq(INIT_COMPLETE, CLIENT, "server 1", "taken")),
        (crq(INIT, CLIENT, "server 1"), crq(INIT, CLIENT, "server 1", "taken")),
    ),
    "stores_what_was_sent": (
        (
            step(f"2. client sends INIT (H_SEND_CRQ), bytes {'c001' + 28 * '0'} → H_SUCCESS"),
            crq(INIT_COMPLETE, CLIENT, "server 0"),
        ),
        (step("2. client sends INIT (H_SEND_CRQ) → H_SUCCESS"), crq(INIT, CLIENT, "server 0")),
    ),
    "an_accepted_complaint_switches": ((ACCEPTED, COMPLAINS), (ACCEPTED, TOLD, COMPLAINS)),
}


def capture_of(packets: tuple[Packet, ...]) -> bytes:
    made = Packets()
    for link, data, comment in packets:
        made.add(1, link, data, comment)
    return made.getvalue()


def states(*rows: str, pause: int = 5) -> str:
    return "".join(f"# 2026-11-30 10:00:{pause * number:02}\n{row}\n" for number, row in enumerate(rows))


def row(*devices: tuple[int, str, int], auto: int = 1) -> str:
    """Devices as (active, status, priority), on ports of their own."""
    shown = [(f"2700000{n}", *device) for n, device in enumerate(devices)]
    what = ",".join(f"sriov/v/1/{n}/0/{port}/2.0/2.0/{prio}/9.0/9.0" for n, (port, _, _, prio) in enumerate(shown))
    how = ",".join(f"sriov/{port}/{active}/{status}" for port, active, status, _ in shown)
    return f'slot_num=6,auto_priority_failover={auto},"backing_devices={what}","backing_device_states={how}"'


GOOD, AWAY = "Operational", "Link Down"
LISTINGS: dict[str, tuple[str, str]] = {
    "one_active_at_most": (states(row((1, GOOD, 1), (1, GOOD, 2))), states(row((1, GOOD, 1), (0, GOOD, 2)))),
    "priorities_are_in_range": (states(row((1, GOOD, 101))), states(row((1, GOOD, 100)))),
    "servers_are_apart": (
        states(row((1, GOOD, 1), (0, GOOD, 2)).replace("v/1/1/0", "v/1/0/0")),
        states(row((1, GOOD, 1), (0, GOOD, 2))),
    ),
    "the_active_one_is_operational": (
        states(*2 * [row((1, AWAY, 1), (0, GOOD, 2))]),
        states(row((1, AWAY, 1), (0, GOOD, 2)), row((1, GOOD, 1), (0, GOOD, 2))),
    ),
    "the_best_one_is_active": (
        states(*2 * [row((0, GOOD, 9), (1, GOOD, 10))]),
        states(*2 * [row((0, GOOD, 10), (1, GOOD, 9))]),
    ),
}


def judged(tmp_path: Path, content: str | bytes, *, untouched: bool = False) -> Judged:
    file = tmp_path / "record"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return judge(file, untouched=untouched)


def assert_told_apart(name: str, wrong: Judged, right: Judged) -> None:
    assert name in {outcome.rule.name for outcome in wrong.contradicted}
    assert name not in {outcome.rule.name for outcome in right.contradicted}
    assert name in {outcome.rule.name for outcome in right.borne_out}


def test_every_rule_is_here() -> None:
    assert set(LOG_RULES) == set(LOGS)
    assert set(CAPTURE_RULES) == set(CAPTURES)
    assert set(LISTING_RULES) == set(LISTINGS)


@pytest.mark.parametrize("name", [name for name, pair in LOGS.items() if all(pair)])
def test_a_rule_for_logs(name: str, tmp_path: Path) -> None:
    wrong, right = LOGS[name]
    assert_told_apart(name, judged(tmp_path, wrong), judged(tmp_path, right))


@pytest.mark.parametrize("number", range(len(NEIGHBOURS)))
def test_a_neighbour(number: int, tmp_path: Path) -> None:
    name, contradicts, record = NEIGHBOURS[number]
    found = [one.contradicted for one in judged(tmp_path, record).contradicted if one.rule.name == name]
    assert len(found) == contradicts
    assert all(len(one) == 1 for one in found)


def test_rules_that_only_one_word_of_the_driver_is_about(tmp_path: Path) -> None:
    crashed = judged(tmp_path, LOGS["does_not_crash"][0])
    assert [outcome.rule.name for outcome in crashed.contradicted] == ["does_not_crash"]
    ignored = judged(tmp_path, LOGS["ignores_what_nobody_awaits"][1])
    assert [outcome.rule.name for outcome in ignored.borne_out] == ["ignores_what_nobody_awaits"]


@pytest.mark.parametrize("name", CAPTURES)
def test_a_rule_for_captures(name: str, tmp_path: Path) -> None:
    wrong, right = map(capture_of, CAPTURES[name])
    assert_told_apart(name, judged(tmp_path, wrong), judged(tmp_path, right))


@pytest.mark.parametrize("name", LISTINGS)
def test_a_rule_for_listings(name: str, tmp_path: Path) -> None:
    wrong, right = LISTINGS[name]
    assert_told_apart(name, judged(tmp_path, wrong, untouched=True), judged(tmp_path, right, untouched=True))
