"""Slips in the client in C that leave its states as they are: values, sizes, counts, and what must not outlive a session.

Each is an edit or two of `client.c`, and found by the case that is named here.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from vnic_conformance.client_role.long_lives import long_stories
from vnic_conformance.client_role.monitor import Monitor
from vnic_conformance.client_role.partner import LivelockError, Partner
from vnic_conformance.client_role.port import DirectPort
from vnic_conformance.client_role.stories import stories
from vnic_conformance.client_role.words import carry_out

Edits = tuple[tuple[str, str], ...]
Broken = Callable[[str, Edits], set[str]]

SOURCE = Path(__file__).parents[3] / "reference_impl" / "c_client" / "client.c"


class Slip(NamedTuple):
    """The case that finds it, a requirement that it breaks, and its edits."""

    case: str
    requirement: str
    edits: Edits


SLIPS: dict[str, Slip] = {
    "bound_of_the_slot": Slip(
        "DLG-9/wrong-rx-one-byte-beyond", "DLG-9", (("offset + length > c.rx_size", "offset + length > ROOM"),)
    ),
    "begin_of_the_frame": Slip(
        "DLG-10/moved-to-rx-offset",
        "DLG-9",
        (("memory[RX_AT + slot * ROOM + offset + at]", "memory[RX_AT + slot * ROOM + at]"),),
    ),
    "end_of_a_table": Slip(
        "DLG-6/wrong-login-rx-sizes-at-cut",
        "DLG-6",
        (("get(told + at, 4) + 8 > length)", "get(told + at, 4) + (at == 24 ? 1 : 8) > length)"),),
    ),
    "offset_of_a_table": Slip(
        "DLG-6/legal-login-tables-turned",
        "CLI-4",
        (("get(told + get(told + 12, 4), 8)", "get(told + HEADER, 8)"),),
    ),
    "first_of_a_completion": Slip(
        "DLG-10/moved-to-tx-completions-together", "CLI-21", (("at < completion[1]; at++", "at < 1; at++"),)
    ),
    "buffer_with_an_error": Slip(
        "DLG-9/buffers-come-back-empty",
        "CLI-16",
        (("        c.lent[slot] = 0;\n", "        if (!get(completion + 18, 2)) c.lent[slot] = 0;\n"),),
    ),
    "half_of_a_map": Slip(
        "DLG-8/frames-at-one-instant",
        "DLG-7",
        (("put(c.awaited + 8, 4, SLOTS * ROOM)", "put(c.awaited + 8, 4, SLOTS * ROOM / c.at)"),),
    ),
    "headers_as_the_first_server_wants": Slip(
        "DLG-10/moved-to-header-descriptors",
        "DLG-8",
        (
            ("    bool told_map;\n", "    bool told_map;\n    int headers;\n"),
            (
                "c.told[33] >> 63 ? (int)(c.told[33] >> 56) : 0",
                "(c.headers = c.headers ? c.headers : 1 + (int)(c.told[33] >> 56)) - 1",
            ),
        ),
    ),
    "header_of_another_frame": Slip(
        "DLG-10/moved-to-header-descriptors",
        "DLG-8",
        (("*frame = memory + TX_AT + slot * ROOM;", "*frame = memory + TX_AT;"),),
    ),
    "frames_beyond_the_entries": Slip(
        "DLG-10/moved-to-few-entries", "DLG-8", (("slot < (int)c.value[3]; slot++", "slot < SLOTS; slot++"),)
    ),
    "buffers_beyond_the_entries": Slip(
        "DLG-10/moved-to-few-entries", "DLG-8", (("slot < (int)c.value[4]; slot++", "slot < SLOTS; slot++"),)
    ),
    "length_for_the_first_server": Slip(
        "DLG-10/moved-to-small-mtu", "DLG-8", (("length > c.value[5] + 4)", "length > 1514 + 4)"),)
    ),
    "one_round_more": Slip("DLG-4/wrong-partial-ever-less", "DLG-4", (("c.round == 10", "c.round == 11"),)),
    "kexec_once": Slip(
        "CLI-10/resource-again",
        "CLI-10",
        (
            ("    bool told_map;\n", "    bool told_map, freed;\n"),
            ("if (c.rc == RESOURCE) {", "if (c.rc == RESOURCE && !c.freed) { c.freed = true;"),
        ),
    ),
    "carrier_of_the_last_server": Slip(
        "CLI-20/link-known-late", "CLI-20", (("c.up = c.carrier = c.logged_in", "c.up = c.logged_in"),)
    ),
    "carrier_of_before_the_close": Slip(
        "CLI-20/link-known-late",
        "CLI-20",
        (("                if (!c.again)\n                    c.carrier = false;\n", ""),),
    ),
    "announced_when_full": Slip(
        "DLG-11/announced-though-full", "DLG-11", (("c.announced = c.announced || c.rc == OK", "c.announced = true"),)
    ),
    "echo_by_its_last_byte": Slip(
        "DLG-3/wrong-echo-first-query-capability-high",
        "DLG-4",
        (("!memcmp(answer + 2, c.awaited + 2, (size_t)echoed)", "(!echoed || answer[3] == c.awaited[3])"),),
    ),
    "buffer_that_found_no_room": Slip(
        "DLG-9/legal-buffers-full",
        "CLI-16",
        (("if (c.rc != OK)\n                c.lent[", "if (c.rc != OK && c.rc != DROPPED)\n                c.lent["),),
    ),
    "two_hundred_tries_a_second": Slip("DLG-9/legal-buffers-full", "CLI-13", (("c.now + 20;", "c.now + 5;"),)),
    "last_element_of_the_crq": Slip("CLI-11/queues-wrap", "CLI-11", (("PAGE / 16, 0}", "PAGE / 16 - 1, 0}"),)),
    "half_of_a_sub_crq": Slip(
        "CLI-11/queues-wrap", "CLI-11", (("{RX_DONE_AT, 32, PAGE / 32", "{RX_DONE_AT, 32, PAGE / 64"),)
    ),
    "any_format_is_init": Slip(
        "CLI-15/init-of-format-03", "CLI-15", (("0xC0 && element[1] == 1)", "0xC0 && element[1] != 2)"),)
    ),
    "any_header_is_a_response": Slip(
        "CLI-15/wrong-reserved-first", "DLG-4", (("element[0] == 0x80 && same", "(element[0] & 0xC0) == 0x80 && same"),)
    ),
    "reserved_event": Slip(
        "CLI-3/event-05", "CLI-20", (("if (element[0] == 0xFF) {", "if (element[0] == 0xFF && element[1] != 5) {"),)
    ),
    "init_complete_too_early": Slip(
        "CLI-4/init-complete-inside-call-2-of-a-life",
        "DLG-2",
        (("element[1] == 2 && c.init_sent)", "element[1] == 2)"),),
    ),
    "watchdog_gone": Slip(
        "CLI-18/no-completion-comes",
        "CLI-18",
        (
            ("c.broken || in_flight_for(0) ? c.now", "c.broken ? c.now"),
            ("if (in_flight_for(STUCK_MS) || c.broken)", "if (c.broken)"),
        ),
    ),
    "close_waits_for_ever": Slip(
        "CLI-7/close-meets-lost-logical-link-state",
        "CLI-21",
        (
            (
                "= c.again;\n                ASK(c.now + 20000)",
                "= c.again;\n                ASK(c.again ? c.now + 20000 : NEVER)",
            ),
        ),
    ),
    "removal_frees_once": Slip(
        "CLI-17/removal-meets-h-free-crq-busy",
        "CLI-17",
        (
            (
                "if (c.registered || c.removing)\n",
                "if (c.removing)\n        CALL(FREE_CRQ, 0, 0);\n    else if (c.registered)\n",
            ),
        ),
    ),
}
SLIPS |= {
    "half_of_the_queue_cleared": Slip(
        "CLI-10/queue-with-an-unread-end",
        "CLI-10",
        (("memset(memory + CRQ_AT, 0, PAGE);", "memset(memory + CRQ_AT, 0, PAGE / 2);"),),
    ),
    "ten_minutes_without_init": Slip(
        "CLI-1/long-outage",
        "CLI-1",
        (
            (
                "    do {\n        c.opcode = 0;\n        c.until = NEVER;\n",
                "    c.limit = c.now + 600000;\n    do {\n        c.opcode = 0;\n        c.until = c.limit;\n",
            ),
            ("while (c.todo != BEGIN && !c.removing);", "while (c.todo != BEGIN && !c.removing && c.now < c.limit);"),
        ),
    ),
    "details_of_a_code": Slip(
        "DLG-1/opened-with-details-of-codes",
        "CLI-21",
        (("c.answer[12] || get(c.answer + 2, 2) != 1", "get(c.answer + 12, 4) || get(c.answer + 2, 2) != 1"),),
    ),
    "numbers_of_the_last_server": Slip(
        "DLG-4/moved-to-a-server-that-says-less", "DLG-4", (("    memset(c.told, 0, sizeof c.told);\n", ""),)
    ),
    "partial_logins_uncounted": Slip(
        "DLG-5/logins-in-part",
        "DLG-5",
        (("== PARTIAL)\n            goto negotiate;", "== PARTIAL) { c.logins_here--; goto negotiate; }"),),
    ),
    "completions_in_order": Slip(
        "DLG-8/completions-out-of-order",
        "DLG-8",
        (
            ("    bool told_map;\n", "    bool told_map;\n    uint64_t sequence, number[SLOTS];\n"),
            ("c.in_flight[c.slot] = c.now;", "c.in_flight[c.slot] = c.now, c.number[c.slot] = ++c.sequence;"),
            (
                "        if (slot < SLOTS)\n            c.in_flight[slot] = NEVER;\n",
                "for (int at = 0; slot < SLOTS && at < SLOTS; at++) if (c.number[at] <= c.number[slot]) c.in_flight[at] = NEVER;",
            ),
        ),
    ),
    "handle_in_32_bits": Slip(
        "DLG-8/frames-at-one-instant",
        "CLI-4",
        (
            (
                "c.tx_handle = get(told + get(told + 12, 4), 8);",
                "c.tx_handle = (uint32_t)get(told + get(told + 12, 4), 8);",
            ),
        ),
    ),
    "few_elements_at_a_time": Slip(
        "CLI-11/queues-wrap",
        "CLI-11",
        (
            (
                "    while ((element = next_of(&c.crq))) {",
                "    for (int left = 64; left && (element = next_of(&c.crq)); left--) {",
            ),
        ),
    ),
    "back_off_that_grows": Slip(
        "CLI-7/attempts-that-fail-for-long",
        "CLI-21",
        (("1500 : BACK_OFF_MS);", "1500 : BACK_OFF_MS + 5000 * (c.failures - 3));"),),
    ),
    "announced_after_failovers_only": Slip(
        "CLI-3/event-partner-failed",
        "DLG-11",
        (
            ("    bool told_map;\n", "    bool told_map, dead;\n"),
            ("    if (element[0] == 0xFF) {\n", "    if (element[0] == 0xFF) {\n        c.dead = element[1] <= 2;\n"),
            ("c.announced = c.logins++ == 0;", "c.announced = c.logins++ == 0 || c.dead;"),
        ),
    ),
    "close_forgotten": Slip(
        "CLI-6/closed-before-the-link-is-up",
        "CLI-6",
        (("            c.up = c.again;\n", "            c.up = c.wish;\n"),),
    ),
    "options_of_tcp": Slip("DLG-8/headers-of-ip-frames", "DLG-8", (("(frame[at + 12] >> 4) * 4u", "20"),)),
    "map_ids_go_on": Slip(
        "CLI-21/many-sessions",
        "CLI-21",
        (
            ("    bool told_map;\n", "    bool told_map;\n    int ids, id[2];\n"),
            (
                "        c.awaited[3] = (unsigned char)c.at;\n",
                "if (c.ids == 254) goto failed; c.awaited[3] = (unsigned char)(c.id[c.at - 1] = ++c.ids);\n",
            ),
            ("put(list + 18, 2, 2);", "put(list + 18, 2, (uint64_t)c.id[1]);"),
            ("<< 32 | 1 << 24 |", "<< 32 | (uint64_t)c.id[0] << 24 |"),
        ),
    ),
    "clock_of_32_bits": Slip(
        "CLI-21/25-days",
        "CLI-21",
        (("    WAIT(c.init_done, c.deadline);", "    WAIT(c.init_done, (int32_t)c.deadline);"),),
    ),
}
#: Those that are looked for in every run of the tests.
FEW = ("first_of_a_completion", "headers_as_the_first_server_wants", "half_of_a_sub_crq")


class Process:
    """An adapter that answers over its standard streams."""

    def __init__(self, command: Path) -> None:
        self._process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        greeting = {"protocol_major": 1, "protocol_minor": 1} if fields["op"] == "hello" else {}
        self._process.stdin.write(json.dumps({"seq": 1, **fields, **greeting}, separators=(",", ":")).encode() + b"\n")
        self._process.stdin.flush()
        reply: Mapping[str, object] = json.loads(self._process.stdout.readline())
        return reply

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Broken]:
    """Compiles the client with these edits, plays a case on it, and says which requirements it breaks."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) on this machine")
    processes = []

    def play(case: str, edits: Edits) -> set[str]:
        text = SOURCE.read_text(encoding="utf-8")
        for before, after in edits:
            assert text.count(before) == 1, f"not once in client.c: {before}"
            text = text.replace(before, after)
        (tmp_path / "client.c").write_text(text, encoding="utf-8")
        subprocess.run(
            [compiler, "-std=c99", "-O0", "-w", "-o", tmp_path / "client", tmp_path / "client.c"], check=True
        )
        processes.append(Process(tmp_path / "client"))
        port = DirectPort(processes[-1])
        monitor = Monitor(port.hello.client)
        partner = Partner(port, observers=[monitor])
        told = (*stories(port.hello.client), *long_stories(port.hello.client))
        with contextlib.suppress(LivelockError):
            for each in next(story for story in told if story.case.id == case).word:
                carry_out(partner, each)
                if monitor.violations:
                    break
        return {name for violation in monitor.violations for name in violation.rule.requirements}

    yield play
    for process in processes:
        process.close()


def find(broken: Broken, name: str) -> None:
    slip = SLIPS[name]
    assert slip.requirement in broken(slip.case, slip.edits)


@pytest.mark.parametrize("name", FEW)
def test_a_slip_is_found(broken: Broken, name: str) -> None:
    find(broken, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SLIPS if name not in FEW])
def test_every_slip_is_found(broken: Broken, name: str) -> None:
    find(broken, name)
