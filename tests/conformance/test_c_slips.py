"""Slips in the hypervisor in C that only a meeting of two things shows: an event and a full queue, a count and its limit.

Each is an edit of a copy of its sources, and found by the case that is named here.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS
from vnic_conformance.running.scripts import turns
from vnic_conformance.session import Conversation, hypervisor_session
from vnic_conformance.targets import open_target
from vnic_spec.profile import Profile

SOURCES = Path(__file__).parents[2] / "reference_impl" / "c"

Edits = tuple[tuple[str, str, str], ...]  #: file, what stands there once, what takes its place


class Slip(NamedTuple):
    """The case that finds it, the requirement or property that is named, and its edits."""

    case: str
    requirement: str
    edits: Edits


SLIPS: dict[str, Slip] = {
    "crash_over_a_full_queue_is_02": Slip(
        "CRQ-7/server-full-then-crash",
        "CRQ-7",
        (
            (
                "failover.c",
                "queue_overlay_event(&s->partition.crq, code)",
                "queue_overlay_event(&s->partition.crq, EVENT_DEREGISTERED)",
            ),
        ),
    ),
    "headers_of_the_first_sixteen": Slip(
        "CRQ-12/bad-header-at-each-place-client",
        "CRQ-12",
        (
            (
                "subordinate.c",
                "for (size_t n = 0; n < count; n++)\n        if (elements",
                "for (size_t n = 0; n < count && n < 16; n++)\n        if (elements",
            ),
        ),
    ),
    "four_expiries_a_step": Slip(
        "MON-2/six-in-one-step",
        "MON-2",
        (
            (
                "monitor.c",
                "for (uint64_t due = next_due(); due <= end",
                "int left = 4;\n    for (uint64_t due = next_due(); left-- > 0 && due <= end",
            ),
        ),
    ),
    "last_resort_while_selecting": Slip(
        "MON-5/last-one-goes-client-off",
        "MON-5",
        (("failover.c", "if (fault(FAULT_no_last_resort))", "if (fault(FAULT_no_last_resort) || !vnic.standing)"),),
    ),
    "length_of_the_first_registration": Slip(
        "CRQ-2/another-length-client",
        "CRQ-5/told",
        (
            (
                "queue.c",
                "uint32_t capacity = (uint32_t)(bytes / width);",
                "uint32_t capacity = q->first_length ? q->first_length : (uint32_t)(bytes / width);",
            ),
            ("queue.c", "memset(q, 0, sizeof *q);", "memset(q, 0, sizeof *q);\n        q->first_length = capacity;"),
            ("state.h", "bool interrupts; /* enabled */", "bool interrupts; /* enabled */\n    uint32_t first_length;"),
        ),
    ),
    "interrupt_outlives_a_power_off": Slip(
        "MON-3/server-powers-off-pinned",
        "CRQ-11",
        (
            (
                "console.c",
                "        server_gone(who);\n        conclude(false);",
                "        vnic.server[who].lit = p->crq.interrupts;\n        server_gone(who);\n        conclude(false);",
            ),
            ("state.h", "    uint64_t gap_ends;\n", "    uint64_t gap_ends;\n    bool lit;\n"),
            (
                "transport.c",
                "    s->partition.registered = true;\n",
                "    s->partition.registered = true;\n    s->partition.crq.interrupts = s->lit;\n",
            ),
        ),
    ),
    "interrupt_of_the_queue_before": Slip(
        "CRQ-4/client-frees-pinned",
        "CRQ-11",
        (
            (
                "subordinate.c",
                "            release(&p->sub[n]);\n",
                (
                    "        {\n            bool on = p->sub[n].queue.interrupts;\n\n            release(&p->sub[n]);\n"
                    "            p->sub[n].queue.interrupts = on;\n        }\n"
                ),
            ),
            (
                "subordinate.c",
                "    while (n < MAX_SUB && p->sub[n].live)\n        n++;\n",
                (
                    "    while (n < MAX_SUB && p->sub[n].live)\n        n++;\n"
                    "    bool keep = n < MAX_SUB && p->sub[n].queue.interrupts;\n"
                ),
            ),
            (
                "subordinate.c",
                "    p->sub[n].live = true;\n",
                "    p->sub[n].queue.interrupts = keep;\n    p->sub[n].live = true;\n",
            ),
        ),
    ),
    "places_in_12_bits": Slip(
        "CRQ-5/turned-17-pages-client",
        "CRQ-10",
        (("state.h", "    uint32_t first;\n", "    unsigned first : 12;\n"),),
    ),
}
#: Those that take longer.
SLOW = ("places_in_12_bits", "length_of_the_first_registration")

Found = Callable[[str], str]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Compiles the hypervisor with the edits of a slip, plays its case, and says the requirement that is named."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) on this machine")

    def play(name: str) -> str:
        slip = SLIPS[name]
        shutil.copytree(SOURCES, tmp_path, dirs_exist_ok=True)
        for file, before, after in slip.edits:
            text = (tmp_path / file).read_text(encoding="utf-8")
            assert text.count(before) == 1, f"not once in {file}: {before}"
            (tmp_path / file).write_text(text.replace(before, after), encoding="utf-8")
        program = tmp_path / "hypervisor"
        subprocess.run([compiler, "-std=c99", "-O0", "-w", "-o", program, *tmp_path.glob("*.c")], check=True)
        script = (SCRIPTS | LONG_SCRIPTS)[slip.case]
        with open_target(str(program)) as target:
            session = hypervisor_session(Conversation(target), script.servers, Profile())
            assert session.begin().ok
            for _ in session.steps(turns(script, session)):
                pass
            return session.failure.requirement if session.failure is not None else ""

    return play


@pytest.mark.parametrize("name", [name for name in SLIPS if name not in SLOW])
def test_a_slip_is_found(found: Found, name: str) -> None:
    assert found(name) == SLIPS[name].requirement


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_slip_of_a_long_queue_is_found(found: Found, name: str) -> None:
    assert found(name) == SLIPS[name].requirement
