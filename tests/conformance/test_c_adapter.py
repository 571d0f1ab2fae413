"""The hypervisor in C: it compiles without a warning, its adapter is sane, it conforms, and its planted faults are found."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from click.testing import Result
from tests.conformance.playing import Verdict, dealt, play

from vnic_conformance.cases import SCRIPTS
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.protocol.messages import FEATURES, Outcome
from vnic_conformance.reports.summary import outcome_of, rows
from vnic_conformance.running.book import book
from vnic_conformance.running.plan import requirements_of_role
from vnic_conformance.running.recorded import load
from vnic_conformance.running.scripts import applies
from vnic_conformance.targets import open_target
from vnic_spec.profile import PARAMETERS, Profile

Vnickit = Callable[..., Result]

SOURCES = Path(__file__).parents[2] / "reference_impl" / "c"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]

#: Fault → a scripted case that finds it, and the requirement that it blames.
FOUND = {
    "priority_as_text": ("SEL-4/numbers-not-text", "SEL-2"),
    "tie_preempts": ("SEL-5/selected-keeps-client", "SEL-5"),
    "newest_of_equals": ("SEL-5/tie-among-standbys", "SEL-5"),
    "silent_without_successor": ("FOV-6/no-successor", "FOV-6"),
    "two_events": ("FOV-3/one-event-for-one-switch", "FOV-3"),
    "stale_elements": ("CRQ-9/starts-empty", "INV-6"),
    "token_reused": ("SES-1/never-again", "SES-1"),
    "fenced_send": ("FOV-10/sends", "FOV-10"),
    "reselect_at_open": ("SEL-8/while-closed", "SEL-7"),
    "no_last_resort": ("MON-5/last-resort", "MON-5"),
    "last_resort_one": ("MON-5/last-resort", "MON-5"),
    "standbys_unwatched": ("MON-2/standby-falls-silent", "MON-2"),
    "closed_is_failure": ("CRQ-2/closed-is-registered", "CRQ-2"),
    "dropped_before_closed": ("CRQ-3/closed-before-full", "CRQ-3"),
    "event_empties_queue": ("CRQ-7/failover-meets-full", "CRQ-7"),
    "overlays_first": ("CRQ-7/server-is-told-over-full", "CRQ-7"),
    "event_lost_on_full": ("CRQ-7/failover-meets-failover", "CRQ-7"),
    "failover_overlays_migrated": ("CRQ-7/failover-meets-migration", "CRQ-7"),
    "not_pinned": ("ADM-6/pin-holds", "ADM-6"),
    "pin_survives_auto": ("ADM-5/off-ends-pin", "ADM-5"),
    "removal_ignored": ("ADM-3/removing", "ADM-3"),
    "last_removed": ("ADM-3/removing", "ADM-3"),
    "no_hold": ("CRQ-13/hold", "CRQ-13"),
    "maps_survive": ("CRQ-12/grants-die-with-session", "CRQ-12"),
    "handles_reused": ("CRQ-12/handles-not-reused", "CRQ-12"),
    "silent_too_early": ("MON-2/not-too-early", "MON-2"),
    "first_interval_counts": ("MON-2/standby-falls-silent", "MON-2"),
    "report_clears_complaint": ("SES-3/not-undone", "MON-4"),
    "registered_is_operational": ("MON-6/registering-is-not-enough", "MON-6"),
    "migration_keeps_selection": ("CRQ-8/migration", "SEL-7"),
    "crash_is_free": ("CRQ-4/who-is-told", "CRQ-4"),
    "old_server_not_told": ("FOV-2/order-of-effects", "FOV-2"),
    "old_token_counts": ("SES-2/token-of-another-session", "SES-2"),
    "closed_is_frozen": ("SEL-8/while-closed", "SEL-8"),
    "interrupts_stay_on": ("CRQ-11/again-after-free", "CRQ-11"),
    "record_not_cut": ("MON-7/truncated", "MON-7"),
    "indirect_in_part": ("CRQ-12/indirect-all-or-nothing", "CRQ-12"),
    "partners_write_events": ("CRQ-6/partners-write-no-events", "CRQ-6"),
    "interrupt_not_disabled": ("CRQ-11/sub-queue-interrupts", "CRQ-11"),
    "disable_all_first": ("CRQ-11/sub-queue-interrupts-all", "CRQ-11"),
    "interrupt_unchecked": ("CRQ-11/sub-queue-interrupt-arguments", "CRQ-11"),
    "largest_queue_refused": ("CRQ-2/all-of-memory", "CRQ-2"),
    "dma_wraps": ("CRQ-12/memory-to-its-end", "CRQ-12"),
    "descriptor_control_ignored": ("MON-7/descriptor", "MON-7"),
    "token_is_one_byte": ("SES-1/hundreds-of-sessions", "SES-1"),
    "handles_leak": ("CRQ-12/hundreds-of-sub-queues", "CRQ-12"),
}
#: A fault that shows only after 300 switches, and a case that switches.
LATER = "switch_10000_untold"  #: only a script that is not in every check goes there
LATE, SWITCHES = "late_switches_untold", "FOV-3/one-event-for-one-switch"

#: Every value of a profile parameter that is not the default one, as ``vnickit check --profile`` takes it, a few at a time.
OTHER_PROFILES = (
    ("crossing=gap", "event_full=defer", "tie_break=newest", "grace=1"),
    ("reopen=reselect", "complaint_order=lopar", "tie_break=port", "hold_limit_ms=400"),
    ("preempt_delay_ms=700", "tie_break=any", "max_servers=2", "indirect_limit=16"),
)


def compiler() -> str:
    """The C compiler of this machine; without one there is nothing to be tested here."""
    found = shutil.which("cc")
    if found is None:
        pytest.skip("there is no C compiler (cc) on this machine")
    return found


def compiled(out: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """One command, as README has it, with more flags."""
    sources = sorted(str(source) for source in SOURCES.glob("*.c"))
    return subprocess.run(
        [compiler(), *flags, "-o", str(out), *sources], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The adapter, compiled with every warning being an error."""
    out = tmp_path_factory.mktemp("c") / "c-hypervisor"
    done = compiled(out, *STRICT, "-O1")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return str(out)


