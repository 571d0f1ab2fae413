"""``vnickit monitor``: stories, exit codes, what each source may look like, and what is no record at all."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.monitoring.capture import capture
from vnic_conformance.monitoring.judging import UNREAD, judge
from vnic_conformance.monitoring.kernel_log import kernel_log
from vnic_conformance.monitoring.listings import listed, time_of
from vnic_conformance.monitoring.plain import plain
from vnic_conformance.monitoring.report import lines
from vnic_conformance.monitoring.seen import What
from vnic_conformance.pictures.blocks import FLAGS, INTERFACE, MAGIC, PACKET, SECTION, USER0
from vnic_conformance.pictures.formats import Link
from vnic_conformance.pictures.pcapng import Packets
from vnic_model.intake import IntakeError, lines_of
from vnic_spec.wire import INIT, INIT_COMPLETE, Command, Event, Header, event_element

RECORDS = Path(__file__).parent / "records"
BOOT = Path(__file__).parents[2] / "reference" / "recorded_elements.json"


def monitor(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["monitor", *map(str, words)], prog_name="vnickit")


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("failover.log", [], ExitCode.CONFORMS),
        ("trouble.log", [], ExitCode.VIOLATION),
        ("vnics.txt", ["--untouched"], ExitCode.VIOLATION),
    ],
)
def test_a_story(
    name: str, words: list[str], code: ExitCode, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(RECORDS)
    result = monitor(name, *words)
    assert result.exit_code == code
    golden(f"monitor_{Path(name).stem}.txt", result.output)
    said = json.loads(monitor(name, *words, "--json").output)
    assert said["exit"] == code
    first = {found["requirements"][0] for found in said["contradicted"]}
    assert all(f"\n  {name:<8}" in result.output for name in first)
    assert bool(first) is (code is ExitCode.VIOLATION)
    assert len(said["unknown"]) == result.output.count("Not understood")


def test_the_elements_of_a_real_boot_contradict_nothing(tmp_path: Path) -> None:
    """As a log has them: three fragments, of which the second and the third have no beginning."""
    way = {"c2s": "Sending", "s2c": "Handling"}
    fragments = []
    for at, fragment in enumerate(json.loads(BOOT.read_text())["fragments"], 1):
        fragments.append(
            "".join(
                f"[{at + one['t_us'] / 1e6:12.6f}] ibmvnic 30000006 env3: {way[one['dir']]} CRQ: "
                f"{one['element'][:16]} {one['element'][16:]}\n"
                for one in fragment["elements"]
            )
        )
    file = tmp_path / "boot.log"
    file.write_text("...\n".join(fragments))
    found = judge(file)
    assert found.code is ExitCode.CONFORMS
    assert found.record.unknown == []


def test_the_same_log_without_times_tells_the_same_without_lengths(tmp_path: Path) -> None:
    text = (RECORDS / "failover.log").read_text()
    bare, shifted = tmp_path / "bare", tmp_path / "shifted"
    bare.write_text("".join(f"{line[15:]}\n" for line in text.splitlines()))
    shifted.write_text("".join(f"> Jun 28 01:37:24 host kernel: {line}\n" for line in text.splitlines()))
    whole, without, within = judge(RECORDS / "failover.log"), judge(bare), judge(shifted)
    causes = [[recovery.causes for recovery in found.chapters[0].recoveries] for found in (whole, without, within)]
    assert causes[0] == causes[1] == causes[2] == [["boot"], ["login"], ["failover", "login retry"], *causes[0][3:]]
    assert all(recovery.took() is None for recovery in without.chapters[0].recoveries)
    took = [recovery.took() for recovery in whole.chapters[0].recoveries]
    assert took == [recovery.took() for recovery in within.chapters[0].recoveries]
    assert took[2] == pytest.approx(1.51, abs=0.001)
    by_time = {"recovers_in_time"}
    assert {one.rule.name for one in whole.borne_out} - by_time == {one.rule.name for one in without.borne_out}


def test_nothing_is_concluded_across_a_gap_or_a_boot(tmp_path: Path) -> None:
    """An answer whose question is not there is one of another session, unless something is missing."""
    lines = (RECORDS / "failover.log").read_text().splitlines()
    cut = next(n for n, line in enumerate(lines) if "Sending CRQ: 80020004" in line)
    for between, code in ((None, ExitCode.VIOLATION), ("[....]", ExitCode.CONFORMS)):
        file = tmp_path / "cut.log"
        file.write_text("\n".join([*lines[:cut], *([between] if between else []), *lines[cut + 1 :]]) + "\n")
        assert judge(file).code is code, between
    file.write_text("\n".join([*lines, *lines]) + "\n")
    twice = judge(file)
    assert twice.code is ExitCode.CONFORMS
    assert sum(seen.what is What.RESTART for seen in twice.record.seen) == 1


@pytest.mark.parametrize(
    "words",
    [
        "[    1.5] ** 40 printk messages dropped **",
        "[    1.500000] printk: 40 messages suppressed.",
        "systemd-journald[300]: /dev/kmsg buffer overrun, some messages lost.",
        "Jun 28 01:37:24 h systemd-journald[300]: Missed 40 kernel messages",
        "systemd-journald[300]: Suppressed 40 messages from kernel",
        "rsyslogd: imklog: 40 messages lost due to rate-limiting",
        "Jun 28 01:37:24 h rsyslogd: imjournal: 40 messages lost due to rate-limiting [v8.24.0]",
    ],
)
def test_a_loss_that_is_said_is_a_gap(words: str) -> None:
    found = kernel_log(lines_of(f"{words}\n"))
    assert [seen.what for seen in found.seen] == [What.GAP]
    assert ("40" in words) == ("40 messages" in found.seen[0].words)


def test_what_dynamic_debugging_would_have_shown_is_not_asked_for(tmp_path: Path) -> None:
    """Elements that are sent are there and no reset is: that is no lack of dynamic debugging."""
    (tmp_path / "x").write_text((RECORDS / "failover.log").read_text().partition("[ 7781")[0])
    whys = {outcome.rule.name: outcome.why_not for outcome in judge(tmp_path / "x").undecided}
    assert "dynamic debugging" not in whys["a_complaint_is_enough"]
    (tmp_path / "x").write_text("[    1.000000] ibmvnic 30000003: Backing device failover detected\n")
    whys = {outcome.rule.name: outcome.why_not for outcome in judge(tmp_path / "x").undecided}
    assert "dynamic debugging" in whys["a_complaint_is_enough"]


def test_two_devices_are_told_apart(tmp_path: Path) -> None:
    text = (RECORDS / "failover.log").read_text()
    mixed = "".join(f"{line}\n{line.replace('30000003', '30000004')}\n" for line in text.splitlines())
    (tmp_path / "mixed").write_text(mixed)
    found = judge(tmp_path / "mixed")
    assert [chapter.unit for chapter in found.chapters] == ["30000003", "30000004"]
    assert found.code is ExitCode.CONFORMS
    one, other = ([part.causes for part in chapter.recoveries] for chapter in found.chapters)
    assert one == other


# --- captures ------------------------------------------------------------------------------------------------------


def foreign(order: str, packets: list[tuple[bytes, int]]) -> bytes:
    """A capture by somebody else: in either order of bytes, with directions and no comments."""

    def block(kind: int, body: bytes) -> bytes:
        size = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + size + body + size

    head = struct.pack(order + "IHHq", MAGIC, 1, 0, -1)
    made = block(SECTION, head) + block(INTERFACE, struct.pack(order + "HHI", USER0 + Link.CRQ, 0, 0))
    for number, (data, flags) in enumerate(packets):
        option = struct.pack(order + "HHIHH", FLAGS, 4, flags, 0, 0) if flags else b""
        body = struct.pack(order + "IIIII", 0, 0, number * 1000, len(data), len(data)) + data + option
        made += block(PACKET, body)
    return made


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_capture_by_somebody_else_is_judged_whole(order: str, tmp_path: Path) -> None:
    out, into = 2, 1
    failover = event_element(Event.DEVICE_FAILOVER)
    packets = [(INIT, out), (INIT_COMPLETE, into), (failover, into), (INIT, out)]
    (tmp_path / "x").write_bytes(foreign(order, packets))
    found = judge(tmp_path / "x")
    assert [outcome.rule.name for outcome in found.contradicted] == ["waits_for_init"]
    assert found.chapters[0].recoveries[-1].causes[-1] == "failover"
    # Without directions nobody knows who has sent INIT.
    (tmp_path / "x").write_bytes(foreign(order, [(data, 0) for data, _ in packets]))
    assert judge(tmp_path / "x").contradicted == []


def test_a_capture_of_the_kit_is_judged_for_the_hypervisor_alone(tmp_path: Path) -> None:
    made = Packets()
    made.add(0, Link.STEP, b"1. client sends INIT")
    for element, way in ((INIT, "client to server 1"), (event_element(Event.DEVICE_FAILOVER), "hypervisor to client")):
        made.add(1, Link.CRQ, element, f"{way}: X stored")
    made.add(2, Link.CRQ, INIT, "client to server 1: INIT stored")
    (tmp_path / "x").write_bytes(made.getvalue())
    result = monitor(tmp_path / "x")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert "CLI-1, " in result.output
    assert "the client was played by the kit in this capture" in result.output


def test_a_picture_of_a_failure_may_tell_what_failed(tmp_path: Path) -> None:
    failure, picture = RECORDS.parents[2] / "golden" / "failures_hypervisor_2.jsonl", tmp_path / "x.pcapng"
    words = ["show", str(failure), "--as", "pcapng", "--out", str(picture)]
    assert CliRunner().invoke(main, words, prog_name="vnickit").exit_code == ExitCode.CONFORMS
    result = monitor(picture)
    assert result.exit_code == ExitCode.VIOLATION
    assert "CRQ-10  What is stored is what was sent." in result.output
    assert "says its writer: violated: CRQ-10" in " ".join(result.output.split())


def test_an_event_that_a_partner_writes_is_shown_as_its_own(tmp_path: Path) -> None:
    failure, picture = RECORDS / "partner_writes_events.jsonl", tmp_path / "x.pcapng"
    words = ["show", str(failure), "--as", "pcapng", "--out", str(picture)]
    assert CliRunner().invoke(main, words, prog_name="vnickit").exit_code == ExitCode.CONFORMS
    found = judge(picture)
    assert [outcome.rule.name for outcome in found.contradicted] == ["only_the_hypervisor_writes_events"]


@pytest.mark.parametrize("cut", range(1, 120, 7))
def test_a_capture_that_was_cut_is_refused_with_the_place(cut: int) -> None:
    whole = foreign(">", [(INIT, 2), (INIT_COMPLETE, 1)])
    with pytest.raises(IntakeError, match=r"^byte \d+: "):
        capture(whole[:-cut])


# --- listings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("# 2026-11-30 10:00:05", 1796032805),
        ("2026-11-30T10:00:05Z", 1796032805),
        ("2026-11-30T12:00:05+02:00", 1796032805),
        ("Mon Nov 30 10:00:05 UTC 2026", 1796032805),
        ("Mon 30 Nov 2026 10:00:05 AM UTC", 1796032805),
        ("1796032805", 1796032805),
        ("# 7.5", 7.5),
        ("7", None),
        ("# a remark", None),
        ("2026-13-30 10:00:05", None),
    ],
)
def test_a_time_may_be_written_as_consoles_do(text: str, seconds: float | None) -> None:
    found = time_of(text)
    assert (found.seconds if found else None) == seconds


DEVICE = "sriov/vios-a/100/1/1/27004003/2.0/2.0/50/100.0/100.0"


@pytest.mark.parametrize(
    "rows",
    [
        f'slot_num=6,auto_priority_failover=1,backing_devices={DEVICE},"backing_device_states=sriov/27004003/1/Operational"',
        f"6,{DEVICE}\n6,sriov/27004003/1/Operational",
        f"client-a,3,6,ded,ded,1,0,0,all,eaadf2188302,all,{DEVICE},sriov/27004003/1/Operational",
        f"slot_num:backing_devices:backing_device_states\n6:{DEVICE}:sriov/27004003/1/Operational",
        "slot_num=6,adapter_id=1,physical_port_id=1,logical_port_id=27004003,failover_priority=50,is_active=1,status=Operational",
        "slot_num,adapter_id,physical_port_id,logical_port_id,failover_priority,is_active,status\n6,1,1,27004003,50,1,Operational",
    ],
)
def test_a_row_may_have_any_shape_of_the_console(rows: str) -> None:
    found = listed(lines_of(f"# 2026-11-30 10:00:05\n{rows}\n"))
    (listing,) = found.listings
    ((key, vnic),) = listing.vnics.items()
    (device,) = vnic.devices.values()
    assert key.endswith("slot 6")
    assert found.record.unknown == []
    assert (device.port, device.active, str(device.status)) == ("27004003", True, "OPERATIONAL")
    assert (device.priority, device.physical) == (50, ("1", "1"))


NAMES = "lpar_name,lpar_id,type,adapter_id,physical_port_id,logical_port_id,failover_priority,is_active,status"
FIRST, SECOND = "vios-a,100,sriov,1,0,27004001,50,1,Operational", "vios-a,100,sriov,2,0,27008001,60,0,Operational"
THIRD = "vios-a,100,sriov,1,0,27004002,50,1,Operational"


@pytest.mark.parametrize("delimiter", ",:%;|")
def test_a_header_alone_shows_what_a_file_is(delimiter: str, tmp_path: Path) -> None:
    text = "\n".join((NAMES, FIRST, SECOND)).replace(",", delimiter)
    (tmp_path / "x").write_text(f"# 1\n{text}\n# 2\n{text}\n")
    found = judge(tmp_path / "x")
    assert found.code is ExitCode.CONFORMS
    assert found.listings is not None
    assert [len(listing.vnics["vNIC"].devices) for listing in found.listings.listings] == [2, 2]


def test_of_rows_without_a_slot_nobody_can_tell_which_vnic(tmp_path: Path) -> None:
    rows = "\n".join((NAMES, FIRST, SECOND, THIRD))
    (tmp_path / "x").write_text(f"# 1\n{rows}\n# 2\n{rows}\n")
    result = monitor(tmp_path / "x")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "Cannot tell which vNIC" in result.output
    assert "list slot_num, too" in " ".join(result.output.split())
    named = '6,"sriov/27004001/1/Operational,sriov/27008001/0/Operational"'
    (tmp_path / "x").write_text(f"# 1\n{rows}\n# 2\nslot_num,backing_device_states\n{named}\n")
    found = judge(tmp_path / "x")
    assert found.code is ExitCode.CONFORMS
    assert found.listings is not None
    first = found.listings.listings[0]
    assert {key: sorted(vnic.devices) for key, vnic in first.vnics.items()} == {
        "slot 6": ["27004001", "27008001"],
        "vNIC": ["27004002"],
    }


def test_two_rows_without_a_slot_may_be_two_vnics() -> None:
    """Each shows all devices of its vNIC, and none is in both."""
    rows = [f"lpar_name=a,backing_device_states=sriov/{port}/1/Operational" for port in ("2700", "2701")]
    found = listed(lines_of("\n".join(("# 1", *rows)) + "\n"))
    assert (found.listings, found.unclear) == ([], {"a"})


def test_a_pin_explains_what_else_is_wrong(tmp_path: Path) -> None:
    """The better server is not active: wrong only if nobody activated the other one."""
    shown = (RECORDS / "vnics.txt").read_text()
    file = tmp_path / "x"
    for words, code in (([], ExitCode.CONFORMS), (["--untouched"], ExitCode.VIOLATION)):
        assert monitor(RECORDS / "vnics.txt", *words).exit_code == code
    activated = shown.replace(
        "# 2026-11-30 10:01:00", "$ chhwres -o act -s 6 --logport 2700802c\n# 2026-11-30 10:01:00"
    )
    file.write_text(activated)
    assert monitor(file, "--untouched").exit_code == ExitCode.CONFORMS
    file.write_text(activated.partition("$ chhwres -r")[0])
    pinned = judge(file).outcomes
    assert "2700802c was activated at the console, which pins it" in {outcome.why_not for outcome in pinned}


# --- what is none --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "none of what is read"),
        (b"what is this\n" * 100, "none of what is read"),
        (b"\x7fELF" + bytes(range(256)) * 100, "binary"),
        (b"\xd4\xc3\xb2\xa1" + bytes(20), "older format pcap"),
        (b"\x0a\x0d\x0d\x0a" + bytes(20), "order of bytes"),
        (b"ibmvnic 30000003: " + b"x" * (1 << 21), "longer than"),
        ("ibmvnic 30000003: Closing\n".encode("utf-16"), "binary"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    result = monitor(tmp_path / "x")
    assert result.exit_code == ExitCode.USAGE, result.output
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_log_without_a_word_of_the_driver_decides_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("[    1.000000] Linux version 6.12\n[    2.000000] ibmveth 30000002 net0: up\n")
    assert monitor(tmp_path / "x").exit_code == ExitCode.INCONCLUSIVE
    (tmp_path / "x").write_text("[    1.000000] ibmvnic 30000003: nobody knows this\n")
    result = monitor(tmp_path / "x", "--json")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert json.loads(result.output)["unknown"] == [{"place": 1, "text": "nobody knows this"}]


def test_a_byte_of_zero_spoils_its_line_alone(tmp_path: Path) -> None:
    good = b"[    1.000000] ibmvnic 30000003: Closing\n"
    (tmp_path / "x").write_bytes(good + b"[    2.000000] foo " + bytes(4096) + b" bar\n" + good.replace(b"1", b"3"))
    said = json.loads(monitor(tmp_path / "x", "--json").output)
    assert said["unknown"] == [{"place": 2, "text": "foo \0 bar"}]
    assert said["lines"] == 3


def test_untouched_is_for_listings() -> None:
    result = monitor(RECORDS / "failover.log", "--untouched")
    assert result.exit_code == ExitCode.USAGE
    assert "--untouched is for listings" in result.stderr


def test_what_a_crash_and_an_attacker_leave_in_a_log_is_shown_as_text(tmp_path: Path) -> None:
    evil = (
        b"\0\0\0[    1.000000] ibmvnic 30000003: \x1b[2Jred\xff\xe2\x80\xa8\n[    2.000000] ibmvnic 30000003: Closing"
    )
    (tmp_path / "x").write_bytes(evil)
    result = monitor(tmp_path / "x")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "\x1b" not in result.output
    assert "\\x1b[2Jred\\xff" in result.output
    assert "the user closes the device" in result.output


def test_a_damaged_record_is_a_record_or_refused(tmp_path: Path) -> None:
    """Edits by number, so that a failure names one: no traceback, and text and JSON can be made of what is read."""
    whole = foreign("<", [(INIT, 2), (INIT_COMPLETE, 1), (event_element(Event.DEVICE_FAILOVER), 1)])
    originals = [(RECORDS / name).read_bytes()[:3000] for name in ("failover.log", "trouble.log", "vnics.txt")]
    file = tmp_path / "x"
    read = 0
    for number in range(100):
        chance = random.Random(number)
        data = bytearray(chance.choice([*originals, whole]))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            piece = data[chance.randrange(len(data)) :][: chance.randint(0, 60)]
            data[at : at + chance.choice((0, 1, 40))] = chance.choice(
                (piece, b"9" * 30, b"\xff" * 8, b"=20", b"sriov/")
            )
        file.write_bytes(data)
        try:
            judged = judge(file)
        except IntakeError:
            continue
        read += 1
        assert list(lines(judged, "x")), number
        assert json.dumps(plain(judged, "x")), number
    assert read > 25


def test_a_capture_of_a_tested_client_is_judged_for_the_client_alone(tmp_path: Path) -> None:
    made = Packets()
    asked = bytes((Header.COMMAND, Command.GET_VPD_SIZE)).ljust(len(INIT), b"\0")
    for element, way in (
        (INIT, "client to servers"),
        (INIT_COMPLETE, "servers to client"),
        (asked, "client to servers"),
        (event_element(Event.DEVICE_FAILOVER), "hypervisor to client"),
        (INIT, "client to servers"),
    ):
        made.add(1, Link.CRQ, element, f"{way}: X stored")
    (tmp_path / "x").write_bytes(made.getvalue())
    assert [outcome.rule.name for outcome in judge(tmp_path / "x").contradicted] == ["keeps_the_order"]
    told = " ".join(monitor(tmp_path / "x").output.split())
    assert "the hypervisor was played by the kit in this capture" in told
    assert UNREAD in told  # the event may not be read yet


def test_a_login_that_is_refused_is_a_sign_that_the_server_is_not_well(tmp_path: Path) -> None:
    log = tmp_path / "x"
    lines = (
        (100, "<intr>", "Handling CRQ: ff08000000000000 0000000000000000"),
        (101, "<intr>", "Handling CRQ: c001000000000000 0000000000000000"),
        (350, "<intr>", "Handling CRQ: 8084000000000000 0000000006000000"),
        (360, "<intr>", "Handling CRQ: 8012000001010000 0000000000000000"),
    )
    log.write_text("".join(f"[{at}.000000] {who} ibmvnic 30000003 env3: {text}\n" for at, who, text in lines))
    assert "recovers_in_time" not in {outcome.rule.name for outcome in judge(log).contradicted}