def test_the_adapter_is_sane(built: str, vnickit: Vnickit) -> None:
    result = vnickit("smoke", "--adapter", built)
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert "not tried" not in result.stdout


@pytest.mark.parametrize("group", ["SEL", "FOV", "SES"])
def test_the_cases_written_by_hand_pass(group: str, built: str) -> None:
    with open_target(built) as target:
        profile = target.hello.profile
        assert target.hello.features == set(FEATURES)
        wanted = [s for s in SCRIPTS.values() if s.id.startswith(group) and applies(s, target.hello, profile)]
        played = {script.id: play(script, target, target.hello, profile) for script in wanted}
    assert {name: p.why for name, p in played.items() if p.verdict is not Verdict.PASS} == {}
    assert len(played) > 3


@pytest.mark.slow
def test_it_conforms_and_leaves_no_requirement_out(page: Page) -> None:
    """By the log of the check that its page shows."""
    run = load(page.log)
    assert outcome_of(run).code is ExitCode.CONFORMS
    found = {row.requirement.id: row.verdict.words for row in rows(book(run.header.profile).cases, run.results)}
    assert found == {e.id: "pass" for e in requirements_of_role()} | {"INV-8": "not exercised"}, "INV-8 is the drivers'"


@pytest.mark.slow
@pytest.mark.parametrize("profile", OTHER_PROFILES, ids=",".join)
def test_it_conforms_under_every_profile(profile: tuple[str, ...], built: str, vnickit: Vnickit) -> None:
    chosen = (word for choice in profile for word in ("--profile", choice))
    result = vnickit("check", "--adapter", built, *chosen, "--phase", "walk", "--steps", "600", "--log", "run.jsonl")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    with open_target(built) as target:
        values = dict(choice.split("=") for choice in profile)
        claimed = Profile.from_mapping({k: int(v) if v.isdecimal() else v for k, v in values.items()})
        scripts = [SCRIPTS[name] for name in dealt(OTHER_PROFILES.index(profile), len(OTHER_PROFILES))]
        played = [play(script, target, target.hello, claimed) for script in scripts]
    wrong = [(p.script.id, p.step, p.why) for p in played if p.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)]
    assert wrong == []
    assert sum(p.verdict is Verdict.PASS for p in played) > 100


def test_the_profiles_are_all_there_are() -> None:
    """Of every parameter that a hypervisor reads another value is tried."""
    theirs = {"client_init", "srv_wait_ms", "quiet_time_ms", "gap_ms"}
    assert {word.partition("=")[0] for profile in OTHER_PROFILES for word in profile} == set(PARAMETERS) - theirs


# --- faults ----------------------------------------------------------------------------------------------------------


def faults(built: str) -> dict[str, str]:
    """The faults that can be planted, with what they do."""
    lines = subprocess.run([built, "--faults"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[0]: line.partition(" ")[2].strip() for line in lines}


def test_every_fault_has_its_finder(built: str) -> None:
    assert list(faults(built)) == [*FOUND, LATER, LATE]
    assert all(faults(built).values())


def test_an_unknown_fault_is_refused(built: str) -> None:
    done = subprocess.run([built, "--fault", "no_such_fault"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr


@pytest.mark.parametrize("name", FOUND)
def test_a_fault_is_found(name: str, built: str) -> None:
    case, blamed = FOUND[name]
    with open_target(f"{built} --fault {name}") as target:
        played = play(SCRIPTS[case], target, target.hello, target.hello.profile)
    assert played.verdict is Verdict.FAIL
    assert played.failure is not None
    assert played.failure.requirement.partition("/")[0] == blamed, played.why


def test_a_fault_that_shows_late_is_found(built: str) -> None:
    with open_target(f"{built} --fault {LATE}") as target:
        good = 0
        while (
            good < 200 and play(SCRIPTS[SWITCHES], target, target.hello, target.hello.profile).verdict is Verdict.PASS
        ):
            good += 1
    assert 30 < good < 200


@pytest.mark.slow
@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("name", [LATE, "silent_without_successor"])
def test_a_whole_check_finds_it_too(name: str, built: str, vnickit: Vnickit) -> None:
    result = vnickit("check", "--adapter", f"{built} --fault {name}", "-x", "--steps", "2000", "--log", "run.jsonl")
    assert result.exit_code == ExitCode.VIOLATION, result.output


# --- hostile lines ---------------------------------------------------------------------------------------------------

_WORDS: tuple[object, ...] = (
    *(0, 1, 2, 16, 24, 25, 26, 27, 4096, 8192, 524_287, 524_288, -1, 1 << 63, (1 << 64) - 1, "0xffffffffffffffff", ""),
    *(
        "80" * 16,
        "80" * 160,
        "c001" + "00" * 14,
        "zz",
        "server0",
        "server8",
        "server99999999999999999999",
        "none",
        "gap",
    ),
)
_FIELDS = """
    servers ms who call address length hex handle sub p1 p2 p3 mode map port priority value server target unit observe
    profile_grace profile_crossing profile_hold_limit_ms unpaired
""".split()  # noqa: SIM905 - fifty quoted words say no more
_CALLS = """
    reg_crq free_crq send_crq enable_crq vio_signal consume vioctl eoi reg_sub_crq free_sub_crq send_sub_crq
    send_sub_crq_indirect dma_write dma_read poke peek add remove priority auto activate power_on crash migrate x
""".split()  # noqa: SIM905 - the same


def hostile(number: int) -> bytes:
    """A line that nobody should send: wrong, damaged, cut off, or no JSON at all."""
    chance = random.Random(number)
    fields: dict[str, object] = {"seq": number, "op": chance.choice(["apply", "apply", "reset", "advance", "x"])}
    fields |= {"who": chance.choice(["client", "server0", "console", "platform"]), "call": chance.choice(_CALLS)}
    fields |= {chance.choice(_FIELDS): chance.choice(_WORDS) for _ in range(5)}
    line = bytearray(json.dumps(fields).encode())
    kind = number % 4
    if kind == 1:
        line[chance.randrange(len(line))] = chance.randrange(32, 256)
    elif kind == 2:
        del line[chance.randrange(len(line)) :]
    elif kind == 3:
        line = bytearray(chance.randrange(11, 256) for _ in range(40))
    return bytes(line)


def test_hostile_lines_are_answered_each(tmp_path: Path) -> None:
    """Under the sanitizers where the machine has them: none may be read, written or computed wrong."""
    out = tmp_path / "sanitized"
    sanitizers = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover")
    if compiled(out, "-std=c99", *sanitizers).returncode != 0:
        assert compiled(out, *STRICT).returncode == 0
    lines = [hostile(number) for number in range(4000)]
    lines.append(b'{"seq":1,"op":"observe"' + b" " * (1 << 21) + b"}")
    lines.append(b'{"seq":"0x7fffffffffffffff","op":"observe"}')
    done = subprocess.run([str(out)], input=b"\n".join(lines), capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(replies) == len(lines)
    assert {reply["outcome"] for reply in replies} <= set(Outcome)
    assert replies[-2]["outcome"] == Outcome.ERROR
    assert replies[-1]["seq"] == "0x7fffffffffffffff"


# --- its shape -------------------------------------------------------------------------------------------------------


def test_no_two_of_its_files_need_each_other() -> None:
    """A unit is a file and its header. A caller includes the header, or the compiler complains; so includes tell all."""
    needs: dict[str, set[str]] = {}
    for file in (*SOURCES.glob("*.c"), *SOURCES.glob("*.h")):
        included = re.findall(r'^#include "(\w+)\.h"$', file.read_text(), re.M)
        needs.setdefault(file.stem, set()).update(set(included) - {file.stem})
    order = list(TopologicalSorter(needs).static_order())  # raises CycleError, which names the circle
    assert order.index("state") < order.index("failover") < order.index("console") < order.index("adapter")
    for header in SOURCES.glob("*.h"):
        if (SOURCES / f"{header.stem}.c").exists():
            outside = re.findall(r"^(?!static)\w[\w ]*[ *](\w+)\(", (SOURCES / f"{header.stem}.c").read_text(), re.M)
            assert [name for name in outside if f"{name}(" not in header.read_text()] == [], header.name


# --- its page --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """README, executed.

    Attributes:
        said: its commands, and what they printed.
        expected: its commands, and what it says they print.
        log: of its whole check.
    """

    said: str
    expected: str
    log: Path


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The commands of README, run in a copy."""
    compiler()
    copy = tmp_path_factory.mktemp("page") / "c"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("build"))
    environment = os.environ | {"PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}", "COLUMNS": "100"}
    said = ""
    expected = ""
    for block in re.findall(r"^```console\n(.*?)^```$", (SOURCES / "README.md").read_text(), re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            words, _, output = part.partition("\n")
            done = subprocess.run(
                ["bash", "-c", words], cwd=copy, env=environment, capture_output=True, text=True, check=False
            )
            said += f"$ {words}\n{done.stdout}{done.stderr}"
            expected += f"$ {words}\n{output}"
    return Page(said, expected, copy / "build" / "run.jsonl")


@pytest.mark.slow
def test_its_page_is_true(page: Page) -> None:
    """The commands of README, run in a copy, print what it says."""
    assert page.said == page.expected


def test_its_page_shows_code_that_is_there() -> None:
    (shown,) = re.findall(r"^```c\n(.*?)^```$", (SOURCES / "README.md").read_text(), re.M | re.S)
    assert shown in (SOURCES / "apply.c").read_text()


@pytest.mark.slow
def test_a_failure_that_needs_what_was_played_before_it_is_not_made_short(built: str, vnickit: Vnickit) -> None:
    """The fault counts since the process started; eight steps would fail in it after the run, and nowhere else."""
    adapter = f"{built} --fault {LATE}"
    words = ("--phase", "scripted", "-k", "FOV-3/hundreds-of-switches", "-x")
    result = vnickit("check", "--adapter", adapter, *words)
    assert result.exit_code == ExitCode.VIOLATION, result.output
    assert "shorter ones fail only after the sessions that came before them" in " ".join(result.stdout.split())
    assert vnickit("replay", "vnickit-failures.jsonl", "--adapter", adapter).exit_code == ExitCode.VIOLATION
    assert vnickit("replay", "vnickit-failures.jsonl", "--adapter", built).exit_code == ExitCode.CONFORMS
